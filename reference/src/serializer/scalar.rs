//! Serializers without parameters.

/// What a serializer without parameters writes. The names are those of Flink's `Types`, and SQL's where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named after the serializers")]
pub enum Scalar {
    Boolean,
    Byte,
    Short,
    Char,
    Int,
    Long,
    Float,
    Double,
    String,
    BigInteger,
    BigDecimal,
    /// `java.util.Date`.
    JavaDate,
    SqlDate,
    SqlTime,
    SqlTimestamp,
    Instant,
    LocalDate,
    LocalTime,
    LocalDateTime,
    Void,
    VoidNamespace,
    Tuple0,
    Unit,
    Variant,
    Bitmap,
    BooleanValue,
    ByteValue,
    ShortValue,
    CharValue,
    IntValue,
    LongValue,
    FloatValue,
    DoubleValue,
    StringValue,
    NullValue,
    /// `NullValue` through its own `write`, by a `ValueSerializer`: one byte.
    NullValueByte,
    BooleanArray,
    ByteArray,
    ShortArray,
    CharArray,
    IntArray,
    LongArray,
    FloatArray,
    DoubleArray,
    StringArray,
    GlobalWindow,
    /// The SQL `NullSerializer`: one byte.
    SqlNull,
    /// A `long` with its sign bit flipped, so that the bytes are in the order of the numbers: timers, `SortedLongSerializer`.
    SortedLong,
    /// `StringData`, and the strings of `PyFlink`: `i32` length and UTF-8.
    Utf8,
    /// `PyFlink`'s `ByteArrayWrapper`: `i32` length and bytes.
    PyBytes,
    /// `PyFlink`'s date: `i32` days.
    PyDate,
    /// `PyFlink`'s time: `i32` milliseconds of the day.
    PyTime,
    /// `DeweyNumber` of CEP: `i32` count, then as many `i32`.
    Dewey,
    /// `utf`, as Kafka's transactional ids.
    Utf,
}

impl Scalar {
    /// `TypeSerializer.getLength`: 0 counts as fixed, although a byte may be written; `None` is variable.
    pub fn length(self) -> Option<u32> {
        use Scalar as S;
        Some(match self {
            S::NullValue | S::VoidNamespace => 0,
            S::Boolean
            | S::Byte
            | S::Void
            | S::Tuple0
            | S::Unit
            | S::BooleanValue
            | S::ByteValue
            | S::NullValueByte
            | S::GlobalWindow
            | S::SqlNull => 1,
            S::Short | S::Char | S::ShortValue | S::CharValue => 2,
            S::Int | S::Float | S::IntValue | S::FloatValue | S::PyDate | S::PyTime => 4,
            S::LocalDate => 6,
            S::LocalTime => 7,
            S::Long
            | S::Double
            | S::LongValue
            | S::DoubleValue
            | S::JavaDate
            | S::SqlDate
            | S::SqlTime
            | S::SortedLong => 8,
            S::SqlTimestamp | S::Instant => 12,
            S::LocalDateTime => 13,
            _ => return None,
        })
    }

    /// Bytes that every value has at least.
    pub(crate) fn least(self) -> usize {
        use Scalar as S;
        match (self, self.length()) {
            (S::VoidNamespace, _) | (S::String | S::StringValue, None) => 1,
            (_, Some(length)) => usize::try_from(length).unwrap_or(1),
            (S::Variant, None) => 8,
            (S::Utf, None) => 2,
            (_, None) => 4,
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        use Scalar as S;
        match self {
            S::Boolean => "BOOLEAN",
            S::Byte => "TINYINT",
            S::Short => "SMALLINT",
            S::Char => "CHAR",
            S::Int => "INT",
            S::Long => "BIGINT",
            S::Float => "FLOAT",
            S::Double => "DOUBLE",
            S::String => "STRING",
            S::BigInteger => "BIG_INT",
            S::BigDecimal => "BIG_DEC",
            S::JavaDate => "DATE",
            S::SqlDate => "SQL_DATE",
            S::SqlTime => "SQL_TIME",
            S::SqlTimestamp => "SQL_TIMESTAMP",
            S::Instant => "INSTANT",
            S::LocalDate => "LOCAL_DATE",
            S::LocalTime => "LOCAL_TIME",
            S::LocalDateTime => "LOCAL_DATE_TIME",
            S::Void => "VOID",
            S::VoidNamespace => "VOID_NAMESPACE",
            S::Tuple0 => "TUPLE<>",
            S::Unit => "UNIT",
            S::Variant => "VARIANT",
            S::Bitmap => "BITMAP",
            S::BooleanValue => "VALUE<BooleanValue>",
            S::ByteValue => "VALUE<ByteValue>",
            S::ShortValue => "VALUE<ShortValue>",
            S::CharValue => "VALUE<CharValue>",
            S::IntValue => "VALUE<IntValue>",
            S::LongValue => "VALUE<LongValue>",
            S::FloatValue => "VALUE<FloatValue>",
            S::DoubleValue => "VALUE<DoubleValue>",
            S::StringValue => "VALUE<StringValue>",
            S::NullValue | S::NullValueByte => "VALUE<NullValue>",
            S::BooleanArray => "PRIMITIVE_ARRAY<BOOLEAN>",
            S::ByteArray => "PRIMITIVE_ARRAY<BYTE>",
            S::ShortArray => "PRIMITIVE_ARRAY<SHORT>",
            S::CharArray => "PRIMITIVE_ARRAY<CHAR>",
            S::IntArray => "PRIMITIVE_ARRAY<INT>",
            S::LongArray => "PRIMITIVE_ARRAY<LONG>",
            S::FloatArray => "PRIMITIVE_ARRAY<FLOAT>",
            S::DoubleArray => "PRIMITIVE_ARRAY<DOUBLE>",
            S::StringArray => "OBJECT_ARRAY<STRING>",
            S::GlobalWindow => "GLOBAL_WINDOW",
            S::SqlNull => "NULL",
            S::SortedLong => "SORTED_BIGINT",
            S::Utf8 => "VARCHAR",
            S::PyBytes => "BYTES",
            S::PyDate => "PY_DATE",
            S::PyTime => "PY_TIME",
            S::Dewey => "DEWEY_NUMBER",
            S::Utf => "UTF",
        }
    }
}
