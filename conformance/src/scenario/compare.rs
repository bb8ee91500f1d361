//! Whether what came back is what had to come back.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value as Json;

use super::literal::normalize;
use super::program::{Kind, Line, Restore, State};
use super::types::Type;

/// So many lines of difference are shown.
const SHOWN: usize = 50;
/// So long can a line of difference be, in characters.
const LONG: usize = 400;

/// What is missing (`-`) and what should not be there (`+`); empty if nothing is. The order of lines and of the entries of a map does
/// not count, that of the elements of a list does.
pub fn compare(restore: &Restore, expected: &[Line], found: &[Line]) -> Vec<String> {
    let types = Types::of(restore);
    // How often a line is found, less how often it is expected.
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for (lines, one) in [(expected, -1), (found, 1)] {
        for line in lines {
            *counts.entry(types.text(line)).or_default() += one;
        }
    }
    let differing: Vec<(String, i64)> = counts.into_iter().filter(|(_, count)| *count != 0).collect();
    let more = differing.len().saturating_sub(SHOWN);
    let shown = differing.into_iter().take(SHOWN).map(|(line, count)| {
        let times = if count.abs() == 1 { String::new() } else { format!(" ({} times)", count.abs()) };
        format!("{} {}{times}", if count < 0 { '-' } else { '+' }, abridged(&line))
    });
    shown.chain((more > 0).then(|| format!("... and {more} more"))).collect()
}

/// A text without its middle, if it is long.
pub(super) fn abridged(text: &str) -> String {
    let length = text.chars().count();
    if length <= LONG {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONG / 2).collect();
    let tail: String = text.chars().skip(length - LONG / 4).collect();
    format!("{head} ...{} characters... {tail}", length - LONG / 2 - LONG / 4)
}

/// The types of everything in a restore.
struct Types<'r> {
    states: HashMap<(&'r str, Kind, &'r str), StateTypes>,
}

#[derive(Default)]
struct StateTypes {
    key: Option<Type>,
    namespace: Option<Type>,
    user_key: Option<Type>,
    value: Option<Type>,
}

impl<'r> Types<'r> {
    fn of(restore: &'r Restore) -> Self {
        let ty = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Type>().ok());
        let types = |key: &Option<String>, state: &State| {
            let value = ty(&state.value);
            StateTypes {
                key: ty(key),
                namespace: ty(&state.namespace),
                user_key: ty(&state.user_key),
                // A line has all elements of a list.
                value: if state.kind == Kind::List { value.map(|one| Type::List(Box::new(one))) } else { value },
            }
        };
        let states = restore.operators.iter().flat_map(|operator| {
            operator.states.iter().map(move |state| {
                ((operator.uid.as_str(), state.kind, state.name.as_str()), types(&operator.key, state))
            })
        });
        Self { states: states.collect() }
    }

    /// A line in its one form.
    fn text(&self, line: &Line) -> String {
        let none = StateTypes::default();
        let kind_and_name = line.kind.zip(line.state.as_deref());
        let types = kind_and_name.and_then(|(kind, name)| self.states.get(&(line.operator.as_str(), kind, name)));
        let types = types.unwrap_or(&none);
        let part = |ty: &Option<Type>, value: &Option<Json>| match (ty, value) {
            (Some(ty), Some(value)) => Some(normalize(ty, value.clone())),
            (_, value) => value.clone(),
        };
        let normal = Line {
            key: part(&types.key, &line.key),
            namespace: part(&types.namespace, &line.namespace),
            user_key: part(&types.user_key, &line.user_key),
            value: part(&types.value, &line.value),
            ..line.clone()
        };
        serde_json::to_string(&normal).unwrap_or_default()
    }
}
