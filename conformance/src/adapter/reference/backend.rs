//! State in memory: what an operator holds, subtask by subtask, and the operations on it.

use std::collections::{BTreeMap, BTreeSet};

use flink_savepoint::keyed::MaxParallelism;
use flink_savepoint::metadata::Release;
use flink_savepoint::value::{TypeDescription, Value};
use serde_json::Value as Json;

use super::Failure;
use super::json_value::from_json;
use super::serializers::{Serializers, Snapshot, snapshot};
use crate::dump::to_json;
use crate::scenario::types::Type;
use crate::scenario::{Kind, Line, Operation, Operator, State, Verb};

/// An operator that runs.
#[derive(Debug, Clone)]
pub struct RunningOperator {
    /// Its uid.
    pub uid: String,
    /// Number of key groups.
    pub max: MaxParallelism,
    /// Number of subtasks.
    pub parallelism: u32,
    /// The serializer of its keys, and their type.
    pub key: Option<(Snapshot, TypeDescription)>,
    /// Whether it is finished: it has no states then.
    pub finished: bool,
    /// What its coordinator has stored.
    pub coordinator: Option<Vec<u8>>,
    /// Its states, in the order in which they were registered.
    pub states: Vec<RunningState>,
}

/// A state of an operator.
#[derive(Debug, Clone)]
pub struct RunningState {
    /// Its name; of timers, that of their service.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Its serializers.
    pub serializers: Serializers,
    /// What it holds, in each subtask.
    pub subtasks: Vec<Content>,
}

/// What a state holds in a subtask.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Keyed state and timers: by key and namespace, as JSON text.
    Keyed(BTreeMap<(String, String), Cell>),
    /// Split and union lists.
    List(Vec<Json>),
    /// A broadcast map.
    Map(BTreeMap<String, (Json, Json)>),
}

/// A map by the text of its keys: key and value.
pub(super) type Entries = BTreeMap<String, (Json, Json)>;

/// What keyed state holds for a key and a namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The key.
    pub key: Json,
    /// The namespace; none: void.
    pub namespace: Option<Json>,
    /// What is there.
    pub held: Held,
}

/// The forms of keyed state.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// A value, a sum.
    Value(Json),
    /// A list with at least one element.
    List(Vec<Json>),
    /// A map with at least one entry, by the text of its keys.
    Map(BTreeMap<String, (Json, Json)>),
    /// The times of timers; at least one.
    Timers(BTreeSet<i64>),
}

impl RunningOperator {
    /// An operator that starts without state.
    pub fn start(operator: &Operator, parallelism: u32, release: Release) -> Result<Self, Failure> {
        let key = operator.key.as_deref().map(|name| -> Result<_, Failure> {
            let snapshot = snapshot(&name.parse::<Type>()?, release)?;
            let ty = snapshot.type_description();
            Ok((snapshot, ty))
        });
        let max = MaxParallelism::new(operator.max_parallelism).ok_or("max parallelism is 1 to 32768")?;
        if !(1..=u32::from(max.get())).contains(&parallelism) {
            return Err(format!("parallelism {parallelism} with max parallelism {}", max.get()).into());
        }
        let mut this = Self {
            uid: operator.uid.clone(),
            max,
            parallelism,
            key: key.transpose()?,
            finished: operator.finished,
            coordinator: None,
            states: Vec::new(),
        };
        for state in &operator.states {
            this.register(state, release)?;
        }
        Ok(this)
    }

    /// Registers a state. What was restored of it stays, with the serializers that the job has now.
    pub fn register(&mut self, state: &State, release: Release) -> Result<(), Failure> {
        let serializers = Serializers::of(state, release)?;
        match self.states.iter_mut().find(|known| known.name == state.name && known.kind == state.kind) {
            Some(known) => known.serializers = serializers,
            None => self.states.push(RunningState {
                name: state.name.clone(),
                kind: state.kind,
                serializers,
                subtasks: (0..self.parallelism).map(|_| Content::empty(state.kind)).collect(),
            }),
        }
        Ok(())
    }

