//! Requirements that no other test pins: for each a small input that holds it, and ones that break it.

mod common;

use common::made::{Made, OnDisk};
use flink_savepoint::compression::{BLOCK, Chunks, Framing, IDENTIFIER};
use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedStream, KeyedWriter, MaxParallelism, Section, StateId, WrittenStream,
};
use flink_savepoint::logical::fingerprint;
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::metadata::stream_handle::ByteStreamHandle;
use flink_savepoint::metadata::{
    Dropping, Feature, Handles, KeyGroupOffsets, KeyGroupRange, KeyGroupsFormat, KeyedHandle, List, Metadata,
    MetadataVersion, Mode, Operator, OperatorId, OperatorStateHandle, ReadOptions, Release, StateMeta, StreamHandle,
    SubtaskState, Subtasks, Target,
};
use flink_savepoint::operator::{OperatorHeader, OperatorStream};
use flink_savepoint::savepoint::{
    Directory, Failure, FileName, NativeFormat, Rewrite, RewriteError, Savepoint, SavepointWriter, Why, local_path,
};
use flink_savepoint::serializer::{Hints, Scalar, SerializerSnapshot};
use flink_savepoint::value::{LocalDate, LocalTime, RowKind, SqlField, SqlKind, SqlType, TypeDescription, Value};
use flink_savepoint::wire::{Input, Output};
use flink_savepoint::{Error, ErrorKind};

fn scalar(scalar: Scalar) -> SerializerSnapshot<'static> {
    SerializerSnapshot::scalar(scalar).unwrap()
}

/// The bytes with those at `at` replaced.
fn with(bytes: &[u8], at: usize, by: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at..at + by.len()].copy_from_slice(by);
    changed
}

fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|window| window == needle).unwrap()
}

