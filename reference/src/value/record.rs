//! Fields one after the other, and what has a flag or a mask before them.

use super::codec::{mismatch, unknown_tag};
use super::collection::{bit, opaque, pack};
use super::{Decoder, Record, RowKind, TypeDescription, Value};
use crate::Error;
use crate::error::At;
use crate::wire::{Input, Output, Parsed, java};

pub(super) fn read<'a>(record: &Record, input: Input<'a>, decoder: &mut Decoder) -> Parsed<'a, Value<'a>> {
    let mut fields = Vec::with_capacity(record.fields.len());
    let mut rest = input;
    for (i, field) in record.fields.iter().enumerate() {
        let (next, value) = field.ty.read(rest, decoder).index(i as u64).field("fields")?;
        fields.push(value);
        rest = next;
        // The fields behind it are somewhere in its bytes.
        if decoder.is_open() {
            break;
        }
    }
    // Records of nothing could multiply what they are in.
    if rest.offset() == input.offset() {
        decoder.spend(u32::try_from(fields.len()).unwrap_or(u32::MAX), rest.len(), input.offset())?;
    }
    Ok((rest, Value::Record(fields)))
}

pub(super) fn write(record: &Record, value: &Value<'_>, out: &mut Output) -> Result<(), Error> {
    let Value::Record(fields) = value else { return Err(mismatch(out)) };
    let is_open = matches!(fields.last(), Some(last) if is_open(last));
    if fields.len() != record.fields.len() && !(is_open && fields.len() < record.fields.len()) {
        return Err(mismatch(out));
    }
    for (i, (field, value)) in record.fields.iter().zip(fields).enumerate() {
        field.ty.write(value, out).index(i as u64).field("fields")?;
    }
    Ok(())
}

/// Whether a value ends with bytes that hide where it does.
pub(super) fn is_open(value: &Value<'_>) -> bool {
    match value {
        Value::Opaque(_) => true,
        Value::Record(fields) | Value::Row(_, fields) | Value::List(fields) => fields.last().is_some_and(is_open),
        Value::Map(entries) => entries.last().is_some_and(|(_, value)| is_open(value)),
        Value::Subclass(_, inner) | Value::Alternative(_, inner) => is_open(inner),
        _ => false,
    }
}

/// A mask of two bits for the kind, where the serializer has it, and one for each field, 1 for null.
pub(super) fn read_row<'a>(
    fields: &[TypeDescription],
    has_kind: bool,
    input: Input<'a>,
    decoder: &mut Decoder,
) -> Parsed<'a, Value<'a>> {
    let kind_bits = if has_kind { 2 } else { 0 };
    let (mut rest, mask) =
        java::window(input, (fields.len() as u64 + u64::from(kind_bits)).div_ceil(8), input.offset()).field("mask")?;
    let mask = mask.bytes();
    // The low bit comes first.
    let kind = if has_kind { u8::from(bit(mask, 0)) | u8::from(bit(mask, 1)) << 1 } else { 0 };
    let mut values = Vec::with_capacity(fields.len());
    for (i, field) in (0_u32..).zip(fields) {
        let is_null = bit(mask, i.saturating_add(kind_bits));
        let (next, value) =
            if is_null { (rest, Value::Null) } else { field.read(rest, decoder).index(i.into()).field("fields")? };
        if decoder.is_open() && values.len() + 1 < fields.len() {
            return Ok(opaque(input, decoder));
        }
        values.push(value);
        rest = next;
    }
    Ok((rest, Value::Row(RowKind::from_byte(kind).unwrap_or_default(), values)))
}

pub(super) fn write_row(
    types: &[TypeDescription],
    has_kind: bool,
    value: &Value<'_>,
    out: &mut Output,
) -> Result<(), Error> {
    let Value::Row(kind, fields) = value else { return Err(mismatch(out)) };
    if fields.len() != types.len() || (!has_kind && *kind != RowKind::Insert) {
        return Err(mismatch(out));
    }
    let kind = [kind.byte() & 1 != 0, kind.byte() & 2 != 0];
    let kind = kind.iter().copied().take(if has_kind { 2 } else { 0 });
    out.raw(&pack(kind.chain(fields.iter().map(|field| *field == Value::Null))));
    for (i, (ty, field)) in types.iter().zip(fields).enumerate() {
        if *field != Value::Null {
            ty.write(field, out).index(i as u64).field("fields")?;
        }
    }
    Ok(())
}

pub(super) fn read_choice<'a>(
    branches: &[(u8, TypeDescription)],
    otherwise: Option<u32>,
    input: Input<'a>,
    decoder: &mut Decoder,
) -> Parsed<'a, Value<'a>> {
    let (rest, tag) = java::u8(input).field("tag")?;
    let known = branches.iter().position(|(byte, _)| *byte == tag).and_then(|i| u32::try_from(i).ok());
    let Some(position) = known.or(otherwise) else { return unknown_tag(tag, input.offset()).field("tag") };
    let Some((_, branch)) = usize::try_from(position).ok().and_then(|i| branches.get(i)) else {
        return unknown_tag(tag, input.offset()).field("tag");
    };
    let (rest, value) = branch.read(rest, decoder).index(position.into()).field("alternatives")?;
    Ok((rest, Value::Alternative(position, Box::new(value))))
}

pub(super) fn write_choice(
    branches: &[(u8, TypeDescription)],
    value: &Value<'_>,
    out: &mut Output,
) -> Result<(), Error> {
    let Value::Alternative(position, value) = value else { return Err(mismatch(out)) };
    let branch = usize::try_from(*position).ok().and_then(|i| branches.get(i));
    let Some((tag, branch)) = branch else { return Err(mismatch(out)) };
    out.u8(*tag);
    branch.write(value, out).index((*position).into()).field("alternatives")
}

pub(super) fn read_nullable<'a>(
    inner: &TypeDescription,
    one_is_null: bool,
    padding: u32,
    input: Input<'a>,
    decoder: &mut Decoder,
) -> Parsed<'a, Value<'a>> {
    let (rest, flag) = java::bool(input, false).field("null")?;
    if flag == one_is_null {
        let (rest, _) = java::window(rest, padding.into(), input.offset()).field("padding")?;
        return Ok((rest, Value::Null));
    }
    inner.read(rest, decoder)
}

pub(super) fn write_nullable(
    inner: &TypeDescription,
    one_is_null: bool,
    padding: u32,
    value: &Value<'_>,
    out: &mut Output,
) -> Result<(), Error> {
    let is_null = *value == Value::Null;
    out.bool(is_null == one_is_null);
    if is_null {
        for _ in 0..padding {
            out.u8(0);
        }
        return Ok(());
    }
    inner.write(value, out)
}
