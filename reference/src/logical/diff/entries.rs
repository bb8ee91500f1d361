//! Compares the entries of one operator by their hashes, and reads those that differ once more.

use std::collections::{BTreeMap, HashMap};

use super::super::hash::EntryHash;
use super::super::state::{About, StateKey};
use super::super::visit::{Place, Visitor, visit};
use super::super::workers::Workers;
use super::cells::{Cells, Share};
use super::{Change, Diff, DiffOptions, Excerpt, StateDiff};
use crate::metadata::{KeyGroupRange, Operator, OperatorId};
use crate::savepoint::{Failure, Savepoint, Store};

/// An operator in both savepoints, and what of it has to be compared.
pub(super) struct Pair<'s, 'a, 'b, A, B> {
    pub(super) id: OperatorId,
    pub(super) a: (&'s Savepoint<'a, A>, &'s [Operator<'a>]),
    pub(super) b: (&'s Savepoint<'b, B>, &'s [Operator<'b>]),
    pub(super) cells: Cells,
}

/// What is kept of an entry while it is being compared. Sorted, entries with one key in one state stand together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    key: u128,
    state: u32,
    value: u128,
}

/// State and hash of a key.
type Key = (u32, u128);

/// The keys with values that only A has, and those that only B has, in the order of the hashes.
type Wanted = Vec<(Key, [Vec<u128>; 2])>;

/// What the first pass over a share finds.
struct Found {
    /// Of each state: added, removed, changed.
    counts: Vec<[u64; 3]>,
    wanted: Wanted,
    failures: Vec<Failure>,
}

/// Compares the entries of all operators, as many shares at once as there are workers.
pub(super) fn compare_all<A: Store + Sync, B: Store + Sync>(
    pairs: &[Pair<'_, '_, '_, A, B>],
    options: &DiffOptions,
    workers: &impl Workers,
    result: &mut Diff,
) {
    let records = (options.memory / size_of::<Record>()) as u64;
    let mut counts: Vec<Vec<[u64; 3]>> = pairs.iter().map(|pair| vec![[0; 3]; pair.cells.states.len()]).collect();
    let mut shares: Vec<(usize, Share<'_>)> = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        shares.extend(pair.cells.shares(records).into_iter().map(|share| (i, share)));
    }
    let pair_of = |i: &usize| pairs.get(*i);
    for wave in shares.chunks(workers.count().max(1)) {
        let found = workers.map(wave.len(), |n| {
            let (i, share) = wave.get(n)?;
            Some(pair_of(i)?.compare(share, options.limit))
        });
        let mut left = options.limit.saturating_sub(result.changes.len());
        let mut all_wanted = Vec::new();
        for ((i, _), found) in wave.iter().zip(found.into_iter().flatten()) {
            let Found { counts: more, mut wanted, failures } = found;
            for (sum, more) in counts.get_mut(*i).into_iter().flatten().zip(more) {
                sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            result.failures.extend(failures);
            wanted.truncate(left);
            left -= wanted.len();
            all_wanted.push(wanted);
        }
        let shown = workers.map(wave.len(), |n| {
            let ((i, share), wanted) = wave.get(n).zip(all_wanted.get(n).filter(|wanted| !wanted.is_empty()))?;
            Some(pair_of(i)?.show(share, wanted, options))
        });
        result.changes.extend(shown.into_iter().flatten().flatten());
    }
    for (pair, counts) in pairs.iter().zip(counts) {
        for ((state, volatile), [added, removed, changed]) in pair.cells.states.iter().zip(counts) {
            let (operator, state, volatile) = (pair.id, state.clone(), *volatile);
            result.states.push(StateDiff { operator, state, volatile, added, removed, changed });
        }
    }
}

impl<A: Store, B: Store> Pair<'_, '_, '_, A, B> {
    fn compare(&self, share: &Share<'_>, limit: usize) -> Found {
        let (mut counts, mut failures) = (vec![[0_u64; 3]; self.cells.states.len()], Vec::new());
        let mut collect = |first: bool| {
            let mut visitor = Collect { share, broadcast: BTreeMap::new(), records: Vec::new() };
            failures.extend(self.scan(first, &mut visitor));
            visitor.records.sort_unstable();
            visitor.records
        };
        let (of_a, of_b) = (collect(true), collect(false));
        let wanted = compare(&of_a, &of_b, &mut counts, limit);
        Found { counts, wanted, failures }
    }

    fn show(&self, share: &Share<'_>, wanted: &Wanted, options: &DiffOptions) -> Vec<Change> {
        let mut changes = BTreeMap::new();
        for side in 0..2 {
            // Each value is shown as often as only this side has it.
            let left = wanted.iter().filter_map(|(key, sides)| sides.get(side).map(|values| (*key, values.clone())));
            let left = left.collect();
            let collect = Collect { share, broadcast: BTreeMap::new(), records: Vec::new() };
            let mut visitor = Show { id: self.id, collect, side, left, bytes: options.bytes, changes: &mut changes };
            // The same failures as in the pass before.
            let _ = self.scan(side == 0, &mut visitor);
        }
        let mut changes: Vec<Change> = changes.into_values().collect();
        changes.sort_by(|one, other| {
            (&one.state, one.key_group, &one.key).cmp(&(&other.state, other.key_group, &other.key))
        });
        changes
    }

    fn scan(&self, first: bool, visitor: &mut impl Visitor) -> Vec<Failure> {
        if first { scan(self.a, visitor) } else { scan(self.b, visitor) }
    }
}

fn scan<'a, S: Store>(
    (savepoint, operators): (&Savepoint<'a, S>, &[Operator<'a>]),
    visitor: &mut impl Visitor,
) -> Vec<Failure> {
    operators.iter().flat_map(|operator| visit(savepoint, operator, visitor).failures).collect()
}

