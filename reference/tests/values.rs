//! Every key, namespace, user key, value, element and timer of the golden corpus is decoded by its serializer snapshot, and encodes
//! to the same bytes; every key that can be hashed stands in its key group.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use common::{Golden, corpus};
use flink_savepoint::keyed::{KeyLayout, MaxParallelism, Timer};
use flink_savepoint::logical::{About, KeyCheck, KeyVerdict, LogicalKind, Place, StateKey, Visitor, visit};
use flink_savepoint::meta_info::{KeyedStateType, StateKind};
use flink_savepoint::metadata::Metadata;
use flink_savepoint::savepoint::{FileName, Savepoint, Store, Why};
use flink_savepoint::serializer::{Hints, SerializerSnapshot};
use flink_savepoint::value::{TypeDescription, Value};

struct Directory(PathBuf);

impl Store for Directory {
    type Bytes = Vec<u8>;

    fn open(&self, name: &FileName<'_>) -> std::io::Result<Vec<u8>> {
        fs::read(self.0.join(name.as_str()))
    }
}

/// The types of a state.
struct Types {
    key: StateKey,
    key_type: Option<TypeDescription>,
    namespace: Option<TypeDescription>,
    value: Option<TypeDescription>,
    layout: Option<KeyLayout>,
    check: Option<KeyCheck>,
}

#[derive(Default)]
struct Counts {
    values: usize,
    opaque: usize,
    verified: usize,
    unverifiable: usize,
    snapshots: usize,
}

struct Checker<'c> {
    id: String,
    max: Option<MaxParallelism>,
    numbers: BTreeMap<StateKey, usize>,
    states: Vec<Types>,
    counts: &'c mut Counts,
}

impl Checker<'_> {
    /// Decodes and encodes; opaque values are themselves.
    fn round(&mut self, state: usize, what: &str, ty: &TypeDescription, bytes: &[u8]) {
        let place = || format!("{} {} {what}: {ty}: {bytes:02x?}", self.id, self.states[state].key);
        let value = ty.decode(bytes).unwrap_or_else(|e| panic!("{}: {e}", place()));
        assert_eq!(ty.encode(&value).unwrap_or_else(|e| panic!("{}: {e}", place())), bytes, "{}", place());
        self.count(&value);
    }

    fn count(&mut self, value: &Value<'_>) {
        if matches!(value, Value::Opaque(_)) {
            self.counts.opaque += 1;
        } else {
            self.counts.values += 1;
        }
    }
}

impl Visitor for Checker<'_> {
    fn state(&mut self, state: &StateKey, about: &About<'_>) -> Option<usize> {
        for snapshot in [about.key_serializer, about.namespace_serializer, about.value_serializer].into_iter().flatten()
        {
            // A foreign one cannot be read by itself.
            if !snapshot.is_foreign() {
                let again = SerializerSnapshot::parse(snapshot.raw(), &Hints::default()).unwrap();
                assert_eq!(again.raw(), snapshot.raw());
                assert_eq!(again.type_description(), snapshot.type_description());
            }
            self.counts.snapshots += 1;
        }
        let next = self.states.len();
        let number = *self.numbers.entry(state.clone()).or_insert(next);
        if number == next {
            let ty = |snapshot: Option<&SerializerSnapshot<'_>>| snapshot.map(SerializerSnapshot::type_description);
            let (key_type, namespace) = (ty(about.key_serializer), ty(about.namespace_serializer));
            let layout = match (state.kind, &key_type, &namespace) {
                (LogicalKind::Managed(StateKind::Keyed(kind)), Some(key), Some(namespace)) => {
                    KeyLayout::new(key.clone(), namespace.clone(), kind)
                }
                _ => None,
            };
            let check = self.max.and_then(|max| KeyCheck::of(state, about, max));
            let value = ty(about.value_serializer);
            self.states.push(Types { key: state.clone(), key_type, namespace, value, layout, check });
        }
        Some(number)
    }

    fn entry(&mut self, place: Place, key: &[u8], value: &[u8]) {
        let state = place.state;
        let Types { key: of, key_type, namespace, value: value_type, layout, check } = &self.states[state];
        let (key_type, namespace, value_type) = (key_type.clone(), namespace.clone(), value_type.clone());
        let (kind, layout) = (of.kind, layout.clone());
        match check.as_ref().map(|check| check.check(place, key)) {
            Some(KeyVerdict::Verified) => self.counts.verified += 1,
            Some(other) => panic!("{} {of}: {key:02x?} in {:?}: {other:?}", self.id, place.key_group),
            None if of.is_keyed() => self.counts.unverifiable += 1,
            None => {}
        }
        match kind {
            LogicalKind::Managed(StateKind::Keyed(kind)) => {
                if let Some(parts) = layout.as_ref().and_then(|layout| layout.split(key)) {
                    self.round(state, "key", &key_type.unwrap(), parts.key);
                    self.round(state, "namespace", &namespace.unwrap(), parts.namespace);
                    if let (Some(user_key), Some(TypeDescription::Map { key, .. })) = (parts.user_key, &value_type) {
                        self.round(state, "user key", key, user_key);
                    }
                    assert_eq!(layout.unwrap().join(&parts), key);
                }
                match (kind, value_type.unwrap()) {
                    (KeyedStateType::List, TypeDescription::List { element, .. }) => {
                        let list = element.decode_list_state(value).unwrap();
                        if let Value::List(elements) = &list {
                            assert_eq!(element.encode_list_state(elements).unwrap(), value);
                        }
                        self.count(&list);
                    }
                    (KeyedStateType::Map, TypeDescription::Map { value: ty, .. }) => {
                        let decoded = ty.decode_map_value(value).unwrap();
                        assert_eq!(ty.encode_map_value(&decoded).unwrap(), value);
                        self.count(&decoded);
                    }
                    (_, ty) => self.round(state, "value", &ty, value),
                }
            }
            LogicalKind::Managed(StateKind::PriorityQueue) => {
                // Timers of raw keyed state have no serializer of their own.
                match value_type {
                    Some(ty) => self.round(state, "timer", &ty, key),
                    None => assert!(Timer::read(key).is_some()),
                }
            }
            LogicalKind::Managed(StateKind::Operator { .. }) => self.round(state, "element", &value_type.unwrap(), key),
            LogicalKind::Managed(StateKind::Broadcast) if !key.is_empty() => {
                self.round(state, "key", &key_type.unwrap(), key);
                self.round(state, "value", &value_type.unwrap(), value);
            }
            _ => {}
        }
    }
}

