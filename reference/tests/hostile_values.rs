//! Any bytes as a serializer snapshot or a value give a result or an error, in bounded memory; and what decoding allocates.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;

use common::allocations::allocated;
use flink_savepoint::serializer::{Hints, Scalar, SerializerSnapshot};
use flink_savepoint::value::{TypeDescription, Value};
use flink_savepoint::{Error, ErrorKind};

struct Case {
    name: String,
    snapshot: Vec<u8>,
    values: Vec<Vec<u8>>,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// The serializers of Flink 2.3.0, each once.
fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/vectors/serializers/2.3.0.jsonl");
    let text = fs::read_to_string(path).unwrap();
    let case = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let values = json["values"].as_array().unwrap().iter().map(|value| unhex(value["bytes"].as_str().unwrap()));
        Case {
            name: json["name"].as_str().unwrap().to_owned(),
            snapshot: unhex(json["snapshot"].as_str().unwrap()),
            values: values.collect(),
        }
    };
    let cases: Vec<Case> = text.lines().skip(1).map(case).collect();
    assert!(cases.len() > 150, "{}", cases.len());
    cases
}

fn for_each_case(check: impl Fn(&Case) + Sync) {
    let cases = cases();
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for part in 0..threads {
            let (cases, check) = (&cases, &check);
            scope.spawn(move || cases.iter().skip(part).step_by(threads).for_each(check));
        }
    });
}

/// Snapshots above this hold long Java streams, which are changed in every byte elsewhere.
const LARGEST: usize = 6000;

fn read_snapshot(bytes: &[u8]) -> Result<TypeDescription, Error> {
    let snapshot = SerializerSnapshot::parse(bytes, &Hints::default())?;
    assert_eq!(snapshot.raw(), bytes);
    let ty = snapshot.type_description();
    assert!(!ty.to_string().is_empty());
    Ok(ty)
}

#[test]
fn every_truncation_of_a_snapshot_is_an_error_inside_of_it() {
    for_each_case(|case| {
        let bytes = &case.snapshot;
        for length in (0..bytes.len()).rev().take(LARGEST) {
            let error = read_snapshot(&bytes[..length]).expect_err(&case.name);
            assert!(error.offset() <= length as u64, "{} cut at {length}: {error}", case.name);
        }
    });
}

#[test]
fn every_changed_byte_of_a_snapshot_is_a_result_or_an_error() {
    for_each_case(|case| {
        if case.snapshot.len() > LARGEST {
            return;
        }
        let mut bytes = case.snapshot.clone();
        let limit = 64 * bytes.len() + (1 << 20);
        for at in 0..bytes.len() {
            let original = bytes[at];
            for changed in [original ^ 1, original ^ 0x80, 0xFF] {
                bytes[at] = changed;
                let (_, peak, _) = allocated(|| read_snapshot(&bytes).is_ok());
                assert!(peak <= limit, "{} byte {at} = {changed:#x} takes {peak} bytes", case.name);
            }
            bytes[at] = original;
        }
    });
}

#[test]
fn every_truncation_and_changed_byte_of_a_value_is_a_result_or_an_error() {
    for_each_case(|case| {
        let ty = SerializerSnapshot::parse(&case.snapshot, &Hints::default()).unwrap().type_description();
        for bytes in case.values.iter().filter(|bytes| bytes.len() <= LARGEST) {
            let limit = 128 * bytes.len() + (1 << 22);
            for length in 0..bytes.len() {
                let cut = &bytes[..length];
                let (result, peak, _) = allocated(|| ty.decode(cut).map(drop));
                if let Err(error) = result {
                    assert!(error.offset() <= length as u64, "{} cut at {length}: {error}", case.name);
                }
                assert!(peak <= limit, "{} cut at {length} takes {peak}", case.name);
                let _ = (ty.decode_list_state(cut).is_ok(), ty.decode_map_value(cut).is_ok(), ty.value_length(cut));
            }
            let mut bytes = bytes.clone();
            for at in 0..bytes.len() {
                let original = bytes[at];
                for changed in [original ^ 1, original ^ 0x80, 0, 0x7F, 0xFF] {
                    bytes[at] = changed;
                    let ((), peak, _) = allocated(|| {
                        if let Ok(value) = ty.decode(&bytes) {
                            let _ = ty.hash_code(&value);
                            // Over-long numbers and flags other than 0 and 1 are read, and written as Flink does.
                            let again = ty.encode(&value).unwrap_or_else(|e| panic!("{}: {e}: {value:?}", case.name));
                            let value_again = ty.decode(&again).unwrap_or_else(|e| panic!("{}: {e}", case.name));
                            assert_eq!(value_again, value, "{}: {bytes:02x?}", case.name);
                        }
                    });
                    assert!(peak <= limit, "{} byte {at} = {changed:#x} takes {peak}", case.name);
                }
                bytes[at] = original;
            }
        }
    });
}

