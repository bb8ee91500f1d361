//! `savepoint check`: the rules and the registry name each other, golden savepoints are sound, and what is printed has its form.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flink_savepoint_conformance::check::{self, Options, Report, Severity};
use flink_savepoint_conformance::json;
use flink_savepoint_spec::requirements::{self, Applies, Level};
use serde_json::Value;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/valid")
}

fn golden(id: &str) -> String {
    format!("conformance/vectors/valid/{id}")
}

fn savepoint(arguments: &[&str]) -> Output {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    Command::new(env!("CARGO_BIN_EXE_savepoint")).args(arguments).current_dir(root).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// The chapters of which every MUST and SHOULD that binds writers or bytes is looked after, or has a reason why not.
const COMPLETE: [&str; 9] = [
    "conventions",
    "directory",
    "metadata",
    "handles",
    "properties",
    "redistribution",
    "bad-input",
    "security",
    "versioning",
];

#[test]
fn rules_name_requirements_and_the_reverse() {
    let mut looked_after = BTreeSet::new();
    let mut not_here = BTreeMap::new();
    for (chapter, requirements, reasons) in check::chapters() {
        for id in requirements.iter().chain(reasons.iter().map(|(id, _)| id)) {
            let one = requirements::get(id).unwrap_or_else(|| panic!("{id} is not in the registry"));
            assert_eq!(one.chapter, *chapter, "{id}");
            assert!(looked_after.insert(*id), "{id} twice");
        }
        not_here.extend(reasons.iter().copied());
    }
    looked_after.retain(|id| !not_here.contains_key(id));
    assert_eq!(check::requirements().len(), looked_after.len());
    let binding = |one: &&requirements::Requirement| {
        one.level != Level::May && one.applies != Applies::Reader && COMPLETE.contains(&one.chapter)
    };
    let all: BTreeSet<&str> = requirements::all().iter().filter(binding).map(|one| one.id.as_str()).collect();
    let left: Vec<_> = all.iter().filter(|id| !looked_after.contains(*id) && !not_here.contains_key(*id)).collect();
    assert!(left.is_empty(), "neither looked after nor with a reason why not: {left:?}");
    let others: Vec<_> = not_here
        .iter()
        .filter(|(id, why)| requirements::get(id).unwrap().applies == Applies::Reader || why.len() < 10)
        .collect();
    assert!(others.is_empty(), "reasons for what binds no savepoint, or none: {others:?}");
}

/// What is found in crafted metadata, which real Flink has written out of made-up numbers: there are no files, ids are not of
/// uids, and ranges not of subtasks.
fn crafted(kind: &str) -> &'static [&'static str] {
    match kind {
        "channel" | "mergedchannel" => &["DIR-FILES-01"],
        "coordinator" | "finished" => &["META-OPERATOR-ID-01"],
        "opstate" => &["DIR-FILES-01", "REDIST-BROADCAST-03"],
        "keyedsavepoint" => &["DIR-FILES-01", "REDIST-RANGE-01"],
        "incremental" | "keygroups" | "changelog" => &["REDIST-RANGE-01"],
        "segment" => &["META-SEGMENT-02", "REDIST-BROADCAST-03", "REDIST-RANGE-01"],
        _ => &[],
    }
}

/// The errors in golden savepoints of jobs: 1.18.1 wrote compressed operator state that later releases read wrong (FLINK-34063).
fn broken(id: &str) -> &'static [&'static str] {
    if id.starts_with("1.18.1-") && id.ends_with("-snappy") { &["SNAPPY-OPERATOR-01"] } else { &[] }
}

