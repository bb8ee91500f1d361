//! `LinkedOptionalMapSerializer`: named entries in frames, so that what is not understood can be skipped.
//!
//! | field | type |
//! |---|---|
//! | magic | `i64` `00 00 04 f2 c6 9a 3d 70` |
//! | count | `i32` |
//! | for each: name | `utf` |
//! | key | `bool`, and if it is 1 `i32` length and bytes |
//! | value | the same |

use crate::ErrorKind;
use crate::error::At;
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};

const MAGIC: i64 = 0x0000_04F2_C69A_3D70;

/// The entries of a map, in their order, which has a meaning: fields in values, tags of subclasses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionalMap<'a> {
    first: Input<'a>,
    count: u32,
}

/// One entry.
#[derive(Debug, Clone)]
pub(crate) struct OptionalEntry<'a> {
    pub(crate) name: JavaStr<'a>,
    pub(crate) value: Option<Input<'a>>,
}

impl<'a> OptionalMap<'a> {
    pub(crate) fn read(input: Input<'a>) -> Parsed<'a, Self> {
        let (rest, found) = java::i64(input).field("magic")?;
        if found != MAGIC {
            return fail(ErrorKind::OptionalMapMagic { found }, input.offset()).field("magic");
        }
        let (first, count) = java::count(rest, 4).field("count")?;
        let mut rest = first;
        for i in 0..count {
            rest = read_entry(rest).index(i.into()).field("entries")?.0;
        }
        Ok((rest, Self { first, count }))
    }

    /// The entries; they were read once, so that it cannot fail.
    pub(crate) fn entries(&self) -> impl Iterator<Item = OptionalEntry<'a>> + use<'a> {
        let mut rest = self.first;
        (0..self.count).map_while(move |_| {
            let (next, entry) = read_entry(rest).ok()?;
            rest = next;
            Some(entry)
        })
    }

    /// Writes a map of entries whose values are frames.
    pub(crate) fn write<'e>(
        entries: impl ExactSizeIterator<Item = (&'e str, Vec<u8>, Vec<u8>)>,
        out: &mut Output,
    ) -> Result<(), crate::Error> {
        out.i64(MAGIC);
        out.count(entries.len())?;
        for (name, key, value) in entries {
            out.utf(&name.into())?;
            out.bool(true);
            out.bytes32(&key)?;
            out.bool(true);
            out.bytes32(&value)?;
        }
        Ok(())
    }
}

fn read_entry(input: Input<'_>) -> Parsed<'_, OptionalEntry<'_>> {
    let (rest, name) = java::utf(input, false).field("name")?;
    let (rest, _) = frame(rest).field("key")?;
    let (rest, value) = frame(rest).field("value")?;
    Ok((rest, OptionalEntry { name, value }))
}

fn frame(input: Input<'_>) -> Parsed<'_, Option<Input<'_>>> {
    let (rest, is_present) = java::bool(input, false)?;
    if !is_present {
        return Ok((rest, None));
    }
    let (rest, bytes) = java::bytes32(rest)?;
    Ok((rest, Some(bytes)))
}
