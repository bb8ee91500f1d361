//! What rules look at.

use flink_savepoint::Error;
use flink_savepoint::metadata::{Operator, ReadOptions};
use flink_savepoint::savepoint::Savepoint;

use super::Options;
use crate::source::Source;
use crate::store::MappedFiles;

/// A savepoint whose metadata can be read.
pub(super) struct Subject<'a> {
    /// The metadata file, and where the others are.
    pub(super) source: &'a Source,
    /// Metadata and files.
    pub(super) savepoint: Savepoint<'a, MappedFiles>,
    /// All operators, in the order of the file.
    pub(super) operators: Vec<Operator<'a>>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(source: &'a Source, savepoint: Savepoint<'a, MappedFiles>) -> Self {
        let operators = savepoint.metadata().operators.iter().collect();
        Self { source, savepoint, operators }
    }

    pub(super) fn read(source: &'a Source, options: &Options) -> Result<Self, Error> {
        let metadata = ReadOptions::new().limits(options.limits).read(&source.bytes)?;
        let files = MappedFiles::of(source, options.follow_absolute);
        let savepoint = Savepoint::new(metadata, files).with_hints(options.hints.clone()).with_limits(options.limits);
        Ok(Self::new(source, savepoint))
    }
}
