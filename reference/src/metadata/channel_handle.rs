//! Channel state handles: in-flight data of unaligned checkpoints. Savepoints have none.
//!
//! Versions 3 to 5 have the plain layout; version 6 puts a type byte first and has a merged layout besides:
//!
//! | field of the plain layout | type | field of the merged layout | type |
//! |---|---|---|---|
//! | subtask index | `i32` | subtask index | `i32` |
//! | [`ChannelInfo`] | `i32`, `i32` | state size, of all channels | `i64` |
//! | offsets | `i32` count, `i64` each | delegate | stream handle, required |
//! | state size | `i64` | length of the rest | `i32` |
//! | delegate | stream handle, required | channels | list of [`MergedChannel`] |

use std::fmt;
use std::marker::PhantomData;

use super::codec::{Codec, List, ReadContext, WriteContext};
use super::key_groups::Offsets;
use super::release::Feature;
use super::stream_handle::StreamHandle;
use crate::error::{At, TypePosition};
use crate::wire::{Input, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

/// Whether a handle is of input channels or of result subpartitions. Only the type bytes differ.
pub trait Direction: Clone + Copy + PartialEq + fmt::Debug {
    /// Type byte of the plain layout in version 6.
    const PLAIN: u8;
    /// Type byte of the merged layout in version 6.
    const MERGED: u8;
    /// Where the type byte stands.
    const POSITION: TypePosition;
}

/// `InputChannelStateHandle`; the info is gate index and input channel index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputChannel;

/// `ResultSubpartitionStateHandle`; the info is partition index and subpartition index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResultSubpartition;

impl Direction for InputChannel {
    const PLAIN: u8 = 1;
    const MERGED: u8 = 3;
    const POSITION: TypePosition = TypePosition::InputChannel;
}

impl Direction for ResultSubpartition {
    const PLAIN: u8 = 2;
    const MERGED: u8 = 4;
    const POSITION: TypePosition = TypePosition::ResultSubpartition;
}

/// A channel, or several that were merged.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelHandle<'a, D> {
    /// The subtask that the data belongs to.
    pub subtask_index: i32,
    /// Bytes of the channel, or of all merged channels.
    pub state_size: i64,
    /// Where the bytes are.
    pub delegate: StreamHandle<'a>,
    /// The channel or channels.
    pub channels: Channels<'a>,
    direction: PhantomData<D>,
}

/// What a [`ChannelHandle`] covers.
#[derive(Debug, Clone, PartialEq)]
pub enum Channels<'a> {
    /// The plain layout.
    One {
        /// The channel.
        info: ChannelInfo,
        /// Where its buffers are in the delegate.
        offsets: Offsets<'a>,
    },
    /// The merged layout, since Flink 2.1.
    Merged(List<'a, MergedChannel<'a>>),
}

/// Gate and channel, or partition and subpartition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelInfo {
    /// Index of the gate or partition.
    pub outer: i32,
    /// Index of the channel or subpartition in it.
    pub inner: i32,
}

impl ChannelInfo {
    fn read(input: Input<'_>) -> Parsed<'_, Self> {
        let (rest, outer) = java::field_i32(input, "info")?;
        let (rest, inner) = java::field_i32(rest, "info")?;
        Ok((rest, Self { outer, inner }))
    }

    fn write(self, out: &mut Output) {
        out.i32(self.outer);
        out.i32(self.inner);
    }
}

fn read_offsets(input: Input<'_>) -> Parsed<'_, Offsets<'_>> {
    let (rest, count) = java::count(input, 8).field("offsets")?;
    Offsets::read(rest, count.into(), input.offset()).field("offsets")
}

impl<'a, D: Direction> ChannelHandle<'a, D> {
    /// A handle of the parts.
    pub fn new(subtask_index: i32, state_size: i64, delegate: StreamHandle<'a>, channels: Channels<'a>) -> Self {
        Self { subtask_index, state_size, delegate, channels, direction: PhantomData }
    }

    fn read_plain(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, subtask_index) = java::field_i32(input, "subtask_index")?;
        let (rest, info) = ChannelInfo::read(rest)?;
        let (rest, offsets) = read_offsets(rest)?;
        let (rest, state_size) = java::field_i64(rest, "state_size")?;
        let (rest, delegate) = StreamHandle::read_required(rest, cx, "delegate")?;
        Ok((rest, Self::new(subtask_index, state_size, delegate, Channels::One { info, offsets })))
    }

