//! `hashCode` of values, where Java defines it by value: what the key group of a key is computed from.

use super::{BigInteger, HashRule, NullFlag, Record, RowKind, Scalar, SqlKind, TypeDescription, Value, sql};
use crate::keyed::java_hash as java;

/// What is known of `hashCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashCode {
    /// Java's.
    Exact(i32),
    /// Java's if no `Row` in it has named fields, which hash by their names, and no case class has a `hashCode` of its own; values
    /// do not say it.
    Likely(i32),
}

impl HashCode {
    /// The number.
    pub fn code(self) -> i32 {
        match self {
            Self::Exact(code) | Self::Likely(code) => code,
        }
    }
}

impl TypeDescription {
    /// Whether Java defines `hashCode` of these values by value, so that anyone can compute it. It does not for enums and arrays (their
    /// place in memory), for POJOs and other classes of users, and for what does not describe itself.
    pub fn has_hash_code(&self) -> bool {
        match self {
            Self::Scalar(scalar) => has_hash(*scalar),
            Self::List { name: "LIST" | "SET", element, .. } => element.has_hash_code(),
            Self::Map { name: "MAP", key, value, .. } => key.has_hash_code() && value.has_hash_code(),
            Self::Record(record) => {
                record.hash != HashRule::Unknown && record.fields.iter().all(|field| field.ty.has_hash_code())
            }
            Self::Row { fields, .. } => fields.iter().all(Self::is_hashed_in_row),
            Self::Choice { name: "EITHER", branches, .. } => branches.iter().all(|(_, branch)| match branch {
                Self::Record(record) => record.fields.iter().all(|field| field.ty.has_hash_code()),
                _ => false,
            }),
            Self::Nullable { name: "", inner, .. } => inner.has_hash_code(),
            Self::BinaryRow { .. } => true,
            Self::Sql(sql) => matches!(sql.kind, SqlKind::Row { .. } | SqlKind::VarChar { .. }),
            _ => false,
        }
    }

    /// Rows hash arrays by their content.
    fn is_hashed_in_row(&self) -> bool {
        match self {
            Self::Scalar(scalar) if element_size(*scalar).is_some() => true,
            Self::Scalar(Scalar::StringArray) => true,
            Self::List { name: "LIST" | "OBJECT_ARRAY", element, .. } => element.is_hashed_in_row(),
            Self::Map { name: "MAP", key, value, .. } => key.is_hashed_in_row() && value.is_hashed_in_row(),
            Self::Nullable { name: "", inner, .. } => inner.is_hashed_in_row(),
            other => other.has_hash_code(),
        }
    }

    fn is_uncertain(&self) -> bool {
        match self {
            Self::Row { .. } | Self::Record(Record { hash: HashRule::Product, .. }) => true,
            Self::List { element, .. } => element.is_uncertain(),
            Self::Map { key, value, .. } => key.is_uncertain() || value.is_uncertain(),
            Self::Record(record) => record.fields.iter().any(|field| field.ty.is_uncertain()),
            Self::Choice { branches, .. } => branches.iter().any(|(_, branch)| branch.is_uncertain()),
            Self::Nullable { inner, .. } => inner.is_uncertain(),
            _ => false,
        }
    }

    /// `hashCode` of a value; `None` where Java does not define it by value, or the value is not of this type.
    pub fn hash_code(&self, value: &Value<'_>) -> Option<HashCode> {
        if !self.has_hash_code() {
            return None;
        }
        let code = hash(self, value)?;
        Some(if self.is_uncertain() { HashCode::Likely(code) } else { HashCode::Exact(code) })
    }
}

fn has_hash(scalar: Scalar) -> bool {
    let no = [
        Scalar::Void,
        Scalar::VoidNamespace,
        Scalar::Variant,
        Scalar::Bitmap,
        Scalar::StringArray,
        Scalar::GlobalWindow,
        Scalar::SqlNull,
        Scalar::Utf8,
        Scalar::PyDate,
        Scalar::PyTime,
        Scalar::Dewey,
        Scalar::Utf,
        Scalar::Unit,
    ];
    element_size(scalar).is_none() && !no.contains(&scalar)
}

