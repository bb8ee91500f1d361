//! One state: its types, and its entries as lines.

use std::sync::Arc;

use flink_savepoint::keyed::{KeyLayout, MaxParallelism, Timer};
use flink_savepoint::logical::{About, KeyCheck, KeyVerdict, LogicalKind, Place, Serializers, StateKey, Volatile};
use flink_savepoint::meta_info::{KeyedStateType, StateKind};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::value::{Scalar, TypeDescription, Value};
use serde_json::{Map, Value as Json, json};

use super::sorted::Item;
use super::value::to_json;
use crate::text::hex;

/// What is known of a state.
pub(super) struct State {
    pub(super) key: StateKey,
    key_type: Option<Arc<TypeDescription>>,
    namespace_type: Option<TypeDescription>,
    value_type: Option<TypeDescription>,
    layout: Option<KeyLayout>,
    check: Option<KeyCheck>,
    volatile: Option<Volatile>,
    inferred: bool,
}

/// A line, and what was wrong with it.
pub(super) struct Line {
    pub(super) fields: Map<String, Json>,
    /// The key belongs into another key group.
    pub(super) misplaced: Option<u16>,
    /// A part cannot be decoded.
    pub(super) undecoded: Option<String>,
}

impl State {
    pub(super) fn new(key: &StateKey, about: &About<'_>, max: Option<MaxParallelism>) -> Self {
        let serializers = [about.key_serializer, about.namespace_serializer, about.value_serializer];
        let key_type = about.key_serializer.map(SerializerSnapshot::shared_type);
        let [namespace_type, value_type] = [about.namespace_serializer, about.value_serializer]
            .map(|one| one.map(SerializerSnapshot::type_description));
        let layout = match (key.kind, &key_type, &namespace_type) {
            (LogicalKind::Managed(StateKind::Keyed(kind)), Some(key), Some(namespace)) => {
                KeyLayout::new(Arc::clone(key), namespace.clone(), kind)
            }
            _ => None,
        };
        Self {
            key: key.clone(),
            key_type,
            namespace_type,
            value_type,
            layout,
            check: max.and_then(|max| KeyCheck::of(key, about, max)),
            volatile: about.volatile,
            inferred: serializers.into_iter().flatten().any(SerializerSnapshot::is_inferred),
        }
    }

    /// The line that introduces it.
    pub(super) fn header(&self, operator: &str) -> Map<String, Json> {
        let mut fields = self.place(operator);
        let types = [
            ("key_type", self.key_type.as_deref()),
            ("namespace_type", self.namespace_type.as_ref()),
            ("value_type", self.value_type.as_ref()),
        ];
        for (name, ty) in types {
            if let Some(ty) = ty {
                fields.insert(name.into(), Serializers::text(ty).into());
            }
        }
        if let Some(volatile) = self.volatile {
            fields.insert("volatile".into(), volatile.label().into());
        }
        if self.inferred {
            fields.insert("inferred".into(), true.into());
        }
        fields
    }

    fn place(&self, operator: &str) -> Map<String, Json> {
        let mut fields = Map::new();
        fields.insert("operator".into(), operator.into());
        fields.insert("kind".into(), self.key.kind.label().into());
        if !self.key.name.is_empty() {
            fields.insert("state".into(), self.key.name.to_string().into());
        }
        fields
    }

    /// The decoded key, where it describes itself.
    pub(super) fn key_of(&self, key: &[u8]) -> Option<Json> {
        let ty = self.key_type.as_deref()?;
        let part = match (&self.layout, self.key.kind) {
            (Some(layout), _) => layout.split_key(key)?,
            (None, LogicalKind::Managed(StateKind::PriorityQueue)) => Timer::read(key)?.split(ty)?.0,
            (None, LogicalKind::Managed(StateKind::Broadcast)) => key,
            _ => return None,
        };
        ty.decode(part).ok().map(|value| to_json(ty, &value))
    }

    /// The line of an entry.
    pub(super) fn line(&self, operator: &str, item: &Item, count: u64, raw: bool) -> Line {
        let (number, key_group, key, value) = item;
        let mut line = Line { fields: self.place(operator), misplaced: None, undecoded: None };
        if let Some(group) = key_group {
            line.set("key_group", (*group).into());
            let place = Place { state: *number, key_group: *key_group, prefix: *group, subtask: 0 };
            match self.check.as_ref().map(|check| check.check(place, key)) {
                Some(KeyVerdict::Misplaced { belongs_to }) => {
                    line.set("belongs_to", belongs_to.0.into());
                    line.misplaced = Some(belongs_to.0);
                }
                Some(KeyVerdict::Undecodable) => line.undecoded = Some("the key cannot be decoded".into()),
                _ => {}
            }
        }
        match self.key.kind {
            LogicalKind::Managed(StateKind::Keyed(kind)) => self.keyed(&mut line, kind, key, value),
            LogicalKind::Managed(StateKind::PriorityQueue) => self.timer(&mut line, key),
            LogicalKind::Managed(StateKind::Operator { .. }) => line.decode("value", self.value_type.as_ref(), key),
            LogicalKind::Managed(StateKind::Broadcast) => self.broadcast(&mut line, key, value),
            LogicalKind::Nameless => {
                line.opaque("composite_key", key);
                line.opaque("value", value);
            }
            LogicalKind::RawKeyed | LogicalKind::Coordinator => line.opaque("value", value),
            LogicalKind::RawOperator => line.opaque("value", key),
        }
        if raw {
            line.set("raw_key", hex(key).into());
            line.set("raw_value", hex(value).into());
        }
        // A broadcast map is there once, in as many copies as there are subtasks.
        if count > 1 && !self.key.is_broadcast() {
            line.set("count", count.into());
        }
        line
    }

