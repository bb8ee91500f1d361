//! Keyed state and timers: entries, headers and streams.

use std::io::Write;

use flink_savepoint::keyed::{CompositeKey, KeyGroup, KeyLayout, KeyedHeader, KeyedWriter, StateId, WrittenStream};
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::metadata::{Handles, KeyedHandle};
use flink_savepoint::savepoint::SavepointWriter;
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::value::TypeDescription;
use serde_json::Value as Json;

use super::{CLOCK, Job, once, steps};
use crate::adapter::reference::Failure;
use crate::adapter::reference::backend::{Cell, Content, Held, RunningOperator, RunningState, hash_of};
use crate::adapter::reference::json_value::from_json;
use crate::adapter::reference::serializers::QUEUES;
use crate::scenario::{Compression, Kind};

/// An entry of a stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its key group.
    pub group: KeyGroup,
    /// The state, by its position in the header.
    pub state: u16,
    /// The key behind the prefix.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

impl Job<'_> {
    /// Adds a handle of keyed state to each subtask; none if the operator has no such state.
    pub(super) fn write_keyed(
        &self,
        operator: &RunningOperator,
        savepoint: &mut SavepointWriter,
        handles: &mut [Handles<'static>],
    ) -> Result<(), Failure> {
        let Some((key, key_type)) = &operator.key else { return Ok(()) };
        let infos = operator.states.iter().filter(|state| state.kind.is_keyed());
        let infos = infos
            .map(|state| state.serializers.meta_infos(&state.name, state.kind, Some(key)))
            .collect::<Result<Vec<_>, _>>()?;
        let infos = once(infos.concat());
        if infos.is_empty() {
            return Ok(());
        }
        let entries = self.entries(operator, key_type, &infos)?;
        for (index, handles) in (0..).zip(handles) {
            // Every subtask has an order of its own, as it may: ids hold in one stream.
            let turn = usize::try_from(index).unwrap_or(0) % infos.len();
            let mut states = infos.clone();
            states.rotate_left(turn);
            let id = |state: u16| {
                let position = (usize::from(state) + infos.len() - turn) % infos.len();
                u16::try_from(position).unwrap_or(u16::MAX)
            };
            let range = self.hooks.key_groups(operator.max, operator.parallelism, index).ok_or("no such subtask")?;
            let groups = range.start()..range.start() + range.count();
            let own = entries.iter().filter(|entry| groups.contains(&u32::from(entry.group.0)));
            let mut own: Vec<Entry> = own.map(|entry| Entry { state: id(entry.state), ..entry.clone() }).collect();
            own.sort();
            let compressed = self.ran.compression == Compression::Snappy;
            let mut header = KeyedHeader { compressed, key_serializer: key.clone(), states };
            self.hooks.entries(&header, operator.max, &mut own);
            self.hooks.keyed_header(index, &mut header);
            let written = if self.hooks.steps() {
                let spelled = steps::keyed(&header, range, operator.max, &own, self.hooks)?;
                let mut sink = savepoint.stream();
                sink.write_all(&spelled.bytes)?;
                WrittenStream { sink, offsets: spelled.offsets, length: spelled.bytes.len() as u64 }
            } else {
                let mut writer = KeyedWriter::new(savepoint.stream(), &header, range, operator.max)?;
                for Entry { group, state, key, value } in &own {
                    writer.entry(*group, StateId(*state), key, value)?;
                }
                writer.finish()?
            };
            let mut handle = savepoint.keyed(written)?;
            if let KeyedHandle::KeyGroups(handle) = &mut handle {
                self.hooks.stream_handle(&mut handle.delegate);
            }
            handles.managed_keyed = Some(handle);
        }
        Ok(())
    }

    /// All entries of an operator, with the positions of their states in `infos`.
    fn entries(
        &self,
        operator: &RunningOperator,
        key_type: &TypeDescription,
        infos: &[StateMetaInfo<'static>],
    ) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        for state in operator.states.iter().filter(|state| state.kind.is_keyed()) {
            let writer = StateWriter::new(self, key_type, state, infos)?;
            for content in &state.subtasks {
                let Content::Keyed(cells) = content else { continue };
                for cell in cells.values() {
                    let key = from_json(key_type, &cell.key)?;
                    let group = self.hooks.key_group(operator.max, hash_of(key_type, &key)?);
                    let key = key_type.encode(&key)?;
                    writer.write(cell, &key, |key, value| {
                        entries.push(Entry { group, state: writer.position, key, value });
                    })?;
                }
            }
        }
        Ok(entries)
    }
}

