//! Why a savepoint is refused.

use flink_savepoint::savepoint::{METADATA, Why};
use flink_savepoint::{Error, ErrorClass};

use crate::adapter::Answer;
use crate::adapter::reference::Failure;

/// A savepoint that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `foreign`, `malformed`, `invalid`, or `mismatch`: the job and the savepoint do not fit.
    pub class: &'static str,
    /// For people.
    pub message: String,
    /// The requirement that is broken.
    pub requirement: Option<String>,
    /// The byte at which it is broken.
    pub offset: Option<u64>,
    /// The file.
    pub file: Option<String>,
}

/// What ends a restore early.
#[derive(Debug)]
pub(in super::super) enum Stop {
    /// The savepoint is refused.
    Refused(Refusal),
    /// The adapter failed, which says nothing about the savepoint.
    Failed(Failure),
}

impl Refusal {
    /// What is wrong with a file; `_metadata` if none is named.
    pub fn of_file(error: &Error, file: Option<&str>) -> Self {
        let class = match error.kind().class() {
            ErrorClass::Foreign => "foreign",
            ErrorClass::Malformed => "malformed",
            class => class.name(),
        };
        Self {
            class,
            message: error.to_string(),
            requirement: Some(error.kind().requirement().to_owned()),
            offset: Some(error.offset()),
            file: Some(file.unwrap_or(METADATA).to_owned()),
        }
    }

    /// What is wrong with the stream of a handle.
    pub fn of_stream(why: &Why) -> Self {
        let of = |requirement: &str, message: String| Self {
            class: "invalid",
            message,
            requirement: Some(requirement.to_owned()),
            offset: None,
            file: None,
        };
        match why {
            Why::NotAFileName { path } => of("DIR-PATH-02", format!("{path} is no plain file name")),
            Why::Absolute { path } => {
                of("DIR-RELOCATE-01", format!("{path} is an absolute path, which is not followed"))
            }
            Why::Segment { path } => of("META-CANONICAL-01", format!("a segment of {path}")),
            Why::Io { file, error } => {
                Self { file: Some(file.clone()), ..of("DIR-FILES-01", format!("{file}: {error}")) }
            }
            Why::Stream { file, error } => Self::of_file(error, file.as_deref()),
            Why::RawPartition { state, offset } => {
                of("META-CANONICAL-01", format!("offset {offset} of raw state {state} is outside of its stream"))
            }
            Why::RawOffset { key_group, offset } => {
                of("META-CANONICAL-01", format!("offset {offset} of key group {key_group} is outside of its stream"))
            }
            Why::MaxParallelism { found } => of("KEYGROUP-MAX-01", format!("a max parallelism of {found}")),
            Why::Native(_) | Why::InFlight => of("META-CANONICAL-02", "state that is not canonical".to_owned()),
            other => of("INPUT-REPAIR-01", format!("{other:?}")),
        }
    }

    /// The job and the savepoint do not fit, or the savepoint does not fit itself.
    pub fn mismatch(requirement: &str, message: String) -> Self {
        Self { class: "mismatch", message, requirement: Some(requirement.to_owned()), offset: None, file: None }
    }

    /// A rule that is broken in a file.
    pub fn invalid(requirement: &str, file: Option<&str>, message: String) -> Self {
        Self { class: "invalid", file: file.map(str::to_owned), ..Self::mismatch(requirement, message) }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let Refusal { class, message, requirement, offset, file } = refusal;
        let offset = offset.map(|offset| offset.to_string());
        Self::Rejected { class: class.to_owned(), message, requirement, offset, file }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
