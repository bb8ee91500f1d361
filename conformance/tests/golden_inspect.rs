//! What `savepoint inspect` says of the golden corpus.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{fs, str};

use flink_savepoint::metadata::{Metadata, Release};
use flink_savepoint_conformance::inspect::Report;
use flink_savepoint_conformance::json;
use serde_json::Value;

fn vector(id: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/valid").join(id)
}

fn savepoint(arguments: &[&str]) -> Output {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    Command::new(env!("CARGO_BIN_EXE_savepoint")).args(arguments).current_dir(root).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn json(id: &str) -> Value {
    let output = savepoint(&["inspect", "--format", "json", vector(id).to_str().unwrap()]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{id}: {e}"))
}

/// The vectors of a release that the golden job wrote.
fn jobs() -> impl Iterator<Item = (String, Release)> {
    let mut ids: Vec<String> = fs::read_dir(vector(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|id| !["-crafted-", "-rich", "-typed", "-sql", "-custom", "-avro"].iter().any(|kind| id.contains(kind)))
        .collect();
    ids.sort();
    assert!(ids.len() >= 76, "only {} vectors", ids.len());
    ids.into_iter().map(|id| {
        let release = id.split('-').next().unwrap().parse().unwrap();
        (id, release)
    })
}

#[test]
fn the_tree_of_one_file_of_each_release() {
    for (id, release) in jobs().filter(|(id, _)| id.ends_with("hashmap-file")) {
        let bytes = fs::read(vector(&id).join("_metadata")).unwrap();
        let tree = format!("{:#?}", Metadata::parse(&bytes).unwrap());
        insta::assert_snapshot!(format!("tree-{release}"), tree);
    }
}

#[test]
fn the_page_for_people() {
    let page = savepoint(&["inspect", "conformance/vectors/valid/2.3.0-rocksdb-file"]);
    assert!(page.status.success());
    insta::assert_snapshot!("page", stdout(&page));
    let subtasks = savepoint(&["inspect", "--subtasks", "conformance/vectors/valid/2.3.0-crafted-segment/_metadata"]);
    insta::assert_snapshot!("page-subtasks", stdout(&subtasks));
}

#[test]
fn every_job_of_the_corpus_is_complete_and_of_the_kind_that_was_asked_for() {
    for (id, release) in jobs() {
        let report = json(&id);
        let expected = if id.ends_with("native") { "native-savepoint" } else { "canonical-savepoint" };
        assert_eq!(report["kind"], expected, "{id}");
        assert_eq!(report["metadata_version"], release.metadata_version().number(), "{id}");
        let files = &report["files"];
        assert!(files["referenced"].as_array().unwrap().iter().all(|file| file["status"] == "present"), "{id}");
        assert_eq!(files["unreferenced"].as_array().unwrap().len(), 0, "{id}");
        let inline = id.ends_with("inline-mp200");
        assert_eq!(files["referenced"].as_array().unwrap().is_empty(), inline, "{id}");

        let operators = report["operators"].as_array().unwrap();
        assert_eq!(operators.len(), 7, "{id}");
        // The uid of an operator is a hash in all releases, and text from 2.0 on.
        let of = |hash: &str| operators.iter().find(|operator| operator["id"] == hash).unwrap_or(&Value::Null);
        let by_number = of("e62c7aa86ab73d2932009b18cf706492");
        let named = release >= Release::V2_0;
        assert_eq!(by_number["uid"] == "by-number", named, "{id}");
        assert_eq!(by_number["name"] == "by number", named, "{id}");
        assert_eq!(by_number["max_parallelism"], if inline { 200 } else { 128 }, "{id}");
        let groups: u64 = by_number["subtasks"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|subtask| subtask["handles"].as_array().unwrap())
            .map(|handle| handle["key_groups"]["count"].as_u64().unwrap())
            .sum();
        assert_eq!(groups, if inline { 200 } else { 128 }, "{id}");
    }
}

#[test]
fn checkpoints_and_unknown_kinds() {
    for (id, kind) in [
        ("1.14.6-crafted-changelog", "checkpoint"),
        ("1.13.6-crafted-channel", "checkpoint"),
        ("1.14.6-crafted-keygroups", "checkpoint-or-native-savepoint"),
        ("1.13.6-crafted-keyedsavepoint", "canonical-savepoint"),
        ("1.20.5-crafted-empty", "unknown"),
        ("1.20.5-crafted-properties-retained", "checkpoint"),
        ("2.3.0-crafted-properties-terminate", "native-savepoint"),
    ] {
        assert_eq!(json(id)["kind"], kind, "{id}");
    }
}

#[test]
fn the_committed_json_schemas_are_those_of_the_types() {
    let schemas = [
        ("inspect", json::schema::<Report>()),
        ("fingerprint", json::schema::<flink_savepoint_conformance::fingerprint::Report>()),
        ("diff", json::schema::<flink_savepoint_conformance::diff::Report>()),
        ("explain", json::schema::<flink_savepoint_conformance::explain::Line<'_>>()),
    ];
    for (command, schema) in schemas {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{command}.json"));
        let printed = savepoint(&[command, "--json-schema"]);
        assert_eq!(stdout(&printed), schema);
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, schema, "write `savepoint {command} --json-schema` into {}", path.display());
    }
}

#[test]
fn files_that_are_missing_resized_or_stray() {
    let scratch = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(vector("1.13.6-hashmap-file")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), scratch.path().join(entry.file_name())).unwrap();
    }
    let mut names: Vec<_> = fs::read_dir(&scratch).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    fs::remove_file(&names[0]).unwrap();
    fs::write(&names[1], b"short").unwrap();
    fs::write(scratch.path().join("stray"), b"").unwrap();

    let output = savepoint(&["inspect", scratch.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let page = stdout(&output);
    let name = |i: usize| names[i].file_name().unwrap().to_str().unwrap();
    assert!(page.contains(&format!("! missing: {}", name(0))), "{page}");
    assert!(page.contains(&format!("! {} has 5 bytes, its handle says ", name(1))), "{page}");
    assert!(page.contains("! no handle refers to stray"), "{page}");
}

#[test]
fn no_path_leaves_the_directory() {
    let scratch = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(vector("1.13.6-crafted-keyedsavepoint").join("_metadata")).unwrap();
    let at = bytes.windows(10).position(|window| window == b"keyed-file").unwrap();
    bytes[at..at + 10].copy_from_slice(b"../../etc/");
    fs::write(scratch.path().join("_metadata"), bytes).unwrap();
    let output = savepoint(&["inspect", scratch.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("! not a plain file name, not followed: ../../etc/"), "{}", stdout(&output));
}

#[test]
fn errors_name_file_offset_field_and_requirement() {
    let scratch = tempfile::tempdir().unwrap();
    let nothing = scratch.path().to_str().unwrap();
    let output = savepoint(&["inspect", nothing]);
    assert_eq!(output.status.code(), Some(2));
    assert!(str::from_utf8(&output.stderr).unwrap().contains("this is not a savepoint directory"));

    let file = scratch.path().join("renamed");
    let mut bytes = fs::read(vector("2.3.0-rocksdb-file").join("_metadata")).unwrap();
    bytes.truncate(1000);
    fs::write(&file, &bytes).unwrap();
    let output = savepoint(&["inspect", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let message = str::from_utf8(&output.stderr).unwrap();
    assert!(
        message.contains("renamed: offset 0x") && message.contains("operators[") && message.contains("[WIRE-"),
        "{message}"
    );

    let mut bytes = fs::read(vector("2.3.0-rocksdb-inline-mp200").join("_metadata")).unwrap();
    bytes.push(0);
    fs::write(&file, &bytes).unwrap();
    let lenient = savepoint(&["inspect", file.to_str().unwrap()]);
    assert!(stdout(&lenient).contains("! 1 bytes after the end of the metadata"), "{}", stdout(&lenient));
    assert_eq!(savepoint(&["inspect", "--strict", file.to_str().unwrap()]).status.code(), Some(2));
}
