//! Changes of fields, by their types.

use std::ops::Range;

use super::fields::{Element, Field, Fields, Kind};
use super::{Rng, replace};

/// Where programs go wrong.
const BOUNDARIES: [i64; 26] = [
    0,
    1,
    -1,
    -2,
    2,
    3,
    127,
    128,
    -128,
    129,
    255,
    256,
    32_767,
    32_768,
    -32_768,
    32_769,
    65_535,
    65_536,
    i32::MAX as i64,
    i32::MIN as i64,
    i32::MAX as i64 - 1,
    i32::MAX as i64 - 8,
    u32::MAX as i64,
    i64::MAX,
    i64::MIN,
    i64::MIN + 1,
];

/// What a path should not be, or may be.
const PATHS: [&str; 22] = [
    "../x",
    "..",
    ".",
    "a/../../x",
    "a/b",
    "/",
    "/a//b/../c/",
    "a:b",
    ":",
    "hdfs://host/x",
    "file:///a/b",
    "file://host/a",
    "s3://bucket/a b",
    "s3:x",
    "C:\\x\\y",
    "\\\\host\\x",
    "a\\b",
    "a b%20c//d/",
    "a?b#c",
    "//host/x",
    "http://[::1",
    " ",
];

/// Classes that may stand where others do.
const CLASSES: [&str; 10] = [
    "java.lang.String",
    "java.lang.Enum",
    "java.util.HashMap",
    "[I",
    "org.apache.flink.runtime.checkpoint.CheckpointType",
    "org.apache.flink.runtime.checkpoint.SavepointType",
    "org.apache.flink.runtime.checkpoint.CheckpointProperties",
    "org.apache.flink.api.common.typeutils.base.StringSerializer$StringSerializerSnapshot",
    "org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot",
    "NO_SHARING",
];

/// Modified UTF-8 that is odd, and some that is none: over-long forms, NUL in both spellings, surrogates, four bytes.
const OVER_LONG: [&[u8]; 3] = [&[0xC1, 0x81], &[0xE0, 0x81, 0x81], &[0xE0, 0x80, 0xAF]];
const ODD: [&[u8]; 8] = [
    &[0],
    &[0xC0, 0x80],
    &[0xED, 0xA0, 0xBD],
    &[0xED, 0xB8, 0x80],
    &[0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80],
    &[0xF0, 0x9F, 0x98, 0x80],
    &[0x80],
    &[0xE2, 0x82, 0xAC],
];

/// Changes one field or element; `None` if there is none.
pub(super) fn change(fields: &Fields, bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) -> Option<&'static str> {
    if !fields.elements.is_empty() && rng.u8(..4) == 0 {
        let element = rng.choice(&fields.elements)?;
        return change_element(fields, element, bytes, rng);
    }
    let field = rng.choice(&fields.fields)?;
    // What says how to read the rest matters more often than what it says.
    if rng.u8(..24) == 0 {
        replace(bytes, field.range.clone(), []);
        return Some("field removed");
    }
    if rng.u8(..24) == 0 {
        let again = bytes.get(field.range.clone())?.to_vec();
        replace(bytes, field.range.end..field.range.end, again);
        return Some("field doubled");
    }
    match field.kind {
        Kind::Number | Kind::LittleEndian => number(field, bytes, other, rng),
        Kind::Count => count(field, bytes, rng),
        Kind::Tag => {
            *bytes.get_mut(field.range.end.checked_sub(1)?)? = if rng.u8(..8) == 0 { rng.u8(..) } else { rng.u8(..20) };
            Some("tag changed")
        }
        Kind::Flag => {
            let any = rng.i8(..).into();
            let value = rng.choice([0, 1, 1, 2, -1, 256, any])?;
            store(bytes, field, value);
            Some("flag changed")
        }
        Kind::Utf => text(fields, field, bytes, rng),
        Kind::Bytes => {
            let at = rng.usize(field.range.clone());
            *bytes.get_mut(at)? = rng.u8(..);
            Some("bytes of the field changed")
        }
    }
}

fn load(bytes: &[u8], range: &Range<usize>) -> i64 {
    let slice = bytes.get(range.clone()).unwrap_or_default();
    let signed = slice.first().map_or(0, |first| if *first > 0x7F { -1 } else { 0 });
    slice.iter().fold(signed, |all, byte| all << 8 | i64::from(*byte))
}

/// The lowest bytes of `value`, as many as the field has.
fn store(bytes: &mut [u8], field: &Field, value: i64) {
    let Some(slice) = bytes.get_mut(field.range.clone()) else { return };
    let little = field.kind == Kind::LittleEndian;
    let all = value.to_le_bytes();
    let width = slice.len();
    for (i, byte) in slice.iter_mut().enumerate() {
        let place = if little { i } else { width - 1 - i };
        *byte = all.get(place).copied().unwrap_or(0);
    }
}

