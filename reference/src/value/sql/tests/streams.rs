//! Java object streams: `streams.txt` has what released Flink wrote, one stream a line.
//!
//! `type`: read as the text, and written again to the same bytes. `read`: read as the text; writing is refused, or has other
//! bytes for a description or a time attribute. `refused`: read as an error. `serializer`: the element serializer of the
//! type that prints so. `skip`: read to its end.

use super::bytes;
use crate::serializer::java_object::{self, JavaObject};
use crate::value::{SqlField, SqlKind, SqlType};
use crate::wire::{Input, Output, done};

const STREAMS: &str = include_str!("streams.txt");

/// Releases, text and bytes of the streams of that kind.
pub(super) fn streams(kind: &str) -> impl Iterator<Item = (&'static str, &'static str, Vec<u8>)> {
    let lines = STREAMS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(move |line| {
        let columns: Vec<_> = line.split('\t').collect();
        let [found, releases, text, hex] = columns[..] else { panic!("{line}") };
        (found == kind).then(|| (releases, text, bytes(hex)))
    })
}

fn read(stream: &[u8]) -> Result<SqlType, crate::Error> {
    let (rest, ty) = done(SqlType::read(Input::new(stream)), 0)?;
    assert!(rest.is_empty());
    Ok(ty)
}

fn written(write: impl FnOnce(&mut Output) -> Result<(), crate::Error>) -> Result<Vec<u8>, crate::Error> {
    let mut out = Output::new();
    write(&mut out).map(|()| out.into_bytes())
}

#[test]
fn types_are_read_and_written() {
    for (_, text, stream) in streams("type") {
        let ty = read(&stream).unwrap();
        assert_eq!(ty.to_string(), text);
        assert!(written(|out| ty.write_stream(out)).unwrap() == stream, "{text}");
    }
    for (releases, text, stream) in streams("read") {
        assert_eq!(read(&stream).unwrap().to_string(), text, "{releases}");
    }
}

#[test]
fn types_of_users_are_not_written() {
    for text in ["cat.db.obj<s BIGINT, a INT> NOT NULL", "cat.db.money", "RAW<java.lang.Integer>"] {
        let (_, _, stream) = streams("read").find(|(_, found, _)| *found == text).unwrap();
        let ty = read(&stream).unwrap();
        let list = SqlType::nullable(SqlKind::Array(Box::new(ty)));
        let error = written(|out| list.write_stream(out)).unwrap_err();
        assert_eq!((error.kind().code(), error.path().as_str()), ("no-java-stream", "elementType"));
    }
}

#[test]
fn types_without_values_are_refused_by_name() {
    let mut found = 0;
    for (_, class, stream) in streams("refused") {
        let error = read(&stream).unwrap_err();
        assert_eq!(error.kind().code(), "logical-type");
        assert!(error.to_string().contains(class), "{error}");
        found += 1;
    }
    assert!(found > 0);
}

#[test]
fn element_serializers_are_written() {
    for (_, text, stream) in streams("serializer") {
        let all = streams("type").chain(streams("read")).collect::<Vec<_>>();
        let (_, _, of_type) = all.iter().find(|(_, found, _)| *found == text).unwrap();
        let ty = read(of_type).unwrap();
        assert!(written(|out| ty.write_serializer_stream(out)).unwrap() == stream, "{text}");
    }
    let list = SqlType::nullable(SqlKind::Array(Box::new(SqlType::not_null(SqlKind::Integer))));
    let error = written(|out| list.write_serializer_stream(out)).unwrap_err();
    assert!(error.to_string().contains("the serializer of ARRAY<INT NOT NULL>"), "{error}");
}

#[test]
fn streams_end_where_they_end() {
    for kind in ["type", "read", "refused", "serializer", "skip"] {
        for (_, text, mut stream) in streams(kind) {
            let length = stream.len();
            // As in a snapshot: the next stream follows at once.
            stream.extend([0xAC, 0xED]);
            let (rest, ()) = done(java_object::skip(Input::with_offset(&stream, 7)), 0).unwrap();
            assert_eq!(rest.offset(), 7 + length as u64, "{text}");
        }
    }
}

#[test]
fn objects_are_looked_up_by_field() {
    let (_, _, stream) = streams("type").find(|(_, text, _)| *text == "ROW<x INT, y VARCHAR(3)>").unwrap();
    let object = done(JavaObject::read(Input::new(&stream)), 0).unwrap().1;
    let row = object.root();
    assert_eq!((row.class_name().as_ref(), row.offset()), ("org.apache.flink.table.types.logical.RowType", 4));
    assert_eq!(row.class().unwrap().superclass().unwrap().name(), "org.apache.flink.table.types.logical.LogicalType");
    assert_eq!(row.boolean("isNullable"), Some(true));
    assert_eq!(row.object("typeRoot").unwrap().constant().as_deref(), Some("ROW"));
    assert!(row.object("isNullable").is_none() && row.int("fields").is_none() && row.int("x").is_none());
    let fields: Vec<_> = row.object("fields").unwrap().elements().unwrap().collect();
    assert_eq!(fields.len(), 2);
    assert!(fields[1].object("description").unwrap().is_null());
    assert_eq!(fields[1].object("name").unwrap().text().as_deref(), Some("y"));
    assert_eq!(fields[1].object("type").unwrap().int("length"), Some(3));
}

#[test]
fn nested_types_print_and_round_trip() {
    let field = |name: &'static str, ty| SqlField { name: name.into(), ty };
    let mut ty = SqlType::not_null(SqlKind::Boolean);
    for _ in 0..12 {
        let fields = vec![field("a", ty), field("a\u{0}\u{1F600}", SqlType::nullable(SqlKind::Date))];
        ty = SqlType::nullable(SqlKind::Row { name: None, fields });
    }
    let stream = written(|out| ty.write_stream(out)).unwrap();
    assert_eq!(read(&stream).unwrap(), ty);
}
