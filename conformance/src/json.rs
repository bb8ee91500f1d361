//! What the JSON formats have in common.

use schemars::JsonSchema;
use serde::Serialize;

/// A 64-bit number, in JSON a string, since JSON readers round it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Long(pub i128);

impl<T: Into<i128>> From<T> for Long {
    fn from(value: T) -> Self {
        Self(value.into())
    }
}

impl Serialize for Long {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Long {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Long".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^-?[0-9]+$", "description": "a 64-bit number" })
    }
}

/// The JSON Schema of a format.
pub fn schema<T: JsonSchema>() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(T)).unwrap_or_default() + "\n"
}
