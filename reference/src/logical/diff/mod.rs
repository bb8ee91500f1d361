//! What differs between two savepoints, down to entries.
//!
//! Entries are compared by hash, one operator at a time, and only in key groups whose digests differ. What is kept of an entry
//! is 48 bytes; where that is more than the budget, the hashes are taken in several passes, each over its share of them. The
//! entries that differ are then read once more to be shown. Key groups are compared at once where there are several workers.

mod cells;
mod entries;

use std::collections::{BTreeMap, BTreeSet};

use super::fingerprint::{Fingerprint, OperatorFingerprint};
use super::state::{StateKey, Volatile};
use super::workers::{OneWorker, Workers};
use crate::metadata::{Metadata, Operator, OperatorId};
use crate::savepoint::{Failure, Savepoint, Store};
use crate::wire::JavaStr;
use cells::Cells;

/// How to compare.
#[derive(Debug, Clone)]
pub struct DiffOptions {
    /// Bytes for hashes of entries. More are compared in several passes.
    pub memory: usize,
    /// How many differing entries to show; all are counted.
    pub limit: usize,
    /// How many bytes of a key or value to show.
    pub bytes: usize,
}

impl Default for DiffOptions {
    fn default() -> Self {
        Self { memory: 16 << 20, limit: 1000, bytes: 256 }
    }
}

/// Whether a state of an operator is to be left out. Asked with the operator of A and of B, whose names need not be the same: either
/// is enough.
pub type Ignore<'i> = dyn Fn(&OperatorId, &OperatorFingerprint, &StateKey, Option<Volatile>) -> bool + 'i;

/// What differs.
#[derive(Debug, Default)]
pub struct Diff {
    /// Operators that only one of them has, and that keep something.
    pub operators: Vec<(Presence, OperatorId)>,
    /// What differs of an operator itself.
    pub about: Vec<(OperatorId, Difference)>,
    /// States whose entries differ.
    pub states: Vec<StateDiff>,
    /// Names of the master states that differ.
    pub master_states: Vec<JavaStr<'static>>,
    /// Entries that differ, at most as many as asked for.
    pub changes: Vec<Change>,
    /// What could not be read while comparing.
    pub failures: Vec<Failure>,
}

/// What can differ of an operator itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The number of key groups: entries are in others.
    MaxParallelism {
        /// In A.
        a: u32,
        /// In B.
        b: u32,
    },
    /// Only one of them says that all subtasks had finished.
    FullyFinished(Presence),
    /// The copies of a broadcast state are not all the same in one of them.
    CopiesDiffer {
        /// The state.
        state: StateKey,
        /// In which.
        within: Presence,
    },
}

/// Which of the two has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they say it")]
pub enum Presence {
    OnlyInA,
    OnlyInB,
}

/// A state that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDiff {
    /// The operator.
    pub operator: OperatorId,
    /// The state.
    pub state: StateKey,
    /// Why two runs of one job need not agree in it.
    pub volatile: Option<Volatile>,
    /// Entries that only B has.
    pub added: u64,
    /// Entries that only A has.
    pub removed: u64,
    /// Entries with another value in B.
    pub changed: u64,
}

/// An entry that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The operator.
    pub operator: OperatorId,
    /// The state.
    pub state: StateKey,
    /// The key group, of keyed state.
    pub key_group: Option<u16>,
    /// The composite key without its prefix; an element; a key of a broadcast map. Empty for opaque state.
    pub key: Excerpt,
    /// The values that only A has under this key; several if the key stands there several times.
    pub before: Vec<Excerpt>,
    /// The values that only B has.
    pub after: Vec<Excerpt>,
}

/// Bytes, of which only the first may be here.
#[derive(Debug, Clone, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Excerpt {
    /// The first bytes.
    pub head: Vec<u8>,
    /// How many there are.
    pub length: u64,
}

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.operators.is_empty() && self.about.is_empty() && self.states.is_empty() && self.master_states.is_empty()
    }
}

