//! A digest for each operator, state and key group.

use std::collections::btree_map::BTreeMap;
use std::fmt::{self, Write as _};

use super::hash::{Digest, EntryHash};
use super::key_check::KeyCounts;
use super::partial::partial;
use super::state::{About, StateKey, Volatile};
use crate::metadata::OperatorId;
use crate::savepoint::{Failure, Remark, Savepoint, Store, Unit};
use crate::serializer::SerializerSnapshot;
use crate::wire::JavaStr;

/// What a savepoint means, as digests.
#[derive(Debug, Default)]
pub struct Fingerprint {
    /// The operators by id.
    pub operators: BTreeMap<OperatorId, OperatorFingerprint>,
    /// Payload of the master states by name.
    pub master_states: BTreeMap<JavaStr<'static>, Digest>,
    /// What could not be read. Digests of these operators do not say everything.
    pub failures: Vec<Failure>,
    /// What was read, but is not as Flink writes it.
    pub remarks: Vec<Remark>,
}

/// What an operator means.
#[derive(Debug, Default)]
pub struct OperatorFingerprint {
    /// The uid that the user set, where the metadata has it.
    pub uid: Option<String>,
    /// The operator's name, where the metadata has it.
    pub name: Option<String>,
    /// Number of key groups.
    pub max_parallelism: u32,
    /// Whether all subtasks had finished.
    pub fully_finished: bool,
    /// The states. Some may have no entries; that is the same as not being there.
    pub states: BTreeMap<StateKey, StateFingerprint>,
}

/// What a state means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateFingerprint {
    /// All its entries.
    pub total: Digest,
    /// Those of each key group that has any; empty outside of keyed state.
    pub key_groups: BTreeMap<u16, Digest>,
    /// Broadcast state: whether the copies of the subtasks differ. Then `total` counts the entries of all different copies, and its
    /// sum says which these are.
    pub copies_differ: bool,
    /// Why two runs of one job need not agree in it.
    pub volatile: Option<Volatile>,
    /// Its serializers, as the first stream says that has the state. Not part of the meaning.
    pub serializers: Serializers,
    /// Whether its entries are in the key groups of their keys; filled by [`survey`].
    pub keys: KeyCounts,
}

/// The serializers of a state, each with its nested ones: `MapSerializer<LongSerializer, StringSerializer>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Serializers {
    /// Of the keys: of the operator, or of a broadcast map.
    pub key: Option<String>,
    /// Of namespaces.
    pub namespace: Option<String>,
    /// Of values, whole lists or maps, elements, timers.
    pub value: Option<String>,
    /// The types that they describe, in the same order.
    pub types: [Option<String>; 3],
    /// Whether the end of a snapshot of a user's class was found by exact fit.
    pub inferred: bool,
}

impl Serializers {
    /// So many bytes of a text are shown.
    pub const SHOWN: usize = 4096;

    /// What a serializer or type prints, cut behind [`SHOWN`](Self::SHOWN) bytes: the key serializer of a stream is named beside each of
    /// its states, and so would be repeated thousands of times.
    pub fn text(shown: &impl fmt::Display) -> String {
        let mut text = Cut { text: String::new() };
        if write!(text, "{shown}").is_err() {
            text.text.push_str("...");
        }
        text.text
    }

    pub(super) fn of(about: &About<'_>, key: Option<&KeyText>) -> Self {
        let [namespace, value] = [about.namespace_serializer, about.value_serializer];
        let text = |snapshot: Option<&SerializerSnapshot<'_>>| snapshot.map(|snapshot| Self::text(&snapshot));
        let ty = |snapshot: Option<&SerializerSnapshot<'_>>| snapshot.map(|one| Self::text(&one.type_description()));
        Self {
            key: key.map(|key| key.text.clone()),
            namespace: text(namespace),
            value: text(value),
            types: [key.map(|key| key.ty.clone()), ty(namespace), ty(value)],
            inferred: [about.key_serializer, namespace, value]
                .into_iter()
                .flatten()
                .any(SerializerSnapshot::is_inferred),
        }
    }
}

/// Takes text up to [`Serializers::SHOWN`] bytes.
struct Cut {
    text: String,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = Serializers::SHOWN - self.text.len();
        let fits = more.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room).last();
        self.text.push_str(more.get(..fits.unwrap_or(0)).unwrap_or_default());
        if fits.unwrap_or(0) == more.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// The texts of a key serializer, which is that of many states.
pub(super) struct KeyText {
    pub(super) raw: Vec<u8>,
    text: String,
    ty: String,
}

impl KeyText {
    pub(super) fn of(snapshot: &SerializerSnapshot<'_>) -> Self {
        let ty = Serializers::text(&snapshot.shared_type());
        Self { raw: snapshot.raw().to_vec(), text: Serializers::text(snapshot), ty }
    }
}

impl OperatorFingerprint {
    /// Whether it keeps nothing, and its tasks were running: the same to Flink as if it was not there.
    pub fn is_empty(&self) -> bool {
        !self.fully_finished && self.states.values().all(|state| state.total.entries == 0)
    }

    /// The states together: order-free, by name and kind.
    pub fn digest(&self) -> Digest {
        let mut all = Digest::default();
        for (key, state) in self.states.iter().filter(|(_, state)| state.total.entries > 0) {
            all += state.under(key);
        }
        all
    }
}

impl StateFingerprint {
    /// Adds the entries of a state that stands behind.
    pub(super) fn add(&mut self, other: Self) {
        self.total += other.total;
        self.keys.add(other.keys);
        self.copies_differ |= other.copies_differ;
        other.key_groups.into_iter().for_each(|(group, digest)| *self.key_groups.entry(group).or_default() += digest);
    }

    /// The digest with the state's name and kind mixed in, so that it can be added to that of other states.
    fn under(&self, key: &StateKey) -> Digest {
        let sum = EntryHash::of(0, &key.to_bytes(), &self.total.sum.to_be_bytes()).whole();
        Digest { sum, ..self.total }
    }
}

impl Fingerprint {
    /// The digest of the savepoint: its operators by id, with their states, and its master states. Operators that keep nothing do not count.
    pub fn digest(&self) -> Digest {
        let mut all = Digest::default();
        for (id, operator) in self.operators.iter().filter(|(_, operator)| !operator.is_empty()) {
            let digest = operator.digest();
            let about = [
                &digest.sum.to_be_bytes()[..],
                &operator.max_parallelism.to_be_bytes(),
                &[operator.fully_finished.into()],
            ];
            all += Digest { sum: EntryHash::of(0, &id.0, &about.concat()).whole(), ..digest };
        }
        for (name, digest) in &self.master_states {
            all +=
                Digest { sum: EntryHash::of(1, name.as_modified_utf8(), &digest.sum.to_be_bytes()).whole(), ..*digest };
        }
        all
    }
}

/// Computes the fingerprint: one pass over all state, in memory that grows with the number of states and key groups.
///
/// `progress` is told of bytes that have been read.
pub fn fingerprint<S: Store>(savepoint: &Savepoint<'_, S>, progress: &mut dyn FnMut(u64)) -> Fingerprint {
    partial(savepoint, &Unit::ALL, false, progress).into_fingerprint()
}

/// The same, and decodes every key to see whether its entry stands in the right key group.
pub fn survey<S: Store>(savepoint: &Savepoint<'_, S>, progress: &mut dyn FnMut(u64)) -> Fingerprint {
    partial(savepoint, &Unit::ALL, true, progress).into_fingerprint()
}
