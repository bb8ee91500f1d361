//! Numbers, arrays and their order, by another hand: bincode with big-endian numbers of fixed width writes plain structures as
//! Java's `DataOutput` does, and knows nothing of this crate.
//!
//! Strings are structures here, a length and an array, since bincode's own have another length.

mod common;

use bincode::{Decode, Encode};
use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedStream, KeyedWriter, MaxParallelism, PrefixWidth, StateId, Timer,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::changelog_handle::{ChangelogHandle, ChangelogSince1_15};
use flink_savepoint::metadata::channel_handle::{ChannelHandle, ChannelInfo, Channels, InputChannel};
use flink_savepoint::metadata::keyed_handle::{IncrementalHandle, IncrementalSince1_15};
use flink_savepoint::metadata::operator_handle::Segmented;
use flink_savepoint::metadata::stream_handle::{
    ByteStreamHandle, FileHandle, RelativeFileHandle, Scope, SegmentFileHandle,
};
use flink_savepoint::metadata::{
    Handles, KeyGroupOffsets, KeyGroupRange, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, List, MasterState,
    Metadata, MetadataVersion, Mode, Operator, OperatorId, OperatorStateHandle, ReadOptions, StateMeta, StateSize,
    StreamHandle, Subtask, SubtaskState, Subtasks, Target,
};
use flink_savepoint::operator::{OperatorHeader, OperatorStream, OperatorWriter};
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};
use flink_savepoint::wire::{Input, Output};
use proptest::prelude::*;
use proptest::sample::select;

fn encoded<T: Encode>(value: &T) -> Vec<u8> {
    bincode::encode_to_vec(value, bincode::config::standard().with_big_endian().with_fixed_int_encoding()).unwrap()
}

/// The value at the start of `bytes`, and how many it takes.
fn decoded<T: Decode<()>>(bytes: &[u8]) -> (T, usize) {
    let config = bincode::config::standard().with_big_endian().with_fixed_int_encoding();
    bincode::decode_from_slice(bytes, config).unwrap()
}

/// `utf`: the length, and as many bytes.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Text<const N: usize> {
    length: u16,
    text: [u8; N],
}

