//! What one subtask of an operator has kept.

use super::channel_handle::{ChannelHandle, InputChannel, ResultSubpartition};
use super::codec::{Codec, List, ReadContext, WriteContext};
use super::keyed_handle::KeyedHandle;
use super::operator_handle::OperatorStateHandle;
use super::stream_handle::NULL;
use crate::error::At;
use crate::wire::{Input, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

/// An entry of an operator's subtasks: `i32` index and state, or, for a finished subtask, only `-(index + 1)`
/// (Flink 1.14 and later, version 3 and later).
#[derive(Debug, Clone, PartialEq)]
pub struct Subtask<'a> {
    /// Index, below the parallelism. Of two entries with one index Flink keeps the later.
    pub index: u32,
    /// What it has kept.
    pub state: SubtaskState<'a>,
}

/// What a subtask has kept.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "finished subtasks are rare; a box would allocate for every subtask")]
pub enum SubtaskState<'a> {
    /// It had finished.
    Finished,
    /// It was running.
    Running(Handles<'a>),
}

/// The handles of a running subtask.
///
/// | field | type | versions |
/// |---|---|---|
/// | duration | `i64`, ignored | 2 |
/// | legacy states | `i32`, not above 0 | 2 |
/// | managed operator state | `i32` 0 or 1, then an operator state handle | all |
/// | raw operator state | the same | all |
/// | managed keyed state | keyed handle | all |
/// | raw keyed state | keyed handle | all |
/// | input channels, result subpartitions | two lists of [`ChannelHandle`] | 3 and later |
///
/// Operator state has a presence flag of four bytes; keyed state has only its type byte.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Handles<'a> {
    /// State of `ListState`, union and broadcast kind.
    pub managed_operator: Option<OperatorStateHandle<'a>>,
    /// A stream of the operator's own.
    pub raw_operator: Option<OperatorStateHandle<'a>>,
    /// Keyed state and timers.
    pub managed_keyed: Option<KeyedHandle<'a>>,
    /// Keyed streams of the operator's own; timers of old operators.
    pub raw_keyed: Option<KeyedHandle<'a>>,
    /// In-flight data of input channels.
    pub input_channels: List<'a, ChannelHandle<'a, InputChannel>>,
    /// In-flight data of result subpartitions.
    pub result_subpartitions: List<'a, ChannelHandle<'a, ResultSubpartition>>,
}

impl Handles<'_> {
    /// Whether there is no state at all.
    pub fn is_empty(&self) -> bool {
        self.managed_operator.is_none()
            && self.raw_operator.is_none()
            && self.managed_keyed.is_none()
            && self.raw_keyed.is_none()
            && self.input_channels.is_empty()
            && self.result_subpartitions.is_empty()
    }
}

impl<'a> Codec<'a> for Subtask<'a> {
    // A finished subtask is its index alone.
    const LEAST: usize = 4;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, stored) = java::field_i32(input, "index")?;
        match u32::try_from(stored) {
            Ok(index) => {
                let (rest, handles) = Handles::read(rest, cx).field("state")?;
                Ok((rest, Self { index, state: SubtaskState::Running(handles) }))
            }
            // `-(index + 1)` is the bitwise complement of the index.
            Err(_) if cx.version.has_finished_markers() => {
                Ok((rest, Self { index: u32::try_from(!stored).unwrap_or(0), state: SubtaskState::Finished }))
            }
            Err(_) => {
                let kind = ErrorKind::SubtaskIndex { index: stored.into(), parallelism: 0 };
                fail(kind, input.offset()).field("index")
            }
        }
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        let index = i32::try_from(self.index).map_err(|_| {
            out.error(ErrorKind::SubtaskIndex { index: self.index.into(), parallelism: i32::MAX.unsigned_abs() })
        })?;
        match &self.state {
            SubtaskState::Finished => {
                out.i32(!index);
                Ok(())
            }
            SubtaskState::Running(handles) => {
                out.i32(index);
                handles.write(out, cx).field("state")
            }
        }
    }
}

