//! Values in scenarios: how they may be written in a file, and the one form of each that goes to adapters and is compared.

use num_bigint::BigInt;
use serde_json::{Map, Value as Json, json};

use super::java_text::{is_date, is_decimal, is_time};
use super::types::Type;

/// So long can a value be that is written with `repeat`, in characters.
const MAX_REPEATED: usize = 4 << 20;
/// So many characters can a big integer have: reading takes time that grows with their square.
const MAX_DIGITS: usize = 10_000;

/// Reads a value as a file has it: numbers also as strings, `{ null = true }`, `{ repeat = "ab", times = 3 }`, and rows also as
/// arrays. Gives the form of the canonical dump.
pub(super) fn read(ty: &Type, value: &Json) -> Result<Json, String> {
    let value = &special(value)?;
    let wrong = || format!("{} is no {ty}", shown(value));
    Ok(match ty {
        Type::Boolean => value.as_bool().map(Json::from).ok_or_else(wrong)?,
        Type::Byte => integer(value).and_then(|n| i8::try_from(n).ok()).map(Json::from).ok_or_else(wrong)?,
        Type::Short => integer(value).and_then(|n| i16::try_from(n).ok()).map(Json::from).ok_or_else(wrong)?,
        Type::Int => integer(value).and_then(|n| i32::try_from(n).ok()).map(Json::from).ok_or_else(wrong)?,
        Type::Long => decimal(value).ok_or_else(wrong)?,
        Type::Float => float(value, |number| shortest(number.parse().ok()?)).ok_or_else(wrong)?,
        Type::Double => float(value, |number| number.parse().ok()).ok_or_else(wrong)?,
        Type::Char => text(value).filter(|text| units(text) == Some(1)).ok_or_else(wrong)?,
        Type::String => text(value).ok_or_else(wrong)?,
        Type::Bytes => value.as_str().filter(|hex| is_hex(hex, 2)).map(Json::from).ok_or_else(wrong)?,
        Type::BigInteger => match value {
            Json::Number(number) if number.is_i64() => Json::from(number.to_string()),
            value => value
                .as_str()
                .filter(|n| n.len() <= MAX_DIGITS)
                .and_then(|n| n.parse::<BigInt>().ok())
                .map(|n| Json::from(n.to_string()))
                .ok_or_else(wrong)?,
        },
        Type::BigDecimal => value.as_str().filter(|n| is_decimal(n)).map(Json::from).ok_or_else(wrong)?,
        Type::Instant => {
            let [seconds, nanos] = members(value, ["seconds", "nanos"]).ok_or_else(wrong)?;
            let nanos = integer(nanos).filter(|n| (0..1_000_000_000).contains(n)).ok_or_else(wrong)?;
            json!({ "seconds": decimal(seconds).ok_or_else(wrong)?, "nanos": nanos })
        }
        Type::LocalDate => value.as_str().filter(|date| is_date(date)).map(Json::from).ok_or_else(wrong)?,
        Type::LocalTime => value.as_str().filter(|time| is_time(time)).map(Json::from).ok_or_else(wrong)?,
        Type::LocalDateTime => {
            let both = value.as_str().and_then(|both| both.split_once('T')).ok_or_else(wrong)?;
            if is_date(both.0) && is_time(both.1) { value.clone() } else { return Err(wrong()) }
        }
        Type::TimeWindow => {
            let [start, end] = members(value, ["start", "end"]).ok_or_else(wrong)?;
            json!({ "start": decimal(start).ok_or_else(wrong)?, "end": decimal(end).ok_or_else(wrong)? })
        }
        Type::Tuple(types) => {
            let fields = value.as_array().filter(|fields| fields.len() == types.len()).ok_or_else(wrong)?;
            types.iter().zip(fields).map(|(ty, field)| read(ty, field)).collect::<Result<_, _>>()?
        }
        Type::List(element) => {
            let elements = value.as_array().ok_or_else(wrong)?;
            elements.iter().map(|one| read(element, one)).collect::<Result<_, _>>()?
        }
        Type::Map(key, mapped) => {
            let entries = value.as_array().ok_or_else(wrong)?;
            let entry = |entry: &Json| match entry.as_array().map(Vec::as_slice) {
                Some([k, v]) => Ok(json!([read(key, k)?, read_nullable(mapped, v)?])),
                _ => Err(wrong()),
            };
            normalize(ty, entries.iter().map(entry).collect::<Result<_, _>>()?)
        }
        Type::Row(types) => {
            let (kind, fields) = match value {
                Json::Array(_) => ("+I", value),
                value => {
                    let [kind, fields] = members(value, ["kind", "fields"]).ok_or_else(wrong)?;
                    (kind.as_str().filter(|kind| ["+I", "-U", "+U", "-D"].contains(kind)).ok_or_else(wrong)?, fields)
                }
            };
            let fields = fields.as_array().filter(|fields| fields.len() == types.len()).ok_or_else(wrong)?;
            let fields = types.iter().zip(fields).map(|(ty, field)| read_nullable(ty, field));
            json!({ "kind": kind, "fields": fields.collect::<Result<Vec<_>, _>>()? })
        }
        Type::Either(left, right) => {
            if let Some([value]) = members(value, ["left"]) {
                json!({ "left": read(left, value)? })
            } else if let Some([value]) = members(value, ["right"]) {
                json!({ "right": read(right, value)? })
            } else {
                return Err(wrong());
            }
        }
    })
}

