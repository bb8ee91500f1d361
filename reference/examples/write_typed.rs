//! Makes a savepoint of typed state without Flink: keys and values of tuples, rows, POJOs and SQL rows, of the job in
//! `conformance/flink/java/RestoreTyped.java`. Prints what that job has to find in it, one line for each value.
//!
//! ```text
//! cargo run --example write_typed -- OUT RELEASE
//! cargo run --example write_typed -- snapshots SAVEPOINT
//! ```
//!
//! The second form prints the serializer snapshots of a savepoint, one line for each: those that Flink writes of the restored
//! job have to be the same.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flink_savepoint::keyed::{
    CompositeKey, KeyGroup, KeyLayout, KeyedHeader, KeyedWriter, MaxParallelism, StateId, Timer, key_groups_of_subtask,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{
    CheckpointProperties, Handles, Metadata, Operator, OperatorId, Properties, Release, Subtask, SubtaskState,
    Subtasks, Target,
};
use flink_savepoint::savepoint::{Directory, METADATA, PartState, Savepoint, SavepointWriter};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::value::{
    BigDecimal, BigInteger, LocalDate, LocalTime, Pojo, RowKind, Scalar, SqlField, SqlKind, SqlType, Subclass,
    TypeDescription, Value,
};
use flink_savepoint::wire::JavaStr;

type Snapshot = SerializerSnapshot<'static>;
type Result<T> = std::result::Result<T, Box<dyn Error>>;
/// Owned: examples borrow nothing.
type V = Value<'static>;

const KEYS: i32 = 20;
const PARALLELISM: u32 = 2;
const MAX_PARALLELISM: u32 = 128;
/// In the year 2286, so that no timer fires before the job ends, and nothing expires.
const FAR: i64 = 10_000_000_000_000;
/// The class that the job's own classes are nested in.
const JOB: &str = "RestoreTyped$";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let lines = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["snapshots", savepoint] => snapshots(Path::new(savepoint))?,
        [out, release] => write(out, release.parse()?)?,
        _ => return Err("usage: OUT RELEASE | snapshots SAVEPOINT".into()),
    };
    for line in lines {
        writeln!(io::stdout(), "{line}")?;
    }
    Ok(())
}

/// Writes the savepoint and returns the lines that its job prints.
fn write(out: &str, release: Release) -> Result<BTreeSet<String>> {
    let mut savepoint = SavepointWriter::create(out)?;
    let mut lines = BTreeSet::new();
    let mut operators = Vec::new();
    for job in [by_tuple(release)?, by_text()?, by_row()?, by_int()?, by_long(release)?] {
        operators.push(job.write(release, &mut savepoint, &mut lines)?);
    }
    let mut metadata = Metadata::new(release.metadata_version(), 1);
    metadata.operators = operators.into();
    if metadata.properties.is_some() {
        metadata.properties = Some(Properties::new(CheckpointProperties::canonical_savepoint(true))?);
    }
    savepoint.finish(&metadata, Target::release(release))?;
    Ok(lines)
}

// The operators and what they hold.

/// Keys are tuples of variable length, so that composite keys have lengths.
fn by_tuple(release: Release) -> Result<KeyedOperator> {
    let user_key = Snapshot::tuple(&[int()?, string()?])?;
    let rows = row(release, &[string()?, scalar(Scalar::Double)?, row(release, &[long()?, string()?])?])?;
    Ok(KeyedOperator {
        uid: "by-tuple",
        key: Snapshot::tuple(&[string()?, long()?])?,
        key_of: |i| Value::Record(vec![text_of(i), Value::Long(i64::from(i - 7) * 1_000_000_007)]),
        states: vec![
            State::value("person", person()?, person_of),
            State::list("decimals", scalar(Scalar::BigDecimal)?, decimals_of),
            State::map("rows", user_key, rows, rows_of),
        ],
    })
}

/// Nulls as long as numbers.
fn padded() -> Result<Snapshot> {
    Ok(Snapshot::tuple(&[Snapshot::nullable(&long()?, 8)?, Snapshot::nullable(&string()?, 0)?])?)
}

