//! Serializers that the golden corpora have none of: Scala's, Python's, those of old releases and connectors. Made by hand, as their
//! snapshot classes write them.

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::metadata::Release;
use flink_savepoint::serializer::{Hint, Hints, Scalar, SerializerSnapshot, Wire};
use flink_savepoint::value::{HashCode, RowKind, TypeDescription, Value};
use flink_savepoint::wire::{Input, Output};
use flink_savepoint::{Error, ErrorKind};

const BASE: &str = "org.apache.flink.api.common.typeutils.base.";
const JAVA: &str = "org.apache.flink.api.java.typeutils.runtime.";
const SCALA: &str = "org.apache.flink.api.scala.typeutils.";
const TABLE: &str = "org.apache.flink.table.runtime.";
const PYTHON: &str = "org.apache.flink.table.runtime.typeutils.serializers.python.";
const KAFKA: &str = "org.apache.flink.streaming.connectors.kafka.FlinkKafkaProducer$";

fn utf(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

fn scalar(scalar: Scalar) -> Vec<u8> {
    SerializerSnapshot::scalar(scalar).unwrap().raw().to_vec()
}

fn snapshot(class: &str, version: i32, body: &[u8]) -> Vec<u8> {
    [&utf(class), &version.to_be_bytes()[..], body].concat()
}

/// The nested part of a composite: magic, version, count, snapshots.
fn nested(parts: &[Vec<u8>]) -> Vec<u8> {
    let count = i32::try_from(parts.len()).unwrap();
    [&1_333_245_i32.to_be_bytes()[..], &1_i32.to_be_bytes(), &count.to_be_bytes(), &parts.concat()].concat()
}

fn composite(class: &str, outer: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
    let head = [911_108_i32.to_be_bytes(), 1_i32.to_be_bytes()].concat();
    snapshot(class, 3, &[&head, outer, &nested(parts)].concat())
}

#[track_caller]
fn of(bytes: &[u8]) -> TypeDescription {
    let snapshot = SerializerSnapshot::parse(bytes, &Hints::default()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(snapshot.raw(), bytes);
    snapshot.type_description()
}

#[track_caller]
fn round(ty: &TypeDescription, bytes: &[u8], value: &Value<'_>) {
    let found = ty.decode(bytes).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(&found, value);
    assert_eq!(ty.encode(&found).unwrap(), bytes);
    assert_eq!(ty.value_length(&[bytes, &[7; 9]].concat()), Some(bytes.len()), "where the value ends");
}

#[track_caller]
fn fails(bytes: &[u8], kind: &ErrorKind, offset: usize, path: &str) {
    let error = SerializerSnapshot::parse(bytes, &Hints::default()).unwrap_err();
    assert_eq!((error.kind(), error.offset(), error.path().as_str()), (kind, offset as u64, path), "{error}");
}

fn string(text: &str) -> Value<'_> {
    Value::String(text.into())
}

#[test]
fn scala_classes() {
    let pair = of(&composite(
        &format!("{SCALA}ScalaCaseClassSerializerSnapshot"),
        &utf("com.example.Pair"),
        &[scalar(Scalar::Int), scalar(Scalar::String)],
    ));
    assert_eq!(pair.to_string(), "com.example.Pair<INT, STRING>");
    let value = Value::Record(vec![Value::Int(5), string("x")]);
    round(&pair, b"\x00\x00\x00\x05\x02x", &value);
    // As `productHash` of Scala has it, unless the class has its own.
    assert_eq!(pair.hash_code(&value), Some(HashCode::Likely(890_638_813)));

    let option = of(&composite(&format!("{SCALA}ScalaOptionSerializerSnapshot"), &[], &[scalar(Scalar::Short)]));
    assert_eq!(option.to_string(), "OPTION<SMALLINT>");
    round(&option, &[0], &Value::Null);
    round(&option, &[1, 0, 7], &Value::Short(7));

    let class = format!("{SCALA}ScalaTrySerializerSnapshot");
    let attempt = of(&composite(&class, &[], &[scalar(Scalar::Byte), scalar(Scalar::String)]));
    assert_eq!(attempt.to_string(), "TRY<TINYINT, STRING>");
    round(&attempt, &[1, 9], &Value::Alternative(0, Box::new(Value::Record(vec![Value::Byte(9)]))));
    round(&attempt, &[0, 2, b'e'], &Value::Alternative(1, Box::new(Value::Record(vec![string("e")]))));

    // `Left(5)` hashes as `Some(5)` does, being a case class; Flink's own `Left(5)` as 5.
    let parts = [scalar(Scalar::Int), scalar(Scalar::String)];
    let left = Value::Alternative(0, Box::new(Value::Record(vec![Value::Int(5)])));
    for (class, code) in [
        (format!("{SCALA}ScalaEitherSerializerSnapshot"), HashCode::Likely(-1_267_080_172)),
        (format!("{JAVA}JavaEitherSerializerSnapshot"), HashCode::Exact(5)),
    ] {
        let either = of(&composite(&class, &[], &parts));
        assert_eq!(either.to_string(), "EITHER<INT, STRING>");
        round(&either, &[1, 0, 0, 0, 5], &left);
        assert_eq!(either.hash_code(&left), Some(code));
    }

    let class = format!("{SCALA}TraversableSerializerSnapshot");
    let traversable = of(&composite(&class, &utf("code"), &[scalar(Scalar::Byte)]));
    assert_eq!(traversable.to_string(), "TRAVERSABLE<TINYINT>");
    round(&traversable, &[0, 0, 0, 2, 1, 5, 0], &Value::List(vec![Value::Byte(5), Value::Null]));

    let unit = of(&scalar(Scalar::Unit));
    round(&unit, &[0], &Value::Null);
}

#[test]
fn enumerations_of_scala_have_numbers() {
    let class = format!("{SCALA}ScalaEnumSerializerSnapshot");
    let constant = |name: &str, number: i32| [&utf(name)[..], &number.to_be_bytes()].concat();
    let body = [&utf("com.example.Weather")[..], &[0, 0, 0, 2], &constant("Sun", 10), &constant("Rain", -3)].concat();
    let bytes = snapshot(&class, 2, &body);
    let ty = of(&bytes);
    assert_eq!((ty.to_string().as_str(), ty.length()), ("ENUM<com.example.Weather>", Some(Some(4))));
    round(&ty, &10_i32.to_be_bytes(), &Value::Constant(0));
    round(&ty, &(-3_i32).to_be_bytes(), &Value::Constant(1));
    let error = ty.decode(&1_i32.to_be_bytes()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::ValuePosition { found: 1, count: 2 });
    let error = ty.encode(&Value::Constant(2)).unwrap_err();
    assert_eq!(error.kind().code(), "value-type");
    // Cut inside of a number.
    let cut = &bytes[..bytes.len() - 2];
    fails(cut, &ErrorKind::Truncated { available: 2 }, cut.len() - 2, "numbers[1]");
}

#[test]
fn legacy_snapshots_of_version_2() {
    let either = format!("{JAVA}EitherSerializerSnapshot");
    let parts = [scalar(Scalar::Int), scalar(Scalar::String)];
    let ty = of(&snapshot(&either, 2, &nested(&parts)));
    assert_eq!(ty.to_string(), "EITHER<INT, STRING>");
    round(&ty, &[1, 0, 0, 0, 5], &Value::Alternative(0, Box::new(Value::Record(vec![Value::Int(5)]))));
    let array = format!("{BASE}GenericArraySerializerConfigSnapshot");
    let ty = of(&snapshot(&array, 2, &[utf("java.lang.Integer"), nested(&parts[..1])].concat()));
    assert_eq!(ty.to_string(), "OBJECT_ARRAY<INT>");
    round(&ty, &[0, 0, 0, 2, 0, 1, 0, 0, 0, 5], &Value::List(vec![Value::Null, Value::Int(5)]));
    for (class, body) in [(&either, nested(&parts)), (&array, [utf("X"), nested(&parts[..1])].concat())] {
        let wrong = snapshot(class, 3, &body);
        fails(&wrong, &ErrorKind::SnapshotVersion { found: 3 }, 2 + class.len(), "version");
    }
    // An adapter of Flink before 1.7, which holds a Java object.
    let long = format!("{BASE}LongSerializer$LongSerializerSnapshot");
    let error = SerializerSnapshot::parse(&snapshot(&long, -1, &[]), &Hints::default()).unwrap_err();
    assert_eq!((error.offset(), error.path().as_str()), (2 + long.len() as u64, "version"), "{error}");
    // Before 1.8 composites had neither magic nor version of their own, and simple ones the name of their serializer.
    let list = format!("{BASE}ListSerializerSnapshot");
    assert_eq!(of(&snapshot(&list, 1, &nested(&parts[1..]))).to_string(), "LIST<STRING>");
    assert_eq!(of(&snapshot(&long, 2, &utf("LongSerializer"))).to_string(), "BIGINT");
    fails(&snapshot(&long, 4, &[]), &ErrorKind::SnapshotVersion { found: 4 }, 2 + long.len(), "version");
}

#[test]
fn padding_of_null_is_not_negative() {
    let class = format!("{JAVA}NullableSerializer$NullableSerializerSnapshot");
    let head = 2 + class.len() + 4 + 8;
    let bytes = |padding: i32| composite(&class, &padding.to_be_bytes(), &[scalar(Scalar::Int)]);
    fails(&bytes(-1), &ErrorKind::NegativeLength { found: -1 }, head, "padding");
    let ty = of(&bytes(4));
    assert_eq!(ty.length(), Some(Some(5)));
    round(&ty, &[1, 0, 0, 0, 0], &Value::Null);
    round(&ty, &[0, 0, 0, 0, 9], &Value::Int(9));
    let cut = ty.decode(&[1, 0, 0]).unwrap_err();
    assert_eq!((cut.kind().code(), cut.offset(), cut.path().as_str()), ("length-beyond-input", 0, "padding"), "{cut}");
}

#[test]
fn connectors_and_the_old_planner() {
    let ty = of(&snapshot(&format!("{KAFKA}TransactionStateSerializer$TransactionStateSerializerSnapshot"), 3, &[]));
    assert_eq!(ty.to_string(), "KAFKA_TRANSACTION");
    let numbers = [&7_i64.to_be_bytes()[..], &[0, 3]].concat();
    let rest = [Value::Long(7), Value::Short(3)];
    let value = |id| Value::Record([vec![id], rest.to_vec()].concat());
    round(&ty, &[&[1][..], &utf("tx"), &numbers].concat(), &value(string("tx")));
    round(&ty, &[&[0][..], &numbers].concat(), &value(Value::Null));
    let ty = of(&snapshot(&format!("{KAFKA}ContextStateSerializer$ContextStateSerializerSnapshot"), 3, &[]));
    let ids = [&[0, 0, 0, 2][..], &utf("a"), &utf("b")].concat();
    round(&ty, &ids, &Value::List(vec![string("a"), string("b")]));

    let row = SerializerSnapshot::row(Release::V2_3, &[SerializerSnapshot::scalar(Scalar::Int).unwrap()])
        .unwrap()
        .raw()
        .to_vec();
    let ty = of(&composite(&format!("{TABLE}types.CRowSerializerSnapshot"), &[], &[row]));
    assert_eq!(ty.to_string(), "CROW<ROW<INT>>");
    let Value::Record(fields) = ty.decode(&[0, 0, 0, 0, 5, 1]).unwrap() else { panic!("no record") };
    assert_eq!(fields, [Value::Row(RowKind::Insert, vec![Value::Int(5)]), Value::Boolean(true)]);
}

#[test]
fn serializers_of_python() {
    let decimal = of(&snapshot(
        &format!("{PYTHON}DecimalDataSerializer$DecimalSerializerSnapshot"),
        1,
        &[0, 0, 0, 10, 0, 0, 0, 2],
    ));
    round(&decimal, b"\x00\x00\x00\x041.25", &Value::Text(b"1.25"[..].into()));
    let bytes = of(&scalar(Scalar::PyBytes));
    let value = Value::Bytes([1, 2][..].into());
    round(&bytes, &[0, 0, 0, 2, 1, 2], &value);
    // As the one array of bytes that hashes by its content: from behind.
    assert_eq!(bytes.hash_code(&value), Some(HashCode::Exact((31 + 2) * 31 + 1)));
}

#[test]
fn rows_and_their_kinds() {
    let kinds = [RowKind::Insert, RowKind::UpdateBefore, RowKind::UpdateAfter, RowKind::Delete];
    let shown: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["+I", "-U", "+U", "-D"]);
    for (byte, kind) in (0..).zip(kinds) {
        assert_eq!((kind.byte(), RowKind::from_byte(byte)), (byte, Some(kind)));
    }
    assert_eq!(RowKind::from_byte(4), None);
}

