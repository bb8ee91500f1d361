//! `savepoint plan`, `work` and `merge`, and threads: what is printed does not depend on who has read what.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fs, str};

use flink_savepoint_conformance::distribute::{PartialLine, UnitLine};
use flink_savepoint_conformance::json;
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn vector(id: &str) -> String {
    format!("conformance/vectors/valid/{id}")
}

/// Every tenth golden savepoint, so that each kind is there.
fn vectors() -> Vec<String> {
    let all = fs::read_dir(Path::new(ROOT).join("conformance/vectors/valid")).unwrap();
    let mut ids: Vec<String> = all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    ids.sort();
    let some: Vec<String> = ids.into_iter().step_by(10).map(|id| vector(&id)).collect();
    assert!(some.len() >= 25, "{}", some.len());
    some
}

fn savepoint(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_savepoint"))
        .args(arguments)
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who stops at the first line does not read the others.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What is printed where all is well.
fn printed(arguments: &[&str], input: &str) -> String {
    let output = savepoint(arguments, input);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

/// The lines in another order.
fn shuffled(lines: &str) -> String {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_by_key(|line| line.bytes().rev().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte)));
    lines.join("\n") + "\n"
}

/// That `refused` ends with 2 and says why.
fn refuses(arguments: &[&str], input: &str, why: &str) {
    let output = savepoint(arguments, input);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(stderr(&output).contains(why), "{arguments:?}: {why:?} is not in {}", stderr(&output));
}

#[test]
fn merged_results_are_what_one_process_prints() {
    for path in vectors() {
        for (format, in_units) in [("text", &["5"][..]), ("json", &["1", "40"])] {
            let expected = savepoint(&["fingerprint", "--key-groups", "--format", format, &path], "");
            for n in in_units {
                let units = printed(&["plan", &path, "--units", n], "");
                let results = printed(&["work"], &shuffled(&units));
                let merged = savepoint(&["merge", "--key-groups", "--format", format], &shuffled(&results));
                assert_eq!(merged.status.code(), expected.status.code(), "{path} in {n}: {}", stderr(&merged));
                assert_eq!(str::from_utf8(&merged.stdout), str::from_utf8(&expected.stdout), "{path} in {n}");
                assert_eq!(stderr(&merged), stderr(&expected), "{path} in {n}");
            }
        }
    }
}

#[test]
fn a_diff_is_the_same_too() {
    let [a, b, c] = ["1.13.6-hashmap-rich", "2.3.0-rocksdb-rich", "2.3.0-rocksdb-native"].map(vector);
    for (one, other, more, code) in [
        (&a, &a, &[][..], 0),
        (&a, &b, &["--ignore-volatile", "--format", "json"][..], 1),
        (&a, &b, &["--limit", "3"], 1),
        (&b, &c, &[], 2),
    ] {
        let expected = savepoint(&[&["diff", one, other][..], more].concat(), "");
        assert_eq!(expected.status.code(), Some(code), "{one} {other} {more:?}: {}", stderr(&expected));
        let units = printed(&["plan", "--pass", "diff", one, other, "--units", "12"], "");
        let results = shuffled(&printed(&["work"], &shuffled(&units)));
        assert_eq!(savepoint(&[&["merge"][..], more].concat(), &results), expected, "{one} {other} {more:?}");
    }
    let units = printed(&["plan", "--pass", "diff", &a, &b, "--units", "12"], "");
    let results = printed(&["work", &a, &b], &units);
    refuses(&["work", &b, &a], &units, "another savepoint than the one that was planned");
    refuses(&["merge", &b, &a], &results, "another savepoint than the one that was read");
    let of_a: Vec<&str> = results.lines().filter(|line| line.contains("\"side\":\"a\"")).collect();
    refuses(&["merge"], &of_a.join("\n"), "are there; missing: ");
    let alone = printed(&["work"], &printed(&["plan", &a, "--units", "12"], ""));
    refuses(
        &["merge"],
        &[of_a[0], alone.lines().next().unwrap()].join("\n"),
        "is of the pass fingerprint, others are of diff",
    );
    refuses(&["plan", &a, &b, "--units", "2"], "", "two savepoints are for --pass diff");
    refuses(&["plan", "--pass", "diff", &a, "--units", "2"], "", "required arguments were not provided");
}

