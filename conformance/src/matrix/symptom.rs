//! What a difference looks like: where everything that is missing or too much is of one kind, that says which requirement is not kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::cases::Task;
use crate::scenario::{Kind, Line, compare};

/// The requirement that the difference points at, if it points at one.
pub(super) fn of(task: &Task, found: &[Line]) -> Option<&'static str> {
    let mut extra: BTreeMap<String, Vec<&Line>> = BTreeMap::new();
    for line in found {
        extra.entry(text(line)).or_default().push(line);
    }
    let is_missing = |line: &&Line| extra.get_mut(&text(line)).is_none_or(|same| same.pop().is_none());
    let mut missing: Vec<&Line> = task.expected.iter().filter(is_missing).collect();
    let mut extra: Vec<&Line> = extra.into_values().flatten().collect();
    // What is written in two ways, as the entries of a map, is the same to the comparison.
    if missing.len().saturating_mul(extra.len()) <= MOST {
        missing.retain(|line| {
            let same = extra.iter().position(|other| {
                let [line, other] = [*line, *other].map(std::slice::from_ref);
                compare(&task.restore, line, other).is_empty()
            });
            same.map(|at| extra.swap_remove(at)).is_none()
        });
    }
    let [missing, extra] = [missing, extra].map(|lines| lines.into_iter().cloned().collect());
    Difference { task, missing, extra }.symptom()
}

/// So many pairs of lines are compared.
const MOST: usize = 2_500;

struct Difference<'d> {
    task: &'d Task,
    /// What did not come back.
    missing: Vec<Line>,
    /// What came instead, or besides.
    extra: Vec<Line>,
}

impl Difference<'_> {
    fn symptom(&self) -> Option<&'static str> {
        if self.all().any(|line| line.finished) {
            return self.all().all(|line| line.finished).then_some("META-FINISHED-03");
        }
        let kinds: BTreeSet<Kind> = self.all().filter_map(|line| line.kind).collect();
        let only = |one: &[Kind]| kinds.iter().all(|kind| one.contains(kind));
        if self.all().all(|line| self.has_ttl(line)) {
            // Values that are not there have been taken for old; others have their clock for a part of them.
            return Some(if self.extra.is_empty() { "VALUE-TTL-05" } else { "VALUE-TTL-01" });
        }
        if only(&[Kind::EventTimers, Kind::ProcessingTimers]) {
            return self.of_timers();
        }
        if only(&[Kind::Union]) {
            return Some("REDIST-UNION-01");
        }
        if only(&[Kind::Split]) {
            return Some("REDIST-SPLIT-01");
        }
        if only(&[Kind::Broadcast]) {
            return Some("REDIST-BROADCAST-01");
        }
        if self.differ_in_namespace() {
            return Some("KEYGROUP-VLEN-01");
        }
        if only(&[Kind::List]) {
            return self.of_lists();
        }
        let are_nulls = self.missing.iter().all(|line| line.value == Some(Json::Null));
        if only(&[Kind::Map]) && are_nulls && self.extra.is_empty() {
            return Some("VALUE-MAP-STATE-01");
        }
        self.of_handles()
    }

    fn all(&self) -> impl Iterator<Item = &Line> {
        self.missing.iter().chain(&self.extra)
    }

    fn has_ttl(&self, line: &Line) -> bool {
        let operator = self.task.restore.operators.iter().find(|operator| operator.uid == line.operator);
        operator
            .into_iter()
            .flat_map(|operator| &operator.states)
            .any(|state| state.ttl && Some(&state.name) == line.state.as_ref() && Some(state.kind) == line.kind)
    }

    /// All timers are lost, or are there at another time, or are of the other kind.
    fn of_timers(&self) -> Option<&'static str> {
        let of_kind = |lines: &[Line], kind| -> BTreeSet<String> {
            let of_kind = lines.iter().filter(|line| line.kind == Some(kind));
            of_kind.map(|line| Line { kind: None, ..line.clone() }).map(|line| text(&line)).collect()
        };
        let [event, processing] = [Kind::EventTimers, Kind::ProcessingTimers];
        // Who registers only one of the queues does not see the other, and several streams can be mixed up in more than one way.
        let registered: BTreeSet<Kind> =
            self.task.restore.operators.iter().flat_map(|one| &one.states).map(|one| one.kind).collect();
        let stored = self.task.program.stages.last().map(|stage| stage.parallelism);
        if ![event, processing].iter().all(|kind| registered.contains(kind))
            || stored != Some(self.task.restore.parallelism)
        {
            return None;
        }
        if self.extra.is_empty() {
            let is_timer = |line: &&Line| line.kind.is_some_and(Kind::is_timers);
            let all = self.task.expected.iter().filter(is_timer).count();
            return (self.missing.len() == all).then_some("TIMER-RAW-01");
        }
        let is_swapped = of_kind(&self.extra, event).is_subset(&of_kind(&self.missing, processing))
            && of_kind(&self.extra, processing).is_subset(&of_kind(&self.missing, event));
        Some(if is_swapped { "TIMER-NAME-01" } else { "TIMER-ELEMENT-01" })
    }

    /// Elements are lost behind the first ones, or are cut where they should not be.
    fn of_lists(&self) -> Option<&'static str> {
        let elements = |line: &Line| line.value.as_ref().and_then(Json::as_array).cloned().unwrap_or_default();
        let is_start = |extra: &Line| {
            let same_cell =
                |line: &&Line| Line { value: None, ..(*line).clone() } == Line { value: None, ..extra.clone() };
            self.missing.iter().find(same_cell).is_some_and(|missing| elements(missing).starts_with(&elements(extra)))
        };
        if self.extra.is_empty() {
            return None;
        }
        let are_starts = self.extra.len() == self.missing.len() && self.extra.iter().all(is_start);
        Some(if are_starts { "VALUE-LIST-STATE-01" } else { "VALUE-LIST-STATE-02" })
    }

    /// The same lines, but for their namespaces.
    fn differ_in_namespace(&self) -> bool {
        let bare = |lines: &[Line]| -> BTreeSet<String> {
            lines.iter().map(|line| text(&Line { namespace: None, ..line.clone() })).collect()
        };
        let has_namespace = self.all().all(|line| line.namespace.is_some());
        has_namespace && !self.extra.is_empty() && bare(&self.extra).is_subset(&bare(&self.missing))
    }

    /// Keyed state of some key groups is lost where handles are only put together, or only cut.
    fn of_handles(&self) -> Option<&'static str> {
        let old = self.task.program.stages.last().map(|stage| stage.parallelism)?;
        let new = self.task.restore.parallelism;
        if !self.extra.is_empty() || old == new {
            return None;
        }
        match (old % new, new % old) {
            (0, _) => Some("REDIST-KEYED-02"),
            (_, 0) => Some("REDIST-KEYED-01"),
            _ => None,
        }
    }
}