fn utf(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

#[track_caller]
fn is(error: &Error, kind: &ErrorKind, offset: u64, path: &str) {
    assert_eq!((error.kind(), error.offset(), error.path().as_str()), (kind, offset, path), "{error}");
    let known = ErrorKind::ALL.iter().any(|(code, id, _)| (*code, *id) == (kind.code(), kind.requirement()));
    assert!(known, "{}", kind.code());
}

#[track_caller]
fn snapshot_fails(bytes: &[u8], kind: &ErrorKind, offset: usize, path: &str) {
    is(&SerializerSnapshot::parse(bytes, &Hints::default()).unwrap_err(), kind, offset as u64, path);
}

#[track_caller]
fn value_fails(ty: &TypeDescription, bytes: &[u8], kind: &ErrorKind, offset: u64, path: &str) {
    is(&ty.decode(bytes).unwrap_err(), kind, offset, path);
}

/// WIRE-LENGTH-03.
#[test]
fn counts_are_signed_numbers_of_32_bits() {
    let mut out = Output::new();
    out.count(0x7FFF_FFFF).unwrap();
    let length = 0x8000_0000;
    is(&out.count(length).unwrap_err(), &ErrorKind::ListTooLong { length }, 4, "");
    assert_eq!(out.into_bytes(), [0x7F, 0xFF, 0xFF, 0xFF]);
    // States of a header are counted by 16 bits.
    let state = StateMetaInfo::keyed("v", KeyedStateType::Value, scalar(Scalar::VoidNamespace), scalar(Scalar::Int));
    let header = |states| KeyedHeader { compressed: false, key_serializer: scalar(Scalar::Long), states };
    assert!(header(vec![state.clone(); 0x7FFF]).write(&mut Output::new()).is_ok());
    let error = header(vec![state; 0x8000]).write(&mut Output::new()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::ListTooLong { length: 0x8000 });
}

/// META-VERSION-03, META-VERSION-04: what is not a version of the model cannot be asked for.
#[test]
fn the_proposed_version_cannot_be_written() {
    let writable: Vec<i32> =
        (0..10).filter(|n| MetadataVersion::from_number(*n).is_some_and(MetadataVersion::is_writable)).collect();
    assert_eq!(writable, [3, 4, 5, 6]);
}

/// SNAPPY-BLOCK-01: the largest chunk, and one more.
#[test]
fn a_chunk_holds_65536_bytes() {
    let read = |bytes: &[u8]| {
        let mut chunks = Chunks::new(Input::new(bytes));
        let mut buffer = Vec::new();
        while chunks.next_into(&mut buffer)? {}
        Ok::<_, Error>(buffer.len())
    };
    let mut largest = IDENTIFIER.to_vec();
    Framing::new().append(&vec![0; BLOCK], &mut largest);
    assert_eq!(read(&largest), Ok(BLOCK));
    // The uncompressed size stands first in the data, behind type, length and CRC: 65536 is 80 80 04.
    let at = IDENTIFIER.len() + 8;
    assert_eq!(largest[at..at + 3], [0x80, 0x80, 0x04]);
    let kind = ErrorKind::SnappyBlock { found: 65_537 };
    is(&read(&with(&largest, at, &[0x81])).unwrap_err(), &kind, IDENTIFIER.len() as u64, "");
    // The same of a stored chunk.
    let stored = |length: usize| {
        let size = u32::try_from(length + 4).unwrap().to_le_bytes();
        [&IDENTIFIER[..], &[1], &size[..3], &[0; 4], &vec![7; length]].concat()
    };
    assert_eq!(read(&stored(BLOCK)), Ok(BLOCK));
    is(&read(&stored(BLOCK + 1)).unwrap_err(), &kind, IDENTIFIER.len() as u64, "");
}

/// STATE-TYPE-01, STATE-OPTION-01, STATE-SERIALIZER-01 in operator streams.
#[test]
fn headers_of_operator_streams() {
    let header = OperatorHeader {
        compressed: None,
        states: vec![StateMetaInfo::operator("l", false, scalar(Scalar::String))],
        broadcast_states: vec![StateMetaInfo::broadcast("b", scalar(Scalar::String), scalar(Scalar::Int))],
    };
    let mut out = Output::new();
    header.write(&mut out).unwrap();
    let bytes = out.into_bytes();
    let (_, again) = OperatorHeader::read(Input::new(&bytes)).unwrap();
    assert_eq!((again.states.len(), again.broadcast_states.len()), (1, 1));
    let fails = |bytes: &[u8], kind: &ErrorKind, at: usize, path: &str| {
        is(&OperatorHeader::read(Input::new(bytes)).unwrap_err(), kind, at as u64, path);
    };
    // Version and count, then name and type.
    let first = 4 + 2 + 3;
    assert_eq!(bytes[first..first + 4], [0, 0, 0, 1]);
    let second = find(&bytes, &[0, 1, b'b', 0, 0, 0, 2]) + 3;
    // Neither may stand in the other's list, nor keyed state in either.
    for found in [0, 2, 3, 4, 5] {
        let kind = ErrorKind::StateType { found: found.into() };
        fails(&with(&bytes, first + 3, &[found]), &kind, first, "header.state[0].type");
    }
    for found in [0, 1, 3, 4] {
        let kind = ErrorKind::StateType { found: found.into() };
        fails(&with(&bytes, second + 3, &[found]), &kind, second, "header.state[0].type");
    }
    let option = ErrorKind::StateOption { option: "OPERATOR_STATE_DISTRIBUTION_MODE" };
    let name = find(&bytes, b"OPERATOR_STATE_DISTRIBUTION_MODE");
    fails(&with(&bytes, name, b"X"), &option, first + 4, "header.state[0].options");
    // A mode that there is not, and the other list's.
    let mode = find(&bytes, b"SPLIT_DISTRIBUTE");
    fails(&with(&bytes, mode, b"X"), &option, first + 4, "header.state[0].options");
    let mode = find(&bytes, b"BROADCAST");
    fails(&with(&bytes, mode, b"X"), &option, second + 4, "header.state[0].options");
    let serializers = find(&bytes, b"VALUE_SERIALIZER");
    let missing = ErrorKind::MissingSerializer { key: "VALUE_SERIALIZER" };
    fails(&with(&bytes, serializers, b"X"), &missing, serializers - 6, "header.state[0].serializers");
    let key = find(&bytes, b"KEY_SERIALIZER");
    let of_second = second + find(&bytes[second..], b"VALUE_SERIALIZER") - 6;
    let missing = ErrorKind::MissingSerializer { key: "KEY_SERIALIZER" };
    fails(&with(&bytes, key, b"X"), &missing, of_second, "header.state[0].serializers");
}

/// KEYED-GROUP-04.
#[test]
fn a_key_of_another_key_group_is_not_written() {
    let scratch = tempfile::tempdir().unwrap();
    let made = Made { parallelism: 1, max_parallelism: 4, ..Made::of(5) };
    let directory = made.write(&scratch.path().join("made"));
    let rewrite = |name: &str| {
        let savepoint = OnDisk::open(directory.clone());
        let writer = SavepointWriter::create(scratch.path().join(name)).unwrap();
        Rewrite { compression: Some(true), ..Rewrite::new(Release::V2_3) }.run(&savepoint.savepoint(), writer)
    };
    rewrite("sound").unwrap();

    let on_disk = OnDisk::open(directory.clone());
    let operator = on_disk.savepoint().metadata().operators.iter().next().unwrap();
    let Some(SubtaskState::Running(handles)) = operator.subtasks().next().map(|subtask| subtask.state) else {
        panic!()
    };
    let Some(KeyedHandle::KeyGroups(handle)) = handles.managed_keyed else { panic!() };
    let (group, offset) = (0..).zip(handle.offsets.offsets().iter()).find(|(_, offset)| *offset != 0).unwrap();
    let file = directory.join(handle.delegate.path().unwrap().to_string());
    let bytes = std::fs::read(&file).unwrap();
    // State id and length stand before the key; the high bit is that of the last entry of a run.
    let prefix = usize::try_from(offset).unwrap() + 6;
    assert_eq!(u16::from(bytes[prefix] & 0x7F), group);
    std::fs::write(&file, with(&bytes, prefix, &[bytes[prefix] ^ 3])).unwrap();
    let Err(RewriteError::Part(Failure { why: Why::Stream { file: Some(_), error }, .. })) = rewrite("misplaced")
    else {
        panic!()
    };
    let path = format!("key_group[{group}]");
    is(&error, &ErrorKind::KeyGroupPrefix { found: group ^ 3 }, offset.cast_unsigned(), &path);
}

/// SERIALIZER-COMPOSITE-01.
#[test]
fn magic_numbers_of_composite_snapshots() {
    let snapshot = SerializerSnapshot::list(&scalar(Scalar::Int)).unwrap();
    let bytes = snapshot.raw();
    assert!(SerializerSnapshot::parse(bytes, &Hints::default()).is_ok());
    // Class, version 3, then the magic, the outer version, the second magic and its version.
    let body = 2 + snapshot.class().to_text().len() + 4;
    for (at, expected, path) in
        [(body, 911_108, "composite_magic"), (body + 8, 1_333_245, "nested_magic"), (body + 12, 1, "nested_version")]
    {
        assert_eq!(bytes[at..at + 4], i32::to_be_bytes(expected));
        let kind = ErrorKind::SnapshotMagic { found: expected ^ 2, expected };
        snapshot_fails(&with(bytes, at, &(expected ^ 2).to_be_bytes()), &kind, at, path);
    }
}

/// SERIALIZER-VERSION-01, beside simple snapshots.
#[test]
fn versions_of_snapshot_classes() {
    let int = scalar(Scalar::Int);
    let row = [&SqlType::nullable(SqlKind::Integer)];
    for (snapshot, found) in [
        (SerializerSnapshot::list(&int).unwrap(), 4),
        (SerializerSnapshot::pojo("P", &[("a", int)]).unwrap(), 3),
        (SerializerSnapshot::row_data(&row).unwrap(), 4),
    ] {
        let at = 2 + snapshot.class().to_text().len();
        let changed = with(snapshot.raw(), at, &i32::to_be_bytes(found));
        snapshot_fails(&changed, &ErrorKind::SnapshotVersion { found }, at, "version");
    }
}

const OPTIONAL_MAP: [u8; 8] = [0, 0, 4, 0xF2, 0xC6, 0x9A, 0x3D, 0x70];

/// SERIALIZER-OPTIONAL-MAP-01: each of the three maps of a POJO.
#[test]
fn magic_numbers_of_optional_maps() {
    let pojo = SerializerSnapshot::pojo("P", &[]).unwrap();
    let bytes = pojo.raw();
    let first = find(bytes, &OPTIONAL_MAP);
    // Magic and count are twelve bytes.
    for (i, map) in ["fields", "registered", "non_registered"].into_iter().enumerate() {
        let at = first + 12 * i;
        assert_eq!(bytes[at..at + 8], OPTIONAL_MAP);
        let kind = ErrorKind::OptionalMapMagic { found: 0x04F2_C69A_3D71 };
        snapshot_fails(&with(bytes, at + 7, &[0x71]), &kind, at, &format!("{map}.magic"));
    }
}

/// SERIALIZER-OPTIONAL-MAP-02.
#[test]
fn a_frame_ends_with_its_snapshot() {
    let int = scalar(Scalar::Int);
    let pojo = SerializerSnapshot::pojo("P", &[("a", scalar(Scalar::Long)), ("b", int.clone())]).unwrap();
    let at = find(pojo.raw(), int.raw());
    let (head, tail) = (&pojo.raw()[..at - 4], &pojo.raw()[at + int.raw().len()..]);
    let framed = |more: &[u8]| {
        let length = u32::try_from(int.raw().len() + more.len()).unwrap().to_be_bytes();
        [head, &length, int.raw(), more, tail].concat()
    };
    assert_eq!(framed(&[]), pojo.raw());
    let kind = ErrorKind::FrameTrailing { count: 2 };
    snapshot_fails(&framed(&[0, 0]), &kind, at + int.raw().len(), "fields[1]");
}

fn stream(kind: SqlKind) -> Vec<u8> {
    let mut out = Output::new();
    SqlType::nullable(kind).write_stream(&mut out).unwrap();
    out.into_bytes()
}

/// SERIALIZER-JAVA-04: a field of another name, and one of another type. SERIALIZER-JAVA-07: the uid means nothing.
#[test]
fn logical_types_have_the_fields_of_their_class() {
    let fails = |bytes: &[u8], class: &str, field, offset, path: &str| {
        let Err(nom::Err::Failure(error) | nom::Err::Error(error)) = SqlType::read(Input::new(bytes)) else { panic!() };
        let class = format!("org.apache.flink.table.types.logical.{class}");
        is(&error, &ErrorKind::LogicalTypeField { class, field }, offset, path);
    };
    let text = stream(SqlKind::VarChar { length: 10 });
    assert!(SqlType::read(Input::new(&text)).is_ok());
    let class = utf("org.apache.flink.table.types.logical.VarCharType");
    let other_uid = with(&text, find(&text, &class) + class.len(), &[9; 8]);
    assert_eq!(SqlType::read(Input::new(&other_uid)).unwrap().1, SqlType::nullable(SqlKind::VarChar { length: 10 }));
    fails(&with(&text, find(&text, b"length"), b"L"), "VarCharType", "length", 4, "");
    fails(&with(&text, find(&text, b"isNullable"), b"I"), "VarCharType", "isNullable", 4, "");
    // `I`, an int, before the name's length: a float has four bytes, too.
    let int = find(&text, b"I\0\x06length");
    fails(&with(&text, int, b"F"), "VarCharType", "length", 4, "");
    // Of an element: where its object starts.
    let array = stream(SqlKind::Array(Box::new(SqlType::nullable(SqlKind::Char { length: 1 }))));
    let element = find(&array, &utf("org.apache.flink.table.types.logical.CharType")) as u64 - 2;
    fails(&with(&array, find(&array, b"length"), b"L"), "CharType", "length", element, "elementType");
    fails(&with(&array, find(&array, b"elementType"), b"E"), "ArrayType", "elementType", 4, "");
}

fn sql(kind: SqlKind) -> TypeDescription {
    TypeDescription::Sql(SqlType::nullable(kind))
}

/// A row of one field.
fn row(kind: SqlKind) -> TypeDescription {
    let field = SqlField { name: "a".into(), ty: SqlType::nullable(kind) };
    sql(SqlKind::Row { name: None, fields: vec![field] })
}

/// A binary row behind its length: kind, nulls, six bytes, and the slot.
fn one_slot(nulls: u8, slot: [u8; 8], variable: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + variable.len()).unwrap().to_be_bytes();
    [&length[..], &[0, nulls, 0, 0, 0, 0, 0, 0], &slot, variable].concat()
}

