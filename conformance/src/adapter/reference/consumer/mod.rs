//! Restores a savepoint into a job, of whatever parallelism.

mod assign;
mod keyed;
mod operator;
mod refusal;
mod types;

use std::fs;
use std::path::Path;

use flink_savepoint::metadata::{Handles, KeyedHandle, Metadata, OperatorId, Release, SubtaskState};
use flink_savepoint::savepoint::{Directory, METADATA, Savepoint};

pub use assign::{KeyedShare, Place};
pub use keyed::Read;
pub use refusal::Refusal;
pub(super) use refusal::Stop;

use super::Failure;
use super::backend::RunningOperator;
use super::hooks::Hooks;
use crate::scenario::{Operator, names};

/// The operators of a job, with the state that the savepoint has of them.
pub(super) fn restore(
    job: &[Operator],
    parallelism: u32,
    directory: &Path,
    release: Release,
    hooks: &dyn Hooks,
) -> Result<Vec<RunningOperator>, Stop> {
    names::check_stages([job]).map_err(Failure::from)?;
    let bytes = fs::read(directory.join(METADATA))
        .map_err(|error| Refusal::invalid("DIR-METADATA-01", Some(METADATA), error.to_string()))?;
    let metadata = Metadata::parse(&bytes).map_err(|error| Refusal::of_file(&error, None))?;
    if let Some(operator) = metadata.operators.iter().find(has_channels) {
        // Where it goes is said by the edges of the job alone.
        let message = format!("operator {} has channel state, which no savepoint has", operator.id);
        return Err(Refusal::invalid("REDIST-CHANNEL-02", Some(METADATA), message).into());
    }
    let ids: Vec<OperatorId> = metadata.operators.iter().map(|operator| operator.id).collect();
    let wanted: Vec<OperatorId> = job.iter().map(|operator| OperatorId::from_uid(&operator.uid)).collect();
    for (id, operator) in ids.iter().zip(&metadata.operators) {
        let has_state =
            operator.subtasks().any(|subtask| has_state(&subtask.state)) || operator.coordinator_state.is_some();
        if has_state && !wanted.contains(id) {
            let message = format!("the savepoint has state of operator {id}, which the job does not have");
            return Err(Refusal::mismatch("META-OPERATOR-ID-01", message).into());
        }
    }
    let savepoint = Savepoint::new(metadata, Directory::new(directory));
    let mut operators = Vec::new();
    for (position, (operator, id)) in job.iter().zip(&wanted).enumerate() {
        let found = hooks.operator_position(ids.iter().position(|known| known == id), position);
        let stored = found.and_then(|i| savepoint.metadata().operators.iter().nth(i));
        operators.push(match stored {
            None => RunningOperator::start(operator, parallelism, release)?,
            Some(stored) => {
                Restoring { savepoint: &savepoint, stored: &stored, hooks }.restore(operator, parallelism, release)?
            }
        });
    }
    Ok(operators)
}

fn has_channels(operator: &flink_savepoint::metadata::Operator<'_>) -> bool {
    operator.subtasks().any(|subtask| match subtask.state {
        SubtaskState::Running(handles) => {
            !handles.input_channels.is_empty() || !handles.result_subpartitions.is_empty()
        }
        SubtaskState::Finished => false,
    })
}

fn has_state(state: &SubtaskState<'_>) -> bool {
    matches!(state, SubtaskState::Running(handles) if !handles.is_empty())
}

/// An operator being restored.
struct Restoring<'r, 'a> {
    savepoint: &'r Savepoint<'a, Directory>,
    stored: &'r flink_savepoint::metadata::Operator<'a>,
    hooks: &'r dyn Hooks,
}

impl<'a> Restoring<'_, 'a> {
    fn restore(&self, operator: &Operator, parallelism: u32, release: Release) -> Result<RunningOperator, Stop> {
        if parallelism > operator.max_parallelism {
            let message = format!("parallelism {parallelism} with a max parallelism of {}", operator.max_parallelism);
            return Err(Refusal::mismatch("REDIST-MAX-02", message).into());
        }
        let mut running =
            RunningOperator::start(&Operator { states: Vec::new(), ..operator.clone() }, parallelism, release)
                .map_err(|failure| Refusal::mismatch("REDIST-MAX-02", failure.to_string()))?;
        running.coordinator = self.stored.coordinator_state.as_ref().map(|handle| handle.data.to_vec());
        running.finished = self.hooks.is_finished(self.stored.is_fully_finished());
        if self.stored.is_fully_finished() != operator.finished {
            let message = format!("operator {} is finished in only one of job and savepoint", operator.uid);
            return Err(Refusal::mismatch("META-FINISHED-03", message).into());
        }
        self.restore_keyed(&mut running)?;
        self.restore_operator_state(&mut running)?;
        for state in &operator.states {
            let restored = running.states.iter().find(|known| known.name == state.name && known.kind == state.kind);
            if let Some(restored) = restored {
                types::same(restored, state, release)?;
            }
            running.register(state, release)?;
        }
        Ok(running)
    }

    /// What `select` finds in each old subtask, with its index, in the order of the indexes.
    fn each<T>(&self, select: impl Fn(Handles<'a>) -> Option<T>) -> Vec<(u32, T)> {
        let handles = self.stored.subtasks().filter_map(|subtask| match subtask.state {
            SubtaskState::Running(handles) => Some((subtask.index, select(handles)?)),
            SubtaskState::Finished => None,
        });
        let mut handles: Vec<_> = handles.collect();
        handles.sort_by_key(|(index, _)| *index);
        handles
    }

    /// Managed keyed state of canonical savepoints.
    fn restore_keyed(&self, running: &mut RunningOperator) -> Result<(), Stop> {
        let mut handles = Vec::new();
        for (index, handle) in self.each(|handles| handles.managed_keyed) {
            match handle {
                KeyedHandle::KeyGroups(handle) => handles.push((index, handle)),
                _ => {
                    return Err(
                        Refusal::mismatch("META-CANONICAL-02", "keyed state that is not canonical".into()).into()
                    );
                }
            }
        }
        if handles.is_empty() { Ok(()) } else { self.read_keyed(&handles, running) }
    }
}

#[cfg(test)]
mod tests {
    use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
    use flink_savepoint::wire::JavaStr;

    use super::super::hooks::{Hooks, Right};
    use super::super::producer;
    use super::*;
    use crate::scenario::Scenario;

    /// Writes coordinator state besides.
    struct WithCoordinator;

    impl Hooks for WithCoordinator {
        fn metadata(&self, metadata: &mut Metadata<'static>) {
            let mut operators: Vec<_> = metadata.operators.iter().collect();
            for operator in &mut operators {
                let handle_name = JavaStr::from(operator.id.to_string().as_str()).into_owned();
                operator.coordinator_state = Some(ByteStreamHandle { handle_name, data: vec![1, 2, 3].into() });
            }
            metadata.operators = operators.into();
        }
    }

    #[test]
    fn coordinator_state_goes_to_the_operator_as_a_whole() {
        let scenario = Scenario::all().unwrap().into_iter().find(|one| one.id == "operator-lists").unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("savepoint");
        let ran = producer::Ran::new(&scenario.program(), Release::V1_13).unwrap();
        ran.write(&directory, &WithCoordinator).unwrap();
        for parallelism in [1, 2, 5] {
            let operators = &scenario.restore().operators;
            let restored = restore(operators, parallelism, &directory, Release::V1_13, &Right).unwrap();
            assert!(restored.iter().all(|running| running.coordinator.as_deref() == Some(&[1, 2, 3])));
        }
    }
}
