//! Writing of streams as `ObjectOutputStream` does: classes, signatures and constants once, then by reference.

use super::{FIRST_HANDLE, HEADER, flag, tag};
use crate::Error;
use crate::wire::{JavaStr, Output};

/// A class with what its descriptor says.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    pub(crate) serial_version_uid: u64,
    pub(crate) flags: u8,
    /// In the order of the stream: primitives, then objects, each by name.
    pub(crate) fields: &'static [FieldOf],
    pub(crate) superclass: Option<&'static Class>,
}

/// A field of a class.
pub(crate) enum FieldOf {
    /// Type code and name.
    Primitive(u8, &'static str),
    /// Name and signature.
    Object(&'static str, &'static str),
}

static ENUM: Class = Class::constants("java.lang.Enum", None);

impl Class {
    /// A serializable class without custom data.
    pub(crate) const fn plain(
        name: &'static str,
        serial_version_uid: u64,
        fields: &'static [FieldOf],
        superclass: Option<&'static Class>,
    ) -> Self {
        Self { name, serial_version_uid, flags: flag::SERIALIZABLE, fields, superclass }
    }

    /// The same class, with a `writeObject`.
    pub(crate) const fn with_custom_data(self) -> Self {
        Self { flags: self.flags | flag::CUSTOM, ..self }
    }

    /// An enum.
    pub(crate) const fn of_enum(name: &'static str) -> Self {
        Self::constants(name, Some(&ENUM))
    }

    const fn constants(name: &'static str, superclass: Option<&'static Class>) -> Self {
        Self { name, serial_version_uid: 0, flags: flag::SERIALIZABLE | flag::ENUM, fields: &[], superclass }
    }
}

/// A handle.
pub(crate) type Handle = u32;

/// Writes one stream. Strings of users are each written out: Java would refer to the one before if it were the same object, which
/// parsed names are not.
pub(crate) struct Writer<'o> {
    pub(crate) out: &'o mut Output,
    next: Handle,
    classes: Vec<(&'static str, Handle)>,
    signatures: Vec<(&'static str, Handle)>,
    constants: Vec<(&'static str, &'static str, Handle)>,
}

impl<'o> Writer<'o> {
    /// Writes the header.
    pub(crate) fn new(out: &'o mut Output) -> Self {
        out.raw(&HEADER);
        Self { out, next: FIRST_HANDLE, classes: Vec::new(), signatures: Vec::new(), constants: Vec::new() }
    }

    fn handle(&mut self) -> Handle {
        let handle = self.next;
        self.next = self.next.wrapping_add(1);
        handle
    }

    pub(crate) fn null(&mut self) {
        self.out.u8(tag::NULL);
    }

    pub(crate) fn reference(&mut self, handle: Handle) {
        self.out.u8(tag::REFERENCE);
        self.out.raw(&handle.to_be_bytes());
    }

    /// The head of an object; the data of its classes is next, of the top-most first.
    pub(crate) fn object(&mut self, class: &'static Class) -> Result<Handle, Error> {
        self.out.u8(tag::OBJECT);
        self.class(class)?;
        Ok(self.handle())
    }

    /// A string of its own.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Error> {
        self.out.u8(tag::STRING);
        self.handle();
        self.out.utf(&JavaStr::from(text))
    }

    /// An enum constant.
    pub(crate) fn constant(&mut self, class: &'static Class, name: &'static str) -> Result<(), Error> {
        let known = self.constants.iter().find(|(of, known, _)| *of == class.name && *known == name);
        if let Some((.., handle)) = known {
            let handle = *handle;
            self.reference(handle);
            return Ok(());
        }
        self.out.u8(tag::ENUM);
        self.class(class)?;
        let handle = self.handle();
        self.constants.push((class.name, name, handle));
        self.text(name)
    }

    /// Custom data: one block of an `int`, as lists have before their elements.
    pub(crate) fn int_block(&mut self, value: i32) {
        self.out.u8(tag::BLOCK);
        self.out.u8(4);
        self.out.i32(value);
    }

    /// The end of custom data.
    pub(crate) fn end(&mut self) {
        self.out.u8(tag::END);
    }

    fn class(&mut self, class: &'static Class) -> Result<(), Error> {
        if let Some((_, handle)) = self.classes.iter().find(|(name, _)| *name == class.name) {
            let handle = *handle;
            self.reference(handle);
            return Ok(());
        }
        self.out.u8(tag::CLASS);
        self.out.utf(&class.name.into())?;
        self.out.raw(&class.serial_version_uid.to_be_bytes());
        let handle = self.handle();
        self.classes.push((class.name, handle));
        self.out.u8(class.flags);
        self.out.u16(u16::try_from(class.fields.len()).unwrap_or(u16::MAX));
        for field in class.fields {
            match field {
                FieldOf::Primitive(code, name) => {
                    self.out.u8(*code);
                    self.out.utf(&(*name).into())?;
                }
                FieldOf::Object(name, signature) => {
                    self.out.u8(signature.bytes().next().unwrap_or(b'L'));
                    self.out.utf(&(*name).into())?;
                    self.signature(signature)?;
                }
            }
        }
        self.end();
        if let Some(superclass) = class.superclass {
            return self.class(superclass);
        }
        self.null();
        Ok(())
    }

    fn signature(&mut self, signature: &'static str) -> Result<(), Error> {
        if let Some((_, handle)) = self.signatures.iter().find(|(known, _)| *known == signature) {
            let handle = *handle;
            self.reference(handle);
            return Ok(());
        }
        let handle = self.next;
        self.signatures.push((signature, handle));
        self.text(signature)
    }
}
