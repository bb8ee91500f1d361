//! Where fields of the metadata file are: rules know their paths, the walk over the layouts knows their offsets.

use std::collections::BTreeMap;
use std::io;

use flink_savepoint::savepoint::METADATA;
use flink_savepoint::serializer::Hints;

use super::finding::Finding;
use crate::explain::{self, File, Group, Leaf, Sink};
use crate::json::Long;

/// The field path of where a walk is.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// Length of the path up to each open group.
    ends: Vec<usize>,
    path: String,
    trailing: bool,
}

impl Trail {
    pub(super) fn open(&mut self, group: &Group<'_>) {
        self.ends.push(self.path.len());
        // The outermost group is the file, which no path names.
        if self.ends.len() > 1 {
            self.step(group.name, group.index);
        } else {
            self.trailing = group.name == "trailing";
        }
    }

    pub(super) fn close(&mut self) {
        self.path.truncate(self.ends.pop().unwrap_or(0));
    }

    /// The path of the group that was opened last.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path of a field.
    pub(super) fn leaf(&mut self, leaf: &Leaf<'_>) -> String {
        let end = self.path.len();
        self.step(leaf.name, leaf.index);
        let path = self.path.clone();
        self.path.truncate(end);
        path
    }

    /// Whether the file has ended before.
    pub(super) fn is_trailing(&self) -> bool {
        self.trailing
    }

    fn step(&mut self, name: &str, index: Option<u64>) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(name);
        if let Some(index) = index {
            self.path.extend(["[", &index.to_string(), "]"]);
        }
    }
}

/// Gives findings in the metadata file their offsets. A field that the walk does not name has that of what it stands in.
pub(super) fn offsets(bytes: &[u8], findings: &mut [Finding]) {
    let lacks = |finding: &Finding| finding.file == METADATA && finding.offset.is_none() && !finding.path.is_empty();
    let mut wanted: BTreeMap<String, Option<u64>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| lacks(finding)) {
        for prefix in prefixes(&finding.path) {
            wanted.insert(prefix.to_owned(), None);
        }
    }
    if wanted.is_empty() {
        return;
    }
    let mut sink = Locate { trail: Trail::default(), wanted };
    // Of a file that breaks somewhere, what stands before is named.
    let _ =
        explain::explain(&File { name: METADATA, bytes, metadata: Some(bytes), hints: Hints::default() }, &mut sink);
    for finding in findings.iter_mut().filter(|finding| lacks(finding)) {
        let found = prefixes(&finding.path).find_map(|prefix| sink.wanted.get(prefix).copied().flatten());
        finding.offset = found.map(Long::from);
    }
}

/// A path and all that it starts with, the longest first.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.rmatch_indices('.').map(|(at, _)| at);
    std::iter::once(path.len()).chain(ends).filter_map(|end| path.get(..end))
}

struct Locate {
    trail: Trail,
    wanted: BTreeMap<String, Option<u64>>,
}

impl Locate {
    fn found(&mut self, path: &str, offset: u64) {
        if let Some(slot @ None) = self.wanted.get_mut(path) {
            *slot = Some(offset);
        }
    }
}

impl Sink for Locate {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        self.trail.open(group);
        let path = self.trail.path().to_owned();
        self.found(&path, group.offset);
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        let path = self.trail.leaf(leaf);
        self.found(&path, leaf.offset);
        Ok(())
    }

    fn close(&mut self, _: u64) -> io::Result<()> {
        self.trail.close();
        Ok(())
    }
}
