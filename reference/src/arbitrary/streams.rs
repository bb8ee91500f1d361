//! Streams of keyed and operator state: what stands in them, and nothing of how.

use std::collections::HashSet;
use std::io;

use ::arbitrary::{Error, Result, Unstructured};

use super::{arbitrary_by, list, long, maybe, meta_info, one_of, serializer, value_of};
use crate::keyed::{
    CompositeKey, KeyGroup, KeyLayout, KeyedHeader, KeyedWriter, MaxParallelism, StateId, Timer, WrittenStream,
};
use crate::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use crate::metadata::KeyGroupRange;
use crate::operator::{OperatorHeader, OperatorWriter, WrittenOperatorStream};
use crate::serializer::SerializerSnapshot;
use crate::value::{TypeDescription, Value};
use crate::wire::Output;

/// A keyed stream.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyedModel {
    /// Number of key groups of the operator, which says how wide prefixes are.
    pub max: MaxParallelism,
    /// The key groups of the stream.
    pub range: KeyGroupRange,
    /// What precedes the sections.
    pub header: KeyedHeader<'static>,
    /// Ordered by key group and state; no key twice.
    pub entries: Vec<KeyedEntry>,
}

/// An entry of a [`KeyedModel`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyedEntry {
    /// The key group, in the range.
    pub key_group: KeyGroup,
    /// The state, in the header.
    pub state: StateId,
    /// The composite key without its prefix, or a timer.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// An operator state stream.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorModel {
    /// What precedes the data.
    pub header: OperatorHeader<'static>,
    /// The partitions of each state, in the order of the header.
    pub partitions: Vec<Vec<Vec<u8>>>,
}

arbitrary_by! {
    KeyedModel: keyed;
    OperatorModel: operator;
}

impl KeyedModel {
    /// The stream, and the offsets for its handle.
    pub fn write(&self) -> io::Result<WrittenStream<Vec<u8>>> {
        let mut writer = KeyedWriter::new(Vec::new(), &self.header, self.range, self.max)?;
        for KeyedEntry { key_group, state, key, value } in &self.entries {
            writer.entry(*key_group, *state, key, value)?;
        }
        writer.finish()
    }
}

impl OperatorModel {
    /// The stream, and the states for its handle.
    pub fn write(&self) -> io::Result<WrittenOperatorStream<Vec<u8>>> {
        let mut writer = OperatorWriter::new(Vec::new(), &self.header)?;
        for (i, partitions) in self.partitions.iter().enumerate() {
            for partition in partitions {
                writer.partition(i, partition)?;
            }
        }
        writer.finish()
    }
}

/// A max parallelism, often at the edge of a prefix.
pub(super) fn max_parallelism(u: &mut Unstructured<'_>) -> Result<MaxParallelism> {
    let max = one_of(u, &[1_u32, 2, 127, 128, 129, 255, 256, 32_767, 32_768])?;
    MaxParallelism::new(max).ok_or(Error::IncorrectFormat)
}

fn keyed(u: &mut Unstructured<'_>) -> Result<KeyedModel> {
    let max = max_parallelism(u)?;
    let start = u.int_in_range(0..=max.get() - 1)?;
    let count = u.int_in_range(0..=(max.get() - start).min(8))?;
    let range = KeyGroupRange::new(start.into(), count.into()).ok_or(Error::IncorrectFormat)?;
    keyed_in(u, max, range)
}

/// A stream of those key groups.
pub(super) fn keyed_in(u: &mut Unstructured<'_>, max: MaxParallelism, range: KeyGroupRange) -> Result<KeyedModel> {
    let key_serializer = serializer::serializer(u, 1)?;
    let mut states: Vec<StateMetaInfo<'static>> = list(u, 3, |u| {
        if u.ratio(1_u8, 4)? {
            let namespace = serializer::serializer(u, 1)?;
            meta_info::timers(u, &key_serializer, &namespace)
        } else {
            meta_info::keyed(u)
        }
    })?;
    retain_named_once(&mut states, &mut HashSet::new());
    let header = KeyedHeader { compressed: u.arbitrary()?, key_serializer, states };
    let mut entries = Vec::new();
    if let (Some(last), Some(last_state)) = (range.last(), header.states.len().checked_sub(1)) {
        let key = header.key_serializer.type_description();
        entries = list(u, 12, |u| {
            let group = u.int_in_range(range.start()..=last)?;
            let state = u.int_in_range(0..=last_state)?;
            let info = header.states.get(state).ok_or(Error::IncorrectFormat)?;
            let (key, value) = entry(u, &key, info)?;
            let [group, state] = [u16::try_from(group), u16::try_from(state)].map(|n| n.unwrap_or(u16::MAX));
            Ok(KeyedEntry { key_group: KeyGroup(group), state: StateId(state), key, value })
        })?;
    }
    entries.sort();
    entries.dedup_by(|a, b| (a.key_group, a.state, &a.key) == (b.key_group, b.state, &b.key));
    Ok(KeyedModel { max, range, header, entries })
}

