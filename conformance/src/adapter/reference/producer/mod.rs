//! Runs a program and writes the savepoint.

mod keyed;
mod operator;
mod steps;

use std::path::Path;

use flink_savepoint::meta_info::StateMetaInfo;
use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{
    CheckpointProperties, Feature, Handles, Metadata, Operator, Properties, Release, Subtask, SubtaskState, Subtasks,
    Target,
};
use flink_savepoint::savepoint::SavepointWriter;
use flink_savepoint::wire::JavaStr;

pub use keyed::Entry;
pub(crate) use steps::framed;

use super::Failure;
use super::backend::RunningOperator;
use super::consumer::{self, Stop};
use super::hooks::{Hooks, Right};
use crate::scenario::{Compression, Program, Stage, names};

/// When values with a time to live were written: the start of 2026, in milliseconds. Theirs is 10,000 days.
const CLOCK: i64 = 1_767_225_600_000;

/// A program whose stages have all been run: what its last savepoint has to hold.
pub(crate) struct Ran {
    operators: Vec<RunningOperator>,
    compression: Compression,
    inline: bool,
    release: Release,
    checkpoint: u64,
}

impl Ran {
    /// Runs all stages. The savepoints between them are written and read as they should be.
    pub(crate) fn new(program: &Program, release: Release) -> Result<Self, Failure> {
        names::check_stages(program.stages.iter().map(|stage| stage.operators.as_slice()))?;
        let scratch = tempfile::tempdir()?;
        let (first, rest) = program.stages.split_first().ok_or("a program without stages")?;
        let Program { compression, inline, .. } = *program;
        let mut ran = Self { operators: run(first, None, release)?, compression, inline, release, checkpoint: 1 };
        for stage in rest {
            let between = scratch.path().join(ran.checkpoint.to_string());
            ran.write(&between, &Right)?;
            ran.operators = run(stage, Some(&between), release)?;
            ran.checkpoint += 1;
        }
        Ok(ran)
    }

    /// Leaves the savepoint in `directory`, with what is wrong with `hooks`.
    pub(crate) fn write(&self, directory: &Path, hooks: &dyn Hooks) -> Result<(), Failure> {
        Job { ran: self, hooks }.write(directory)
    }
}

/// Starts a stage, from a savepoint if there is one, and runs its operations.
fn run(stage: &Stage, savepoint: Option<&Path>, release: Release) -> Result<Vec<RunningOperator>, Failure> {
    let mut operators = if let Some(directory) = savepoint {
        let restored = consumer::restore(&stage.operators, stage.parallelism, directory, release, &Right);
        restored.map_err(|stop| match stop {
            Stop::Refused(refusal) => format!("the savepoint between two stages: {}", refusal.message).into(),
            Stop::Failed(failure) => failure,
        })?
    } else {
        let start = |operator| RunningOperator::start(operator, stage.parallelism, release);
        stage.operators.iter().map(start).collect::<Result<_, _>>()?
    };
    for (running, operator) in operators.iter_mut().zip(&stage.operators) {
        operator.operations.iter().try_for_each(|operation| running.run(operation))?;
    }
    Ok(operators)
}

/// What a savepoint is written with.
struct Job<'j> {
    ran: &'j Ran,
    hooks: &'j dyn Hooks,
}

impl Job<'_> {
    fn write(&self, directory: &Path) -> Result<(), Failure> {
        let Ran { operators, inline, release, checkpoint, .. } = self.ran;
        let inline = if *inline { SavepointWriter::DEFAULT_INLINE } else { 0 };
        let mut savepoint = SavepointWriter::create(directory)?.inline(inline);
        let mut written =
            operators.iter().map(|operator| self.operator(operator, &mut savepoint)).collect::<Result<Vec<_>, _>>()?;
        // Not the order of the job: Flink's is that of a hash map.
        written.sort_by_key(|operator| operator.id);
        let mut metadata = Metadata::new(release.metadata_version(), *checkpoint);
        metadata.operators = written.into();
        if metadata.properties.is_some() {
            metadata.properties = Some(Properties::new(CheckpointProperties::canonical_savepoint(true))?);
        }
        self.hooks.metadata(&mut metadata);
        savepoint.finish(&metadata, Target::release(*release))?;
        Ok(self.hooks.directory(directory)?)
    }

    fn operator(
        &self,
        operator: &RunningOperator,
        savepoint: &mut SavepointWriter,
    ) -> Result<Operator<'static>, Failure> {
        let named = self.ran.release.holds(Feature::OperatorName);
        let subtasks = if operator.finished {
            Subtasks::FullyFinished
        } else {
            Subtasks::Listed(self.subtasks(operator, savepoint)?.into())
        };
        let id = self.hooks.operator_id(&operator.uid);
        let coordinator_state = operator.coordinator.clone().map(|data| ByteStreamHandle {
            handle_name: JavaStr::from(id.to_string().as_str()).into_owned(),
            data: data.into(),
        });
        let uid = || named.then(|| JavaStr::from(operator.uid.as_str()).into_owned());
        Ok(Operator {
            name: uid(),
            uid: uid(),
            id,
            parallelism: operator.parallelism,
            max_parallelism: operator.max.get().into(),
            coordinator_state,
            subtasks,
        })
    }

    /// Subtasks without state have no entry.
    fn subtasks(
        &self,
        operator: &RunningOperator,
        savepoint: &mut SavepointWriter,
    ) -> Result<Vec<Subtask<'static>>, Failure> {
        let mut all: Vec<Handles<'static>> = (0..operator.parallelism).map(|_| Handles::default()).collect();
        self.write_operator_state(operator, savepoint, &mut all)?;
        self.write_keyed(operator, savepoint, &mut all)?;
        let subtasks = (0..).zip(all).filter(|(_, handles)| !handles.is_empty());
        Ok(subtasks.map(|(index, handles)| Subtask { index, state: SubtaskState::Running(handles) }).collect())
    }
}

/// Meta infos without those that stand there already: both kinds of timers have both queues.
fn once(infos: Vec<StateMetaInfo<'static>>) -> Vec<StateMetaInfo<'static>> {
    let mut once: Vec<StateMetaInfo<'static>> = Vec::new();
    for info in infos {
        if !once.iter().any(|known| known.name == info.name && known.kind == info.kind) {
            once.push(info);
        }
    }
    once
}
