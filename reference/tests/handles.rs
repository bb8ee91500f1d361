//! What handles say of the state they lead to, how they are shown, and what of them is not written.

use flink_savepoint::metadata::changelog_handle::{
    ByteIncrement, Change, ChangelogHandle, FileIncrement, OffsetHandle,
};
use flink_savepoint::metadata::keyed_handle::{IncrementalHandle, NamedHandle};
use flink_savepoint::metadata::operator_handle::Segmented;
use flink_savepoint::metadata::stream_handle::{
    ByteStreamHandle, FileHandle, KeyGroupsStream, RelativeFileHandle, Scope, SegmentFileHandle,
};
use flink_savepoint::metadata::{
    CheckpointProperties, Dropping, Feature, Handles, KeyGroupOffsets, KeyGroupRange, KeyGroupsFormat, KeyGroupsHandle,
    KeyedHandle, Metadata, MetadataVersion, Mode, Offsets, Operator, OperatorId, OperatorStateHandle, Properties,
    Release, StateKind, StateMeta, StateSize, StreamHandle, Subtask, SubtaskState, Subtasks, Target,
};
use flink_savepoint::{Error, ErrorKind};

fn inline(name: &'static str, data: &'static [u8]) -> StreamHandle<'static> {
    StreamHandle::ByteStream(ByteStreamHandle { handle_name: name.into(), data: data.into() })
}

fn relative(path: &'static str, size: StateSize) -> StreamHandle<'static> {
    StreamHandle::Relative(RelativeFileHandle { relative_path: path.into(), state_size: size })
}

fn segment(size: i64) -> StreamHandle<'static> {
    StreamHandle::Segment(SegmentFileHandle {
        start_position: 5,
        state_size: size,
        scope: Scope::Shared,
        path: "/merged".into(),
        logical_file_id: "id".into(),
    })
}

fn wrapped(delegate: StreamHandle<'static>) -> StreamHandle<'static> {
    let offsets = KeyGroupOffsets::new(0, [3, 7]).unwrap();
    StreamHandle::KeyGroups(Box::new(KeyGroupsStream { offsets, delegate }))
}

fn key_groups(format: KeyGroupsFormat<'static>, delegate: StreamHandle<'static>) -> KeyedHandle<'static> {
    let offsets = KeyGroupOffsets::new(0, [3, 7]).unwrap();
    KeyedHandle::KeyGroups(KeyGroupsHandle { format, offsets, delegate })
}

fn incremental(meta_state: Option<StreamHandle<'static>>, shared: StreamHandle<'static>) -> KeyedHandle<'static> {
    let named = |name: &'static str, handle| NamedHandle { name: name.into(), handle };
    KeyedHandle::Incremental(Box::new(IncrementalHandle {
        checkpoint_id: 1,
        backend_id: "b".into(),
        key_groups: KeyGroupRange::new(0, 2).unwrap(),
        since_1_15: None,
        meta_state,
        shared_state: vec![named("s", shared)].into(),
        private_state: vec![named("p", relative("private", StateSize::UNKNOWN))].into(),
    }))
}

