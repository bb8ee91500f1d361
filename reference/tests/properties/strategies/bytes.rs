//! Models from bytes: what a fuzzer makes of its input, made of random input.

use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;

/// A model as `Arbitrary` makes it of at most that many bytes; fewer and smaller bytes make smaller models.
pub(crate) fn made_of<T>(most: usize) -> impl Strategy<Value = T>
where
    T: for<'a> Arbitrary<'a> + Debug,
{
    let bytes = prop::collection::vec(any::<u8>(), 0..=most);
    bytes.prop_filter_map("more bytes are needed", |bytes| T::arbitrary(&mut Unstructured::new(&bytes)).ok())
}
