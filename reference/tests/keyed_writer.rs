//! The bytes of keyed streams, beside those of a writer that has all entries before it begins.

use flink_savepoint::Error;
use flink_savepoint::compression::{BLOCK, Framing, IDENTIFIER};
use flink_savepoint::keyed::{KeyGroup, KeyedHeader, KeyedStream, KeyedWriter, MaxParallelism, PrefixWidth, StateId};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::KeyGroupRange;
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};

/// Key group, state, key, value.
type Entry = (u16, u16, Vec<u8>, Vec<u8>);

fn header(compressed: bool) -> KeyedHeader<'static> {
    let snapshot = |scalar| SerializerSnapshot::scalar(scalar).unwrap();
    let state = |name| {
        StateMetaInfo::keyed(name, KeyedStateType::Value, snapshot(Scalar::VoidNamespace), snapshot(Scalar::String))
    };
    KeyedHeader { compressed, key_serializer: snapshot(Scalar::Long), states: vec![state("a"), state("b")] }
}

fn writer(compressed: bool, max: MaxParallelism) -> KeyedWriter<Vec<u8>> {
    KeyedWriter::new(Vec::new(), &header(compressed), KeyGroupRange::new(3, 4).unwrap(), max).unwrap()
}

/// The bytes of the stream, and where its sections are.
fn expected(entries: &[Entry], compressed: bool, max: MaxParallelism) -> (Vec<u8>, Vec<i64>) {
    let mut bytes = writer(compressed, max).finish().unwrap().sink;
    let mut offsets = vec![0; 4];
    for section in entries.chunk_by(|a, b| a.0 == b.0) {
        let group = section[0].0;
        offsets[usize::from(group) - 3] = i64::try_from(bytes.len()).unwrap();
        let mut plain = Vec::new();
        for run in section.chunk_by(|a, b| a.1 == b.1) {
            plain.extend(run[0].1.to_be_bytes());
            for (i, (_, _, key, value)) in run.iter().enumerate() {
                let mut prefixed = match max.prefix_width() {
                    PrefixWidth::One => vec![u8::try_from(group).unwrap()],
                    PrefixWidth::Two => group.to_be_bytes().to_vec(),
                };
                prefixed[0] |= if i + 1 == run.len() { 0x80 } else { 0 };
                prefixed.extend(key);
                for bytes in [&prefixed, value] {
                    plain.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
                    plain.extend(bytes);
                }
            }
        }
        plain.extend([0xFF, 0xFF]);
        if compressed {
            bytes.extend(IDENTIFIER);
            Framing::new().append(&plain, &mut bytes);
        } else {
            bytes.extend(plain);
        }
    }
    (bytes, offsets)
}

/// Writes the entries, with others between them that are refused.
#[track_caller]
fn check(entries: &[Entry]) {
    for (compressed, max) in [(false, 128), (true, 128), (false, 129), (true, 1000)] {
        let max = MaxParallelism::new(max).unwrap();
        let mut writer = writer(compressed, max);
        for (i, (group, state, key, value)) in entries.iter().enumerate() {
            writer.entry(KeyGroup(*group), StateId(*state), key, value).unwrap();
            if i % 7 == 0 {
                for (group, state, code) in [
                    (*group, 2, "unknown-state-id"),
                    (group - 1, 0, "key-group-order"),
                    (7, 0, "key-group-outside-range"),
                ] {
                    let error = writer.entry(KeyGroup(group), StateId(state), key, value).unwrap_err();
                    assert_eq!(error.downcast::<Error>().unwrap().kind().code(), code);
                }
            }
        }
        let written = writer.finish().unwrap();
        let (bytes, offsets) = expected(entries, compressed, max);
        let differs = written.sink.iter().zip(&bytes).position(|(a, b)| a != b);
        assert!(written.sink == bytes, "{} bytes, not {}: {differs:?}", written.sink.len(), bytes.len());
        assert_eq!(written.offsets.offsets().iter().collect::<Vec<_>>(), offsets);
        assert_eq!(written.length, bytes.len() as u64);
        let stream = KeyedStream::open(&bytes, &written.offsets, max).unwrap();
        let mut read = Vec::new();
        let entry = |_, entry: flink_savepoint::keyed::Entry<'_>| {
            read.push((entry.key_group.0, entry.state.0, entry.key.to_vec(), entry.value.to_vec()));
            Ok::<_, Error>(())
        };
        stream.for_each(&mut Vec::new(), entry).unwrap();
        assert!(read == entries);
    }
}

