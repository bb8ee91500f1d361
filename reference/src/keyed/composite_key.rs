//! Composite keys: key, namespace and user key in one byte string (`SerializedCompositeKeyBuilder`).
//!
//! ```text
//! key-group prefix  key  [length of the key]  namespace  [length of the namespace]  [user key of a map]
//! ```
//!
//! The lengths are there only if both key and namespace have serializers of variable length, in as many bytes as they need,
//! low byte first. They stand *behind* what they measure, so they do not help to find it.

use std::sync::Arc;

use crate::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use crate::serializer::SerializerSnapshot;
use crate::value::{Scalar, TypeDescription};

/// The parts of a composite key, each as its serializer wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompositeKey<'k> {
    /// The key.
    pub key: &'k [u8],
    /// The namespace; one zero byte for most states.
    pub namespace: &'k [u8],
    /// The user key, of map state.
    pub user_key: Option<&'k [u8]>,
}

/// How the composite keys of a state are laid out.
#[derive(Debug, Clone)]
pub struct KeyLayout {
    key: Arc<TypeDescription>,
    namespace: Arc<TypeDescription>,
    is_map: bool,
    has_lengths: bool,
}

impl KeyLayout {
    /// The layout of a keyed state; `None` for timers and operator state, and where a serializer of a user hides whether lengths
    /// are there.
    pub fn of(key: &SerializerSnapshot<'_>, state: &StateMetaInfo<'_>) -> Option<Self> {
        let StateKind::Keyed(kind) = state.kind else { return None };
        Self::new(key.shared_type(), state.namespace_serializer.as_ref()?.type_description(), kind)
    }

    /// The same from types.
    pub fn new(
        key: impl Into<Arc<TypeDescription>>,
        namespace: impl Into<Arc<TypeDescription>>,
        kind: KeyedStateType,
    ) -> Option<Self> {
        let (key, namespace) = (key.into(), namespace.into());
        let fixed = [key.length(), namespace.length()];
        let has_lengths = match fixed {
            // One fixed length is enough to tell.
            [Some(Some(_)), _] | [_, Some(Some(_))] => false,
            [Some(None), Some(None)] => true,
            _ => return None,
        };
        Some(Self { key, namespace, is_map: kind == KeyedStateType::Map, has_lengths })
    }

    /// The type of the keys.
    pub fn key(&self) -> &TypeDescription {
        &self.key
    }

    /// The type of the namespaces.
    pub fn namespace(&self) -> &TypeDescription {
        &self.namespace
    }

    /// Whether lengths stand behind key and namespace.
    pub fn has_lengths(&self) -> bool {
        self.has_lengths
    }

    /// The same with or without lengths, whatever the serializers say: how a writer would lay out keys that is wrong about them.
    #[must_use]
    pub fn with_lengths(&self, has_lengths: bool) -> Self {
        Self { has_lengths, ..self.clone() }
    }

    /// The key alone, from the start of a composite key without its prefix.
    pub fn split_key<'k>(&self, composite: &'k [u8]) -> Option<&'k [u8]> {
        if !self.key.is_delimited() {
            return self.split_from_behind(composite).map(|parts| parts.key);
        }
        self.part(&self.key, composite).map(|(key, _)| key)
    }

    /// Splits a composite key without its prefix. `None` where values do not say how long they are, or the bytes do not fit.
    pub fn split<'k>(&self, composite: &'k [u8]) -> Option<CompositeKey<'k>> {
        if !self.key.is_delimited() {
            return self.split_from_behind(composite);
        }
        let (key, rest) = self.part(&self.key, composite)?;
        let (namespace, rest) = self.part(&self.namespace, rest)?;
        if !self.is_map && !rest.is_empty() {
            return None;
        }
        Some(CompositeKey { key, namespace, user_key: self.is_map.then_some(rest) })
    }

    /// A key that does not say how long it is, before a namespace of fixed length and nothing else.
    fn split_from_behind<'k>(&self, composite: &'k [u8]) -> Option<CompositeKey<'k>> {
        let length = match *self.namespace {
            TypeDescription::Scalar(Scalar::VoidNamespace) => 1,
            _ => usize::try_from(self.namespace.length()??).ok()?,
        };
        let (key, namespace) = composite.split_at_checked(composite.len().checked_sub(length)?)?;
        (!self.is_map).then_some(CompositeKey { key, namespace, user_key: None })
    }

    fn part<'k>(&self, ty: &TypeDescription, bytes: &'k [u8]) -> Option<(&'k [u8], &'k [u8])> {
        let length = ty.value_length(bytes)?;
        let (part, mut rest) = bytes.split_at_checked(length)?;
        if self.has_lengths {
            let (spelled, behind) = rest.split_at_checked(variable_int(length).count())?;
            if !variable_int(length).eq(spelled.iter().copied()) {
                return None;
            }
            rest = behind;
        }
        Some((part, rest))
    }

    /// Joins the parts, without the prefix.
    pub fn join(&self, parts: &CompositeKey<'_>) -> Vec<u8> {
        let mut composite = Vec::new();
        for part in [parts.key, parts.namespace] {
            composite.extend_from_slice(part);
            if self.has_lengths {
                composite.extend(variable_int(part.len()));
            }
        }
        composite.extend_from_slice(parts.user_key.unwrap_or_default());
        composite
    }
}

