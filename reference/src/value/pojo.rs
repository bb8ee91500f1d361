//! POJOs: a byte of flags, then fields, or an instance of a subclass.

use std::borrow::Cow;

use super::codec::{mismatch, unknown_tag};
use super::collection::{read_flagged, write_flagged};
use super::record::is_open;
use super::{Decoder, Pojo, Subclass, Value};
use crate::Error;
use crate::error::At;
use crate::wire::{Input, Output, Parsed, java};

const NULL: u8 = 1;
const NO_SUBCLASS: u8 = 2;
const SUBCLASS: u8 = 4;
const TAGGED_SUBCLASS: u8 = 8;

pub(super) fn read<'a>(pojo: &Pojo, input: Input<'a>, decoder: &mut Decoder) -> Parsed<'a, Value<'a>> {
    let (rest, flags) = java::u8(input).field("flags")?;
    // In the order in which Flink asks.
    if flags & NULL != 0 {
        return Ok((rest, Value::Null));
    }
    if flags & SUBCLASS != 0 {
        let (rest, name) = java::utf(rest, false).field("subclass")?;
        let text = name.to_text();
        let known = pojo.others.iter().chain(&pojo.registered).find(|(class, _)| **class == *text);
        let (rest, value) = if let Some((_, ty)) = known {
            ty.read(rest, decoder).field("subclass")?
        } else {
            // Snapshots do not have every class that values have.
            let (rest, bytes) = decoder.rest(rest);
            (rest, Value::Opaque(Cow::Borrowed(bytes)))
        };
        return Ok((rest, Value::Subclass(Subclass::Named(name.clone()), Box::new(value))));
    }
    if flags & TAGGED_SUBCLASS != 0 {
        let tag_at = rest.offset();
        let (rest, tag) = java::u8(rest).field("tag")?;
        let Some((_, ty)) = pojo.registered.get(usize::from(tag)) else {
            return unknown_tag(tag, tag_at).field("tag");
        };
        let (rest, value) = ty.read(rest, decoder).field("subclass")?;
        return Ok((rest, Value::Subclass(Subclass::Registered(tag), Box::new(value))));
    }
    if flags & NO_SUBCLASS == 0 {
        return unknown_tag(flags, input.offset()).field("flags");
    }
    let mut fields = Vec::with_capacity(pojo.fields.len());
    let mut rest = rest;
    for (i, field) in pojo.fields.iter().enumerate() {
        let (next, value) = read_flagged(&field.ty, rest, decoder).index(i as u64).field("fields")?;
        fields.push(value);
        rest = next;
        if decoder.is_open() {
            break;
        }
    }
    Ok((rest, Value::Record(fields)))
}

pub(super) fn write(pojo: &Pojo, value: &Value<'_>, out: &mut Output) -> Result<(), Error> {
    match value {
        Value::Null => out.u8(NULL),
        Value::Subclass(Subclass::Named(name), inner) => {
            out.u8(SUBCLASS);
            out.utf(name)?;
            let text = name.to_text();
            let known = pojo.others.iter().chain(&pojo.registered).find(|(class, _)| **class == *text);
            match (known, &**inner) {
                (Some((_, ty)), inner) => ty.write(inner, out).field("subclass")?,
                (None, Value::Opaque(bytes)) => out.raw(bytes),
                (None, _) => return Err(mismatch(out)),
            }
        }
        Value::Subclass(Subclass::Registered(tag), inner) => {
            let Some((_, ty)) = pojo.registered.get(usize::from(*tag)) else { return Err(mismatch(out)) };
            out.u8(TAGGED_SUBCLASS);
            out.u8(*tag);
            ty.write(inner, out).field("subclass")?;
        }
        Value::Record(fields) => {
            let is_cut = fields.len() < pojo.fields.len() && fields.last().is_some_and(is_open);
            if fields.len() != pojo.fields.len() && !is_cut {
                return Err(mismatch(out));
            }
            out.u8(NO_SUBCLASS);
            for (i, (field, value)) in pojo.fields.iter().zip(fields).enumerate() {
                write_flagged(&field.ty, value, out).index(i as u64).field("fields")?;
            }
        }
        _ => return Err(mismatch(out)),
    }
    Ok(())
}
