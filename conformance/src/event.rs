//! What happens in a run, one JSON object to a line of `events.jsonl`. Everything else is rendered from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::adapter::Hello;
use crate::verdict::Verdict;

/// A line of the events file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The first line.
    Run(Run),
    /// An adapter has said who it is, or failed to.
    Adapter(About),
    /// What is run: for reports, and to see whether a run can be resumed.
    Scenario(Case),
    /// A producer has run a scenario, or failed to.
    Produced(Produced),
    /// A cell is decided.
    Cell(Cell),
    /// The last line of a complete run.
    End(End),
}

/// What the run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Version of the events' form.
    pub version: u32,
    /// Version of the suite.
    pub suite: String,
    /// Edition of the specification.
    pub edition: String,
    /// When it started (RFC 3339).
    pub started: String,
    /// The command line.
    pub command: Vec<String>,
    /// How many cells are planned.
    pub planned: u64,
}

/// An adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct About {
    /// As the matrix names it: `flink-2.3.0-rocksdb`.
    pub id: String,
    /// Who it says it is. None: it did not answer, or is no program (golden vectors, the checker).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hello: Option<Hello>,
    /// How it is started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Why it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// A scenario or a vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// What it is about, in a line.
    pub title: String,
    /// The requirements that it is about.
    pub requirements: Vec<String>,
    /// The bugs that it would have caught.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bugs: Vec<String>,
    /// What an adapter has to support for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
}

/// A savepoint that a producer left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Produced {
    /// Who.
    pub producer: String,
    /// Which scenario.
    pub scenario: String,
    /// Whether there is a savepoint: *pass*, or why not.
    pub verdict: Verdict,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The savepoint, relative to the run's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub savepoint: Option<String>,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

/// A cell of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// Who wrote the savepoint.
    pub producer: String,
    /// Who read it; `check` are the rules of the specification.
    pub consumer: String,
    /// The scenario or vector.
    pub case: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Why it is not a pass, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The requirements that are not kept, the most likely first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blames: Vec<String>,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// What there is to look at, if it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// What a failing cell opens onto.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// A command line that does it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What was expected and did not come: `-`; what came and was not expected: `+`. Bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<String>,
    /// Findings of the rules, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// The end of what the adapter wrote to standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Where the whole log is, relative to the run's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_file: Option<String>,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    /// Whether it is good: nothing failed unexpectedly, and something was run.
    pub good: bool,
    /// Entries of the known-failures file that nothing matched, or that matched a pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
    /// How long it took, in milliseconds.
    pub millis: u64,
}