/// Sound savepoints, some that are not, and some whose metadata cannot be parsed.
#[test]
fn a_check_is_the_same_too() {
    let broken = [
        "invalid/bytes-between-sections",
        "invalid/entry-in-wrong-key-group",
        "invalid/key-groups-in-two-subtasks",
        "invalid/broadcast-state-in-one-subtask",
        "invalid/file-missing",
        "malformed/big-integer-of-no-bytes",
        "malformed/change-key-group-negative",
    ];
    let broken = broken.map(|id| format!("conformance/vectors/{id}"));
    let sound = vectors().into_iter().step_by(4);
    let mut seen = [0; 2];
    for path in sound.chain(["1.20.5-rocksdb-native"].map(vector)).chain(broken) {
        for (more, in_units) in [(&[][..], &["40"][..]), (&["--format", "json"], &["1", "3", "40"])] {
            let expected = savepoint(&[&["check", &path][..], more].concat(), "");
            seen[usize::try_from(expected.status.code().unwrap()).unwrap()] += 1;
            for n in in_units {
                let units = printed(&["plan", "--pass", "check", &path, "--units", n], "");
                let results = shuffled(&printed(&["work"], &shuffled(&units)));
                let merged = savepoint(&[&["merge"][..], more].concat(), &results);
                assert_eq!(merged, expected, "{path} in {n}: {}", stderr(&merged));
            }
        }
    }
    assert!(seen.into_iter().all(|n| n >= 4), "exit codes 0 and 1: {seen:?}");
}

#[test]
fn a_check_has_its_options_and_refuses_others() {
    let path = vector("2.3.0-rocksdb-rich");
    let units = printed(&["plan", "--pass", "check", &path, "--units", "6"], "");
    // One thread does them in their order.
    let results = printed(&["work", "--threads", "1"], &units);
    let broken = "conformance/vectors/invalid/entry-twice";
    let of_broken = printed(&["work"], &printed(&["plan", "--pass", "check", broken, "--units", "6"], ""));
    for more in [
        &["--format", "junit", "--severity", "note"][..],
        &["--format", "sarif", "--spec-url", "https://example.org/spec"],
        &["--target", "1.13", "--target", "2.3"],
    ] {
        for (path, results) in [(path.as_str(), &results), (broken, &of_broken)] {
            let expected = savepoint(&[&["check", path][..], more].concat(), "");
            assert_eq!(savepoint(&[&["merge"][..], more].concat(), results), expected, "{path} {more:?}");
            assert_eq!(savepoint(&[&["merge", path][..], more].concat(), results), expected, "{path} {more:?}");
        }
    }
    let lines: Vec<&str> = results.lines().collect();
    refuses(&["merge", broken], &results, "another savepoint than the one that was read");
    refuses(&["merge"], &[lines[0], lines[3]].join("\n"), "of 6 units 2 are there; missing: 1 to 2, 4 to 5");
    refuses(&["merge"], &[lines[0], lines[0]].join("\n"), "line 2: unit 0 is there twice");
    refuses(&["merge", "--key-groups"], &results, "--key-groups is nothing for the pass check");
    refuses(&["merge", "--ignore-volatile"], &results, "what is ignored is nothing for the pass check");
    refuses(&["merge", &path, &path], &results, "a second savepoint is nothing for the pass check");
    let fingerprint = printed(&["work"], &printed(&["plan", &path, "--units", "2"], ""));
    refuses(&["merge", "--format", "sarif"], &fingerprint, "--format sarif is nothing for the pass fingerprint");
    refuses(&["merge", "--severity", "note"], &fingerprint, "--severity is nothing for the pass fingerprint");
    let first = fingerprint.lines().next().unwrap().replace("\"pass\":\"fingerprint\"", "\"pass\":\"check\"");
    refuses(&["merge"], &first, " has the result of another pass than check");
    // What no rule here has found.
    let unknown = of_broken.replace("KEYED-DUPLICATE-01", "KEYED-DUPLICATE-91");
    assert_ne!(unknown, of_broken);
    refuses(&["merge"], &unknown, "no rule looks after \"KEYED-DUPLICATE-91\"");
}

