//! Values with their types, where the boundaries of numbers and lengths matter most. Nested types come from
//! [`made_of`](super::bytes::made_of).

use std::borrow::Cow;

use flink_savepoint::serializer::Scalar;
use flink_savepoint::value::{
    BigDecimal, BigInteger, FlinkString, LocalDate, LocalTime, RowKind, SqlField, SqlKind, SqlType, Value,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::wire::{bytes, int, long, text};

fn of<S: Strategy<Value = Value<'static>> + 'static>(
    scalars: &'static [Scalar],
    values: S,
) -> BoxedStrategy<(Scalar, Value<'static>)> {
    (select(scalars), values).boxed()
}

fn or_null<S: Strategy<Value = Value<'static>> + 'static>(values: S) -> impl Strategy<Value = Value<'static>> {
    option::weighted(0.9, values).prop_map(|value| value.unwrap_or(Value::Null))
}

fn string() -> impl Strategy<Value = Value<'static>> {
    text().prop_map(|text| Value::String(FlinkString::from(&text)))
}

fn big_integer() -> impl Strategy<Value = BigInteger<'static>> {
    let digits = vec(any::<u8>(), 1..20).prop_map(|digits| BigInteger::Long(Cow::Owned(digits)));
    prop_oneof![(1..=3_u8).prop_map(BigInteger::Short), long().prop_map(BigInteger::from), digits]
}

fn date() -> impl Strategy<Value = LocalDate> {
    // The smallest year is null.
    (int(), any::<i8>(), any::<i8>()).prop_map(|(year, month, day)| LocalDate {
        year: year.max(1 - i32::MAX),
        month,
        day,
    })
}

fn time() -> impl Strategy<Value = LocalTime> {
    (-127..=127_i8, any::<i8>(), any::<i8>(), int()).prop_map(|(hour, minute, second, nano)| LocalTime {
        hour,
        minute,
        second,
        nano,
    })
}

fn primitives(width: usize) -> impl Strategy<Value = Value<'static>> {
    (bytes(), Just(width)).prop_map(|(bytes, width)| {
        let whole = bytes.len() / width * width;
        Value::Primitives(Cow::Owned(bytes[..whole].to_vec()))
    })
}

/// Every serializer without parameters.
pub(crate) fn scalar_with_value() -> impl Strategy<Value = (Scalar, Value<'static>)> {
    use Scalar as S;
    let above_null = || long().prop_map(|n| n.max(1 - i64::MAX));
    proptest::strategy::Union::new([
        of(&[S::Boolean, S::BooleanValue], any::<bool>().prop_map(Value::Boolean)),
        of(&[S::Byte, S::ByteValue], any::<i8>().prop_map(Value::Byte)),
        of(&[S::Short, S::ShortValue], any::<i16>().prop_map(Value::Short)),
        of(&[S::Char, S::CharValue], any::<u16>().prop_map(Value::Char)),
        of(&[S::Int, S::IntValue, S::PyDate, S::PyTime], int().prop_map(Value::Int)),
        of(&[S::Long, S::LongValue, S::SortedLong], long().prop_map(Value::Long)),
        of(&[S::Float, S::FloatValue], any::<u32>().prop_map(Value::Float)),
        of(&[S::Double, S::DoubleValue], any::<u64>().prop_map(Value::Double)),
        of(&[S::String], or_null(string())),
        of(&[S::StringValue, S::Utf], string()),
        of(&[S::BigInteger], or_null(big_integer().prop_map(Value::BigInteger))),
        of(
            &[S::BigDecimal],
            or_null(
                (big_integer(), int()).prop_map(|(unscaled, scale)| Value::BigDecimal(BigDecimal { unscaled, scale })),
            ),
        ),
        of(&[S::JavaDate, S::SqlDate, S::SqlTime], or_null(above_null().prop_map(Value::Long))),
        of(
            &[S::SqlTimestamp, S::Instant],
            or_null((above_null(), int()).prop_map(|(time, nanos)| Value::Timestamp { time, nanos })),
        ),
        of(&[S::LocalDate], or_null(date().prop_map(Value::Date))),
        of(&[S::LocalTime], or_null(time().prop_map(Value::Time))),
        of(&[S::LocalDateTime], or_null((date(), time()).prop_map(|(date, time)| Value::DateTime(date, time)))),
        of(
            &[
                S::Void,
                S::VoidNamespace,
                S::Tuple0,
                S::Unit,
                S::NullValue,
                S::NullValueByte,
                S::GlobalWindow,
                S::SqlNull,
            ],
            Just(Value::Null),
        ),
        of(&[S::Variant], (bytes(), bytes()).prop_map(|(value, metadata)| Value::Variant { value, metadata })),
        of(&[S::ByteArray, S::Bitmap, S::PyBytes], bytes().prop_map(Value::Bytes)),
        of(&[S::Utf8], bytes().prop_map(Value::Text)),
        of(&[S::BooleanArray], primitives(1)),
        of(&[S::ShortArray, S::CharArray], primitives(2)),
        of(&[S::IntArray, S::FloatArray, S::Dewey], primitives(4)),
        of(&[S::LongArray, S::DoubleArray], primitives(8)),
        of(&[S::StringArray], vec(or_null(string()), 0..4).prop_map(Value::List)),
    ])
}

