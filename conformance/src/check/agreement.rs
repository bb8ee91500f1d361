//! What the streams of one operator have to agree in, of the chapter on redistribution.

use std::collections::BTreeMap;

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::logical::Digest;
use flink_savepoint::meta_info::StateKind;
use flink_savepoint::wire::JavaStr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding::{Finding, Findings, Severity, Spot};
use super::place::Report;
use crate::json::Long;
use crate::text::{count, hex};

/// What a stream says of a state, that others of the operator may say otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    /// The bytes of the state's name, in hex.
    name: String,
    /// The name, for people.
    shown: String,
    /// The index of the subtask.
    subtask: u32,
    /// What it says.
    says: Says,
    /// Where.
    spot: Spot,
}

/// What a stream says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Says {
    /// The kind of a keyed state.
    Kind(String),
    /// The content of a broadcast state.
    Broadcast {
        /// Sum of the hashes, in hex.
        sum: String,
        /// Number of entries.
        entries: Long,
        /// Their bytes.
        bytes: Long,
    },
}

/// The kinds of the states of type 0. `offset` is where a state stands.
pub(super) fn keyed(header: &KeyedHeader<'_>, subtask: u32, offset: impl Fn(usize) -> u64, report: &mut Report<'_>) {
    for (i, state) in header.states.iter().enumerate().filter(|(_, state)| state.kind != StateKind::PriorityQueue) {
        let spot = report.spot(offset(i), format_args!("header.state[{i}].options"));
        report.claim(Claim::new(&state.name, subtask, Says::Kind(state.kind.to_string()), spot));
    }
}

/// The content of a broadcast state. Copies may differ where the job treats its subtasks differently; one that is empty, where
/// another is not, is none.
pub(super) fn broadcast(
    name: &JavaStr<'_>,
    digest: Digest,
    subtask: u32,
    (offset, path): (u64, &str),
    report: &mut Report<'_>,
) {
    let (entries, bytes) = (digest.entries.into(), digest.bytes.into());
    let says = Says::Broadcast { sum: digest.to_string(), entries, bytes };
    let spot = report.spot(offset, path);
    report.claim(Claim::new(name, subtask, says, spot));
}

impl Claim {
    fn new(name: &JavaStr<'_>, subtask: u32, says: Says, spot: Spot) -> Self {
        let bytes = name.canonical();
        Self { name: hex(bytes.as_modified_utf8()), shown: name.to_string(), subtask, says, spot }
    }
}

/// What the streams of an operator said so far, each with the subtask that said it first.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    keyed: BTreeMap<String, (String, u32)>,
    broadcast: BTreeMap<String, (Says, u32)>,
}

impl Agreement {
    /// Holds what a stream says against what others said. Whether no MUST is broken.
    pub(super) fn hear(&mut self, claim: Claim, findings: &mut Findings) -> bool {
        let Claim { name, shown, subtask, says, spot } = claim;
        let finding = match &says {
            Says::Kind(kind) => {
                let (known, first) = self.keyed.entry(name).or_insert_with(|| (kind.clone(), subtask));
                if known == kind || *first == subtask {
                    return true;
                }
                let message = format!("state {shown} is of the kind {kind} here, and {known} in subtask {first}");
                Finding::new("REDIST-MERGE-02", None, spot, message)
            }
            Says::Broadcast { entries: Long(here), .. } => {
                let (known, first) = self.broadcast.entry(name).or_insert_with(|| (says.clone(), subtask));
                let Says::Broadcast { entries: Long(other), .. } = &*known else { return true };
                if *known == says {
                    return true;
                }
                let severity = ((*here == 0) == (*other == 0)).then_some(Severity::Note);
                let here = count(u64::try_from(*here).unwrap_or_default(), "entry");
                let message = format!(
                    "broadcast state {shown} has {here} here, and others than in subtask {first}, which has {other}"
                );
                Finding::new("REDIST-BROADCAST-03", severity, spot, message)
            }
        };
        let is_sound = finding.severity != Severity::Error;
        findings.take(finding);
        is_sound
    }
}
