//! Avro schemas: an arena of types that refer to each other by position, so that recursive ones are nothing special.

use std::fmt;
use std::sync::Arc;

use super::parse::{self, AvroSchemaError};
use super::view::AvroSchema;

/// An Avro schema: the type of a value. Read it through [`schema`](Self::schema).
///
/// Prints short: `AVRO<long>`, `AVRO<org.example.Account>`.
///
/// ```
/// use flink_savepoint::value::{AvroKind, AvroType};
///
/// let list = r#"{"type": "record", "name": "org.example.List", "fields": [
///     {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
///     {"name": "next", "type": ["null", "List"]}]}"#;
/// let list = AvroType::parse(list)?;
/// assert_eq!(list.to_string(), "AVRO<org.example.List>");
/// let AvroKind::Record { fields, .. } = list.schema().kind() else { panic!("a record") };
/// let fields: Vec<_> = fields.iter().map(|(name, schema)| format!("{name}: {schema}")).collect();
/// assert_eq!(fields, ["at: long(timestamp-millis)", "next: union<null, org.example.List>"]);
/// # Ok::<(), flink_savepoint::value::AvroSchemaError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AvroType {
    pub(super) nodes: Box<[Node]>,
    pub(super) root: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) shape: Shape,
    pub(super) logical: Option<Box<str>>,
    /// Bytes that every value has at least. A type of 0 has values of 0 bytes only.
    pub(super) least: u32,
}

/// [`AvroKind`](super::AvroKind) with positions in the arena instead of references.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Record { name: Name, fields: Box<[(Box<str>, u32)]> },
    Enum { name: Name, symbols: Box<[Box<str>]> },
    Fixed { name: Name, size: u32 },
    Array { items: u32 },
    Map { values: u32 },
    Union { branches: Box<[u32]> },
}

/// A full name. The namespace is shared with the types that inherit it: thousands of them may stand in a long one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) name: Box<str>,
    pub(super) namespace: Option<Arc<str>>,
}

impl AvroType {
    /// The schema of the JSON text. `doc`, `default`, `aliases`, `order` and properties of users are not kept; names may have
    /// any characters, because programs may have switched Avro's own check off.
    pub fn parse(json: &str) -> Result<Self, AvroSchemaError> {
        parse::parse(json)
    }

    /// The outermost type.
    pub fn schema(&self) -> AvroSchema<'_> {
        self.at(self.root)
    }

    /// Bytes that every value has at least.
    pub(in crate::value) fn least(&self) -> usize {
        self.schema().least()
    }

    pub(super) fn at(&self, index: u32) -> AvroSchema<'_> {
        static NULL: Node = Node { shape: Shape::Null, logical: None, least: 0 };
        // The parser makes positions of the arena only.
        let node = usize::try_from(index).ok().and_then(|index| self.nodes.get(index)).unwrap_or(&NULL);
        AvroSchema::new(self, node)
    }
}