/// Lines that somebody has changed are an error or a report, whatever numbers they have.
#[test]
fn numbers_in_results_of_a_check_may_be_any() {
    let path = "conformance/vectors/invalid/bytes-between-sections";
    let results = printed(&["work"], &printed(&["plan", "--pass", "check", path, "--units", "1000"], ""));
    let mut changed = String::new();
    let mut numbers = 0;
    for line in results.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        for part in line["outcome"]["check"].as_array_mut().unwrap() {
            for section in part["found"]["sections"].as_array_mut().into_iter().flatten() {
                section["end"] = u64::MAX.to_string().into();
                section["split_run"] = u64::MAX.to_string().into();
                let finding = serde_json::json!({ "requirement": "VALUE-END-01", "severity": "error", "file": "_metadata",
                    "offset": "-7", "path": "operators[99].\u{1b}", "message": "", "more": u64::MAX });
                section["items"] = vec![serde_json::json!({ "finding": finding }); 30].into();
                numbers += 1;
            }
        }
        changed += &(line.to_string() + "\n");
    }
    assert!(numbers > 2, "{numbers} sections");
    let merged = savepoint(&["merge", "--format", "sarif"], &changed);
    assert_eq!(merged.status.code(), Some(1), "{}", stderr(&merged));
}

#[test]
fn each_unit_may_be_read_by_a_process_of_its_own() {
    let path = vector("2.3.0-rocksdb-rich");
    let units = printed(&["plan", &path, "--units", "9"], "");
    assert!(units.lines().count() >= 5, "{units}");
    let results: String = units.lines().map(|line| printed(&["work", "--threads", "1"], line)).collect();
    assert_eq!(results.lines().count(), units.lines().count());
    let ignore = ["--ignore", "state=COORDINATOR"];
    let expected = printed(&[&["fingerprint", &path][..], &ignore].concat(), "");
    assert_eq!(printed(&[&["merge"][..], &ignore].concat(), &results), expected);
    // At another place it is the same savepoint.
    let scratch = tempfile::tempdir().unwrap();
    let moved = copied(&path, scratch.path());
    let elsewhere = printed(&["work", moved.to_str().unwrap()], &units);
    let digest = |text: &str| text.split(' ').next().unwrap().to_owned();
    assert_eq!(digest(&printed(&[&["merge"][..], &ignore].concat(), &elsewhere)), digest(&expected));
}

