//! `LogicalType`: the types of SQL.

use std::borrow::Cow;
use std::fmt;

use crate::value::TypeDescription;

/// A type of SQL, as a `LogicalType` in a snapshot says, or as far as a serializer does.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlType {
    /// Whether it prints without `NOT NULL`.
    pub nullable: bool,
    /// Which type.
    pub kind: SqlKind,
}

/// The types of SQL (`LogicalTypeRoot`).
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "SQL's own names and parameters")]
pub enum SqlKind {
    Boolean,
    TinyInt,
    SmallInt,
    Integer,
    BigInt,
    Float,
    Double,
    /// `i32::MAX` stands for the longest.
    Char {
        length: i32,
    },
    VarChar {
        length: i32,
    },
    Binary {
        length: i32,
    },
    VarBinary {
        length: i32,
    },
    Decimal {
        precision: i32,
        scale: i32,
    },
    Date,
    Time {
        precision: i32,
    },
    Timestamp {
        precision: i32,
    },
    TimestampWithLocalTimeZone {
        precision: i32,
    },
    /// `resolution` is one of [`YEAR_MONTH_RESOLUTIONS`](SqlKind::YEAR_MONTH_RESOLUTIONS).
    IntervalYearMonth {
        resolution: &'static str,
        precision: i32,
    },
    /// `resolution` is one of [`DAY_TIME_RESOLUTIONS`](SqlKind::DAY_TIME_RESOLUTIONS).
    IntervalDayTime {
        resolution: &'static str,
        day_precision: i32,
        fractional_precision: i32,
    },
    Array(Box<SqlType>),
    Map(Box<SqlType>, Box<SqlType>),
    Multiset(Box<SqlType>),
    /// A row, or a structured type, then with a class or a name.
    Row {
        name: Option<Cow<'static, str>>,
        fields: Vec<SqlField>,
    },
    Distinct {
        name: Cow<'static, str>,
        source: Box<SqlType>,
    },
    /// Bytes of a serializer; `inner` is known where its snapshot is.
    Raw {
        class: Cow<'static, str>,
        inner: Option<Box<TypeDescription>>,
    },
    Variant,
    Bitmap,
    Null,
}

/// A field of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlField {
    /// Its name; empty at the top level, where snapshots up to Flink 2.3 have none.
    pub name: Cow<'static, str>,
    /// Its type.
    pub ty: SqlType,
}

impl SqlKind {
    /// `YearMonthIntervalType.YearMonthResolution`.
    pub const YEAR_MONTH_RESOLUTIONS: [&'static str; 3] = ["YEAR", "YEAR_TO_MONTH", "MONTH"];

    /// `DayTimeIntervalType.DayTimeResolution`.
    pub const DAY_TIME_RESOLUTIONS: [&'static str; 10] = [
        "DAY",
        "DAY_TO_HOUR",
        "DAY_TO_MINUTE",
        "DAY_TO_SECOND",
        "HOUR",
        "HOUR_TO_MINUTE",
        "HOUR_TO_SECOND",
        "MINUTE",
        "MINUTE_TO_SECOND",
        "SECOND",
    ];
}

impl SqlType {
    /// The type that takes null.
    pub fn nullable(kind: SqlKind) -> Self {
        Self { nullable: true, kind }
    }

    /// The type that does not take null.
    pub fn not_null(kind: SqlKind) -> Self {
        Self { nullable: false, kind }
    }

    /// The type that values have: a `DISTINCT` type's is its source.
    pub(crate) fn physical(&self) -> &SqlKind {
        match &self.kind {
            SqlKind::Distinct { source, .. } => source.physical(),
            kind => kind,
        }
    }

    /// `TypeSerializer.getLength` of the serializer that writes it outside of a row (`InternalSerializers.create`).
    pub(crate) fn length(&self) -> Option<u32> {
        match self.physical() {
            SqlKind::Boolean | SqlKind::TinyInt => Some(1),
            SqlKind::SmallInt => Some(2),
            SqlKind::Integer
            | SqlKind::Float
            | SqlKind::Date
            | SqlKind::Time { .. }
            | SqlKind::IntervalYearMonth { .. } => Some(4),
            SqlKind::BigInt | SqlKind::Double | SqlKind::IntervalDayTime { .. } => Some(8),
            SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision } => {
                Some(if *precision <= COMPACT_TIMESTAMP { 8 } else { 12 })
            }
            _ => None,
        }
    }

    /// Bytes that every value has at least, outside of a row.
    pub(crate) fn least(&self) -> usize {
        match (self.length(), self.physical()) {
            (Some(length), _) => usize::try_from(length).unwrap_or(1),
            (None, SqlKind::Decimal { precision, .. }) if *precision <= COMPACT_DECIMAL => 8,
            (None, SqlKind::Variant) => 8,
            (None, SqlKind::Null) => 0,
            (None, _) => 4,
        }
    }
}

/// The highest precision of timestamps that are milliseconds alone.
pub(super) const COMPACT_TIMESTAMP: i32 = 3;
/// The highest precision of decimal numbers that are a `long`.
pub(super) const COMPACT_DECIMAL: i32 = 18;

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if self.nullable { Ok(()) } else { f.write_str(" NOT NULL") }
    }
}

impl fmt::Display for SqlKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::Integer => f.write_str("INT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Char { length } => write!(f, "CHAR({length})"),
            Self::VarChar { length: i32::MAX } => f.write_str("STRING"),
            Self::VarChar { length } => write!(f, "VARCHAR({length})"),
            Self::Binary { length } => write!(f, "BINARY({length})"),
            Self::VarBinary { length: i32::MAX } => f.write_str("BYTES"),
            Self::VarBinary { length } => write!(f, "VARBINARY({length})"),
            Self::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            Self::Date => f.write_str("DATE"),
            Self::Time { precision } => write!(f, "TIME({precision})"),
            Self::Timestamp { precision } => write!(f, "TIMESTAMP({precision})"),
            Self::TimestampWithLocalTimeZone { precision } => write!(f, "TIMESTAMP_LTZ({precision})"),
            Self::IntervalYearMonth { resolution, .. } | Self::IntervalDayTime { resolution, .. } => {
                write!(f, "INTERVAL {}", resolution.replace('_', " "))
            }
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Multiset(element) => write!(f, "MULTISET<{element}>"),
            Self::Row { name, fields } => {
                f.write_str(name.as_deref().unwrap_or("ROW"))?;
                f.write_str("<")?;
                for (i, SqlField { name, ty }) in fields.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    let space = if name.is_empty() { "" } else { " " };
                    write!(f, "{comma}{name}{space}{ty}")?;
                }
                f.write_str(">")
            }
            Self::Distinct { name, .. } => f.write_str(name),
            Self::Raw { class, .. } => write!(f, "RAW<{class}>"),
            Self::Variant => f.write_str("VARIANT"),
            Self::Bitmap => f.write_str("BITMAP"),
            Self::Null => f.write_str("NULL"),
        }
    }
}
