//! The comparison with Flink itself: its own readers answer for the same bytes, and every difference has a name or is a mistake.
//!
//! [`process::Oracle`] asks a release; a [`Subject`] reads with the reference, renders the same lines and knows which
//! differences are deliberate; [`judge`] compares. The deliberate ones are in `spec/registry/deviations.toml`.

pub mod answer;
pub mod compare;
mod deviations;
pub mod examples;
pub mod inputs;
pub mod keyed;
pub mod lines;
pub mod metadata;
pub mod process;
pub mod snapshot;
mod state_deviations;

use std::fmt;
use std::io;

use flink_savepoint::metadata::Release;

use crate::mutate::{Rng, Shape, mutate};
use lines::Lines;

pub use answer::{Answer, Refusal};
pub use compare::{Difference, Judgement, judge};

/// A kind of input that a reader of Flink and the reference both take.
pub trait Subject: Sync {
    /// Its name in commands and reports.
    fn name(&self) -> &'static str;

    /// What `Oracle.java` registers its reader as.
    fn code(&self) -> u8;

    /// How inputs are mutated.
    fn shape(&self) -> Shape;

    /// Mutates an input once, to at most `most` bytes.
    fn mutate(&self, bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) {
        mutate(self.shape(), bytes, other, most, rng);
    }

    /// Inputs to start from that `release` can read: golden ones, sound or not.
    fn seeds(&self, release: Release) -> io::Result<Vec<Vec<u8>>>;

    /// What the reference makes of the bytes, rendered as this release of Flink would.
    fn read(&self, bytes: &[u8], release: Release) -> Reading;

    /// The id of the deliberate deviation that explains the difference, if there is one.
    fn classify(&self, case: &Case<'_>, difference: &Difference) -> Option<&'static str>;
}

/// All kinds.
pub const SUBJECTS: &[&dyn Subject] = &[&metadata::MetadataFile, &keyed::KeyedState, &snapshot::Snapshot];

/// An input with what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'c> {
    /// The input.
    pub bytes: &'c [u8],
    /// Who was asked.
    pub release: Release,
}

/// What the reference makes of an input.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The content, or why there is none.
    pub verdict: Result<Lines, Refused>,
    /// What strict reading refuses of what is read otherwise.
    pub strict: Option<Refused>,
}

/// An error of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its code.
    pub code: &'static str,
    /// The field.
    pub path: String,
    /// All of it, for people.
    pub text: String,
}

impl From<flink_savepoint::Error> for Refused {
    fn from(error: flink_savepoint::Error) -> Self {
        Self { code: error.kind().code(), path: error.path(), text: error.to_string() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.code)
    }
}