fn text(line: &Line) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::Scenario;

    /// What it says if a scenario comes back changed.
    fn symptom(id: &str, change: impl FnOnce(&mut Vec<Line>)) -> Option<&'static str> {
        let scenario = Scenario::all().unwrap().into_iter().find(|one| one.id == id).unwrap();
        let task = Task { program: scenario.program(), restore: scenario.restore(), expected: scenario.expected() };
        let mut lines = task.expected.clone();
        change(&mut lines);
        of(&task, &lines)
    }

    fn is_timer(line: &Line) -> bool {
        line.kind.is_some_and(Kind::is_timers)
    }

    #[test]
    fn a_difference_of_one_kind_points_at_one_requirement() {
        let lost = symptom("timers-both", |lines| lines.retain(|line| !is_timer(line)));
        assert_eq!(lost, Some("TIMER-RAW-01"));
        let swapped = symptom("timers-both", |lines| {
            for line in lines.iter_mut().filter(|line| is_timer(line)) {
                let is_event = line.kind == Some(Kind::EventTimers);
                line.kind = Some(if is_event { Kind::ProcessingTimers } else { Kind::EventTimers });
            }
        });
        assert_eq!(swapped, Some("TIMER-NAME-01"));
        let moved = symptom("timers-both", |lines| {
            lines.iter_mut().filter(|line| is_timer(line)).for_each(|line| line.timestamp = Some("1".to_owned()));
        });
        assert_eq!(moved, Some("TIMER-ELEMENT-01"));
        let nulls = symptom("map-null-string", |lines| lines.retain(|line| line.value != Some(Json::Null)));
        assert_eq!(nulls, Some("VALUE-MAP-STATE-01"));
        let doubled = symptom("operator-lists", |lines| {
            let split: Vec<Line> = lines.iter().filter(|line| line.kind == Some(Kind::Split)).cloned().collect();
            lines.extend(split);
        });
        assert_eq!(doubled, Some("REDIST-SPLIT-01"));
        assert_eq!(symptom("finished", |lines| lines.retain(|line| !line.finished)), Some("META-FINISHED-03"));
        assert_eq!(symptom("rescale-4-1", |lines| drop(lines.remove(0))), Some("REDIST-KEYED-02"));
        assert_eq!(symptom("rescale-1-4", |lines| drop(lines.remove(0))), Some("REDIST-KEYED-01"));
    }

    #[test]
    fn a_difference_of_many_kinds_points_nowhere() {
        let all = symptom("everything", Vec::clear);
        assert_eq!(all, None);
        let other = symptom("empty-groups", |lines| lines.iter_mut().for_each(|line| line.value = Some(json!(-1))));
        assert_eq!(other, None);
    }
}
