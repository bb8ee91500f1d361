//! How many bytes a value takes, for the serializers whose values say so.

use super::SerializerSnapshot;
use super::classes::Shape;

/// Simple serializers of variable length whose values say how long they are.
const SELF_DELIMITING: &[&str] = &[
    "String",
    "BigInt",
    "BigDec",
    "BooleanPrimitiveArray",
    "BytePrimitiveArray",
    "CharPrimitiveArray",
    "ShortPrimitiveArray",
    "IntPrimitiveArray",
    "FloatPrimitiveArray",
    "LongPrimitiveArray",
    "DoublePrimitiveArray",
    "StringArray",
];

impl SerializerSnapshot<'_> {
    /// Whether [`value_length`](Self::value_length) knows every value: `None` then means that a value is cut or damaged.
    pub fn is_self_delimiting(&self) -> bool {
        match self.shape() {
            Shape::Simple { length } => {
                length >= 0 || simple_name(&self.class().to_text()).is_some_and(|name| SELF_DELIMITING.contains(&name))
            }
            Shape::Enum => true,
            Shape::Composite { sum: true, .. } | Shape::Tuple | Shape::TtlAware => {
                self.nested().all(|nested| nested.is_self_delimiting())
            }
            Shape::Composite { .. } | Shape::Nullable | Shape::Row | Shape::Named => false,
        }
    }

    /// Bytes that a value at the start of `bytes` takes; `None` if they end inside of it or the serializer's values are
    /// not understood.
    pub fn value_length(&self, bytes: &[u8]) -> Option<usize> {
        match self.shape() {
            Shape::Simple { length } => simple(&self.class().to_text(), length, bytes),
            Shape::Enum => within(4, bytes),
            // Of the composites only those that write their parts one after the other.
            Shape::Composite { sum: true, .. } => {
                let timestamp = if self.class().to_text().ends_with("TimerSerializerSnapshot") { 8 } else { 0 };
                let rest = bytes.get(timestamp..)?;
                Some(timestamp + sequence(self, rest)?)
            }
            Shape::Tuple | Shape::TtlAware => sequence(self, bytes),
            Shape::Composite { .. } | Shape::Nullable | Shape::Row | Shape::Named => None,
        }
    }
}

fn within(length: usize, bytes: &[u8]) -> Option<usize> {
    bytes.get(..length).map(<[u8]>::len)
}

fn sequence(snapshot: &SerializerSnapshot<'_>, bytes: &[u8]) -> Option<usize> {
    snapshot.nested().try_fold(0, |at, part| Some(at + part.value_length(bytes.get(at..)?)?))
}

/// `Long` of `LongSerializer$LongSerializerSnapshot`.
fn simple_name(class: &str) -> Option<&str> {
    class.rsplit('$').next()?.strip_suffix("SerializerSnapshot")
}

fn simple(class: &str, length: i32, bytes: &[u8]) -> Option<usize> {
    match simple_name(class)? {
        // One byte, although its length is said to be 0.
        "VoidNamespace" | "GlobalWindow" => within(1, bytes),
        "String" => string(bytes),
        "BigInt" => big_integer(bytes),
        "BigDec" => {
            let unscaled = big_integer(bytes)?;
            // Null has no scale.
            if bytes.get(..4)? == [0; 4] { Some(unscaled) } else { within(unscaled + 4, bytes) }
        }
        "BooleanPrimitiveArray" | "BytePrimitiveArray" => counted(1, bytes),
        "CharPrimitiveArray" | "ShortPrimitiveArray" => counted(2, bytes),
        "IntPrimitiveArray" | "FloatPrimitiveArray" => counted(4, bytes),
        "LongPrimitiveArray" | "DoublePrimitiveArray" => counted(8, bytes),
        "StringArray" => {
            let count = i32::from_be_bytes(*bytes.first_chunk()?);
            let mut at = 4;
            for _ in 0..u32::try_from(count).ok()? {
                at += string(bytes.get(at..)?)?;
            }
            Some(at)
        }
        _ => within(usize::try_from(length).ok()?, bytes),
    }
}

/// `i32` number of elements of `size` bytes.
fn counted(size: usize, bytes: &[u8]) -> Option<usize> {
    let count = usize::try_from(i32::from_be_bytes(*bytes.first_chunk()?)).ok()?;
    within(count.checked_mul(size)?.checked_add(4)?, bytes)
}

/// `i32` tag: 0 null, 1 to 3 the constants 0, 1 and 10, from 5 on the number of bytes that follow plus 4.
fn big_integer(bytes: &[u8]) -> Option<usize> {
    let tag = i32::from_be_bytes(*bytes.first_chunk()?);
    match tag {
        0..=3 => Some(4),
        4 => None,
        length => within(usize::try_from(length - 4).ok()?.checked_add(4)?, bytes),
    }
}

/// `StringValue`: number of UTF-16 units plus one, then each unit; both as base-128 numbers, low group first.
fn string(bytes: &[u8]) -> Option<usize> {
    let (units, mut at) = varint(bytes)?;
    for _ in 1..units.max(1) {
        at += varint(bytes.get(at..)?)?.1;
    }
    Some(at)
}

/// A number of at most five groups of seven bits, and the bytes it takes.
fn varint(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut value = 0_u64;
    for (i, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(value).ok()?, i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "org.apache.flink.api.common.typeutils.base.";
    const TUPLE: &str = "org.apache.flink.api.java.typeutils.runtime.TupleSerializerSnapshot";

    fn snapshot(name: &str) -> SerializerSnapshot<'static> {
        SerializerSnapshot::simple(&format!("{BASE}{name}Serializer${name}SerializerSnapshot")).unwrap()
    }

    #[test]
    fn lengths_of_values() {
        assert_eq!(snapshot("Long").value_length(&[0; 9]), Some(8));
        assert_eq!(snapshot("Long").value_length(&[0; 7]), None);
        assert_eq!(snapshot("String").value_length(&[0x00, 9]), Some(1), "null");
        assert_eq!(snapshot("String").value_length(&[0x01]), Some(1), "empty");
        assert_eq!(
            snapshot("String").value_length(&[0x03, b'a', 0xE9, 0x03, 9]),
            Some(4),
            "two units, one of two bytes"
        );
        assert_eq!(snapshot("String").value_length(&[0x03, b'a']), None);
        assert_eq!(snapshot("BigInt").value_length(&[0, 0, 0, 6, 1, 2, 3]), Some(6));
    }

    #[test]
    fn tuples_are_their_fields() {
        let fields = [snapshot("String"), snapshot("Int")];
        let outer = [&[0, 1][..], b"T"].concat();
        SerializerSnapshot::composite(TUPLE, 2, &[0, 9, b'T'], &fields).unwrap_err();
        let tuple = SerializerSnapshot::composite(TUPLE, 2, &outer, &fields).unwrap();
        assert_eq!(tuple.value_length(&[0x02, b'a', 0, 0, 0, 1, 9]), Some(6));
        assert!(tuple.is_variable_length());
        let fixed = [snapshot("Int"), snapshot("Int")];
        let fixed = SerializerSnapshot::composite(TUPLE, 2, &outer, &fixed).unwrap();
        assert!(!fixed.is_variable_length());
        assert_eq!(fixed.to_string(), "TupleSerializer<IntSerializer, IntSerializer>");
    }
}