/// Bytes of an element of an array of primitives.
fn element_size(scalar: Scalar) -> Option<usize> {
    Some(match scalar {
        Scalar::BooleanArray | Scalar::ByteArray => 1,
        Scalar::ShortArray | Scalar::CharArray => 2,
        Scalar::IntArray | Scalar::FloatArray => 4,
        Scalar::LongArray | Scalar::DoubleArray => 8,
        _ => return None,
    })
}

/// Null is 0, as `Objects.hashCode` has it.
fn hash(ty: &TypeDescription, value: &Value<'_>) -> Option<i32> {
    match (ty, value) {
        (TypeDescription::Scalar(Scalar::NullValue | Scalar::NullValueByte), Value::Null) => Some(53),
        // Without a flag it is the value alone.
        (TypeDescription::Nullable { inner, flag: NullFlag::None, .. }, _) => hash(inner, value),
        (_, Value::Null) => Some(0),
        (TypeDescription::Scalar(scalar), _) => of_scalar(*scalar, value),
        (TypeDescription::List { name, element, .. }, Value::List(elements)) => {
            let hashes = elements.iter().map(|value| hash(element, value)).collect::<Option<Vec<_>>>()?;
            Some(if *name == "SET" { sum(hashes) } else { java::of_list(hashes) })
        }
        (TypeDescription::Map { key, value: mapped, .. }, Value::Map(entries)) => {
            let entry = |(k, v): &(Value<'_>, Value<'_>)| Some(hash(key, k)? ^ hash(mapped, v)?);
            entries.iter().map(entry).collect::<Option<Vec<_>>>().map(sum)
        }
        (TypeDescription::Record(record), Value::Record(fields)) => {
            let parts = record.fields.iter().zip(fields);
            if record.hash == HashRule::Product {
                let parts = parts.map(|(field, value)| hash_in_product(&field.ty, value));
                return product(&parts.collect::<Option<Vec<_>>>()?);
            }
            parts.map(|(field, value)| hash(&field.ty, value)).collect::<Option<Vec<_>>>().map(java::of_tuple)
        }
        (TypeDescription::Row { fields: types, .. }, Value::Row(kind, fields)) => of_row(types, *kind, fields),
        (TypeDescription::Choice { branches, .. }, Value::Alternative(position, side)) => {
            let (_, branch) = branches.get(usize::try_from(*position).ok()?)?;
            match (branch, &**side) {
                (TypeDescription::Record(record), Value::Record(fields)) if record.hash == HashRule::Unknown => {
                    hash(&record.fields.first()?.ty, fields.first()?)
                }
                (branch, side) => hash(branch, side),
            }
        }
        (TypeDescription::Nullable { inner, .. }, value) => hash(inner, value),
        (TypeDescription::Sql(sql), Value::Row(..)) if matches!(sql.kind, SqlKind::Row { .. }) => {
            // All bytes of the row but its size.
            ty.encode(value).ok()?.get(4..).map(sql::row_hash)
        }
        (TypeDescription::BinaryRow { .. }, Value::Opaque(bytes)) => bytes.get(4..).map(sql::row_hash),
        (TypeDescription::Sql(_), Value::Text(text)) => Some(sql::string_hash(text)),
        _ => None,
    }
}

fn of_scalar(scalar: Scalar, value: &Value<'_>) -> Option<i32> {
    Some(match (scalar, value) {
        (Scalar::BooleanValue, Value::Boolean(value)) => i32::from(*value),
        (_, Value::Boolean(value)) => java::of_boolean(*value),
        (_, Value::Byte(value)) => (*value).into(),
        (_, Value::Short(value)) => (*value).into(),
        (_, Value::Char(value)) => (*value).into(),
        (_, Value::Int(value)) => *value,
        (Scalar::LongValue, Value::Long(value)) => java::of_long(*value).wrapping_add(43),
        (_, Value::Long(value)) => java::of_long(*value),
        (_, Value::Float(bits)) => java::of_float(f32::from_bits(*bits)),
        (Scalar::DoubleValue, Value::Double(bits)) => java::of_double(f64::from_bits(*bits)).wrapping_add(31),
        (_, Value::Double(bits)) => java::of_double(f64::from_bits(*bits)),
        (_, Value::String(string)) => java::of_string(string.utf16()),
        (_, Value::BigInteger(number)) => of_big_integer(number),
        (_, Value::BigDecimal(number)) => of_big_integer(&number.unscaled).wrapping_mul(31).wrapping_add(number.scale),
        // By the milliseconds alone.
        (Scalar::SqlTimestamp, Value::Timestamp { time, .. }) => java::of_long(*time),
        (_, Value::Timestamp { time, nanos }) => java::of_long(*time).wrapping_add(nanos.wrapping_mul(51)),
        (_, Value::Date(date)) => of_date(*date),
        (_, Value::Time(time)) => of_time(*time),
        (_, Value::DateTime(date, time)) => of_date(*date) ^ of_time(*time),
        // Of PyFlink's wrapper: from the last byte to the first.
        (Scalar::PyBytes, Value::Bytes(bytes)) => {
            java::of_list(bytes.iter().rev().map(|byte| i32::from(byte.cast_signed())))
        }
        _ => return None,
    })
}

