//! Visits what an operator keeps, entry by entry, by the names of its states.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use crate::keyed::KeyedHeader;
use crate::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use crate::metadata::{KeyGroupRange, KeyedHandle, Operator, OperatorStateHandle};
use crate::operator::OperatorStream;
use crate::savepoint::{Failure, Part, PartState, Savepoint, Store, Why};
use crate::serializer::SerializerSnapshot;

/// What identifies a state of an operator in every savepoint of the job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateKey {
    /// What kind of state.
    pub kind: LogicalKind,
    /// Its name; empty for state that has none.
    pub name: String,
}

/// The kinds of state that an operator can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogicalKind {
    /// With a meta info in the header of its stream.
    Managed(StateKind),
    /// Raw keyed state: one opaque stream for each key group.
    RawKeyed,
    /// Raw operator state: opaque partitions.
    RawOperator,
    /// The state of the operator's coordinator.
    Coordinator,
}

impl LogicalKind {
    /// For people and reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Managed(kind) => kind.label(),
            Self::RawKeyed => "RAW_KEYED",
            Self::RawOperator => "RAW_OPERATOR",
            Self::Coordinator => "COORDINATOR",
        }
    }
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.label(), self.name)
    }
}

/// Why two runs of one job need not have equal content in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Volatile {
    /// Every value carries the time of its last update (TTL).
    Clock,
    /// How far a source has read when the savepoint was taken.
    SourcePosition,
}

impl Volatile {
    /// For people and reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Clock => "carries a clock (TTL)",
            Self::SourcePosition => "position of a source",
        }
    }

    fn of(kind: LogicalKind, name: &str, value: Option<&SerializerSnapshot<'_>>) -> Option<Self> {
        match kind {
            LogicalKind::Coordinator => Some(Self::SourcePosition),
            LogicalKind::Managed(StateKind::Operator { .. }) if name == "SourceReaderState" => {
                Some(Self::SourcePosition)
            }
            _ => value.is_some_and(has_ttl).then_some(Self::Clock),
        }
    }
}

fn has_ttl(snapshot: &SerializerSnapshot<'_>) -> bool {
    snapshot.class().to_text().contains("TtlStateFactory$TtlSerializer")
        || snapshot.nested().any(|nested| has_ttl(&nested))
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// As [`Visitor::state`] named the state.
    pub(super) state: usize,
    /// The key group; none outside of keyed state.
    pub(super) key_group: Option<u16>,
    pub(super) subtask: u32,
}

/// Is told of every entry.
pub(super) trait Visitor {
    /// A state that follows; by the number that is returned its entries are told, none if they are not wanted. May be called
    /// several times for one state.
    fn state(&mut self, key: &StateKey, volatile: Option<Volatile>) -> Option<usize>;

    /// Whether any key group of the range is wanted.
    fn wants_range(&self, range: KeyGroupRange) -> bool {
        let _ = range;
        true
    }

    /// Whether a key group is wanted.
    fn wants_group(&self, key_group: u16) -> bool {
        let _ = key_group;
        true
    }

    /// Whether any state outside of keyed state is wanted.
    fn wants_other(&self) -> bool {
        true
    }

    /// An entry. `prefix` is the key group that the key itself says.
    fn entry(&mut self, place: Place, prefix: u16, key: &[u8], value: &[u8]);

    /// Bytes of a stream have been read.
    fn progress(&mut self, bytes: u64) {
        let _ = bytes;
    }
}

/// Visits everything that an operator keeps, and returns what could not be read.
pub(super) fn visit<'a, S: Store>(
    savepoint: &Savepoint<'a, S>,
    operator: &Operator<'a>,
    visitor: &mut impl Visitor,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut buffer = Vec::new();
    if let Some(coordinator) = operator.coordinator_state.as_ref().filter(|_| visitor.wants_other()) {
        let key = StateKey { kind: LogicalKind::Coordinator, name: String::new() };
        if let Some(state) = visitor.state(&key, Volatile::of(key.kind, "", None)) {
            visitor.entry(Place { state, key_group: None, subtask: 0 }, 0, &[], &coordinator.data);
        }
    }
    let done = savepoint.for_each_part(operator, |part| {
        let result = match part.state {
            PartState::ManagedKeyed(handle) => keyed(savepoint, part, handle, &mut buffer, visitor),
            PartState::RawKeyed(handle) => raw_keyed(savepoint, part, handle, visitor),
            PartState::ManagedOperator(handle) => operator_state(savepoint, part, handle, &mut buffer, visitor),
            PartState::RawOperator(handle) => raw_operator(savepoint, part, handle, visitor),
            // In-flight data is no state; only unaligned checkpoints have it.
            PartState::Channels => Ok(()),
        };
        failures.extend(result.err());
        Ok::<(), std::convert::Infallible>(())
    });
    match done {
        Ok(()) => failures,
    }
}

fn keyed<'a, S: Store>(
    savepoint: &Savepoint<'a, S>,
    part: &Part<'_, 'a>,
    handle: &KeyedHandle<'a>,
    buffer: &mut Vec<u8>,
    visitor: &mut impl Visitor,
) -> Result<(), Failure> {
    if !visitor.wants_range(handle.key_groups()) {
        return Ok(());
    }
    savepoint.keyed(part, handle, |stream| {
        let states = states_of(stream.header(), visitor);
        // Section by section, since single groups may be wanted; that no byte stands between them is `KeyedStream::for_each`'s to say.
        let mut end = Some(stream.header_end());
        for section in stream.sections() {
            let group = section.key_group().0;
            if !visitor.wants_group(group) {
                end = None;
                continue;
            }
            if let Some(end) = end {
                stream.adjacent(end, section.offset())?;
            }
            let behind = section.for_each::<crate::Error>(buffer, |entry| {
                if let Some((state, is_map)) = states.get(usize::from(entry.state.0)).copied().flatten() {
                    let place = Place { state, key_group: Some(group), subtask: part.subtask };
                    visitor.entry(place, entry.key_group.0, entry.key, canonical_value(is_map, entry.value));
                }
                Ok(())
            })?;
            visitor.progress(behind - section.offset());
            end = Some(behind);
        }
        end.map_or(Ok(()), |end| stream.adjacent(end, stream.len()))
    })
}

