//! The golden corpus.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

/// A golden `_metadata` file.
pub struct Golden {
    /// Name of the vector: release, backend or `crafted`, and what it is.
    pub id: String,
    pub directory: PathBuf,
    pub bytes: Vec<u8>,
}

impl Golden {
    pub fn release(&self) -> flink_savepoint::metadata::Release {
        self.id.split('-').next().unwrap().parse().unwrap()
    }
}

/// Every `_metadata` of the corpus. An empty or thinned out corpus is a failure, not a pass.
pub fn corpus() -> Vec<Golden> {
    let valid = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/vectors/valid");
    let mut directories: Vec<PathBuf> =
        fs::read_dir(&valid).expect("the golden corpus").map(|entry| entry.unwrap().path()).collect();
    directories.sort();
    let goldens: Vec<Golden> = directories
        .into_iter()
        .map(|directory| Golden {
            id: directory.file_name().unwrap().to_str().unwrap().to_owned(),
            bytes: fs::read(directory.join("_metadata")).unwrap(),
            directory,
        })
        .collect();
    assert!(goldens.len() >= 200, "only {} golden files", goldens.len());
    goldens
}

/// Savepoints of the golden job, in the canonical format.
pub fn jobs() -> Vec<Golden> {
    let other = ["-crafted-", "-native", "-rich", "-typed", "-sql", "-custom", "-avro"];
    let jobs: Vec<Golden> = corpus().into_iter().filter(|g| !other.iter().any(|kind| g.id.contains(kind))).collect();
    assert_eq!(jobs.len(), 72);
    jobs
}

/// Savepoints of the rich job: ambiguous keys, window namespaces, TTL, raw state, many states, empty ones.
pub fn rich() -> Vec<Golden> {
    let rich: Vec<Golden> = corpus().into_iter().filter(|g| g.id.contains("-rich")).collect();
    assert_eq!(rich.len(), 9);
    rich
}

/// Savepoints of the jobs with other types: POJOs, rows, SQL, serializers of users.
pub fn typed() -> Vec<Golden> {
    let kinds = ["-typed", "-sql", "-custom"];
    let typed: Vec<Golden> = corpus().into_iter().filter(|g| kinds.iter().any(|kind| g.id.ends_with(kind))).collect();
    assert_eq!(typed.len(), 18);
    typed
}

pub mod allocations;
/// Savepoints made by this crate alone.
pub mod made;
pub mod serializers;
