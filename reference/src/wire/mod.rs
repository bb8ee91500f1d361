//! Bytes, absolute offsets, and the primitives of Java's `DataInput` and `DataOutput`.

mod input;
pub mod java;
mod modified_utf8;
mod output;

pub use input::Input;
pub use modified_utf8::JavaStr;
pub use output::Output;

use crate::Error;

/// What a parser returns: the rest of the input, and the value.
pub type Parsed<'a, T> = nom::IResult<Input<'a>, T, Error>;

/// The result of a parser without the rest. `Incomplete` cannot occur (only complete parsers are used); should one
/// slip in, it reads as truncation at the input's end.
pub(crate) fn done<T>(parsed: Parsed<'_, T>, end: u64) -> Result<(Input<'_>, T), Error> {
    parsed.map_err(|e| match e {
        nom::Err::Error(e) | nom::Err::Failure(e) => e,
        nom::Err::Incomplete(_) => Error::new(crate::ErrorKind::Truncated { available: 0 }, end),
    })
}

/// Fails with `kind` at `offset`.
pub(crate) fn fail<'a, T>(kind: crate::ErrorKind, offset: u64) -> Parsed<'a, T> {
    Err(nom::Err::Failure(Error::new(kind, offset)))
}
