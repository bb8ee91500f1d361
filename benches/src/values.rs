//! Values for the benches: about 1 MB of each of some types.

use flink_savepoint::Error;
use flink_savepoint::keyed::{CompositeKey, KeyLayout};
use flink_savepoint::metadata::Release;
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};
use flink_savepoint::value::{BigDecimal, BigInteger, FlinkString, RowKind, SqlKind, SqlType, TypeDescription, Value};

type Snapshot = SerializerSnapshot<'static>;
type Made = Result<Snapshot, Error>;

const BYTES: usize = 1 << 20;
const LARGE_DECIMAL: SqlKind = SqlKind::Decimal { precision: 38, scale: 2 };
const SMALL_DECIMAL: SqlKind = SqlKind::Decimal { precision: 10, scale: 2 };
const STRING: SqlKind = SqlKind::VarChar { length: i32::MAX };

/// Values of one type, one behind the other.
#[derive(Debug)]
pub struct Values {
    ty: TypeDescription,
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Values {
    fn new(snapshot: Made, value: impl Fn(u64) -> Value<'static>) -> Self {
        Self::of_type(snapshot.expect("a sound snapshot").type_description(), value)
    }

    fn of_type(ty: TypeDescription, value: impl Fn(u64) -> Value<'static>) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for i in 0.. {
            bytes.extend(ty.encode(&value(i)).expect("of its type"));
            if bytes.len() > BYTES {
                break;
            }
            ends.push(bytes.len());
        }
        bytes.truncate(ends.last().copied().unwrap_or_default());
        Self { ty, bytes, ends }
    }

    /// `Long`.
    pub fn longs() -> Self {
        Self::new(scalar(Scalar::Long), |i| Value::Long(mix(i).cast_signed()))
    }

    /// `String` of 12 letters.
    pub fn strings() -> Self {
        Self::new(scalar(Scalar::String), |i| ascii(i, 12))
    }

    /// `Tuple2<String, Long>`.
    pub fn tuples() -> Self {
        Self::new(tuple(), |i| Value::Record(vec![ascii(i, 12), long(i)]))
    }

    /// The values as keys of that layout, in the namespace `window` where it is a string.
    #[must_use]
    pub fn composites(&self, layout: &KeyLayout, user_key: Option<&[u8]>) -> Self {
        let namespace = layout.namespace().encode(&Value::String("window".into())).unwrap_or_else(|_| vec![0]);
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for key in self.slices() {
            bytes.extend(layout.join(&CompositeKey { key, namespace: &namespace, user_key }));
            ends.push(bytes.len());
        }
        Self { ty: self.ty.clone(), bytes, ends }
    }

    /// Their type.
    pub fn ty(&self) -> &TypeDescription {
        &self.ty
    }

    /// All of them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of each.
    pub fn slices(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end]).collect()
    }
}

/// Each type with its name.
pub fn all() -> Vec<(&'static str, Values)> {
    let list = |size, value: fn(u64) -> Value<'static>| {
        move |i: u64| Value::List((0..size).map(|j| value(8 * i + j)).collect())
    };
    let entry = |i| (ascii(i, 8), int(i));
    vec![
        ("long", Values::longs()),
        ("string-ascii-12", Values::strings()),
        ("string-non-ascii-12", Values::new(scalar(Scalar::String), |i| string(i, 12, 0x400))),
        ("string-ascii-1k", Values::new(scalar(Scalar::String), |i| ascii(i, 1_000))),
        ("string-non-ascii-1k", Values::new(scalar(Scalar::String), |i| string(i, 1_000, 0x400))),
        ("big-decimal", Values::new(scalar(Scalar::BigDecimal), |i| decimal(mix(i) >> 20))),
        ("tuple-string-long", Values::tuples()),
        ("row", Values::new(row(), |i| Value::Row(RowKind::Insert, vec![ascii(i, 12), long(i), Value::Null, int(i)]))),
        (
            "list-string",
            Values::new(string_of().and_then(|element| Snapshot::list(&element)), list(8, |i| ascii(i, 12))),
        ),
        ("map-string-int", Values::new(map(), move |i| Value::Map((8 * i..8 * i + 8).map(entry).collect()))),
        ("pojo", Values::new(pojo(), pojo_value)),
        (
            "ttl-string",
            Values::new(string_of().and_then(|value| Snapshot::ttl(&value)), |i| {
                Value::Record(vec![Value::Long(1_700_000_000_000), ascii(i, 12)])
            }),
        ),
        (
            "long-array",
            Values::new(scalar(Scalar::LongArray), |i| {
                Value::Primitives((0..16).flat_map(|j| mix(16 * i + j).to_be_bytes()).collect::<Vec<_>>().into())
            }),
        ),
        ("row-data", Values::new(row_data(), row_data_value)),
        ("array-data-int", Values::new(array(SqlKind::Integer), list(16, int))),
        ("array-data-string", Values::new(array(STRING), list(8, |i| text(i, 12)))),
        ("avro-record", Values::new(avro(), avro_value)),
    ]
}