/// Number of the state for the visitor, by state id, and whether it is a map.
fn states_of(header: &KeyedHeader<'_>, visitor: &mut impl Visitor) -> Vec<Option<(usize, bool)>> {
    let number = |state: &StateMetaInfo<'_>| {
        let is_map = state.kind == StateKind::Keyed(KeyedStateType::Map);
        managed(state, visitor).map(|number| (number, is_map))
    };
    header.states.iter().map(number).collect()
}

fn managed(state: &StateMetaInfo<'_>, visitor: &mut impl Visitor) -> Option<usize> {
    let key = StateKey { kind: LogicalKind::Managed(state.kind), name: state.name.to_string() };
    let volatile = Volatile::of(key.kind, &key.name, Some(&state.value_serializer));
    visitor.state(&key, volatile)
}

/// The value in the one spelling that means it: a null map value is `01`, whatever the serializer wrote behind it.
fn canonical_value(is_map: bool, value: &[u8]) -> &[u8] {
    match value.first() {
        Some(is_null) if is_map && *is_null != 0 => &[1],
        _ => value,
    }
}

fn raw_keyed<'a, S: Store>(
    savepoint: &Savepoint<'a, S>,
    part: &Part<'_, 'a>,
    handle: &KeyedHandle<'a>,
    visitor: &mut impl Visitor,
) -> Result<(), Failure> {
    let key = StateKey { kind: LogicalKind::RawKeyed, name: String::new() };
    if !visitor.wants_range(handle.key_groups()) {
        return Ok(());
    }
    let Some(state) = visitor.state(&key, None) else { return Ok(()) };
    savepoint.raw_keyed(part, handle, |group, section| {
        if let Some(group) = u16::try_from(group).ok().filter(|group| visitor.wants_group(*group)) {
            visitor.entry(Place { state, key_group: Some(group), subtask: part.subtask }, group, &[], section);
        }
    })
}

fn operator_state<'a, S: Store>(
    savepoint: &Savepoint<'a, S>,
    part: &Part<'_, 'a>,
    handle: &OperatorStateHandle<'a>,
    buffer: &mut Vec<u8>,
    visitor: &mut impl Visitor,
) -> Result<(), Failure> {
    if !visitor.wants_other() {
        return Ok(());
    }
    let mut undivided = None;
    savepoint.operator_state(part, handle, |stream| {
        for (i, info) in stream.header().all_states().enumerate() {
            let Some(state) = managed(info, visitor) else { continue };
            let place = Place { state, key_group: None, subtask: part.subtask };
            if !elements(stream, i, info, buffer, |key, value| visitor.entry(place, 0, key, value))? {
                undivided = Some(info.name.to_string());
            }
        }
        Ok(())
    })?;
    undivided.map_or(Ok(()), |state| Err(Failure::of(part, Why::Undivided { state })))
}

/// Elements of lists as keys without values; entries of broadcast maps where their serializers say how long they are, and else
/// the map as a whole.
fn elements(
    stream: &OperatorStream<'_>,
    i: usize,
    info: &StateMetaInfo<'_>,
    buffer: &mut Vec<u8>,
    mut visit: impl FnMut(&[u8], &[u8]),
) -> Result<bool, crate::Error> {
    stream.for_each_partition::<crate::Error>(i, buffer, |partition| {
        match broadcast_entries(info, partition) {
            Some(entries) => entries.into_iter().for_each(|(key, value)| visit(key, value)),
            None => visit(partition, &[]),
        }
        Ok(())
    })
}

fn broadcast_entries<'b>(info: &StateMetaInfo<'_>, partition: &'b [u8]) -> Option<Vec<(&'b [u8], &'b [u8])>> {
    let key_serializer = info.key_serializer.as_ref()?;
    let (count, mut rest) = partition.split_first_chunk::<4>()?;
    let mut entries = Vec::new();
    for _ in 0..u32::try_from(i32::from_be_bytes(*count)).ok()? {
        let (key, tail) = rest.split_at_checked(key_serializer.value_length(rest)?)?;
        let (value, tail) = tail.split_at_checked(info.value_serializer.value_length(tail)?)?;
        // Entries without a byte could be claimed without end.
        if tail.len() == rest.len() {
            return None;
        }
        entries.push((key, value));
        rest = tail;
    }
    rest.is_empty().then_some(entries)
}

fn raw_operator<'a, S: Store>(
    savepoint: &Savepoint<'a, S>,
    part: &Part<'_, 'a>,
    handle: &OperatorStateHandle<'a>,
    visitor: &mut impl Visitor,
) -> Result<(), Failure> {
    if !visitor.wants_other() {
        return Ok(());
    }
    let mut states: BTreeMap<Rc<str>, Option<usize>> = BTreeMap::new();
    savepoint.raw_operator(part, handle, |name, partition| {
        let state = *states.entry(name.into()).or_insert_with(|| {
            visitor.state(&StateKey { kind: LogicalKind::RawOperator, name: name.to_owned() }, None)
        });
        if let Some(state) = state {
            visitor.entry(Place { state, key_group: None, subtask: part.subtask }, 0, partition, &[]);
        }
    })
}
