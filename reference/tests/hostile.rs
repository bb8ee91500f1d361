//! Any bytes give a result or an error with an offset inside the file, in bounded memory.
//!
//! `SAVEPOINT_EXHAUSTIVE=1` tries all 255 other values of every byte instead of three; in a release build.

mod common;

use std::thread;

use common::allocations::allocated;
use common::{Golden, corpus};
use flink_savepoint::metadata::{Metadata, ReadOptions};

/// Reads, and iterates over everything that was read.
fn read_all(bytes: &[u8]) -> Result<usize, flink_savepoint::Error> {
    let metadata = Metadata::parse(bytes)?;
    let mut streams = 0;
    for operator in &metadata.operators {
        for subtask in operator.subtasks() {
            if let flink_savepoint::metadata::SubtaskState::Running(handles) = subtask.state {
                handles.for_each_stream(|_, _| streams += 1);
            }
        }
    }
    Ok(streams)
}

/// Larger files have nothing but more operators: their time would grow with the square.
const LARGEST: usize = 10 << 10;

/// Runs `check` on every golden file but the large ones, on all cores.
fn for_each_golden(check: impl Fn(&Golden) + Sync) {
    let goldens: Vec<Golden> = corpus().into_iter().filter(|golden| golden.bytes.len() <= LARGEST).collect();
    assert!(goldens.len() > 250, "{}", goldens.len());
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for part in 0..threads {
            let (goldens, check) = (&goldens, &check);
            scope.spawn(move || goldens.iter().skip(part).step_by(threads).for_each(check));
        }
    });
}

#[test]
fn every_truncation_is_an_error_with_an_offset_inside_the_file() {
    for_each_golden(|golden| {
        for length in 0..golden.bytes.len() {
            let cut = &golden.bytes[..length];
            let (result, peak, _) = allocated(|| read_all(cut));
            let error = result.expect_err(&golden.id);
            assert!(error.offset() <= length as u64, "{} cut at {length}: {error}", golden.id);
            assert!(peak <= 4 * length + (1 << 20), "{} cut at {length} takes {peak} bytes", golden.id);
        }
    });
}

#[test]
fn every_single_byte_change_is_a_result_or_an_error() {
    let exhaustive = std::env::var_os("SAVEPOINT_EXHAUSTIVE").is_some();
    for_each_golden(|golden| {
        let mut bytes = golden.bytes.clone();
        let limit = 4 * bytes.len() + (1 << 20);
        for at in 0..bytes.len() {
            let original = bytes[at];
            let all = 1..=255_u8;
            for mask in all.filter(|mask| exhaustive || matches!(mask, 0x01 | 0x80 | 0xFF)) {
                bytes[at] = original ^ mask;
                let (result, peak, _) = allocated(|| read_all(&bytes));
                assert!(peak <= limit, "{} byte {at} as {:#x} takes {peak} bytes", golden.id, bytes[at]);
                if let Err(error) = result {
                    assert!(error.offset() <= bytes.len() as u64, "{} byte {at}: {error}", golden.id);
                }
                // What strict reading accepts is what the writer writes.
                if mask == 0x80
                    && let Ok(metadata) = ReadOptions::new().strict(true).read(&bytes)
                {
                    assert_eq!(metadata.to_bytes().unwrap(), bytes, "{} byte {at}", golden.id);
                }
            }
            bytes[at] = original;
        }
    });
}

#[test]
fn a_hundred_thousand_handles_are_read_in_one_pass_without_allocating() {
    let bytes = many_handles(100_000);
    let (streams, peak, calls) = allocated(|| read_all(&bytes).unwrap());
    assert_eq!(streams, 100_000);
    assert_eq!((peak, calls), (0, 0), "reading and iterating allocate nothing");
}

/// A version 3 file with `n` handles: a thousand subtasks to an operator, two handles to a subtask.
fn many_handles(n: usize) -> Vec<u8> {
    use flink_savepoint::metadata::{
        Handles, KeyGroupOffsets, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, MetadataVersion, Operator, OperatorId,
        StateSize, StreamHandle, Subtask, SubtaskState, Subtasks, stream_handle::RelativeFileHandle,
    };
    let keyed = |index: u32| {
        KeyedHandle::KeyGroups(KeyGroupsHandle {
            format: KeyGroupsFormat::Savepoint,
            offsets: KeyGroupOffsets::new(index, [i64::from(index), 0]).unwrap(),
            delegate: StreamHandle::Relative(RelativeFileHandle {
                relative_path: format!("file-{index}").as_str().into(),
                state_size: StateSize::UNKNOWN,
            }),
        })
    };
    let subtask = |index: u32| Subtask {
        index,
        state: SubtaskState::Running(Handles {
            managed_keyed: Some(keyed(index)),
            raw_keyed: Some(keyed(index)),
            ..Handles::default()
        }),
    };
    let subtasks: Vec<_> = (0..1000).map(subtask).collect();
    let mut metadata = Metadata::new(MetadataVersion::V3, 1);
    let operator = |i: usize| Operator {
        name: None,
        uid: None,
        id: OperatorId((i as u128).to_be_bytes()),
        parallelism: 1000,
        max_parallelism: 1000,
        coordinator_state: None,
        subtasks: Subtasks::Listed(subtasks.clone().into()),
    };
    metadata.operators = (0..n / 2000).map(operator).collect::<Vec<_>>().into();
    metadata.to_bytes().unwrap()
}
