//! Values outside of binary rows: as keys, as elements of lists, as values of state. Numbers are big-endian.
//!
//! | type | bytes |
//! |---|---|
//! | `BOOLEAN`, integers, `FLOAT`, `DOUBLE`, `DATE`, `TIME`, intervals | as the serializers of Java's primitives |
//! | strings, `BINARY`, `VARBINARY`, `RAW`, `BITMAP` | `i32` length, bytes |
//! | `DECIMAL` of precision up to 18 / above | `i64` / `i32` length and bytes of the unscaled value |
//! | `TIMESTAMP`, `TIMESTAMP_LTZ` of precision up to 3 / above | `i64` milliseconds / and `i32` nanoseconds of the millisecond |
//! | rows, `ARRAY`, `MAP`, `MULTISET` | `i32` length, [binary](super::binary) row, array or map |
//! | `VARIANT` | `i32` length of the value, `i32` length of the metadata, value, metadata |
//!
//! None of them has null.

use std::borrow::Cow;

use super::binary::{self, BinaryWriter, MULTIPLICITY, mismatch, unscaled_long};
use super::sql_type::{COMPACT_DECIMAL, COMPACT_TIMESTAMP};
use super::{SqlKind, SqlType, raw};
use crate::error::At;
use crate::value::big_number::shortest;
use crate::value::{BigDecimal, BigInteger, Decoder, Value};
use crate::wire::{Input, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

/// Reads a value.
pub(in super::super) fn read<'a>(ty: &SqlType, input: Input<'a>, decoder: &mut Decoder) -> Parsed<'a, Value<'a>> {
    Ok(match ty.physical() {
        SqlKind::Boolean => map(java::bool(input, false)?, Value::Boolean),
        SqlKind::TinyInt => map(java::array(input)?, |bytes| Value::Byte(i8::from_be_bytes(bytes))),
        SqlKind::SmallInt => map(java::array(input)?, |bytes| Value::Short(i16::from_be_bytes(bytes))),
        SqlKind::Integer | SqlKind::Date | SqlKind::Time { .. } | SqlKind::IntervalYearMonth { .. } => {
            map(java::i32(input)?, Value::Int)
        }
        SqlKind::BigInt | SqlKind::IntervalDayTime { .. } => map(java::i64(input)?, Value::Long),
        SqlKind::Float => map(java::array(input)?, |bytes| Value::Float(u32::from_be_bytes(bytes))),
        SqlKind::Double => map(java::array(input)?, |bytes| Value::Double(u64::from_be_bytes(bytes))),
        SqlKind::Char { .. } | SqlKind::VarChar { .. } => {
            map(java::bytes32(input)?, |text| Value::Text(borrowed(text)))
        }
        SqlKind::Binary { .. } | SqlKind::VarBinary { .. } | SqlKind::Bitmap => {
            map(java::bytes32(input)?, |bytes| Value::Bytes(borrowed(bytes)))
        }
        SqlKind::Decimal { precision, scale } => decimal(*precision, *scale, input)?,
        SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision } => {
            let (rest, time) = java::field_i64(input, "millis")?;
            let (rest, nanos) =
                if *precision <= COMPACT_TIMESTAMP { (rest, 0) } else { java::field_i32(rest, "nanos")? };
            (rest, Value::Timestamp { time, nanos })
        }
        SqlKind::Variant => variant(input)?,
        SqlKind::Null | SqlKind::Distinct { .. } => return fail(ErrorKind::SqlNull, input.offset()),
        kind => {
            let (rest, window) = java::bytes32(input)?;
            let (_, value) = match kind {
                SqlKind::Array(element) => binary::array(element, window, decoder)?,
                SqlKind::Map(key, value) => binary::map(key, value, window, decoder)?,
                SqlKind::Multiset(element) => binary::map(element, &MULTIPLICITY, window, decoder)?,
                SqlKind::Row { fields, .. } => binary::row(fields, window, decoder)?,
                SqlKind::Raw { inner, .. } => raw::read(inner.as_deref(), window, decoder)?,
                _ => return fail(ErrorKind::SqlNull, input.offset()),
            };
            (rest, value)
        }
    })
}

fn map<'a, T>((rest, read): (Input<'a>, T), value: impl FnOnce(T) -> Value<'a>) -> (Input<'a>, Value<'a>) {
    (rest, value(read))
}