    /// Runs an operation.
    pub fn run(&mut self, operation: &Operation) -> Result<(), Failure> {
        let key = match (&operation.key, &self.key) {
            (Some(json), Some((_, ty))) => Some(Key::of(ty, json)?),
            _ => None,
        };
        let (max, parallelism) = (self.max, self.parallelism);
        let found = self.states.iter_mut().find(|state| state.name == operation.state && state.kind == operation.kind);
        let state = found.ok_or_else(|| format!("there is no state {} of that kind", operation.state))?;
        match state.kind {
            Kind::Split | Kind::Union => {
                let index = operation.subtask.and_then(|index| usize::try_from(index).ok()).unwrap_or(0);
                let subtask = state.subtasks.get_mut(index).ok_or_else(|| format!("there is no subtask {index}"))?;
                let (Verb::Add, Content::List(list)) = (operation.verb, subtask) else {
                    return Err(unknown(operation));
                };
                list.push(state.serializers.json_of_value(operation.value.as_ref())?);
                Ok(())
            }
            Kind::Broadcast => {
                let user_key = state.serializers.json_of_user_key(operation.user_key.as_ref())?;
                for subtask in &mut state.subtasks {
                    let Content::Map(map) = subtask else { return Err(unknown(operation)) };
                    match operation.verb {
                        Verb::Put => {
                            let value = state.serializers.json_of_value(operation.value.as_ref())?;
                            map.insert(user_key.to_string(), (user_key.clone(), value));
                        }
                        Verb::Remove => drop(map.remove(&user_key.to_string())),
                        _ => return Err(unknown(operation)),
                    }
                }
                Ok(())
            }
            _ => {
                let key = key.ok_or("an operation on keyed state without a key")?;
                let group = u32::from(max.key_group_of(key.hash).0);
                let index = usize::try_from(group * parallelism / u32::from(max.get())).unwrap_or(usize::MAX);
                let Some(Content::Keyed(cells)) = state.subtasks.get_mut(index) else { return Err(unknown(operation)) };
                run_keyed(state.kind, &state.serializers, cells, key.json, operation)
            }
        }
    }

    /// What is in the states that are listed, line by line.
    pub fn lines(&self, states: &[State]) -> Vec<Line> {
        let mut lines = Vec::new();
        let nothing = || Line::of(&self.uid);
        if self.finished {
            lines.push(Line { finished: true, ..nothing() });
        }
        let registered = |state: &&RunningState| states.iter().any(|s| s.name == state.name && s.kind == state.kind);
        for state in self.states.iter().filter(registered) {
            let line = || Line { state: Some(state.name.clone()), kind: Some(state.kind), ..nothing() };
            for (index, content) in (0..).zip(&state.subtasks) {
                match content {
                    Content::Keyed(cells) => cells.values().for_each(|cell| {
                        let line = || Line { key: Some(cell.key.clone()), namespace: cell.namespace.clone(), ..line() };
                        cell.held.list(line, &mut lines);
                    }),
                    Content::List(elements) => lines.extend(elements.iter().map(|element| Line {
                        subtask: (state.kind == Kind::Union).then_some(index),
                        value: Some(element.clone()),
                        ..line()
                    })),
                    Content::Map(entries) => lines.extend(entries.values().map(|(key, value)| Line {
                        subtask: Some(index),
                        user_key: Some(key.clone()),
                        value: Some(value.clone()),
                        ..line()
                    })),
                }
            }
        }
        lines
    }
}

impl Content {
    /// Nothing, of a state of that kind.
    pub fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Split | Kind::Union => Self::List(Vec::new()),
            Kind::Broadcast => Self::Map(Entries::new()),
            _ => Self::Keyed(BTreeMap::new()),
        }
    }
}

impl Held {
    /// One line for a value or a list, and for each entry and timer.
    fn list(&self, line: impl Fn() -> Line, lines: &mut Vec<Line>) {
        match self {
            Self::Value(value) => lines.push(Line { value: Some(value.clone()), ..line() }),
            Self::List(elements) => lines.push(Line { value: Some(elements.clone().into()), ..line() }),
            Self::Map(entries) => lines.extend(entries.values().map(|(key, value)| Line {
                user_key: Some(key.clone()),
                value: Some(value.clone()),
                ..line()
            })),
            Self::Timers(times) => {
                lines.extend(times.iter().map(|time| Line { timestamp: Some(time.to_string()), ..line() }));
            }
        }
    }
}

/// A key: its JSON and its hash code.
struct Key {
    json: Json,
    hash: i32,
}

impl Key {
    fn of(ty: &TypeDescription, json: &Json) -> Result<Self, Failure> {
        let value = from_json(ty, json)?;
        Ok(Self { json: to_json(ty, &value), hash: hash_of(ty, &value)? })
    }
}

