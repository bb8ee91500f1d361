//! State streams: wide prefixes, limits, layouts of composite keys, and elements that nobody can tell apart.

use flink_savepoint::keyed::{
    CompositeKey, KeyGroup, KeyLayout, KeyedHeader, KeyedSections, KeyedStream, KeyedWriter, MaxParallelism, StateId,
    Timer, WrittenStream,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{KeyGroupRange, OperatorStateHandle, StateMeta, StreamHandle};
use flink_savepoint::operator::{OperatorHeader, OperatorStream, OperatorWriter, SnappyLayout, WrittenOperatorStream};
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};
use flink_savepoint::value::TypeDescription;
use flink_savepoint::{Error, ErrorKind, Limits};

fn snapshot(scalar: Scalar) -> SerializerSnapshot<'static> {
    SerializerSnapshot::scalar(scalar).unwrap()
}

fn scalar(scalar: Scalar) -> TypeDescription {
    TypeDescription::Scalar(scalar)
}

fn opaque() -> TypeDescription {
    TypeDescription::Opaque { class: "com.example.Key".into(), is_variable: true }
}

/// Entries of one state in the key groups 300 and 301 of 1000.
fn wide(compressed: bool, entries: &[(u16, &[u8], &[u8])]) -> WrittenStream<Vec<u8>> {
    let state =
        StateMetaInfo::keyed("v", KeyedStateType::Value, snapshot(Scalar::VoidNamespace), snapshot(Scalar::String));
    let header = KeyedHeader { compressed, key_serializer: snapshot(Scalar::Long), states: vec![state] };
    let max = MaxParallelism::new(1000).unwrap();
    let mut writer = KeyedWriter::new(Vec::new(), &header, KeyGroupRange::new(300, 2).unwrap(), max).unwrap();
    for (group, key, value) in entries {
        writer.entry(KeyGroup(*group), StateId(0), key, value).unwrap();
    }
    writer.finish().unwrap()
}

const ENTRIES: [(u16, &[u8], &[u8]); 3] = [(300, b"k1", b"one"), (300, b"k2", b"two"), (301, b"k3", b"")];

#[test]
fn a_prefix_of_two_bytes() {
    let written = wide(false, &ENTRIES);
    let max = MaxParallelism::new(1000).unwrap();
    let stream = KeyedStream::open(&written.sink, &written.offsets, max).unwrap();
    assert!(!stream.is_empty() && stream.len() == written.sink.len() as u64 && stream.bytes() == written.sink);
    let mut seen = Vec::new();
    for section in stream.sections() {
        assert!(!section.is_compressed());
        let mut entries = section.entries().unwrap();
        for entry in entries.by_ref() {
            let entry = entry.unwrap();
            assert_eq!((entry.key_group, entry.state), (section.key_group(), StateId(0)));
            seen.push((entry.key_group.0, entry.key.to_vec(), entry.value.to_vec()));
        }
        assert_eq!(entries.offset(), section.offset() + section.bytes().len() as u64);
    }
    assert_eq!(seen, ENTRIES.map(|(group, key, value)| (group, key.to_vec(), value.to_vec())));
    assert_eq!(KeyGroup(300).to_string(), "300");
    let empty = wide(false, &[]);
    assert!(KeyedStream::open(&empty.sink, &empty.offsets, max).unwrap().is_empty());
}

/// Remembers the most that it was given at once, and how often.
#[derive(Default)]
struct Sink {
    all: Vec<u8>,
    most: usize,
    calls: usize,
}

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.most = self.most.max(bytes.len());
        self.calls += 1;
        self.all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_section_is_written_while_it_grows() {
    let max = MaxParallelism::new(1000).unwrap();
    for compressed in [false, true] {
        let state =
            StateMetaInfo::keyed("v", KeyedStateType::Value, snapshot(Scalar::VoidNamespace), snapshot(Scalar::String));
        let header = KeyedHeader { compressed, key_serializer: snapshot(Scalar::Long), states: vec![state] };
        let range = KeyGroupRange::new(300, 1).unwrap();
        let mut writer = KeyedWriter::new(Sink::default(), &header, range, max).unwrap();
        // Bytes that Snappy makes no shorter.
        let mut random = 1_u64;
        let entries: Vec<Vec<u8>> = (0..300)
            .map(|_| {
                let next = |_| {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    random.to_be_bytes()[0]
                };
                (0..1000).map(next).collect()
            })
            .collect();
        for entry in &entries {
            writer.entry(KeyGroup(300), StateId(0), b"key", entry).unwrap();
        }
        let written = writer.finish().unwrap();
        // A block and an entry are pending, and no more, however large the section is.
        assert!(written.sink.all.len() > 300_000 && written.sink.most < 2 * 65_536, "{}", written.sink.most);
        // Nor is the sink called for every entry.
        assert!(written.sink.calls < 20, "{} calls", written.sink.calls);
        assert_eq!(written.length, written.sink.all.len() as u64);
        let stream = KeyedStream::open(&written.sink.all, &written.offsets, max).unwrap();
        let mut read = Vec::new();
        stream
            .for_each::<Error>(&mut Vec::new(), |_, entry| {
                read.push(entry.value.to_vec());
                Ok(())
            })
            .unwrap();
        assert!(read == entries, "{} entries", read.len());
    }
}