/// A class with two subclasses, one of them registered.
fn person() -> Result<Snapshot> {
    let class = &format!("{JOB}Person");
    let address = Snapshot::pojo("TypedTypes$Address", &[("city", string()?), ("number", int()?)])?;
    let color = Snapshot::constants("TypedTypes$Color", &["RED", "GREEN", "BLUE"])?;
    let fields: [(&str, &str, Snapshot); 6] = [
        (class, "address", address),
        (class, "age", int()?),
        (class, "color", color),
        (class, "id", long()?),
        (class, "name", string()?),
        (class, "scores", scalar(Scalar::IntArray)?),
    ];
    let subclass = |class: &str, name, serializer| {
        let mut all = fields.to_vec();
        all.push((class, name, serializer));
        all.sort_by_key(|(_, name, _)| *name);
        Snapshot::pojo_of_hierarchy(class, &all, &[], &[])
    };
    let (employee, visitor) = (&format!("{JOB}Employee"), &format!("{JOB}Visitor"));
    let registered = [(employee.as_str(), subclass(employee, "level", scalar(Scalar::Short)?)?)];
    let others = [(visitor.as_str(), subclass(visitor, "badge", string()?)?)];
    Ok(Snapshot::pojo_of_hierarchy(class, &fields, &registered, &others)?)
}

/// Keys beyond ASCII; SQL rows as values.
fn by_text() -> Result<KeyedOperator> {
    let types = row_types();
    let row = Snapshot::row_data(&types.iter().collect::<Vec<_>>())?;
    Ok(KeyedOperator {
        uid: "by-text",
        key: string()?,
        key_of: text_of,
        states: vec![
            State::value("row", row.clone(), row_of),
            State::map("row-map", string()?, row.clone(), |i| {
                (0..i % 4).map(|j| (text_of(7 * j), row_of(i + j))).collect()
            }),
            State::list("row-list", row, |i| (0..i % 3).map(|j| row_of(2 * i + j)).collect()),
        ],
    })
}

/// Keys as the SQL runtime has them: their hash is that of their bytes.
fn by_row() -> Result<KeyedOperator> {
    let types = [SqlKind::BigInt, SqlKind::VarChar { length: i32::MAX }, SqlKind::Decimal { precision: 30, scale: 5 }]
        .map(SqlType::nullable);
    Ok(KeyedOperator {
        uid: "by-row",
        key: Snapshot::row_data(&types.iter().collect::<Vec<_>>())?,
        key_of: |i| {
            let number = if i % 6 == 5 { Value::Null } else { Value::Long(i64::from(i) << 33) };
            let text = if i % 4 == 3 { Value::Null } else { utf8(&format!("k{}", "\u{444}".repeat(to_usize(i)))) };
            // Keys of the planner keep the place of a null.
            let wide = if i % 3 == 2 { Value::NullWithSpace } else { wide_decimal(i) };
            Value::Row(RowKind::Insert, vec![number, text, wide])
        },
        states: vec![State::value("count", long()?, |i| Value::Long(i64::from(i) - 3))],
    })
}

/// SQL values outside of rows, where they have another form.
fn by_int() -> Result<KeyedOperator> {
    let text = || SqlType::nullable(SqlKind::VarChar { length: i32::MAX });
    let sql =
        |name, kind, of| -> Result<State> { Ok(State::value(name, Snapshot::sql(&SqlType::nullable(kind))?, of)) };
    Ok(KeyedOperator {
        uid: "by-int",
        key: int()?,
        key_of: |i| Value::Int(i * i - 100),
        states: vec![
            sql("text", SqlKind::VarChar { length: i32::MAX }, |i| utf8(&key_text(i)))?,
            sql("compact", SqlKind::Decimal { precision: 10, scale: 2 }, |i| {
                decimal(i128::from(i) * 1_001 - 5_005, 2)
            })?,
            sql("decimal", SqlKind::Decimal { precision: 30, scale: 5 }, wide_decimal)?,
            sql("millis", SqlKind::Timestamp { precision: 3 }, |i| Value::Timestamp {
                time: i64::from(i - 9) * 100_000_000_007,
                nanos: 0,
            })?,
            sql("nanos", SqlKind::TimestampWithLocalTimeZone { precision: 9 }, |i| Value::Timestamp {
                time: i64::from(i - 9) * 100_000_000_007,
                nanos: 999_999 - i,
            })?,
            sql("array", SqlKind::Array(Box::new(text())), |i| {
                Value::List((0..i % 5).map(|j| or_null(j == 1, utf8(&key_text(j)))).collect())
            })?,
            sql("counts", SqlKind::Map(Box::new(text()), Box::new(SqlType::nullable(SqlKind::Double))), |i| {
                Value::Map((0..i % 4).map(|j| (utf8(&key_text(j)), or_null(j == 1, double(f64::from(i))))).collect())
            })?,
        ],
    })
}

