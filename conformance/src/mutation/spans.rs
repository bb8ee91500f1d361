//! Where things are in a file: what `explain` names, kept in memory.

use std::io;
use std::ops::Range;

use flink_savepoint::serializer::Hints;

use crate::explain::{self, File, Group, Leaf, Sink};

/// A field of a file, or a structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub file: String,
    /// Field path: `operators[0].subtasks[1].index`.
    pub path: String,
    /// The layout of the registry that has the field, or that the structure is of.
    pub layout: String,
    /// The field's name; `None` for a structure.
    pub field: Option<String>,
    /// The bytes of the file; those that were decompressed if `opened`.
    pub range: Range<usize>,
    /// What the bytes say, for people; of a structure, more about it.
    pub value: String,
    /// It was decompressed: its range is one of what the section holds.
    pub opened: bool,
}

impl Span {
    /// Whether it is what `place` means: `layout.field`, or a layout alone.
    pub fn is(&self, place: &str) -> bool {
        match place.split_once('.') {
            Some((layout, field)) => self.layout == layout && self.field.as_deref() == Some(field),
            None => self.layout == place && self.field.is_none(),
        }
    }
}

/// All fields and structures of a file, in its order; as far as it can be explained.
pub(super) fn of(name: &str, bytes: &[u8], metadata: Option<&[u8]>) -> Vec<Span> {
    let mut spans = Spans { file: name.to_owned(), ..Spans::default() };
    let file = File { name, bytes, metadata, hints: Hints::default() };
    // What stops it was named before: a mutation that looks for what comes behind does not find it.
    let _ = explain::explain(&file, &mut spans);
    spans.all
}

#[derive(Default)]
struct Spans {
    file: String,
    all: Vec<Span>,
    /// Structures that are open: name in the path, position in `all`, whether their content was decompressed.
    open: Vec<(String, usize, bool)>,
}

impl Spans {
    fn path(&self, name: &str, index: Option<u64>) -> String {
        let outer = self.open.iter().skip(1).map(|(name, ..)| name.clone());
        outer.chain([numbered(name, index)]).collect::<Vec<_>>().join(".")
    }

    fn is_opened(&self) -> bool {
        self.open.iter().any(|(_, _, opened)| *opened)
    }
}

fn numbered(name: &str, index: Option<u64>) -> String {
    index.map_or_else(|| name.to_owned(), |index| format!("{name}[{index}]"))
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Sink for Spans {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        let path = if self.open.is_empty() { String::new() } else { self.path(group.name, group.index) };
        let start = position(group.offset);
        self.all.push(Span {
            file: self.file.clone(),
            path,
            layout: group.layout.to_owned(),
            field: None,
            range: start..start,
            value: group.about.clone(),
            opened: self.is_opened() || group.opened,
        });
        self.open.push((numbered(group.name, group.index), self.all.len() - 1, group.opened));
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        let start = position(leaf.offset);
        self.all.push(Span {
            file: self.file.clone(),
            path: self.path(leaf.name, leaf.index),
            layout: leaf.layout.to_owned(),
            field: Some(leaf.name.to_owned()),
            range: start..start + leaf.bytes.len(),
            value: leaf.value.clone(),
            opened: self.is_opened(),
        });
        Ok(())
    }

    fn close(&mut self, offset: u64) -> io::Result<()> {
        if let Some((_, at, _)) = self.open.pop()
            && let Some(span) = self.all.get_mut(at)
        {
            span.range.end = position(offset).max(span.range.start);
        }
        Ok(())
    }
}
