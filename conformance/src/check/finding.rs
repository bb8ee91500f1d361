//! What rules report.

use flink_savepoint_spec::requirements::{self, Level};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tally::{self, Tally};
use crate::json::Long;

/// How bad it is: by the level of the requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A MUST is broken.
    Error,
    /// A SHOULD is not followed.
    Warning,
    /// Worth knowing.
    Note,
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Spot {
    /// The file, relative to the savepoint's directory.
    pub file: String,
    /// The byte of it, where one can be named.
    #[serde(with = "crate::json::optional")]
    #[schemars(with = "Option<Long>")]
    pub offset: Option<u64>,
    /// The field path, as the layouts of the specification name it: `operators[4].subtasks[0].state.managed_keyed`.
    pub path: String,
}

impl Spot {
    /// A place in `_metadata`.
    pub fn metadata(offset: Option<u64>, path: impl Into<String>) -> Self {
        Self { file: "_metadata".to_owned(), offset, path: path.into() }
    }

    /// A place in a state file; in `_metadata`, if the state stands there.
    pub fn stream(file: Option<&str>, offset: Option<u64>, path: impl Into<String>) -> Self {
        Self { file: file.unwrap_or("_metadata").to_owned(), offset, path: path.into() }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The requirement that is not kept.
    pub requirement: String,
    /// How bad it is.
    pub severity: Severity,
    /// The file, relative to the savepoint's directory.
    pub file: String,
    /// The byte of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<Long>,
    /// The field path.
    pub path: String,
    /// What is wrong and what was expected, in one sentence.
    pub message: String,
    /// How many more there are like it, which are not listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Finding {
    /// `severity` is that of the requirement's level, unless something else is said.
    pub(super) fn new(requirement: &str, severity: Option<Severity>, spot: Spot, message: String) -> Self {
        let of_level = || match requirements::get(requirement).map(|one| one.level) {
            Some(Level::Must) | None => Severity::Error,
            Some(Level::Should) => Severity::Warning,
            Some(Level::May) => Severity::Note,
        };
        Self {
            requirement: requirement.to_owned(),
            severity: severity.unwrap_or_else(of_level),
            file: spot.file,
            offset: spot.offset.map(Long::from),
            path: spot.path,
            message,
            more: 0,
        }
    }
}

/// Findings, as they come: many of one kind are counted, so that a broken savepoint of any size gives a short list.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    found: Vec<Finding>,
    tally: Tally<usize>,
}

impl Findings {
    /// So many findings of one requirement in one file are listed.
    pub const LISTED: u64 = tally::LISTED;

    /// Reports that a requirement is not kept. Its level decides how bad that is.
    pub fn add(&mut self, requirement: &'static str, spot: Spot, message: impl FnOnce() -> String) {
        self.push(requirement, None, spot, message);
    }

    /// Reports something that a requirement speaks of and that is sound all the same.
    pub fn note(&mut self, requirement: &'static str, spot: Spot, message: impl FnOnce() -> String) {
        self.push(requirement, Some(Severity::Note), spot, message);
    }

    fn push(
        &mut self,
        requirement: &'static str,
        severity: Option<Severity>,
        spot: Spot,
        message: impl FnOnce() -> String,
    ) {
        match self.tally.add(requirement, &spot.file, 0, self.found.len()) {
            None => self.found.push(Finding::new(requirement, severity, spot, message())),
            Some(last) => self.count(last, 1),
        }
    }

    /// Takes a finding, with those that it stands for.
    pub(super) fn take(&mut self, finding: Finding) {
        match self.tally.add(&finding.requirement, &finding.file, finding.more, self.found.len()) {
            None => self.found.push(finding),
            Some(last) => self.count(last, finding.more.saturating_add(1)),
        }
    }

    fn count(&mut self, last: usize, more: u64) {
        if let Some(last) = self.found.get_mut(last) {
            last.more = last.more.saturating_add(more);
        }
    }

    /// All of them: by file, and by offset in it.
    pub fn into_sorted(mut self) -> Vec<Finding> {
        sort(&mut self.found);
        self.found
    }
}

/// By file, and by offset in it.
pub(super) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (&a.file, a.offset, a.severity).cmp(&(&b.file, b.offset, b.severity)));
}
