//! Stream state handles: where the bytes of a state are. Types 0, 1, 2, 3, 6, 15 and 16.
//!
//! | type | class | layout after the byte |
//! |---|---|---|
//! | 0 | none | nothing |
//! | 1 | `ByteStreamStateHandle` | `utf` handle name, `i32` length, data |
//! | 2 | `FileStateHandle` | `i64` size, `utf` path |
//! | 3 | `KeyGroupsStateHandle` | key-group range, offsets, delegate; see [`KeyGroupsStream`] |
//! | 6 | `RelativeFileStateHandle` | `utf` path, `i64` size: the other way round than type 2 |
//! | 15 | `SegmentFileStateHandle` | see [`SegmentFileHandle`] |
//! | 16 | `EmptySegmentFileStateHandle` | nothing |

use std::borrow::Cow;
use std::fmt;

use super::codec::{Codec, ReadContext, WriteContext};
use super::key_groups::{KeyGroupOffsets, KeyGroupRange};
use super::release::Feature;
use crate::error::{At, TypePosition};
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

pub(super) const NULL: u8 = 0;
pub(super) const BYTE_STREAM: u8 = 1;
pub(super) const FILE: u8 = 2;
const KEY_GROUPS: u8 = 3;
pub(super) const RELATIVE: u8 = 6;
const SEGMENT: u8 = 15;
const EMPTY_SEGMENT: u8 = 16;

/// The size of a state in bytes, as far as its writer knew it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StateSize(i64);

impl StateSize {
    /// Written as -1.
    pub const UNKNOWN: Self = Self(-1);

    /// A known size; `None` above `i64::MAX`.
    pub fn known(bytes: u64) -> Option<Self> {
        i64::try_from(bytes).ok().map(Self)
    }

    /// The size, if it is known.
    pub fn bytes(self) -> Option<u64> {
        u64::try_from(self.0).ok()
    }

