//! A diff names exactly what was changed, and nothing where only the spelling differs.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use common::made::{Made, OnDisk, UID};
use common::{Golden, corpus, jobs};
use flink_savepoint::logical::{
    Change, Diff, DiffOptions, Difference, Presence, StateKey, Volatile, Workers, diff, diff_with, fingerprint,
};
use flink_savepoint::metadata::{KeyedHandle, Metadata, OperatorId, Release};
use flink_savepoint::savepoint::{Directory, FileName, PartState, Savepoint, Store};
use tempfile::TempDir;

/// A savepoint's directory, with other bytes in some of its files.
struct Patched {
    directory: Directory,
    files: BTreeMap<String, Vec<u8>>,
}

impl Patched {
    fn of(golden: &Golden) -> Self {
        Self { directory: Directory::new(&golden.directory), files: BTreeMap::new() }
    }

    fn flipped(golden: &Golden, file: &str, at: usize) -> Self {
        let mut patched = Self::of(golden);
        let mut bytes = patched.open(&FileName::new(file).unwrap()).unwrap();
        bytes[at] ^= 1;
        patched.files.insert(file.to_owned(), bytes);
        patched
    }
}

impl Store for Patched {
    type Bytes = Vec<u8>;

    fn open(&self, name: &FileName<'_>) -> io::Result<Vec<u8>> {
        self.files.get(name.as_str()).map_or_else(|| self.directory.open(name), |bytes| Ok(bytes.clone()))
    }
}

fn golden(id: &str) -> Golden {
    corpus().into_iter().find(|golden| golden.id == id).unwrap_or_else(|| panic!("no golden {id}"))
}

/// Three workers, of which the last is the first to be done.
struct ThreeBackwards;

impl Workers for ThreeBackwards {
    fn count(&self) -> usize {
        3
    }

    fn map<T: Send>(&self, tasks: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let mut done: Vec<T> = (0..tasks).rev().map(task).collect();
        done.reverse();
        done
    }
}

fn compared<A: Store + Sync, B: Store + Sync>(
    a: &Savepoint<'_, A>,
    b: &Savepoint<'_, B>,
    options: &DiffOptions,
    ignore_volatile: bool,
) -> Diff {
    let (of_a, of_b) = (fingerprint(a, &mut |_| ()), fingerprint(b, &mut |_| ()));
    let ignore = |_: &OperatorId, _: &_, _: &StateKey, why: Option<Volatile>| ignore_volatile && why.is_some();
    let result = diff((a, &of_a), (b, &of_b), options, &ignore);
    assert!(result.failures.is_empty(), "{:?}", result.failures);
    let by_three = diff_with((a, &of_a), (b, &of_b), options, &ignore, &ThreeBackwards);
    assert_eq!(format!("{by_three:?}"), format!("{result:?}"));
    if !ignore_volatile {
        assert_eq!(of_a.digest() == of_b.digest(), result.is_empty(), "fingerprint and diff agree");
    }
    result
}

/// An entry of keyed state, and where its value is.
struct Found {
    operator: OperatorId,
    state: String,
    group: u16,
    key: Vec<u8>,
    value: Vec<u8>,
    file: String,
    at: usize,
}

/// The keyed entries of a savepoint with uncompressed files.
fn keyed_entries(golden: &Golden) -> Vec<Found> {
    let savepoint = Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), Directory::new(&golden.directory));
    let mut found = Vec::new();
    for operator in &savepoint.metadata().operators {
        let read = savepoint.for_each_part(&operator, |part| {
            let PartState::ManagedKeyed(handle) = part.state else { return Ok(()) };
            let KeyedHandle::KeyGroups(groups) = handle else { panic!("native") };
            let file = groups.delegate.path().expect("a file").to_string();
            savepoint.keyed(part, handle, |stream| {
                for section in stream.sections() {
                    let start = usize::try_from(section.offset()).unwrap();
                    let first = section.bytes().as_ptr().addr();
                    for entry in section.entries().expect("not compressed") {
                        let entry = entry?;
                        found.push(Found {
                            operator: operator.id,
                            state: stream.header().state(entry.state).unwrap().name.to_string(),
                            group: entry.key_group.0,
                            key: entry.key.to_vec(),
                            value: entry.value.to_vec(),
                            file: file.clone(),
                            at: start + entry.value.as_ptr().addr() - first,
                        });
                    }
                }
                Ok(())
            })
        });
        read.unwrap();
    }
    found
}

