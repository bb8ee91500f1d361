//! Passing over values without building them: whether bytes are a value, where the usual types let that be seen.
//!
//! What a glance takes for a value, [`TypeDescription::decode`] takes for one, and it is not null. The reverse does not hold: a
//! glance that fails says nothing, and decoding says what is wrong, if anything is.

use super::{FlinkString, HashCode, NullFlag, Scalar, TypeDescription, Value, scalar_codec};
use crate::Limits;
use crate::keyed::java_hash;
use crate::wire::Input;

/// A value at the start of some bytes.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Bytes that it takes, at least one.
    length: usize,
    is_null: bool,
}

impl TypeDescription {
    /// Whether all of `bytes` is one value that is not null, as far as a pass over it shows. Allocates nothing.
    #[inline]
    pub fn glance(&self, bytes: &[u8]) -> bool {
        self.see(bytes, 0).is_some_and(|seen| seen.length == bytes.len() && !seen.is_null)
    }

    /// Whether all of `bytes` is the value of a list state, with at least one element of this type and none that is null.
    pub fn glance_list_state(&self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        loop {
            let Some(Seen { length, is_null: false }) = self.see(rest, 0) else { return false };
            let Some(behind) = rest.get(length..) else { return false };
            match behind.split_first() {
                None => return true,
                Some((&super::of_state::SEPARATOR, next)) => rest = next,
                Some(_) => return false,
            }
        }
    }

    /// [`hash_code`](Self::hash_code) of the value in all of `bytes`, of the usual types of keys, without building it. `None` says
    /// nothing: decode it.
    #[inline]
    pub fn glance_hash(&self, bytes: &[u8]) -> Option<HashCode> {
        let Self::Scalar(scalar) = self else { return None };
        Some(HashCode::Exact(match scalar {
            Scalar::Long => java_hash::of_long(i64::from_be_bytes(bytes.try_into().ok()?)),
            Scalar::Int | Scalar::IntValue => i32::from_be_bytes(bytes.try_into().ok()?),
            Scalar::Short => i16::from_be_bytes(bytes.try_into().ok()?).into(),
            Scalar::String if self.glance(bytes) => {
                let (start, _) = see_varint(bytes)?;
                let letters = bytes.get(start..)?;
                if letters.is_ascii() {
                    letters.iter().fold(0, |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(i32::from(*unit)))
                } else {
                    java_hash::of_string(FlinkString::counted(letters).utf16())
                }
            }
            _ => return None,
        }))
    }

    /// Bytes of the value at the start of `bytes`, where that can be seen without building it.
    pub(super) fn glance_length(&self, bytes: &[u8]) -> Option<usize> {
        self.see(bytes, 0).map(|seen| seen.length)
    }

    /// `depth` is how many types this one is in.
    #[inline]
    fn see(&self, bytes: &[u8], depth: u8) -> Option<Seen> {
        match self {
            Self::Scalar(scalar) => see_scalar(*scalar, bytes),
            _ => self.see_composite(bytes, depth),
        }
    }

    fn see_composite(&self, bytes: &[u8], depth: u8) -> Option<Seen> {
        if depth >= Limits::DEFAULT_NESTING {
            return None;
        }
        let deeper = depth + 1;
        let (rest, is_null) = match self {
            Self::List {
                element,
                flag: flag @ (NullFlag::None | NullFlag::OneIsNull | NullFlag::OneIsPresent),
                ..
            } => {
                let (mut rest, count) = see_count(bytes)?;
                for _ in 0..count {
                    rest = match flag {
                        NullFlag::OneIsNull => see_flagged(element, rest, true, deeper)?,
                        NullFlag::OneIsPresent => see_flagged(element, rest, false, deeper)?,
                        _ => element.see_behind(rest, deeper)?,
                    };
                }
                (rest, false)
            }
            Self::Map { key, value, nullable_keys, .. } => {
                let (mut rest, count) = see_count(bytes)?;
                for _ in 0..count {
                    let behind = if *nullable_keys {
                        see_flagged(key, rest, true, deeper)?
                    } else {
                        key.see_behind(rest, deeper)?
                    };
                    rest = see_flagged(value, behind, true, deeper)?;
                }
                (rest, false)
            }
            Self::Record(record) => {
                let fields = record.fields.iter();
                (fields.map(|field| &field.ty).try_fold(bytes, |rest, ty| ty.see_behind(rest, deeper))?, false)
            }
            Self::Nullable { inner, flag: flag @ (NullFlag::OneIsNull | NullFlag::OneIsPresent), padding, .. } => {
                let (first, rest) = bytes.split_first()?;
                if (*first != 0) == (*flag == NullFlag::OneIsNull) {
                    (rest.get(usize::try_from(*padding).ok()?..)?, true)
                } else {
                    let seen = inner.see(rest, deeper)?;
                    (rest.get(seen.length..)?, seen.is_null)
                }
            }
            _ => return None,
        };
        // How many values may take no bytes is for the decoder to count.
        let length = bytes.len() - rest.len();
        (length > 0).then_some(Seen { length, is_null })
    }

