//! Where a stream stands, and findings about it.

use std::borrow::Cow;
use std::fmt;

use flink_savepoint::metadata::StreamHandle;
use flink_savepoint::{Error, ErrorClass, ErrorKind};
use flink_savepoint_spec::requirements::{self, Level};

use super::finding::{Findings, Spot};
use crate::reading::offset_in;

/// Findings about one stream.
pub(super) struct Report<'f> {
    findings: &'f mut Findings,
    file: Option<String>,
    /// The first byte of the stream in its file; none for inline state that stands nowhere as it is.
    base: Option<u64>,
    /// The handle that leads to the stream.
    handle: String,
    /// How many of a MUST there were.
    errors: u64,
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
    /// About the stream that a handle leads to; `path` is that of the handle. `metadata` is the file that the handle is in.
    pub(super) fn new(findings: &'f mut Findings, metadata: &[u8], stream: &StreamHandle<'_>, path: String) -> Self {
        let base = match stream {
            StreamHandle::ByteStream(inline) => match &inline.data {
                Cow::Borrowed(data) => offset_in(metadata, data),
                Cow::Owned(_) => None,
            },
            _ => Some(0),
        };
        Self { findings, file: stream.path().map(ToString::to_string), base, handle: path, errors: 0 }
    }

    /// A finding in the stream.
    pub(super) fn at(
        &mut self,
        requirement: &'static str,
        offset: u64,
        path: impl fmt::Display,
        message: impl FnOnce() -> String,
    ) {
        let spot = self.spot(offset, path);
        self.add(requirement, spot, message);
    }

    /// Something in the stream that is sound all the same, and worth knowing.
    pub(super) fn note(
        &mut self,
        requirement: &'static str,
        offset: u64,
        path: impl fmt::Display,
        message: impl FnOnce() -> String,
    ) {
        let spot = self.spot(offset, path);
        self.findings.note(requirement, spot, message);
    }

    /// A finding about an entry.
    pub(super) fn entry(&mut self, requirement: &'static str, site: &Site, message: impl FnOnce() -> String) {
        let path = format_args!("key_group[{}].entry[{}]", site.group, site.number);
        self.at(requirement, site.offset, path, || match site.inside {
            None => message(),
            Some(inside) => format!("{} (at byte {inside} of the uncompressed section)", message()),
        });
    }

    /// A finding about a field of the handle.
    pub(super) fn of_handle(
        &mut self,
        requirement: &'static str,
        field: impl fmt::Display,
        message: impl FnOnce() -> String,
    ) {
        let path = format!("{}{field}", self.handle);
        self.add(requirement, Spot::metadata(None, path), message);
    }

    /// What a reader found. That it does not know a serializer is nothing that is wrong with the savepoint.
    pub(super) fn error(&mut self, error: &Error) {
        let kind = error.kind();
        let message = || format!("{kind}: only what stands around keys and values was looked at");
        match kind {
            ErrorKind::UnknownSnapshot { .. } | ErrorKind::ManyFits { .. } => {
                self.note(kind.requirement(), error.offset(), error.path(), message);
            }
            // Or the header is broken behind it.
            ErrorKind::NoFit { .. } => {
                let spot = self.spot(error.offset(), error.path());
                self.findings.warn(kind.requirement(), spot, message);
            }
            _ if kind.class() == ErrorClass::Limit => {
                self.errors += 1;
                let spot = self.spot(error.offset(), error.path());
                self.findings.unread(kind.requirement(), spot, || kind.to_string());
            }
            _ => self.at(kind.requirement(), error.offset(), error.path(), || kind.to_string()),
        }
    }

    fn spot(&self, offset: u64, path: impl fmt::Display) -> Spot {
        let offset = self.base.map(|base| base.saturating_add(offset));
        Spot::stream(self.file.as_deref(), offset, format!("{}: {path}", self.handle))
    }

    /// Whether no MUST was found broken.
    pub(super) fn is_sound(&self) -> bool {
        self.errors == 0
    }

    fn add(&mut self, requirement: &'static str, spot: Spot, message: impl FnOnce() -> String) {
        if requirements::get(requirement).is_none_or(|one| one.level == Level::Must) {
            self.errors += 1;
        }
        self.findings.add(requirement, spot, message);
    }
}
