//! `LogicalType`: the types of SQL.

use std::borrow::Cow;
use std::fmt;

use crate::value::TypeDescription;

/// A type of SQL, as a `LogicalType` in a snapshot says, or as far as a serializer does.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlType<'s> {
    /// Whether it prints without `NOT NULL`.
    pub nullable: bool,
    /// Which type.
    pub kind: SqlKind<'s>,
}

/// The types of SQL (`LogicalTypeRoot`).
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "SQL's own names and parameters")]
pub enum SqlKind<'s> {
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
    IntervalYearMonth,
    IntervalDayTime,
    Array(Box<SqlType<'s>>),
    Map(Box<SqlType<'s>>, Box<SqlType<'s>>),
    Multiset(Box<SqlType<'s>>),
    /// A row, or a structured type, then with a class or a name.
    Row {
        name: Option<Cow<'s, str>>,
        fields: Vec<SqlField<'s>>,
    },
    Distinct {
        name: Cow<'s, str>,
        source: Box<SqlType<'s>>,
    },
    /// Bytes of a serializer; `inner` is known where its snapshot is.
    Raw {
        class: Cow<'s, str>,
        inner: Option<Box<TypeDescription<'s>>>,
    },
    Variant,
    Bitmap,
    Null,
}

/// A field of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlField<'s> {
    /// Its name; empty at the top level, where snapshots up to Flink 2.3 have none.
    pub name: Cow<'s, str>,
    /// Its type.
    pub ty: SqlType<'s>,
}

impl SqlType<'_> {
    /// `TypeSerializer.getLength` of the serializer that writes it outside of a row.
    pub(crate) fn length(&self) -> Option<u32> {
        match self.kind {
            SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision } => {
                Some(if precision <= 3 { 8 } else { 12 })
            }
            _ => None,
        }
    }
}

impl fmt::Display for SqlType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if self.nullable { Ok(()) } else { f.write_str(" NOT NULL") }
    }
}

impl fmt::Display for SqlKind<'_> {
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
            Self::IntervalYearMonth => f.write_str("INTERVAL YEAR TO MONTH"),
            Self::IntervalDayTime => f.write_str("INTERVAL DAY TO SECOND"),
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
