//! Who does what can be done at once. This crate starts no thread: a program brings its own.

/// Some workers, for example threads.
pub trait Workers {
    /// How many there are. As much is held in memory at a time.
    fn count(&self) -> usize;

    /// What `task` gives for each number below `tasks`, in the order of the numbers.
    fn map<T: Send>(&self, tasks: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T>;
}

/// The thread that asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct OneWorker;

impl Workers for OneWorker {
    fn count(&self) -> usize {
        1
    }

    fn map<T: Send>(&self, tasks: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
        (0..tasks).map(task).collect()
    }
}
