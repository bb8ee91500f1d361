//! The fingerprint of a savepoint, as text and as JSON.

mod report;
pub mod text;

use std::sync::{Mutex, MutexGuard, PoisonError};

use flink_savepoint::ErrorKind;
use flink_savepoint::logical::{Fingerprint, Partial, Workers as _, partial};
use flink_savepoint::metadata::SubtaskState;
use flink_savepoint::savepoint::{Savepoint, Store, Unit, Why};

pub use report::Report;

use crate::progress::Progress;
use crate::threads::Threads;

/// So that a thread which is done early finds more to do.
const UNITS_PER_THREAD: usize = 16;

/// Bytes below which state is not divided further.
const LEAST_UNIT: u64 = 4 << 10;

/// Computes it on all threads, with a progress bar where it takes long.
pub fn compute<S: Store + Sync>(savepoint: &Savepoint<'_, S>, threads: &Threads) -> Fingerprint {
    on_threads(savepoint, false, threads)
}

/// The same, with every key decoded and its key group verified.
pub fn survey<S: Store + Sync>(savepoint: &Savepoint<'_, S>, threads: &Threads) -> Fingerprint {
    on_threads(savepoint, true, threads)
}

fn on_threads<S: Store + Sync>(savepoint: &Savepoint<'_, S>, keys: bool, threads: &Threads) -> Fingerprint {
    let total = total_bytes(savepoint);
    let accounted = savepoint.afresh();
    let most = usize::try_from(total / LEAST_UNIT).unwrap_or(usize::MAX);
    let units = savepoint.units((threads.count() * UNITS_PER_THREAD).min(most));
    if threads.count() > 1 && units.len() > 1 {
        let progress = Mutex::new(Progress::new("reading state", total));
        let merged = Mutex::new((Partial::default(), true));
        threads.map(units.len(), |i| {
            let Some(unit) = units.get(i) else { return };
            let part = partial(&accounted, unit, keys, &mut |bytes| locked(&progress).advance(bytes));
            let (merged, is_sound) = &mut *locked(&merged);
            *is_sound &= merged.merge(part).is_ok();
        });
        let (merged, is_sound) = merged.into_inner().unwrap_or_else(PoisonError::into_inner);
        match merged.finish() {
            Ok(fingerprint) if is_sound && !is_exhausted(&fingerprint) => return fingerprint,
            _ => {}
        }
    }
    let afresh = savepoint.afresh();
    let mut progress = Progress::new("reading state", total);
    partial(&afresh, &Unit::ALL, keys, &mut |bytes| progress.advance(bytes)).finish().unwrap_or_default()
}

/// Whether more was to be read than is allowed. Which parts that hits depends on their order, and threads have none.
fn is_exhausted(fingerprint: &Fingerprint) -> bool {
    fingerprint.failures.iter().any(|failure| {
        matches!(&failure.why, Why::Stream { error, .. } if matches!(error.kind(), ErrorKind::TotalTooLarge { .. }))
    })
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
