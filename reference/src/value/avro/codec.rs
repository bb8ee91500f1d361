//! Avro values: each type read and written side by side.

use std::borrow::Cow;

use super::AvroType;
use super::view::{AvroKind, AvroSchema};
use crate::error::At;
use crate::value::{Decoder, Value};
use crate::wire::{Input, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

/// Reads a value. What Flink writes is written back to the same bytes.
///
/// More is accepted, as in Flink, and becomes what Flink writes: the blocks of an array or map are joined, their counts may be
/// longer than they need to be, and any byte but 0 is true.
pub(in crate::value) fn read<'a>(ty: &AvroType, input: Input<'a>, decoder: &mut Decoder) -> Parsed<'a, Value<'a>> {
    read_value(ty.schema(), input, decoder)
}

/// Writes a value; an error if it is not one of the type.
pub(in crate::value) fn write(ty: &AvroType, value: &Value<'_>, out: &mut Output) -> Result<(), Error> {
    write_value(ty.schema(), value, out)
}

fn read_value<'a>(schema: AvroSchema<'_>, input: Input<'a>, decoder: &mut Decoder) -> Parsed<'a, Value<'a>> {
    match schema.kind() {
        AvroKind::Null => Ok((input, Value::Null)),
        AvroKind::Boolean => java::bool(input, false).map(|(rest, value)| (rest, Value::Boolean(value))),
        AvroKind::Int => java::i32(input).map(|(rest, value)| (rest, Value::Int(value))),
        AvroKind::Long => java::i64(input).map(|(rest, value)| (rest, Value::Long(value))),
        AvroKind::Float => java::i32(input).map(|(rest, bits)| (rest, Value::Float(bits.cast_unsigned()))),
        AvroKind::Double => java::i64(input).map(|(rest, bits)| (rest, Value::Double(bits.cast_unsigned()))),
        AvroKind::Bytes => java::bytes32(input).map(|(rest, bytes)| (rest, Value::Bytes(borrowed(bytes)))),
        AvroKind::String => read_text(input),
        AvroKind::Fixed { size, .. } => {
            java::window(input, size.into(), input.offset()).map(|(rest, bytes)| (rest, Value::Bytes(borrowed(bytes))))
        }
        AvroKind::Enum { symbols, .. } => {
            read_position(input, symbols.len()).map(|(rest, position)| (rest, Value::Constant(position)))
        }
        AvroKind::Record { fields, .. } => decoder.deeper(input, |decoder, input| {
            let mut rest = input;
            let mut values = Vec::with_capacity(fields.len());
            for (i, (_, field)) in (0..).zip(fields.iter()) {
                if field.least() == 0 {
                    // Records of records without bytes could grow without end.
                    decoder.fits(&rest, 1, 0, rest.offset())?;
                }
                let (after, value) = read_value(field, rest, decoder).index(i).field("fields")?;
                values.push(value);
                rest = after;
            }
            Ok((rest, Value::Record(values)))
        }),
        AvroKind::Array { items } => decoder.deeper(input, |decoder, input| {
            let (rest, list) = read_blocks(input, decoder, items.least(), |input, decoder, i| {
                read_value(items, input, decoder).index(i).field("items")
            })?;
            Ok((rest, Value::List(list)))
        }),
        AvroKind::Map { values } => decoder.deeper(input, |decoder, input| {
            // The length of the key comes first.
            let least = values.least().saturating_add(4);
            let (rest, map) = read_blocks(input, decoder, least, |input, decoder, i| {
                let (rest, key) = read_text(input).field("key").index(i).field("entries")?;
                let (rest, value) = read_value(values, rest, decoder).field("value").index(i).field("entries")?;
                Ok((rest, (key, value)))
            })?;
            Ok((rest, Value::Map(map)))
        }),
        // No deeper: unions are not nested in each other.
        AvroKind::Union { branches } => {
            let (rest, position) = read_position(input, branches.len())?;
            let Some(branch) = branches.branch(position) else {
                return fail(position_error(position.into(), branches.len()), input.offset());
            };
            let (rest, value) = read_value(branch, rest, decoder).index(position.into()).field("branches")?;
            Ok((rest, Value::Alternative(position, Box::new(value))))
        }
    }
}

