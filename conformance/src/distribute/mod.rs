//! A pass over a savepoint on many machines: units as JSON lines, partial results as JSON lines, and what they are together.
//!
//! A pass has a unit that is read alone, and a partial result of it that can be merged with the others in any order. Another pass
//! is one more [`Pass`]: its result goes into [`Outcome`], and a part of the command `merge` joins it. The units are the same for all.

mod merge;
mod partial;
mod unit;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use merge::{Merge, Merged, Whole};
pub use partial::{Outcome, PartialLine};
pub use unit::{Planned, UnitLine, plan};

use crate::text::hex;

/// Version of both formats: 1.
pub const FORMAT: u32 = 1;

/// What is done with each unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Pass {
    /// What `savepoint fingerprint` does
    #[default]
    Fingerprint,
    /// What `savepoint diff` does, of two savepoints
    Diff,
    /// What `savepoint check` does
    Check,
}

/// Which of two savepoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

impl Pass {
    /// The command that does it in one process.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fingerprint => "fingerprint",
            Self::Diff => "diff",
            Self::Check => "check",
        }
    }
}

impl Pass {
    /// Whether a line of that side can be of this pass.
    fn has(self, side: Option<Side>) -> bool {
        (self == Self::Diff) == side.is_some()
    }
}

/// What tells savepoints apart: a digest of the metadata file, in which the name of every other file is.
pub fn guard(metadata: &[u8]) -> String {
    hex(&Sha256::digest(metadata))
}
