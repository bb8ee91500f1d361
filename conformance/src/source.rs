//! The metadata file and the directory that its relative handles mean.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flink_savepoint::savepoint::{METADATA, open_regular};

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
    /// A metadata file of more bytes is not read unless that is asked for: 1 GiB.
    pub const LARGEST: u64 = 1 << 30;

    /// Opens a savepoint directory, or a metadata file under any name, as Flink accepts both.
    pub fn open(path: &Path) -> Result<Self, Unreadable> {
        Self::open_up_to(path, Self::LARGEST)
    }

    /// The same with another limit for the bytes of the metadata file.
    pub fn open_up_to(path: &Path, largest: u64) -> Result<Self, Unreadable> {
        let (file, bytes) = if path.is_dir() {
            // What is in the directory comes with the savepoint, links and pipes, too.
            let file = path.join(METADATA);
            let bytes = open_regular(&file).and_then(|opened| read(opened, largest));
            (file, bytes)
        } else {
            let bytes =
                fs::canonicalize(path).and_then(|real| open_regular(&real)).and_then(|opened| read(opened, largest));
            (path.to_owned(), bytes)
        };
        let bytes = bytes.map_err(|e| {
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

/// Reads a metadata file, and nothing that is appended meanwhile.
fn read(file: File, largest: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    if length > largest {
        let why = format!("{length} bytes, the limit for metadata is {largest} (--max metadata=BYTES raises it)");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.why)
    }
}

impl std::error::Error for Unreadable {}
