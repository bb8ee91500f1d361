//! `savepoint fingerprint`, `savepoint diff` and `savepoint rewrite`, as a user runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, str};

use flink_savepoint::metadata::stream_handle::FileHandle;
use flink_savepoint::metadata::{
    Handles, KeyedHandle, Metadata, Operator, StateSize, StreamHandle, Subtask, SubtaskState, Subtasks,
};
use serde_json::Value;
use tempfile::TempDir;

fn vector(id: &str) -> String {
    format!("conformance/vectors/valid/{id}")
}

fn savepoint(arguments: &[&str]) -> Output {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    Command::new(env!("CARGO_BIN_EXE_savepoint")).args(arguments).current_dir(root).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = savepoint(&[arguments, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}"))
}

fn digest(directory: &str, more: &[&str]) -> String {
    json(&[&["fingerprint", directory], more].concat())["digest"].as_str().unwrap().to_owned()
}

/// A copy of a vector that can be changed.
fn copy(id: &str) -> (TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let directory = scratch.path().join(id);
    fs::create_dir(&directory).unwrap();
    for entry in fs::read_dir(root.join(vector(id))).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), directory.join(entry.file_name())).unwrap();
    }
    (scratch, directory)
}

/// The largest state file of a savepoint.
fn largest(directory: &Path) -> PathBuf {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| !file.ends_with("_metadata")).max_by_key(|file| fs::metadata(file).unwrap().len()).unwrap()
}