/// Composites within composites, arrays, times, and state with a time to live.
fn by_long(release: Release) -> Result<KeyedOperator> {
    let inner = Snapshot::tuple(&[int()?, row(release, &[string()?, long()?])?])?;
    let times = [Scalar::LocalDate, Scalar::LocalTime, Scalar::LocalDateTime].map(scalar);
    let times = times.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(KeyedOperator {
        uid: "by-long",
        key: long()?,
        key_of: |i| Value::Long(i64::from(i - 5) * 1_000_000_007),
        states: vec![
            State::value("either", Snapshot::either(&long()?, &string()?)?, |i| {
                let value = if i % 2 == 0 { Value::Long(3 * i64::from(i)) } else { text_of(i) };
                // What an alternative holds is a record of one field.
                Value::Alternative(to_u32(i % 2), Box::new(Value::Record(vec![value])))
            }),
            State::value("nested", Snapshot::tuple(&[string()?, inner])?, |i| {
                let fields = vec![or_null(i % 3 == 1, text_of(i)), Value::Long(i64::from(i).pow(7))];
                let row = Value::Row(if i % 2 == 0 { RowKind::Insert } else { RowKind::UpdateAfter }, fields);
                Value::Record(vec![or_null(i % 4 == 2, text_of(i)), Value::Record(vec![Value::Int(-i), row])])
            }),
            State::value("texts", scalar(Scalar::StringArray)?, |i| {
                Value::List((0..i % 4).map(|j| or_null(j == 1, text_of(5 * j))).collect())
            }),
            State::value("boxes", Snapshot::object_array("java.lang.Integer", &int()?)?, |i| {
                Value::List((0..i % 5).map(|j| or_null(j == 2, Value::Int(i << j))).collect())
            }),
            State::value("instant", scalar(Scalar::Instant)?, |i| Value::Timestamp {
                time: i64::from(i - 9) * 100_000_007,
                nanos: 999_999_999 - i,
            }),
            State::value("date", scalar(Scalar::LocalDate)?, |i| Value::Date(date_of(i))),
            State::value("times", Snapshot::tuple(&times)?, |i| {
                let date_time = Value::DateTime(date_of(i + 1), time_of(i + 1));
                Value::Record(vec![Value::Date(date_of(i)), or_null(i % 3 == 0, Value::Time(time_of(i))), date_time])
            }),
            State::value("map", Snapshot::map(&string()?, &Snapshot::list(&int()?)?)?, |i| {
                let list = |j| Value::List((0..j).map(Value::Int).collect());
                Value::Map((0..i % 4).map(|j| (text_of(j), or_null(j == 1, list(j)))).collect())
            }),
            State::value("padded", padded()?, |i| {
                Value::Record(vec![or_null(i % 2 == 0, Value::Long(i64::from(i))), or_null(i % 3 == 0, text_of(i))])
            }),
            State::value("ttl", Snapshot::ttl(&Snapshot::tuple(&[string()?, long()?])?)?, |i| {
                let value = Value::Record(vec![text_of(i), Value::Long(i64::from(i))]);
                or_null(i % 5 == 4, Value::Record(vec![Value::Long(FAR + i64::from(i)), value]))
            }),
        ],
    })
}

fn person_of(i: i32) -> V {
    let address = Value::Record(vec![or_null(i % 2 == 0, text_of(i)), Value::Int(i)]);
    let scores: Vec<u8> = (0..i % 4).flat_map(|j| (-i * j).to_be_bytes()).collect();
    let is_bare = i % 7 == 0;
    let mut fields = vec![
        or_null(is_bare || i % 7 == 4, address),
        Value::Int(20 + i),
        or_null(is_bare, Value::Constant(to_u32(i % 3))),
        or_null(is_bare, Value::Long(i64::from(i) * -1_000_000_007)),
        or_null(is_bare, text_of(i + 1)),
        or_null(is_bare, Value::Primitives(scores.into())),
    ];
    match i % 7 {
        3 => Value::Null,
        5 => {
            fields.insert(4, Value::Short(-3));
            Value::Subclass(Subclass::Registered(0), Box::new(Value::Record(fields)))
        }
        6 => {
            fields.insert(2, text_of(i));
            let name = JavaStr::from(format!("{JOB}Visitor").as_str()).into_owned();
            Value::Subclass(Subclass::Named(name), Box::new(Value::Record(fields)))
        }
        _ => Value::Record(fields),
    }
}

