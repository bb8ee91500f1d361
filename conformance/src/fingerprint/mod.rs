//! The fingerprint of a savepoint, as text and as JSON.

mod report;
pub mod text;

use flink_savepoint::logical::{self, Fingerprint};
use flink_savepoint::metadata::SubtaskState;
use flink_savepoint::savepoint::{Savepoint, Store};

pub use report::Report;

use crate::progress::Progress;

/// Computes it, with a progress bar where it takes long.
pub fn compute<S: Store>(savepoint: &Savepoint<'_, S>) -> Fingerprint {
    let mut progress = Progress::new("reading state", total_bytes(savepoint));
    logical::fingerprint(savepoint, &mut |bytes| progress.advance(bytes))
}

/// The same, with every key decoded and its key group verified.
pub fn survey<S: Store>(savepoint: &Savepoint<'_, S>) -> Fingerprint {
    let mut progress = Progress::new("reading state", total_bytes(savepoint));
    logical::survey(savepoint, &mut |bytes| progress.advance(bytes))
}

/// Bytes of all streams, as their handles say.
pub fn total_bytes<S: Store>(savepoint: &Savepoint<'_, S>) -> u64 {
    let mut total: u64 = 0;
    for operator in &savepoint.metadata().operators {
        for subtask in operator.subtasks() {
            if let SubtaskState::Running(handles) = subtask.state {
                handles.for_each_stream(|_, stream| {
                    total = total.saturating_add(stream.state_size().bytes().unwrap_or(0));
                });
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use flink_savepoint::metadata::stream_handle::RelativeFileHandle;
    use flink_savepoint::metadata::{
        Handles, Metadata, MetadataVersion, Operator, OperatorId, OperatorStateHandle, StateSize, StreamHandle,
        Subtask, Subtasks,
    };
    use flink_savepoint::savepoint::Directory;

    use super::*;

    #[test]
    fn sizes_that_handles_make_up_add_up_to_a_number() {
        let size = StateSize::known(i64::MAX.unsigned_abs()).unwrap();
        let delegate = StreamHandle::Relative(RelativeFileHandle { relative_path: "x".into(), state_size: size });
        let handle = OperatorStateHandle { states: Vec::new().into(), segmented: None, delegate };
        let subtask = |index| {
            let handles = Handles { managed_operator: Some(handle.clone()), ..Handles::default() };
            Subtask { index, state: SubtaskState::Running(handles) }
        };
        let mut metadata = Metadata::new(MetadataVersion::V3, 1);
        metadata.operators = vec![Operator {
            name: None,
            uid: None,
            id: OperatorId([0; 16]),
            parallelism: 3,
            max_parallelism: 128,
            coordinator_state: None,
            subtasks: Subtasks::Listed((0..3).map(subtask).collect::<Vec<_>>().into()),
        }]
        .into();
        assert_eq!(total_bytes(&Savepoint::new(metadata, Directory::new(""))), u64::MAX);
    }
}
