//! The explanation as JSON lines: one for each structure and field.

use std::io::{self, Write};

use flink_savepoint_spec::book;
use serde::Serialize;

use super::sink::{Group, Leaf, Sink};
use super::text::numbered;
use crate::json;
use crate::text::hex;

/// Writes a line for each structure and field.
pub struct Lines<W> {
    out: W,
    path: Vec<String>,
    /// How many groups that are open hold decompressed bytes.
    opened: Vec<bool>,
}

/// A structure or a field.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Line<'l> {
    /// `structure` or `field`.
    kind: &'static str,
    /// Where it starts; within what was decompressed if `opened`.
    offset: u64,
    /// How many bytes; fields only.
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    /// Field path: `operators[1].subtasks[0].managed_keyed.type`.
    path: String,
    /// The layout or choice of the registry.
    layout: &'l str,
    /// The field in it; fields only.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'l str>,
    /// How the bytes are read; fields only.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    ty: Option<&'l str>,
    /// The bytes, as hex; fields only.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    /// What the bytes say; of a structure, more about it.
    #[serde(skip_serializing_if = "str::is_empty")]
    value: &'l str,
    /// Whether the bytes were decompressed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    opened: bool,
    /// Where the specification defines it: a chapter and an anchor in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<String>,
}

impl<W: Write> Lines<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, path: Vec::new(), opened: Vec::new() }
    }

    fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        self.out.write_all(json::line(line)?.as_bytes())
    }

    fn path(&self, name: &str, index: Option<u64>) -> String {
        let mut path = self.path.get(1..).unwrap_or_default().to_vec();
        path.push(numbered(name, index));
        path.join(".")
    }

    fn is_opened(&self) -> bool {
        self.opened.iter().any(|opened| *opened)
    }
}

fn place(layout: &str) -> Option<String> {
    book::place(layout).map(book::Place::markdown)
}

impl<W: Write> Sink for Lines<W> {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        let line = Line {
            kind: "structure",
            offset: group.offset,
            length: None,
            path: self.path(group.name, group.index),
            layout: group.layout,
            field: None,
            ty: None,
            bytes: None,
            value: &group.about,
            opened: self.is_opened() || group.opened,
            spec: place(group.layout),
        };
        self.write(&line)?;
        self.path.push(numbered(group.name, group.index));
        self.opened.push(group.opened);
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        self.write(&Line {
            kind: "field",
            offset: leaf.offset,
            length: Some(leaf.bytes.len() as u64),
            path: self.path(leaf.name, leaf.index),
            layout: leaf.layout,
            field: Some(leaf.name),
            ty: Some(&leaf.ty),
            bytes: Some(hex(leaf.bytes)),
            value: &leaf.value,
            opened: self.is_opened(),
            spec: place(leaf.layout),
        })
    }

    fn close(&mut self, _: u64) -> io::Result<()> {
        self.path.pop();
        self.opened.pop();
        Ok(())
    }
}
