//! Reading of a stream to its end.

use super::{Descriptor, FIRST_HANDLE, HEADER, Id, Item, JavaObject, Level, NULL, flag, tag, width};
use crate::error::At;
use crate::wire::{Input, JavaStr, Parsed, fail, java};
use crate::{Error, ErrorKind};

pub(super) type Read<T> = Result<T, nom::Err<Error>>;

pub(super) struct Reader<'a> {
    pub(super) rest: Input<'a>,
    depth: u8,
    pub(super) out: JavaObject<'a>,
    /// Cells of the objects that are being read, the innermost last.
    pending: Vec<Id>,
}

impl<'a> Reader<'a> {
    pub(super) fn read(input: Input<'a>) -> Parsed<'a, JavaObject<'a>> {
        let (rest, found) = java::array::<4>(input).field("header")?;
        if found != HEADER {
            return fail(ErrorKind::StreamHeader { found }, input.offset()).field("header");
        }
        let out = JavaObject {
            items: Vec::new(),
            fields: Vec::new(),
            levels: Vec::new(),
            cells: Vec::new(),
            root: NULL,
            start: input.offset(),
        };
        let mut reader = Self { rest, depth: 0, out, pending: Vec::new() };
        reader.out.root = reader.content()?;
        Ok((reader.rest, reader.out))
    }

    pub(super) fn take<T>(&mut self, parse: impl FnOnce(Input<'a>) -> Parsed<'a, T>) -> Read<T> {
        let (rest, value) = parse(self.rest)?;
        self.rest = rest;
        Ok(value)
    }

    pub(super) fn bytes(&mut self, n: u64, at: u64) -> Read<&'a [u8]> {
        Ok(self.take(|input| java::window(input, n, at))?.bytes())
    }

