//! What the golden job does not have: ambiguous composite keys, window namespaces, timers before the epoch, TTL, raw state, more
//! than 127 states, states without entries. Written by real Flink on both backends, and with timers on the heap.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Golden, rich};
use flink_savepoint::keyed::{KeyLayout, KeyedWriter, Timer};
use flink_savepoint::logical::{
    DiffOptions, Fingerprint, LogicalKind, OperatorFingerprint, StateKey, Volatile, diff, fingerprint,
};
use flink_savepoint::meta_info::StateKind;
use flink_savepoint::metadata::{Dropping, KeyedHandle, Metadata, OperatorId, Release};
use flink_savepoint::savepoint::{Directory, METADATA, PartState, Rewrite, Savepoint, SavepointWriter};

fn open(golden: &Golden) -> Savepoint<'_, Directory> {
    Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), Directory::new(&golden.directory))
}

fn whole(golden: &Golden) -> Fingerprint {
    let fingerprint = fingerprint(&open(golden), &mut |_| ());
    assert!(fingerprint.failures.is_empty() && fingerprint.remarks.is_empty(), "{}: {fingerprint:?}", golden.id);
    fingerprint
}

fn state<'f>(operator: &'f OperatorFingerprint, name: &str) -> &'f flink_savepoint::logical::StateFingerprint {
    let found = operator.states.iter().find(|(key, _)| key.to_string() == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", operator.states.keys())).1
}

#[test]
fn all_variants_mean_the_same_but_for_clocks_and_the_source() {
    let goldens = rich();
    let first = &goldens[0];
    let of_first = whole(first);
    let many = OperatorId::from_uid("many");
    for other in &goldens {
        let of_other = whole(other);
        let ignore = |id: &OperatorId, _: &_, _: &StateKey, why: Option<Volatile>| why.is_some() || *id == many;
        let found = diff((&open(first), &of_first), (&open(other), &of_other), &DiffOptions::default(), &ignore);
        assert!(found.is_empty() && found.failures.is_empty(), "{}: {found:?}", other.id);
        let volatile: BTreeSet<String> = of_other
            .operators
            .values()
            .flat_map(|operator| &operator.states)
            .filter(|(_, state)| state.volatile.is_some() && state.total.entries > 0)
            .map(|(key, _)| key.to_string())
            .collect();
        let expected =
            ["COORDINATOR", "LIST ttl-list", "MAP ttl-map", "SPLIT_DISTRIBUTE SourceReaderState", "VALUE ttl-value"];
        assert_eq!(volatile, expected.map(str::to_owned).into(), "{}", other.id);
    }
    let of_many: BTreeSet<_> = goldens
        .iter()
        .filter_map(|golden| whole(golden).operators.get(&many).map(OperatorFingerprint::digest))
        .collect();
    assert_eq!(of_many.len(), 1, "the three variants of 2.3.0 have the same");
}

#[test]
fn keyed_streams_are_written_again_and_their_keys_split() {
    for golden in rich() {
        let id = &golden.id;
        let savepoint = open(&golden);
        let mut namespaces = BTreeMap::<String, BTreeSet<Vec<u8>>>::new();
        let (mut longest, mut before_the_epoch) = (0, 0);
        for operator in &savepoint.metadata().operators {
            let read = savepoint.for_each_part(&operator, |part| {
                let PartState::ManagedKeyed(handle) = part.state else { return Ok(()) };
                let KeyedHandle::KeyGroups(groups) = handle else { panic!("{id}: native") };
                savepoint.keyed(part, handle, |stream| {
                    let range = groups.offsets.range();
                    let mut writer =
                        KeyedWriter::new(Vec::new(), stream.header(), range, stream.max_parallelism()).unwrap();
                    let header = stream.header();
                    stream.for_each::<flink_savepoint::Error>(&mut Vec::new(), |group, entry| {
                        assert_eq!(entry.key_group, group);
                        writer.entry(group, entry.state, entry.key, entry.value).unwrap();
                        let state = header.state(entry.state).unwrap();
                        if state.kind == StateKind::PriorityQueue {
                            let timer = Timer::read(entry.key).unwrap();
                            assert_eq!(timer.write(), entry.key);
                            assert_eq!(timer.split(&header.key_serializer.type_description()).unwrap().1.len(), 16);
                            before_the_epoch += usize::from(timer.timestamp < 0);
                            return Ok(());
                        }
                        let layout = KeyLayout::of(&header.key_serializer, state).unwrap();
                        let parts = layout.split(entry.key).unwrap_or_else(|| panic!("{id}: {state:?}"));
                        assert_eq!(layout.join(&parts), entry.key);
                        longest = longest.max(parts.key.len());
                        namespaces.entry(state.name.to_string()).or_default().insert(parts.namespace.to_vec());
                        Ok(())
                    })?;
                    let written = writer.finish().unwrap();
                    assert_eq!(written.offsets, groups.offsets, "{id}");
                    let file = golden.directory.join(part.file().unwrap());
                    assert!(written.sink == std::fs::read(file).unwrap(), "{id}: {part:?}");
                    Ok(())
                })
            });
            read.unwrap();
        }
        assert_eq!((longest, before_the_epoch), (302, 4), "{id}");
        let of = |state: &str| namespaces[state].iter().map(Vec::as_slice).collect::<Vec<_>>();
        let [empty, short, long] = of("map").try_into().unwrap();
        assert_eq!((empty, short, long.len()), (&[1][..], &b"\x04ns1"[..], 1 + 12 * 2 + 1 + 2 * 3), "{id}");
        let window = |start: i64, end: i64| [start.to_be_bytes(), end.to_be_bytes()].concat();
        assert_eq!(of("window-value"), [window(10, 20), window(-5, 5)], "{id}");
        assert_eq!(of("ttl-map"), [[0]], "{id}");
    }
}

