//! From JSON to values: the inverse of the canonical dump's form, for the types that scenarios have.

use std::fmt;

use flink_savepoint::value::{
    BigDecimal, BigInteger, FlinkString, LocalDate, LocalTime, Record, RowKind, Scalar, TypeDescription, Value,
};
use num_bigint::BigInt;
use serde_json::Value as Json;

use crate::text::unhex;

/// JSON that is no value of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotOfType {
    ty: String,
    json: String,
}

impl fmt::Display for NotOfType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.json.chars().take(80).collect();
        write!(f, "{shown} is no value of type {}", self.ty)
    }
}

impl std::error::Error for NotOfType {}

/// The value of that type that the dump writes so.
pub fn from_json(ty: &TypeDescription, json: &Json) -> Result<Value<'static>, NotOfType> {
    read(ty, json).ok_or_else(|| NotOfType { ty: ty.to_string(), json: json.to_string() })
}

fn read(ty: &TypeDescription, json: &Json) -> Option<Value<'static>> {
    Some(match ty {
        TypeDescription::Scalar(scalar) => read_scalar(*scalar, json)?,
        TypeDescription::List { element, .. } => Value::List(read_all(json, |one| read(element, one))?),
        TypeDescription::Map { key, value, .. } => {
            Value::Map(read_all(json, |entry| match entry.as_array()?.as_slice() {
                [k, v] => Some((read(key, k)?, read_nullable(value, v)?)),
                _ => None,
            })?)
        }
        TypeDescription::Record(record) => read_record(record, json)?,
        TypeDescription::Row { fields: types, .. } => {
            let label = json.get("kind")?.as_str()?;
            let kind = (0..4).filter_map(RowKind::from_byte).find(|kind| kind.label() == label)?;
            Value::Row(kind, read_fields(types.iter(), json.get("fields")?, read_nullable)?)
        }
        TypeDescription::Choice { branches, .. } => (0..)
            .zip(branches)
            .find_map(|(position, (_, branch))| Some(Value::Alternative(position, Box::new(read(branch, json)?))))?,
        _ => return None,
    })
}

fn read_nullable(ty: &TypeDescription, json: &Json) -> Option<Value<'static>> {
    if json.is_null() { Some(Value::Null) } else { read(ty, json) }
}

fn read_all<T>(json: &Json, one: impl FnMut(&Json) -> Option<T>) -> Option<Vec<T>> {
    json.as_array()?.iter().map(one).collect()
}

/// An array with a value for each type.
fn read_fields<'t>(
    types: impl ExactSizeIterator<Item = &'t TypeDescription>,
    json: &Json,
    one: impl Fn(&TypeDescription, &Json) -> Option<Value<'static>>,
) -> Option<Vec<Value<'static>>> {
    let fields = json.as_array().filter(|fields| fields.len() == types.len())?;
    types.zip(fields).map(|(ty, field)| one(ty, field)).collect()
}

/// A tuple is an array of its fields, any other record an object.
fn read_record(record: &Record, json: &Json) -> Option<Value<'static>> {
    let types = record.fields.iter().map(|field| &field.ty);
    let fields = match json {
        Json::Array(_) => read_fields(types, json, read)?,
        Json::Object(members) if members.len() == record.fields.len() => {
            record.fields.iter().map(|field| read(&field.ty, members.get(&*field.name)?)).collect::<Option<_>>()?
        }
        _ => return None,
    };
    Some(Value::Record(fields))
}

fn read_scalar(scalar: Scalar, json: &Json) -> Option<Value<'static>> {
    Some(match scalar {
        Scalar::Boolean => Value::Boolean(json.as_bool()?),
        Scalar::Byte => Value::Byte(integer(json)?),
        Scalar::Short => Value::Short(integer(json)?),
        Scalar::Int => Value::Int(integer(json)?),
        Scalar::Long => Value::Long(json.as_str()?.parse().ok()?),
        Scalar::Float => Value::Float(read_float(json)?.to_bits()),
        Scalar::Double => Value::Double(read_double(json)?.to_bits()),
        Scalar::Char => match units(json)?[..] {
            [unit] => Value::Char(unit),
            _ => return None,
        },
        // A string can be null by itself.
        Scalar::String if json.is_null() => Value::Null,
        Scalar::String => Value::String(match json {
            Json::String(text) => FlinkString::from(text.as_str()),
            other => FlinkString::from_utf16(units(other)?),
        }),
        Scalar::ByteArray => Value::Bytes(unhex(json.as_str()?)?.into()),
        Scalar::BigInteger => Value::BigInteger(big_integer(json.as_str()?)?),
        Scalar::BigDecimal => Value::BigDecimal(big_decimal(json.as_str()?)?),
        Scalar::Instant => {
            Value::Timestamp { time: json.get("seconds")?.as_str()?.parse().ok()?, nanos: integer(json.get("nanos")?)? }
        }
        Scalar::LocalDate => Value::Date(date(json.as_str()?)?),
        Scalar::LocalTime => Value::Time(time(json.as_str()?)?),
        Scalar::LocalDateTime => {
            let (day, hour) = json.as_str()?.split_once('T')?;
            Value::DateTime(date(day)?, time(hour)?)
        }
        _ => return None,
    })
}

