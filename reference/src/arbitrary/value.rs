//! Values that fit a type.

use ::arbitrary::{Result, Unstructured};

use super::{DEPTH, arbitrary_by, avro, bytes, int, list, long, maybe, sql};
use crate::serializer::SerializerSnapshot;
use crate::value::{
    BigDecimal, BigInteger, FlinkString, LocalDate, LocalTime, NullFlag, Pojo, RowKind, Scalar, Subclass,
    TypeDescription, Value,
};
use crate::wire::JavaStr;

/// A serializer, the type that it describes, and a value of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TypedValue {
    /// The serializer's snapshot.
    pub serializer: SerializerSnapshot<'static>,
    /// What it says that its values are.
    pub ty: TypeDescription,
    /// A value, in the spelling in which it is decoded.
    pub value: Value<'static>,
}

arbitrary_by! {
    TypedValue: typed_value;
    BigInteger<'static>: big_integer;
    FlinkString<'static>: string;
    LocalDate: date;
    LocalTime: time;
}

fn typed_value(u: &mut Unstructured<'_>) -> Result<TypedValue> {
    let serializer: SerializerSnapshot<'static> = u.arbitrary()?;
    let ty = serializer.type_description();
    let value = value_of(u, &ty)?;
    Ok(TypedValue { serializer, ty, value })
}