    /// Reads an `i64` that is at least -1 (`META-HANDLE-02`).
    fn read(input: Input<'_>) -> Parsed<'_, Self> {
        let (rest, found) = java::i64(input).field("state_size")?;
        if found < -1 {
            return fail(ErrorKind::StateSize { found }, input.offset()).field("state_size");
        }
        Ok((rest, Self(found)))
    }

    fn write(self, out: &mut Output) {
        out.i64(self.0);
    }
}

impl fmt::Display for StateSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes() {
            Some(bytes) => bytes.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

/// Where the bytes of a state are.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamHandle<'a> {
    /// In `_metadata` itself.
    ByteStream(ByteStreamHandle<'a>),
    /// In a file named by an absolute path.
    File(FileHandle<'a>),
    /// In another handle, with key-group offsets. Read for completeness; no part of Flink writes it here.
    KeyGroups(Box<KeyGroupsStream<'a>>),
    /// In a file beside `_metadata`: what makes a savepoint relocatable.
    Relative(RelativeFileHandle<'a>),
    /// In a part of a file that holds several states (file merging, Flink 1.20 and later).
    Segment(SegmentFileHandle<'a>),
    /// Nowhere: the delegate of an empty [`SegmentedOperatorState`](super::operator_handle::Segmented).
    EmptySegment,
}

impl<'a> StreamHandle<'a> {
    /// The type byte.
    pub fn type_byte(&self) -> u8 {
        match self {
            Self::ByteStream(_) => BYTE_STREAM,
            Self::File(_) => FILE,
            Self::KeyGroups(_) => KEY_GROUPS,
            Self::Relative(_) => RELATIVE,
            Self::Segment(_) => SEGMENT,
            Self::EmptySegment => EMPTY_SEGMENT,
        }
    }

    /// The size of the state, as far as the handle says.
    pub fn state_size(&self) -> StateSize {
        match self {
            Self::ByteStream(handle) => StateSize(i64::try_from(handle.data.len()).unwrap_or(i64::MAX)),
            Self::File(handle) => handle.state_size,
            Self::KeyGroups(handle) => handle.delegate.state_size(),
            Self::Relative(handle) => handle.state_size,
            // Flink does not check the range of this one.
            Self::Segment(handle) => StateSize(handle.state_size.max(-1)),
            Self::EmptySegment => StateSize(0),
        }
    }

    /// The path as it stands in the handle; none for inline state.
    pub fn path(&self) -> Option<&JavaStr<'a>> {
        match self {
            Self::Relative(handle) => Some(&handle.relative_path),
            Self::File(handle) => Some(&handle.path),
            Self::Segment(handle) => Some(&handle.path),
            Self::KeyGroups(handle) => handle.delegate.path(),
            Self::ByteStream(_) | Self::EmptySegment => None,
        }
    }

    /// Whether only releases from 1.20 on can read it.
    pub fn is_segment(&self) -> bool {
        match self {
            Self::Segment(_) | Self::EmptySegment => true,
            Self::KeyGroups(handle) => handle.delegate.is_segment(),
            _ => false,
        }
    }

    /// Reads a handle where one is required (`META-HANDLE-01`).
    pub(super) fn read_required(input: Input<'a>, cx: ReadContext, name: &'static str) -> Parsed<'a, Self> {
        match Option::<Self>::read(input, cx).field(name)? {
            (rest, Some(handle)) => Ok((rest, handle)),
            (_, None) => fail(ErrorKind::NullHandle, input.offset()).field(name),
        }
    }

    /// Writes a handle where one is required. A segment that the target cannot read is the caller's to drop.
    pub(super) fn write_required(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        out.u8(self.type_byte());
        match self {
            Self::ByteStream(handle) => handle.write(out, cx),
            Self::File(handle) => handle.write(out, cx),
            Self::KeyGroups(handle) => handle.write(out, cx),
            Self::Relative(handle) => handle.write(out, cx),
            Self::Segment(handle) => handle.write(out, cx),
            Self::EmptySegment => Ok(()),
        }
    }

    /// Whether the handle has to be left out for the target, with all that depends on it.
    pub(super) fn must_drop(&self, out: &Output, cx: WriteContext) -> Result<bool, Error> {
        Ok(self.is_segment() && cx.must_drop(Feature::Segment, out)?)
    }
}

impl<'a> Codec<'a> for Option<StreamHandle<'a>> {
    const LEAST: usize = 1;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, type_byte) = java::u8(input)?;
        let (rest, handle) = match type_byte {
            NULL => return Ok((rest, None)),
            BYTE_STREAM => ByteStreamHandle::read(rest, cx).map(|(i, h)| (i, StreamHandle::ByteStream(h)))?,
            FILE => FileHandle::read(rest, cx).map(|(i, h)| (i, StreamHandle::File(h)))?,
            KEY_GROUPS => {
                let cx = cx.nested(input.offset())?;
                KeyGroupsStream::read(rest, cx).map(|(i, h)| (i, StreamHandle::KeyGroups(Box::new(h))))?
            }
            RELATIVE => RelativeFileHandle::read(rest, cx).map(|(i, h)| (i, StreamHandle::Relative(h)))?,
            SEGMENT => SegmentFileHandle::read(rest, cx).map(|(i, h)| (i, StreamHandle::Segment(h)))?,
            EMPTY_SEGMENT => (rest, StreamHandle::EmptySegment),
            found => return fail(ErrorKind::UnknownType { found, position: TypePosition::Stream }, input.offset()),
        };
        Ok((rest, Some(handle)))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        match self {
            None => {
                out.u8(NULL);
                Ok(())
            }
            Some(handle) => handle.write_required(out, cx),
        }
    }
}

/// Type 1, `ByteStreamStateHandle`: state inside `_metadata`.
///
/// | field | type |
/// |---|---|
/// | handle name | `utf` |
/// | length, data | `i32`, bytes |
#[derive(Clone, PartialEq)]
pub struct ByteStreamHandle<'a> {
    /// The identity of the handle. Looks like a path, is never opened; two inline states of a file need different ones.
    pub handle_name: JavaStr<'a>,
    /// The state.
    pub data: Cow<'a, [u8]>,
}

impl<'a> Codec<'a> for ByteStreamHandle<'a> {
    const LEAST: usize = 6;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, handle_name) = java::field_utf(input, cx.strict, "handle_name")?;
        let (rest, data) = java::bytes32(rest).field("data")?;
        Ok((rest, Self { handle_name, data: Cow::Borrowed(data.bytes()) }))
    }

    fn write(&self, out: &mut Output, _cx: WriteContext) -> Result<(), Error> {
        out.utf(&self.handle_name).field("handle_name")?;
        out.bytes32(&self.data).field("data")
    }
}

impl fmt::Debug for ByteStreamHandle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = format_args!("{} bytes", self.data.len());
        f.debug_struct("ByteStreamHandle").field("handle_name", &self.handle_name).field("data", &data).finish()
    }
}

/// Type 2, `FileStateHandle`: `i64` state size, then `utf` absolute path.
#[derive(Debug, Clone, PartialEq)]
pub struct FileHandle<'a> {
    /// Size of the file.
    pub state_size: StateSize,
    /// An absolute URI, for example `s3://bucket/key`.
    pub path: JavaStr<'a>,
}

impl<'a> Codec<'a> for FileHandle<'a> {
    const LEAST: usize = 11;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, state_size) = StateSize::read(input)?;
        let (rest, path) = read_path(rest, cx, "path")?;
        Ok((rest, Self { state_size, path }))
    }

    fn write(&self, out: &mut Output, _cx: WriteContext) -> Result<(), Error> {
        self.state_size.write(out);
        write_path(&self.path, out, "path")
    }
}

