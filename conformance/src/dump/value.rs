//! The JSON form of a value (dump version 1): its type decides it, so that nobody has to guess from the JSON.

use flink_savepoint::value::{
    AvroKind, AvroSchema, BigDecimal, Field, FlinkString, LocalDate, LocalTime, NullFlag, Pojo, Record, RowKind,
    Scalar, SqlKind, SqlType, Subclass, TypeDescription, Value,
};
use num_bigint::BigInt;
use serde_json::{Map, Value as Json, json};

use crate::text::hex;

/// The JSON form of a value of a type.
pub fn to_json(ty: &TypeDescription, value: &Value<'_>) -> Json {
    match (ty, value) {
        (_, Value::Opaque(bytes)) => json!({ "opaque": hex(bytes) }),
        (TypeDescription::Scalar(scalar), _) => of_scalar(*scalar, value),
        (_, Value::Null | Value::NullWithSpace) => Json::Null,
        (TypeDescription::Enum { constants, .. }, Value::Constant(position)) => {
            let constant = usize::try_from(*position).ok().and_then(|i| constants.get(i));
            constant.map_or(Json::Null, |name| Json::from(&**name))
        }
        (TypeDescription::List { element, .. }, Value::List(elements)) => {
            elements.iter().map(|value| to_json(element, value)).collect()
        }
        (TypeDescription::Map { key, value: mapped, .. }, Value::Map(entries)) => {
            entries.iter().map(|(k, v)| json!([to_json(key, k), to_json(mapped, v)])).collect()
        }
        (TypeDescription::Record(record), Value::Record(fields)) => of_record(record, fields),
        (TypeDescription::Row { fields: types, .. }, Value::Row(kind, fields)) => {
            of_row(*kind, &types.iter().zip(fields).map(|(ty, value)| to_json(ty, value)).collect())
        }
        (TypeDescription::Choice { branches, .. }, Value::Alternative(position, value)) => {
            let branch = usize::try_from(*position).ok().and_then(|i| branches.get(i));
            branch.map_or(Json::Null, |(_, branch)| to_json(branch, value))
        }
        (TypeDescription::Nullable { name, inner, flag, .. }, _) => {
            let inner = to_json(inner, value);
            // Options tell an absent value from a present one that is null.
            if *name == "OPTION" && *flag == NullFlag::OneIsPresent { json!({ "some": inner }) } else { inner }
        }
        (TypeDescription::Framed(inner), _) => to_json(inner, value),
        (TypeDescription::Pojo(pojo), _) => of_pojo(pojo, value),
        (TypeDescription::Sql(sql), _) => of_sql(sql, value),
        (TypeDescription::Avro(avro), _) => of_avro(avro.schema(), value),
        _ => Json::Null,
    }
}

fn of_scalar(scalar: Scalar, value: &Value<'_>) -> Json {
    match (scalar, value) {
        (Scalar::GlobalWindow, _) => Json::from("GlobalWindow"),
        (Scalar::Tuple0, _) => json!([]),
        (_, Value::Boolean(value)) => Json::from(*value),
        (_, Value::Byte(value)) => Json::from(*value),
        (_, Value::Short(value)) => Json::from(*value),
        (_, Value::Char(unit)) => of_units(&[*unit]),
        (_, Value::Int(value)) => Json::from(*value),
        (_, Value::Long(value)) => Json::from(value.to_string()),
        (_, Value::Float(bits)) => of_float(*bits),
        (_, Value::Double(bits)) => of_double(*bits),
        (_, Value::String(string)) => of_string(string),
        (_, Value::Text(text)) => of_text(text),
        (_, Value::Bytes(bytes)) => Json::from(hex(bytes)),
        (_, Value::Primitives(elements)) => of_primitives(scalar, elements),
        (_, Value::BigInteger(number)) => Json::from(BigInt::from_signed_bytes_be(number.bytes()).to_string()),
        (_, Value::BigDecimal(number)) => Json::from(decimal(number)),
        (_, Value::Date(date)) => Json::from(date.to_string()),
        (_, Value::Time(time)) => Json::from(time.to_string()),
        (_, Value::DateTime(date, time)) => Json::from(format!("{date}T{time}")),
        (Scalar::Instant, Value::Timestamp { time, nanos }) => json!({ "seconds": time.to_string(), "nanos": nanos }),
        (_, Value::Timestamp { time, nanos }) => json!({ "millis": time.to_string(), "nanos": nanos }),
        (_, Value::Variant { value, metadata }) => of_variant(value, metadata),
        (_, Value::List(strings)) => strings.iter().map(|string| of_scalar(Scalar::String, string)).collect(),
        _ => Json::Null,
    }
}

