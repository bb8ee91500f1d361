//! Each rule on metadata, handles and the directory finds what it is for: a sound savepoint is broken in one way at a time.

#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
#[path = "../../reference/tests/common/made.rs"]
mod made;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use flink_savepoint::ErrorKind;
use flink_savepoint::metadata::changelog_handle::{ChangelogHandle, ChangelogSince1_15};
use flink_savepoint::metadata::channel_handle::{ChannelHandle, ChannelInfo, Channels};
use flink_savepoint::metadata::keyed_handle::{IncrementalHandle, IncrementalSince1_15, NamedHandle};
use flink_savepoint::metadata::operator_handle::Segmented;
use flink_savepoint::metadata::properties::SharingFilesStrategy;
use flink_savepoint::metadata::stream_handle::{
    ByteStreamHandle, FileHandle, KeyGroupsStream, RelativeFileHandle, Scope, SegmentFileHandle,
};
use flink_savepoint::metadata::{
    CheckpointProperties, Handles, KeyGroupOffsets, KeyGroupRange, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, List,
    Metadata, MetadataVersion, Mode, Offsets, Operator, OperatorId, OperatorStateHandle, Properties, Release,
    SnapshotType, StateMeta, StateSize, StreamHandle, Subtask, SubtaskState, Subtasks,
};
use flink_savepoint_conformance::check::{self, Finding, Options, Severity};
use flink_savepoint_spec::requirements;
use made::Made;

/// The chapters whose rules these are.
const CHAPTERS_HERE: [&str; 7] =
    ["conventions", "directory", "metadata", "handles", "properties", "redistribution", "bad-input"];

const UUIDS: [&str; 2] = ["0f9c2a54-6d1e-4c57-9d0e-2f3b8f1a7c11", "7d1b5f60-93c2-4b8e-8a55-0e6f5c2d9b22"];

/// What the rules of these chapters find, without notes, and without what is found within streams of state.
fn findings(path: &Path, options: &Options) -> Vec<Finding> {
    let report = check::run(path, options);
    let is_here = |finding: &Finding| {
        let chapter = requirements::get(&finding.requirement).unwrap().chapter;
        CHAPTERS_HERE.contains(&chapter) && finding.severity != Severity::Note && !finding.path.contains(": ")
    };
    report.findings.into_iter().filter(is_here).collect()
}

/// A finding that is expected: the requirement, the path, and how the bytes at the offset start.
type Expected = (&'static str, &'static str, &'static [u8]);

#[track_caller]
fn assert_found(name: &str, directory: &Path, expected: &[Expected]) {
    let bytes = fs::read(directory.join("_metadata")).unwrap();
    let found = findings(directory, &Options::default());
    let mut named: Vec<(&str, &str)> = found.iter().map(|one| (one.requirement.as_str(), one.path.as_str())).collect();
    let mut wanted: Vec<(&str, &str)> = expected.iter().map(|(id, path, _)| (*id, *path)).collect();
    named.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(named, wanted, "{name}: {found:#?}");
    for (id, path, start) in expected {
        let finding = found.iter().find(|one| one.requirement == *id && one.path == *path).unwrap();
        assert_eq!(finding.file, "_metadata", "{name}");
        assert!(finding.message.len() > 8 && !finding.message.contains('\n'), "{name}: {}", finding.message);
        let offset =
            usize::try_from(finding.offset.unwrap_or_else(|| panic!("{name}: {id} without offset")).0).unwrap();
        let there = &bytes[offset..];
        assert!(there.starts_with(start), "{name}: {id} at {offset:#x}: {:02x?}", &there[..there.len().min(24)]);
        let level = requirements::get(id).unwrap().level;
        assert_eq!(finding.severity == Severity::Error, level == requirements::Level::Must, "{name}");
    }
}

/// What is broken in the model, and what is found then.
struct Case {
    name: &'static str,
    release: Release,
    edit: for<'a> fn(&mut Metadata<'a>),
    expected: &'static [Expected],
}

