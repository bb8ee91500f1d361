//! The metadata file and the directory that its relative handles mean.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flink_savepoint::savepoint::{METADATA, open_regular};

use crate::remote::{self, Mirror};
use crate::store::{self, Mapped};

/// Content of a metadata file.
#[derive(Debug)]
pub enum Content {
    /// In memory.
    Read(Vec<u8>),
    /// Mapped, if it is large: then the system takes back the memory when it needs it.
    Mapped(Mapped),
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Read(bytes) => bytes,
            Self::Mapped(mapped) => mapped.as_ref(),
        }
    }
}

/// A metadata file in memory.
pub struct Source {
    /// The metadata file, or its URL.
    pub file: PathBuf,
    /// The directory that relative handles are resolved against: the one that the metadata file is in. It presents the files of a
    /// remote savepoint, and is filled as they are opened.
    pub directory: PathBuf,
    /// Content of the metadata file.
    pub bytes: Content,
    mirror: Option<Arc<Mirror>>,
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
        Self::open_local(path, Self::LARGEST)
    }

    /// A metadata file that was read before.
    pub fn of(file: PathBuf, directory: PathBuf, bytes: Vec<u8>) -> Self {
        Self { file, directory, bytes: Content::Read(bytes), mirror: None }
    }

    /// The same with another limit for the bytes of the metadata file, and URLs of remote savepoints.
    pub fn open_up_to(path: &Path, largest: u64, remote: &remote::Options) -> Result<Self, Unreadable> {
        let Some(url) = remote::url_of(path) else { return Self::open_local(path, largest) };
        let unreadable =
            |error: io::Error| Unreadable { file: remote::without_secrets(url).into(), why: error.to_string() };
        let mirror = Mirror::open(url, remote).map_err(unreadable)?;
        let file = PathBuf::from(mirror.url());
        let unreadable = |error: io::Error| Unreadable { file: file.clone(), why: error.to_string() };
        within(mirror.size(mirror.name()).unwrap_or(0), largest).map_err(unreadable)?;
        let bytes = mirror
            .file(mirror.name(), None)
            .map_err(|error| Unreadable { file: PathBuf::new(), why: error.to_string() })?;
        let bytes = Content::Read(bytes.as_ref().to_vec());
        Ok(Self { directory: mirror.directory().to_owned(), bytes, mirror: Some(Arc::new(mirror)), file })
    }

    fn open_local(path: &Path, largest: u64) -> Result<Self, Unreadable> {
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
        Ok(Self { file, directory, bytes, mirror: None })
    }

    /// What fills the directory, of a remote savepoint.
    pub fn mirror(&self) -> Option<&Arc<Mirror>> {
        self.mirror.as_ref()
    }

    /// The first bytes of a regular file in the directory; none if it has fewer.
    pub fn start_of<const N: usize>(&self, name: &str) -> Option<[u8; N]> {
        if let Some(mirror) = &self.mirror {
            let start = mirror.file(name, Some(std::slice::from_ref(&(0..N as u64)))).ok()?;
            return start.as_ref().first_chunk().copied();
        }
        let mut start = [0; N];
        let path = self.directory.join(name);
        let is_file = fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
        (is_file && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()).then_some(start)
    }

    /// The error with the name of the file.
    pub fn failure(&self, error: &flink_savepoint::Error) -> Unreadable {
        Unreadable { file: self.file.clone(), why: format!("{error} [{}]", error.kind().requirement()) }
    }
}

/// Metadata files of more bytes are mapped: 4 MiB, which is more than most have.
const MAPPED: u64 = 4 << 20;

/// Reads a metadata file, and nothing that is appended meanwhile.
fn read(file: File, largest: u64) -> io::Result<Content> {
    let length = file.metadata()?.len();
    within(length, largest)?;
    if length > MAPPED {
        return store::map_opened(&file).map(Content::Mapped);
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(Content::Read(bytes))
}

fn within(length: u64, largest: u64) -> io::Result<()> {
    if length > largest {
        let why = format!("{length} bytes, the limit for metadata is {largest} (--max metadata=BYTES raises it)");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(())
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.as_os_str().is_empty() {
            return f.write_str(&self.why);
        }
        write!(f, "{}: {}", self.file.display(), self.why)
    }
}

impl std::error::Error for Unreadable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_metadata_is_mapped_and_up_to_the_limit() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join(METADATA);
        for (length, mapped) in [(MAPPED, false), (MAPPED + 1, true)] {
            let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            let source = Source::open(scratch.path()).unwrap();
            assert_eq!(matches!(source.bytes, Content::Mapped(_)), mapped);
            assert!(*source.bytes == bytes);
            let refused = Source::open_up_to(&path, length - 1, &remote::Options::default()).err().unwrap().to_string();
            assert!(refused.contains("the limit for metadata"), "{refused}");
        }
    }
}
