//! What of an operator has to be compared entry by entry, and what of it in one pass.

use std::collections::{BTreeMap, BTreeSet};

use super::super::fingerprint::{OperatorFingerprint, StateFingerprint};
use super::super::hash::Digest;
use super::super::state::{StateKey, Volatile};
use crate::metadata::KeyGroupRange;

/// The states that differ, and their key groups.
pub(super) struct Cells {
    pub(super) states: Vec<(StateKey, Option<Volatile>)>,
    pub(super) numbers: BTreeMap<StateKey, usize>,
    /// Entries of both sides in each key group that differs; `None` for what has no key groups.
    groups: BTreeMap<Option<u16>, u64>,
}

impl Cells {
    pub(super) fn between(
        a: &OperatorFingerprint,
        b: &OperatorFingerprint,
        ignore: impl Fn(&StateKey, Option<Volatile>) -> bool,
    ) -> Self {
        let mut cells = Self { states: Vec::new(), numbers: BTreeMap::new(), groups: BTreeMap::new() };
        let keys: BTreeSet<&StateKey> = a.states.keys().chain(b.states.keys()).collect();
        let none = StateFingerprint::default();
        for key in keys {
            let (of_a, of_b) = (a.states.get(key), b.states.get(key));
            // Only one of them may have serializers that say so.
            let volatile = [of_a, of_b].into_iter().flatten().find_map(|state| state.volatile);
            let (of_a, of_b) = (of_a.unwrap_or(&none), of_b.unwrap_or(&none));
            if of_a.total == of_b.total && of_a.key_groups == of_b.key_groups || ignore(key, volatile) {
                continue;
            }
            cells.numbers.insert(key.clone(), cells.states.len());
            cells.states.push((key.clone(), volatile));
            let mut groups = BTreeMap::<u16, Vec<Digest>>::new();
            for (group, digest) in of_a.key_groups.iter().chain(&of_b.key_groups) {
                groups.entry(*group).or_default().push(*digest);
            }
            if groups.is_empty() {
                *cells.groups.entry(None).or_default() += of_a.total.entries + of_b.total.entries;
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

    /// What is compared in each pass, so that it keeps at most `records` entries: several key groups, or a share of one.
    pub(super) fn shares(&self, records: u64) -> Vec<Share<'_>> {
        let mut batches: Vec<(BTreeSet<Option<u16>>, u64)> = Vec::new();
        for (group, entries) in &self.groups {
            match batches.last_mut() {
                Some((groups, sum)) if sum.saturating_add(*entries) <= records => {
                    groups.insert(*group);
                    *sum += entries;
                }
                _ => batches.push((BTreeSet::from([*group]), *entries)),
            }
        }
        let split = |(groups, entries): (BTreeSet<Option<u16>>, u64)| {
            let passes = entries.div_ceil(records.max(1)).max(1);
            (0..passes).map(move |pass| Share { cells: self, groups: groups.clone(), pass, passes })
        };
        batches.into_iter().flat_map(split).collect()
    }
}

/// The share of the entries that one pass is about.
pub(super) struct Share<'c> {
    pub(super) cells: &'c Cells,
    groups: BTreeSet<Option<u16>>,
    pass: u64,
    passes: u64,
}

impl Share<'_> {
    pub(super) fn wants_range(&self, range: KeyGroupRange) -> bool {
        let group = |n: u32| Some(u16::try_from(n).unwrap_or(u16::MAX));
        range.last().is_some_and(|last| self.groups.range(group(range.start())..=group(last)).next().is_some())
    }

    pub(super) fn wants_group(&self, key_group: Option<u16>) -> bool {
        self.groups.contains(&key_group)
    }

    /// Whether the entry of that hash is compared in this pass.
    pub(super) fn has(&self, key_hash: u128) -> bool {
        u64::try_from(key_hash >> 64).unwrap_or(0) % self.passes == self.pass
    }
}
