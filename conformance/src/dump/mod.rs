//! The canonical dump of a savepoint: what it holds, decoded, line by line.
//!
//! | line | fields |
//! |---|---|
//! | the first | `dump`: the version of this format |
//! | a master state | `master_state`, `version`, `payload` |
//! | an operator | `operator`, `uid`, `name`, `max_parallelism`, `fully_finished` |
//! | a state | `operator`, `kind`, `state`, `key_type`, `namespace_type`, `value_type`, `volatile`, `inferred` |
//! | an entry | `operator`, `kind`, `state`, `key_group`, `key`, `namespace`, `user_key`, `timestamp`, `value` |
//!
//! Operators come by id, states by kind and name, entries by key group and bytes: two savepoints of the same content have the same
//! lines, whatever backend wrote them. `fields` that a line has nothing for are left out.

mod filter;
mod sorted;
mod state;
mod value;

use std::collections::BTreeMap;
use std::io::{self, Write};

use flink_savepoint::keyed::MaxParallelism;
use flink_savepoint::logical::{About, Place, StateKey, Visitor, visit};
use flink_savepoint::metadata::Operator;
use flink_savepoint::savepoint::{Savepoint, Store};
use serde_json::{Map, Value as Json, json};

pub use filter::Filter;
use sorted::Wanted;
use state::State;
pub use value::to_json;

use crate::json;
use crate::text::hex;

/// The version of the format.
pub const VERSION: u32 = 1;

/// What the dump found besides entries.
#[derive(Debug, Default)]
pub struct Summary {
    /// Lines of entries.
    pub entries: u64,
    /// What could not be read. Entries of these parts are missing.
    pub failures: Vec<String>,
    /// Entries in a key group that their key does not belong to, the first of them described.
    pub misplaced: Findings,
    /// Entries of which a part cannot be decoded, although its type says how.
    pub undecoded: Findings,
}

/// A number of findings; the first are described.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl Findings {
    const DESCRIBED: usize = 5;

    fn add(&mut self, text: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < Self::DESCRIBED {
            self.first.push(text());
        }
    }
}

/// How to dump.
#[derive(Debug)]
pub struct Options {
    /// What is left out.
    pub filter: Filter,
    /// Raw bytes beside what is decoded.
    pub raw: bool,
    /// Bytes of entries that are sorted at a time.
    pub memory: usize,
}

/// Writes the dump.
pub fn write<S: Store>(
    savepoint: &Savepoint<'_, S>,
    options: &Options,
    progress: &mut dyn FnMut(u64),
    out: &mut impl Write,
) -> io::Result<Summary> {
    let mut summary = Summary::default();
    line(out, &json!({ "dump": VERSION }))?;
    if options.filter.is_everything() {
        for master in &savepoint.metadata().master_states {
            let payload = hex(&master.payload);
            line(
                out,
                &json!({ "master_state": master.name.to_string(), "version": master.version, "payload": payload }),
            )?;
        }
    }
    let mut operators: Vec<Operator<'_>> = savepoint.metadata().operators.iter().collect();
    operators.sort_by_key(|operator| operator.id);
    for operator in operators.iter().filter(|operator| options.filter.matches_operator(operator)) {
        write_operator(savepoint, operator, options, progress, &mut summary, out)?;
    }
    Ok(summary)
}

fn write_operator<'a, S: Store>(
    savepoint: &Savepoint<'a, S>,
    operator: &Operator<'a>,
    options: &Options,
    progress: &mut dyn FnMut(u64),
    summary: &mut Summary,
    out: &mut impl Write,
) -> io::Result<()> {
    let id = operator.id.to_string();
    let mut fields = Map::new();
    fields.insert("operator".into(), id.as_str().into());
    for (name, text) in [("uid", &operator.uid), ("name", &operator.name)] {
        if let Some(text) = text {
            fields.insert(name.into(), text.to_string().into());
        }
    }
    fields.insert("max_parallelism".into(), operator.max_parallelism.into());
    if operator.is_fully_finished() {
        fields.insert("fully_finished".into(), true.into());
    }
    line(out, &Json::Object(fields))?;

    let max = MaxParallelism::new(operator.max_parallelism);
    let mut headers = Headers { states: BTreeMap::new(), max, filter: &options.filter };
    visit(savepoint, operator, &mut headers);
    let states: Vec<State> = headers.states.into_values().collect();
    let wanted = Entries {
        numbers: states.iter().enumerate().map(|(i, state)| (state.key.clone(), i)).collect(),
        states: &states,
        filter: &options.filter,
    };
    // States without entries are introduced, too.
    let mut introduced = 0;
    let mut introduce = |upto: usize, out: &mut dyn Write| -> io::Result<()> {
        while introduced < upto {
            if let Some(state) = states.get(introduced) {
                line(out, &Json::Object(state.header(&id)))?;
            }
            introduced += 1;
        }
        Ok(())
    };
    let emit = |item: &sorted::Item, count| -> io::Result<()> {
        let Some(state) = states.get(item.0) else { return Ok(()) };
        introduce(item.0 + 1, out)?;
        let found = state.line(&id, item, count, options.raw);
        let place =
            || format!("operator {id}, state {}, key {}", state.key, found.fields.get("key").unwrap_or(&Json::Null));
        if let Some(belongs_to) = found.misplaced {
            let group = item.1.unwrap_or_default();
            summary.misplaced.add(|| format!("{}: in key group {group}, belongs to {belongs_to}", place()));
        }
        if let Some(error) = &found.undecoded {
            summary.undecoded.add(|| format!("{}: {error}", place()));
        }
        summary.entries += 1;
        line(out, &Json::Object(found.fields))
    };
    let visited = sorted::for_each(savepoint, operator, &wanted, options.memory, progress, emit)?;
    introduce(states.len(), out)?;
    summary.failures.extend(visited.failures.iter().map(ToString::to_string));
    Ok(())
}

fn line(out: &mut (impl Write + ?Sized), json: &Json) -> io::Result<()> {
    out.write_all(json::line(json)?.as_bytes())
}

/// Collects the states, and reads no entry of keyed state.
struct Headers<'f> {
    states: BTreeMap<StateKey, State>,
    max: Option<MaxParallelism>,
    filter: &'f Filter,
}

impl Visitor for Headers<'_> {
    fn state(&mut self, state: &StateKey, about: &About<'_>) -> Option<usize> {
        if self.filter.matches_state(state) {
            self.states.entry(state.clone()).or_insert_with(|| State::new(state, about, self.max));
        }
        None
    }

    fn wants_group(&self, _: u16) -> bool {
        false
    }

    fn wants_other(&self) -> bool {
        self.filter.wants_other()
    }

    fn entry(&mut self, _: Place, _: &[u8], _: &[u8]) {}
}

struct Entries<'s> {
    numbers: BTreeMap<StateKey, usize>,
    states: &'s [State],
    filter: &'s Filter,
}

impl Wanted for Entries<'_> {
    fn state(&self, state: &StateKey) -> Option<usize> {
        self.numbers.get(state).copied()
    }

    fn group(&self, key_group: u16) -> bool {
        self.filter.wants_group(key_group)
    }

    fn other(&self) -> bool {
        self.filter.wants_other()
    }

    fn entry(&self, place: Place, key: &[u8]) -> bool {
        self.filter.wants_key(|| self.states.get(place.state).and_then(|state| state.key_of(key)), key)
    }
}
