//! Rules of the chapter on redistribution, as far as one savepoint shows them.

use std::collections::{BTreeMap, BTreeSet};

use flink_savepoint::keyed::{MaxParallelism, key_groups_of_subtask};
use flink_savepoint::metadata::{Handles, KeyedHandle, Mode, Operator, StreamHandle, SubtaskState, Subtasks};

use super::finding::{Findings, Spot};
use super::properties::{self, Kind};
use super::subject::Subject;
use super::walk::{self, Keyed};

pub(super) const REQUIREMENTS: &[&str] = &[
    "REDIST-RANGE-01",
    "REDIST-RANGE-02",
    "REDIST-BROADCAST-03",
    "REDIST-CHANNEL-02",
    "REDIST-MERGE-02",
    "REDIST-STREAM-01",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[("REDIST-MERGE-03", "the streams that were put together are gone")];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    ranges(subject, findings);
    for (i, operator) in subject.operators.iter().enumerate() {
        overlaps(i, operator, findings);
        modes(i, operator, findings);
        copies(i, operator, findings);
    }
    if matches!(properties::kind(subject), Kind::Canonical | Kind::Native) {
        walk::handles(&subject.operators, &mut |_, _, handles, path| {
            let Handles { input_channels, result_subpartitions, .. } = handles;
            for (field, is_empty) in [
                ("input_channels", input_channels.is_empty()),
                ("result_subpartitions", result_subpartitions.is_empty()),
            ] {
                if !is_empty {
                    findings.add("REDIST-CHANNEL-02", Spot::metadata(None, format!("{}.num_{field}", path())), || {
                        "in-flight data of an unaligned checkpoint, which a savepoint does not have".to_owned()
                    });
                }
            }
        });
    }
    shared_files(subject, findings);
}

/// Each subtask has the key groups that its index gives it, and all of them.
fn ranges(subject: &Subject<'_>, findings: &mut Findings) {
    walk::keyed_state(&subject.operators, &mut |operator, index, kind, handle, path| {
        let range = handle.key_groups();
        let own = MaxParallelism::new(operator.max_parallelism)
            .and_then(|max| key_groups_of_subtask(max, operator.parallelism, index));
        let (Some(own), Some(last)) = (own, range.last()) else { return };
        // What is in a changelog handle may be of before a change of the parallelism.
        if kind == Keyed::Nested || range == own {
            return;
        }
        findings.add("REDIST-RANGE-01", Spot::metadata(None, format!("{}.key_groups", path())), || {
            format!(
                "key groups {} to {last}, subtask {index} of {} with a max parallelism of {} has {own}",
                range.start(),
                operator.parallelism,
                operator.max_parallelism
            )
        });
    });
}

/// No key group is in the streams of two subtasks.
fn overlaps(i: usize, operator: &Operator<'_>, findings: &mut Findings) {
    for name in ["managed_keyed", "raw_keyed"] {
        let mut ranges: Vec<(u32, u32, usize, u32)> = Vec::new();
        for (j, subtask) in operator.subtasks().enumerate() {
            let SubtaskState::Running(handles) = &subtask.state else { continue };
            let handle = if name == "managed_keyed" { &handles.managed_keyed } else { &handles.raw_keyed };
            let range = handle.as_ref().map(KeyedHandle::key_groups);
            if let Some((start, last)) = range.and_then(|range| Some((range.start(), range.last()?))) {
                ranges.push((start, last, j, subtask.index));
            }
        }
        ranges.sort_unstable();
        let mut before: Option<(u32, u32)> = None;
        for (start, last, j, index) in ranges {
            if let Some((reached, other)) = before
                && start <= reached
                && other != index
            {
                let path = format!("operators[{i}].subtasks[{j}].state.{name}.key_groups");
                findings.add("REDIST-RANGE-02", Spot::metadata(None, path), || {
                    format!("key groups {start} to {} are in a stream of subtask {other}, too", last.min(reached))
                });
            }
            if before.is_none_or(|(reached, _)| last > reached) {
                before = Some((last, index));
            }
        }
    }
}

/// A state is distributed in one way.
fn modes(i: usize, operator: &Operator<'_>, findings: &mut Findings) {
    let mut known = BTreeMap::new();
    for (j, subtask) in operator.subtasks().enumerate() {
        let SubtaskState::Running(Handles { managed_operator: Some(handle), .. }) = &subtask.state else { continue };
        for (k, state) in handle.states.iter().enumerate() {
            let (mode, of) = *known.entry(state.name.clone()).or_insert((state.mode, subtask.index));
            if mode != state.mode && of != subtask.index {
                let path = format!("operators[{i}].subtasks[{j}].state.managed_operator.states[{k}].mode");
                findings.add("REDIST-MERGE-02", Spot::metadata(None, path), || {
                    let [here, there] = [state.mode, mode].map(mode_name);
                    format!("state {} is {here} here and {there} in subtask {of}", state.name)
                });
            }
        }
    }
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::SplitDistribute => "split",
        Mode::Union => "union",
        Mode::Broadcast => "broadcast",
    }
}

/// Every subtask that is not finished has a copy of each broadcast state.
fn copies(i: usize, operator: &Operator<'_>, findings: &mut Findings) {
    let Subtasks::Listed(subtasks) = &operator.subtasks else { return };
    let broadcast = |state: &SubtaskState<'_>| match state {
        SubtaskState::Finished => None,
        SubtaskState::Running(handles) => {
            let states = handles.managed_operator.iter().flat_map(|handle| handle.states.iter().collect::<Vec<_>>());
            let broadcast = states.filter(|state| state.mode == Mode::Broadcast);
            Some(broadcast.map(|state| state.name.to_string()).collect::<BTreeSet<String>>())
        }
    };
    let all: BTreeSet<String> = subtasks.iter().filter_map(|subtask| broadcast(&subtask.state)).flatten().collect();
    if all.is_empty() {
        return;
    }
    for (j, subtask) in subtasks.iter().enumerate() {
        let Some(has) = broadcast(&subtask.state) else { continue };
        if let Some(missing) = all.difference(&has).next() {
            let path = format!("operators[{i}].subtasks[{j}].state.managed_operator");
            let spot = Spot::metadata(None, path);
            findings.add("REDIST-BROADCAST-03", spot, || {
                format!("subtask {} has no copy of the broadcast state {missing}, which others have", subtask.index)
            });
        }
    }
    let listed: BTreeSet<u32> = subtasks.iter().map(|subtask| subtask.index).collect();
    if (listed.len() as u64) < u64::from(operator.parallelism) {
        let spot = Spot::metadata(None, format!("operators[{i}].num_subtasks"));
        findings.add("REDIST-BROADCAST-03", spot, || {
            format!(
                "{} of {} subtasks are listed: the others have no copy of the broadcast states",
                listed.len(),
                operator.parallelism
            )
        });
    }
}

/// Each handle has a stream of its own.
fn shared_files(subject: &Subject<'_>, findings: &mut Findings) {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    walk::streams(&subject.operators, &mut |role, handle, path| {
        // Files of incremental snapshots and of changelogs are shared on purpose, and channels are merged.
        let has_own = matches!(role, walk::Role::KeyGroups | walk::Role::Operator { .. });
        let (StreamHandle::Relative(_) | StreamHandle::File(_), Some(file)) = (handle, handle.path()) else { return };
        if !has_own {
            return;
        }
        if let Some(first) = files.get(&file.to_string()) {
            findings.add("REDIST-STREAM-01", Spot::metadata(None, path()), || {
                format!("{file} is the file of {first} as well: each handle has a stream of its own")
            });
        } else {
            files.insert(file.to_string(), path());
        }
    });
}
