//! Operator state handles: types 4 and 17.

use super::codec::{Codec, List, ReadContext, WriteContext};
use super::key_groups::Offsets;
use super::stream_handle::{NULL, StreamHandle, read_path, write_path};
use crate::error::{At, TypePosition};
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

pub(super) const PARTITIONABLE: u8 = 4;
const SEGMENTED: u8 = 17;

/// `OperatorStreamStateHandle` (type 4) or `FileMergingOperatorStreamStateHandle` (type 17, since Flink 1.20).
///
/// | field | type | 4 | 17 |
/// |---|---|---|---|
/// | states | list of [`StateMeta`] | yes | yes |
/// | task-owned directory, shared directory | `utf`, `utf`, not empty | | yes |
/// | empty | `bool` | | yes |
/// | delegate | stream handle, required; in 17 type 15 or 16 | yes | yes |
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorStateHandle<'a> {
    /// The states in the stream, in no particular order. Of two with one name Flink keeps the later.
    pub states: List<'a, StateMeta<'a>>,
    /// Present in type 17.
    pub segmented: Option<Segmented<'a>>,
    /// Where the bytes are.
    pub delegate: StreamHandle<'a>,
}

/// What type 17 has besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Segmented<'a> {
    /// Directory of merged files that belong to tasks.
    pub task_owned_directory: JavaStr<'a>,
    /// Directory of merged files that are shared.
    pub shared_directory: JavaStr<'a>,
    /// Whether it stands for no state at all (`EmptyFileMergingOperatorStreamStateHandle`).
    pub is_empty: bool,
}

impl OperatorStateHandle<'_> {
    /// The type byte.
    pub fn type_byte(&self) -> u8 {
        if self.segmented.is_some() { SEGMENTED } else { PARTITIONABLE }
    }

    pub(super) fn must_drop(&self, out: &Output, cx: WriteContext) -> Result<bool, Error> {
        // Type 17 delegates to segments only, so its own type byte needs no rule of its own.
        self.delegate.must_drop(out, cx)
    }
}

impl<'a> Codec<'a> for OperatorStateHandle<'a> {
    const LEAST: usize = 6;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, type_byte) = java::u8(input)?;
        match type_byte {
            PARTITIONABLE | SEGMENTED => {}
            // The presence flag has promised a handle.
            NULL => return fail(ErrorKind::NullHandle, input.offset()),
            found => return fail(ErrorKind::UnknownType { found, position: TypePosition::Operator }, input.offset()),
        }
        let (rest, states) = List::read(rest, cx).field("states")?;
        let (rest, segmented) = if type_byte == SEGMENTED {
            let (rest, task_owned_directory) = read_path(rest, cx, "task_owned_directory")?;
            let (rest, shared_directory) = read_path(rest, cx, "shared_directory")?;
            let (rest, is_empty) = java::bool(rest, cx.strict).field("is_empty")?;
            (rest, Some(Segmented { task_owned_directory, shared_directory, is_empty }))
        } else {
            (rest, None)
        };
        let at = rest.offset();
        let (rest, delegate) = StreamHandle::read_required(rest, cx, "delegate")?;
        if segmented.is_some() && !matches!(delegate, StreamHandle::Segment(_) | StreamHandle::EmptySegment) {
            return fail(ErrorKind::SegmentDelegate, at).field("delegate");
        }
        Ok((rest, Self { states, segmented, delegate }))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        out.u8(self.type_byte());
        self.states.write(out, cx).field("states")?;
        if let Some(segmented) = &self.segmented {
            write_path(&segmented.task_owned_directory, out, "task_owned_directory")?;
            write_path(&segmented.shared_directory, out, "shared_directory")?;
            out.bool(segmented.is_empty);
            if !matches!(self.delegate, StreamHandle::Segment(_) | StreamHandle::EmptySegment) {
                return Err(out.error(ErrorKind::SegmentDelegate)).field("delegate");
            }
        }
        self.delegate.write_required(out, cx).field("delegate")
    }
}

/// `OperatorStateHandle.StateMetaInfo` with its name.
///
/// | field | type |
/// |---|---|
/// | name | `utf` |
/// | mode | `i8` |
/// | offsets | `i32` count, `i64` each: one for each list element; for broadcast one for the whole map |
#[derive(Debug, Clone, PartialEq)]
pub struct StateMeta<'a> {
    /// Name of the state; `_default_` for raw operator state.
    pub name: JavaStr<'a>,
    /// How it is distributed when the parallelism changes.
    pub mode: Mode,
    /// Positions in the delegate stream.
    pub offsets: Offsets<'a>,
}

/// `OperatorStateHandle.Mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Elements are dealt out to the subtasks.
    SplitDistribute = 0,
    /// Every subtask gets all elements.
    Union = 1,
    /// Every subtask has the same map.
    Broadcast = 2,
}

impl<'a> Codec<'a> for StateMeta<'a> {
    const LEAST: usize = 7;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, name) = java::field_utf(input, cx.strict, "name")?;
        let at = rest.offset();
        let (rest, mode) = match java::u8(rest).field("mode")? {
            (rest, 0) => (rest, Mode::SplitDistribute),
            (rest, 1) => (rest, Mode::Union),
            (rest, 2) => (rest, Mode::Broadcast),
            (_, found) => return fail(ErrorKind::Mode { found }, at).field("mode"),
        };
        let at = rest.offset();
        let (rest, count) = java::count(rest, 8).field("offsets")?;
        let (rest, offsets) = Offsets::read(rest, count.into(), at).field("offsets")?;
        Ok((rest, Self { name, mode, offsets }))
    }

    fn write(&self, out: &mut Output, _cx: WriteContext) -> Result<(), Error> {
        out.utf(&self.name).field("name")?;
        out.u8(self.mode as u8);
        out.count(self.offsets.len()).field("offsets")?;
        self.offsets.write(out);
        Ok(())
    }
}