fn decimals_of(i: i32) -> Vec<V> {
    (0..i % 4).map(|j| decimal(i128::from(i - 8).pow(9 * to_u32(j)), j - 1)).collect()
}

fn rows_of(i: i32) -> Vec<(V, V)> {
    let kinds = [RowKind::Insert, RowKind::UpdateBefore, RowKind::UpdateAfter, RowKind::Delete];
    let row = |j: i32| {
        let kind = kinds.get(to_usize(j)).copied().unwrap_or_default();
        let inner = Value::Row(RowKind::Insert, vec![Value::Long(i64::from(i)), or_null(i % 2 == 0, text_of(j))]);
        Value::Row(kind, vec![or_null(j == 1, text_of(i)), double(f64::from(i) / 7.0), or_null(j == 2, inner)])
    };
    let key = |j: i32| Value::Record(vec![Value::Int(j - 1), text_of(j)]);
    // No null, although map state has them: the savepoints of hash maps fail on nulls that the serializer does not take.
    (0..i % 5).map(|j| (key(j), row(j))).collect()
}

/// The fields of the SQL rows, as `RestoreTyped.ROW` has them.
fn row_types() -> Vec<SqlType> {
    let text = || SqlType::nullable(SqlKind::VarChar { length: i32::MAX });
    let boxed = |kind| Box::new(SqlType::nullable(kind));
    let field = |name: &'static str, kind| SqlField { name: name.into(), ty: SqlType::nullable(kind) };
    let nested = vec![
        field("a", SqlKind::Integer),
        field("b", SqlKind::VarChar { length: i32::MAX }),
        field("c", SqlKind::Array(boxed(SqlKind::BigInt))),
    ];
    let mut types: Vec<SqlType> = [
        SqlKind::Integer,
        SqlKind::BigInt,
        SqlKind::VarChar { length: 5 },
        SqlKind::VarChar { length: i32::MAX },
        SqlKind::Decimal { precision: 10, scale: 2 },
        SqlKind::Decimal { precision: 30, scale: 5 },
        SqlKind::Timestamp { precision: 3 },
        SqlKind::Timestamp { precision: 9 },
        SqlKind::TimestampWithLocalTimeZone { precision: 6 },
        SqlKind::Boolean,
        SqlKind::TinyInt,
        SqlKind::SmallInt,
        SqlKind::Float,
        SqlKind::Double,
        SqlKind::Date,
        SqlKind::Time { precision: 0 },
        SqlKind::VarBinary { length: i32::MAX },
        SqlKind::Char { length: 3 },
        SqlKind::Array(boxed(SqlKind::Integer)),
        SqlKind::Array(Box::new(text())),
        SqlKind::Map(Box::new(text()), boxed(SqlKind::BigInt)),
        SqlKind::Multiset(Box::new(text())),
        SqlKind::Row { name: None, fields: nested },
    ]
    .map(SqlType::nullable)
    .into();
    types.push(SqlType::not_null(SqlKind::Integer));
    types
}

