//! The reference backend: state in memory, which answers in this process and writes and reads savepoints with the reference crate.

mod backend;
mod consumer;
pub mod hooks;
mod inspect;
mod json_value;
mod producer;
mod serializers;

use std::path::Path;

use flink_savepoint::metadata::{Feature, Release};

use super::{Adapter, Answer, Ask, Hello, PROTOCOL, Reply, Role, Unsupported};
use crate::scenario::{Program, Restore, feature};
use consumer::Stop;
use hooks::{Hooks, Right};

pub use backend::{Cell, Content, Held, RunningOperator, RunningState};
pub use consumer::{KeyedShare, Place, Read, Refusal};
pub use json_value::{NotOfType, from_json};
pub use producer::Entry;
pub(crate) use producer::{Ran, framed};
pub use serializers::{QUEUES, Serializers, snapshot};

/// What the adapter could not do, which says nothing about a savepoint.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The reference backend as an adapter.
pub struct ReferenceAdapter {
    release: Release,
    hooks: Box<dyn Hooks>,
}

impl ReferenceAdapter {
    /// It writes savepoints as that release does, and reads those of all.
    pub fn new(release: Release) -> Self {
        Self::with_hooks(release, Box::new(Right))
    }

    /// The same with something wrong.
    pub fn with_hooks(release: Release, hooks: Box<dyn Hooks>) -> Self {
        Self { release, hooks }
    }

    fn hello(&self) -> Hello {
        Hello {
            protocol: PROTOCOL,
            name: "flink-savepoint".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            backend: None,
            issues: "the project's issue tracker".to_owned(),
            release: self.release.name().to_owned(),
            roles: vec![Role::Producer, Role::Consumer, Role::Inspector],
            features: feature::ALL.iter().map(|(name, _)| (*name).to_owned()).collect(),
            unsupported: self.unsupported(),
            command: Some(format!("savepoint adapter reference --release {}", self.release.name())),
        }
    }

    fn unsupported(&self) -> Vec<Unsupported> {
        if self.release.holds(Feature::FinishedMarker) {
            return Vec::new();
        }
        let reason =
            format!("savepoints of Flink {} have no mark for operators that are finished", self.release.name());
        vec![Unsupported { feature: "finished".to_owned(), reason }]
    }

    fn produce(&self, program: &Program, directory: &Path) -> Answer {
        if let Some((feature, reason)) = self.hello().lacks(&program.features) {
            return Answer::Unsupported { feature: feature.to_owned(), reason };
        }
        match Ran::new(program, self.release) {
            Ok(ran) => self.write(&ran, directory),
            Err(failure) => failed(&failure),
        }
    }

    /// Writes the savepoint of a program that has been run, which is the same whatever is wrong with the backend.
    pub(crate) fn write(&self, ran: &Ran, directory: &Path) -> Answer {
        match ran.write(directory, &*self.hooks) {
            Ok(()) => Answer::Produced,
            Err(failure) => failed(&failure),
        }
    }

    /// What is wrong with a savepoint, whatever is wrong with the backend.
    pub(crate) fn refusal(directory: &Path) -> Option<Refusal> {
        inspect::refusal(directory)
    }

    /// What it answers to `inspect`, where that is wrong.
    pub(crate) fn inspected(&self, refusal: Option<Refusal>) -> Answer {
        inspect::answer(refusal, &*self.hooks)
    }

    fn restore(&self, restore: &Restore, directory: &Path) -> Answer {
        if let Some((feature, reason)) = self.hello().lacks(&restore.features) {
            return Answer::Unsupported { feature: feature.to_owned(), reason };
        }
        let operators =
            consumer::restore(&restore.operators, restore.parallelism, directory, self.release, &*self.hooks);
        match operators {
            Ok(operators) => {
                let lines = operators.iter().zip(&restore.operators);
                let lines = lines.flat_map(|(running, operator)| running.lines(&operator.states)).collect();
                Answer::Restored { lines }
            }
            Err(Stop::Refused(refusal)) => refusal.into(),
            Err(Stop::Failed(failure)) => failed(&failure),
        }
    }
}

impl Adapter for ReferenceAdapter {
    fn ask(&mut self, ask: &Ask) -> Reply {
        Reply::Answer(match ask {
            Ask::Hello { .. } => Answer::Hello(self.hello()),
            Ask::Produce { program, directory } => self.produce(program, Path::new(directory)),
            Ask::Restore { restore, directory } => self.restore(restore, Path::new(directory)),
            Ask::Inspect { directory } => self.inspected(Self::refusal(Path::new(directory))),
            Ask::Stop => Answer::Stopped,
        })
    }
}

fn failed(failure: &Failure) -> Answer {
    Answer::Error { message: failure.to_string(), detail: None }
}
