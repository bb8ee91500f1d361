//! Which releases of Flink read a savepoint, and why the others do not.
//!
//! What there is to object to is gathered once ([`Facts`]) and held against each release ([`rules`]). The registry of the
//! specification says what releases read; that it says the truth is shown by real Flink (`vectors/compat.tsv`).

mod facts;
mod report;
pub mod rules;
mod snapshots;
pub mod text;

pub use facts::{Fact, Facts, Found};
pub use report::{ReasonReport, ReleaseReport, Report, Verdict};
pub use rules::{Layer, Outcome};

use flink_savepoint::metadata::Release;
use flink_savepoint_spec::releases;

/// What the registry says of a release; the two have the same ones.
fn registered(release: Release) -> Option<&'static releases::Release> {
    releases::get(release.name().parse().ok()?)
}
