//! What is in the states: serializers, entries, key groups.

use std::collections::BTreeMap;

use flink_savepoint::logical::{
    Digest, Fingerprint, KeyCounts, Misplaced, OperatorFingerprint, StateFingerprint, StateKey, Volatile,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::json::Long;
use crate::text::hex;

/// What was found in the state of a savepoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StateReading {
    /// Parts that are in a format of their backend's own, or damaged. Their states are missing, or not complete.
    pub unread: Vec<Unread>,
    /// What was read, but is not as a sound writer has it.
    pub remarks: Vec<String>,
}

/// A part that was not read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Unread {
    /// Whether it is in a format of its backend's own, which is nothing wrong.
    pub native: bool,
    /// Which part, and why.
    pub why: String,
}

/// A state of an operator, of all subtasks together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StateReport {
    /// `VALUE`, `LIST`, `MAP`, `TIMERS`, `BROADCAST` and so on.
    pub kind: &'static str,
    /// Its name; empty for raw and coordinator state.
    pub name: String,
    /// Serializer of the keys, with nested ones.
    pub key_serializer: Option<String>,
    /// Serializer of the namespaces.
    pub namespace_serializer: Option<String>,
    /// Serializer of values, whole lists or maps, elements, timers.
    pub value_serializer: Option<String>,
    /// Type of the keys, as far as their serializer describes it: `TUPLE<STRING, BIGINT>`.
    pub key_type: Option<String>,
    /// Type of the namespaces.
    pub namespace_type: Option<String>,
    /// Type of the values, whole lists or maps, elements, timers.
    pub value_type: Option<String>,
    /// Whether a serializer of a user's class is among them, whose snapshot ends where all that follows fits.
    pub inferred: bool,
    /// Whether the entries stand in the key groups of their keys; null outside of keyed state.
    pub keys: Option<KeysReport>,
    /// Number of entries: for maps, those of the maps; for operator state, elements.
    pub entries: Long,
    /// Bytes of their keys and values.
    pub bytes: Long,
    /// Why two runs of one job need not agree in it; null if they should.
    pub volatile: Option<&'static str>,
    /// The key groups that have entries; none outside of keyed state.
    pub key_groups: Vec<KeyGroupReport>,
}

/// Whether entries stand in the key groups that their keys belong to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeysReport {
    /// Entries that do.
    pub verified: Long,
    /// Entries of which only the job's own classes can tell: keys that are POJOs, or do not describe themselves.
    pub unverifiable: Long,
    /// Entries whose keys cannot be decoded, although their type says how.
    pub undecodable: Long,
    /// Entries that stand in another key group.
    pub misplaced: Long,
    /// The first of these.
    pub first: Vec<MisplacedReport>,
}

/// An entry in a key group that its key does not belong to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MisplacedReport {
    /// Where it stands.
    pub key_group: u16,
    /// Where it belongs.
    pub belongs_to: u16,
    /// Its composite key without the prefix, in hex.
    pub key: String,
}

impl KeysReport {
    fn new(keys: &KeyCounts) -> Self {
        let misplaced = |one: &Misplaced| MisplacedReport {
            key_group: one.key_group,
            belongs_to: one.belongs_to,
            key: hex(&one.key),
        };
        Self {
            verified: keys.verified.into(),
            unverifiable: keys.unverifiable.into(),
            undecodable: keys.undecodable.into(),
            misplaced: keys.misplaced.into(),
            first: keys.first.iter().map(misplaced).collect(),
        }
    }

    /// Whether nothing is wrong with them.
    pub fn is_sound(&self) -> bool {
        self.undecodable.0 + self.misplaced.0 == 0
    }
}

/// A key group.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct KeyGroupReport {
    /// The key group.
    pub key_group: u16,
    /// Number of entries.
    pub entries: Long,
    /// Bytes of their keys and values.
    pub bytes: Long,
}

impl StateReading {
    pub(super) fn new(fingerprint: &Fingerprint) -> Self {
        let unread = fingerprint.failures.iter().map(|failure| Unread {
            native: matches!(failure.why, flink_savepoint::savepoint::Why::Native(_)),
            why: failure.to_string(),
        });
        Self { unread: unread.collect(), remarks: fingerprint.remarks.iter().map(ToString::to_string).collect() }
    }

    /// Whether everything was read that can be.
    pub fn is_complete(&self) -> bool {
        self.unread.iter().all(|part| part.native)
    }
}

impl StateReport {
    pub(super) fn all(operator: &OperatorFingerprint) -> Vec<Self> {
        operator.states.iter().map(|(key, state)| Self::new(key, state)).collect()
    }

    fn new(key: &StateKey, state: &StateFingerprint) -> Self {
        let serializers = state.serializers.clone();
        let [key_type, namespace_type, value_type] = serializers.types;
        Self {
            kind: key.kind.label(),
            name: key.name.to_string(),
            key_serializer: serializers.key,
            namespace_serializer: serializers.namespace,
            value_serializer: serializers.value,
            key_type,
            namespace_type,
            value_type,
            inferred: serializers.inferred,
            keys: key.is_keyed().then(|| KeysReport::new(&state.keys)),
            entries: state.total.entries.into(),
            bytes: state.total.bytes.into(),
            volatile: state.volatile.map(Volatile::label),
            key_groups: state.key_groups.iter().map(KeyGroupReport::new).collect(),
        }
    }
}

impl KeyGroupReport {
    fn new((key_group, digest): (&u16, &Digest)) -> Self {
        Self { key_group: *key_group, entries: digest.entries.into(), bytes: digest.bytes.into() }
    }

    /// The key groups of all states together, by number.
    pub(super) fn sum(states: &[StateReport]) -> Vec<Self> {
        let mut groups: BTreeMap<u16, Self> = BTreeMap::new();
        for group in states.iter().flat_map(|state| &state.key_groups) {
            let zero = Self { key_group: group.key_group, entries: Long(0), bytes: Long(0) };
            let sum = groups.entry(group.key_group).or_insert(zero);
            sum.entries.0 += group.entries.0;
            sum.bytes.0 += group.bytes.0;
        }
        groups.into_values().collect()
    }
}
