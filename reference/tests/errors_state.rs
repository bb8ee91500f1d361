//! Each way in which a state stream can be wrong, with its exact kind, offset and path.

use flink_savepoint::compression::{Framing, IDENTIFIER};
use flink_savepoint::keyed::{KeyGroup, KeyedHeader, KeyedStream, KeyedWriter, MaxParallelism, StateId};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{
    KeyGroupOffsets, KeyGroupRange, Mode, Offsets, OperatorStateHandle, StateMeta, StreamHandle,
};
use flink_savepoint::operator::{OperatorHeader, OperatorStream, OperatorWriter, SnappyLayout};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::wire::Output;
use flink_savepoint::{Error, ErrorKind};

fn snapshot(name: &str) -> SerializerSnapshot<'static> {
    let class = format!("org.apache.flink.api.common.typeutils.base.{name}Serializer${name}SerializerSnapshot");
    SerializerSnapshot::simple(&class).unwrap()
}

fn void() -> SerializerSnapshot<'static> {
    let class = "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot";
    SerializerSnapshot::simple(class).unwrap()
}

fn max() -> MaxParallelism {
    MaxParallelism::new(4).unwrap()
}

fn header(compressed: bool) -> KeyedHeader<'static> {
    let state = StateMetaInfo::keyed("v", KeyedStateType::Value, void(), snapshot("Int"));
    KeyedHeader { compressed, key_serializer: snapshot("Long"), states: vec![state] }
}

/// Key `Long`, one `ValueState<Integer>`: key 1 and 6 in key group 2, key 2 in key group 3. 435 bytes, as Flink writes them.
fn small(compressed: bool) -> (Vec<u8>, KeyGroupOffsets<'static>) {
    let range = KeyGroupRange::new(0, 4).unwrap();
    let mut writer = KeyedWriter::new(Vec::new(), &header(compressed), range, max()).unwrap();
    for (group, key, value) in [(2, 1_i64, 101_i32), (2, 6, 106), (3, 2, 102)] {
        let key = [&key.to_be_bytes()[..], &[0]].concat();
        writer.entry(KeyGroup(group), StateId(0), &key, &value.to_be_bytes()).unwrap();
    }
    let written = writer.finish().unwrap();
    (written.sink, written.offsets)
}

fn read(bytes: &[u8], offsets: &KeyGroupOffsets<'_>) -> Result<usize, Error> {
    let stream = KeyedStream::open(bytes, offsets, max())?;
    let mut entries = 0;
    stream.for_each::<Error>(&mut Vec::new(), |_, _| {
        entries += 1;
        Ok(())
    })?;
    Ok(entries)
}

#[track_caller]
fn check(bytes: &[u8], offsets: &[i64], kind: &ErrorKind, offset: u64, path: &str) {
    let error = read(bytes, &KeyGroupOffsets::new(0, offsets.iter().copied()).unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.offset(), error.path().as_str()), (kind, offset, path), "{error}");
}

const PLAIN: [i64; 4] = [0, 0, 361, 409];

#[test]
fn as_flink_writes_it() {
    let (bytes, offsets) = small(false);
    assert_eq!((bytes.len(), offsets.offsets().iter().collect::<Vec<_>>().as_slice()), (435, &PLAIN[..]));
    let section = [0, 0, 0, 0, 0, 10, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0, 0x65];
    assert_eq!(bytes[361..385], section);
    assert_eq!(bytes[385..409][4], 0x82, "the last entry of the run is marked");
    assert_eq!(read(&bytes, &offsets).unwrap(), 3);
    let (bytes, offsets) = small(true);
    assert_eq!(bytes.len(), 471);
    assert_eq!(bytes[361..371], IDENTIFIER);
    assert_eq!(bytes[371..379], [0x01, 0x34, 0, 0, 0xCC, 0x4C, 0x4A, 0xC3]);
    assert_eq!(read(&bytes, &offsets).unwrap(), 3);
}