    fn keyed(&self, line: &mut Line, kind: KeyedStateType, key: &[u8], value: &[u8]) {
        let (map_key, map_value) = match &self.value_type {
            Some(TypeDescription::Map { key, value, .. }) if kind == KeyedStateType::Map => {
                (Some(&**key), Some(&**value))
            }
            _ => (None, None),
        };
        match self.layout.as_ref().and_then(|layout| layout.split(key)) {
            Some(parts) => {
                line.decode("key", self.key_type.as_deref(), parts.key);
                if self.namespace_type != Some(TypeDescription::Scalar(Scalar::VoidNamespace)) {
                    line.decode("namespace", self.namespace_type.as_ref(), parts.namespace);
                }
                if let Some(user_key) = parts.user_key {
                    line.decode("user_key", map_key, user_key);
                }
            }
            None => line.opaque("composite_key", key),
        }
        match (kind, &self.value_type) {
            (KeyedStateType::Map, _) => {
                line.decoded("value", map_value, value, |ty| ty.decode_map_value(value));
            }
            (KeyedStateType::List, Some(TypeDescription::List { element, .. })) => {
                let list = element.decode_list_state(value);
                line.result("value", list, value, |decoded| match decoded {
                    Value::List(elements) => elements.iter().map(|one| to_json(element, one)).collect(),
                    other => to_json(element, other),
                });
            }
            (_, ty) => line.decode("value", ty.as_ref(), value),
        }
    }

    fn timer(&self, line: &mut Line, key: &[u8]) {
        let Some(timer) = Timer::read(key) else { return line.opaque("timer", key) };
        line.set("timestamp", timer.timestamp.to_string().into());
        let namespace_type = match &self.value_type {
            Some(TypeDescription::Record(timer)) => timer.fields.get(2).map(|field| &field.ty),
            // Timers in raw keyed state have no serializer of their own.
            _ => self.namespace_type.as_ref(),
        };
        match self.key_type.as_ref().and_then(|ty| timer.split(ty)) {
            Some((key, namespace)) => {
                line.decode("key", self.key_type.as_deref(), key);
                let is_void = match namespace_type {
                    Some(ty) => *ty == TypeDescription::Scalar(Scalar::VoidNamespace),
                    None => namespace == [0],
                };
                if !is_void {
                    line.decode("namespace", namespace_type, namespace);
                }
            }
            None => line.opaque("composite_key", timer.rest),
        }
    }

    fn broadcast(&self, line: &mut Line, key: &[u8], value: &[u8]) {
        // Entries that cannot be told apart come as a whole.
        if key.is_empty() {
            return line.opaque("value", value);
        }
        line.decode("key", self.key_type.as_deref(), key);
        line.decode("value", self.value_type.as_ref(), value);
    }
}

impl Line {
    fn set(&mut self, name: &str, value: Json) {
        self.fields.insert(name.to_owned(), value);
    }

    fn opaque(&mut self, name: &str, bytes: &[u8]) {
        self.set(name, json!({ "opaque": hex(bytes) }));
    }

    fn decode(&mut self, name: &str, ty: Option<&TypeDescription>, bytes: &[u8]) {
        self.decoded(name, ty, bytes, |ty| ty.decode(bytes));
    }

    fn decoded<'b>(
        &mut self,
        name: &str,
        ty: Option<&TypeDescription>,
        bytes: &'b [u8],
        decode: impl FnOnce(&TypeDescription) -> Result<Value<'b>, flink_savepoint::Error>,
    ) {
        match ty {
            Some(ty) => self.result(name, decode(ty), bytes, |value| to_json(ty, value)),
            None => self.opaque(name, bytes),
        }
    }

    /// What cannot be decoded stands as hex, with the reason.
    fn result<'b>(
        &mut self,
        name: &str,
        decoded: Result<Value<'b>, flink_savepoint::Error>,
        bytes: &[u8],
        json: impl FnOnce(&Value<'b>) -> Json,
    ) {
        match decoded {
            Ok(value) => self.set(name, json(&value)),
            Err(error) => {
                let path = error.path();
                let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
                let state = self.fields.get("state").and_then(Json::as_str).unwrap_or_default();
                let error = format!("state[{state}].{name}{dot}{path}: byte {}: {}", error.offset(), error.kind());
                self.set(name, json!({ "undecoded": hex(bytes), "error": error }));
                self.undecoded = Some(error);
            }
        }
    }
}
