//! Rules of the chapter on the metadata file: versions, operators and subtasks.

use std::collections::BTreeMap;

use flink_savepoint::ErrorKind;
use flink_savepoint::metadata::{MetadataVersion, Operator, OperatorId, ReadOptions};
use flink_savepoint_spec::releases;

use super::again;
use super::finding::{Findings, Spot};
use super::subject::Subject;
use super::versions::Used;
use crate::text::count;

pub(super) const REQUIREMENTS: &[&str] = &[
    "META-STRICT-01",
    "META-MAGIC-01",
    "META-VERSION-01",
    "META-VERSION-02",
    "META-VERSION-03",
    "META-VERSION-04",
    "META-VERSION-05",
    "META-END-01",
    "META-CHECKPOINT-ID-01",
    "META-MASTER-01",
    "META-MASTER-02",
    "META-MASTER-03",
    "META-OPERATOR-01",
    "META-OPERATOR-02",
    "META-OPERATOR-04",
    "META-OPERATOR-05",
    "META-OPERATOR-ID-01",
    "META-OPERATOR-ID-02",
    "META-SUBTASK-01",
    "META-SUBTASK-02",
    "META-SUBTASK-03",
    "META-FINISHED-01",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("META-REWRITE-01", "what was left out is not there"),
    ("META-OPERATOR-03", "in the bytes an empty name is an absent one"),
    ("META-FINISHED-02", "what follows the number is read as the next entry"),
    ("META-FINISHED-04", "1.14 and 1.15 write the same version, with marks"),
];

/// Numbers of key groups that there can be.
const MAX_PARALLELISM: std::ops::RangeInclusive<u32> = 1..=32_768;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let metadata = subject.savepoint.metadata();
    if metadata.version() == MetadataVersion::V2 {
        findings.add("META-VERSION-04", Spot::metadata(Some(4), "version"), || {
            "version 2, which nothing writes since Flink 1.11; releases up to 2.3 read it".to_owned()
        });
    }
    let trailing = metadata.trailing_bytes();
    if trailing > 0 {
        let at = (subject.source.bytes.len() as u64).saturating_sub(trailing);
        findings.add("META-END-01", Spot::metadata(Some(at), "trailing"), || {
            format!("{} behind the last field (Flink ignores what stands there)", count(trailing, "byte"))
        });
    }
    strictness(subject, findings);
    releases_of(subject, findings);
    let mut ids: BTreeMap<OperatorId, usize> = BTreeMap::new();
    for (i, operator) in subject.operators.iter().enumerate() {
        let at = |field: &str| Spot::metadata(None, format!("operators[{i}].{field}"));
        if let Some(first) = ids.insert(operator.id, i) {
            findings.add("META-OPERATOR-ID-02", at("id"), || {
                format!(
                    "operators[{first}] has the id {} as well: Flink restores a job from the later one",
                    operator.id
                )
            });
        }
        one_operator(operator, &at, findings);
        let mut indexes: BTreeMap<u32, usize> = BTreeMap::new();
        for (j, subtask) in operator.subtasks().enumerate() {
            if let Some(first) = indexes.insert(subtask.index, j) {
                findings.add("META-SUBTASK-03", at(&format!("subtasks[{j}].index")), || {
                    format!(
                        "subtasks[{first}] is of subtask {} as well: to Flink this entry replaces it",
                        subtask.index
                    )
                });
            }
        }
    }
}

fn one_operator(operator: &Operator<'_>, at: &dyn Fn(&str) -> Spot, findings: &mut Findings) {
    let max = operator.max_parallelism;
    if !MAX_PARALLELISM.contains(&max) {
        findings
            .add("META-OPERATOR-04", at("max_parallelism"), || format!("a max parallelism of {max}, it is 1 to 32768"));
    }
    if let Some(uid) = &operator.uid {
        let id = OperatorId::from_uid(&uid.to_text());
        if id != operator.id {
            findings.add("META-OPERATOR-ID-01", at("id"), || {
                format!(
                    "the id is {}, that of the uid {uid} is {id}: only a job that sets this id as uid hash finds the state",
                    operator.id
                )
            });
        }
    }
    if let Some(state) = &operator.coordinator_state {
        let (name, id) = (state.handle_name.to_text(), operator.id.to_string());
        if name != id {
            findings.add("META-OPERATOR-05", at("coordinator_state.handle_name"), || {
                format!("the handle name is {name:?}, that of coordinator state is the operator id, {id}")
            });
        }
    }
}

/// What a writer has only one way to write.
fn strictness(subject: &Subject<'_>, findings: &mut Findings) {
    let bytes = &subject.source.bytes;
    let mut last = None;
    for other in again::differences(subject) {
        last = Some(other.offset);
        let spot = Spot::metadata(Some(other.offset), other.path);
        if other.is_spelling {
            findings.add("META-STRICT-01", spot, || {
                format!("{}, where a writer writes {} (Flink accepts it)", other.found, other.expected)
            });
        } else {
            findings.add("INPUT-STRICT-02", spot, || {
                format!("{}, and written again {}: something in it is not understood", other.found, other.expected)
            });
        }
    }
    // Characters in longer forms are kept when they are written again.
    if let Err(error) = ReadOptions::new().strict(true).read(bytes)
        && let ErrorKind::NotCanonical { what } = error.kind()
        && last.is_none_or(|last| last < error.offset())
    {
        findings.add("META-STRICT-01", Spot::metadata(Some(error.offset()), error.path()), || {
            format!("{what} (Flink accepts it)")
        });
    }
}

/// Some release has to read it all: the one that it was written for.
fn releases_of(subject: &Subject<'_>, findings: &mut Findings) {
    let version = subject.savepoint.metadata().version().number();
    let writers: Vec<_> = releases::all().iter().filter(|release| release.metadata.written == version).collect();
    if writers.is_empty() {
        return;
    }
    let used = Used::of(subject);
    let mut left = writers.clone();
    for (thing, path) in used.things() {
        if !writers.iter().any(|release| thing.is_read_by(release)) {
            findings.add("META-TYPE-02", Spot::metadata(None, path), || {
                format!("{thing} in version {version}: no release that writes this version reads it")
            });
            continue;
        }
        left.retain(|release| thing.is_read_by(release));
        if left.is_empty() {
            findings.add("META-VERSION-05", Spot::metadata(None, path), || {
                format!("{thing}: releases of version {version} that read it do not read what stands before it")
            });
            return;
        }
    }
}