fn row_of(i: i32) -> V {
    let long = i64::from(i);
    let short: String = "\u{436}\u{1F600}abc".chars().take(to_usize(i % 6)).collect();
    let millis = (long - 9) * 100_000_000_007;
    let ints = Value::List((0..i % 4).map(|j| or_null(j == 1, Value::Int(i * j))).collect());
    let texts = Value::List((0..i % 3).map(|j| or_null(j == 1, utf8(&"x".repeat(to_usize(4 * j + i))))).collect());
    let counts = Value::Map(
        (0..i % 3).map(|j| (utf8(&format!("key {j} of a map")), or_null(j == 1, Value::Long(long)))).collect(),
    );
    let bag = Value::Map((0..i % 2).map(|j| (utf8(&format!("m{j}")), Value::Int(i))).collect());
    let longs = Value::List(vec![Value::Long(long), Value::Null, Value::Long(-long)]);
    let nested = Value::Row(RowKind::Insert, vec![Value::Int(-i), or_null(i % 3 == 0, utf8("a nested text")), longs]);
    let fields = [
        Value::Int(i.wrapping_mul(99_999_989)),
        Value::Long(long << 50),
        utf8(&short),
        utf8(&format!("a text that is not in the slot: {short}")),
        decimal(i128::from(i) * 1_000 - 5_005, 2),
        wide_decimal(i),
        Value::Timestamp { time: millis, nanos: 0 },
        Value::Timestamp { time: millis + 1, nanos: 999_999 - i },
        Value::Timestamp { time: millis + 2, nanos: 1_000 * i },
        Value::Boolean(i % 2 == 0),
        Value::Byte(i8::try_from(i % 100 - 50).unwrap_or(0)),
        Value::Short(i16::try_from(700 * i - 3_000).unwrap_or(0)),
        Value::Float((0.1_f32 * f32::from(u8::try_from(i).unwrap_or(0))).to_bits()),
        double(f64::from(i) / 7.0 - 1.0),
        Value::Int(400 * i - 2_000),
        Value::Int(3_600_000 * (i % 24) + 7),
        Value::Bytes((0..i).flat_map(i32::to_le_bytes).take(to_usize(i)).collect::<Vec<u8>>().into()),
        utf8("c\u{e9}\u{20ac}"),
        ints,
        texts,
        counts,
        bag,
        nested,
    ];
    // Each field is null in some rows, and some rows have none.
    let is_null = |position: i32| i % 3 != 0 && (position + i) % 5 == 0;
    let mut values: Vec<V> = (0..).zip(fields).map(|(position, field)| or_null(is_null(position), field)).collect();
    values.push(Value::Int(i));
    Value::Row(RowKind::Insert, values)
}

fn wide_decimal(i: i32) -> V {
    decimal(i128::from(i - 8) * 123_456_789_012_345_678_901_234_567, 5)
}

/// Keys of one, two and four bytes a character, and the empty one.
fn text_of(i: i32) -> V {
    Value::String(key_text(i).as_str().into())
}

fn key_text(i: i32) -> String {
    match i {
        0 => String::new(),
        i if i % 3 == 0 => format!("\u{43a}\u{43b}\u{44e}\u{447}-\u{1F600}{i}"),
        i => format!("key-{i}"),
    }
}

fn date_of(i: i32) -> LocalDate {
    LocalDate { year: 1960 + 20 * i, month: small(1 + i % 12), day: small(28 - i) }
}

fn time_of(i: i32) -> LocalTime {
    LocalTime { hour: small(i), minute: 59, second: small(i), nano: if i % 4 == 0 { 0 } else { 1_001 * i } }
}

fn or_null(is_null: bool, value: V) -> V {
    if is_null { Value::Null } else { value }
}

fn utf8(text: &str) -> V {
    Value::Text(text.as_bytes().to_vec().into())
}

fn double(number: f64) -> V {
    Value::Double(number.to_bits())
}

fn decimal(unscaled: i128, scale: i32) -> V {
    Value::BigDecimal(BigDecimal { unscaled: unscaled.into(), scale })
}

fn small(number: i32) -> i8 {
    i8::try_from(number).unwrap_or(i8::MAX)
}

