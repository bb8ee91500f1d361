//! Reading of rows, arrays and maps.

use std::borrow::Cow;

use super::super::sql_type::{COMPACT_DECIMAL, COMPACT_TIMESTAMP};
use super::super::{SqlField, SqlKind, SqlType, raw};
use super::{DECIMAL_CHUNK, MULTIPLICITY, TIMESTAMP_CHUNK, array_header, bit, element_width, reserved, row_header};
use crate::error::At;
use crate::value::big_number::shortest;
use crate::value::{BigDecimal, BigInteger, Decoder, RowKind, Value};
use crate::wire::{Input, Parsed, fail, java};
use crate::{Error, ErrorKind};

type Read<T> = Result<T, nom::Err<Error>>;

/// A row that fills the window.
pub(in super::super) fn row<'a>(
    fields: &[SqlField],
    window: Input<'a>,
    decoder: &mut Decoder,
) -> Parsed<'a, Value<'a>> {
    decoder.deeper(window, |decoder, window| {
        let header = row_header(fields.len());
        let mut part = Part::new(window, header.saturating_add(fields.len().saturating_mul(8)), fields.len())?;
        let [found] = part.bytes(0)?;
        let Some(kind) = RowKind::from_byte(found) else {
            return fail(ErrorKind::SqlRowKind { found }, window.offset()).field("kind");
        };
        let mut values = Vec::with_capacity(fields.len());
        for (i, field) in fields.iter().enumerate() {
            let null = part.bit(0, i + 8)?;
            let value = part.value(&field.ty, header + 8 * i, null, decoder);
            values.push(value.map_err(|error| within(error, "fields", i))?);
        }
        Ok((end(window), Value::Row(kind, values)))
    })
}

/// An array that fills the window.
pub(in super::super) fn array<'a>(
    element: &SqlType,
    window: Input<'a>,
    decoder: &mut Decoder,
) -> Parsed<'a, Value<'a>> {
    decoder.deeper(window, |decoder, window| {
        Ok((end(window), Value::List(elements(element, "elements", window, decoder)?)))
    })
}

fn elements<'a>(ty: &SqlType, name: &'static str, window: Input<'a>, decoder: &mut Decoder) -> Read<Vec<Value<'a>>> {
    let mut part = Part::new(window, 4, 0).field(name)?;
    let count = u32::from_le_bytes(part.bytes(0)?);
    let Ok(count) = usize::try_from(count) else {
        return Err::<Vec<_>, _>(window_too_short(window, count.into())).field(name);
    };
    let (header, width) = (array_header(count), element_width(ty));
    let fixed = header.saturating_add(count.saturating_mul(width));
    // Arrays end with the padding of their elements; what follows that is the variable part.
    part = Part::new(window, fixed, count).field(name)?;
    part.fixed = fixed.next_multiple_of(8).min(window.len());
    part.left = window.len() - part.fixed;
    let mut values = Vec::with_capacity(count);
    for i in 0..count {
        let null = part.bit(4, i)?;
        let value = part.value(ty, header + width * i, null, decoder);
        values.push(value.map_err(|error| within(error, name, i))?);
    }
    Ok(values)
}

/// A map or multiset that fills the window.
pub(in super::super) fn map<'a>(
    key: &SqlType,
    value: &SqlType,
    window: Input<'a>,
    decoder: &mut Decoder,
) -> Parsed<'a, Value<'a>> {
    decoder.deeper(window, |decoder, window| {
        let (rest, size) = java::array(window).field("key_size")?;
        let (values, keys) = java::window(rest, u32::from_le_bytes(size).into(), window.offset()).field("key_size")?;
        let keys = elements(key, "keys", keys, decoder)?;
        let at = values.offset();
        let values = elements(value, "values", values, decoder)?;
        if keys.len() != values.len() {
            return fail(ErrorKind::SqlMap { keys: keys.len(), values: values.len() }, at).field("values");
        }
        Ok((end(window), Value::Map(keys.into_iter().zip(values).collect())))
    })
}

/// A row or an array: slots, and the variable part that they lead to.
struct Part<'a> {
    window: Input<'a>,
    /// Where the variable part starts.
    fixed: usize,
    /// Bytes of the variable part that no slot has taken.
    left: usize,
}