/// SQL-BINARY-06.
#[test]
fn fields_of_type_null_are_null() {
    let ty = row(SqlKind::Null);
    let null = Value::Row(RowKind::Insert, vec![Value::Null]);
    let bytes = one_slot(1, [0; 8], &[]);
    assert_eq!(ty.decode(&bytes).unwrap(), null);
    assert_eq!(ty.encode(&null).unwrap(), bytes);
    value_fails(&ty, &one_slot(0, [0; 8], &[]), &ErrorKind::SqlNull, 12, "fields[0]");
    let array = sql(SqlKind::Array(Box::new(SqlType::nullable(SqlKind::Null))));
    let error = array.decode(&[0, 0, 0, 16, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::SqlNull);
    value_fails(&sql(SqlKind::Null), &[0], &ErrorKind::SqlNull, 0, "");
}

/// SQL-BINARY-04, as read; SQL-BINARY-01 and SQL-BINARY-03 at their bounds.
#[test]
fn slots_of_rows() {
    let decimal = SqlKind::Decimal { precision: 30, scale: 0 };
    let ty = row(decimal.clone());
    let slot = |size: u8| [size, 0, 0, 0, 16, 0, 0, 0];
    for size in [1, 16] {
        assert!(ty.decode(&one_slot(0, slot(size), &[1; 16])).is_ok());
    }
    for size in [0, 17] {
        let kind = ErrorKind::SqlDecimal { size: size.into() };
        value_fails(&ty, &one_slot(0, slot(size), &[1; 24]), &kind, 12, "fields[0]");
    }
    assert!(sql(decimal.clone()).decode(&[0, 0, 0, 1, 5]).is_ok());
    value_fails(&sql(decimal), &[0; 4], &ErrorKind::SqlDecimal { size: 0 }, 0, "");

    let ty = row(SqlKind::VarBinary { length: 99 });
    assert!(ty.decode(&one_slot(0, [1, 2, 3, 4, 5, 6, 7, 0x87], &[])).is_ok());
    let kind = ErrorKind::SqlInline { found: 8 };
    value_fails(&ty, &one_slot(0, [1, 2, 3, 4, 5, 6, 7, 0x88], &[]), &kind, 12, "fields[0]");
    assert!(ty.decode(&one_slot(0, [8, 0, 0, 0, 16, 0, 0, 0], &[1; 8])).is_ok());
    for (size, offset) in [(8, 8), (8, 15), (8, 17), (9, 16), (0, 25)] {
        let kind = ErrorKind::SqlSlot { offset, size, from: 16, to: 24 };
        let slot = [size.to_le_bytes(), offset.to_le_bytes()].concat().try_into().unwrap();
        value_fails(&ty, &one_slot(0, slot, &[1; 8]), &kind, 12, "fields[0]");
    }
}

/// SQL-BINARY-02, of two slots.
#[test]
fn slots_do_not_share_bytes() {
    let field = || SqlField { name: "".into(), ty: SqlType::nullable(SqlKind::VarBinary { length: 9 }) };
    let ty = sql(SqlKind::Row { name: None, fields: vec![field(), field()] });
    let row = |second: u8| {
        let slots = [8, 0, 0, 0, 24, 0, 0, 0, 8, 0, 0, 0, second, 0, 0, 0];
        let length = u32::try_from(24 + 8 + usize::from(second - 24)).unwrap().to_be_bytes();
        [&length[..], &[0; 8], &slots, &vec![5; 8 + usize::from(second - 24)]].concat()
    };
    assert!(ty.decode(&row(32)).is_ok());
    value_fails(&ty, &row(24), &ErrorKind::SqlOverlap { available: 8 }, 20, "fields[1]");
}

/// VALUE-TAG-01.
#[test]
fn bytes_that_select_an_alternative() {
    let part = SerializerSnapshot::pojo("Sub", &[]).unwrap();
    let pojo = SerializerSnapshot::pojo_with_subclasses("P", &[("a", scalar(Scalar::Int))], &[("Sub", part)]);
    let ty = pojo.unwrap().type_description();
    for sound in [&[1][..], &[2, 1], &[2, 0, 0, 0, 0, 5], &[8, 0, 2]] {
        let value = ty.decode(sound).unwrap();
        assert_eq!(ty.encode(&value).unwrap(), sound);
    }
    // No flag that says what follows, and a subclass that there is not.
    value_fails(&ty, &[0, 1], &ErrorKind::ValueTag { found: 0 }, 0, "flags");
    value_fails(&ty, &[16, 1], &ErrorKind::ValueTag { found: 16 }, 0, "flags");
    value_fails(&ty, &[8, 1, 2], &ErrorKind::ValueTag { found: 1 }, 1, "tag");

    let branches = vec![(0, TypeDescription::Scalar(Scalar::Int)), (2, TypeDescription::Scalar(Scalar::Void))];
    let choice = TypeDescription::Choice { name: "C", branches, otherwise: None };
    assert!(choice.decode(&[2, 0]).is_ok());
    value_fails(&choice, &[1, 0], &ErrorKind::ValueTag { found: 1 }, 0, "tag");
}

/// VALUE-POSITION-01.
#[test]
fn positions_of_constants() {
    let ty = SerializerSnapshot::constants("E", &["A", "B"]).unwrap().type_description();
    assert_eq!(ty.decode(&[0, 0, 0, 1]).unwrap(), Value::Constant(1));
    for (bytes, found) in [([0, 0, 0, 2], 2), ([0xFF; 4], -1), ([1, 0, 0, 0], 0x0100_0000)] {
        value_fails(&ty, &bytes, &ErrorKind::ValuePosition { found, count: 2 }, 0, "");
    }
    assert_eq!(ty.encode(&Value::Constant(2)).unwrap_err().kind().code(), "value-type");
    // Numbers, where the type has them.
    let constants = ["A", "B"].map(Box::from).to_vec();
    let numbered = TypeDescription::Enum { class: "E".into(), constants, numbers: vec![5, -1] };
    assert_eq!(numbered.decode(&[0xFF; 4]).unwrap(), Value::Constant(1));
    value_fails(&numbered, &[0, 0, 0, 1], &ErrorKind::ValuePosition { found: 1, count: 2 }, 0, "");
}

/// VALUE-TYPE-01, outside of SQL and Avro.
#[test]
fn values_of_other_types_are_not_written() {
    let (int, text) = (scalar(Scalar::Int), scalar(Scalar::String));
    let pair = SerializerSnapshot::tuple(&[int.clone(), text.clone()]).unwrap();
    let list = SerializerSnapshot::list(&int).unwrap();
    let refused = |snapshot: &SerializerSnapshot<'_>, value, offset, path: &str| {
        let error = snapshot.type_description().encode(&value).unwrap_err();
        is(&error, &ErrorKind::ValueType { expected: "another kind of value" }, offset, path);
    };
    assert_eq!(int.type_description().encode(&Value::Int(5)).unwrap(), [0, 0, 0, 5]);
    refused(&int, Value::Long(5), 0, "");
    refused(&int, Value::Null, 0, "");
    refused(&text, Value::Text(b"a"[..].into()), 0, "");
    refused(&pair, Value::Record(vec![Value::Int(1)]), 0, "");
    refused(&pair, Value::Record(vec![Value::Int(1), Value::Int(1)]), 4, "fields[1]");
    refused(&list, Value::List(vec![Value::Int(1), Value::Byte(1)]), 8, "[1]");
}

