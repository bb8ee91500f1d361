//! What can come of a cell of the matrix. Only *pass* counts as pass.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What came of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What had to come back came back.
    Pass,
    /// Something else came back, or a sound savepoint was refused, or a broken one was not.
    Fail,
    /// It failed, and the known-failures file says why.
    ExpectedFail,
    /// The known-failures file says that it fails, and it passed: the entry is stale.
    UnexpectedPass,
    /// An adapter declares that it does not support what the scenario needs.
    Unsupported,
    /// An adapter ended instead of answering.
    Crash,
    /// An adapter did not answer in time.
    Timeout,
    /// An adapter does not keep the protocol, or says that it failed itself.
    AdapterError,
    /// It was planned and not run: there was nothing to restore.
    NotRun,
}

impl Verdict {
    /// All of them, in the order in which reports show them.
    pub const ALL: [Self; 9] = [
        Self::Pass,
        Self::Fail,
        Self::ExpectedFail,
        Self::UnexpectedPass,
        Self::Unsupported,
        Self::Crash,
        Self::Timeout,
        Self::AdapterError,
        Self::NotRun,
    ];

    /// As events and reports spell it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::ExpectedFail => "expected-fail",
            Self::UnexpectedPass => "unexpected-pass",
            Self::Unsupported => "unsupported",
            Self::Crash => "crash",
            Self::Timeout => "timeout",
            Self::AdapterError => "adapter-error",
            Self::NotRun => "not-run",
        }
    }

    /// One sign, for matrices.
    pub fn sign(self) -> char {
        match self {
            Self::Pass => '✓',
            Self::Fail => '✗',
            Self::ExpectedFail => 'x',
            Self::UnexpectedPass => '!',
            Self::Unsupported => '–',
            Self::Crash => 'C',
            Self::Timeout => 'T',
            Self::AdapterError => 'E',
            Self::NotRun => '·',
        }
    }

    /// Whether a run with such a cell is not good.
    pub fn is_bad(self) -> bool {
        !matches!(self, Self::Pass | Self::ExpectedFail | Self::Unsupported)
    }
}