const fn case(name: &'static str, edit: for<'a> fn(&mut Metadata<'a>), expected: &'static [Expected]) -> Case {
    Case { name, release: Release::V2_3, edit, expected }
}

const fn old(name: &'static str, edit: for<'a> fn(&mut Metadata<'a>), expected: &'static [Expected]) -> Case {
    Case { name, release: Release::V1_15, edit, expected }
}

fn operator<'a>(metadata: &mut Metadata<'a>, edit: impl FnOnce(&mut Operator<'a>)) {
    let mut operators: Vec<_> = metadata.operators.iter().collect();
    edit(&mut operators[0]);
    metadata.operators = operators.into();
}

fn subtasks<'a>(metadata: &mut Metadata<'a>, edit: impl FnOnce(&mut Vec<Subtask<'a>>)) {
    operator(metadata, |operator| {
        let mut subtasks: Vec<_> = operator.subtasks().collect();
        edit(&mut subtasks);
        operator.subtasks = Subtasks::Listed(subtasks.into());
    });
}

/// The handles of subtask 0, of 1, or of both.
fn handles<'a>(metadata: &mut Metadata<'a>, of: &[usize], mut edit: impl FnMut(usize, &mut Handles<'a>)) {
    subtasks(metadata, |subtasks| {
        for i in of {
            let SubtaskState::Running(handles) = &mut subtasks[*i].state else { panic!() };
            edit(*i, handles);
        }
    });
}

fn key_groups<'a>(metadata: &mut Metadata<'a>, of: &[usize], mut edit: impl FnMut(usize, &mut KeyGroupsHandle<'a>)) {
    handles(metadata, of, |i, handles| {
        let Some(KeyedHandle::KeyGroups(handle)) = &mut handles.managed_keyed else { panic!() };
        edit(i, handle);
    });
}

fn operator_state<'a>(
    metadata: &mut Metadata<'a>,
    of: &[usize],
    mut edit: impl FnMut(usize, &mut OperatorStateHandle<'a>),
) {
    handles(metadata, of, |i, handles| edit(i, handles.managed_operator.as_mut().unwrap()));
}

/// As of a backend with a format of its own, so that nothing says that it is a canonical savepoint.
fn native(metadata: &mut Metadata<'_>) {
    key_groups(metadata, &[0, 1], |i, handle| {
        handle.format = KeyGroupsFormat::NativeWithId { state_handle_id: UUIDS[i].into() };
    });
}

fn inline(name: &'static str, data: &'static [u8]) -> StreamHandle<'static> {
    StreamHandle::ByteStream(ByteStreamHandle { handle_name: name.into(), data: Cow::Borrowed(data) })
}

fn segment(start_position: i64, state_size: i64) -> StreamHandle<'static> {
    let path = "s3://bucket/merged".into();
    let logical_file_id = UUIDS[0].into();
    let scope = Scope::Exclusive;
    StreamHandle::Segment(SegmentFileHandle { start_position, state_size, scope, path, logical_file_id })
}

fn segmented(is_empty: bool) -> Segmented<'static> {
    Segmented { task_owned_directory: "/t".into(), shared_directory: "/s".into(), is_empty }
}

fn state(name: &'static str, mode: Mode) -> StateMeta<'static> {
    StateMeta { name: name.into(), mode, offsets: Offsets::default() }
}

fn add_state<'a>(handle: &mut OperatorStateHandle<'a>, state: StateMeta<'a>) {
    let mut states: Vec<_> = handle.states.iter().collect();
    states.push(state);
    handle.states = states.into();
}