fn of_variant(value: &[u8], metadata: &[u8]) -> Json {
    json!({ "value": hex(value), "metadata": hex(metadata) })
}

/// A tuple is an array of its fields, any other record an object.
fn of_record(record: &Record, fields: &[Value<'_>]) -> Json {
    let parts = record.fields.iter().zip(fields);
    if record.fields.iter().all(|field| field.name.is_empty()) {
        return parts.map(|(field, value)| to_json(&field.ty, value)).collect();
    }
    Json::Object(members(parts))
}

fn members<'m>(parts: impl Iterator<Item = (&'m Field, &'m Value<'m>)>) -> Map<String, Json> {
    parts.map(|(field, value)| (field.name.to_string(), to_json(&field.ty, value))).collect()
}

fn of_row(kind: RowKind, fields: &Json) -> Json {
    json!({ "kind": kind.label(), "fields": fields })
}

fn of_pojo(pojo: &Pojo, value: &Value<'_>) -> Json {
    match value {
        Value::Record(fields) => Json::Object(members(pojo.fields.iter().zip(fields))),
        Value::Subclass(subclass, inner) => {
            let class = match subclass {
                Subclass::Registered(tag) => pojo.registered.get(usize::from(*tag)).map(|(class, _)| class.to_string()),
                Subclass::Named(name) => Some(name.to_string()),
            }
            .unwrap_or_default();
            let known = pojo.registered.iter().chain(&pojo.others).find(|(known, _)| **known == *class);
            let inner = match (known, &**inner) {
                (_, Value::Opaque(bytes)) => json!({ "opaque": hex(bytes) }),
                (Some((_, ty)), inner) => to_json(ty, inner),
                (None, _) => Json::Null,
            };
            let mut object = Map::from_iter([("@class".to_owned(), Json::from(class))]);
            match inner {
                Json::Object(fields) => object.extend(fields),
                other => {
                    object.insert("value".to_owned(), other);
                }
            }
            Json::Object(object)
        }
        _ => Json::Null,
    }
}

fn of_sql(ty: &SqlType, value: &Value<'_>) -> Json {
    match (&ty.kind, value) {
        (_, Value::Null | Value::NullWithSpace) => Json::Null,
        (_, Value::Opaque(bytes)) => json!({ "opaque": hex(bytes) }),
        (SqlKind::Date, Value::Int(days)) => Json::from(LocalDate::from_epoch_day(*days).to_string()),
        (SqlKind::Time { .. }, Value::Int(millis)) => {
            LocalTime::from_milli_of_day(*millis).map_or(Json::from(*millis), |time| Json::from(time.to_string()))
        }
        (SqlKind::Array(element), Value::List(elements)) => {
            elements.iter().map(|value| of_sql(element, value)).collect()
        }
        (SqlKind::Map(key, mapped), Value::Map(entries)) => {
            entries.iter().map(|(k, v)| json!([of_sql(key, k), of_sql(mapped, v)])).collect()
        }
        (SqlKind::Multiset(element), Value::Map(entries)) => {
            entries.iter().map(|(k, v)| json!([of_sql(element, k), of_scalar(Scalar::Int, v)])).collect()
        }
        (SqlKind::Row { fields: types, .. }, Value::Row(kind, fields)) => {
            of_row(*kind, &types.iter().zip(fields).map(|(field, value)| of_sql(&field.ty, value)).collect())
        }
        (SqlKind::Distinct { source, .. }, _) => of_sql(source, value),
        (SqlKind::Raw { inner: Some(inner), .. }, _) => to_json(inner, value),
        _ => of_scalar(Scalar::SqlTimestamp, value),
    }
}

