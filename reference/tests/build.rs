//! Snapshots made here are those that Flink 2.3.0 writes, byte for byte.

mod common;

use std::collections::BTreeMap;

use common::serializers::cases;
use flink_savepoint::ErrorKind;
use flink_savepoint::metadata::Release;
use flink_savepoint::serializer::classes::Family;
use flink_savepoint::serializer::{Hints, Scalar, SerializerSnapshot};
use flink_savepoint::value::{AvroType, TypeDescription};

type Made = Result<SerializerSnapshot<'static>, flink_savepoint::Error>;

/// The same snapshot, made from what is nested in it.
fn rebuild(snapshot: &SerializerSnapshot<'_>) -> Option<Made> {
    let ty = snapshot.type_description();
    let nested: Vec<_> = snapshot.nested().map(SerializerSnapshot::into_owned).collect();
    Some(match (snapshot.family()?, &nested[..], &ty) {
        (Family::Scalar(scalar), ..) => SerializerSnapshot::scalar(scalar),
        (Family::List, [element], _) => SerializerSnapshot::list(element),
        (Family::Map, [key, value], _) => SerializerSnapshot::map(key, value),
        (Family::Tuple, fields, _) => SerializerSnapshot::tuple(fields),
        (Family::Row, fields, TypeDescription::Row { has_kind: true, .. }) => {
            SerializerSnapshot::row(Release::V2_3, fields)
        }
        (Family::Either, [left, right], _) => SerializerSnapshot::either(left, right),
        (Family::Nullable, [inner], TypeDescription::Nullable { padding, .. }) => {
            SerializerSnapshot::nullable(inner, u16::try_from(*padding).unwrap())
        }
        (Family::Ttl, [_, value], _) => SerializerSnapshot::ttl(value),
        (Family::Timer, [key, namespace], _) => SerializerSnapshot::timer(key, namespace),
        (Family::Enum, _, TypeDescription::Enum { class, constants, .. }) => {
            let constants: Vec<&str> = constants.iter().map(|name| &**name).collect();
            SerializerSnapshot::constants(class, &constants)
        }
        (
            Family::RowData
            | Family::StringData
            | Family::DecimalData
            | Family::TimestampData
            | Family::ArrayData
            | Family::MapData,
            _,
            TypeDescription::Sql(sql),
        ) => SerializerSnapshot::sql(sql),
        _ => return None,
    })
}

#[test]
fn as_flink_writes_them() {
    let mut made: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused = Vec::new();
    for case in cases() {
        let snapshot = SerializerSnapshot::parse(&case.snapshot, &Hints::default()).unwrap();
        let family = format!("{:?}", snapshot.family().unwrap());
        match rebuild(&snapshot) {
            None => {}
            // Two classes write lists, and two TTL: the usual one is made.
            Some(Ok(again)) if again.class() != snapshot.class() => {}
            Some(Ok(again)) => {
                assert_eq!(again.raw(), case.snapshot, "{}: {again}", case.name);
                *made.entry(family.split('(').next().unwrap().to_owned()).or_default() += 1;
            }
            Some(Err(error)) => {
                assert!(matches!(error.kind(), ErrorKind::NoJavaStream { .. }), "{}: {error}", case.name);
                refused.push(case.name);
            }
        }
    }
    println!("{made:?}, refused: {refused:?}");
    assert!(made.len() >= 16 && made.values().sum::<usize>() > 110, "{made:?}");
    // They hold objects of users, or lambdas.
    assert!(refused.len() < 12, "{refused:?}");
}

#[test]
fn rows_of_old_releases_have_no_flag() {
    let int = SerializerSnapshot::scalar(Scalar::Int).unwrap();
    let old = SerializerSnapshot::row(Release::V1_13, std::slice::from_ref(&int)).unwrap();
    let new = SerializerSnapshot::row(Release::V1_15, &[int]).unwrap();
    assert_eq!(old.raw().len() + 1, new.raw().len());
    assert_eq!(old.type_description(), new.type_description());
}

#[test]
fn what_flink_could_not_read_is_not_made() {
    let int = || SerializerSnapshot::scalar(Scalar::Int).unwrap();
    let error = SerializerSnapshot::pojo("com.acme.P", &[("b", int()), ("a", int())]).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::PojoFieldOrder);
    let error = SerializerSnapshot::simple("com.acme.Unknown").unwrap_err();
    assert_eq!(error.kind().code(), "unknown-snapshot");
    let schema = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "string"]}]}"#;
    for version in [2, 3] {
        let avro = SerializerSnapshot::avro("R", schema, version).unwrap();
        assert_eq!(avro.type_description(), TypeDescription::Avro(Box::new(AvroType::parse(schema).unwrap())));
    }
    SerializerSnapshot::avro("R", schema, 4).unwrap_err();
}