/// Compares two savepoints whose fingerprints are known. States for which `ignore` says so are left out.
pub fn diff<A: Store + Sync, B: Store + Sync>(
    a: (&Savepoint<'_, A>, &Fingerprint),
    b: (&Savepoint<'_, B>, &Fingerprint),
    options: &DiffOptions,
    ignore: &Ignore<'_>,
) -> Diff {
    diff_with(a, b, options, ignore, &OneWorker)
}

/// The same with several workers, each of which takes the memory that the options give. What is found does not depend on how many
/// there are.
pub fn diff_with<A: Store + Sync, B: Store + Sync>(
    a: (&Savepoint<'_, A>, &Fingerprint),
    b: (&Savepoint<'_, B>, &Fingerprint),
    options: &DiffOptions,
    ignore: &Ignore<'_>,
    workers: &impl Workers,
) -> Diff {
    let mut result = Diff::default();
    let names: BTreeSet<&JavaStr<'_>> = a.1.master_states.keys().chain(b.1.master_states.keys()).collect();
    let differs = |name: &&JavaStr<'_>| a.1.master_states.get(*name) != b.1.master_states.get(*name);
    result.master_states = names.into_iter().filter(differs).cloned().collect();

    let (operators_a, operators_b) = (by_id(a.0.metadata()), by_id(b.0.metadata()));
    let ids: BTreeSet<&OperatorId> = a.1.operators.keys().chain(b.1.operators.keys()).collect();
    let none = OperatorFingerprint::default();
    let mut pairs = Vec::new();
    for id in ids {
        let [in_a, in_b] =
            [a.1, b.1].map(|fingerprint| fingerprint.operators.get(id).filter(|operator| !operator.is_empty()));
        let (of_a, of_b) = (in_a.unwrap_or(&none), in_b.unwrap_or(&none));
        let one = in_a.unwrap_or(of_b);
        // Only one of them may have the operator's uid and name.
        let ignored = |key: &_, volatile| [in_a, in_b].into_iter().flatten().any(|of| ignore(id, of, key, volatile));
        let cells = Cells::between(of_a, of_b, ignored);
        match (in_a, in_b) {
            (Some(_), Some(_)) => about(*id, of_a, of_b, &mut result),
            _ if cells.states.is_empty() && !one.fully_finished => {}
            (Some(_), None) => result.operators.push((Presence::OnlyInA, *id)),
            (None, _) => result.operators.push((Presence::OnlyInB, *id)),
        }
        let (of_a, of_b) = (operators_a.get(id), operators_b.get(id));
        let a = (a.0, of_a.map(Vec::as_slice).unwrap_or_default());
        let b = (b.0, of_b.map(Vec::as_slice).unwrap_or_default());
        pairs.push(entries::Pair { id: *id, a, b, cells });
    }
    entries::compare_all(&pairs, options, workers, &mut result);
    result
}

/// Of two operators with one id all count, as in the fingerprint.
fn by_id<'a>(metadata: &Metadata<'a>) -> BTreeMap<OperatorId, Vec<Operator<'a>>> {
    let mut operators = BTreeMap::<_, Vec<_>>::new();
    metadata.operators.iter().for_each(|operator| operators.entry(operator.id).or_default().push(operator));
    operators
}

fn about(id: OperatorId, a: &OperatorFingerprint, b: &OperatorFingerprint, result: &mut Diff) {
    let only = |in_a: bool| if in_a { Presence::OnlyInA } else { Presence::OnlyInB };
    let mut differs = |difference| result.about.push((id, difference));
    if a.max_parallelism != b.max_parallelism {
        differs(Difference::MaxParallelism { a: a.max_parallelism, b: b.max_parallelism });
    }
    if a.fully_finished != b.fully_finished {
        differs(Difference::FullyFinished(only(a.fully_finished)));
    }
    for (key, state) in &a.states {
        if b.states.get(key).is_some_and(|other| other.copies_differ != state.copies_differ) {
            differs(Difference::CopiesDiffer { state: key.clone(), within: only(state.copies_differ) });
        }
    }
}