impl<'a> Codec<'a> for Handles<'a> {
    const LEAST: usize = 10;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let rest = if cx.version.has_channel_state() { input } else { read_v2_head(input)? };
        let (rest, managed_operator) = read_operator_state(rest, cx).field("managed_operator")?;
        let (rest, raw_operator) = read_operator_state(rest, cx).field("raw_operator")?;
        let (rest, managed_keyed) = Option::<KeyedHandle<'a>>::read(rest, cx).field("managed_keyed")?;
        let (rest, raw_keyed) = Option::<KeyedHandle<'a>>::read(rest, cx).field("raw_keyed")?;
        let (rest, input_channels, result_subpartitions) = if cx.version.has_channel_state() {
            let (rest, input_channels) = read_channels(rest, cx).field("input_channels")?;
            let (rest, result_subpartitions) = read_channels(rest, cx).field("result_subpartitions")?;
            (rest, input_channels, result_subpartitions)
        } else {
            (rest, List::default(), List::default())
        };
        let handles =
            Self { managed_operator, raw_operator, managed_keyed, raw_keyed, input_channels, result_subpartitions };
        Ok((rest, handles))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        write_operator_state(self.managed_operator.as_ref(), out, cx).field("managed_operator")?;
        write_operator_state(self.raw_operator.as_ref(), out, cx).field("raw_operator")?;
        write_keyed_state(self.managed_keyed.as_ref(), out, cx).field("managed_keyed")?;
        write_keyed_state(self.raw_keyed.as_ref(), out, cx).field("raw_keyed")?;
        ChannelHandle::write_list(&self.input_channels, out, cx).field("input_channels")?;
        ChannelHandle::write_list(&self.result_subpartitions, out, cx).field("result_subpartitions")
    }
}

/// Duration and legacy states of version 2: read and dropped, as Flink does.
fn read_v2_head(input: Input<'_>) -> Result<Input<'_>, nom::Err<Error>> {
    let (rest, _duration) = java::field_i64(input, "duration")?;
    let at = rest.offset();
    match java::field_i32(rest, "legacy_states")? {
        (rest, count) if count <= 0 => Ok(rest),
        (_, count) => {
            fail(ErrorKind::LegacyState { count }, at).field("legacy_states").map(|(i, ()): (Input<'_>, ())| i)
        }
    }
}

fn read_operator_state(input: Input<'_>, cx: ReadContext) -> Parsed<'_, Option<OperatorStateHandle<'_>>> {
    let (rest, flag) = java::i32(input)?;
    cx.canonical(!matches!(flag, 0 | 1), "a presence flag that is not 0 or 1", input.offset())?;
    if flag == 0 {
        return Ok((rest, None));
    }
    OperatorStateHandle::read(rest, cx).map(|(rest, handle)| (rest, Some(handle)))
}

fn write_operator_state(
    handle: Option<&OperatorStateHandle<'_>>,
    out: &mut Output,
    cx: WriteContext,
) -> Result<(), Error> {
    match handle {
        Some(handle) if !handle.must_drop(out, cx)? => {
            out.i32(1);
            handle.write(out, cx)
        }
        _ => {
            out.i32(0);
            Ok(())
        }
    }
}

fn write_keyed_state(handle: Option<&KeyedHandle<'_>>, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
    match handle {
        Some(handle) if !handle.must_drop(out, cx)? => handle.write(out, cx),
        _ => {
            out.u8(NULL);
            Ok(())
        }
    }
}

/// A negative count means none to Flink.
fn read_channels<'a, T: Codec<'a>>(input: Input<'a>, cx: ReadContext) -> Parsed<'a, List<'a, T>> {
    let (rest, count) = java::i32(input)?;
    cx.canonical(count < 0, "a negative number of channels", input.offset())?;
    if count < 0 { Ok((rest, List::default())) } else { List::read(input, cx) }
}
