//! What `--format json` prints. Stable within one `format_version`.

use flink_savepoint::metadata::{Metadata, Release};
use flink_savepoint::savepoint::{Savepoint, Store};
use schemars::JsonSchema;
use serde::Serialize;

use super::facts::{Facts, Found};
use super::registered;
use super::rules::{self, Layer, Outcome, Reason};
use crate::json::Long;
use crate::source::Source;

/// Which releases of Flink read a savepoint.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "savepoint check --format json")]
pub struct Report {
    /// Version of this format: 1.
    pub format_version: u32,
    /// The metadata file.
    pub metadata_file: String,
    /// Version of `_metadata`.
    pub metadata_version: i32,
    /// The releases that write that version.
    pub written_by: &'static str,
    /// The releases that were asked for, oldest first.
    pub releases: Vec<ReleaseReport>,
    /// What could not be looked into; there may be more reasons in it.
    pub failures: Vec<String>,
}

/// A release.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReleaseReport {
    /// The minor release, for example `1.20`.
    pub release: &'static str,
    /// The patch release that this was found with.
    pub tested: String,
    /// What it makes of the savepoint.
    pub verdict: Verdict,
    /// Why it does not read it, or reads it wrong. None if the verdict is `reads`.
    pub reasons: Vec<ReasonReport>,
    /// On what it depends.
    pub remarks: Vec<ReasonReport>,
}

/// What a release makes of a savepoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It restores it.
    Reads,
    /// It restores something else without noticing.
    Misreads,
    /// It refuses it, or fails on it.
    Fails,
}

impl Verdict {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Misreads => "misreads",
            Self::Fails => "fails",
        }
    }
}

/// Why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReasonReport {
    /// Stable, for programs.
    pub code: &'static str,
    /// What comes of it.
    pub outcome: Outcome,
    /// What reads it.
    pub layer: Layer,
    /// One sentence.
    pub text: String,
    /// The first place where it was found.
    pub first: String,
    /// At how many places.
    pub count: Long,
    /// Whether `savepoint rewrite` for that release makes it readable.
    pub mended_by_rewrite: bool,
}

impl Report {
    /// Version of the format.
    const FORMAT: u32 = 1;

    /// Of a savepoint, for those releases.
    pub fn of<S: Store>(source: &Source, savepoint: &Savepoint<'_, S>, releases: &[Release]) -> Self {
        Self::new(source.file.display().to_string(), savepoint.metadata(), &Facts::of(savepoint), releases)
    }

    /// For those releases.
    pub fn new(metadata_file: String, metadata: &Metadata<'_>, facts: &Facts, releases: &[Release]) -> Self {
        let mut releases = releases.to_vec();
        releases.sort_unstable();
        releases.dedup();
        Self {
            format_version: Self::FORMAT,
            metadata_file,
            metadata_version: metadata.version().number(),
            written_by: metadata.version().writers(),
            releases: releases.into_iter().filter_map(|release| ReleaseReport::new(release, facts)).collect(),
            failures: facts.unread.iter().map(ToString::to_string).collect(),
        }
    }

    /// Whether all of these releases read it as it was meant.
    pub fn is_read(&self) -> bool {
        self.releases.iter().all(|release| release.verdict == Verdict::Reads)
    }
}

impl ReleaseReport {
    fn new(release: Release, facts: &Facts) -> Option<Self> {
        let registered = registered(release)?;
        let judged = facts.found.iter().filter_map(|(fact, found)| Some((rules::judge(fact, registered)?, found)));
        let (remarks, reasons): (Vec<_>, Vec<_>) =
            judged.partition(|(reason, _): &(Reason, &Found)| reason.outcome == Outcome::Remark);
        let worst = reasons.iter().map(|(reason, _)| reason.outcome).max();
        let reports = |all: Vec<(Reason, &Found)>| all.into_iter().map(ReasonReport::new).collect();
        Some(Self {
            release: release.name(),
            tested: registered.tested.to_string(),
            verdict: match worst {
                None | Some(Outcome::Remark) => Verdict::Reads,
                Some(Outcome::Misreads) => Verdict::Misreads,
                Some(Outcome::Fails) => Verdict::Fails,
            },
            reasons: reports(reasons),
            remarks: reports(remarks),
        })
    }
}

impl ReasonReport {
    fn new((reason, found): (Reason, &Found)) -> Self {
        Self {
            code: reason.code,
            outcome: reason.outcome,
            layer: reason.layer(),
            first: found.first.clone(),
            count: found.count.into(),
            mended_by_rewrite: reason.mended_by_rewrite,
            text: reason.text,
        }
    }
}
