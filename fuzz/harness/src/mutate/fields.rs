//! The fields of bytes, as far as they can be told.

use std::io;
use std::ops::Range;

use flink_savepoint::serializer::Hints;
use flink_savepoint_conformance::explain::{self, File, Group, Leaf, Sink};
use flink_savepoint_spec::layouts::{self, Length, Structure, Type};

use super::Shape;

/// More fields than that are not looked at.
const MOST: usize = 4000;

/// A field that is not divided any further.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

/// How the bytes of a field are read, as far as that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, big-endian.
    Number,
    /// A number, little-endian.
    LittleEndian,
    /// Says how many elements or bytes follow.
    Count,
    /// Says what follows.
    Tag,
    /// 0 or 1.
    Flag,
    /// Two bytes of length, then modified UTF-8.
    Utf,
    /// Anything else.
    Bytes,
}

/// An element of a list.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) range: Range<usize>,
    /// Where the number of elements stands.
    pub(super) count: Option<Range<usize>>,
    /// The group that holds the list, and the name of the list in it.
    list: (usize, &'static str),
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
    pub(super) elements: Vec<Element>,
}

impl Fields {
    /// The fields up to where the bytes are damaged.
    pub(super) fn of(shape: Shape, bytes: &[u8]) -> Self {
        let mut finder = Finder::default();
        // Where it stops is of no interest: what was found until then is a field.
        let _ = match shape {
            Shape::Bytes => return Self::default(),
            Shape::Snapshot => explain::explain_snapshot(bytes, &mut finder),
            Shape::Metadata | Shape::Keyed | Shape::Operator => {
                let metadata = (shape == Shape::Metadata).then_some(bytes);
                explain::explain(&File { name: "", bytes, metadata, hints: Hints::default() }, &mut finder)
            }
        };
        finder.found
    }

    /// Another element of the same list.
    pub(super) fn sibling(&self, of: &Element, pick: impl FnOnce(usize) -> usize) -> Option<&Element> {
        let same = || self.elements.iter().filter(|e| e.list == of.list && e.range != of.range);
        let n = same().count();
        if n == 0 { None } else { same().nth(pick(n)) }
    }
}

/// A group that is not closed yet.
struct Open {
    id: usize,
    layout: String,
    start: usize,
    /// Its own element, if it is one.
    element: Option<usize>,
    /// Numbers that stand in it.
    numbers: Vec<(String, Range<usize>)>,
}

#[derive(Default)]
struct Finder {
    found: Fields,
    open: Vec<Open>,
    groups: usize,
    /// Groups of decompressed bytes that are open: their offsets are not of the input.
    inside: usize,
}

impl Finder {
    /// Notes an element of a list in the innermost group.
    fn element(&mut self, name: &str, range: Range<usize>) -> Option<usize> {
        let parent = self.open.last()?;
        let Some(Structure::Layout(layout)) = layouts::get(&parent.layout) else { return None };
        let field = layout.fields.iter().find(|field| field.name == name)?;
        let counted = field.count.as_ref();
        let count = counted.and_then(|count| parent.numbers.iter().rev().find(|(name, _)| name == count));
        let list = (parent.id, field.name.as_str());
        self.found.elements.push(Element { range, count: count.map(|(_, range)| range.clone()), list });
        Some(self.found.elements.len() - 1)
    }
}

impl Sink for Finder {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        if self.found.fields.len() > MOST {
            return Err(io::Error::other("enough"));
        }
        self.inside += usize::from(group.opened || self.inside > 0);
        let start = usize::try_from(group.offset).unwrap_or(usize::MAX);
        let is_element = group.index.is_some() && self.inside == 0;
        let element = if is_element { self.element(group.name, start..start) } else { None };
        self.groups += 1;
        let layout = group.layout.to_owned();
        self.open.push(Open { id: self.groups, layout, start, element, numbers: Vec::new() });
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        if self.inside > 0 || leaf.bytes.is_empty() {
            return Ok(());
        }
        let start = usize::try_from(leaf.offset).unwrap_or(usize::MAX);
        let range = start..start.saturating_add(leaf.bytes.len());
        let kind = kind(leaf);
        if kind == Kind::Count
            && let Some(parent) = self.open.last_mut()
        {
            parent.numbers.push((leaf.name.to_owned(), range.clone()));
        }
        if leaf.index.is_some() {
            self.element(leaf.name, range.clone());
        }
        self.found.fields.push(Field { range, kind });
        Ok(())
    }

    fn close(&mut self, offset: u64) -> io::Result<()> {
        let group = self.open.pop();
        self.inside = self.inside.saturating_sub(1);
        let end = usize::try_from(offset).unwrap_or(usize::MAX);
        if let Some(Open { element: Some(element), start, .. }) = group
            && let Some(element) = self.found.elements.get_mut(element)
        {
            element.range = start..end.max(start);
        }
        Ok(())
    }
}

fn kind(leaf: &Leaf<'_>) -> Kind {
    match leaf.ty.as_str() {
        "utf" => return Kind::Utf,
        "u24le" | "u32le" => return Kind::LittleEndian,
        "bool" => return Kind::Flag,
        "i8" | "u8" | "i16" | "u16" | "i32" | "i64" | "f32" | "f64" => {}
        _ => return Kind::Bytes,
    }
    match layouts::get(leaf.layout) {
        Some(Structure::Choice(_)) => Kind::Tag,
        Some(Structure::Layout(layout)) => {
            let counts = |field: &layouts::Field| {
                field.count.as_deref() == Some(leaf.name)
                    || matches!(&field.ty,
                        Type::Bytes(Length::Field { name, .. }) | Type::Frame(Length::Field { name, .. }, _)
                            if name == leaf.name)
            };
            let asks = |field: &layouts::Field| {
                field.when.as_ref().is_some_and(|when| when.all.iter().any(|one| one.name == leaf.name))
            };
            if layout.fields.iter().any(counts) {
                Kind::Count
            } else if layout.fields.iter().any(asks) {
                Kind::Flag
            } else {
                Kind::Number
            }
        }
        None => Kind::Number,
    }
}