/// VALUE-STRING-01.
#[test]
fn numbers_of_strings_take_five_groups_at_most() {
    let ty = TypeDescription::Scalar(Scalar::String);
    // Two units, more groups than they need.
    assert_eq!(ty.decode(&[0x83, 0x80, 0x80, 0x80, 0, b'a', b'b']).unwrap(), Value::String("ab".into()));
    let Value::String(long) = ty.decode(&[2, 0xE1, 0x80, 0x80, 0x80, 0]).unwrap() else { panic!() };
    assert_eq!(long.to_text().as_deref(), Some("a"));
    value_fails(&ty, &[0x83, 0x80, 0x80, 0x80, 0x80, 0, b'a', b'b'], &ErrorKind::Varint, 0, "");
    // More than 32 bits.
    value_fails(&ty, &[0xFF, 0xFF, 0xFF, 0xFF, 0x10], &ErrorKind::Varint, 0, "");
    let beyond = ErrorKind::LengthBeyondInput { found: 0xFFFF_FFFE, available: 0 };
    value_fails(&ty, &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], &beyond, 0, "");
    // The fifth group of a unit says that another follows.
    value_fails(&ty, &[2, 0xE1, 0x80, 0x80, 0x80, 0x80, 0], &ErrorKind::Varint, 5, "");
    value_fails(&TypeDescription::Scalar(Scalar::StringValue), &[0xFF; 6], &ErrorKind::Varint, 0, "");
}

/// VALUE-BIGINT-01.
#[test]
fn tags_of_big_numbers() {
    let ty = TypeDescription::Scalar(Scalar::BigInteger);
    for sound in [&[0, 0, 0, 0][..], &[0, 0, 0, 1], &[0, 0, 0, 2], &[0, 0, 0, 3], &[0, 0, 0, 5, 7]] {
        let value = ty.decode(sound).unwrap();
        assert_eq!(ty.encode(&value).unwrap(), sound);
    }
    value_fails(&ty, &[0, 0, 0, 4], &ErrorKind::BigIntegerTag { found: 4 }, 0, "");
    value_fails(&ty, &[0xFF; 4], &ErrorKind::BigIntegerTag { found: -1 }, 0, "");
    let decimal = TypeDescription::Scalar(Scalar::BigDecimal);
    value_fails(&decimal, &[0, 0, 0, 4, 0, 0, 0, 0], &ErrorKind::BigIntegerTag { found: 4 }, 0, "unscaled");
}

