//! From the file of a scenario to its program: everything is checked here, and errors name the place.

use std::collections::HashMap;
use std::fmt::Display;

use serde_json::Value as Json;

use super::compare::abridged;
use super::file::{File, OperationForm, OperatorForm, StateForm};
use super::program::{Kind, Operation, Operator, Stage, State, Verb};
use super::types::Type;
use super::{feature, literal, names};

/// So many states or operations can a scenario have.
const MAX_EXPANDED: usize = 200_000;
/// So many characters can all of its values have.
const MAX_TEXT: usize = 64 << 20;

/// Stages of the program, and the operators of the restore.
pub(super) struct Expanded {
    pub(super) stages: Vec<Stage>,
    pub(super) restore: Vec<Operator>,
    pub(super) restore_parallelism: u32,
    pub(super) features: Vec<String>,
}

/// What is still allowed.
struct Budget {
    things: usize,
    text: usize,
}

impl Budget {
    fn spend(&mut self, things: usize, text: usize) -> Result<(), String> {
        let left = self.things.checked_sub(things).zip(self.text.checked_sub(text));
        (self.things, self.text) =
            left.ok_or(format!("more than {MAX_EXPANDED} states and operations, or {MAX_TEXT} characters"))?;
        Ok(())
    }
}

/// Puts the place before a message.
fn at<P: Display, T>(place: P, result: Result<T, String>) -> Result<T, String> {
    result.map_err(|message| format!("{place}: {message}"))
}

pub(super) fn expand(file: &File) -> Result<Expanded, String> {
    if file.requirements.is_empty() {
        return Err("requirements: at least one".to_owned());
    }
    let Some(last) = file.parallelism.last() else { return Err("parallelism: at least one stage".to_owned()) };
    if file.parallelism.len() > 10 {
        return Err("parallelism: at most 10 stages".to_owned());
    }
    if file.operators.is_empty() {
        return Err("operator: at least one".to_owned());
    }
    let restore_parallelism = file.restore_parallelism.unwrap_or(*last);
    let mut stages: Vec<Stage> =
        file.parallelism.iter().map(|&parallelism| Stage { parallelism, operators: Vec::new() }).collect();
    let mut budget = Budget { things: MAX_EXPANDED, text: MAX_TEXT };
    for (i, form) in file.operators.iter().enumerate() {
        let uid = at(format!("operator {}: uid", i + 1), name(&form.uid, None))?;
        let place = format!("operator {}", abridged(&format!("{uid:?}")));
        let max_parallelism = form.max_parallelism.unwrap_or(file.max_parallelism);
        if !(1..=32768).contains(&max_parallelism) {
            return Err(format!("{place}: max_parallelism: {max_parallelism} is not 1 to 32768"));
        }
        for parallelism in file.parallelism.iter().chain([&restore_parallelism]) {
            if !(1..=max_parallelism.min(64)).contains(parallelism) {
                return Err(format!("{place}: a parallelism of {parallelism} is not 1 to {}", max_parallelism.min(64)));
            }
        }
        at(place, operator(file, form, &uid, max_parallelism, &mut stages, &mut budget))?;
    }
    names::check_stages(stages.iter().map(|stage| stage.operators.as_slice()))?;
    volume(&stages, restore_parallelism)?;
    let operators = stages.last().map(|stage| stage.operators.clone()).unwrap_or_default();
    let restore = operators.into_iter().map(|one| Operator { operations: Vec::new(), ..one }).collect();
    let features = feature::of(file, &stages, restore_parallelism);
    Ok(Expanded { stages, restore, restore_parallelism, features })
}

/// Union lists grow with every stage, and every subtask lists all of them, as it does broadcast maps.
fn volume(stages: &[Stage], restore_parallelism: u32) -> Result<(), String> {
    let mut budget = Budget { things: MAX_EXPANDED, text: MAX_TEXT };
    let last = stages.last().map(|stage| stage.operators.len()).unwrap_or_default();
    for operator in 0..last {
        let (mut union, mut broadcast) = ((0_usize, 0_usize), (0_usize, 0_usize));
        let copied = |(things, text): (usize, usize), copies: u32| {
            let copies = usize::try_from(copies).unwrap_or(usize::MAX);
            (things.saturating_mul(copies), text.saturating_mul(copies))
        };
        for stage in stages {
            union = copied(union, stage.parallelism);
            for operation in stage.operators.get(operator).into_iter().flat_map(|one| &one.operations) {
                let total = match operation.kind {
                    Kind::Union => &mut union,
                    Kind::Broadcast => &mut broadcast,
                    _ => continue,
                };
                let text: usize =
                    [&operation.user_key, &operation.value].into_iter().flatten().map(literal::size).sum();
                *total = (total.0.saturating_add(1), total.1.saturating_add(text));
            }
        }
        for (things, text) in [copied(union, restore_parallelism), copied(broadcast, restore_parallelism)] {
            at("union and broadcast state, with all of its copies", budget.spend(things, text))?;
        }
    }
    Ok(())
}

