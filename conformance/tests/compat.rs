//! The rules say of every golden savepoint what real Flink made of it (`vectors/compat.tsv`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flink_savepoint::metadata::{Feature, Metadata, MetadataVersion, Release};
use flink_savepoint::savepoint::Savepoint;
use flink_savepoint::serializer::{Hints, SerializerSnapshot};
use flink_savepoint_conformance::compat::{Facts, Layer, Outcome, ReleaseReport, Report, Verdict, rules};
use flink_savepoint_conformance::json;
use flink_savepoint_conformance::source::Source;
use flink_savepoint_conformance::store::MappedFiles;
use flink_savepoint_spec::releases;
use serde_json::Value;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn report(path: &Path) -> Report {
    let source = Source::open(path).unwrap();
    let savepoint = Savepoint::new(Metadata::parse(&source.bytes).unwrap(), MappedFiles::new(&source.directory, false));
    Report::of(&source, &savepoint, &Release::ALL)
}

/// The verdict as the table has it.
fn verdict(of: &ReleaseReport) -> &'static str {
    let in_metadata =
        of.reasons.iter().any(|reason| reason.layer == Layer::Metadata && reason.outcome == Outcome::Fails);
    match of.verdict {
        Verdict::Reads => "ok",
        Verdict::Misreads => "misread",
        Verdict::Fails if in_metadata => "metadata",
        Verdict::Fails => "state",
    }
}

/// What nobody could see who only reads the metadata, as is done with crafted ones.
fn is_known_to_differ(id: &str, release: Release, rules: &str, flink: &str) -> bool {
    // That the operator had finished is lost.
    id.ends_with("-crafted-finished") && release == Release::V1_13 && (rules, flink) == ("misread", "ok")
}

#[test]
fn the_rules_say_what_flink_does() {
    let table = fs::read_to_string(vectors().join("compat.tsv")).unwrap();
    let mut reports: BTreeMap<String, Report> = BTreeMap::new();
    let (mut compared, mut skipped, mut wrong) = (0, 0, Vec::new());
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [id, release, flink, reason] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let release: Release = release.parse().unwrap();
        let report = reports.entry(id.to_owned()).or_insert_with(|| report(&vectors().join("valid").join(id)));
        let of = report.releases.iter().find(|of| of.release == release.name()).unwrap();
        let rules = verdict(of);
        if flink == "skipped" {
            skipped += 1;
        } else if rules != flink && !is_known_to_differ(id, release, rules, flink) {
            let codes: Vec<_> = of.reasons.iter().map(|reason| (reason.code, &reason.text)).collect();
            wrong.push(format!("{id} on {release}: Flink {flink} ({reason}), rules {rules} {codes:?}"));
        }
        compared += 1;
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} of {compared} lines", wrong.len());
    let ids = fs::read_dir(vectors().join("valid")).unwrap().count();
    assert_eq!(reports.len(), ids);
    assert!(compared >= 5 * ids && compared % ids == 0, "{compared} lines for {ids} savepoints");
    assert!(skipped * 50 < compared, "{skipped} of {compared} lines are skipped");
}

