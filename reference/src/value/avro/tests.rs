//! Values on annotated bytes, and on bytes that nobody wrote.

use super::{AvroType, read, write};
use crate::value::{Decoder, Value};
use crate::wire::{Input, Output, done};
use crate::{Error, ErrorKind, Limits};

const ACCOUNT: &str = r#"{"type": "record", "name": "org.example.Account", "fields": [
    {"name": "id", "type": "long"},
    {"name": "owner", "type": ["null", "string"], "default": null},
    {"name": "suit", "type": {"type": "enum", "name": "Suit", "symbols": ["SPADES", "HEARTS"]}},
    {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 2}},
    {"name": "place", "type": {"type": "record", "name": "Place", "fields": [
        {"name": "x", "type": "float"}, {"name": "y", "type": "double"}, {"name": "open", "type": "boolean"}]}},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "counts", "type": {"type": "map", "values": "int"}},
    {"name": "raw", "type": "bytes"},
    {"name": "nothing", "type": "null"}]}"#;

const LIST: &str = r#"{"type": "record", "name": "List", "fields": [
    {"name": "head", "type": "int"}, {"name": "tail", "type": ["null", "List"]}]}"#;

#[rustfmt::skip]
const ACCOUNT_BYTES: &[u8] = &[
    0, 0, 0, 0, 0, 0, 1, 0,             // id: 256
    0, 0, 0, 1,                         // owner: branch 1, string
        0, 0, 0, 2, 0xC3, 0xA9,         //   2 bytes of UTF-8
    0, 0, 0, 1,                         // suit: HEARTS
    0xAB, 0xCD,                         // hash
    0x3F, 0x80, 0, 0,                   // place.x: 1.0
    0xBF, 0xF0, 0, 0, 0, 0, 0, 0,       // place.y: -1.0
    1,                                  // place.open
    2,                                  // tags: 2 in the block
        0, 0, 0, 1, b'a',
        0, 0, 0, 0,
    0,                                  //   no further block
    1,                                  // counts: 1 in the block
        0, 0, 0, 1, b'k',               //   key
        0xFF, 0xFF, 0xFF, 0xFF,         //   value: -1
    0,                                  //   no further block
    0, 0, 0, 3, 1, 2, 3,                // raw
];

fn ty(json: &str) -> AvroType {
    AvroType::parse(json).unwrap()
}

fn text(bytes: &[u8]) -> Value<'_> {
    Value::Text(bytes.into())
}

/// The value, which has to take all bytes.
fn decode<'a>(ty: &AvroType, bytes: &'a [u8]) -> Result<Value<'a>, Error> {
    let input = Input::new(bytes);
    let (rest, value) = done(read(ty, input, &mut Decoder::new(Limits::default())), input.end())?;
    assert!(rest.is_empty(), "{rest:?}");
    Ok(value)
}

fn encode(ty: &AvroType, value: &Value<'_>) -> Result<Vec<u8>, Error> {
    let mut out = Output::new();
    write(ty, value, &mut out)?;
    Ok(out.into_bytes())
}

/// That the bytes are the value, in both directions.
fn both(json: &str, bytes: &[u8], value: &Value<'_>) {
    let ty = ty(json);
    assert_eq!(&decode(&ty, bytes).unwrap(), value, "{json}");
    assert_eq!(encode(&ty, value).unwrap(), bytes, "{json}");
    assert!(ty.least() <= bytes.len(), "{json}");
}

fn error(json: &str, bytes: &[u8]) -> String {
    decode(&ty(json), bytes).unwrap_err().to_string()
}

