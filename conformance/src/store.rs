//! Files of a savepoint, mapped into memory: read without copying, and given back by the system when it needs the memory.
#![allow(unsafe_code, reason = "mapping a file; nothing else here is unsafe")]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flink_savepoint::savepoint::{FileName, Store, local_path, open_regular};
use memmap2::{Advice, Mmap};

use crate::remote::{Lease, Mirror};
use crate::source::Source;

/// The directory of a savepoint.
#[derive(Debug, Clone)]
pub struct MappedFiles {
    directory: PathBuf,
    follow_absolute: bool,
    /// Fills the files of the directory, if it presents a remote savepoint.
    mirror: Option<Arc<Mirror>>,
}

/// A mapped file.
#[derive(Debug)]
pub struct Mapped {
    map: Mmap,
    /// Of a remote file: what was fetched of it stays as long as it is mapped.
    _lease: Option<Lease>,
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.map
    }
}

impl MappedFiles {
    /// The files in `directory`. Absolute handles, which may lead anywhere, are followed only if asked to.
    pub fn new(directory: impl Into<PathBuf>, follow_absolute: bool) -> Self {
        Self { directory: directory.into(), follow_absolute, mirror: None }
    }

    /// The files beside a metadata file. Remote savepoints have no absolute handles that are followed: a path on this machine is
    /// nothing that they can know of.
    pub fn of(source: &Source, follow_absolute: bool) -> Self {
        let mirror = source.mirror().cloned();
        let follow_absolute = follow_absolute && mirror.is_none();
        Self { directory: source.directory.clone(), follow_absolute, mirror }
    }
}

impl Store for MappedFiles {
    type Bytes = Mapped;

    fn open(&self, name: &FileName<'_>) -> io::Result<Mapped> {
        match &self.mirror {
            Some(mirror) => mirror.file(name.as_str(), None),
            None => map_file(&self.directory.join(name.as_str())),
        }
    }

    fn is_partial(&self) -> bool {
        self.mirror.is_some()
    }

    fn open_parts(&self, name: &FileName<'_>, parts: &[Range<u64>]) -> io::Result<Mapped> {
        match &self.mirror {
            Some(mirror) => mirror.file(name.as_str(), Some(parts)),
            None => self.open(name),
        }
    }

    fn open_absolute(&self, path: &str) -> Option<io::Result<Mapped>> {
        let unsupported = || io::Error::new(io::ErrorKind::Unsupported, "not a path on this machine");
        self.follow_absolute.then(|| local_path(path).ok_or_else(unsupported).and_then(map_file))
    }
}

/// A file, mapped.
pub fn map_file(path: &Path) -> io::Result<Mapped> {
    Ok(Mapped { map: map(path)?, _lease: None })
}

/// A file of a mirror, mapped.
#[cfg(feature = "remote")]
pub(crate) fn map_leased(path: &Path, lease: Lease) -> io::Result<Mapped> {
    Ok(Mapped { map: map(path)?, _lease: Some(lease) })
}

/// An opened file, mapped.
pub(crate) fn map_opened(file: &File) -> io::Result<Mapped> {
    Ok(Mapped { map: map_of(file)?, _lease: None })
}

fn map(path: &Path) -> io::Result<Mmap> {
    map_of(&open_regular(path)?)
}

fn map_of(file: &File) -> io::Result<Mmap> {
    // SAFETY: savepoints are written once and not changed. Should somebody truncate the file meanwhile, the system ends the
    // process; should somebody write to it, the parser sees other bytes, each of which it checks when it looks at it.
    let map = unsafe { Mmap::map(file)? };
    #[cfg(unix)]
    // Only a hint.
    let _ = map.advise(Advice::Sequential);
    Ok(map)
}