fn sql<S: Strategy<Value = Value<'static>> + 'static>(
    kinds: impl Strategy<Value = SqlKind> + 'static,
    values: S,
) -> BoxedStrategy<(SqlKind, Value<'static>)> {
    (kinds, values).boxed()
}

/// A field of a binary row, of 0 to 9 bytes and more around the 7 that fit into a slot.
fn sql_field() -> impl Strategy<Value = (SqlType, Value<'static>)> {
    use SqlKind as K;
    let lengths = || select(vec![1, 7, 8, i32::MAX]);
    let decimal = |precision: i32, digits: BoxedStrategy<Vec<u8>>| {
        sql(
            Just(K::Decimal { precision, scale: 1 }),
            digits.prop_map(|digits| {
                Value::BigDecimal(BigDecimal { unscaled: BigInteger::Long(Cow::Owned(digits)), scale: 1 })
            }),
        )
    };
    let timestamp = |precision: i32, nanos: BoxedStrategy<i32>| {
        sql(
            select(vec![K::Timestamp { precision }, K::TimestampWithLocalTimeZone { precision }]),
            (long(), nanos).prop_map(|(time, nanos)| Value::Timestamp { time, nanos }),
        )
    };
    let compact = long().prop_map(|n| BigInteger::from(n).bytes().to_vec()).boxed();
    let fields = proptest::strategy::Union::new([
        sql(Just(K::Boolean), any::<bool>().prop_map(Value::Boolean)),
        sql(Just(K::TinyInt), any::<i8>().prop_map(Value::Byte)),
        sql(Just(K::SmallInt), any::<i16>().prop_map(Value::Short)),
        sql(select(vec![K::Integer, K::Date, K::Time { precision: 3 }]), int().prop_map(Value::Int)),
        sql(Just(K::BigInt), long().prop_map(Value::Long)),
        sql(Just(K::Float), any::<u32>().prop_map(Value::Float)),
        sql(Just(K::Double), any::<u64>().prop_map(Value::Double)),
        sql(lengths().prop_map(|length| K::VarChar { length }), bytes().prop_map(Value::Text)),
        sql(lengths().prop_map(|length| K::Binary { length }), bytes().prop_map(Value::Bytes)),
        decimal(18, compact),
        decimal(38, vec(any::<u8>(), 1..=16).boxed()),
        timestamp(3, Just(0).boxed()),
        timestamp(9, int().boxed()),
        sql(Just(K::Bitmap), bytes().prop_map(Value::Bytes)),
        sql(Just(K::Variant), (bytes(), bytes()).prop_map(|(value, metadata)| Value::Variant { value, metadata })),
    ]);
    let null = select(vec![None, None, None, Some(Value::Null), Some(Value::NullWithSpace)]);
    (any::<bool>(), fields, null).prop_map(|(nullable, (kind, value), null)| {
        let keeps_place = matches!(
            kind,
            K::Decimal { precision: 19.., .. }
                | K::Timestamp { precision: 4.. }
                | K::TimestampWithLocalTimeZone { precision: 4.. }
        );
        let null = null.filter(|null| *null == Value::Null || keeps_place);
        (SqlType { nullable, kind }, null.unwrap_or(value))
    })
}

/// A binary row of up to 70 fields, which is where null bits take another word, with a row nested in it.
pub(crate) fn sql_row() -> impl Strategy<Value = (SqlType, Value<'static>)> {
    let count = prop_oneof![0..6_usize, 54..60_usize, Just(70)];
    let fields = count.prop_flat_map(|count| vec(sql_field(), count));
    let row = |fields: Vec<(SqlType, Value<'static>)>, kind| {
        let (types, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
        let field = |(i, ty)| SqlField { name: format!("f{i}").into(), ty };
        let fields = types.into_iter().enumerate().map(field).collect();
        (SqlType::nullable(SqlKind::Row { name: None, fields }), Value::Row(kind, values))
    };
    let kind = || (0..4_u8).prop_map(|byte| RowKind::from_byte(byte).unwrap());
    (fields, option::of(vec(sql_field(), 0..3)), kind(), kind()).prop_map(move |(mut fields, inner, kind, of_inner)| {
        fields.extend(inner.map(|inner| row(inner, of_inner)));
        row(fields, kind)
    })
}
