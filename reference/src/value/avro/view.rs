//! A schema as it is read: kinds and parts instead of positions in an arena.

use std::fmt;

use super::schema::{AvroType, Name, Node, Shape};

/// A type inside of an [`AvroType`]: what a renderer walks beside a value. Two words, `Copy`.
///
/// Recursive schemas have no end: follow them as far as the value goes.
#[derive(Clone, Copy)]
pub struct AvroSchema<'t> {
    ty: &'t AvroType,
    node: &'t Node,
}

/// What an [`AvroSchema`] is, and the parts of its values.
#[derive(Debug, Clone, Copy)]
pub enum AvroKind<'t> {
    /// [`Value::Null`](crate::value::Value::Null).
    Null,
    /// [`Value::Boolean`](crate::value::Value::Boolean).
    Boolean,
    /// [`Value::Int`](crate::value::Value::Int).
    Int,
    /// [`Value::Long`](crate::value::Value::Long).
    Long,
    /// [`Value::Float`](crate::value::Value::Float).
    Float,
    /// [`Value::Double`](crate::value::Value::Double).
    Double,
    /// [`Value::Bytes`](crate::value::Value::Bytes).
    Bytes,
    /// [`Value::Text`](crate::value::Value::Text).
    String,
    /// [`Value::Record`](crate::value::Value::Record); an error of a protocol, too.
    Record {
        /// Full name.
        name: AvroName<'t>,
        /// Names and types, in the order of the values.
        fields: AvroFields<'t>,
    },
    /// [`Value::Constant`](crate::value::Value::Constant): the position in `symbols`.
    Enum {
        /// Full name.
        name: AvroName<'t>,
        /// The symbols.
        symbols: &'t [Box<str>],
    },
    /// [`Value::Bytes`](crate::value::Value::Bytes), always as many.
    Fixed {
        /// Full name.
        name: AvroName<'t>,
        /// How many.
        size: u32,
    },
    /// [`Value::List`](crate::value::Value::List).
    Array {
        /// Type of the elements.
        items: AvroSchema<'t>,
    },
    /// [`Value::Map`](crate::value::Value::Map). Keys are [`Value::Text`](crate::value::Value::Text).
    Map {
        /// Type of the values.
        values: AvroSchema<'t>,
    },
    /// [`Value::Alternative`](crate::value::Value::Alternative): the position in `branches`.
    Union {
        /// The alternatives.
        branches: AvroBranches<'t>,
    },
}

impl<'t> AvroSchema<'t> {
    pub(super) fn new(ty: &'t AvroType, node: &'t Node) -> Self {
        Self { ty, node }
    }

    /// What it is.
    pub fn kind(self) -> AvroKind<'t> {
        let ty = self.ty;
        match &self.node.shape {
            Shape::Null => AvroKind::Null,
            Shape::Boolean => AvroKind::Boolean,
            Shape::Int => AvroKind::Int,
            Shape::Long => AvroKind::Long,
            Shape::Float => AvroKind::Float,
            Shape::Double => AvroKind::Double,
            Shape::Bytes => AvroKind::Bytes,
            Shape::String => AvroKind::String,
            Shape::Record { name, fields } => {
                AvroKind::Record { name: AvroName(name), fields: AvroFields { ty, fields } }
            }
            Shape::Enum { name, symbols } => AvroKind::Enum { name: AvroName(name), symbols },
            Shape::Fixed { name, size } => AvroKind::Fixed { name: AvroName(name), size: *size },
            Shape::Array { items } => AvroKind::Array { items: ty.at(*items) },
            Shape::Map { values } => AvroKind::Map { values: ty.at(*values) },
            Shape::Union { branches } => AvroKind::Union { branches: AvroBranches { ty, branches } },
        }
    }

    /// Name of the logical type that the schema claims, known to Avro or not: `timestamp-millis`, `decimal`.
    pub fn logical_type(self) -> Option<&'t str> {
        self.node.logical.as_deref()
    }

    /// Bytes that every value has at least; if that is 0, no value has any.
    pub(super) fn least(self) -> usize {
        usize::try_from(self.node.least).unwrap_or(usize::MAX)
    }
}

impl AvroKind<'_> {
    /// Avro's name of the kind: `long`, `record`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Record { .. } => "record",
            Self::Enum { .. } => "enum",
            Self::Fixed { .. } => "fixed",
            Self::Array { .. } => "array",
            Self::Map { .. } => "map",
            Self::Union { .. } => "union",
        }
    }
}

/// Named types by their names, others as they are built: `array<string>`, `union<null, org.example.Account>`. Logical types
/// stand behind: `bytes(decimal)`.
impl fmt::Display for AvroSchema<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            AvroKind::Record { name, .. } | AvroKind::Enum { name, .. } | AvroKind::Fixed { name, .. } => {
                name.fmt(f)?;
            }
            AvroKind::Array { items } => write!(f, "array<{items}>")?,
            AvroKind::Map { values } => write!(f, "map<{values}>")?,
            AvroKind::Union { branches } => {
                f.write_str("union<")?;
                for (i, branch) in branches.iter().enumerate() {
                    write!(f, "{}{branch}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(">")?;
            }
            primitive => f.write_str(primitive.name())?,
        }
        self.logical_type().map_or(Ok(()), |logical| write!(f, "({logical})"))
    }
}

impl fmt::Debug for AvroSchema<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The full name of a record, enum or fixed. Prints as Avro writes it: `org.example.Account`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AvroName<'t>(&'t Name);

impl<'t> AvroName<'t> {
    /// What stands before the last dot.
    pub fn namespace(self) -> Option<&'t str> {
        self.0.namespace.as_deref()
    }

    /// The name without its namespace.
    pub fn simple(self) -> &'t str {
        &self.0.name
    }
}

impl fmt::Display for AvroName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = self.namespace() {
            write!(f, "{namespace}.")?;
        }
        f.write_str(self.simple())
    }
}

impl fmt::Debug for AvroName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The fields of a record.
#[derive(Clone, Copy)]
pub struct AvroFields<'t> {
    ty: &'t AvroType,
    fields: &'t [(Box<str>, u32)],
}

impl<'t> AvroFields<'t> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.fields.len()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.fields.is_empty()
    }

    /// Names and types, in the order of the values.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'t str, AvroSchema<'t>)> + Clone {
        self.fields.iter().map(move |(name, index)| (&**name, self.ty.at(*index)))
    }
}

impl fmt::Debug for AvroFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The branches of a union.
#[derive(Clone, Copy)]
pub struct AvroBranches<'t> {
    ty: &'t AvroType,
    branches: &'t [u32],
}

impl<'t> AvroBranches<'t> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.branches.len()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.branches.is_empty()
    }

    /// The branch that [`Value::Alternative`](crate::value::Value::Alternative) has the position of.
    pub fn branch(self, position: u32) -> Option<AvroSchema<'t>> {
        self.branches.get(usize::try_from(position).ok()?).map(|index| self.ty.at(*index))
    }

    /// The types, in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = AvroSchema<'t>> + Clone {
        self.branches.iter().map(move |index| self.ty.at(*index))
    }
}

impl fmt::Debug for AvroBranches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
