//! Rules and the registry name the same requirements.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use flink_savepoint::ErrorKind;
use flink_savepoint_conformance::check::CHAPTERS;
use flink_savepoint_spec::requirements::{self, Applies, Level};

#[test]
fn every_must_of_a_chapter_has_a_rule_or_a_reason() {
    let mut count = 0;
    for (chapter, looked_after, not_here) in CHAPTERS {
        let mut named = BTreeSet::new();
        let reasons = not_here.iter().inspect(|(id, why)| assert!(why.len() > 20, "{id}")).map(|(id, _)| id);
        for id in looked_after.iter().chain(reasons) {
            let requirement = requirements::get(id).unwrap_or_else(|| panic!("{id} is not in the registry"));
            assert_eq!(requirement.chapter, *chapter, "{id}");
            assert!(named.insert(*id), "{id} is named twice");
        }
        let of_chapter = requirements::all().iter().filter(|one| one.chapter == *chapter);
        for one in of_chapter.filter(|one| one.level == Level::Must && one.applies != Applies::Reader) {
            assert!(named.contains(one.id.as_str()), "{} has neither a rule nor a reason", one.id);
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
}

/// Files of rules and what helps them.
const FILES: [&str; 18] = [
    "agreement",
    "compression",
    "conventions",
    "damage",
    "entries",
    "key_groups",
    "keyed",
    "native",
    "operator",
    "place",
    "raw",
    "rewritten",
    "sections",
    "serializers",
    "streams",
    "state_values",
    "timers",
    "values",
];

#[test]
fn what_rules_name_is_what_they_say_they_look_after() {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for file in FILES {
        let source = format!("{}/src/check/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = fs::read_to_string(&source).unwrap();
        for text in source.split('"').filter(|text| requirements::get(text).is_some()) {
            *times.entry(text.to_owned()).or_default() += 1;
        }
    }
    let listed: BTreeSet<&str> =
        CHAPTERS.iter().flat_map(|(_, looked_after, _)| looked_after.iter().copied()).collect();
    let excused: BTreeSet<&str> =
        CHAPTERS.iter().flat_map(|(.., not_here)| not_here.iter().map(|(id, _)| *id)).collect();
    // What the reader reports needs no other mention, and what readers have to report is reported by the rule for writers.
    let by_reader: BTreeSet<&str> = ErrorKind::ALL.iter().map(|(_, id, _)| *id).collect();
    for id in &listed {
        let binds_readers = requirements::get(id).unwrap().applies == Applies::Reader;
        let named = times.get(*id).copied().unwrap_or(0);
        assert!(named > 1 || binds_readers || by_reader.contains(id), "{id} is listed, and no rule reports it");
    }
    for (id, _) in times {
        // Of the chapter on redistribution, streams show only what they have to agree in.
        assert!(
            listed.contains(id.as_str()) || excused.contains(id.as_str()) || id.starts_with("REDIST-"),
            "{id} is reported, and no chapter lists it"
        );
    }
}
