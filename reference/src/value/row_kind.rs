//! What happened to a row of a changelog.

use std::fmt;

/// `RowKind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum RowKind {
    /// Inserted.
    #[default]
    Insert,
    /// As it was before an update.
    UpdateBefore,
    /// As it is after an update.
    UpdateAfter,
    /// Deleted.
    Delete,
}

impl RowKind {
    const ALL: [Self; 4] = [Self::Insert, Self::UpdateBefore, Self::UpdateAfter, Self::Delete];

    /// The kind of that byte (`RowKind.toByteValue`).
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }

    /// The byte.
    pub fn byte(self) -> u8 {
        self as u8
    }

    /// `+I`, `-U`, `+U` or `-D`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Insert => "+I",
            Self::UpdateBefore => "-U",
            Self::UpdateAfter => "+U",
            Self::Delete => "-D",
        }
    }
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
