//! Where the files of a savepoint are.

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// A plain file name: one component that is neither `.` nor `..`, without a colon, with which Flink fails (`DIR-PATH-01`).
///
/// Flink resolves any relative path, also `../x`, which leaves the savepoint's directory. Its own writers only use bare
/// names, so nothing is lost by this deliberate deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName<'n>(&'n str);

impl<'n> FileName<'n> {
    /// `None` unless it is a plain file name on this system, and on systems where `\` separates.
    pub fn new(name: &'n str) -> Option<Self> {
        let mut components = Path::new(name).components();
        let plain =
            matches!((components.next(), components.next()), (Some(Component::Normal(only)), None) if only == name);
        (plain && !name.contains(['\\', '\0', ':'])).then_some(Self(name))
    }

    /// The name.
    pub fn as_str(self) -> &'n str {
        self.0
    }
}

/// Gives the bytes of files.
pub trait Store {
    /// The bytes of a file: in memory, mapped, or otherwise.
    type Bytes: AsRef<[u8]>;

    /// Opens a file of the savepoint's directory.
    fn open(&self, name: &FileName<'_>) -> io::Result<Self::Bytes>;

    /// Whether [`open_parts`](Self::open_parts) costs less than opening the whole file, as it does over a network.
    fn is_partial(&self) -> bool {
        false
    }

    /// Opens a file of which nothing but `parts` is read, in no order: its other bytes can be anything. Parts may reach beyond its
    /// end, and have nothing there; the length of the file is its true one all the same.
    fn open_parts(&self, name: &FileName<'_>, parts: &[Range<u64>]) -> io::Result<Self::Bytes> {
        let _ = parts;
        self.open(name)
    }

    /// Opens a file by an absolute path, which may be anywhere; `None` if the store does not follow them.
    fn open_absolute(&self, path: &str) -> Option<io::Result<Self::Bytes>> {
        let _ = path;
        None
    }
}

impl<S: Store> Store for &S {
    type Bytes = S::Bytes;

    fn open(&self, name: &FileName<'_>) -> io::Result<Self::Bytes> {
        (**self).open(name)
    }

    fn is_partial(&self) -> bool {
        (**self).is_partial()
    }

    fn open_parts(&self, name: &FileName<'_>, parts: &[Range<u64>]) -> io::Result<Self::Bytes> {
        (**self).open_parts(name, parts)
    }

    fn open_absolute(&self, path: &str) -> Option<io::Result<Self::Bytes>> {
        (**self).open_absolute(path)
    }
}

/// The path on this machine that an absolute handle means: `file:/x`, `file:///x` or `/x`. `None` for other file systems.
pub fn local_path(handle: &str) -> Option<&Path> {
    let path = match handle.strip_prefix("file:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None => handle,
    };
    let path = Path::new(path);
    path.is_absolute().then_some(path)
}

/// Opens a regular file, and nothing else: no link, whose target may be anywhere, and no pipe or device, at which a reader would
/// wait for ever. What was opened is what was looked at, also if the name was given to something else meanwhile.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let irregular = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    let found = fs::symlink_metadata(path)?;
    if !found.is_file() {
        return Err(irregular());
    }
    let file = File::open(path)?;
    let opened = file.metadata()?;
    if opened.is_file() && is_same(&found, &opened) { Ok(file) } else { Err(irregular()) }
}

#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

/// A directory whose files are read into memory. For large files map them instead: a `Store` of your own is a few lines.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory that `_metadata` is in.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl Store for Directory {
    type Bytes = Vec<u8>;

    fn open(&self, name: &FileName<'_>) -> io::Result<Vec<u8>> {
        let file = open_regular(&self.path.join(name.as_str()))?;
        // What is appended meanwhile is not read: it may never end.
        let length = file.metadata()?.len();
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{FileName, Path, local_path};

    #[test]
    fn only_plain_names() {
        assert!(FileName::new("8701b0a6-cb20-421a-a403-41e251bda092").is_some());
        assert!(FileName::new("a b%20c").is_some());
        for name in ["", ".", "..", "/etc/passwd", "../x", "./x", "a/b", "a/", "a\\b", "a\0", "a:b"] {
            assert_eq!(FileName::new(name), None, "{name:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn absolute_paths() {
        for handle in ["file:/a b/c", "file:///a b/c", "/a b/c"] {
            assert_eq!(local_path(handle), Some(Path::new("/a b/c")), "{handle}");
        }
        for handle in ["", "file:", "file:a", "a/b", "s3://bucket/key", "hdfs:/x"] {
            assert_eq!(local_path(handle), None, "{handle}");
        }
    }
}