fn of_avro(schema: AvroSchema<'_>, value: &Value<'_>) -> Json {
    match (schema.kind(), value) {
        (AvroKind::Record { fields, .. }, Value::Record(values)) => {
            let member =
                |((name, schema), value): ((&str, AvroSchema<'_>), _)| (name.to_owned(), of_avro(schema, value));
            Json::Object(fields.iter().zip(values).map(member).collect())
        }
        (AvroKind::Enum { symbols, .. }, Value::Constant(position)) => {
            let symbol = usize::try_from(*position).ok().and_then(|i| symbols.get(i));
            symbol.map_or(Json::Null, |symbol| Json::from(&**symbol))
        }
        (AvroKind::Array { items }, Value::List(elements)) => {
            elements.iter().map(|value| of_avro(items, value)).collect()
        }
        (AvroKind::Map { values }, Value::Map(entries)) => {
            let text = |key: &Value<'_>| match key {
                Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
                _ => String::new(),
            };
            Json::Object(entries.iter().map(|(key, value)| (text(key), of_avro(values, value))).collect())
        }
        (AvroKind::Union { branches }, Value::Alternative(position, value)) => {
            branches.branch(*position).map_or(Json::Null, |branch| of_avro(branch, value))
        }
        _ => of_scalar(Scalar::String, value),
    }
}

fn of_primitives(array: Scalar, elements: &[u8]) -> Json {
    let size = match array {
        Scalar::BooleanArray => 1,
        Scalar::ShortArray | Scalar::CharArray => 2,
        Scalar::LongArray | Scalar::DoubleArray => 8,
        _ => 4,
    };
    let element = |bytes: &[u8]| {
        let bits = bytes.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let narrow = u32::try_from(bits).unwrap_or(0);
        let unit = u16::try_from(bits).unwrap_or(0);
        match array {
            Scalar::BooleanArray => Json::from(bits != 0),
            Scalar::ShortArray => Json::from(unit.cast_signed()),
            Scalar::CharArray => of_units(&[unit]),
            Scalar::LongArray => Json::from(bits.cast_signed().to_string()),
            Scalar::FloatArray => of_float(narrow),
            Scalar::DoubleArray => of_double(bits),
            _ => Json::from(narrow.cast_signed()),
        }
    };
    elements.chunks_exact(size).map(element).collect()
}

/// A string; its units as hex if a surrogate stands alone.
fn of_string(string: &FlinkString<'_>) -> Json {
    match string.to_text() {
        Some(text) => Json::from(text),
        None => of_units(&string.utf16().collect::<Vec<_>>()),
    }
}

fn of_units(units: &[u16]) -> Json {
    if let Ok(text) = String::from_utf16(units) {
        return Json::from(text);
    }
    let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    json!({ "utf16": hex(&bytes) })
}

/// UTF-8; its bytes as hex if it is none.
fn of_text(text: &[u8]) -> Json {
    std::str::from_utf8(text).map_or_else(|_| json!({ "utf8": hex(text) }), Json::from)
}

/// With the digits that tell it from other floats, not from other doubles.
fn of_float(bits: u32) -> Json {
    let float = f32::from_bits(bits);
    // A float's shortest digits are those of some double.
    number(float.is_nan(), float.to_string().parse().unwrap_or(f64::from(float)))
}

fn of_double(bits: u64) -> Json {
    let double = f64::from_bits(bits);
    number(double.is_nan(), double)
}

fn number(is_nan: bool, double: f64) -> Json {
    match serde_json::Number::from_f64(double) {
        Some(number) => Json::Number(number),
        None if is_nan => Json::from("NaN"),
        None => Json::from(if double > 0.0 { "Infinity" } else { "-Infinity" }),
    }
}

/// As `BigDecimal.toString` writes it: plain down to six zeros behind the point, with an exponent beyond.
fn decimal(number: &BigDecimal<'_>) -> String {
    let unscaled = BigInt::from_signed_bytes_be(number.unscaled.bytes());
    let digits = unscaled.magnitude().to_string();
    let sign = if unscaled.sign() == num_bigint::Sign::Minus { "-" } else { "" };
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let scale = i64::from(number.scale);
    let exponent = length - 1 - scale;
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    if scale > 0 && exponent >= -6 {
        let point = usize::try_from(length - scale).unwrap_or(0);
        if point > 0 {
            let (whole, fraction) = digits.split_at(point);
            return format!("{sign}{whole}.{fraction}");
        }
        let zeros = "0".repeat(usize::try_from(scale - length).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let exponent = if exponent == 0 { String::new() } else { format!("E{exponent:+}") };
    format!("{sign}{first}{point}{rest}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flink_savepoint::value::BigInteger;

    #[test]
    fn decimals_as_java_prints_them() {
        for (unscaled, scale, text) in [
            (125, 2, "1.25"),
            (-125, 2, "-1.25"),
            (0, 2, "0.00"),
            (1, -3, "1E+3"),
            (125, -3, "1.25E+5"),
            (1, 6, "0.000001"),
            (1, 7, "1E-7"),
            (123, 9, "1.23E-7"),
            (5, 0, "5"),
            (0, -1, "0E+1"),
            (12, 2, "0.12"),
            (1, i32::MAX, "1E-2147483647"),
        ] {
            assert_eq!(decimal(&BigDecimal { unscaled: BigInteger::from(i64::from(unscaled)), scale }), text);
        }
    }

    #[test]
    fn floats_keep_their_own_digits() {
        assert_eq!(of_float(1.1_f32.to_bits()).to_string(), "1.1");
        assert_eq!(of_double(1.1_f64.to_bits()).to_string(), "1.1");
        assert_eq!(of_float(f32::NAN.to_bits()), "NaN");
        assert_eq!(of_double(f64::NEG_INFINITY.to_bits()), "-Infinity");
    }
}
