//! Whether an entry stands in the key group that its key belongs to.

use std::sync::Arc;

use super::state::{About, LogicalKind, StateKey};
use super::visit::Place;
use crate::keyed::{KeyGroup, KeyLayout, MaxParallelism, Timer};
use crate::meta_info::StateKind;
use crate::value::{HashCode, TypeDescription};

/// Checks the keys of one state.
#[derive(Debug, Clone)]
pub struct KeyCheck {
    keys: Keys,
    max: MaxParallelism,
}

#[derive(Debug, Clone)]
enum Keys {
    Composite(KeyLayout),
    Timers(Arc<TypeDescription>),
}

/// What is known of an entry's key group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyVerdict {
    /// The key belongs where it stands.
    Verified,
    /// Java does not define the key's hash code by its value, or the key does not describe itself.
    Unverifiable,
    /// The key cannot be decoded, although its type says how.
    Undecodable,
    /// The key belongs into another key group.
    Misplaced {
        /// Where it belongs.
        belongs_to: KeyGroup,
    },
}

/// How the keys of a state fared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyCounts {
    /// Entries that stand where their keys belong.
    pub verified: u64,
    /// Entries of which nobody but the job can say where they belong.
    pub unverifiable: u64,
    /// Entries whose keys cannot be decoded.
    pub undecodable: u64,
    /// Entries in a key group that their keys do not belong to.
    pub misplaced: u64,
    /// The first of these.
    pub first: Vec<Misplaced>,
}

/// An entry in a key group that its key does not belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    /// Where it stands.
    pub key_group: u16,
    /// Where it belongs.
    pub belongs_to: u16,
    /// Its key, as a [`Visitor`](super::Visitor) is told of it.
    pub key: Vec<u8>,
}

impl KeyCounts {
    /// How many misplaced entries are kept.
    pub const FIRST: usize = 3;

    /// Counts an entry of keyed state; `check` is that of the state, where it has one.
    pub(super) fn count(&mut self, check: Option<&KeyCheck>, place: Place, key: &[u8]) {
        let Some(key_group) = place.key_group else { return };
        match check.map_or(KeyVerdict::Unverifiable, |check| check.check(place, key)) {
            KeyVerdict::Verified => self.verified += 1,
            KeyVerdict::Unverifiable => self.unverifiable += 1,
            KeyVerdict::Undecodable => self.undecodable += 1,
            KeyVerdict::Misplaced { belongs_to } => {
                self.misplaced += 1;
                if self.first.len() < Self::FIRST {
                    self.first.push(Misplaced { key_group, belongs_to: belongs_to.0, key: key.to_vec() });
                }
            }
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.verified += other.verified;
        self.unverifiable += other.unverifiable;
        self.undecodable += other.undecodable;
        self.misplaced += other.misplaced;
        self.first.extend(other.first);
        self.first.truncate(Self::FIRST);
    }

    /// Whether no key stands where it does not belong, and each can be decoded.
    pub fn is_sound(&self) -> bool {
        self.undecodable + self.misplaced == 0
    }
}

impl KeyCheck {
    /// For a state of an operator with that many key groups; `None` if no key of it could be verified.
    pub fn of(state: &StateKey, about: &About<'_>, max: MaxParallelism) -> Option<Self> {
        let LogicalKind::Managed(kind) = state.kind else { return None };
        let keys = match kind {
            StateKind::Keyed(kind) => {
                let key = about.key_serializer?.shared_type();
                Keys::Composite(KeyLayout::new(key, about.namespace_serializer?.type_description(), kind)?)
            }
            StateKind::PriorityQueue => Keys::Timers(about.key_serializer?.shared_type()),
            StateKind::Operator { .. } | StateKind::Broadcast => return None,
        };
        let check = Self { keys, max };
        check.key_type().has_hash_code().then_some(check)
    }

    fn key_type(&self) -> &TypeDescription {
        match &self.keys {
            Keys::Composite(layout) => layout.key(),
            Keys::Timers(key) => key,
        }
    }

    /// Checks an entry, by its key as a [`Visitor`](super::Visitor) is told of it.
    pub fn check(&self, place: Place, key: &[u8]) -> KeyVerdict {
        let Some(group) = place.key_group else { return KeyVerdict::Unverifiable };
        let part = match &self.keys {
            Keys::Composite(layout) => layout.split_key(key),
            Keys::Timers(ty) => Timer::read(key).and_then(|timer| timer.split(ty)).map(|(key, _)| key),
        };
        part.map_or(KeyVerdict::Undecodable, |part| self.check_key(group, part))
    }

    /// Checks a key alone, as it stands in an entry of that key group.
    #[inline]
    pub fn check_key(&self, group: u16, key: &[u8]) -> KeyVerdict {
        let ty = self.key_type();
        let hash = if let Some(hash) = ty.glance_hash(key) {
            hash
        } else {
            let Ok(value) = ty.decode(key) else { return KeyVerdict::Undecodable };
            let Some(hash) = ty.hash_code(&value) else { return KeyVerdict::Unverifiable };
            hash
        };
        let belongs_to = self.max.key_group_of(hash.code());
        match hash {
            _ if belongs_to.0 == group => KeyVerdict::Verified,
            HashCode::Exact(_) => KeyVerdict::Misplaced { belongs_to },
            // A row with named fields hashes in another way.
            HashCode::Likely(_) => KeyVerdict::Unverifiable,
        }
    }
}