#[test]
fn errors_count_the_entries_before_them() {
    let keys: Vec<Vec<u8>> = (0..6_u8).map(|key| vec![key; 4]).collect();
    let entries: Vec<(u16, &[u8], &[u8])> = keys.iter().map(|key| (300, key.as_slice(), key.as_slice())).collect();
    let max = MaxParallelism::new(1000).unwrap();
    for compressed in [false, true] {
        let mut written = wide(compressed, &entries);
        if compressed {
            // A checksum stands before what it is of, so that nothing inside can be changed; the last chunk is missing.
            written.sink.truncate(written.sink.len() - 3);
        }
        let first = usize::try_from(written.offsets.offsets().get(0).unwrap()).unwrap();
        for broken in 0..keys.len() {
            let mut bytes = written.sink.clone();
            // Id of the state, then 18 bytes for each entry, the first four of which are the length of the key.
            let at = first + 2 + 18 * broken;
            if !compressed {
                bytes[at] = 0x80;
            }
            let stream = KeyedStream::open(&bytes, &written.offsets, max).unwrap();
            let mut seen = 0;
            let error = stream.for_each::<Error>(&mut Vec::new(), |_, _| {
                seen += 1;
                Ok(())
            });
            let error = error.unwrap_err();
            if compressed {
                assert_eq!((seen, error.path().as_str()), (0, "key_group[300]"), "{error}");
                continue;
            }
            let expected = (broken, at as u64, format!("key_group[300].entry[{broken}]"));
            assert_eq!((seen, error.offset(), error.path()), expected, "{error}");
            let entries = stream.section(KeyGroup(300)).unwrap().entries().unwrap();
            let last = entries.last().unwrap().unwrap_err();
            assert_eq!((last.offset(), last.path()), (expected.1, expected.2));
        }
    }
}

#[test]
fn sections_without_a_header_have_any_state() {
    let mut written = wide(false, &ENTRIES);
    let max = MaxParallelism::new(1000).unwrap();
    let start = usize::try_from(written.offsets.offsets().get(0).unwrap()).unwrap();
    for (id, known) in [(0x7FFE_u16, true), (0x8000, false)] {
        written.sink[start..start + 2].copy_from_slice(&id.to_be_bytes());
        let sections = KeyedSections::open(&written.sink, &written.offsets, max).unwrap();
        assert_eq!(sections.bytes(), written.sink);
        let first = sections.iter().next().unwrap().entries().unwrap().next().unwrap();
        match first {
            Ok(entry) => assert!(known && entry.state == StateId(id)),
            Err(error) => {
                assert!(!known, "{error}");
                assert_eq!(error.kind(), &ErrorKind::UnknownStateId { found: id, states: 1 << 15 });
                assert_eq!((error.offset(), error.path().as_str()), (start as u64, "key_group[300].entry[0]"));
            }
        }
        // The header says that there is one.
        let error = KeyedStream::open(&written.sink, &written.offsets, max).unwrap();
        let error = error.for_each::<Error>(&mut Vec::new(), |_, _| Ok(())).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::UnknownStateId { found: id, states: 1 });
    }
    // Not more is read of the header than whether it is one.
    written.sink[3] = 9;
    let error = KeyedSections::open(&written.sink, &written.offsets, max).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&ErrorKind::StateVersion { found: 9 }, 0), "{error}");
}

