//! Entries of an operator in order, in bounded memory.
//!
//! A pass over the operator keeps the smallest entries that fit; as long as some did not, another pass goes on behind the last.

use std::collections::BTreeMap;

use flink_savepoint::logical::{About, Place, StateKey, Visited, Visitor, visit};
use flink_savepoint::metadata::{KeyGroupRange, Operator};
use flink_savepoint::savepoint::{Savepoint, Store};

/// An entry: state, key group, key and value.
pub(super) type Item = (usize, Option<u16>, Vec<u8>, Vec<u8>);

/// What an entry costs besides its bytes.
const OVERHEAD: usize = 128;

/// Which entries are wanted.
pub(super) trait Wanted {
    /// The number of a state; `None` if it is not wanted.
    fn state(&self, state: &StateKey) -> Option<usize>;
    /// Whether a key group is wanted.
    fn group(&self, key_group: u16) -> bool;
    /// Whether anything outside of keyed state is wanted.
    fn other(&self) -> bool;
    /// Whether an entry is wanted.
    fn entry(&self, place: Place, key: &[u8]) -> bool;
}

/// Calls `emit` with every wanted entry in order, and how often it is there.
pub(super) fn for_each<'a, S: Store, E>(
    savepoint: &Savepoint<'a, S>,
    operator: &Operator<'a>,
    wanted: &impl Wanted,
    memory: usize,
    progress: &mut dyn FnMut(u64),
    mut emit: impl FnMut(&Item, u64) -> Result<(), E>,
) -> Result<Visited, E> {
    let mut last: Option<Item> = None;
    loop {
        let mut pass = Pass {
            wanted,
            memory,
            progress: &mut *progress,
            last: last.take(),
            items: BTreeMap::new(),
            held: 0,
            is_full: false,
        };
        let visited = visit(savepoint, operator, &mut pass);
        let (items, is_full) = (pass.items, pass.is_full);
        for (item, count) in &items {
            emit(item, *count)?;
        }
        match items.into_iter().next_back() {
            Some((item, _)) if is_full => last = Some(item),
            _ => return Ok(visited),
        }
    }
}

struct Pass<'p, W> {
    wanted: &'p W,
    memory: usize,
    progress: &'p mut dyn FnMut(u64),
    /// The last entry of the pass before.
    last: Option<Item>,
    items: BTreeMap<Item, u64>,
    held: usize,
    /// Whether an entry did not fit: all above the largest that is kept are left to the next pass.
    is_full: bool,
}

fn borrowed(item: &Item) -> (usize, Option<u16>, &[u8], &[u8]) {
    (item.0, item.1, &item.2, &item.3)
}

fn cost(item: &Item) -> usize {
    item.2.len() + item.3.len() + OVERHEAD
}

impl<W: Wanted> Visitor for Pass<'_, W> {
    fn state(&mut self, state: &StateKey, _: &About<'_>) -> Option<usize> {
        self.wanted.state(state)
    }

    fn wants_range(&self, range: KeyGroupRange) -> bool {
        let (first, count) = (range.start(), range.count());
        (first..first.saturating_add(count))
            .any(|group| u16::try_from(group).is_ok_and(|group| self.wanted.group(group)))
    }

    fn wants_group(&self, key_group: u16) -> bool {
        self.wanted.group(key_group)
    }

    fn wants_other(&self) -> bool {
        self.wanted.other()
    }

    fn entry(&mut self, place: Place, key: &[u8], value: &[u8]) {
        let found = (place.state, place.key_group, key, value);
        if self.last.as_ref().is_some_and(|last| found <= borrowed(last)) {
            return;
        }
        if self.is_full && self.items.last_key_value().is_some_and(|(largest, _)| found > borrowed(largest)) {
            return;
        }
        if !self.wanted.entry(place, key) {
            return;
        }
        let item = (place.state, place.key_group, key.to_vec(), value.to_vec());
        let added = cost(&item);
        let count = self.items.entry(item).or_insert(0);
        *count += 1;
        if *count == 1 {
            self.held += added;
        }
        // One entry is kept, however large.
        while self.held > self.memory && self.items.len() > 1 {
            if let Some((item, _)) = self.items.pop_last() {
                self.held -= cost(&item);
                self.is_full = true;
            }
        }
    }

    fn progress(&mut self, bytes: u64) {
        (self.progress)(bytes);
    }
}