#[test]
fn raw_state_is_what_its_operator_wrote() {
    for golden in rich() {
        let id = &golden.id;
        let savepoint = open(&golden);
        let raw = OperatorId::from_uid("raw");
        let operator = savepoint.metadata().operators.iter().find(|operator| operator.id == raw).unwrap();
        let (mut groups, mut partitions) = (BTreeMap::new(), BTreeSet::new());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let read = savepoint.for_each_part(&operator, |part| match part.state {
            PartState::RawKeyed(handle) => savepoint.raw_keyed(part, handle, |group, bytes| {
                assert!(groups.insert(group, text(bytes)).is_none(), "{id}");
            }),
            PartState::RawOperator(handle) => savepoint.raw_operator(part, handle, |name, bytes| {
                assert_eq!(*name, *"_default_", "{id}");
                partitions.insert(text(bytes));
            }),
            _ => Ok(()),
        });
        read.unwrap();
        let started = [0, 64].into_iter().chain((5..128).step_by(10));
        let expected = started.map(|group| {
            (group, if [35, 125].contains(&group) { String::new() } else { format!("raw-group-{group}") })
        });
        assert_eq!(groups, expected.collect(), "{id}");
        let expected =
            [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)].map(|(subtask, i)| format!("raw-partition-{subtask}-{i}"));
        assert_eq!(partitions, expected.into(), "{id}");

        let fingerprint = whole(&golden);
        let operator = &fingerprint.operators[&raw];
        let counts = operator.states.iter().map(|(key, state)| (key.kind, state.total.entries));
        let counts: BTreeMap<_, _> = counts.collect();
        assert_eq!((counts[&LogicalKind::RawKeyed], counts[&LogicalKind::RawOperator]), (15, 5), "{id}");
    }
}

#[test]
fn states_without_entries_are_known_and_count_for_nothing() {
    for golden in rich() {
        let fingerprint = whole(&golden);
        for (uid, states) in [("empty", 5), ("empty-operator-states", 3)] {
            let operator = &fingerprint.operators[&OperatorId::from_uid(uid)];
            assert_eq!(operator.states.len(), states, "{}", golden.id);
            assert!(operator.is_empty(), "{}: {operator:?}", golden.id);
        }
    }
    let golden = rich().into_iter().find(|golden| golden.id == "2.3.0-rocksdb-rich").unwrap();
    let fingerprint = whole(&golden);
    let many = &fingerprint.operators[&OperatorId::from_uid("many")];
    assert_eq!(many.states.len(), 152);
    assert_eq!(many.states.values().map(|state| state.total.entries).sum::<u64>(), 30);
    let value = state(&fingerprint.operators[&OperatorId::from_uid("ambiguous")], "VALUE value");
    assert_eq!(value.serializers.namespace.as_deref(), Some("StringSerializer"));
}

#[test]
fn it_can_be_written_for_every_release() {
    let scratch = tempfile::tempdir().unwrap();
    for golden in rich().iter().filter(|golden| golden.id.contains("-rocksdb-rich")) {
        let digest = whole(golden).digest();
        for release in Release::ALL {
            for compression in [None, Some(true)] {
                let directory = scratch.path().join(format!("{}-{release}-{compression:?}", golden.id));
                let writer = SavepointWriter::create(&directory).unwrap();
                let dropping = Dropping::everything();
                Rewrite { compression, dropping, ..Rewrite::new(release) }.run(&open(golden), writer).unwrap();
                let bytes = std::fs::read(directory.join(METADATA)).unwrap();
                let written = Golden { id: format!("{} for {release}", golden.id), directory, bytes };
                assert_eq!(whole(&written).digest(), digest, "{}", written.id);
            }
        }
    }
}