/// VALUE-TIME-01.
#[test]
fn date_and_time_are_null_both_or_neither() {
    let ty = TypeDescription::Scalar(Scalar::LocalDateTime);
    let (no_date, no_time) = ([0x80, 0, 0, 0, 0x80, 0], [0x80, 0x80, 0, 0x80, 0, 0, 0]);
    let (date, time) = ([0, 0, 7, 0xEA, 5, 6], [1, 2, 3, 0, 0, 0, 4]);
    assert_eq!(ty.decode(&[&no_date[..], &no_time].concat()).unwrap(), Value::Null);
    let both = Value::DateTime(
        LocalDate { year: 2026, month: 5, day: 6 },
        LocalTime { hour: 1, minute: 2, second: 3, nano: 4 },
    );
    assert_eq!(ty.decode(&[&date[..], &time].concat()).unwrap(), both);
    value_fails(&ty, &[&no_date[..], &time].concat(), &ErrorKind::HalfNull, 0, "");
    value_fails(&ty, &[&date[..], &no_time].concat(), &ErrorKind::HalfNull, 0, "");
}

/// A meta info of these options and serializers, each behind its key.
fn meta_info(options: &[(&str, &str)], serializers: &[(&str, Scalar)]) -> Vec<u8> {
    let count = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    let mut bytes = [&utf("s")[..], &[0; 4], &count(options.len())].concat();
    for (key, value) in options {
        bytes.extend([utf(key), utf(value)].concat());
    }
    bytes.extend(count(serializers.len()));
    for (key, value) in serializers {
        bytes.extend([&utf(key)[..], &[0, 0, 0, 2], scalar(*value).raw()].concat());
    }
    bytes
}

/// STATE-OPTION-02, STATE-OPTION-05, STATE-SERIALIZER-02.
#[test]
fn options_and_serializers_that_readers_pass_over() {
    let read = |state: &[u8]| {
        let head = [&[0, 0, 0, 6, 0, 0, 0, 0, 2][..], scalar(Scalar::Long).raw(), &[0, 1]].concat();
        let bytes = [&head, state].concat();
        let (rest, header) = KeyedHeader::read(Input::new(&bytes)).unwrap();
        assert!(rest.is_empty());
        let [state] = header.states.as_slice() else { panic!("{header:?}") };
        let name = |snapshot: &SerializerSnapshot<'_>| snapshot.type_description().to_string();
        (state.kind, name(&state.value_serializer), state.namespace_serializer.as_ref().map(name))
    };
    let value = |kind| (StateKind::Keyed(kind), "INT".to_owned(), Some("VOID_NAMESPACE".to_owned()));
    let (of_value, of_namespace) = (("VALUE_SERIALIZER", Scalar::Int), ("NAMESPACE_SERIALIZER", Scalar::VoidNamespace));
    let kind = ("KEYED_STATE_TYPE", "VALUE");
    assert_eq!(read(&meta_info(&[kind], &[of_value, of_namespace])), value(KeyedStateType::Value));
    let others = [("A", "1"), kind, ("", "VALUE")];
    assert_eq!(read(&meta_info(&others, &[of_value, of_namespace])), value(KeyedStateType::Value));
    let others = [("A_SERIALIZER", Scalar::Long), of_namespace, ("", Scalar::Byte), of_value];
    assert_eq!(read(&meta_info(&[kind], &others)), value(KeyedStateType::Value));
    let folding = meta_info(&[("KEYED_STATE_TYPE", "FOLDING")], &[of_value, of_namespace]);
    assert_eq!(read(&folding), value(KeyedStateType::Folding));
}

/// A stream of two states, in the key groups 1 and 2.
fn two_states() -> WrittenStream<Vec<u8>> {
    let state =
        |name| StateMetaInfo::keyed(name, KeyedStateType::Value, scalar(Scalar::VoidNamespace), scalar(Scalar::Byte));
    let header =
        KeyedHeader { compressed: false, key_serializer: scalar(Scalar::Byte), states: vec![state("a"), state("b")] };
    let max = MaxParallelism::new(4).unwrap();
    let mut writer = KeyedWriter::new(Vec::new(), &header, KeyGroupRange::new(0, 4).unwrap(), max).unwrap();
    for (group, state, key) in [(1, 1, 9), (1, 0, 9), (1, 0, 3), (1, 1, 4), (2, 0, 7)] {
        writer.entry(KeyGroup(group), StateId(state), &[key, 0], &[key]).unwrap();
    }
    writer.finish().unwrap()
}

fn keys(section: Section<'_>) -> Vec<(u16, u8)> {
    section.entries().unwrap().map(|entry| entry.unwrap()).map(|entry| (entry.state.0, entry.key[0])).collect()
}

/// KEYED-ORDER-02, KEYED-RUN-01.
#[test]
fn runs_and_entries_come_in_any_order() {
    let written = two_states();
    let stream = KeyedStream::open(&written.sink, &written.offsets, MaxParallelism::new(4).unwrap()).unwrap();
    assert_eq!(keys(stream.section(KeyGroup(1)).unwrap()), [(1, 9), (0, 9), (0, 3), (1, 4)]);
    let start = usize::try_from(stream.section(KeyGroup(1)).unwrap().offset()).unwrap();
    // The mark stands at the last entry of each run: state id, then length, key with its prefix, length and value.
    let entry = |mark: u8, key| [&[0, 0, 0, 3, mark | 1, key, 0][..], &[0, 0, 0, 1, key]].concat();
    let section = [&[0, 1][..], &entry(0x80, 9), &[0, 0], &entry(0, 9), &entry(0x80, 3), &[0, 1], &entry(0x80, 4)];
    let section = [&section.concat()[..], &[0xFF, 0xFF]].concat();
    assert_eq!(written.sink[start..start + section.len()], section);
}

/// KEYED-HANDLE-01, KEYED-OFFSET-04.
#[test]
fn a_cut_handle_leads_to_its_own_sections() {
    let written = two_states();
    let all: Vec<i64> = written.offsets.offsets().iter().collect();
    for (group, entries) in [(1, 4), (2, 1)] {
        let cut = KeyGroupOffsets::new(group, [all[usize::try_from(group).unwrap()]]).unwrap();
        let stream = KeyedStream::open(&written.sink, &cut, MaxParallelism::new(4).unwrap()).unwrap();
        let [section] = stream.sections().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(u32::from(section.key_group().0), group);
        let mut found = 0;
        let visited = section.for_each::<Error>(&mut Vec::new(), |_| {
            found += 1;
            Ok(())
        });
        assert!(visited.is_ok());
        assert_eq!(found, entries);
    }
}

