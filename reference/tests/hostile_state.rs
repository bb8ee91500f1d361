//! Whatever the bytes of state streams are: a result or an error with an offset inside the stream, in bounded memory.

mod common;

use std::io::Write;

use common::allocations::allocated;
use common::made::{Made, serializer, void_namespace};
use common::{Golden, jobs};
use flink_savepoint::compression::{BLOCK, Framing, IDENTIFIER};
use flink_savepoint::keyed::{KeyedHeader, KeyedStream, MaxParallelism};
use flink_savepoint::logical::fingerprint;
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{
    KeyGroupOffsets, KeyedHandle, Metadata, OperatorStateHandle, StreamHandle, SubtaskState,
};
use flink_savepoint::operator::OperatorStream;
use flink_savepoint::savepoint::{Directory, METADATA, Savepoint, Why};
use flink_savepoint::wire::Output;
use flink_savepoint::{Error, ErrorKind, Limits};

/// A stream of the golden corpus.
enum Stream {
    Keyed(KeyGroupOffsets<'static>, MaxParallelism),
    Operator(OperatorStateHandle<'static>),
}

/// Reads everything and counts it.
fn read(stream: &Stream, bytes: &[u8]) -> Result<usize, Error> {
    let mut seen = 0;
    match stream {
        Stream::Keyed(offsets, max) => {
            KeyedStream::open(bytes, offsets, *max)?.for_each::<Error>(&mut Vec::new(), |_, entry| {
                seen += entry.key.len() + entry.value.len();
                Ok(())
            })?;
        }
        Stream::Operator(handle) => {
            let stream = OperatorStream::open(bytes, handle)?;
            for i in 0..stream.header().all_states().count() {
                stream.for_each_partition::<Error>(i, &mut Vec::new(), |partition| {
                    seen += partition.len();
                    Ok(())
                })?;
            }
        }
    }
    Ok(seen)
}

/// The streams of three releases, both backends, plain, compressed and with two-byte prefixes.
fn streams(mut check: impl FnMut(&str, &Stream, &[u8])) {
    let mut streams = 0;
    for golden in jobs().iter().filter(|golden| ["1.13", "1.18", "2.3"].contains(&golden.release().name())) {
        let content = |handle: &StreamHandle<'_>| match handle {
            StreamHandle::ByteStream(inline) => inline.data.to_vec(),
            other => std::fs::read(golden.directory.join(other.path().unwrap().to_string())).unwrap(),
        };
        let metadata = Metadata::parse(golden.bytes.clone().leak()).unwrap();
        for operator in &metadata.operators {
            // The first subtask has as many kinds of bytes as the second.
            let Some(SubtaskState::Running(handles)) = operator.subtasks().next().map(|subtask| subtask.state) else {
                continue;
            };
            let max = MaxParallelism::new(operator.max_parallelism).unwrap();
            if let Some(KeyedHandle::KeyGroups(handle)) = handles.managed_keyed {
                let bytes = content(&handle.delegate);
                check(&golden.id, &Stream::Keyed(handle.offsets, max), &bytes);
                streams += 1;
            }
            if let Some(handle) = handles.managed_operator {
                let bytes = content(&handle.delegate);
                check(&golden.id, &Stream::Operator(handle), &bytes);
                streams += 1;
            }
        }
    }
    assert_eq!(streams, 18 * 4);
}

/// Decompressed bytes are at most 22 times the compressed ones; a vector grows by doubling.
fn limit(length: usize) -> usize {
    44 * length + (1 << 20)
}

#[test]
fn every_truncation_is_an_error_inside_the_stream() {
    streams(|id, stream, bytes| {
        for length in 0..bytes.len() {
            let (result, peak, _) = allocated(|| read(stream, &bytes[..length]));
            assert!(peak <= limit(length), "{id} cut at {length} takes {peak} bytes");
            let error = result.expect_err(&format!("{id} cut at {length}"));
            assert!(error.offset() <= length as u64, "{id} cut at {length}: {error}");
        }
    });
}

#[test]
fn every_single_byte_change_is_a_result_or_an_error() {
    streams(|id, stream, bytes| {
        let mut bytes = bytes.to_vec();
        for at in 0..bytes.len() {
            let original = bytes[at];
            for mask in [0x01, 0x80, 0xFF] {
                bytes[at] = original ^ mask;
                let (result, peak, _) = allocated(|| read(stream, &bytes));
                assert!(peak <= limit(bytes.len()), "{id} byte {at} takes {peak} bytes");
                if let Err(error) = result {
                    assert!(error.offset() <= bytes.len() as u64, "{id} byte {at}: {error}");
                }
            }
            bytes[at] = original;
        }
    });
}

#[test]
fn a_bomb_is_refused_at_the_limit() {
    let state = StateMetaInfo::keyed("v", KeyedStateType::Value, void_namespace(), serializer("String"));
    let header = KeyedHeader { compressed: true, key_serializer: serializer("Long"), states: vec![state] };
    let mut out = Output::new();
    header.write(&mut out).unwrap();
    let mut bytes = out.into_bytes();
    let start = bytes.len();
    bytes.write_all(&IDENTIFIER).unwrap();
    // One entry, whose value says it has a gigabyte; 64 MiB of zeros follow in 3 MiB.
    let mut head = vec![0, 0, 0, 0, 0, 1, 0x80];
    head.extend(0x4000_0000_i32.to_be_bytes());
    let mut framing = Framing::new();
    framing.append(&head, &mut bytes);
    let zeros = vec![0; BLOCK];
    for _ in 0..1024 {
        framing.append(&zeros, &mut bytes);
    }
    let offsets = KeyGroupOffsets::new(0, [i64::try_from(start).unwrap()]).unwrap();
    let max = MaxParallelism::new(1).unwrap();
    let read = |limit| {
        let limits = Limits { entry: limit, ..Limits::default() };
        let stream = KeyedStream::open(&bytes, &offsets, max).unwrap().limits(limits);
        let mut visited = 0;
        let result = stream.for_each::<Error>(&mut Vec::new(), |_, _| {
            visited += 1;
            Ok(())
        });
        assert_eq!(visited, 0);
        result.unwrap_err()
    };
    let (error, peak, _) = allocated(|| read(1 << 20));
    assert_eq!(error.kind(), &ErrorKind::EntryTooLarge { limit: 1 << 20 });
    assert_eq!(error.path(), "key_group[0].entry[0]");
    assert!(peak < 4 << 20, "{peak} bytes");
    // Within the limit it is what it is: an entry that is cut.
    assert!(matches!(read(1 << 30).kind(), ErrorKind::SectionEnd { .. }));
}

fn open(golden: &Golden) -> Savepoint<'_, Directory> {
    Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), Directory::new(&golden.directory))
}