/// Type 6, `RelativeFileStateHandle`: `utf` path, then `i64` state size.
#[derive(Debug, Clone, PartialEq)]
pub struct RelativeFileHandle<'a> {
    /// In practice a bare file name; relative to the directory of `_metadata`.
    pub relative_path: JavaStr<'a>,
    /// Size of the file.
    pub state_size: StateSize,
}

impl<'a> Codec<'a> for RelativeFileHandle<'a> {
    const LEAST: usize = 11;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, relative_path) = read_path(input, cx, "relative_path")?;
        let (rest, state_size) = StateSize::read(rest)?;
        Ok((rest, Self { relative_path, state_size }))
    }

    fn write(&self, out: &mut Output, _cx: WriteContext) -> Result<(), Error> {
        write_path(&self.relative_path, out, "relative_path")?;
        self.state_size.write(out);
        Ok(())
    }
}

/// Type 3 in stream position: a stream handle inside a `KeyGroupsStateHandle`.
///
/// | field | type |
/// |---|---|
/// | start key group, number of key groups | `i32`, `i32` |
/// | offsets | `i64` for each key group |
/// | delegate | stream handle, required |
#[derive(Debug, Clone, PartialEq)]
pub struct KeyGroupsStream<'a> {
    /// The key groups and where each starts in the delegate.
    pub offsets: KeyGroupOffsets<'a>,
    /// Where the bytes are.
    pub delegate: StreamHandle<'a>,
}

impl<'a> Codec<'a> for KeyGroupsStream<'a> {
    const LEAST: usize = 9;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, range) = KeyGroupRange::read(input)?;
        let (rest, offsets) = KeyGroupOffsets::read(rest, range)?;
        let (rest, delegate) = StreamHandle::read_required(rest, cx, "delegate")?;
        Ok((rest, Self { offsets, delegate }))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        self.offsets.write(out);
        self.delegate.write_required(out, cx).field("delegate")
    }
}

/// Type 15, `SegmentFileStateHandle`, since Flink 1.20: a part of a file.
///
/// | field | type |
/// |---|---|
/// | start position, state size | `i64`, `i64`; not range-checked |
/// | scope | `i32`: 0 exclusive, 1 shared |
/// | path | `utf`, absolute |
/// | logical file id | `utf` |
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentFileHandle<'a> {
    /// Start of the segment in the physical file.
    pub start_position: i64,
    /// Length of the segment.
    pub state_size: i64,
    /// Who may use the physical file.
    pub scope: Scope,
    /// The physical file.
    pub path: JavaStr<'a>,
    /// Identity of the segment, normally a UUID.
    pub logical_file_id: JavaStr<'a>,
}

/// `CheckpointedStateScope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The state belongs to one checkpoint.
    Exclusive = 0,
    /// The state may be used by later checkpoints.
    Shared = 1,
}

impl<'a> Codec<'a> for SegmentFileHandle<'a> {
    const LEAST: usize = 24;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, start_position) = java::field_i64(input, "start_position")?;
        let (rest, state_size) = java::field_i64(rest, "state_size")?;
        let at = rest.offset();
        let (rest, scope) = match java::field_i32(rest, "scope")? {
            (rest, 0) => (rest, Scope::Exclusive),
            (rest, 1) => (rest, Scope::Shared),
            (_, found) => return fail(ErrorKind::Scope { found }, at).field("scope"),
        };
        let (rest, path) = read_path(rest, cx, "path")?;
        let (rest, logical_file_id) = java::field_utf(rest, cx.strict, "logical_file_id")?;
        Ok((rest, Self { start_position, state_size, scope, path, logical_file_id }))
    }

    fn write(&self, out: &mut Output, _cx: WriteContext) -> Result<(), Error> {
        out.i64(self.start_position);
        out.i64(self.state_size);
        out.i32(self.scope as i32);
        write_path(&self.path, out, "path")?;
        out.utf(&self.logical_file_id).field("logical_file_id")
    }
}

/// Reads a path, which is not empty (`META-HANDLE-03`).
pub(super) fn read_path<'a>(input: Input<'a>, cx: ReadContext, name: &'static str) -> Parsed<'a, JavaStr<'a>> {
    let (rest, path) = java::field_utf(input, cx.strict, name)?;
    if path.is_empty() {
        return fail(ErrorKind::EmptyPath, input.offset()).field(name);
    }
    Ok((rest, path))
}

pub(super) fn write_path(path: &JavaStr<'_>, out: &mut Output, name: &'static str) -> Result<(), Error> {
    if path.is_empty() {
        return Err(out.error(ErrorKind::EmptyPath)).field(name);
    }
    out.utf(path).field(name)
}