impl fmt::Display for AvroType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AVRO<{}>", self.schema())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::AvroKind;

    fn shown(json: &str) -> String {
        AvroType::parse(json).unwrap().to_string()
    }

    fn error(json: &str) -> String {
        AvroType::parse(json).unwrap_err().to_string()
    }

    #[test]
    fn types_print_short() {
        for (json, text) in [
            (r#""string""#, "AVRO<string>"),
            (r#"{"type": "null"}"#, "AVRO<null>"),
            (r#"{"type": "long", "logicalType": "timestamp-millis"}"#, "AVRO<long(timestamp-millis)>"),
            (r#"{"type": "array", "items": {"type": "map", "values": "bytes"}}"#, "AVRO<array<map<bytes>>>"),
            (r#"["null", "int", {"type": "array", "items": "float"}]"#, "AVRO<union<null, int, array<float>>>"),
            ("[]", "AVRO<union<>>"),
            (r#"{"type": "enum", "name": "Suit", "symbols": ["A"]}"#, "AVRO<Suit>"),
            (r#"{"type": "error", "name": "a.b.E", "fields": []}"#, "AVRO<a.b.E>"),
            (
                r#"{"type": "fixed", "name": "F", "namespace": "n", "size": 3, "logicalType": "decimal"}"#,
                "AVRO<n.F(decimal)>",
            ),
            (r#"{"type": "record", "name": "R", "namespace": "", "fields": []}"#, "AVRO<R>"),
        ] {
            assert_eq!(shown(json), text);
        }
    }

    #[test]
    fn namespaces_are_inherited() {
        let ty = AvroType::parse(
            r#"{"type": "record", "name": "a.Outer", "fields": [
                {"name": "enum", "type": {"type": "enum", "name": "E", "symbols": []}},
                {"name": "none", "type": {"type": "fixed", "name": "F", "namespace": "", "size": 1}},
                {"name": "again", "type": ["E", "a.Outer", "F", {"type": "Outer", "doc": "by a reference"}]}]}"#,
        );
        assert_eq!(
            ty.unwrap_err().to_string(),
            "record \"a.Outer\": field \"again\": branch 3: there is another branch of this type"
        );
        let ty = AvroType::parse(
            r#"[{"type": "record", "name": "R", "namespace": "x", "fields": [
                {"name": "inner", "type": {"type": "record", "name": "y.R", "fields": [{"name": "r", "type": "R"}]}},
                {"name": "outer", "type": "R"}]}, "x.R"]"#,
        );
        assert_eq!(ty.unwrap_err().to_string(), "branch 1: there is another branch of this type");
        let ty = AvroType::parse(
            r#"{"type": "record", "name": "x.R", "fields": [
                {"name": "inner", "type": {"type": "record", "name": "y.R", "fields": [
                    {"name": "r", "type": {"type": "array", "items": "R"}}]}},
                {"name": "outer", "type": {"type": "array", "items": "R"}}]}"#,
        )
        .unwrap();
        let AvroKind::Record { name, fields } = ty.schema().kind() else { panic!("a record") };
        assert_eq!((name.namespace(), name.simple(), fields.len()), (Some("x"), "R", 2));
        assert_eq!(format!("{fields:?}"), r#"{"inner": y.R, "outer": array<x.R>}"#);
        let (_, inner) = fields.iter().next().unwrap();
        assert_eq!(format!("{:?}", inner.kind()), r#"Record { name: y.R, fields: {"r": array<y.R>} }"#);
    }

    #[test]
    fn what_is_not_a_schema() {
        for (json, text) in [
            ("", "not JSON: EOF while parsing a value at line 1 column 0"),
            (r#""int" 1"#, "not JSON: trailing characters at line 1 column 7"),
            ("3", "a type is a name, an object, or a list of branches"),
            ("{}", "no type, or not by its name"),
            (r#""Integer""#, r#"type "Integer" is not defined before"#),
            (r#""a.""#, "an empty name"),
            (r#"{"type": "array"}"#, "an array without items"),
            (r#"{"type": "array", "items": {"type": "map"}}"#, "items: a map without values"),
            (r#"["null", ["int"]]"#, "branch 1: a union in a union"),
            (
                r#"["long", {"type": "long", "logicalType": "timestamp-millis"}]"#,
                "branch 1: there is another branch of this type",
            ),
            (r#"{"type": "record", "fields": []}"#, "a record, enum or fixed without a name"),
            (r#"{"type": "record", "name": "R"}"#, r#"record "R": no fields"#),
            (r#"{"type": "record", "name": "R", "fields": [3]}"#, r#"record "R": a field is an object"#),
            (r#"{"type": "record", "name": "R", "fields": [{"name": "f"}]}"#, r#"record "R": field "f": no type"#),
            (
                r#"{"type": "record", "name": "R", "fields": [{"name": "f", "type": "int"}, {"name": "f", "type": "int"}]}"#,
                r#"record "R": field "f": there is another field of this name"#,
            ),
            (
                r#"{"type": "record", "name": "R", "fields": [{"name": "f", "type": {"type": "fixed", "name": "R", "size": 1}}]}"#,
                r#"record "R": field "f": type "R" is defined twice"#,
            ),
            (r#"{"type": "enum", "name": "E"}"#, r#"enum "E": no symbols"#),
            (r#"{"type": "enum", "name": "E", "symbols": ["A", "A"]}"#, r#"enum "E": there is another symbol "A""#),
            (r#"{"type": "enum", "name": "E", "symbols": [1]}"#, r#"enum "E": a symbol is a string"#),
            (
                r#"{"type": "fixed", "name": "F", "size": -1}"#,
                r#"fixed "F": no size, or not a number from 0 to 2147483647"#,
            ),
            (
                r#"{"type": "fixed", "name": "F", "size": 2147483648}"#,
                r#"fixed "F": no size, or not a number from 0 to 2147483647"#,
            ),
            (r#"{"type": "fixed", "name": "int", "size": 1}"#, r#"a type is named like Avro's own "int""#),
        ] {
            assert_eq!(error(json), text, "{json}");
        }
    }

    #[test]
    fn the_text_bounds_what_is_built() {
        let nested = |depth| format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(depth), "}".repeat(depth));
        assert!(AvroType::parse(&nested(63)).is_ok());
        assert!(error(&nested(64)).ends_with("items: nested deeper than the limit of 64"));
        assert!(error(&"[".repeat(1 << 20)).starts_with("not JSON: recursion limit exceeded"));
        let long = "n".repeat(1025);
        assert_eq!(error(&format!("{long:?}")), "a name of more than 1024 bytes");
        assert_eq!(error(&format!("{:?}", "\u{e9}".repeat(100))).matches('\u{e9}').count(), 80);
    }
}
