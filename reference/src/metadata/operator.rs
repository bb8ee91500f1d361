//! Operators.

use std::ops::RangeInclusive;

use super::codec::{Codec, List, ReadContext, WriteContext};
use super::operator_id::OperatorId;
use super::release::Feature;
use super::skip;
use super::stream_handle::{ByteStreamHandle, NULL, StreamHandle};
use super::subtask::{Subtask, SubtaskState};
use crate::error::At;
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

/// Up to `KeyGroupRangeAssignment.UPPER_BOUND_MAX_PARALLELISM`, which Flink's reader does not look at.
const MAX_PARALLELISM: RangeInclusive<u32> = 1..=32_768;

/// `OperatorState`.
///
/// | field | type | 2 | 3, 4 | 5, 6 |
/// |---|---|---|---|---|
/// | name, uid | `utf`, `utf`; empty is absent | | | yes |
/// | id | 16 bytes | yes | yes | yes |
/// | parallelism, max parallelism | `i32`, `i32` | yes | yes | yes |
/// | chain length | `i32`, ignored | yes | | |
/// | coordinator state | stream handle of type 0 or 1 | | yes | yes |
/// | number of subtasks | `i32`; below 0: fully finished (3 and later) | yes | yes | yes |
/// | subtasks | [`Subtask`] each | yes | yes | yes |
#[derive(Debug, Clone, PartialEq)]
pub struct Operator<'a> {
    /// The operator's name.
    pub name: Option<JavaStr<'a>>,
    /// The uid that the user set.
    pub uid: Option<JavaStr<'a>>,
    /// What Flink restores by.
    pub id: OperatorId,
    /// Number of subtasks that ran.
    pub parallelism: u32,
    /// Number of key groups.
    pub max_parallelism: u32,
    /// State of the operator's coordinator, for example of a source's enumerator.
    pub coordinator_state: Option<ByteStreamHandle<'a>>,
    /// The subtasks.
    pub subtasks: Subtasks<'a>,
}

/// The subtasks of an operator.
#[derive(Debug, Clone, PartialEq)]
pub enum Subtasks<'a> {
    /// All had finished (Flink 1.14 and later): the count is -1 and no subtask follows.
    FullyFinished,
    /// The subtasks that are listed; Flink lists all of them, other writers may not.
    Listed(List<'a, Subtask<'a>>),
}

impl<'a> Operator<'a> {
    /// The listed subtasks; none if the operator is fully finished.
    pub fn subtasks(&self) -> impl Iterator<Item = Subtask<'a>> + '_ {
        match &self.subtasks {
            Subtasks::FullyFinished => None,
            Subtasks::Listed(subtasks) => Some(subtasks.iter()),
        }
        .into_iter()
        .flatten()
    }

    /// Whether all subtasks had finished.
    pub fn is_fully_finished(&self) -> bool {
        self.subtasks == Subtasks::FullyFinished
    }
}

fn read_name<'a>(input: Input<'a>, cx: ReadContext, name: &'static str) -> Parsed<'a, Option<JavaStr<'a>>> {
    let (rest, text) = java::field_utf(input, cx.strict, name)?;
    Ok((rest, Some(text).filter(|text| !text.is_empty())))
}

fn write_name(
    text: Option<&JavaStr<'_>>,
    feature: Feature,
    out: &mut Output,
    cx: WriteContext,
    name: &'static str,
) -> Result<(), Error> {
    match text {
        Some(text) if text.is_empty() => return Err(out.error(ErrorKind::EmptyName)).field(name),
        Some(_) => {
            cx.must_drop(feature, out).field(name)?;
        }
        None => {}
    }
    if cx.version.has_operator_names() { out.utf(text.unwrap_or(&JavaStr::default())).field(name) } else { Ok(()) }
}

fn read_coordinator<'a>(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Option<ByteStreamHandle<'a>>> {
    match Option::<StreamHandle<'a>>::read(input, cx)? {
        (rest, None) => Ok((rest, None)),
        (rest, Some(StreamHandle::ByteStream(handle))) => Ok((rest, Some(handle))),
        (_, Some(other)) => fail(ErrorKind::CoordinatorHandle { found: other.type_byte() }, input.offset()),
    }
}

