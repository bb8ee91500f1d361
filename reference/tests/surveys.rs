//! What a survey finds: keys in key groups that are not theirs, state without a readable header, timers in raw state.

use std::io;

use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId, Timer, WrittenStream, java_hash,
};
use flink_savepoint::logical::{Fingerprint, LogicalKind, StateKey, Volatile, fingerprint, survey};
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{
    Handles, KeyGroupOffsets, KeyGroupRange, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, MasterState, Metadata,
    Operator, OperatorId, Release, StreamHandle, Subtask, SubtaskState, Subtasks,
};
use flink_savepoint::savepoint::{FileName, Savepoint, Store};
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};

/// Everything is inline.
struct NoFiles;

impl Store for NoFiles {
    type Bytes = Vec<u8>;

    fn open(&self, name: &FileName<'_>) -> io::Result<Vec<u8>> {
        Err(io::Error::other(name.as_str()))
    }
}

const ID: OperatorId = OperatorId([3; 16]);

fn max() -> MaxParallelism {
    MaxParallelism::new(8).unwrap()
}

fn scalar(scalar: Scalar) -> SerializerSnapshot<'static> {
    SerializerSnapshot::scalar(scalar).unwrap()
}

fn handle(bytes: Vec<u8>, offsets: KeyGroupOffsets<'static>, format: KeyGroupsFormat<'static>) -> KeyedHandle<'static> {
    let delegate = StreamHandle::ByteStream(ByteStreamHandle { handle_name: "inline".into(), data: bytes.into() });
    KeyedHandle::KeyGroups(KeyGroupsHandle { format, offsets, delegate })
}

fn operator(subtasks: Vec<Handles<'static>>) -> Operator<'static> {
    let subtasks: Vec<_> =
        (0..).zip(subtasks).map(|(index, handles)| Subtask { index, state: SubtaskState::Running(handles) }).collect();
    Operator {
        name: None,
        uid: None,
        id: ID,
        parallelism: u32::try_from(subtasks.len()).unwrap(),
        max_parallelism: max().get().into(),
        coordinator_state: None,
        subtasks: Subtasks::Listed(subtasks.into()),
    }
}

fn savepoint(operators: Vec<Operator<'static>>) -> Savepoint<'static, NoFiles> {
    let mut metadata = Metadata::new(Release::V2_3.metadata_version(), 1);
    metadata.operators = operators.into();
    Savepoint::new(metadata, NoFiles)
}

fn found(operators: Vec<Operator<'static>>) -> Fingerprint {
    survey(&savepoint(operators), &mut |_| ())
}

fn value_state(name: &str) -> StateMetaInfo<'static> {
    StateMetaInfo::keyed(name, KeyedStateType::Value, scalar(Scalar::VoidNamespace), scalar(Scalar::Int))
}

/// Entries by key group, state and key.
fn stream(key: Scalar, entries: &[(u16, u16, &[u8])]) -> WrittenStream<Vec<u8>> {
    let header = KeyedHeader {
        compressed: false,
        key_serializer: scalar(key),
        states: vec![value_state("a"), value_state("b")],
    };
    let mut writer = KeyedWriter::new(Vec::new(), &header, KeyGroupRange::new(0, 8).unwrap(), max()).unwrap();
    for (group, state, key) in entries {
        writer.entry(KeyGroup(*group), StateId(*state), key, &[0, 0, 0, 9]).unwrap();
    }
    writer.finish().unwrap()
}

fn keyed(stream: WrittenStream<Vec<u8>>) -> Handles<'static> {
    let managed_keyed = Some(handle(stream.sink, stream.offsets, KeyGroupsFormat::Savepoint));
    Handles { managed_keyed, ..Handles::default() }
}

fn of_state(name: &str) -> StateKey {
    StateKey { kind: LogicalKind::Managed(StateKind::Keyed(KeyedStateType::Value)), name: name.into() }
}

fn long_key(key: i64) -> Vec<u8> {
    [&key.to_be_bytes()[..], &[0]].concat()
}

fn group_of(key: i64) -> u16 {
    max().key_group_of(java_hash::of_long(key)).0
}