fn integer<T: TryFrom<i64>>(json: &Json) -> Option<T> {
    T::try_from(json.as_i64()?).ok()
}

fn read_double(json: &Json) -> Option<f64> {
    Some(match json {
        Json::String(word) => match word.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            _ => return None,
        },
        number => number.as_f64()?,
    })
}

fn read_float(json: &Json) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "the digits are those of a float")]
    let float = read_double(json)? as f32;
    Some(float)
}

/// UTF-16 units; those of a string with a lone surrogate stand in hex.
fn units(json: &Json) -> Option<Vec<u16>> {
    match json {
        Json::String(text) => Some(text.encode_utf16().collect()),
        other => {
            let bytes = unhex(other.get("utf16")?.as_str()?)?;
            let (units, []) = bytes.as_chunks::<2>() else { return None };
            Some(units.iter().map(|unit| u16::from_be_bytes(*unit)).collect())
        }
    }
}

fn big_integer(text: &str) -> Option<BigInteger<'static>> {
    Some(BigInteger::from_twos_complement(&text.parse::<BigInt>().ok()?.to_signed_bytes_be()))
}

/// What `BigDecimal.toString` writes: digits, a point among them, and an exponent.
fn big_decimal(text: &str) -> Option<BigDecimal<'static>> {
    let (digits, exponent) = text.split_once('E').unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    Some(BigDecimal { unscaled: big_integer(&format!("{whole}{fraction}"))?, scale: i32::try_from(scale).ok()? })
}

/// `2024-02-29`, with a sign before years of more digits and before those below 0.
fn date(text: &str) -> Option<LocalDate> {
    let (rest, day) = text.rsplit_once('-')?;
    let (year, month) = rest.rsplit_once('-')?;
    Some(LocalDate { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? })
}

/// `23:59:58`, with nine digits of the second if there are nanoseconds.
fn time(text: &str) -> Option<LocalTime> {
    let (clock, nano) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.split(':').map(|part| part.parse::<i8>().ok());
    let mut next = || parts.next().flatten();
    let time = LocalTime { hour: next()?, minute: next()?, second: next()?, nano: nano.parse().ok()? };
    parts.next().is_none().then_some(time)
}

#[cfg(test)]
mod tests {
    use flink_savepoint::metadata::Release;
    use serde_json::json;

    use super::super::serializers::snapshot;
    use super::*;
    use crate::dump::to_json;
    use crate::scenario::types::Type;

    fn described(ty: &str) -> TypeDescription {
        snapshot(&ty.parse::<Type>().unwrap(), Release::V2_3).unwrap().type_description()
    }

    /// Through bytes and back.
    #[test]
    fn values_come_back_as_they_went() {
        for (ty, value) in [
            ("boolean", json!(true)),
            ("byte", json!(-128)),
            ("short", json!(-300)),
            ("int", json!(i32::MIN)),
            ("long", json!("9223372036854775807")),
            ("float", json!(1.1)),
            ("float", json!("-Infinity")),
            ("double", json!(-0.1)),
            ("double", json!("NaN")),
            ("char", json!({ "utf16": "d800" })),
            ("string", json!("клю\u{1F600}")),
            ("string", json!({ "utf16": "0061dc00" })),
            ("bytes", json!("00ff2c")),
            ("big-integer", json!("-123456789012345678901234567890")),
            ("big-decimal", json!("-0.00125")),
            ("big-decimal", json!("1.25E+5")),
            ("big-decimal", json!("0E+1")),
            ("instant", json!({ "seconds": "-5", "nanos": 999_999_999 })),
            ("local-date", json!("-0001-12-31")),
            ("local-date", json!("+10000-01-01")),
            ("local-time", json!("23:59:59.001000000")),
            ("local-date-time", json!("2024-02-29T00:00:00")),
            ("time-window", json!({ "start": "-10", "end": "20" })),
            ("tuple<int,string>", json!([1, "a"])),
            ("list<list<double>>", json!([[1.5], []])),
            ("map<string,long>", json!([["a", "1"], ["b", null]])),
            ("row<int,string>", json!({ "kind": "-U", "fields": [null, "x"] })),
            ("either<int,string>", json!({ "right": "x" })),
        ] {
            let ty = described(ty);
            let bytes = ty.encode(&from_json(&ty, &value).unwrap()).unwrap();
            assert_eq!(to_json(&ty, &ty.decode(&bytes).unwrap()), value, "{ty}");
        }
    }

    #[test]
    fn what_is_no_value_of_its_type_is_refused() {
        for (ty, value) in [
            ("byte", json!(128)),
            ("int", json!("1")),
            ("long", json!(1)),
            ("char", json!("ab")),
            ("bytes", json!("0")),
            ("bytes", json!("zz")),
            ("string", json!({ "utf16": "00" })),
            ("big-decimal", json!("1E99999999999")),
            ("local-time", json!("1:2:3:4")),
            ("tuple<int,string>", json!([1])),
            ("row<int>", json!({ "kind": "?", "fields": [1] })),
            ("either<int,string>", json!({ "middle": 1 })),
            ("long", json!(null)),
        ] {
            let error = from_json(&described(ty), &value).unwrap_err();
            assert!(error.to_string().contains("is no value of type"), "{ty}: {error}");
        }
    }
}
