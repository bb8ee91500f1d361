//! Mutations of what was sound before.
//!
//! The same seed gives the same bytes: nothing here asks the clock or the system.

pub use fastrand::Rng;

/// What bytes are, so that a mutation finds their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A `_metadata` file.
    Metadata,
    /// A stream of managed keyed state.
    Keyed,
    /// A stream of operator state.
    Operator,
    /// A serializer snapshot.
    Snapshot,
    /// Nothing known.
    Bytes,
}

/// Mutates `bytes` once, to at most `most` bytes, and names what was done. `other` is of the same shape; pieces of it may be
/// put in.
pub fn mutate(_shape: Shape, bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    let at = rng.usize(..=bytes.len());
    match rng.u8(..3) {
        0 if at < bytes.len() => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << rng.u8(..8);
            }
            "bit flipped"
        }
        1 => {
            bytes.truncate(at);
            "truncated"
        }
        _ => {
            let from = rng.usize(..=other.len());
            bytes.truncate(at);
            bytes.extend(other.iter().skip(from));
            bytes.truncate(most);
            "spliced"
        }
    }
}
