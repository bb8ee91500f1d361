//! Lists, sets, arrays of objects, and maps: a count, then the elements.

use std::borrow::Cow;

use super::codec::mismatch;
use super::{Decoder, NullFlag, TypeDescription, Value};
use crate::error::At;
use crate::wire::{Input, Output, Parsed, java};
use crate::{Error, ErrorKind};

pub(super) fn read_list<'a>(
    element: &TypeDescription,
    flag: NullFlag,
    input: Input<'a>,
    decoder: &mut Decoder,
) -> Parsed<'a, Value<'a>> {
    let least = match flag {
        NullFlag::None => element.least(),
        NullFlag::OneIsNull | NullFlag::OneIsPresent => 1,
        // Null elements are in the mask alone, eight to a byte.
        NullFlag::Mask => 0,
    };
    let (rest, count) = match flag {
        NullFlag::Mask => counted_by_mask(input)?,
        _ => decoder.count(input, least).field("size")?,
    };
    let (mut rest, mask) = match flag {
        NullFlag::Mask => java::window(rest, u64::from(count).div_ceil(8), input.offset()).field("mask")?,
        _ => (rest, rest.until(&rest)),
    };
    let mut elements = Vec::with_capacity(room(count));
    for i in 0..count {
        let (next, is_null) = match flag {
            NullFlag::None => (rest, false),
            NullFlag::Mask => (rest, bit(mask.bytes(), i)),
            NullFlag::OneIsNull | NullFlag::OneIsPresent => {
                let (next, byte) = java::bool(rest, false).index(i.into())?;
                (next, byte == (flag == NullFlag::OneIsNull))
            }
        };
        let (next, value) = if is_null { (next, Value::Null) } else { element.read(next, decoder).index(i.into())? };
        if decoder.is_open() && i + 1 < count {
            return Ok(opaque(input, decoder));
        }
        elements.push(value);
        rest = next;
    }
    Ok((rest, Value::List(elements)))
}

/// Room for the elements of a usual list; a long one has to be there before room is made for it.
fn room(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX).min(64)
}

/// `i32` number of elements whose null bits follow.
fn counted_by_mask(input: Input<'_>) -> Parsed<'_, u32> {
    let (rest, found) = java::i32(input).field("size")?;
    let Ok(count) = u32::try_from(found) else {
        return crate::wire::fail(ErrorKind::NegativeLength { found: found.into() }, input.offset()).field("size");
    };
    java::fits(&rest, u64::from(count).div_ceil(8), 1, input.offset())?;
    Ok((rest, count))
}

pub(super) fn write_list(
    element: &TypeDescription,
    flag: NullFlag,
    value: &Value<'_>,
    out: &mut Output,
) -> Result<(), Error> {
    let Value::List(elements) = value else { return Err(mismatch(out)) };
    out.count(elements.len())?;
    if flag == NullFlag::Mask {
        out.raw(&pack(elements.iter().map(|element| *element == Value::Null)));
    }
    for (i, value) in elements.iter().enumerate() {
        let is_null = *value == Value::Null;
        match flag {
            NullFlag::OneIsNull => out.bool(is_null),
            NullFlag::OneIsPresent => out.bool(!is_null),
            NullFlag::None | NullFlag::Mask => {}
        }
        if flag == NullFlag::None || !is_null {
            element.write(value, out).index(i as u64)?;
        }
    }
    Ok(())
}

pub(super) fn read_map<'a>(
    (key, value): (&TypeDescription, &TypeDescription),
    nullable_keys: bool,
    input: Input<'a>,
    decoder: &mut Decoder,
) -> Parsed<'a, Value<'a>> {
    // A flag before each value, at least.
    let (mut rest, count) = decoder.count(input, 1).field("size")?;
    let mut entries = Vec::with_capacity(room(count));
    for i in 0..count {
        let (next, entry_key) = if nullable_keys {
            read_flagged(key, rest, decoder).index(i.into()).field("keys")?
        } else {
            key.read(rest, decoder).index(i.into()).field("keys")?
        };
        if decoder.is_open() {
            return Ok(opaque(input, decoder));
        }
        let (next, entry_value) = read_flagged(value, next, decoder).index(i.into()).field("values")?;
        if decoder.is_open() && i + 1 < count {
            return Ok(opaque(input, decoder));
        }
        entries.push((entry_key, entry_value));
        rest = next;
    }
    Ok((rest, Value::Map(entries)))
}

pub(super) fn write_map(
    (key, value): (&TypeDescription, &TypeDescription),
    nullable_keys: bool,
    map: &Value<'_>,
    out: &mut Output,
) -> Result<(), Error> {
    let Value::Map(entries) = map else { return Err(mismatch(out)) };
    out.count(entries.len())?;
    for (i, (entry_key, entry_value)) in entries.iter().enumerate() {
        if nullable_keys {
            write_flagged(key, entry_key, out).index(i as u64).field("keys")?;
        } else {
            key.write(entry_key, out).index(i as u64).field("keys")?;
        }
        write_flagged(value, entry_value, out).index(i as u64).field("values")?;
    }
    Ok(())
}

/// A byte, 1 for null, then the value.
pub(super) fn read_flagged<'a>(ty: &TypeDescription, input: Input<'a>, decoder: &mut Decoder) -> Parsed<'a, Value<'a>> {
    let (rest, is_null) = java::bool(input, false)?;
    if is_null { Ok((rest, Value::Null)) } else { ty.read(rest, decoder) }
}

pub(super) fn write_flagged(ty: &TypeDescription, value: &Value<'_>, out: &mut Output) -> Result<(), Error> {
    let is_null = *value == Value::Null;
    out.bool(is_null);
    if is_null { Ok(()) } else { ty.write(value, out) }
}

/// The whole as bytes: an element does not say where it ends, and others follow.
pub(super) fn opaque<'a>(input: Input<'a>, decoder: &mut Decoder) -> (Input<'a>, Value<'a>) {
    let (rest, bytes) = decoder.rest(input);
    (rest, Value::Opaque(Cow::Borrowed(bytes)))
}

/// Bit `i`, most significant first.
pub(super) fn bit(mask: &[u8], i: u32) -> bool {
    let byte = usize::try_from(i / 8).ok().and_then(|at| mask.get(at));
    byte.is_some_and(|byte| byte & (0x80 >> (i % 8)) != 0)
}

/// Bits, most significant first, and zeros up to the next byte.
pub(super) fn pack(bits: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (i, bit) in bits.enumerate() {
        if i % 8 == 0 {
            bytes.push(0);
        }
        if let Some(last) = bytes.last_mut().filter(|_| bit) {
            *last |= 0x80 >> (i % 8);
        }
    }
    bytes
}
