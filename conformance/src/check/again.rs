//! The round trip: the metadata, read and written again, and the fields that come out with other bytes.

use std::io;

use super::locate::Trail;
use super::subject::Subject;
use crate::explain::{self, File, Group, Leaf, Sink};
use crate::text::hex;

/// So many fields are named; the bytes behind them are not compared.
const LISTED: usize = 50;

/// A field that is written otherwise.
pub(super) struct Difference {
    /// Where it starts.
    pub(super) offset: u64,
    /// Its path.
    pub(super) path: String,
    /// Its bytes in the file, in hex.
    pub(super) found: String,
    /// Its bytes when it is written again.
    pub(super) expected: String,
    /// Whether both spell the same: a flag or a count.
    pub(super) is_spelling: bool,
}

/// The fields that differ; none if the metadata cannot be written, for reasons that have requirements of their own.
pub(super) fn differences(subject: &Subject<'_>) -> Vec<Difference> {
    let (metadata, bytes) = (subject.savepoint.metadata(), &*subject.source.bytes);
    let read = bytes.len().saturating_sub(usize::try_from(metadata.trailing_bytes()).unwrap_or(0));
    // Nearly always it is the same, which is seen without a copy of all of it.
    let mut rest = bytes.get(..read);
    let written = metadata.to_bytes_in_parts(&mut |part| {
        rest = rest.and_then(|rest| rest.strip_prefix(part));
    });
    if written.is_err() || rest == Some(&[]) {
        return Vec::new();
    }
    let Ok(again) = metadata.to_bytes() else { return Vec::new() };
    let mut sink = Compare { trail: Trail::default(), again: &again, found: Vec::new() };
    let file =
        File { name: "_metadata", bytes, metadata: Some(bytes), hints: flink_savepoint::serializer::Hints::default() };
    // It stops at the last field that is named, and at the first that cannot be.
    let _ = explain::explain(&file, &mut sink);
    let mut found = sink.found;
    if found.is_empty() {
        let offset = read.min(again.len()) as u64;
        let (found_length, expected) = (format!("{read} bytes"), format!("{} bytes", again.len()));
        let path = String::new();
        found.push(Difference { offset, path, found: found_length, expected, is_spelling: false });
    }
    found
}

struct Compare<'c> {
    trail: Trail,
    again: &'c [u8],
    found: Vec<Difference>,
}

impl Sink for Compare<'_> {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        self.trail.open(group);
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        let path = self.trail.leaf(leaf);
        let start = usize::try_from(leaf.offset).unwrap_or(usize::MAX);
        let expected = self.again.get(start..start.saturating_add(leaf.bytes.len()));
        if expected == Some(leaf.bytes) || self.trail.is_trailing() {
            return Ok(());
        }
        let short = |bytes: &[u8]| match bytes.get(..16) {
            Some(start) if bytes.len() > 16 => format!("{}..", hex(start)),
            _ => hex(bytes),
        };
        self.found.push(Difference {
            offset: leaf.offset,
            path,
            found: short(leaf.bytes),
            expected: expected.map_or_else(|| "nothing".to_owned(), short),
            is_spelling: leaf.name.starts_with("has_") || leaf.name.starts_with("num_") || leaf.ty == "bool",
        });
        if self.found.len() < LISTED { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
    }

    fn close(&mut self, _: u64) -> io::Result<()> {
        self.trail.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flink_savepoint::metadata::{Metadata, MetadataVersion};
    use flink_savepoint::savepoint::Savepoint;

    use super::*;
    use crate::source::Source;
    use crate::store::MappedFiles;

    /// What a reader would have to lose for a difference that is none of spelling: the source is changed behind its back.
    #[test]
    fn fields_that_come_out_otherwise_are_named() {
        let metadata = Metadata::new(MetadataVersion::V6, 0x0102);
        let bytes = metadata.to_bytes().unwrap();
        let changed = |at: usize, to: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = to;
            let directory = std::path::PathBuf::from(".");
            let source = Source::of(directory.join("_metadata"), directory.clone(), bytes);
            let savepoint = Savepoint::new(metadata.clone(), MappedFiles::new(directory, false));
            let subject = Subject { source: &source, savepoint, operators: Vec::new() };
            differences(&subject)
        };
        assert!(changed(15, 2).is_empty());
        let [one] = &changed(15, 3)[..] else { panic!() };
        assert_eq!((one.offset, one.path.as_str(), one.is_spelling), (8, "checkpoint_id", false));
        assert_eq!((one.found.as_str(), one.expected.as_str()), ("0000000000000103", "0000000000000102"));
        // A byte that the walk does not reach, behind a version that has no layout.
        let [one] = &changed(7, 0)[..] else { panic!() };
        assert_eq!((one.offset, one.path.as_str()), (4, "version"));
    }
}