fn scalar(scalar: Scalar) -> SerializerSnapshot<'static> {
    SerializerSnapshot::scalar(scalar).unwrap()
}

#[test]
fn strings_and_numbers_allocate_nothing_and_a_tuple_one_vector() {
    let count = |snapshot: &SerializerSnapshot<'_>, bytes: &[u8]| {
        let ty = snapshot.type_description();
        let (value, _, allocations) = allocated(|| ty.decode(bytes).unwrap());
        assert_ne!(value, Value::Null);
        allocations
    };
    let text = [&[0x06][..], b"hello"].concat();
    let emoji = [3, 0xBD, 0xB0, 0x03, 0x80, 0xBC, 0x03];
    assert_eq!(count(&scalar(Scalar::String), &text), 0);
    assert_eq!(count(&scalar(Scalar::String), &emoji), 0);
    assert_eq!(count(&scalar(Scalar::Long), &[0; 8]), 0);
    assert_eq!(count(&scalar(Scalar::BigDecimal), &[0, 0, 0, 5, 0x7D, 0, 0, 0, 2]), 0);
    assert_eq!(count(&scalar(Scalar::ByteArray), &[0, 0, 0, 2, 1, 2]), 0);
    assert_eq!(count(&scalar(Scalar::LongArray), &[0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8]), 0);
    let pair = SerializerSnapshot::tuple(&[scalar(Scalar::String), scalar(Scalar::Int)]).unwrap();
    let bytes = [&text[..], &[0, 0, 0, 1]].concat();
    assert_eq!(count(&pair, &bytes), 1, "the fields");
    let nested = SerializerSnapshot::tuple(&[pair, scalar(Scalar::Boolean)]).unwrap();
    assert_eq!(count(&nested, &[&bytes[..], &[1]].concat()), 2, "one for each tuple");
}

#[test]
fn errors_name_the_field() {
    let pair = SerializerSnapshot::tuple(&[scalar(Scalar::String), scalar(Scalar::Int)]).unwrap();
    let list = SerializerSnapshot::list(&pair).unwrap().type_description();
    let error = list.decode(&[0, 0, 0, 2, 1, 0, 0, 0, 1, 2, b'a', 0, 0, 0]).unwrap_err();
    assert_eq!(error.to_string(), "offset 0xb: [1].fields[1]: the bytes end inside this field (3 left)");
    let error = pair.type_description().decode(&[1, 0, 0, 0, 1, 9]).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&ErrorKind::ValueTrailing { count: 1 }, 5));
}

#[test]
fn nothing_multiplies() {
    // Lists of lists of what takes no bytes.
    let mut nothing = scalar(Scalar::NullValue);
    for _ in 0..3 {
        nothing = SerializerSnapshot::list(&nothing).unwrap();
    }
    let ty = nothing.type_description();
    let inner = [0, 0, 0x80, 0].repeat(1000);
    let bytes = [&[0, 0, 0, 1, 0, 0, 3, 0xE8][..], &inner].concat();
    let (result, peak, _) = allocated(|| ty.decode(&bytes).is_ok());
    assert!(!result && peak < 16 << 20, "{peak}");

    // A snapshot deeper than any.
    let mut deep = scalar(Scalar::Int);
    let mut levels = BTreeSet::new();
    for level in 0..40 {
        match SerializerSnapshot::list(&deep) {
            Ok(list) => deep = list,
            Err(error) => {
                assert_eq!(error.kind(), &ErrorKind::TooDeep { limit: 32 });
                levels.insert(level);
            }
        }
    }
    assert_eq!(levels.first(), Some(&31));
}
