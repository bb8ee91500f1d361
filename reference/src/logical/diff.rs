//! What differs between two savepoints, down to entries.
//!
//! Entries are compared by hash, one operator at a time, and only in key groups whose digests differ. What is kept of an entry
//! is 48 bytes; where that is more than the budget, the hashes are taken in several passes, each over its share of them. The
//! entries that differ are then read once more to be shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::fingerprint::{Fingerprint, OperatorFingerprint};
use super::hash::EntryHash;
use super::visit::{LogicalKind, Place, StateKey, Visitor, Volatile, visit};
use crate::meta_info::StateKind;
use crate::metadata::{KeyGroupRange, OperatorId};
use crate::savepoint::{Failure, Savepoint, Store};

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

/// Whether a state of an operator is to be left out.
pub type Ignore<'i> = dyn Fn(&OperatorId, &OperatorFingerprint, &StateKey, Option<Volatile>) -> bool + 'i;

/// What differs.
#[derive(Debug, Default)]
pub struct Diff {
    /// Operators that only one of them has, with state.
    pub operators: Vec<(Presence, OperatorId)>,
    /// What differs of an operator itself.
    pub about: Vec<(OperatorId, String)>,
    /// States whose entries differ.
    pub states: Vec<StateDiff>,
    /// Names of the master states that differ.
    pub master_states: Vec<String>,
    /// Entries that differ, at most as many as asked for.
    pub changes: Vec<Change>,
    /// What could not be read while comparing.
    pub failures: Vec<Failure>,
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
pub fn diff<A: Store, B: Store>(
    a: (&Savepoint<'_, A>, &Fingerprint),
    b: (&Savepoint<'_, B>, &Fingerprint),
    options: &DiffOptions,
    ignore: &Ignore<'_>,
) -> Diff {
    let mut result = Diff::default();
    let names: BTreeSet<&String> = a.1.master_states.keys().chain(b.1.master_states.keys()).collect();
    let differs = |name: &&&String| a.1.master_states.get(**name) != b.1.master_states.get(**name);
    result.master_states = names.iter().filter(differs).map(|name| (**name).clone()).collect();
    let ids: BTreeSet<&OperatorId> = a.1.operators.keys().chain(b.1.operators.keys()).collect();
    let none = OperatorFingerprint::default();
    for id in ids {
        let (in_a, in_b) = (a.1.operators.get(id), b.1.operators.get(id));
        let (of_a, of_b) = (in_a.unwrap_or(&none), in_b.unwrap_or(&none));
        let cells = Cells::between(of_a, of_b, |key, volatile| ignore(id, in_a.unwrap_or(of_b), key, volatile));
        match (in_a, in_b) {
            (Some(_), Some(_)) => about(*id, of_a, of_b, &mut result),
            _ if cells.states.is_empty() => {}
            (Some(_), None) => result.operators.push((Presence::OnlyInA, *id)),
            (None, _) => result.operators.push((Presence::OnlyInB, *id)),
        }
        entries(*id, a.0, b.0, &cells, options, &mut result);
    }
    result
}

fn about(id: OperatorId, a: &OperatorFingerprint, b: &OperatorFingerprint, result: &mut Diff) {
    if a.max_parallelism != b.max_parallelism {
        result.about.push((id, format!("max parallelism {} and {}", a.max_parallelism, b.max_parallelism)));
    }
    if a.fully_finished != b.fully_finished {
        result.about.push((id, format!("fully finished: {} and {}", a.fully_finished, b.fully_finished)));
    }
    for (key, state) in &a.states {
        if b.states.get(key).is_some_and(|other| other.copies_differ != state.copies_differ) {
            result.about.push((id, format!("the copies of {key} differ in one of them")));
        }
    }
}

/// What of an operator has to be compared entry by entry.
struct Cells {
    states: Vec<(StateKey, Option<Volatile>)>,
    numbers: BTreeMap<StateKey, usize>,
    /// Entries of both sides in each key group that differs; `None` for what has no key groups.
    groups: BTreeMap<Option<u16>, u64>,
}

impl Cells {
    fn between(
        a: &OperatorFingerprint,
        b: &OperatorFingerprint,
        ignore: impl Fn(&StateKey, Option<Volatile>) -> bool,
    ) -> Self {
        let mut cells = Self { states: Vec::new(), numbers: BTreeMap::new(), groups: BTreeMap::new() };
        let keys: BTreeSet<&StateKey> = a.states.keys().chain(b.states.keys()).collect();
        for key in keys {
            let (of_a, of_b) = (a.states.get(key), b.states.get(key));
            let total = |state: Option<&super::StateFingerprint>| state.map(|s| s.total).unwrap_or_default();
            let volatile = of_a.or(of_b).and_then(|state| state.volatile);
            if total(of_a) == total(of_b) && of_a.map(|s| &s.key_groups) == of_b.map(|s| &s.key_groups)
                || total(of_a).entries == 0 && total(of_b).entries == 0
                || ignore(key, volatile)
            {
                continue;
            }
            cells.numbers.insert(key.clone(), cells.states.len());
            cells.states.push((key.clone(), volatile));
            let mut groups = BTreeMap::<u16, Vec<super::Digest>>::new();
            for state in [of_a, of_b].into_iter().flatten() {
                state.key_groups.iter().for_each(|(group, digest)| groups.entry(*group).or_default().push(*digest));
            }
            if groups.is_empty() {
                *cells.groups.entry(None).or_default() += total(of_a).entries + total(of_b).entries;
            }
            for (group, digests) in groups {
                if !matches!(digests.as_slice(), [one, other] if one == other) {
                    let entries: u64 = digests.iter().map(|digest| digest.entries).sum();
                    *cells.groups.entry(Some(group)).or_default() += entries;
                }
            }
        }
        cells
    }

    /// Key groups that are compared together, and in how many passes.
    fn batches(&self, memory: usize) -> Vec<(BTreeSet<Option<u16>>, u64)> {
        let fits = (memory / size_of::<Record>()).max(1) as u64;
        let mut batches: Vec<(BTreeSet<Option<u16>>, u64)> = Vec::new();
        for (group, entries) in &self.groups {
            match batches.last_mut() {
                Some((groups, sum)) if *sum + entries <= fits => {
                    groups.insert(*group);
                    *sum += entries;
                }
                _ => batches.push((BTreeSet::from([*group]), *entries)),
            }
        }
        batches.into_iter().map(|(groups, entries)| (groups, entries.div_ceil(fits).max(1))).collect()
    }
}

/// What is kept of an entry while it is being compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    key: u128,
    value: u128,
    state: u32,
}

fn entries<A: Store, B: Store>(
    id: OperatorId,
    a: &Savepoint<'_, A>,
    b: &Savepoint<'_, B>,
    cells: &Cells,
    options: &DiffOptions,
    result: &mut Diff,
) {
    let mut counts = vec![[0_u64; 3]; cells.states.len()];
    for (groups, passes) in cells.batches(options.memory) {
        for pass in 0..passes {
            let share = Share { cells, groups: &groups, pass, passes };
            let collect = |failures: &mut Vec<Failure>, first: bool| {
                let mut visitor = Collect { share: &share, broadcast: None, records: Vec::new() };
                failures.extend(if first { scan(a, id, &mut visitor) } else { scan(b, id, &mut visitor) });
                visitor.records.sort_unstable();
                visitor.records
            };
            let of_a = collect(&mut result.failures, true);
            let of_b = collect(&mut result.failures, false);
            let wanted = compare(&of_a, &of_b, &mut counts, options.limit.saturating_sub(result.changes.len()));
            drop((of_a, of_b));
            if !wanted.is_empty() {
                result.changes.extend(show(id, a, b, &share, &wanted, options));
            }
        }
    }
    for ((state, volatile), [added, removed, changed]) in cells.states.iter().zip(counts) {
        let state = state.clone();
        result.states.push(StateDiff { operator: id, state, volatile: *volatile, added, removed, changed });
    }
}

/// Counts what differs, and returns up to `limit` of the keys with the values that only one side has.
fn compare(a: &[Record], b: &[Record], counts: &mut [[u64; 3]], limit: usize) -> HashMap<(u32, u128), [Vec<u128>; 2]> {
    let mut wanted = HashMap::new();
    let of = |record: &Record| (record.key, record.state);
    let (mut a, mut b) = (Runs(a), Runs(b));
    loop {
        let next = match (a.0.first(), b.0.first()) {
            (None, None) => return wanted,
            (Some(one), None) | (None, Some(one)) => of(one),
            (Some(one), Some(other)) => of(one).min(of(other)),
        };
        let (mut only_a, mut only_b) = (a.take(next), b.take(next));
        // Of equal values as many as both have cancel out.
        only_a.retain(|value| match only_b.iter().position(|other| other == value) {
            Some(at) => {
                only_b.swap_remove(at);
                false
            }
            None => true,
        });
        let changed = only_a.len().min(only_b.len());
        if let Some(count) = usize::try_from(next.1).ok().and_then(|state| counts.get_mut(state)) {
            count[0] += (only_b.len() - changed) as u64;
            count[1] += (only_a.len() - changed) as u64;
            count[2] += changed as u64;
        }
        if (!only_a.is_empty() || !only_b.is_empty()) && wanted.len() < limit {
            wanted.insert((next.1, next.0), [only_a, only_b]);
        }
    }
}

/// Sorted records, taken off key by key.
struct Runs<'r>(&'r [Record]);

impl Runs<'_> {
    /// The values under that key.
    fn take(&mut self, key: (u128, u32)) -> Vec<u128> {
        let end = self.0.iter().position(|record| (record.key, record.state) != key).unwrap_or(self.0.len());
        let (run, rest) = self.0.split_at(end);
        self.0 = rest;
        run.iter().map(|record| record.value).collect()
    }
}

