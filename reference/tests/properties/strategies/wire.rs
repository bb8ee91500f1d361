//! Numbers, strings and bytes, with their boundaries.

use std::borrow::Cow;

use flink_savepoint::wire::JavaStr;
use proptest::prelude::*;

/// Any `i32`, half of them at a boundary.
pub(crate) fn int() -> impl Strategy<Value = i32> {
    let edges = prop::sample::select(vec![
        0,
        1,
        -1,
        127,
        128,
        255,
        256,
        32_767,
        32_768,
        65_535,
        65_536,
        -128,
        -129,
        -32_768,
        i32::MAX,
        i32::MIN,
    ]);
    prop_oneof![edges, any::<i32>()]
}

/// Any `i64`, half of them at a boundary.
pub(crate) fn long() -> impl Strategy<Value = i64> {
    let edges = prop::sample::select(vec![i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1, 1 << 32, -(1 << 32)]);
    prop_oneof![edges, int().prop_map(i64::from), any::<i64>()]
}

/// A `u32` that fits into an `i32`.
pub(crate) fn natural() -> impl Strategy<Value = u32> {
    int().prop_map(|n| n.unsigned_abs() & i32::MAX.unsigned_abs())
}

/// A UTF-16 unit: of one, two and three bytes, and halves of surrogate pairs.
pub(crate) fn unit() -> impl Strategy<Value = u16> {
    let edges = prop::sample::select(vec![
        0, 1, 0x2C, 0x7F, 0x80, 0x7FF, 0x800, 0x3FFF, 0x4000, 0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0xFFFF,
    ]);
    prop_oneof![0x20..0x7F_u16, edges, any::<u16>()]
}

/// A string of up to that many units.
pub(crate) fn text_of(most: usize) -> impl Strategy<Value = JavaStr<'static>> {
    prop::collection::vec(unit(), 0..=most).prop_map(JavaStr::from_utf16)
}

/// A string of as many bytes as a boundary says, up to the most that the format can.
pub(crate) fn long_text() -> impl Strategy<Value = JavaStr<'static>> {
    let lengths = prop::sample::select(vec![127_usize, 128, 255, 256, 32_767, 32_768, 65_534, 65_535]);
    prop_oneof![
        lengths.prop_map(|n| JavaStr::from("x".repeat(n).as_str())),
        // Three bytes for each unit: 65535 bytes.
        Just(JavaStr::from_utf16(std::iter::repeat_n(0xFFFF, 21_845))),
    ]
}

/// A string: empty, short, or now and then long.
pub(crate) fn text() -> impl Strategy<Value = JavaStr<'static>> {
    prop_oneof![30 => Just(JavaStr::default()), 500 => text_of(6), 1 => long_text()]
}

/// A string of at least one unit.
pub(crate) fn some_text() -> impl Strategy<Value = JavaStr<'static>> {
    text().prop_map(|text| if text.is_empty() { "x".into() } else { text })
}

/// Bytes: none, a few, or as many as a boundary says.
pub(crate) fn bytes() -> impl Strategy<Value = Cow<'static, [u8]>> {
    let lengths = prop::sample::select(vec![127_usize, 128, 255, 256]);
    let long = (lengths, any::<u8>()).prop_map(|(n, byte)| vec![byte; n]);
    prop_oneof![8 => prop::collection::vec(any::<u8>(), 0..=9), 1 => long].prop_map(Cow::Owned)
}