fn check(golden: &Golden, counts: &mut Counts) {
    let metadata = Metadata::parse(&golden.bytes).unwrap();
    let savepoint = Savepoint::new(metadata, Directory(golden.directory.clone()));
    for operator in &savepoint.metadata().operators {
        let max = MaxParallelism::new(operator.max_parallelism);
        let id = golden.id.clone();
        let mut checker = Checker { id, max, numbers: BTreeMap::new(), states: Vec::new(), counts };
        let visited = visit(&savepoint, &operator, &mut checker);
        for failure in visited.failures {
            let expected = matches!(failure.why, Why::Native(_) | Why::Undivided { .. });
            assert!(expected, "{}: {failure}", golden.id);
        }
    }
}

#[test]
fn everything_is_decoded_and_encodes_to_the_same_bytes() {
    let mut counts = Counts::default();
    for golden in corpus().iter().filter(|golden| !golden.id.contains("-crafted-")) {
        check(golden, &mut counts);
    }
    let Counts { values, opaque, verified, unverifiable, snapshots } = counts;
    println!(
        "{values} values decoded, {opaque} opaque; {verified} keys verified, {unverifiable} unverifiable; {snapshots} snapshots"
    );
    assert!(values > 50_000 && verified > 15_000 && snapshots > 2_000, "{values} {verified} {snapshots}");
    // Kryo, a user's serializer, and lists that hold what does not say where it ends.
    assert!(opaque * 100 < values, "{opaque} of {values}");
    assert!(unverifiable < 1_000, "{unverifiable}");
}

/// The types of all states.
struct Names<'n>(&'n mut BTreeMap<String, String>);
impl Visitor for Names<'_> {
    fn state(&mut self, state: &StateKey, about: &About<'_>) -> Option<usize> {
        let ty = about.value_serializer.map(|ty| ty.type_description().to_string()).unwrap_or_default();
        self.0.insert(state.to_string(), ty);
        None
    }
    fn wants_group(&self, _: u16) -> bool {
        false
    }
    fn entry(&mut self, _: Place, _: &[u8], _: &[u8]) {}
}

#[test]
fn types_print_as_people_know_them() {
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    let golden = corpus().into_iter().find(|golden| golden.id == "2.3.0-rocksdb-typed").unwrap();
    let savepoint = Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), Directory(golden.directory.clone()));
    for operator in &savepoint.metadata().operators {
        visit(&savepoint, &operator, &mut Names(&mut types));
    }
    for (state, expected) in [
        ("LIST decimals", "LIST<BIG_DEC>"),
        ("MAP rows", "MAP<TUPLE<INT, STRING>, ROW<STRING, BIGINT>>"),
        ("VALUE texts", "OBJECT_ARRAY<STRING>"),
        ("REDUCING reducing", "TUPLE<BIGINT, STRING>"),
        ("VALUE color", "ENUM<TypedTypes$Color>"),
        ("MAP ttl-map", "TTL"),
    ] {
        let found = &types[state];
        assert!(found == expected || expected == "TTL" && found.contains("TTL<"), "{state}: {found}");
    }
}
