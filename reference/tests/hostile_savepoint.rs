//! Savepoints whose parts are sound, one by one, and harmful together: what they cost in all is bounded.

mod common;

use common::allocations::allocated;
use common::made::{Made, serializer};
use flink_savepoint::compression::{Framing, IDENTIFIER};
use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::logical::{fingerprint, survey};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{Metadata, Mode, Operator, OperatorStateHandle, StateMeta, StreamHandle, Subtasks};
use flink_savepoint::operator::{OperatorHeader, OperatorStream, SnappyLayout};
use flink_savepoint::savepoint::{Directory, METADATA, Savepoint, Why};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::wire::{JavaStr, Output};
use flink_savepoint::{Error, ErrorKind, Limits};

/// Why the parts of a savepoint cannot be read; the first of each file.
fn refusals(directory: &std::path::Path, bytes: &[u8], limits: Limits) -> Vec<(String, ErrorKind)> {
    let savepoint = Savepoint::new(Metadata::parse(bytes).unwrap(), Directory::new(directory)).with_limits(limits);
    let failures = fingerprint(&savepoint, &mut |_| ()).failures.into_iter().map(|failure| match failure.why {
        Why::Stream { file: Some(file), error } => (file, error.kind().clone()),
        other => panic!("{other}"),
    });
    let mut failures: Vec<_> = failures.collect();
    failures.sort_by(|one, other| one.0.cmp(&other.0));
    failures.dedup();
    failures
}

#[test]
fn what_is_read_in_all_is_bounded() {
    for compressed in [false, true] {
        let scratch = tempfile::tempdir().unwrap();
        let directory = Made { compressed, ..Made::of(400) }.write(&scratch.path().join("made"));
        let bytes = std::fs::read(directory.join(METADATA)).unwrap();
        let files = std::fs::read_dir(&directory)
            .unwrap()
            .map(|file| file.unwrap())
            .filter(|file| file.file_name() != METADATA);
        let size: u64 = files.map(|file| file.metadata().unwrap().len()).sum();
        let with = |total| refusals(&directory, &bytes, Limits { total, ..Limits::default() });
        assert_eq!(with(Limits::DEFAULT_TOTAL), []);
        // Each file is opened once; what is decompressed counts besides.
        let first = with(size).into_iter().next();
        assert_eq!(first.is_some(), compressed, "{first:?}");
        let (_, kind) = with(size - 1).pop().unwrap();
        assert_eq!(kind, ErrorKind::TotalTooLarge { limit: size - 1 });
        assert_eq!(with(0).len(), 4, "two subtasks with two streams each");
    }
}

#[test]
fn a_file_is_read_for_so_many_handles_and_not_for_more() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = Made { parallelism: 1, ..Made::of(100) }.write(&scratch.path().join("made"));
    let bytes = std::fs::read(directory.join(METADATA)).unwrap();
    let metadata = Metadata::parse(&bytes).unwrap();
    let operator = metadata.operators.iter().next().unwrap();
    let subtask = operator.subtasks().next().unwrap();
    let repeated = |n: u32| {
        let subtasks: Vec<_> =
            (0..n).map(|index| flink_savepoint::metadata::Subtask { index, ..subtask.clone() }).collect();
        let mut metadata = metadata.clone();
        let subtasks = Subtasks::Listed(subtasks.into());
        metadata.operators = vec![Operator { parallelism: n, subtasks, ..operator.clone() }].into();
        metadata.to_bytes().unwrap()
    };
    assert_eq!(refusals(&directory, &repeated(16), Limits::default()), []);
    let refused = |handles, limit| ErrorKind::FileShared { handles, limit };
    let found = refusals(&directory, &repeated(17), Limits::default());
    assert_eq!(found.iter().map(|(_, kind)| kind).collect::<Vec<_>>(), [&refused(17, 16), &refused(17, 16)]);
    assert_eq!(refusals(&directory, &repeated(17), Limits { sharing: 17, ..Limits::default() }), []);
    let found = refusals(&directory, &repeated(17), Limits { handles: 33, ..Limits::default() });
    assert_eq!(found.first().unwrap().1, ErrorKind::TooManyHandles { limit: 33 });
    assert_eq!(refusals(&directory, &repeated(16), Limits { handles: 32, ..Limits::default() }), []);
}

#[test]
fn a_path_longer_than_the_limit_is_neither_opened_nor_repeated() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = Made { parallelism: 1, ..Made::of(1) }.write(&scratch.path().join("made"));
    let bytes = std::fs::read(directory.join(METADATA)).unwrap();
    let length = "state-1".len();
    assert_eq!(refusals(&directory, &bytes, Limits { path: length, ..Limits::default() }), []);
    let (file, kind) = refusals(&directory, &bytes, Limits { path: length - 1, ..Limits::default() }).pop().unwrap();
    assert_eq!((file.len(), kind), (length, ErrorKind::PathTooLong { length, limit: length - 1 }));

    let name = "\u{e9}".repeat(30_000);
    let at = bytes.windows(9).position(|window| window == b"\0\x07state-1").unwrap();
    let long = [&bytes[..at], &60_000_u16.to_be_bytes(), name.as_bytes(), &bytes[at + 9..]].concat();
    let (file, kind) = refusals(&directory, &long, Limits::default()).pop().unwrap();
    assert_eq!(kind, ErrorKind::PathTooLong { length: 60_000, limit: 4096 });
    assert_eq!(file, format!("{}...", "\u{e9}".repeat(200)));
}