/// Adds an operator to every stage.
fn operator(
    file: &File,
    form: &OperatorForm,
    uid: &str,
    max_parallelism: u32,
    stages: &mut [Stage],
    budget: &mut Budget,
) -> Result<(), String> {
    if form.finished && !(form.states.is_empty() && form.operations.is_empty()) {
        return Err("finished: it has no states and no operations then".to_owned());
    }
    let key = form.key.as_deref().map(key_type).transpose();
    let key = at("key", key)?;
    let mut states: Vec<(State, &StateForm)> = Vec::new();
    for (i, state_form) in form.states.iter().enumerate() {
        let times = state_form.times.unwrap_or(1);
        budget.spend(times, 0)?;
        let types = [&state_form.namespace, &state_form.user_key, &state_form.value];
        let types = types.into_iter().flatten().map(String::len).sum::<usize>();
        let text = literal::size(&state_form.name).saturating_add(types);
        // Every stage has it.
        budget.spend(0, text.saturating_mul(times).saturating_mul(stages.len()))?;
        for n in 0..times {
            let place = format!("state {}", i + 1);
            let one: State =
                at(place, state(state_form, state_form.times.map(|_| n), key.is_some(), file.parallelism.len()))?;
            states.push((one, state_form));
        }
    }
    // Even if no stage has both.
    names::check_states(states.iter().map(|(state, _)| state))?;
    for (i, stage) in stages.iter_mut().enumerate() {
        let registered =
            states.iter().filter(|(_, form)| form.stages.as_ref().is_none_or(|all| all.contains(&(i + 1))));
        stage.operators.push(Operator {
            uid: uid.to_owned(),
            max_parallelism,
            key: key.as_ref().map(Type::to_string),
            finished: form.finished,
            states: registered.map(|(state, _)| state.clone()).collect(),
            operations: Vec::new(),
        });
    }
    for (i, operation_form) in form.operations.iter().enumerate() {
        at(format!("op {}", i + 1), operations(operation_form, key.as_ref(), stages, budget))?;
    }
    Ok(())
}

/// Adds what one operation stands for to its stage, where the operator is the last one.
fn operations(
    form: &OperationForm,
    key: Option<&Type>,
    stages: &mut [Stage],
    budget: &mut Budget,
) -> Result<(), String> {
    let count = stages.len();
    let stage = form.stage.checked_sub(1).and_then(|stage| stages.get_mut(stage));
    let Some(stage) = stage else { return Err(format!("stage: {} is not 1 to {count}", form.stage)) };
    let parallelism = stage.parallelism;
    let Some(operator) = stage.operators.last_mut() else { return Ok(()) };
    let parts =
        [Some(&form.state), form.key.as_ref(), form.namespace.as_ref(), form.user_key.as_ref(), form.value.as_ref()];
    let times = form.times.unwrap_or(1);
    budget.spend(times, 0)?;
    let mut registered: HashMap<&str, Vec<&State>> = HashMap::new();
    for state in &operator.states {
        registered.entry(&state.name).or_default().push(state);
    }
    for n in 0..times {
        let n = form.times.map(|_| n);
        let wanted = at("state", name(&form.state, n))?;
        let of_name = registered.get(wanted.as_str()).into_iter().flatten();
        let mut found = of_name.filter(|one| form.kind.is_none_or(|kind| kind == one.kind));
        let state = match (found.next(), found.next()) {
            (Some(state), None) => state,
            (None, _) => return Err(format!("state: {wanted:?} is not registered in stage {}", form.stage)),
            _ => return Err(format!("state: there are several {wanted:?}; say which `kind`")),
        };
        // Before anything is repeated: a list may say of each of its elements that it is long.
        let size =
            |part: &Json| n.map_or_else(|| literal::size(part), |n| literal::size(&literal::substitute(part, n)));
        let text = parts.into_iter().flatten().map(size).fold(0, usize::saturating_add);
        budget.spend(0, text)?;
        operator.operations.push(operation(form, n, state, key, parallelism)?);
    }
    Ok(())
}