fn text<const N: usize>(text: &[u8; N]) -> Text<N> {
    Text { length: u16::try_from(N).unwrap(), text: *text }
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Head {
    magic: [u8; 4],
    version: i32,
    checkpoint_id: i64,
    master_states: i32,
}

const MAGIC: [u8; 4] = [0x49, 0x60, 0x67, 0x2D];

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Master {
    magic: [u8; 4],
    length: i32,
    version: i32,
    name: Text<4>,
    payload_length: i32,
    payload: i64,
}

/// An operator of versions 3 and 4, up to its only subtask.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct OperatorHead {
    operators: i32,
    fixed: OperatorFixed,
    coordinator: u8,
    subtasks: i32,
    index: i32,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct OperatorFixed {
    id: [u8; 16],
    parallelism: i32,
    max_parallelism: i32,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Inline {
    kind: u8,
    name: Text<2>,
    length: i32,
    data: i64,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct OperatorState {
    present: i32,
    kind: u8,
    states: i32,
    name: Text<5>,
    mode: u8,
    count: i32,
    offsets: [i64; 3],
    delegate: Inline,
}

/// In the file of a merged one: type 17 around type 15.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct MergedState {
    present: i32,
    kind: u8,
    states: i32,
    directories: [Text<3>; 2],
    is_empty: bool,
    delegate: u8,
    start: i64,
    size: i64,
    scope: i32,
    path: Text<4>,
    id: Text<2>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Groups {
    kind: u8,
    start: i32,
    count: i32,
    offsets: [i64; 3],
    delegate: u8,
    path: Text<7>,
    size: i64,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Incremental {
    kind: u8,
    checkpoint_id: i64,
    backend_id: Text<4>,
    start: i32,
    count: i32,
    checkpointed_size: i64,
    meta_state: u8,
    size: i64,
    path: Text<4>,
    shared: i32,
    private: i32,
    id: Text<2>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Changelog {
    kind: u8,
    start: i32,
    count: i32,
    checkpointed_size: i64,
    materialized: i32,
    non_materialized: i32,
    materialization_id: i64,
    checkpoint_id: i64,
    id: Text<2>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Channel {
    channels: i32,
    subtask: i32,
    outer: i32,
    inner: i32,
    count: i32,
    offsets: [i64; 3],
    size: i64,
    delegate: Inline,
}

#[derive(Debug, Clone, Copy, PartialEq, Encode, Decode)]
struct Absent32(i32);

#[derive(Debug, Clone, Copy, PartialEq, Encode, Decode)]
struct Absent8(u8);

const NONE_32: Absent32 = Absent32(0);
const NONE_8: Absent8 = Absent8(0);

fn long() -> impl Strategy<Value = i64> {
    let edges = vec![0, -1, 1, 127, 128, 255, 256, 32_767, 32_768, 65_535, 1 << 32, i64::MIN, i64::MAX];
    prop_oneof![select(edges), any::<i64>()]
}

fn int() -> impl Strategy<Value = i32> {
    prop_oneof![select(vec![0, -1, 1, 127, 128, 255, 256, 32_767, 32_768, 65_535, i32::MIN, i32::MAX]), any::<i32>()]
}

/// An `i64` that is not negative.
fn natural() -> impl Strategy<Value = i64> {
    long().prop_map(|number| number & i64::MAX)
}

/// The size of a state: -1 is unknown.
fn size() -> impl Strategy<Value = i64> {
    long().prop_map(|number| if number < -1 { number & i64::MAX } else { number })
}

fn offsets() -> impl Strategy<Value = [i64; 3]> {
    proptest::array::uniform3(long())
}

fn state_size(size: i64) -> StateSize {
    u64::try_from(size).map_or(StateSize::UNKNOWN, |size| StateSize::known(size).unwrap())
}

/// First key group, and how many there are: any that fit into a signed number together.
fn range() -> impl Strategy<Value = (i32, i32)> {
    (int(), int()).prop_map(|(start, count)| (start & 0x3FFF_FFFF, (count & 0x3FFF_FFFF).max(1)))
}

fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap()
}

/// Metadata of one operator with one subtask.
fn metadata(
    version: MetadataVersion,
    checkpoint_id: i64,
    head: &OperatorHead,
    handles: Handles<'static>,
) -> Metadata<'static> {
    let mut metadata = Metadata::new(version, checkpoint_id.cast_unsigned());
    let subtask = Subtask { index: unsigned(head.index), state: SubtaskState::Running(handles) };
    let operator = Operator {
        name: None,
        uid: None,
        id: OperatorId(head.fixed.id),
        parallelism: unsigned(head.fixed.parallelism),
        max_parallelism: unsigned(head.fixed.max_parallelism),
        coordinator_state: None,
        subtasks: Subtasks::Listed(vec![subtask].into()),
    };
    metadata.operators = vec![operator].into();
    metadata
}

fn head(version: i32, checkpoint_id: i64, master_states: i32) -> Head {
    Head { magic: MAGIC, version, checkpoint_id, master_states }
}

/// A parallelism, a max parallelism that allows it, and an index.
fn operator_head() -> impl Strategy<Value = OperatorHead> {
    let max = prop_oneof![select(vec![1, 2, 127, 128, 129, 255, 256, 32_767, 32_768]), 1..=32_768];
    let numbers = max.prop_flat_map(|max| (Just(max), prop_oneof![Just(1), Just(max), 1..=max]));
    let numbers = numbers.prop_flat_map(|(max, parallelism)| (Just(max), Just(parallelism), 0..parallelism));
    (any::<[u8; 16]>(), numbers).prop_map(|(id, (max_parallelism, parallelism, index))| OperatorHead {
        operators: 1,
        fixed: OperatorFixed { id, parallelism, max_parallelism },
        coordinator: 0,
        subtasks: 1,
        index,
    })
}

/// That the file is what bincode makes of the same numbers, and that both read it as it was written.
fn check<T>(metadata: &Metadata<'_>, version: MetadataVersion, parts: &T) -> Result<(), TestCaseError>
where
    T: Encode + Decode<()> + PartialEq + std::fmt::Debug,
{
    let written = metadata.write(Target::version(version)).unwrap();
    prop_assert_eq!(&written, &encoded(parts));
    let (read, length) = decoded::<T>(&written);
    prop_assert_eq!((&read, length), (parts, written.len()));
    let again = ReadOptions::new().strict(true).read(&written).unwrap();
    prop_assert_eq!(&again.operators, &metadata.operators);
    prop_assert_eq!(&again.master_states, &metadata.master_states);
    prop_assert_eq!(again.checkpoint_id, metadata.checkpoint_id);
    Ok(())
}

fn inline(data: i64) -> (Inline, StreamHandle<'static>) {
    let handle = ByteStreamHandle { handle_name: "ab".into(), data: data.to_be_bytes().to_vec().into() };
    (Inline { kind: 1, name: text(b"ab"), length: 8, data }, StreamHandle::ByteStream(handle))
}

proptest! {
    #[test]
    fn header_and_master_states(checkpoint_id in natural(), version in int(), payload in long()) {
        let mut metadata = Metadata::new(MetadataVersion::V3, checkpoint_id.cast_unsigned());
        metadata.master_states =
            vec![MasterState { version, name: "hook".into(), payload: payload.to_be_bytes().to_vec().into() }].into();
        let magic = [0xC9, 0x6B, 0x16, 0x96];
        let master = Master { magic, length: 22, version, name: text(b"hook"), payload_length: 8, payload };
        check(&metadata, MetadataVersion::V3, &(head(3, checkpoint_id, 1), master, NONE_32))?;
    }

    #[test]
    fn operators_and_operator_state(
        checkpoint_id in natural(),
        operator in operator_head(),
        mode in 0..3_u8,
        offsets in offsets(),
        data in long(),
    ) {
        let (delegate, handle) = inline(data);
        let modes = [Mode::SplitDistribute, Mode::Union, Mode::Broadcast];
        let state = StateMeta { name: "state".into(), mode: modes[usize::from(mode)], offsets: offsets.into_iter().collect() };
        let managed = OperatorStateHandle { states: vec![state].into(), segmented: None, delegate: handle };
        let handles = Handles { managed_operator: Some(managed), ..Handles::default() };
        let metadata = metadata(MetadataVersion::V3, checkpoint_id, &operator, handles);
        let state = OperatorState { present: 1, kind: 4, states: 1, name: text(b"state"), mode, count: 3, offsets, delegate };
        let behind = (NONE_32, NONE_8, NONE_8, NONE_32, NONE_32);
        check(&metadata, MetadataVersion::V3, &(head(3, checkpoint_id, 0), operator, state, behind))?;
    }

    #[test]
    fn segments_of_merged_files(operator in operator_head(), start in long(), size in long(), scope in 0..2_i32, is_empty in any::<bool>()) {
        let segment = SegmentFileHandle {
            start_position: start,
            state_size: size,
            scope: if scope == 0 { Scope::Exclusive } else { Scope::Shared },
            path: "/a/b".into(),
            logical_file_id: "id".into(),
        };
        let segmented = Segmented { task_owned_directory: "/ab".into(), shared_directory: "/cd".into(), is_empty };
        let delegate = StreamHandle::Segment(segment);
        let raw = OperatorStateHandle { states: List::default(), segmented: Some(segmented), delegate };
        let handles = Handles { raw_operator: Some(raw), ..Handles::default() };
        // Version 4 ends with properties, null here.
        let metadata = metadata(MetadataVersion::V4, 1, &operator, handles);
        let state = MergedState {
            present: 1,
            kind: 17,
            states: 0,
            directories: [text(b"/ab"), text(b"/cd")],
            is_empty,
            delegate: 15,
            start,
            size,
            scope,
            path: text(b"/a/b"),
            id: text(b"id"),
        };
        let written = metadata.write(Target::version(MetadataVersion::V4)).unwrap();
        let parts = (head(4, 1, 0), operator, NONE_32, state, (NONE_8, NONE_8, NONE_32, NONE_32));
        let bytes = encoded(&parts);
        prop_assert_eq!(&written[..bytes.len()], &bytes[..]);
        prop_assert_eq!(decoded(&written), (parts, bytes.len()));
        prop_assert_eq!(Metadata::parse(&written).unwrap().operators, metadata.operators);
    }

    #[test]
    fn key_groups_and_their_offsets(operator in operator_head(), start in int(), offsets in offsets(), size in size(), is_raw in any::<bool>()) {
        let start = start & 0x3FFF_FFFF;
        let relative = RelativeFileHandle { relative_path: "state-1".into(), state_size: state_size(size) };
        let handle = KeyedHandle::KeyGroups(KeyGroupsHandle {
            format: if is_raw { KeyGroupsFormat::Native } else { KeyGroupsFormat::Savepoint },
            offsets: KeyGroupOffsets::new(unsigned(start), offsets).unwrap(),
            delegate: StreamHandle::Relative(relative),
        });
        let (managed_keyed, raw_keyed) = if is_raw { (None, Some(handle)) } else { (Some(handle), None) };
        let handles = Handles { managed_keyed, raw_keyed, ..Handles::default() };
        let metadata = metadata(MetadataVersion::V3, 1, &operator, handles);
        let kind = if is_raw { 3 } else { 7 };
        let groups = Groups { kind, start, count: 3, offsets, delegate: 6, path: text(b"state-1"), size };
        let (before, behind) = ((head(3, 1, 0), operator, NONE_32, NONE_32), (NONE_32, NONE_32));
        if is_raw {
            check(&metadata, MetadataVersion::V3, &(before, NONE_8, groups, behind))?;
        } else {
            check(&metadata, MetadataVersion::V3, &(before, groups, NONE_8, behind))?;
        }
    }

    #[test]
    fn incremental_handles(operator in operator_head(), checkpoint_id in long(), (start, count) in range(), checkpointed_size in long(), size in size()) {
        let key_groups = KeyGroupRange::new(unsigned(start), unsigned(count)).unwrap();
        let file = FileHandle { state_size: state_size(size), path: "/a/b".into() };
        let handle = IncrementalHandle {
            checkpoint_id,
            backend_id: "uuid".into(),
            key_groups,
            since_1_15: Some(IncrementalSince1_15 { checkpointed_size, state_handle_id: "id".into() }),
            meta_state: Some(StreamHandle::File(file)),
            shared_state: List::default(),
            private_state: List::default(),
        };
        let handles = Handles { managed_keyed: Some(KeyedHandle::Incremental(Box::new(handle))), ..Handles::default() };
        let metadata = metadata(MetadataVersion::V3, 1, &operator, handles);
        let incremental = Incremental {
            kind: 11,
            checkpoint_id,
            backend_id: text(b"uuid"),
            start,
            count,
            checkpointed_size,
            meta_state: 2,
            size,
            path: text(b"/a/b"),
            shared: 0,
            private: 0,
            id: text(b"id"),
        };
        let parts = (head(3, 1, 0), operator, (NONE_32, NONE_32), incremental, (NONE_8, NONE_32, NONE_32));
        check(&metadata, MetadataVersion::V3, &parts)?;
    }

    #[test]
    fn changelog_handles(operator in operator_head(), (start, count) in range(), checkpointed_size in long(), materialization_id in long(), checkpoint_id in long()) {
        let since = ChangelogSince1_15 {
            checkpointed_size,
            materialization_id,
            checkpoint_id: Some(checkpoint_id),
            state_handle_id: "id".into(),
        };
        let handle = ChangelogHandle {
            key_groups: KeyGroupRange::new(unsigned(start), unsigned(count)).unwrap(),
            materialized: List::default(),
            non_materialized: List::default(),
            since_1_15: Some(since),
        };
        let handles = Handles { managed_keyed: Some(KeyedHandle::Changelog(Box::new(handle))), ..Handles::default() };
        let metadata = metadata(MetadataVersion::V4, 1, &operator, handles);
        let changelog = Changelog {
            kind: 14,
            start,
            count,
            checkpointed_size,
            materialized: 0,
            non_materialized: 0,
            materialization_id,
            checkpoint_id,
            id: text(b"id"),
        };
        let parts = (head(4, 1, 0), operator, (NONE_32, NONE_32), changelog, (NONE_8, NONE_32, NONE_32));
        let written = metadata.write(Target::version(MetadataVersion::V4)).unwrap();
        let bytes = encoded(&parts);
        prop_assert_eq!(&written[..bytes.len()], &bytes[..]);
        prop_assert_eq!(decoded(&written), (parts, bytes.len()));
        prop_assert_eq!(Metadata::parse(&written).unwrap().operators, metadata.operators);
    }

    #[test]
    fn channel_state(operator in operator_head(), subtask in int(), outer in int(), inner in int(), offsets in offsets(), size in long(), data in long()) {
        let (delegate, handle) = inline(data);
        let one = Channels::One { info: ChannelInfo { outer, inner }, offsets: offsets.into_iter().collect() };
        let channels = vec![ChannelHandle::<InputChannel>::new(subtask, size, handle, one)];
        let handles = Handles { input_channels: channels.into(), ..Handles::default() };
        let metadata = metadata(MetadataVersion::V3, 1, &operator, handles);
        let channel = Channel { channels: 1, subtask, outer, inner, count: 3, offsets, size, delegate };
        let before = (NONE_32, NONE_32, NONE_8, NONE_8);
        check(&metadata, MetadataVersion::V3, &(head(3, 1, 0), operator, before, channel, NONE_32))?;
    }

    /// Two entries of one state and a timer of another, behind a prefix of one byte and of two.
    #[test]
    fn sections_of_keyed_state(group in 0..128_u16, keys in any::<[i64; 2]>(), value in long(), timestamp in long(), wide in any::<bool>()) {
        let max = MaxParallelism::new(if wide { 129 } else { 128 }).unwrap();
        let header = keyed_header();
        let range = KeyGroupRange::new(0, max.get().into()).unwrap();
        let mut writer = KeyedWriter::new(Vec::new(), &header, range, max).unwrap();
        for key in keys {
            writer.entry(KeyGroup(group), StateId(0), &key.to_be_bytes(), &value.to_be_bytes()).unwrap();
        }
        let rest = [&keys[0].to_be_bytes()[..], &[0]].concat();
        writer.entry(KeyGroup(group), StateId(1), &Timer { timestamp, rest: &rest }.write(), &[]).unwrap();
        let stream = writer.finish().unwrap();
        let start = usize::try_from(stream.offsets.offsets().get(group.into()).unwrap()).unwrap();
        let section = &stream.sink[start..];
        // Of timers the sign bit is flipped, so that they are in order as unsigned numbers.
        let time = timestamp.cast_unsigned() ^ 1 << 63;
        let last = 0x80 << if wide { 8 } else { 0 };
        if wide {
            let entry = |key, bits| (10_i32, group | bits, key, 8_i32, value);
            let timer = (1_u16, 19_i32, group | last, time, keys[0], 0_u8, 0_i32);
            let parts = (0_u16, entry(keys[0], 0), entry(keys[1], last), timer, 0xFFFF_u16);
            prop_assert_eq!(section, encoded(&parts));
            prop_assert_eq!(decoded(section), (parts, section.len()));
        } else {
            let [group, last] = [group, last].map(|n| u8::try_from(n).unwrap());
            let entry = |key, bits| (9_i32, group | bits, key, 8_i32, value);
            let timer = (1_u16, 18_i32, group | last, time, keys[0], 0_u8, 0_i32);
            let parts = (0_u16, entry(keys[0], 0), entry(keys[1], last), timer, 0xFFFF_u16);
            prop_assert_eq!(section, encoded(&parts));
            prop_assert_eq!(decoded(section), (parts, section.len()));
        }
    }

    /// Elements stand one after the other where the offsets say; version and flag before the states.
    #[test]
    fn operator_streams(elements in offsets(), compressed in any::<Option<bool>>()) {
        let states = vec![StateMetaInfo::operator("state", false, SerializerSnapshot::scalar(Scalar::Long).unwrap())];
        let header = OperatorHeader { compressed, states, broadcast_states: Vec::new() };
        let mut writer = OperatorWriter::new(Vec::new(), &header).unwrap();
        for element in elements {
            writer.partition(0, &element.to_be_bytes()).unwrap();
        }
        let stream = writer.finish().unwrap();
        match compressed {
            None => prop_assert_eq!(decoded::<(i32, u16)>(&stream.sink).0, (5, 1)),
            Some(flag) => prop_assert_eq!(decoded::<(i32, bool, u16)>(&stream.sink).0, (6, flag, 1)),
        }
        if compressed != Some(true) {
            let start = stream.sink.len() - 24;
            prop_assert_eq!(&stream.sink[start..], encoded(&elements));
            let start = i64::try_from(start).unwrap();
            prop_assert!(stream.states[0].offsets.iter().eq([start, start + 8, start + 16]));
        }
    }

    /// Java's primitives, one by one.
    #[test]
    fn primitives(byte in any::<u8>(), flag in any::<bool>(), short in any::<u16>(), int in int(), long in long()) {
        let mut out = Output::new();
        out.u8(byte);
        out.bool(flag);
        out.u16(short);
        out.i32(int);
        out.i64(long);
        let bytes = out.into_bytes();
        prop_assert_eq!(&bytes, &encoded(&(byte, flag, short, int, long)));
        prop_assert_eq!(decoded(&bytes), ((byte, flag, short, int, long), bytes.len()));
    }
}

fn keyed_header() -> KeyedHeader<'static> {
    let scalar = |scalar| SerializerSnapshot::scalar(scalar).unwrap();
    let value =
        StateMetaInfo::keyed("value", KeyedStateType::Value, scalar(Scalar::VoidNamespace), scalar(Scalar::Long));
    let timer = SerializerSnapshot::timer(&scalar(Scalar::Long), &scalar(Scalar::VoidNamespace)).unwrap();
    let states = vec![value, StateMetaInfo::timers("_timer_state/event_t", timer)];
    KeyedHeader { compressed: false, key_serializer: scalar(Scalar::Long), states }
}

#[test]
fn what_precedes_the_serializers_of_a_keyed_stream() {
    for compressed in [false, true] {
        let mut out = Output::new();
        let header = KeyedHeader { compressed, ..keyed_header() };
        header.write(&mut out).unwrap();
        let bytes = out.into_bytes();
        // Version of the stream, flag, version of the wrapper, length of the class name.
        let class = header.key_serializer.class().as_modified_utf8().len();
        let expected = (6_i32, compressed, 2_i32, u16::try_from(class).unwrap());
        assert_eq!(decoded(&bytes), (expected, 11));
        let (rest, again) = KeyedHeader::read(Input::new(&bytes)).unwrap();
        assert_eq!((rest.len(), again.compressed, again.states.len()), (0, compressed, 2));
    }
}

/// The numbers of every golden file, to bincode and to the reader.
#[test]
fn golden_metadata() {
    let mut operators = 0;
    for golden in common::corpus() {
        let metadata = Metadata::parse(&golden.bytes).unwrap();
        let (found, length) = decoded::<Head>(&golden.bytes);
        let checkpoint_id = metadata.checkpoint_id.cast_signed();
        let masters = i32::try_from(metadata.master_states.len()).unwrap();
        assert_eq!(found, head(metadata.version().number(), checkpoint_id, masters), "{}", golden.id);
        // Names stand before the id from version 5 on.
        let Some(first) = metadata.operators.iter().next().filter(|_| masters == 0) else { continue };
        let (count, mut at) = decoded::<i32>(&golden.bytes[length..]);
        assert_eq!(count, i32::try_from(metadata.operators.len()).unwrap(), "{}", golden.id);
        at += length;
        for name in [&first.name, &first.uid].into_iter().filter(|_| metadata.version().number() >= 5) {
            let (length, read) = decoded::<u16>(&golden.bytes[at..]);
            assert_eq!(usize::from(length), name.as_ref().map_or(0, |name| name.as_modified_utf8().len()));
            at += read + usize::from(length);
        }
        let (found, _) = decoded::<OperatorFixed>(&golden.bytes[at..]);
        let [parallelism, max_parallelism] =
            [first.parallelism, first.max_parallelism].map(|number| i32::try_from(number).unwrap());
        assert_eq!(found, OperatorFixed { id: first.id.0, parallelism, max_parallelism }, "{}", golden.id);
        operators += 1;
    }
    assert!(operators > 150, "{operators}");
}

/// Of every keyed stream of the golden jobs the head, the first entry of each section and the mark at its end; of every operator
/// stream the head.
#[test]
fn golden_streams() {
    use flink_savepoint::savepoint::{Directory, PartState, Savepoint};

    let (mut sections, mut streams) = (0, 0);
    for golden in common::jobs() {
        let savepoint = Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), Directory::new(&golden.directory));
        for operator in &savepoint.metadata().operators {
            let read = savepoint.for_each_part(&operator, |part| match part.state {
                PartState::ManagedKeyed(handle) => savepoint.keyed(part, handle, |stream| {
                    let expected = (6, stream.header().compressed);
                    assert_eq!(decoded::<(i32, bool)>(stream.bytes()).0, expected, "{}", golden.id);
                    sections += if stream.header().compressed { 0 } else { check_sections(stream) };
                    Ok(())
                }),
                PartState::ManagedOperator(handle) => savepoint.operator_state(part, handle, |stream| {
                    check_operator_stream(stream, savepoint.bytes(&handle.delegate).unwrap().as_ref());
                    streams += 1;
                    Ok(())
                }),
                _ => Ok(()),
            });
            read.unwrap();
        }
    }
    assert!(sections > 1000 && streams > 50, "{sections} sections, {streams} operator streams");
}

fn check_sections(stream: &KeyedStream<'_>) -> usize {
    for section in stream.sections() {
        let entry = section.entries().unwrap().next().unwrap().unwrap();
        let length = i32::try_from(entry.key.len()).unwrap();
        if stream.max_parallelism().prefix_width() == PrefixWidth::One {
            let (state, key, prefix) = decoded::<(u16, i32, u8)>(section.bytes()).0;
            assert_eq!((state, key, u16::from(prefix & 0x7F)), (entry.state.0, length + 1, entry.key_group.0));
        } else {
            let (state, key, prefix) = decoded::<(u16, i32, u16)>(section.bytes()).0;
            assert_eq!((state, key, prefix & 0x7FFF), (entry.state.0, length + 2, entry.key_group.0));
        }
        let bytes = section.bytes();
        assert_eq!(decoded::<u16>(&bytes[bytes.len() - 2..]).0, 0xFFFF);
    }
    stream.sections().len()
}

fn check_operator_stream(stream: &OperatorStream<'_>, bytes: &[u8]) {
    let header = stream.header();
    let states = u16::try_from(header.states.len()).unwrap();
    match header.compressed {
        None => assert_eq!(decoded::<(i32, u16)>(bytes).0, (5, states)),
        Some(flag) => assert_eq!(decoded::<(i32, bool, u16)>(bytes).0, (6, flag, states)),
    }
}