#[test]
fn wires_by_their_names() {
    let names = [
        ("bool", Wire::Bool, "BOOLEAN"),
        ("i8", Wire::I8, "TINYINT"),
        ("i16", Wire::I16, "SMALLINT"),
        ("i32", Wire::I32, "INT"),
        ("i64", Wire::I64, "BIGINT"),
        ("f32", Wire::F32, "FLOAT"),
        ("f64", Wire::F64, "DOUBLE"),
        ("utf", Wire::Utf, "UTF"),
        ("str", Wire::Str, "STRING"),
        ("bytes", Wire::Bytes, "PRIMITIVE_ARRAY<BYTE>"),
        ("utf**", Wire::Repeated(Box::new(Wire::Repeated(Box::new(Wire::Utf)))), "LIST<LIST<UTF>>"),
    ];
    let class = "com.example.Snapshot";
    let mut hints = Hints::default();
    assert!(hints.is_empty());
    for (name, wire, shown) in names {
        assert_eq!(Wire::parse(name), Some(wire.clone()), "{name}");
        // A later hint of a class takes the place of the earlier.
        let value = Some(vec![("field".to_owned(), wire)]);
        hints.add(Hint { class: class.to_owned(), body: Some(vec![]), value, length: None });
        let bytes = snapshot(class, 1, &[]);
        let snapshot = SerializerSnapshot::parse(&bytes, &hints).unwrap();
        assert_eq!(snapshot.type_description().to_string(), format!("Snapshot<{shown}>"));
    }
    assert!(!hints.is_empty());
    for name in ["", "*", "i128", "Utf", "i32 *"] {
        assert_eq!(Wire::parse(name), None, "{name:?}");
    }
}

