//! Visits what an operator keeps, entry by entry, by the names of its states.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::state::{About, LogicalKind, StateKey, Volatile};
use crate::keyed::{KeyedStream, RawTimer, RawTimers, Timer};
use crate::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use crate::metadata::{KeyGroupRange, KeyedHandle, Operator, OperatorStateHandle};
use crate::operator::{OperatorStream, SnappyLayout, broadcast_entries};
use crate::savepoint::{Failure, KeyGroupsOf, Part, PartState, Piece, Remark, Savepoint, Store, Unusual, Why};
use crate::wire::{Input, JavaStr};

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// As [`Visitor::state`] named the state.
    pub state: usize,
    /// The key group whose section it is in; none outside of keyed state.
    pub key_group: Option<u16>,
    /// The key group that the prefix of the key says. In a sound stream the same; 0 outside of keyed state.
    pub prefix: u16,
    /// Index of the subtask.
    pub subtask: u32,
}

impl Place {
    /// The key group, as a number that is above 65535 where the section is not that of the prefix: such an entry is another one.
    #[inline]
    pub fn standing(self) -> u32 {
        match self.key_group {
            Some(group) if group != self.prefix => (u32::from(group) + 1) << 16 | u32::from(self.prefix),
            _ => self.prefix.into(),
        }
    }
}

/// Is told of every entry of an operator.
pub trait Visitor {
    /// A state that follows. Its entries are told by the number that is returned, or not at all. Called once for every
    /// stream that has the state, and so several times for one state.
    fn state(&mut self, state: &StateKey, about: &About<'_>) -> Option<usize>;

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

    /// An entry.
    ///
    /// | state | key | value |
    /// |---|---|---|
    /// | keyed | the composite key without its prefix | the value; a null map value is `01` in whatever spelling it stands |
    /// | timers | the element | empty |
    /// | split, union | the element | empty |
    /// | broadcast | the key; empty if the entries cannot be told apart | the value, or the whole map |
    /// | nameless | the composite key without its prefix, or a timer | the value |
    /// | raw keyed | empty | what the key group has; timers are told as timers |
    /// | raw operator | the partition | empty |
    /// | coordinator | empty | its state |
    fn entry(&mut self, place: Place, key: &[u8], value: &[u8]);

    /// Bytes of streams have been read.
    fn progress(&mut self, bytes: u64) {
        let _ = bytes;
    }
}

/// What a visit has found besides entries.
#[derive(Debug, Default)]
pub struct Visited {
    /// What could not be read. Entries of these parts are missing.
    pub failures: Vec<Failure>,
    /// What was read, but is not as Flink writes it.
    pub remarks: Vec<Remark>,
    /// How reading ended before the end of a keyed stream, of the one that was visited last.
    pub stop: Option<Stop>,
}

/// How reading a keyed stream ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// At an error. What stands before it was told, and what stands behind it was not.
    Failed,
    /// The header cannot be read; the entries were told by the ids of their states.
    Nameless,
    /// The same, but some section cannot be read either: no entry counts.
    Untold,
}

/// Visits everything that an operator keeps.
pub fn visit<'a, S: Store>(
    savepoint: &Savepoint<'a, S>,
    operator: &Operator<'a>,
    visitor: &mut impl Visitor,
) -> Visited {
    let mut visit = Visit { savepoint, visitor, buffer: Vec::new(), visited: Visited::default() };
    visit.coordinator(operator);
    let done = savepoint.for_each_part(operator, |part| {
        visit.part(part, KeyGroupsOf::ALL);
        Ok::<(), Infallible>(())
    });
    match done {
        Ok(()) => visit.visited,
    }
}

/// Visits a piece of a [`Unit`](crate::savepoint::Unit): what an operator keeps itself, or a handle or some key groups of it. Nothing
/// is told of master states.
pub fn visit_piece<'a, S: Store>(
    savepoint: &Savepoint<'a, S>,
    piece: &Piece<'_, 'a>,
    visitor: &mut impl Visitor,
) -> Visited {
    let mut visit = Visit { savepoint, visitor, buffer: Vec::new(), visited: Visited::default() };
    match piece {
        Piece::Master(_) => {}
        Piece::Operator(operator) => visit.coordinator(operator),
        Piece::Part(part, groups) => visit.part(part, *groups),
    }
    visit.visited
}

struct Visit<'v, 'a, S, V> {
    savepoint: &'v Savepoint<'a, S>,
    visitor: &'v mut V,
    buffer: Vec<u8>,
    visited: Visited,
}

