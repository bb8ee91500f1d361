//! Handles of every type.

use ::arbitrary::{Result, Unstructured};

use super::metadata::{inline, key_group_offsets, offsets, range, some_text, subtask};
use super::{DEPTH, arbitrary_by, bytes, int, list, long, maybe, natural, one_of};
use crate::metadata::changelog_handle::{
    ByteIncrement, Change, ChangelogHandle, ChangelogSince1_15, FileIncrement, FileIncrementSince1_15, OffsetHandle,
};
use crate::metadata::channel_handle::{
    ChannelHandle, ChannelInfo, Channels, Direction, InputChannel, MergedChannel, ResultSubpartition,
};
use crate::metadata::keyed_handle::{IncrementalHandle, IncrementalSince1_15, NamedHandle};
use crate::metadata::operator_handle::Segmented;
use crate::metadata::stream_handle::{
    ByteStreamHandle, FileHandle, KeyGroupsStream, RelativeFileHandle, Scope, SegmentFileHandle,
};
use crate::metadata::{
    Handles, KeyGroupRange, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Mode, OperatorStateHandle, StateMeta,
    StateSize, StreamHandle, Subtask,
};

/// Which layout changelog handles have, and what stands beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Those of 1.15 and later, all of which the newest release reads.
    Newest,
    /// That of 1.14, and nothing that 1.14 cannot read.
    Flink1_14,
}

arbitrary_by! {
    StateSize: state_size;
    ByteStreamHandle<'static>: inline;
    SegmentFileHandle<'static>: segment;
    StreamHandle<'static>: |u| stream(u, Layout::Newest, DEPTH);
    StateMeta<'static>: state_meta;
    OperatorStateHandle<'static>: |u| operator_state(u, Layout::Newest);
    IncrementalHandle<'static>: |u| incremental(u, Layout::Newest);
    ChangelogHandle<'static>: |u| changelog(u, Layout::Newest, DEPTH);
    ByteIncrement<'static>: |u| byte_increment(u, Layout::Newest);
    FileIncrement<'static>: |u| file_increment(u, Layout::Newest);
    KeyedHandle<'static>: |u| keyed(u, Layout::Newest, DEPTH);
    ChannelHandle<'static, InputChannel>: |u| channel(u, Layout::Newest);
    ChannelHandle<'static, ResultSubpartition>: |u| channel(u, Layout::Newest);
    Handles<'static>: |u| handles(u, Layout::Newest);
    Subtask<'static>: |u| subtask(u, i32::MAX.cast_unsigned(), Layout::Newest);
}

fn state_size(u: &mut Unstructured<'_>) -> Result<StateSize> {
    let known = natural(u)?.cast_unsigned();
    Ok(maybe(u, |_| Ok(()))?.and_then(|()| StateSize::known(known)).unwrap_or(StateSize::UNKNOWN))
}

