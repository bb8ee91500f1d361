//! What savepoints mean: equal whatever backend, release, compression and layout wrote them, and different in exactly the entry
//! that was changed.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Golden, jobs};
use flink_savepoint::logical::{Fingerprint, Volatile, fingerprint};
use flink_savepoint::metadata::Metadata;
use flink_savepoint::savepoint::{Directory, NativeFormat, Savepoint, Why};

fn fingerprint_of(golden: &Golden) -> Fingerprint {
    let metadata = Metadata::parse(&golden.bytes).unwrap();
    fingerprint(&Savepoint::new(metadata, Directory::new(&golden.directory)), &mut |_| ())
}

/// Every state that has entries, except for what may differ from run to run; and what was excepted.
fn comparable(fingerprint: &Fingerprint) -> (BTreeMap<String, String>, BTreeSet<(String, Volatile)>) {
    let (mut states, mut excepted) = (BTreeMap::new(), BTreeSet::new());
    for (id, operator) in &fingerprint.operators {
        for (key, state) in operator.states.iter().filter(|(_, state)| state.total.entries > 0) {
            assert!(!state.copies_differ);
            if let Some(why) = state.volatile {
                excepted.insert((key.to_string(), why));
                continue;
            }
            let groups: Vec<String> =
                state.key_groups.iter().map(|(group, digest)| format!("{group}:{digest}")).collect();
            let what = format!("{} {} {}", state.total, state.total.entries, groups.join(" "));
            states.insert(format!("{id} {key}"), what);
        }
    }
    (states, excepted)
}

#[test]
fn both_backends_and_all_releases_have_equal_fingerprints() {
    let mut by_key_groups = BTreeMap::<u32, BTreeMap<String, BTreeMap<String, String>>>::new();
    for golden in jobs() {
        let fingerprint = fingerprint_of(&golden);
        assert!(fingerprint.failures.is_empty(), "{}: {:?}", golden.id, fingerprint.failures);
        let (states, excepted) = comparable(&fingerprint);
        let excepted: Vec<_> = excepted.iter().map(|(state, why)| (state.as_str(), *why)).collect();
        let of_the_source = [
            ("COORDINATOR ", Volatile::SourcePosition),
            ("SPLIT_DISTRIBUTE SourceReaderState", Volatile::SourcePosition),
        ];
        assert_eq!(excepted, of_the_source, "{}", golden.id);
        let most = fingerprint.operators.values().map(|operator| operator.max_parallelism).max().unwrap();
        by_key_groups.entry(most).or_default().insert(golden.id, states);
    }
    assert_eq!(by_key_groups.len(), 2);
    for of_one in by_key_groups.values() {
        let (first_id, first) = of_one.first_key_value().unwrap();
        assert!(first.len() >= 10, "{first:#?}");
        assert!(of_one.len() >= 20);
        for (id, states) in of_one {
            assert_eq!(states, first, "{id} and {first_id}");
        }
    }
}

fn is_native(golden: &Golden) -> bool {
    golden.id.ends_with("-native") && !golden.id.contains("-crafted-")
}

#[test]
fn native_state_is_named_and_not_taken_for_empty() {
    let native: Vec<Golden> = common::corpus().into_iter().filter(is_native).collect();
    assert_eq!(native.len(), 4);
    for golden in native {
        let expected = if golden.id.contains("rocksdb") { NativeFormat::RocksDb } else { NativeFormat::Heap };
        let failures = fingerprint_of(&golden).failures;
        assert!(!failures.is_empty(), "{}", golden.id);
        for failure in failures {
            assert!(matches!(failure.why, Why::Native(found) if found == expected), "{}: {failure}", golden.id);
            assert!(failure.to_string().contains("canonical"), "{failure}");
        }
    }
}