/// Reads a value where it may be null.
pub(super) fn read_nullable(ty: &Type, value: &Json) -> Result<Json, String> {
    if is_null(value) { Ok(Json::Null) } else { read(ty, value) }
}

/// Whether a value is written as null; TOML has no word for it.
fn is_null(value: &Json) -> bool {
    members(value, ["null"]) == Some([&Json::Bool(true)])
}

/// The one form of a value, whoever wrote it: entries of maps in order, floats as numbers of their width. What is not of the type
/// stays as it is, and so differs from what is expected.
pub(super) fn normalize(ty: &Type, value: Json) -> Json {
    match (ty, value) {
        (Type::Float, Json::Number(number)) => {
            float(&Json::Number(number.clone()), |text| shortest(text.parse().ok()?)).unwrap_or(Json::Number(number))
        }
        (Type::Double, Json::Number(number)) => {
            float(&Json::Number(number.clone()), |text| text.parse().ok()).unwrap_or(Json::Number(number))
        }
        (Type::Tuple(types), Json::Array(fields)) if types.len() == fields.len() => {
            types.iter().zip(fields).map(|(ty, field)| normalize(ty, field)).collect()
        }
        (Type::List(element), Json::Array(elements)) => {
            elements.into_iter().map(|one| normalize(element, one)).collect()
        }
        (Type::Map(key, mapped), Json::Array(entries)) => {
            let entry = |entry| match entry {
                Json::Array(pair) => match <[Json; 2]>::try_from(pair) {
                    Ok([k, v]) => json!([normalize(key, k), normalize(mapped, v)]),
                    Err(other) => Json::Array(other),
                },
                other => other,
            };
            let mut entries: Vec<Json> = entries.into_iter().map(entry).collect();
            entries.sort_by_cached_key(Json::to_string);
            Json::Array(entries)
        }
        (Type::Row(types), Json::Object(mut row)) => {
            if let Some(Json::Array(fields)) = row.get_mut("fields")
                && fields.len() == types.len()
            {
                *fields = types.iter().zip(std::mem::take(fields)).map(|(ty, field)| normalize(ty, field)).collect();
            }
            Json::Object(row)
        }
        (Type::Either(left, right), Json::Object(mut one)) => {
            for (side, ty) in [("left", left), ("right", right)] {
                if let Some(value) = one.get_mut(side) {
                    *value = normalize(ty, value.take());
                }
            }
            Json::Object(one)
        }
        (_, value) => value,
    }
}

/// Puts the number of a repetition in the place of `{i}`, in every string.
pub(super) fn substitute(value: &Json, i: usize) -> Json {
    match value {
        Json::String(text) => Json::from(text.replace("{i}", &i.to_string())),
        Json::Array(elements) => elements.iter().map(|one| substitute(one, i)).collect(),
        Json::Object(members) => Json::Object(members.iter().map(|(k, v)| (k.clone(), substitute(v, i))).collect()),
        other => other.clone(),
    }
}