#[test]
fn the_pages_for_people() {
    let fingerprint = savepoint(&["fingerprint", &vector("2.3.0-rocksdb-file")]);
    assert_eq!(code(&fingerprint), 0);
    insta::assert_snapshot!("fingerprint", stdout(&fingerprint));
    let (_scratch, directory) = copy("2.3.0-rocksdb-file");
    let file = largest(&directory);
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.windows(9).position(|window| window == b"element-1").unwrap() + 8;
    bytes[at] ^= 1;
    fs::write(&file, bytes).unwrap();
    let diff = savepoint(&["diff", &vector("1.13.6-hashmap-file"), directory.to_str().unwrap()]);
    assert_eq!((code(&diff), stderr(&diff)), (1, ""));
    insta::assert_snapshot!("diff", stdout(&diff).replace(directory.to_str().unwrap(), "[COPY]"));
    assert!(!stdout(&diff).contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn exit_codes_of_diff() {
    let (a, b) = (vector("1.13.6-hashmap-snappy"), vector("2.3.0-rocksdb-file"));
    let equal = savepoint(&["diff", &a, &b, "--ignore-volatile"]);
    assert_eq!((code(&equal), stdout(&equal), stderr(&equal)), (0, "equal in meaning\n", ""));
    assert_eq!(code(&savepoint(&["diff", &a, &b])), 1);
    assert_eq!(code(&savepoint(&["diff", &a])), 2);
    assert_eq!(code(&savepoint(&["diff", &a, "no-such-directory"])), 2);
    let itself = json(&["diff", &b, &b]);
    assert_eq!((&itself["equal"], &itself["format_version"]), (&Value::Bool(true), &Value::from(1)));
}

#[test]
fn states_can_be_left_out() {
    let (a, b) = (vector("1.13.6-hashmap-file"), vector("2.3.0-rocksdb-file"));
    let diff = |ignore: &[&str]| {
        let arguments: Vec<&str> = ignore.iter().flat_map(|one| ["--ignore", one]).collect();
        code(&savepoint(&[&["diff", &a, &b][..], &arguments].concat()))
    };
    // By uid, by id, by kind and name, by name with a glob. 1.13 has no uids; their hashes do.
    assert_eq!(diff(&["operator=source"]), 0);
    assert_eq!(diff(&["operator=e5a72f353fc1e6bbf3bd96a41384998c"]), 0);
    assert_eq!(diff(&["state=COORDINATOR", "state=Source*State"]), 0);
    assert_eq!(diff(&["operator=source,state=COORDINATOR"]), 1);
    assert_eq!(diff(&["operator=sourc"]), 1);
    let unused = savepoint(&["diff", &a, &b, "--ignore", "state=nothing"]);
    assert_eq!(stderr(&unused), "savepoint: --ignore state=nothing matches no state that differs\n");
    let wrong = savepoint(&["diff", &a, &b, "--ignore", "stat=x"]);
    assert_eq!(code(&wrong), 2);
    assert!(stderr(&wrong).contains("neither operator=GLOB nor state=GLOB"), "{}", stderr(&wrong));

    assert_ne!(digest(&a, &[]), digest(&b, &[]));
    assert_eq!(digest(&a, &["--ignore-volatile"]), digest(&b, &["--ignore-volatile"]));
    assert_eq!(digest(&a, &["--ignore", "operator=source"]), digest(&b, &["--ignore", "operator=source"]));
}

#[test]
fn json_of_a_fingerprint_down_to_key_groups() {
    let report = json(&["fingerprint", &vector("1.20.5-rocksdb-inline-mp200")]);
    assert_eq!(report["algorithm"], "xxh3-128-sum/1");
    let operators = report["operators"].as_array().unwrap();
    let operator = operators.iter().find(|operator| operator["id"] == "e62c7aa86ab73d2932009b18cf706492").unwrap();
    assert_eq!(operator["max_parallelism"], 200);
    let value = operator["states"].as_array().unwrap().iter().find(|state| state["kind"] == "VALUE").unwrap();
    let groups = value["key_groups"].as_array().unwrap();
    let entries = |of: &Value| of["entries"].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(groups.iter().map(entries).sum::<u64>(), entries(value));
    let sum = groups.iter().fold(0_u128, |sum, group| {
        sum.wrapping_add(u128::from_str_radix(group["digest"].as_str().unwrap(), 16).unwrap())
    });
    assert_eq!(format!("{sum:032x}"), value["digest"], "the digest of a state is the sum of those of its key groups");
}

#[test]
fn damaged_state_is_named_with_its_file_and_offset() {
    let (_scratch, directory) = copy("2.3.0-rocksdb-file");
    let file = largest(&directory);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let directory = directory.to_str().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let expected = format!("managed keyed state: {name}: offset 0x");
    for arguments in [&["fingerprint", directory][..], &["diff", directory, directory]] {
        let output = savepoint(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains(&expected), "{}", stderr(&output));
    }
    // What is left out need not be readable.
    for (operator, expected) in [("by-number", 2), ("by-text-*", 0)] {
        let ignore = format!("operator={operator}");
        assert_eq!(code(&savepoint(&["diff", directory, directory, "--ignore", &ignore])), expected, "{operator}");
        assert_eq!(code(&savepoint(&["fingerprint", directory, "--ignore", &ignore])), expected, "{operator}");
    }
    let inspect = savepoint(&["inspect", directory]);
    assert_eq!(code(&inspect), 1);
    assert!(stdout(&inspect).contains("! DAMAGED: operator "), "{}", stdout(&inspect));
    assert!(stdout(&inspect).contains(&expected), "{}", stdout(&inspect));
    // Without looking at the state only the size is wrong.
    let metadata_only = savepoint(&["inspect", "--metadata-only", directory]);
    assert!(!stdout(&metadata_only).contains("DAMAGED"), "{}", stdout(&metadata_only));
}

#[test]
fn native_savepoints_cannot_be_compared_and_say_why() {
    for (id, needs) in [("2.3.0-rocksdb-native", "a RocksDB library"), ("1.20.5-hashmap-native", "the serializers")] {
        let output = savepoint(&["fingerprint", &vector(id)]);
        assert_eq!(code(&output), 2, "{id}");
        assert!(stderr(&output).contains(needs) && stderr(&output).contains("canonical"), "{}", stderr(&output));
        // Nothing is wrong with it.
        let inspect = savepoint(&["inspect", &vector(id)]);
        assert_eq!(code(&inspect), 0, "{id}");
        assert!(stdout(&inspect).contains("! not read: operator "), "{}", stdout(&inspect));
    }
}

#[test]
fn inspect_says_what_the_broken_writer_did() {
    let output = savepoint(&["inspect", &vector("1.18.1-hashmap-snappy")]);
    assert_eq!(code(&output), 0);
    assert_eq!(stdout(&output).matches("! operator b7d56747e0baee113e5af6eb4daae2d5").count(), 2);
    assert!(stdout(&output).contains("(FLINK-34063)"), "{}", stdout(&output));
    let sound = savepoint(&["inspect", &vector("1.19.3-hashmap-snappy")]);
    assert!(!stdout(&sound).contains("! "), "{}", stdout(&sound));
}

#[test]
fn inspect_counts_states() {
    let report = json(&["inspect", &vector("1.13.6-rocksdb-snappy")]);
    assert_eq!(report["state"]["unread"], Value::Array(Vec::new()));
    let operators = report["operators"].as_array().unwrap();
    let operator = operators.iter().find(|operator| operator["id"] == "e62c7aa86ab73d2932009b18cf706492").unwrap();
    let states = operator["states"].as_array().unwrap();
    let map = states.iter().find(|state| state["kind"] == "MAP").unwrap();
    assert_eq!(map["value_serializer"], "MapSerializer<LongSerializer, StringSerializer>");
    assert_eq!((&map["key_serializer"], &map["entries"]), (&Value::from("LongSerializer"), &Value::from("24")));
    let total = |of: &Value| of["entries"].as_str().unwrap().parse::<u64>().unwrap();
    let of_groups: u64 = operator["key_groups"].as_array().unwrap().iter().map(total).sum();
    assert_eq!(of_groups, states.iter().map(total).sum::<u64>());
    let without = json(&["inspect", "--metadata-only", &vector("1.13.6-rocksdb-snappy")]);
    assert_eq!((&without["state"], &without["operators"][0]["states"]), (&Value::Null, &Value::Null));
}

#[test]
fn rewriting_keeps_the_meaning() {
    let scratch = tempfile::tempdir().unwrap();
    let (from, out) = (vector("2.3.0-hashmap-snappy"), scratch.path().join("for-1.13"));
    let out = out.to_str().unwrap();
    let refused = savepoint(&["rewrite", &from, out, "--release", "1.13"]);
    assert_eq!(code(&refused), 2);
    assert!(
        stderr(&refused).contains("an operator name cannot be held by a file for Flink 1.13"),
        "{}",
        stderr(&refused)
    );
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
    let drop = ["--drop", "operator-name", "--drop", "operator-uid", "--drop", "properties"];
    let options = ["--release", "1.13.6", "--compression", "none", "--inline", "0"];
    let written = savepoint(&[&["rewrite", &from, out][..], &drop, &options].concat());
    assert_eq!((code(&written), stderr(&written)), (0, ""));
    assert_eq!(code(&savepoint(&["diff", &from, out])), 0);
    assert_eq!(json(&["inspect", out])["metadata_version"], 3);
    let again = savepoint(&[&["rewrite", &from, out][..], &drop, &options].concat());
    assert_eq!(code(&again), 2, "what is there is not overwritten");
    let unknown = savepoint(&["rewrite", &from, out, "--release", "1.12"]);
    assert!(stderr(&unknown).contains("not a Flink release from 1.13 to 2.3"), "{}", stderr(&unknown));
}

#[test]
fn absolute_paths_are_followed_only_when_asked_to() {
    let (_scratch, directory) = copy("1.16.3-rocksdb-file");
    let bytes = fs::read(directory.join("_metadata")).unwrap();
    let metadata = Metadata::parse(&bytes).unwrap();
    let absolute = |stream: StreamHandle<'static>| {
        let path = format!("file:{}/{}", directory.display(), stream.path().unwrap());
        StreamHandle::File(FileHandle { path: path.as_str().into(), state_size: StateSize::UNKNOWN })
    };
    let mut rewritten = metadata.clone();
    let operators = metadata.operators.iter().map(|operator| {
        let subtasks = operator.subtasks().map(|Subtask { index, state }| {
            let SubtaskState::Running(Handles { managed_keyed: Some(KeyedHandle::KeyGroups(mut keyed)), .. }) = state
            else {
                return Subtask { index, state };
            };
            let StreamHandle::Relative(file) = keyed.delegate else { panic!("a file") };
            let file = flink_savepoint::metadata::stream_handle::RelativeFileHandle {
                relative_path: file.relative_path.into_owned(),
                ..file
            };
            keyed.delegate = absolute(StreamHandle::Relative(file));
            let managed_keyed = Some(KeyedHandle::KeyGroups(keyed));
            Subtask { index, state: SubtaskState::Running(Handles { managed_keyed, ..Handles::default() }) }
        });
        let subtasks = Subtasks::Listed(subtasks.collect::<Vec<_>>().into());
        Operator { subtasks, ..operator.clone() }
    });
    rewritten.operators = operators.collect::<Vec<_>>().into();
    let written = rewritten.to_bytes().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("_metadata"), written).unwrap();
    let elsewhere = elsewhere.path().to_str().unwrap();

    let refused = savepoint(&["fingerprint", elsewhere]);
    assert_eq!(code(&refused), 2);
    assert!(
        stderr(&refused).contains("is an absolute path, which is followed only when asked to"),
        "{}",
        stderr(&refused)
    );
    let keyed = ["--ignore", "operator=source", "--ignore", "operator=operator-states", "--format", "json"];
    let followed = savepoint(&[&["fingerprint", "--follow-absolute", elsewhere][..], &keyed].concat());
    // Operator and source state are relative to where they are not; keyed state is found.
    let followed: Value = serde_json::from_slice(&followed.stdout).unwrap();
    let expected: Value = serde_json::from_slice(
        &savepoint(&[&["fingerprint", &vector("1.16.3-rocksdb-file")][..], &keyed].concat()).stdout,
    )
    .unwrap();
    assert_eq!(followed["digest"], expected["digest"]);
    assert_ne!(followed["entries"], "0");
}
