//! Snapshots of classes that Flink does not ship: where they end, by frames, by hints, and by exact fit.

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::serializer::{Hint, Hints, Scalar, SerializerSnapshot, Wire};
use flink_savepoint::value::{TypeDescription, Value};
use flink_savepoint::wire::{Input, Output};
use flink_savepoint::{Error, ErrorKind};

fn utf(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

fn wrapped(versioned: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 2], versioned].concat()
}

fn long() -> Vec<u8> {
    SerializerSnapshot::scalar(Scalar::Long).unwrap().raw().to_vec()
}

fn void() -> Vec<u8> {
    SerializerSnapshot::scalar(Scalar::VoidNamespace).unwrap().raw().to_vec()
}

fn foreign(class: &str, body: &[u8]) -> Vec<u8> {
    [&utf(class), &[0, 0, 0, 7][..], body].concat()
}

/// A value state, as Flink writes its meta info.
fn state(name: &str, value: &[u8]) -> Vec<u8> {
    [
        &utf(name)[..],
        &[0, 0, 0, 0, 0, 0, 0, 1],
        &utf("KEYED_STATE_TYPE"),
        &utf("VALUE"),
        &[0, 0, 0, 2],
        &utf("VALUE_SERIALIZER"),
        &wrapped(value),
        &utf("NAMESPACE_SERIALIZER"),
        &wrapped(&void()),
    ]
    .concat()
}

fn header(key: &[u8], states: &[Vec<u8>]) -> Vec<u8> {
    let count = u16::try_from(states.len()).unwrap().to_be_bytes();
    [&[0, 0, 0, 6, 0][..], &wrapped(key), &count, &states.concat()].concat()
}

/// Reads a header that is known to end where its bytes do, with something behind it.
fn read<'a>(file: &'a [u8], end: usize, hints: &Hints) -> Result<KeyedHeader<'a>, Error> {
    let (rest, header) = KeyedHeader::read_to(Input::new(file), Some(end as u64), hints)?;
    assert_eq!(rest.offset(), end as u64);
    Ok(header)
}

fn with_data(header: &[u8]) -> Vec<u8> {
    [header, &[0, 0, 1, 2, 3, 4, 5, 6, 7, 8]].concat()
}

const CLASS: &str = "com.acme.MoneySerializer$MoneySnapshot";

#[test]
fn the_end_is_where_all_that_follows_fits() {
    // Bodies of any length, some of which look like something else.
    for body in [
        &b""[..],
        b"\x00",
        b"\x00\x03EUR\x00\x00\x00\x00\x00\x00\x00\x07",
        &utf("java.lang.String"),
        &[utf("com.acme.Money"), vec![0, 0, 0, 3]].concat(),
        &[0; 40],
        &[0xFF; 300],
    ] {
        for (key, values) in [
            (foreign(CLASS, body), [long(), long(), long(), long()]),
            (long(), [foreign(CLASS, body), long(), foreign(CLASS, body), long()]),
            (long(), [long(), long(), long(), foreign(CLASS, body)]),
            (foreign(CLASS, body), [long(), foreign(CLASS, &[body, &[1]].concat()), long(), long()]),
        ] {
            let states: Vec<_> =
                values.iter().enumerate().map(|(i, value)| state(&format!("orders-{i}"), value)).collect();
            let bytes = header(&key, &states);
            let file = with_data(&bytes);
            let read = read(&file, bytes.len(), &Hints::default()).unwrap_or_else(|e| panic!("{body:02x?}: {e}"));
            assert_eq!(read.key_serializer.raw(), key);
            for (state, value) in read.states.iter().zip(&values) {
                assert_eq!(state.value_serializer.raw(), value, "{body:02x?}");
                assert_eq!(state.value_serializer.is_inferred(), value.starts_with(&utf(CLASS)));
            }
            let mut out = Output::new();
            read.write(&mut out).unwrap();
            assert_eq!(out.into_bytes(), bytes, "written back as it stood");
        }
    }
}

#[test]
fn nested_in_what_flink_ships() {
    let inner = foreign(CLASS, b"\x00\x03abc");
    let list = "org.apache.flink.api.common.typeutils.base.ListSerializerSnapshot";
    let magic = |count: u8| [0, 0, 0, 3, 0, 0x0D, 0xE7, 4, 0, 0, 0, 1, 0, 0x14, 0x57, 0xFD, 0, 0, 0, 1, 0, 0, 0, count];
    let list = [&utf(list)[..], &magic(1), &inner].concat();
    let map = "org.apache.flink.api.common.typeutils.base.MapSerializerSnapshot";
    let map = [&utf(map)[..], &magic(2), &inner, &long()].concat();
    let bytes = header(&long(), &[state("list", &list), state("map", &map), state("plain", &long())]);
    let file = with_data(&bytes);
    let header = read(&file, bytes.len(), &Hints::default()).unwrap();
    let text = |i: usize| header.states[i].value_serializer.type_description().to_string();
    assert_eq!(text(0), format!("LIST<GENERIC<{CLASS}>>"));
    assert_eq!(text(1), format!("MAP<GENERIC<{CLASS}>, BIGINT>"));
    assert_eq!(header.states[1].value_serializer.nested().next().unwrap().raw(), inner);
    let owned = header.states[1].value_serializer.clone().into_owned();
    assert_eq!(owned.type_description().to_string(), text(1), "known wherever the snapshot goes");
}

