//! The metadata file and the directory that its relative handles mean.

use std::fmt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use flink_savepoint::savepoint::METADATA;

/// A metadata file in memory.
pub struct Source {
    /// The metadata file.
    pub file: PathBuf,
    /// The directory that relative handles are resolved against: the one that the metadata file is in.
    pub directory: PathBuf,
    /// Content of the metadata file.
    pub bytes: Vec<u8>,
}

/// A metadata file that cannot be read or parsed.
#[derive(Debug)]
pub struct Unreadable {
    file: PathBuf,
    why: String,
}

impl Source {
    /// Opens a savepoint directory, or a metadata file under any name, as Flink accepts both.
    pub fn open(path: &Path) -> Result<Self, Unreadable> {
        let file = if path.is_dir() { path.join(METADATA) } else { path.to_owned() };
        let bytes = fs::read(&file).map_err(|e| {
            let why = match e.kind() {
                io::ErrorKind::NotFound if path.is_dir() => {
                    "no such file: this is not a savepoint directory, or its writer did not finish".to_owned()
                }
                io::ErrorKind::NotFound => "no such file or directory".to_owned(),
                _ => e.to_string(),
            };
            Unreadable { file: file.clone(), why }
        })?;
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = parent.unwrap_or(Path::new(".")).to_owned();
        Ok(Self { file, directory, bytes })
    }

    /// The error with the name of the file.
    pub fn failure(&self, error: &flink_savepoint::Error) -> Unreadable {
        Unreadable { file: self.file.clone(), why: format!("{error} [{}]", error.kind().requirement()) }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.why)
    }
}

impl std::error::Error for Unreadable {}