#[test]
fn every_truncation_is_an_error_inside_the_stream() {
    for compressed in [false, true] {
        let (bytes, offsets) = small(compressed);
        for length in 0..bytes.len() {
            let error = read(&bytes[..length], &offsets).expect_err("a part of a stream");
            assert!(error.offset() <= length as u64, "cut at {length}: {error}");
        }
    }
}

#[test]
fn every_single_byte_change_is_a_result_or_an_error() {
    for compressed in [false, true] {
        let (bytes, offsets) = small(compressed);
        for at in 0..bytes.len() {
            for mask in 1..=255 {
                let mut bytes = bytes.clone();
                bytes[at] ^= mask;
                if let Err(error) = read(&bytes, &offsets) {
                    assert!(error.offset() <= bytes.len() as u64, "byte {at}: {error}");
                }
            }
        }
    }
}

#[test]
fn offsets() {
    let (bytes, _) = small(false);
    let outside = |found| ErrorKind::KeyGroupOffset { found, from: 361, to: 435 };
    for found in [-1, 1, 360, 435, i64::MAX] {
        check(&bytes, &[0, found, 361, 409], &outside(found), 0, "offset[1]");
    }
    check(&bytes, &[0, 0, 361, 361], &ErrorKind::SharedOffset { first: 2, second: 3 }, 361, "offset");
    let beyond = ErrorKind::KeyGroupBeyondMax { found: 4, max: 4 };
    check(&bytes, &[0, 0, 361, 409, 410], &beyond, 0, "offset[4]");
    // A section that another one starts inside of has no end mark of its own.
    let overlap = ErrorKind::LengthBeyondInput { found: 4, available: 2 };
    check(&bytes, &[0, 0, 361, 383], &overlap, 377, "key_group[2].entry[0]");
    // A section that no offset leads to.
    check(&bytes, &[0, 0, 361, 0], &ErrorKind::BytesBetweenSections { count: 26 }, 409, "");
    check(&bytes, &[0, 0, 0, 409], &ErrorKind::BytesBetweenSections { count: 48 }, 361, "");
    let mut trailing = bytes;
    trailing.push(0);
    check(&trailing, &PLAIN, &ErrorKind::BytesBetweenSections { count: 1 }, 435, "");
}

#[test]
fn sections() {
    let (bytes, _) = small(false);
    let changed = |at: usize, with: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    check(&changed(361, &[0xFF, 0xFF]), &PLAIN, &ErrorKind::EmptySection, 361, "key_group[2].entry[0]");
    let unknown = |found| ErrorKind::UnknownStateId { found, states: 1 };
    check(&changed(361, &[0, 1]), &PLAIN, &unknown(1), 361, "key_group[2].entry[0]");
    check(&changed(407, &[0, 7]), &PLAIN, &unknown(7), 407, "key_group[2].entry[1]");
    // Without the mark on the last entry, the end mark is taken for a length that is cut.
    let cut = ErrorKind::SectionEnd { available: 2 };
    check(&changed(389, &[0x02]), &PLAIN, &cut, 407, "key_group[2].entry[2]");
    let negative = ErrorKind::NegativeLength { found: -1 };
    check(&changed(363, &[0xFF; 4]), &PLAIN, &negative, 363, "key_group[2].entry[0]");
    let beyond = ErrorKind::LengthBeyondInput { found: 0x7FFF_FFFF, available: 28 };
    check(&changed(377, &[0x7F, 0xFF, 0xFF, 0xFF]), &PLAIN, &beyond, 377, "key_group[2].entry[0]");
    check(&changed(363, &[0; 4]), &PLAIN, &ErrorKind::KeyTooShort { length: 0 }, 363, "key_group[2].entry[0]");
    // Another run of the same state is fine, and so is a section in another place.
    assert_eq!(read(&bytes, &KeyGroupOffsets::new(0, [409, 0, 361, 0]).unwrap()).unwrap(), 3);
}

