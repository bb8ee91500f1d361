//! The small subset of the Java object stream that checkpoint properties are written in.
//!
//! ```text
//! stream    = AC ED 00 05 object
//! object    = 70 | 71 handle | 74 utf | 7E class utf-object | 73 class values
//! class     = 70 | 71 handle | 72 utf(name) i64(serialVersionUID) u8(flags) u16(fields) field* 78 class(super)
//! field     = 'Z' utf(name) | 'L' utf(name) object(signature)
//! ```
//!
//! Only the classes named in [`properties`](super::properties) are known. Nothing is ever instantiated: bytes are
//! compared with fixed layouts, and what does not fit is an error.

use crate::error::At;
use crate::wire::{Input, JavaStr, Output, fail, java};
use crate::{Error, ErrorKind};

const HEADER: [u8; 4] = [0xAC, 0xED, 0x00, 0x05];
const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS: u8 = 0x72;
const OBJECT: u8 = 0x73;
const STRING: u8 = 0x74;
const END_OF_ANNOTATIONS: u8 = 0x78;
const ENUM: u8 = 0x7E;
const FIRST_HANDLE: u32 = 0x7E_0000;

/// A class that may occur, with the layout of all releases from 1.15 to 2.3.
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) serial_version_uid: u64,
    pub(super) flags: u8,
    /// Fields of type `boolean`, in stream order.
    pub(super) booleans: &'static [&'static str],
    /// Fields of object type with their signatures, in stream order.
    pub(super) objects: &'static [(&'static str, &'static str)],
    pub(super) superclass: Option<&'static Class>,
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What a back reference can lead to.
enum Handle<'a> {
    Class(&'static Class),
    Text(JavaStr<'a>),
    /// An object or constant. None of the known classes has two fields that could hold the same one.
    Object,
}

type Read<'a, T> = Result<T, nom::Err<Error>>;

/// Reads a stream from its header to its last object, and not a byte further.
pub(super) struct Reader<'a> {
    rest: Input<'a>,
    /// At most one for each known class, field and value: the grammar has no repetition.
    handles: Vec<Handle<'a>>,
    strict: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(input: Input<'a>, strict: bool) -> Read<'a, Self> {
        let (rest, found) = java::array::<4>(input).field("header")?;
        if found != HEADER {
            fail::<()>(ErrorKind::StreamHeader { found }, input.offset()).field("header")?;
        }
        Ok(Self { rest, handles: Vec::new(), strict })
    }

    /// What is left behind the stream.
    pub(super) fn rest(&self) -> Input<'a> {
        self.rest
    }

    fn take<T>(&mut self, parse: impl FnOnce(Input<'a>) -> crate::wire::Parsed<'a, T>) -> Read<'a, T> {
        let (rest, value) = parse(self.rest)?;
        self.rest = rest;
        Ok(value)
    }

    fn tag(&mut self) -> Read<'a, (u8, u64)> {
        let at = self.rest.offset();
        Ok((self.take(java::u8)?, at))
    }

    fn utf(&mut self) -> Read<'a, JavaStr<'a>> {
        let strict = self.strict;
        self.take(|input| java::utf(input, strict))
    }

    fn referenced(&mut self) -> Read<'a, (Option<&Handle<'a>>, u32, u64)> {
        let at = self.rest.offset();
        let found = u32::from_be_bytes(self.take(java::array)?);
        let index = found.checked_sub(FIRST_HANDLE).and_then(|i| usize::try_from(i).ok());
        Ok((index.and_then(|i| self.handles.get(i)), found, at))
    }

    /// `null`, or an object of one of `classes`; then its fields are next.
    pub(super) fn object(&mut self, classes: &[&'static Class], nullable: bool) -> Read<'a, Option<&'static Class>> {
        match self.tag()? {
            (NULL, _) if nullable => Ok(None),
            (OBJECT, _) => {
                let class = self.class(classes)?;
                self.handles.push(Handle::Object);
                Ok(Some(class))
            }
            (found, at) => Err(error(ErrorKind::StreamTag { found, expected: "an object (73)" }, at)),
        }
    }

    /// A field of type `boolean`.
    pub(super) fn boolean(&mut self) -> Read<'a, bool> {
        let strict = self.strict;
        self.take(|input| java::bool(input, strict))
    }

    /// A string.
    pub(super) fn text(&mut self) -> Read<'a, JavaStr<'a>> {
        match self.tag()? {
            (STRING, _) => {
                let text = self.utf()?;
                self.handles.push(Handle::Text(text.clone()));
                Ok(text)
            }
            (REFERENCE, _) => match self.referenced()? {
                (Some(Handle::Text(text)), ..) => Ok(text.clone()),
                (_, found, at) => Err(error(ErrorKind::BackReference { found }, at)),
            },
            (found, at) => Err(error(ErrorKind::StreamTag { found, expected: "a string (74, 71)" }, at)),
        }
    }

    /// An enum constant of `class`, one of `constants`.
    pub(super) fn constant(
        &mut self,
        class: &'static Class,
        constants: &'static [&'static str],
    ) -> Read<'a, &'static str> {
        match self.tag()? {
            (ENUM, _) => {
                self.class(&[class])?;
                self.handles.push(Handle::Object);
                let at = self.rest.offset();
                let text = self.text()?;
                constants.iter().copied().find(|constant| text == **constant).ok_or_else(|| {
                    error(ErrorKind::PropertiesConstant { found: text.to_string(), class: class.name }, at)
                })
            }
            (REFERENCE, _) => {
                let (_, found, at) = self.referenced()?;
                Err(error(ErrorKind::BackReference { found }, at))
            }
            (found, at) => Err(error(ErrorKind::StreamTag { found, expected: "an enum constant (7e, 71)" }, at)),
        }
    }

    fn class(&mut self, classes: &[&'static Class]) -> Read<'a, &'static Class> {
        match self.tag()? {
            (CLASS, _) => self.class_descriptor(classes),
            (REFERENCE, _) => match self.referenced()? {
                (Some(Handle::Class(class)), ..) if classes.contains(class) => Ok(class),
                (_, found, at) => Err(error(ErrorKind::BackReference { found }, at)),
            },
            (found, at) => Err(error(ErrorKind::StreamTag { found, expected: "a class (72, 71)" }, at)),
        }
    }

    fn class_descriptor(&mut self, classes: &[&'static Class]) -> Read<'a, &'static Class> {
        let at = self.rest.offset();
        let name = self.utf()?;
        let Some(class) = classes.iter().copied().find(|class| name == *class.name) else {
            let expected = classes.first().map_or("", |class| class.name);
            return Err(error(ErrorKind::PropertiesClass { found: name.to_string(), expected }, at));
        };
        let layout = |at| error(ErrorKind::PropertiesLayout { class: class.name }, at);

        let at = self.rest.offset();
        if u64::from_be_bytes(self.take(java::array)?) != class.serial_version_uid {
            return Err(layout(at));
        }
        self.handles.push(Handle::Class(class));
        let at = self.rest.offset();
        if self.take(java::u8)? != class.flags {
            return Err(layout(at));
        }
        let at = self.rest.offset();
        if usize::from(self.take(java::u16)?) != class.booleans.len() + class.objects.len() {
            return Err(layout(at));
        }
        for field in class.booleans {
            let (code, at) = self.tag()?;
            if code != b'Z' || self.utf()? != **field {
                return Err(layout(at));
            }
        }
        for (field, signature) in class.objects {
            let (code, at) = self.tag()?;
            if code != b'L' || self.utf()? != **field || self.text()? != **signature {
                return Err(layout(at));
            }
        }
        match self.tag()? {
            (END_OF_ANNOTATIONS, _) => {}
            (found, at) => return Err(error(ErrorKind::StreamTag { found, expected: "the end of a class (78)" }, at)),
        }
        match class.superclass {
            Some(superclass) => {
                self.class(&[superclass])?;
            }
            None => match self.tag()? {
                (NULL, _) => {}
                (found, at) => return Err(error(ErrorKind::StreamTag { found, expected: "no superclass (70)" }, at)),
            },
        }
        Ok(class)
    }
}

fn error(kind: ErrorKind, offset: u64) -> nom::Err<Error> {
    nom::Err::Failure(Error::new(kind, offset))
}

/// Writes a stream as `ObjectOutputStream` does: each class once, then by reference.
pub(super) struct Writer {
    out: Output,
    /// The classes written, at their handles; other things that have a handle as `None`.
    handles: Vec<Option<&'static Class>>,
}

impl Writer {
    pub(super) fn new() -> Self {
        let mut out = Output::new();
        out.raw(&HEADER);
        Self { out, handles: Vec::new() }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    pub(super) fn null(&mut self) {
        self.out.u8(NULL);
    }

    pub(super) fn object(&mut self, class: &'static Class) -> Result<(), Error> {
        self.out.u8(OBJECT);
        self.class(class)?;
        self.handles.push(None);
        Ok(())
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.out.bool(value);
    }

    pub(super) fn text(&mut self, text: &JavaStr<'_>) -> Result<(), Error> {
        self.out.u8(STRING);
        self.handles.push(None);
        self.out.utf(text)
    }

    pub(super) fn constant(&mut self, class: &'static Class, constant: &str) -> Result<(), Error> {
        self.out.u8(ENUM);
        self.class(class)?;
        self.handles.push(None);
        self.text(&constant.into())
    }

    fn class(&mut self, class: &'static Class) -> Result<(), Error> {
        if let Some(slot) = (FIRST_HANDLE..).zip(&self.handles).find(|(_, known)| **known == Some(class)) {
            self.out.u8(REFERENCE);
            self.out.raw(&slot.0.to_be_bytes());
            return Ok(());
        }
        self.out.u8(CLASS);
        self.out.utf(&class.name.into())?;
        self.out.raw(&class.serial_version_uid.to_be_bytes());
        self.handles.push(Some(class));
        self.out.u8(class.flags);
        self.out.u16(u16::try_from(class.booleans.len() + class.objects.len()).unwrap_or(u16::MAX));
        for field in class.booleans {
            self.out.u8(b'Z');
            self.out.utf(&(*field).into())?;
        }
        for (field, signature) in class.objects {
            self.out.u8(b'L');
            self.out.utf(&(*field).into())?;
            self.text(&(*signature).into())?;
        }
        self.out.u8(END_OF_ANNOTATIONS);
        if let Some(superclass) = class.superclass {
            return self.class(superclass);
        }
        self.null();
        Ok(())
    }
}
