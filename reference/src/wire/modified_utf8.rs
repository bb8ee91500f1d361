//! Java's strings as they stand in a file.

use std::borrow::Cow;
use std::fmt;

use crate::ErrorKind;

/// A Java string in modified UTF-8, kept as it stands in the file.
///
/// Lossless: unpaired surrogates, `C0 80` for U+0000, six-byte supplementary characters and even the over-long forms
/// that Java's reader accepts survive a round trip. [`Display`](fmt::Display) prints text, with U+FFFD for unpaired
/// surrogates. Equality is that of the bytes; [`same_text`](Self::same_text) compares as Java would.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct JavaStr<'a>(Cow<'a, [u8]>);

impl<'a> JavaStr<'a> {
    /// Checks the bytes as `DataInput.readUTF` does. Java accepts a raw `00` and over-long forms; `strict` does not,
    /// because `writeUTF` never writes them.
    pub fn from_modified_utf8(bytes: &'a [u8], strict: bool) -> Result<Self, ErrorKind> {
        // Nearly every string is ASCII: uids, names, paths.
        if !bytes.is_ascii() || (strict && bytes.contains(&0)) {
            let mut units = Units { bytes, at: 0 };
            loop {
                let at = units.at;
                match units.decode() {
                    Ok(None) => break,
                    Ok(Some(unit)) if strict && units.at - at != encoded_len(unit) => {
                        return Err(ErrorKind::NotCanonical { what: "an over-long form in modified UTF-8" });
                    }
                    Ok(Some(_)) => {}
                    Err(()) => return Err(ErrorKind::ModifiedUtf8 { at }),
                }
            }
        }
        Ok(Self(Cow::Borrowed(bytes)))
    }

    /// The string of UTF-16 code units, as a Java program would write it.
    pub fn from_utf16(units: impl IntoIterator<Item = u16>) -> JavaStr<'static> {
        let mut bytes = Vec::new();
        for unit in units {
            encode_unit(unit, &mut bytes);
        }
        JavaStr(Cow::Owned(bytes))
    }

    /// The bytes as they stand in the file, without the length.
    pub fn as_modified_utf8(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no character.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The UTF-16 code units of the Java string.
    pub fn utf16(&self) -> impl Iterator<Item = u16> + '_ {
        // The bytes were checked when this value was made.
        let mut units = Units { bytes: &self.0, at: 0 };
        std::iter::from_fn(move || units.decode().ok().flatten())
    }

    /// The text, borrowed where modified UTF-8 and UTF-8 are the same.
    pub fn to_text(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(self.to_string()),
        }
    }

    /// Whether both are the same Java string, in whatever spelling.
    pub fn same_text(&self, other: &JavaStr<'_>) -> bool {
        self.0 == other.0 || self.utf16().eq(other.utf16())
    }

    /// The same Java string in the one spelling that `writeUTF` has for it: equal strings have equal bytes.
    pub fn canonical(&self) -> JavaStr<'static> {
        if self.0.is_ascii() && !self.0.contains(&0) {
            return self.clone().into_owned();
        }
        JavaStr::from_utf16(self.utf16())
    }

    /// The same string, independent of the file.
    pub fn into_owned(self) -> JavaStr<'static> {
        JavaStr(Cow::Owned(self.0.into_owned()))
    }
}

impl From<&str> for JavaStr<'_> {
    fn from(text: &str) -> Self {
        JavaStr::from_utf16(text.encode_utf16())
    }
}

impl PartialEq<str> for JavaStr<'_> {
    fn eq(&self, other: &str) -> bool {
        self.utf16().eq(other.encode_utf16())
    }
}

impl fmt::Display for JavaStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        if self.0.is_ascii() {
            return f.write_str(std::str::from_utf8(&self.0).unwrap_or_default());
        }
        char::decode_utf16(self.utf16()).try_for_each(|c| f.write_char(c.unwrap_or(char::REPLACEMENT_CHARACTER)))
    }
}

impl fmt::Debug for JavaStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.to_text(), f)
    }
}

/// Decodes one code unit after the other, by the rules of `DataInputStream.readUTF`.
struct Units<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Units<'_> {
    fn decode(&mut self) -> Result<Option<u16>, ()> {
        let tail = self.bytes.get(self.at..).unwrap_or_default();
        let follow = |i: usize| match tail.get(i) {
            Some(b) if b & 0xC0 == 0x80 => Ok(u16::from(b & 0x3F)),
            _ => Err(()),
        };
        let Some(&lead) = tail.first() else { return Ok(None) };
        let (unit, length) = match lead {
            0x00..=0x7F => (u16::from(lead), 1),
            0xC0..=0xDF => (u16::from(lead & 0x1F) << 6 | follow(1)?, 2),
            0xE0..=0xEF => (u16::from(lead & 0x0F) << 12 | follow(1)? << 6 | follow(2)?, 3),
            _ => return Err(()),
        };
        self.at += length;
        Ok(Some(unit))
    }
}