#[test]
fn the_iterator_ends_after_an_error() {
    let (mut bytes, offsets) = small(false);
    bytes[407] = 0;
    let stream = KeyedStream::open(&bytes, &offsets, max()).unwrap();
    let mut entries = stream.section(KeyGroup(2)).unwrap().entries().unwrap();
    assert!(entries.next().unwrap().is_ok());
    assert!(entries.next().unwrap().is_err());
    assert!(entries.next().is_none());
    assert!(stream.section(KeyGroup(0)).is_none());
}

#[test]
fn headers() {
    let (bytes, _) = small(false);
    let changed = |at: usize, with: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    let at = |name: &str| bytes.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
    check(&changed(3, &[7]), &PLAIN, &ErrorKind::StateVersion { found: 7 }, 0, "header.version");
    check(&changed(3, &[3]), &PLAIN, &ErrorKind::LegacyStateVersion { found: 3 }, 0, "header.version");
    let wrapper = ErrorKind::WrapperVersion { found: 1 };
    check(&changed(8, &[1]), &PLAIN, &wrapper, 5, "header.key_serializer.wrapper_version");
    let long = at("LongSerializer$");
    // A class that nobody knows, and whose body ends where the rest fits.
    let unknown = changed(long + 15, b"X");
    let offsets = KeyGroupOffsets::new(0, PLAIN).unwrap();
    assert!(KeyedStream::open(&unknown, &offsets, max()).unwrap().header().key_serializer.is_inferred());
    // And where nothing fits.
    let mut broken = unknown;
    broken[103] = 9;
    let class = "org.apache.flink.api.common.typeutils.base.LongSerializer$XongSerializerSnapshot".to_owned();
    check(&broken, &PLAIN, &ErrorKind::NoFit { class }, 9, "header.key_serializer.class");
    let version = at("LongSerializerSnapshot") as u64 + 22;
    let found = ErrorKind::SnapshotVersion { found: 4 };
    check(&changed(94, &[4]), &PLAIN, &found, version, "header.key_serializer.version");
    let negative = ErrorKind::NegativeLength { found: -1 };
    check(&changed(95, &[0xFF, 0xFF]), &PLAIN, &negative, 95, "header.states");
    check(&changed(103, &[1]), &PLAIN, &ErrorKind::StateType { found: 1 }, 100, "header.state[0].type");
    check(&changed(103, &[4]), &PLAIN, &ErrorKind::StateV2, 100, "header.state[0].type");
    let option = ErrorKind::StateOption { option: "KEYED_STATE_TYPE" };
    check(&changed(at("VALUE"), b"XALUE"), &PLAIN, &option, 104, "header.state[0].options");
    check(&changed(at("KEYED_STATE_TYPE"), b"X"), &PLAIN, &option, 104, "header.state[0].options");
    let serializers = at("VALUE_SERIALIZER") as u64 - 6;
    for key in ["VALUE_SERIALIZER", "NAMESPACE_SERIALIZER"] {
        let missing = ErrorKind::MissingSerializer { key };
        check(&changed(at(key), b"X"), &PLAIN, &missing, serializers, "header.state[0].serializers");
    }
}