impl<'a> Codec<'a> for Operator<'a> {
    const LEAST: usize = 29;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, name, uid) = if cx.version.has_operator_names() {
            let (rest, name) = read_name(input, cx, "name")?;
            let (rest, uid) = read_name(rest, cx, "uid")?;
            (rest, name, uid)
        } else {
            (input, None, None)
        };
        let (rest, id) = java::array(rest).field("id")?;

        let at = rest.offset();
        let (rest, parallelism) = java::field_i32(rest, "parallelism")?;
        let (rest, max_parallelism) = java::field_i32(rest, "max_parallelism")?;
        let (Ok(checked), Ok(max)) = (u32::try_from(parallelism), u32::try_from(max_parallelism)) else {
            return fail(ErrorKind::Parallelism { parallelism, max_parallelism }, at).field("parallelism");
        };
        if checked > max {
            return fail(ErrorKind::Parallelism { parallelism, max_parallelism }, at).field("parallelism");
        }
        if cx.strict && !MAX_PARALLELISM.contains(&max) {
            return fail(ErrorKind::MaxParallelism { found: max }, at + 4).field("max_parallelism");
        }

        let (rest, coordinator_at, coordinator_state) = if cx.version.has_coordinator_state() {
            let (next, state) = read_coordinator(rest, cx).field("coordinator_state")?;
            (next, rest.offset(), state)
        } else {
            let (rest, _chain_length) = java::field_i32(rest, "chain_length")?;
            (rest, rest.offset(), None)
        };
        let (rest, subtasks) = read_subtasks(rest, cx, checked)?;
        if subtasks == Subtasks::FullyFinished && coordinator_state.is_some() {
            return fail(ErrorKind::FinishedCoordinator, coordinator_at).field("coordinator_state");
        }
        let operator = Self {
            name,
            uid,
            id: OperatorId(id),
            parallelism: checked,
            max_parallelism: max,
            coordinator_state,
            subtasks,
        };
        Ok((rest, operator))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        write_name(self.name.as_ref(), Feature::OperatorName, out, cx, "name")?;
        write_name(self.uid.as_ref(), Feature::OperatorUid, out, cx, "uid")?;
        out.raw(&self.id.0);
        match (i32::try_from(self.parallelism), i32::try_from(self.max_parallelism)) {
            (Ok(parallelism), Ok(max_parallelism)) if parallelism <= max_parallelism => {
                out.i32(parallelism);
                if !MAX_PARALLELISM.contains(&self.max_parallelism) {
                    let kind = ErrorKind::MaxParallelism { found: self.max_parallelism };
                    return Err(out.error(kind)).field("max_parallelism");
                }
                out.i32(max_parallelism);
            }
            (parallelism, max_parallelism) => {
                let [parallelism, max_parallelism] = [parallelism, max_parallelism].map(|n| n.unwrap_or(i32::MAX));
                return Err(out.error(ErrorKind::Parallelism { parallelism, max_parallelism })).field("parallelism");
            }
        }
        match &self.coordinator_state {
            None => out.u8(NULL),
            Some(_) if self.is_fully_finished() => {
                return Err(out.error(ErrorKind::FinishedCoordinator)).field("coordinator_state");
            }
            Some(state) => {
                StreamHandle::ByteStream(state.clone()).write_required(out, cx).field("coordinator_state")?;
            }
        }
        self.write_subtasks(out, cx)
    }
}

fn read_subtasks(input: Input<'_>, cx: ReadContext, parallelism: u32) -> Parsed<'_, Subtasks<'_>> {
    let (rest, count) = java::i32(input).field("subtasks")?;
    if count < 0 {
        // To version 2 a negative count is no subtasks, and what it writes is never negative.
        cx.canonical(count != -1, "a number of subtasks below -1", input.offset())?;
        let subtasks =
            if cx.version.has_finished_markers() { Subtasks::FullyFinished } else { Subtasks::Listed(List::default()) };
        return Ok((rest, subtasks));
    }
    let (rest, count) = java::count(input, Subtask::LEAST).field("subtasks").map(|(_, count)| (rest, count))?;
    let step = |input| match skip::subtask(input, cx, parallelism) {
        Some(rest) => Ok((rest, ())),
        None => step_subtask(input, cx, parallelism),
    };
    List::read_elements(rest, count, cx, step).field("subtasks").map(|(rest, list)| (rest, Subtasks::Listed(list)))
}

/// Reads a subtask, and checks that its index is below the parallelism.
pub(super) fn step_subtask(input: Input<'_>, cx: ReadContext, parallelism: u32) -> Parsed<'_, ()> {
    let (rest, subtask) = Subtask::read(input, cx)?;
    if subtask.index >= parallelism {
        return fail(ErrorKind::SubtaskIndex { index: subtask.index.into(), parallelism }, input.offset())
            .field("index");
    }
    Ok((rest, ()))
}

impl Operator<'_> {
    fn write_subtasks(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        let Subtasks::Listed(list) = &self.subtasks else {
            let dropped = cx.must_drop(Feature::FinishedMarker, out).field("subtasks")?;
            out.i32(if dropped { 0 } else { -1 });
            return Ok(());
        };
        // Where finished subtasks are dropped they are not listed: to Flink they then have no state.
        let mut count = 0_usize;
        for subtask in list {
            let finished = subtask.state == SubtaskState::Finished;
            if !(finished && cx.must_drop(Feature::FinishedMarker, out).field("subtasks")?) {
                count += 1;
            }
        }
        out.count(count).field("subtasks")?;
        for (i, subtask) in list.iter().enumerate() {
            if subtask.index >= self.parallelism {
                let kind = ErrorKind::SubtaskIndex { index: subtask.index.into(), parallelism: self.parallelism };
                return Err(out.error(kind)).field("index").index(i as u64).field("subtasks");
            }
            let finished = subtask.state == SubtaskState::Finished;
            if finished && cx.must_drop(Feature::FinishedMarker, out)? {
                continue;
            }
            subtask.write(out, cx).index(i as u64).field("subtasks")?;
        }
        Ok(())
    }
}
