//! Reads keyed state and timers.

use std::collections::BTreeMap;

use flink_savepoint::keyed::{KeyGroup, KeyLayout, KeyedStream, key_groups_of_subtask};
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::metadata::{KeyGroupRange, KeyGroupsHandle};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::value::{Scalar, TypeDescription, Value};
use serde_json::Value as Json;

use super::assign::{self, KeyedShare};
use super::{Refusal, Restoring, Stop, types};
use crate::adapter::reference::backend::{Cell, Content, Entries, Held, RunningOperator, RunningState};
use crate::adapter::reference::hooks::Hooks;
use crate::adapter::reference::serializers::{Serializers, service_of};
use crate::dump::to_json;
use crate::scenario::Kind;

/// An entry as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The id of its state.
    pub state: u16,
    /// The key group in its prefix.
    pub group: KeyGroup,
    /// The key behind the prefix.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

impl Restoring<'_, '_> {
    /// Reads what each new subtask gets of the handles.
    pub(super) fn read_keyed(
        &self,
        handles: &[(u32, KeyGroupsHandle<'_>)],
        running: &mut RunningOperator,
    ) -> Result<(), Stop> {
        let (max, parallelism) = (running.max, running.parallelism);
        if u32::from(max.get()) != self.stored.max_parallelism {
            let message =
                format!("max parallelism {} of the savepoint, {} of the job", self.stored.max_parallelism, max.get());
            return Err(Refusal::mismatch("REDIST-MAX-01", message).into());
        }
        let same = self.stored.parallelism == parallelism;
        for index in 0..parallelism {
            let range = key_groups_of_subtask(max, parallelism, index)
                .ok_or_else(|| Refusal::mismatch("REDIST-MAX-02", format!("no key groups for subtask {index}")))?;
            let mut shares = assign::keyed(handles, range, index, same);
            self.hooks.keyed_shares(index, &mut shares);
            let mut first = None;
            for share in &shares {
                self.read_share(share, range, index, running, &mut first)?;
            }
        }
        Ok(())
    }

    fn read_share(
        &self,
        share: &KeyedShare<'_, '_>,
        range: KeyGroupRange,
        index: u32,
        running: &mut RunningOperator,
        first: &mut Option<Vec<StateMetaInfo<'static>>>,
    ) -> Result<(), Stop> {
        let delegate = &share.handle.delegate;
        let file = delegate.path().map(ToString::to_string);
        let bytes = self.savepoint.bytes(delegate).map_err(|why| Refusal::of_stream(&why))?;
        let wrong = |error: flink_savepoint::Error| Refusal::of_file(&error, file.as_deref());
        let stream = KeyedStream::open(bytes.as_ref(), &share.offsets, running.max).map_err(wrong)?;
        let key_type = stream.header().key_serializer.type_description();
        let job_key = running.key.as_ref().map(|(_, ty)| ty.clone());
        if job_key.as_ref() != Some(&key_type) {
            return Err(types::mismatch("KEYED-KEY-SERIALIZER-01", "keys", Some(key_type), job_key).into());
        }
        let own: Vec<_> = stream.header().states.iter().map(owned).collect();
        let first = first.get_or_insert_with(|| own.clone());
        let states = self.hooks.states_by_id(&own, first);
        let mut readers = Vec::new();
        for info in states {
            readers.push(StateReader::new(info, &key_type, running, file.as_deref(), self.hooks)?);
        }
        let width = running.max.prefix_width();
        let last = range.last().unwrap_or(range.start());
        let mut buffer = Vec::new();
        for section in stream.sections() {
            let mut entries = Vec::new();
            section
                .for_each::<flink_savepoint::Error>(&mut buffer, |entry| {
                    let (key, value) = (entry.key.to_vec(), entry.value.to_vec());
                    entries.push(Read { state: entry.state.0, group: entry.key_group, key, value });
                    Ok(())
                })
                .map_err(wrong)?;
            self.hooks.section(width, &mut entries);
            for entry in &entries {
                let refuse = |requirement, message| Refusal::invalid(requirement, file.as_deref(), message);
                if entry.group != section.key_group() {
                    let message = format!("a key with prefix {} in key group {}", entry.group, section.key_group());
                    return Err(refuse("KEYED-GROUP-04", message).into());
                }
                if !(range.start()..=last).contains(&u32::from(entry.group.0)) {
                    let message = format!("key group {} is not in {range}, that of subtask {index}", entry.group);
                    return Err(refuse("REDIST-RANGE-01", message).into());
                }
                let reader = readers.get(usize::from(entry.state));
                let reader =
                    reader.ok_or_else(|| refuse("KEYED-STATE-ID-01", format!("there is no state {}", entry.state)))?;
                reader.read(entry, index, running, self.hooks)?;
            }
        }
        Ok(())
    }
}

fn owned(info: &StateMetaInfo<'_>) -> StateMetaInfo<'static> {
    let name = info.name.to_string();
    let own = |snapshot: &SerializerSnapshot<'_>| snapshot.clone().into_owned();
    let value = own(&info.value_serializer);
    match info.kind {
        StateKind::Keyed(kind) => {
            let namespace = info.namespace_serializer.as_ref().map_or_else(|| value.clone(), own);
            StateMetaInfo::keyed(&name, kind, namespace, value)
        }
        _ => StateMetaInfo::timers(&name, value),
    }
}

/// Puts the entries of a state, as one stream has them, to where they belong.
struct StateReader {
    /// Its position among the states of the operator.
    position: usize,
    kind: Kind,
    key: TypeDescription,
    namespace: TypeDescription,
    /// None of timers.
    layout: Option<KeyLayout>,
    user_key: Option<TypeDescription>,
    /// Of a value, an element, or the value in a map, with its clock.
    value: Option<TypeDescription>,
    ttl: bool,
    file: Option<String>,
}

impl StateReader {
    /// Registers the state, if it is the first stream that has it.
    fn new(
        info: &StateMetaInfo<'static>,
        key: &TypeDescription,
        running: &mut RunningOperator,
        file: Option<&str>,
        hooks: &dyn Hooks,
    ) -> Result<Self, Stop> {
        let refuse = |requirement, message: String| Refusal::invalid(requirement, file, message);
        let name = info.name.to_string();
        let (name, kind) = if let StateKind::Keyed(kind) = info.kind {
            let kind = kind_of(kind);
            (name.as_str(), kind.ok_or_else(|| refuse("STATE-OPTION-04", format!("state {name} is of no kind")))?)
        } else {
            let service = service_of(&name);
            let (service, kind) =
                service.ok_or_else(|| refuse("TIMER-NAME-01", format!("{name} is no queue of timers")))?;
            (service, hooks.timers_of(kind))
        };
        let serializers = Serializers::of_meta_info(info).ok_or_else(|| {
            refuse("STATE-SERIALIZER-05", format!("state {name} has not the serializers of its kind"))
        })?;
        let position = running.states.iter().position(|state| state.name == name && state.kind == kind);
        let position = position.unwrap_or_else(|| {
            running.states.push(RunningState {
                name: name.to_owned(),
                kind,
                serializers: serializers.clone(),
                subtasks: (0..running.parallelism).map(|_| Content::empty(kind)).collect(),
            });
            running.states.len() - 1
        });
        let namespace = serializers.namespace.type_description();
        let layout = match info.kind {
            StateKind::Keyed(kind) => {
                let layout = KeyLayout::new(key.clone(), namespace.clone(), kind);
                Some(
                    layout
                        .ok_or_else(|| refuse("KEYGROUP-LENGTH-02", format!("keys of state {name} cannot be split")))?,
                )
            }
            _ => None,
        };
        let value = match (info.kind, info.value_serializer.type_description()) {
            (StateKind::Keyed(KeyedStateType::List), TypeDescription::List { element, .. }) => Some(*element),
            (StateKind::Keyed(KeyedStateType::Map), TypeDescription::Map { value, .. }) => Some(*value),
            (StateKind::Keyed(_), ty) => Some(ty),
            _ => None,
        };
        Ok(Self {
            position,
            kind,
            key: key.clone(),
            namespace,
            layout,
            user_key: serializers.user_key.as_ref().map(SerializerSnapshot::type_description),
            value,
            ttl: serializers.ttl,
            file: file.map(str::to_owned),
        })
    }

    fn read(&self, entry: &Read, index: u32, running: &mut RunningOperator, hooks: &dyn Hooks) -> Result<(), Stop> {
        let content = running.states.get_mut(self.position).map(|state| state.subtasks.as_mut_slice());
        let content = content.and_then(|all| all.get_mut(usize::try_from(index).ok()?));
        let Some(Content::Keyed(cells)) = content else {
            return Err(Stop::Failed("keyed state where there is none".into()));
        };
        let Some(layout) = &self.layout else { return self.read_timer(entry, cells, hooks) };
        let parts = hooks.split_key(layout, &entry.key);
        let parts = parts.ok_or_else(|| self.refuse("KEYGROUP-VLEN-01", "a composite key that does not split"))?;
        let cell = |held: Held| -> Result<(_, Cell), Stop> { self.cell(parts.key, parts.namespace, held) };
        let wrong = |error: flink_savepoint::Error| self.wrong(&error);
        match (&self.kind, &self.value) {
            (Kind::Map, Some(ty)) => {
                let Some(value) = hooks.read_map_value(ty, &entry.value).map_err(wrong)? else { return Ok(()) };
                if value == Value::Null && !hooks.keeps_null() {
                    return Ok(());
                }
                let value = if value == Value::Null { Some(Json::Null) } else { self.user_value(&value, ty, hooks) };
                let Some(value) = value else { return Ok(()) };
                let user_key = self.decode(self.user_key.as_ref(), parts.user_key.unwrap_or_default())?;
                let (place, cell) = cell(Held::Map(Entries::new()))?;
                if let Held::Map(map) = &mut cells.entry(place).or_insert(cell).held {
                    map.insert(user_key.to_string(), (user_key, value));
                }
            }
            (Kind::List, Some(ty)) => {
                let list = hooks.read_list(ty, &entry.value).map_err(wrong)?;
                let Value::List(elements) = &list else {
                    return Err(self
                        .refuse("VALUE-LIST-STATE-02", "a list whose elements cannot be told apart")
                        .into());
                };
                let elements: Vec<Json> =
                    elements.iter().filter_map(|element| self.user_value(element, ty, hooks)).collect();
                let (place, cell) = cell(Held::List(elements))?;
                if !matches!(&cell.held, Held::List(elements) if elements.is_empty()) {
                    cells.insert(place, cell);
                }
            }
            (_, Some(ty)) => {
                let value = ty.decode(&entry.value).map_err(wrong)?;
                let Some(value) = self.user_value(&value, ty, hooks) else { return Ok(()) };
                let (place, cell) = cell(Held::Value(value))?;
                cells.insert(place, cell);
            }
            (_, None) => return Err(Stop::Failed("a state without the type of its values".into())),
        }
        Ok(())
    }

    fn read_timer(
        &self,
        entry: &Read,
        cells: &mut BTreeMap<(String, String), Cell>,
        hooks: &dyn Hooks,
    ) -> Result<(), Stop> {
        let timer = hooks.split_timer(&entry.key);
        let parts = timer.as_ref().and_then(|timer| Some((timer.timestamp, timer.split(&self.key)?)));
        let (timestamp, (key, namespace)) = parts
            .ok_or_else(|| self.refuse("TIMER-ELEMENT-01", "a timer that has not timestamp, key and namespace"))?;
        let (place, cell) = self.cell(key, namespace, Held::Timers(std::collections::BTreeSet::new()))?;
        if let Held::Timers(times) = &mut cells.entry(place).or_insert(cell).held {
            times.insert(timestamp);
        }
        Ok(())
    }

    /// Where it goes: key and namespace as JSON.
    fn cell(&self, key: &[u8], namespace: &[u8], held: Held) -> Result<((String, String), Cell), Stop> {
        let key = self.decode(Some(&self.key), key)?;
        let namespace = if self.namespace == TypeDescription::Scalar(Scalar::VoidNamespace) {
            None
        } else {
            Some(self.decode(Some(&self.namespace), namespace)?)
        };
        let place = (key.to_string(), namespace.as_ref().map(Json::to_string).unwrap_or_default());
        Ok((place, Cell { key, namespace, held }))
    }

    fn decode(&self, ty: Option<&TypeDescription>, bytes: &[u8]) -> Result<Json, Refusal> {
        let ty = ty.ok_or_else(|| self.refuse("STATE-SERIALIZER-05", "a map without the type of its keys"))?;
        let value = ty.decode(bytes).map_err(|error| self.wrong(&error))?;
        Ok(to_json(ty, &value))
    }

    /// With time to live, the second of clock and value; none if it is over.
    fn user_value(&self, value: &Value<'_>, ty: &TypeDescription, hooks: &dyn Hooks) -> Option<Json> {
        let (TypeDescription::Record(record), Value::Record(fields)) = (ty, value) else {
            return Some(to_json(ty, value));
        };
        match (&record.fields[..], &fields[..]) {
            ([_, field], [Value::Long(clock), value]) if self.ttl && hooks.reads_clock() => {
                (!hooks.is_over(*clock)).then(|| to_json(&field.ty, value))
            }
            _ => Some(to_json(ty, value)),
        }
    }

    fn refuse(&self, requirement: &str, message: &str) -> Refusal {
        Refusal::invalid(requirement, self.file.as_deref(), message.to_owned())
    }

    /// A value that cannot be decoded. Its offset counts from its own start.
    fn wrong(&self, error: &flink_savepoint::Error) -> Refusal {
        let mut refusal = Refusal::of_file(error, self.file.as_deref());
        refusal.offset = None;
        if self.ttl {
            refusal.requirement = Some("VALUE-TTL-01".to_owned());
        }
        refusal
    }
}

fn kind_of(kind: KeyedStateType) -> Option<Kind> {
    Some(match kind {
        KeyedStateType::Value => Kind::Value,
        KeyedStateType::List => Kind::List,
        KeyedStateType::Map => Kind::Map,
        KeyedStateType::Reducing => Kind::Reducing,
        KeyedStateType::Aggregating => Kind::Aggregating,
        KeyedStateType::Unknown | KeyedStateType::Folding => return None,
    })
}