impl<'a, S: Store, V: Visitor> Visit<'_, 'a, S, V> {
    fn remark(&mut self, part: &Part<'_, 'a>, what: Unusual) {
        self.visited.remarks.push(Remark::of(part, what));
    }

    fn part(&mut self, part: &Part<'_, 'a>, groups: KeyGroupsOf) {
        self.visited.stop = None;
        let result = match part.state {
            PartState::ManagedKeyed(handle) => self.keyed(part, handle, groups).inspect_err(|failure| {
                self.visited.stop = Some(if failure.why.is_foreign_serializer() {
                    self.nameless(part, handle, groups)
                } else {
                    Stop::Failed
                });
            }),
            PartState::RawKeyed(handle) => {
                self.raw_keyed(part, handle, groups).inspect_err(|_| self.visited.stop = Some(Stop::Failed))
            }
            PartState::ManagedOperator(handle) => self.operator_state(part, handle),
            PartState::RawOperator(handle) => self.raw_operator(part, handle),
            // In-flight data is no state; only unaligned checkpoints have it.
            PartState::Channels => Ok(()),
        };
        self.visited.failures.extend(result.err());
    }

    fn coordinator(&mut self, operator: &Operator<'a>) {
        let Some(coordinator) = operator.coordinator_state.as_ref().filter(|_| self.visitor.wants_other()) else {
            return;
        };
        let key = StateKey::other(LogicalKind::Coordinator, &JavaStr::default());
        if let Some(state) = self.visitor.state(&key, &About::volatile(Volatile::SourcePosition)) {
            let place = Place { state, key_group: None, prefix: 0, subtask: 0 };
            self.visitor.entry(place, &[], &coordinator.data);
        }
    }

    fn keyed(&mut self, part: &Part<'_, 'a>, handle: &KeyedHandle<'a>, groups: KeyGroupsOf) -> Result<(), Failure> {
        if !self.visitor.wants_range(handle.key_groups()) {
            return Ok(());
        }
        let mut gaps = Vec::new();
        let wants = |group: u16| groups.contains(group.into()) && self.visitor.wants_group(group);
        let parts = self.savepoint.parts(handle, wants);
        self.savepoint.keyed_piece(part, handle, groups, &parts, |stream| {
            let states = states_of(stream, self.visitor);
            let mut sections = stream.sections();
            let has = |group: u16| groups.contains(group.into());
            // Where the next section has to start; not known behind one that is not wanted.
            let has_start = sections.next().map_or(groups.is_first(), |first| has(first.key_group().0));
            let mut end = has_start.then_some(stream.header_end());
            for section in stream.sections() {
                let group = section.key_group().0;
                gaps.extend(end.and_then(|end| gap(end, section.offset())));
                if !has(group) || !self.visitor.wants_group(group) {
                    end = None;
                    continue;
                }
                let behind = section.for_each::<crate::Error>(&mut self.buffer, |entry| {
                    if let Some((state, is_map)) = states.get(usize::from(entry.state.0)).copied().flatten() {
                        let (key_group, prefix) = (Some(group), entry.key_group.0);
                        let place = Place { state, key_group, prefix, subtask: part.subtask };
                        self.visitor.entry(place, entry.key, canonical_value(is_map, entry.value));
                    }
                    Ok(())
                })?;
                self.visitor.progress(behind - section.offset());
                end = Some(behind);
            }
            gaps.extend(end.and_then(|end| gap(end, stream.len())));
            Ok(())
        })?;
        for gap in gaps {
            self.remark(part, gap);
        }
        Ok(())
    }

    /// Entries of a stream whose header cannot be read, by the ids of their states. What fails here has failed before.
    fn nameless(&mut self, part: &Part<'_, 'a>, handle: &KeyedHandle<'a>, groups: KeyGroupsOf) -> Stop {
        let read = self.savepoint.keyed_sections_piece(part, handle, groups, |sections| {
            // Which states there are, only entries say.
            let mut states: BTreeMap<u16, Option<usize>> = BTreeMap::new();
            let sections = sections.iter().filter(|section| groups.contains(section.key_group().0.into()));
            for section in sections.clone() {
                section.for_each::<crate::Error>(&mut self.buffer, |entry| {
                    states.entry(entry.state.0).or_default();
                    Ok(())
                })?;
            }
            for (id, number) in &mut states {
                let name = JavaStr::from(format!("#{id}").as_str());
                *number = self.visitor.state(&StateKey::other(LogicalKind::Nameless, &name), &About::default());
            }
            for section in sections {
                let group = section.key_group().0;
                if !self.visitor.wants_group(group) {
                    continue;
                }
                section.for_each::<crate::Error>(&mut self.buffer, |entry| {
                    if let Some(state) = states.get(&entry.state.0).copied().flatten() {
                        let (key_group, prefix) = (Some(group), entry.key_group.0);
                        let place = Place { state, key_group, prefix, subtask: part.subtask };
                        self.visitor.entry(place, entry.key, entry.value);
                    }
                    Ok(())
                })?;
            }
            Ok(())
        });
        read.map_or(Stop::Untold, |()| Stop::Nameless)
    }

    fn raw_keyed(&mut self, part: &Part<'_, 'a>, handle: &KeyedHandle<'a>, groups: KeyGroupsOf) -> Result<(), Failure> {
        if !self.visitor.wants_range(handle.key_groups()) {
            return Ok(());
        }
        self.savepoint.raw_keyed_piece(part, handle, groups, |group, section| {
            let Some(group) = u16::try_from(group).ok().filter(|group| self.visitor.wants_group(*group)) else {
                return;
            };
            if let Ok(Some(timers)) = RawTimers::read(Input::new(section)) {
                raw_timers(&timers, group, part.subtask, self.visitor);
            } else {
                // The operator's own, or not to be understood.
                let key = StateKey::other(LogicalKind::RawKeyed, &JavaStr::default());
                if let Some(state) = self.visitor.state(&key, &About::default()) {
                    let place = Place { state, key_group: Some(group), prefix: group, subtask: part.subtask };
                    self.visitor.entry(place, &[], section);
                }
            }
            self.visitor.progress(section.len() as u64);
        })
    }

    fn operator_state(&mut self, part: &Part<'_, 'a>, handle: &OperatorStateHandle<'a>) -> Result<(), Failure> {
        if !self.visitor.wants_other() {
            return Ok(());
        }
        let (mut undivided, mut unusual) = (Vec::new(), Vec::new());
        self.savepoint.operator_state(part, handle, |stream| {
            if stream.layout() == SnappyLayout::ByState {
                unusual.push(Unusual::OffsetsNotOfElements);
            }
            unusual.extend(stream.unreached().map(|(offset, count)| Unusual::Gap { offset, count }));
            for (i, info) in stream.header().all_states().enumerate() {
                let Some(state) = self.visitor.state(&StateKey::managed(info), &About::operator(info)) else {
                    continue;
                };
                let place = Place { state, key_group: None, prefix: 0, subtask: part.subtask };
                let entry = |key: &[u8], value: &[u8]| self.visitor.entry(place, key, value);
                if !elements(stream, i, info, &mut self.buffer, entry)? {
                    undivided.push(info.name.to_string());
                }
            }
            self.visitor.progress(stream.len());
            Ok(())
        })?;
        for what in unusual {
            self.remark(part, what);
        }
        let failures = undivided.into_iter().map(|state| Failure::of(part, Why::Undivided { state }));
        self.visited.failures.extend(failures);
        Ok(())
    }

    fn raw_operator(&mut self, part: &Part<'_, 'a>, handle: &OperatorStateHandle<'a>) -> Result<(), Failure> {
        if !self.visitor.wants_other() {
            return Ok(());
        }
        let mut states: BTreeMap<JavaStr<'static>, Option<usize>> = BTreeMap::new();
        self.savepoint.raw_operator(part, handle, |name, partition| {
            let key = StateKey::other(LogicalKind::RawOperator, name);
            let state = *states.entry(key.name.clone()).or_insert_with(|| self.visitor.state(&key, &About::default()));
            if let Some(state) = state {
                let place = Place { state, key_group: None, prefix: 0, subtask: part.subtask };
                self.visitor.entry(place, partition, &[]);
                self.visitor.progress(partition.len() as u64);
            }
        })
    }
}

