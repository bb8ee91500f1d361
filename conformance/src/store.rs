//! Files of a savepoint, mapped into memory: read without copying, and given back by the system when it needs the memory.
#![allow(unsafe_code, reason = "mapping a file; nothing else here is unsafe")]

use std::io;
use std::path::{Path, PathBuf};

use flink_savepoint::savepoint::{FileName, Store, local_path, open_regular};
use memmap2::{Advice, Mmap};

/// The directory of a savepoint.
#[derive(Debug, Clone)]
pub struct MappedFiles {
    directory: PathBuf,
    follow_absolute: bool,
}

impl MappedFiles {
    /// The files in `directory`. Absolute handles, which may lead anywhere, are followed only if asked to.
    pub fn new(directory: impl Into<PathBuf>, follow_absolute: bool) -> Self {
        Self { directory: directory.into(), follow_absolute }
    }
}

impl Store for MappedFiles {
    type Bytes = Mmap;

    fn open(&self, name: &FileName<'_>) -> io::Result<Mmap> {
        map(&self.directory.join(name.as_str()))
    }

    fn open_absolute(&self, path: &str) -> Option<io::Result<Mmap>> {
        let unsupported = || io::Error::new(io::ErrorKind::Unsupported, "not a path on this machine");
        self.follow_absolute.then(|| local_path(path).ok_or_else(unsupported).and_then(map))
    }
}

/// A file, mapped.
pub fn map_file(path: &Path) -> io::Result<Mmap> {
    map(path)
}

fn map(path: &Path) -> io::Result<Mmap> {
    let file = open_regular(path)?;
    // SAFETY: savepoints are written once and not changed. Should somebody truncate the file meanwhile, the system ends the
    // process; should somebody write to it, the parser sees other bytes, each of which it checks when it looks at it.
    let map = unsafe { Mmap::map(&file)? };
    #[cfg(unix)]
    // Only a hint.
    let _ = map.advise(Advice::Sequential);
    Ok(map)
}
