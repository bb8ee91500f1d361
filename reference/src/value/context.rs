//! What bounds the decoding of a value.

use crate::error::At;
use crate::wire::{Input, Parsed, fail, java};
use crate::{ErrorKind, Limits};

/// Reads values and keeps count of what they could grow to: depth, and elements that take no bytes.
#[derive(Debug, Clone)]
pub struct Decoder {
    depth: u8,
    /// A value was read that does not say where it ends: it reached to the end of what it was given.
    open: bool,
    limit: u8,
    empty: u32,
}

impl Decoder {
    /// Elements and fields without any bytes (`NullValue`, records of such) that one value may have in all.
    pub const EMPTY_ELEMENTS: u32 = 1 << 16;

    /// A decoder of one value.
    pub fn new(limits: Limits) -> Self {
        Self { depth: 0, open: false, limit: limits.nesting, empty: Self::EMPTY_ELEMENTS }
    }

    /// Whether the value that was read last reached to the end of the bytes because it does not say where it ends.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// All that is left: nothing says where the value ends.
    pub(crate) fn rest<'a>(&mut self, input: Input<'a>) -> (Input<'a>, &'a [u8]) {
        self.open = true;
        (input.skip(input.len()), input.bytes())
    }

    /// Runs `read` on a window that has to be used up; what is open in it ends with it.
    pub(crate) fn within<'a, T>(
        &mut self,
        window: Input<'a>,
        read: impl FnOnce(&mut Self, Input<'a>) -> Parsed<'a, T>,
    ) -> Result<T, nom::Err<crate::Error>> {
        let outer = std::mem::replace(&mut self.open, false);
        let (rest, value) = read(self, window)?;
        self.open = outer;
        if !rest.is_empty() {
            let kind = ErrorKind::ValueTrailing { count: rest.len() };
            return Err(nom::Err::Failure(crate::Error::new(kind, rest.offset())));
        }
        Ok(value)
    }

    /// Runs `read` one level deeper.
    pub(crate) fn deeper<'a, T>(
        &mut self,
        input: Input<'a>,
        read: impl FnOnce(&mut Self, Input<'a>) -> Parsed<'a, T>,
    ) -> Parsed<'a, T> {
        if self.depth >= self.limit {
            return fail(ErrorKind::TooDeep { limit: self.limit }, input.offset());
        }
        self.depth += 1;
        let parsed = read(self, input);
        self.depth -= 1;
        parsed
    }

    /// An `i32` number of elements, each of at least `least` bytes.
    pub(crate) fn count<'a>(&mut self, input: Input<'a>, least: usize) -> Parsed<'a, u32> {
        let (rest, found) = java::i32(input)?;
        let Ok(count) = u32::try_from(found) else {
            return fail(ErrorKind::NegativeLength { found: found.into() }, input.offset());
        };
        self.fits(&rest, count, least, input.offset())?;
        Ok((rest, count))
    }

    /// Charges values that took no bytes.
    pub(crate) fn spend(&mut self, count: u32, available: usize, offset: u64) -> Result<(), nom::Err<crate::Error>> {
        let Some(left) = self.empty.checked_sub(count) else {
            let kind = ErrorKind::LengthBeyondInput { found: count.into(), available };
            return fail::<()>(kind, offset).field("count").map(|_| ());
        };
        self.empty = left;
        Ok(())
    }

    /// Whether that many elements can be there. Elements without bytes are bounded for the value as a whole.
    pub(crate) fn fits(
        &mut self,
        rest: &Input<'_>,
        count: u32,
        least: usize,
        offset: u64,
    ) -> Result<(), nom::Err<crate::Error>> {
        if least > 0 {
            return java::fits(rest, count.into(), least, offset);
        }
        self.spend(count, rest.len(), offset)
    }
}
