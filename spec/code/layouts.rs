//! Layouts: the fields of every structure, in their order; and choices, where a type byte or the like selects a layout.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::requirements::files;

/// A structure: fields one after the other, without padding.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Its id, unique among layouts and choices.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Flink's class that it stands for.
    pub class: Option<String>,
    /// What `since` and `until` of the fields count.
    pub scale: Option<Scale>,
    /// The fields.
    #[serde(default, rename = "field")]
    pub fields: Vec<Field>,
    /// The chapter that defines it.
    #[serde(skip)]
    pub chapter: &'static str,
}

/// What `since` and `until` count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Versions of the metadata file.
    Metadata,
}

/// A field of a layout.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name, unique in the layout unless only one of those of a name is ever present.
    pub name: String,
    /// How its bytes are read.
    #[serde(rename = "type")]
    pub ty: Type,
    /// What it means, in a line.
    #[serde(default)]
    pub meaning: String,
    /// First version that has it.
    pub since: Option<u8>,
    /// Last version that has it.
    pub until: Option<u8>,
    /// Present only if.
    pub when: Option<Condition>,
    /// Repeated as often as this earlier field says; negative: not at all.
    pub count: Option<String>,
    /// The only value that it has.
    pub value: Option<String>,
    /// What its absence means.
    pub absent: Option<String>,
    /// Ids that bind it.
    #[serde(default)]
    pub requirements: Vec<String>,
}

/// A place where a value decides what follows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its id, unique among layouts and choices.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// The field that decides; without a type a name of the environment, for which nothing is read.
    pub selector: String,
    /// How the selector is read.
    pub selector_type: Option<Type>,
    /// Its alternatives.
    #[serde(rename = "case")]
    pub cases: Vec<Case>,
    /// The chapter that defines it.
    #[serde(skip)]
    pub chapter: &'static str,
}

/// An alternative of a choice.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The value of the selector.
    pub value: Literal,
    /// Its name for people.
    pub title: String,
    /// Flink's constant.
    pub constant: Option<String>,
    /// What follows; nothing if absent.
    pub layout: Option<String>,
    /// First release that writes it.
    pub since: Option<String>,
    /// Last release that writes it.
    pub until: Option<String>,
    /// First release that reads it, if that is another one.
    pub read_since: Option<String>,
    /// Last release that reads it, if later ones do not.
    pub read_until: Option<String>,
    /// Where one value has two layouts.
    pub when: Option<Condition>,
    /// What it stands for.
    pub meaning: Option<String>,
}

impl Case {
    /// First release that reads it.
    pub fn readable_since(&self) -> Option<&str> {
        self.read_since.as_deref().or(self.since.as_deref())
    }
}

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

/// Comparisons that all have to hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Condition {
    /// The comparisons.
    pub all: Vec<Comparison>,
    text: String,
}

/// A name compared with a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// An earlier field, or a name of the environment.
    pub name: String,
    /// How they are compared.
    pub operator: Operator,
    /// With what.
    pub literal: Literal,
}

/// How a comparison compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A number or a word. Booleans are 0 and 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// A number.
    Number(i64),
    /// A word.
    Word(String),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl Comparison {
    /// Whether it holds of that value. A number and a word are never equal, and never in an order.
    pub fn holds(&self, value: &Literal) -> bool {
        use std::cmp::Ordering;
        let order = match (value, &self.literal) {
            (Literal::Number(a), Literal::Number(b)) => Some(a.cmp(b)),
            (Literal::Word(a), Literal::Word(b)) => Some(a.cmp(b)),
            _ => None,
        };
        match self.operator {
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::NotEqual => order != Some(Ordering::Equal),
            Operator::Less => order == Some(Ordering::Less),
            Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
            Operator::Greater => order == Some(Ordering::Greater),
            Operator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

impl FromStr for Comparison {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (Some(name), Some(operator), Some(literal), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(format!("no comparison: {text}"));
        };
        let operator = match operator {
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            other => return Err(format!("no operator: {other}")),
        };
        let literal = match literal {
            "true" => Literal::Number(1),
            "false" => Literal::Number(0),
            word => word.parse().map_or_else(|_| Literal::Word(word.to_owned()), Literal::Number),
        };
        Ok(Self { name: name.to_owned(), operator, literal })
    }
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let all = text.split(" and ").map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { all, text })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A layout or a choice.
#[derive(Debug, Clone, Copy)]
pub enum Structure {
    /// Fields.
    Layout(&'static Layout),
    /// Alternatives.
    Choice(&'static Choice),
}

/// Chapter and text of each file.
pub const FILES: &[(&str, &str)] = files!("layouts": "metadata", "properties", "handles", "keyed", "operator", "raw", "compression", "serializers", "native");

struct Registry {
    layouts: Vec<Layout>,
    choices: Vec<Choice>,
}

static ALL: LazyLock<Registry> = LazyLock::new(|| {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        layout: Vec<Layout>,
        #[serde(default)]
        choice: Vec<Choice>,
    }
    let mut all = Registry { layouts: Vec::new(), choices: Vec::new() };
    for (chapter, text) in FILES {
        let file: File = crate::parse(chapter, text);
        all.layouts.extend(file.layout.into_iter().map(|one| Layout { chapter, ..one }));
        all.choices.extend(file.choice.into_iter().map(|one| Choice { chapter, ..one }));
    }
    all
});

static BY_ID: LazyLock<BTreeMap<&'static str, Structure>> = LazyLock::new(|| {
    let layouts = layouts().iter().map(|one| (one.id.as_str(), Structure::Layout(one)));
    layouts.chain(choices().iter().map(|one| (one.id.as_str(), Structure::Choice(one)))).collect()
});

/// All layouts, in the order of the chapters.
pub fn layouts() -> &'static [Layout] {
    &ALL.layouts
}

/// All choices, in the order of the chapters.
pub fn choices() -> &'static [Choice] {
    &ALL.choices
}

/// The layout or choice of that id.
pub fn get(id: &str) -> Option<Structure> {
    BY_ID.get(id).copied()
}
