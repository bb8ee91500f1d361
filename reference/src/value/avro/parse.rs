//! From the text of a schema to its types, by the rules of Avro's own parser.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::json::{Json, Key, Object};
use super::schema::{AvroType, Name, Node, Shape};

/// How deep types may stand in each other's text. `serde_json` bounds the text itself to 128 objects and lists, which are three
/// for a record in a record.
const DEPTH: u8 = 64;

/// Bytes of the longest full name. Many types can inherit one namespace, so that a short text could say much.
const NAME: usize = 1024;

/// Types without parameters are one node each, at these positions, unless they have a logical type.
const PRIMITIVES: [(&str, Shape, u32); 8] = [
    ("null", Shape::Null, 0),
    ("boolean", Shape::Boolean, 1),
    ("int", Shape::Int, 4),
    ("long", Shape::Long, 8),
    ("float", Shape::Float, 4),
    ("double", Shape::Double, 8),
    ("bytes", Shape::Bytes, 4),
    ("string", Shape::String, 4),
];

/// Why a text is not an Avro schema, and in which type of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvroSchemaError(Box<str>);

impl AvroSchemaError {
    fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }

    /// The error inside of that part.
    fn inside(self, part: fmt::Arguments<'_>) -> Self {
        Self::new(format!("{part}: {}", self.0))
    }
}

impl fmt::Display for AvroSchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AvroSchemaError {}

type Result<T> = std::result::Result<T, AvroSchemaError>;

fn fail<T>(message: impl Into<Box<str>>) -> Result<T> {
    Err(AvroSchemaError::new(message))
}

/// The start of a name, quoted: names may be as long as the text.
fn quoted(name: &str) -> String {
    match name.char_indices().nth(80) {
        Some((end, _)) => format!("{:?}...", name.get(..end).unwrap_or_default()),
        None => format!("{name:?}"),
    }
}

pub(super) fn parse(json: &str) -> Result<AvroType> {
    let json: Json<'_> =
        serde_json::from_str(json).map_err(|error| AvroSchemaError::new(format!("not JSON: {error}")))?;
    let nodes = PRIMITIVES.map(|(_, shape, least)| Node { shape, logical: None, least }).into();
    let mut parser = Parser { nodes, names: BTreeMap::new() };
    let root = parser.schema(&json, None, 0)?;
    Ok(AvroType { nodes: parser.nodes.into_boxed_slice(), root })
}

type Namespace<'n> = Option<&'n Arc<str>>;

struct Parser {
    nodes: Vec<Node>,
    names: BTreeMap<Name, u32>,
}

impl Parser {
    /// The position of the type that `json` is or refers to.
    fn schema(&mut self, json: &Json<'_>, namespace: Namespace<'_>, depth: u8) -> Result<u32> {
        if depth >= DEPTH {
            return fail(format!("nested deeper than the limit of {DEPTH}"));
        }
        match json {
            Json::Text(name) => self.reference(name, namespace),
            Json::Object(object) => self.object(object, namespace, depth),
            Json::List(branches) => self.union(branches, namespace, depth),
            Json::Size(_) | Json::Other => fail("a type is a name, an object, or a list of branches"),
        }
    }

    fn reference(&self, text: &str, namespace: Namespace<'_>) -> Result<u32> {
        if let Some(index) = primitive(text) {
            return Ok(index);
        }
        let name = Name::new(text, namespace)?;
        // Avro's writer leaves the namespace of types without one out even where another is inherited.
        let found = self.names.get(&name).or_else(|| self.names.get(&Name { namespace: None, name: text.into() }));
        match found {
            Some(index) => Ok(*index),
            None => fail(format!("type {} is not defined before", quoted(text))),
        }
    }

    fn object(&mut self, object: &Object<'_>, namespace: Namespace<'_>, depth: u8) -> Result<u32> {
        let Some(kind) = object.text(Key::Type) else { return fail("no type, or not by its name") };
        let logical = object.text(Key::LogicalType).map(Box::from);
        if let Some(index) = primitive(kind) {
            return match (logical, usize::try_from(index).ok().and_then(|i| PRIMITIVES.get(i))) {
                (logical @ Some(_), Some((_, shape, least))) => self.push(shape.clone(), logical, *least),
                _ => Ok(index),
            };
        }
        match kind {
            "record" | "error" => self.record(object, namespace, logical, depth),
            "enum" => {
                let name = self.define(object, namespace)?;
                let symbols = symbols(object).map_err(|e| e.inside(format_args!("enum {}", name.quoted())))?;
                self.named(name, logical, 4, |name| Shape::Enum { name, symbols })
            }
            "fixed" => {
                let name = self.define(object, namespace)?;
                match object.attribute(Key::Size) {
                    Some(Json::Size(size)) if i32::try_from(*size).is_ok() => {
                        self.named(name, logical, *size, |name| Shape::Fixed { name, size: *size })
                    }
                    _ => fail(format!("fixed {}: no size, or not a number from 0 to {}", name.quoted(), i32::MAX)),
                }
            }
            "array" => {
                let Some(items) = object.attribute(Key::Items) else { return fail("an array without items") };
                let items = self.schema(items, namespace, depth + 1).map_err(|e| e.inside(format_args!("items")))?;
                self.push(Shape::Array { items }, logical, 1)
            }
            "map" => {
                let Some(values) = object.attribute(Key::Values) else { return fail("a map without values") };
                let values = self.schema(values, namespace, depth + 1).map_err(|e| e.inside(format_args!("values")))?;
                self.push(Shape::Map { values }, logical, 1)
            }
            name => self.reference(name, namespace),
        }
    }