fn write_value(schema: AvroSchema<'_>, value: &Value<'_>, out: &mut Output) -> Result<(), Error> {
    match (schema.kind(), value) {
        (AvroKind::Null, Value::Null) => {}
        (AvroKind::Boolean, Value::Boolean(value)) => out.bool(*value),
        (AvroKind::Int, Value::Int(value)) => out.i32(*value),
        (AvroKind::Long, Value::Long(value)) => out.i64(*value),
        (AvroKind::Float, Value::Float(bits)) => out.raw(&bits.to_be_bytes()),
        (AvroKind::Double, Value::Double(bits)) => out.raw(&bits.to_be_bytes()),
        (AvroKind::Bytes, Value::Bytes(bytes)) | (AvroKind::String, Value::Text(bytes)) => out.bytes32(bytes)?,
        (AvroKind::Fixed { size, .. }, Value::Bytes(bytes)) if u32::try_from(bytes.len()) == Ok(size) => out.raw(bytes),
        (AvroKind::Enum { symbols, .. }, Value::Constant(position)) => write_position(*position, symbols.len(), out)?,
        (AvroKind::Record { fields, .. }, Value::Record(values)) if fields.len() == values.len() => {
            for (i, ((_, field), value)) in (0..).zip(fields.iter().zip(values)) {
                write_value(field, value, out).index(i).field("fields")?;
            }
        }
        (AvroKind::Array { items }, Value::List(list)) => {
            write_count(list.len(), out);
            for (i, value) in (0..).zip(list) {
                write_value(items, value, out).index(i).field("items")?;
            }
            out.u8(0);
        }
        (AvroKind::Map { values }, Value::Map(map)) => {
            write_count(map.len(), out);
            for (i, (key, value)) in (0..).zip(map) {
                write_text(key, out).field("key").index(i).field("entries")?;
                write_value(values, value, out).field("value").index(i).field("entries")?;
            }
            out.u8(0);
        }
        (AvroKind::Union { branches }, Value::Alternative(position, value)) => {
            write_position(*position, branches.len(), out)?;
            if let Some(branch) = branches.branch(*position) {
                write_value(branch, value, out).index((*position).into()).field("branches")?;
            }
        }
        (kind, _) => return Err(out.error(ErrorKind::ValueType { expected: kind.name() })),
    }
    Ok(())
}

fn borrowed(window: Input<'_>) -> Cow<'_, [u8]> {
    Cow::Borrowed(window.bytes())
}

fn read_text(input: Input<'_>) -> Parsed<'_, Value<'_>> {
    java::bytes32(input).map(|(rest, bytes)| (rest, Value::Text(borrowed(bytes))))
}

fn write_text(key: &Value<'_>, out: &mut Output) -> Result<(), Error> {
    match key {
        Value::Text(bytes) => out.bytes32(bytes),
        _ => Err(out.error(ErrorKind::ValueType { expected: "string" })),
    }
}

/// The position of a symbol or branch.
fn read_position(input: Input<'_>, count: usize) -> Parsed<'_, u32> {
    let (rest, found) = java::i32(input)?;
    match u32::try_from(found) {
        Ok(position) if usize::try_from(position).is_ok_and(|position| position < count) => Ok((rest, position)),
        _ => fail(position_error(found.into(), count), input.offset()),
    }
}

fn write_position(position: u32, count: usize, out: &mut Output) -> Result<(), Error> {
    match i32::try_from(position) {
        Ok(found) if usize::try_from(position).is_ok_and(|position| position < count) => out.i32(found),
        _ => return Err(out.error(position_error(position.into(), count))),
    }
    Ok(())
}

fn position_error(found: i64, count: usize) -> ErrorKind {
    ErrorKind::ValuePosition { found, count }
}

/// The elements of all blocks up to the empty one.
fn read_blocks<'a, T>(
    input: Input<'a>,
    decoder: &mut Decoder,
    least: usize,
    mut element: impl FnMut(Input<'a>, &mut Decoder, u64) -> Parsed<'a, T>,
) -> Parsed<'a, Vec<T>> {
    let mut rest = input;
    let mut elements = Vec::new();
    let mut index = 0;
    loop {
        let offset = rest.offset();
        let (after, found) = read_count(rest).field("count")?;
        rest = after;
        if found == 0 {
            return Ok((rest, elements));
        }
        let Ok(count) = u32::try_from(found) else {
            return fail(ErrorKind::LengthBeyondInput { found, available: rest.len() }, offset).field("count");
        };
        decoder.fits(&rest, count, least, offset)?;
        for _ in 0..count {
            let (after, value) = element(rest, decoder, index)?;
            elements.push(value);
            rest = after;
            index += 1;
        }
    }
}

/// A base-128 number, low group first: as many groups as make 64 bits at most, and `u64::MAX` for what does not fit there.
fn read_count(input: Input<'_>) -> Parsed<'_, u64> {
    let mut rest = input;
    let mut count = 0;
    for shift in (0..70).step_by(7) {
        let (after, byte) = java::u8(rest)?;
        rest = after;
        let group = u64::from(byte & 0x7F);
        count |= if group << shift >> shift == group { group << shift } else { u64::MAX };
        if byte & 0x80 == 0 {
            return Ok((rest, count));
        }
    }
    fail(ErrorKind::LengthBeyondInput { found: u64::MAX, available: rest.len() }, input.offset())
}

/// The count of the one block; nothing if there are no elements.
fn write_count(count: usize, out: &mut Output) {
    let mut left = count;
    while left > 0x7F {
        // The low seven bits.
        out.u8(0x80 | (left & 0x7F).to_le_bytes()[0]);
        left >>= 7;
    }
    if count > 0 {
        out.u8(left.to_le_bytes()[0]);
    }
}
