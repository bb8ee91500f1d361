//! What is wrong with raw state, native formats, key groups, and streams of one operator that do not agree.

use std::fs;
use std::path::Path;

use flink_savepoint::keyed::MaxParallelism;
use flink_savepoint::metadata::{
    Handles, KeyGroupOffsets, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata, Mode, OperatorStateHandle,
    StateMeta, SubtaskState, Subtasks,
};
use flink_savepoint::savepoint::METADATA;
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};

use flink_savepoint_conformance::check::{Finding, streams_of};

use crate::model::{FILE, Keyed, VALID, assert_found, check, file, find, replace, utf};

/// Raw keyed state with these offsets.
fn raw_keyed(offsets: &[i64], bytes: &[u8], format: KeyGroupsFormat<'static>) -> Handles<'static> {
    let offsets = KeyGroupOffsets::new(0, offsets.iter().copied()).unwrap();
    let handle = KeyGroupsHandle { format, offsets, delegate: file(FILE, bytes) };
    Handles { raw_keyed: Some(KeyedHandle::KeyGroups(handle)), ..Handles::default() }
}

#[test]
fn raw_keyed_state() {
    let path = "operators[0].subtasks[0].state.raw_keyed";
    let cases: &[(&str, &str, &[i64], KeyGroupsFormat<'static>, &str)] = &[
        ("sound", "", &[0, 2, -1, 4], KeyGroupsFormat::Native, ""),
        ("an offset outside", "RAW-KEYED-02", &[0, 2, -1, 5], KeyGroupsFormat::Native, ".key_groups.offsets[3]"),
        ("another order", "RAW-KEYED-04", &[2, 0, -1, 4], KeyGroupsFormat::Native, ".key_groups.offsets[1]"),
        ("a handle of type 7", "RAW-KEYED-01", &[0, 2, -1, 4], KeyGroupsFormat::Savepoint, ""),
    ];
    for (what, id, offsets, format, field) in cases {
        let found = check(4, vec![raw_keyed(offsets, b"abcd", format.clone())], &[(FILE, b"abcd")], None);
        if id.is_empty() {
            assert!(found.is_empty(), "{found:#?}");
        } else {
            assert_found(what, &found, id, ("_metadata", &format!("{path}{field}"), None));
        }
    }
}

#[test]
fn raw_timers() {
    let service = |name: &str| {
        let of = |scalar| SerializerSnapshot::scalar(scalar).unwrap();
        let (key, namespace) = (of(Scalar::Long), of(Scalar::VoidNamespace));
        let head = [0xF1, 0xCD, 0x85, 0x9F, 0, 0, 0, 2, 0, 0, 0, 1];
        [&head[..], &utf(name), key.raw(), namespace.raw(), &[0; 8]].concat()
    };
    let sound = service("user-timers");
    let prefixed = service("_timer_state/event_user-timers");
    let trailing = [&sound[..], &[7]].concat();
    let cut = [&sound[..sound.len() - 8], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0]].concat();
    let old = [&sound[..7], &[1], &sound[8..]].concat();
    for (what, id, bytes, offset) in [
        ("sound", "", &sound, 0),
        ("a name with the prefix of queues", "RAW-TIMERS-04", &prefixed, 0),
        ("bytes behind the last service", "RAW-TIMERS-02", &trailing, sound.len() as u64),
        ("a timer that is cut", "RAW-TIMERS-03", &cut, sound.len() as u64 - 4),
        ("another version", "RAW-TIMERS-01", &old, 4),
    ] {
        let found = check(1, vec![raw_keyed(&[0], bytes, KeyGroupsFormat::Native)], &[(FILE, bytes)], None);
        if id.is_empty() {
            assert!(found.is_empty(), "{found:#?}");
        } else {
            assert_found(what, &found, id, (FILE, "", Some(offset)));
        }
    }
    // Beside keyed state that is canonical, timers are no raw state.
    let keyed = Keyed::of("2.3.0-rocksdb-file", "by-number");
    let mut handles = raw_keyed(&[0], &sound, KeyGroupsFormat::Native);
    let empty = KeyGroupOffsets::new(0, [0]).unwrap();
    let managed =
        KeyGroupsHandle { format: KeyGroupsFormat::Savepoint, offsets: empty, delegate: file("header", &keyed.header) };
    handles.managed_keyed = Some(KeyedHandle::KeyGroups(managed));
    let found = check(1, vec![handles], &[(FILE, &sound), ("header", &keyed.header)], None);
    assert_found("raw timers of a savepoint", &found, "TIMER-RAW-01", (FILE, "key_group[0]", Some(0)));
}

#[test]
fn raw_operator_state() {
    let path = "operators[0].subtasks[0].state.raw_operator.states[0]";
    for (what, id, name, mode, offset, field) in [
        ("sound", "", "_default_", Mode::SplitDistribute, 4, ""),
        ("another name", "RAW-OPERATOR-01", "other", Mode::SplitDistribute, 4, "name"),
        ("another mode", "RAW-OPERATOR-01", "_default_", Mode::Union, 4, "mode"),
        ("an offset outside", "RAW-OPERATOR-02", "_default_", Mode::SplitDistribute, 5, "offsets[1]"),
    ] {
        let meta = StateMeta { name: name.into(), mode, offsets: [0, offset].into_iter().collect() };
        let handle = OperatorStateHandle { states: vec![meta].into(), segmented: None, delegate: file(FILE, b"abcd") };
        let handles = Handles { raw_operator: Some(handle), ..Handles::default() };
        let found = check(4, vec![handles], &[(FILE, b"abcd")], None);
        if id.is_empty() {
            assert!(found.is_empty(), "{found:#?}");
        } else {
            assert_found(what, &found, id, ("_metadata", &format!("{path}.{field}"), None));
        }
    }
}

#[test]
fn native_streams_are_not_in_canonical_handles() {
    let keyed = Keyed::of("2.3.0-rocksdb-file", "by-number");
    let groups = 3;
    let start = i64::try_from(keyed.header.len()).unwrap();
    let mut bytes = keyed.header.clone();
    (0..groups).for_each(|group: u32| bytes.extend(group.to_be_bytes()));
    let offsets = KeyGroupOffsets::new(0, (0..groups).map(|group| start + 4 * i64::from(group))).unwrap();
    let handle = |format| KeyGroupsHandle { format, offsets: offsets.clone(), delegate: file(FILE, &bytes) };
    let handles =
        |format| Handles { managed_keyed: Some(KeyedHandle::KeyGroups(handle(format))), ..Handles::default() };
    let found = check(groups, vec![handles(KeyGroupsFormat::Savepoint)], &[(FILE, &bytes)], None);
    assert_found(
        "in a handle of type 7",
        &found,
        "NATIVE-WRITE-02",
        (FILE, "sections", Some(keyed.header.len() as u64)),
    );
    let found = check(groups, vec![handles(KeyGroupsFormat::Native)], &[(FILE, &bytes)], None);
    assert_found("in one of type 3", &found, "NATIVE-OTHER-01", ("_metadata", "state.managed_keyed", None));
}

#[test]
fn keyed_state_has_key_groups() {
    let handles = || vec![raw_keyed(&[0], b"abcd", KeyGroupsFormat::Native)];
    assert!(MaxParallelism::new(32769).is_none());
    let found = check(1, handles(), &[(FILE, b"abcd")], Some(32769));
    assert_found("too many", &found, "KEYGROUP-MAX-01", ("_metadata", "operators[0].max_parallelism", None));
}

#[test]
fn subtasks_agree_in_the_kinds_of_their_states() {
    let keyed = Keyed::of("2.3.0-rocksdb-file", "by-number");
    let mut other = keyed.header.clone();
    // A value that is reduced is a value.
    replace(&mut other, &utf("reducing"), &utf("REDUCING"), &utf("VALUE"));
    let handles = |name, bytes: &[u8], start| {
        let offsets = KeyGroupOffsets::new(start, [0]).unwrap();
        let handle = KeyGroupsHandle { format: KeyGroupsFormat::Savepoint, offsets, delegate: file(name, bytes) };
        Handles { managed_keyed: Some(KeyedHandle::KeyGroups(handle)), ..Handles::default() }
    };
    let subtasks = |second: &[u8]| {
        let subtasks = vec![handles("first", &keyed.header, 0), handles(FILE, second, 1)];
        check(2, subtasks, &[("first", &keyed.header), (FILE, second)], None)
    };
    assert!(subtasks(&keyed.header).is_empty());
    let at = find(&other, &utf("reducing")) as u64;
    assert_found("another kind", &subtasks(&other), "REDIST-MERGE-02", (FILE, ".options", Some(at)));
}

/// A golden savepoint with another metadata file.
fn with_metadata(vector: &str, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<Finding> {
    let directory = Path::new(VALID).join(vector);
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(&directory).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let bytes = fs::read(directory.join(METADATA)).unwrap();
    fs::write(copy.path().join(METADATA), change(&bytes)).unwrap();
    streams_of(copy.path()).unwrap()
}

#[test]
fn state_in_the_metadata_file_has_its_offsets() {
    let mut at = 0;
    let found = with_metadata("2.3.0-rocksdb-inline-mp200", |bytes| {
        at = find(bytes, &utf("list"));
        let mut bytes = bytes.to_vec();
        bytes[at + 4] = 0;
        bytes
    });
    let path = "state.managed_keyed: header.state[";
    assert_found("a byte 00", &found, "WIRE-MUTF8-03", ("_metadata", ".name", Some(at as u64)));
    assert!(found[0].path.contains(path), "{found:#?}");
}

#[test]
fn canonical_savepoints_are_canonical_throughout() {
    let mut changed = None;
    let found = with_metadata("2.3.0-rocksdb-file", |bytes| {
        let mut metadata = Metadata::parse(bytes).unwrap();
        let operators = metadata.operators.iter().enumerate().map(|(i, mut operator)| {
            let subtasks = operator.subtasks().map(|mut subtask| {
                if let SubtaskState::Running(Handles { managed_keyed: Some(KeyedHandle::KeyGroups(handle)), .. }) =
                    &mut subtask.state
                    && changed.is_none()
                {
                    handle.format = KeyGroupsFormat::NativeWithId { state_handle_id: "id".into() };
                    changed = Some(i);
                }
                subtask
            });
            let subtasks = subtasks.collect::<Vec<_>>().into();
            operator.subtasks = Subtasks::Listed(subtasks);
            operator
        });
        let operators = operators.collect::<Vec<_>>().into();
        metadata.operators = operators;
        metadata.to_bytes().unwrap()
    });
    let path = format!("operators[{}].subtasks[0].state.managed_keyed", changed.unwrap());
    assert_found("a handle of type 12", &found, "NATIVE-WRITE-01", ("_metadata", &path, None));
}
