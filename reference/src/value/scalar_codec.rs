//! Values of serializers without parameters, and enum constants.

use std::borrow::Cow;

use super::codec::mismatch;
use super::{BigDecimal, BigInteger, FlinkString, LocalDate, LocalTime, Scalar, Value};
use crate::error::At;
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

/// What `DateSerializer` and its like write for null, and with it the smallest number.
const NULL_DATE: i64 = i64::MIN;
const SIGN: i64 = i64::MIN;

pub(super) fn read(scalar: Scalar, input: Input<'_>) -> Parsed<'_, Value<'_>> {
    use Scalar as S;
    match scalar {
        S::Boolean | S::BooleanValue => map(java::bool(input, false), Value::Boolean),
        S::Byte | S::ByteValue => map(java::u8(input), |byte| Value::Byte(byte.cast_signed())),
        S::Short | S::ShortValue => map(java::u16(input), |short| Value::Short(short.cast_signed())),
        S::Char | S::CharValue => map(java::u16(input), Value::Char),
        S::Int | S::IntValue | S::PyDate | S::PyTime => map(java::i32(input), Value::Int),
        S::Long | S::LongValue => map(java::i64(input), Value::Long),
        S::SortedLong => map(java::i64(input), |long| Value::Long(long ^ SIGN)),
        S::Float | S::FloatValue => map(java::i32(input), |bits| Value::Float(bits.cast_unsigned())),
        S::Double | S::DoubleValue => map(java::i64(input), |bits| Value::Double(bits.cast_unsigned())),
        S::String => map(read_string(input), string_or_null),
        S::StringValue => {
            let (rest, units) = varint(input)?;
            map(read_units(rest, units, input.offset()), Value::String)
        }
        S::BigInteger => map(read_big_integer(input), |number| number.map_or(Value::Null, Value::BigInteger)),
        S::BigDecimal => read_big_decimal(input),
        S::JavaDate | S::SqlDate | S::SqlTime => {
            map(java::i64(input), |millis| if millis == NULL_DATE { Value::Null } else { Value::Long(millis) })
        }
        S::SqlTimestamp => {
            let (rest, time) = java::i64(input).field("millis")?;
            // Null has its twelve bytes, too, although Flink's own reader leaves four of them.
            let (rest, nanos) = java::i32(rest).field("nanos")?;
            let value = if time == NULL_DATE { Value::Null } else { Value::Timestamp { time, nanos } };
            Ok((rest, value))
        }
        S::Instant => {
            let (rest, time) = java::i64(input).field("seconds")?;
            let (rest, nanos) = java::i32(rest).field("nanos")?;
            let is_null = time == i64::MIN && nanos == i32::MIN;
            Ok((rest, if is_null { Value::Null } else { Value::Timestamp { time, nanos } }))
        }
        S::LocalDate => map(read_date(input), |date| date.map_or(Value::Null, Value::Date)),
        S::LocalTime => map(read_time(input), |time| time.map_or(Value::Null, Value::Time)),
        S::LocalDateTime => {
            let (rest, date) = read_date(input)?;
            let (rest, time) = read_time(rest)?;
            match (date, time) {
                (Some(date), Some(time)) => Ok((rest, Value::DateTime(date, time))),
                (None, None) => Ok((rest, Value::Null)),
                _ => fail(ErrorKind::HalfNull, input.offset()),
            }
        }
        S::NullValue => Ok((input, Value::Null)),
        S::Void | S::VoidNamespace | S::Tuple0 | S::Unit | S::NullValueByte | S::GlobalWindow | S::SqlNull => {
            map(java::u8(input), |_| Value::Null)
        }
        S::Variant => {
            let (rest, value) = java::count(input, 1).field("value_length")?;
            let (rest, metadata) = java::count(rest, 1).field("metadata_length")?;
            let (rest, value) = java::window(rest, value.into(), input.offset()).field("value")?;
            let (rest, metadata) = java::window(rest, metadata.into(), input.offset() + 4).field("metadata")?;
            let [value, metadata] = [value, metadata].map(|bytes| Cow::Borrowed(bytes.bytes()));
            Ok((rest, Value::Variant { value, metadata }))
        }
        S::ByteArray | S::Bitmap | S::PyBytes => {
            map(java::bytes32(input), |bytes| Value::Bytes(Cow::Borrowed(bytes.bytes())))
        }
        S::Utf8 => map(java::bytes32(input), |bytes| Value::Text(Cow::Borrowed(bytes.bytes()))),
        S::Utf => map(java::utf(input, false), |text| Value::String(FlinkString::from(&text))),
        S::BooleanArray => read_array(input, 1),
        S::ShortArray | S::CharArray => read_array(input, 2),
        S::IntArray | S::FloatArray | S::Dewey => read_array(input, 4),
        S::LongArray | S::DoubleArray => read_array(input, 8),
        S::StringArray => {
            let (mut rest, count) = java::count(input, 1)?;
            let mut strings = Vec::new();
            for i in 0..count {
                let (next, string) = read_string(rest).index(i.into())?;
                strings.push(string_or_null(string));
                rest = next;
            }
            Ok((rest, Value::List(strings)))
        }
    }
}

