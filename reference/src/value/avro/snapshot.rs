//! What `AvroSerializerSnapshot` writes behind its name and version.

use std::borrow::Cow;

use crate::error::At;
use crate::value::{FlinkString, scalar_codec};
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

/// The body of a snapshot.
///
/// | version | class | schema |
/// |---|---|---|
/// | 1 | none: the schema's full name | `utf` |
/// | 2 | `utf` | `utf` |
/// | 3 | `str` | `str`, which lifts the limit of 65,535 bytes |
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AvroBody<'a> {
    /// Class of the values. Borrows if it is ASCII.
    pub(crate) class: Option<Cow<'a, str>>,
    /// The schema as JSON. Borrows if it is ASCII.
    pub(crate) schema: Cow<'a, str>,
}

impl<'a> AvroBody<'a> {
    /// Reads the body of a snapshot of that version, to its end.
    pub(crate) fn read(input: Input<'a>, version: i32) -> Parsed<'a, Self> {
        let text = match version {
            1 | 2 => read_utf,
            3 => read_str,
            found => {
                // The version stands before the body.
                return fail(ErrorKind::SnapshotVersion { found }, input.offset().saturating_sub(4)).field("version");
            }
        };
        let (rest, class) = match version {
            1 => (input, None),
            _ => text(input).field("class").map(|(rest, class)| (rest, Some(class)))?,
        };
        let (rest, schema) = text(rest).field("schema")?;
        Ok((rest, Self { class, schema }))
    }

    /// Writes the body of a snapshot of that version. Version 1 leaves the class out; the others need it.
    pub(crate) fn write(&self, version: i32, out: &mut Output) -> Result<(), Error> {
        let text = match version {
            1 | 2 => write_utf,
            3 => write_str,
            found => return Err(out.error(ErrorKind::SnapshotVersion { found })),
        };
        match &self.class {
            _ if version == 1 => {}
            Some(class) => text(class, out).field("class")?,
            None => return Err(out.error(ErrorKind::ValueType { expected: "the name of a class" })),
        }
        text(&self.schema, out).field("schema")
    }
}

fn read_utf(input: Input<'_>) -> Parsed<'_, Cow<'_, str>> {
    let (rest, text) = java::utf(input, false)?;
    // Behind the length; nothing else than the same text if that is UTF-8, too.
    let bytes = input.until(&rest).skip(2).bytes();
    Ok((rest, std::str::from_utf8(bytes).map_or_else(|_| Cow::Owned(text.to_string()), Cow::Borrowed)))
}

fn write_utf(text: &str, out: &mut Output) -> Result<(), Error> {
    out.utf(&JavaStr::from(text))
}

/// As `StringSerializer` writes it; neither string can be null.
fn read_str(input: Input<'_>) -> Parsed<'_, Cow<'_, str>> {
    let (rest, text) = scalar_codec::read_string(input)?;
    match text {
        Some(text) => Ok((rest, text.into_text())),
        None => fail(ErrorKind::NegativeLength { found: -1 }, input.offset()),
    }
}

fn write_str(text: &str, out: &mut Output) -> Result<(), Error> {
    scalar_codec::write_string(&FlinkString::from(text), out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::done;

    const CLASS: &str = "org.example.Account";

    fn error(bytes: &[u8], version: i32) -> String {
        done(AvroBody::read(Input::with_offset(bytes, 4), version), 0).unwrap_err().to_string()
    }

    #[test]
    fn each_version_is_read_and_written() {
        // Schema of two characters of two bytes each in version 3; the modified UTF-8 of the others has 2 and 3.
        let body = AvroBody { class: Some("A".into()), schema: "\u{e9}\u{20ac}".into() };
        for (version, bytes) in [
            (1, &[0, 5, 0xC3, 0xA9, 0xE2, 0x82, 0xAC][..]),
            (2, &[0, 1, b'A', 0, 5, 0xC3, 0xA9, 0xE2, 0x82, 0xAC]),
            (3, &[2, b'A', 3, 0xE9, 0x01, 0xAC, 0x41]),
        ] {
            let bytes = [bytes, &[9]].concat();
            let (rest, read) = AvroBody::read(Input::new(&bytes), version).unwrap();
            assert_eq!(rest.bytes(), [9]);
            assert_eq!(read.schema, body.schema);
            assert_eq!(read.class.as_deref(), if version == 1 { None } else { Some("A") });
            let mut out = Output::new();
            body.write(version, &mut out).unwrap();
            assert_eq!(out.into_bytes(), bytes.strip_suffix(&[9]).unwrap());
        }
    }

    #[test]
    fn only_version_3_holds_a_long_schema() {
        let body = AvroBody { class: Some(CLASS.into()), schema: "x".repeat(65_536).into() };
        let error = body.write(2, &mut Output::new()).unwrap_err();
        assert_eq!((error.kind(), error.path()), (&ErrorKind::StringTooLong { length: 65_536 }, "schema".to_owned()));
        let mut out = Output::new();
        body.write(3, &mut out).unwrap();
        let bytes = out.into_bytes();
        let (_, read) = AvroBody::read(Input::new(&bytes), 3).unwrap();
        assert_eq!(read, body);
        assert!(matches!(read, AvroBody { class: Some(Cow::Borrowed(CLASS)), schema: Cow::Borrowed(_) }));
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(error(&[], 4), "offset 0x0: version: version 4 of this snapshot class is not known");
        assert_eq!(error(&[2, b'A', 0], 3), "offset 0x6: schema: negative length or count -1");
        assert_eq!(
            error(&[2, b'A', 3, b'B'], 3),
            "offset 0x6: schema: length or count 2 does not fit into the 1 bytes that remain"
        );
        assert_eq!(error(&[2, 0x80], 3), "offset 0x6: class: the bytes end inside this field (0 left)");
        assert_eq!(error(&[0xFF; 9], 3), "offset 0x4: class: a number of more groups of seven bits than fit");
        let body = AvroBody { class: None, schema: "x".into() };
        assert!(body.write(1, &mut Output::new()).is_ok());
        assert!(body.write(2, &mut Output::new()).is_err());
        assert!(body.write(4, &mut Output::new()).is_err());
    }
}
