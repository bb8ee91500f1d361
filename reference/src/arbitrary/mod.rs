//! [`Arbitrary`](::arbitrary::Arbitrary) for the model: what fuzzers and property tests make of bytes.
//!
//! Everything that is made here can be written, in the newest version and for the newest release at least, and is read back as it
//! was; what is not says so by its name ([`Metadata1_14`]). Each implementation is by hand: of what is derived nearly everything
//! would be refused. Lists have a few elements, nesting is bounded, and no bytes at all make the smallest model.

mod avro;
mod expected;
mod handles;
mod meta_info;
mod metadata;
mod savepoint;
mod serializer;
mod sql;
mod streams;
mod value;
mod wire;

pub use expected::for_release;
pub use metadata::Metadata1_14;
pub use savepoint::{OperatorOfSavepoint, SavepointModel};
pub use streams::{KeyedEntry, KeyedModel, OperatorModel};
pub use value::{TypedValue, value_of};

use ::arbitrary::{Result, Unstructured};

/// Nothing is nested deeper than this.
const DEPTH: u8 = 3;

/// An `Arbitrary` of each type, by a function.
macro_rules! arbitrary_by {
    ($($type:ty: $make:expr;)*) => {$(
        impl<'u> ::arbitrary::Arbitrary<'u> for $type {
            fn arbitrary(u: &mut ::arbitrary::Unstructured<'u>) -> ::arbitrary::Result<Self> {
                $make(u)
            }
        }
    )*};
}
use arbitrary_by;

/// Up to `most` elements.
fn list<'u, T>(
    u: &mut Unstructured<'u>,
    most: usize,
    mut element: impl FnMut(&mut Unstructured<'u>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = u.int_in_range(0..=most)?;
    (0..count).map(|_| element(u)).collect()
}

/// Nothing as often as something.
fn maybe<'u, T>(u: &mut Unstructured<'u>, some: impl FnOnce(&mut Unstructured<'u>) -> Result<T>) -> Result<Option<T>> {
    if u.arbitrary()? { some(u).map(Some) } else { Ok(None) }
}

/// One of the choices.
fn one_of<T: Copy>(u: &mut Unstructured<'_>, choices: &[T]) -> Result<T> {
    u.choose(choices).copied()
}

/// Any `i32`, often one at an edge.
fn int(u: &mut Unstructured<'_>) -> Result<i32> {
    const EDGES: &[i32] = &[0, -1, 127, 128, 255, 256, 32_767, 32_768, 65_535, i32::MIN, i32::MAX];
    if u.arbitrary()? { one_of(u, EDGES) } else { u.arbitrary() }
}

/// Any `i64`, often one at an edge.
fn long(u: &mut Unstructured<'_>) -> Result<i64> {
    match u.int_in_range(0..=3)? {
        0 => one_of(u, &[i64::MIN, i64::MAX]),
        1 => int(u).map(i64::from),
        _ => u.arbitrary(),
    }
}

/// A number that Java has as a signed `long`, from 0 on.
fn natural(u: &mut Unstructured<'_>) -> Result<i64> {
    Ok(long(u)? & i64::MAX)
}

/// A few bytes.
fn bytes(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    list(u, 12, Unstructured::arbitrary)
}
