//! Values: keys, namespaces, user keys, elements and what states hold, decoded and encoded as their serializers say.
//!
//! A [`TypeDescription`] is built once from a serializer snapshot; decoding then needs nothing else: no class, no jar. Strings,
//! byte arrays, arrays of primitives and numbers of any size borrow. What allocates is named at each variant of [`Value`]: one
//! vector for each list, map or record, and a box where one value wraps another.

mod avro;
mod big_number;
mod codec;
mod collection;
mod context;
mod flink_string;
mod glance;
mod hash;
mod of_composite;
mod of_snapshot;
mod of_state;
mod pojo;
mod record;
mod row_kind;
mod scalar_codec;
mod sql;
mod time;
mod type_description;

use std::borrow::Cow;

pub use crate::serializer::Scalar;
pub(crate) use avro::AvroBody;
pub use avro::{AvroBranches, AvroFields, AvroKind, AvroName, AvroSchema, AvroSchemaError, AvroType};
pub use big_number::{BigDecimal, BigInteger};
pub use context::Decoder;
pub use flink_string::FlinkString;
pub use hash::HashCode;
pub(crate) use of_snapshot::of_wire;
pub use row_kind::RowKind;
pub use sql::{SqlField, SqlKind, SqlType, row_hash, string_hash};
pub use time::{LocalDate, LocalTime};
pub use type_description::{Field, HashRule, LengthRule, NullFlag, Pojo, Record, TypeDescription};

/// A value. What its type says is not repeated here: a record has its fields in the order of the type, which has their names.
///
/// Decoded values encode to the same bytes again, down to the spelling that the format leaves open (two forms of small big
/// numbers, NaNs, reserved slots of binary rows).
///
/// A decoded value takes at most 64 bytes for each byte that it was read from; in rows of nulls, which have a bit each, eight times
/// that. What takes no bytes at all is limited ([`Decoder::EMPTY_ELEMENTS`]).
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// No value; also the only value of `VOID` and its like.
    Null,
    /// A null in a binary row that keeps its place in the variable part, as keys that the planner projects do.
    NullWithSpace,
    /// `boolean`.
    Boolean(bool),
    /// `byte`, `TINYINT`.
    Byte(i8),
    /// `short`, `SMALLINT`.
    Short(i16),
    /// `int`, `INT`; days, milliseconds of the day or months where the type says so.
    Int(i32),
    /// `long`, `BIGINT`; milliseconds where the type says so.
    Long(i64),
    /// `char`: one UTF-16 unit.
    Char(u16),
    /// `float`, as its bits: NaNs differ.
    Float(u32),
    /// `double`, as its bits.
    Double(u64),
    /// A Java string. Borrows.
    String(FlinkString<'a>),
    /// A string in UTF-8 as SQL and Avro write them, kept as it is even if it is not UTF-8. Borrows.
    Text(Cow<'a, [u8]>),
    /// Bytes: `byte[]`, `BYTES`, Avro's `fixed`. Borrows.
    Bytes(Cow<'a, [u8]>),
    /// An array of primitives, in the encoding of the elements, one after the other. Borrows.
    Primitives(Cow<'a, [u8]>),
    /// `BigInteger`. Borrows.
    BigInteger(BigInteger<'a>),
    /// `BigDecimal`, `DECIMAL`. Borrows.
    BigDecimal(BigDecimal<'a>),
    /// `LocalDate`.
    Date(LocalDate),
    /// `LocalTime`.
    Time(LocalTime),
    /// `LocalDateTime`.
    DateTime(LocalDate, LocalTime),
    /// Seconds (`Instant`) or milliseconds (SQL timestamps), and nanoseconds: of the second; of the millisecond in `TIMESTAMP(p)`.
    Timestamp {
        /// Since the epoch.
        time: i64,
        /// Nanoseconds besides.
        nanos: i32,
    },
    /// Value and metadata of a `VARIANT`. Borrows.
    Variant {
        /// The value.
        value: Cow<'a, [u8]>,
        /// Its dictionary.
        metadata: Cow<'a, [u8]>,
    },
    /// A constant, by its position in the type.
    Constant(u32),
    /// Elements of a list, set or array. One vector.
    List(Vec<Value<'a>>),
    /// Keys and values of a map, in the order of the bytes. One vector.
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// Fields of a tuple or another record. One vector. Shorter than the type, with an [`Opaque`](Self::Opaque) at its end, if
    /// a field hides where it ends.
    Record(Vec<Value<'a>>),
    /// Fields of a row, and its kind. One vector.
    Row(RowKind, Vec<Value<'a>>),
    /// An instance of a subclass, by its number in the type or by its name. One box.
    Subclass(Subclass<'a>, Box<Value<'a>>),
    /// One of the alternatives of the type, by its position: left and right, the branches of a union. One box. What is in it is a
    /// [`Record`](Self::Record) of the alternative's fields, in an `Either` of one; in a union of Avro the value itself.
    Alternative(u32, Box<Value<'a>>),
    /// Bytes that do not describe themselves: Kryo, Java serialization, classes of users. They reach to the end. Borrows.
    Opaque(Cow<'a, [u8]>),
}

/// How a value names the subclass that it is an instance of.
#[derive(Debug, Clone, PartialEq)]
pub enum Subclass<'a> {
    /// Registered: the tag.
    Registered(u8),
    /// By name. Borrows.
    Named(crate::wire::JavaStr<'a>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_small() {
        assert!(size_of::<Value<'_>>() <= 56, "{}", size_of::<Value<'_>>());
    }
}
