//! Where the reference differs from Flink's own readers on purpose, and how often mutated inputs showed it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A deliberate deviation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// Its id, never reused.
    pub id: String,
    /// A few words.
    pub title: String,
    /// What kinds of input show it: `metadata`, `keyed`, `snapshot`.
    pub kinds: Vec<String>,
    /// Who accepts what.
    pub direction: Direction,
    /// Releases that differ.
    pub releases: String,
    /// What each does, and why the reference does not do as Flink does.
    pub reason: String,
    /// The requirements that it follows from.
    pub requirements: Vec<String>,
}

/// Who accepts what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Flink reads what the reference refuses.
    FlinkAccepts,
    /// Flink reads what the reference refuses in strict reading only.
    FlinkAcceptsStrict,
    /// Flink refuses what the reference reads.
    FlinkRejects,
    /// Both read it, as something else.
    ContentDiffers,
}

impl Direction {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::FlinkAccepts => "Flink accepts",
            Self::FlinkAcceptsStrict => "Flink accepts, so does lenient reading",
            Self::FlinkRejects => "Flink refuses",
            Self::ContentDiffers => "content differs",
        }
    }
}

/// A run of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Kind of input.
    pub kind: String,
    /// Release of Flink.
    pub release: String,
    /// Seed of the inputs.
    pub seed: u64,
    /// How many inputs.
    pub inputs: u64,
    /// How many of them Flink accepted.
    pub accepted: u64,
    /// About how many both said the same.
    pub agreed: u64,
    /// How many showed a deviation, by its id. One input may show several.
    #[serde(default)]
    pub deviations: BTreeMap<String, u64>,
}

/// The file of runs.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Runs {
    /// Newest release last.
    #[serde(default)]
    pub run: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    deviation: Vec<Deviation>,
}

static ALL: LazyLock<Registry> =
    LazyLock::new(|| crate::parse("deviations", include_str!("../registry/deviations.toml")));

static RUNS: LazyLock<Runs> =
    LazyLock::new(|| crate::parse("differential", include_str!("../registry/differential.toml")));

/// All deviations.
pub fn all() -> &'static [Deviation] {
    &ALL.deviation
}

/// The deviation of that id.
pub fn get(id: &str) -> Option<&'static Deviation> {
    all().iter().find(|one| one.id == id)
}

/// The runs whose results are recorded.
pub fn runs() -> &'static [Run] {
    &RUNS.run
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_requirements_are_there() {
        let ids: BTreeSet<_> = all().iter().map(|one| &one.id).collect();
        assert_eq!(ids.len(), all().len());
        for one in all() {
            assert!(one.id.starts_with("DEV-"), "{}", one.id);
            assert!(!one.kinds.is_empty() && !one.requirements.is_empty(), "{}", one.id);
            for requirement in &one.requirements {
                assert!(crate::requirements::get(requirement).is_some(), "{}: {requirement}", one.id);
            }
        }
    }

    #[test]
    fn runs_count_known_deviations() {
        for run in runs() {
            assert!(run.agreed <= run.inputs && run.accepted <= run.inputs);
            for id in run.deviations.keys() {
                assert!(get(id).is_some_and(|one| one.kinds.contains(&run.kind)), "{} {id}", run.kind);
            }
        }
    }
}
