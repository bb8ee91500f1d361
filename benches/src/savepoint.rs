//! Whole savepoints for the benches.

use std::io;
use std::path::Path;

use flink_savepoint::metadata::{
    Handles, Metadata, Operator, OperatorId, Release, Subtask, SubtaskState, Subtasks, Target,
};
use flink_savepoint::savepoint::SavepointWriter;

use crate::keyed::{Content, max_parallelism};

/// Writes a savepoint of one operator with one subtask, whose keyed state is `content`.
pub fn write(directory: &Path, content: &Content) -> io::Result<()> {
    let mut savepoint = SavepointWriter::create(directory)?.inline(0);
    let stream = savepoint.stream();
    let managed_keyed = Some(savepoint.keyed(content.write(stream)?)?);
    let subtask = Subtask { index: 0, state: SubtaskState::Running(Handles { managed_keyed, ..Handles::default() }) };
    let mut metadata = Metadata::new(Release::V2_3.metadata_version(), 1);
    metadata.operators = vec![Operator {
        name: Some("bench".into()),
        uid: Some("bench".into()),
        id: OperatorId::from_uid("bench"),
        parallelism: 1,
        max_parallelism: max_parallelism().get().into(),
        coordinator_state: None,
        subtasks: Subtasks::Listed(vec![subtask].into()),
    }]
    .into();
    savepoint.finish(&metadata, Target::release(Release::V2_3))
}