/// So many bytes, no two next to each other the same.
fn bytes(size: usize) -> Vec<u8> {
    (1..=251).cycle().take(size).collect()
}

#[test]
fn keys_and_values_of_every_short_length() {
    let lengths = || (0..=70).chain([127, 128, 1000]);
    let of_a_length = |length| [(0, bytes(length), bytes(70 - length % 70)), (1, bytes(9), bytes(length))];
    let entries = |group| lengths().flat_map(of_a_length).map(move |(state, key, value)| (group, state, key, value));
    check(&entries(3).chain(entries(6)).collect::<Vec<_>>());
}

#[test]
fn entries_at_the_end_of_a_block() {
    // Behind the id of the state and an entry of 8 bytes and the prefix; then 8 bytes, a prefix and a key of one byte.
    for prefix in [1, 2] {
        let full = BLOCK - 2 - (8 + prefix) - (9 + prefix);
        for size in full - 12..=full + 12 {
            let first = (4, 0, vec![], vec![]);
            let rest = [bytes(size), vec![], bytes(30), bytes(7)].map(|value| (4, 0, vec![7], value));
            check(&[&[first], &rest[..]].concat());
        }
    }
}

#[test]
fn runs_and_sections_that_end_with_a_block() {
    for size in BLOCK - 30..=BLOCK {
        let entry = |group, state, size| (group, state, vec![1, 2, 3, 4], bytes(size));
        check(&[entry(3, 0, size), entry(3, 1, 5), entry(3, 0, size), entry(5, 0, size), entry(6, 1, 0)]);
    }
}

#[test]
fn entries_larger_than_a_block() {
    let sizes = [BLOCK, 0, 3 * BLOCK, 3 * BLOCK + 1, 40, 40, BLOCK - 1, 5 * BLOCK, 5 * BLOCK, 12, 20_000];
    let entries = sizes.map(|size| [(4, 0, vec![9], bytes(size)), (4, 0, bytes(size), vec![])]).concat();
    check(&entries);
    let states = sizes.iter().enumerate().map(|(i, size)| (6, u16::from(i % 2 == 0), vec![5], bytes(*size)));
    check(&entries.into_iter().chain(states).collect::<Vec<_>>());
}

#[test]
fn many_small_entries_pass_many_blocks() {
    let entries = |group| (0..9_000_usize).map(move |i| (group, u16::from(i > 5_000), bytes(9), bytes(i % 50)));
    check(&entries(3).chain(entries(4)).collect::<Vec<_>>());
}

#[test]
fn a_key_group_beyond_the_max_parallelism_is_refused() {
    let max = MaxParallelism::new(5).unwrap();
    let mut writer = writer(false, max);
    writer.entry(KeyGroup(4), StateId(0), b"k", b"v").unwrap();
    let error = writer.entry(KeyGroup(5), StateId(0), b"k", b"v").unwrap_err();
    assert_eq!(error.downcast::<Error>().unwrap().kind().code(), "key-group-beyond-max");
    writer.entry(KeyGroup(4), StateId(1), b"k", b"v").unwrap();
    let written = writer.finish().unwrap();
    let entries = [(4, 0, b"k".to_vec(), b"v".to_vec()), (4, 1, b"k".to_vec(), b"v".to_vec())];
    assert_eq!(written.sink, expected(&entries, false, max).0);
}