/// Timers of a key group in raw keyed state: the same as in the priority-queue states of a savepoint.
fn raw_timers(timers: &RawTimers<'_>, group: u16, subtask: u32, visitor: &mut impl Visitor) {
    for service in &timers.services {
        let about = About { key_serializer: Some(&service.key_serializer), ..About::default() };
        let mut queue = |time: &str, timers: &mut dyn Iterator<Item = RawTimer<'_>>| {
            let key = StateKey::timers(time, &service.name);
            let Some(state) = visitor.state(&key, &about) else { return };
            for RawTimer { timestamp, rest } in timers {
                let place = Place { state, key_group: Some(group), prefix: group, subtask };
                visitor.entry(place, &Timer { timestamp, rest }.write(), &[]);
            }
        };
        queue("event", &mut service.event());
        queue("processing", &mut service.processing());
    }
}

/// Bytes that no section has: Flink seeks to each section and ignores them.
fn gap(end: u64, start: u64) -> Option<Unusual> {
    start.checked_sub(end).filter(|count| *count > 0).map(|count| Unusual::Gap { offset: end, count })
}

/// Number of the state for the visitor, by state id, and whether it is a map.
fn states_of(stream: &KeyedStream<'_>, visitor: &mut impl Visitor) -> Vec<Option<(usize, bool)>> {
    let header = stream.header();
    let number = |state: &StateMetaInfo<'_>| {
        let is_map = state.kind == StateKind::Keyed(KeyedStateType::Map);
        let about = About::keyed(&header.key_serializer, state);
        visitor.state(&StateKey::managed(state), &about).map(|number| (number, is_map))
    };
    header.states.iter().map(number).collect()
}

/// The value in the one spelling that means it: a null map value is `01`, whatever the serializer wrote behind it.
fn canonical_value(is_map: bool, value: &[u8]) -> &[u8] {
    match value.first() {
        Some(is_null) if is_map && *is_null != 0 => &[1],
        _ => value,
    }
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
        if info.kind != StateKind::Broadcast {
            visit(partition, &[]);
        } else if let Some(entries) = broadcast_entries(info, partition) {
            for (key, value) in entries {
                visit(key, value);
            }
        } else {
            visit(&[], partition);
        }
        Ok(())
    })
}
