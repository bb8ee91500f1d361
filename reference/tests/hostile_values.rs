//! Any bytes as a serializer snapshot or a value give a result or an error, in bounded memory; and what decoding allocates.

mod common;

use std::collections::BTreeSet;
use std::thread;

use common::allocations::allocated;
use common::serializers::{Case, cases};
use flink_savepoint::serializer::{Hints, Scalar, SerializerSnapshot};
use flink_savepoint::value::{TypeDescription, Value};
use flink_savepoint::{Error, ErrorKind};

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
fn what_hides_its_end_keeps_what_is_around_it() {
    let kryo = cases().into_iter().find(|case| case.name.starts_with("kryo")).unwrap();
    let kryo = SerializerSnapshot::parse(&kryo.snapshot, &Hints::default()).unwrap();
    let raw = "org.apache.flink.table.runtime.typeutils.RawValueDataSerializer$RawValueDataSerializerSnapshot";
    let framed = SerializerSnapshot::composite(raw, 0, &[], std::slice::from_ref(&kryo)).unwrap();
    let nullable = SerializerSnapshot::nullable(&kryo, 0).unwrap();
    let pair = SerializerSnapshot::tuple(&[kryo.clone(), scalar(Scalar::Int)]).unwrap();
    let list = SerializerSnapshot::list(&kryo).unwrap();
    let void = SerializerSnapshot::composite(raw, 0, &[], &[scalar(Scalar::Void)]).unwrap();
    for (snapshot, bytes, length) in [
        (&kryo, &b"ab"[..], None),
        (&framed, &[0, 0, 0, 2, b'a', b'b'], Some(6)),
        (&void, &[0, 0, 0, 1, 0], Some(5)),
        (&nullable, &[0, b'a', b'b'], None),
        (&nullable, &[1], Some(1)),
        (&pair, &[b'a', b'b', 0, 0, 0, 1], None),
        (&list, &[0, 0, 0, 2, 1, 2, 3], None),
        (&list, &[0, 0, 0, 1, 1, 2, 3], None),
        (&list, &[0, 0, 0, 0], Some(4)),
    ] {
        let ty = snapshot.type_description();
        let value = ty.decode(bytes).unwrap();
        assert_eq!(ty.encode(&value).unwrap(), bytes, "{ty}: {value:?}");
        assert_eq!(ty.value_length(bytes), length, "{ty}: {value:?}");
    }
}

#[test]
fn records_of_nothing_do_not_multiply() {
    let nothing = vec![scalar(Scalar::NullValue); 600];
    let mut class = vec![0, 1, b'P'];
    let case_class = "org.apache.flink.api.scala.typeutils.ScalaCaseClassSerializerSnapshot";
    let product = SerializerSnapshot::composite(case_class, 2, &std::mem::take(&mut class), &nothing).unwrap();
    let ty = SerializerSnapshot::list(&product).unwrap().type_description();
    let (result, peak, _) = allocated(|| ty.decode(&[0, 1, 0, 0]).map(drop));
    assert_eq!(result.unwrap_err().kind().code(), "length-beyond-input");
    assert!(peak < 16 << 20, "{peak}");
    assert!(ty.decode(&[0, 0, 0, 100]).is_ok());
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