fn incremental(i: usize, shared: &[&'static str]) -> IncrementalHandle<'static> {
    let named = |name: &&'static str| NamedHandle { name: (*name).into(), handle: inline("file", b"f") };
    IncrementalHandle {
        checkpoint_id: 1,
        backend_id: UUIDS[0].into(),
        key_groups: KeyGroupRange::new(64 * u32::try_from(i).unwrap(), 64).unwrap(),
        since_1_15: Some(IncrementalSince1_15 { checkpointed_size: 1, state_handle_id: UUIDS[i].into() }),
        meta_state: Some(inline("meta", b"m")),
        shared_state: shared.iter().map(named).collect::<Vec<_>>().into(),
        private_state: List::default(),
    }
}

fn changelog(key_groups: KeyGroupRange) -> ChangelogHandle<'static> {
    let since_1_15 = None;
    ChangelogHandle { key_groups, materialized: List::default(), non_materialized: List::default(), since_1_15 }
}

fn absolute(path: &'static str) -> StreamHandle<'static> {
    StreamHandle::File(FileHandle { state_size: StateSize::UNKNOWN, path: path.into() })
}

const KEYED_0: &str = "operators[0].subtasks[0].state.managed_keyed.delegate";
const ABSOLUTE: Expected = ("DIR-RELOCATE-01", "operators[0].subtasks[0].state.managed_keyed.delegate.path", b"\0");
const SEGMENT_0: Expected =
    ("DIR-RELOCATE-01", "operators[0].subtasks[0].state.managed_operator.delegate.path", b"\0\x12s3:");

const CASES: &[Case] = &[
    case(
        "two operators of one id",
        |metadata| {
            let mut operators: Vec<_> = metadata.operators.iter().collect();
            operators.push(Operator { subtasks: Subtasks::FullyFinished, ..operators[0].clone() });
            metadata.operators = operators.into();
        },
        &[("META-OPERATOR-ID-02", "operators[1].id", &[0x93])],
    ),
    case(
        "an id that is not of the uid",
        |metadata| operator(metadata, |operator| operator.uid = Some("other".into())),
        &[("META-OPERATOR-ID-01", "operators[0].id", &[0x93])],
    ),
    case(
        "coordinator state of another name",
        |metadata| {
            operator(metadata, |operator| {
                operator.coordinator_state =
                    Some(ByteStreamHandle { handle_name: "mine".into(), data: Cow::Borrowed(b"") });
            });
        },
        &[("META-OPERATOR-05", "operators[0].coordinator_state.handle_name", b"\0\x04mine")],
    ),
    case(
        "two entries of a subtask",
        |metadata| {
            subtasks(metadata, |subtasks| subtasks.push(Subtask { index: 1, state: SubtaskState::Finished }));
        },
        &[("META-SUBTASK-03", "operators[0].subtasks[2].index", &[0xff, 0xff, 0xff, 0xfe])],
    ),
    case(
        "no copy of a broadcast state",
        |metadata| handles(metadata, &[1], |_, handles| handles.managed_operator = None),
        &[("REDIST-BROADCAST-03", "operators[0].subtasks[1].state.managed_operator", b"")],
    ),
    case(
        "a subtask that is not listed",
        |metadata| subtasks(metadata, |subtasks| subtasks.truncate(1)),
        &[("REDIST-BROADCAST-03", "operators[0].num_subtasks", &[0, 0, 0, 1])],
    ),
    case(
        "key groups of another subtask",
        |metadata| {
            key_groups(metadata, &[1], |_, handle| {
                handle.offsets = KeyGroupOffsets::new(63, handle.offsets.offsets().iter()).unwrap();
            });
        },
        &[
            ("REDIST-RANGE-01", "operators[0].subtasks[1].state.managed_keyed.key_groups", &[0, 0, 0, 63, 0, 0, 0, 64]),
            ("REDIST-RANGE-02", "operators[0].subtasks[1].state.managed_keyed.key_groups", &[0, 0, 0, 63, 0, 0, 0, 64]),
        ],
    ),
    case(
        "too few key groups",
        |metadata| {
            key_groups(metadata, &[1], |_, handle| {
                handle.offsets = KeyGroupOffsets::new(64, handle.offsets.offsets().iter().take(63)).unwrap();
            });
        },
        &[("REDIST-RANGE-01", "operators[0].subtasks[1].state.managed_keyed.key_groups", &[0, 0, 0, 64, 0, 0, 0, 63])],
    ),
    case(
        "channel state",
        |metadata| {
            handles(metadata, &[0], |_, handles| {
                let channels = Channels::One { info: ChannelInfo { outer: 0, inner: 0 }, offsets: Offsets::default() };
                handles.input_channels = vec![ChannelHandle::new(0, 1, inline("channel", b"c"), channels)].into();
            });
        },
        &[("REDIST-CHANNEL-02", "operators[0].subtasks[0].state.num_input_channels", &[0, 0, 0, 1])],
    ),
    case(
        "two modes for one state",
        |metadata| {
            operator_state(metadata, &[0, 1], |i, handle| {
                add_state(handle, state("list", [Mode::SplitDistribute, Mode::Union][i]));
            });
        },
        &[("REDIST-MERGE-02", "operators[0].subtasks[1].state.managed_operator.states[1].mode", &[1, 0, 0, 0, 0])],
    ),
    case(
        "two handles with one file",
        |metadata| {
            let mut first = None;
            key_groups(metadata, &[0, 1], |_, handle| {
                handle.delegate = first.get_or_insert_with(|| handle.delegate.clone()).clone();
            });
        },
        &[("REDIST-STREAM-01", "operators[0].subtasks[1].state.managed_keyed.delegate", &[6, 0])],
    ),
    case(
        "key groups as a stream",
        |metadata| {
            native(metadata);
            key_groups(metadata, &[0], |_, handle| {
                let offsets = KeyGroupOffsets::new(0, []).unwrap();
                handle.delegate =
                    StreamHandle::KeyGroups(Box::new(KeyGroupsStream { offsets, delegate: handle.delegate.clone() }));
            });
        },
        &[("META-TYPE-03", KEYED_0, &[3, 0, 0, 0, 0])],
    ),
    case(
        "a segment in a canonical savepoint",
        |metadata| {
            key_groups(metadata, &[0], |_, handle| handle.delegate = segment(0, 1 << 20));
        },
        &[("META-CANONICAL-01", KEYED_0, &[15, 0]), ABSOLUTE],
    ),
    case(
        "a native handle in a canonical savepoint",
        |metadata| {
            handles(metadata, &[1], |i, handles| {
                handles.managed_keyed = Some(KeyedHandle::Incremental(Box::new(incremental(i, &[]))));
            });
        },
        &[("META-CANONICAL-02", "operators[0].subtasks[1].state.managed_keyed", &[11, 0])],
    ),
    case(
        "a segment with a negative start",
        |metadata| {
            native(metadata);
            key_groups(metadata, &[0], |_, handle| handle.delegate = segment(-2, 1 << 20));
        },
        &[
            ("META-SEGMENT-03", "operators[0].subtasks[0].state.managed_keyed.delegate.start_position", &[0xff; 7]),
            ABSOLUTE,
        ],
    ),
    case(
        "offsets beyond a segment",
        |metadata| {
            native(metadata);
            operator_state(metadata, &[0], |_, handle| {
                handle.segmented = Some(segmented(false));
                handle.delegate = segment(1000, 3);
            });
        },
        &[
            ("META-SEGMENT-02", "operators[0].subtasks[0].state.managed_operator.states[0].offsets[0]", &[0, 0, 0, 0]),
            SEGMENT_0,
        ],
    ),
    case(
        "key-group offsets beyond a segment",
        |metadata| {
            native(metadata);
            key_groups(metadata, &[0], |_, handle| handle.delegate = segment(1000, 3));
        },
        &[
            ("META-SEGMENT-02", "operators[0].subtasks[0].state.managed_keyed.key_groups.offsets[1]", &[0, 0, 0, 0]),
            ABSOLUTE,
        ],
    ),
    case(
        "an empty segment with keyed state",
        |metadata| {
            native(metadata);
            key_groups(metadata, &[0], |_, handle| handle.delegate = StreamHandle::EmptySegment);
        },
        &[("META-SEGMENT-04", KEYED_0, &[16])],
    ),
    case(
        "an empty handle with a segment",
        |metadata| {
            native(metadata);
            operator_state(metadata, &[0], |_, handle| {
                handle.segmented = Some(segmented(true));
                handle.delegate = segment(0, 1 << 20);
            });
        },
        &[("META-OPSTATE-05", "operators[0].subtasks[0].state.managed_operator.delegate", &[15, 0]), SEGMENT_0],
    ),
    case(
        "two states of one name",
        |metadata| operator_state(metadata, &[0], |_, handle| add_state(handle, state("rules", Mode::Broadcast))),
        &[("META-OPSTATE-03", "operators[0].subtasks[0].state.managed_operator.states[1].name", b"\0\x05rules")],
    ),
    case(
        "one name for two inline states",
        |metadata| {
            native(metadata);
            key_groups(metadata, &[0, 1], |i, handle| handle.delegate = inline("same", [&b"one"[..], b"other"][i]));
        },
        &[(
            "META-HANDLE-04",
            "operators[0].subtasks[1].state.managed_keyed.delegate.handle_name",
            b"\0\x04same\0\0\0\x05other",
        )],
    ),
    case(
        "an id that is no UUID",
        |metadata| {
            native(metadata);
            key_groups(metadata, &[1], |_, handle| {
                handle.format = KeyGroupsFormat::NativeWithId { state_handle_id: "handle-1".into() };
            });
        },
        &[("META-ID-02", "operators[0].subtasks[1].state.managed_keyed.state_handle_id", b"\0\x08handle-1")],
    ),
    case(
        "one id for two handles",
        |metadata| {
            key_groups(metadata, &[0, 1], |_, handle| {
                handle.format = KeyGroupsFormat::NativeWithId { state_handle_id: UUIDS[0].into() };
            });
        },
        &[("META-ID-02", "operators[0].subtasks[1].state.managed_keyed.state_handle_id", b"\0\x240f9c")],
    ),
    old(
        "no meta state in version 3",
        |metadata| {
            handles(metadata, &[0, 1], |i, handles| {
                let mut handle = incremental(i, &[]);
                handle.meta_state = handle.meta_state.filter(|_| i == 0);
                handles.managed_keyed = Some(KeyedHandle::Incremental(Box::new(handle)));
            });
        },
        &[("META-INCREMENTAL-01", "operators[0].subtasks[1].state.managed_keyed.meta_state", &[0])],
    ),
    case(
        "a file name twice",
        |metadata| {
            handles(metadata, &[0, 1], |i, handles| {
                let files = [&["1.sst", "2.sst", "1.sst"][..], &[]][i];
                handles.managed_keyed = Some(KeyedHandle::Incremental(Box::new(incremental(i, files))));
            });
        },
        &[("META-INCREMENTAL-02", "operators[0].subtasks[0].state.managed_keyed.shared_state[2].name", b"\0\x051.sst")],
    ),
    old(
        "a handle that a restore gave to both subtasks",
        |metadata| {
            let mut first = None;
            handles(metadata, &[0, 1], |i, handles| {
                let mut handle = changelog(handles.managed_keyed.as_ref().unwrap().key_groups());
                let mut part = handles.managed_keyed.take();
                if let Some(KeyedHandle::KeyGroups(part)) = &mut part {
                    part.format = KeyGroupsFormat::NativeWithId { state_handle_id: UUIDS[0].into() };
                    part.delegate = first.get_or_insert_with(|| part.delegate.clone()).clone();
                }
                handle.materialized = vec![part].into();
                let id = UUIDS[i].into();
                let (checkpointed_size, materialization_id, checkpoint_id) = (0, 0, None);
                let since =
                    ChangelogSince1_15 { checkpointed_size, materialization_id, checkpoint_id, state_handle_id: id };
                handle.since_1_15 = Some(since);
                handles.managed_keyed = Some(KeyedHandle::Changelog(Box::new(handle)));
            });
        },
        &[],
    ),
    old(
        "a null handle in a changelog",
        |metadata| {
            handles(metadata, &[0, 1], |i, handles| {
                let mut handle = changelog(handles.managed_keyed.as_ref().unwrap().key_groups());
                handle.non_materialized = [vec![None], vec![]][i].clone().into();
                handles.managed_keyed = Some(KeyedHandle::Changelog(Box::new(handle)));
            });
        },
        &[("META-CHANGELOG-08", "operators[0].subtasks[0].state.managed_keyed.non_materialized[0]", &[0])],
    ),
    old(
        "a segment in version 3",
        |metadata| {
            native(metadata);
            key_groups(metadata, &[0], |_, handle| handle.delegate = segment(0, 1 << 20));
        },
        &[("META-TYPE-02", KEYED_0, &[15, 0]), ABSOLUTE],
    ),
    old(
        "what 1.14 writes beside what 1.15 does",
        |metadata| {
            native(metadata);
            handles(metadata, &[1], |_, handles| {
                let handle = changelog(handles.managed_keyed.as_ref().unwrap().key_groups());
                handles.managed_keyed = Some(KeyedHandle::Changelog(Box::new(handle)));
            });
        },
        &[("META-VERSION-05", "operators[0].subtasks[1].state.managed_keyed", &[8])],
    ),
    case(
        "properties of a checkpoint",
        |metadata| {
            let sharing = SharingFilesStrategy::ForwardBackward;
            let snapshot = SnapshotType::Checkpoint { name: "Checkpoint".into(), sharing };
            let content = CheckpointProperties { snapshot, ..CheckpointProperties::canonical_savepoint(false) };
            metadata.properties = Some(Properties::new(content).unwrap());
        },
        &[("PROPS-VALUE-01", "properties", &[0xAC, 0xED])],
    ),
    case(
        "a name with a colon",
        |metadata| {
            key_groups(metadata, &[0], |_, handle| {
                let state_size = StateSize::UNKNOWN;
                handle.delegate =
                    StreamHandle::Relative(RelativeFileHandle { relative_path: "a:b".into(), state_size });
            });
        },
        &[("DIR-PATH-01", "operators[0].subtasks[0].state.managed_keyed.delegate.relative_path", b"\0\x03a:b")],
    ),
    case(
        "a file that is not there",
        |metadata| {
            key_groups(metadata, &[0], |_, handle| {
                let state_size = StateSize::UNKNOWN;
                handle.delegate =
                    StreamHandle::Relative(RelativeFileHandle { relative_path: "gone".into(), state_size });
            });
        },
        &[("DIR-FILES-01", "operators[0].subtasks[0].state.managed_keyed.delegate.relative_path", b"\0\x04gone")],
    ),
    case(
        "a file of unknown size",
        |metadata| {
            key_groups(metadata, &[0], |_, handle| {
                let StreamHandle::Relative(file) = &mut handle.delegate else { panic!() };
                file.state_size = StateSize::UNKNOWN;
            });
        },
        &[("DIR-SIZE-01", "operators[0].subtasks[0].state.managed_keyed.delegate.state_size", &[0xff; 8])],
    ),
    case(
        "a file of another size",
        |metadata| {
            key_groups(metadata, &[0], |_, handle| {
                let StreamHandle::Relative(file) = &mut handle.delegate else { panic!() };
                file.state_size = StateSize::known(7).unwrap();
            });
        },
        &[(
            "DIR-SIZE-02",
            "operators[0].subtasks[0].state.managed_keyed.delegate.state_size",
            &[0, 0, 0, 0, 0, 0, 0, 7],
        )],
    ),
    case(
        "an absolute path",
        |metadata| key_groups(metadata, &[0], |_, handle| handle.delegate = absolute("s3://bucket/key")),
        &[ABSOLUTE],
    ),
    case(
        "an absolute path that is not",
        |metadata| key_groups(metadata, &[0], |_, handle| handle.delegate = absolute("some/key")),
        &[ABSOLUTE, ("DIR-PATH-05", "operators[0].subtasks[0].state.managed_keyed.delegate.path", b"\0\x08some")],
    ),
    case(
        "an absolute path that is not normal",
        |metadata| key_groups(metadata, &[0], |_, handle| handle.delegate = absolute("file:///a//b")),
        &[ABSOLUTE, ("DIR-PATH-06", "operators[0].subtasks[0].state.managed_keyed.delegate.path", b"\0\x0cfile")],
    ),
];

fn sound(scratch: &Path, release: Release) -> PathBuf {
    let directory = Made { release, ..Made::of(20) }.write(&scratch.join(release.name()));
    assert_eq!(findings(&directory, &Options::default()), [], "the savepoint is sound before it is broken");
    directory
}

/// A copy of a savepoint with other metadata.
fn with_metadata(scratch: &Path, from: &Path, bytes: &[u8]) -> PathBuf {
    let directory = scratch.join("broken");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), directory.join(entry.file_name())).unwrap();
    }
    fs::write(directory.join("_metadata"), bytes).unwrap();
    directory
}

