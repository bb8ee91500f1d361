//! Each target is a program for libFuzzer, and the pages tell of each.

use std::collections::BTreeSet;
use std::fs;

use flink_savepoint_harness::seeds;
use flink_savepoint_harness::targets::{self, Target};

#[test]
fn each_target_is_a_program() {
    let fuzz = seeds::fuzz();
    let names: BTreeSet<String> = targets::ALL.iter().map(|target| target.name.to_owned()).collect();
    assert!(targets::ALL.is_sorted_by_key(|target| target.name) && names.len() == targets::ALL.len());
    let programs: BTreeSet<String> = fs::read_dir(fuzz.join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(programs, names);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let readme = fs::read_to_string(fuzz.join("README.md")).unwrap();
    for Target { name, .. } in targets::ALL {
        let program = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert_eq!(program, format!("#![no_main]\nflink_savepoint_fuzz::target!({name});\n"));
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "Cargo.toml: {name}");
        assert!(readme.contains(&format!("| `{name}` |")), "README.md: {name}");
    }
}
