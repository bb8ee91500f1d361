//! Values, each decoded and encoded to the same bytes.

use std::borrow::Cow;

use super::bytes;
use crate::value::sql::{read, write};
use crate::value::{BigDecimal, BigInteger, Decoder, RowKind, SqlField, SqlKind, SqlType, Value};
use crate::wire::{Input, Output, done};
use crate::{Error, Limits};

pub(super) const VARCHAR: SqlKind = SqlKind::VarChar { length: 100 };
pub(super) const SECOND: SqlKind =
    SqlKind::IntervalDayTime { resolution: "SECOND", day_precision: 2, fractional_precision: 6 };

pub(super) fn ty(kind: SqlKind) -> SqlType {
    SqlType::nullable(kind)
}

pub(super) fn list(element: SqlKind) -> SqlKind {
    SqlKind::Array(Box::new(ty(element)))
}

pub(super) fn map(key: SqlKind, value: SqlKind) -> SqlKind {
    SqlKind::Map(Box::new(ty(key)), Box::new(ty(value)))
}

pub(super) fn row(kinds: impl IntoIterator<Item = SqlKind>) -> SqlKind {
    let fields = kinds.into_iter().map(|kind| SqlField { name: "".into(), ty: ty(kind) }).collect();
    SqlKind::Row { name: None, fields }
}

pub(super) fn decimal(precision: i32, scale: i32) -> SqlKind {
    SqlKind::Decimal { precision, scale }
}

fn raw() -> SqlKind {
    SqlKind::Raw { class: "java.lang.Integer".into(), inner: None }
}

pub(super) fn text(text: &'static str) -> Value<'static> {
    Value::Text(Cow::Borrowed(text.as_bytes()))
}

pub(super) fn number(unscaled: i128, scale: i32) -> Value<'static> {
    let bytes = crate::value::big_number::shortest(&unscaled.to_be_bytes()).to_vec();
    Value::BigDecimal(BigDecimal { unscaled: BigInteger::Long(bytes.into()), scale })
}