/// Flink tells states apart by their names.
fn retain_named_once(states: &mut Vec<StateMetaInfo<'static>>, names: &mut HashSet<Vec<u8>>) {
    states.retain(|state| names.insert(state.name.as_modified_utf8().to_vec()));
}

fn encoded(u: &mut Unstructured<'_>, ty: &TypeDescription) -> Result<Vec<u8>> {
    let value = value_of(u, ty)?;
    ty.encode(&value).map_err(|_| Error::IncorrectFormat)
}

fn type_of(serializer: Option<&SerializerSnapshot<'_>>) -> Result<TypeDescription> {
    serializer.map(SerializerSnapshot::type_description).ok_or(Error::IncorrectFormat)
}

/// Composite key and value, as the state has them.
fn entry(u: &mut Unstructured<'_>, key: &TypeDescription, info: &StateMetaInfo<'_>) -> Result<(Vec<u8>, Vec<u8>)> {
    let StateKind::Keyed(kind) = info.kind else {
        // The timestamp stands before key and namespace.
        let namespace = type_of(info.value_serializer.nested().nth(1).as_ref())?;
        let rest = [encoded(u, key)?, encoded(u, &namespace)?].concat();
        return Ok((Timer { timestamp: long(u)?, rest: &rest }.write(), Vec::new()));
    };
    let namespace = type_of(info.namespace_serializer.as_ref())?;
    let layout = KeyLayout::new(key.clone(), namespace.clone(), kind).ok_or(Error::IncorrectFormat)?;
    let (key, namespace) = (encoded(u, key)?, encoded(u, &namespace)?);
    let mut nested = info.value_serializer.nested();
    let (user_key, value) = match kind {
        KeyedStateType::List => {
            let element = type_of(nested.next().as_ref())?;
            // An element without bytes does not show in list state.
            let mut elements = list(u, 3, |u| value_of(u, &element))?;
            elements.retain(|value| element.encode(value).is_ok_and(|bytes| !bytes.is_empty()));
            (None, element.encode_list_state(&elements).map_err(|_| Error::IncorrectFormat)?)
        }
        KeyedStateType::Map => {
            let [user_key, value] = [type_of(nested.next().as_ref())?, type_of(nested.next().as_ref())?];
            let mapped = maybe(u, |u| value_of(u, &value))?.unwrap_or(Value::Null);
            (Some(encoded(u, &user_key)?), value.encode_map_value(&mapped).map_err(|_| Error::IncorrectFormat)?)
        }
        _ => (None, encoded(u, &info.value_serializer.type_description())?),
    };
    let parts = CompositeKey { key: &key, namespace: &namespace, user_key: user_key.as_deref() };
    Ok((layout.join(&parts), value))
}

fn operator(u: &mut Unstructured<'_>) -> Result<OperatorModel> {
    let mut names = HashSet::new();
    let mut states = list(u, 3, meta_info::operator)?;
    retain_named_once(&mut states, &mut names);
    let mut broadcast_states = list(u, 2, meta_info::broadcast)?;
    retain_named_once(&mut broadcast_states, &mut names);
    let header = OperatorHeader { compressed: maybe(u, Unstructured::arbitrary)?, states, broadcast_states };
    let mut partitions = Vec::new();
    for info in &header.states {
        let element = info.value_serializer.type_description();
        let mut elements = list(u, 4, |u| encoded(u, &element))?;
        // One without bytes leaves no trace in compressed data but an offset that the next one has, too.
        elements.retain(|element| !element.is_empty());
        partitions.push(elements);
    }
    for info in &header.broadcast_states {
        partitions.push(vec![broadcast_map(u, info)?]);
    }
    Ok(OperatorModel { header, partitions })
}

/// Entries of no bytes are left out: readers take a map of them for an endless one.
fn broadcast_map(u: &mut Unstructured<'_>, info: &StateMetaInfo<'_>) -> Result<Vec<u8>> {
    let key = type_of(info.key_serializer.as_ref())?;
    let value = info.value_serializer.type_description();
    let mut entries = list(u, 3, |u| Ok([encoded(u, &key)?, encoded(u, &value)?].concat()))?;
    entries.retain(|entry| !entry.is_empty());
    let mut out = Output::new();
    out.count(entries.len()).map_err(|_| Error::IncorrectFormat)?;
    out.raw(&entries.concat());
    Ok(out.into_bytes())
}
