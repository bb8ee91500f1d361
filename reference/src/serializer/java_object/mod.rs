//! Java object streams, as some snapshots embed them: logical types, and serializers that have no snapshot of their own.
//!
//! ```text
//! stream  = AC ED 00 05 content
//! content = 70 | 71 handle | 73 class h data | 74 utf h | 7C i64 modified-utf8 h | 75 class h i32(n) elements
//!         | 76 class h | 7E class h content(name) | class
//! class   = 70 | 71 handle | 72 utf(name) i64(serialVersionUID) h u8(flags) u16(n) field* annotations class(super)
//!         | 7D h i32(n) utf* annotations class(super)
//! field   = code utf(name) [ content(signature) if the code is 'L' or '[' ]
//! data    = for each class from the top-most on: its primitive fields, its object fields, annotations if flags & 01
//! annotations = (content | 77 u8(n) bytes | 7A i32(n) bytes)* 78
//! ```
//!
//! `h` marks where an item gets its handle, counted from `7E0000`. A stream has no length, so it is read to find its end. Nothing
//! is ever instantiated and no class is known: [`JavaObject`] has what the bytes say, for whoever looks fields up by name.
//!
//! References make the objects a graph, not a tree: what walks it has to bound how far it goes, and how often it passes.

mod classes;
mod read;
mod read_class;
mod view;
mod write;

pub use classes::{NamedClass, classes};
pub use view::{JavaClass, JavaNode};
pub(crate) use write::{Class, FieldOf, Writer};

use crate::wire::{Input, Parsed};

const HEADER: [u8; 4] = [0xAC, 0xED, 0x00, 0x05];
const FIRST_HANDLE: u32 = 0x7E_0000;

mod tag {
    pub(super) const NULL: u8 = 0x70;
    pub(super) const REFERENCE: u8 = 0x71;
    pub(super) const CLASS: u8 = 0x72;
    pub(super) const OBJECT: u8 = 0x73;
    pub(super) const STRING: u8 = 0x74;
    pub(super) const ARRAY: u8 = 0x75;
    pub(super) const CLASS_OBJECT: u8 = 0x76;
    pub(super) const BLOCK: u8 = 0x77;
    pub(super) const END: u8 = 0x78;
    pub(super) const LONG_BLOCK: u8 = 0x7A;
    pub(super) const LONG_STRING: u8 = 0x7C;
    pub(super) const PROXY_CLASS: u8 = 0x7D;
    pub(super) const ENUM: u8 = 0x7E;
}

mod flag {
    pub(super) const CUSTOM: u8 = 0x01;
    pub(super) const SERIALIZABLE: u8 = 0x02;
    pub(super) const EXTERNALIZABLE: u8 = 0x04;
    pub(super) const BLOCK_DATA: u8 = 0x08;
    pub(super) const ENUM: u8 = 0x10;
}

/// An object stream that was read: its items in the order of their handles, and the object.
///
/// Borrows. An item takes 40 bytes of memory, and 3 bytes of the stream at least; an object field 4 bytes, and 1.
#[derive(Debug, Clone)]
pub struct JavaObject<'a> {
    /// The number of an item is its handle without [`FIRST_HANDLE`].
    items: Vec<(u32, Item<'a>)>,
    fields: Vec<Field<'a>>,
    levels: Vec<Level<'a>>,
    /// What object fields, elements and custom data refer to.
    cells: Vec<Id>,
    root: Id,
    start: u64,
}

/// Number of an item, or [`NULL`].
type Id = u32;
const NULL: Id = Id::MAX;

#[derive(Debug, Clone, Copy)]
enum Item<'a> {
    /// A class descriptor that is being read.
    Open,
    Class(Descriptor<'a>),
    Object {
        class: Id,
        /// Which of the levels are its.
        levels: (u32, u32),
    },
    Text(&'a [u8]),
    Primitives(Id, &'a [u8]),
    Elements {
        class: Id,
        cells: (u32, u32),
    },
    ClassObject(Id),
    Constant {
        class: Id,
        name: Id,
    },
}

#[derive(Debug, Clone, Copy)]
struct Descriptor<'a> {
    /// Empty for a proxy.
    name: &'a [u8],
    superclass: Id,
    /// Where the fields start.
    fields: u32,
    field_count: u16,
    flags: u8,
    /// Superclasses above it.
    depth: u8,
}

#[derive(Debug, Clone, Copy)]
struct Field<'a> {
    code: u8,
    name: &'a [u8],
}

impl Field<'_> {
    /// Bytes of a primitive; `None` for an object.
    fn width(self) -> Option<usize> {
        width(self.code)
    }
}

/// What one class of an object's hierarchy has of its data. Classes without fields and custom data have none.
#[derive(Debug, Clone, Copy)]
struct Level<'a> {
    class: Id,
    primitives: &'a [u8],
    /// Object fields, then the objects in custom data.
    cells: (u32, u32),
}

/// Bytes of a primitive of that type code.
fn width(code: u8) -> Option<usize> {
    match code {
        b'B' | b'Z' => Some(1),
        b'C' | b'S' => Some(2),
        b'I' | b'F' => Some(4),
        b'J' | b'D' => Some(8),
        _ => None,
    }
}

impl<'a> JavaObject<'a> {
    /// How deep objects and superclasses may be nested in each other: five for each `ROW` in a `ROW`, two for each `ARRAY`.
    /// Java itself has no bound and overflows its stack.
    pub const NESTING: u8 = 128;

    /// Reads a stream from its header to the end of its object.
    pub fn read(input: Input<'a>) -> Parsed<'a, Self> {
        read::Reader::read(input)
    }

    /// The object.
    pub fn root(&self) -> JavaNode<'_, 'a> {
        JavaNode::new(self, self.root)
    }
}

/// How many bytes the stream has that the input starts with.
pub fn length(input: Input<'_>) -> Result<usize, crate::Error> {
    let (rest, ()) = crate::wire::done(skip(input), input.end())?;
    Ok(input.len() - rest.len())
}

/// Finds the end of a stream, and nothing else.
pub fn skip(input: Input<'_>) -> Parsed<'_, ()> {
    JavaObject::read(input).map(|(rest, _)| (rest, ()))
}
