//! Inputs for the benches, made by the project's own writer.

pub mod keyed;
pub mod values;

use flink_savepoint::Error;
use flink_savepoint::metadata::stream_handle::RelativeFileHandle;
use flink_savepoint::metadata::{
    CheckpointProperties, Handles, KeyGroupOffsets, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata,
    MetadataVersion, Operator, OperatorId, Properties, StateSize, StreamHandle, Subtask, SubtaskState, Subtasks,
};

/// A version 6 `_metadata` file of a canonical savepoint with `handles` keyed state handles: at most 100 subtasks to an
/// operator, `key_groups` key groups to a handle.
pub fn metadata_file(handles: u32, key_groups: u32) -> Result<Vec<u8>, Error> {
    let parallelism = handles.min(100);
    let subtasks: Vec<Subtask<'_>> = (0..parallelism).map(|index| subtask(index, key_groups)).collect();
    let operators = (0..handles / parallelism).map(|i| Operator {
        name: Some(format!("operator {i}").as_str().into()),
        uid: Some(format!("uid-{i}").as_str().into()),
        id: OperatorId(u128::from(i).to_be_bytes()),
        parallelism,
        max_parallelism: parallelism * key_groups,
        coordinator_state: None,
        subtasks: Subtasks::Listed(subtasks.clone().into()),
    });
    let mut metadata = Metadata::new(MetadataVersion::V6, 42);
    metadata.operators = operators.collect::<Vec<_>>().into();
    metadata.properties = Some(Properties::new(CheckpointProperties::canonical_savepoint(true))?);
    metadata.to_bytes()
}

fn subtask(index: u32, key_groups: u32) -> Subtask<'static> {
    let offsets = (0..key_groups).map(|group| i64::from(group) * 1000 + 300);
    let delegate = RelativeFileHandle {
        relative_path: format!("{index:08x}-4ebc-4985-8dbb-16896f2779f4").as_str().into(),
        state_size: StateSize::known(u64::from(key_groups) * 1000 + 300).unwrap_or(StateSize::UNKNOWN),
    };
    let managed_keyed = KeyGroupOffsets::new(index * key_groups, offsets).map(|offsets| {
        KeyedHandle::KeyGroups(KeyGroupsHandle {
            format: KeyGroupsFormat::Savepoint,
            offsets,
            delegate: StreamHandle::Relative(delegate),
        })
    });
    Subtask { index, state: SubtaskState::Running(Handles { managed_keyed, ..Handles::default() }) }
}