#[test]
fn a_compressed_entry_is_not_larger_than_the_limit() {
    let value = vec![7; 300_000];
    let written = wide(true, &[(300, b"k1", &value), (301, b"k3", b"small")]);
    let read = |limits: Option<Limits>| {
        let max = MaxParallelism::new(1000).unwrap();
        let mut stream = KeyedStream::open(&written.sink, &written.offsets, max)?;
        assert!(stream.sections().all(|section| section.is_compressed() && section.entries().is_none()));
        if let Some(limits) = limits {
            stream = stream.limits(limits);
        }
        let mut lengths = Vec::new();
        stream.for_each::<Error>(&mut Vec::new(), |_, entry| {
            lengths.push(entry.value.len());
            Ok(())
        })?;
        Ok::<_, Error>(lengths)
    };
    assert_eq!(read(None).unwrap(), [300_000, 5]);
    // What is open besides the entry: at most the rest of its last chunk.
    let limit = |entry| Some(Limits { entry, ..Limits::default() });
    assert_eq!(read(limit(300_100)).unwrap(), [300_000, 5]);
    // Counted is what is still cut: four whole chunks, before the fifth has the end.
    assert_eq!(read(limit(4 * 65_536)).unwrap(), [300_000, 5]);
    assert!(read(limit(4 * 65_536 - 1)).is_err());
    let error = read(limit(200_000)).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::EntryTooLarge { limit: 200_000 });
    assert_eq!(error.path(), "key_group[300].entry[0]");
    // It stands in the chunk that goes beyond: behind three, each of which has a few bytes for 65536.
    let first = written.offsets.offsets().get(0).unwrap().unsigned_abs();
    let second = written.offsets.offsets().get(1).unwrap().unsigned_abs();
    assert!(error.offset() > first + 10 && error.offset() < second, "{error}");
}

#[test]
fn lengths_stand_behind_key_and_namespace_of_variable_length() {
    let string = || scalar(Scalar::String);
    let layout = KeyLayout::new(string(), string(), KeyedStateType::Map).unwrap();
    assert!(layout.has_lengths());
    assert_eq!((layout.key(), layout.namespace()), (&string(), &string()));
    let parts = CompositeKey { key: b"\x02a", namespace: b"\x03bc", user_key: Some(b"user") };
    let composite = b"\x02a\x02\x03bc\x03user";
    assert_eq!(layout.join(&parts), composite);
    assert_eq!(layout.split(composite), Some(parts));
    assert_eq!(layout.split_key(composite), Some(&b"\x02a"[..]));
    // A length that is another, or cut off.
    assert_eq!(layout.split(b"\x02a\x03\x03bc\x03user"), None);
    assert_eq!(layout.split(b"\x02a\x02\x03bc"), None);
    assert_eq!(layout.split(b"\x02a"), None);
    // A writer that leaves them out.
    let without = layout.with_lengths(false);
    assert!(!without.has_lengths() && without.with_lengths(true).has_lengths());
    assert_eq!(without.join(&parts), b"\x02a\x03bcuser");
    assert_eq!(without.split(b"\x02a\x03bcuser"), Some(parts));
    // One of fixed length is enough; and what has a user's length, next to one of variable length, is not known.
    for (key, namespace) in [(Scalar::Long, Scalar::String), (Scalar::String, Scalar::Long)] {
        let layout = KeyLayout::new(scalar(key), scalar(namespace), KeyedStateType::Value).unwrap();
        assert!(!layout.has_lengths());
        // Nothing stands behind the namespace of anything but a map.
        assert_eq!(layout.split(b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), None);
    }
    let unknown = || TypeDescription::Opaque { class: "c".into(), is_variable: false };
    assert!(KeyLayout::new(unknown(), string(), KeyedStateType::Value).is_none());
    assert!(KeyLayout::new(unknown(), unknown(), KeyedStateType::Value).is_none());
    assert!(KeyLayout::new(unknown(), scalar(Scalar::Long), KeyedStateType::Value).is_some());
}

#[test]
fn a_key_that_ends_nowhere_is_split_from_behind() {
    let composite = b"some key\x00";
    let expected = CompositeKey { key: b"some key", namespace: b"\x00", user_key: None };
    let layout = |namespace, kind| KeyLayout::new(opaque(), namespace, kind).unwrap();
    let void = layout(scalar(Scalar::VoidNamespace), KeyedStateType::List);
    assert_eq!((void.split(composite), void.split_key(composite)), (Some(expected), Some(&b"some key"[..])));
    assert_eq!(void.split(b""), None);
    let window = layout(scalar(Scalar::Long), KeyedStateType::Value);
    assert_eq!(
        window.split(b"k12345678").map(|parts| (parts.key, parts.namespace)),
        Some((&b"k"[..], &b"12345678"[..]))
    );
    assert_eq!(window.split(b"1234567"), None);
    // Of a map the user key would come last, and of a namespace of variable length the end is not known.
    assert_eq!(layout(scalar(Scalar::VoidNamespace), KeyedStateType::Map).split(composite), None);
    assert_eq!(layout(scalar(Scalar::String), KeyedStateType::Value).split_key(composite), None);
}

#[test]
fn timers_are_split_where_their_keys_say_how_long_they_are() {
    let key = [&1_i64.to_be_bytes()[..], b"\x03bc", &[0]].concat();
    let timer = Timer::read(&key).unwrap();
    assert_eq!(timer.split(&scalar(Scalar::String)), Some((&b"\x03bc"[..], &[0][..])));
    assert_eq!(timer.split(&scalar(Scalar::Long)), None);
    assert_eq!(timer.split(&opaque()), None);
}