fn to_u32(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn to_usize(number: i32) -> usize {
    usize::try_from(number).unwrap_or(0)
}

// Serializers.

fn scalar(scalar: Scalar) -> Result<Snapshot> {
    Ok(Snapshot::scalar(scalar)?)
}

fn int() -> Result<Snapshot> {
    scalar(Scalar::Int)
}

fn long() -> Result<Snapshot> {
    scalar(Scalar::Long)
}

fn string() -> Result<Snapshot> {
    scalar(Scalar::String)
}

fn row(release: Release, fields: &[Snapshot]) -> Result<Snapshot> {
    Ok(Snapshot::row(release, fields)?)
}

// From values to a savepoint.

struct KeyedOperator {
    uid: &'static str,
    key: Snapshot,
    /// Of 0 up to [`KEYS`].
    key_of: fn(i32) -> V,
    states: Vec<State>,
}

struct State {
    name: &'static str,
    content: Content,
}

/// The serializers of a state, and what it holds for a key; a null value stands for none.
enum Content {
    Value(Snapshot, fn(i32) -> V),
    List(Snapshot, fn(i32) -> Vec<V>),
    Map(Snapshot, Snapshot, fn(i32) -> Vec<(V, V)>),
}

/// An entry: the user key of a map, the value, and how it prints.
struct Encoded {
    user_key: Option<Vec<u8>>,
    value: Vec<u8>,
    what: String,
    text: String,
}

impl State {
    fn value(name: &'static str, value: Snapshot, of: fn(i32) -> V) -> Self {
        Self { name, content: Content::Value(value, of) }
    }

    fn list(name: &'static str, element: Snapshot, of: fn(i32) -> Vec<V>) -> Self {
        Self { name, content: Content::List(element, of) }
    }

    fn map(name: &'static str, key: Snapshot, value: Snapshot, of: fn(i32) -> Vec<(V, V)>) -> Self {
        Self { name, content: Content::Map(key, value, of) }
    }

    fn meta_info(&self) -> Result<StateMetaInfo<'static>> {
        let (kind, value) = match &self.content {
            Content::Value(value, _) => (KeyedStateType::Value, value.clone()),
            Content::List(element, _) => (KeyedStateType::List, Snapshot::list(element)?),
            Content::Map(key, value, _) => (KeyedStateType::Map, Snapshot::map(key, value)?),
        };
        Ok(StateMetaInfo::keyed(self.name, kind, scalar(Scalar::VoidNamespace)?, value))
    }

    fn entries(&self, i: i32) -> Result<Vec<Encoded>> {
        match &self.content {
            Content::Value(snapshot, of) => {
                let (ty, value) = (snapshot.type_description(), of(i));
                if value == Value::Null {
                    return Ok(Vec::new());
                }
                let (bytes, text) = (ty.encode(&value)?, text(&ty, &value));
                Ok(vec![Encoded { user_key: None, value: bytes, what: self.name.into(), text }])
            }
            Content::List(snapshot, of) => {
                let (ty, elements) = (snapshot.type_description(), of(i));
                if elements.is_empty() {
                    return Ok(Vec::new());
                }
                let texts: Vec<String> = elements.iter().map(|element| text(&ty, element)).collect();
                let (value, text) = (ty.encode_list_state(&elements)?, texts.join(" | "));
                Ok(vec![Encoded { user_key: None, value, what: self.name.into(), text }])
            }
            Content::Map(keys, values, of) => {
                let (key_ty, value_ty) = (keys.type_description(), values.type_description());
                let entry = |(key, value): (V, V)| {
                    Ok(Encoded {
                        user_key: Some(key_ty.encode(&key)?),
                        value: value_ty.encode_map_value(&value)?,
                        what: format!("{}[{}]", self.name, text(&key_ty, &key)),
                        text: text(&value_ty, &value),
                    })
                };
                of(i).into_iter().map(entry).collect()
            }
        }
    }
}

