//! The explanation as text: a tree, or a hex view.

use std::io::{self, Write};

use flink_savepoint_spec::book;

use super::sink::{Group, Leaf, Sink};
use crate::text::printable;

/// Bytes of a row of the hex view.
const ROW: usize = 16;
/// Bytes of a field that the tree shows.
const SHOWN: usize = 8;
/// Characters of a value that the tree shows.
const VALUE: usize = 100;

/// Writes a line for each structure and field, indented.
pub struct Tree<W> {
    out: W,
    depth: usize,
    links: bool,
}

impl<W: Write> Tree<W> {
    /// A tree; with the place in the specification behind each structure if `links`.
    pub fn new(out: W, links: bool) -> Self {
        Self { out, depth: 0, links }
    }
}

impl<W: Write> Sink for Tree<W> {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        let about = if group.about.is_empty() { String::new() } else { format!("  {}", printable(&group.about)) };
        let link = book::place(group.layout).filter(|_| self.links);
        let link = link.map_or_else(String::new, |place| format!("  -> {}", place.markdown()));
        let indent = self.depth * 2;
        let name = numbered(group.name, group.index);
        writeln!(self.out, "{:08x}  {:25}{:indent$}{name}: {}{about}{link}", group.offset, "", "", group.layout)?;
        self.depth += 1;
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        let bytes = short_hex(leaf.bytes);
        let indent = self.depth * 2;
        let name = numbered(leaf.name, leaf.index);
        let value = shortened(&printable(&leaf.value), VALUE);
        let value = if value.is_empty() { String::new() } else { format!(" = {value}") };
        writeln!(self.out, "{:08x}  {bytes:25}{:indent$}{name} ({}){value}", leaf.offset, "", leaf.ty)
    }

    fn close(&mut self, _: u64) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }
}

/// Writes all bytes, field by field, with the path of each.
pub struct HexView<W> {
    out: W,
    path: Vec<String>,
    /// Whether offsets are shown; worked examples of the specification go without.
    offsets: bool,
    /// Paths are shown from this depth on.
    from: usize,
}

impl<W: Write> HexView<W> {
    /// A hex view of a whole file.
    pub fn new(out: W) -> Self {
        Self { out, path: Vec::new(), offsets: true, from: 1 }
    }

    /// What was written.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Opens a group, and says so if it is `shown`.
    pub(super) fn enter(&mut self, group: &Group<'_>, shown: bool) -> io::Result<()> {
        if group.opened && shown {
            writeln!(self.out, "; uncompressed:")?;
        }
        self.path.push(numbered(group.name, group.index));
        Ok(())
    }

    /// Without offsets, and with paths from a structure at `depth` on.
    pub fn example(out: W, depth: usize) -> Self {
        Self { out, path: Vec::new(), offsets: false, from: depth }
    }
}

impl<W: Write> Sink for HexView<W> {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        self.enter(group, true)
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        let mut path = self.path.iter().skip(self.from).cloned().collect::<Vec<_>>();
        path.push(numbered(leaf.name, leaf.index));
        // The end of a class name says more than its package.
        let value =
            if self.offsets { shortened(&printable(&leaf.value), VALUE) } else { ending(&printable(&leaf.value), 64) };
        let said = if is_hex_of(&leaf.value, leaf.bytes) || value.is_empty() {
            path.join(".")
        } else {
            format!("{} = {value}", path.join("."))
        };
        let mut offset = leaf.offset;
        let mut rows = leaf.bytes.chunks(ROW);
        let mut first = true;
        loop {
            let row = rows.next().unwrap_or_default();
            if self.offsets {
                write!(self.out, "{offset:08x}  ")?;
            }
            let hex = row.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
            let said = if first { said.as_str() } else { "" };
            let line = format!("{hex:47} ; {said}");
            writeln!(self.out, "{}", line.trim_end())?;
            offset += row.len() as u64;
            first = false;
            if rows.len() == 0 {
                return Ok(());
            }
        }
    }

    fn close(&mut self, _: u64) -> io::Result<()> {
        self.path.pop();
        Ok(())
    }
}

/// `subtasks[3]`.
pub(super) fn numbered(name: &str, index: Option<u64>) -> String {
    match index {
        Some(index) => format!("{name}[{index}]"),
        None => name.to_owned(),
    }
}

fn short_hex(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    if bytes.len() > SHOWN { format!("{shown}..") } else { shown }
}

/// Whether the value says no more than the bytes.
fn is_hex_of(value: &str, bytes: &[u8]) -> bool {
    let digits: String = value.chars().filter(|c| *c != ' ').collect();
    digits.eq_ignore_ascii_case(&crate::text::hex(bytes))
}

/// The end of a text.
fn ending(text: &str, most: usize) -> String {
    let more = text.chars().count().saturating_sub(most);
    if more == 0 { text.to_owned() } else { format!("..{}", text.chars().skip(more).collect::<String>()) }
}

pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}
