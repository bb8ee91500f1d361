//! The manifest describes the vectors, all of them and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use flink_savepoint::metadata::{Metadata, Release};
use flink_savepoint_conformance::matrix::Suite;
use flink_savepoint_conformance::scenario::Scenario;
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    vector: Vec<Vector>,
    serializers: Vec<Serializers>,
}

/// The snapshots and values of a release.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Serializers {
    release: String,
    command: String,
    cases: usize,
    files: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    id: String,
    class: String,
    release: String,
    backend: String,
    kind: String,
    metadata_version: i32,
    features: Vec<String>,
    command: String,
    /// What is not as with all others.
    note: Option<String>,
    files: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    path: String,
    size: u64,
    sha256: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn every_vector_is_described_and_as_described() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let manifest: Manifest = toml::from_str(&fs::read_to_string(vectors.join("manifest.toml")).unwrap()).unwrap();
    let mut total = 0;
    let mut ids = BTreeSet::new();
    for vector in &manifest.vector {
        let id = &vector.id;
        assert!(ids.insert(id.clone()), "{id} twice");
        assert_eq!(vector.class, "valid", "{id}");
        assert!(id.starts_with(&vector.release), "{id}");
        assert!(matches!(vector.backend.as_str(), "hashmap" | "rocksdb" | "none"), "{id}");
        assert!(matches!(vector.kind.as_str(), "canonical" | "native" | "crafted"), "{id}");
        assert!(!vector.features.is_empty(), "{id}");
        assert_eq!(vector.note.is_some(), id.ends_with("-avro"), "{id}");
        assert!(vector.command.starts_with(&format!("conformance/flink/flink {} ", vector.release)), "{id}");

        let directory = vectors.join("valid").join(id);
        let there: BTreeSet<String> = fs::read_dir(&directory)
            .unwrap_or_else(|e| panic!("{id}: {e}"))
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(there, vector.files.iter().map(|file| file.path.clone()).collect(), "{id}");
        for file in &vector.files {
            let bytes = fs::read(directory.join(&file.path)).unwrap();
            let hash: String = hex(&Sha256::digest(&bytes));
            assert_eq!((bytes.len() as u64, &hash), (file.size, &file.sha256), "{id}/{}", file.path);
            total += file.size;
            if file.path == "_metadata" {
                let version = Metadata::parse(&bytes).unwrap().version();
                assert_eq!(version.number(), vector.metadata_version, "{id}");
                let release: Release = vector.release.parse().unwrap();
                assert_eq!(version, release.metadata_version(), "{id}");
            }
        }
    }
    let there: BTreeSet<String> = fs::read_dir(vectors.join("valid"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, ids);
    assert!(total < 4_000_000, "the corpus has {total} bytes");

    let mut serializers = BTreeSet::new();
    let mut total = 0;
    for of_release in &manifest.serializers {
        assert_eq!(of_release.command, format!("conformance/flink/make-serializers {}", of_release.release));
        for file in &of_release.files {
            let bytes = fs::read(vectors.join("serializers").join(&file.path)).unwrap();
            assert_eq!(
                (bytes.len() as u64, hex(&Sha256::digest(&bytes))),
                (file.size, file.sha256.clone()),
                "{}",
                file.path
            );
            assert_eq!(std::str::from_utf8(&bytes).unwrap().lines().count(), of_release.cases + 1, "{}", file.path);
            assert!(serializers.insert(file.path.clone()), "{} twice", file.path);
            total += file.size;
        }
    }
    let there: BTreeSet<String> = fs::read_dir(vectors.join("serializers"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, serializers);
    assert!(total < 1_400_000, "the serializers have {total} bytes");
}

/// Names in a directory.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn savepoints_of_scenarios_are_described_and_as_described() {
    let suite = Suite::find(Some(Path::new(env!("CARGO_MANIFEST_DIR")))).unwrap();
    let known: BTreeSet<String> = Scenario::all().unwrap().into_iter().map(|scenario| scenario.id).collect();
    let mut described: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut total = 0;
    for (golden, directory) in suite.goldens().unwrap() {
        let id = format!("{}/{}", golden.producer, golden.scenario);
        assert!(known.contains(&golden.scenario), "{id}: no such scenario");
        assert!(golden.producer.starts_with(&golden.release), "{id}: {}", golden.release);
        let written_by = format!("--producer flink-{} --scenario {} ", golden.producer, golden.scenario);
        assert!(golden.command.contains(&written_by), "{id}: {}", golden.command);
        assert_eq!(names(&directory), golden.files.iter().map(|file| file.path.clone()).collect(), "{id}");
        for file in &golden.files {
            let bytes = fs::read(directory.join(&file.path)).unwrap();
            let found = (bytes.len() as u64, hex(&Sha256::digest(&bytes)));
            assert_eq!(found, (file.size, file.sha256.clone()), "{id}/{}", file.path);
            total += file.size;
        }
        assert!(described.entry(golden.producer).or_default().insert(golden.scenario), "{id} twice");
    }
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/scenarios");
    let mut producers: BTreeSet<String> = described.keys().cloned().collect();
    assert!(producers.len() >= 3, "{producers:?}");
    for (producer, scenarios_of) in &described {
        assert_eq!(names(&scenarios.join(producer)), *scenarios_of, "{producer}");
    }
    producers.insert("manifest.toml".to_owned());
    assert_eq!(names(&scenarios), producers);
    assert!(total < 400_000, "the savepoints have {total} bytes");
}