/// Bytes of the value at the start of `bytes`.
pub(super) fn skip(scalar: Scalar, bytes: &[u8]) -> Option<usize> {
    match scalar.length() {
        Some(length) if length > 0 => {
            let length = usize::try_from(length).ok()?;
            (bytes.len() >= length).then_some(length)
        }
        _ => read(scalar, Input::new(bytes)).ok().map(|(rest, _)| bytes.len() - rest.len()),
    }
}

pub(super) fn write(scalar: Scalar, value: &Value<'_>, out: &mut Output) -> Result<(), Error> {
    use Scalar as S;
    match (scalar, value) {
        (S::Boolean | S::BooleanValue, Value::Boolean(flag)) => out.bool(*flag),
        (S::Byte | S::ByteValue, Value::Byte(byte)) => out.u8(byte.cast_unsigned()),
        (S::Short | S::ShortValue, Value::Short(short)) => out.u16(short.cast_unsigned()),
        (S::Char | S::CharValue, Value::Char(unit)) => out.u16(*unit),
        (S::Int | S::IntValue | S::PyDate | S::PyTime, Value::Int(int)) => out.i32(*int),
        (S::Long | S::LongValue | S::JavaDate | S::SqlDate | S::SqlTime, Value::Long(long)) => out.i64(*long),
        (S::SortedLong, Value::Long(long)) => out.i64(*long ^ SIGN),
        (S::Float | S::FloatValue, Value::Float(bits)) => out.i32(bits.cast_signed()),
        (S::Double | S::DoubleValue, Value::Double(bits)) => out.i64(bits.cast_signed()),
        (S::String, Value::Null) => out.u8(0),
        (S::String, Value::String(string)) => return write_string(string, out),
        (S::StringValue, Value::String(string)) => return write_units(string, 0, out),
        (S::BigInteger | S::BigDecimal, Value::Null) => out.i32(0),
        (S::BigInteger, Value::BigInteger(number)) => return write_big_integer(number, out),
        (S::BigDecimal, Value::BigDecimal(BigDecimal { unscaled, scale })) => {
            write_big_integer(unscaled, out)?;
            out.i32(*scale);
        }
        (S::JavaDate | S::SqlDate | S::SqlTime, Value::Null) => out.i64(NULL_DATE),
        (S::SqlTimestamp, Value::Null) => {
            out.i64(NULL_DATE);
            out.i32(0);
        }
        (S::Instant, Value::Null) => {
            out.i64(i64::MIN);
            out.i32(i32::MIN);
        }
        (S::SqlTimestamp | S::Instant, Value::Timestamp { time, nanos }) => {
            out.i64(*time);
            out.i32(*nanos);
        }
        (S::LocalDate, Value::Null) => write_date(None, out),
        (S::LocalDate, Value::Date(date)) => write_date(Some(*date), out),
        (S::LocalTime, Value::Null) => write_time(None, out),
        (S::LocalTime, Value::Time(time)) => write_time(Some(*time), out),
        (S::LocalDateTime, Value::Null) => {
            write_date(None, out);
            write_time(None, out);
        }
        (S::LocalDateTime, Value::DateTime(date, time)) => {
            write_date(Some(*date), out);
            write_time(Some(*time), out);
        }
        (S::NullValue, Value::Null) => {}
        (S::Tuple0, Value::Null) => out.u8(b'*'),
        (S::Void | S::VoidNamespace | S::Unit | S::NullValueByte | S::GlobalWindow | S::SqlNull, Value::Null) => {
            out.u8(0);
        }
        (S::Variant, Value::Variant { value, metadata }) => {
            out.count(value.len())?;
            out.count(metadata.len())?;
            out.raw(value);
            out.raw(metadata);
        }
        (S::ByteArray | S::Bitmap | S::PyBytes, Value::Bytes(bytes)) | (S::Utf8, Value::Text(bytes)) => {
            return out.bytes32(bytes);
        }
        (S::Utf, Value::String(string)) => return out.utf(&JavaStr::from_utf16(string.utf16())),
        (S::BooleanArray, Value::Primitives(bytes)) => return write_array(bytes, 1, out),
        (S::ShortArray | S::CharArray, Value::Primitives(bytes)) => return write_array(bytes, 2, out),
        (S::IntArray | S::FloatArray | S::Dewey, Value::Primitives(bytes)) => return write_array(bytes, 4, out),
        (S::LongArray | S::DoubleArray, Value::Primitives(bytes)) => return write_array(bytes, 8, out),
        (S::StringArray, Value::List(strings)) => {
            out.count(strings.len())?;
            return strings.iter().try_for_each(|string| write(S::String, string, out));
        }
        _ => return Err(mismatch(out)),
    }
    Ok(())
}

