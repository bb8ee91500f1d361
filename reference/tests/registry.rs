//! The requirements of the specification and the error kinds name each other.

use std::collections::{BTreeMap, BTreeSet};

use flink_savepoint::ErrorKind;
use flink_savepoint_spec::{errors, requirements};

#[test]
fn every_error_kind_names_a_requirement_and_the_reverse() {
    let mut of_kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut codes = BTreeSet::new();
    for (code, requirement, _) in ErrorKind::ALL {
        assert!(codes.insert(code), "{code} twice");
        of_kinds.entry(requirement).or_default().insert(code);
    }
    // Requirements that no error reports have no codes.
    let with_errors = requirements::all().iter().filter(|one| !one.errors.is_empty());
    let registry: BTreeMap<&str, BTreeSet<&str>> =
        with_errors.map(|one| (one.id.as_str(), one.errors.iter().map(String::as_str).collect())).collect();
    assert_eq!(of_kinds, registry);
}

#[test]
fn errors_have_the_classes_of_the_registry() {
    let reference: BTreeMap<&str, &str> = ErrorKind::ALL.iter().map(|(code, _, class)| (*code, class.name())).collect();
    let registry: BTreeMap<&str, &str> =
        errors::codes().iter().map(|error| (error.code.as_str(), error.class.as_str())).collect();
    assert_eq!(registry.len(), errors::codes().len(), "a code twice");
    assert_eq!(reference, registry);
    let used: BTreeSet<&str> = registry.values().copied().collect();
    let classes: BTreeSet<&str> = errors::classes().iter().map(|class| class.name.as_str()).collect();
    assert_eq!(used, classes);
}