#[test]
fn compressed_sections() {
    let (bytes, _) = small(true);
    let offsets = [0, 0, 361, 427];
    let changed = |at: usize, with: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    check(&changed(361, &[0]), &offsets, &ErrorKind::SnappyIdentifier, 361, "key_group[2]");
    check(&changed(371, &[2]), &offsets, &ErrorKind::SnappyChunk { found: 2 }, 371, "key_group[2]");
    check(&changed(371, &[0]), &offsets, &ErrorKind::SnappyData, 371, "key_group[2]");
    // The CRC is not what finds the data, and Flink does not check it.
    let lenient = changed(375, &[1, 2, 3, 4]);
    assert_eq!(read(&lenient, &KeyGroupOffsets::new(0, offsets).unwrap()).unwrap(), 3);
    check(
        &changed(379, &[0, 3]),
        &offsets,
        &ErrorKind::UnknownStateId { found: 3, states: 1 },
        371,
        "key_group[2].entry[0]",
    );
    // A section whose mark is missing, in a chunk that is sound.
    let mut out = Output::new();
    header(true).write(&mut out).unwrap();
    let mut bytes = out.into_bytes();
    let section = bytes.len();
    bytes.extend(IDENTIFIER);
    Framing::new().append(&[0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0], &mut bytes);
    let end = bytes.len() as u64;
    let kind = ErrorKind::SectionEnd { available: 0 };
    check(&bytes, &[0, 0, section.try_into().unwrap(), 0], &kind, end, "key_group[2].entry[1]");
}

