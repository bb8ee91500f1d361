//! The registry of requirements and the error kinds name each other.

use std::collections::{BTreeMap, BTreeSet};

use flink_savepoint::ErrorKind;

/// requirement id -> error codes
fn registry() -> BTreeMap<String, BTreeSet<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/registry/requirements.toml");
    let registry: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let mut all = BTreeMap::new();
    for requirement in registry["requirement"].as_array().unwrap() {
        let text = |key: &str| requirement[key].as_str().unwrap().to_owned();
        let id = text("id");
        assert!(matches!(text("level").as_str(), "MUST" | "SHOULD" | "MAY"), "{id}");
        assert!(matches!(text("applies").as_str(), "reader" | "writer" | "both"), "{id}");
        assert!(text("text").ends_with('.'), "{id}");
        assert!(id.rsplit_once('-').is_some_and(|(_, n)| n.len() == 2 && n.parse::<u8>().is_ok()), "{id}");
        let errors = requirement["errors"].as_array().unwrap().iter().map(|e| e.as_str().unwrap().to_owned()).collect();
        assert!(all.insert(id.clone(), errors).is_none(), "{id} twice");
    }
    all
}

#[test]
fn every_error_kind_names_a_requirement_and_the_reverse() {
    let mut of_kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut codes = BTreeSet::new();
    for (code, requirement) in ErrorKind::ALL {
        assert!(codes.insert(code), "{code} twice");
        of_kinds.entry((*requirement).to_owned()).or_default().insert((*code).to_owned());
    }
    assert_eq!(of_kinds, registry());
}
