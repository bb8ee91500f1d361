//! Threads for passes over savepoints. What a pass prints does not depend on how many there are.

use clap::Args;
use flink_savepoint::logical::Workers;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// How many threads.
#[derive(Debug, Clone, Default, Args)]
pub struct ThreadsOption {
    /// How many threads read; as many as there are cores, or as `RAYON_NUM_THREADS` says, if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// Threads that were started.
#[derive(Debug)]
pub struct Threads(ThreadPool);

impl ThreadsOption {
    /// Starts them.
    pub fn start(&self) -> Result<Threads, ThreadPoolBuildError> {
        // 0 stands for the default.
        ThreadPoolBuilder::new().num_threads(self.threads.unwrap_or(0).into()).build().map(Threads)
    }
}

impl Threads {
    /// Runs what uses all threads of the pool it runs in.
    pub fn run<R: Send>(&self, task: impl FnOnce() -> R + Send) -> R {
        self.0.install(task)
    }

    /// Calls `each` with what an iterator gives, on all threads; the first error ends it.
    pub fn for_each<T: Send, E: Send>(
        &self,
        all: impl Iterator<Item = T> + Send,
        each: impl Fn(T) -> Result<(), E> + Sync + Send,
    ) -> Result<(), E> {
        self.0.install(|| all.par_bridge().try_for_each(each))
    }
}

impl Workers for Threads {
    fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    fn map<T: Send>(&self, tasks: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
        self.0.install(|| (0..tasks).into_par_iter().map(&task).collect())
    }
}
