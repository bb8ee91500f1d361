//! The chapter on values: each is decoded by the serializer that the header names, to its last byte.

use flink_savepoint::Error;
use flink_savepoint::value::{Scalar, TypeDescription, Value};

pub(super) const REQUIREMENTS: &[&str] = &[
    "SQL-ROW-01",
    "SQL-BINARY-01",
    "SQL-BINARY-02",
    "SQL-BINARY-03",
    "SQL-BINARY-04",
    "SQL-BINARY-05",
    "SQL-BINARY-06",
    "VALUE-END-01",
    "VALUE-TAG-01",
    "VALUE-POSITION-01",
    "VALUE-STRING-01",
    "VALUE-BIGINT-01",
    "VALUE-TIME-01",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[(
    "VALUE-TYPE-01",
    "the bytes of a value say nothing of its type: one that is read as another breaks other rules",
)];

/// The requirement that a value breaks: the one that its decoder names, or that of the place where the value stands, where only
/// bytes are missing.
pub(super) fn broken_by(error: &Error, place: &'static str) -> &'static str {
    let named = error.kind().requirement();
    if named.starts_with("WIRE-") { place } else { named }
}

/// What is wrong with a value, with the field.
pub(super) fn told(what: &str, error: &Error) -> String {
    let path = error.path();
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{what}{dot}{path}: byte {}: {}", error.offset(), error.kind())
}

/// Whether a value is null in Java: no value of a type that has this one alone, and no `None` of Scala, which is an object.
pub(super) fn is_null(ty: &TypeDescription, value: &Value<'_>) -> bool {
    use Scalar as S;
    let is_object = matches!(
        ty,
        TypeDescription::Nullable { name: "OPTION", .. }
            | TypeDescription::Scalar(
                S::Void
                    | S::VoidNamespace
                    | S::Tuple0
                    | S::Unit
                    | S::NullValue
                    | S::NullValueByte
                    | S::GlobalWindow
                    | S::SqlNull
            )
    );
    !is_object && *value == Value::Null
}
