//! One structure of a file as a worked example: what the specification shows between its `example` markers.

use std::io;
use std::ops::Range;

use super::sink::{Group, Leaf, Sink};
use super::text::{HexView, numbered};

/// Lets through what belongs to one structure.
pub struct Example {
    wanted: String,
    view: HexView<Vec<u8>>,
    path: Vec<String>,
    /// Depth of the structure that is let through.
    inside: Option<usize>,
    bytes: Option<Range<u64>>,
}

impl Example {
    /// The structures whose path is `wanted`, or `wanted` with an index; all if it is empty.
    pub fn of(wanted: &str) -> Self {
        let depth = if wanted.is_empty() { 1 } else { wanted.split('.').count() + 1 };
        let view = HexView::example(Vec::new(), depth);
        Self { wanted: wanted.to_owned(), view, path: Vec::new(), inside: None, bytes: None }
    }

    /// The lines, and which bytes of the file they show; `None` if there is no such structure.
    pub fn finish(self) -> Option<(String, Range<u64>)> {
        let text = String::from_utf8(self.view.into_inner()).ok()?;
        Some((text, self.bytes?))
    }

    fn is_wanted(&self) -> bool {
        let path = self.path.get(1..).unwrap_or_default().join(".");
        let without_index = path.rsplit_once('[').map_or(path.as_str(), |(name, _)| name);
        path == self.wanted || without_index == self.wanted
    }
}

impl Sink for Example {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        self.path.push(numbered(group.name, group.index));
        if self.inside.is_none() && self.is_wanted() {
            self.inside = Some(self.path.len());
        }
        self.view.enter(group, self.inside.is_some())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        if self.inside.is_none() {
            return Ok(());
        }
        let end = leaf.offset + leaf.bytes.len() as u64;
        match &mut self.bytes {
            // What was decompressed counts from 0 again.
            Some(bytes) if bytes.end == leaf.offset => bytes.end = end,
            Some(_) => {}
            None => self.bytes = Some(leaf.offset..end),
        }
        self.view.leaf(leaf)
    }

    fn close(&mut self, offset: u64) -> io::Result<()> {
        if self.inside == Some(self.path.len()) {
            self.inside = None;
        }
        self.path.pop();
        self.view.close(offset)
    }
}
