//! Metadata files for the benches, and what is measured on them.

use flink_savepoint::Error;
use flink_savepoint::metadata::stream_handle::RelativeFileHandle;
use flink_savepoint::metadata::{
    CheckpointProperties, Dropping, Feature, Handles, KeyGroupOffsets, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle,
    Metadata, Operator, OperatorId, Properties, Release, StateSize, StreamHandle, Subtask, SubtaskState, Subtasks,
    Target,
};
use serde_json::{Value, json};

/// A `_metadata` file of a canonical savepoint as `release` writes it, with `handles` keyed state handles: at most 100
/// subtasks to an operator, `key_groups` key groups to a handle.
pub fn metadata_file(handles: u32, key_groups: u32, release: Release) -> Result<Vec<u8>, Error> {
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
    let mut metadata = Metadata::new(release.metadata_version(), 42);
    metadata.operators = operators.collect::<Vec<_>>().into();
    if metadata.properties.is_some() {
        metadata.properties = Some(Properties::new(CheckpointProperties::canonical_savepoint(true))?);
    }
    // Releases before 2.0 have no names and uids of operators.
    let dropping = Dropping::NOTHING.and(Feature::OperatorName).and(Feature::OperatorUid);
    metadata.write(Target::release(release).dropping(dropping))
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

/// What is in a metadata file of keyed state. Equal for the same file, whoever read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Number of operators.
    pub operators: u64,
    /// Number of subtasks.
    pub subtasks: u64,
    /// Number of keyed handles.
    pub handles: u64,
    /// Sum of the offsets of all key groups.
    pub offsets: i64,
    /// Bytes of all paths.
    pub path_bytes: u64,
    /// Bytes of state, as the handles say.
    pub state_bytes: u64,
}

impl Sums {
    /// Looks at everything: each operator, subtask, handle and offset.
    pub fn of(metadata: &Metadata<'_>) -> Self {
        let mut sums = Self::default();
        for operator in &metadata.operators {
            sums.operators += 1;
            for subtask in operator.subtasks() {
                sums.subtasks += 1;
                if let SubtaskState::Running(handles) = subtask.state
                    && let Some(KeyedHandle::KeyGroups(handle)) = handles.managed_keyed
                {
                    let path = handle.delegate.path().map_or(&[][..], |path| path.as_modified_utf8());
                    sums.handle(handle.offsets.offsets().iter().sum(), path, handle.delegate.state_size().bytes());
                }
            }
        }
        sums
    }

    /// A handle: the sum of its offsets, its path and its size.
    pub fn handle(&mut self, offsets: i64, path: &[u8], size: Option<u64>) {
        self.handles += 1;
        self.offsets += offsets;
        self.path_bytes += path.len() as u64;
        self.state_bytes += size.unwrap_or(0);
    }

    /// As Flink's side prints them.
    pub fn to_json(self) -> Value {
        let Self { operators, subtasks, handles, offsets, path_bytes, state_bytes } = self;
        json!({
            "operators": operators, "subtasks": subtasks, "handles": handles, "offsets": offsets,
            "path_bytes": path_bytes, "state_bytes": state_bytes,
        })
    }
}