/// Over the magnitude as 32-bit words, high word first, times the sign.
fn of_big_integer(number: &BigInteger<'_>) -> i32 {
    let bytes = number.bytes();
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    // Two's complement, low byte first: invert and add one.
    let mut carry = is_negative;
    let mut magnitude: Vec<u8> = Vec::with_capacity(bytes.len());
    for byte in bytes.iter().rev() {
        let (byte, overflow) = if is_negative { (!byte).overflowing_add(carry.into()) } else { (*byte, false) };
        carry = overflow;
        magnitude.push(byte);
    }
    let mut words = Vec::new();
    for chunk in magnitude.chunks(4) {
        words.push(chunk.iter().rev().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)));
    }
    let hash = words.iter().rev().fold(0_i32, |hash, word| hash.wrapping_mul(31).wrapping_add(word.cast_signed()));
    if is_negative { hash.wrapping_neg() } else { hash }
}

fn of_date(date: super::LocalDate) -> i32 {
    let (year, month, day) = (date.year, i32::from(date.month), i32::from(date.day));
    (year & !0x7FF) ^ (year << 11).wrapping_add(month << 6).wrapping_add(day)
}

fn of_time(time: super::LocalTime) -> i32 {
    let seconds = (i64::from(time.hour) * 60 + i64::from(time.minute)) * 60 + i64::from(time.second);
    java::of_long(seconds * 1_000_000_000 + i64::from(time.nano))
}

fn sum(hashes: Vec<i32>) -> i32 {
    hashes.into_iter().fold(0, i32::wrapping_add)
}

