//! Where the files of a savepoint are.

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

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

/// That a path leads to a regular file and not over a link, whose target may be anywhere.
pub fn regular_file(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_file() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
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
        let path = self.path.join(name.as_str());
        regular_file(&path)?;
        fs::read(path)
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
