//! How the bytes of a field are read.

use std::fmt;

use serde::Deserialize;

/// How the bytes of a field are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[expect(missing_docs, reason = "the names are those of the chapter on conventions")]
pub enum Type {
    I8,
    U8,
    Bool,
    I16,
    U16,
    I32,
    I64,
    U24Le,
    U32Le,
    /// `u16` count of bytes, then modified UTF-8.
    Utf,
    /// A string of Flink: variable-length numbers.
    Str,
    /// The length behind a part of an ambiguous key: base 256, low byte first.
    Vlen,
    /// So many bytes.
    Bytes(Length),
    /// A window of so many bytes, used up by a layout.
    Frame(Length, String),
    /// A complete Java object stream.
    JavaStream,
    /// The body of a snapshot of a class that Flink does not ship.
    Foreign,
    /// What a serializer wrote.
    Value,
    /// The sections of a keyed stream.
    KeyGroupSections,
    /// The partitions of an operator state stream.
    Partitions,
    /// All that is left.
    Rest,
    /// A layout or a choice.
    Structure(String),
}

/// A number of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Length {
    /// Always the same.
    Fixed(usize),
    /// What an earlier field says, less a number.
    Field {
        /// The field.
        name: String,
        /// What is taken off it.
        less: i64,
    },
}

impl Length {
    fn parse(text: &str) -> Self {
        if let Ok(fixed) = text.parse() {
            return Self::Fixed(fixed);
        }
        let (name, less) =
            text.split_once(" - ").and_then(|(name, less)| Some((name, less.parse().ok()?))).unwrap_or((text, 0));
        Self::Field { name: name.to_owned(), less }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(n) => n.fmt(f),
            Self::Field { name, less: 0 } => f.write_str(name),
            Self::Field { name, less } => write!(f, "{name} - {less}"),
        }
    }
}

impl TryFrom<String> for Type {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bracketed = |prefix: &str| text.strip_prefix(prefix)?.split_once(']');
        Ok(match text.as_str() {
            "i8" => Self::I8,
            "u8" => Self::U8,
            "bool" => Self::Bool,
            "i16" => Self::I16,
            "u16" => Self::U16,
            "i32" => Self::I32,
            "i64" => Self::I64,
            "u24le" => Self::U24Le,
            "u32le" => Self::U32Le,
            "utf" => Self::Utf,
            "str" => Self::Str,
            "vlen" => Self::Vlen,
            "java-stream" => Self::JavaStream,
            "foreign" => Self::Foreign,
            "value" => Self::Value,
            "key-group-sections" => Self::KeyGroupSections,
            "partitions" => Self::Partitions,
            "rest" => Self::Rest,
            "snapshot" => Self::Structure("versioned-snapshot".to_owned()),
            _ => {
                if let Some((length, "")) = bracketed("bytes[") {
                    Self::Bytes(Length::parse(length))
                } else if let Some((length, layout)) = bracketed("frame[") {
                    Self::Frame(Length::parse(length), layout.trim().to_owned())
                } else if text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
                    Self::Structure(text)
                } else {
                    return Err(format!("no type: {text}"));
                }
            }
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::Bool => "bool",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U24Le => "u24le",
            Self::U32Le => "u32le",
            Self::Utf => "utf",
            Self::Str => "str",
            Self::Vlen => "vlen",
            Self::JavaStream => "java-stream",
            Self::Foreign => "foreign",
            Self::Value => "value",
            Self::KeyGroupSections => "key-group-sections",
            Self::Partitions => "partitions",
            Self::Rest => "rest",
            Self::Bytes(length) => return write!(f, "bytes[{length}]"),
            Self::Frame(length, layout) => return write!(f, "frame[{length}] {layout}"),
            Self::Structure(id) => id,
        })
    }
}