#[test]
fn what_is_broken_in_the_model_is_found() {
    let scratch = tempfile::tempdir().unwrap();
    for Case { name, release, edit, expected } in CASES {
        let from = sound(scratch.path(), *release);
        let bytes = fs::read(from.join("_metadata")).unwrap();
        let mut metadata = Metadata::parse(&bytes).unwrap();
        edit(&mut metadata);
        let directory = with_metadata(scratch.path(), &from, &metadata.to_bytes().unwrap());
        assert_found(name, &directory, expected);
        fs::remove_dir_all(from).unwrap();
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|window| window == needle).unwrap()
}

/// The bytes with those at `at` replaced.
fn replaced(bytes: &[u8], at: usize, by: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at..at + by.len()].copy_from_slice(by);
    changed
}

/// What no model can say is broken in the bytes.
#[test]
fn what_is_broken_in_the_bytes_is_found() {
    let scratch = tempfile::tempdir().unwrap();
    let from = sound(scratch.path(), Release::V2_3);
    let bytes = fs::read(from.join("_metadata")).unwrap();
    let is = |name: &str, bytes: &[u8], expected: &[Expected]| {
        assert_found(name, &with_metadata(scratch.path(), &from, bytes), expected);
    };
    is("trailing bytes", &[&bytes[..], b"x"].concat(), &[("META-END-01", "trailing", b"x")]);
    let end = bytes.len() - Properties::null().raw().len();
    let at_end: Expected = ("PROPS-PRESENCE-01", "properties.header", b"");
    is("no properties", &bytes[..end], &[at_end]);
    let id = find(&bytes, &OperatorId::from_uid(made::UID).0);
    let max = replaced(&bytes, id + 20, &[0, 0, 0x80, 1]);
    is("too many key groups", &max, &[("META-OPERATOR-04", "operators[0].max_parallelism", &[0, 0, 0x80, 1])]);
    // Index, then the flag of managed operator state.
    let flag = find(&bytes, &[0, 0, 0, 1, 0, 0, 0, 1, 4]) + 4;
    let path = "operators[0].subtasks[1].state.has_managed_operator";
    is("a flag of 2", &replaced(&bytes, flag, &[0, 0, 0, 2]), &[("META-STRICT-01", path, &[0, 0, 0, 2])]);
    let name = find(&bytes, b"rules");
    let path = "operators[0].subtasks[0].state.managed_operator.states[0].name";
    // Another name in one subtask is a state that the other one lacks, too; so both are changed.
    let second = name + 5 + find(&bytes[name + 5..], b"rules");
    let zero = replaced(&replaced(&bytes, name + 4, &[0]), second + 4, &[0]);
    is("a zero byte in a name", &zero, &[("META-STRICT-01", path, b"rule\0")]);
    // Properties that describe the class of enums twice.
    let mut metadata = Metadata::parse(&bytes).unwrap();
    metadata.properties = Some(Properties::new(CheckpointProperties::canonical_savepoint(false)).unwrap());
    let said = metadata.to_bytes().unwrap();
    let class = find(&said, b"\x72\0\x0ejava.lang.Enum");
    let class = said[class..class + 30].to_vec();
    assert!(class.ends_with(&[0x78, 0x70]), "{class:02x?}");
    let reference = said.windows(3).rposition(|window| window == [0x71, 0, 0x7E]).unwrap();
    let twice = [&said[..reference], &class, &said[reference + 5..]].concat();
    is("a class twice", &twice, &[("PROPS-HANDLE-02", "properties", &[0x72, 0, 0x0e])]);
    is("the class once", &said, &[]);
    // Errors of the reader.
    is("another magic", &replaced(&bytes, 0, b"PK"), &[("META-MAGIC-01", "magic", b"PK")]);
    is("version 9", &replaced(&bytes, 7, &[9]), &[("META-VERSION-01", "version", &[0, 0, 0, 9])]);
    is("version 7", &replaced(&bytes, 7, &[7]), &[("META-VERSION-03", "version", &[0, 0, 0, 7])]);
    let cut: Expected = ("WIRE-TRUNCATED-01", "properties.header", &[0xAC, 0xED, 0]);
    is("a cut file", &bytes[..bytes.len() - 2], &[cut]);
    let empty = Metadata::new(MetadataVersion::V3, 1).to_bytes().unwrap();
    let with_properties = [&empty[..], Properties::null().raw()].concat();
    let expected: &[Expected] =
        &[("META-END-01", "trailing", &[0xAC, 0xED]), ("PROPS-PRESENCE-01", "trailing", &[0xAC, 0xED])];
    assert_bytes("properties in version 3", scratch.path(), &with_properties, expected);
    assert_bytes("nothing in version 3", scratch.path(), &empty, &[]);
    let version_2 = replaced(&empty, 7, &[2]);
    assert_bytes("version 2", scratch.path(), &version_2, &[("META-VERSION-04", "version", &[0, 0, 0, 2])]);
}