impl<'a> Part<'a> {
    /// `count` is what `fixed` was computed from.
    fn new(window: Input<'a>, fixed: usize, count: usize) -> Read<Self> {
        match window.len().checked_sub(fixed) {
            Some(left) => Ok(Self { window, fixed, left }),
            None => Err(window_too_short(window, count as u64)),
        }
    }

    fn bytes<const N: usize>(&self, at: usize) -> Read<[u8; N]> {
        java::array(self.window.skip(at)).map(|(_, bytes)| bytes)
    }

    fn bit(&self, from: usize, index: usize) -> Read<bool> {
        let (byte, mask) = bit(index);
        let [found] = self.bytes(from + byte)?;
        Ok(found & mask != 0)
    }

    /// Size or another number, and offset.
    fn pair(&self, slot: usize) -> Read<(u32, u32)> {
        let [a, b, c, d, rest @ ..] = self.bytes::<8>(slot)?;
        Ok((u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes(rest)))
    }

    /// Bytes of the variable part, for the slot at `slot`.
    fn chunk(&mut self, slot: usize, offset: u32, size: u32) -> Read<Input<'a>> {
        let at = self.window.skip(slot).offset();
        let to = self.window.len();
        let wrong = ErrorKind::SqlSlot { offset, size, from: self.fixed, to };
        let (Ok(from), Ok(length)) = (usize::try_from(offset), usize::try_from(size)) else {
            return raise(wrong, at);
        };
        if from < self.fixed || from.checked_add(length).is_none_or(|end| end > to) {
            return raise(wrong, at);
        }
        match self.left.checked_sub(length) {
            Some(left) => self.left = left,
            None => return raise(ErrorKind::SqlOverlap { available: to - self.fixed }, at),
        }
        java::window(self.window.skip(from), size.into(), at).map(|(_, chunk)| chunk)
    }

    fn sized(&mut self, slot: usize) -> Read<Input<'a>> {
        let (size, offset) = self.pair(slot)?;
        self.chunk(slot, offset, size)
    }

    /// The bytes of a string or byte array.
    fn short_or_chunk(&mut self, slot: usize) -> Read<Cow<'a, [u8]>> {
        let [.., mark] = self.bytes::<8>(slot)?;
        if mark & 0x80 == 0 {
            return self.sized(slot).map(|chunk| Cow::Borrowed(chunk.bytes()));
        }
        let (found, at) = (mark & 0x7F, self.window.skip(slot));
        if found > 7 {
            return raise(ErrorKind::SqlInline { found }, at.offset());
        }
        java::window(at, found.into(), at.offset()).map(|(_, bytes)| Cow::Borrowed(bytes.bytes()))
    }

    fn value(&mut self, ty: &SqlType, slot: usize, null: bool, decoder: &mut Decoder) -> Read<Value<'a>> {
        let kind = ty.physical();
        if null {
            return self.null(kind, slot);
        }
        Ok(match kind {
            SqlKind::Boolean => Value::Boolean(self.bytes(slot)? != [0]),
            SqlKind::TinyInt => Value::Byte(i8::from_le_bytes(self.bytes(slot)?)),
            SqlKind::SmallInt => Value::Short(i16::from_le_bytes(self.bytes(slot)?)),
            SqlKind::Integer | SqlKind::Date | SqlKind::Time { .. } | SqlKind::IntervalYearMonth { .. } => {
                Value::Int(i32::from_le_bytes(self.bytes(slot)?))
            }
            SqlKind::BigInt | SqlKind::IntervalDayTime { .. } => Value::Long(i64::from_le_bytes(self.bytes(slot)?)),
            SqlKind::Float => Value::Float(u32::from_le_bytes(self.bytes(slot)?)),
            SqlKind::Double => Value::Double(u64::from_le_bytes(self.bytes(slot)?)),
            SqlKind::Char { .. } | SqlKind::VarChar { .. } => Value::Text(self.short_or_chunk(slot)?),
            SqlKind::Binary { .. } | SqlKind::VarBinary { .. } => Value::Bytes(self.short_or_chunk(slot)?),
            SqlKind::Bitmap => Value::Bytes(Cow::Borrowed(self.sized(slot)?.bytes())),
            SqlKind::Decimal { precision, scale } => self.decimal(slot, *precision, *scale)?,
            SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision } => {
                self.timestamp(slot, *precision)?
            }
            SqlKind::Array(element) => array(element, self.sized(slot)?, decoder)?.1,
            SqlKind::Map(key, value) => map(key, value, self.sized(slot)?, decoder)?.1,
            SqlKind::Multiset(element) => map(element, &MULTIPLICITY, self.sized(slot)?, decoder)?.1,
            SqlKind::Row { fields, .. } => row(fields, self.sized(slot)?, decoder)?.1,
            SqlKind::Raw { inner, .. } => raw::read(inner.as_deref(), self.sized(slot)?, decoder)?.1,
            SqlKind::Variant => variant(self.sized(slot)?)?,
            SqlKind::Null | SqlKind::Distinct { .. } => {
                return raise(ErrorKind::SqlNull, self.window.skip(slot).offset());
            }
        })
    }

    /// Flink does not look into the slot of a null, so neither has it to be sound, unless it keeps its place.
    fn null(&mut self, kind: &SqlKind, slot: usize) -> Read<Value<'a>> {
        let Some(size) = reserved(kind) else { return Ok(Value::Null) };
        match self.pair(slot)? {
            (0, offset) if offset != 0 && self.chunk(slot, offset, size.into()).is_ok() => Ok(Value::NullWithSpace),
            _ => Ok(Value::Null),
        }
    }

    fn decimal(&mut self, slot: usize, precision: i32, scale: i32) -> Read<Value<'a>> {
        let digits = if precision <= COMPACT_DECIMAL {
            let mut bytes = self.bytes::<8>(slot)?;
            bytes.reverse();
            Cow::Owned(shortest(&bytes).to_vec())
        } else {
            let (size, offset) = self.pair(slot)?;
            let length = usize::try_from(size).unwrap_or(usize::MAX);
            if !(1..=usize::from(DECIMAL_CHUNK)).contains(&length) {
                return raise(ErrorKind::SqlDecimal { size: length }, self.window.skip(slot).offset());
            }
            let chunk = self.chunk(slot, offset, DECIMAL_CHUNK.into())?;
            Cow::Borrowed(chunk.bytes().get(..length).unwrap_or_default())
        };
        Ok(Value::BigDecimal(BigDecimal { unscaled: BigInteger::Long(digits), scale }))
    }

    fn timestamp(&mut self, slot: usize, precision: i32) -> Read<Value<'a>> {
        if precision <= COMPACT_TIMESTAMP {
            return Ok(Value::Timestamp { time: i64::from_le_bytes(self.bytes(slot)?), nanos: 0 });
        }
        let (nanos, offset) = self.pair(slot)?;
        let (_, millis) = java::array(self.chunk(slot, offset, TIMESTAMP_CHUNK.into())?)?;
        Ok(Value::Timestamp { time: i64::from_le_bytes(millis), nanos: nanos.cast_signed() })
    }
}

/// Here the metadata come first, behind their length, which is big-endian.
fn variant(chunk: Input<'_>) -> Read<Value<'_>> {
    let (value, metadata) = java::bytes32(chunk).field("metadata")?;
    Ok(Value::Variant { value: Cow::Borrowed(value.bytes()), metadata: Cow::Borrowed(metadata.bytes()) })
}

fn end(window: Input<'_>) -> Input<'_> {
    window.skip(window.len())
}

fn within(error: nom::Err<Error>, list: &'static str, index: usize) -> nom::Err<Error> {
    error.map(|error: Error| error.within(list, index))
}

fn window_too_short(window: Input<'_>, count: u64) -> nom::Err<Error> {
    let kind = ErrorKind::LengthBeyondInput { found: count, available: window.len() };
    nom::Err::Failure(Error::new(kind, window.offset()))
}

fn raise<T>(kind: ErrorKind, offset: u64) -> Read<T> {
    Err(nom::Err::Failure(Error::new(kind, offset)))
}
