//! The JSON of a schema, without what a schema has for people and programs only.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON value, compact: what is kept takes a small multiple of its text, and `doc`, `default`, `aliases` and properties of
/// users are dropped while they are read.
pub(super) enum Json<'j> {
    Text(Cow<'j, str>),
    /// A whole number that a `size` can be.
    Size(u32),
    List(Box<[Json<'j>]>),
    Object(Object<'j>),
    Other,
}

/// The attributes that make a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Type,
    Name,
    Namespace,
    Fields,
    Symbols,
    Items,
    Values,
    Size,
    LogicalType,
    Ignored,
}

pub(super) struct Object<'j>(Box<[(Key, Json<'j>)]>);

impl<'j> Object<'j> {
    /// The attribute; the last one if there are several, as in Java.
    pub(super) fn attribute(&self, key: Key) -> Option<&Json<'j>> {
        self.0.iter().rfind(|(found, _)| *found == key).map(|(_, value)| value)
    }

    pub(super) fn text(&self, key: Key) -> Option<&str> {
        match self.attribute(key) {
            Some(Json::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn list(&self, key: Key) -> Option<&[Json<'j>]> {
        match self.attribute(key) {
            Some(Json::List(list)) => Some(list),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(u32::try_from(number).map_or(Json::Other, Json::Size))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Json::List(elements.into_boxed_slice()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut attributes = Vec::new();
        while let Some(key) = object.next_key()? {
            if key == Key::Ignored {
                object.next_value::<IgnoredAny>()?;
            } else {
                attributes.push((key, object.next_value()?));
            }
        }
        Ok(Json::Object(Object(attributes.into_boxed_slice())))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, text: &str) -> Result<Key, E> {
        Ok(match text {
            "type" => Key::Type,
            "name" => Key::Name,
            "namespace" => Key::Namespace,
            "fields" => Key::Fields,
            "symbols" => Key::Symbols,
            "items" => Key::Items,
            "values" => Key::Values,
            "size" => Key::Size,
            "logicalType" => Key::LogicalType,
            _ => Key::Ignored,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_small() {
        assert!(size_of::<Json<'_>>() <= 24);
        assert!(size_of::<(Key, Json<'_>)>() <= 32);
    }

    #[test]
    fn what_a_schema_does_not_need_is_dropped() {
        let text = r#"{"type": "int", "doc": [[{}]], "aliases": null, "size": 3, "type": "lo\u006eg", "name": -1}"#;
        let Json::Object(object) = serde_json::from_str(text).unwrap() else { panic!("an object") };
        assert_eq!(object.0.len(), 4);
        assert_eq!(object.text(Key::Type), Some("long"), "the last one counts");
        assert!(matches!(object.attribute(Key::Size), Some(Json::Size(3))));
        assert!(matches!(object.attribute(Key::Name), Some(Json::Other)));
        assert!(object.list(Key::Fields).is_none());
    }
}
