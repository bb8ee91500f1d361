//! The one error type: what is wrong, at which byte, in which field.

mod kind;

use std::fmt;

pub use kind::{ErrorClass, ErrorKind, TypePosition};

use crate::wire::Input;

/// Result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why bytes are not what the specification says, where, and in which field.
///
/// Built only on failure, so it is boxed: a `Result<T>` stays small on the path that succeeds.
///
/// ```
/// # use flink_savepoint::metadata::Metadata;
/// let error = Metadata::parse(b"PK\x03\x04 a zip file").unwrap_err();
/// assert_eq!(error.to_string(), "offset 0x0: magic: found 50 4b 03 04, a _metadata file starts with 49 60 67 2d");
/// assert_eq!(error.kind().requirement(), "META-MAGIC-01");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    offset: u64,
    /// Innermost first: pushed while the error travels up.
    path: Vec<Segment>,
}

/// One step of a field path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// A named field.
    Field(&'static str),
    /// An element of the field before it.
    Index(u64),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, offset: u64) -> Self {
        Self(Box::new(Inner { kind, offset, path: Vec::new() }))
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The byte of the file at which the offending field starts; for a truncated file, of the field that is cut.
    pub fn offset(&self) -> u64 {
        self.0.offset
    }

    /// The field path, outermost first.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        self.0.path.iter().rev().copied()
    }

    /// The field path as text: `operators[3].subtasks[1].state.managed_keyed.offsets`.
    pub fn path(&self) -> String {
        let mut text = String::new();
        for segment in self.segments() {
            match segment {
                Segment::Field(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Segment::Index(i) => text.extend(["[", &i.to_string(), "]"]),
            }
        }
        text
    }

    /// The same place and another kind.
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The error inside of that element of a list.
    pub(crate) fn within(mut self, list: &'static str, index: usize) -> Self {
        self.push(Segment::Index(index as u64));
        self.push(Segment::Field(list));
        self
    }

    pub(crate) fn push(&mut self, segment: Segment) {
        self.0.path.push(segment);
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offset 0x{:x}: ", self.0.offset)?;
        let path = self.path();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        self.0.kind.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("offset", &self.0.offset)
            .field("path", &self.path())
            .finish()
    }
}

impl std::error::Error for Error {}

/// What a writer refuses, beside what its sink may fail with.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}

impl<'a> nom::error::ParseError<Input<'a>> for Error {
    // nom's own parsers fail here in one way only: the bytes ran out.
    fn from_error_kind(input: Input<'a>, _kind: nom::error::ErrorKind) -> Self {
        Self::new(ErrorKind::Truncated { available: input.len() }, input.offset())
    }

    fn append(_input: Input<'a>, _kind: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

/// Adds the field path to an error on its way up.
pub(crate) trait At: Sized {
    fn at(self, segment: Segment) -> Self;

    fn field(self, name: &'static str) -> Self {
        self.at(Segment::Field(name))
    }

    fn index(self, i: u64) -> Self {
        self.at(Segment::Index(i))
    }
}

impl<T> At for Result<T> {
    fn at(self, segment: Segment) -> Self {
        self.map_err(|mut e| {
            e.push(segment);
            e
        })
    }
}

impl<T> At for std::result::Result<T, nom::Err<Error>> {
    fn at(self, segment: Segment) -> Self {
        self.map_err(|e| {
            e.map(|mut e: Error| {
                e.push(segment);
                e
            })
        })
    }
}