/// Flink 1.18.0 wrote a framed stream for each state, whose elements only their serializer tells apart. Were the offsets of all states
/// to lead to one of them, it would be decompressed once for each.
#[test]
fn states_do_not_share_a_framed_stream() {
    let state = |name| StateMetaInfo::operator(name, false, serializer("Long"));
    let header =
        OperatorHeader { compressed: Some(true), states: vec![state("a"), state("b")], broadcast_states: Vec::new() };
    let mut out = Output::new();
    header.write(&mut out).unwrap();
    let mut bytes = out.into_bytes();
    let mut starts = Vec::new();
    for element in [[1; 8], [2; 8]] {
        starts.push(i64::try_from(bytes.len()).unwrap());
        bytes.extend(IDENTIFIER);
        Framing::new().append(&element, &mut bytes);
    }
    let open = |offsets: [i64; 2]| {
        let meta = |(name, offset): (&str, i64)| StateMeta {
            name: JavaStr::from(name).into_owned(),
            mode: Mode::SplitDistribute,
            offsets: [offset].into_iter().collect(),
        };
        let states: Vec<_> = ["a", "b"].into_iter().zip(offsets).map(meta).collect();
        let handle =
            OperatorStateHandle { states: states.into(), delegate: StreamHandle::EmptySegment, segmented: None };
        let stream = OperatorStream::open(&bytes, &handle)?;
        assert_eq!(stream.layout(), SnappyLayout::ByState);
        let mut seen = Vec::new();
        for i in 0..2 {
            stream.for_each_partition::<Error>(i, &mut Vec::new(), |partition| {
                seen.extend_from_slice(partition);
                Ok(())
            })?;
        }
        Ok::<_, Error>(seen)
    };
    let [first, second] = starts[..] else { panic!() };
    assert_eq!(open([first, second]).unwrap(), [[1; 8], [2; 8]].concat());
    assert_eq!(open([second, first]).unwrap(), [[2; 8], [1; 8]].concat());
    let end = bytes.len() as u64;
    for (offsets, from) in [
        ([second, second], end),
        ([first, first], second.cast_unsigned()),
        ([first, first + 10], second.cast_unsigned()),
    ] {
        let error = open(offsets).unwrap_err();
        let found = offsets[1];
        assert_eq!(error.kind(), &ErrorKind::PartitionOffset { found, from, to: end }, "{offsets:?}");
    }
}

/// A header has one key serializer, and up to 32767 states that each are of that key.
#[test]
fn a_wide_key_is_not_copied_for_each_state() {
    let fields = vec![serializer("Long"); 3000];
    let key_serializer = SerializerSnapshot::row(flink_savepoint::metadata::Release::V2_3, &fields).unwrap();
    let state = |i: i32| {
        StateMetaInfo::keyed(
            &format!("s{i}"),
            KeyedStateType::Value,
            common::made::void_namespace(),
            serializer("Long"),
        )
    };
    let scratch = tempfile::tempdir().unwrap();
    let directory = Made { parallelism: 1, ..Made::of(1) }.write(&scratch.path().join("made"));
    let bytes = std::fs::read(directory.join(METADATA)).unwrap();
    let mut out = Output::new();
    KeyedHeader { compressed: false, key_serializer, states: (0..1000).map(state).collect() }.write(&mut out).unwrap();
    let header = out.into_bytes();
    // A stream without sections: the handle's offsets are those of another one, and all 0.
    let metadata = Metadata::parse(&bytes).unwrap();
    let operator = metadata.operators.iter().next().unwrap();
    let mut subtask = operator.subtasks().next().unwrap();
    let flink_savepoint::metadata::SubtaskState::Running(handles) = &mut subtask.state else { panic!() };
    let Some(flink_savepoint::metadata::KeyedHandle::KeyGroups(handle)) = &mut handles.managed_keyed else { panic!() };
    handle.offsets = flink_savepoint::metadata::KeyGroupOffsets::new(0, vec![0; 128]).unwrap();
    let file = handle.delegate.path().unwrap().to_string();
    std::fs::write(directory.join(file), &header).unwrap();
    let mut metadata = metadata.clone();
    metadata.operators = vec![Operator { subtasks: Subtasks::Listed(vec![subtask].into()), ..operator.clone() }].into();
    let savepoint = Savepoint::new(metadata, Directory::new(&directory));
    let (found, peak, _) = allocated(|| survey(&savepoint, &mut |_| ()));
    let states = &found.operators.values().next().unwrap().states;
    assert_eq!(states.len(), 1000 + 1, "and the broadcast state");
    let key = states.values().find_map(|state| state.serializers.key.as_ref()).unwrap();
    assert!(key.len() < 5000, "{} bytes", key.len());
    assert!(peak <= 32 * header.len(), "{peak} bytes for {}", header.len());
}