fn number(field: &Field, bytes: &mut [u8], other: &[u8], rng: &mut Rng) -> Option<&'static str> {
    match rng.u8(..8) {
        0..5 => {
            store(bytes, field, rng.choice(BOUNDARIES)?);
            Some("number to a boundary")
        }
        5 if other.len() >= field.range.len() => {
            let at = rng.usize(..=other.len() - field.range.len());
            store(bytes, field, load(other, &(at..at + field.range.len())));
            Some("number of the other input")
        }
        _ => {
            let by = rng.choice([1, -1, 1, -1, 2, -2, 7, 8, 256])?;
            store(bytes, field, load(bytes, &field.range).wrapping_add(by));
            Some("number changed a little")
        }
    }
}

fn count(field: &Field, bytes: &mut [u8], rng: &mut Rng) -> Option<&'static str> {
    let (value, done) = match rng.u8(..4) {
        0 => (rng.choice([-1, -2, -128, i64::from(i32::MIN)])?, "count negative"),
        1 => {
            let length = i64::try_from(bytes.len()).ok()?;
            let value = [length, length + 1, 65_535, 1 << 24, i64::from(i32::MAX), i64::from(i32::MAX) - 1];
            (rng.choice(value)?, "count beyond the input")
        }
        _ => (load(bytes, &field.range).wrapping_add(rng.choice([1, -1, 2])?), "count changed a little"),
    };
    store(bytes, field, value);
    Some(done)
}

fn text(fields: &Fields, field: &Field, bytes: &mut Vec<u8>, rng: &mut Rng) -> Option<&'static str> {
    let content = field.range.start + 2..field.range.end;
    let old = bytes.get(content)?.to_vec();
    let at = rng.usize(..=old.len());
    let with = |piece: &[u8]| [old.get(..at).unwrap_or_default(), piece, old.get(at..).unwrap_or_default()].concat();
    let (new, done) = match rng.u8(..8) {
        0 => (with(rng.choice(OVER_LONG)?), "text over-long"),
        1 => (with(rng.choice(ODD)?), "text with odd characters"),
        2 | 3 => {
            let path = rng.choice(PATHS)?.as_bytes();
            (if rng.bool() { path.to_vec() } else { with(path) }, "text of a path")
        }
        4 => (rng.choice(CLASSES)?.as_bytes().to_vec(), "text of a class"),
        5 => {
            let same: Vec<&Field> = fields.fields.iter().filter(|f| f.kind == Kind::Utf).collect();
            let source = rng.choice(&same)?.range.clone();
            (bytes.get(source.start + 2..source.end)?.to_vec(), "text of another field")
        }
        6 => (Vec::new(), "text emptied"),
        _ => (old.get(..at)?.to_vec(), "text cut"),
    };
    let length = u16::try_from(new.len()).unwrap_or(u16::MAX).to_be_bytes();
    replace(bytes, field.range.clone(), length.into_iter().chain(new));
    Some(done)
}

fn change_element(fields: &Fields, element: &Element, bytes: &mut Vec<u8>, rng: &mut Rng) -> Option<&'static str> {
    let range = element.range.clone();
    let own = bytes.get(range.clone())?.to_vec();
    let mend = |bytes: &mut Vec<u8>, by: i64| {
        let Some(count) = &element.count else { return };
        let field = Field { range: count.clone(), kind: Kind::Count };
        let value = load(bytes, count).wrapping_add(by);
        store(bytes, &field, value);
    };
    match rng.u8(..6) {
        0 => {
            replace(bytes, range, []);
            Some("element removed")
        }
        1 => {
            mend(bytes, -1);
            replace(bytes, range, []);
            Some("element removed, count mended")
        }
        2 => {
            replace(bytes, range.end..range.end, own);
            Some("element doubled")
        }
        3 => {
            mend(bytes, 1);
            replace(bytes, range.end..range.end, own);
            Some("element doubled, count mended")
        }
        _ => {
            let sibling = fields.sibling(element, |n| rng.usize(..n))?;
            let (first, second) =
                if sibling.range.start < range.start { (&sibling.range, &range) } else { (&range, &sibling.range) };
            let [a, b] = [first, second].map(|range| bytes.get(range.clone()).unwrap_or_default().to_vec());
            replace(bytes, second.clone(), a);
            replace(bytes, first.clone(), b);
            Some("elements swapped")
        }
    }
}
