//! Reading of class descriptors.

use super::read::{Read, Reader, error, position};
use super::{Descriptor, Field, Id, Item, JavaObject, NULL, flag, tag};
use crate::ErrorKind;
use crate::wire::java;

impl<'a> Reader<'a> {
    pub(super) fn class(&mut self) -> Read<Id> {
        let at = self.rest.offset();
        let tag = self.take(java::u8)?;
        self.class_of(tag, at)
    }

    pub(super) fn class_of(&mut self, tag: u8, at: u64) -> Read<Id> {
        match tag {
            tag::NULL => Ok(NULL),
            // Not one that is being read: a class would be its own superclass.
            tag::REFERENCE => self.reference(|item| matches!(item, Item::Class(_))),
            tag::CLASS => self.deeper(at, |reader| reader.descriptor(at)),
            tag::PROXY_CLASS => self.deeper(at, |reader| reader.proxy(at)),
            found => error(ErrorKind::StreamTag { found, expected: "a class (70 to 72, 7d)" }, at),
        }
    }

    pub(super) fn some_class(&mut self) -> Read<Id> {
        let at = self.rest.offset();
        match self.class()? {
            NULL => error(ErrorKind::StreamTag { found: tag::NULL, expected: "a class that is not null" }, at),
            class => Ok(class),
        }
    }

    fn descriptor(&mut self, at: u64) -> Read<Id> {
        let name = self.utf()?;
        self.take(java::i64)?;
        let id = self.push(Item::Open, at)?;
        let flags_at = self.rest.offset();
        let flags = self.take(java::u8)?;
        if flags & (flag::SERIALIZABLE | flag::EXTERNALIZABLE) == flag::SERIALIZABLE | flag::EXTERNALIZABLE {
            return error(ErrorKind::JavaClass { what: "that is both serializable and externalizable" }, flags_at);
        }
        // Java reads a signed number, and takes a negative one for none.
        let field_count = self.take(java::u16).map(|count| if count.cast_signed() < 0 { 0 } else { count })?;
        let fields = position(self.out.fields.len());
        let mut objects = false;
        for _ in 0..field_count {
            let at = self.rest.offset();
            let code = self.take(java::u8)?;
            let field = Field { code, name: self.utf()? };
            match (field.width(), code) {
                (Some(_), _) if !objects => {}
                (Some(_), _) => {
                    return error(ErrorKind::JavaClass { what: "with a primitive field behind an object" }, at);
                }
                (None, b'L' | b'[') => {
                    objects = true;
                    self.string()?;
                }
                (None, _) => return error(ErrorKind::JavaClass { what: "with a field of unknown type" }, at),
            }
            self.out.fields.push(field);
        }
        self.annotations()?;
        self.finish(id, Descriptor { name, superclass: NULL, fields, field_count, flags, depth: 0 })
    }

    fn proxy(&mut self, at: u64) -> Read<Id> {
        let id = self.push(Item::Open, at)?;
        let interfaces = self.take(|input| java::count(input, 2))?;
        for _ in 0..interfaces {
            self.utf()?;
        }
        self.annotations()?;
        let flags = flag::SERIALIZABLE;
        self.finish(id, Descriptor { name: &[], superclass: NULL, fields: 0, field_count: 0, flags, depth: 0 })
    }

    /// Reads what is left of a descriptor: the superclass.
    fn finish(&mut self, id: Id, mut class: Descriptor<'a>) -> Read<Id> {
        // Objects of annotations belong to nobody.
        let at = self.rest.offset();
        class.superclass = self.class()?;
        if let Some(Item::Class(superclass)) = self.item(class.superclass) {
            // By references, a chain can be longer than what is nested.
            if superclass.depth >= JavaObject::NESTING {
                return error(ErrorKind::TooDeep { limit: JavaObject::NESTING }, at);
            }
            class.depth = superclass.depth + 1;
        }
        self.set(id, Item::Class(class));
        Ok(id)
    }
}

impl JavaObject<'_> {
    /// Bytes of the primitive fields of a class, and number of its object fields.
    pub(super) fn shape(&self, class: Descriptor<'_>) -> (u64, usize) {
        let mut primitives = 0;
        let mut objects = 0;
        for field in self.fields_of(class) {
            match field.width() {
                Some(width) => primitives += width as u64,
                None => objects += 1,
            }
        }
        (primitives, objects)
    }
}
