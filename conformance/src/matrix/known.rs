//! Failures that are known: the implementer's own list, with a reason for each.

use std::fs;
use std::path::Path;

use globset::{Glob, GlobMatcher};
use serde::Deserialize;

use crate::event::Cell;
use crate::verdict::Verdict;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    failure: Vec<Entry>,
}

/// An entry, as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default = "any")]
    producer: String,
    #[serde(default = "any")]
    consumer: String,
    #[serde(default = "any")]
    scenario: String,
    reason: String,
    issue: Option<String>,
}

fn any() -> String {
    "*".to_owned()
}

/// An entry of a known-failures file.
#[derive(Debug, Clone)]
struct Known {
    /// As errors name it.
    name: String,
    producer: GlobMatcher,
    consumer: GlobMatcher,
    scenario: GlobMatcher,
    /// Why it fails, with the bug's id.
    why: String,
}

impl Known {
    fn covers(&self, producer: &str, consumer: &str, case: &str) -> bool {
        self.producer.is_match(producer) && self.consumer.is_match(consumer) && self.scenario.is_match(case)
    }
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct KnownFailures {
    entries: Vec<Known>,
}

impl KnownFailures {
    /// Adds the entries of a file.
    pub fn read(&mut self, path: &Path) -> Result<(), String> {
        let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        self.parse(&text, &path.display().to_string())
    }

    fn parse(&mut self, text: &str, file: &str) -> Result<(), String> {
        let parsed: File = toml::from_str(text).map_err(|e| format!("{file}: {e}"))?;
        for (at, entry) in parsed.failure.into_iter().enumerate() {
            let glob = |pattern: &str| match Glob::new(pattern) {
                Ok(glob) => Ok(glob.compile_matcher()),
                Err(e) => Err(format!("{file}: failure {}: {e}", at + 1)),
            };
            let Entry { producer, consumer, scenario, reason, issue } = entry;
            if reason.trim().is_empty() {
                return Err(format!("{file}: failure {}: no reason", at + 1));
            }
            self.entries.push(Known {
                name: format!("{file}: {producer} -> {consumer}, {scenario}: {reason}"),
                producer: glob(&producer)?,
                consumer: glob(&consumer)?,
                scenario: glob(&scenario)?,
                why: issue.map_or_else(|| reason.clone(), |issue| format!("{issue}: {reason}")),
            });
        }
        Ok(())
    }

    /// Turns a failure that is known into an expected one, and a pass that is not expected into an unexpected one. `excusable`
    /// failures are those of the implementation; an adapter that breaks the protocol is none.
    pub fn apply(&self, cell: &mut Cell, excusable: bool) {
        let Cell { producer, consumer, case, verdict, reason, .. } = cell;
        let Some(known) = self.entries.iter().find(|known| known.covers(producer, consumer, case)) else { return };
        if excusable {
            *reason = Some(match reason.take() {
                Some(reason) => format!("{} ({verdict}: {reason})", known.why, verdict = verdict.label()),
                None => known.why.clone(),
            });
            *verdict = Verdict::ExpectedFail;
        } else if *verdict == Verdict::Pass {
            *reason = Some(format!("passes, and is listed as failing: {}", known.name));
            *verdict = Verdict::UnexpectedPass;
        }
    }

    /// The entries that no failure falls under, of those that cells of this run fall under; with `all`, of all.
    pub fn stale<'c>(&self, cells: &(impl Iterator<Item = &'c Cell> + Clone), all: bool) -> Vec<String> {
        let stale = self.entries.iter().filter_map(|known| {
            let covered = cells.clone().filter(|cell| known.covers(&cell.producer, &cell.consumer, &cell.case));
            let (mut any, mut failed) = (0_u64, false);
            for cell in covered {
                any += 1;
                failed |= cell.verdict == Verdict::ExpectedFail;
            }
            if failed || any == 0 && !all {
                return None;
            }
            let why =
                if any == 0 { "no cell falls under it".to_owned() } else { format!("none of {any} cells failed") };
            Some(format!("{} ({why})", known.name))
        });
        stale.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(producer: &str, case: &str, verdict: Verdict) -> Cell {
        Cell {
            producer: producer.to_owned(),
            consumer: "c".to_owned(),
            case: case.to_owned(),
            verdict,
            reason: None,
            blames: Vec::new(),
            millis: 0,
            evidence: None,
        }
    }

    #[test]
    fn entries_apply_by_glob_and_go_stale() {
        let mut known = KnownFailures::default();
        let text = r#"
            [[failure]]
            producer = "flink-1.13*"
            scenario = "broadcast-{a,b}"
            reason = "swapped"
            issue = "FLINK-11087"
            [[failure]]
            scenario = "timers"
            reason = "lost"
            [[failure]]
            producer = "nobody"
            reason = "never"
        "#;
        known.parse(text, "f").unwrap();
        let table = [
            ("flink-1.13.6-hashmap", "broadcast-a", Verdict::Fail, true, Verdict::ExpectedFail),
            ("flink-1.13.6-hashmap", "broadcast-b", Verdict::Pass, false, Verdict::UnexpectedPass),
            ("flink-1.13.6-hashmap", "broadcast-c", Verdict::Fail, true, Verdict::Fail),
            ("flink-1.14.6-hashmap", "broadcast-a", Verdict::Crash, true, Verdict::Crash),
            ("flink-1.14.6-hashmap", "timers", Verdict::AdapterError, false, Verdict::AdapterError),
        ];
        let mut cells = Vec::new();
        for (producer, case, verdict, excusable, expected) in table {
            let mut one = cell(producer, case, verdict);
            known.apply(&mut one, excusable);
            assert_eq!(one.verdict, expected, "{producer} {case}");
            cells.push(one);
        }
        assert_eq!(cells[0].reason.as_deref(), Some("FLINK-11087: swapped"));
        let stale = known.stale(&cells.iter(), false);
        assert_eq!(stale, ["f: * -> *, timers: lost (none of 1 cells failed)"]);
        let stale = known.stale(&cells.iter(), true);
        assert_eq!(stale.len(), 2);
        assert_eq!(stale[1], "f: nobody -> *, *: never (no cell falls under it)");
    }

    #[test]
    fn errors_name_the_file() {
        for text in [
            "[[failure]]\nscenario = 'x'",
            "[[failure]]\nreason = 'r'\nscenario = '['",
            "[[failure]]\nreason = ' '",
            "[[known]]",
        ] {
            assert!(
                KnownFailures::default().parse(text, "list.toml").unwrap_err().starts_with("list.toml: "),
                "{text}"
            );
        }
    }
}