/// VALUE-TTL-01, VALUE-TTL-02.
#[test]
fn timestamps_of_time_to_live() {
    let ty = SerializerSnapshot::ttl(&scalar(Scalar::Byte)).unwrap().type_description();
    let one = [0, 0, 0, 0, 0, 0, 0, 5, 7];
    let record = Value::Record(vec![Value::Long(5), Value::Byte(7)]);
    assert_eq!(ty.decode(&one).unwrap(), record);
    let list = [&one[..], b",", &one].concat();
    assert_eq!(ty.decode_list_state(&list).unwrap(), Value::List(vec![record.clone(), record.clone()]));
    let mapped = [&[0][..], &one].concat();
    assert_eq!(ty.decode_map_value(&mapped).unwrap(), record);
    // Without its timestamp.
    value_fails(&ty, &[7], &ErrorKind::Truncated { available: 1 }, 0, "fields[0]");
    let error = ty.decode_list_state(&[&one[..], b",", &[7]].concat()).unwrap_err();
    is(&error, &ErrorKind::Truncated { available: 1 }, 10, "[1].fields[0]");
    is(&ty.decode_map_value(&[0, 7]).unwrap_err(), &ErrorKind::Truncated { available: 1 }, 1, "fields[0]");
    // And the value alone.
    value_fails(&ty, &one[..8], &ErrorKind::Truncated { available: 0 }, 8, "fields[1]");
}

/// TIMER-ELEMENT-01, TIMER-ELEMENT-02, TIMER-ELEMENT-03.
#[test]
fn parts_of_timers() {
    let ty = SerializerSnapshot::timer(&scalar(Scalar::String), &scalar(Scalar::String)).unwrap().type_description();
    let timer = [0x80, 0, 0, 0, 0, 0, 0, 5, 2, b'k', 2, b'n'];
    let parts = vec![Value::Long(5), Value::String("k".into()), Value::String("n".into())];
    assert_eq!(ty.decode(&timer).unwrap(), Value::Record(parts));
    value_fails(&ty, &timer[..7], &ErrorKind::Truncated { available: 7 }, 0, "fields[0]");
    let cut = ErrorKind::LengthBeyondInput { found: 1, available: 0 };
    value_fails(&ty, &timer[..11], &cut, 10, "fields[2]");
    // Lengths, as composite keys have them.
    let lengths = [&timer[..10], &[2], &timer[10..], &[2]].concat();
    assert_ne!(ty.decode(&lengths), ty.decode(&timer));
    value_fails(&ty, &[&timer[..], &[2]].concat(), &ErrorKind::ValueTrailing { count: 1 }, 12, "");
}

fn vector(id: &str) -> (std::path::PathBuf, Vec<u8>) {
    let golden = common::corpus().into_iter().find(|golden| golden.id == id).unwrap();
    (golden.directory, golden.bytes)
}

/// META-ORDER-01, META-SUBTASK-04.
#[test]
fn the_order_of_operators_and_subtasks_means_nothing() {
    let (directory, bytes) = vector("2.3.0-rocksdb-file");
    let digest = |bytes: &[u8]| {
        let savepoint = Savepoint::new(Metadata::parse(bytes).unwrap(), Directory::new(&directory));
        let fingerprint = fingerprint(&savepoint, &mut |_| ());
        assert!(fingerprint.failures.is_empty(), "{:?}", fingerprint.failures);
        fingerprint.digest()
    };
    let metadata = Metadata::parse(&bytes).unwrap();
    let mut other = metadata.clone();
    let mut operators: Vec<_> = metadata.operators.iter().collect();
    operators.reverse();
    for operator in &mut operators {
        let mut subtasks: Vec<_> = operator.subtasks().collect();
        subtasks.reverse();
        // One that is not listed has no state, as one that is listed without any.
        subtasks.retain(|subtask| !matches!(&subtask.state, SubtaskState::Running(handles) if handles.is_empty()));
        operator.subtasks = Subtasks::Listed(subtasks.into());
    }
    other.operators = operators.into();
    let other = other.to_bytes().unwrap();
    assert!(other.len() < bytes.len());
    assert_eq!(digest(&other), digest(&bytes));
}

/// COMPAT-LOSS-02.
#[test]
fn a_changelog_is_left_out_as_a_whole() {
    for (id, release, feature) in [
        ("1.14.6-crafted-changelog", Release::V1_15, Feature::Changelog1_14),
        ("1.16.3-crafted-changelog", Release::V1_15, Feature::Changelog1_16),
    ] {
        let (_, bytes) = vector(id);
        let metadata = Metadata::parse(&bytes).unwrap();
        let handles = |metadata: &Metadata<'_>| {
            let operator = metadata.operators.iter().next().unwrap();
            let SubtaskState::Running(handles) = operator.subtasks().next().unwrap().state else { panic!() };
            (handles.managed_keyed.is_some(), handles.raw_keyed.is_some())
        };
        assert!(handles(&metadata).0);
        let target = Target::release(release);
        let error = metadata.write(target).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Unrepresentable { feature, release });
        let less = metadata.write(target.dropping(Dropping::everything())).unwrap();
        assert_eq!(handles(&Metadata::parse(&less).unwrap()), (false, false), "{id}");
    }
}

/// OPSTATE-VERSION-01.
#[test]
fn operator_streams_for_older_releases_are_of_version_5() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = Made { compressed: true, ..Made::of(3) }.write(&scratch.path().join("made"));
    for release in Release::ALL {
        let name = format!("for-{release}");
        let writer = SavepointWriter::create(scratch.path().join(&name)).unwrap().inline(0);
        Rewrite::new(release).run(&OnDisk::open(directory.clone()).savepoint(), writer).unwrap();
        let written = OnDisk::open(scratch.path().join(&name));
        let mut streams = 0;
        for operator in &written.savepoint().metadata().operators {
            for subtask in operator.subtasks() {
                let SubtaskState::Running(handles) = subtask.state else { panic!() };
                let path = handles.managed_operator.unwrap().delegate.path().unwrap().to_string();
                let bytes = std::fs::read(written.directory.join(path)).unwrap();
                let (_, header) = OperatorHeader::read(Input::new(&bytes)).unwrap();
                let is_old = release < Release::V1_18;
                assert_eq!(header.version(), if is_old { 5 } else { 6 }, "{release}");
                assert_eq!(header.compressed, if is_old { None } else { Some(true) }, "{release}");
                streams += 1;
            }
        }
        assert_eq!(streams, 2);
    }
}