#[test]
fn one_flipped_bit_is_named_exactly() {
    for id in ["1.13.6-hashmap-file", "1.20.5-rocksdb-file", "2.3.0-rocksdb-file"] {
        let golden = golden(id);
        let entries = keyed_entries(&golden);
        let mut states = BTreeSet::new();
        let open = |store| Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), store);
        for (i, entry) in entries.iter().filter(|entry| !entry.value.is_empty()).enumerate() {
            // The last byte of the value: of a null map value it means nothing.
            let last = entry.value.len() - 1;
            let means_nothing = entry.state == "map" && entry.value[0] == 1 && last > 0;
            let patched = Patched::flipped(&golden, &entry.file, entry.at + last);
            let (before, after) = (open(Patched::of(&golden)), open(patched));
            let diff = compared(&before, &after, &DiffOptions::default(), false);
            if means_nothing {
                assert!(diff.is_empty(), "{id} entry {i}");
                continue;
            }
            states.insert(entry.state.as_str());
            let [Change { operator, state, key_group, key, before, after }] = diff.changes.as_slice() else {
                panic!("{id} entry {i}: {diff:?}");
            };
            assert_eq!((operator, state.name.to_string()), (&entry.operator, entry.state.clone()));
            assert_eq!((*key_group, &key.head), (Some(entry.group), &entry.key));
            let mut flipped = entry.value.clone();
            flipped[last] ^= 1;
            assert_eq!(before.iter().map(|value| &value.head).collect::<Vec<_>>(), [&entry.value]);
            assert_eq!(after.iter().map(|value| &value.head).collect::<Vec<_>>(), [&flipped]);
            let [state] = diff.states.as_slice() else { panic!("{id} entry {i}: {diff:?}") };
            assert_eq!((state.added, state.removed, state.changed), (0, 0, 1));
            assert!(diff.operators.is_empty() && diff.about.is_empty());
        }
        assert_eq!(states.into_iter().collect::<Vec<_>>(), ["aggregating", "list", "map", "reducing", "счёт"], "{id}");
    }
}

#[test]
fn backends_and_releases_do_not_differ() {
    let first = golden("1.13.6-hashmap-file");
    let open = |golden: &Golden| Directory::new(&golden.directory);
    for other in jobs().iter().filter(|other| !other.id.ends_with("mp200")) {
        let a = Savepoint::new(Metadata::parse(&first.bytes).unwrap(), open(&first));
        let b = Savepoint::new(Metadata::parse(&other.bytes).unwrap(), open(other));
        let diff = compared(&a, &b, &DiffOptions::default(), true);
        assert!(diff.is_empty(), "{}: {diff:?}", other.id);
    }
}

fn on_disk(scratch: &TempDir, name: &str, made: &Made) -> OnDisk {
    OnDisk::open(made.write(&scratch.path().join(name)))
}

#[test]
fn layout_is_no_difference() {
    let scratch = tempfile::tempdir().unwrap();
    let made = Made::of(500);
    let first = on_disk(&scratch, "first", &made);
    let digest = first.fingerprint().digest();
    let variants = [
        ("rescaled", Made { parallelism: 5, ..made.clone() }),
        ("one-subtask", Made { parallelism: 1, ..made.clone() }),
        ("compressed", Made { compressed: true, ..made.clone() }),
        ("inline", Made { inline: 1 << 20, ..made.clone() }),
        ("other-ids", Made { swapped: true, ..made.clone() }),
        ("older", Made { release: Release::V1_13, ..made.clone() }),
    ];
    for (name, variant) in variants {
        let other = on_disk(&scratch, name, &variant);
        assert_eq!(other.fingerprint().digest(), digest, "{name}");
        assert!(compared(&first.savepoint(), &other.savepoint(), &DiffOptions::default(), false).is_empty(), "{name}");
    }
    // Key groups are part of the meaning.
    let other = on_disk(&scratch, "other-groups", &Made { max_parallelism: 200, ..made });
    let diff = compared(&first.savepoint(), &other.savepoint(), &DiffOptions::default(), false);
    let id = OperatorId::from_uid(UID);
    assert_eq!(diff.about, [(id, Difference::MaxParallelism { a: 128, b: 200 })]);
}