/// Metadata without any state.
fn assert_bytes(name: &str, scratch: &Path, bytes: &[u8], expected: &[Expected]) {
    let directory = scratch.join("alone");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("_metadata"), bytes).unwrap();
    assert_found(name, &directory, expected);
}

/// What is wrong with the directory.
#[test]
fn what_is_broken_in_the_directory_is_found() {
    let scratch = tempfile::tempdir().unwrap();
    let from = sound(scratch.path(), Release::V2_3);
    let bytes = fs::read(from.join("_metadata")).unwrap();
    let fresh = || with_metadata(scratch.path(), &from, &bytes);
    let found = |path: &Path| {
        let report = check::run(path, &Options::default());
        let here = report.findings.into_iter().filter(|one| one.requirement.starts_with("DIR-"));
        here.map(|one| (one.requirement, one.severity, one.file)).collect::<Vec<_>>()
    };
    let is = |id: &str, severity, file: &str| vec![(id.to_owned(), severity, file.to_owned())];
    let state_file = |directory: &Path| {
        let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        files.min_by_key(|path| path.ends_with("_metadata")).unwrap()
    };

    let directory = fresh();
    fs::remove_file(state_file(&directory)).unwrap();
    assert_eq!(found(&directory), is("DIR-FILES-01", Severity::Error, "_metadata"));

    let directory = fresh();
    let file = state_file(&directory);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(found(&directory), is("DIR-FILES-01", Severity::Error, "_metadata"));

    let directory = fresh();
    fs::write(directory.join("left"), b"").unwrap();
    assert_eq!(found(&directory), is("DIR-FILES-03", Severity::Note, "left"));
    for i in 0..12 {
        fs::write(directory.join(format!("left-{i:02}")), b"").unwrap();
    }
    let many = found(&directory);
    assert_eq!((many.len(), many[0].2.as_str()), (11, "."));
    assert!(check::run(&directory, &Options::default()).is_sound());

    let directory = fresh();
    fs::copy(directory.join("_metadata"), directory.join("_metadata2")).unwrap();
    assert_eq!(found(&directory), is("DIR-METADATA-01", Severity::Error, "_metadata2"));

    let directory = fresh();
    fs::rename(directory.join("_metadata"), directory.join("m")).unwrap();
    assert_eq!(found(&directory.join("m")), is("DIR-METADATA-01", Severity::Error, "m"));
    assert_eq!(found(&directory), is("DIR-METADATA-01", Severity::Error, "_metadata"));
    let report = check::run(&directory, &Options::default());
    assert!(report.unreadable.is_none() && report.checked.metadata_version.is_none());
    let report = check::run(&directory.join("nothing"), &Options::default());
    assert!(report.unreadable.is_some() && !report.is_sound());
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let scratch = tempfile::tempdir().unwrap();
    let from = sound(scratch.path(), Release::V2_3);
    let bytes = fs::read(from.join("_metadata")).unwrap();
    let mut metadata = Metadata::parse(&bytes).unwrap();
    key_groups(&mut metadata, &[0], |_, handle| {
        let state_size = StateSize::known(4).unwrap();
        handle.delegate = StreamHandle::Relative(RelativeFileHandle { relative_path: "link".into(), state_size });
    });
    let directory = with_metadata(scratch.path(), &from, &metadata.to_bytes().unwrap());
    fs::write(scratch.path().join("target"), b"four").unwrap();
    std::os::unix::fs::symlink(scratch.path().join("target"), directory.join("link")).unwrap();
    let path = "operators[0].subtasks[0].state.managed_keyed.delegate.relative_path";
    assert_found("a link", &directory, &[("DIR-PATH-04", path, b"\0\x04link")]);
}