#[test]
fn keys_are_counted_by_where_they_belong() {
    // Five keys in the first group that is not theirs, and one in its own.
    let keys: Vec<i64> = (0..1000).filter(|key| group_of(*key) != 0).take(5).collect();
    let own = (0..1000).find(|key| group_of(*key) == 0).unwrap();
    let composites: Vec<Vec<u8>> = keys.iter().chain([&own]).map(|key| long_key(*key)).collect();
    let mut entries: Vec<(u16, u16, &[u8])> = composites.iter().map(|key| (0, 0, key.as_slice())).collect();
    entries.push((0, 1, &[1, 2, 3]));
    let found = found(vec![operator(vec![keyed(stream(Scalar::Long, &entries))])]);
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    let states = &found.operators[&ID].states;
    let counts = &states[&of_state("a")].keys;
    assert_eq!((counts.verified, counts.misplaced, counts.undecodable, counts.unverifiable), (1, 5, 0, 0));
    let first: Vec<_> = counts.first.iter().map(|one| (one.key_group, one.belongs_to, one.key.clone())).collect();
    let expected: Vec<_> = keys.iter().take(3).map(|key| (0, group_of(*key), long_key(*key))).collect();
    assert_eq!(first, expected);
    assert!(!counts.is_sound());
    // Too short for a key of eight bytes.
    let counts = &states[&of_state("b")].keys;
    assert_eq!((counts.verified, counts.misplaced, counts.undecodable, counts.unverifiable), (0, 0, 1, 0));
    assert!(!counts.is_sound());
    assert_eq!(states[&of_state("a")].serializers.key.as_deref(), Some("LongSerializer"));
}

#[test]
fn keys_without_a_hash_code_by_value_belong_anywhere() {
    // An array of no floats, and the namespace.
    let found = found(vec![operator(vec![keyed(stream(Scalar::FloatArray, &[(5, 0, &[0, 0, 0, 0, 0])]))])]);
    let counts = &found.operators[&ID].states[&of_state("a")].keys;
    assert_eq!((counts.verified, counts.misplaced, counts.undecodable, counts.unverifiable), (0, 0, 0, 1));
    assert!(counts.is_sound());
}