/// STATE-SERIALIZER-06, SERIALIZER-TTL-AWARE-01.
#[test]
fn what_a_ttl_aware_snapshot_wraps_takes_its_place() {
    let map = SerializerSnapshot::map(&scalar(Scalar::Int), &scalar(Scalar::Long)).unwrap();
    let aware = |snapshot: &SerializerSnapshot<'_>| {
        let class = "org.apache.flink.runtime.state.ttl.TtlAwareSerializerSnapshot";
        let bytes = [&utf(class)[..], &[0, 0, 0, 1, 0], snapshot.raw()].concat();
        SerializerSnapshot::parse(&bytes, &Hints::default()).unwrap().into_owned()
    };
    let nested = SerializerSnapshot::map(&aware(&scalar(Scalar::Int)), &scalar(Scalar::Long)).unwrap();
    for (snapshot, plain) in [(aware(&map), &map), (nested, &map)] {
        let state = StateMetaInfo::keyed("m", KeyedStateType::Map, scalar(Scalar::VoidNamespace), snapshot);
        assert!(state.is_ttl_aware());
        let without = state.without_ttl_awareness();
        assert!(!without.is_ttl_aware());
        assert_eq!(without.value_serializer.raw(), plain.raw());
        assert_eq!(without.value_serializer.type_description(), state.value_serializer.type_description());
    }
}

/// The fingerprint of a vector whose metadata are changed, and what could not be read.
fn changed(id: &str, change: impl Fn(&mut Handles<'_>)) -> (String, Vec<Why>) {
    let (directory, bytes) = vector(id);
    let metadata = Metadata::parse(&bytes).unwrap();
    let mut other = metadata.clone();
    let operators = metadata.operators.iter().map(|operator| {
        let subtasks = operator.subtasks().map(|mut subtask| {
            if let SubtaskState::Running(handles) = &mut subtask.state {
                change(handles);
            }
            subtask
        });
        let subtasks = Subtasks::Listed(subtasks.collect::<Vec<_>>().into());
        Operator { subtasks, ..operator.clone() }
    });
    other.operators = operators.collect::<Vec<_>>().into();
    let fingerprint = fingerprint(&Savepoint::new(other, Directory::new(directory)), &mut |_| ());
    (fingerprint.digest().to_string(), fingerprint.failures.into_iter().map(|failure| failure.why).collect())
}

/// NATIVE-TELL-01, NATIVE-TELL-02: types 3 and 12 are told apart by the bytes.
#[test]
fn canonical_streams_in_handles_of_native_ones() {
    let id = "2.3.0-rocksdb-file";
    let sound = changed(id, |_| ());
    assert!(sound.1.is_empty(), "{:?}", sound.1);
    let with_id = KeyGroupsFormat::NativeWithId { state_handle_id: "x".into() };
    for format in [KeyGroupsFormat::Native, with_id] {
        let (digest, failures) = changed(id, |handles| {
            if let Some(KeyedHandle::KeyGroups(handle)) = &mut handles.managed_keyed {
                handle.format = format.clone();
            }
        });
        assert!(failures.is_empty(), "{failures:?}");
        assert_eq!(digest, sound.0);
    }
    // What is native stays so in such a handle, and one of type 7 says that it is canonical.
    let (_, failures) = changed("2.3.0-hashmap-native", |_| ());
    assert!(!failures.is_empty());
    assert!(failures.iter().all(|why| matches!(why, Why::Native(NativeFormat::Heap))), "{failures:?}");
    let (_, failures) = changed("2.3.0-hashmap-native", |handles| {
        if let Some(KeyedHandle::KeyGroups(handle)) = &mut handles.managed_keyed {
            handle.format = KeyGroupsFormat::Savepoint;
        }
    });
    assert!(!failures.is_empty());
    assert!(failures.iter().all(|why| matches!(why, Why::Stream { .. })), "{failures:?}");
}

/// RAW-KEYED-02, RAW-KEYED-03, RAW-OPERATOR-02.
#[test]
fn offsets_of_raw_state() {
    let id = "2.3.0-rocksdb-rich";
    let sound = changed(id, |_| ());
    assert!(sound.1.is_empty(), "{:?}", sound.1);
    let keyed = |offset: i64| {
        changed(id, |handles| {
            if let Some(KeyedHandle::KeyGroups(handle)) = &mut handles.raw_keyed {
                let range = handle.offsets.range();
                let mut offsets: Vec<i64> = handle.offsets.offsets().iter().collect();
                // Key group 1 has nothing; 0 has the first byte.
                if range.start() == 0 {
                    assert_eq!(offsets[..2], [0, -1]);
                    offsets[1] = offset;
                }
                handle.offsets = KeyGroupOffsets::new(range.start(), offsets).unwrap();
            }
        })
    };
    let (digest, failures) = keyed(-1);
    assert!(failures.is_empty() && digest == sound.0, "{failures:?}");
    // Now it has what was the end of the first.
    let (digest, failures) = keyed(5);
    assert!(failures.is_empty() && digest != sound.0, "{failures:?}");
    // Outside of the stream, on both sides; only -1 is no offset.
    for wrong in [1_000_000, -2] {
        let (_, failures) = keyed(wrong);
        let [why] = failures.as_slice() else { panic!("{failures:?}") };
        assert!(matches!(why, Why::RawOffset { offset, .. } if *offset == wrong), "{why:?}");
    }

    let (_, failures) = changed(id, |handles| {
        if let Some(handle) = &mut handles.raw_operator {
            let states = handle.states.iter().map(|meta| StateMeta { offsets: [-1].into_iter().collect(), ..meta });
            handle.states = states.collect::<Vec<_>>().into();
        }
    });
    assert!(!failures.is_empty());
    assert!(failures.iter().all(|why| matches!(why, Why::RawPartition { offset: -1, .. })), "{failures:?}");
}

/// META-OPERATOR-04: from 1 to 32768; Flink's reader takes any other, too.
#[test]
fn max_parallelisms() {
    let (_, bytes) = vector("2.3.0-crafted-empty");
    let mut metadata = Metadata::parse(&bytes).unwrap();
    let operator = |max_parallelism| Operator {
        name: None,
        uid: None,
        id: OperatorId([7; 16]),
        parallelism: 0,
        max_parallelism,
        coordinator_state: None,
        subtasks: Subtasks::Listed(List::default()),
    };
    for (max, sound) in [(0, false), (1, true), (32_768, true), (32_769, false)] {
        metadata.operators = vec![operator(max)].into();
        let written = metadata.to_bytes();
        assert_eq!(written.is_ok(), sound, "{max}");
        if let Err(error) = written {
            is(&error, &ErrorKind::MaxParallelism { found: max }, 48, "operators[0].max_parallelism");
        }
    }
    // The same by hand: only strict readers refuse it. Two empty texts, the id, parallelism 0.
    metadata.operators = vec![operator(1)].into();
    let mut bytes = metadata.to_bytes().unwrap();
    bytes[48..52].copy_from_slice(&0_i32.to_be_bytes());
    assert_eq!(Metadata::parse(&bytes).unwrap().operators.iter().next().unwrap().max_parallelism, 0);
    let error = ReadOptions::new().strict(true).read(&bytes).unwrap_err();
    is(&error, &ErrorKind::MaxParallelism { found: 0 }, 48, "operators[0].max_parallelism");
}

/// META-CHANNEL-02, META-CANONICAL-01: channel state and segments are of checkpoints.
#[test]
fn what_savepoints_do_not_hold() {
    let scratch = tempfile::tempdir().unwrap();
    let rewrite = |id: &str| {
        let (directory, bytes) = vector(id);
        let savepoint = Savepoint::new(Metadata::parse(&bytes).unwrap(), Directory::new(directory));
        let writer = SavepointWriter::create(scratch.path().join(id)).unwrap();
        match Rewrite::new(Release::V2_3).run(&savepoint, writer) {
            Err(RewriteError::Part(failure)) => failure.why,
            other => panic!("{id}: {other:?}"),
        }
    };
    for id in ["2.3.0-crafted-channel", "2.3.0-crafted-mergedchannel"] {
        assert!(matches!(rewrite(id), Why::InFlight), "{id}");
    }
    assert!(matches!(rewrite("2.3.0-crafted-segment"), Why::Segment { .. }));
    assert!(matches!(rewrite("2.3.0-crafted-incremental"), Why::Native(NativeFormat::RocksDb)));
    assert!(matches!(rewrite("2.3.0-crafted-changelog"), Why::Native(NativeFormat::Changelog)));
}

/// META-CHANGELOG-07.
#[test]
fn null_handles_of_a_changelog_are_passed_over() {
    let streams = |handles: &Handles<'_>| {
        let mut streams = 0;
        handles.for_each_stream(|_, _| streams += 1);
        streams
    };
    let (_, bytes) = vector("2.3.0-crafted-changelog");
    let metadata = Metadata::parse(&bytes).unwrap();
    let mut operator = metadata.operators.iter().next().unwrap();
    let mut subtask = operator.subtasks().next().unwrap();
    let SubtaskState::Running(handles) = &mut subtask.state else { panic!() };
    let before = streams(handles);
    let Some(KeyedHandle::Changelog(changelog)) = &mut handles.managed_keyed else { panic!() };
    for list in [&mut changelog.materialized, &mut changelog.non_materialized] {
        let with_null: Vec<_> = [None].into_iter().chain(list.iter()).chain([None]).collect();
        *list = with_null.into();
    }
    assert_eq!(streams(handles), before);
    operator.subtasks = Subtasks::Listed(vec![subtask].into());
    let mut other = metadata.clone();
    other.operators = vec![operator].into();
    let written = other.to_bytes().unwrap();
    // One byte each.
    assert_eq!(written.len(), bytes.len() + 4);
    let again = Metadata::parse(&written).unwrap();
    let SubtaskState::Running(handles) = again.operators.iter().next().unwrap().subtasks().next().unwrap().state else {
        panic!()
    };
    assert_eq!(streams(&handles), before);
    assert_eq!(again.to_bytes().unwrap(), written);
}

