//! What `savepoint fingerprint --format json` prints. Stable within one `format_version`.

use flink_savepoint::logical::{self, Digest, Fingerprint, OperatorFingerprint, StateFingerprint, StateKey};
use flink_savepoint::metadata::OperatorId;
use flink_savepoint::wire::JavaStr;
use schemars::JsonSchema;
use serde::Serialize;

use crate::json::Long;

/// Digests of a savepoint, its operators, states and key groups.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "savepoint fingerprint --format json")]
pub struct Report {
    /// Version of this format: 1.
    pub format_version: u32,
    /// How the digests are made. Only digests of one algorithm can be compared.
    pub algorithm: &'static str,
    /// The metadata file.
    pub metadata_file: String,
    /// The whole savepoint.
    #[serde(flatten)]
    pub total: Total,
    /// Its operators, by id. Those that keep nothing do not count.
    pub operators: Vec<OperatorReport>,
    /// States of master hooks, by name.
    pub master_states: Vec<MasterReport>,
    /// What could not be read; digests do not say everything then.
    pub failures: Vec<String>,
    /// What was read, but is not as a sound writer has it.
    pub remarks: Vec<String>,
}

/// A digest, and of how much.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Total {
    /// 32 hex digits.
    pub digest: String,
    /// Number of entries.
    pub entries: Long,
    /// Bytes of their keys and values.
    pub bytes: Long,
}

/// An operator.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperatorReport {
    /// The operator id.
    pub id: String,
    /// The uid, where the metadata has it.
    pub uid: Option<String>,
    /// The name, where the metadata has it.
    pub name: Option<String>,
    /// Number of key groups.
    pub max_parallelism: u32,
    /// Whether all subtasks had finished.
    pub fully_finished: bool,
    /// All its states.
    #[serde(flatten)]
    pub total: Total,
    /// Its states, by kind and name.
    pub states: Vec<StateReport>,
}

/// A state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StateReport {
    /// `VALUE`, `LIST`, `MAP`, `TIMERS`, `BROADCAST` and so on.
    pub kind: &'static str,
    /// Its name; empty for raw and coordinator state.
    pub name: String,
    /// All its entries.
    #[serde(flatten)]
    pub total: Total,
    /// Why two runs of one job need not agree in it; null if they should.
    pub volatile: Option<&'static str>,
    /// Whether the subtasks' copies of broadcast state differ.
    pub copies_differ: bool,
    /// The key groups that have entries; none outside of keyed state.
    pub key_groups: Vec<KeyGroupReport>,
}

/// A key group of a state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyGroupReport {
    /// The key group.
    pub key_group: u16,
    /// Its entries.
    #[serde(flatten)]
    pub total: Total,
}

/// State of a master hook.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MasterReport {
    /// Identifier of the hook.
    pub name: String,
    /// Version and payload.
    pub digest: String,
}

impl Report {
    /// Version of the format.
    const FORMAT: u32 = 1;

    /// From a fingerprint.
    pub fn new(metadata_file: String, fingerprint: &Fingerprint) -> Self {
        let operators = fingerprint.operators.iter().filter(|(_, operator)| !operator.is_empty());
        let master = |(name, digest): (&JavaStr<'_>, &Digest)| MasterReport {
            name: name.to_string(),
            digest: digest.to_string(),
        };
        Self {
            format_version: Self::FORMAT,
            algorithm: logical::ALGORITHM,
            metadata_file,
            total: fingerprint.digest().into(),
            operators: operators.map(|(id, operator)| OperatorReport::new(id, operator)).collect(),
            master_states: fingerprint.master_states.iter().map(master).collect(),
            failures: fingerprint.failures.iter().map(ToString::to_string).collect(),
            remarks: fingerprint.remarks.iter().map(ToString::to_string).collect(),
        }
    }
}

impl OperatorReport {
    fn new(id: &OperatorId, operator: &OperatorFingerprint) -> Self {
        let states = operator.states.iter().filter(|(_, state)| state.total.entries > 0);
        Self {
            id: id.to_string(),
            uid: operator.uid.clone(),
            name: operator.name.clone(),
            max_parallelism: operator.max_parallelism,
            fully_finished: operator.fully_finished,
            total: operator.digest().into(),
            states: states.map(|(key, state)| StateReport::new(key, state)).collect(),
        }
    }
}

impl StateReport {
    fn new(key: &StateKey, state: &StateFingerprint) -> Self {
        let group =
            |(key_group, digest): (&u16, &Digest)| KeyGroupReport { key_group: *key_group, total: (*digest).into() };
        Self {
            kind: key.kind.label(),
            name: key.name.to_string(),
            total: state.total.into(),
            volatile: state.volatile.map(logical::Volatile::label),
            copies_differ: state.copies_differ,
            key_groups: state.key_groups.iter().map(group).collect(),
        }
    }
}

impl From<Digest> for Total {
    fn from(digest: Digest) -> Self {
        Self { digest: digest.to_string(), entries: digest.entries.into(), bytes: digest.bytes.into() }
    }
}
