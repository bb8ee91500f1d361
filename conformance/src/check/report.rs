//! What `--format json` prints. Stable within one `format_version`.

use std::collections::BTreeSet;
use std::path::Path;

use flink_savepoint::metadata::StreamHandle;
use schemars::JsonSchema;
use serde::Serialize;

use super::finding::{Finding, Severity};
use super::subject::Subject;
use super::{requirements, walk};
use crate::compat;
use crate::json::Long;

/// What the rules found in a savepoint.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "savepoint check --format json")]
pub struct Report {
    /// Version of this format: 1.
    pub format_version: u32,
    /// The metadata file, or what was given instead of one.
    pub metadata_file: String,
    /// Why nothing could be read; null if something was.
    pub unreadable: Option<String>,
    /// What was looked at.
    pub checked: Checked,
    /// How many findings there are.
    pub counts: Counts,
    /// The findings, by file and offset.
    pub findings: Vec<Finding>,
    /// Whether the releases that were asked for read it; null if none was.
    pub compatibility: Option<compat::Report>,
}

/// What was looked at. All zero if the metadata cannot be read.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Checked {
    /// Version of the metadata file.
    pub metadata_version: Option<i32>,
    /// Operators.
    pub operators: u64,
    /// Subtasks that are listed.
    pub subtasks: u64,
    /// Streams of state, inline ones as well.
    pub streams: u64,
    /// Files that handles lead to.
    pub files: u64,
    /// Bytes of state, as the handles say.
    pub bytes: Long,
    /// Requirements that rules or readers look after.
    pub requirements: u64,
}

/// How many findings there are, also those that are not listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Of MUST.
    pub errors: u64,
    /// Of SHOULD.
    pub warnings: u64,
    /// Worth knowing.
    pub notes: u64,
}

impl Report {
    /// Version of the format.
    const FORMAT: u32 = 1;

    pub(super) fn new(path: &Path, checked: &Checked, findings: Vec<Finding>, unreadable: Option<String>) -> Self {
        let known: BTreeSet<&str> = requirements().into_iter().collect();
        for finding in &findings {
            debug_assert!(known.contains(finding.requirement.as_str()), "no chapter has {}", finding.requirement);
        }
        let checked = Checked { requirements: known.len() as u64, ..checked.clone() };
        let count = |severity| {
            let of = findings.iter().filter(|finding| finding.severity == severity);
            of.fold(0_u64, |sum, finding| sum.saturating_add(finding.more).saturating_add(1))
        };
        let counts =
            Counts { errors: count(Severity::Error), warnings: count(Severity::Warning), notes: count(Severity::Note) };
        Self {
            format_version: Self::FORMAT,
            metadata_file: path.display().to_string(),
            unreadable,
            checked,
            counts,
            findings,
            compatibility: None,
        }
    }

    /// Whether no MUST is broken.
    pub fn is_sound(&self) -> bool {
        self.counts.errors == 0
    }

    /// Whether there is nothing as bad as `bar`, or worse.
    pub fn is_below(&self, bar: Severity) -> bool {
        // The worst is the least.
        self.findings.iter().all(|finding| finding.severity > bar)
    }
}

impl Checked {
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let (mut subtasks, mut streams, mut bytes, mut files) = (0, 0, 0_u64, BTreeSet::new());
        walk::subtasks(&subject.operators, &mut |_, _, _| subtasks += 1);
        walk::streams(&subject.operators, &mut |_, handle, _| match handle {
            // It wraps another one.
            StreamHandle::KeyGroups(_) => {}
            handle => {
                streams += 1;
                bytes = bytes.saturating_add(handle.state_size().bytes().unwrap_or(0));
                files.extend(handle.path().cloned());
            }
        });
        Self {
            metadata_version: Some(subject.savepoint.metadata().version().number()),
            operators: subject.operators.len() as u64,
            subtasks,
            streams,
            files: files.len() as u64,
            bytes: bytes.into(),
            requirements: 0,
        }
    }

    pub(super) fn bytes_of_state(&self) -> u64 {
        u64::try_from(self.bytes.0).unwrap_or(u64::MAX)
    }
}
