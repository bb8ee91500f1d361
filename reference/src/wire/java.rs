//! Java's `DataInput` primitives. All are big-endian and signed; the writer's twins are on [`Output`](super::Output).

use nom::bytes::complete::take;
use nom::number::complete;

use super::{Input, JavaStr, Parsed, fail};
use crate::ErrorKind;
use crate::error::At;

/// `readByte`, as the raw byte.
pub fn u8(input: Input<'_>) -> Parsed<'_, u8> {
    complete::u8(input)
}

/// `readUnsignedShort`.
pub fn u16(input: Input<'_>) -> Parsed<'_, u16> {
    complete::be_u16(input)
}

/// `readInt`.
pub fn i32(input: Input<'_>) -> Parsed<'_, i32> {
    complete::be_i32(input)
}

/// `readLong`.
pub fn i64(input: Input<'_>) -> Parsed<'_, i64> {
    complete::be_i64(input)
}

/// `readBoolean`: any byte but 0 is true; in strict reading only 0 and 1 are accepted.
pub fn bool(input: Input<'_>, strict: bool) -> Parsed<'_, bool> {
    let (rest, byte) = u8(input)?;
    if strict && byte > 1 {
        return fail(ErrorKind::NotCanonical { what: "a boolean that is not 0 or 1" }, input.offset());
    }
    Ok((rest, byte != 0))
}

/// `N` bytes.
pub fn array<const N: usize>(input: Input<'_>) -> Parsed<'_, [u8; N]> {
    let (rest, window) = take(N)(input)?;
    let mut bytes = [0; N];
    bytes.copy_from_slice(window.bytes());
    Ok((rest, bytes))
}

/// A signed 32-bit count of elements of at least `least` bytes each: not negative, and not more than what is left can
/// hold. `least` is at least 1, so a loop over the count ends with the input.
pub fn count(input: Input<'_>, least: usize) -> Parsed<'_, u32> {
    let (rest, found) = i32(input)?;
    match u32::try_from(found) {
        Ok(n) => fits(&rest, u64::from(n), least, input.offset()).map(|()| (rest, n)),
        Err(_) => fail(ErrorKind::NegativeLength { found: found.into() }, input.offset()),
    }
}

/// Whether `n` elements of at least `least` bytes fit into `rest`; the error stands at `offset`.
pub(crate) fn fits(rest: &Input<'_>, n: u64, least: usize, offset: u64) -> Result<(), nom::Err<crate::Error>> {
    if n.saturating_mul(least.max(1) as u64) > rest.len() as u64 {
        return fail(ErrorKind::LengthBeyondInput { found: n, available: rest.len() }, offset).map(|_: (_, ())| ());
    }
    Ok(())
}

/// `n` raw bytes; too few left is an error at `offset`, where `n` was read.
pub(crate) fn window(input: Input<'_>, n: u64, offset: u64) -> Parsed<'_, Input<'_>> {
    fits(&input, n, 1, offset)?;
    // `fits` has compared it with a `usize`.
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    take(n)(input)
}

/// `i32` length, then as many bytes.
pub fn bytes32(input: Input<'_>) -> Parsed<'_, Input<'_>> {
    let (rest, n) = count(input, 1)?;
    window(rest, n.into(), input.offset())
}

/// `readUTF`: `u16` number of bytes, then modified UTF-8. Over-long forms are accepted as Java does, unless `strict`.
pub fn utf(input: Input<'_>, strict: bool) -> Parsed<'_, JavaStr<'_>> {
    let (rest, n) = u16(input)?;
    let (rest, text) = window(rest, n.into(), input.offset())?;
    match JavaStr::from_modified_utf8(text.bytes(), strict) {
        Ok(text) => Ok((rest, text)),
        Err(kind) => {
            let at = if let ErrorKind::ModifiedUtf8 { at } = kind { at as u64 } else { 0 };
            fail(kind, text.offset() + at)
        }
    }
}

/// Two `i32` that make a field, named `name` in errors.
pub(crate) fn field_i32<'a>(input: Input<'a>, name: &'static str) -> Parsed<'a, i32> {
    i32(input).field(name)
}

/// An `i64` field, named `name` in errors.
pub(crate) fn field_i64<'a>(input: Input<'a>, name: &'static str) -> Parsed<'a, i64> {
    i64(input).field(name)
}

/// A `readUTF` field, named `name` in errors.
pub(crate) fn field_utf<'a>(input: Input<'a>, strict: bool, name: &'static str) -> Parsed<'a, JavaStr<'a>> {
    utf(input, strict).field(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::done;

    fn kind_at<T: std::fmt::Debug>(parsed: Parsed<'_, T>) -> (ErrorKind, u64) {
        let error = done(parsed, 0).map(|(_, value)| value).unwrap_err();
        (error.kind().clone(), error.offset())
    }

    #[test]
    fn primitives_are_big_endian_and_signed() {
        let bytes = [0x80, 0, 0, 1, 0xFF];
        let (rest, n) = i32(Input::new(&bytes)).unwrap();
        assert_eq!((n, rest.offset()), (-0x7FFF_FFFF, 4));
        assert_eq!(u8(rest).unwrap().1, 0xFF);
        let (_, n) = i64(Input::new(&[0xFF; 8])).unwrap();
        assert_eq!(n, -1);
        assert!(bool(Input::new(&[7]), false).unwrap().1);
        assert_eq!(array::<2>(Input::new(&[1, 2, 3])).unwrap().1, [1, 2]);
    }

    #[test]
    fn short_input_names_the_field_start() {
        let input = Input::with_offset(&[0, 0, 0], 40);
        assert_eq!(kind_at(i32(input)), (ErrorKind::Truncated { available: 3 }, 40));
        assert_eq!(kind_at(i64(input)), (ErrorKind::Truncated { available: 3 }, 40));
        assert_eq!(kind_at(array::<4>(input)), (ErrorKind::Truncated { available: 3 }, 40));
    }

    #[test]
    fn lengths_are_checked_before_use() {
        let negative = [0xFF, 0xFF, 0xFF, 0xFE, 1];
        assert_eq!(kind_at(count(Input::new(&negative), 1)), (ErrorKind::NegativeLength { found: -2 }, 0));
        let huge = [0x7F, 0xFF, 0xFF, 0xFF, 1, 2];
        let beyond = ErrorKind::LengthBeyondInput { found: 0x7FFF_FFFF, available: 2 };
        assert_eq!(kind_at(count(Input::new(&huge), 8)), (beyond.clone(), 0));
        assert_eq!(kind_at(bytes32(Input::with_offset(&huge, 9))), (beyond, 9));
        let two = [0, 0, 0, 2, 1, 2, 3];
        let (rest, window) = bytes32(Input::new(&two)).unwrap();
        assert_eq!((window.bytes(), window.offset(), rest.bytes()), (&[1, 2][..], 4, &[3][..]));
    }

    #[test]
    fn booleans_are_0_and_1_in_strict_reading() {
        assert!(bool(Input::new(&[1]), true).unwrap().1);
        assert!(!bool(Input::new(&[0]), true).unwrap().1);
        assert!(matches!(kind_at(bool(Input::new(&[2]), true)).0, ErrorKind::NotCanonical { .. }));
    }

    #[test]
    fn utf_errors_stand_at_the_bad_byte() {
        // Length 3, 'a', a lone continuation byte.
        let bytes = [0, 3, b'a', 0x80, b'b'];
        assert_eq!(kind_at(utf(Input::new(&bytes), false)), (ErrorKind::ModifiedUtf8 { at: 1 }, 3));
        let short = [0, 9, b'a'];
        assert_eq!(
            kind_at(utf(Input::new(&short), false)),
            (ErrorKind::LengthBeyondInput { found: 9, available: 1 }, 0)
        );
    }
}
