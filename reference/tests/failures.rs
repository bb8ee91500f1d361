//! What of a savepoint cannot be read or written anew: each reason, and how it is said.

mod common;

use std::collections::BTreeMap;
use std::io;

use common::made::Made;
use flink_savepoint::compression::{Framing, IDENTIFIER};
use flink_savepoint::keyed::{KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId};
use flink_savepoint::logical::fingerprint;
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::changelog_handle::ByteIncrement;
use flink_savepoint::metadata::stream_handle::{
    ByteStreamHandle, FileHandle, KeyGroupsStream, RelativeFileHandle, Scope, SegmentFileHandle,
};
use flink_savepoint::metadata::{
    Handles, KeyGroupOffsets, KeyGroupRange, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata, Mode, Operator,
    OperatorId, OperatorStateHandle, Release, StateMeta, StateSize, StreamHandle, Subtask, SubtaskState, Subtasks,
};
use flink_savepoint::operator::OperatorHeader;
use flink_savepoint::savepoint::{
    Directory, Failure, FileName, METADATA, NativeFormat, PartState, Rewrite, RewriteError, Savepoint, SavepointWriter,
    Store, Why,
};
use flink_savepoint::serializer::{Hints, Scalar, SerializerSnapshot};
use flink_savepoint::wire::Output;
use flink_savepoint::{ErrorKind, Limits};

/// Files by name, and by absolute path where these are followed.
#[derive(Default)]
struct Files {
    beside: BTreeMap<&'static str, Vec<u8>>,
    absolute: Option<BTreeMap<&'static str, Vec<u8>>>,
}

impl Store for Files {
    type Bytes = Vec<u8>;

    fn open(&self, name: &FileName<'_>) -> io::Result<Vec<u8>> {
        self.beside.get(name.as_str()).cloned().ok_or_else(|| io::Error::other("no such file"))
    }

    fn open_absolute(&self, path: &str) -> Option<io::Result<Vec<u8>>> {
        let files = self.absolute.as_ref()?;
        Some(files.get(path).cloned().ok_or_else(|| io::Error::other("nothing there")))
    }
}

/// A store that says nothing of absolute paths.
struct Plain;

impl Store for Plain {
    type Bytes = Vec<u8>;

    fn open(&self, _: &FileName<'_>) -> io::Result<Vec<u8>> {
        Ok(b"plain".to_vec())
    }
}

fn inline(data: Vec<u8>) -> StreamHandle<'static> {
    StreamHandle::ByteStream(ByteStreamHandle { handle_name: "inline".into(), data: data.into() })
}

