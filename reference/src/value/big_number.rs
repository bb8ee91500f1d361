//! `BigInteger` and `BigDecimal`.

use std::borrow::Cow;

/// A two's complement number of any size, in the spelling that it was read in: `BigIntSerializer` has a short form for the objects
/// `ZERO`, `ONE` and `TEN` besides the long one, and equal numbers may stand there in both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BigInteger<'a> {
    /// 0, 1 or 10, by the tag 1, 2 or 3.
    Short(u8),
    /// Big-endian two's complement; at least one byte.
    Long(Cow<'a, [u8]>),
}

impl BigInteger<'_> {
    /// Big-endian two's complement.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Short(1) => &[0],
            Self::Short(2) => &[1],
            Self::Short(_) => &[10],
            Self::Long(bytes) => bytes,
        }
    }
}

impl BigInteger<'static> {
    /// A number of any size in big-endian two's complement, as `BigInteger.valueOf` and arithmetic make it: 0, 1 and 10 are the
    /// constants, and there are no more bytes than the number needs.
    pub fn from_twos_complement(bytes: &[u8]) -> Self {
        match shortest(bytes) {
            [] | [0] => Self::Short(1),
            [1] => Self::Short(2),
            [10] => Self::Short(3),
            bytes => Self::Long(Cow::Owned(bytes.to_vec())),
        }
    }
}

impl From<i64> for BigInteger<'_> {
    fn from(value: i64) -> Self {
        BigInteger::from_twos_complement(&value.to_be_bytes())
    }
}

impl From<i128> for BigInteger<'_> {
    fn from(value: i128) -> Self {
        BigInteger::from_twos_complement(&value.to_be_bytes())
    }
}

/// Without the leading bytes that only repeat the sign; at least one.
pub(crate) fn shortest(mut bytes: &[u8]) -> &[u8] {
    while let [first, second, ..] = bytes
        && ((*first == 0 && second & 0x80 == 0) || (*first == 0xFF && second & 0x80 != 0))
    {
        bytes = bytes.split_at(1).1;
    }
    bytes
}

/// A decimal number: `unscaled` times ten to the power of minus `scale`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BigDecimal<'a> {
    /// The digits.
    pub unscaled: BigInteger<'a>,
    /// Digits behind the point; negative for powers of ten.
    pub scale: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_java_has_them() {
        for (value, bytes) in [
            (0, &[0][..]),
            (2, &[2]),
            (-1, &[0xFF]),
            (127, &[0x7F]),
            (128, &[0, 0x80]),
            (-128, &[0x80]),
            (-129, &[0xFF, 0x7F]),
        ] {
            assert_eq!(BigInteger::from(i64::from(value)).bytes(), bytes, "{value}");
        }
        assert_eq!(BigInteger::from(10_i64), BigInteger::Short(3));
    }
}
