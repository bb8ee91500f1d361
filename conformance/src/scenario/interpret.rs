//! What must come back: the operations of all stages, carried out on plain maps.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value as Json;

use super::program::{Kind, Line, Operation, Operator, Program, Restore, Verb};

/// What an operator has stored.
#[derive(Default)]
struct Store {
    keyed: BTreeMap<Place, Content>,
    /// Split lists, as a whole: which subtask gets what is free.
    split: BTreeMap<String, Vec<Json>>,
    /// Union lists, by subtask: every subtask stores what it got and what it added.
    union: BTreeMap<String, Vec<Vec<Json>>>,
    /// Broadcast maps: name, then key and value by the text of the key.
    broadcast: BTreeMap<String, BTreeMap<String, (Json, Json)>>,
}

/// Where something stands: kind, name, texts of key and namespace.
type Place = (Kind, String, String, String);

/// What a key has in a state and a namespace.
struct Content {
    key: Option<Json>,
    namespace: Option<Json>,
    cell: Cell,
}

enum Cell {
    One(Json),
    List(Vec<Json>),
    Map(BTreeMap<String, (Json, Json)>),
    Sum(i64),
    Timers(BTreeSet<i64>),
}

/// The lines of a restore, in the order of operators, kinds, names and keys.
pub(super) fn expected(program: &Program, restore: &Restore) -> Vec<Line> {
    let mut lines = Vec::new();
    for (i, operator) in restore.operators.iter().enumerate() {
        if operator.finished {
            lines.push(Line { finished: true, ..Line::of(&operator.uid) });
            continue;
        }
        let mut store = Store::default();
        for stage in &program.stages {
            store.start(stage.parallelism);
            for operation in stage.operators.get(i).map(|one| one.operations.as_slice()).unwrap_or_default() {
                store.carry_out(operation, stage.parallelism);
            }
        }
        store.start(restore.parallelism);
        store.lines(operator, restore.parallelism, &mut lines);
    }
    lines
}

impl Store {
    /// A start from a savepoint: every subtask gets all of the union lists.
    fn start(&mut self, parallelism: u32) {
        for lists in self.union.values_mut() {
            let all: Vec<Json> = lists.drain(..).flatten().collect();
            lists.extend((0..parallelism).map(|_| all.clone()));
        }
    }

    fn carry_out(&mut self, operation: &Operation, parallelism: u32) {
        let value = operation.value.clone().unwrap_or_default();
        let name = operation.state.clone();
        match operation.kind {
            Kind::Split => self.split.entry(name).or_default().push(value),
            Kind::Union => {
                let lists = self.union.entry(name).or_insert_with(|| (0..parallelism).map(|_| Vec::new()).collect());
                let subtask = usize::try_from(operation.subtask.unwrap_or(0)).unwrap_or(usize::MAX);
                if let Some(list) = lists.get_mut(subtask) {
                    list.push(value);
                }
            }
            Kind::Broadcast => change(self.broadcast.entry(name).or_default(), operation, value),
            _ => self.keyed_operation(operation, value),
        }
    }

    fn keyed_operation(&mut self, operation: &Operation, value: Json) {
        let text = |part: &Option<Json>| part.as_ref().map(Json::to_string).unwrap_or_default();
        let place = (operation.kind, operation.state.clone(), text(&operation.key), text(&operation.namespace));
        let clears = operation.verb == Verb::Clear || (operation.kind == Kind::Value && value.is_null());
        if clears {
            self.keyed.remove(&place);
            return;
        }
        let content = self.keyed.entry(place.clone()).or_insert_with(|| Content {
            key: operation.key.clone(),
            namespace: operation.namespace.clone(),
            cell: match operation.kind {
                Kind::List => Cell::List(Vec::new()),
                Kind::Map => Cell::Map(BTreeMap::new()),
                Kind::Reducing | Kind::Aggregating => Cell::Sum(0),
                Kind::EventTimers | Kind::ProcessingTimers => Cell::Timers(BTreeSet::new()),
                _ => Cell::One(Json::Null),
            },
        });
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        let emptied = match &mut content.cell {
            Cell::One(one) => {
                *one = value;
                false
            }
            Cell::List(list) => {
                list.push(value);
                false
            }
            Cell::Map(map) => {
                change(map, operation, value);
                map.is_empty()
            }
            Cell::Sum(sum) => {
                *sum = sum.wrapping_add(number(value.as_str()));
                false
            }
            Cell::Timers(timers) => {
                let timestamp = number(operation.timestamp.as_deref());
                if operation.verb == Verb::Put {
                    timers.insert(timestamp)
                } else {
                    timers.remove(&timestamp)
                };
                timers.is_empty()
            }
        };
        if emptied {
            self.keyed.remove(&place);
        }
    }

    /// What the states of an operator have, if they are registered.
    fn lines(&self, operator: &Operator, parallelism: u32, lines: &mut Vec<Line>) {
        let known: HashSet<(Kind, &str)> = operator.states.iter().map(|s| (s.kind, s.name.as_str())).collect();
        let registered = |kind: Kind, name: &str| known.contains(&(kind, name));
        let of =
            |kind: Kind, name: &str| Line { state: Some(name.to_owned()), kind: Some(kind), ..Line::of(&operator.uid) };
        for ((kind, name, ..), content) in self.keyed.iter().filter(|((kind, name, ..), _)| registered(*kind, name)) {
            let base = || Line { key: content.key.clone(), namespace: content.namespace.clone(), ..of(*kind, name) };
            match &content.cell {
                Cell::One(value) => lines.push(Line { value: Some(value.clone()), ..base() }),
                Cell::List(list) => lines.push(Line { value: Some(Json::Array(list.clone())), ..base() }),
                Cell::Sum(sum) => lines.push(Line { value: Some(sum.to_string().into()), ..base() }),
                Cell::Map(map) => lines.extend(map.values().map(|(user_key, value)| Line {
                    user_key: Some(user_key.clone()),
                    value: Some(value.clone()),
                    ..base()
                })),
                Cell::Timers(timers) => {
                    lines.extend(timers.iter().map(|time| Line { timestamp: Some(time.to_string()), ..base() }));
                }
            }
        }
        for (name, list) in self.split.iter().filter(|(name, _)| registered(Kind::Split, name)) {
            lines.extend(list.iter().map(|value| Line { value: Some(value.clone()), ..of(Kind::Split, name) }));
        }
        for subtask in 0..parallelism {
            let at = |kind: Kind, name: &str| Line { subtask: Some(subtask), ..of(kind, name) };
            let own = usize::try_from(subtask).unwrap_or(usize::MAX);
            for (name, lists) in self.union.iter().filter(|(name, _)| registered(Kind::Union, name)) {
                let list = lists.get(own).into_iter().flatten();
                lines.extend(list.map(|value| Line { value: Some(value.clone()), ..at(Kind::Union, name) }));
            }
            for (name, map) in self.broadcast.iter().filter(|(name, _)| registered(Kind::Broadcast, name)) {
                lines.extend(map.values().map(|(user_key, value)| Line {
                    user_key: Some(user_key.clone()),
                    value: Some(value.clone()),
                    ..at(Kind::Broadcast, name)
                }));
            }
        }
    }
}

/// Changes an entry of a map.
fn change(map: &mut BTreeMap<String, (Json, Json)>, operation: &Operation, value: Json) {
    let user_key = operation.user_key.clone().unwrap_or_default();
    let text = user_key.to_string();
    if operation.verb == Verb::Put {
        map.insert(text, (user_key, value))
    } else {
        map.remove(&text)
    };
}