    fn read_merged(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, subtask_index) = java::field_i32(input, "subtask_index")?;
        let (rest, state_size) = java::field_i64(rest, "state_size")?;
        let (rest, delegate) = StreamHandle::read_required(rest, cx, "delegate")?;
        let (rest, window) = java::bytes32(rest).field("channels")?;
        let (left, channels) = List::read(window, cx).field("channels")?;
        if !left.is_empty() {
            return fail(ErrorKind::ChannelTrailing { count: left.len() }, left.offset()).field("channels");
        }
        Ok((rest, Self::new(subtask_index, state_size, delegate, Channels::Merged(channels))))
    }

    fn write_plain(
        &self,
        out: &mut Output,
        cx: WriteContext,
        info: ChannelInfo,
        offsets: &Offsets<'_>,
        state_size: i64,
    ) -> Result<(), Error> {
        out.i32(self.subtask_index);
        info.write(out);
        out.count(offsets.len()).field("offsets")?;
        offsets.write(out);
        out.i64(state_size);
        self.delegate.write_required(out, cx).field("delegate")
    }

    /// How many handles of the plain layout say the same.
    fn plain_count(&self) -> usize {
        match &self.channels {
            Channels::One { .. } => 1,
            Channels::Merged(channels) => channels.len(),
        }
    }

    /// Writes the list of handles. Versions before 6 have no merged layout: there each channel gets a handle of its own
    /// over the same delegate, which is what Flink makes of a merged handle when it restores.
    pub(super) fn write_list(list: &List<'a, Self>, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        let mut kept = Vec::new();
        for handle in list {
            if !(handle.delegate.is_segment() && cx.must_drop(Feature::Segment, out)?) {
                kept.push(handle);
            }
        }
        if cx.version.has_tagged_channels() {
            return List::from(kept).write(out, cx);
        }
        out.count(kept.iter().map(Self::plain_count).sum())?;
        for (i, handle) in kept.iter().enumerate() {
            match &handle.channels {
                Channels::One { info, offsets } => handle.write_plain(out, cx, *info, offsets, handle.state_size),
                Channels::Merged(channels) => channels.iter().try_for_each(|channel| {
                    handle.write_plain(out, cx, channel.info, &channel.offsets, channel.state_size)
                }),
            }
            .index(i as u64)?;
        }
        Ok(())
    }
}

impl<'a, D: Direction> Codec<'a> for ChannelHandle<'a, D> {
    // The tagged merged layout with the shortest delegate and no channel.
    const LEAST: usize = 22;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        if !cx.version.has_tagged_channels() {
            return Self::read_plain(input, cx);
        }
        match java::u8(input)? {
            (rest, tag) if tag == D::PLAIN => Self::read_plain(rest, cx),
            (rest, tag) if tag == D::MERGED => Self::read_merged(rest, cx),
            (_, found) => fail(ErrorKind::UnknownType { found, position: D::POSITION }, input.offset()),
        }
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        match &self.channels {
            Channels::One { info, offsets } => {
                out.u8(D::PLAIN);
                self.write_plain(out, cx, *info, offsets, self.state_size)
            }
            Channels::Merged(channels) => {
                out.u8(D::MERGED);
                out.i32(self.subtask_index);
                out.i64(self.state_size);
                self.delegate.write_required(out, cx).field("delegate")?;
                let mut window = Output::new();
                channels.write(&mut window, cx).field("channels")?;
                out.bytes32(&window.into_bytes()).field("channels")
            }
        }
    }
}

/// One channel of a merged handle: [`ChannelInfo`], `i64` state size, `i32` count, `i64` offsets. Here the size comes first.
#[derive(Debug, Clone, PartialEq)]
pub struct MergedChannel<'a> {
    /// The channel.
    pub info: ChannelInfo,
    /// Its bytes.
    pub state_size: i64,
    /// Where its buffers are in the delegate.
    pub offsets: Offsets<'a>,
}

impl<'a> Codec<'a> for MergedChannel<'a> {
    const LEAST: usize = 20;

    fn read(input: Input<'a>, _cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, info) = ChannelInfo::read(input)?;
        let (rest, state_size) = java::field_i64(rest, "state_size")?;
        let (rest, offsets) = read_offsets(rest)?;
        Ok((rest, Self { info, state_size, offsets }))
    }

    fn write(&self, out: &mut Output, _cx: WriteContext) -> Result<(), Error> {
        self.info.write(out);
        out.i64(self.state_size);
        out.count(self.offsets.len()).field("offsets")?;
        self.offsets.write(out);
        Ok(())
    }
}