    fn see_behind<'b>(&self, bytes: &'b [u8], depth: u8) -> Option<&'b [u8]> {
        let seen = self.see(bytes, depth)?;
        bytes.get(seen.length..)
    }
}

fn see_count(bytes: &[u8]) -> Option<(&[u8], u32)> {
    let (count, rest) = bytes.split_first_chunk()?;
    Some((rest, u32::try_from(i32::from_be_bytes(*count)).ok()?))
}

/// A flag, and what is behind the value that it announces.
fn see_flagged<'b>(ty: &TypeDescription, bytes: &'b [u8], one_is_null: bool, depth: u8) -> Option<&'b [u8]> {
    let (flag, rest) = bytes.split_first()?;
    if (*flag != 0) == one_is_null { Some(rest) } else { ty.see_behind(rest, depth) }
}

#[inline]
fn see_scalar(scalar: Scalar, bytes: &[u8]) -> Option<Seen> {
    use Scalar as S;
    let (length, is_null) = match scalar {
        S::String => {
            let (start, letters) = see_varint(bytes)?;
            match letters.checked_sub(1) {
                None => (start, true),
                Some(letters) => (see_letters(bytes, start, letters)?, false),
            }
        }
        S::Boolean | S::Byte | S::BooleanValue | S::ByteValue => (1, false),
        S::Short | S::Char | S::ShortValue | S::CharValue => (2, false),
        S::Int | S::Float | S::IntValue | S::FloatValue | S::PyDate | S::PyTime => (4, false),
        S::Long | S::Double | S::LongValue | S::DoubleValue | S::SortedLong => (8, false),
        S::Void | S::VoidNamespace | S::Tuple0 | S::Unit | S::NullValueByte | S::GlobalWindow | S::SqlNull => (1, true),
        // These would allocate.
        S::StringArray | S::NullValue => return None,
        _ => {
            let (rest, value) = scalar_codec::read(scalar, Input::new(bytes)).ok()?;
            (bytes.len() - rest.len(), value == Value::Null)
        }
    };
    (0 < length && length <= bytes.len()).then_some(Seen { length, is_null })
}

/// The number at the start of a string, and where its letters start.
#[inline]
fn see_varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((1, usize::from(*first)));
    }
    let (second, _) = rest.split_first()?;
    if *second < 0x80 {
        return Some((2, usize::from(*first & 0x7F) | usize::from(*second) << 7));
    }
    let (rest, number) = scalar_codec::varint(Input::new(bytes)).ok()?;
    Some((bytes.len() - rest.len(), usize::try_from(number).ok()?))
}

