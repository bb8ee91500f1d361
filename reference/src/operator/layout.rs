//! How the data of an operator state stream is compressed: two writers of the same version did it differently.

use super::OperatorHeader;
use crate::compression::{BLOCK, Chunk};
use crate::wire::Input;

/// How the data of a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnappyLayout {
    /// Not at all.
    Plain,
    /// One framed stream; every element starts a chunk (Flink 1.18.2, 1.19 and later).
    ByElement,
    /// A framed stream for each state, and offsets that do not lead to elements: the broken writer of Flink 1.18.0 and
    /// 1.18.1. Releases with the fix read such a stream wrong without noticing.
    ByState,
    /// A single state whose offsets and chunks can be from either writer. Its elements are told apart by their serializer,
    /// which is right for both.
    Either,
}

impl SnappyLayout {
    /// Whether elements start where the offsets lead.
    pub fn has_offsets_of_elements(self) -> bool {
        matches!(self, Self::Plain | Self::ByElement)
    }

    pub(super) fn of(header: &OperatorHeader<'_>, data: Input<'_>, offsets: &[Vec<u64>]) -> Self {
        if header.compressed != Some(true) {
            return Self::Plain;
        }
        // One identifier behind the header, or one for each state, which is the same for a single state.
        let [only] = offsets else {
            let identifiers = Chunk::all(data).filter(Chunk::is_identifier).count();
            return if identifiers == offsets.len() { Self::ByState } else { Self::ByElement };
        };
        if only.windows(2).any(|pair| matches!(pair, [one, next] if one >= next)) {
            return Self::ByState;
        }
        // Only the sound writer ends a chunk before it is full, other than the last one.
        let mut blocks = Chunk::all(data).filter(Chunk::holds_data).peekable();
        while let Some(block) = blocks.next() {
            if blocks.peek().is_some() && block.size() != Some(BLOCK) {
                return Self::ByElement;
            }
        }
        if only.len() > 1 { Self::Either } else { Self::ByElement }
    }
}