#[test]
fn what_follows_a_snapshot_is_an_error() {
    let mut bytes = scalar(Scalar::Long);
    let end = bytes.len();
    bytes.push(0);
    fails(&bytes, &ErrorKind::NotCanonical { what: "bytes after the snapshot" }, end, "");
}

#[test]
fn errors_are_shown_with_kind_offset_and_path() {
    let error: Error = SerializerSnapshot::parse(&[0, 1], &Hints::default()).unwrap_err();
    let shown = format!("{error:?}");
    assert!(shown.starts_with("Error { kind: ") && shown.contains(r#"path: "class""#), "{shown}");
    let [display, debug] = [format!("{}", scalar_snapshot()), format!("{:?}", scalar_snapshot())];
    assert_eq!(display, debug, "a snapshot is what it stands for, to programmers too");
    assert_eq!(scalar_snapshot(), scalar_snapshot());
}

fn scalar_snapshot() -> SerializerSnapshot<'static> {
    SerializerSnapshot::scalar(Scalar::Long).unwrap()
}

#[test]
fn states_are_shown_with_their_types() {
    let of = |scalar| SerializerSnapshot::scalar(scalar).unwrap();
    let keyed = StateMetaInfo::keyed("count", KeyedStateType::Value, of(Scalar::VoidNamespace), of(Scalar::Long));
    let broadcast = StateMetaInfo::broadcast("rules", of(Scalar::String), of(Scalar::Int));
    let timers = StateMetaInfo::timers("_timer_state/event_t", of(Scalar::Long));
    assert_eq!(timers.kind, StateKind::PriorityQueue);
    assert_eq!((timers.kind.mode(), keyed.kind.mode()), (None, None));
    for (state, shown) in [
        (&keyed, r#""count": VALUE LongSerializer by VoidNamespaceSerializer"#),
        (&broadcast, r#""rules": BROADCAST IntSerializer of StringSerializer"#),
        (&timers, r#""_timer_state/event_t": TIMERS LongSerializer"#),
    ] {
        assert_eq!(format!("{state:?}"), shown);
    }
    // Read back they have the bytes that they stood in.
    let states = vec![keyed, timers];
    let header = KeyedHeader { compressed: false, key_serializer: scalar_snapshot(), states };
    let mut out = Output::new();
    header.write(&mut out).unwrap();
    let bytes = out.into_bytes();
    let (_, read) = KeyedHeader::read_to(Input::new(&bytes), None, &Hints::default()).unwrap();
    assert_eq!(read.states.len(), 2);
    for (read, built) in read.states.iter().zip(&header.states) {
        assert!(bytes.windows(read.raw().len()).any(|window| window == read.raw()));
        assert_eq!(read.raw(), read.as_flink_writes().unwrap());
        assert_eq!(format!("{read:?}"), format!("{built:?}"));
        assert!(!read.is_ttl_aware() && read.without_ttl_awareness() == *read);
    }
}

#[test]
fn a_null_inside_of_two_frames_keeps_what_the_outer_one_holds() {
    let date = || Box::new(TypeDescription::Scalar(Scalar::SqlDate));
    let ty = TypeDescription::Framed(Box::new(TypeDescription::Framed(date())));
    // Lengths of the frames, and what a null date is.
    let bytes = [&[0, 0, 0, 12][..], &[0, 0, 0, 8], &i64::MIN.to_be_bytes()].concat();
    round(&ty, &bytes, &Value::Opaque(bytes[4..].into()));
    let one = TypeDescription::Framed(date());
    round(&one, &bytes[4..], &Value::Opaque(i64::MIN.to_be_bytes()[..].into()));
}
