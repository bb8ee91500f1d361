//! Where the files of a savepoint are.

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

/// A plain file name: one component that is neither `.` nor `..`.
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
        (plain && !name.contains(['\\', '\0'])).then_some(Self(name))
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
        // What a link leads to may be outside.
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        fs::read(path)
    }
}

#[cfg(test)]
mod tests {
    use super::FileName;

    #[test]
    fn only_plain_names() {
        assert!(FileName::new("8701b0a6-cb20-421a-a403-41e251bda092").is_some());
        assert!(FileName::new("a b%20c").is_some());
        for name in ["", ".", "..", "/etc/passwd", "../x", "./x", "a/b", "a/", "a\\b", "a\0"] {
            assert_eq!(FileName::new(name), None, "{name:?}");
        }
    }
}