#[test]
fn each_type() {
    both(r#""null""#, &[], &Value::Null);
    both(r#""boolean""#, &[0], &Value::Boolean(false));
    both(r#""int""#, &[0xFF, 0xFF, 0xFF, 0xFE], &Value::Int(-2));
    both(r#""long""#, &[0x80, 0, 0, 0, 0, 0, 0, 1], &Value::Long(i64::MIN + 1));
    // A NaN that Java's writer would not keep.
    both(r#""float""#, &[0x7F, 0xC0, 0, 1], &Value::Float(0x7FC0_0001));
    both(r#""double""#, &[0x80, 0, 0, 0, 0, 0, 0, 0], &Value::Double((-0.0_f64).to_bits()));
    both(r#""bytes""#, &[0, 0, 0, 1, 0xFF], &Value::Bytes((&[0xFF][..]).into()));
    // Not UTF-8, and kept.
    both(r#""string""#, &[0, 0, 0, 1, 0xFF], &text(&[0xFF]));
    both(r#"{"type": "fixed", "name": "F", "size": 0}"#, &[], &Value::Bytes((&[][..]).into()));
    both(r#"{"type": "array", "items": "long"}"#, &[0], &Value::List(vec![]));
    both(r#"{"type": "map", "values": "long"}"#, &[0], &Value::Map(vec![]));
    both(r#"["int", "null"]"#, &[0, 0, 0, 1], &Value::Alternative(1, Value::Null.into()));
}

#[test]
fn a_record_of_all_of_them() {
    let value = Value::Record(vec![
        Value::Long(256),
        Value::Alternative(1, text("\u{e9}".as_bytes()).into()),
        Value::Constant(1),
        Value::Bytes((&[0xAB, 0xCD][..]).into()),
        Value::Record(vec![Value::Float(1_f32.to_bits()), Value::Double((-1_f64).to_bits()), Value::Boolean(true)]),
        Value::List(vec![text(b"a"), text(b"")]),
        Value::Map(vec![(text(b"k"), Value::Int(-1))]),
        Value::Bytes((&[1, 2, 3][..]).into()),
        Value::Null,
    ]);
    both(ACCOUNT, ACCOUNT_BYTES, &value);
}

#[test]
fn a_list_that_contains_itself() {
    #[rustfmt::skip]
    let bytes = [
        0, 0, 0, 1, 0, 0, 0, 1, // head 1, tail: a list
        0, 0, 0, 2, 0, 0, 0, 0, // head 2, tail: null
    ];
    let tail = Value::Record(vec![Value::Int(2), Value::Alternative(0, Value::Null.into())]);
    both(LIST, &bytes, &Value::Record(vec![Value::Int(1), Value::Alternative(1, tail.into())]));

    let endless = [0, 0, 0, 1].repeat(1000);
    let error = decode(&ty(LIST), &endless).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&ErrorKind::TooDeep { limit: 32 }, 32 * 8));
    assert!(error.path().starts_with("fields[1].branches[1].fields[1].branches[1]."));
}

#[test]
fn counts_are_base_128_numbers() {
    let json = r#"{"type": "array", "items": "boolean"}"#;
    for (length, count) in [(127, &[0x7F][..]), (128, &[0x80, 1]), (300, &[0xAC, 2]), (16_384, &[0x80, 0x80, 1])] {
        let bytes = [count, &vec![1; length], &[0]].concat();
        both(json, &bytes, &Value::List(vec![Value::Boolean(true); length]));
    }
}

#[test]
fn what_flink_accepts_becomes_what_it_writes() {
    let json = r#"{"type": "array", "items": "boolean"}"#;
    // Two blocks, the second with a count of two bytes, and 7 for true.
    let value = decode(&ty(json), &[1, 1, 0x82, 0, 0, 7, 0]).unwrap();
    assert_eq!(encode(&ty(json), &value).unwrap(), [3, 1, 0, 1, 0]);
}

#[test]
fn errors_name_offset_and_field() {
    let json = r#"{"type": "array", "items": ["null", {"type": "enum", "name": "E", "symbols": ["A"]}]}"#;
    let position = "position 7 of a constant or alternative, the type has";
    assert_eq!(error(json, &[1, 0, 0, 0, 7, 0]), format!("offset 0x1: items[0]: {position} 2"));
    assert_eq!(
        error(json, &[2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0]),
        format!("offset 0x9: items[1].branches[1]: {position} 1")
    );
    assert_eq!(error(json, &[1, 0xFF, 0xFF, 0xFF, 0xFF]).matches("position -1 of").count(), 1);
    assert_eq!(error(json, &[]), "offset 0x0: count: the bytes end inside this field (0 left)");

    let json = r#"{"type": "map", "values": "int"}"#;
    assert_eq!(
        error(json, &[1, 0, 0, 0, 9, 1, 2, 3, 4]),
        "offset 0x1: entries[0].key: length or count 9 does not fit into the 4 bytes that remain"
    );
    assert_eq!(error(r#""bytes""#, &[0xFF; 4]), "offset 0x0: negative length or count -1");
    assert_eq!(
        error(r#"{"type": "fixed", "name": "F", "size": 2147483647}"#, &[1]),
        "offset 0x0: length or count 2147483647 does not fit into the 1 bytes that remain"
    );
}

#[test]
fn counts_are_compared_with_the_bytes() {
    let longs = r#"{"type": "array", "items": "long"}"#;
    let beyond = |found: u64, available: usize| {
        format!("length or count {found} does not fit into the {available} bytes that remain")
    };
    assert_eq!(error(longs, &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0]), format!("offset 0x0: {}", beyond(2, 9)));
    assert_eq!(
        error(longs, &[0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
        format!("offset 0x0: count: {}", beyond(0x7_FFFF_FFFF, 0))
    );
    // 64 bits, which Java reads as -1; more than 64 bits; more than ten groups.
    for bytes in [[&[0xFF; 9][..], &[1]].concat(), [&[0xFF; 9][..], &[2]].concat(), vec![0x80; 10]] {
        assert_eq!(error(longs, &bytes), format!("offset 0x0: count: {}", beyond(u64::MAX, 0)));
    }
}

#[test]
fn values_without_bytes_are_bounded() {
    let nulls = r#"{"type": "array", "items": "null"}"#;
    let value = decode(&ty(nulls), &[0x80, 0x80, 4, 0]).unwrap();
    assert_eq!(value, Value::List(vec![Value::Null; 1 << 16]));
    assert!(error(nulls, &[0x81, 0x80, 4, 0]).starts_with("offset 0x0: count: length or count 65537"));

    // 2 to the 20th records, each of two of the next kind.
    let mut json = r#"{"type": "record", "name": "R0", "fields": []}"#.to_owned();
    for i in 1..20 {
        json = format!(
            r#"{{"type": "record", "name": "R{i}", "fields": [{{"name": "a", "type": {json}}}, {{"name": "b", "type": "R{}"}}]}}"#,
            i - 1
        );
    }
    assert!(error(&json, &[]).contains("count: length or count 1 does not fit"));

    // A record in itself has no value.
    let endless =
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "R"}, {"name": "b", "type": "R"}]}"#;
    assert!(error(endless, &[]).contains("nested deeper"));
}

#[test]
fn values_of_other_types_are_not_written() {
    for (json, value, text) in [
        (r#""int""#, Value::Long(1), "offset 0x0: the value is not int, as its type says"),
        (r#"["int"]"#, Value::Int(1), "offset 0x0: the value is not union, as its type says"),
        (
            r#"["int"]"#,
            Value::Alternative(1, Value::Null.into()),
            "offset 0x0: position 1 of a constant or alternative, the type has 1",
        ),
        (LIST, Value::Record(vec![Value::Int(1)]), "offset 0x0: the value is not record, as its type says"),
        (
            LIST,
            Value::Record(vec![Value::Int(1), Value::Alternative(1, Value::Null.into())]),
            "offset 0x8: fields[1].branches[1]: the value is not record, as its type says",
        ),
        (
            r#"{"type": "fixed", "name": "F", "size": 2}"#,
            Value::Bytes((&[1][..]).into()),
            "offset 0x0: the value is not fixed, as its type says",
        ),
        (
            r#"{"type": "map", "values": "null"}"#,
            Value::Map(vec![(Value::Null, Value::Null)]),
            "offset 0x1: entries[0].key: the value is not string, as its type says",
        ),
    ] {
        assert_eq!(encode(&ty(json), &value).unwrap_err().to_string(), text);
    }
}

#[test]
fn no_bytes_panic() {
    let account = ty(ACCOUNT);
    for end in 0..ACCOUNT_BYTES.len() {
        let cut = ACCOUNT_BYTES.get(..end).unwrap();
        assert!(decode(&account, cut).is_err(), "{end}");
    }
    for at in 0..ACCOUNT_BYTES.len() {
        for byte in 0..=u8::MAX {
            let mut bytes = ACCOUNT_BYTES.to_vec();
            bytes[at] = byte;
            let input = Input::new(&bytes);
            let parsed = done(read(&account, input, &mut Decoder::new(Limits::default())), input.end());
            if let Ok((rest, value)) = parsed {
                // What is written may be in another form, and means the same.
                let written = encode(&account, &value).unwrap();
                assert_eq!(decode(&account, &written).unwrap(), value);
                assert!(written.len() <= input.until(&rest).len());
            }
        }
    }
}

#[test]
fn no_schema_panics() {
    for end in (0..ACCOUNT.len()).filter(|end| ACCOUNT.is_char_boundary(*end)) {
        assert!(AvroType::parse(ACCOUNT.get(..end).unwrap()).is_err());
    }
    for at in 0..ACCOUNT.len() {
        for byte in *b"\"{}[],:0a." {
            let mut bytes = ACCOUNT.as_bytes().to_vec();
            bytes[at] = byte;
            if let Ok(ty) = AvroType::parse(std::str::from_utf8(&bytes).unwrap()) {
                let _ = (ty.to_string(), ty.least(), decode_any(&ty));
            }
        }
    }
}

/// Whatever a changed schema makes of the bytes.
fn decode_any(ty: &AvroType) -> bool {
    read(ty, Input::new(ACCOUNT_BYTES), &mut Decoder::new(Limits::default())).is_ok()
}
