//! Adds up the entries of some handles of an operator, by state and key group.

use std::collections::{BTreeMap, BTreeSet};

use super::fingerprint::{KeyText, Serializers, StateFingerprint};
use super::hash::{Digest, EntryHash};
use super::key_check::KeyCheck;
use super::state::{About, StateKey};
use super::visit::{Place, Visitor};
use crate::keyed::MaxParallelism;

/// What some handles of an operator have of a state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatePartial {
    /// Their entries. Those of broadcast state are in `copies` instead.
    pub fingerprint: StateFingerprint,
    /// Broadcast: the copy of each subtask that has entries.
    pub copies: BTreeMap<u32, Digest>,
    /// How many streams have the state, also without entries. Counted where it is broadcast.
    pub streams: u64,
}

impl StatePartial {
    /// Adds what stands behind.
    pub(super) fn add(&mut self, other: Self) {
        self.fingerprint.add(other.fingerprint);
        other.copies.into_iter().for_each(|(subtask, digest)| *self.copies.entry(subtask).or_default() += digest);
        self.streams = self.streams.saturating_add(other.streams);
    }

    /// All of the state, if this is.
    pub(super) fn finish(mut self) -> StateFingerprint {
        if self.copies.is_empty() {
            return self.fingerprint;
        }
        let is_empty_somewhere = (self.copies.len() as u64) < self.streams;
        let mut distinct: BTreeSet<Digest> = self.copies.into_values().collect();
        distinct.extend(is_empty_somewhere.then(Digest::default));
        self.fingerprint.copies_differ = distinct.len() > 1;
        for mut copy in distinct {
            // The same entries, divided into copies in another way, are another state.
            if self.fingerprint.copies_differ {
                copy.sum = EntryHash::of(1, &copy.sum.to_be_bytes(), &copy.entries.to_be_bytes()).whole();
            }
            self.fingerprint.total += copy;
        }
        self.fingerprint
    }
}

/// Adds up what it is told of.
#[derive(Default)]
pub(super) struct Collector {
    numbers: BTreeMap<StateKey, usize>,
    states: Vec<Collected>,
    /// Number of key groups, where keys are verified.
    verify: Option<MaxParallelism>,
    /// Of the key serializer that was met last.
    key_text: Option<KeyText>,
}

struct Collected {
    partial: StatePartial,
    is_broadcast: bool,
    /// The key group whose entries are being added up, and their digest so far.
    open: Option<(u16, Digest)>,
    /// For the stream that is being read.
    check: Option<KeyCheck>,
}

impl Collector {
    /// Verifies keys where the number of key groups is given.
    pub(super) fn new(verify: Option<MaxParallelism>) -> Self {
        Self { verify, ..Self::default() }
    }

    pub(super) fn finish(self) -> BTreeMap<StateKey, StatePartial> {
        let mut by_number: Vec<Option<StatePartial>> =
            self.states.into_iter().map(|state| Some(state.finish())).collect();
        let take = |(key, number): (StateKey, usize)| {
            by_number.get_mut(number).and_then(Option::take).map(|partial| (key, partial))
        };
        self.numbers.into_iter().filter_map(take).collect()
    }
}

impl Collected {
    fn close(&mut self) {
        if let Some((group, digest)) = self.open.take() {
            *self.partial.fingerprint.key_groups.entry(group).or_default() += digest;
            self.partial.fingerprint.total += digest;
        }
    }

    fn finish(mut self) -> StatePartial {
        self.close();
        self.partial
    }
}

impl Visitor for Collector {
    fn state(&mut self, key: &StateKey, about: &About<'_>) -> Option<usize> {
        let check = self.verify.and_then(|max| KeyCheck::of(key, about, max));
        if let Some(number) = self.numbers.get(key) {
            if let Some(state) = self.states.get_mut(*number) {
                state.partial.streams += u64::from(state.is_broadcast);
                state.check = check;
            }
            return Some(*number);
        }
        if let Some(serializer) = about.key_serializer
            && self.key_text.as_ref().is_none_or(|text| text.raw != serializer.raw())
        {
            self.key_text = Some(KeyText::of(serializer));
        }
        let serializers = Serializers::of(about, about.key_serializer.and(self.key_text.as_ref()));
        let fingerprint = StateFingerprint { volatile: about.volatile, serializers, ..StateFingerprint::default() };
        let is_broadcast = key.is_broadcast();
        let partial = StatePartial { fingerprint, copies: BTreeMap::new(), streams: is_broadcast.into() };
        self.states.push(Collected { partial, is_broadcast, open: None, check });
        self.numbers.insert(key.clone(), self.states.len() - 1);
        Some(self.states.len() - 1)
    }

    #[inline]
    fn entry(&mut self, place: Place, key: &[u8], value: &[u8]) {
        let standing = place.standing();
        let Some(state) = self.states.get_mut(place.state) else { return };
        if self.verify.is_some() {
            state.partial.fingerprint.keys.count(state.check.as_ref(), place, key);
        }
        match (place.key_group, state.is_broadcast, &mut state.open) {
            (Some(group), _, Some((open, digest))) if *open == group => digest.add(standing, key, value),
            (Some(group), ..) => {
                state.close();
                let mut digest = Digest::default();
                digest.add(standing, key, value);
                state.open = Some((group, digest));
            }
            (None, true, _) => state.partial.copies.entry(place.subtask).or_default().add(standing, key, value),
            (None, false, _) => state.partial.fingerprint.total.add(standing, key, value),
        }
    }
}