fn borrowed(window: Input<'_>) -> Cow<'_, [u8]> {
    Cow::Borrowed(window.bytes())
}

fn decimal(precision: i32, scale: i32, input: Input<'_>) -> Parsed<'_, Value<'_>> {
    let (rest, digits) = if precision <= COMPACT_DECIMAL {
        let (rest, window) = java::window(input, 8, input.offset())?;
        (rest, shortest(window.bytes()))
    } else {
        let (rest, window) = java::bytes32(input)?;
        (rest, window.bytes())
    };
    if digits.is_empty() {
        return fail(ErrorKind::SqlDecimal { size: 0 }, input.offset());
    }
    Ok((rest, Value::BigDecimal(BigDecimal { unscaled: BigInteger::Long(Cow::Borrowed(digits)), scale })))
}

fn variant(input: Input<'_>) -> Parsed<'_, Value<'_>> {
    let (rest, value_length) = java::count(input, 1).field("value_length")?;
    let metadata_at = rest.offset();
    let (rest, metadata_length) = java::count(rest, 1).field("metadata_length")?;
    let (rest, value) = java::window(rest, value_length.into(), input.offset()).field("value")?;
    let (rest, metadata) = java::window(rest, metadata_length.into(), metadata_at).field("metadata")?;
    Ok((rest, Value::Variant { value: borrowed(value), metadata: borrowed(metadata) }))
}

/// Writes a value.
pub(in super::super) fn write(ty: &SqlType, value: &Value<'_>, out: &mut Output) -> Result<(), Error> {
    match (ty.physical(), value) {
        (SqlKind::Boolean, Value::Boolean(value)) => out.bool(*value),
        (SqlKind::TinyInt, Value::Byte(value)) => out.raw(&value.to_be_bytes()),
        (SqlKind::SmallInt, Value::Short(value)) => out.raw(&value.to_be_bytes()),
        (
            SqlKind::Integer | SqlKind::Date | SqlKind::Time { .. } | SqlKind::IntervalYearMonth { .. },
            Value::Int(value),
        ) => out.i32(*value),
        (SqlKind::BigInt | SqlKind::IntervalDayTime { .. }, Value::Long(value)) => out.i64(*value),
        (SqlKind::Float, Value::Float(bits)) => out.raw(&bits.to_be_bytes()),
        (SqlKind::Double, Value::Double(bits)) => out.raw(&bits.to_be_bytes()),
        (SqlKind::Char { .. } | SqlKind::VarChar { .. }, Value::Text(bytes))
        | (SqlKind::Binary { .. } | SqlKind::VarBinary { .. } | SqlKind::Bitmap, Value::Bytes(bytes)) => {
            out.bytes32(bytes)?;
        }
        (SqlKind::Decimal { precision, scale }, Value::BigDecimal(value)) => {
            write_decimal(*precision, *scale, value, out)?;
        }
        (
            SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision },
            Value::Timestamp { time, nanos },
        ) => {
            out.i64(*time);
            match (*precision <= COMPACT_TIMESTAMP, nanos) {
                (true, 0) => {}
                (true, _) => return mismatch("a timestamp of whole milliseconds", out.offset()),
                (false, nanos) => out.i32(*nanos),
            }
        }
        (SqlKind::Variant, Value::Variant { value, metadata }) => {
            out.count(value.len())?;
            out.count(metadata.len())?;
            out.raw(value);
            out.raw(metadata);
        }
        (SqlKind::Raw { inner, .. }, value) => {
            let mut bytes = Output::new();
            raw::write(inner.as_deref(), value, &mut bytes)?;
            out.bytes32(&bytes.into_bytes())?;
        }
        (kind, value) => {
            let mut writer = BinaryWriter::new(out.offset().saturating_add(4));
            match kind {
                SqlKind::Array(element) => writer.array(element, value)?,
                SqlKind::Map(key, of) => writer.map(key, of, value)?,
                SqlKind::Multiset(element) => writer.map(element, &MULTIPLICITY, value)?,
                SqlKind::Row { fields, .. } => writer.row(fields, value)?,
                _ => return mismatch("of its type", out.offset()),
            }
            out.bytes32(&writer.into_bytes())?;
        }
    }
    Ok(())
}

fn write_decimal(precision: i32, scale: i32, value: &BigDecimal<'_>, out: &mut Output) -> Result<(), Error> {
    if value.scale != scale {
        return mismatch("a decimal number of the type's scale", out.offset());
    }
    if precision <= COMPACT_DECIMAL {
        let long = unscaled_long(&value.unscaled, out.offset())?;
        out.i64(long);
        return Ok(());
    }
    match value.unscaled.bytes() {
        [] => Err(out.error(ErrorKind::SqlDecimal { size: 0 })),
        digits => out.bytes32(digits),
    }
}