/// Turns what a state holds into entries.
struct StateWriter<'w, 'j> {
    job: &'w Job<'j>,
    position: u16,
    namespace: TypeDescription,
    user_key: Option<TypeDescription>,
    value: Option<TypeDescription>,
    ttl: bool,
    /// None of timers.
    layout: Option<KeyLayout>,
}

impl<'w, 'j> StateWriter<'w, 'j> {
    fn new(
        job: &'w Job<'j>,
        key: &TypeDescription,
        state: &RunningState,
        infos: &[StateMetaInfo<'static>],
    ) -> Result<Self, Failure> {
        let [event, processing] = QUEUES;
        let (name, kind) = match job.hooks.queue(state.kind) {
            Kind::EventTimers => (format!("{event}{}", state.name), StateKind::PriorityQueue),
            Kind::ProcessingTimers => (format!("{processing}{}", state.name), StateKind::PriorityQueue),
            kind => (state.name.clone(), StateKind::Keyed(state_type(kind))),
        };
        let position = infos.iter().position(|info| info.name == *name && info.kind == kind);
        let layout = match kind {
            StateKind::Keyed(kind) => KeyLayout::new(key.clone(), state.serializers.namespace.type_description(), kind),
            _ => None,
        };
        let described = |snapshot: &Option<SerializerSnapshot<'static>>| {
            snapshot.as_ref().map(SerializerSnapshot::type_description)
        };
        Ok(Self {
            job,
            position: position.and_then(|i| u16::try_from(i).ok()).ok_or("a state that is not in the header")?,
            namespace: state.serializers.namespace.type_description(),
            user_key: described(&state.serializers.user_key),
            value: described(&state.serializers.value),
            ttl: state.serializers.ttl,
            layout,
        })
    }

    fn write(&self, cell: &Cell, key: &[u8], mut entry: impl FnMut(Vec<u8>, Vec<u8>)) -> Result<(), Failure> {
        let hooks = self.job.hooks;
        let namespace = match &cell.namespace {
            Some(json) => self.namespace.encode(&from_json(&self.namespace, json)?)?,
            None => vec![0],
        };
        let join = |user_key: Option<&[u8]>| {
            let layout = self.layout.as_ref().ok_or("a state whose keys have no known layout")?;
            Ok::<_, Failure>(hooks.composite_key(layout, &CompositeKey { key, namespace: &namespace, user_key }))
        };
        match &cell.held {
            Held::Value(value) => entry(join(None)?, hooks.value(self.value(value)?)),
            Held::List(elements) => {
                let elements = elements.iter().map(|element| self.value(element)).collect::<Result<Vec<_>, _>>()?;
                entry(join(None)?, hooks.list(&elements));
            }
            Held::Map(entries) => {
                for (user_key, value) in entries.values() {
                    // With time to live it is not the pair of clock and value that is null.
                    let value = if value.is_null() && !self.ttl { None } else { Some(self.value(value)?) };
                    entry(join(Some(&encoded(self.user_key.as_ref(), user_key)?))?, hooks.map_value(value));
                }
            }
            Held::Timers(times) => {
                for time in times {
                    entry(hooks.timer(*time, key, &namespace), hooks.timer_value());
                }
            }
        }
        Ok(())
    }

    /// A value, an element or the value in a map, with its clock if it has one.
    fn value(&self, json: &Json) -> Result<Vec<u8>, Failure> {
        let value = encoded(self.value.as_ref(), json)?;
        Ok(if self.ttl { self.job.hooks.with_clock(CLOCK, value) } else { value })
    }
}

pub(super) fn encoded(ty: Option<&TypeDescription>, json: &Json) -> Result<Vec<u8>, Failure> {
    let ty = ty.ok_or("a state without the type of its values")?;
    Ok(ty.encode(&from_json(ty, json)?)?)
}

/// The type in the option of a meta info.
fn state_type(kind: Kind) -> KeyedStateType {
    match kind {
        Kind::Value => KeyedStateType::Value,
        Kind::List => KeyedStateType::List,
        Kind::Map => KeyedStateType::Map,
        Kind::Reducing => KeyedStateType::Reducing,
        Kind::Aggregating => KeyedStateType::Aggregating,
        _ => KeyedStateType::Unknown,
    }
}