/// Roughly how many characters a value has, once what is to be repeated has been.
pub(super) fn size(value: &Json) -> usize {
    let sum = |values: &mut dyn Iterator<Item = &Json>| values.map(size).fold(0, usize::saturating_add);
    if let Some([text, times]) = members(value, ["repeat", "times"]) {
        let times = integer(times).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        return text.as_str().map_or(0, |text| text.len().saturating_mul(times));
    }
    match value {
        Json::String(text) => text.len(),
        Json::Array(elements) => sum(&mut elements.iter()),
        Json::Object(members) => sum(&mut members.values()),
        _ => 8,
    }
}

/// Resolves `{ repeat = ..., times = ... }`, and refuses what TOML has and JSON has not.
fn special(value: &Json) -> Result<Json, String> {
    if value.is_null() {
        return Err("not a number of JSON; write \"NaN\", \"Infinity\" or \"-Infinity\"".to_owned());
    }
    if is_null(value) {
        return Err("null cannot stand here".to_owned());
    }
    let Some([text, times]) = members(value, ["repeat", "times"]) else { return Ok(value.clone()) };
    let text = text.as_str().ok_or("`repeat` is no string")?;
    let times = integer(times).and_then(|n| usize::try_from(n).ok()).ok_or("`times` is no number of repetitions")?;
    if text.len().saturating_mul(times) > MAX_REPEATED {
        return Err(format!("longer than {MAX_REPEATED} characters"));
    }
    Ok(Json::from(text.repeat(times)))
}

/// The members of an object that has these and no others.
fn members<'v, const N: usize>(value: &'v Json, names: [&str; N]) -> Option<[&'v Json; N]> {
    let object: &Map<String, Json> = value.as_object().filter(|object| object.len() == N)?;
    let mut found = [&Json::Null; N];
    for (place, name) in found.iter_mut().zip(names) {
        *place = object.get(name)?;
    }
    Some(found)
}

