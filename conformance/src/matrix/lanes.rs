//! Who does what at once: there is a lane for each adapter, which does one thing at a time, and there are several for what is built in.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::thread;

use flink_savepoint::metadata::Release;

use crate::adapter::{Adapter, Ask, Process, Reply};
use crate::verdict::Verdict;

use super::builtin;
use super::judge::Outcome;
use super::meet::Who;
use super::run::Running;
use super::support::{caught, listing, lock};

/// What one participant does, one after the other.
pub(super) struct Lane {
    participant: usize,
    /// Places of cases in phase 1, of cells in phase 2.
    pub(super) jobs: Vec<usize>,
}

/// A participant at work.
pub(super) enum Worker<'p> {
    Rules,
    Reference(Release, Box<dyn Adapter + Send>),
    Process(MutexGuard<'p, Process>),
    Idle,
}

impl Running<'_> {
    /// Lanes for what a participant has to do.
    pub(super) fn lanes(&self, participant: usize, jobs: &[usize]) -> Vec<Lane> {
        let lanes = match &self.plan.participants[participant].who {
            Who::Rules | Who::Reference(_) => self.settings.jobs,
            _ => 1,
        };
        let size = jobs.len().div_ceil(lanes.max(1)).max(1);
        jobs.chunks(size).map(|jobs| Lane { participant, jobs: jobs.to_vec() }).collect()
    }

    /// Does what is in the lanes, the longest first: processes before what is built in, which takes no time.
    pub(super) fn work(&self, mut lanes: Vec<Lane>, one: impl Fn(&mut Worker<'_>, usize, usize) + Sync) {
        let is_process = |lane: &Lane| matches!(self.plan.participants[lane.participant].who, Who::Process(..));
        lanes.sort_by_key(|lane| (!is_process(lane), std::cmp::Reverse(lane.jobs.len())));
        let threads = self.settings.jobs.clamp(1, lanes.len().max(1));
        let queue = Mutex::new(VecDeque::from(lanes));
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let Some(lane) = lock(&queue).pop_front() else { return };
                        let mut worker = self.worker(lane.participant);
                        for &job in &lane.jobs {
                            if lock(&self.unwritten).is_some() {
                                return;
                            }
                            one(&mut worker, lane.participant, job);
                        }
                        if let (Worker::Process(process), true) = (&mut worker, self.stop_between) {
                            process.stop();
                        }
                    }
                });
            }
        });
    }

    fn worker(&self, participant: usize) -> Worker<'_> {
        match &self.plan.participants[participant].who {
            Who::Rules => Worker::Rules,
            Who::Reference(release) => Worker::Reference(*release, builtin::reference(*release)),
            Who::Process(process, _) => Worker::Process(lock(process)),
            Who::Golden(_) | Who::Vectors => Worker::Idle,
        }
    }
}

impl Worker<'_> {
    /// The reply, or how it panicked, if it is built in.
    pub(super) fn ask(&mut self, ask: &Ask) -> Result<Reply, String> {
        match self {
            Self::Process(process) => Ok(process.ask(ask)),
            Self::Reference(release, adapter) => {
                let reply = caught(|| adapter.ask(ask));
                if reply.is_err() {
                    *adapter = builtin::reference(*release);
                }
                reply
            }
            Self::Rules | Self::Idle => Ok(Reply::Garbage("nobody to be asked".to_owned())),
        }
    }

    /// What comes of a request to read a savepoint, which has to leave it as it is.
    pub(super) fn read(&mut self, ask: &Ask, savepoint: &Path, judged: impl FnOnce(Reply) -> Outcome) -> Outcome {
        let before = listing(savepoint);
        let reply = self.ask(ask);
        if listing(savepoint) != before {
            let changed = "the savepoint was changed while it was read, and others have to read it";
            return Outcome::other(Verdict::AdapterError, changed);
        }
        reply.map_or_else(|panic| Outcome::other(Verdict::Crash, panic), judged)
    }
}
