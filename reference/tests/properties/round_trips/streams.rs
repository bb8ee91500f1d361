//! Keyed streams and operator state streams, compressed or not, with prefixes of one and two bytes; raw timers; Snappy's framing.

use flink_savepoint::arbitrary::{KeyedEntry, KeyedModel, OperatorModel, SavepointModel};
use flink_savepoint::compression::{Chunks, Framing};
use flink_savepoint::keyed::{KeyGroup, KeyedHeader, KeyedStream, KeyedWriter, MaxParallelism, RawTimers, StateId};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{
    KeyGroupOffsets, KeyGroupRange, Metadata, OperatorStateHandle, StateMeta, StreamHandle,
};
use flink_savepoint::operator::{OperatorHeader, OperatorStream};
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};
use flink_savepoint::wire::{Input, Output};
use flink_savepoint::{Error, ErrorKind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::of_256;
use crate::strategies::bytes::made_of;
use crate::strategies::wire::{long, text};

/// The identifier chunk that a framed stream starts with.
const IDENTIFIER: [u8; 10] = *b"\xFF\x06\x00\x00sNaPpY";

fn entries(bytes: &[u8], offsets: &KeyGroupOffsets<'_>, max: MaxParallelism) -> Result<Vec<KeyedEntry>, Error> {
    let stream = KeyedStream::open(bytes, offsets, max)?;
    let mut entries = Vec::new();
    stream.for_each::<Error>(&mut Vec::new(), |key_group, entry| {
        let (key, value) = (entry.key.to_vec(), entry.value.to_vec());
        entries.push(KeyedEntry { key_group, state: entry.state, key, value });
        Ok(())
    })?;
    Ok(entries)
}

/// Parts of what was read: it has its bytes besides.
fn parts(states: &[StateMetaInfo<'_>]) -> Vec<Vec<u8>> {
    states.iter().map(|state| state.as_flink_writes().unwrap()).collect()
}

fn check_keyed(model: &KeyedModel) -> Result<(), TestCaseError> {
    let written = model.write().unwrap();
    prop_assert_eq!(written.length, written.sink.len() as u64);
    prop_assert_eq!(written.offsets.range(), model.range);
    prop_assert_eq!(&entries(&written.sink, &written.offsets, model.max).unwrap(), &model.entries);
    let (_, header) = KeyedHeader::read(Input::new(&written.sink)).unwrap();
    prop_assert_eq!(header.compressed, model.header.compressed);
    prop_assert_eq!(&header.key_serializer, &model.header.key_serializer);
    prop_assert_eq!(parts(&header.states), parts(&model.header.states));
    let mut again = Output::new();
    header.write(&mut again).unwrap();
    let again = again.into_bytes();
    prop_assert_eq!(&again[..], &written.sink[..again.len()]);
    // Offset 0 means that a key group has no entries.
    for (group, offset) in written.offsets.iter() {
        let has_entries = model.entries.iter().any(|entry| u32::from(entry.key_group.0) == group);
        prop_assert_eq!(offset != 0, has_entries);
    }
    Ok(())
}

fn handle(states: Vec<StateMeta<'static>>) -> OperatorStateHandle<'static> {
    let delegate = ByteStreamHandle { handle_name: "x".into(), data: (&[][..]).into() };
    OperatorStateHandle { states: states.into(), segmented: None, delegate: StreamHandle::ByteStream(delegate) }
}

fn partitions(bytes: &[u8], handle: &OperatorStateHandle<'_>) -> Result<Vec<Vec<Vec<u8>>>, Error> {
    let stream = OperatorStream::open(bytes, handle)?;
    let mut states = Vec::new();
    for i in 0..stream.header().all_states().count() {
        let mut partitions = Vec::new();
        stream.for_each_partition::<Error>(i, &mut Vec::new(), |partition| {
            partitions.push(partition.to_vec());
            Ok(())
        })?;
        states.push(partitions);
    }
    Ok(states)
}

fn unframed(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let (mut buffer, mut chunks) = (Vec::new(), Chunks::new(Input::new(bytes)));
    while chunks.next_into(&mut buffer)? {}
    Ok(buffer)
}

/// Data that compresses well, badly, or both, around the size of a block.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![0..300_usize, select(vec![65_535_usize, 65_536, 65_537, 131_072, 150_000])];
    (vec(any::<u8>(), 1..50), length).prop_map(|(seed, length)| seed.into_iter().cycle().take(length).collect())
}

proptest! {
    #![proptest_config(of_256(128))]

    #[test]
    fn keyed_streams(model in made_of::<KeyedModel>(900)) {
        check_keyed(&model)?;
    }

    #[test]
    fn operator_streams(model in made_of::<OperatorModel>(900)) {
        let written = model.write().unwrap();
        let handle = handle(written.states);
        prop_assert_eq!(&partitions(&written.sink, &handle).unwrap(), &model.partitions);
        let (_, header) = OperatorHeader::read(Input::new(&written.sink)).unwrap();
        prop_assert_eq!(header.compressed, model.header.compressed);
        prop_assert_eq!(parts(&header.states), parts(&model.header.states));
        prop_assert_eq!(parts(&header.broadcast_states), parts(&model.header.broadcast_states));
        let mut again = Output::new();
        header.write(&mut again).unwrap();
        let again = again.into_bytes();
        prop_assert_eq!(&again[..], &written.sink[..again.len()]);
    }

    #[test]
    fn cut_keyed_streams(model in made_of::<KeyedModel>(900), cut: Index) {
        let written = model.write().unwrap();
        let cut = cut.index(written.sink.len());
        // What is cut off is an error, or all of it was behind the last section: there is no such thing.
        let error = entries(&written.sink[..cut], &written.offsets, model.max).unwrap_err();
        prop_assert!(error.offset() <= cut as u64, "cut at {}: {}", cut, error);
    }

    #[test]
    fn flipped_keyed_streams(model in made_of::<KeyedModel>(900), at: Index, flip in 1..=255_u8) {
        let mut written = model.write().unwrap();
        let at = at.index(written.sink.len());
        written.sink[at] ^= flip;
        if let Err(error) = entries(&written.sink, &written.offsets, model.max) {
            prop_assert!(error.offset() <= written.length, "{}", error);
        }
    }

    #[test]
    fn damaged_operator_streams(model in made_of::<OperatorModel>(900), at: Index, flip in 0..=255_u8) {
        let written = model.write().unwrap();
        let at = at.index(written.sink.len());
        let handle = handle(written.states);
        let mut bytes = written.sink;
        if flip == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= flip;
        }
        if let Err(error) = partitions(&bytes, &handle) {
            prop_assert!(error.offset() <= bytes.len() as u64, "{}", error);
        }
    }

    /// Values around the size of a compressed block, which entries cross.
    #[test]
    fn large_values(
        max in select(vec![128_u32, 129]),
        compressed: bool,
        values in vec((0..4_u16, data()), 1..4),
    ) {
        let [long, bytes, void] = [Scalar::Long, Scalar::ByteArray, Scalar::VoidNamespace]
            .map(|scalar| SerializerSnapshot::scalar(scalar).unwrap());
        let states = vec![StateMetaInfo::keyed("v", KeyedStateType::Value, void, bytes)];
        let header = KeyedHeader { compressed, key_serializer: long, states };
        let mut values = values;
        values.sort();
        let entries = (0_u64..).zip(values).map(|(i, (group, value))| {
            let key = [&i.to_be_bytes()[..], &[0]].concat();
            let length = i32::try_from(value.len()).unwrap().to_be_bytes();
            KeyedEntry { key_group: KeyGroup(group), state: StateId(0), key, value: [&length[..], &value].concat() }
        });
        let max = MaxParallelism::new(max).unwrap();
        let range = KeyGroupRange::new(0, 4).unwrap();
        check_keyed(&KeyedModel { max, range, header, entries: entries.collect() })?;
    }

    /// A key group outside of the range, or before one that was written, is refused.
    #[test]
    fn refused_entries(groups in vec(0..200_u16, 1..6), start in 0..100_u32) {
        let long = SerializerSnapshot::scalar(Scalar::Long).unwrap();
        let states = vec![StateMetaInfo::keyed("v", KeyedStateType::Value, long.clone(), long.clone())];
        let header = KeyedHeader { compressed: false, key_serializer: long, states };
        let range = KeyGroupRange::new(start, 50).unwrap();
        let max = MaxParallelism::new(150).unwrap();
        let mut writer = KeyedWriter::new(Vec::new(), &header, range, max).unwrap();
        let mut last = 0;
        for group in groups {
            let inside = (start..start + 50).contains(&u32::from(group));
            let wrote = writer.entry(KeyGroup(group), StateId(0), b"key", b"value");
            prop_assert_eq!(wrote.is_ok(), inside && group >= last);
            if wrote.is_err() {
                break;
            }
            last = group;
        }
    }

    #[test]
    fn framing(parts in vec(data(), 0..4), cut: Index) {
        let mut framing = Framing::new();
        let mut framed = IDENTIFIER.to_vec();
        for part in &parts {
            framing.append(part, &mut framed);
        }
        prop_assert_eq!(unframed(&framed).unwrap(), parts.concat());
        // A prefix holds a prefix, if it ends between chunks.
        let cut = cut.index(framed.len());
        match unframed(&framed[..cut]) {
            Ok(prefix) => prop_assert!(parts.concat().starts_with(&prefix)),
            Err(error) => prop_assert!(error.offset() <= cut as u64, "cut at {}: {}", cut, error),
        }
    }

    /// Snappy blocks have checksums, which Flink does not look at.
    #[test]
    fn flipped_frames(data in data(), at: Index, flip in 1..=255_u8) {
        let mut framed = IDENTIFIER.to_vec();
        Framing::new().append(&data, &mut framed);
        let at = at.index(framed.len());
        framed[at] ^= flip;
        match unframed(&framed) {
            Ok(read) => prop_assert!(read.len() <= framed.len() * 64),
            Err(error) => prop_assert!(error.offset() <= framed.len() as u64, "{}", error),
        }
    }

    #[test]
    fn raw_timers(
        services in vec((text(), vec((long(), long()), 0..4), vec((long(), long()), 0..4)), 0..3),
        cut: Index,
    ) {
        let long = SerializerSnapshot::scalar(Scalar::Long).unwrap();
        let mut out = Output::new();
        out.raw(&[0xF1, 0xCD, 0x85, 0x9F]);
        out.i32(2);
        out.count(services.len()).unwrap();
        for (name, event, processing) in &services {
            out.utf(name).unwrap();
            out.raw(long.raw());
            out.raw(long.raw());
            for timers in [event, processing] {
                out.count(timers.len()).unwrap();
                for (key, timestamp) in timers {
                    // Key, namespace, timestamp.
                    out.i64(*key);
                    out.i64(!*key);
                    out.i64(*timestamp);
                }
            }
        }
        let bytes = out.into_bytes();
        let read = RawTimers::read(Input::new(&bytes)).unwrap().unwrap();
        prop_assert_eq!(read.services.len(), services.len());
        for (service, (name, event, processing)) in read.services.iter().zip(&services) {
            prop_assert_eq!(&service.name, name);
            let timers = |timer: flink_savepoint::keyed::RawTimer<'_>| {
                let key = i64::from_be_bytes(timer.rest[..8].try_into().unwrap());
                assert_eq!(timer.rest[8..], (!key).to_be_bytes());
                (key, timer.timestamp)
            };
            prop_assert_eq!(&service.event().map(timers).collect::<Vec<_>>(), event);
            prop_assert_eq!(&service.processing().map(timers).collect::<Vec<_>>(), processing);
        }
        let cut = 4 + cut.index(bytes.len() - 4);
        let error = RawTimers::read(Input::new(&bytes[..cut])).unwrap_err();
        prop_assert!(error.offset() <= cut as u64, "cut at {}: {}", cut, error);
    }

    #[test]
    fn savepoints(model in made_of::<SavepointModel>(1500)) {
        let metadata = model.metadata().unwrap();
        let bytes = metadata.to_bytes().unwrap();
        let read = Metadata::parse(&bytes).unwrap();
        prop_assert_eq!(&read, &metadata);
        for operator in &model.operators {
            for (keyed, _) in &operator.subtasks {
                if let Some(keyed) = keyed {
                    check_keyed(keyed)?;
                }
            }
        }
    }
}

#[test]
fn unknown_states_are_refused() {
    let long = SerializerSnapshot::scalar(Scalar::Long).unwrap();
    let header = KeyedHeader { compressed: false, key_serializer: long, states: vec![] };
    let (range, max) = (KeyGroupRange::new(0, 1).unwrap(), MaxParallelism::new(1).unwrap());
    let mut writer = KeyedWriter::new(Vec::new(), &header, range, max).unwrap();
    let error = writer.entry(KeyGroup(0), StateId(0), b"", b"").unwrap_err().downcast::<Error>().unwrap();
    assert_eq!(error.kind(), &ErrorKind::UnknownStateId { found: 0, states: 0 });
}
