//! Bytes of other serializers: `RAW` types.

use std::borrow::Cow;

use crate::Error;
use crate::error::At;
use crate::value::codec::read_framed;
use crate::value::{Decoder, TypeDescription, Value};
use crate::wire::{Input, Output, Parsed};

use super::binary::mismatch;

/// The value in these bytes; they are kept as they are where the serializer is not known.
pub(super) fn read<'a>(
    inner: Option<&TypeDescription>,
    bytes: Input<'a>,
    decoder: &mut Decoder,
) -> Parsed<'a, Value<'a>> {
    match inner {
        Some(inner) => {
            let value = read_framed(inner, bytes, decoder).field("raw")?;
            Ok((bytes.skip(bytes.len()), value))
        }
        None => Ok((bytes.skip(bytes.len()), Value::Opaque(Cow::Borrowed(bytes.bytes())))),
    }
}

/// The bytes, without a length.
pub(super) fn write(inner: Option<&TypeDescription>, value: &Value<'_>, out: &mut Output) -> Result<(), Error> {
    match (inner, value) {
        (_, Value::Opaque(bytes)) => {
            out.raw(bytes);
            Ok(())
        }
        (Some(inner), value) => inner.write(value, out).field("raw"),
        (None, _) => mismatch("the bytes of another serializer", out.offset()),
    }
}