/// OPSTATE-COMPRESSED-02.
#[test]
fn elements_that_hide_their_end_are_not_cut() {
    let kryo = common::serializers::cases().into_iter().find(|case| case.name.starts_with("kryo")).unwrap();
    let kryo = SerializerSnapshot::parse(&kryo.snapshot, &Hints::default()).unwrap();
    let header = |element| OperatorHeader {
        compressed: Some(true),
        states: vec![StateMetaInfo::operator("l", false, element)],
        broadcast_states: Vec::new(),
    };
    for (element, told_apart) in [(kryo.clone(), None), (scalar(Scalar::Short), Some(2))] {
        let mut out = Output::new();
        header(element).write(&mut out).unwrap();
        out.raw(&IDENTIFIER);
        let first = i64::try_from(out.offset()).unwrap();
        let mut bytes = out.into_bytes();
        // Two elements in one chunk, of which both have the offset.
        Framing::new().append(b"abcd", &mut bytes);
        let offsets = [first; 2].into_iter().collect();
        let meta = StateMeta { name: "l".into(), mode: Mode::SplitDistribute, offsets };
        let delegate = StreamHandle::ByteStream(ByteStreamHandle { handle_name: "x".into(), data: (&[][..]).into() });
        let handle = OperatorStateHandle { states: vec![meta].into(), segmented: None, delegate };
        let stream = OperatorStream::open(&bytes, &handle).unwrap();
        let partitions = stream.partitions(&"l".into()).unwrap().unwrap();
        assert_eq!((partitions.data.as_slice(), partitions.count), (&b"abcd"[..], 2));
        assert_eq!(partitions.told_apart().map(Iterator::count), told_apart);
    }
}

/// DIR-ENTROPY-01.
#[test]
fn paths_are_taken_as_they_stand() {
    assert_eq!(FileName::new("_entropy_").map(FileName::as_str), Some("_entropy_"));
    for path in ["/a/_entropy_/b", "/a/%20", "/a b"] {
        assert_eq!(local_path(path), Some(std::path::Path::new(path)));
    }
}

/// META-HANDLE-01, META-HANDLE-03: the places that a handle or path is required in, beside delegates and files.
#[test]
fn required_handles_and_paths() {
    let hex = |text: &str| -> Vec<u8> {
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    };
    // Version 3, up to the managed operator state of a subtask.
    let head = format!("4960672d 00000003 0000000000000007 00000000 00000001 {}", "00".repeat(16));
    let head = format!("{head} 00000001 00000080 00 00000001 00000000");
    let fails = |text: &str, kind: &ErrorKind, offset: u64, path: &str| {
        let bytes = [hex(&head), hex(text), vec![0; 40]].concat();
        is(&Metadata::parse(&bytes).unwrap_err(), kind, offset, &format!("operators[0].subtasks[0].state.{path}"));
    };
    let (no_operator_state, null) = ("00000000 00000000", ErrorKind::NullHandle);
    let incremental = format!("{no_operator_state} 05 0000000000000000 0000 00000000 00000001 00");
    fails(&format!("{incremental} 00000001 0000 00"), &null, 91, "managed_keyed.shared_state[0].handle");
    fails(&format!("{incremental} 00000000 00000001 0000 00"), &null, 95, "managed_keyed.private_state[0].handle");
    let changelog = format!("{no_operator_state} 0e 00000000 00000001 0000000000000000 00000000 00000001");
    let path = "managed_keyed.non_materialized[0].handles[0].handle";
    fails(&format!("{changelog} 0d 00000000 00000001 00000001 0000000000000000 00"), &null, 111, path);

    let empty = ErrorKind::EmptyPath;
    fails("00000001 11 00000000 0000", &empty, 66, "managed_operator.task_owned_directory");
    fails("00000001 11 00000000 0001 78 0000", &empty, 69, "managed_operator.shared_directory");
    let segment = "00000001 04 00000000 0f 0000000000000000 0000000000000000 00000000 0000";
    fails(segment, &empty, 87, "managed_operator.delegate.path");
}