#[test]
fn an_operator_that_is_there_twice_counts_as_one() {
    let own = |group| (0..1000).find(|key| group_of(*key) == group).unwrap();
    let part = |group: u16| keyed(stream(Scalar::Long, &[(group, 0, &long_key(own(group)))]));
    let [twice, once] =
        [vec![operator(vec![part(1)]), operator(vec![part(2)])], vec![operator(vec![part(1), part(2)])]];
    let [twice, once] = [twice, once].map(found);
    let state = |found: &Fingerprint| found.operators[&ID].states[&of_state("a")].clone();
    assert_eq!(state(&twice), state(&once));
    assert_eq!((state(&twice).total.entries, state(&twice).keys.verified), (2, 2));
    assert_eq!(state(&twice).key_groups.keys().copied().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn states_in_a_stream_whose_header_cannot_be_read_have_numbers() {
    let entries: Vec<Vec<u8>> = (0..3).map(long_key).collect();
    let of = |change: bool| {
        let entries: [(u16, u16, &[u8]); 3] = [(2, 0, &entries[0]), (2, 1, &entries[1]), (5, 1, &entries[2])];
        let mut written = stream(Scalar::Long, &entries);
        if change {
            // The classes of values become ones that nobody knows, so that the ends of their snapshots are not known either.
            let class = b"org.apache.flink.api.common.typeutils.base.IntSerializer$IntSerializerSnapshot";
            while let Some(at) = written.sink.windows(class.len()).position(|window| window == class) {
                written.sink[at..at + 3].copy_from_slice(b"com");
            }
            // Bytes that look like more than one header: the name of the second state.
            let hidden = b"org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot";
            let at = written.sink.windows(hidden.len()).position(|window| window == hidden).unwrap();
            written.sink[at..at + 3].copy_from_slice(b"com");
            // The number of states is wrong, so that no end fits.
            let count = written.sink.windows(5).position(|window| window == [0, 2, 0, 1, b'a']).unwrap();
            written.sink[count + 1] = 3;
        }
        found(vec![operator(vec![keyed(written)])])
    };
    let readable = of(false);
    assert!(readable.failures.is_empty(), "{:?}", readable.failures);
    let nameless = of(true);
    let [failure] = nameless.failures.as_slice() else { panic!("{:?}", nameless.failures) };
    assert!(failure.why.is_foreign_serializer(), "{failure}");
    let states = &nameless.operators[&ID].states;
    for (number, name, entries) in [("#0", "a", 1), ("#1", "b", 2)] {
        let key = StateKey { kind: LogicalKind::Nameless, name: number.into() };
        assert_eq!(key.to_string(), format!("NAMELESS {number}"));
        assert!(key.is_keyed() && !key.is_broadcast());
        // The same entries in the same key groups, under another name.
        let named = &readable.operators[&ID].states[&of_state(name)];
        assert_eq!((&states[&key].total, &states[&key].key_groups), (&named.total, &named.key_groups));
        assert_eq!((states[&key].total.entries, states[&key].keys.unverifiable), (entries, entries));
    }
}

/// A section of raw keyed state by a service of timers with keys of eight bytes.
fn raw_timers(event: &[(i64, i64)], processing: &[(i64, i64)]) -> Vec<u8> {
    let mut bytes = vec![0xF1, 0xCD, 0x85, 0x9F, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, b't'];
    bytes.extend(scalar(Scalar::Long).raw());
    bytes.extend(scalar(Scalar::VoidNamespace).raw());
    for timers in [event, processing] {
        bytes.extend(i32::try_from(timers.len()).unwrap().to_be_bytes());
        for (key, timestamp) in timers {
            bytes.extend([&long_key(*key)[..], &timestamp.to_be_bytes()].concat());
        }
    }
    bytes
}

#[test]
fn timers_in_raw_state_mean_the_same_as_in_managed_state() {
    let raw = |section: Vec<u8>, group: u32| {
        let offsets = KeyGroupOffsets::new(group, [0]).unwrap();
        Handles { raw_keyed: Some(handle(section, offsets, KeyGroupsFormat::Native)), ..Handles::default() }
    };
    let [event, processing] = [(7, -5), (8, 1000)];
    let group = group_of(7);
    let in_raw = found(vec![operator(vec![raw(raw_timers(&[event], &[processing, event]), group.into())])]);
    assert!(in_raw.failures.is_empty() && in_raw.remarks.is_empty());
    let queue = |time: &str| StateKey {
        kind: LogicalKind::Managed(StateKind::PriorityQueue),
        name: format!("_timer_state/{time}_t").as_str().into(),
    };
    let states = &in_raw.operators[&ID].states;
    let timers = |time| &states[&queue(time)];
    assert_eq!((timers("event").total.entries, timers("processing").total.entries), (1, 2));
    assert_eq!(timers("event").keys.verified, 1);
    let misplaced = u64::from(group_of(8) != group);
    assert_eq!((timers("processing").keys.verified, timers("processing").keys.misplaced), (2 - misplaced, misplaced));

    // The same timer of event time in a canonical stream.
    let states = vec![StateMetaInfo::timers(
        "_timer_state/event_t",
        SerializerSnapshot::timer(&scalar(Scalar::Long), &scalar(Scalar::VoidNamespace)).unwrap(),
    )];
    let header = KeyedHeader { compressed: false, key_serializer: scalar(Scalar::Long), states };
    let mut writer = KeyedWriter::new(Vec::new(), &header, KeyGroupRange::new(0, 8).unwrap(), max()).unwrap();
    let key = Timer { timestamp: event.1, rest: &long_key(event.0) }.write();
    writer.entry(KeyGroup(group), StateId(0), &key, &[]).unwrap();
    let managed = found(vec![operator(vec![keyed(writer.finish().unwrap())])]);
    let managed = &managed.operators[&ID].states[&queue("event")];
    assert_eq!((&managed.total, &managed.key_groups), (&timers("event").total, &timers("event").key_groups));
    assert_eq!(managed.keys.verified, 1);

    // What is not timers is the operator's own.
    let mut damaged = raw_timers(&[event], &[]);
    damaged.pop();
    let own = found(vec![operator(vec![raw(damaged, group.into())])]);
    let key = StateKey { kind: LogicalKind::RawKeyed, name: "".into() };
    assert_eq!(own.operators[&ID].states[&key].key_groups.keys().copied().collect::<Vec<_>>(), [group]);
    assert_eq!(key.to_string(), "RAW_KEYED");
}

#[test]
fn bytes_that_no_offset_leads_to_are_remarked_on() {
    let mut written = stream(Scalar::Long, &[(2, 0, &long_key(0)), (5, 0, &long_key(1))]);
    written.sink.extend([1, 2, 3]);
    let at = written.sink.len() - 3;
    let found = found(vec![operator(vec![keyed(written)])]);
    let [remark] = found.remarks.as_slice() else { panic!("{:?}", found.remarks) };
    let whose = format!("operator {ID}, subtask 0, managed keyed state: inline: ");
    assert_eq!(
        remark.to_string(),
        format!("{whose}3 bytes at offset 0x{at:x} belong to no state (Flink ignores them)")
    );
    assert_eq!(found.operators[&ID].states[&of_state("a")].total.entries, 2);
}

#[test]
fn master_states_are_a_part_of_the_meaning() {
    let digest = |name: &'static str, version, payload: &'static [u8]| {
        let mut metadata = Metadata::new(Release::V2_3.metadata_version(), 1);
        metadata.master_states = vec![MasterState { version, name: name.into(), payload: payload.into() }].into();
        fingerprint(&Savepoint::new(metadata, NoFiles), &mut |_| ()).digest()
    };
    let all = [
        fingerprint(&savepoint(vec![]), &mut |_| ()).digest(),
        digest("hook", 1, b"payload"),
        digest("other", 1, b"payload"),
        digest("hook", 2, b"payload"),
        digest("hook", 1, b"other"),
    ];
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
        }
    }
    assert_eq!(digest("hook", 1, b"payload"), all[1]);
}

#[test]
fn why_two_runs_differ_is_said() {
    assert_eq!(Volatile::Clock.label(), "carries a clock (TTL)");
    assert_eq!(Volatile::SourcePosition.label(), "position of a source");
}