/// `i32`: the position of a constant, or the number that stands for it.
pub(super) fn read_constant<'a>(constants: usize, numbers: &[i32], input: Input<'a>) -> Parsed<'a, Value<'a>> {
    let (rest, found) = java::i32(input)?;
    let position = if numbers.is_empty() {
        u32::try_from(found).ok().filter(|i| usize::try_from(*i).is_ok_and(|i| i < constants))
    } else {
        numbers.iter().position(|number| *number == found).and_then(|i| u32::try_from(i).ok())
    };
    match position {
        Some(position) => Ok((rest, Value::Constant(position))),
        None => fail(ErrorKind::ValuePosition { found: found.into(), count: constants }, input.offset()),
    }
}

pub(super) fn write_constant(
    constants: usize,
    numbers: &[i32],
    value: &Value<'_>,
    out: &mut Output,
) -> Result<(), Error> {
    let Value::Constant(position) = value else { return Err(mismatch(out)) };
    let index = usize::try_from(*position).ok().filter(|i| *i < constants);
    let number = index.and_then(|i| match numbers {
        [] => i32::try_from(i).ok(),
        numbers => numbers.get(i).copied(),
    });
    out.i32(number.ok_or_else(|| mismatch(out))?);
    Ok(())
}

fn map<'a, T>(parsed: Parsed<'a, T>, value: impl FnOnce(T) -> Value<'a>) -> Parsed<'a, Value<'a>> {
    parsed.map(|(rest, found)| (rest, value(found)))
}

fn string_or_null(string: Option<FlinkString<'_>>) -> Value<'_> {
    string.map_or(Value::Null, Value::String)
}

/// A number of at most five groups of seven bits, low group first.
pub(super) fn varint(input: Input<'_>) -> Parsed<'_, u32> {
    let mut value = 0_u64;
    for (i, byte) in input.bytes().iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * i);
        if byte & 0x80 == 0 {
            return match u32::try_from(value) {
                Ok(value) => Ok((input.skip(i + 1), value)),
                Err(_) => fail(ErrorKind::Varint, input.offset()),
            };
        }
    }
    if input.len() < 5 {
        return fail(ErrorKind::Truncated { available: input.len() }, input.offset());
    }
    fail(ErrorKind::Varint, input.offset())
}

/// The number of UTF-16 units plus one, then the units; 0 is null.
pub(super) fn read_string(input: Input<'_>) -> Parsed<'_, Option<FlinkString<'_>>> {
    let (rest, length) = varint(input)?;
    match length.checked_sub(1) {
        None => Ok((rest, None)),
        Some(units) => read_units(rest, units, input.offset()).map(|(rest, string)| (rest, Some(string))),
    }
}

pub(super) fn write_string(string: &FlinkString<'_>, out: &mut Output) -> Result<(), Error> {
    write_units(string, 1, out)
}

/// That many UTF-16 units, each a number of one to three bytes.
pub(super) fn read_units(input: Input<'_>, units: u32, length_at: u64) -> Parsed<'_, FlinkString<'_>> {
    java::fits(&input, units.into(), 1, length_at)?;
    let bytes = input.bytes();
    let wanted = usize::try_from(units).unwrap_or(usize::MAX);
    // Nearly every string is ASCII.
    let mut end = match bytes.get(..wanted) {
        Some(window) if window.is_ascii() => wanted,
        _ => 0,
    };
    let mut left = if end == 0 { wanted } else { 0 };
    let mut length = 0;
    while left > 0 {
        match bytes.get(end) {
            None => return fail(ErrorKind::Truncated { available: 0 }, input.end()),
            // Three groups hold a unit; Flink reads on for ever, and writes no more.
            Some(byte) if byte & 0x80 != 0 && length == 4 => {
                return fail(ErrorKind::Varint, input.skip(end).offset());
            }
            Some(byte) if byte & 0x80 != 0 => length += 1,
            Some(_) => {
                length = 0;
                left -= 1;
            }
        }
        end += 1;
    }
    let rest = input.skip(end);
    Ok((rest, FlinkString::counted(input.until(&rest).bytes())))
}

