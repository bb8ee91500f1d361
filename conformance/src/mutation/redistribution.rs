//! What the subtasks of an operator have to agree on.

use flink_savepoint::metadata::{List, Operator, Subtask, SubtaskState, Subtasks};
use flink_savepoint::savepoint::METADATA;

use super::parts::{spot, utf};
use super::spans::Span;
use super::{FIXED, KINDS, Mutation, OPERATOR, invalid};

pub(super) const ALL: &[Mutation] = &[
    invalid(
        "key-group-of-nobody",
        "REDIST-RANGE-01",
        KINDS,
        "The last key group of a subtask, which has no state, is not in its range.",
        |parts| {
            let mut counts =
                parts.all("key-group-offsets.count").into_iter().filter(|count| count.path.contains(".managed_keyed."));
            let last = |count: &Span| {
                let last = count.value.parse::<usize>().ok()?.checked_sub(1)?;
                let offset = parts.at(METADATA, &count.path.replace(".count", &format!(".offsets[{last}]")))?;
                (offset.value == "0").then_some(offset)
            };
            let (count, offset) = counts.find_map(|count| last(&count).map(|offset| (count, offset)))?;
            let range = parts.at(METADATA, count.path.strip_suffix(".count")?)?;
            parts.replace(METADATA, offset.range.clone(), &[])?;
            parts.add(&count, -1)?;
            Some(spot(&range))
        },
    ),
    invalid(
        "key-groups-in-two-subtasks",
        "REDIST-RANGE-02",
        KINDS,
        "Two subtasks have the same key groups.",
        |parts| {
            parts.remodel(|metadata| {
                change_subtasks(&mut metadata.operators, |subtasks| {
                    let [
                        Subtask { state: SubtaskState::Running(first), .. },
                        Subtask { state: SubtaskState::Running(second), .. },
                    ] = &mut subtasks[..]
                    else {
                        return None;
                    };
                    second.managed_keyed = Some(first.managed_keyed.take()?);
                    first.managed_keyed.clone_from(&second.managed_keyed);
                    Some(())
                })
            })?;
            parts.forget_unused();
            let second = parts.all("subtask.index").into_iter().nth(1)?;
            parts
                .at(METADATA, &second.path.replace(".index", ".state.managed_keyed.key_groups"))
                .map(|range| spot(&range))
        },
    )
    .also(&["REDIST-RANGE-01"]),
    invalid(
        "broadcast-state-in-one-subtask",
        "REDIST-BROADCAST-03",
        OPERATOR,
        "A subtask has no copy of a broadcast state: it has no operator state.",
        |parts| {
            parts.remodel(|metadata| {
                change_subtasks(&mut metadata.operators, |subtasks| {
                    let SubtaskState::Running(handles) = &mut subtasks.last_mut()?.state else { return None };
                    handles.managed_operator.take().map(|_| ())
                })
            })?;
            parts.forget_unused();
            parts
                .all("subtask-state.has_managed_operator")
                .into_iter()
                .find(|flag| flag.value == "0")
                .map(|flag| spot(&flag))
        },
    ),
    invalid(
        "state-kind-of-one-subtask-other",
        "REDIST-MERGE-02",
        KINDS,
        "A state is of another kind in the stream of the second subtask.",
        |parts| {
            let paths = parts.all("relative-file-handle.relative_path");
            let file = parts.text(paths.get(1)?);
            let value = parts
                .spans(&file)
                .into_iter()
                .find(|span| span.is("state-option.value") && span.value.contains("VALUE"))?;
            let spot = parts.state_of(&value)?;
            parts.replace(&file, value.range.clone(), &utf("REDUCING"))?;
            Some(spot)
        },
    ),
    invalid("channel-state", "REDIST-CHANNEL-02", FIXED, "A savepoint has channel state.", |parts| {
        let count = parts.find_if("subtask-state.num_input_channels", |count| count.value == "0")?;
        // Of one channel, inline.
        let delegate = [&[1][..], &utf("channels"), &1_i32.to_be_bytes(), &[0]].concat();
        let handle = [
            &[1][..],
            &0_i32.to_be_bytes(),
            &0_i32.to_be_bytes(),
            &0_i32.to_be_bytes(),
            &1_i32.to_be_bytes(),
            &0_i64.to_be_bytes(),
            &1_i64.to_be_bytes(),
            &delegate,
        ]
        .concat();
        parts.replace(METADATA, count.range.end..count.range.end, &handle)?;
        parts.add(&count, 1)?;
        Some(spot(&count))
    }),
    invalid(
        "file-of-two-subtasks",
        "REDIST-STREAM-01",
        OPERATOR,
        "The handles of two subtasks lead to one file.",
        |parts| {
            parts.remodel(|metadata| {
                change_subtasks(&mut metadata.operators, |subtasks| {
                    let first = match &subtasks.first()?.state {
                        SubtaskState::Running(handles) => handles.managed_operator.clone()?,
                        SubtaskState::Finished => return None,
                    };
                    let SubtaskState::Running(handles) = &mut subtasks.last_mut()?.state else { return None };
                    handles.managed_operator.replace(first).map(|_| ())
                })
            })?;
            parts.forget_unused();
            let second = parts.all("relative-file-handle.relative_path").into_iter().nth(1)?;
            let delegate = parts.at(METADATA, second.path.strip_suffix(".relative_path")?)?;
            Some(spot(&delegate))
        },
    ),
];

/// Changes the subtasks of the first operator with more than one.
fn change_subtasks<'a>(
    operators: &mut List<'a, Operator<'a>>,
    change: impl FnOnce(&mut Vec<Subtask<'a>>) -> Option<()>,
) -> Option<()> {
    let mut all: Vec<Operator<'a>> = operators.iter().collect();
    let operator = all.iter_mut().find(|operator| operator.subtasks().count() > 1)?;
    let mut subtasks: Vec<Subtask<'a>> = operator.subtasks().collect();
    change(&mut subtasks)?;
    operator.subtasks = Subtasks::Listed(List::from(subtasks));
    *operators = List::from(all);
    Some(())
}
