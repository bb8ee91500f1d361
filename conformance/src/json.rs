//! What the JSON formats have in common.

use std::borrow::Cow;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::text::is_unsafe;

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

impl<'de> Deserialize<'de> for Long {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom(format!("{text:?} is no number")))
    }
}

impl Long {
    /// The number, if it is not negative and has 64 bits.
    pub fn to_u64(self) -> Option<u64> {
        u64::try_from(self.0).ok()
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

/// A number of 64 bits that may be missing, for `serde(with)`.
pub(crate) mod optional {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Long;

    #[allow(clippy::ref_option)] // As serde calls it.
    pub(crate) fn serialize<S: Serializer>(number: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        number.map(Long::from).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        let Some(long) = Option::<Long>::deserialize(deserializer)? else { return Ok(None) };
        long.to_u64().map(Some).ok_or_else(|| D::Error::custom(format!("{} is no number of 64 bits", long.0)))
    }
}

/// The JSON Schema of a format.
pub fn schema<T: JsonSchema>() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(T)).unwrap_or_default() + "\n"
}

/// A report, indented, with a line end. Safe to be shown.
pub fn page<T: Serialize>(report: &T) -> serde_json::Result<String> {
    Ok(safe(&serde_json::to_string_pretty(report)?).into_owned() + "\n")
}

/// One line, with its end. Safe to be shown.
pub fn line<T: Serialize>(report: &T) -> serde_json::Result<String> {
    Ok(safe(&serde_json::to_string(report)?).into_owned() + "\n")
}

/// The same JSON with escapes for what would move the cursor of a terminal or turn the direction of writing around: JSON itself only
/// needs them below U+0020. Such characters can only stand within strings.
fn safe(json: &str) -> Cow<'_, str> {
    // Line ends of what is indented are no part of a string.
    let is_unsafe = |c: char| c != '\n' && is_unsafe(c);
    if json.is_ascii() && !json.contains('\u{7F}') || !json.contains(is_unsafe) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::{line, page};

    #[test]
    fn what_terminals_obey_is_escaped_and_means_the_same() {
        let text = "\u{1b}[31m\u{9b}2J\u{7f}\u{202e}\u{e0041}\u{e9}\u{1F600}";
        let written = line(&[text]).unwrap();
        assert_eq!(written, "[\"\\u001b[31m\\u009b2J\\u007f\\u202e\\udb40\\udc41\u{e9}\u{1F600}\"]\n");
        assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), [text]);
        assert_eq!(serde_json::from_str::<Vec<String>>(&page(&[text]).unwrap()).unwrap(), [text]);
        assert_eq!(page(&["a"]).unwrap(), "[\n  \"a\"\n]\n");
    }
}
