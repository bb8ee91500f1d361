//! What stands in for remote storage in a program that was built without it.

use std::io;
use std::ops::Range;
use std::path::Path;

use clap::Args;
use flink_savepoint::metadata::Metadata;

use crate::store::Mapped;

/// How remote storage is read: nothing to be said.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {}

/// A remote savepoint, of which there are none.
#[derive(Debug)]
pub enum Mirror {}

/// Keeps a file of a mirror.
#[derive(Debug)]
pub enum Lease {}

/// Why remote storage could not be read.
pub fn failure() -> Option<String> {
    None
}

impl Mirror {
    /// Refuses.
    pub fn open(_: &str, _: &Options) -> io::Result<Self> {
        let why = "this program was built without remote storage (the feature `remote`)";
        Err(io::Error::new(io::ErrorKind::Unsupported, why))
    }

    /// The directory that it is presented as.
    pub fn directory(&self) -> &Path {
        match *self {}
    }

    /// The file that the URL means.
    pub fn name(&self) -> &str {
        match *self {}
    }

    /// The URL of that file.
    pub fn url(&self) -> String {
        match *self {}
    }

    /// Bytes of a file.
    pub fn size(&self, _: &str) -> Option<u64> {
        match *self {}
    }

    /// A file, all of it or those parts.
    pub fn file(&self, _: &str, _: Option<&[Range<u64>]>) -> io::Result<Mapped> {
        match *self {}
    }

    /// Says that everything will be read.
    pub fn read_ahead(&self, _: &Metadata<'_>) {
        match *self {}
    }

    /// Why it could not be read as a whole.
    pub fn failure(&self) -> Option<String> {
        match *self {}
    }
}