/// `writeVariableIntBytes`: base 256, low byte first, at least one byte.
fn variable_int(value: usize) -> impl Iterator<Item = u8> {
    let bytes = value.to_le_bytes();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    bytes.into_iter().take(used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(class: &str) -> SerializerSnapshot<'static> {
        SerializerSnapshot::simple(class).unwrap()
    }

    fn string() -> SerializerSnapshot<'static> {
        snapshot("org.apache.flink.api.common.typeutils.base.StringSerializer$StringSerializerSnapshot")
    }

    fn void() -> SerializerSnapshot<'static> {
        snapshot("org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot")
    }

    fn round_trip(namespace: SerializerSnapshot<'static>, kind: KeyedStateType, bytes: &[u8], parts: [&[u8]; 3]) {
        let key = string();
        let state = StateMetaInfo::keyed("s", kind, namespace, string());
        let layout = KeyLayout::of(&key, &state).unwrap();
        let user_key = (kind == KeyedStateType::Map).then_some(parts[2]);
        let expected = CompositeKey { key: parts[0], namespace: parts[1], user_key };
        assert_eq!(layout.split(bytes), Some(expected));
        assert_eq!(layout.join(&expected), bytes);
    }

    #[test]
    fn as_flink_builds_them() {
        let hello = b"\x06hello";
        let ns1 = b"\x04ns1";
        let lengths = [&hello[..], &[6], ns1, &[4]].concat();
        round_trip(string(), KeyedStateType::Value, &lengths, [hello, ns1, &[]]);
        let with_user_key = [&lengths[..], b"\x03uk"].concat();
        round_trip(string(), KeyedStateType::Map, &with_user_key, [hello, ns1, b"\x03uk"]);
        // A namespace of fixed length is not ambiguous, whatever the key is.
        round_trip(void(), KeyedStateType::Value, &[&hello[..], &[0]].concat(), [hello, &[0], &[]]);
        let window = snapshot(
            "org.apache.flink.streaming.api.windowing.windows.TimeWindow$Serializer$TimeWindowSerializerSnapshot",
        );
        round_trip(window, KeyedStateType::Value, &[&hello[..], &[9; 16]].concat(), [hello, &[9; 16], &[]]);
        // A key of 302 bytes: the length takes two.
        let long = [&[0xAE, 0x02][..], &[b'q'; 301]].concat();
        let bytes = [&long[..], &[0x2F, 0x01], ns1, &[4]].concat();
        round_trip(string(), KeyedStateType::Value, &bytes, [&long, ns1, &[]]);
    }

    #[test]
    fn lengths_of_any_size() {
        for (value, bytes) in
            [(0, &[0][..]), (5, &[5]), (255, &[255]), (256, &[0, 1]), (302, &[0x2E, 1]), (65_536, &[0, 0, 1])]
        {
            assert_eq!(variable_int(value).collect::<Vec<_>>(), bytes);
        }
    }

    #[test]
    fn what_does_not_fit_is_not_split() {
        let key = string();
        let state = StateMetaInfo::keyed("s", KeyedStateType::Value, string(), string());
        let layout = KeyLayout::of(&key, &state).unwrap();
        assert_eq!(layout.split(b"\x06hello\x07\x04ns1\x04"), None, "a length that does not match");
        assert_eq!(layout.split(b"\x06hello\x06\x04ns1\x04x"), None, "a byte too many");
        assert_eq!(layout.split(b"\x06hell"), None);
    }
}
