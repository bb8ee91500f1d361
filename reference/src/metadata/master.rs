//! Master states: what `MasterTriggerRestoreHook`s keep. Almost always there are none.

use std::borrow::Cow;

use super::codec::{Codec, ReadContext, WriteContext};
use crate::error::At;
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

const MAGIC: [u8; 4] = [0xC9, 0x6B, 0x16, 0x96];

/// `MasterState`.
///
/// | field | type |
/// |---|---|
/// | magic | `C9 6B 16 96` |
/// | number of bytes that follow | `i32`, > 0 |
/// | version | `i32`, of the hook's serializer |
/// | name | `utf` |
/// | payload length, payload | `i32`, bytes |
///
/// The only structure of the format that is as long as its length says or an error (`META-MASTER-03`).
#[derive(Debug, Clone, PartialEq)]
pub struct MasterState<'a> {
    /// Version of the hook's serializer.
    pub version: i32,
    /// Identifier of the hook.
    pub name: JavaStr<'a>,
    /// What the hook keeps.
    pub payload: Cow<'a, [u8]>,
}

impl<'a> Codec<'a> for MasterState<'a> {
    const LEAST: usize = 18;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, found) = java::array::<4>(input).field("magic")?;
        if found != MAGIC {
            return fail(ErrorKind::MasterMagic { found }, input.offset()).field("magic");
        }
        let length_at = rest.offset();
        let (rest, found) = java::field_i32(rest, "length")?;
        let Some(length) = u64::try_from(found).ok().filter(|n| *n > 0) else {
            return fail(ErrorKind::MasterLength { found }, length_at).field("length");
        };
        let (rest, slice) = java::window(rest, length, length_at).field("length")?;

        let (slice, version) = java::field_i32(slice, "version")?;
        let (slice, name) = java::field_utf(slice, cx.strict, "name")?;
        let (slice, payload) = java::bytes32(slice).field("payload")?;
        if !slice.is_empty() {
            return fail(ErrorKind::MasterTrailing { count: slice.len() }, slice.offset());
        }
        Ok((rest, Self { version, name, payload: Cow::Borrowed(payload.bytes()) }))
    }

    fn write(&self, out: &mut Output, _cx: WriteContext) -> Result<(), Error> {
        out.raw(&MAGIC);
        out.count(4 + 2 + self.name.as_modified_utf8().len() + 4 + self.payload.len()).field("length")?;
        out.i32(self.version);
        out.utf(&self.name).field("name")?;
        out.bytes32(&self.payload).field("payload")
    }
}