    fn record(
        &mut self,
        object: &Object<'_>,
        namespace: Namespace<'_>,
        logical: Option<Box<str>>,
        depth: u8,
    ) -> Result<u32> {
        let name = self.define(object, namespace)?;
        let inherited = name.namespace.clone();
        let at = |e: AvroSchemaError| e.inside(format_args!("record {}", name.quoted()));
        let Some(list) = object.list(Key::Fields) else { return fail("no fields").map_err(at) };
        // Known before its fields, which may refer to it.
        let index = self.named(name.clone(), logical, 0, |name| Shape::Record { name, fields: Box::default() })?;
        let mut fields = Vec::with_capacity(list.len());
        let mut seen = HashSet::new();
        let mut least = 0_u32;
        for field in list {
            let Json::Object(field) = field else { return fail("a field is an object").map_err(at) };
            let Some(field_name) = field.text(Key::Name) else { return fail("a field without a name").map_err(at) };
            let at = |e: AvroSchemaError| at(e.inside(format_args!("field {}", quoted(field_name))));
            if !seen.insert(field_name) {
                return fail("there is another field of this name").map_err(at);
            }
            let Some(ty) = field.attribute(Key::Type) else { return fail("no type").map_err(at) };
            let ty = self.schema(ty, inherited.as_ref(), depth + 1).map_err(at)?;
            least = least.saturating_add(self.node(ty).map_or(0, |node| node.least));
            fields.push((Box::from(field_name), ty));
        }
        if let Some(node) = usize::try_from(index).ok().and_then(|index| self.nodes.get_mut(index)) {
            node.shape = Shape::Record { name, fields: fields.into_boxed_slice() };
            node.least = least;
        }
        Ok(index)
    }

    fn union(&mut self, list: &[Json<'_>], namespace: Namespace<'_>, depth: u8) -> Result<u32> {
        let mut branches = Vec::with_capacity(list.len());
        let mut seen = HashSet::new();
        for (i, branch) in list.iter().enumerate() {
            let at = |e: AvroSchemaError| e.inside(format_args!("branch {i}"));
            let index = self.schema(branch, namespace, depth + 1).map_err(at)?;
            let shape = self.node(index).map(|node| &node.shape);
            let name = match shape {
                Some(Shape::Union { .. }) => return fail("a union in a union").map_err(at),
                Some(Shape::Record { .. } | Shape::Enum { .. } | Shape::Fixed { .. }) => Some(index),
                _ => None,
            };
            if !seen.insert((name, shape.map(std::mem::discriminant))) {
                return fail("there is another branch of this type").map_err(at);
            }
            branches.push(index);
        }
        self.push(Shape::Union { branches: branches.into_boxed_slice() }, None, 4)
    }

    /// The name of a type that is defined here.
    fn define(&self, object: &Object<'_>, namespace: Namespace<'_>) -> Result<Name> {
        let Some(text) = object.text(Key::Name) else { return fail("a record, enum or fixed without a name") };
        let own = object.text(Key::Namespace).map(Arc::from);
        let name = Name::new(text, own.as_ref().or(namespace))?;
        if name.namespace.is_none() && primitive(&name.name).is_some() {
            return fail(format!("a type is named like Avro's own {}", name.quoted()));
        }
        if self.names.contains_key(&name) {
            return fail(format!("type {} is defined twice", name.quoted()));
        }
        Ok(name)
    }

    fn named(
        &mut self,
        name: Name,
        logical: Option<Box<str>>,
        least: u32,
        shape: impl FnOnce(Name) -> Shape,
    ) -> Result<u32> {
        let index = self.push(shape(name.clone()), logical, least)?;
        self.names.insert(name, index);
        Ok(index)
    }

    fn push(&mut self, shape: Shape, logical: Option<Box<str>>, least: u32) -> Result<u32> {
        let Ok(index) = u32::try_from(self.nodes.len()) else { return fail("too many types") };
        self.nodes.push(Node { shape, logical, least });
        Ok(index)
    }

    fn node(&self, index: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(index).ok()?)
    }
}

fn primitive(name: &str) -> Option<u32> {
    PRIMITIVES.iter().zip(0..).find(|((primitive, ..), _)| *primitive == name).map(|(_, index)| index)
}

fn symbols(object: &Object<'_>) -> Result<Box<[Box<str>]>> {
    let Some(list) = object.list(Key::Symbols) else { return fail("no symbols") };
    let mut seen = HashSet::new();
    let mut symbols = Vec::with_capacity(list.len());
    for symbol in list {
        let Json::Text(name) = symbol else { return fail("a symbol is a string") };
        if !seen.insert(name) {
            return fail(format!("there is another symbol {}", quoted(name)));
        }
        symbols.push(Box::from(&**name));
    }
    Ok(symbols.into_boxed_slice())
}

impl Name {
    /// A name as it stands in a schema: with dots it is full, without it is of the namespace. An empty namespace is none.
    fn new(text: &str, namespace: Namespace<'_>) -> Result<Self> {
        let (namespace, name) = match text.rsplit_once('.') {
            Some((own, name)) => (Some(Arc::from(own)), name),
            None => (namespace.cloned(), text),
        };
        if name.is_empty() {
            return fail("an empty name");
        }
        if namespace.as_ref().map_or(0, |n| n.len()) + name.len() > NAME {
            return fail(format!("a name of more than {NAME} bytes"));
        }
        Ok(Self { namespace: namespace.filter(|namespace| !namespace.is_empty()), name: name.into() })
    }

    fn quoted(&self) -> String {
        quoted(&self.namespace.as_ref().map_or_else(|| self.name.to_string(), |n| format!("{n}.{}", self.name)))
    }
}
