//! A row of 24 fields, one of every type.

use std::borrow::Cow;

use super::values::{SECOND, VARCHAR, both, decimal, inserted, items, list, map, number, row, text, ty};
use crate::value::{RowKind, SqlKind, Value};

/// A field of every type.
pub(super) fn every_type() -> SqlKind {
    use SqlKind as K;
    row([
        K::Boolean,
        K::TinyInt,
        K::SmallInt,
        K::Integer,
        K::BigInt,
        K::Float,
        K::Double,
        VARCHAR,
        K::VarChar { length: i32::MAX },
        decimal(10, 2),
        decimal(30, 5),
        K::Date,
        K::Time { precision: 0 },
        K::Timestamp { precision: 3 },
        K::Timestamp { precision: 9 },
        K::TimestampWithLocalTimeZone { precision: 6 },
        K::VarBinary { length: 10 },
        list(K::Integer),
        map(VARCHAR, K::BigInt),
        row([K::Integer, VARCHAR]),
        K::Multiset(Box::new(ty(K::Integer))),
        K::Char { length: 4 },
        K::IntervalYearMonth { resolution: "MONTH", precision: 2 },
        SECOND,
    ])
}

pub(super) const EVERY_TYPE: &str = "00000170
    0200000000000000 0100000000000000 fe00000000000000 feff000000000000 0100000000000000 0200000000000000
    0000c03f00000000 0000000000000440 6162630000000083 08000000c8000000 7d00000000000000 0b000000d0000000
    384a000000000000 e803000000000000 dc05000000000000 07000000e0000000 e7030000e8000000 0102030000000083
    18000000f0000000 2400000008010000 1800000030010000 2400000048010000 6162202000000084 0e00000000000000
    005c260500000000 3132333435363738 f5c9b367dd815595 2370a70000000000 dc05000000000000 ffffffffffffffff
    0300000002000000 0100000000000000 0300000000000000 1000000001000000 000000006b000000 0000008101000000
    0000000007000000 0000000000000000 0000000000000000 0500000000000000 7a7a000000000082 1000000001000000
    0000000005000000 0000000001000000 0000000001000000 0000000000000000";

#[test]
fn a_row_of_every_type() {
    let value = Value::Row(
        RowKind::UpdateAfter,
        vec![
            Value::Boolean(true),
            Value::Byte(-2),
            Value::Short(-2),
            Value::Int(1),
            Value::Long(2),
            Value::Float(1.5_f32.to_bits()),
            Value::Double(2.5_f64.to_bits()),
            text("abc"),
            text("12345678"),
            number(125, 2),
            number(-12_345_678_901_234_567_890_112_345, 5),
            Value::Int(19_000),
            Value::Int(1000),
            Value::Timestamp { time: 1500, nanos: 0 },
            Value::Timestamp { time: 1500, nanos: 7 },
            Value::Timestamp { time: -1, nanos: 999 },
            Value::Bytes(Cow::Borrowed(&[1, 2, 3])),
            items([Value::Int(1), Value::Null, Value::Int(3)]),
            Value::Map(vec![(text("k"), Value::Long(7))]),
            inserted([Value::Int(5), text("zz")]),
            Value::Map(vec![(Value::Int(5), Value::Int(1))]),
            text("ab  "),
            Value::Int(14),
            Value::Long(86_400_000),
        ],
    );
    both(&every_type(), EVERY_TYPE, &value);
    let hex = ["000000c8 02ffffff 00000000", &"00".repeat(192)].concat();
    both(&every_type(), &hex, &Value::Row(RowKind::UpdateAfter, vec![Value::Null; 24]));
}
