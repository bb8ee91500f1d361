//! Java strings as `StringValue` writes them.

use std::borrow::Cow;
use std::fmt;

use crate::wire::JavaStr;

/// A string as it stands in a value: each UTF-16 unit as a base-128 number, low group first, without the length.
///
/// Lossless, as [`JavaStr`] is: unpaired surrogates and over-long numbers survive.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct FlinkString<'a> {
    units: Cow<'a, [u8]>,
}

impl<'a> FlinkString<'a> {
    /// The bytes of a number of units, which were counted.
    pub(super) fn counted(units: &'a [u8]) -> Self {
        Self { units: Cow::Borrowed(units) }
    }

    /// The string of UTF-16 units, as Flink writes it.
    pub fn from_utf16(units: impl IntoIterator<Item = u16>) -> FlinkString<'static> {
        let mut bytes = Vec::new();
        for unit in units {
            push_varint(unit.into(), &mut bytes);
        }
        FlinkString { units: Cow::Owned(bytes) }
    }

    /// The bytes of the units.
    pub fn as_units(&self) -> &[u8] {
        &self.units
    }

    /// The UTF-16 units. Longer numbers lose what does not fit, as in Flink.
    pub fn utf16(&self) -> impl Iterator<Item = u16> + Clone + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let mut unit = 0_u32;
            let mut shift = 0_u32;
            loop {
                let byte = *self.units.get(at)?;
                at += 1;
                unit |= u32::from(byte & 0x7F).checked_shl(shift).unwrap_or(0);
                shift = shift.saturating_add(7);
                if byte & 0x80 == 0 {
                    let [.., high, low] = unit.to_be_bytes();
                    return Some(u16::from_be_bytes([high, low]));
                }
            }
        })
    }

    /// The text, borrowed if it is ASCII; `None` if a surrogate stands alone.
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        if self.units.is_ascii() {
            return std::str::from_utf8(&self.units).ok().map(Cow::Borrowed);
        }
        char::decode_utf16(self.utf16()).collect::<Result<String, _>>().ok().map(Cow::Owned)
    }

    /// The text, with U+FFFD for surrogates that stand alone; borrowed if it is ASCII.
    pub(super) fn into_text(self) -> Cow<'a, str> {
        match self.units {
            Cow::Borrowed(units) if units.is_ascii() => String::from_utf8_lossy(units),
            _ => Cow::Owned(self.to_string()),
        }
    }

    /// The same string, independent of the bytes that it was read from.
    pub fn into_owned(self) -> FlinkString<'static> {
        FlinkString { units: Cow::Owned(self.units.into_owned()) }
    }
}

impl From<&str> for FlinkString<'_> {
    fn from(text: &str) -> Self {
        FlinkString::from_utf16(text.encode_utf16())
    }
}

impl From<&JavaStr<'_>> for FlinkString<'_> {
    fn from(text: &JavaStr<'_>) -> Self {
        FlinkString::from_utf16(text.utf16())
    }
}

/// With U+FFFD for surrogates that stand alone.
impl fmt::Display for FlinkString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        char::decode_utf16(self.utf16()).try_for_each(|c| f.write_char(c.unwrap_or(char::REPLACEMENT_CHARACTER)))
    }
}

impl fmt::Debug for FlinkString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

/// Appends a base-128 number, low group first.
pub(super) fn push_varint(mut value: u32, bytes: &mut Vec<u8>) {
    loop {
        let [.., low] = value.to_be_bytes();
        value >>= 7;
        if value == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        for (text, units) in [
            ("abc", &b"abc"[..]),
            ("\0", &[0]),
            ("\u{80}", &[0x80, 0x01]),
            ("\u{e9}\u{20ac}", &[0xE9, 0x01, 0xAC, 0x41]),
            ("\u{4000}\u{ffff}", &[0x80, 0x80, 0x01, 0xFF, 0xFF, 0x03]),
            ("\u{1F600}", &[0xBD, 0xB0, 0x03, 0x80, 0xBC, 0x03]),
        ] {
            let string = FlinkString::from(text);
            assert_eq!(string.as_units(), units);
            assert_eq!(FlinkString::counted(units).to_text().as_deref(), Some(text));
        }
    }

    #[test]
    fn unpaired_surrogates_are_kept() {
        let string = FlinkString::from_utf16([0x61, 0xD800]);
        assert_eq!(string.to_text(), None);
        assert_eq!(string.to_string(), "a\u{FFFD}");
        assert_eq!(string.utf16().collect::<Vec<_>>(), [0x61, 0xD800]);
    }
}
