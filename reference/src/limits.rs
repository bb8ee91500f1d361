//! Bounds that hold for any input.

/// What a reader is willing to follow before it gives up with [`ErrorKind::TooDeep`](crate::ErrorKind::TooDeep) or
/// [`ErrorKind::EntryTooLarge`](crate::ErrorKind::EntryTooLarge).
///
/// Nothing else needs a limit: views borrow, and every count is compared with the bytes that remain before anything is
/// sized by it. What is left is recursion (handles contain handles, objects of the checkpoint properties and serializer
/// snapshots contain others), where Flink has no bound and overflows its stack, and decompression, where 3 bytes can stand for 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many handles, objects, superclasses or snapshots may be nested in each other. Flink itself nests at most 3 handles.
    pub nesting: u8,
    /// Bytes of the largest entry, element or broadcast map that is decompressed into memory. What is not compressed is never
    /// copied and has no limit.
    pub entry: usize,
}

impl Limits {
    /// The nesting that is accepted unless something else is asked for.
    pub const DEFAULT_NESTING: u8 = 32;
    /// The size of a decompressed entry that is accepted unless something else is asked for: 256 MiB.
    pub const DEFAULT_ENTRY: usize = 256 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self { nesting: Self::DEFAULT_NESTING, entry: Self::DEFAULT_ENTRY }
    }
}
