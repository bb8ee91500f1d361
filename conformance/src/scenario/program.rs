//! A scenario as adapters receive it: everything spelled out, nothing to expand or to compute.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What a producer runs: one job, stage after stage. Between two stages it takes a savepoint and restores it; after the last one
/// it takes the savepoint that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Id of the scenario.
    pub scenario: String,
    /// What an adapter has to support; see `hello`.
    pub features: Vec<String>,
    /// Whether and how keyed state is compressed.
    pub compression: Compression,
    /// Whether small state stands in `_metadata`. Without it there is a file for every stream.
    pub inline: bool,
    /// At least one.
    pub stages: Vec<Stage>,
}

/// How the sections of key groups are compressed (`execution.checkpointing.snapshot-compression`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not.
    #[default]
    None,
    /// With Snappy.
    Snappy,
}

/// A run of the job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Subtasks of each operator.
    pub parallelism: u32,
    /// All operators of the job, in the same order in every stage.
    pub operators: Vec<Operator>,
}

/// An operator in a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Its uid; its id is the hash of it.
    pub uid: String,
    /// Number of key groups.
    pub max_parallelism: u32,
    /// Type of the keys. None: it has no keyed state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether all of its subtasks have finished when the savepoint is taken. It has neither states nor operations then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finished: bool,
    /// The states that it registers in this stage, in that order.
    pub states: Vec<State>,
    /// What it does in this stage, in that order. Operations of one key keep their order; the order among keys is free.
    #[serde(default)]
    pub operations: Vec<Operation>,
}

/// A state of an operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Its name; of timers, that of their service.
    pub name: String,
    /// What kind of state.
    pub kind: Kind,
    /// Type of the namespace, of keyed state and timers. None: the void namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Type of the keys of map and broadcast state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_key: Option<String>,
    /// Type of a value: of the elements of lists, of the values of maps. Timers have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether its values have a time to live, of 10,000 days.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ttl: bool,
}

/// Kinds of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `ValueState`: put, clear.
    Value,
    /// `ListState`: add, clear.
    List,
    /// `MapState`: put, remove, clear.
    Map,
    /// `ReducingState`, which keeps the sum: add, clear. Its values are longs.
    Reducing,
    /// `AggregatingState`, whose accumulator is the sum: add, clear. Its values are longs.
    Aggregating,
    /// Event timers of an `InternalTimerService`: put, remove.
    EventTimers,
    /// Processing timers of an `InternalTimerService`: put, remove.
    ProcessingTimers,
    /// List state of an operator, split at a restore: add.
    Split,
    /// List state of an operator, of which every subtask gets the whole: add.
    Union,
    /// Broadcast state: put, remove, by all subtasks alike.
    Broadcast,
}

impl Kind {
    /// As it is spelled.
    pub fn label(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::List => "list",
            Self::Map => "map",
            Self::Reducing => "reducing",
            Self::Aggregating => "aggregating",
            Self::EventTimers => "event-timers",
            Self::ProcessingTimers => "processing-timers",
            Self::Split => "split",
            Self::Union => "union",
            Self::Broadcast => "broadcast",
        }
    }

    /// Whether state of this kind belongs to a key, as timers do.
    pub fn is_keyed(self) -> bool {
        !matches!(self, Self::Split | Self::Union | Self::Broadcast)
    }

    /// Whether it is one of the two kinds of timers.
    pub fn is_timers(self) -> bool {
        matches!(self, Self::EventTimers | Self::ProcessingTimers)
    }
}

/// One operation.
///
/// | `do` | state | members |
/// |---|---|---|
/// | `put` | value | `key`, `namespace`, `value` |
/// | `put` | map | `key`, `namespace`, `user_key`, `value` |
/// | `put` | timers | `key`, `namespace`, `timestamp` |
/// | `put` | broadcast | `user_key`, `value` |
/// | `add` | list, reducing, aggregating | `key`, `namespace`, `value` |
/// | `add` | split, union | `subtask`, `value` |
/// | `remove` | map, timers, broadcast | as `put`, without `value` |
/// | `clear` | value, list, map, reducing, aggregating | `key`, `namespace` |
///
/// Values are JSON by their types, as the canonical dump writes them. A null is a null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// What it does.
    #[serde(rename = "do")]
    pub verb: Verb,
    /// Name of the state.
    pub state: String,
    /// Kind of the state, since timers of both kinds may have one name.
    pub kind: Kind,
    /// The key, of keyed state and timers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Json>,
    /// The namespace; none: the void namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Json>,
    /// The key in a map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_key: Option<Json>,
    /// The value or element. Absent in operations that have none; `null` is a null value.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// When a timer fires, a decimal. Those of the suite are far in the future, or event timers without a watermark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Which subtask does it, of split and union state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtask: Option<u32>,
}

/// Keeps a JSON null apart from nothing.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// What operations do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Sets.
    Put,
    /// Adds to what is there.
    Add,
    /// Takes one entry out.
    Remove,
    /// Takes everything out that a key has in a namespace.
    Clear,
}

/// What a consumer restores with: the job of the last stage, at another parallelism and without operations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Id of the scenario.
    pub scenario: String,
    /// What an adapter has to support; see `hello`.
    pub features: Vec<String>,
    /// As of the program.
    pub compression: Compression,
    /// Subtasks of each operator.
    pub parallelism: u32,
    /// All operators, with the states that they register.
    pub operators: Vec<Operator>,
}

/// What is in a state, as a consumer has found it: one line for each entry.
///
/// | kind | members |
/// |---|---|
/// | value, list, reducing, aggregating | `key`, `namespace`, `value`: of a list the array of its elements, in their order |
/// | map | `key`, `namespace`, `user_key`, `value`: one line for each entry |
/// | timers | `key`, `namespace`, `timestamp` |
/// | split | `value`: one line for each element, `subtask` left out |
/// | union | `subtask`, `value`: every subtask lists what it got |
/// | broadcast | `subtask`, `user_key`, `value`: every subtask lists what it got |
///
/// `namespace` is left out if it is void; values with a time to live stand without their clock. The order of the lines is free.
/// A finished operator has one line with nothing but `operator` and `finished`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Uid of the operator.
    pub operator: String,
    /// That it is finished.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finished: bool,
    /// Name of the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The subtask that has it, of union and broadcast state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtask: Option<u32>,
    /// The key.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub key: Option<Json>,
    /// The namespace.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Json>,
    /// The key in a map.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub user_key: Option<Json>,
    /// The value.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// When a timer fires, a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

impl Line {
    /// One that names its operator and nothing else.
    pub(crate) fn of(operator: &str) -> Self {
        Self {
            operator: operator.to_owned(),
            finished: false,
            state: None,
            kind: None,
            subtask: None,
            key: None,
            namespace: None,
            user_key: None,
            value: None,
            timestamp: None,
        }
    }
}