    pub(super) fn utf(&mut self) -> Read<&'a [u8]> {
        let at = self.rest.offset();
        let length = self.take(java::u16)?;
        self.modified_utf8(length.into(), at)
    }

    fn modified_utf8(&mut self, length: u64, at: u64) -> Read<&'a [u8]> {
        let start = self.rest.offset();
        let bytes = self.bytes(length, at)?;
        match JavaStr::from_modified_utf8(bytes, false) {
            Ok(_) => Ok(bytes),
            Err(kind) => {
                let inside = if let ErrorKind::ModifiedUtf8 { at } = kind { at as u64 } else { 0 };
                error(kind, start + inside)
            }
        }
    }

    /// A new item at that offset.
    pub(super) fn push(&mut self, item: Item<'a>, at: u64) -> Read<Id> {
        let id = Id::try_from(self.out.items.len()).ok().filter(|id| *id < NULL - FIRST_HANDLE);
        let relative = u32::try_from(at.saturating_sub(self.out.start)).ok();
        let (Some(id), Some(relative)) = (id, relative) else {
            return error(ErrorKind::JavaClass { what: "of a stream of more than 4 GiB" }, at);
        };
        self.out.items.push((relative, item));
        Ok(id)
    }

    pub(super) fn item(&self, id: Id) -> Option<Item<'a>> {
        self.out.items.get(usize::try_from(id).ok()?).map(|(_, item)| *item)
    }

    pub(super) fn set(&mut self, id: Id, item: Item<'a>) {
        if let Some(slot) = usize::try_from(id).ok().and_then(|id| self.out.items.get_mut(id)) {
            slot.1 = item;
        }
    }

    /// An item that was read before; the error stands at its handle.
    pub(super) fn reference(&mut self, wanted: impl FnOnce(Item<'a>) -> bool) -> Read<Id> {
        let at = self.rest.offset();
        let found = u32::from_be_bytes(self.take(java::array)?);
        match found.checked_sub(FIRST_HANDLE) {
            Some(id) if self.item(id).is_some_and(wanted) => Ok(id),
            _ => error(ErrorKind::BackReference { found }, at),
        }
    }

    pub(super) fn deeper<T>(&mut self, at: u64, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= JavaObject::NESTING {
            return error(ErrorKind::TooDeep { limit: JavaObject::NESTING }, at);
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn content(&mut self) -> Read<Id> {
        let at = self.rest.offset();
        let tag = self.take(java::u8)?;
        self.content_of(tag, at)
    }

    fn content_of(&mut self, tag: u8, at: u64) -> Read<Id> {
        match tag {
            tag::NULL => Ok(NULL),
            tag::REFERENCE => self.reference(|_| true),
            tag::STRING | tag::LONG_STRING => self.string_of(tag, at),
            tag::CLASS | tag::PROXY_CLASS => self.class_of(tag, at),
            tag::OBJECT => self.deeper(at, |reader| reader.object(at)),
            tag::ARRAY => self.deeper(at, |reader| reader.array(at)),
            tag::CLASS_OBJECT => {
                let class = self.class()?;
                self.push(Item::ClassObject(class), at)
            }
            tag::ENUM => {
                let class = self.some_class()?;
                let id = self.push(Item::Open, at)?;
                let name = self.string()?;
                self.set(id, Item::Constant { class, name });
                Ok(id)
            }
            found => error(ErrorKind::StreamTag { found, expected: "an object (70 to 76, 7c to 7e)" }, at),
        }
    }

    pub(super) fn string(&mut self) -> Read<Id> {
        let at = self.rest.offset();
        let tag = self.take(java::u8)?;
        self.string_of(tag, at)
    }

    fn string_of(&mut self, tag: u8, at: u64) -> Read<Id> {
        let text = match tag {
            tag::REFERENCE => return self.reference(|item| matches!(item, Item::Text(_))),
            tag::STRING => self.utf()?,
            tag::LONG_STRING => {
                let length_at = self.rest.offset();
                let found = self.take(java::i64)?;
                match u64::try_from(found) {
                    Ok(length) => self.modified_utf8(length, length_at)?,
                    Err(_) => return error(ErrorKind::NegativeLength { found }, length_at),
                }
            }
            found => return error(ErrorKind::StreamTag { found, expected: "a string (71, 74, 7c)" }, at),
        };
        self.push(Item::Text(text), at)
    }

    /// Contents and block data up to the end mark; the contents become pending cells.
    fn contents(&mut self) -> Read<()> {
        loop {
            let at = self.rest.offset();
            match self.take(java::u8)? {
                tag::END => return Ok(()),
                tag::BLOCK => {
                    let length = self.take(java::u8)?;
                    self.bytes(length.into(), at)?;
                }
                tag::LONG_BLOCK => {
                    self.take(java::bytes32)?;
                }
                tag => {
                    let id = self.content_of(tag, at)?;
                    self.pending.push(id);
                }
            }
        }
    }

    pub(super) fn annotations(&mut self) -> Read<()> {
        let mark = self.pending.len();
        self.contents()?;
        self.pending.truncate(mark);
        Ok(())
    }

    /// Pending cells from `mark` on, in their place.
    fn settle(&mut self, mark: usize) -> (u32, u32) {
        let start = position(self.out.cells.len());
        self.out.cells.extend(self.pending.drain(mark..));
        (start, position(self.out.cells.len()))
    }

    fn object(&mut self, at: u64) -> Read<Id> {
        let class = self.some_class()?;
        let id = self.push(Item::Object { class, levels: (0, 0) }, at)?;
        let mut chain = Vec::new();
        let mut next = class;
        while let Some(Item::Class(descriptor)) = self.item(next) {
            chain.push((next, descriptor));
            next = descriptor.superclass;
        }
        match chain.first() {
            Some((_, own)) if own.flags & flag::ENUM != 0 => {
                return error(ErrorKind::JavaClass { what: "of an enum, but not for a constant" }, at);
            }
            Some((_, own)) if own.flags & flag::EXTERNALIZABLE != 0 => {
                if own.flags & flag::BLOCK_DATA == 0 {
                    let class = String::from_utf8_lossy(own.name).into_owned();
                    return error(ErrorKind::Externalizable { class }, at);
                }
                self.annotations()?;
                return Ok(id);
            }
            _ => {}
        }
        let mut levels = Vec::new();
        for (class, descriptor) in chain.into_iter().rev() {
            let custom = descriptor.flags & flag::CUSTOM != 0;
            // Java asks for no flag here: a superclass that is not serializable has data, if its descriptor has fields.
            if descriptor.field_count == 0 && !custom {
                continue;
            }
            let (primitives, objects) = self.out.shape(descriptor);
            let primitives = self.bytes(primitives, self.rest.offset())?;
            let mark = self.pending.len();
            for _ in 0..objects {
                let id = self.content()?;
                self.pending.push(id);
            }
            if custom {
                self.contents()?;
            }
            levels.push(Level { class, primitives, cells: self.settle(mark) });
        }
        let start = position(self.out.levels.len());
        self.out.levels.append(&mut levels);
        self.set(id, Item::Object { class, levels: (start, position(self.out.levels.len())) });
        Ok(id)
    }

    fn array(&mut self, at: u64) -> Read<Id> {
        let class = self.some_class()?;
        let id = self.push(Item::Open, at)?;
        let component = match self.item(class) {
            Some(Item::Class(Descriptor { name: [b'[', component, ..], .. })) => *component,
            _ => return error(ErrorKind::JavaClass { what: "of an array, but not named as one" }, at),
        };
        let count_at = self.rest.offset();
        let count = self.take(|input| java::count(input, width(component).unwrap_or(1)))?;
        if let Some(width) = width(component) {
            let bytes = self.bytes(u64::from(count) * width as u64, count_at)?;
            self.set(id, Item::Primitives(class, bytes));
            return Ok(id);
        }
        let mark = self.pending.len();
        for _ in 0..count {
            let id = self.content()?;
            self.pending.push(id);
        }
        let cells = self.settle(mark);
        self.set(id, Item::Elements { class, cells });
        Ok(id)
    }
}

/// There are at most as many of anything as the stream has bytes, of which offsets fit.
pub(super) fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

pub(super) fn error<T>(kind: ErrorKind, offset: u64) -> Read<T> {
    Err(nom::Err::Failure(Error::new(kind, offset)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Descriptor of a class named `name` up to its flags; the number of fields follows.
    fn class(name: u8, flags: u8) -> Vec<u8> {
        [&[tag::CLASS, 0, 1, name][..], &[0; 8], &[flags]].concat()
    }

    fn rest_of(body: &[&[u8]]) -> Vec<u8> {
        let bytes = [&HEADER[..], &[tag::OBJECT], &body.concat(), b"rest"].concat();
        let (rest, _) = Reader::read(Input::new(&bytes)).unwrap();
        rest.bytes().to_vec()
    }

    #[test]
    fn a_negative_number_of_fields_is_none() {
        let end = [tag::END, tag::NULL];
        for count in [[0, 0], [0xFF, 0xFF], [0x80, 0]] {
            assert_eq!(rest_of(&[&class(b'A', flag::SERIALIZABLE), &count, &end]), b"rest", "{count:?}");
        }
    }

    #[test]
    fn a_superclass_has_data_by_its_fields_and_not_by_its_flags() {
        let own = class(b'A', flag::SERIALIZABLE);
        for flags in [flag::SERIALIZABLE, 0] {
            let superclass = [&class(b'B', flags)[..], &[0, 1, b'I', 0, 1, b'x', tag::END, tag::NULL]].concat();
            assert_eq!(rest_of(&[&own, &[0, 0, tag::END], &superclass, &[0, 0, 0, 7]]), b"rest", "{flags}");
        }
    }
}