fn file(path: &'static str) -> StreamHandle<'static> {
    StreamHandle::File(FileHandle { state_size: StateSize::UNKNOWN, path: path.into() })
}

fn relative(path: &'static str) -> StreamHandle<'static> {
    StreamHandle::Relative(RelativeFileHandle { relative_path: path.into(), state_size: StateSize::UNKNOWN })
}

fn segment() -> StreamHandle<'static> {
    StreamHandle::Segment(SegmentFileHandle {
        start_position: 0,
        state_size: 1,
        scope: Scope::Exclusive,
        path: "/merged".into(),
        logical_file_id: "id".into(),
    })
}

fn wrapped(delegate: StreamHandle<'static>) -> StreamHandle<'static> {
    let offsets = KeyGroupOffsets::new(0, [0]).unwrap();
    StreamHandle::KeyGroups(Box::new(KeyGroupsStream { offsets, delegate }))
}

fn key_groups(delegate: StreamHandle<'static>, offsets: &[i64]) -> KeyedHandle<'static> {
    let offsets = KeyGroupOffsets::new(0, offsets.iter().copied()).unwrap();
    KeyedHandle::KeyGroups(KeyGroupsHandle { format: KeyGroupsFormat::Savepoint, offsets, delegate })
}

fn operator_state(delegate: StreamHandle<'static>, offsets: &[i64]) -> OperatorStateHandle<'static> {
    let offsets = offsets.iter().copied().collect();
    let states = vec![StateMeta { name: "list".into(), mode: Mode::SplitDistribute, offsets }];
    OperatorStateHandle { states: states.into(), segmented: None, delegate }
}

/// A savepoint whose one subtask has these handles, besides one that is finished.
fn metadata(max_parallelism: u32, handles: Handles<'static>) -> Metadata<'static> {
    let mut metadata = Metadata::new(Release::V2_3.metadata_version(), 1);
    metadata.operators = vec![Operator {
        name: None,
        uid: None,
        id: OperatorId([0xAB; 16]),
        parallelism: 2,
        max_parallelism,
        coordinator_state: None,
        subtasks: Subtasks::Listed(
            vec![
                Subtask { index: 0, state: SubtaskState::Finished },
                Subtask { index: 1, state: SubtaskState::Running(handles) },
            ]
            .into(),
        ),
    }]
    .into();
    metadata
}

/// What a reader of all of it says, without whose it is.
#[track_caller]
fn says(handles: Handles<'static>, state: &str) -> String {
    says_of(metadata(128, handles), state)
}

#[track_caller]
fn says_of(metadata: Metadata<'static>, state: &str) -> String {
    let files = Files { absolute: Some(BTreeMap::new()), ..Files::default() };
    let found = fingerprint(&Savepoint::new(metadata, files), &mut |_| ());
    let [failure] = found.failures.as_slice() else { panic!("{:?}", found.failures) };
    let text = failure.to_string();
    let whose = format!("operator {}, subtask 1, {state} state: ", "ab".repeat(16));
    text.strip_prefix(&whose).unwrap_or_else(|| panic!("{text}")).to_owned()
}

fn keyed(handle: KeyedHandle<'static>) -> Handles<'static> {
    Handles { managed_keyed: Some(handle), ..Handles::default() }
}

#[test]
fn what_a_stream_handle_leads_to() {
    let absolute = Some(BTreeMap::from([("file:/there", b"absolute".to_vec())]));
    let files = Files { beside: BTreeMap::from([("here", b"beside".to_vec())]), absolute };
    let savepoint = Savepoint::new(metadata(128, Handles::default()), &files);
    let read = |handle: StreamHandle<'static>| savepoint.bytes(&handle).map(|bytes| bytes.as_ref().to_vec());
    let found = [
        (inline(b"inline".to_vec()), "inline"),
        (relative("here"), "beside"),
        (file("file:/there"), "absolute"),
        (StreamHandle::EmptySegment, ""),
        (wrapped(wrapped(relative("here"))), "beside"),
    ];
    for (handle, bytes) in found {
        assert_eq!(read(handle).unwrap(), bytes.as_bytes());
    }
    let refused = [
        (relative("../here"), "../here is not a plain file name and is not followed"),
        (relative("elsewhere"), "elsewhere: no such file"),
        (file("/elsewhere"), "/elsewhere: nothing there"),
        (wrapped(segment()), "in a segment of the merged file /merged: a checkpoint, not a savepoint"),
    ];
    for (handle, why) in refused {
        assert_eq!(read(handle).unwrap_err().to_string(), why);
    }
    // A store follows absolute paths only if it says so.
    let savepoint = Savepoint::new(metadata(128, Handles::default()), &Plain);
    assert_eq!(savepoint.bytes(&relative("any")).unwrap().as_ref(), b"plain");
    let why = savepoint.bytes(&file("/there")).map(|_| ()).unwrap_err();
    assert!(matches!(&why, Why::Absolute { path } if path == "/there"), "{why:?}");
    assert_eq!(why.to_string(), "/there is an absolute path, which is followed only when asked to");
}

#[test]
fn a_directory_gives_regular_files_only() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("file"), b"content").unwrap();
    std::fs::create_dir(scratch.path().join("folder")).unwrap();
    let savepoint = Savepoint::new(metadata(128, Handles::default()), Directory::new(scratch.path()));
    assert_eq!(savepoint.bytes(&relative("file")).unwrap().as_ref(), b"content");
    let why = savepoint.bytes(&relative("folder")).map(|_| ()).unwrap_err();
    assert_eq!(why.to_string(), "folder: not a regular file");
    assert!(matches!(savepoint.bytes(&file("/etc/hostname")), Err(Why::Absolute { .. })));
}

#[cfg(unix)]
#[test]
fn a_directory_does_not_follow_links() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("file"), b"content").unwrap();
    std::os::unix::fs::symlink("file", scratch.path().join("link")).unwrap();
    let savepoint = Savepoint::new(metadata(128, Handles::default()), Directory::new(scratch.path()));
    assert_eq!(savepoint.bytes(&relative("link")).map(|_| ()).unwrap_err().to_string(), "link: not a regular file");
}

#[test]
fn failures_name_whose_state_it_is_and_what_is_wrong() {
    assert_eq!(says(keyed(key_groups(relative("gone"), &[1])), "managed keyed"), "gone: no such file");
    let short = || inline(vec![0, 0, 0, 6]);
    assert_eq!(
        says(keyed(key_groups(short(), &[0])), "managed keyed"),
        "inline: offset 0x4: header.compressed: the bytes end inside this field (0 left)"
    );
    assert_eq!(
        says_of(metadata(40_000, keyed(key_groups(short(), &[0]))), "managed keyed"),
        "keyed state with max parallelism 40000"
    );
    let range = KeyGroupRange::new(0, 1).unwrap();
    let increment = ByteIncrement { key_groups: range, from: 0, to: 0, changes: vec![].into(), state_handle_id: None };
    let increment = || KeyedHandle::ByteIncrement(increment.clone());
    let native = NativeFormat::Changelog.to_string();
    assert!(native.starts_with("a snapshot with a log of changes, not canonical"), "{native}");
    assert_eq!(says(keyed(increment()), "managed keyed"), native);
    // Raw state is opaque, if it is in one stream.
    let raw = |handle| Handles { raw_keyed: Some(handle), ..Handles::default() };
    assert_eq!(says(raw(increment()), "raw keyed"), native);
    assert_eq!(
        says(raw(key_groups(short(), &[0, 5])), "raw keyed"),
        "offset 5 of key group 1 is outside of the stream"
    );
    assert_eq!(
        says(raw(key_groups(segment(), &[0])), "raw keyed"),
        says(keyed(key_groups(segment(), &[0])), "managed keyed")
    );
    let raw = |handle| Handles { raw_operator: Some(handle), ..Handles::default() };
    assert_eq!(says(raw(operator_state(short(), &[5])), "raw operator"), "offset 5 of list is outside of the stream");
    assert_eq!(says(raw(operator_state(file("/x"), &[0])), "raw operator"), "/x: nothing there");
    let managed = Handles { managed_operator: Some(operator_state(relative("a/b"), &[])), ..Handles::default() };
    assert_eq!(says(managed, "managed operator"), "a/b is not a plain file name and is not followed");
}

/// A list of Kryo values that Flink 1.18.1 compressed: its offsets all lead to the same place, and only Kryo knows more.
fn undivided() -> Handles<'static> {
    let case = common::serializers::cases().into_iter().find(|case| case.name == "kryo-object").unwrap();
    let snapshot = SerializerSnapshot::parse(&case.snapshot, &Hints::default()).unwrap().into_owned();
    let header = OperatorHeader {
        compressed: Some(true),
        states: vec![StateMetaInfo::operator("list", false, snapshot)],
        broadcast_states: Vec::new(),
    };
    let mut out = Output::new();
    header.write(&mut out).unwrap();
    out.raw(&IDENTIFIER);
    let first = i64::try_from(out.offset()).unwrap();
    let mut bytes = out.into_bytes();
    Framing::new().append(b"two elements", &mut bytes);
    Handles { managed_operator: Some(operator_state(inline(bytes), &[first, first])), ..Handles::default() }
}

#[test]
fn elements_that_nobody_can_tell_apart() {
    // They are read as a whole, and remarked on.
    let found = fingerprint(&Savepoint::new(metadata(128, undivided()), Files::default()), &mut |_| ());
    let remarks: Vec<String> = found.remarks.iter().map(ToString::to_string).collect();
    let failures: Vec<String> = found.failures.iter().map(ToString::to_string).collect();
    assert!(remarks[0].contains("managed operator state: inline: compressed by Flink 1.18.0 or 1.18.1"), "{remarks:?}");
    let why = "the elements of list cannot be told apart: compressed by Flink 1.18.0 or 1.18.1 (FLINK-34063), and the lengths \
               of its values are not known";
    assert_eq!((remarks.len(), failures.len()), (1, 1), "{remarks:?} {failures:?}");
    assert!(failures[0].ends_with(why), "{failures:?}");
    // Written anew they would have to be.
    let error = rewritten(metadata(128, undivided())).unwrap_err();
    assert!(matches!(&error, RewriteError::Part(failure) if matches!(failure.why, Why::Undivided { .. })), "{error:?}");
    assert!(error.to_string().ends_with(why), "{error}");
}

fn rewritten(metadata: Metadata<'static>) -> Result<Vec<u8>, RewriteError> {
    let scratch = tempfile::tempdir().unwrap();
    let target = scratch.path().join("anew");
    let writer = SavepointWriter::create(&target).unwrap();
    let files = Files { absolute: Some(BTreeMap::from([("/there", b"content".to_vec())])), ..Files::default() };
    Rewrite::new(Release::V2_3).run(&Savepoint::new(metadata, files), writer)?;
    Ok(std::fs::read(target.join("_metadata")).unwrap())
}

#[test]
fn finished_subtasks_and_operators_stay_so() {
    let raw = Handles { raw_operator: Some(operator_state(file("/there"), &[0, 3])), ..Handles::default() };
    let mut metadata = metadata(128, raw);
    let first = metadata.operators.iter().next().unwrap();
    let finished = Operator { id: OperatorId([1; 16]), subtasks: Subtasks::FullyFinished, ..first.clone() };
    metadata.operators = vec![finished.clone(), first].into();
    let bytes = rewritten(metadata).unwrap();
    let again = Metadata::parse(&bytes).unwrap();
    let operators: Vec<_> = again.operators.iter().collect();
    assert_eq!(operators[0], finished);
    let subtasks: Vec<_> = operators[1].subtasks().collect();
    assert_eq!(subtasks[0], Subtask { index: 0, state: SubtaskState::Finished });
    // What was in a file somewhere stands in the metadata now, being small, with the same offsets.
    let SubtaskState::Running(handles) = &subtasks[1].state else { panic!("{subtasks:?}") };
    let handle = handles.raw_operator.as_ref().unwrap();
    assert_eq!(handle.states.iter().next().unwrap().offsets.iter().collect::<Vec<_>>(), [0, 3]);
    assert_eq!(handle.delegate.state_size().bytes(), Some(7));
    assert!(matches!(&handle.delegate, StreamHandle::ByteStream(inline) if *inline.data == *b"content"), "{handle:?}");
}

#[test]
fn what_cannot_be_written_anew() {
    let range = KeyGroupRange::new(0, 1).unwrap();
    let increment = ByteIncrement { key_groups: range, from: 0, to: 0, changes: vec![].into(), state_handle_id: None };
    let increment = || KeyedHandle::ByteIncrement(increment.clone());
    let raw = Handles { raw_keyed: Some(increment()), ..Handles::default() };
    for (handles, state) in [(raw, "raw keyed"), (keyed(increment()), "managed keyed")] {
        let error = rewritten(metadata(128, handles)).unwrap_err();
        let RewriteError::Part(failure) = &error else { panic!("{error:?}") };
        assert_eq!(failure.state, state);
        assert!(matches!(failure.why, Why::Native(NativeFormat::Changelog)), "{failure:?}");
        assert_eq!(error.to_string(), failure.to_string());
    }
    let missing = Handles { raw_operator: Some(operator_state(relative("gone"), &[0])), ..Handles::default() };
    let error = rewritten(metadata(128, missing)).unwrap_err();
    assert!(error.to_string().ends_with("raw operator state: gone: no such file"), "{error}");
}

/// Keyed state of one key group, whose entry is said to be of another state afterwards.
fn keyed_of_state(state: u16) -> (Vec<u8>, Vec<i64>) {
    let long = SerializerSnapshot::scalar(Scalar::Long).unwrap();
    let void = SerializerSnapshot::scalar(Scalar::VoidNamespace).unwrap();
    let states = vec![StateMetaInfo::keyed("state", KeyedStateType::Value, void, long.clone())];
    let header = KeyedHeader { compressed: false, key_serializer: long, states };
    let (max, range) = (MaxParallelism::new(128).unwrap(), KeyGroupRange::new(0, 1).unwrap());
    let mut writer = KeyedWriter::new(Vec::new(), &header, range, max).unwrap();
    writer.entry(KeyGroup(0), StateId(0), &[7; 8], &[8; 8]).unwrap();
    let mut written = writer.finish().unwrap();
    let at = usize::try_from(written.offsets.offsets().get(0).unwrap()).unwrap();
    written.sink[at..at + 2].copy_from_slice(&state.to_be_bytes());
    (written.sink, written.offsets.offsets().iter().collect())
}

#[test]
fn what_is_wrong_with_what_is_read_is_not_blamed_on_what_is_written() {
    let (bytes, offsets) = keyed_of_state(5);
    let metadata = metadata(128, keyed(key_groups(inline(bytes), &offsets)));
    let scratch = tempfile::tempdir().unwrap();
    let writer = SavepointWriter::create(scratch.path().join("anew")).unwrap();
    // Entries are looked at, since they are compressed.
    let rewrite = Rewrite { compression: Some(true), ..Rewrite::new(Release::V2_3) };
    let error = rewrite.run(&Savepoint::new(metadata, Files::default()), writer).unwrap_err();
    let RewriteError::Part(Failure { why: Why::Stream { file: None, error }, .. }) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(error.kind(), &ErrorKind::UnknownStateId { found: 5, states: 1 });
    assert_eq!(error.offset(), u64::try_from(offsets[0]).unwrap());
}

/// Whether the header of a stream can be read or not: what is decompressed is counted.
#[test]
fn what_is_decompressed_counts_without_a_header_too() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = Made { compressed: true, parallelism: 1, ..Made::of(400) }.write(&scratch.path().join("made"));
    let bytes = std::fs::read(directory.join(METADATA)).unwrap();
    let metadata = Metadata::parse(&bytes).unwrap();
    let operator = metadata.operators.iter().next().unwrap();
    let read = |total: u64| {
        let limits = Limits { total, ..Limits::default() };
        let savepoint = Savepoint::new(metadata.clone(), Directory::new(&directory)).with_limits(limits);
        let (mut entries, mut length) = (0, 0);
        savepoint.for_each_part(&operator, |part| {
            let PartState::ManagedKeyed(handle) = part.state else { return Ok(()) };
            savepoint.keyed_sections(part, handle, |sections| {
                length = sections.bytes().len() as u64;
                for section in sections.iter() {
                    section.for_each(&mut Vec::new(), |_| {
                        entries += 1;
                        Ok::<_, flink_savepoint::Error>(())
                    })?;
                }
                Ok(())
            })
        })?;
        Ok::<_, Failure>((entries, length))
    };
    let (entries, length) = read(Limits::DEFAULT_TOTAL).unwrap();
    assert_eq!(entries, 900);
    // Enough to open the file, and for nothing that is in it.
    let Why::Stream { error, .. } = read(length + 1).unwrap_err().why else { panic!("another reason") };
    assert_eq!(error.kind(), &ErrorKind::TotalTooLarge { limit: length + 1 });
}