#[test]
fn null_map_values_have_two_spellings() {
    let scratch = tempfile::tempdir().unwrap();
    let with = |value: &[u8]| {
        let mut made = Made::of(3);
        made.entries.push(("map", 1, 7_i64.to_be_bytes().to_vec(), value.to_vec()));
        made
    };
    let short = on_disk(&scratch, "short", &with(&[1]));
    let long = on_disk(&scratch, "long", &with(&[1, 0, 0, 0, 0, 0, 0, 0, 0]));
    let zero = on_disk(&scratch, "zero", &with(&[0, 0, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(short.fingerprint().digest(), long.fingerprint().digest());
    assert_ne!(short.fingerprint().digest(), zero.fingerprint().digest());
}

/// Adds, removes and changes entries, and returns what a diff has to say of them: state, added, removed, changed.
fn edited(made: &Made) -> (Made, [(&'static str, u64, u64, u64); 3]) {
    let mut other = made.clone();
    other.entries.retain(|(state, key, ..)| !(*state == "a" && key % 100 == 7 || *state == "map" && key % 40 == 0));
    let counts = |state: &str, of: &dyn Fn(i64) -> bool| {
        made.entries.iter().filter(|(name, key, ..)| *name == state && of(*key)).count() as u64
    };
    for (_, _, _, value) in other.entries.iter_mut().filter(|(state, key, ..)| *state == "b" && key % 50 == 3) {
        value[7] ^= 0x40;
    }
    for key in 1_000_000..1_000_010 {
        other.entries.push(("a", key, Vec::new(), b"new".to_vec()));
    }
    let expected = [
        ("a", 10, counts("a", &|key| key % 100 == 7), 0),
        ("b", 0, 0, counts("b", &|key| key % 50 == 3)),
        ("map", 0, counts("map", &|key| key % 40 == 0), 0),
    ];
    (other, expected)
}

#[test]
fn what_is_added_removed_and_changed_is_counted_and_shown() {
    let scratch = tempfile::tempdir().unwrap();
    let made = Made::of(2_000);
    let (other, expected) = edited(&made);
    let (a, b) = (on_disk(&scratch, "a", &made), on_disk(&scratch, "b", &other));
    let all = compared(&a.savepoint(), &b.savepoint(), &DiffOptions::default(), false);
    let counts: Vec<_> = all.states.iter().map(|s| (s.state.name.to_string(), s.added, s.removed, s.changed)).collect();
    let as_text = expected.map(|(name, added, removed, changed)| (name.to_owned(), added, removed, changed));
    assert_eq!(counts, as_text);
    let total: u64 = expected.iter().map(|(_, added, removed, changed)| added + removed + changed).sum();
    assert_eq!(all.changes.len() as u64, total);
    for change in &all.changes {
        let (before, after) = (change.before.len(), change.after.len());
        let key = i64::from_be_bytes(change.key.head[..8].try_into().unwrap());
        match change.state.name.to_string().as_str() {
            "a" if key >= 1_000_000 => assert_eq!((before, after), (0, 1)),
            "a" | "map" => assert_eq!((before, after), (1, 0)),
            _ => assert_eq!((before, after), (1, 1)),
        }
    }

    // The other way round it is mirrored.
    let mirrored = compared(&b.savepoint(), &a.savepoint(), &DiffOptions::default(), false);
    for (one, other) in all.states.iter().zip(&mirrored.states) {
        assert_eq!((one.added, one.removed, one.changed), (other.removed, other.added, other.changed));
    }

    // With memory for a dozen entries it takes many passes, and comes to the same.
    let little = DiffOptions { memory: 600, ..DiffOptions::default() };
    let in_passes = compared(&a.savepoint(), &b.savepoint(), &little, false);
    assert_eq!(in_passes.states, all.states);
    let sorted = |diff: &Diff| {
        let mut changes: Vec<String> = diff.changes.iter().map(|change| format!("{change:?}")).collect();
        changes.sort();
        changes
    };
    assert_eq!(sorted(&in_passes), sorted(&all));

    // What is not shown is counted.
    let few = DiffOptions { limit: 3, bytes: 2, ..DiffOptions::default() };
    let shown = compared(&a.savepoint(), &b.savepoint(), &few, false);
    assert_eq!((&shown.states, shown.changes.len()), (&all.states, 3));
    assert!(shown.changes.iter().all(|change| change.key.head.len() == 2 && change.key.length >= 9));
}

#[test]
fn repeated_keys_are_compared_as_often_as_they_stand() {
    let scratch = tempfile::tempdir().unwrap();
    let with = |values: &[&[u8]]| {
        let mut made = Made::of(1);
        made.entries.extend(values.iter().map(|value| ("a", 5, Vec::new(), value.to_vec())));
        made
    };
    let a = on_disk(&scratch, "a", &with(&[b"x", b"x", b"y"]));
    let b = on_disk(&scratch, "b", &with(&[b"x", b"z"]));
    let diff = compared(&a.savepoint(), &b.savepoint(), &DiffOptions::default(), false);
    let [state] = diff.states.as_slice() else { panic!("{diff:?}") };
    assert_eq!((state.added, state.removed, state.changed), (0, 1, 1));
    let [change] = diff.changes.as_slice() else { panic!("{diff:?}") };
    assert_eq!((change.before.len(), change.after.len()), (2, 1));
}

#[test]
fn broadcast_maps_are_compared_by_entry_and_copies_with_each_other() {
    let scratch = tempfile::tempdir().unwrap();
    let made = Made::of(3);
    let mut other = made.clone();
    other.broadcast.insert(1, 100);
    other.broadcast.insert(9, 81);
    let (a, b) = (on_disk(&scratch, "a", &made), on_disk(&scratch, "b", &other));
    let diff = compared(&a.savepoint(), &b.savepoint(), &DiffOptions::default(), false);
    let [state] = diff.states.as_slice() else { panic!("{diff:?}") };
    assert_eq!((state.state.name.to_string().as_str(), state.added, state.changed), ("rules", 1, 1));

    // The file of the second subtask's copy in the other savepoint: the copies differ.
    let savepoint = b.savepoint();
    let operator = savepoint.metadata().operators.iter().next().unwrap();
    let mut files = Vec::new();
    let done: Result<(), ()> = savepoint.for_each_part(&operator, |part| {
        if let PartState::ManagedOperator(_) = part.state {
            files.push(part.file().unwrap());
        }
        Ok(())
    });
    done.unwrap();
    let file = b.directory.join(&files[1]);
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let diff =
        compared(&on_disk(&scratch, "again", &other).savepoint(), &b.savepoint(), &DiffOptions::default(), false);
    let [(_, Difference::CopiesDiffer { state, within: Presence::OnlyInB })] = diff.about.as_slice() else {
        panic!("{diff:?}")
    };
    assert_eq!(state.name.to_string(), "rules");
}

#[test]
fn an_operator_that_only_one_has() {
    let scratch = tempfile::tempdir().unwrap();
    let a = on_disk(&scratch, "a", &Made::of(3));
    let empty = Metadata::new(Release::V2_3.metadata_version(), 1);
    let b = Savepoint::new(empty, Directory::new(scratch.path()));
    let diff = compared(&a.savepoint(), &b, &DiffOptions::default(), false);
    assert_eq!(diff.operators, [(Presence::OnlyInA, OperatorId::from_uid(UID))]);
    assert_eq!(diff.states.iter().map(|state| state.removed).sum::<u64>(), 3 + 3 + 1 + 3);
}
