//! Where a stream stands, and findings about it.

use std::borrow::Cow;
use std::fmt;

use flink_savepoint::metadata::StreamHandle;
use flink_savepoint::savepoint::METADATA;
use flink_savepoint::{Error, ErrorClass, ErrorKind};

use super::agreement::Claim;
use super::finding::{Finding, Severity, Spot};
use super::part::{Item, Once, Part};
use crate::reading::offset_in;

/// A stream, and how it was found.
#[derive(Debug)]
pub(super) struct Stream {
    file: Option<String>,
    /// The first byte of the stream in its file; none for inline state that stands nowhere as it is.
    base: Option<u64>,
    /// The handle that leads to the stream.
    handle: String,
}

impl Stream {
    /// The stream that a handle leads to; `path` is that of the handle. `metadata` is the file that the handle is in.
    pub(super) fn new(metadata: &[u8], stream: &StreamHandle<'_>, path: String) -> Self {
        let base = match stream {
            StreamHandle::ByteStream(inline) => match &inline.data {
                Cow::Borrowed(data) => offset_in(metadata, data),
                Cow::Owned(_) => None,
            },
            _ => Some(0),
        };
        Self { file: stream.path().map(ToString::to_string), base, handle: path }
    }

    /// No stream, only a handle.
    pub(super) fn none(path: String) -> Self {
        Self::new(&[], &StreamHandle::EmptySegment, path)
    }

    fn spot(&self, offset: u64, path: impl fmt::Display) -> Spot {
        let offset = self.base.map(|base| base.saturating_add(offset));
        Spot::stream(self.file.as_deref(), offset, format!("{}: {path}", self.handle))
    }
}

/// Findings about one stream, or a part of it.
pub(super) struct Report<'f> {
    stream: &'f Stream,
    part: &'f mut Part,
}

/// Where an entry of keyed state stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    /// The key group whose section it is in.
    pub(super) group: u16,
    /// Its number in the section, from 0.
    pub(super) number: u64,
    /// Of the length of its key, in the stream; of the section, if that is compressed.
    pub(super) offset: u64,
    /// The same in the section as it is uncompressed; none in sections that are not compressed.
    pub(super) inside: Option<u64>,
}

impl<'f> Report<'f> {
    pub(super) fn new(stream: &'f Stream, part: &'f mut Part) -> Self {
        Self { stream, part }
    }

    /// The stream that it is about.
    pub(super) fn stream(&self) -> &'f Stream {
        self.stream
    }

    /// Adds what was found in sections of the stream.
    pub(super) fn join(&mut self, items: Vec<Item>) {
        self.part.join(items);
    }

    /// Adds what other streams have to agree with.
    pub(super) fn claim(&mut self, claim: Claim) {
        self.part.claim(claim);
    }

    /// A finding in the stream.
    pub(super) fn at(
        &mut self,
        requirement: &'static str,
        offset: u64,
        path: impl fmt::Display,
        message: impl FnOnce() -> String,
    ) {
        self.add(requirement, None, offset, path, message);
    }

    /// What a sound stream has otherwise when it is written again.
    pub(super) fn again(
        &mut self,
        requirement: &'static str,
        offset: u64,
        path: impl fmt::Display,
        message: impl FnOnce() -> String,
    ) {
        self.part.again(Finding::new(requirement, None, self.stream.spot(offset, path), message()));
    }

    /// Something in the stream that is sound all the same, and worth knowing.
    pub(super) fn note(
        &mut self,
        requirement: &'static str,
        offset: u64,
        path: impl fmt::Display,
        message: impl FnOnce() -> String,
    ) {
        self.add(requirement, Some(Severity::Note), offset, path, message);
    }

    /// A finding about an entry.
    pub(super) fn entry(&mut self, requirement: &'static str, site: &Site, message: impl FnOnce() -> String) {
        let path = format_args!("key_group[{}].entry[{}]", site.group, site.number);
        self.at(requirement, site.offset, path, || match site.inside {
            None => message(),
            Some(inside) => inside_of_section(&message(), inside),
        });
    }

    /// The same, told once in a stream.
    pub(super) fn entry_once(
        &mut self,
        once: Once,
        requirement: &'static str,
        site: &Site,
        message: impl FnOnce() -> String,
    ) {
        let stream = self.stream;
        self.part.once(once, || {
            let message = match site.inside {
                None => message(),
                Some(inside) => inside_of_section(&message(), inside),
            };
            let path = format_args!("key_group[{}].entry[{}]", site.group, site.number);
            Finding::new(requirement, None, stream.spot(site.offset, path), message)
        });
    }

    /// A finding about a field of the handle.
    pub(super) fn of_handle(
        &mut self,
        requirement: &'static str,
        field: impl fmt::Display,
        message: impl FnOnce() -> String,
    ) {
        let handle = &self.stream.handle;
        self.part.add(requirement, METADATA, || {
            let spot = Spot::metadata(None, format!("{handle}{field}"));
            Finding::new(requirement, None, spot, message())
        });
    }

    /// What a reader found. That it does not know a serializer is nothing that is wrong with the savepoint.
    pub(super) fn error(&mut self, error: &Error) {
        let kind = error.kind();
        let message = || format!("{kind}: only what stands around keys and values was looked at");
        match kind {
            ErrorKind::UnknownSnapshot { .. } | ErrorKind::ManyFits { .. } => {
                self.note(kind.requirement(), error.offset(), error.path(), message);
            }
            // It may well be sound; or the header is broken behind it.
            ErrorKind::NoFit { .. } => {
                self.add(kind.requirement(), Some(Severity::Warning), error.offset(), error.path(), message);
            }
            // It may be sound, and nobody has seen it.
            _ if kind.class() == ErrorClass::Limit => {
                let message = || kind.to_string();
                self.add(kind.requirement(), Some(Severity::Error), error.offset(), error.path(), message);
            }
            _ => self.at(kind.requirement(), error.offset(), error.path(), || kind.to_string()),
        }
    }

    /// A place in the stream.
    pub(super) fn spot(&self, offset: u64, path: impl fmt::Display) -> Spot {
        self.stream.spot(offset, path)
    }

    /// Whether no MUST was found broken.
    pub(super) fn is_sound(&self) -> bool {
        self.part.is_sound()
    }

    fn add(
        &mut self,
        requirement: &'static str,
        severity: Option<Severity>,
        offset: u64,
        path: impl fmt::Display,
        message: impl FnOnce() -> String,
    ) {
        let stream = self.stream;
        self.part.add(requirement, stream.file.as_deref().unwrap_or(METADATA), || {
            Finding::new(requirement, severity, stream.spot(offset, path), message())
        });
    }
}

fn inside_of_section(message: &str, inside: u64) -> String {
    format!("{message} (at byte {inside} of the uncompressed section)")
}