/// The snapshot and the version of the metadata that its writer writes.
fn rules_of_snapshot(case: &Value, writer: Release) -> (String, BTreeMap<&'static str, Vec<&'static str>>) {
    let hex = case["snapshot"].as_str().unwrap();
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let name = case["name"].as_str().unwrap().to_owned();
    let snapshot = SerializerSnapshot::parse(&bytes, &Hints::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let facts = Facts::of_snapshot(&snapshot, writer.metadata_version());
    let failing = Release::ALL.into_iter().map(|release| {
        let registered = releases::get(release.name().parse().unwrap()).unwrap();
        let reasons = facts.found.keys().filter_map(|fact| rules::judge(fact, registered));
        (release.name(), reasons.filter(|reason| reason.outcome == Outcome::Fails).map(|reason| reason.code).collect())
    });
    (name, failing.collect())
}

#[test]
fn the_rules_say_what_flink_does_with_serializers() {
    let table = fs::read_to_string(vectors().join("compat-serializers.tsv")).unwrap();
    let mut refused: BTreeMap<(&str, &str, Release), &str> = BTreeMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [writer, name, reader, verdict, _] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        refused.insert((writer, name, reader.parse().unwrap()), verdict);
    }
    let (mut compared, mut wrong) = (0, Vec::new());
    for writer in ["1.13.6", "1.20.5", "2.3.0"] {
        let corpus = fs::read_to_string(vectors().join(format!("serializers/{writer}.jsonl"))).unwrap();
        for line in corpus.lines().skip(1) {
            let case: Value = serde_json::from_str(line).unwrap();
            let (name, failing) = rules_of_snapshot(&case, writer.parse().unwrap());
            for release in Release::ALL {
                let flink = refused.get(&(writer, name.as_str(), release)).copied();
                let rules = &failing[release.name()];
                // Some values are the same in both generations of Kryo; `RecordAttributes`, which came with 1.19, are in no state.
                let known = rules.iter().all(|code| *code == rules::KRYO) && flink.is_none()
                    || name == "stream-element" && flink == Some("values");
                if rules.is_empty() == flink.is_some() && !known {
                    wrong.push(format!("{name} of {writer} on {release}: Flink {flink:?}, rules {rules:?}"));
                }
                compared += 1;
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} of {compared}", wrong.len());
    assert!(refused.len() > 300 && compared > 6000, "{} of {compared}", refused.len());
}

#[test]
fn the_registry_and_the_reference_agree_on_releases() {
    for (registered, release) in releases::all().iter().zip(Release::ALL) {
        assert_eq!(registered.name.to_string(), release.name());
        assert_eq!(registered.metadata.written, release.metadata_version().number());
        let read = |version: &MetadataVersion| registered.metadata.read.contains(&version.number());
        assert!(MetadataVersion::ALL.iter().all(|version| read(version) == (*version <= release.metadata_version())));
        assert_eq!(registered.finished, release.holds(Feature::FinishedMarker));
        assert_eq!(registered.handles.stream.contains(&15), release.holds(Feature::Segment));
        assert_eq!(registered.handles.keyed.contains(&12), release.holds(Feature::StateHandleId));
        assert_eq!(registered.handles.keyed.contains(&14), release.holds(Feature::Changelog1_16));
        assert_eq!(registered.changelog == releases::Changelog::V1_14, release.holds(Feature::Changelog1_14));
        assert_eq!(registered.changelog == releases::Changelog::V1_15, release.holds(Feature::Changelog1_15));
    }
    assert_eq!(releases::all().len(), Release::ALL.len());
}

fn savepoint(arguments: &[&str]) -> Output {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    Command::new(env!("CARGO_BIN_EXE_savepoint")).args(arguments).current_dir(root).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn the_pages_for_people() {
    let all = savepoint(&["inspect", "--compat", "conformance/vectors/valid/1.18.1-hashmap-snappy"]);
    assert_eq!(all.status.code(), Some(0));
    insta::assert_snapshot!("compat-page", stdout(&all));
    let targets = ["check", "--target", "1.16.3", "--target", "2.3", "conformance/vectors/valid/2.3.0-rocksdb-rich"];
    let targets = savepoint(&targets);
    assert_eq!(targets.status.code(), Some(1));
    // What the rules say comes behind what the releases do.
    let (of_releases, of_rules) = stdout(&targets).rsplit_once("\n\n").unwrap();
    insta::assert_snapshot!("check-page", of_releases);
    assert!(of_rules.contains("2.3.0-rocksdb-rich/_metadata: sound\n"), "{of_rules}");
}

#[test]
fn exit_codes_of_check() {
    let code = |target: &str, id: &str| {
        let path = format!("conformance/vectors/valid/{id}");
        savepoint(&["check", "--target", target, &path]).status.code()
    };
    assert_eq!(code("2.3", "1.20.5-rocksdb-file"), Some(0));
    assert_eq!(code("1.20", "2.3.0-rocksdb-file"), Some(1));
    assert_eq!(code("1.20", "1.18.1-rocksdb-snappy"), Some(1));
    // Its files are not there: that is found, whatever a release makes of it.
    assert_eq!(code("2.3", "2.3.0-crafted-opstate"), Some(1));
    assert_eq!(code("2.3", "nothing"), Some(2));
    assert_eq!(code("1.12", "2.3.0-rocksdb-file"), Some(2));
}

#[test]
fn the_committed_json_schema_is_that_of_the_type() {
    let schema = json::schema::<Report>();
    assert_eq!(stdout(&savepoint(&["inspect", "--compat", "--json-schema"])), schema);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/compat.json");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, schema, "write `savepoint inspect --compat --json-schema` into {}", path.display());
}

/// Whatever reason a golden savepoint has for some release is in the list that the specification shows.
#[test]
fn every_reason_has_a_code_that_is_listed() {
    let listed: BTreeSet<&str> = rules::CODES.iter().map(|(code, ..)| *code).collect();
    assert_eq!(listed.len(), rules::CODES.len(), "a code twice");
    let mut met = BTreeSet::new();
    for entry in fs::read_dir(vectors().join("valid")).unwrap() {
        for release in &report(&entry.unwrap().path()).releases {
            met.extend(release.reasons.iter().chain(&release.remarks).map(|reason| reason.code));
        }
    }
    assert!(met.is_subset(&listed), "{met:?}");
    assert!(met.len() > 8, "{met:?}");
}

/// COMPAT-KRYO-01: values of Kryo are not copied from one generation to the other without a word.
#[test]
fn a_rewrite_says_what_it_does_not_mend() {
    let scratch = tempfile::tempdir().unwrap();
    let rewrite = |id: &str, release: &str| {
        let from = format!("{}/vectors/valid/{id}", env!("CARGO_MANIFEST_DIR"));
        let to = scratch.path().join(format!("{id}-{release}"));
        let drop = ["--drop", "operator-name", "--drop", "operator-uid", "--drop", "properties"];
        let arguments = ["rewrite", &from, to.to_str().unwrap(), "--release", release];
        let done = savepoint(&[&arguments[..], &drop].concat());
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stderr).unwrap()
    };
    assert!(rewrite("2.3.0-rocksdb-typed", "1.20").contains("Kryo 2.24 does not read"));
    assert!(rewrite("1.20.5-rocksdb-typed", "2.3").contains("[COMPAT-KRYO]"));
    assert_eq!(rewrite("2.3.0-rocksdb-typed", "2.1"), "");
    assert_eq!(rewrite("2.3.0-rocksdb-file", "1.13"), "");
}

#[test]
fn a_requirement_is_explained_by_its_id() {
    let page = savepoint(&["check", "--explain", "meta-end-01"]);
    assert_eq!(page.status.code(), Some(0));
    let text = stdout(&page);
    for part in ["META-END-01  MUST, binds reader and writer", "trailing-bytes", "spec/src/metadata.md#META-END-01"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let topic = savepoint(&["check", "--explain", "META-MASTER"]);
    assert_eq!(topic.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&topic.stderr).contains("META-MASTER-01, META-MASTER-02"));
    assert_eq!(savepoint(&["check", "--explain", "META-END-01", "--target", "1.20", "x"]).status.code(), Some(2));
}
