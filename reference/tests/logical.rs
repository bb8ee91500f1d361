//! What savepoints mean: equal whatever backend, release, compression and layout wrote them.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Golden, corpus, jobs};
use flink_savepoint::logical::{Fingerprint, Volatile, fingerprint};
use flink_savepoint::metadata::{Dropping, Metadata, Release};
use flink_savepoint::savepoint::{
    Directory, METADATA, NativeFormat, Rewrite, Savepoint, SavepointWriter, Unusual, Why,
};

fn fingerprint_in(bytes: &[u8], directory: &std::path::Path) -> Fingerprint {
    let metadata = Metadata::parse(bytes).unwrap();
    fingerprint(&Savepoint::new(metadata, Directory::new(directory)), &mut |_| ())
}

fn fingerprint_of(golden: &Golden) -> Fingerprint {
    fingerprint_in(&golden.bytes, &golden.directory)
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
            ("COORDINATOR", Volatile::SourcePosition),
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

#[test]
fn only_the_broken_writer_of_1_18_is_remarked_on() {
    for golden in jobs() {
        let remarks = fingerprint_of(&golden).remarks;
        let broken = golden.release() == Release::V1_18 && golden.id.ends_with("snappy");
        assert_eq!(remarks.len(), if broken { 2 } else { 0 }, "{}: {remarks:?}", golden.id);
        assert!(remarks.iter().all(|remark| remark.what == Unusual::OffsetsNotOfElements), "{}", golden.id);
    }
}

/// Neither compression nor inlining nor the release that it is written for changes what a savepoint means.
#[test]
fn rewritten_savepoints_mean_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    for (i, golden) in jobs().into_iter().enumerate() {
        let before = fingerprint_of(&golden);
        let savepoint = Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), Directory::new(&golden.directory));
        let others = [golden.release(), Release::ALL[i % Release::ALL.len()]];
        for (j, release) in others.into_iter().enumerate() {
            for compression in [None, Some(false), Some(true)] {
                let id = format!("{} for {release}, compression {compression:?}", golden.id);
                let directory = scratch.path().join(format!("{i}-{j}-{compression:?}"));
                let inline = if compression.is_none() { 0 } else { 5_000 };
                let writer = SavepointWriter::create(&directory).unwrap().inline(inline);
                let dropping = Dropping::everything();
                Rewrite { compression, dropping, ..Rewrite::new(release) }.run(&savepoint, writer).unwrap();
                let bytes = std::fs::read(directory.join(METADATA)).unwrap();
                assert_eq!(Metadata::parse(&bytes).unwrap().version(), release.metadata_version(), "{id}");
                let after = fingerprint_in(&bytes, &directory);
                assert!(after.failures.is_empty() && after.remarks.is_empty(), "{id}: {after:?}");
                assert_eq!(after.digest(), before.digest(), "{id}");
            }
        }
    }
}

#[test]
fn what_cannot_be_held_is_an_error_and_leaves_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let golden = jobs().into_iter().find(|golden| golden.id == "2.3.0-rocksdb-file").unwrap();
    let savepoint = Savepoint::new(Metadata::parse(&golden.bytes).unwrap(), Directory::new(&golden.directory));
    let writer = SavepointWriter::create(scratch.path().join("for-1.20")).unwrap();
    let error = Rewrite::new(Release::V1_20).run(&savepoint, writer).unwrap_err().to_string();
    assert!(error.contains("an operator name cannot be held by a file for Flink 1.20"), "{error}");
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
}

fn is_native(golden: &Golden) -> bool {
    golden.id.ends_with("-native") && !golden.id.contains("-crafted-")
}

#[test]
fn native_state_is_named_and_not_taken_for_empty() {
    let native: Vec<Golden> = corpus().into_iter().filter(is_native).collect();
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
