//! Inputs that once broke something, or that stand at the boundary that a target is about: each is taken, and in time.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use flink_savepoint_harness::seeds;
use flink_savepoint_harness::targets::{self, Target};

/// As long as libFuzzer lets an input take in a campaign.
const MOST: Duration = Duration::from_secs(1);

#[test]
fn nothing_breaks_again() {
    let folder = seeds::fuzz().join("regressions");
    let table = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut folders: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let mut failed = Vec::new();
    for Target { name, run, .. } in targets::ALL {
        assert!(folders.remove(*name), "regressions/{name} is missing");
        let mut inputs: Vec<_> = fs::read_dir(folder.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!inputs.is_empty(), "regressions/{name} is empty");
        inputs.sort();
        for input in inputs {
            let file = format!("{name}/{}", input.file_name().unwrap().to_str().unwrap());
            assert!(table.contains(&format!("`{file}`")), "regressions/README.md does not tell of {file}");
            let bytes = fs::read(&input).unwrap();
            let start = Instant::now();
            let done = catch_unwind(AssertUnwindSafe(|| run(&bytes)));
            let took = start.elapsed();
            if done.is_err() {
                failed.push(format!("{file} panics"));
            } else if took > MOST {
                failed.push(format!("{file} takes {took:?}"));
            }
        }
    }
    assert!(folders.is_empty(), "folders of no target: {folders:?}");
    assert!(failed.is_empty(), "{failed:?}");
    // What the table tells of is there.
    let told = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let missing: Vec<&str> = told.filter(|file| !folder.join(file).is_file()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
