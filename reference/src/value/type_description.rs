//! What a serializer snapshot says of the values: enough to decode and encode them.

use std::fmt;

use super::Scalar;
use super::avro::AvroType;
use super::sql::SqlType;

/// The type of a value, built from a serializer snapshot. A handful of layouts cover every serializer that Flink ships.
///
/// Prints like Flink's own types: `TUPLE<STRING, BIGINT>`, `ROW<INT, VARCHAR(10)>`.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeDescription {
    /// A serializer without parameters.
    Scalar(Scalar),
    /// A constant by its position, or by its number where `numbers` has them (Scala's enumerations).
    Enum {
        /// The enum's class.
        class: Box<str>,
        /// Names, in the order of the snapshot.
        constants: Vec<Box<str>>,
        /// What stands for each constant in values; empty if that is its position.
        numbers: Vec<i32>,
    },
    /// `i32` count, then the elements.
    List {
        /// How it prints: `LIST`, `SET`, `OBJECT_ARRAY`.
        name: &'static str,
        /// The elements.
        element: Box<TypeDescription>,
        /// How an element says that it is null.
        flag: NullFlag,
    },
    /// `i32` count, then key, flag and value each.
    Map {
        /// How it prints.
        name: &'static str,
        /// The keys.
        key: Box<TypeDescription>,
        /// The values; each is preceded by a flag, 1 for null.
        value: Box<TypeDescription>,
        /// Whether a key is preceded by a flag, too.
        nullable_keys: bool,
    },
    /// Fields, one after the other.
    Record(Record),
    /// A mask of kind and nulls, then the fields that are not null.
    Row {
        /// The fields.
        fields: Vec<TypeDescription>,
        /// Whether the first two bits of the mask are the kind.
        has_kind: bool,
    },
    /// One byte, then the alternative that it stands for.
    Choice {
        /// How it prints.
        name: &'static str,
        /// Byte and type.
        branches: Vec<(u8, TypeDescription)>,
        /// The branch of every other byte, if there is one.
        otherwise: Option<u32>,
    },
    /// One byte, then nothing for null (`padding` zero bytes), or the value. Without a flag it is the value alone, of a
    /// serializer that only claims to be of variable length (`ValueSerializer`).
    Nullable {
        /// How it prints around the type; empty for the type alone.
        name: &'static str,
        /// What is there if it is not null.
        inner: Box<TypeDescription>,
        /// What the byte says.
        flag: NullFlag,
        /// Zero bytes behind a null.
        padding: u32,
    },
    /// `i32` length, then the value in that many bytes (`RawValueData`).
    Framed(Box<TypeDescription>),
    /// A POJO.
    Pojo(Box<Pojo>),
    /// A value of the table runtime, outside of a binary row.
    Sql(SqlType),
    /// A binary row whose fields nobody knows.
    BinaryRow {
        /// How many there are.
        arity: u32,
    },
    /// An Avro value.
    Avro(Box<AvroType>),
    /// Bytes that do not describe themselves.
    Opaque {
        /// The class of the values, or of the snapshot.
        class: Box<str>,
        /// Whether the serializer is known to be of variable length; else nothing is known.
        is_variable: bool,
    },
}

/// How a value says whether it is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullFlag {
    /// It does not.
    None,
    /// A byte, 1 for null.
    OneIsNull,
    /// A byte, 1 for a value.
    OneIsPresent,
    /// A mask of all elements before the first, most significant bit first, 1 for null.
    Mask,
}

/// Fields, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// How it prints: `TUPLE`, `TTL`, `TIME_WINDOW`.
    pub name: Box<str>,
    /// The fields, in the order of the bytes.
    pub fields: Vec<Field>,
    /// What `getLength` makes of them.
    pub length: LengthRule,
    /// What `hashCode` makes of them.
    pub hash: HashRule,
}

/// How `hashCode` of a record is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashRule {
    /// By nobody else than its class.
    Unknown,
    /// As Flink's tuples.
    Tuple,
    /// As Scala's products, unless its class says otherwise.
    Product,
}

/// A field of a record or POJO.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name; empty in a tuple.
    pub name: Box<str>,
    /// Its type.
    pub ty: TypeDescription,
    /// Whether the serializer has it as a parameter, and not by its nature.
    pub is_parameter: bool,
}

/// What `TypeSerializer.getLength` of a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthRule {
    /// The sum of the fields' if each is fixed.
    Sum,
    /// The sum of the fields' if each is fixed and above 0: tuples.
    SumOfPositive,
    /// Variable, whatever the fields are.
    Variable,
    /// As the user says.
    Given(Option<u32>),
}

/// A POJO: flags, then fields with a null flag each, or an instance of a subclass.
#[derive(Debug, Clone, PartialEq)]
pub struct Pojo {
    /// Its class.
    pub class: Box<str>,
    /// Fields, in the order of the bytes. A name is missing if the class had lost the field.
    pub fields: Vec<Field>,
    /// Registered subclasses: the position is the tag.
    pub registered: Vec<(Box<str>, TypeDescription)>,
    /// Other subclasses that the serializer has met. Values may name more.
    pub others: Vec<(Box<str>, TypeDescription)>,
}