/// No MUST is broken by what Flink has written, and of metadata and the directory no recommendation either.
#[test]
fn golden_savepoints_are_sound() {
    let (mut savepoints, mut streams, mut found) = (0, 0, BTreeSet::new());
    for entry in fs::read_dir(vectors()).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_name().unwrap().to_str().unwrap().to_owned();
        let report = check::run(&path, &Options::default());
        for finding in report.findings.iter().filter(|finding| finding.severity != Severity::Note) {
            let chapter = requirements::get(&finding.requirement).unwrap().chapter;
            let known = match id.split_once("-crafted-") {
                // Recommendations are not kept either, and the bytes of state are made up, too.
                Some((_, kind)) => {
                    let is_of_state = chapter == "conventions" || !COMPLETE.contains(&chapter);
                    let is_expected = crafted(kind).contains(&finding.requirement.as_str());
                    is_of_state || is_expected || finding.severity == Severity::Warning
                }
                None if finding.severity == Severity::Warning => !COMPLETE.contains(&chapter),
                None => broken(&id).contains(&finding.requirement.as_str()),
            };
            assert!(known && finding.offset.is_some(), "{id}: {finding:?}");
            found.insert(finding.requirement.clone());
        }
        assert!(report.unreadable.is_none() && report.checked.metadata_version.is_some(), "{id}");
        savepoints += 1;
        streams += report.checked.streams;
    }
    assert!(savepoints > 290 && streams > 1000, "{savepoints} savepoints, {streams} streams");
    // The lists above have nothing that is not found.
    let kinds = ["channel", "coordinator", "opstate", "keyedsavepoint", "segment"];
    let listed = kinds.iter().flat_map(|kind| crafted(kind)).chain(broken("1.18.1-hashmap-snappy"));
    let rules = check::requirements();
    let missing: Vec<_> = listed.filter(|id| rules.contains(id) && !found.contains(**id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn exit_codes() {
    let code = |arguments: &[&str], id: &str| {
        let output = savepoint(&[&["check"], arguments, &[&golden(id)]].concat());
        assert!(!stdout(&output).is_empty() || output.status.code() == Some(2));
        output.status.code()
    };
    assert_eq!(code(&[], "2.3.0-rocksdb-file"), Some(0));
    assert_eq!(code(&["--severity", "note"], "2.3.0-rocksdb-file"), Some(0));
    assert_eq!(code(&[], "2.3.0-crafted-coordinator"), Some(1));
    assert_eq!(code(&["--severity", "warning"], "1.13.6-crafted-coordinator"), Some(1));
    assert_eq!(code(&[], "1.13.6-crafted-coordinator"), Some(0));
    assert_eq!(code(&["--target", "1.20"], "1.20.5-rocksdb-file"), Some(0));
    assert_eq!(code(&["--target", "1.20"], "2.3.0-rocksdb-file"), Some(1));
    assert_eq!(code(&[], "nothing"), Some(2));
    assert_eq!(code(&["--severity", "fatal"], "2.3.0-rocksdb-file"), Some(2));
    assert_eq!(savepoint(&["check"]).status.code(), Some(2));
    // What cannot be parsed was read, and judged.
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("_metadata"), b"PK\x03\x04").unwrap();
    let zip = savepoint(&["check", scratch.path().to_str().unwrap()]);
    assert_eq!(zip.status.code(), Some(1));
    assert!(stdout(&zip).contains("META-MAGIC-01") && stdout(&zip).contains("nothing else was checked"));
}

#[test]
fn the_page_for_people() {
    let id = golden("2.3.0-crafted-coordinator");
    let page = savepoint(&["check", &id]);
    // How many requirements there are is nothing that this test is about.
    let count = format!("{} requirements", check::requirements().len());
    assert!(stdout(&page).contains(&count));
    insta::assert_snapshot!("page", stdout(&page).replace(&count, "all requirements"));
}

fn json_of(arguments: &[&str]) -> Value {
    let output = savepoint(&[&["check", "--format", "json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn json_is_as_the_schema_says() {
    let schema = json::schema::<Report>();
    assert_eq!(stdout(&savepoint(&["check", "--json-schema"])), schema);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/check.json");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, schema, "write `savepoint check --json-schema` into {}", path.display());

    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let broken = json_of(&[&golden("2.3.0-crafted-segment"), "--target", "1.20"]);
    for report in [&broken, &json_of(&[&golden("2.3.0-rocksdb-file")]), &json_of(&["Cargo.toml"])] {
        let errors: Vec<String> = validator.iter_errors(report).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    assert!(!validator.is_valid(&Value::Null));
    assert_eq!(broken["compatibility"]["releases"][0]["release"], "1.20");
    let findings = broken["findings"].as_array().unwrap();
    let errors = findings.iter().filter(|one| one["severity"] == "error").count();
    assert_eq!(broken["counts"]["errors"].as_u64().unwrap(), errors as u64);
    assert!(findings.iter().all(|one| one["offset"].as_str().unwrap().parse::<u64>().is_ok()));
}

#[test]
fn junit_has_a_case_for_each_requirement() {
    let parse = |arguments: &[&str]| {
        let output = savepoint(&[&["check", "--format", "junit"], arguments].concat());
        quick_junit::Report::deserialize_from_str(stdout(&output)).unwrap()
    };
    let all = check::requirements().len();
    let sound = parse(&[&golden("2.3.0-rocksdb-file")]);
    assert_eq!((sound.tests, sound.failures, sound.errors), (all, 0, 0));
    assert!(sound.test_suites.iter().all(|suite| suite.tests > 0));
    // One requirement is broken, and a recommendation is not followed.
    let broken = parse(&[&golden("2.3.0-crafted-coordinator")]);
    assert_eq!((broken.tests, broken.failures), (all, 1));
    let strict = parse(&[&golden("2.3.0-crafted-coordinator"), "--severity", "warning"]);
    assert_eq!((strict.tests, strict.failures), (all, 2));
    // A case for each release that was asked for, which fails as the command does.
    let targets = parse(&[&golden("2.3.0-rocksdb-file"), "--target", "1.20", "--target", "2.3"]);
    assert_eq!((targets.tests, targets.failures, targets.errors), (all + 2, 1, 0));
    let suite = targets.test_suites.iter().find(|suite| suite.name.as_str() == "target").unwrap();
    let names: Vec<&str> = suite.test_cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!((names, suite.failures), (vec!["Flink 1.20", "Flink 2.3"], 1));
}

/// A release that does not read it is a result, too, as it decides the exit code.
#[test]
fn sarif_has_the_targets() {
    let id = golden("2.3.0-rocksdb-file");
    let of = |target: &str| {
        let output = savepoint(&["check", "--format", "sarif", "--target", target, "--severity", "note", &id]);
        let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors = sarif["runs"][0]["results"].as_array().unwrap().iter().filter(|one| one["level"] == "error");
        (output.status.code(), errors.cloned().collect::<Vec<_>>(), sarif)
    };
    let (code, errors, sarif) = of("1.20");
    assert_eq!((code, errors.len()), (Some(1), 1));
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let index = usize::try_from(errors[0]["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(errors[0]["ruleId"], rules[index]["id"]);
    assert!(errors[0]["message"]["text"].as_str().unwrap().starts_with("Flink 1.20 "), "{errors:#?}");
    // Links are absolute, or there are none.
    assert!(rules.iter().all(|rule| rule["helpUri"].is_null()));
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], true);
    let (code, errors, _) = of("2.3");
    assert_eq!((code, errors.len()), (Some(0), 0));
}

/// The properties that the schema of SARIF 2.1.0 requires, and what hosts need.
#[test]
fn sarif_has_its_form() {
    let id = golden("2.3.0-crafted-segment");
    let output = savepoint(&["check", "--format", "sarif", "--spec-url", "https://example.org/book/", &id]);
    let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&sarif["version"], sarif["runs"].as_array().unwrap().len()), (&Value::from("2.1.0"), 1));
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(run["tool"]["driver"]["name"].is_string());
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), check::requirements().len());
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        assert!(rule["shortDescription"]["text"].as_str().unwrap().len() > 10 && rule["help"]["text"].is_string());
        let link = rule["helpUri"].as_str().unwrap_or_else(|| panic!("{id} has no place in the book"));
        assert!(link.starts_with("https://example.org/book/") && link.ends_with(&format!(".html#{id}")), "{link}");
    }
    let results = run["results"].as_array().unwrap();
    let report = check::run(&vectors().join("2.3.0-crafted-segment"), &Options::default());
    assert_eq!(results.len(), report.findings.len());
    for (result, finding) in results.iter().zip(&report.findings) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[index]["id"]);
        assert_eq!(result["ruleId"], finding.requirement);
        assert!(matches!(result["level"].as_str(), Some("error" | "warning" | "note")));
        assert_eq!(result["message"]["text"], finding.message);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "_metadata");
        assert!(run["originalUriBaseIds"][place["artifactLocation"]["uriBaseId"].as_str().unwrap()].is_object());
        assert_eq!(place["region"]["byteOffset"].as_u64().unwrap().to_string(), finding.offset.unwrap().0.to_string());
    }
}
