//! Bounds that hold for any input.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::ErrorKind;

/// What a reader is willing to take on before it gives up with an error of the class
/// [`Limit`](crate::error::ErrorClass::Limit). The file may be sound: raise the limit that the error names.
///
/// Within a stream nothing else needs a limit: views borrow, and every count is compared with the bytes that remain before
/// anything is sized by it. What is left is recursion, where Flink has no bound and overflows its stack; decompression,
/// where 3 bytes can stand for 64; and metadata whose many handles lead to few files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many handles, objects or superclasses may be nested in each other in `_metadata`. Flink itself nests at most 3
    /// handles. Snapshots and values have the default, whatever is said here.
    pub nesting: u8,
    /// Bytes of the largest entry, element or broadcast map that is decompressed into memory. What is not compressed is never
    /// copied and has no limit.
    pub entry: usize,
    /// Bytes of state that a [`Savepoint`](crate::savepoint::Savepoint) reads in its life: those of a file each time that it
    /// is opened, and those that are decompressed, each time.
    pub total: u64,
    /// Handles of state in all subtasks that a [`Savepoint`](crate::savepoint::Savepoint) keeps account of.
    pub handles: u32,
    /// How many handles may lead to one whole file, which is read once for each. In a savepoint it is one. Segments of files
    /// that checkpoints merge do not count.
    pub sharing: u32,
    /// Bytes of the path in a handle, in UTF-8.
    pub path: usize,
}

impl Limits {
    /// What is accepted unless something else is asked for.
    pub const DEFAULT: Self = Self {
        nesting: Self::DEFAULT_NESTING,
        entry: Self::DEFAULT_ENTRY,
        total: Self::DEFAULT_TOTAL,
        handles: Self::DEFAULT_HANDLES,
        sharing: Self::DEFAULT_SHARING,
        path: Self::DEFAULT_PATH,
    };
    /// The nesting that is accepted unless something else is asked for.
    pub const DEFAULT_NESTING: u8 = 32;
    /// The size of a decompressed entry that is accepted unless something else is asked for: 256 MiB.
    pub const DEFAULT_ENTRY: usize = 256 << 20;
    /// The bytes that are read in all unless something else is asked for: 16 TiB.
    pub const DEFAULT_TOTAL: u64 = 16 << 40;
    /// The handles that are followed unless something else is asked for.
    pub const DEFAULT_HANDLES: u32 = 16 << 20;
    /// The handles that may lead to one file unless something else is asked for.
    pub const DEFAULT_SHARING: u32 = 16;
    /// The length of a path that is accepted unless something else is asked for: what Linux takes.
    pub const DEFAULT_PATH: usize = 4096;
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What is left of [`Limits::total`].
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    spent: AtomicU64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, spent: AtomicU64::new(0) }
    }

    /// Whether more was spent than there was.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.spent.load(Ordering::Relaxed) > self.limit
    }

    /// Bytes that are about to be read.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), ErrorKind> {
        let before = self.spent.fetch_add(bytes as u64, Ordering::Relaxed);
        if before.saturating_add(bytes as u64) > self.limit {
            return Err(ErrorKind::TotalTooLarge { limit: self.limit });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_to_the_last_byte_and_not_further() {
        let budget = Budget::new(10);
        assert_eq!([budget.spend(4), budget.spend(6), budget.spend(0)], [Ok(()), Ok(()), Ok(())]);
        assert_eq!(budget.spend(1), Err(ErrorKind::TotalTooLarge { limit: 10 }));
    }
}
