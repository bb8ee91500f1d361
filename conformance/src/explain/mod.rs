//! Every byte of a file, named: what field it belongs to, what it says, and where the specification defines it.
//!
//! The layouts come from `spec/registry/layouts` and are interpreted; nothing of the metadata file is laid out here. What no layout
//! can say is known by code: where sections and partitions are (offsets of the handle), and where the parts of keys and values
//! end (serializers). Output goes to a [`Sink`] as it is found, so that memory does not grow with the file.

mod example;
mod html;
mod java;
mod json;
mod keyed;
mod operator;
mod raw;
mod raw_timers;
mod sink;
mod snappy;
mod stream;
mod streams;
mod text;
mod walker;

use std::path::Path;

use crate::source::{Content, Source};
use flink_savepoint::metadata::Metadata;
use flink_savepoint::serializer::{Hints, SerializerSnapshot};
use flink_savepoint::wire::Input;
use flink_savepoint_spec::layouts::Literal;

pub use example::Example;
pub use html::Page;
pub use json::{Line, Lines};
pub use sink::{Group, Leaf, Sink, Stop};
use stream::guess;
use streams::{Stream, Streams};
pub use text::{HexView, Tree};
use walker::Walker;

/// A file to be explained.
pub struct File<'f> {
    /// Its name, without a directory.
    pub name: &'f str,
    /// Its bytes.
    pub bytes: &'f [u8],
    /// The metadata file beside it; its own bytes, if it is one.
    pub metadata: Option<&'f [u8]>,
    /// What is known of serializers that Flink does not ship.
    pub hints: Hints,
}

/// Whether bytes start as a metadata file does.
pub fn is_metadata(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x49, 0x60, 0x67, 0x2D])
}

/// Names every byte of a file.
pub fn explain(file: &File<'_>, sink: &mut dyn Sink) -> Result<(), Stop> {
    let metadata = file.metadata.and_then(|bytes| Some((bytes, Metadata::parse(bytes).ok()?)));
    let mut streams = metadata.as_ref().map(|(bytes, metadata)| Streams::of(bytes, metadata)).unwrap_or_default();
    streams.hints = file.hints.clone();
    let mut walker = Walker::new(sink, &streams);
    let input = Input::new(file.bytes);
    if is_metadata(file.bytes) {
        let version = file.bytes.get(4..).and_then(|bytes| bytes.first_chunk()).map_or(0, |v| i32::from_be_bytes(*v));
        walker.env.insert("metadata_version", Literal::Number(version.into()));
        let old = metadata.is_some_and(|(_, metadata)| metadata.has_changelog_of_1_14());
        walker.env.insert("changelog_layout", Literal::Word(if old { "A" } else { "B" }.to_owned()));
        let rest = walker.structure("metadata-file", "metadata", None, input)?;
        if !rest.is_empty() {
            walker.structure("trailing-bytes", "trailing", None, rest)?;
        }
        return Ok(());
    }
    let alone;
    let stream = if let Some(stream) = streams.file(file.name) {
        stream
    } else {
        let Some(kind) = guess(file.bytes) else {
            return walker.bad(
                "",
                0,
                "neither a metadata file nor a state file that says what it is; beside its _metadata it may be known",
            );
        };
        alone = Stream::alone(kind);
        &alone
    };
    stream::explain(&mut walker, stream, input)
}

/// Names the bytes of a serializer snapshot in versioned form, which stands alone.
pub fn explain_snapshot(bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Stop> {
    let streams = Streams::default();
    let mut walker = Walker::new(sink, &streams);
    let input = Input::new(bytes);
    if let Ok(snapshot) = SerializerSnapshot::parse(bytes, &streams.hints) {
        stream::know_foreign(&mut walker, input, std::iter::once(&snapshot));
    }
    let rest = walker.structure("versioned-snapshot", "snapshot", None, input)?;
    if rest.is_empty() { Ok(()) } else { walker.bad("snapshot", rest.offset(), "bytes behind the snapshot") }
}

/// The metadata file in the directory of a state file.
pub fn metadata_beside(file: &Path) -> Option<Content> {
    let parent = file.parent()?;
    let directory = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    Source::open(directory).ok().map(|source| source.bytes)
}
