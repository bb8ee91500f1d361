//! Types of SQL that have a serializer, and their values.

use std::borrow::Cow;

use ::arbitrary::{Result, Unstructured};

use super::{DEPTH, bytes, int, list, long, maybe, one_of};
use crate::value::{BigDecimal, BigInteger, RowKind, SqlField, SqlKind, SqlType, Value};

/// Up to this precision timestamps are milliseconds alone.
const COMPACT_TIMESTAMP: i32 = 3;
/// Up to this precision decimal numbers are a `long`.
const COMPACT_DECIMAL: i32 = 18;

/// A row, an array, a map, a multiset, or what can be in them.
pub(super) fn sql_type(u: &mut Unstructured<'_>) -> Result<SqlType> {
    nested(u, DEPTH)
}

fn nested(u: &mut Unstructured<'_>, depth: u8) -> Result<SqlType> {
    let nullable = u.arbitrary()?;
    let kind = match (u.int_in_range(0..=7)?, depth.checked_sub(1)) {
        (0..=2, Some(depth)) => {
            let fields = list(u, 4, |u| nested(u, depth))?;
            let field = |(i, ty)| SqlField { name: format!("f{i}").into(), ty };
            SqlKind::Row { name: None, fields: fields.into_iter().enumerate().map(field).collect() }
        }
        (3, _) => SqlKind::Array(Box::new(leaf(u)?)),
        (4, _) => SqlKind::Map(Box::new(leaf(u)?), Box::new(leaf(u)?)),
        (5, _) => SqlKind::Multiset(Box::new(leaf(u)?)),
        _ => return leaf(u),
    };
    Ok(SqlType { nullable, kind })
}

fn leaf(u: &mut Unstructured<'_>) -> Result<SqlType> {
    let nullable = u.arbitrary()?;
    let length = one_of(u, &[1, 7, 8, i32::MAX])?;
    let precision = one_of(u, &[0, COMPACT_TIMESTAMP, COMPACT_TIMESTAMP + 1, 9])?;
    let kind = match u.int_in_range(0..=18)? {
        0 => SqlKind::Integer,
        1 => SqlKind::VarChar { length },
        2 => {
            let precision = one_of(u, &[1, COMPACT_DECIMAL, COMPACT_DECIMAL + 1, 38])?;
            SqlKind::Decimal { precision, scale: u.int_in_range(0..=precision)? }
        }
        3 => SqlKind::Timestamp { precision },
        4 => SqlKind::TimestampWithLocalTimeZone { precision },
        5 => SqlKind::Boolean,
        6 => SqlKind::TinyInt,
        7 => SqlKind::SmallInt,
        8 => SqlKind::BigInt,
        9 => SqlKind::Float,
        10 => SqlKind::Double,
        11 => SqlKind::Char { length },
        12 => SqlKind::Binary { length },
        13 => SqlKind::VarBinary { length },
        14 => SqlKind::Date,
        15 => SqlKind::Time { precision },
        16 => SqlKind::IntervalYearMonth { resolution: one_of(u, &SqlKind::YEAR_MONTH_RESOLUTIONS)?, precision: 2 },
        17 => SqlKind::IntervalDayTime {
            resolution: one_of(u, &SqlKind::DAY_TIME_RESOLUTIONS)?,
            day_precision: 2,
            fractional_precision: 6,
        },
        _ => one_of(u, &[0, 1]).map(|i| if i == 0 { SqlKind::Variant } else { SqlKind::Bitmap })?,
    };
    Ok(SqlType { nullable, kind })
}

/// A value that is not null.
pub(super) fn value(u: &mut Unstructured<'_>, ty: &SqlType) -> Result<Value<'static>> {
    Ok(match &ty.kind {
        SqlKind::Boolean => Value::Boolean(u.arbitrary()?),
        SqlKind::TinyInt => Value::Byte(u.arbitrary()?),
        SqlKind::SmallInt => Value::Short(u.arbitrary()?),
        SqlKind::Integer | SqlKind::Date | SqlKind::Time { .. } | SqlKind::IntervalYearMonth { .. } => {
            Value::Int(int(u)?)
        }
        SqlKind::BigInt | SqlKind::IntervalDayTime { .. } => Value::Long(long(u)?),
        SqlKind::Float => Value::Float(u.arbitrary()?),
        SqlKind::Double => Value::Double(u.arbitrary()?),
        SqlKind::Char { .. } | SqlKind::VarChar { .. } => Value::Text(bytes(u)?.into()),
        SqlKind::Binary { .. } | SqlKind::VarBinary { .. } | SqlKind::Bitmap => Value::Bytes(bytes(u)?.into()),
        SqlKind::Decimal { precision, scale } => Value::BigDecimal(decimal(u, *precision, *scale)?),
        SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision } => {
            let nanos = if *precision <= COMPACT_TIMESTAMP { 0 } else { int(u)? };
            Value::Timestamp { time: long(u)?, nanos }
        }
        SqlKind::Variant => Value::Variant { value: bytes(u)?.into(), metadata: bytes(u)?.into() },
        SqlKind::Array(element) => Value::List(list(u, 4, |u| slot(u, element))?),
        SqlKind::Map(key, of) => Value::Map(list(u, 3, |u| Ok((slot(u, key)?, slot(u, of)?)))?),
        SqlKind::Multiset(element) => Value::Map(list(u, 3, |u| Ok((slot(u, element)?, Value::Int(int(u)?))))?),
        SqlKind::Row { fields, .. } => {
            let values = fields.iter().map(|field| slot(u, &field.ty)).collect::<Result<_>>()?;
            Value::Row(row_kind(u)?, values)
        }
        SqlKind::Distinct { source, .. } => value(u, source)?,
        SqlKind::Raw { .. } | SqlKind::Null => Value::Null,
    })
}

pub(super) fn row_kind(u: &mut Unstructured<'_>) -> Result<RowKind> {
    Ok(RowKind::from_byte(u.int_in_range(0..=3)?).unwrap_or_default())
}

/// What may stand in a binary row or array: also null, and null that keeps its place.
fn slot(u: &mut Unstructured<'_>, ty: &SqlType) -> Result<Value<'static>> {
    let keeps_place = match ty.kind {
        SqlKind::Decimal { precision, .. } => precision > COMPACT_DECIMAL,
        SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision } => {
            precision > COMPACT_TIMESTAMP
        }
        _ => false,
    };
    match u.int_in_range(0..=7)? {
        7 if keeps_place => Ok(Value::NullWithSpace),
        6 => Ok(Value::Null),
        _ => value(u, ty),
    }
}

/// Compact numbers have as few bytes as they need, others up to 16.
fn decimal(u: &mut Unstructured<'_>, precision: i32, scale: i32) -> Result<BigDecimal<'static>> {
    let digits = if precision <= COMPACT_DECIMAL {
        BigInteger::from(long(u)?).bytes().to_vec()
    } else {
        let mut digits = list(u, 15, Unstructured::arbitrary)?;
        digits.extend(maybe(u, |_| Ok(0x80))?.or(Some(0)));
        digits
    };
    Ok(BigDecimal { unscaled: BigInteger::Long(Cow::Owned(digits)), scale })
}
