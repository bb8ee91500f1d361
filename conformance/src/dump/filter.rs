//! What of a savepoint is dumped.

use std::str::FromStr;

use clap::Args;
use flink_savepoint::logical::StateKey;
use flink_savepoint::metadata::{Operator, OperatorId};
use globset::{Glob, GlobMatcher};
use serde_json::Value as Json;

use crate::text::hex;

/// Which operators, states, key groups and keys are wanted; all of those that nothing is said of.
#[derive(Debug, Clone, Default, Args)]
pub struct Filter {
    /// Only operators with this id, uid or name
    #[arg(long, value_name = "GLOB")]
    operator: Vec<Pattern>,

    /// Only states of this name, or kind and name as `inspect` prints them ("MAP my-state")
    #[arg(long, value_name = "GLOB")]
    state: Vec<Pattern>,

    /// Only these key groups: a number or a range like 0-31
    #[arg(long, value_name = "N|A-B")]
    key_group: Vec<Groups>,

    /// Only entries of this key, as the dump writes it in JSON; quotes around a string may be left out
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
}

#[derive(Debug, Clone)]
struct Pattern {
    glob: GlobMatcher,
    /// The id of an operator with that uid: before version 5 the metadata has no uids.
    uid_hash: OperatorId,
}

impl FromStr for Pattern {
    type Err = globset::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { glob: Glob::new(text)?.compile_matcher(), uid_hash: OperatorId::from_uid(text) })
    }
}

#[derive(Debug, Clone, Copy)]
struct Groups(u16, u16);

impl FromStr for Groups {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse().map_err(|_| format!("{text:?} is not a key group"));
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(text)?, number(text)?),
        };
        if first > last { Err(format!("{first} is above {last}")) } else { Ok(Self(first, last)) }
    }
}

impl Filter {
    /// Whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        self.operator.is_empty() && self.state.is_empty() && self.key_group.is_empty() && self.key.is_empty()
    }

    pub(super) fn matches_operator(&self, operator: &Operator<'_>) -> bool {
        self.operator.is_empty()
            || self.operator.iter().any(|pattern| {
                pattern.uid_hash == operator.id
                    || pattern.glob.is_match(operator.id.to_string())
                    || [&operator.uid, &operator.name]
                        .into_iter()
                        .flatten()
                        .any(|name| pattern.glob.is_match(&*name.to_text()))
            })
    }

    pub(super) fn matches_state(&self, state: &StateKey) -> bool {
        self.state.is_empty()
            || self.state.iter().any(|pattern| {
                pattern.glob.is_match(&*state.name.to_text()) || pattern.glob.is_match(state.to_string())
            })
    }

    pub(super) fn wants_group(&self, key_group: u16) -> bool {
        self.key_group.is_empty() || self.key_group.iter().any(|groups| (groups.0..=groups.1).contains(&key_group))
    }

    /// State outside of keyed state is in no key group.
    pub(super) fn wants_other(&self) -> bool {
        self.key_group.is_empty()
    }

    /// Whether an entry's key is wanted, by its JSON form or, where there is none, by its bytes in hex.
    pub(super) fn wants_key(&self, json: impl FnOnce() -> Option<Json>, raw: &[u8]) -> bool {
        if self.key.is_empty() {
            return true;
        }
        match json() {
            Some(json) => self.key.iter().any(|wanted| {
                json.as_str().is_some_and(|text| text == wanted)
                    || serde_json::from_str::<Json>(wanted).is_ok_and(|wanted| wanted == json)
            }),
            None => self.key.contains(&hex(raw)),
        }
    }
}