/// What Java's `hashCode` of a key is.
pub(super) fn hash_of(ty: &TypeDescription, key: &Value<'_>) -> Result<i32, Failure> {
    let hash = ty.hash_code(key).ok_or_else(|| format!("nobody but Java knows the hash code of {ty}"))?;
    Ok(hash.code())
}

impl Serializers {
    fn json_of_value(&self, json: Option<&Json>) -> Result<Json, Failure> {
        in_form(self.value.as_ref(), json)
    }

    fn json_of_user_key(&self, json: Option<&Json>) -> Result<Json, Failure> {
        in_form(self.user_key.as_ref(), json)
    }
}

/// The one form of a value. A null stays one.
fn in_form(snapshot: Option<&Snapshot>, json: Option<&Json>) -> Result<Json, Failure> {
    let (Some(snapshot), Some(json)) = (snapshot, json) else { return Err("an operation without its value".into()) };
    if json.is_null() {
        return Ok(Json::Null);
    }
    let ty = snapshot.type_description();
    Ok(to_json(&ty, &from_json(&ty, json)?))
}

fn unknown(operation: &Operation) -> Failure {
    format!("state {} cannot {:?}", operation.state, operation.verb).into()
}

fn run_keyed(
    kind: Kind,
    serializers: &Serializers,
    cells: &mut BTreeMap<(String, String), Cell>,
    key: Json,
    operation: &Operation,
) -> Result<(), Failure> {
    let namespace = match &operation.namespace {
        Some(json) => Some(in_form(Some(&serializers.namespace), Some(json))?),
        None => None,
    };
    let place = (key.to_string(), namespace.as_ref().map(Json::to_string).unwrap_or_default());
    let value = || serializers.json_of_value(operation.value.as_ref());
    let user_key = || serializers.json_of_user_key(operation.user_key.as_ref());
    let timestamp = || -> Result<i64, Failure> {
        let text = operation.timestamp.as_deref().ok_or("a timer without a timestamp")?;
        Ok(text.parse()?)
    };
    let held = |empty: Held| &mut cells.entry(place.clone()).or_insert(Cell { key, namespace, held: empty }).held;
    match (kind, operation.verb) {
        (_, Verb::Clear) if !kind.is_timers() => {
            cells.remove(&place);
        }
        (Kind::Value, Verb::Put) => match value()? {
            // Setting null clears.
            Json::Null => drop(cells.remove(&place)),
            value => *held(Held::Value(Json::Null)) = Held::Value(value),
        },
        (Kind::List, Verb::Add) => {
            let element = value()?;
            if let Held::List(list) = held(Held::List(Vec::new())) {
                list.push(element);
            }
        }
        (Kind::Reducing | Kind::Aggregating, Verb::Add) => {
            let number = |json: &Json| json.as_str().and_then(|text| text.parse::<i64>().ok());
            let added = number(&value()?).ok_or("only longs can be summed")?;
            if let Held::Value(sum) = held(Held::Value("0".into())) {
                *sum = number(sum).unwrap_or(0).wrapping_add(added).to_string().into();
            }
        }
        (Kind::Map, Verb::Put) => {
            let (user_key, value) = (user_key()?, value()?);
            if let Held::Map(map) = held(Held::Map(Entries::new())) {
                map.insert(user_key.to_string(), (user_key, value));
            }
        }
        (Kind::Map, Verb::Remove) => {
            let user_key = user_key()?.to_string();
            if let Some(Held::Map(map)) = cells.get_mut(&place).map(|cell| &mut cell.held) {
                map.remove(&user_key);
                if map.is_empty() {
                    cells.remove(&place);
                }
            }
        }
        (Kind::EventTimers | Kind::ProcessingTimers, Verb::Put) => {
            let time = timestamp()?;
            if let Held::Timers(times) = held(Held::Timers(BTreeSet::new())) {
                times.insert(time);
            }
        }
        (Kind::EventTimers | Kind::ProcessingTimers, Verb::Remove) => {
            let time = timestamp()?;
            if let Some(Held::Timers(times)) = cells.get_mut(&place).map(|cell| &mut cell.held) {
                times.remove(&time);
                if times.is_empty() {
                    cells.remove(&place);
                }
            }
        }
        _ => return Err(unknown(operation)),
    }
    Ok(())
}
