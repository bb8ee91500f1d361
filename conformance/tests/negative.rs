//! The negative vectors: each is what its mutation makes, has one defect, and is rejected for that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use flink_savepoint::metadata::{Metadata, SubtaskState};
use flink_savepoint::serializer::Hints;
use flink_savepoint_conformance::check::{self, Finding, Options, Severity};
use flink_savepoint_conformance::explain;
use flink_savepoint_conformance::json::Long;
use flink_savepoint_conformance::mutation::{self, Class, Mutation, Parts, Vector};
use flink_savepoint_conformance::reading::{self, Refusal};
use serde::Deserialize;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    vector: Vec<Vector>,
}

fn manifest() -> Vec<Vector> {
    let text = fs::read_to_string(Path::new(VECTORS).join("negative.toml")).unwrap();
    toml::from_str::<Manifest>(&text).unwrap().vector
}

fn committed(id: &str) -> Parts {
    Parts::read(&Path::new(VECTORS).join(id)).unwrap_or_else(|e| panic!("{id}: {e}"))
}

/// The base of a mutation; many have the same.
fn sound(mutation: &Mutation) -> Parts {
    static BASES: Mutex<BTreeMap<(&str, &[&str]), Parts>> = Mutex::new(BTreeMap::new());
    let base = mutation.base;
    let mut bases = BASES.lock().unwrap();
    let make = || mutation::base(&Path::new(VECTORS).join("valid"), base).unwrap();
    bases.entry((base.vector, base.keep)).or_insert_with(make).clone()
}

/// What the reader refuses: nothing where there is no metadata file.
fn refusal(parts: &Parts) -> Option<Refusal> {
    reading::refusal(parts.files.get("_metadata")?, parts)
}

fn of(vector: &Vector) -> &'static Mutation {
    let name = vector.id.split_once('/').unwrap().1;
    mutation::get(name).unwrap_or_else(|| panic!("no mutation {name}"))
}

/// Says everything that is wrong, at the end.
#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_vectors_are_what_the_mutations_make() {
    let manifest = manifest();
    let by_id: BTreeMap<&str, &Vector> = manifest.iter().map(|vector| (vector.id.as_str(), vector)).collect();
    assert_eq!(by_id.len(), manifest.len(), "an id twice");
    let mut names = BTreeSet::new();
    let mut size = 0;
    for mutation in mutation::all() {
        assert!(names.insert(mutation.name), "{} twice", mutation.name);
        let id = format!("{}/{}", mutation.class.name(), mutation.name);
        let described = by_id.get(id.as_str()).unwrap_or_else(|| panic!("{id} is not in the manifest"));
        let (parts, vector) = mutation::make(mutation, &sound(mutation), &described.features).unwrap();
        assert_eq!(vector, **described, "{id}");
        assert!(parts == committed(&id), "{id}: its files are others");
        size += vector.files.iter().map(|file| file.size).sum::<u64>();
    }
    assert_eq!(names.len(), manifest.len(), "a vector of no mutation");
    let there = ["malformed", "invalid"].into_iter().flat_map(|class| {
        let directories = fs::read_dir(Path::new(VECTORS).join(class)).unwrap().map(|entry| entry.unwrap().file_name());
        directories.map(move |name| format!("{class}/{}", name.to_str().unwrap()))
    });
    assert_eq!(there.collect::<BTreeSet<_>>(), by_id.keys().map(|&id| id.to_owned()).collect());
    assert!(names.len() >= 120 && size < 1_200_000, "{} vectors of {size} bytes", names.len());
}

#[test]
fn the_reader_refuses_what_is_malformed_and_reads_what_is_invalid() {
    let mut problems = Vec::new();
    for vector in manifest() {
        let refused = refusal(&committed(&vector.id));
        if of(&vector).class == Class::Invalid {
            if let Some(refused) = refused.filter(|refused| !refused.code.is_empty()) {
                problems.push(format!("{}: {}: {}", vector.id, refused.file, refused.text));
            }
            continue;
        }
        let Some(refused) = refused else {
            problems.push(format!("{}: is read", vector.id));
            continue;
        };
        let found = (refused.requirement, Some(refused.code), refused.file, Some(refused.offset));
        let expected = (vector.requirement, vector.error, vector.file, vector.offset);
        if found != expected {
            problems.push(format!("{}: {found:?} instead of {expected:?}: {}", vector.id, refused.text));
        }
    }
    none(&problems);
}

#[test]
fn mended_they_are_sound() {
    let mut problems = Vec::new();
    let mut bases = BTreeSet::new();
    for vector in manifest() {
        let mutation = of(&vector);
        let sound = sound(mutation);
        let mut mended = committed(&vector.id);
        for changed in &vector.changed {
            let Some(was) = sound.files.get(&changed.path) else {
                mended.files.remove(&changed.path);
                continue;
            };
            let start = usize::try_from(changed.offset).unwrap();
            let [now, before] = [changed.length, changed.was].map(|length| start + usize::try_from(length).unwrap());
            let file = mended.files.entry(changed.path.clone()).or_default();
            file.splice(start..now, was[start..before].iter().copied());
        }
        if mended != sound {
            problems.push(format!("{}: mended, it is not its base", vector.id));
        }
        if bases.insert((vector.base.clone(), vector.keep.clone()))
            // What was made for its metadata leads to nothing.
            && !(vector.base.contains("-crafted-") && Metadata::parse(&sound.files["_metadata"]).is_ok())
            // And native state is of no format that is read here.
            && !vector.base.ends_with("-native")
            && let Some(refused) = refusal(&sound)
        {
            problems.push(format!("{} {:?}: {}: {}", vector.base, vector.keep, refused.file, refused.text));
        }
    }
    none(&problems);
}

