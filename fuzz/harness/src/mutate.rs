//! Mutations of what was sound before.
//!
//! Half of them know the format: the fields of the bytes at hand are found by the suite's `explain`, up to where the bytes are
//! damaged already, and are changed by their types. The others do not, and so reach what the layouts do not say.
//!
//! The same seed gives the same bytes: nothing here asks the clock or the system.

mod change;
mod fields;
mod plain;

use std::ops::Range;

pub use fastrand::Rng;

use fields::Fields;

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

/// Larger inputs are mutated without looking for fields, which takes longer than what is tested.
const MOST_EXPLAINED: usize = 16 * 1024;

/// All that [`mutate`] says it did.
pub const NAMES: &[&str] = &[
    "bit flipped",
    "byte set",
    "bytes removed",
    "bytes inserted",
    "bytes behind the end",
    "bytes copied within",
    "truncated",
    "spliced",
    "number to a boundary",
    "number changed a little",
    "number of the other input",
    "count changed a little",
    "count beyond the input",
    "count negative",
    "tag changed",
    "flag changed",
    "text over-long",
    "text with odd characters",
    "text of a path",
    "text of a class",
    "text of another field",
    "text emptied",
    "text cut",
    "bytes of the field changed",
    "element removed",
    "element removed, count mended",
    "element doubled",
    "element doubled, count mended",
    "elements swapped",
    "field removed",
    "field doubled",
];

/// Mutates `bytes` once, to at most `most` bytes, and names what was done, one of [`NAMES`]. `other` is of the same shape;
/// pieces of it may be put in.
pub fn mutate(shape: Shape, bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    let explained = shape != Shape::Bytes && bytes.len() <= MOST_EXPLAINED && rng.u8(..3) > 0;
    let done = explained.then(|| change::change(&Fields::of(shape, bytes), bytes, other, rng)).flatten();
    let done = done.unwrap_or_else(|| plain::mutate(bytes, other, rng));
    bytes.truncate(most);
    done
}

/// Puts `new` where `range` was, as far as that is within the bytes.
fn replace(bytes: &mut Vec<u8>, range: Range<usize>, new: impl IntoIterator<Item = u8>) {
    let end = range.end.min(bytes.len());
    bytes.splice(range.start.min(end)..end, new);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const MOST: usize = 4096;

    fn golden(id: &str) -> Vec<u8> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/vectors/valid");
        std::fs::read(format!("{root}/{id}/_metadata")).expect("a golden file")
    }

    fn run(shape: Shape, seed: u64, times: usize) -> (Vec<u8>, Vec<&'static str>) {
        let (mut bytes, other) = (golden("2.3.0-crafted-opstate"), golden("1.16.3-crafted-changelog"));
        let mut rng = Rng::with_seed(seed);
        let names = (0..times).map(|_| mutate(shape, &mut bytes, &other, MOST, &mut rng)).collect();
        (bytes, names)
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        for seed in 0..50 {
            assert_eq!(run(Shape::Metadata, seed, 4), run(Shape::Metadata, seed, 4));
        }
        assert_ne!(run(Shape::Metadata, 1, 4), run(Shape::Metadata, 2, 4));
    }

    #[test]
    fn every_mutation_is_reached() {
        let reached: BTreeSet<_> = (0..2000).flat_map(|seed| run(Shape::Metadata, seed, 2).1).collect();
        assert_eq!(reached, NAMES.iter().copied().collect());
    }

    #[test]
    fn nothing_grows_beyond_the_limit() {
        for shape in [Shape::Metadata, Shape::Bytes] {
            let mut bytes = golden("2.3.0-crafted-opstate");
            let other = bytes.repeat(40);
            let mut rng = Rng::with_seed(7);
            for _ in 0..300 {
                mutate(shape, &mut bytes, &other, MOST, &mut rng);
                assert!(bytes.len() <= MOST);
            }
        }
    }

    #[test]
    fn nothing_is_needed_to_start_from() {
        for shape in [Shape::Metadata, Shape::Keyed, Shape::Operator, Shape::Snapshot, Shape::Bytes] {
            let mut bytes = Vec::new();
            let mut rng = Rng::with_seed(1);
            for _ in 0..20 {
                mutate(shape, &mut bytes, &[], MOST, &mut rng);
            }
            assert!(bytes.len() <= MOST);
        }
    }
}
