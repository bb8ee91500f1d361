//! What `savepoint diff --format json` prints. Stable within one `format_version`.

use flink_savepoint::logical::{self, Diff, Difference, Excerpt, Fingerprint, Presence};
use flink_savepoint::metadata::OperatorId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::json::Long;
use crate::text::hex;

/// What differs between A and B.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "savepoint diff --format json")]
pub struct Report {
    /// Version of this format: 1.
    pub format_version: u32,
    /// Metadata file of A.
    pub a: String,
    /// Metadata file of B.
    pub b: String,
    /// Whether nothing differs, of what was not left out.
    pub equal: bool,
    /// What of whole operators differs: there in one of them only, another max parallelism, and so on.
    pub operators: Vec<OperatorDifference>,
    /// Names of the states of master hooks that differ.
    pub master_states: Vec<String>,
    /// The states that differ.
    pub states: Vec<StateReport>,
    /// What could not be read; then this does not say everything.
    pub failures: Vec<String>,
}

/// A difference that is not one of entries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperatorDifference {
    /// The operator.
    pub operator: OperatorReport,
    /// What.
    pub what: String,
}

/// An operator.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OperatorReport {
    /// The operator id.
    pub id: String,
    /// The uid, where one of them has it.
    pub uid: Option<String>,
    /// The name, where one of them has it.
    pub name: Option<String>,
}

/// A state that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StateReport {
    /// The operator.
    pub operator: OperatorReport,
    /// `VALUE`, `LIST`, `MAP`, `TIMERS`, `BROADCAST` and so on.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Why two runs of one job need not agree in it; null if they should.
    pub volatile: Option<&'static str>,
    /// Entries that only B has.
    pub added: Long,
    /// Entries that only A has.
    pub removed: Long,
    /// Entries with another value in B.
    pub changed: Long,
    /// The first of these entries, by key group and key.
    pub entries: Vec<EntryReport>,
}

/// An entry that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EntryReport {
    /// The key group, of keyed state.
    pub key_group: Option<u16>,
    /// The composite key without its key-group prefix; an element; a key of a broadcast map.
    pub key: Bytes,
    /// Values that only A has under that key.
    pub a: Vec<Bytes>,
    /// Values that only B has.
    pub b: Vec<Bytes>,
}

/// Some bytes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Bytes {
    /// In hex, the first of them.
    pub hex: String,
    /// How many there are.
    pub length: Long,
}

impl Report {
    /// From a diff, with the names of operators from the fingerprints.
    pub fn new((a, of_a): (String, &Fingerprint), (b, of_b): (String, &Fingerprint), diff: &Diff) -> Self {
        let operator = |id: &OperatorId| {
            let both = [of_b, of_a].map(|fingerprint| fingerprint.operators.get(id));
            let mut known = both.iter().copied().flatten();
            let name = known.clone().find_map(|operator| operator.name.clone());
            OperatorReport { id: id.to_string(), uid: known.find_map(|operator| operator.uid.clone()), name }
        };
        let only = diff.operators.iter().map(|(presence, id)| OperatorDifference {
            operator: operator(id),
            what: format!("only in {}", letter(*presence)),
        });
        let about = diff
            .about
            .iter()
            .map(|(id, difference)| OperatorDifference { operator: operator(id), what: describe(difference) });
        let states = diff.states.iter().map(|state| StateReport {
            operator: operator(&state.operator),
            kind: state.state.kind.label(),
            name: state.state.name.to_string(),
            volatile: state.volatile.map(logical::Volatile::label),
            added: state.added.into(),
            removed: state.removed.into(),
            changed: state.changed.into(),
            entries: diff
                .changes
                .iter()
                .filter(|change| change.operator == state.operator && change.state == state.state)
                .map(|change| EntryReport {
                    key_group: change.key_group,
                    key: Bytes::new(&change.key),
                    a: change.before.iter().map(Bytes::new).collect(),
                    b: change.after.iter().map(Bytes::new).collect(),
                })
                .collect(),
        });
        // The fingerprints have read everything, and the diff some of it once more.
        let fingerprints = [("A", of_a), ("B", of_b)].into_iter();
        let failures = fingerprints.flat_map(|(letter, fingerprint)| {
            fingerprint.failures.iter().map(move |failure| format!("{letter}: {failure}"))
        });
        Self {
            format_version: 1,
            a,
            b,
            equal: diff.is_empty(),
            operators: only.chain(about).collect(),
            master_states: diff.master_states.iter().map(ToString::to_string).collect(),
            states: states.collect(),
            failures: failures.collect(),
        }
    }
}

impl Bytes {
    fn new(excerpt: &Excerpt) -> Self {
        Self { hex: hex(&excerpt.head), length: excerpt.length.into() }
    }

    /// Whether not all of them are here.
    pub fn is_cut(&self) -> bool {
        self.length.0 * 2 > self.hex.len() as i128
    }
}

fn letter(presence: Presence) -> &'static str {
    match presence {
        Presence::OnlyInA => "A",
        Presence::OnlyInB => "B",
    }
}

fn describe(difference: &Difference) -> String {
    match difference {
        Difference::MaxParallelism { a, b } => format!("max parallelism {a} in A and {b} in B"),
        Difference::FullyFinished(presence) => format!("fully finished only in {}", letter(*presence)),
        Difference::CopiesDiffer { state, within } => {
            format!("the subtasks' copies of {state} differ only in {}", letter(*within))
        }
    }
}
