//! Strings.

use ::arbitrary::{Arbitrary, Result, Unstructured};

use super::{list, one_of};
use crate::wire::JavaStr;

/// Where the number of bytes of a unit changes, and the halves of surrogate pairs.
const EDGES: &[u16] = &[0, 0x7F, 0x80, 0x7FF, 0x800, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xFFFF];

/// Lengths in units of three bytes; the last is the most that the format can say.
const LENGTHS: &[usize] = &[43, 85, 86, 10_922, 10_923, 21_845];

/// Short, and now and then as long as `writeUTF` allows: 65535 bytes.
impl<'a> Arbitrary<'a> for JavaStr<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        match u.arbitrary::<u8>()? {
            0xFF => Ok(JavaStr::from_utf16(std::iter::repeat_n(0xFFFF, one_of(u, LENGTHS)?))),
            choice @ 0..0xC0 => Ok(JavaStr::from_utf16(list(u, usize::from(choice % 16), ascii)?)),
            _ => Ok(JavaStr::from_utf16(list(u, 12, unit)?)),
        }
    }

    fn size_hint(_: usize) -> (usize, Option<usize>) {
        (1, None)
    }
}

fn ascii(u: &mut Unstructured<'_>) -> Result<u16> {
    u.int_in_range(0x20..=0x7E_u16)
}

/// Any unit, often one at an edge.
fn unit(u: &mut Unstructured<'_>) -> Result<u16> {
    if u.arbitrary()? { one_of(u, EDGES) } else { u.arbitrary() }
}
