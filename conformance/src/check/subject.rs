//! What rules look at.

use flink_savepoint::metadata::Operator;
use flink_savepoint::savepoint::Savepoint;

use crate::source::Source;
use crate::store::MappedFiles;

/// A savepoint whose metadata can be read.
pub(super) struct Subject<'a> {
    /// The metadata file, and where the others are.
    pub(super) source: &'a Source,
    /// Metadata and files.
    pub(super) savepoint: &'a Savepoint<'a, MappedFiles>,
    /// All operators, in the order of the file.
    pub(super) operators: Vec<Operator<'a>>,
}