#[test]
fn sections_larger_than_a_block_are_opened_chunk_by_chunk() {
    let range = KeyGroupRange::new(0, 4).unwrap();
    let mut writer = KeyedWriter::new(Vec::new(), &header(true), range, max()).unwrap();
    let value = vec![7; 50_000];
    for key in 0..100_i64 {
        writer.entry(KeyGroup(1), StateId(0), &key.to_be_bytes(), &value).unwrap();
    }
    let written = writer.finish().unwrap();
    let stream = KeyedStream::open(&written.sink, &written.offsets, max()).unwrap();
    let (mut buffer, mut entries) = (Vec::new(), 0);
    stream
        .for_each::<Error>(&mut buffer, |_, entry| {
            assert_eq!(entry.value, value);
            entries += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(entries, 100);
    assert!(buffer.capacity() < 400_000, "5 MB went through a buffer of {}", buffer.capacity());
}

#[test]
fn what_cannot_be_written() {
    let kinds = |group: u16, state: u16| {
        let range = KeyGroupRange::new(1, 2).unwrap();
        let mut writer = KeyedWriter::new(Vec::new(), &header(false), range, max()).unwrap();
        writer.entry(KeyGroup(2), StateId(0), b"", b"").unwrap();
        let error = writer.entry(KeyGroup(group), StateId(state), b"", b"").unwrap_err();
        error.downcast::<Error>().unwrap().kind().code()
    };
    assert_eq!(kinds(2, 1), "unknown-state-id");
    assert_eq!(kinds(1, 0), "key-group-order");
    assert_eq!(kinds(3, 0), "key-group-outside-range");
}

#[test]
fn operator_streams() {
    let string = "String";
    let header = OperatorHeader {
        compressed: Some(false),
        states: vec![StateMetaInfo::operator("l", false, snapshot(string))],
        broadcast_states: vec![StateMetaInfo::broadcast("b", snapshot(string), snapshot("Int"))],
    };
    let mut out = Output::new();
    header.write(&mut out).unwrap();
    assert_eq!(out.offset(), 464, "as Flink writes it");
    out.raw(&[0x02, b'a', 0x03, b'b', b'c', 0, 0, 0, 1, 0x02, b'k', 0, 0, 0, 7]);
    let bytes = out.into_bytes();
    let handle = |states: Vec<(&str, Mode, Vec<i64>)>| OperatorStateHandle {
        states: states
            .into_iter()
            .map(|(name, mode, offsets)| StateMeta {
                name: name.into(),
                mode,
                offsets: offsets.into_iter().collect::<Offsets<'_>>(),
            })
            .collect::<Vec<_>>()
            .into(),
        segmented: None,
        delegate: StreamHandle::ByteStream(ByteStreamHandle { handle_name: "x".into(), data: (&[][..]).into() }),
    };
    let (split, broadcast) = (Mode::SplitDistribute, Mode::Broadcast);
    let good = handle(vec![("l", split, vec![464, 466]), ("b", broadcast, vec![469])]);
    let stream = OperatorStream::open(&bytes, &good).unwrap();
    let partitions = stream.partitions(&"l".into()).unwrap().unwrap();
    assert_eq!(partitions.told_apart().unwrap().collect::<Vec<_>>(), [&b"\x02a"[..], b"\x03bc"]);
    assert_eq!(stream.partitions(&"b".into()).unwrap().unwrap().data.len(), 10);
    assert!(stream.partitions(&"x".into()).unwrap().is_none());

    let fails = |states, kind: &ErrorKind, path: &str| {
        let error = OperatorStream::open(&bytes, &handle(states)).unwrap_err();
        assert_eq!((error.kind(), error.path().as_str()), (kind, path));
    };
    fails(vec![("l", split, vec![])], &ErrorKind::StateWithoutOffsets, "state[1]");
    let extra = vec![("l", split, vec![]), ("b", broadcast, vec![469]), ("y", split, vec![])];
    fails(extra, &ErrorKind::OffsetsWithoutState { name: "y".to_owned() }, "states");
    fails(vec![("l", Mode::Union, vec![]), ("b", broadcast, vec![])], &ErrorKind::ModeMismatch, "state[0]");
    for found in [-1, 463, 480] {
        let kind = ErrorKind::PartitionOffset { found, from: 464, to: 479 };
        fails(vec![("l", split, vec![464, found]), ("b", broadcast, vec![])], &kind, "state[0].offsets");
    }
    let twice = OperatorHeader { broadcast_states: vec![], ..header.clone() };
    let twice = OperatorHeader { states: [twice.states.clone(), twice.states].concat(), ..twice };
    let mut out = Output::new();
    twice.write(&mut out).unwrap();
    let error = OperatorStream::open(&out.into_bytes(), &handle(vec![("l", split, vec![])])).unwrap_err();
    assert_eq!((error.kind(), error.path().as_str()), (&ErrorKind::DuplicateState, "state[1]"));
    for offsets in [vec![], vec![469, 469]] {
        let found = offsets.len();
        let kind = ErrorKind::BroadcastPartitions { found };
        fails(vec![("l", split, vec![]), ("b", broadcast, offsets)], &kind, "state[1].offsets");
    }
    // Offsets that cut elements apart: "a" and the first byte of "bc", then the rest of it.
    let shifted = handle(vec![("l", split, vec![464, 467]), ("b", broadcast, vec![469])]);
    let error = OperatorStream::open(&bytes, &shifted).unwrap().partitions(&"l".into()).unwrap_err();
    let path = "state[0].partition[0]";
    assert_eq!((error.kind(), error.offset(), error.path().as_str()), (&ErrorKind::Partition { length: 3 }, 464, path));
    let cut = OperatorStream::open(&bytes[..478], &good).unwrap();
    assert_eq!(cut.partitions(&"b".into()).unwrap_err().kind(), &ErrorKind::Partition { length: 9 });

    let mut wrong = bytes.clone();
    wrong[3] = 4;
    assert_eq!(OperatorStream::open(&wrong, &good).unwrap_err().kind(), &ErrorKind::LegacyStateVersion { found: 4 });
    wrong[3] = 7;
    assert_eq!(OperatorStream::open(&wrong, &good).unwrap_err().kind(), &ErrorKind::StateVersion { found: 7 });
}

/// A compressed stream with one list of strings, in chunks of these bytes.
fn one_list(chunks: &[&[u8]]) -> (Vec<u8>, i64) {
    let header = OperatorHeader {
        compressed: Some(true),
        states: vec![StateMetaInfo::operator("l", false, snapshot("String"))],
        broadcast_states: Vec::new(),
    };
    let mut out = Output::new();
    header.write(&mut out).unwrap();
    out.raw(&IDENTIFIER);
    let first = i64::try_from(out.offset()).unwrap();
    let mut bytes = out.into_bytes();
    for chunk in chunks {
        Framing::new().append(chunk, &mut bytes);
    }
    (bytes, first)
}

#[test]
fn a_single_compressed_list_may_be_by_either_writer() {
    let read = |bytes: &[u8], offsets: Vec<i64>| {
        let meta = StateMeta {
            name: "l".into(),
            mode: Mode::SplitDistribute,
            offsets: offsets.into_iter().collect::<Offsets<'_>>(),
        };
        let delegate = ByteStreamHandle { handle_name: "x".into(), data: (&[][..]).into() };
        let delegate = StreamHandle::ByteStream(delegate);
        let handle = OperatorStateHandle { states: vec![meta].into(), segmented: None, delegate };
        let stream = OperatorStream::open(bytes, &handle).unwrap();
        let partitions = stream.partitions(&"l".into())?.unwrap();
        let lengths: Vec<usize> = partitions.told_apart().unwrap().map(<[u8]>::len).collect();
        Ok::<_, Error>((stream.layout(), lengths))
    };
    // 1.18.1: elements share a chunk, and its offset.
    let (bytes, first) = one_list(&[b"\x02a\x03bc\x01"]);
    assert_eq!(read(&bytes, vec![first; 3]).unwrap(), (SnappyLayout::ByState, vec![2, 3, 1]));
    assert_eq!(read(&bytes, vec![first]).unwrap_err().kind(), &ErrorKind::Partition { length: 6 });
    // 1.19: each element starts a chunk.
    let (bytes, first) = one_list(&[b"\x02a", b"\x03bc"]);
    let second = first + 10;
    assert_eq!(read(&bytes, vec![first, second]).unwrap(), (SnappyLayout::ByElement, vec![2, 3]));
    // A full chunk and the rest of an element: of the second in 1.18.1, or of the first, which 1.19 would have flushed. Its
    // serializer knows.
    let long = [&[0xF0, 0xFF, 0x03][..], &vec![b'q'; 65_519]].concat();
    let both = [&long[..], b"\x1fabcdefghijklmnopqrstuvwxyz1234"].concat();
    assert_eq!((long.len(), both.len()), (65_522, 65_553));
    let (bytes, first) = one_list(&[&both]);
    let second = i64::try_from(bytes.len()).unwrap() - 8 - 17;
    assert_eq!(read(&bytes, vec![first, second]).unwrap(), (SnappyLayout::Either, vec![65_522, 31]));
}

#[test]
fn elements_without_bytes_share_an_offset_with_what_follows() {
    let header = OperatorHeader {
        compressed: None,
        states: vec![
            StateMetaInfo::operator("nulls", false, snapshot("NullValue")),
            StateMetaInfo::operator("l", false, snapshot("String")),
        ],
        broadcast_states: Vec::new(),
    };
    let mut writer = OperatorWriter::new(Vec::new(), &header).unwrap();
    for (state, partition) in [(0, &b""[..]), (0, b""), (1, b"\x02a"), (1, b"\x00")] {
        writer.partition(state, partition).unwrap();
    }
    let written = writer.finish().unwrap();
    let offsets: Vec<Vec<i64>> = written.states.iter().map(|meta| meta.offsets.iter().collect()).collect();
    let [nulls, list] = offsets.as_slice() else { panic!("{offsets:?}") };
    assert_eq!(nulls, &[list[0]; 2]);
    let delegate = StreamHandle::ByteStream(ByteStreamHandle { handle_name: "x".into(), data: (&[][..]).into() });
    let handle = OperatorStateHandle { states: written.states.into(), segmented: None, delegate };
    let stream = OperatorStream::open(&written.sink, &handle).unwrap();
    let lengths = |name: &str| -> Vec<usize> {
        let partitions = stream.partitions(&name.into()).unwrap().unwrap();
        partitions.told_apart().unwrap().map(<[u8]>::len).collect()
    };
    assert_eq!((lengths("nulls"), lengths("l")), (vec![0, 0], vec![2, 1]));
}
