//! Why a part of a savepoint cannot be read: whose it is, in which file, and what is wrong.

use std::{fmt, io};

use super::Part;
use super::native::NativeFormat;
use crate::metadata::OperatorId;

/// A part that cannot be read.
#[derive(Debug)]
pub struct Failure {
    /// The operator.
    pub operator: OperatorId,
    /// Index of the subtask.
    pub subtask: u32,
    /// Which of its handles.
    pub state: &'static str,
    /// What is wrong.
    pub why: Why,
}

/// What is wrong with a part.
#[derive(Debug)]
#[non_exhaustive]
pub enum Why {
    /// A relative path that is not a plain file name; it is not followed, since it could leave the directory.
    NotAFileName {
        /// The path in the handle.
        path: String,
    },
    /// An absolute path, where the store does not follow them.
    Absolute {
        /// The path in the handle.
        path: String,
    },
    /// A segment of a merged file: checkpoints only.
    Segment {
        /// The physical file.
        path: String,
    },
    /// The file cannot be opened.
    Io {
        /// The path in the handle.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// The stream is not what the specification says.
    Stream {
        /// The path in the handle; none for inline state.
        file: Option<String>,
        /// What, and where.
        error: crate::Error,
    },
    /// Not in the canonical format.
    Native(NativeFormat),
    /// In-flight data of an unaligned checkpoint, which no savepoint has.
    InFlight,
    /// Compressed operator state by Flink 1.18.0 or 1.18.1, whose elements only the job's own serializer could tell apart.
    Undivided {
        /// Name of the state.
        state: String,
    },
    /// An offset of raw operator state that is outside of the stream.
    RawPartition {
        /// Name of the state.
        state: String,
        /// Its offset.
        offset: i64,
    },
    /// An offset of raw keyed state that is outside of the stream.
    RawOffset {
        /// The key group.
        key_group: u32,
        /// Its offset.
        offset: i64,
    },
    /// Keyed state of an operator without key groups, or with more than 32768.
    MaxParallelism {
        /// The max parallelism.
        found: u32,
    },
    /// What another process has found, in its words.
    Told {
        /// Why.
        text: String,
    },
}

impl Why {
    /// Whether nothing but the end of a serializer snapshot in the header is missing: entries can be read, though not by name and
    /// type.
    pub fn is_foreign_serializer(&self) -> bool {
        use crate::ErrorKind as Kind;
        matches!(self, Self::Stream { error, .. }
            if matches!(error.kind(), Kind::UnknownSnapshot { .. } | Kind::NoFit { .. } | Kind::ManyFits { .. }))
    }
}

/// Something that was read, but is not as a sound writer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The operator.
    pub operator: OperatorId,
    /// Index of the subtask.
    pub subtask: u32,
    /// Which of its handles.
    pub state: &'static str,
    /// The path in the handle; none for inline state.
    pub file: Option<String>,
    /// What.
    pub what: Unusual,
}

/// What can be unusual about a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unusual {
    /// Bytes that no offset leads to. Flink ignores them.
    Gap {
        /// Where they start in the stream.
        offset: u64,
        /// How many there are.
        count: u64,
    },
    /// Compressed operator state whose offsets do not lead to elements (FLINK-34063): Flink 1.18.0 and 1.18.1 wrote it. It is read
    /// right here, but not by Flink.
    OffsetsNotOfElements,
}

impl Remark {
    pub(crate) fn of(part: &Part<'_, '_>, what: Unusual) -> Self {
        let state = part.state.label();
        Self { operator: part.operator.id, subtask: part.subtask, state, file: part.file(), what }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or("inline");
        write!(f, "operator {}, subtask {}, {} state: {file}: {}", self.operator, self.subtask, self.state, self.what)
    }
}

impl fmt::Display for Unusual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { offset, count } => {
                write!(f, "{count} bytes at offset 0x{offset:x} belong to no state (Flink ignores them)")
            }
            Self::OffsetsNotOfElements => f.write_str(
                "compressed by Flink 1.18.0 or 1.18.1 (FLINK-34063): its offsets do not lead to elements. It is read right \
                 here; Flink 1.18.2, 1.19 and later read it wrong without noticing, 1.18.0 and 1.18.1 fail on more than one state",
            ),
        }
    }
}

impl Failure {
    pub(crate) fn of(part: &Part<'_, '_>, why: Why) -> Self {
        Self { operator: part.operator.id, subtask: part.subtask, state: part.state.label(), why }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operator {}, subtask {}, {} state: {}", self.operator, self.subtask, self.state, self.why)
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFileName { path } => write!(f, "{path} is not a plain file name and is not followed"),
            Self::Absolute { path } => write!(f, "{path} is an absolute path, which is followed only when asked to"),
            Self::Segment { path } => {
                write!(f, "in a segment of the merged file {path}: a checkpoint, not a savepoint")
            }
            Self::Io { file, error } => write!(f, "{file}: {error}"),
            Self::Stream { file: Some(file), error } => write!(f, "{file}: {error}"),
            Self::Stream { file: None, error } => write!(f, "inline: {error}"),
            Self::Native(format) => write!(f, "{format}"),
            Self::RawOffset { key_group, offset } => {
                write!(f, "offset {offset} of key group {key_group} is outside of the stream")
            }
            Self::InFlight => f.write_str("in-flight data of an unaligned checkpoint: not a savepoint"),
            Self::Undivided { state } => write!(
                f,
                "the elements of {state} cannot be told apart: compressed by Flink 1.18.0 or 1.18.1 (FLINK-34063), \
                 and the lengths of its values are not known"
            ),
            Self::RawPartition { state, offset } => write!(f, "offset {offset} of {state} is outside of the stream"),
            Self::Told { text } => f.write_str(text),
            Self::MaxParallelism { found } => write!(f, "keyed state with max parallelism {found}"),
        }
    }
}