fn operation(
    form: &OperationForm,
    n: Option<usize>,
    state: &State,
    key: Option<&Type>,
    parallelism: u32,
) -> Result<Operation, String> {
    let keyed = state.kind.is_keyed();
    let map = matches!(state.kind, Kind::Map | Kind::Broadcast);
    let (fits, needs_value) = match (state.kind, form.verb) {
        (Kind::Value | Kind::Map | Kind::Broadcast, Verb::Put)
        | (Kind::List | Kind::Reducing | Kind::Aggregating | Kind::Split | Kind::Union, Verb::Add) => (true, true),
        (Kind::EventTimers | Kind::ProcessingTimers, Verb::Put | Verb::Remove)
        | (Kind::Map | Kind::Broadcast, Verb::Remove) => (true, false),
        (kind, Verb::Clear) => (kind.is_keyed() && !kind.is_timers(), false),
        _ => (false, false),
    };
    if !fits {
        return Err(format!("do: {} has no such operation", state.kind.label()));
    }
    let part = |name: &str, given: &Option<Json>, ty: Option<Type>, wanted: bool, nullable: bool| {
        let value = match (given, wanted, ty) {
            (None, false, _) => return Ok(None),
            (Some(_), false, _) => Err("does not belong here".to_owned()),
            (None, true, _) | (_, true, None) => Err("missing".to_owned()),
            (Some(value), true, Some(ty)) => {
                let value = n.map_or_else(|| value.clone(), |n| literal::substitute(value, n));
                if nullable { literal::read_nullable(&ty, &value) } else { literal::read(&ty, &value) }
            }
        };
        at(name, value.map(Some))
    };
    // The types have been read before.
    let ty = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Type>().ok());
    let nullable = matches!(state.kind, Kind::Value | Kind::Map);
    let timestamp = part("timestamp", &form.timestamp, Some(Type::Long), state.kind.is_timers(), false)?;
    let in_subtask = matches!(state.kind, Kind::Split | Kind::Union);
    if form.subtask.is_some_and(|subtask| !in_subtask || subtask >= parallelism) {
        return Err(format!("subtask: only of split and union state, 0 to {}", parallelism - 1));
    }
    Ok(Operation {
        verb: form.verb,
        state: state.name.clone(),
        kind: state.kind,
        key: part("key", &form.key, key.cloned(), keyed, false)?,
        namespace: part("namespace", &form.namespace, ty(&state.namespace), state.namespace.is_some(), false)?,
        user_key: part("user_key", &form.user_key, ty(&state.user_key), map && form.verb != Verb::Clear, false)?,
        value: part("value", &form.value, ty(&state.value), needs_value, nullable)?,
        timestamp: timestamp.as_ref().and_then(Json::as_str).map(str::to_owned),
        subtask: in_subtask.then(|| form.subtask.unwrap_or(0)),
    })
}

fn state(form: &StateForm, n: Option<usize>, has_key: bool, stages: usize) -> Result<State, String> {
    let name = at("name", name(&form.name, n))?;
    let kind = form.kind;
    if kind.is_keyed() && !has_key {
        return Err("the operator has no key".to_owned());
    }
    let ty = |member: &str, text: &Option<String>, wanted: bool, is_key: bool| {
        let ty = match text.as_deref() {
            None if wanted => Err("missing".to_owned()),
            None => Ok(None),
            Some(_) if !wanted => Err("does not belong here".to_owned()),
            Some(text) if is_key => key_type(text).map(Some),
            Some(text) => text.parse::<Type>().map(Some),
        };
        at(member, ty.map(|ty| ty.map(|ty| ty.to_string())))
    };
    if let Some(stage) = form.stages.iter().flatten().find(|stage| !(1..=stages).contains(*stage)) {
        return Err(format!("stages: {stage} is not 1 to {stages}"));
    }
    if form.ttl && (!kind.is_keyed() || kind.is_timers()) {
        return Err("ttl: only of keyed state".to_owned());
    }
    let sums = matches!(kind, Kind::Reducing | Kind::Aggregating);
    let value = if sums && form.value.is_none() { Some("long".to_owned()) } else { form.value.clone() };
    if sums && value.as_deref() != Some("long") {
        return Err("value: sums are longs".to_owned());
    }
    Ok(State {
        name,
        kind,
        namespace: ty("namespace", &form.namespace, kind.is_keyed() && form.namespace.is_some(), true)?,
        user_key: ty("user_key", &form.user_key, matches!(kind, Kind::Map | Kind::Broadcast), true)?,
        value: ty("value", &value, !kind.is_timers(), false)?,
        ttl: form.ttl,
    })
}

/// The type of keys, namespaces, and keys of maps.
fn key_type(text: &str) -> Result<Type, String> {
    let ty: Type = text.parse()?;
    if ty.is_key() { Ok(ty) } else { Err(format!("{ty} cannot be looked up")) }
}

/// A name, which has a character at least.
fn name(form: &Json, n: Option<usize>) -> Result<String, String> {
    let form = n.map_or_else(|| form.clone(), |n| literal::substitute(form, n));
    match literal::read(&Type::String, &form)? {
        // As Flink stores it.
        Json::String(name) if modified_utf8(&name) > 65535 => Err("longer than 65535 bytes".to_owned()),
        Json::String(name) if !name.is_empty() => Ok(name),
        _ => Err("is no name".to_owned()),
    }
}

/// How many bytes a name has in modified UTF-8.
fn modified_utf8(name: &str) -> usize {
    let unit = |unit: u16| match unit {
        1..=0x7F => 1,
        0 | 0x80..=0x7FF => 2,
        _ => 3,
    };
    name.encode_utf16().map(unit).sum()
}