/// Bytes that `writeUTF` uses for a code unit.
fn encoded_len(unit: u16) -> usize {
    match unit {
        0x01..=0x7F => 1,
        0x00 | 0x80..=0x7FF => 2,
        _ => 3,
    }
}

fn encode_unit(unit: u16, bytes: &mut Vec<u8>) {
    let low = |shift: u16| 0x80 | (unit >> shift & 0x3F).to_be_bytes()[1];
    let lead = |mark: u8, shift: u16| mark | (unit >> shift).to_be_bytes()[1];
    match encoded_len(unit) {
        1 => bytes.push(lead(0, 0)),
        2 => bytes.extend([lead(0xC0, 6), low(0)]),
        _ => bytes.extend([lead(0xE0, 12), low(6), low(0)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<JavaStr<'_>, ErrorKind> {
        JavaStr::from_modified_utf8(bytes, false)
    }

    #[test]
    fn the_example_of_the_specification() {
        let bytes = [0x73, 0x70, 0x6C, 0xC3, 0xA9, 0xC0, 0x80, 0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80];
        let text = parse(&bytes).unwrap();
        assert_eq!(text.to_string(), "spl\u{e9}\0\u{1F600}");
        assert_eq!(JavaStr::from("spl\u{e9}\0\u{1F600}").as_modified_utf8(), bytes);
        assert!(text == *"spl\u{e9}\0\u{1F600}");
        assert!(JavaStr::from_modified_utf8(&bytes, true).is_ok());
    }

    #[test]
    fn unpaired_surrogates_are_kept_and_print_as_replacement() {
        let bytes = [0xED, 0xB8, 0x80, b'x'];
        let text = parse(&bytes).unwrap();
        assert_eq!(text.utf16().collect::<Vec<_>>(), [0xDE00, 0x78]);
        assert_eq!(text.to_string(), "\u{FFFD}x");
        assert_eq!(JavaStr::from_utf16(text.utf16()).as_modified_utf8(), bytes);
    }

    #[test]
    fn lenient_as_java_unless_strict() {
        for (bytes, text) in [(&[0u8][..], "\0"), (&[0xC1, 0x81], "A"), (&[0xE0, 0x81, 0x81], "A")] {
            let parsed = parse(bytes).unwrap();
            assert_eq!(parsed.to_string(), text);
            assert!(parsed.same_text(&JavaStr::from(text)));
            assert_eq!(parsed.as_modified_utf8(), bytes, "kept as it stands");
            assert_eq!(parsed.canonical().as_modified_utf8(), JavaStr::from(text).as_modified_utf8());
            assert!(matches!(JavaStr::from_modified_utf8(bytes, true), Err(ErrorKind::NotCanonical { .. })));
        }
    }

    #[test]
    fn texts_are_compared_and_shown_as_what_they_say() {
        let text = |text: &str| JavaStr::from(text);
        assert!(text("a").same_text(&text("a")) && !text("a").same_text(&text("b")) && !text("").same_text(&text("a")));
        assert!(text("a") == *"a" && text("a") != *"b");
        assert!(text("").is_empty() && !text("\0").is_empty());
        for shown in ["plain", "\u{e9}t\u{e9}", "nul \0", "\u{1F600}"] {
            assert_eq!((text(shown).to_text(), text(shown).to_string().as_str()), (shown.into(), shown));
            assert_eq!(format!("{:?}", text(shown)), format!("{shown:?}"));
            assert_eq!(text(shown).canonical(), text(shown));
            assert_eq!(text(shown).into_owned(), text(shown));
        }
    }

    #[test]
    fn what_java_refuses() {
        for (bytes, at) in [
            (&[0x80u8][..], 0),
            (&[b'a', 0xBF], 1),
            (&[0xF0, 0x9F, 0x98, 0x80], 0),
            (&[0xFF], 0),
            (&[b'a', b'b', 0xC3], 2),
            (&[0xC3, 0x29], 0),
            (&[0xE2, 0x82], 0),
            (&[0xE2, 0x28, 0xA1], 0),
        ] {
            assert_eq!(parse(bytes), Err(ErrorKind::ModifiedUtf8 { at }), "{bytes:02x?}");
        }
    }

    #[test]
    fn every_code_unit_round_trips() {
        for unit in 0..=u16::MAX {
            let text = JavaStr::from_utf16([unit]);
            let again = JavaStr::from_modified_utf8(text.as_modified_utf8(), true).unwrap();
            assert_eq!(again.utf16().collect::<Vec<_>>(), [unit]);
        }
    }
}
