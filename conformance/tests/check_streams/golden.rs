//! What real Flink wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use flink_savepoint_conformance::check::{Severity, streams_of};

use crate::model::VALID;

#[test]
fn golden_savepoints_break_no_must() {
    // Handles made by hand, over bytes that are no streams: only their metadata is of use. And the broken writer of 1.18.1.
    let expected: &[(&str, &[&str])] = &[
        ("-crafted-keyedsavepoint", &["RAW-KEYED-02"]),
        ("-crafted-keygroups", &["RAW-KEYED-02"]),
        ("-crafted-opstate", &["RAW-OPERATOR-01", "WIRE-TRUNCATED-01"]),
        ("-crafted-segment", &["RAW-OPERATOR-01"]),
        ("1.18.1-hashmap-snappy", &["SNAPPY-OPERATOR-01"]),
        ("1.18.1-rocksdb-snappy", &["SNAPPY-OPERATOR-01"]),
    ];
    let mut warnings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut count = 0;
    for entry in fs::read_dir(VALID).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let found = streams_of(&path).unwrap();
        let errors: BTreeSet<&str> =
            found.iter().filter(|one| one.severity == Severity::Error).map(|one| one.requirement.as_str()).collect();
        let known = expected.iter().find(|(end, _)| name.ends_with(end)).map_or(&[][..], |(_, ids)| ids);
        assert_eq!(errors, known.iter().copied().collect(), "{name}: {found:#?}");
        for one in found.iter().filter(|one| one.severity == Severity::Warning) {
            let backend = name.split('-').nth(1).unwrap().to_owned();
            warnings.entry(backend).or_default().insert(one.requirement.clone());
        }
        count += 1;
    }
    assert_eq!(count, 296);
    // The hashmap backend writes in hash order, and RocksDB nothing behind nulls in new releases.
    let of = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(warnings["hashmap"], of(&["KEYED-ORDER-01", "VALUE-MAP-STATE-02"]));
    assert_eq!(warnings["rocksdb"], of(&["VALUE-MAP-STATE-02"]));
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}
