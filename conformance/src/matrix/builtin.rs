//! What takes part without a process: the reference backend and the rules of the specification.

use std::path::Path;

use crate::adapter::Adapter;
use crate::adapter::reference::ReferenceAdapter;
use crate::check::{self, Finding};
use flink_savepoint::metadata::Release;

/// The reference backend. There may be several at once, of several releases.
pub(super) fn reference(release: Release) -> Box<dyn Adapter + Send> {
    Box::new(ReferenceAdapter::new(release))
}

/// What the rules find.
pub(super) fn findings(savepoint: &Path) -> Vec<Finding> {
    check::run(savepoint, &check::Options::default()).findings
}
