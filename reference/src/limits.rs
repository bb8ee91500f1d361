//! Bounds that hold for any input.

/// What a reader is willing to follow before it gives up with [`ErrorKind::TooDeep`](crate::ErrorKind::TooDeep).
///
/// Memory needs no limit of its own: views borrow, and every count is compared with the bytes that remain before
/// anything is sized by it. What is left is recursion: handles contain handles, and objects of the checkpoint
/// properties contain objects. Flink has no bound here and overflows its stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many handles (or objects, or superclasses) may be nested in each other. Flink itself nests at most 3.
    pub nesting: u8,
}

impl Limits {
    /// The nesting that is accepted unless something else is asked for.
    pub const DEFAULT_NESTING: u8 = 32;
}

impl Default for Limits {
    fn default() -> Self {
        Self { nesting: Self::DEFAULT_NESTING }
    }
}