impl KeyedOperator {
    fn write(
        &self,
        release: Release,
        savepoint: &mut SavepointWriter,
        lines: &mut BTreeSet<String>,
    ) -> Result<Operator<'static>> {
        let max = MaxParallelism::new(MAX_PARALLELISM).ok_or("max parallelism")?;
        let header = self.header()?;
        let mut entries = Vec::new();
        for i in 0..KEYS {
            self.entries_of(i, &header, max, &mut entries, lines)?;
        }
        entries.sort();
        let mut subtasks = Vec::new();
        for index in 0..PARALLELISM {
            let range = key_groups_of_subtask(max, PARALLELISM, index).ok_or("no such subtask")?;
            let groups = range.start()..=range.last().ok_or("no key groups")?;
            let mut keyed = KeyedWriter::new(savepoint.stream(), &header, range, max)?;
            for (group, state, key, value) in &entries {
                if groups.contains(&u32::from(group.0)) {
                    keyed.entry(*group, *state, key, value)?;
                }
            }
            let managed_keyed = Some(savepoint.keyed(keyed.finish()?)?);
            let state = SubtaskState::Running(Handles { managed_keyed, ..Handles::default() });
            subtasks.push(Subtask { index, state });
        }
        let named = release >= Release::V2_0;
        Ok(Operator {
            name: named.then(|| self.uid.into()),
            uid: named.then(|| self.uid.into()),
            id: OperatorId::from_uid(self.uid),
            parallelism: PARALLELISM,
            max_parallelism: max.get().into(),
            coordinator_state: None,
            subtasks: Subtasks::Listed(subtasks.into()),
        })
    }

    /// An entry names its state by the position in it.
    fn header(&self) -> Result<KeyedHeader<'static>> {
        let mut states = self.states.iter().map(State::meta_info).collect::<Result<Vec<_>>>()?;
        let timer = Snapshot::timer(&self.key, &scalar(Scalar::VoidNamespace)?)?;
        states.push(StateMetaInfo::timers("_timer_state/event_user-timers", timer.clone()));
        // A job has both as soon as it has one.
        states.push(StateMetaInfo::timers("_timer_state/processing_user-timers", timer));
        Ok(KeyedHeader { compressed: false, key_serializer: self.key.clone(), states })
    }

    fn entries_of(
        &self,
        i: i32,
        header: &KeyedHeader<'_>,
        max: MaxParallelism,
        entries: &mut Vec<(KeyGroup, StateId, Vec<u8>, Vec<u8>)>,
        lines: &mut BTreeSet<String>,
    ) -> Result<()> {
        let (ty, key) = (self.key.type_description(), (self.key_of)(i));
        let group = max.key_group_of(ty.hash_code(&key).ok_or("no hash code")?.code());
        let (bytes, key) = (ty.encode(&key)?, text(&ty, &key));
        let namespace = TypeDescription::Scalar(Scalar::VoidNamespace).encode(&Value::Null)?;
        let mut ids = (0..).map(StateId);
        for ((state, info), id) in self.states.iter().zip(&header.states).zip(&mut ids) {
            let layout = KeyLayout::of(&header.key_serializer, info).ok_or("no layout")?;
            for Encoded { user_key, value, what, text } in state.entries(i)? {
                let parts = CompositeKey { key: &bytes, namespace: &namespace, user_key: user_key.as_deref() };
                entries.push((group, id, layout.join(&parts), value));
                lines.insert(format!("{}\t{key}\t{what}\t{text}", self.uid));
            }
        }
        if i % 3 == 0 {
            let id = ids.next().ok_or("no timers")?;
            let rest = [bytes, namespace].concat();
            for timestamp in [FAR + i64::from(i), FAR - i64::from(i)].into_iter().collect::<BTreeSet<_>>() {
                entries.push((group, id, Timer { timestamp, rest: &rest }.write(), Vec::new()));
                lines.insert(format!("{}\t{key}\ttimer\t{timestamp}", self.uid));
            }
        }
        Ok(())
    }
}

/// The serializer snapshots of a savepoint, with what each is for.
fn snapshots(directory: &Path) -> Result<BTreeSet<String>> {
    let bytes = fs::read(directory.join(METADATA))?;
    let savepoint = Savepoint::new(Metadata::parse(&bytes)?, Directory::new(directory));
    let mut lines = BTreeSet::new();
    for operator in &savepoint.metadata().operators {
        savepoint.for_each_part(&operator, |part| {
            let PartState::ManagedKeyed(handle) = part.state else { return Ok(()) };
            savepoint.keyed(part, handle, |stream| {
                let header = stream.header();
                let mut line = |what: &str, snapshot: &SerializerSnapshot<'_>| {
                    let hex = joined(snapshot.raw().iter().map(|byte| format!("{byte:02x}")));
                    lines.insert(format!("{}\t{what}\t{hex}", operator.id));
                };
                line("key", &header.key_serializer);
                for state in &header.states {
                    line(&format!("{} {}", state.kind.label(), state.name), &state.value_serializer);
                    if let Some(namespace) = &state.namespace_serializer {
                        line(&format!("{} {} namespace", state.kind.label(), state.name), namespace);
                    }
                }
                Ok(())
            })
        })?;
    }
    Ok(lines)
}

// How values print: `RestoreTyped.text` is the same in Java.

