//! Every state file of the golden corpus is read to the last byte, and written again: byte for byte where it is not
//! compressed, equal after decompression where it is (Snappy encoders may legally differ).

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, thread};

use common::{Golden, corpus, jobs, rich};
use flink_savepoint::keyed::{KeyGroup, KeyLayout, KeyedStream, KeyedWriter, MaxParallelism, Section, StateId, Timer};
use flink_savepoint::meta_info::{KeyedStateType, StateKind};
use flink_savepoint::metadata::{
    KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata, OperatorStateHandle, Release, StateMeta, StreamHandle,
    SubtaskState,
};
use flink_savepoint::operator::{OperatorStream, OperatorWriter, SnappyLayout};
use flink_savepoint::wire::Output;

fn content(golden: &Golden, handle: &StreamHandle<'_>) -> Vec<u8> {
    match handle {
        StreamHandle::ByteStream(inline) => inline.data.to_vec(),
        StreamHandle::Relative(file) => {
            fs::read(golden.directory.join(file.relative_path.to_string())).expect("the file of the handle")
        }
        other => panic!("{}: {other:?}", golden.id),
    }
}

fn keyed(golden: &Golden, mut check: impl FnMut(&KeyGroupsHandle<'_>, MaxParallelism, &[u8])) {
    for operator in &Metadata::parse(&golden.bytes).unwrap().operators {
        let max = MaxParallelism::new(operator.max_parallelism).unwrap();
        for subtask in operator.subtasks() {
            let SubtaskState::Running(handles) = subtask.state else { continue };
            if let Some(KeyedHandle::KeyGroups(handle)) = &handles.managed_keyed {
                assert_eq!(handle.format, KeyGroupsFormat::Savepoint);
                check(handle, max, &content(golden, &handle.delegate));
            }
        }
    }
}

fn operator_state(golden: &Golden, mut check: impl FnMut(&OperatorStateHandle<'_>, &[u8])) {
    for operator in &Metadata::parse(&golden.bytes).unwrap().operators {
        for subtask in operator.subtasks() {
            let SubtaskState::Running(handles) = subtask.state else { continue };
            if let Some(handle) = &handles.managed_operator {
                check(handle, &content(golden, &handle.delegate));
            }
        }
    }
}

type Entries = Vec<(KeyGroup, StateId, Vec<u8>, Vec<u8>)>;

fn entries(stream: &KeyedStream<'_>) -> Entries {
    let mut all = Vec::new();
    stream
        .for_each::<flink_savepoint::Error>(&mut Vec::new(), |group, entry| {
            assert_eq!(group, entry.key_group);
            all.push((group, entry.state, entry.key.to_vec(), entry.value.to_vec()));
            Ok(())
        })
        .unwrap();
    all
}

#[test]
fn keyed_streams_are_read_to_the_last_byte_and_written_again() {
    let mut streams = 0;
    for golden in jobs() {
        keyed(&golden, |handle, max, bytes| {
            let id = &golden.id;
            let stream = KeyedStream::open(bytes, &handle.offsets, max).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(stream.header().compressed, id.ends_with("snappy"), "{id}");
            let all = entries(&stream);
            assert!(!all.is_empty(), "{id}");

            let mut writer = KeyedWriter::new(Vec::new(), stream.header(), handle.offsets.range(), max).unwrap();
            for (group, state, key, value) in &all {
                writer.entry(*group, *state, key, value).unwrap();
            }
            let written = writer.finish().unwrap();
            assert_eq!(written.length, written.sink.len() as u64);
            if stream.header().compressed {
                let again = KeyedStream::open(&written.sink, &written.offsets, max).unwrap();
                assert_eq!(entries(&again), all, "{id}");
            } else {
                assert_eq!(written.sink, bytes, "{id}");
                assert_eq!(written.offsets, handle.offsets, "{id}");
            }
            streams += 1;
        });
    }
    assert_eq!(streams, 72 * 4);
}

/// Sections do not depend on each other: by random access, backwards, and on several threads.
#[test]
fn sections_are_read_in_any_order_and_at_once() {
    for golden in jobs().iter().filter(|golden| golden.release() == Release::V2_3) {
        keyed(golden, |handle, max, bytes| {
            let stream = KeyedStream::open(bytes, &handle.offsets, max).unwrap();
            let in_order = entries(&stream);
            let of_section = |section: Section<'_>| {
                let mut found = Entries::new();
                let end = section.for_each::<flink_savepoint::Error>(&mut Vec::new(), |entry| {
                    found.push((section.key_group(), entry.state, entry.key.to_vec(), entry.value.to_vec()));
                    Ok(())
                });
                assert!(end.unwrap() <= stream.len());
                found
            };
            let mut backwards: Entries =
                (0..max.get()).rev().filter_map(|group| stream.section(KeyGroup(group))).flat_map(of_section).collect();
            backwards.sort_by_key(|(group, ..)| *group);
            assert_eq!(backwards, in_order);
            let at_once: Entries = thread::scope(|scope| {
                let threads: Vec<_> =
                    stream.sections().map(|section| scope.spawn(move || of_section(section))).collect();
                threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(at_once, in_order);
        });
    }
}

#[test]
fn composite_keys_split_and_join() {
    for golden in jobs() {
        let mut names = BTreeSet::new();
        keyed(&golden, |handle, max, bytes| {
            let stream = KeyedStream::open(bytes, &handle.offsets, max).unwrap();
            let header = stream.header();
            for (_, id, key, value) in entries(&stream) {
                let state = header.state(id).unwrap();
                names.insert(state.name.to_string());
                if state.kind == StateKind::PriorityQueue {
                    let timer = Timer::read(&key).unwrap();
                    assert!(timer.timestamp >= 10_000_000_000_000 && value.is_empty());
                    assert_eq!(timer.split(&header.key_serializer.type_description()).unwrap().1, [0]);
                    assert_eq!(timer.write(), key);
                    continue;
                }
                let layout = KeyLayout::of(&header.key_serializer, state).unwrap();
                let parts = layout.split(&key).unwrap_or_else(|| panic!("{}: {state:?} {key:02x?}", golden.id));
                assert_eq!(parts.namespace, [0]);
                assert_eq!(parts.user_key.is_some(), state.kind == StateKind::Keyed(KeyedStateType::Map));
                assert_eq!(layout.join(&parts), key);
            }
        });
        let timers = ["_timer_state/event_user-timers", "_timer_state/processing_user-timers"];
        let states = ["aggregating", "list", "map", "reducing", "счёт"].into_iter().chain(timers);
        assert_eq!(names, states.map(str::to_owned).collect(), "{}", golden.id);
    }
}

#[test]
fn all_backends_and_releases_hold_the_same_entries_by_name() {
    // Sections of all subtasks together; state ids differ between backends, names do not.
    type ByName = BTreeSet<(String, KeyGroup, Vec<u8>, Vec<u8>)>;
    let mut contents: BTreeMap<u16, BTreeMap<String, ByName>> = BTreeMap::new();
    for golden in jobs() {
        let mut all = ByName::new();
        let mut key_groups = 0;
        keyed(&golden, |handle, max, bytes| {
            key_groups = max.get();
            let stream = KeyedStream::open(bytes, &handle.offsets, max).unwrap();
            for (group, id, key, mut value) in entries(&stream) {
                let state = stream.header().state(id).unwrap();
                // A null map value is 01, or 01 and what the serializer writes for null.
                if state.kind == StateKind::Keyed(KeyedStateType::Map) && value.first() == Some(&1) {
                    value.truncate(1);
                }
                let name = format!("{} of {}", state.name, stream.header().key_serializer);
                assert!(all.insert((name, group, key, value)));
            }
        });
        contents.entry(key_groups).or_default().insert(golden.id, all);
    }
    assert_eq!(contents.len(), 2);
    for of_max_parallelism in contents.values() {
        let (first_id, first) = of_max_parallelism.first_key_value().unwrap();
        for (id, content) in of_max_parallelism {
            assert!(content == first, "{id} and {first_id} differ");
        }
    }
}

#[test]
fn operator_streams_are_read_to_the_last_byte_and_written_again() {
    // Native savepoints have their operator state in the same format.
    let native = corpus().into_iter().filter(|golden| golden.id.ends_with("-native") && !golden.id.contains("crafted"));
    let goldens: Vec<Golden> = jobs().into_iter().chain(native).chain(rich()).collect();
    assert_eq!(goldens.len(), 72 + 4 + 9);
    for golden in goldens {
        let id = &golden.id;
        let compressed = id.ends_with("snappy") && golden.release() >= Release::V1_18;
        let mut partitions = BTreeSet::new();
        operator_state(&golden, |handle, bytes| {
            let stream = OperatorStream::open(bytes, handle).unwrap_or_else(|e| panic!("{id}: {e}"));
            let header = stream.header();
            assert_eq!(header.compressed, (golden.release() >= Release::V1_18).then_some(compressed), "{id}");
            assert_eq!(stream.unreached(), None, "{id}");

            let mut writer = OperatorWriter::new(Vec::new(), header).unwrap();
            let mut total = 0;
            for (i, state) in header.all_states().enumerate() {
                let found = stream.partitions(&state.name).unwrap().unwrap();
                total += found.data.len();
                for partition in found.told_apart().unwrap_or_else(|| panic!("{id}: {state:?}")) {
                    writer.partition(i, partition).unwrap();
                    if state.name != *"SourceReaderState" {
                        partitions.insert((state.name.to_string(), partition.to_vec()));
                    }
                }
            }
            let written = writer.finish().unwrap();
            assert_eq!(written.length, written.sink.len() as u64);
            let by_name = |states: Vec<StateMeta<'_>>| -> BTreeMap<String, Vec<i64>> {
                states.iter().map(|meta| (meta.name.to_string(), meta.offsets.iter().collect())).collect()
            };
            if stream.layout() == SnappyLayout::Plain {
                let mut head = Output::new();
                header.write(&mut head).unwrap();
                assert_eq!(head.into_bytes().len() + total, bytes.len(), "{id}: every byte belongs to a state");
                assert_eq!(written.sink, bytes, "{id}");
                assert_eq!(by_name(written.states), by_name(handle.states.iter().collect()), "{id}");
            } else {
                let again = OperatorStateHandle { states: written.states.into(), ..handle.clone() };
                let again = OperatorStream::open(&written.sink, &again).unwrap();
                assert_eq!(again.layout(), SnappyLayout::ByElement, "{id}");
                for state in header.all_states() {
                    let (before, after) = (stream.partitions(&state.name), again.partitions(&state.name));
                    assert_eq!(after.unwrap(), before.unwrap(), "{id}");
                }
            }
        });
        if id.contains("-rich") {
            assert_eq!(partitions, BTreeSet::from([("empty-broadcast".to_owned(), vec![0; 4])]), "{id}");
            continue;
        }
        // Three and four of each kind, and the broadcast map, which both subtasks have (its order is that of a hash map).
        let of = |name: &str| partitions.iter().filter(|(state, _)| state == name).count();
        assert_eq!((of("split"), of("union"), of("broadcast")), (7, 7, 1), "{id}");
        assert!(partitions.contains(&("split".to_owned(), b"\x0asplit-1-3".to_vec())), "{id}");
        assert!(partitions.contains(&("union".to_owned(), 103_i64.to_be_bytes().to_vec())), "{id}");
    }
}

#[test]
fn compressed_operator_state_of_1_18_1_has_a_stream_for_each_state() {
    for (id, layout) in
        [("1.18.1-rocksdb-snappy", SnappyLayout::ByState), ("1.19.3-rocksdb-snappy", SnappyLayout::ByElement)]
    {
        let golden = jobs().into_iter().find(|golden| golden.id == id).unwrap();
        let mut seen = 0;
        operator_state(&golden, |handle, bytes| {
            if handle.states.len() == 3 {
                assert_eq!(OperatorStream::open(bytes, handle).unwrap().layout(), layout, "{id}");
                seen += 1;
            }
        });
        assert_eq!(seen, 2);
    }
}
