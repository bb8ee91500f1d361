//! A place on the disk for the files of one input.

use std::path::Path;
use std::{fs, io};

use flink_savepoint::savepoint::{FileName, METADATA};
use tempfile::TempDir;

use crate::bundle::Bundle;

/// A directory that nothing else writes to, and that goes with it.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Scratch {
    /// In memory where there is such a file system, since what is written there is not waited for.
    pub fn new() -> io::Result<Self> {
        let shared_memory = Path::new("/dev/shm");
        let builder = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix("savepoint-fuzz-");
            builder
        };
        // The system's own place, where one was asked for.
        let asked = std::env::var_os("TMPDIR").is_some();
        let in_memory = (!asked && shared_memory.is_dir()).then(|| builder().tempdir_in(shared_memory));
        in_memory.and_then(Result::ok).map_or_else(|| builder().tempdir(), Ok).map(Self)
    }

    /// It.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Puts a savepoint into a directory of that name in it. Only plain file names are files; of two with one name the later stays.
    pub fn put(&self, name: &str, bundle: &Bundle) -> io::Result<std::path::PathBuf> {
        let directory = self.path().join(name);
        fs::create_dir(&directory)?;
        for (name, content) in &bundle.files {
            if FileName::new(name).is_some() {
                // What this file system does not take as a name is not there.
                let _ = fs::write(directory.join(name), content);
            }
        }
        fs::write(directory.join(METADATA), &bundle.metadata)?;
        Ok(directory)
    }
}