fn increment(from: i64, to: i64, data: &'static [u8]) -> ByteIncrement<'static> {
    let changes = vec![Change { key_group: 1, data: data.into() }].into();
    ByteIncrement { key_groups: KeyGroupRange::new(0, 2).unwrap(), from, to, changes, state_handle_id: None }
}

/// A savepoint whose one subtask has these handles.
fn savepoint(version: MetadataVersion, handles: Handles<'static>) -> Metadata<'static> {
    let mut metadata = Metadata::new(version, 1);
    let subtask = Subtask { index: 0, state: SubtaskState::Running(handles) };
    metadata.operators = vec![Operator {
        name: None,
        uid: None,
        id: OperatorId::from_uid("handles"),
        parallelism: 1,
        max_parallelism: 128,
        coordinator_state: None,
        subtasks: Subtasks::Listed(vec![subtask].into()),
    }]
    .into();
    metadata
}

fn operator_state(delegate: StreamHandle<'static>) -> Handles<'static> {
    let states =
        vec![StateMeta { name: "s".into(), mode: Mode::Union, offsets: [0, -1, 1 << 40].into_iter().collect() }];
    let managed_operator = OperatorStateHandle { states: states.into(), segmented: None, delegate };
    Handles { managed_operator: Some(managed_operator), ..Handles::default() }
}

#[test]
fn sizes_and_paths_of_streams() {
    let five = StateSize::known(5).unwrap();
    let file = || StreamHandle::File(FileHandle { state_size: five, path: "s3://bucket/key".into() });
    let cases = [
        (inline("name", b"abc"), Some(3), None, false),
        (file(), Some(5), Some("s3://bucket/key"), false),
        (relative("beside", StateSize::UNKNOWN), None, Some("beside"), false),
        (segment(9), Some(9), Some("/merged"), true),
        (segment(-7), None, Some("/merged"), true),
        (StreamHandle::EmptySegment, Some(0), None, true),
        (wrapped(file()), Some(5), Some("s3://bucket/key"), false),
        (wrapped(wrapped(segment(4))), Some(4), Some("/merged"), true),
    ];
    for (handle, size, path, is_segment) in cases {
        assert_eq!(handle.state_size().bytes(), size, "{handle:?}");
        assert_eq!(handle.path().map(|path| path.to_text().into_owned()).as_deref(), path, "{handle:?}");
        assert_eq!(handle.is_segment(), is_segment, "{handle:?}");
    }
    assert_eq!((five.to_string(), StateSize::UNKNOWN.to_string()), ("5".to_owned(), "unknown".to_owned()));
    assert_eq!(StateSize::known(i64::MAX.unsigned_abs()).and_then(StateSize::bytes), Some(i64::MAX.unsigned_abs()));
    assert_eq!(StateSize::known(1 << 63), None);
}

#[test]
fn streams_below_handles_are_visited_in_the_order_of_the_file() {
    let names = |handles: &Handles<'static>| {
        let mut seen = Vec::new();
        handles.for_each_stream(|kind, stream| {
            seen.push((kind, stream.path().map(|path| path.to_text().into_owned()).unwrap_or_default()));
        });
        seen
    };
    let known = StateSize::known(1).unwrap();
    let mut handles = operator_state(wrapped(wrapped(relative("operator", known))));
    let meta = Some(relative("meta", known));
    handles.managed_keyed = Some(incremental(meta, wrapped(relative("shared", known))));
    handles.raw_keyed = Some(key_groups(KeyGroupsFormat::Native, relative("raw", known)));
    let expected = [
        (StateKind::ManagedOperator, "operator"),
        (StateKind::ManagedKeyed, "meta"),
        (StateKind::ManagedKeyed, "shared"),
        (StateKind::ManagedKeyed, "private"),
        (StateKind::RawKeyed, "raw"),
    ];
    assert_eq!(names(&handles), expected.map(|(kind, name)| (kind, name.to_owned())));
    // Changes inside of `_metadata` are no stream.
    let changelog = ChangelogHandle {
        key_groups: KeyGroupRange::new(0, 2).unwrap(),
        materialized: vec![None, Some(key_groups(KeyGroupsFormat::Native, relative("materialized", known)))].into(),
        non_materialized: vec![Some(KeyedHandle::ByteIncrement(increment(0, 1, b"c")))].into(),
        since_1_15: None,
    };
    let handles = Handles { managed_keyed: Some(KeyedHandle::Changelog(Box::new(changelog))), ..Handles::default() };
    assert_eq!(names(&handles), [(StateKind::ManagedKeyed, "materialized".to_owned())]);
}

#[test]
fn each_kind_of_keyed_handle_has_flinks_name_and_its_key_groups() {
    let stream = || inline("", b"");
    let handles = [
        (key_groups(KeyGroupsFormat::Native, stream()), "KeyGroupsStateHandle"),
        (key_groups(KeyGroupsFormat::Savepoint, stream()), "KeyGroupsSavepointStateHandle"),
        (incremental(None, stream()), "IncrementalRemoteKeyedStateHandle"),
        (KeyedHandle::ByteIncrement(increment(0, 0, b"")), "InMemoryChangelogStateHandle"),
    ];
    for (handle, name) in handles {
        assert_eq!(handle.class_name(), name);
        assert_eq!(handle.key_groups().to_string(), "0..=1", "{name}");
    }
    assert_eq!(KeyGroupRange::new(7, 0).unwrap().to_string(), "none");
    assert_eq!(format!("{:?}", KeyGroupRange::new(7, 3).unwrap()), "KeyGroupRange(7..=9)");
}

#[test]
fn offsets_are_found_by_their_index() {
    let offsets: Offsets<'_> = [5, -1, i64::MAX].into_iter().collect();
    assert_eq!((offsets.get(0), offsets.get(2), offsets.get(3)), (Some(5), Some(i64::MAX), None));
    assert!(!offsets.is_empty() && Offsets::default().is_empty());
    // On one line, however it is asked for.
    assert_eq!(format!("{offsets:#?}"), "[5, -1, 9223372036854775807]");
}

#[test]
fn a_list_that_was_read_has_its_bytes() {
    let written = savepoint(MetadataVersion::V3, operator_state(inline("n", b"xyz")));
    assert!(written.operators.raw().is_none());
    let bytes = written.to_bytes().unwrap();
    let read = Metadata::parse(&bytes).unwrap();
    assert_eq!(read, written);
    let raw = read.operators.raw().unwrap();
    // Behind the header and two counts, to the end.
    assert_eq!((raw.offset(), raw.bytes()), (24, &bytes[24..]));
    let operator = read.operators.iter().next().unwrap();
    let SubtaskState::Running(handles) = operator.subtasks().next().unwrap().state else { panic!("running") };
    // None of them, which is a list too.
    assert_eq!(handles.input_channels.raw().map(|raw| raw.len()), Some(0));
    assert!(handles.input_channels.is_empty() && !read.operators.is_empty());
}

#[test]
fn lists_know_how_much_is_left() {
    let mut written = savepoint(MetadataVersion::V3, Handles::default());
    let operator = written.operators.iter().next().unwrap();
    written.operators = vec![operator.clone(), operator.clone(), operator].into();
    let bytes = written.to_bytes().unwrap();
    for metadata in [&written, &Metadata::parse(&bytes).unwrap()] {
        let mut operators = metadata.operators.iter();
        for left in [3, 2, 1, 0] {
            assert_eq!((operators.size_hint(), operators.len()), ((left, Some(left)), left));
            assert_eq!(operators.next().is_some(), left > 0);
        }
    }
}

#[test]
fn data_is_counted_and_not_shown() {
    let shown = format!("{:?}", operator_state(inline("n", &[0; 1000])));
    assert!(shown.contains(r#"ByteStreamHandle { handle_name: "n", data: 1000 bytes }"#), "{shown}");
    let shown = format!("{:?}", increment(0, 1, &[0; 1000]));
    assert!(shown.contains("[Change(1: 1000 bytes)]"), "{shown}");
}

#[track_caller]
fn refused(handles: Handles<'static>, kind: &ErrorKind, path: &str) {
    let error: Error = savepoint(MetadataVersion::V3, handles).to_bytes().unwrap_err();
    let at = "operators[0].subtasks[0].state";
    assert_eq!((error.kind(), error.path()), (kind, format!("{at}.{path}")), "{error}");
}

#[test]
fn what_a_reader_would_refuse_is_not_written() {
    let known = StateSize::known(1).unwrap();
    let path = "managed_operator.delegate";
    refused(operator_state(relative("", known)), &ErrorKind::EmptyPath, &format!("{path}.relative_path"));
    let file = || StreamHandle::File(FileHandle { state_size: known, path: "".into() });
    refused(operator_state(file()), &ErrorKind::EmptyPath, &format!("{path}.path"));
    refused(operator_state(wrapped(file())), &ErrorKind::EmptyPath, &format!("{path}.delegate.path"));
    for (from, to, found, path) in [(-1, 0, -1, "from"), (0, i64::MIN, i64::MIN, "to")] {
        let handle = KeyedHandle::ByteIncrement(increment(from, to, b""));
        let handles = Handles { managed_keyed: Some(handle), ..Handles::default() };
        refused(handles, &ErrorKind::SequenceNumber { found }, &format!("managed_keyed.{path}"));
    }
    // File merging of operator state has its bytes in a segment, or nowhere.
    for (delegate, sound) in [(segment(1), true), (StreamHandle::EmptySegment, true), (inline("n", b""), false)] {
        let mut handles = operator_state(delegate);
        let segmented = Segmented { task_owned_directory: "/a".into(), shared_directory: "/b".into(), is_empty: false };
        handles.managed_operator.as_mut().unwrap().segmented = Some(segmented);
        let written = savepoint(MetadataVersion::V4, handles).to_bytes();
        match written {
            Ok(bytes) => assert!(sound && Metadata::parse(&bytes).is_ok()),
            Err(error) => {
                assert!(!sound, "{error}");
                assert_eq!(error.kind(), &ErrorKind::SegmentDelegate);
                assert!(error.path().ends_with("managed_operator.delegate"), "{error}");
            }
        }
    }
    let mut metadata = savepoint(MetadataVersion::V3, Handles::default());
    let operator = metadata.operators.iter().next().unwrap();
    let subtasks = vec![
        Subtask { index: 0, state: SubtaskState::Finished },
        Subtask { index: 1, state: SubtaskState::Running(Handles::default()) },
    ];
    metadata.operators = vec![Operator { subtasks: Subtasks::Listed(subtasks.into()), ..operator }].into();
    let error = metadata.to_bytes().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::SubtaskIndex { index: 1, parallelism: 1 });
    assert_eq!(error.path(), "operators[0].subtasks[1].index");
}

#[test]
fn properties_are_shown_as_what_they_say() {
    assert_eq!(format!("{:?}", Properties::null()), "None");
    let properties = Properties::new(CheckpointProperties::canonical_savepoint(true)).unwrap();
    let shown = format!("{properties:?}");
    assert!(shown.contains("forced: true") && shown.contains("format: Canonical"), "{shown}");
}

/// Segments are of Flink 1.20: for an older release the whole handle is left out, or the error says so.
#[test]
fn a_segment_anywhere_in_a_handle_is_of_newer_releases() {
    let known = StateSize::known(1).unwrap();
    let named = |handle| vec![NamedHandle { name: "n".into(), handle }].into();
    let incremental = |change: &dyn Fn(&mut IncrementalHandle<'static>)| {
        let KeyedHandle::Incremental(mut handle) =
            incremental(Some(relative("meta", known)), relative("shared", known))
        else {
            panic!("incremental")
        };
        change(&mut handle);
        KeyedHandle::Incremental(handle)
    };
    let increments = |handle| {
        let handles = vec![OffsetHandle { offset: 0, handle }].into();
        let key_groups = KeyGroupRange::new(0, 2).unwrap();
        KeyedHandle::FileIncrement(FileIncrement { key_groups, handles, state_size: 1, since_1_15: None })
    };
    let keyed = |handle| Handles { managed_keyed: Some(handle), ..Handles::default() };
    let cases = [
        (keyed(key_groups(KeyGroupsFormat::Savepoint, segment(1))), true),
        (keyed(key_groups(KeyGroupsFormat::Savepoint, wrapped(segment(1)))), true),
        (keyed(key_groups(KeyGroupsFormat::Savepoint, relative("r", known))), false),
        (keyed(incremental(&|handle| handle.meta_state = Some(segment(1)))), true),
        (keyed(incremental(&|handle| handle.shared_state = named(segment(1)))), true),
        (keyed(incremental(&|handle| handle.private_state = named(wrapped(segment(1))))), true),
        (keyed(incremental(&|_| ())), false),
        (operator_state(segment(1)), true),
        (operator_state(relative("r", known)), false),
    ];
    for (handles, has_segment) in cases {
        let metadata = savepoint(MetadataVersion::V4, handles);
        let target = Target::release(Release::V1_19);
        match metadata.write(target) {
            Ok(_) => assert!(!has_segment, "{metadata:?}"),
            Err(error) => {
                let kind = ErrorKind::Unrepresentable { feature: Feature::Segment, release: Release::V1_19 };
                assert!(has_segment && error.kind() == &kind, "{error}: {metadata:?}");
            }
        }
        let bytes = metadata.write(target.dropping(Dropping::NOTHING.and(Feature::Segment))).unwrap();
        let read = Metadata::parse(&bytes).unwrap();
        let SubtaskState::Running(handles) = read.operators.iter().next().unwrap().subtasks().next().unwrap().state
        else {
            panic!("running")
        };
        assert_eq!(handles.is_empty(), has_segment, "{metadata:?}");
        assert!(metadata.write(Target::release(Release::V1_20)).is_ok(), "{metadata:?}");
    }
    // Changes in files, which only 1.14 writes without an id.
    for (handle, has_segment) in [(segment(1), true), (relative("r", known), false)] {
        let metadata = savepoint(MetadataVersion::V3, keyed(increments(handle)));
        let error = metadata.write(Target::release(Release::V1_14)).err();
        assert_eq!(error.is_some(), has_segment, "{error:?}");
    }
}

#[test]
fn versions_and_releases_are_named() {
    let writers: Vec<_> = (2..=6).map(|number| MetadataVersion::from_number(number).unwrap().writers()).collect();
    assert_eq!(
        writers,
        ["Flink 1.3 to 1.10", "Flink 1.11 to 1.15", "Flink 1.16 to 1.20", "Flink 2.0", "Flink 2.1 to 2.3"]
    );
    // Each release that can be asked for is among the writers of its version.
    for release in Release::ALL {
        let writers = release.metadata_version().writers();
        let [from, to] = [writers.split(' ').nth(1), writers.split(' ').next_back()].map(|end| end.unwrap().to_owned());
        let number = |name: &str| name.split('.').map(|part| part.parse::<u32>().unwrap()).collect::<Vec<_>>();
        assert!((number(&from)..=number(&to)).contains(&number(release.name())), "{release:?}: {writers}");
    }
    let unknown = "1.12.7".parse::<Release>().unwrap_err();
    assert_eq!(unknown.to_string(), "1.12.7 is not a Flink release from 1.13 to 2.3");
    let mut names: Vec<String> = Feature::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(Feature::Segment.to_string(), "state in a segment of a merged file");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), Feature::ALL.len(), "each has its own name: {names:?}");
    // Said twice it may be dropped all the same.
    for feature in Feature::ALL {
        let once = Dropping::NOTHING.and(feature);
        assert_eq!(once.and(feature), once);
        assert!(Feature::ALL.iter().all(|other| once.contains(*other) == (*other == feature)));
        assert!(Dropping::everything().contains(feature) && !Dropping::NOTHING.contains(feature));
    }
}
