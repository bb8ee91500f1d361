//! Metadata, operators and what is not a handle.

use ::arbitrary::{Result, Unstructured};

use super::handles::{Layout, handles};
use super::{arbitrary_by, bytes, int, list, long, maybe, natural, one_of};
use crate::metadata::properties::{PostCheckpointAction, SharingFilesStrategy};
use crate::metadata::stream_handle::ByteStreamHandle;
use crate::metadata::{
    CheckpointProperties, KeyGroupOffsets, KeyGroupRange, MasterState, Metadata, MetadataVersion, Offsets, Operator,
    OperatorId, Properties, SavepointFormat, SnapshotType, Subtask, SubtaskState, Subtasks,
};
use crate::wire::JavaStr;

/// Metadata of version 3 whose changelog handles have the layout of Flink 1.14, which no other release reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata1_14(pub Metadata<'static>);

arbitrary_by! {
    OperatorId: |u: &mut Unstructured<'_>| u.arbitrary().map(OperatorId);
    KeyGroupRange: range;
    KeyGroupOffsets<'static>: key_group_offsets;
    Offsets<'static>: offsets;
    MasterState<'static>: master_state;
    CheckpointProperties<'static>: checkpoint_properties;
    Properties<'static>: properties;
    Operator<'static>: |u| operator(u, Layout::Newest);
    Metadata<'static>: |u| metadata(u, MetadataVersion::V6, Layout::Newest);
    Metadata1_14: |u| metadata(u, MetadataVersion::V3, Layout::Flink1_14).map(Metadata1_14);
}

/// A string that is not empty.
pub(super) fn some_text(u: &mut Unstructured<'_>) -> Result<JavaStr<'static>> {
    let text: JavaStr<'static> = u.arbitrary()?;
    Ok(if text.is_empty() { "x".into() } else { text })
}

/// A number of 31 bits.
fn number(u: &mut Unstructured<'_>) -> Result<u32> {
    Ok(int(u)?.cast_unsigned() & i32::MAX.cast_unsigned())
}

pub(super) fn range(u: &mut Unstructured<'_>) -> Result<KeyGroupRange> {
    let (start, count) = (number(u)?, number(u)?);
    // The last key group is a number of 31 bits, too.
    let most = i32::MAX.cast_unsigned() - start + 1;
    KeyGroupRange::new(start, count.min(most)).ok_or(::arbitrary::Error::IncorrectFormat)
}

pub(super) fn offsets(u: &mut Unstructured<'_>) -> Result<Offsets<'static>> {
    list(u, 4, long).map(|offsets| offsets.into_iter().collect())
}

pub(super) fn key_group_offsets(u: &mut Unstructured<'_>) -> Result<KeyGroupOffsets<'static>> {
    let offsets = list(u, 4, long)?;
    let start = number(u)?.min(i32::MAX.cast_unsigned() - 4);
    KeyGroupOffsets::new(start, offsets).ok_or(::arbitrary::Error::IncorrectFormat)
}

fn master_state(u: &mut Unstructured<'_>) -> Result<MasterState<'static>> {
    Ok(MasterState { version: int(u)?, name: u.arbitrary()?, payload: bytes(u)?.into() })
}

fn checkpoint_properties(u: &mut Unstructured<'_>) -> Result<CheckpointProperties<'static>> {
    let snapshot = if u.arbitrary()? {
        SnapshotType::Savepoint {
            format: one_of(u, &[SavepointFormat::Canonical, SavepointFormat::Native])?,
            name: u.arbitrary()?,
            action: one_of(
                u,
                &[PostCheckpointAction::None, PostCheckpointAction::Suspend, PostCheckpointAction::Terminate],
            )?,
        }
    } else {
        SnapshotType::Checkpoint {
            name: u.arbitrary()?,
            sharing: one_of(
                u,
                &[
                    SharingFilesStrategy::ForwardBackward,
                    SharingFilesStrategy::Forward,
                    SharingFilesStrategy::NoSharing,
                ],
            )?,
        }
    };
    Ok(CheckpointProperties {
        discard_cancelled: u.arbitrary()?,
        discard_failed: u.arbitrary()?,
        discard_finished: u.arbitrary()?,
        discard_subsumed: u.arbitrary()?,
        discard_suspended: u.arbitrary()?,
        forced: u.arbitrary()?,
        unclaimed: u.arbitrary()?,
        snapshot,
    })
}

fn properties(u: &mut Unstructured<'_>) -> Result<Properties<'static>> {
    match maybe(u, checkpoint_properties)? {
        None => Ok(Properties::null()),
        Some(content) => Properties::new(content).map_err(|_| ::arbitrary::Error::IncorrectFormat),
    }
}

fn operator(u: &mut Unstructured<'_>, layout: Layout) -> Result<Operator<'static>> {
    let max_parallelism = match u.int_in_range(0..=2)? {
        0 => one_of(u, &[1, 2, 127, 128, 129, 32_767, 32_768])?,
        _ => u.int_in_range(1..=32_768)?,
    };
    let parallelism = u.int_in_range(0..=max_parallelism.min(4))?;
    let is_finished = u.ratio(1_u8, 8)?;
    let subtasks = if is_finished {
        Subtasks::FullyFinished
    } else {
        // Also two of one index, which Flink takes.
        let most = if parallelism == 0 { 0 } else { 4 };
        Subtasks::Listed(list(u, most, |u| subtask(u, parallelism, layout))?.into())
    };
    let named = layout == Layout::Newest;
    let name = |u: &mut Unstructured<'_>| if named { maybe(u, some_text) } else { Ok(None) };
    Ok(Operator {
        name: name(u)?,
        uid: name(u)?,
        id: u.arbitrary()?,
        parallelism,
        max_parallelism,
        coordinator_state: if is_finished { None } else { maybe(u, inline)? },
        subtasks,
    })
}

pub(super) fn inline(u: &mut Unstructured<'_>) -> Result<ByteStreamHandle<'static>> {
    Ok(ByteStreamHandle { handle_name: u.arbitrary()?, data: bytes(u)?.into() })
}

pub(super) fn subtask(u: &mut Unstructured<'_>, parallelism: u32, layout: Layout) -> Result<Subtask<'static>> {
    let index = u.int_in_range(0..=parallelism.saturating_sub(1))?;
    let state = if u.ratio(1_u8, 4)? { SubtaskState::Finished } else { SubtaskState::Running(handles(u, layout)?) };
    Ok(Subtask { index, state })
}

fn metadata(u: &mut Unstructured<'_>, version: MetadataVersion, layout: Layout) -> Result<Metadata<'static>> {
    let mut metadata = Metadata::new(version, natural(u)?.cast_unsigned());
    if version.has_properties() {
        metadata.properties = Some(properties(u)?);
    }
    metadata.operators = list(u, 4, |u| operator(u, layout))?.into();
    metadata.master_states = list(u, 2, master_state)?.into();
    Ok(metadata)
}