#[test]
fn no_fit_and_two_fits_are_errors_with_the_class() {
    let bytes = header(&long(), &[state("s", &foreign(CLASS, b"abc"))]);
    let kind = |file: &[u8], end| read(file, end, &Hints::default()).unwrap_err().kind().clone();
    let file = with_data(&bytes);
    assert_eq!(kind(&file, bytes.len() - 1), ErrorKind::NoFit { class: CLASS.to_owned() });

    // What ends the body of the first may start the second, whose bodies hide where they end, too.
    let map = "org.apache.flink.api.common.typeutils.base.MapSerializerSnapshot";
    let magic = [0, 0, 0, 3, 0, 0x0D, 0xE7, 4, 0, 0, 0, 1, 0, 0x14, 0x57, 0xFD, 0, 0, 0, 1, 0, 0, 0, 2];
    let twice = [foreign(CLASS, b"ab"), foreign(CLASS, b"cd")].concat();
    let twice = [foreign(CLASS, &twice), foreign(CLASS, b"")].concat();
    let map = [&utf(map)[..], &magic, &twice].concat();
    let bytes = header(&long(), &[state("s", &map)]);
    let file = with_data(&bytes);
    assert_eq!(kind(&file, bytes.len()), ErrorKind::ManyFits { class: CLASS.to_owned() });

    // Without a known end nothing can be found.
    let error = KeyedHeader::read(Input::new(&file)).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::UnknownSnapshot { class: CLASS.to_owned() });
    assert_eq!(error.path(), "header.state[0].serializers[0].nested[0].class");
}

#[test]
fn hints_tell_the_end_and_the_values() {
    let mut hints = Hints::default();
    hints.add(Hint {
        class: CLASS.to_owned(),
        body: Some(vec![Wire::Utf, Wire::Repeated(Box::new(Wire::I64))]),
        value: Some(vec![("amount".to_owned(), Wire::I64), ("currency".to_owned(), Wire::Str)]),
        length: None,
    });
    let body = [&utf("EUR")[..], &[0, 0, 0, 1], &[9; 8]].concat();
    let bytes = header(&long(), &[state("s", &foreign(CLASS, &body))]);
    // No end is needed.
    let file = with_data(&bytes);
    let (_, header) = KeyedHeader::read_to(Input::new(&file), None, &hints).unwrap();
    let serializer = &header.states[0].value_serializer;
    assert!(serializer.is_foreign() && !serializer.is_inferred());
    let ty = serializer.type_description();
    assert_eq!(ty.to_string(), "MoneySnapshot<BIGINT, STRING>");
    let value = ty.decode(&[0, 0, 0, 0, 0, 0, 0, 5, 4, b'E', b'U', b'R']).unwrap();
    assert_eq!(value, Value::Record(vec![Value::Long(5), Value::String("EUR".into())]));

    // Hints without a body: the end by exact fit, the values as the user says.
    let mut hints = Hints::default();
    let value = Some(vec![("amount".to_owned(), Wire::I64)]);
    hints.add(Hint { class: CLASS.to_owned(), body: None, value, length: Some(8) });
    let (_, header) = KeyedHeader::read_to(Input::new(&file), Some(bytes.len() as u64), &hints).unwrap();
    let serializer = &header.states[0].value_serializer;
    assert!(serializer.is_inferred());
    assert_eq!(serializer.type_description().length(), Some(Some(8)));
}

#[test]
fn a_frame_tells_where_what_is_in_it_ends() {
    let pojo = SerializerSnapshot::pojo("com.acme.Order", &[("a", SerializerSnapshot::scalar(Scalar::Int).unwrap())]);
    let pojo = pojo.unwrap().raw().to_vec();
    // The snapshot of the one field, in its frame, by one of a foreign class.
    let int = SerializerSnapshot::scalar(Scalar::Int).unwrap().raw().to_vec();
    let at = pojo.windows(int.len()).position(|window| window == int).unwrap();
    let inner = foreign(CLASS, b"anything at all");
    let frame = u32::try_from(inner.len()).unwrap().to_be_bytes();
    let bytes = [&pojo[..at - 4], &frame, &inner, &pojo[at + int.len()..]].concat();
    let snapshot = SerializerSnapshot::parse(&bytes, &Hints::default()).unwrap();
    assert!(snapshot.is_foreign() && !snapshot.is_inferred());
    let TypeDescription::Pojo(pojo) = snapshot.type_description() else { panic!("not a POJO") };
    assert!(matches!(&pojo.fields[0].ty, TypeDescription::Opaque { class, .. } if **class == *CLASS));
}

#[test]
fn a_header_full_of_classes_is_given_up_in_time() {
    // Every position could start another foreign snapshot.
    let mut body = Vec::new();
    for _ in 0..3000 {
        body.extend_from_slice(&[0, 1, b'a', 0, 0, 0, 0]);
    }
    let bytes = header(&foreign("a", &body), &[state("s", &foreign("b", &body))]);
    let file = with_data(&bytes);
    let start = std::time::Instant::now();
    let _ = KeyedHeader::read_to(Input::new(&file), Some(bytes.len() as u64), &Hints::default());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