pub(super) fn inserted<const N: usize>(values: [Value<'static>; N]) -> Value<'static> {
    Value::Row(RowKind::Insert, values.into())
}

pub(super) fn items<const N: usize>(values: [Value<'static>; N]) -> Value<'static> {
    Value::List(values.into())
}

pub(super) fn decode<'a>(kind: &SqlKind, bytes: &'a [u8]) -> Result<Value<'a>, Error> {
    let ty = ty(kind.clone());
    let (rest, value) = done(read(&ty, Input::new(bytes), &mut Decoder::new(Limits::default())), 0)?;
    assert!(rest.is_empty());
    Ok(value)
}

fn encode(kind: &SqlKind, value: &Value<'_>) -> Result<Vec<u8>, Error> {
    let mut out = Output::new();
    write(&ty(kind.clone()), value, &mut out).map(|()| out.into_bytes())
}

pub(super) fn both(kind: &SqlKind, hex: &str, value: &Value<'static>) {
    let bytes = bytes(hex);
    assert_eq!(decode(kind, &bytes).unwrap(), *value);
    assert_eq!(encode(kind, value).unwrap(), bytes, "{value:?}");
}

#[test]
fn outside_of_rows() {
    use SqlKind as K;
    for (kind, hex, value) in [
        (K::Boolean, "01", Value::Boolean(true)),
        (K::TinyInt, "fe", Value::Byte(-2)),
        (K::SmallInt, "fffe", Value::Short(-2)),
        (K::Integer, "00000005", Value::Int(5)),
        (K::Date, "00004a38", Value::Int(19_000)),
        (SECOND, "0000000005265c00", Value::Long(86_400_000)),
        (K::Float, "7fc00001", Value::Float(0x7FC0_0001)),
        (K::Double, "4004000000000000", Value::Double(2.5_f64.to_bits())),
        (VARCHAR, "00000003 616263", text("abc")),
        (VARCHAR, "00000001 ff", Value::Text(Cow::Borrowed(&[0xFF]))),
        (K::VarBinary { length: 9 }, "00000002 0001", Value::Bytes(Cow::Borrowed(&[0, 1]))),
        (decimal(10, 2), "000000000000007d", number(125, 2)),
        (decimal(18, 0), "8000000000000000", number(i64::MIN.into(), 0)),
        (decimal(19, 5), "00000003 0249f0", number(150_000, 5)),
        (K::Timestamp { precision: 3 }, "00000000000005dc", Value::Timestamp { time: 1500, nanos: 0 }),
        (K::Timestamp { precision: 4 }, "00000000000005dc 00000007", Value::Timestamp { time: 1500, nanos: 7 }),
        (raw(), "00000004 00000005", Value::Opaque(Cow::Borrowed(&[0, 0, 0, 5]))),
        (
            K::Variant,
            "00000005 00000003 14d12f0100 010000",
            Value::Variant { value: Cow::Borrowed(&[0x14, 0xD1, 0x2F, 1, 0]), metadata: Cow::Borrowed(&[1, 0, 0]) },
        ),
        (
            K::Distinct { name: "money".into(), source: Box::new(ty(decimal(10, 2))) },
            "000000000000007d",
            number(125, 2),
        ),
    ] {
        both(&kind, hex, &value);
        let ty = ty(kind);
        assert!(ty.least() <= bytes(hex).len());
        assert!(ty.length().is_none_or(|length| length as usize == bytes(hex).len()));
    }
}

#[test]
fn rows() {
    both(&row([]), "00000008 0000000000000000", &inserted([]));
    for (string, hex) in [
        ("", "00000010 0000000000000000 0000000000000080"),
        ("1234567", "00000010 0000000000000000 3132333435363787"),
        ("12345678", "00000018 0000000000000000 08000000 10000000 3132333435363738"),
        ("123456789", "00000020 0000000000000000 09000000 10000000 3132333435363738 3900000000000000"),
    ] {
        both(&row([VARCHAR]), hex, &inserted([text(string)]));
    }
    both(
        &row([SqlKind::Integer, VARCHAR]),
        "00000018 0000000000000000 0500000000000000 7a7a000000000082",
        &inserted([Value::Int(5), text("zz")]),
    );
    // {"k":5}
    both(
        &row([SqlKind::Variant]),
        "00000028 0000000000000000 13000000 10000000 00000005 010100016b 02010000051405000000 0000000000",
        &inserted([Value::Variant {
            value: Cow::Borrowed(&[2, 1, 0, 0, 5, 0x14, 5, 0, 0, 0]),
            metadata: Cow::Borrowed(&[1, 1, 0, 1, b'k']),
        }]),
    );
    // From 57 fields on the nulls need another word.
    let mut values = vec![Value::Int(0); 57];
    values[56] = Value::Null;
    let hex = ["000001d8 0000000000000000 0100000000000000", &"00".repeat(456)].concat();
    both(&row(vec![SqlKind::Integer; 57]), &hex, &Value::Row(RowKind::Insert, values));
}

#[test]
fn what_generic_rows_become() {
    both(
        &row([raw(), SqlKind::VarBinary { length: 20 }, decimal(38, 0), SqlKind::Timestamp { precision: 9 }]),
        "00000058 0000000000000000 04000000 28000000 09000000 30000000 10000000 40000000 3f420f00 50000000
         0000000500000000 0000000000000000 0000000000000000 4b3b4ca85a86c47a 098a223fffffffff ffffffffffffffff",
        &inserted([
            Value::Opaque(Cow::Borrowed(&[0, 0, 0, 5])),
            Value::Bytes(Cow::Borrowed(&[0; 9])),
            number(10_i128.pow(38) - 1, 0),
            Value::Timestamp { time: -1, nanos: 999_999 },
        ]),
    );
    let inner =
        row([SqlKind::Timestamp { precision: 3 }, SqlKind::Timestamp { precision: 3 }, list(row([SqlKind::Date]))]);
    let multiset = SqlKind::Multiset(Box::new(ty(SECOND)));
    both(
        &row([SqlKind::Integer, inner, map(SqlKind::Char { length: 1 }, multiset)]),
        "000000b8 0000000000000000 0100000000000000 4800000020000000 4c00000068000000 0002000000000000
         0500000000000000 0000000000000000 2800000020000000 0200000002000000 1000000018000000 0000000000000000
         0000000000000000 0700000000000000 1000000001000000 0000000078000000 0000008101000000 0000000024000000
         1000000010000000 0100000000000000 005c260500000000 0100000000000000 0300000000000000 0000000000000000",
        &inserted([
            Value::Int(1),
            inserted([
                Value::Timestamp { time: 5, nanos: 0 },
                Value::Null,
                items([inserted([Value::Int(7)]), Value::Null]),
            ]),
            Value::Map(vec![(text("x"), Value::Map(vec![(Value::Long(86_400_000), Value::Int(3))]))]),
        ]),
    );
}

#[test]
fn nulls_that_keep_their_place() {
    let kind = row([decimal(38, 0), SqlKind::Timestamp { precision: 9 }, VARCHAR]);
    let hex = "00000048 0003000000000000 0000000020000000 0000000030000000 0900000038000000
        0000000000000000 0000000000000000 0000000000000000 3132333435363738 3900000000000000";
    both(&kind, hex, &inserted([Value::NullWithSpace, Value::NullWithSpace, text("123456789")]));
    assert_eq!(crate::value::row_hash(&bytes(hex)[4..]), 1_234_206_951);
    // Slots of nulls are not looked at else.
    let mut bytes = bytes(hex);
    bytes[12] = 1;
    bytes[24] = 0xFF;
    let Value::Row(_, values) = decode(&kind, &bytes).unwrap() else { panic!() };
    assert_eq!(values[..2], [Value::Null, Value::Null]);
}

#[test]
fn arrays() {
    use SqlKind as K;
    let bytes_of = |bytes: &'static [u8]| Value::Bytes(Cow::Borrowed(bytes));
    for (element, hex, value) in [
        (K::Integer, "00000008 00000000 00000000", items([])),
        (
            K::Integer,
            "00000018 03000000 02000000 01000000 00000000 03000000 00000000",
            items([Value::Int(1), Value::Null, Value::Int(3)]),
        ),
        (
            K::Boolean,
            "00000010 03000000 02000000 01 00 00 0000000000",
            items([Value::Boolean(true), Value::Null, Value::Boolean(false)]),
        ),
        (
            K::BigInt,
            "00000018 02000000 00000000 0100000000000000 0200000000000000",
            items([Value::Long(1), Value::Long(2)]),
        ),
        (
            VARCHAR,
            "00000030 03000000 02000000 6100000000000081 0000000000000000 09000000 20000000 3132333435363738 3900000000000000",
            items([text("a"), Value::Null, text("123456789")]),
        ),
        (
            decimal(30, 5),
            "00000028 02000000 02000000 03000000 18000000 0000000000000000 0249f00000000000 0000000000000000",
            items([number(150_000, 5), Value::Null]),
        ),
        (
            K::Timestamp { precision: 9 },
            "00000020 02000000 02000000 07000000 18000000 0000000000000000 dc05000000000000",
            items([Value::Timestamp { time: 1500, nanos: 7 }, Value::Null]),
        ),
        (
            K::SmallInt,
            "00000010 03000000 02000000 01000000ffff0000",
            items([Value::Short(1), Value::Null, Value::Short(-1)]),
        ),
        (
            K::Float,
            "00000018 03000000 02000000 0000803f 00000000 0000c07f 00000000",
            items([Value::Float(0x3F80_0000), Value::Null, Value::Float(0x7FC0_0000)]),
        ),
        (
            K::VarBinary { length: 9 },
            "00000030 04000000 04000000 0100000000000081 0800000028000000 0000000000000000 0000000000000080 0000000000000000",
            items([bytes_of(&[1]), bytes_of(&[0; 8]), Value::Null, bytes_of(&[])]),
        ),
        (
            raw(),
            "00000020 02000000 02000000 0400000018000000 0000000000000000 0000000500000000",
            items([Value::Opaque(Cow::Borrowed(&[0, 0, 0, 5])), Value::Null]),
        ),
        (
            decimal(10, 2),
            "00000018 02000000 02000000 0700000000000000 0000000000000000",
            items([number(7, 2), Value::Null]),
        ),
        (
            row([K::BigInt, K::Integer]),
            "00000030 02000000 02000000 1800000018000000 0000000000000000 0000000000000000 0900000000000000 0400000000000000",
            items([inserted([Value::Long(9), Value::Int(4)]), Value::Null]),
        ),
        (
            K::Variant,
            "00000028 02000000 02000000 0c00000018000000 0000000000000000 00000003 010000 14d12f0100 00000000",
            items([
                Value::Variant { value: Cow::Borrowed(&[0x14, 0xD1, 0x2F, 1, 0]), metadata: Cow::Borrowed(&[1, 0, 0]) },
                Value::Null,
            ]),
        ),
        (
            K::Bitmap,
            "00000038 02000000 02000000 2000000018000000 0000000000000000
             3a30000002000000 0000020001000000 180000001e000000 0100020003007011",
            items([
                bytes_of(&[
                    0x3A, 0x30, 0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0x18, 0, 0, 0, 0x1E, 0, 0, 0, 1, 0, 2, 0, 3,
                    0, 0x70, 0x11,
                ]),
                Value::Null,
            ]),
        ),
    ] {
        both(&list(element), hex, &value);
    }
    // From 33 elements on the nulls need another word.
    let hex = ["00000030 21000000 ffffffff 01000000", &"00".repeat(36)].concat();
    both(&list(K::Boolean), &hex, &Value::List(vec![Value::Null; 33]));
}

#[test]
fn maps() {
    both(
        &map(VARCHAR, SqlKind::BigInt),
        "00000024 10000000 01000000 00000000 6b00000000000081 01000000 00000000 0700000000000000",
        &Value::Map(vec![(text("k"), Value::Long(7))]),
    );
    both(
        &map(VARCHAR, decimal(38, 2)),
        "00000054 28000000 0200000001000000 0000000000000000 0900000018000000 3132333435363738 3900000000000000
         0200000002000000 0100000018000000 0000000000000000 0700000000000000 0000000000000000",
        &Value::Map(vec![(Value::Null, number(7, 2)), (text("123456789"), Value::Null)]),
    );
}

#[test]
fn values_of_other_types_are_not_written() {
    for (kind, value, path) in [
        (SqlKind::Integer, Value::Long(1), ""),
        (VARCHAR, Value::Null, ""),
        (row([SqlKind::Integer]), inserted([]), ""),
        (row([SqlKind::Integer, VARCHAR]), inserted([Value::Int(1), Value::Int(1)]), "fields[1]"),
        (row([list(VARCHAR)]), inserted([items([Value::NullWithSpace])]), "fields[0].elements[0]"),
        (map(VARCHAR, decimal(10, 2)), Value::Map(vec![(text(""), number(1, 3))]), "values[0]"),
        (SqlKind::Timestamp { precision: 3 }, Value::Timestamp { time: 1, nanos: 1 }, ""),
    ] {
        let error = encode(&kind, &value).unwrap_err();
        assert_eq!((error.kind().code(), error.path().as_str()), ("value-type", path));
    }
    let error = encode(&decimal(10, 0), &number(1 << 63, 0)).unwrap_err();
    assert_eq!(error.kind().code(), "sql-decimal");
    let error = encode(&row([decimal(38, 0)]), &Value::Row(RowKind::Insert, vec![big()])).unwrap_err();
    assert_eq!((error.kind().code(), error.path().as_str()), ("sql-decimal", "fields[0]"));
}

fn big() -> Value<'static> {
    Value::BigDecimal(BigDecimal { unscaled: BigInteger::Long(vec![1; 17].into()), scale: 0 })
}

#[test]
fn small_constants_of_big_numbers_are_written_like_others() {
    for (tag, digits) in [(1, 0), (2, 1), (3, 10)] {
        let constant = Value::BigDecimal(BigDecimal { unscaled: BigInteger::Short(tag), scale: 0 });
        for precision in [18, 19] {
            assert_eq!(
                encode(&decimal(precision, 0), &constant).unwrap(),
                encode(&decimal(precision, 0), &number(digits, 0)).unwrap()
            );
        }
    }
}