/// A value of the type.
pub fn value_of(u: &mut Unstructured<'_>, ty: &TypeDescription) -> Result<Value<'static>> {
    Ok(match ty {
        TypeDescription::Scalar(scalar) => of_scalar(u, *scalar)?,
        TypeDescription::Enum { constants, .. } => {
            let last = u32::try_from(constants.len()).unwrap_or(u32::MAX).saturating_sub(1);
            Value::Constant(u.int_in_range(0..=last)?)
        }
        TypeDescription::List { element, flag, .. } => {
            Value::List(list(u, 3, |u| flagged(u, element, *flag != NullFlag::None))?)
        }
        TypeDescription::Map { key, value, nullable_keys, .. } => {
            Value::Map(list(u, 3, |u| Ok((flagged(u, key, *nullable_keys)?, flagged(u, value, true)?)))?)
        }
        TypeDescription::Record(record) => {
            Value::Record(record.fields.iter().map(|field| value_of(u, &field.ty)).collect::<Result<_>>()?)
        }
        TypeDescription::Row { fields, has_kind } => {
            let kind = if *has_kind { sql::row_kind(u)? } else { RowKind::Insert };
            Value::Row(kind, fields.iter().map(|field| flagged(u, field, true)).collect::<Result<_>>()?)
        }
        TypeDescription::Choice { branches, .. } => {
            let last = branches.len().saturating_sub(1);
            let position = u.int_in_range(0..=last)?;
            let (_, branch) = branches.get(position).ok_or(::arbitrary::Error::IncorrectFormat)?;
            Value::Alternative(u32::try_from(position).unwrap_or(u32::MAX), Box::new(value_of(u, branch)?))
        }
        TypeDescription::Nullable { inner, flag, .. } => flagged(u, inner, *flag != NullFlag::None)?,
        TypeDescription::Framed(inner) => match value_of(u, inner)? {
            // The frame around it is not null; and what is kept is the content of the outermost frame.
            kept @ (Value::Null | Value::Opaque(_)) => {
                let bytes = inner.encode(&kept).map_err(|_| ::arbitrary::Error::IncorrectFormat)?;
                Value::Opaque(bytes.into())
            }
            value => value,
        },
        TypeDescription::Pojo(pojo) => of_pojo(u, pojo)?,
        TypeDescription::Sql(ty) => sql::value(u, ty)?,
        TypeDescription::Avro(ty) => avro::value(u, ty.schema(), DEPTH + 1)?,
        TypeDescription::BinaryRow { .. } => {
            let row = bytes(u)?;
            let length = i32::try_from(row.len()).unwrap_or(i32::MAX).to_be_bytes();
            Value::Opaque([&length[..], &row].concat().into())
        }
        TypeDescription::Opaque { .. } => Value::Opaque(bytes(u)?.into()),
    })
}

fn flagged(u: &mut Unstructured<'_>, ty: &TypeDescription, may_be_null: bool) -> Result<Value<'static>> {
    if may_be_null && u.ratio(1_u8, 5)? { Ok(Value::Null) } else { value_of(u, ty) }
}

fn of_pojo(u: &mut Unstructured<'_>, pojo: &Pojo) -> Result<Value<'static>> {
    let known: Vec<_> = pojo.others.iter().chain(&pojo.registered).collect();
    match u.int_in_range(0..=5)? {
        3 => Ok(Value::Null),
        4 if !pojo.registered.is_empty() => {
            let tag = u.choose_index(pojo.registered.len())?;
            let (_, ty) = pojo.registered.get(tag).ok_or(::arbitrary::Error::IncorrectFormat)?;
            let tag = u8::try_from(tag).unwrap_or(u8::MAX);
            Ok(Value::Subclass(Subclass::Registered(tag), Box::new(value_of(u, ty)?)))
        }
        5 if !known.is_empty() => {
            let (class, ty) = u.choose(&known)?;
            Ok(Value::Subclass(Subclass::Named((&**class).into()), Box::new(value_of(u, ty)?)))
        }
        _ => {
            let fields = pojo.fields.iter().map(|field| flagged(u, &field.ty, true)).collect::<Result<_>>()?;
            Ok(Value::Record(fields))
        }
    }
}

fn string(u: &mut Unstructured<'_>) -> Result<FlinkString<'static>> {
    u.arbitrary::<JavaStr<'static>>().map(|text| FlinkString::from(&text))
}

fn big_integer(u: &mut Unstructured<'_>) -> Result<BigInteger<'static>> {
    if let tag @ 1..=3 = u.int_in_range(0..=3_u8)? {
        return Ok(BigInteger::Short(tag));
    }
    let mut bytes = list(u, 20, Unstructured::arbitrary)?;
    bytes.push(u.arbitrary()?);
    Ok(BigInteger::Long(bytes.into()))
}

fn date(u: &mut Unstructured<'_>) -> Result<LocalDate> {
    Ok(LocalDate { year: int(u)?.max(i32::MIN + 1), month: u.arbitrary()?, day: u.arbitrary()? })
}

fn time(u: &mut Unstructured<'_>) -> Result<LocalTime> {
    let hour: i8 = u.arbitrary()?;
    Ok(LocalTime { hour: hour.max(i8::MIN + 1), minute: u.arbitrary()?, second: u.arbitrary()?, nano: int(u)? })
}

/// The smallest number stands for null where there is null.
fn of_scalar(u: &mut Unstructured<'_>, scalar: Scalar) -> Result<Value<'static>> {
    use Scalar as S;
    let above_null = |n: i64| n.max(i64::MIN + 1);
    Ok(match scalar {
        S::Boolean | S::BooleanValue => Value::Boolean(u.arbitrary()?),
        S::Byte | S::ByteValue => Value::Byte(u.arbitrary()?),
        S::Short | S::ShortValue => Value::Short(u.arbitrary()?),
        S::Char | S::CharValue => Value::Char(u.arbitrary()?),
        S::Int | S::IntValue | S::PyDate | S::PyTime => Value::Int(int(u)?),
        S::Long | S::LongValue | S::SortedLong => Value::Long(long(u)?),
        S::Float | S::FloatValue => Value::Float(u.arbitrary()?),
        S::Double | S::DoubleValue => Value::Double(u.arbitrary()?),
        S::String => maybe(u, string)?.map_or(Value::Null, Value::String),
        S::StringValue | S::Utf => Value::String(string(u)?),
        S::BigInteger => maybe(u, big_integer)?.map_or(Value::Null, Value::BigInteger),
        S::BigDecimal => {
            let number = |u: &mut Unstructured<'_>| Ok(BigDecimal { unscaled: big_integer(u)?, scale: int(u)? });
            maybe(u, number)?.map_or(Value::Null, Value::BigDecimal)
        }
        S::JavaDate | S::SqlDate | S::SqlTime => maybe(u, long)?.map_or(Value::Null, |n| Value::Long(above_null(n))),
        S::SqlTimestamp | S::Instant => match maybe(u, long)? {
            None => Value::Null,
            Some(time) => Value::Timestamp { time: above_null(time), nanos: int(u)? },
        },
        S::LocalDate => maybe(u, date)?.map_or(Value::Null, Value::Date),
        S::LocalTime => maybe(u, time)?.map_or(Value::Null, Value::Time),
        S::LocalDateTime => {
            let both = |u: &mut Unstructured<'_>| Ok(Value::DateTime(date(u)?, time(u)?));
            maybe(u, both)?.unwrap_or(Value::Null)
        }
        S::Void
        | S::VoidNamespace
        | S::Tuple0
        | S::Unit
        | S::NullValue
        | S::NullValueByte
        | S::GlobalWindow
        | S::SqlNull => Value::Null,
        S::Variant => Value::Variant { value: bytes(u)?.into(), metadata: bytes(u)?.into() },
        S::ByteArray | S::Bitmap | S::PyBytes => Value::Bytes(bytes(u)?.into()),
        S::Utf8 => Value::Text(bytes(u)?.into()),
        S::BooleanArray => Value::Primitives(bytes(u)?.into()),
        S::ShortArray | S::CharArray => primitives::<2>(u)?,
        S::IntArray | S::FloatArray | S::Dewey => primitives::<4>(u)?,
        S::LongArray | S::DoubleArray => primitives::<8>(u)?,
        S::StringArray => Value::List(list(u, 3, |u| Ok(maybe(u, string)?.map_or(Value::Null, Value::String)))?),
    })
}

fn primitives<const N: usize>(u: &mut Unstructured<'_>) -> Result<Value<'static>> {
    let elements: Vec<[u8; N]> = list(u, 3, Unstructured::arbitrary)?;
    Ok(Value::Primitives(elements.concat().into()))
}
