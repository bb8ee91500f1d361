//! A scenario as its file has it. `docs/scenarios.md` explains the language.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::program::{Compression, Kind, Verb};

/// A scenario: a small program of state operations, and how many entries must come back.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Scenario")]
pub struct File {
    /// The name of the file, without `.toml`.
    pub id: String,
    /// What it is about, in a line.
    pub title: String,
    /// Why it is there: what goes wrong in a backend that fails it.
    pub about: String,
    /// The requirements that it is about, the most specific first. At least one.
    pub requirements: Vec<String>,
    /// The bugs that it would have caught: `FLINK-19748`, `PR 27584`.
    #[serde(default)]
    pub bugs: Vec<String>,
    /// Whether it is one of the few that are always run with real Flink.
    #[serde(default)]
    pub core: bool,
    /// Number of key groups of each operator: 1 to 32768.
    #[serde(default = "default_max_parallelism")]
    pub max_parallelism: u32,
    /// Subtasks of each operator, a number for each stage. Between two stages a savepoint is taken and restored.
    #[serde(default = "default_parallelism")]
    pub parallelism: Vec<u32>,
    /// Subtasks of each operator at the restore; those of the last stage if it is left out.
    #[serde(default)]
    pub restore_parallelism: Option<u32>,
    /// Whether keyed state is compressed.
    #[serde(default)]
    pub compression: Compression,
    /// Whether small state stands in `_metadata`, instead of in files.
    #[serde(default)]
    pub inline: bool,
    /// How many lines must come back, counted by hand: it checks what is computed.
    pub entries: usize,
    /// The operators, in the order of the job.
    #[serde(rename = "operator")]
    pub operators: Vec<OperatorForm>,
}

/// An operator.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorForm {
    /// Its uid.
    pub uid: Json,
    /// Type of its keys. Without it there is no keyed state.
    #[serde(default)]
    pub key: Option<String>,
    /// Its own number of key groups.
    #[serde(default)]
    pub max_parallelism: Option<u32>,
    /// Whether all of its subtasks have finished when the savepoints are taken.
    #[serde(default)]
    pub finished: bool,
    /// Its states, in the order in which they are registered.
    #[serde(default, rename = "state")]
    pub states: Vec<StateForm>,
    /// What it does, in this order.
    #[serde(default, rename = "op")]
    pub operations: Vec<OperationForm>,
}

/// A state, or `times` of them with `{i}` in the name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateForm {
    /// Its name; of timers, that of their service.
    pub name: Json,
    /// What kind of state.
    pub kind: Kind,
    /// Type of its namespaces. Without it, the void namespace.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Type of the keys, of map and broadcast state.
    #[serde(default)]
    pub user_key: Option<String>,
    /// Type of its values; of lists, that of the elements. Reducing and aggregating state have longs, timers nothing.
    #[serde(default)]
    pub value: Option<String>,
    /// Whether its values have a time to live.
    #[serde(default)]
    pub ttl: bool,
    /// The stages that register it, from 1; all if it is left out.
    #[serde(default)]
    pub stages: Option<Vec<usize>>,
    /// How many states there are of this form: `{i}` in the name counts from 0.
    #[serde(default)]
    pub times: Option<usize>,
}

/// An operation, or `times` of them with `{i}` in its strings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationForm {
    /// What it does.
    #[serde(rename = "do")]
    pub verb: Verb,
    /// Name of the state.
    pub state: Json,
    /// Kind of the state, where there are several of its name.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// The stage that does it, from 1.
    #[serde(default = "first")]
    pub stage: usize,
    /// The key.
    #[serde(default)]
    pub key: Option<Json>,
    /// The namespace.
    #[serde(default)]
    pub namespace: Option<Json>,
    /// The key in the map.
    #[serde(default)]
    pub user_key: Option<Json>,
    /// The value or element.
    #[serde(default)]
    pub value: Option<Json>,
    /// When the timer fires, in milliseconds.
    #[serde(default)]
    pub timestamp: Option<Json>,
    /// The subtask that adds it, of split and union state; 0 if it is left out.
    #[serde(default)]
    pub subtask: Option<u32>,
    /// How often it is done: `{i}` in its strings counts from 0.
    #[serde(default)]
    pub times: Option<usize>,
}

fn default_max_parallelism() -> u32 {
    128
}

fn default_parallelism() -> Vec<u32> {
    vec![2]
}

fn first() -> usize {
    1
}