/// Absolute paths are looked at only if asked to.
#[cfg(unix)]
#[test]
fn absolute_paths_are_followed_when_asked_to() {
    let scratch = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(scratch.path()).unwrap();
    let from = sound(scratch.path(), Release::V2_3);
    let bytes = fs::read(from.join("_metadata")).unwrap();
    let file = root.join("file");
    fs::write(&file, b"four").unwrap();
    let found = |path: &Path, delegate: &dyn Fn(&str) -> StreamHandle<'static>, follow_absolute: bool| {
        let mut metadata = Metadata::parse(&bytes).unwrap();
        native(&mut metadata);
        let delegate = delegate(path.to_str().unwrap());
        key_groups(&mut metadata, &[0], |_, handle| handle.delegate = delegate.clone());
        let directory = with_metadata(scratch.path(), &from, &metadata.to_bytes().unwrap());
        let options = Options { follow_absolute, ..Options::default() };
        let ids = findings(&directory, &options).into_iter().map(|one| one.requirement).collect::<BTreeSet<_>>();
        ids.into_iter().filter(|id| !matches!(id.as_str(), "DIR-RELOCATE-01" | "META-SEGMENT-02")).collect::<Vec<_>>()
    };
    let of_size = |size: u64| {
        move |path: &str| {
            StreamHandle::File(FileHandle { state_size: StateSize::known(size).unwrap(), path: path.into() })
        }
    };
    let none: [&str; 0] = [];
    assert_eq!(found(&file, &of_size(4), true), none);
    assert_eq!(found(&file, &of_size(5), false), none);
    assert_eq!(found(&file, &of_size(5), true), ["DIR-SIZE-02"]);
    assert_eq!(found(&root.join("gone"), &of_size(4), true), ["DIR-FILES-01"]);
    assert_eq!(found(&root, &of_size(4), true), ["DIR-PATH-04"]);
    let within = |start_position, state_size| {
        move |path: &str| {
            let StreamHandle::Segment(of) = segment(start_position, state_size) else { panic!() };
            StreamHandle::Segment(SegmentFileHandle { path: path.into(), ..of })
        }
    };
    assert_eq!(found(&file, &within(1, 3), true), none);
    assert_eq!(found(&file, &within(2, 3), true), ["META-SEGMENT-03"]);
    assert_eq!(found(&file, &within(2, 3), false), none);
}

