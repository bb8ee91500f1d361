//! `savepoint check`: rules over a whole savepoint, one file of rules for each chapter of the specification.
//!
//! Every finding names a requirement of the registry, and every rule the requirements that it looks after; tests compare both ways.

mod again;
mod agreement;
mod bad_input;
mod compression;
mod conventions;
mod damage;
mod directory;
mod entries;
mod finding;
mod handles;
pub mod junit;
mod key_groups;
mod keyed;
mod locate;
mod metadata;
mod native;
mod operator;
mod part;
mod place;
mod properties;
mod raw;
mod redistribution;
mod report;
mod rewritten;
pub mod sarif;
mod sections;
mod security;
mod serializers;
mod state_values;
mod streams;
mod subject;
mod tally;
pub mod text;
mod timers;
mod units;
mod values;
mod versioning;
mod versions;
mod walk;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use flink_savepoint::savepoint::METADATA;
use flink_savepoint::serializer::Hints;
use flink_savepoint::{Error, ErrorKind, Limits};

pub use finding::{Finding, Findings, Severity, Spot};
pub use report::{Checked, Counts, Report};
pub use streams::{CHAPTERS, streams_of};
pub use units::{StreamId, StreamKind, UnitPart, unknown_requirement, work};

use crate::remote;
use crate::source::Source;
use streams::Streams;
use subject::Subject;
use units::Known;

/// How to check.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is known of serializers that Flink does not ship.
    pub hints: Hints,
    /// Whether absolute paths in handles are followed, which may lead anywhere on this machine.
    pub follow_absolute: bool,
    /// What is taken on.
    pub limits: Limits,
    /// Bytes of the largest metadata file that is read.
    pub largest_metadata: u64,
    /// How remote storage is read.
    pub remote: remote::Options,
}

impl Default for Options {
    fn default() -> Self {
        let (hints, limits) = (Hints::default(), Limits::default());
        let remote = remote::Options::default();
        Self { hints, follow_absolute: false, limits, largest_metadata: Source::LARGEST, remote }
    }
}

/// A chapter of the specification: its name in the registry, the requirements that a rule or the reader looks after, and those that
/// one savepoint cannot show, with the reason.
pub type Chapter = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

/// The chapters on metadata and the directory.
const METADATA_CHAPTERS: &[Chapter] = &[
    ("directory", directory::REQUIREMENTS, directory::NOT_HERE),
    ("metadata", metadata::REQUIREMENTS, metadata::NOT_HERE),
    ("handles", handles::REQUIREMENTS, handles::NOT_HERE),
    ("properties", properties::REQUIREMENTS, properties::NOT_HERE),
    ("redistribution", redistribution::REQUIREMENTS, redistribution::NOT_HERE),
    ("bad-input", bad_input::REQUIREMENTS, bad_input::NOT_HERE),
    ("security", security::REQUIREMENTS, security::NOT_HERE),
    ("versioning", versioning::REQUIREMENTS, versioning::NOT_HERE),
];

/// All chapters that have rules, or reasons for having none.
pub fn chapters() -> impl Iterator<Item = &'static Chapter> {
    METADATA_CHAPTERS.iter().chain(streams::CHAPTERS)
}

/// Every requirement that is looked after, once.
pub fn requirements() -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    chapters().flat_map(|(_, requirements, _)| *requirements).copied().filter(|id| seen.insert(*id)).collect()
}

/// Is told of the bytes that were read since it was told last, from any thread.
pub type Progress<'p> = dyn Fn(u64) + Sync + 'p;

/// Checks a savepoint. What cannot be read is a finding, too.
pub fn run(path: &Path, options: &Options) -> Report {
    run_with(path, options, &mut |_, _| ())
}

/// The same, and says how far it is: the bytes of state that were read since it said so last, and all that there are.
pub fn run_with(path: &Path, options: &Options, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Report {
    match Source::open_up_to(path, options.largest_metadata, &options.remote) {
        Ok(source) => join(&source, options, Vec::new(), progress),
        Err(error) => {
            let mut findings = Findings::default();
            let is_unfinished = path.is_dir() && !path.join(METADATA).exists();
            findings.add("DIR-METADATA-01", Spot::metadata(None, ""), || {
                if is_unfinished {
                    format!("no {METADATA} in {}: it is no savepoint, or its writer did not finish", path.display())
                } else {
                    error.to_string()
                }
            });
            let unreadable = (!is_unfinished).then(|| error.to_string());
            Report::new(path, &Checked::default(), findings.into_sorted(), unreadable)
        }
    }
}

/// The same, of a metadata file that was opened, with what was found elsewhere: the state in these units is not looked at again.
pub fn join(
    source: &Source,
    options: &Options,
    parts: Vec<UnitPart>,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Report {
    let mut findings = Findings::default();
    let subject = match Subject::read(source, options) {
        Ok(subject) => subject,
        Err(error) => {
            let (requirement, message) = broken(&error);
            findings.add(requirement, Spot::metadata(Some(error.offset()), error.path()), || message);
            return Report::new(&source.file, &Checked::default(), findings.into_sorted(), None);
        }
    };
    if parts.is_empty() {
        source.mirror().into_iter().for_each(|mirror| mirror.read_ahead(subject.savepoint.metadata()));
    }
    let checked = Checked::of(&subject);
    let all = checked.bytes_of_state();
    let progress = Mutex::new(progress);
    let told = |read| {
        if let Ok(mut progress) = progress.lock() {
            progress(read, all);
        }
    };
    let known = Known::new(parts);
    let in_parallel = rayon::current_num_threads() > 1;
    let mut findings = all_rules(&Streams { subject: &subject, known: &known, progress: &told, in_parallel });
    // Which stream it is that is too much depends on who comes first. One after the other it is always the same.
    if in_parallel
        && subject.savepoint.is_exhausted()
        && let Ok(subject) = Subject::read(source, options)
    {
        let streams = Streams { subject: &subject, known: &known, progress: &|_| {}, in_parallel: false };
        findings = all_rules(&streams);
    }
    let mut findings = findings.into_sorted();
    locate::offsets(&source.bytes, &mut findings);
    finding::sort(&mut findings);
    // Of what did not come over the network nothing was said.
    let unreadable = source.mirror().and_then(|mirror| mirror.failure());
    Report::new(&source.file, &checked, findings, unreadable)
}

fn all_rules(streams: &Streams<'_, '_>) -> Findings {
    let mut findings = Findings::default();
    let subject = streams.subject;
    directory::check(subject, &mut findings);
    metadata::check(subject, &mut findings);
    handles::check(subject, &mut findings);
    properties::check(subject, &mut findings);
    redistribution::check(subject, &mut findings);
    streams.check(&mut findings);
    findings
}

/// The requirement that malformed metadata breaks, and how.
fn broken(error: &Error) -> (&'static str, String) {
    match error.kind() {
        ErrorKind::Truncated { available: 0 } if error.path().starts_with("properties") => (
            "PROPS-PRESENCE-01",
            "the file ends where the checkpoint properties have to start, if only null".to_owned(),
        ),
        kind => (kind.requirement(), kind.to_string()),
    }
}