impl TypeDescription {
    /// `TypeSerializer.getLength`: `Some(None)` is variable, `None` is not known (classes of users).
    pub fn length(&self) -> Option<Option<u32>> {
        match self {
            Self::Scalar(scalar) => Some(scalar.length()),
            Self::Enum { .. } => Some(Some(4)),
            Self::Nullable { inner, padding, flag: NullFlag::OneIsNull, .. } if *padding > 0 => {
                inner.length().map(|_| padding.checked_add(1))
            }
            Self::Record(record) => record.length(),
            Self::Sql(sql) => Some(sql.length()),
            Self::Opaque { is_variable, .. } => is_variable.then_some(None),
            _ => Some(None),
        }
    }

    /// Bytes that every value has at least.
    pub(super) fn least(&self) -> usize {
        match self {
            Self::Scalar(scalar) => scalar.least(),
            Self::Record(record) => record.fields.iter().map(|field| field.ty.least()).fold(0, usize::saturating_add),
            Self::Row { fields, has_kind } => (fields.len() + usize::from(*has_kind) * 2).div_ceil(8),
            Self::Nullable { inner, flag: NullFlag::None, .. } => inner.least(),
            Self::Choice { .. } | Self::Nullable { .. } | Self::Pojo(_) => 1,
            Self::Enum { .. } | Self::List { .. } | Self::Map { .. } | Self::Framed(_) | Self::BinaryRow { .. } => 4,
            Self::Sql(sql) => sql.least(),
            Self::Avro(avro) => avro.least(),
            Self::Opaque { .. } => 0,
        }
    }

    /// Whether every value says where it ends, so that something may follow it.
    pub fn is_delimited(&self) -> bool {
        match self {
            Self::Opaque { .. } => false,
            Self::List { element, .. } => element.is_delimited(),
            Self::Map { key, value, .. } => key.is_delimited() && value.is_delimited(),
            Self::Record(record) => record.fields.iter().all(|field| field.ty.is_delimited()),
            Self::Row { fields, .. } => fields.iter().all(Self::is_delimited),
            Self::Choice { branches, .. } => branches.iter().all(|(_, branch)| branch.is_delimited()),
            Self::Nullable { inner, .. } => inner.is_delimited(),
            // Values may be instances of classes that the snapshot does not have.
            Self::Pojo(pojo) => {
                let subclasses = pojo.registered.iter().chain(&pojo.others);
                pojo.fields.iter().all(|field| field.ty.is_delimited())
                    && subclasses.into_iter().all(|(_, ty)| ty.is_delimited())
            }
            Self::Scalar(_)
            | Self::Enum { .. }
            | Self::Framed(_)
            | Self::Sql(_)
            | Self::BinaryRow { .. }
            | Self::Avro(_) => true,
        }
    }
}

impl Record {
    #[expect(clippy::option_option, reason = "as of the type")]
    fn length(&self) -> Option<Option<u32>> {
        match self.length {
            LengthRule::Variable => return Some(None),
            LengthRule::Given(length) => return Some(length),
            LengthRule::Sum | LengthRule::SumOfPositive => {}
        }
        let mut sum = 0_u32;
        for field in &self.fields {
            match field.ty.length()? {
                Some(0) if self.length == LengthRule::SumOfPositive => return Some(None),
                Some(length) => sum = sum.saturating_add(length),
                None => return Some(None),
            }
        }
        Some(Some(sum))
    }
}

impl fmt::Display for TypeDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(scalar) => f.write_str(scalar.name()),
            Self::Enum { class, .. } => write!(f, "ENUM<{class}>"),
            Self::List { name, element, .. } => write!(f, "{name}<{element}>"),
            Self::Map { name, key, value, .. } => write!(f, "{name}<{key}, {value}>"),
            Self::Record(record) => {
                let parameters = record.fields.iter().filter(|field| field.is_parameter).map(|field| &field.ty);
                write_all(f, &record.name, parameters)
            }
            Self::Row { fields, .. } => write_all(f, "ROW", fields.iter()),
            Self::Choice { name, branches, .. } => {
                // Each branch is a record of one parameter, as in `EITHER<INT, STRING>`.
                let parameters = branches.iter().flat_map(|(_, branch)| match branch {
                    Self::Record(record) => record.fields.as_slice(),
                    _ => &[],
                });
                let mut seen: Vec<&TypeDescription> = Vec::new();
                for field in parameters.filter(|field| field.is_parameter) {
                    // The branches of a stream element share their one parameter.
                    if *name == "EITHER" || !seen.contains(&&field.ty) {
                        seen.push(&field.ty);
                    }
                }
                write_all(f, name, seen.into_iter())
            }
            Self::Nullable { name: "", inner, .. } => inner.fmt(f),
            Self::Nullable { name, inner, .. } => write!(f, "{name}<{inner}>"),
            Self::Framed(inner) => write!(f, "RAW<{inner}>"),
            Self::Pojo(pojo) => {
                write!(f, "POJO<{}", pojo.class)?;
                for Field { name, ty, .. } in &pojo.fields {
                    write!(f, ", {name}: {ty}")?;
                }
                f.write_str(">")
            }
            Self::Sql(sql) => sql.fmt(f),
            Self::BinaryRow { arity } => write!(f, "BINARY_ROW<{arity}>"),
            Self::Avro(avro) => avro.fmt(f),
            Self::Opaque { class, .. } => write!(f, "GENERIC<{class}>"),
        }
    }
}

fn write_all<'t>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    parameters: impl Iterator<Item = &'t TypeDescription>,
) -> fmt::Result {
    f.write_str(name)?;
    let mut separator = "<";
    for parameter in parameters {
        write!(f, "{separator}{parameter}")?;
        separator = ", ";
    }
    if separator == ", " { f.write_str(">") } else { Ok(()) }
}