/// `Row.hashCode` by position (`RowUtils.deepHashCode`).
fn of_row(types: &[TypeDescription], kind: RowKind, fields: &[Value<'_>]) -> Option<i32> {
    let fields = java::of_list(deep(types.iter().zip(fields))?);
    Some(i32::from(kind.byte()).wrapping_mul(31).wrapping_add(fields))
}

fn deep<'t, 'v>(parts: impl Iterator<Item = (&'t TypeDescription, &'t Value<'v>)>) -> Option<Vec<i32>>
where
    'v: 't,
{
    parts.map(|(ty, value)| deep_hash(ty, value)).collect()
}

/// Lists and arrays of objects by their elements, maps by their entries, everything else 31 more than its own.
fn deep_hash(ty: &TypeDescription, value: &Value<'_>) -> Option<i32> {
    match (ty, value) {
        (_, Value::Null) => Some(0),
        (TypeDescription::Nullable { inner, .. }, _) => deep_hash(inner, value),
        (TypeDescription::List { name: "LIST" | "OBJECT_ARRAY", element, .. }, Value::List(elements)) => {
            deep(elements.iter().map(|value| (&**element, value))).map(java::of_list)
        }
        (TypeDescription::Scalar(Scalar::StringArray), Value::List(elements)) => {
            let string = TypeDescription::Scalar(Scalar::String);
            deep(elements.iter().map(|value| (&string, value))).map(java::of_list)
        }
        (TypeDescription::Map { key, value: mapped, .. }, Value::Map(entries)) => {
            let entry = |(k, v): &(Value<'_>, Value<'_>)| Some(deep_hash(key, k)? ^ deep_hash(mapped, v)?);
            Some(sum(entries.iter().map(entry).collect::<Option<Vec<_>>>()?).wrapping_add(1))
        }
        (TypeDescription::Scalar(scalar), Value::Primitives(bytes) | Value::Bytes(bytes)) => {
            let size = element_size(*scalar)?;
            Some(java::of_list(bytes.chunks_exact(size).map(|element| of_element(*scalar, element))).wrapping_add(31))
        }
        _ => Some(hash(ty, value)?.wrapping_add(31)),
    }
}

/// `Arrays.hashCode` has the hash of each element's box.
fn of_element(array: Scalar, element: &[u8]) -> i32 {
    let number = element.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let low = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
    let [.., high, last] = number.to_be_bytes();
    match array {
        Scalar::BooleanArray => java::of_boolean(number != 0),
        Scalar::ByteArray => last.cast_signed().into(),
        Scalar::ShortArray => i16::from_be_bytes([high, last]).into(),
        Scalar::CharArray => u16::from_be_bytes([high, last]).into(),
        Scalar::LongArray => java::of_long(number.cast_signed()),
        Scalar::FloatArray => java::of_float(f32::from_bits(low(number))),
        Scalar::DoubleArray => java::of_double(f64::from_bits(number)),
        _ => low(number).cast_signed(),
    }
}

/// `MurmurHash3.productHash` of Scala 2.11 and 2.12.
fn product(parts: &[i32]) -> Option<i32> {
    // Products without fields hash their name.
    if parts.is_empty() {
        return None;
    }
    let mixed = parts.iter().fold(0xCAFE_BABE_u32, |hash, part| {
        let part = part.cast_unsigned().wrapping_mul(0xCC9E_2D51).rotate_left(15).wrapping_mul(0x1B87_3593);
        (hash ^ part).rotate_left(13).wrapping_mul(5).wrapping_add(0xE654_6B64)
    });
    let mut hash = mixed ^ u32::try_from(parts.len()).ok()?;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85EB_CA6B);
    hash = (hash ^ hash >> 13).wrapping_mul(0xC2B2_AE35);
    Some((hash ^ hash >> 16).cast_signed())
}

/// Scala's `##`: numbers that are whole hash as the `Int` or `Long` they are equal to.
fn hash_in_product(ty: &TypeDescription, value: &Value<'_>) -> Option<i32> {
    #[expect(clippy::cast_possible_truncation, reason = "compared with what it was")]
    match value {
        Value::Long(long) => Some(i32::try_from(*long).unwrap_or_else(|_| java::of_long(*long))),
        Value::Float(bits) => {
            let float = f32::from_bits(*bits);
            Some(whole(float.into()).unwrap_or_else(|| java::of_float(float)))
        }
        Value::Double(bits) => {
            let double = f64::from_bits(*bits);
            let narrow = double as f32;
            // NaN equals nothing, not even itself as a float.
            #[expect(clippy::float_cmp, reason = "Scala compares so")]
            let is_float = f64::from(narrow) == double;
            let fraction = || if is_float { java::of_float(narrow) } else { java::of_double(double) };
            Some(whole(double).unwrap_or_else(fraction))
        }
        _ => hash(ty, value),
    }
}

/// The hash of a number without a fraction that fits a `Long`.
fn whole(number: f64) -> Option<i32> {
    #[expect(clippy::cast_possible_truncation, reason = "compared with what it was")]
    let long = number as i64;
    #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "Scala compares so")]
    let is_whole = long as f64 == number;
    is_whole.then(|| i32::try_from(long).unwrap_or_else(|_| java::of_long(long)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{BigDecimal, Field, LengthRule, LocalDate, LocalTime};

    fn scalar(scalar: Scalar, value: &Value<'_>) -> i32 {
        TypeDescription::Scalar(scalar).hash_code(value).unwrap().code()
    }

    fn string(text: &str) -> Value<'static> {
        Value::String(text.into())
    }

    fn record(hash: HashRule, types: &[Scalar]) -> TypeDescription {
        let field = |ty: &Scalar| Field { name: "".into(), ty: TypeDescription::Scalar(*ty), is_parameter: true };
        TypeDescription::Record(Record {
            name: "".into(),
            fields: types.iter().map(field).collect(),
            length: LengthRule::SumOfPositive,
            hash,
        })
    }

    /// All computed by Java.
    #[test]
    fn scalars() {
        assert_eq!(scalar(Scalar::String, &string("\u{1F600}")), 1_772_899);
        let big = 123_456_789_012_345_678_901_234_567_890_i128.to_be_bytes();
        let number = BigInteger::from_twos_complement;
        assert_eq!(scalar(Scalar::BigInteger, &Value::BigInteger(number(&big))), 1_915_528_825);
        assert_eq!(scalar(Scalar::BigInteger, &Value::BigInteger(BigInteger::from(-5_i64))), -5);
        let decimal = |unscaled, scale| Value::BigDecimal(BigDecimal { unscaled, scale });
        assert_eq!(scalar(Scalar::BigDecimal, &decimal(BigInteger::from(125_i64), 2)), 3877);
        assert_eq!(scalar(Scalar::BigDecimal, &decimal(BigInteger::from(1250_i64), 3)), 38_753);
        let negative = (-1_234_567_890_123_456_789_012_345_678_905_i128).to_be_bytes();
        assert_eq!(scalar(Scalar::BigDecimal, &decimal(number(&negative), 1)), -1_113_278_081);
        let timestamp = Value::Timestamp { time: 1500, nanos: 7 };
        assert_eq!(scalar(Scalar::SqlTimestamp, &timestamp), 1500);
        assert_eq!(scalar(Scalar::Instant, &Value::Timestamp { time: 1, nanos: 5 }), 256);
        let date = LocalDate { year: 2024, month: 2, day: 29 };
        let time = LocalTime { hour: 23, minute: 59, second: 58, nano: 7 };
        assert_eq!(scalar(Scalar::LocalDate, &Value::Date(date)), 4_145_309);
        assert_eq!(scalar(Scalar::LocalTime, &Value::Time(time)), 437_854_867);
        assert_eq!(scalar(Scalar::LocalDateTime, &Value::DateTime(date, time)), 438_723_086);
        assert_eq!(scalar(Scalar::LongValue, &Value::Long(42)), 85);
        assert_eq!(scalar(Scalar::DoubleValue, &Value::Double(2.5_f64.to_bits())), 1_074_003_999);
        assert_eq!(scalar(Scalar::BooleanValue, &Value::Boolean(true)), 1);
        assert_eq!(scalar(Scalar::NullValue, &Value::Null), 53);
    }

    #[test]
    fn composites() {
        let code = |ty: &TypeDescription, value| ty.hash_code(&value).unwrap();
        let pair = record(HashRule::Tuple, &[Scalar::String, Scalar::Int]);
        assert_eq!(code(&pair, Value::Record(vec![string("a"), Value::Int(1)])), HashCode::Exact(3008));
        assert_eq!(code(&pair, Value::Record(vec![Value::Null, Value::Int(1)])), HashCode::Exact(1));
        let scala = record(HashRule::Product, &[Scalar::Int, Scalar::String]);
        assert_eq!(code(&scala, Value::Record(vec![Value::Int(5), string("x")])).code(), 890_638_813);
        let some = record(HashRule::Product, &[Scalar::Int]);
        assert_eq!(code(&some, Value::Record(vec![Value::Int(5)])).code(), -1_267_080_172);

        let row = |fields| TypeDescription::Row { fields, has_kind: true };
        let int = TypeDescription::Scalar(Scalar::Int);
        let two = row(vec![int.clone(), TypeDescription::Scalar(Scalar::String)]);
        let fields = || vec![Value::Int(1), string("a")];
        assert_eq!(code(&two, Value::Row(RowKind::Insert, fields())), HashCode::Likely(2081));
        assert_eq!(code(&two, Value::Row(RowKind::Delete, fields())), HashCode::Likely(2174));
        let bytes = row(vec![TypeDescription::Scalar(Scalar::ByteArray)]);
        assert_eq!(code(&bytes, Value::Row(RowKind::Insert, vec![Value::Bytes(vec![1, 2].into())])).code(), 1056);
        let nested = row(vec![row(vec![int])]);
        let inner = Value::Row(RowKind::Insert, vec![Value::Int(1)]);
        assert_eq!(code(&nested, Value::Row(RowKind::Insert, vec![inner])).code(), 125);
    }

    /// `Arrays.hashCode` of one element is 31 and its own; a row adds 31 for its kind and 31 for being one.
    #[test]
    fn rows_hash_arrays_by_their_content() {
        let of = |ty: TypeDescription, value: Value<'_>| {
            let row = TypeDescription::Row { fields: vec![ty], has_kind: true };
            row.hash_code(&Value::Row(RowKind::Insert, vec![value])).map(|code| code.code() - 62 - 31)
        };
        let array =
            |array: Scalar, bytes: &[u8]| of(TypeDescription::Scalar(array), Value::Primitives(bytes.to_vec().into()));
        assert_eq!(array(Scalar::BooleanArray, &[1]), Some(1231));
        assert_eq!(array(Scalar::ShortArray, &[0xFF, 0xFE]), Some(-2));
        assert_eq!(array(Scalar::CharArray, &[0xFF, 0xFE]), Some(0xFFFE));
        assert_eq!(array(Scalar::IntArray, &[0xFF, 0xFF, 0xFF, 0xFE]), Some(-2));
        assert_eq!(array(Scalar::LongArray, &[0, 0, 0, 1, 0, 0, 0, 2]), Some(3));
        assert_eq!(array(Scalar::FloatArray, &1_f32.to_be_bytes()), Some(1_065_353_216));
        assert_eq!(array(Scalar::DoubleArray, &1_f64.to_be_bytes()), Some(1_072_693_248));
        let strings = TypeDescription::Scalar(Scalar::StringArray);
        assert_eq!(of(strings, Value::List(vec![string("a")])), Some(97));
        let list = |name| TypeDescription::List {
            name,
            element: Box::new(TypeDescription::Scalar(Scalar::Int)),
            flag: NullFlag::OneIsPresent,
        };
        for name in ["LIST", "OBJECT_ARRAY"] {
            assert_eq!(of(list(name), Value::List(vec![Value::Int(7)])), Some(7), "{name}");
            // An element that is null has 0, any other 31 more than its own.
            assert_eq!(of(list(name), Value::List(vec![Value::Null])), Some(-31), "{name}");
        }
        // Outside of a row an array hashes by its place in memory.
        assert_eq!(list("OBJECT_ARRAY").hash_code(&Value::List(vec![])), None);
    }

    /// In Scala, numbers that are equal have equal hash codes, whatever their types are.
    #[test]
    fn numbers_in_case_classes() {
        let of = |ty: Scalar, value: Value<'static>| {
            record(HashRule::Product, &[ty]).hash_code(&Value::Record(vec![value])).unwrap().code()
        };
        let int = |int| of(Scalar::Int, Value::Int(int));
        let long = |long| of(Scalar::Long, Value::Long(long));
        let float = |float: f32| of(Scalar::Float, Value::Float(float.to_bits()));
        let double = |double: f64| of(Scalar::Double, Value::Double(double.to_bits()));
        for number in [0_i16, 5, -5, i16::MAX] {
            let expected = int(number.into());
            assert_eq!([long(number.into()), double(number.into()), float(number.into())], [expected; 3], "{number}");
        }
        assert_eq!((double(2.5), double(1e10)), (float(2.5), long(10_000_000_000)));
        // What a float cannot hold, and what no integer is.
        let codes = [int(0), float(0.1), double(0.1), long(1 << 40), double(1e300), double(f64::NAN)];
        for (i, a) in codes.iter().enumerate() {
            assert!(codes.iter().skip(i + 1).all(|b| a != b), "{codes:?}");
        }
        // No two NaNs are equal: each hashes as its box does.
        let code = |ty: Scalar, value| hash_in_product(&TypeDescription::Scalar(ty), &value);
        assert_eq!(code(Scalar::Double, Value::Double(f64::NAN.to_bits())), Some(0x7FF8_0000));
        assert_eq!(code(Scalar::Float, Value::Float(f32::NAN.to_bits())), Some(0x7FC0_0000));
    }

    #[test]
    fn what_java_does_not_define_by_value() {
        let ty = TypeDescription::Enum { class: "E".into(), constants: vec!["A".into()], numbers: vec![] };
        assert_eq!(ty.hash_code(&Value::Constant(0)), None);
        let array = TypeDescription::Scalar(Scalar::IntArray);
        assert_eq!(array.hash_code(&Value::Primitives(vec![].into())), None);
    }
}
