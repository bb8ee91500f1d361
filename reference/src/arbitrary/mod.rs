//! [`Arbitrary`](arbitrary::Arbitrary) for the model: what fuzzers and property tests make of bytes.
//!
//! Everything that is made here can be written, in the newest version and for the newest release at least, and is read back as it
//! was. Each implementation is by hand: of derived ones nearly everything would be refused. Lists have a few elements, nesting is
//! bounded, and no bytes at all make the smallest model.

mod wire;

use arbitrary::{Result, Unstructured};

/// Up to `most` elements.
fn list<'a, T>(
    u: &mut Unstructured<'a>,
    most: usize,
    mut element: impl FnMut(&mut Unstructured<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = u.int_in_range(0..=most)?;
    (0..count).map(|_| element(u)).collect()
}

/// One of the choices.
fn one_of<T: Copy>(u: &mut Unstructured<'_>, choices: &[T]) -> Result<T> {
    u.choose(choices).copied()
}