/// Counts what differs, and returns up to `limit` of the keys with the values that only one side has.
fn compare(mut a: &[Record], mut b: &[Record], counts: &mut [[u64; 3]], limit: usize) -> Wanted {
    let mut wanted = Vec::new();
    let key_of = |record: &Record| (record.key, record.state);
    loop {
        // Of equal entries as many as both have cancel out.
        while let (Some((one, rest_a)), Some((other, rest_b))) = (a.split_first(), b.split_first())
            && one == other
        {
            (a, b) = (rest_a, rest_b);
        }
        let Some(key) = a.first().into_iter().chain(b.first()).map(key_of).min() else { return wanted };
        let (mut only_a, mut only_b) = (take(&mut a, key), take(&mut b, key));
        only_a.retain(|value| match only_b.iter().position(|other| other == value) {
            Some(at) => {
                only_b.swap_remove(at);
                false
            }
            None => true,
        });
        let changed = only_a.len().min(only_b.len());
        if let Some([added, removed, changes]) = usize::try_from(key.1).ok().and_then(|state| counts.get_mut(state)) {
            *added += (only_b.len() - changed) as u64;
            *removed += (only_a.len() - changed) as u64;
            *changes += changed as u64;
        }
        if (!only_a.is_empty() || !only_b.is_empty()) && wanted.len() < limit {
            wanted.push(((key.1, key.0), [only_a, only_b]));
        }
    }
}

/// Takes the values under that key off the front of sorted records.
fn take(records: &mut &[Record], key: (u128, u32)) -> Vec<u128> {
    let end = records.iter().position(|record| (record.key, record.state) != key).unwrap_or(records.len());
    let (run, rest) = records.split_at(end);
    *records = rest;
    run.iter().map(|record| record.value).collect()
}

struct Collect<'s, 'c> {
    share: &'s Share<'c>,
    /// The subtask whose copy of a broadcast state is read; the others have the same, or are named elsewhere.
    broadcast: BTreeMap<usize, u32>,
    records: Vec<Record>,
}

impl Collect<'_, '_> {
    fn record(&mut self, place: Place, key: &[u8], value: &[u8]) -> Option<Record> {
        let (state, _) = self.share.cells.states.get(place.state)?;
        if !self.share.wants_group(place.key_group)
            || state.is_broadcast() && *self.broadcast.entry(place.state).or_insert(place.subtask) != place.subtask
        {
            return None;
        }
        let hash = EntryHash::of(place.standing(), key, value);
        let state = u32::try_from(place.state).ok()?;
        self.share.has(hash.key).then_some(Record { key: hash.key, state, value: hash.value })
    }
}

impl Visitor for Collect<'_, '_> {
    fn state(&mut self, key: &StateKey, _: &About<'_>) -> Option<usize> {
        self.share.cells.numbers.get(key).copied()
    }

    fn wants_range(&self, range: KeyGroupRange) -> bool {
        self.share.wants_range(range)
    }

    fn wants_group(&self, key_group: u16) -> bool {
        self.share.wants_group(Some(key_group))
    }

    fn wants_other(&self) -> bool {
        self.share.wants_group(None)
    }

    fn entry(&mut self, place: Place, key: &[u8], value: &[u8]) {
        let record = self.record(place, key, value);
        self.records.extend(record);
    }
}

struct Show<'s, 'c> {
    id: OperatorId,
    collect: Collect<'s, 'c>,
    side: usize,
    left: HashMap<Key, Vec<u128>>,
    bytes: usize,
    changes: &'s mut BTreeMap<Key, Change>,
}

impl Visitor for Show<'_, '_> {
    fn state(&mut self, key: &StateKey, about: &About<'_>) -> Option<usize> {
        self.collect.state(key, about)
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

    fn entry(&mut self, place: Place, key: &[u8], value: &[u8]) {
        let Some(record) = self.collect.record(place, key, value) else { return };
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