/// COMPAT-VERDICT-02: an absolute path breaks no MUST, and what is behind it is not known.
#[test]
fn what_is_not_looked_into_is_no_verdict() {
    let scratch = tempfile::tempdir().unwrap();
    let from = sound(scratch.path(), Release::V2_3);
    let bytes = fs::read(from.join("_metadata")).unwrap();
    let mut metadata = Metadata::parse(&bytes).unwrap();
    key_groups(&mut metadata, &[0], |_, handle| handle.delegate = absolute("s3://bucket/key"));
    let directory = with_metadata(scratch.path(), &from, &metadata.to_bytes().unwrap());
    let code = |directory: &Path, target: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_savepoint"));
        command.arg("check").args(target).arg(directory).output().unwrap().status.code()
    };
    assert_eq!(code(&directory, &[]), Some(0));
    assert_eq!(code(&directory, &["--severity", "warning"]), Some(1));
    assert_eq!(code(&directory, &["--target", "2.3"]), Some(2));
    assert_eq!(code(&from, &["--target", "2.3"]), Some(0));
}

/// No rule without a savepoint that breaks it.
#[test]
fn every_requirement_is_tried() {
    let mut tried: BTreeSet<&str> = CASES.iter().flat_map(|case| case.expected).map(|(id, ..)| *id).collect();
    // By the other tests of this file.
    tried.extend(["META-END-01", "META-OPERATOR-04", "META-STRICT-01", "META-VERSION-04"]);
    tried.extend(["PROPS-PRESENCE-01", "PROPS-HANDLE-02", "DIR-METADATA-01", "DIR-FILES-03", "DIR-PATH-04"]);
    // By a unit test: only a reader that loses something breaks it.
    tried.insert("INPUT-STRICT-02");
    // By the tests of the reader.
    tried.extend(ErrorKind::ALL.iter().map(|(_, id, _)| *id));
    // Most of the conventions are those of state.
    let here = |name: &str| CHAPTERS_HERE.contains(&name) && name != "conventions";
    for (chapter, requirements, _) in check::chapters().filter(|(name, ..)| here(name)) {
        let left: Vec<_> = requirements.iter().filter(|id| !tried.contains(*id)).collect();
        assert!(left.is_empty(), "{chapter}: {left:?}");
    }
}