fn operator_header(compressed: Option<bool>, elements: SerializerSnapshot<'static>) -> OperatorHeader<'static> {
    let states = vec![StateMetaInfo::operator("l", false, elements)];
    OperatorHeader { compressed, states, broadcast_states: Vec::new() }
}

fn handle(states: Vec<StateMeta<'static>>) -> OperatorStateHandle<'static> {
    let delegate = StreamHandle::ByteStream(ByteStreamHandle { handle_name: "x".into(), data: (&[][..]).into() });
    OperatorStateHandle { states: states.into(), segmented: None, delegate }
}

fn written(header: &OperatorHeader<'_>, partitions: &[&[u8]]) -> WrittenOperatorStream<Vec<u8>> {
    let mut writer = OperatorWriter::new(Vec::new(), header).unwrap();
    for partition in partitions {
        writer.partition(0, partition).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn a_compressed_partition_is_not_larger_than_the_limit() {
    let large = [&0x0003_0D40_i32.to_be_bytes()[..], &vec![1; 200_000]].concat();
    let header = operator_header(Some(true), snapshot(Scalar::ByteArray));
    let written = written(&header, &[&large, &[0; 4]]);
    let offset = written.states[0].offsets.get(0).unwrap().unsigned_abs();
    let handle = handle(written.states);
    let read = |entry| {
        let stream = OperatorStream::open(&written.sink, &handle)?.limits(Limits { entry, ..Limits::default() });
        assert_eq!((stream.bytes(), stream.layout()), (&written.sink[..], SnappyLayout::ByElement));
        assert!(!stream.is_empty() && stream.data().end() == stream.len());
        let mut lengths = Vec::new();
        stream.for_each_partition::<Error>(0, &mut Vec::new(), |partition| {
            lengths.push(partition.len());
            Ok(())
        })?;
        // A state that the header does not have has no partitions either.
        assert!(stream.for_each_partition::<Error>(1, &mut Vec::new(), |_| panic!("none")).unwrap());
        Ok::<_, Error>(lengths)
    };
    assert_eq!(read(200_004).unwrap(), [200_004, 4]);
    let error = read(200_003).unwrap_err();
    assert_eq!((error.kind(), error.path().as_str()), (&ErrorKind::EntryTooLarge { limit: 200_003 }, "state[0]"));
    assert!(error.offset() > offset, "in the last chunk: {error}");
    assert_eq!(read(1).unwrap_err().offset(), offset, "in the first chunk");
}

#[test]
fn partitions_of_a_state_by_its_name() {
    let written = written(&operator_header(None, snapshot(Scalar::Int)), &[&[0, 0, 0, 1], &[0, 0, 0, 2]]);
    let mut handle = handle(written.states);
    let stream = OperatorStream::open(&written.sink, &handle).unwrap();
    let partitions = stream.partitions(&"l".into()).unwrap().unwrap();
    assert_eq!(partitions.told_apart().unwrap().collect::<Vec<_>>(), [[0, 0, 0, 1], [0, 0, 0, 2]]);
    assert!(stream.partitions(&"m".into()).unwrap().is_none());
    // An offset into the middle of an element leaves both sides broken.
    let mut offsets: Vec<i64> = handle.states.iter().next().unwrap().offsets.iter().collect();
    offsets[1] += 1;
    let at = offsets[0].unsigned_abs();
    let mut meta = handle.states.iter().next().unwrap();
    meta.offsets = offsets.into_iter().collect();
    handle.states = vec![meta].into();
    let error = OperatorStream::open(&written.sink, &handle).unwrap().partitions(&"l".into()).unwrap_err();
    let found = (error.kind(), error.offset(), error.path());
    assert_eq!(found, (&ErrorKind::Partition { length: 5 }, at, "state[0].partition[0]".to_owned()), "{error}");
}

#[test]
fn streams_without_partitions_are_empty() {
    let written = written(&operator_header(None, snapshot(Scalar::Int)), &[]);
    let handle = handle(written.states);
    let stream = OperatorStream::open(&written.sink, &handle).unwrap();
    assert!(stream.is_empty());
    assert_eq!((stream.data().len(), stream.unreached()), (0, None));
}

#[test]
fn partitions_of_states_that_are_not_there_are_not_written() {
    let header = operator_header(None, snapshot(Scalar::Int));
    let mut writer = OperatorWriter::new(Vec::new(), &header).unwrap();
    let error = writer.partition(1, &[]).unwrap_err();
    let error = error.get_ref().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(error.kind(), &ErrorKind::UnknownStateId { found: 1, states: 1 });
}
