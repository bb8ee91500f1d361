//! Each target has seeds, and takes them.

use std::collections::BTreeMap;

use flink_savepoint_harness::seeds;
use flink_savepoint_harness::targets::{self, Target};

#[test]
fn each_target_takes_its_seeds() {
    let mut of_target: BTreeMap<&str, Vec<seeds::Seed>> = BTreeMap::new();
    for seed in seeds::all().unwrap() {
        assert!(seed.bytes.len() <= seeds::LARGEST, "{}: {}", seed.target, seed.name);
        of_target.entry(seed.target).or_default().push(seed);
    }
    for Target { name, run, .. } in targets::ALL {
        let seeds = of_target.remove(name).unwrap_or_default();
        assert!(seeds.len() >= 10, "{name} has {} seeds", seeds.len());
        let start = std::time::Instant::now();
        for seed in &seeds {
            // Shown if it fails.
            println!("{name}: {}", seed.name);
            run(&seed.bytes);
        }
        println!("{name}: {} seeds in {:?}", seeds.len(), start.elapsed());
    }
    assert!(of_target.is_empty(), "seeds of what is no target: {:?}", of_target.keys());
}