#[test]
fn a_mutation_works_wherever_its_place_is() {
    let sound = Parts::read(&Path::new(VECTORS).join("valid/1.13.6-hashmap-file")).unwrap();
    let mut worked = BTreeSet::new();
    for mutation in mutation::all() {
        let mut parts = sound.clone();
        if let Some(spot) = (mutation.apply)(&mut parts) {
            assert_ne!(parts, sound, "{} changes nothing", mutation.name);
            let length = parts.files.get(&spot.file).map_or(0, Vec::len) as u64;
            assert!(spot.offset.is_none_or(|offset| offset <= length), "{}: {spot:?}", mutation.name);
            worked.insert(mutation.name);
        }
    }
    assert!(worked.len() >= 90, "{} of them: {worked:?}", worked.len());
}

#[test]
fn check_finds_the_one_defect_of_what_is_invalid() {
    let directory = tempfile::tempdir().unwrap();
    let found = |parts: &Parts, name: &str| {
        let path = directory.path().join(name.replace('/', "-"));
        parts.write(&path).unwrap();
        check::run(&path, &Options::default()).findings
    };
    let mut problems = Vec::new();
    let mut bases = BTreeSet::new();
    for vector in manifest().into_iter().filter(|vector| vector.class == "invalid") {
        let base = format!("{}{:?}", vector.base, vector.keep);
        let sound = sound(of(&vector));
        if bases.insert(base.clone()) {
            let errors = found(&sound, &format!("base-{}", bases.len())).into_iter();
            problems.extend(errors.filter(|one| one.severity == Severity::Error).map(|one| format!("{base}: {one:?}")));
        }
        let findings = found(&committed(&vector.id), &vector.id);
        let is_it = |one: &Finding| {
            one.requirement == vector.requirement
                && one.file == vector.file
                && one.offset == vector.offset.map(Long::from)
        };
        if !findings.iter().any(is_it) {
            let near: Vec<&Finding> = findings.iter().filter(|one| one.requirement == vector.requirement).collect();
            problems.push(format!(
                "{}: not found: {}, {} {:?}; {near:?}",
                vector.id, vector.requirement, vector.file, vector.offset
            ));
        }
        let other = findings
            .iter()
            .filter(|one| one.severity == Severity::Error && !is_it(one) && !vector.also.contains(&one.requirement));
        problems.extend(other.map(|one| format!("{}: {one:?}", vector.id)));
    }
    none(&problems);
}

#[test]
fn an_empty_range_of_key_groups_may_start_anywhere() {
    let mut parts = Parts::read(&Path::new(VECTORS).join("valid/2.3.0-crafted-keygroups")).unwrap();
    let range = parts.find_if("key-group-offsets", |range| range.path.ends_with("managed_keyed.key_groups")).unwrap();
    parts.replace("_metadata", range.range.clone(), &[0, 0, 0, 3, 0, 0, 0, 0]).unwrap();
    let metadata = Metadata::parse(&parts.files["_metadata"]).unwrap();
    let operator = metadata.operators.iter().next().unwrap();
    let subtask = operator.subtasks().next().unwrap();
    let SubtaskState::Running(handles) = subtask.state else { panic!("{:?}", subtask.state) };
    let range = handles.managed_keyed.unwrap().key_groups();
    assert_eq!((range.count(), range.last()), (0, None));
    assert_eq!(metadata.to_bytes().unwrap(), parts.files["_metadata"], "it is kept where it is written again");
}

#[test]
fn texts_are_quoted_as_json_and_html_need() {
    const NAME: &str = "<b>\"x\\y\"</b>&\u{7}\n";
    let mut parts = Parts::read(&Path::new(VECTORS).join("valid/2.3.0-crafted-coordinator")).unwrap();
    let name = parts.find("operator.name").unwrap();
    parts.replace("_metadata", name.range.clone(), &mutation::utf(NAME)).unwrap();
    let bytes = &parts.files["_metadata"];
    let explained = |sink: &mut dyn explain::Sink| {
        let file = explain::File { name: "_metadata", bytes, metadata: Some(bytes), hints: Hints::default() };
        explain::explain(&file, sink).unwrap();
    };
    let mut lines = Vec::new();
    explained(&mut explain::Lines::new(&mut lines));
    let json = String::from_utf8(lines).unwrap();
    let of_name: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect(line))
        .filter(|line| line["path"] == "operators[0].name")
        .collect();
    let shown = of_name[0]["value"].as_str().unwrap();
    assert!(shown.contains("<b>") && shown.contains("</b>&"), "{shown}");

    let mut page = Vec::new();
    explained(&mut explain::Page::start(&mut page, NAME, "spec").unwrap());
    let page = String::from_utf8(page).unwrap();
    assert!(!page.contains("<b>\"") && !page.contains("</b>&") && page.contains("&lt;b&gt;"));
}