fn text(ty: &TypeDescription, value: &Value<'_>) -> String {
    match (ty, value) {
        (_, Value::Null) => "null".into(),
        (TypeDescription::Enum { constants, .. }, Value::Constant(at)) => {
            constants.get(*at as usize).map(ToString::to_string).unwrap_or_default()
        }
        (TypeDescription::Pojo(pojo), _) => pojo_text(pojo, value),
        // The user sees the value alone.
        (TypeDescription::Record(record), Value::Record(fields)) if &*record.name == "TTL" => {
            record.fields.last().zip(fields.last()).map(|(field, value)| text(&field.ty, value)).unwrap_or_default()
        }
        (TypeDescription::Record(record), Value::Record(fields)) => {
            let types = record.fields.iter().map(|field| &field.ty);
            format!("({})", joined(types.zip(fields).map(|(ty, field)| text(ty, field))))
        }
        (TypeDescription::Row { fields: types, .. }, Value::Row(kind, fields)) => {
            format!("{kind}({})", joined(types.iter().zip(fields).map(|(ty, field)| text(ty, field))))
        }
        (TypeDescription::Choice { branches, .. }, Value::Alternative(at, value)) => {
            let side = if *at == 0 { "Left" } else { "Right" };
            branches.get(*at as usize).map(|(_, ty)| format!("{side}{}", text(ty, value))).unwrap_or_default()
        }
        (TypeDescription::List { element, .. }, Value::List(elements)) => {
            format!("[{}]", joined(elements.iter().map(|value| text(element, value))))
        }
        (TypeDescription::Map { key, value, .. }, Value::Map(entries)) => {
            map_text(entries.iter().map(|(k, v)| (text(key, k), text(value, v))))
        }
        (TypeDescription::Scalar(Scalar::IntArray), Value::Primitives(bytes)) => {
            let (ints, _) = bytes.as_chunks();
            format!("[{}]", joined(ints.iter().map(|int| i32::from_be_bytes(*int).to_string())))
        }
        _ => plain_text(value),
    }
}

/// Of values that say themselves what they are, as those of SQL rows do.
fn plain_text(value: &Value<'_>) -> String {
    match value {
        Value::Null | Value::NullWithSpace => "null".into(),
        Value::Boolean(value) => value.to_string(),
        Value::Byte(value) => value.to_string(),
        Value::Short(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Long(value) => value.to_string(),
        Value::Float(bits) => format!("f{bits:x}"),
        Value::Double(bits) => format!("d{bits:x}"),
        Value::String(text) => format!("\"{text}\""),
        Value::Text(text) => format!("\"{}\"", String::from_utf8_lossy(text)),
        Value::Bytes(bytes) => format!("[{}]", joined(bytes.iter().map(|byte| byte.cast_signed().to_string()))),
        Value::BigDecimal(number) => format!("{}:{}", integer(&number.unscaled), number.scale),
        Value::Date(date) => date_text(*date),
        Value::Time(time) => time_text(*time),
        Value::DateTime(date, time) => format!("{}T{}", date_text(*date), time_text(*time)),
        Value::Timestamp { time, nanos } => format!("{time}+{nanos}"),
        Value::List(elements) => format!("[{}]", joined(elements.iter().map(plain_text))),
        Value::Map(entries) => map_text(entries.iter().map(|(key, value)| (plain_text(key), plain_text(value)))),
        Value::Row(kind, fields) => format!("{kind}({})", joined(fields.iter().map(plain_text))),
        other => format!("{other:?}"),
    }
}

/// Class and fields by name; an instance of a subclass is one of its own type.
fn pojo_text(pojo: &Pojo, value: &Value<'_>) -> String {
    match value {
        Value::Record(fields) => {
            let field = |(field, value): (&flink_savepoint::value::Field, &Value<'_>)| {
                format!("{}={}", field.name, text(&field.ty, value))
            };
            let class = pojo.class.rsplit('$').next().unwrap_or_default();
            format!("{class}{{{}}}", joined(pojo.fields.iter().zip(fields).map(field)))
        }
        Value::Subclass(subclass, inner) => {
            let known = match subclass {
                Subclass::Registered(tag) => pojo.registered.get(usize::from(*tag)),
                Subclass::Named(name) => pojo.others.iter().find(|(class, _)| **class == *name.to_text()),
            };
            known.map(|(_, ty)| text(ty, inner)).unwrap_or_default()
        }
        _ => plain_text(value),
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// Sorted, since the order of a hash map is not that of the file.
fn map_text(entries: impl Iterator<Item = (String, String)>) -> String {
    let mut entries: Vec<String> = entries.map(|(key, value)| format!("{key}={value}")).collect();
    entries.sort();
    format!("{{{}}}", entries.join(", "))
}

/// Up to 16 bytes of two's complement.
fn integer(number: &BigInteger<'_>) -> i128 {
    let bytes = number.bytes();
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| number << 8 | i128::from(*byte))
}

fn date_text(date: LocalDate) -> String {
    format!("{}-{}-{}", date.year, date.month, date.day)
}

fn time_text(time: LocalTime) -> String {
    format!("{}:{}:{}.{}", time.hour, time.minute, time.second, time.nano)
}