fn copied(path: &str, to: &Path) -> PathBuf {
    for entry in fs::read_dir(Path::new(ROOT).join(path)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    to.to_owned()
}

#[test]
fn missing_doubled_and_foreign_units_are_named() {
    let (path, other) = (vector("2.3.0-rocksdb-rich"), vector("2.3.0-hashmap-rich"));
    let units = printed(&["plan", &path, "--units", "6"], "");
    let results = printed(&["work", "--threads", "1"], &units);
    let lines: Vec<&str> = results.lines().collect();
    assert_eq!(lines.len(), 6);
    refuses(&["merge"], "", "no partial result");
    refuses(&["merge"], &[lines[0], lines[3], lines[4]].join("\n"), "of 6 units 3 are there; missing: 1 to 2, 5");
    refuses(&["merge"], &[lines[2], lines[0], lines[2]].join("\n"), "line 3: unit 2 is there twice");
    refuses(&["merge"], "\n{}\n", "line 2: no partial result: missing field");
    refuses(&["merge"], &units, "line 1: no partial result: ");

    let foreign = printed(&["work"], &printed(&["plan", &other, "--units", "6"], ""));
    let foreign: Vec<&str> = foreign.lines().filter(|line| line.contains("\"unit\":1,")).collect();
    refuses(&["merge"], &[lines[0], foreign[0]].join("\n"), "line 2: unit 1 is of another savepoint: the SHA-256");
    let fewer = printed(&["work"], &printed(&["plan", &path, "--units", "5"], ""));
    let fewer = fewer.lines().find(|line| line.contains("\"unit\":4,")).unwrap();
    refuses(&["merge"], &[lines[0], fewer].join("\n"), "unit 4 is of a plan of 5 units, others are of one of 6");

    refuses(&["work", &other], &units, "another savepoint than the one that was planned");
    refuses(&["work"], "x\n", "line 1: no unit: ");
    refuses(&["work"], &results, "line 1: no unit: ");
    let first = units.lines().next().unwrap();
    let change = |field: &str, value: Value| {
        let mut line: Value = serde_json::from_str(first).unwrap();
        line[field] = value;
        line.to_string()
    };
    refuses(&["work"], &change("unit", 6.into()), "unit 6 of a plan of 6");
    refuses(&["work"], &change("format_version", 2.into()), "format version 2");
    refuses(&["work"], &change("savepoint", "nowhere".into()), "nowhere: no such file or directory");
    // A unit that ends before it starts has nothing, and what it should have is missing.
    let backwards = printed(&["work"], &change("to", change_point()));
    let rest = lines[1..].join("\n");
    refuses(&["merge"], &(backwards + &rest), "the master states are missing");
}

fn change_point() -> Value {
    serde_json::json!({ "operator": null, "part": 0, "key_group": 0 })
}

/// A worker meets damage in the same way, and tells of it.
#[test]
fn damage_has_the_same_exit_code_and_text() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = copied(&vector("2.3.0-hashmap-snappy"), scratch.path());
    for entry in fs::read_dir(&directory).unwrap() {
        let file = entry.unwrap().path();
        if !file.ends_with("_metadata") {
            let mut bytes = fs::read(&file).unwrap();
            let at = bytes.len() * 2 / 3;
            bytes[at..].fill(0x55);
            fs::write(&file, bytes).unwrap();
        }
    }
    let directory = directory.to_str().unwrap();
    let expected = savepoint(&["fingerprint", directory], "");
    assert_eq!(expected.status.code(), Some(2));
    assert!(!expected.stderr.is_empty());
    for n in ["2", "30"] {
        let results = printed(&["work"], &printed(&["plan", directory, "--units", n], ""));
        assert_eq!(savepoint(&["merge"], &shuffled(&results)), expected);
    }
}

#[test]
fn threads_change_nothing() {
    for command in ["fingerprint", "inspect"] {
        for path in vectors().iter().step_by(3) {
            let run = |n: &str| savepoint(&[command, "--format", "json", "--threads", n, path], "");
            assert_eq!(run("1"), run("5"), "{command} {path}");
        }
    }
    let (a, b) = (vector("1.13.6-hashmap-rich"), vector("2.3.0-rocksdb-rich"));
    for more in [&[][..], &["--limit", "5"], &["--limit", "1", "--ignore-volatile"]] {
        let run = |n: &str| savepoint(&[&["diff", "--threads", n, &a, &b], more].concat(), "");
        let one = run("1");
        assert!(matches!(one.status.code(), Some(0 | 1)), "{}", stderr(&one));
        assert_eq!(one, run("5"), "{more:?}");
    }
}

#[test]
fn the_environment_says_how_many_threads_too() {
    let path = vector("2.3.0-rocksdb-rich");
    let run = |n: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_savepoint"));
        command.args(["fingerprint", "--key-groups", &path]).env("RAYON_NUM_THREADS", n).current_dir(ROOT);
        command.output().unwrap()
    };
    assert_eq!(run("1").status.code(), Some(0));
    assert_eq!(run("1"), run("7"));
}

#[test]
fn the_committed_json_schemas_of_the_lines_are_those_of_the_types() {
    for (command, schema) in [("plan", json::schema::<UnitLine>()), ("work", json::schema::<PartialLine>())] {
        assert_eq!(printed(&[command, "--json-schema"], ""), schema);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{command}.json"));
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, schema, "write `savepoint {command} --json-schema` into {}", path.display());
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let sound = vector("1.20.5-rocksdb-rich");
        for (pass, path, units) in [
            ("fingerprint", sound.as_str(), "3"),
            ("check", &sound, "3"),
            ("check", "conformance/vectors/invalid/entry-in-wrong-key-group", "40"),
        ] {
            let mut lines = printed(&["plan", "--pass", pass, path, "--units", units], "");
            if command == "work" {
                lines = printed(&["work"], &lines);
            }
            for line in lines.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                assert!(validator.is_valid(&line), "{command}: {line}");
            }
        }
    }
}