fn show<A: Store, B: Store>(
    id: OperatorId,
    a: &Savepoint<'_, A>,
    b: &Savepoint<'_, B>,
    share: &Share<'_>,
    wanted: &HashMap<(u32, u128), [Vec<u128>; 2]>,
    options: &DiffOptions,
) -> Vec<Change> {
    let mut changes = BTreeMap::new();
    for side in 0..2 {
        // Each value is shown as often as only this side has it.
        let left =
            wanted.iter().filter_map(|(key, values)| values.get(side).map(|values| (*key, values.clone()))).collect();
        let collect = Collect { share, broadcast: None, records: Vec::new() };
        let mut visitor = Show { id, collect, side, left, bytes: options.bytes, changes: &mut changes };
        // The same failures as in the pass before.
        let _ = if side == 0 { scan(a, id, &mut visitor) } else { scan(b, id, &mut visitor) };
    }
    let mut changes: Vec<Change> = changes.into_values().collect();
    changes
        .sort_by(|one, other| (&one.state, one.key_group, &one.key).cmp(&(&other.state, other.key_group, &other.key)));
    changes
}

fn scan<S: Store>(savepoint: &Savepoint<'_, S>, id: OperatorId, visitor: &mut impl Visitor) -> Vec<Failure> {
    let mut failures = Vec::new();
    // Of two operators with one id all count, as in the fingerprint.
    for operator in savepoint.metadata().operators.iter().filter(|operator| operator.id == id) {
        failures.extend(visit(savepoint, &operator, visitor));
    }
    failures
}