fn segment(u: &mut Unstructured<'_>) -> Result<SegmentFileHandle<'static>> {
    Ok(SegmentFileHandle {
        start_position: long(u)?,
        state_size: long(u)?,
        scope: one_of(u, &[Scope::Exclusive, Scope::Shared])?,
        path: some_text(u)?,
        logical_file_id: u.arbitrary()?,
    })
}

/// Types 1, 2, 3, 6, 15 and 16.
fn stream(u: &mut Unstructured<'_>, layout: Layout, depth: u8) -> Result<StreamHandle<'static>> {
    let most = if layout == Layout::Newest { 5 } else { 3 };
    Ok(match (u.int_in_range(0..=most)?, depth.checked_sub(1)) {
        (1, _) => StreamHandle::File(FileHandle { state_size: state_size(u)?, path: some_text(u)? }),
        (2, _) => {
            StreamHandle::Relative(RelativeFileHandle { relative_path: some_text(u)?, state_size: state_size(u)? })
        }
        (3, Some(depth)) => {
            let offsets = key_group_offsets(u)?;
            StreamHandle::KeyGroups(Box::new(KeyGroupsStream { offsets, delegate: stream(u, layout, depth)? }))
        }
        (4, _) => StreamHandle::Segment(segment(u)?),
        (5, _) => StreamHandle::EmptySegment,
        _ => StreamHandle::ByteStream(inline(u)?),
    })
}

fn state_meta(u: &mut Unstructured<'_>) -> Result<StateMeta<'static>> {
    let mode = one_of(u, &[Mode::SplitDistribute, Mode::Union, Mode::Broadcast])?;
    Ok(StateMeta { name: u.arbitrary()?, mode, offsets: offsets(u)? })
}

/// Types 4 and 17.
fn operator_state(u: &mut Unstructured<'_>, layout: Layout) -> Result<OperatorStateHandle<'static>> {
    let states = list(u, 3, state_meta)?.into();
    if layout == Layout::Flink1_14 || u.arbitrary()? {
        return Ok(OperatorStateHandle { states, segmented: None, delegate: stream(u, layout, DEPTH)? });
    }
    let segmented =
        Segmented { task_owned_directory: some_text(u)?, shared_directory: some_text(u)?, is_empty: u.arbitrary()? };
    let delegate = maybe(u, segment)?.map_or(StreamHandle::EmptySegment, StreamHandle::Segment);
    Ok(OperatorStateHandle { states, segmented: Some(segmented), delegate })
}

/// Types 3, 5, 7 and 8 to 14.
fn keyed(u: &mut Unstructured<'_>, layout: Layout, depth: u8) -> Result<KeyedHandle<'static>> {
    Ok(match (u.int_in_range(0..=4)?, depth.checked_sub(1)) {
        (1, _) => KeyedHandle::Incremental(Box::new(incremental(u, layout)?)),
        (2, Some(depth)) => KeyedHandle::Changelog(Box::new(changelog(u, layout, depth)?)),
        (3, _) => KeyedHandle::ByteIncrement(byte_increment(u, layout)?),
        (4, _) => KeyedHandle::FileIncrement(file_increment(u, layout)?),
        _ => {
            let format = match u.int_in_range(0..=if layout == Layout::Newest { 2 } else { 1 })? {
                0 => KeyGroupsFormat::Savepoint,
                1 => KeyGroupsFormat::Native,
                _ => KeyGroupsFormat::NativeWithId { state_handle_id: u.arbitrary()? },
            };
            let offsets = key_group_offsets(u)?;
            KeyedHandle::KeyGroups(KeyGroupsHandle { format, offsets, delegate: stream(u, layout, DEPTH)? })
        }
    })
}

/// Types 5 and 11.
fn incremental(u: &mut Unstructured<'_>, layout: Layout) -> Result<IncrementalHandle<'static>> {
    let since = |u: &mut Unstructured<'_>| {
        Ok(IncrementalSince1_15 { checkpointed_size: long(u)?, state_handle_id: u.arbitrary()? })
    };
    let named = |u: &mut Unstructured<'_>| Ok(NamedHandle { name: u.arbitrary()?, handle: stream(u, layout, DEPTH)? });
    Ok(IncrementalHandle {
        checkpoint_id: long(u)?,
        backend_id: u.arbitrary()?,
        key_groups: range(u)?,
        since_1_15: if layout == Layout::Newest { maybe(u, since)? } else { None },
        meta_state: maybe(u, |u| stream(u, layout, DEPTH))?,
        shared_state: list(u, 3, named)?.into(),
        private_state: list(u, 3, named)?.into(),
    })
}

/// Types 8 and 14.
fn changelog(u: &mut Unstructured<'_>, layout: Layout, depth: u8) -> Result<ChangelogHandle<'static>> {
    let since = |u: &mut Unstructured<'_>| {
        Ok(ChangelogSince1_15 {
            checkpointed_size: long(u)?,
            materialization_id: long(u)?,
            checkpoint_id: maybe(u, long)?,
            state_handle_id: u.arbitrary()?,
        })
    };
    let increment = |u: &mut Unstructured<'_>| {
        Ok(if u.arbitrary()? {
            KeyedHandle::ByteIncrement(byte_increment(u, layout)?)
        } else {
            KeyedHandle::FileIncrement(file_increment(u, layout)?)
        })
    };
    let key_groups = range(u)?;
    let key_groups = if key_groups.count() == 0 { KeyGroupRange::new(key_groups.start(), 1) } else { Some(key_groups) };
    Ok(ChangelogHandle {
        key_groups: key_groups.ok_or(::arbitrary::Error::IncorrectFormat)?,
        materialized: list(u, 3, |u| maybe(u, |u| keyed(u, layout, depth)))?.into(),
        non_materialized: list(u, 3, |u| maybe(u, increment))?.into(),
        since_1_15: if layout == Layout::Newest { Some(since(u)?) } else { None },
    })
}

/// Type 9.
fn byte_increment(u: &mut Unstructured<'_>, layout: Layout) -> Result<ByteIncrement<'static>> {
    let change = |u: &mut Unstructured<'_>| Ok(Change { key_group: int(u)?.max(-1), data: bytes(u)?.into() });
    Ok(ByteIncrement {
        key_groups: range(u)?,
        from: natural(u)?,
        to: natural(u)?,
        changes: list(u, 3, change)?.into(),
        state_handle_id: if layout == Layout::Newest { Some(u.arbitrary()?) } else { None },
    })
}

/// Types 10 and 13.
fn file_increment(u: &mut Unstructured<'_>, layout: Layout) -> Result<FileIncrement<'static>> {
    let since = |u: &mut Unstructured<'_>| {
        Ok(FileIncrementSince1_15 {
            checkpointed_size: long(u)?,
            state_handle_id: u.arbitrary()?,
            storage: maybe(u, Unstructured::arbitrary)?,
        })
    };
    let at = |u: &mut Unstructured<'_>| Ok(OffsetHandle { offset: long(u)?, handle: stream(u, layout, DEPTH)? });
    Ok(FileIncrement {
        key_groups: range(u)?,
        handles: list(u, 3, at)?.into(),
        state_size: long(u)?,
        since_1_15: if layout == Layout::Newest { Some(since(u)?) } else { None },
    })
}

/// Plain, and merged where the newest release reads it.
fn channel<D: Direction>(u: &mut Unstructured<'_>, layout: Layout) -> Result<ChannelHandle<'static, D>> {
    let info = |u: &mut Unstructured<'_>| Ok(ChannelInfo { outer: int(u)?, inner: int(u)? });
    let merged =
        |u: &mut Unstructured<'_>| Ok(MergedChannel { info: info(u)?, state_size: long(u)?, offsets: offsets(u)? });
    let channels = if layout == Layout::Newest && u.arbitrary()? {
        Channels::Merged(list(u, 3, merged)?.into())
    } else {
        Channels::One { info: info(u)?, offsets: offsets(u)? }
    };
    Ok(ChannelHandle::new(int(u)?, long(u)?, stream(u, layout, DEPTH)?, channels))
}

pub(super) fn handles(u: &mut Unstructured<'_>, layout: Layout) -> Result<Handles<'static>> {
    Ok(Handles {
        managed_operator: maybe(u, |u| operator_state(u, layout))?,
        raw_operator: maybe(u, |u| operator_state(u, layout))?,
        managed_keyed: maybe(u, |u| keyed(u, layout, DEPTH))?,
        raw_keyed: maybe(u, |u| keyed(u, layout, DEPTH))?,
        input_channels: list(u, 2, |u| channel(u, layout))?.into(),
        result_subpartitions: list(u, 2, |u| channel(u, layout))?.into(),
    })
}