fn write_units(string: &FlinkString<'_>, plus: u32, out: &mut Output) -> Result<(), Error> {
    let units = string.utf16().count();
    let length = u32::try_from(units).ok().and_then(|n| n.checked_add(plus)).filter(|n| i32::try_from(*n).is_ok());
    let length = length.ok_or_else(|| out.error(ErrorKind::ListTooLong { length: units }))?;
    let mut bytes = Vec::new();
    super::flink_string::push_varint(length, &mut bytes);
    out.raw(&bytes);
    out.raw(string.as_units());
    Ok(())
}

/// `i32` tag: 0 null, 1 to 3 the constants 0, 1 and 10, from 5 on the number of bytes that follow plus 4.
fn read_big_integer(input: Input<'_>) -> Parsed<'_, Option<BigInteger<'_>>> {
    let (rest, tag) = java::i32(input)?;
    match tag {
        0 => Ok((rest, None)),
        1..=3 => Ok((rest, Some(BigInteger::Short(u8::try_from(tag).unwrap_or(1))))),
        5.. => {
            let (rest, bytes) = java::window(rest, u64::from(tag.cast_unsigned()) - 4, input.offset())?;
            Ok((rest, Some(BigInteger::Long(Cow::Borrowed(bytes.bytes())))))
        }
        _ => fail(ErrorKind::BigIntegerTag { found: tag }, input.offset()),
    }
}

fn write_big_integer(number: &BigInteger<'_>, out: &mut Output) -> Result<(), Error> {
    match number {
        BigInteger::Short(tag) => out.i32((*tag).into()),
        BigInteger::Long(bytes) => {
            // Java cannot read a number of no bytes.
            if bytes.is_empty() {
                return Err(mismatch(out));
            }
            out.count(bytes.len().saturating_add(4))?;
            out.raw(bytes);
        }
    }
    Ok(())
}

fn read_big_decimal(input: Input<'_>) -> Parsed<'_, Value<'_>> {
    let (rest, unscaled) = read_big_integer(input).field("unscaled")?;
    let Some(unscaled) = unscaled else { return Ok((rest, Value::Null)) };
    let (rest, scale) = java::i32(rest).field("scale")?;
    Ok((rest, Value::BigDecimal(BigDecimal { unscaled, scale })))
}

/// `i32` year, `i8` month and day; null is the smallest year, with two bytes behind it.
fn read_date(input: Input<'_>) -> Parsed<'_, Option<LocalDate>> {
    let (rest, year) = java::i32(input).field("year")?;
    let (rest, month) = java::u8(rest).field("month")?;
    let (rest, day) = java::u8(rest).field("day")?;
    let date = LocalDate { year, month: month.cast_signed(), day: day.cast_signed() };
    Ok((rest, (year != i32::MIN).then_some(date)))
}

fn write_date(date: Option<LocalDate>, out: &mut Output) {
    let null = LocalDate { year: i32::MIN, month: i8::MIN, day: 0 };
    let LocalDate { year, month, day } = date.unwrap_or(null);
    out.i32(year);
    out.u8(month.cast_unsigned());
    out.u8(day.cast_unsigned());
}

/// `i8` hour, minute and second, `i32` nanoseconds; null is the smallest hour, with six bytes behind it.
fn read_time(input: Input<'_>) -> Parsed<'_, Option<LocalTime>> {
    let (rest, [hour, minute, second]) = java::array::<3>(input).field("time")?;
    let (rest, nano) = java::i32(rest).field("nano")?;
    let [hour, minute, second] = [hour, minute, second].map(u8::cast_signed);
    Ok((rest, (hour != i8::MIN).then_some(LocalTime { hour, minute, second, nano })))
}

fn write_time(time: Option<LocalTime>, out: &mut Output) {
    let null = LocalTime { hour: i8::MIN, minute: i8::MIN, second: 0, nano: i32::MIN };
    let LocalTime { hour, minute, second, nano } = time.unwrap_or(null);
    out.raw(&[hour, minute, second].map(i8::cast_unsigned));
    out.i32(nano);
}

/// `i32` number of elements, each of `size` bytes.
fn read_array(input: Input<'_>, size: usize) -> Parsed<'_, Value<'_>> {
    let (rest, count) = java::count(input, size)?;
    let (rest, elements) = java::window(rest, u64::from(count).saturating_mul(size as u64), input.offset())?;
    Ok((rest, Value::Primitives(Cow::Borrowed(elements.bytes()))))
}

fn write_array(bytes: &[u8], size: usize, out: &mut Output) -> Result<(), Error> {
    if !bytes.len().is_multiple_of(size) {
        return Err(mismatch(out));
    }
    out.count(bytes.len() / size)?;
    out.raw(bytes);
    Ok(())
}