fn integer(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// 64 bits, which JSON has as a string.
fn decimal(value: &Json) -> Option<Json> {
    integer(value).map(|n| Json::from(n.to_string()))
}

fn float(value: &Json, read: impl Fn(&str) -> Option<f64>) -> Option<Json> {
    match value {
        Json::Number(number) => Some(Json::from(read(&number.to_string()).filter(|n| n.is_finite())?)),
        Json::String(word) if ["NaN", "Infinity", "-Infinity"].contains(&word.as_str()) => Some(value.clone()),
        Json::String(text) => Some(Json::from(read(text).filter(|n| n.is_finite())?)),
        _ => None,
    }
}

/// The number whose digits are the fewest that read back to this float.
fn shortest(number: f32) -> Option<f64> {
    format!("{number:?}").parse().ok()
}

/// A string, or all UTF-16 units of one that has an unpaired surrogate.
fn text(value: &Json) -> Option<Json> {
    if let Some([hex]) = members(value, ["utf16"]) {
        let units = hex.as_str().filter(|hex| is_hex(hex, 4))?;
        let units: Option<Vec<u16>> =
            (0..units.len() / 4).map(|i| u16::from_str_radix(units.get(i * 4..i * 4 + 4)?, 16).ok()).collect();
        return Some(String::from_utf16(&units?).map_or_else(|_| value.clone(), Json::from));
    }
    value.as_str().map(Json::from)
}

/// How many UTF-16 units.
fn units(text: &Json) -> Option<usize> {
    match text {
        Json::String(text) => Some(text.encode_utf16().count()),
        other => other.get("utf16")?.as_str().map(|hex| hex.len() / 4),
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len().is_multiple_of(digits) && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// A value in a message: not all of it, if it is long.
fn shown(value: &Json) -> String {
    super::compare::abridged(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_read(ty: &str, value: &Json) -> Result<Json, String> {
        read(&ty.parse()?, value)
    }

    #[test]
    fn values_are_read_by_their_types() {
        let window = json!({ "start": "-10", "end": "0" });
        for (ty, written, form) in [
            ("boolean", json!(true), json!(true)),
            ("byte", json!(-128), json!(-128)),
            ("short", json!("7"), json!(7)),
            ("int", json!("-2147483648"), json!(i32::MIN)),
            ("long", json!(5), json!("5")),
            ("long", json!("-9223372036854775808"), json!("-9223372036854775808")),
            ("float", json!("0.1"), json!(0.1)),
            ("float", json!(16_777_217.0), json!(16_777_216.0)),
            ("double", json!(1), json!(1.0)),
            ("double", json!("NaN"), json!("NaN")),
            ("char", json!("\u{0}"), json!("\u{0}")),
            ("char", json!({ "utf16": "d83d" }), json!({ "utf16": "d83d" })),
            ("string", json!({ "utf16": "d83dde00" }), json!("\u{1F600}")),
            ("string", json!({ "repeat": "ab", "times": 3 }), json!("ababab")),
            ("bytes", json!({ "repeat": "0f", "times": "2" }), json!("0f0f")),
            (
                "big-integer",
                json!("-340282366920938463463374607431768211456"),
                json!("-340282366920938463463374607431768211456"),
            ),
            ("big-decimal", json!("1E+3"), json!("1E+3")),
            ("big-decimal", json!("0.00"), json!("0.00")),
            ("big-decimal", json!("1.5E-10"), json!("1.5E-10")),
            ("instant", json!({ "seconds": -1, "nanos": 5 }), json!({ "seconds": "-1", "nanos": 5 })),
            ("local-date", json!("2024-02-29"), json!("2024-02-29")),
            ("local-date", json!("+999999999-12-31"), json!("+999999999-12-31")),
            ("local-date-time", json!("-0001-01-01T00:00:00.000000001"), json!("-0001-01-01T00:00:00.000000001")),
            ("time-window", json!({ "end": 0, "start": -10 }), window),
            ("tuple<int,string>", json!(["3", "3"]), json!([3, "3"])),
            ("map<string,long>", json!([["b", 1], ["a", { "null": true }]]), json!([["a", null], ["b", "1"]])),
            ("row<int,string>", json!([1, { "null": true }]), json!({ "kind": "+I", "fields": [1, null] })),
            ("either<int,long>", json!({ "right": 1 }), json!({ "right": "1" })),
        ] {
            assert_eq!(as_read(ty, &written), Ok(form), "{ty} {written}");
        }
    }

    #[test]
    fn what_is_not_of_the_type_is_refused() {
        for (ty, written) in [
            ("boolean", json!("true")),
            ("byte", json!(128)),
            ("int", json!(1.5)),
            ("long", json!("9223372036854775808")),
            ("float", json!("1e39")),
            ("char", json!("\u{1F600}")),
            ("char", json!("")),
            ("string", json!(1)),
            ("string", json!(null)),
            ("string", json!({ "null": true })),
            ("string", json!({ "repeat": "ab", "times": 1_000_000_000_000_i64 })),
            ("bytes", json!("0F")),
            ("bytes", json!("123")),
            ("big-integer", json!("1.0")),
            ("big-decimal", json!("1000E-3")),
            ("big-decimal", json!("0.0000001")),
            ("big-decimal", json!("01")),
            ("instant", json!({ "seconds": 0, "nanos": 1_000_000_000 })),
            ("local-date", json!("2023-02-29")),
            ("local-date", json!("12024-01-01")),
            ("local-time", json!("24:00:00")),
            ("local-time", json!("12:00:00.5")),
            ("local-date-time", json!("2024-01-01 00:00:00")),
            ("time-window", json!({ "start": 0 })),
            ("tuple<int,int>", json!([1])),
            ("tuple<string,int>", json!([{ "null": true }, 1])),
            ("map<string,long>", json!([["a"]])),
            ("row<int>", json!({ "kind": "x", "fields": [1] })),
            ("either<int,long>", json!({ "left": 1, "right": 1 })),
        ] {
            assert!(as_read(ty, &written).is_err(), "{ty} {written}");
        }
    }
}
