//! Whether an entry stands in the key group that its key belongs to.

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
    Timers(TypeDescription),
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

impl KeyCheck {
    /// For a state of an operator with that many key groups; `None` if no key of it could be verified.
    pub fn of(state: &StateKey, about: &About<'_>, max: MaxParallelism) -> Option<Self> {
        let LogicalKind::Managed(kind) = state.kind else { return None };
        let keys = match kind {
            StateKind::Keyed(kind) => {
                let key = about.key_serializer?.type_description();
                Keys::Composite(KeyLayout::new(key, about.namespace_serializer?.type_description(), kind)?)
            }
            StateKind::PriorityQueue => Keys::Timers(about.key_serializer?.type_description()),
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
        let ty = self.key_type();
        let Some(value) = part.and_then(|part| ty.decode(part).ok()) else { return KeyVerdict::Undecodable };
        let Some(hash) = ty.hash_code(&value) else { return KeyVerdict::Unverifiable };
        let belongs_to = self.max.key_group_of(hash.code());
        match hash {
            _ if belongs_to.0 == group => KeyVerdict::Verified,
            HashCode::Exact(_) => KeyVerdict::Misplaced { belongs_to },
            // A row with named fields hashes in another way.
            HashCode::Likely(_) => KeyVerdict::Unverifiable,
        }
    }
}