/// Whatever a file is, it is judged, and a finding is within it.
#[test]
fn changed_bytes_are_judged() {
    let scratch = tempfile::tempdir().unwrap();
    let from = Made { max_parallelism: 8, ..Made::of(20) }.write(&scratch.path().join("made"));
    let metadata = fs::read(from.join("_metadata")).unwrap();
    let directory = with_metadata(scratch.path(), &from, &metadata);
    let judge = |name: &str, bytes: &[u8]| {
        fs::write(directory.join(name), bytes).unwrap();
        let report = check::run(&directory, &Options::default());
        for finding in report.findings.iter().filter(|finding| finding.file == name) {
            let inside = finding.offset.is_none_or(|offset| (0..=bytes.len() as i128).contains(&offset.0));
            assert!(inside && report.unreadable.is_none(), "{finding:?}");
        }
        report.findings.len()
    };
    let changed = |name: &str| {
        let bytes = fs::read(directory.join(name)).unwrap();
        // Of state each fifth, which is enough to meet every field.
        let step = if name == "_metadata" { 1 } else { 5 };
        let found =
            (0..bytes.len()).step_by(step).filter(|at| judge(name, &replaced(&bytes, *at, &[!bytes[*at]])) > 0).count();
        judge(name, &bytes);
        found
    };
    for end in 0..metadata.len() {
        assert!(judge("_metadata", &metadata[..end]) > 0, "cut at {end}");
    }
    judge("_metadata", &metadata);
    for entry in fs::read_dir(&from).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let found = changed(&name);
        // The checkpoint id can be any; the rules on state have tests of their own.
        assert!(name != "_metadata" || found * 2 > metadata.len(), "{found} of {}", metadata.len());
    }
    assert_eq!(check::run(&directory, &Options::default()).findings, []);
}
