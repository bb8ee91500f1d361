//! What a release leaves of metadata that may lose what the release cannot hold, told a second time and without the writer.

use crate::metadata::changelog_handle::ChangelogHandle;
use crate::metadata::channel_handle::{ChannelHandle, Channels, Direction};
use crate::metadata::keyed_handle::IncrementalHandle;
use crate::metadata::{
    Feature, Handles, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, List, Metadata, Operator, OperatorStateHandle,
    Release, StreamHandle, Subtask, SubtaskState, Subtasks,
};

/// What `release` reads from a file that was written for it with everything dropped that it cannot hold.
pub fn for_release<'a>(metadata: &Metadata<'a>, release: Release) -> Metadata<'a> {
    let version = release.metadata_version();
    let mut left = Metadata::new(version, metadata.checkpoint_id);
    left.master_states = metadata.master_states.clone();
    left.operators =
        metadata.operators.iter().map(|operator| of_operator(operator, release)).collect::<Vec<_>>().into();
    // Null where the version has properties and none are given, as a new model has them.
    left.properties = left.properties.map(|null| metadata.properties.clone().unwrap_or(null));
    left
}

fn of_operator(operator: Operator<'_>, release: Release) -> Operator<'_> {
    let subtasks = match operator.subtasks {
        Subtasks::FullyFinished if !release.holds(Feature::FinishedMarker) => Subtasks::Listed(List::default()),
        Subtasks::FullyFinished => Subtasks::FullyFinished,
        Subtasks::Listed(list) => {
            Subtasks::Listed(list.iter().filter_map(|subtask| of_subtask(subtask, release)).collect::<Vec<_>>().into())
        }
    };
    Operator {
        name: operator.name.filter(|_| release.holds(Feature::OperatorName)),
        uid: operator.uid.filter(|_| release.holds(Feature::OperatorUid)),
        subtasks,
        ..operator
    }
}

fn of_subtask(subtask: Subtask<'_>, release: Release) -> Option<Subtask<'_>> {
    let state = match subtask.state {
        SubtaskState::Finished if !release.holds(Feature::FinishedMarker) => return None,
        SubtaskState::Finished => SubtaskState::Finished,
        SubtaskState::Running(handles) => SubtaskState::Running(of_handles(handles, release)),
    };
    Some(Subtask { state, ..subtask })
}

fn of_handles(handles: Handles<'_>, release: Release) -> Handles<'_> {
    let operator_state = |handle: &OperatorStateHandle<'_>| is_held(&handle.delegate, release);
    Handles {
        managed_operator: handles.managed_operator.filter(operator_state),
        raw_operator: handles.raw_operator.filter(operator_state),
        managed_keyed: handles.managed_keyed.and_then(|handle| of_keyed(handle, release)),
        raw_keyed: handles.raw_keyed.and_then(|handle| of_keyed(handle, release)),
        input_channels: of_channels(&handles.input_channels, release),
        result_subpartitions: of_channels(&handles.result_subpartitions, release),
    }
}

fn is_held(stream: &StreamHandle<'_>, release: Release) -> bool {
    release.holds(Feature::Segment) || !stream.is_segment()
}

/// Type 12 becomes 3 and 11 becomes 5; a handle of which a part is lost is lost as a whole.
fn of_keyed(handle: KeyedHandle<'_>, release: Release) -> Option<KeyedHandle<'_>> {
    let has_ids = release.holds(Feature::StateHandleId);
    Some(match handle {
        KeyedHandle::KeyGroups(handle) if is_held(&handle.delegate, release) => {
            let format = match handle.format {
                KeyGroupsFormat::NativeWithId { .. } if !has_ids => KeyGroupsFormat::Native,
                format => format,
            };
            KeyedHandle::KeyGroups(KeyGroupsHandle { format, ..handle })
        }
        KeyedHandle::Incremental(handle) => {
            let files = handle.shared_state.iter().chain(&handle.private_state).map(|named| named.handle);
            if !handle.meta_state.iter().cloned().chain(files).all(|stream| is_held(&stream, release)) {
                return None;
            }
            let since_1_15 = handle.since_1_15.clone().filter(|_| has_ids);
            KeyedHandle::Incremental(Box::new(IncrementalHandle { since_1_15, ..*handle }))
        }
        KeyedHandle::Changelog(handle) => {
            let layout = match &handle.since_1_15 {
                None => Feature::Changelog1_14,
                Some(since) if since.checkpoint_id.is_none() => Feature::Changelog1_15,
                Some(_) => Feature::Changelog1_16,
            };
            if !release.holds(layout) {
                return None;
            }
            let [materialized, non_materialized] =
                [of_parts(&handle.materialized, release)?, of_parts(&handle.non_materialized, release)?];
            KeyedHandle::Changelog(Box::new(ChangelogHandle { materialized, non_materialized, ..*handle }))
        }
        KeyedHandle::ByteIncrement(handle)
            if release.holds(match handle.state_handle_id {
                None => Feature::Changelog1_14,
                Some(_) => Feature::Changelog1_15,
            }) =>
        {
            KeyedHandle::ByteIncrement(handle)
        }
        KeyedHandle::FileIncrement(handle) => {
            let layout = match &handle.since_1_15 {
                None => Feature::Changelog1_14,
                Some(since) if since.storage.is_none() => Feature::Changelog1_15,
                Some(_) => Feature::Changelog1_16,
            };
            if !release.holds(layout) || !handle.handles.iter().all(|at| is_held(&at.handle, release)) {
                return None;
            }
            KeyedHandle::FileIncrement(handle)
        }
        KeyedHandle::KeyGroups(_) | KeyedHandle::ByteIncrement(_) => return None,
    })
}

fn of_parts<'a>(
    parts: &List<'a, Option<KeyedHandle<'a>>>,
    release: Release,
) -> Option<List<'a, Option<KeyedHandle<'a>>>> {
    let mut left = Vec::new();
    for part in parts {
        left.push(match part {
            None => None,
            Some(part) => Some(of_keyed(part, release)?),
        });
    }
    Some(left.into())
}

/// Before version 6 each channel of a merged handle has a handle of its own over the same bytes.
fn of_channels<'a, D: Direction>(
    handles: &List<'a, ChannelHandle<'a, D>>,
    release: Release,
) -> List<'a, ChannelHandle<'a, D>> {
    let mut left = Vec::new();
    for handle in handles.iter().filter(|handle| is_held(&handle.delegate, release)) {
        match &handle.channels {
            Channels::Merged(channels) if !release.metadata_version().has_tagged_channels() => {
                left.extend(channels.iter().map(|channel| {
                    let one = Channels::One { info: channel.info, offsets: channel.offsets };
                    ChannelHandle::new(handle.subtask_index, channel.state_size, handle.delegate.clone(), one)
                }));
            }
            _ => left.push(handle),
        }
    }
    left.into()
}