/// The share of the entries that one pass is about.
struct Share<'c> {
    cells: &'c Cells,
    groups: &'c BTreeSet<Option<u16>>,
    pass: u64,
    passes: u64,
}

impl Share<'_> {
    fn wants_range(&self, range: KeyGroupRange) -> bool {
        let group = |n: u32| Some(u16::try_from(n).unwrap_or(u16::MAX));
        range.last().is_some_and(|last| self.groups.range(group(range.start())..=group(last)).next().is_some())
    }
}

struct Collect<'s, 'c> {
    share: &'s Share<'c>,
    /// The subtask whose copies of broadcast state are read; the others have the same, or are named elsewhere.
    broadcast: Option<u32>,
    records: Vec<Record>,
}

impl Collect<'_, '_> {
    fn record(&mut self, place: Place, prefix: u16, key: &[u8], value: &[u8]) -> Option<Record> {
        let (state, _) = self.share.cells.states.get(place.state)?;
        if state.kind == LogicalKind::Managed(StateKind::Broadcast)
            && *self.broadcast.get_or_insert(place.subtask) != place.subtask
        {
            return None;
        }
        let hash = EntryHash::of(prefix, key, value);
        let share = u64::try_from(hash.key >> 64).unwrap_or(0) % self.share.passes;
        (share == self.share.pass).then(|| Record {
            key: hash.key,
            value: hash.value,
            state: u32::try_from(place.state).unwrap_or(u32::MAX),
        })
    }
}

