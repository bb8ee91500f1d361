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
    let mut total = 0;
    for operator in &savepoint.metadata().operators {
        for subtask in operator.subtasks() {
            if let SubtaskState::Running(handles) = subtask.state {
                handles.for_each_stream(|_, stream| total += stream.state_size().bytes().unwrap_or(0));
            }
        }
    }
    total
}