/// Reading goes section by section: memory does not grow with the number of entries.
#[test]
fn a_fingerprint_takes_memory_by_states_and_key_groups_and_not_by_entries() {
    let scratch = tempfile::tempdir().unwrap();
    let peak_of = |n: i64, compressed| {
        // Few key groups, so that each has entries in both.
        let made = Made { max_parallelism: 4, compressed, ..Made::of(n) };
        let directory = made.write(&scratch.path().join(format!("{n}-{compressed}")));
        let bytes = std::fs::read(directory.join(METADATA)).unwrap();
        let golden = Golden { id: String::new(), directory, bytes };
        let savepoint = open(&golden);
        let largest = std::fs::read_dir(&golden.directory)
            .unwrap()
            .map(|entry| usize::try_from(entry.unwrap().metadata().unwrap().len()).unwrap())
            .max()
            .unwrap();
        let (entries, peak, _) = allocated(|| fingerprint(&savepoint, &mut |_| ()).digest().entries);
        assert!(entries >= u64::try_from(n).unwrap() * 2);
        // `Directory` reads a file as a whole; mapped files do not count.
        peak - largest
    };
    for compressed in [false, true] {
        let (few, many) = (peak_of(1_000, compressed), peak_of(50_000, compressed));
        assert!(many < few + 4 * BLOCK, "compressed {compressed}: {few} and {many} bytes");
    }
}

/// A file that one handle names cannot reach another: paths, directories, links.
#[cfg(unix)]
#[test]
fn only_regular_files_of_the_directory_are_opened() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = Made::of(10).write(&scratch.path().join("savepoint"));
    let outside = scratch.path().join("outside");
    std::fs::rename(directory.join("state-1"), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, directory.join("state-1")).unwrap();
    let bytes = std::fs::read(directory.join(METADATA)).unwrap();
    let golden = Golden { id: String::new(), directory, bytes };
    let failures = fingerprint(&open(&golden), &mut |_| ()).failures;
    let [failure] = failures.as_slice() else { panic!("{failures:?}") };
    assert!(matches!(&failure.why, Why::Io { file, .. } if file == "state-1"), "{failure}");
    assert!(failure.to_string().ends_with("managed keyed state: state-1: not a regular file"), "{failure}");
}