impl Visitor for Collect<'_, '_> {
    fn state(&mut self, key: &StateKey, _: Option<Volatile>) -> Option<usize> {
        self.share.cells.numbers.get(key).copied()
    }

    fn wants_range(&self, range: KeyGroupRange) -> bool {
        self.share.wants_range(range)
    }

    fn wants_group(&self, key_group: u16) -> bool {
        self.share.groups.contains(&Some(key_group))
    }

    fn wants_other(&self) -> bool {
        self.share.groups.contains(&None)
    }

    fn entry(&mut self, place: Place, prefix: u16, key: &[u8], value: &[u8]) {
        let record = self.record(place, prefix, key, value);
        self.records.extend(record);
    }
}

struct Show<'s, 'c> {
    id: OperatorId,
    collect: Collect<'s, 'c>,
    side: usize,
    left: HashMap<(u32, u128), Vec<u128>>,
    bytes: usize,
    changes: &'s mut BTreeMap<(u32, u128), Change>,
}

impl Visitor for Show<'_, '_> {
    fn state(&mut self, key: &StateKey, volatile: Option<Volatile>) -> Option<usize> {
        self.collect.state(key, volatile)
    }

    fn wants_range(&self, range: KeyGroupRange) -> bool {
        self.collect.wants_range(range)
    }

    fn wants_group(&self, key_group: u16) -> bool {
        self.collect.wants_group(key_group)
    }

    fn wants_other(&self) -> bool {
        self.collect.wants_other()
    }

    fn entry(&mut self, place: Place, prefix: u16, key: &[u8], value: &[u8]) {
        let Some(record) = self.collect.record(place, prefix, key, value) else { return };
        let Some(left) = self.left.get_mut(&(record.state, record.key)) else { return };
        let Some(at) = left.iter().position(|wanted| *wanted == record.value) else { return };
        left.swap_remove(at);
        let Some((state, _)) = self.collect.share.cells.states.get(place.state) else { return };
        let excerpt = |bytes: &[u8]| Excerpt {
            head: bytes.get(..self.bytes).unwrap_or(bytes).to_vec(),
            length: bytes.len() as u64,
        };
        let change = self.changes.entry((record.state, record.key)).or_insert_with(|| Change {
            operator: self.id,
            state: state.clone(),
            key_group: place.key_group,
            key: excerpt(key),
            before: Vec::new(),
            after: Vec::new(),
        });
        let values = if self.side == 0 { &mut change.before } else { &mut change.after };
        values.push(excerpt(value));
    }
}
