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

/// Savepoints that real jobs wrote, in the canonical format.
pub fn jobs() -> Vec<Golden> {
    let jobs: Vec<Golden> =
        corpus().into_iter().filter(|g| !g.id.contains("-crafted-") && !g.id.ends_with("-native")).collect();
    assert_eq!(jobs.len(), 72);
    jobs
}

/// Savepoints made by this crate alone.
pub mod made;
