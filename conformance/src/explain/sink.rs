//! What explaining a file produces: named byte ranges, in groups, in the order of the file.

use std::fmt;
use std::io;

/// A structure: what follows belongs to it, up to its end.
#[derive(Debug)]
pub struct Group<'g> {
    /// The field that holds it.
    pub name: &'g str,
    /// Which of several.
    pub index: Option<u64>,
    /// The layout or choice in the registry.
    pub layout: &'g str,
    /// More of it for people: the alternative of a choice, the name of a state.
    pub about: String,
    /// Where it starts.
    pub offset: u64,
    /// What is in it was decompressed: its offsets count decompressed bytes, from 0.
    pub opened: bool,
}

impl<'g> Group<'g> {
    /// A structure that stands in the file as it is, and once.
    pub(super) fn new(name: &'g str, layout: &'g str, offset: u64) -> Self {
        Self { name, index: None, layout, about: String::new(), offset, opened: false }
    }

    /// One of several.
    pub(super) fn numbered(self, index: impl Into<Option<u64>>) -> Self {
        Self { index: index.into(), ..self }
    }

    /// With more for people.
    pub(super) fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }

    /// What the chunks of a framed stream hold.
    pub(super) fn content(about: impl Into<String>) -> Self {
        Self { opened: true, ..Self::new("content", "snappy-chunk", 0).about(about) }
    }
}

/// A field: a range of bytes that is not divided any further.
#[derive(Debug)]
pub struct Leaf<'l> {
    /// Its name in the layout.
    pub name: &'l str,
    /// Which of several.
    pub index: Option<u64>,
    /// The layout or choice in the registry that has the field.
    pub layout: &'l str,
    /// How its bytes are read.
    pub ty: String,
    /// Where it starts.
    pub offset: u64,
    /// Its bytes.
    pub bytes: &'l [u8],
    /// What they say.
    pub value: String,
}

/// Takes groups and fields, one after the other.
pub trait Sink {
    /// A structure starts.
    fn open(&mut self, group: &Group<'_>) -> io::Result<()>;
    /// A field.
    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()>;
    /// The structure that was opened last ends before `offset`.
    fn close(&mut self, offset: u64) -> io::Result<()>;
}

/// Why a file was not explained to its end.
#[derive(Debug)]
pub enum Stop {
    /// The bytes are not what the layout says.
    Bad {
        /// Where.
        offset: u64,
        /// In which field.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The output failed.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad { offset, path, why } if path.is_empty() => write!(f, "offset {offset:#x}: {why}"),
            Self::Bad { offset, path, why } => write!(f, "offset {offset:#x}: {path}: {why}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Stop {}