fn scalar(of: Scalar) -> Made {
    Snapshot::scalar(of)
}

fn string_of() -> Made {
    scalar(Scalar::String)
}

fn tuple() -> Made {
    Snapshot::tuple(&[string_of()?, scalar(Scalar::Long)?])
}

fn row() -> Made {
    Snapshot::row(Release::V2_3, &[string_of()?, scalar(Scalar::Long)?, scalar(Scalar::Double)?, scalar(Scalar::Int)?])
}

fn map() -> Made {
    Snapshot::map(&string_of()?, &scalar(Scalar::Int)?)
}

fn pojo() -> Made {
    let fields = [
        ("active", scalar(Scalar::Boolean)?),
        ("count", scalar(Scalar::Int)?),
        ("id", scalar(Scalar::Long)?),
        ("name", string_of()?),
        ("score", scalar(Scalar::Double)?),
    ];
    Snapshot::pojo("com.example.Account", &fields)
}

fn pojo_value(i: u64) -> Value<'static> {
    Value::Record(vec![
        Value::Boolean(i.is_multiple_of(2)),
        int(i),
        long(i),
        ascii(i, 12),
        Value::Double(0.5_f64.to_bits()),
    ])
}

fn row_data() -> Made {
    let kinds = [SqlKind::BigInt, STRING, STRING, SMALL_DECIMAL, LARGE_DECIMAL, SqlKind::Timestamp { precision: 3 }];
    let types = kinds.map(SqlType::nullable);
    Snapshot::row_data(&types.iter().collect::<Vec<_>>())
}

/// A string of its own and one in its slot, both forms of decimal numbers.
fn row_data_value(i: u64) -> Value<'static> {
    let time = Value::Timestamp { time: 1_700_000_000_000, nanos: 0 };
    let fields = vec![long(i), text(i, 12), text(i, 5), decimal(mix(i) >> 34), decimal(mix(i) >> 2), time];
    Value::Row(RowKind::Insert, fields)
}

fn array(element: SqlKind) -> Made {
    let field = SqlType::nullable(element);
    Snapshot::sql(&SqlType::nullable(SqlKind::Array(Box::new(field))))
}

fn avro() -> Made {
    let schema = r#"{"type": "record", "name": "Account", "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": "string"},
        {"name": "balance", "type": "double"},
        {"name": "parent", "type": ["null", "string"]},
        {"name": "tags", "type": {"type": "array", "items": "string"}}
    ]}"#;
    Snapshot::avro("org.apache.avro.generic.GenericRecord", schema, 2)
}

fn avro_value(i: u64) -> Value<'static> {
    let parent = Value::Alternative(1, Box::new(text(i, 12)));
    let tags = Value::List(vec![text(i, 5), text(i + 1, 5)]);
    Value::Record(vec![long(i), text(i, 12), Value::Double(0.5_f64.to_bits()), parent, tags])
}

fn int(i: u64) -> Value<'static> {
    let [_, _, _, _, low @ ..] = mix(i).to_be_bytes();
    Value::Int(i32::from_be_bytes(low))
}

fn long(i: u64) -> Value<'static> {
    Value::Long(mix(i).cast_signed())
}

fn decimal(unscaled: u64) -> Value<'static> {
    Value::BigDecimal(BigDecimal { unscaled: BigInteger::from(unscaled.cast_signed()), scale: 2 })
}

/// Letters from `first` on.
fn string(seed: u64, length: usize, first: u16) -> Value<'static> {
    Value::String(FlinkString::from_utf16(letters(seed, length).map(|letter| first + letter)))
}

fn ascii(seed: u64, length: usize) -> Value<'static> {
    string(seed, length, b'a'.into())
}

/// The same as SQL has it.
fn text(seed: u64, length: usize) -> Value<'static> {
    let bytes: Vec<u8> =
        letters(seed, length).filter_map(|letter| u8::try_from(letter + u16::from(b'a')).ok()).collect();
    Value::Text(bytes.into())
}

/// Numbers below 26.
fn letters(seed: u64, length: usize) -> impl Iterator<Item = u16> {
    (0..).flat_map(move |i| mix(seed << 16 | i).to_be_bytes()).map(|byte| u16::from(byte % 26)).take(length)
}

/// The finaliser of `SplitMix64`.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}