/// Where that many letters end that start at `start`: each a number of one to three bytes.
#[inline]
fn see_letters(bytes: &[u8], start: usize, letters: usize) -> Option<usize> {
    let end = start.checked_add(letters)?;
    // Nearly every string is ASCII, and takes as many bytes as it has letters.
    if bytes.get(start..end)?.is_ascii() {
        return Some(end);
    }
    let rest = Input::new(bytes).skip(start);
    let (rest, _) = scalar_codec::read_units(rest, u32::try_from(letters).ok()?, 0).ok()?;
    Some(bytes.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::TypeDescription::Scalar as Of;
    use super::*;
    use crate::value::{Field, HashRule, LengthRule, Record};

    fn record(fields: &[Scalar]) -> TypeDescription {
        let field = |of: &Scalar| Field { name: "".into(), ty: TypeDescription::Scalar(*of), is_parameter: false };
        let (length, hash) = (LengthRule::Sum, HashRule::Tuple);
        TypeDescription::Record(Record {
            name: "TUPLE".into(),
            fields: fields.iter().map(field).collect(),
            length,
            hash,
        })
    }

    fn list(element: TypeDescription, flag: NullFlag) -> TypeDescription {
        TypeDescription::List { name: "LIST", element: element.into(), flag }
    }

    /// Types of each kind that is seen, and some that are not.
    fn types() -> Vec<TypeDescription> {
        let map = |nullable_keys| TypeDescription::Map {
            name: "MAP",
            key: Of(Scalar::String).into(),
            value: Of(Scalar::Short).into(),
            nullable_keys,
        };
        let nullable = |inner: TypeDescription, flag, padding| TypeDescription::Nullable {
            name: "",
            inner: inner.into(),
            flag,
            padding,
        };
        let scalars = [
            Scalar::String,
            Scalar::StringValue,
            Scalar::Long,
            Scalar::Int,
            Scalar::Short,
            Scalar::Boolean,
            Scalar::Void,
            Scalar::NullValue,
            Scalar::JavaDate,
            Scalar::LocalDateTime,
            Scalar::BigInteger,
            Scalar::ByteArray,
            Scalar::StringArray,
            Scalar::IntArray,
        ];
        let mut types: Vec<_> = scalars.map(TypeDescription::Scalar).into();
        types.extend([
            list(Of(Scalar::String), NullFlag::None),
            list(Of(Scalar::String), NullFlag::OneIsNull),
            list(Of(Scalar::Short), NullFlag::OneIsPresent),
            list(Of(Scalar::Short), NullFlag::Mask),
            list(Of(Scalar::NullValue), NullFlag::None),
            list(record(&[]), NullFlag::OneIsNull),
            map(false),
            map(true),
            record(&[Scalar::Long, Scalar::String]),
            record(&[Scalar::NullValue]),
            record(&[]),
            nullable(Of(Scalar::Short), NullFlag::OneIsNull, 2),
            nullable(Of(Scalar::String), NullFlag::OneIsPresent, 0),
            nullable(record(&[Scalar::String]), NullFlag::OneIsNull, 0),
        ]);
        types
    }

    /// Bytes of few values, so that counts, flags and lengths often fit.
    fn bytes(mut seed: u64) -> Vec<u8> {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap()
        };
        let length = next() % 20;
        let common = [0, 0, 0, 0, 1, 1, 2, 3, b',', b'a', 0x7F, 0x80, 0xFF];
        (0..length).map(|_| common[next() % common.len()]).collect()
    }

    #[test]
    fn what_is_seen_is_what_is_decoded() {
        let (mut seen, mut not_seen) = (0, 0);
        for ty in types() {
            for seed in 0..20_000 {
                let bytes = bytes(seed);
                let decoded = ty.decode(&bytes);
                let is_value = decoded.as_ref().is_ok_and(|value| *value != Value::Null);
                if ty.glance(&bytes) {
                    assert!(is_value, "{ty}: {bytes:02x?}: {decoded:?}");
                    seen += 1;
                } else {
                    not_seen += u32::from(is_value);
                }
                if ty.glance_list_state(&bytes) {
                    let Ok(Value::List(elements)) = ty.decode_list_state(&bytes) else { panic!("{ty}: {bytes:02x?}") };
                    assert!(!elements.is_empty() && !elements.contains(&Value::Null), "{ty}: {bytes:02x?}");
                }
                if let Some(hash) = ty.glance_hash(&bytes) {
                    assert_eq!(ty.hash_code(&decoded.unwrap()), Some(hash), "{ty}: {bytes:02x?}");
                }
                let mut decoder = super::super::Decoder::new(Limits::default());
                let read = ty.read(Input::new(&bytes), &mut decoder);
                let length = read.ok().filter(|_| !decoder.is_open()).map(|(rest, _)| bytes.len() - rest.len());
                if let Some(glanced) = ty.glance_length(&bytes) {
                    assert_eq!(Some(glanced), length, "{ty}: {bytes:02x?}");
                }
            }
        }
        assert!(seen > 5_000 && not_seen > 500, "{seen} {not_seen}");
    }

    #[test]
    fn usual_values_are_seen() {
        let text = [&[0xC9, 0x01][..], &[b'x'; 200]].concat();
        assert!(TypeDescription::Scalar(Scalar::String).glance(&text));
        assert!(!TypeDescription::Scalar(Scalar::String).glance(&text[..201]));
        assert!(list(Of(Scalar::Short), NullFlag::None).glance(&[0, 0, 0, 2, 0, 1, 0, 2]));
        assert!(record(&[Scalar::Long, Scalar::String]).glance(b"12345678\x06hello"));
        assert!(TypeDescription::Scalar(Scalar::Short).glance_list_state(&[0, 1, b',', 0, b',']));
        assert!(!TypeDescription::Scalar(Scalar::Short).glance_list_state(&[0, 1, b',']));
        let hello = TypeDescription::Scalar(Scalar::String).glance_hash(b"\x06hello");
        assert_eq!(hello, Some(HashCode::Exact(99_162_322)));
        assert_eq!(TypeDescription::Scalar(Scalar::String).glance_hash(b"\x00"), None);
    }

    #[test]
    fn types_in_types_are_seen_as_deep_as_they_are_read() {
        let mut ty = TypeDescription::Scalar(Scalar::Byte);
        for depth in 1..40 {
            ty = list(ty, NullFlag::None);
            let bytes = [&[0, 0, 0, 1].repeat(depth)[..], &[7]].concat();
            assert_eq!(ty.glance(&bytes), ty.decode(&bytes).is_ok(), "{depth}");
        }
    }
}
