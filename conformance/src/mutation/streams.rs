//! Entries of keyed streams, by what they are of.

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::meta_info::StateKind;
use flink_savepoint::value::TypeDescription;
use flink_savepoint::wire::Input;

use super::parts::{Parts, spot};
use super::spans::Span;
use crate::check::Spot;

/// An entry of a keyed stream that is not compressed.
pub(super) struct Entry {
    /// All of it, with its state id where that stands.
    pub(super) whole: Span,
    /// Its fields.
    fields: Vec<Span>,
    pub(super) kind: StateKind,
    pub(super) value_type: TypeDescription,
}

impl Entry {
    /// A field of it.
    pub(super) fn field(&self, place: &str) -> Option<&Span> {
        self.fields.iter().find(|span| span.is(place))
    }

    /// The bytes of its value, behind their length.
    pub(super) fn value(&self) -> Option<Span> {
        let length = self.field("keyed-entry.value_length")?;
        let path = format!("{}.value", self.whole.path);
        Some(Span {
            path,
            range: length.range.end..self.whole.range.end,
            field: Some("value".into()),
            ..length.clone()
        })
    }

    /// The bytes of its key, behind their length.
    pub(super) fn key(&self) -> Option<Span> {
        let (from, to) = (self.field("keyed-entry.key_length")?, self.field("keyed-entry.value_length")?);
        let path = format!("{}.key", self.whole.path);
        Some(Span { path, range: from.range.end..to.range.start, field: Some("key".into()), ..from.clone() })
    }

    /// Where something that is wrong with it is reported: at its start, behind the state id.
    pub(super) fn spot(&self, field: &str) -> Option<Spot> {
        let start = self.field("keyed-entry.key_length")?;
        Some(Spot { path: format!("{}.{field}", self.whole.path), ..spot(start) })
    }

    /// Whether it is the last of its run.
    pub(super) fn ends_run(&self, parts: &Parts) -> bool {
        self.key().is_some_and(|key| parts.bytes(&key).first().is_some_and(|first| first & 0x80 != 0))
    }

    /// Whether it is the only one of its run.
    pub(super) fn is_alone(&self, parts: &Parts) -> bool {
        self.field("keyed-entry.state_id").is_some() && self.ends_run(parts)
    }
}

/// All entries.
pub(super) fn entries(parts: &Parts) -> Vec<Entry> {
    let mut all = Vec::new();
    for (name, bytes) in &parts.files {
        let Ok((_, header)) = KeyedHeader::read(Input::new(bytes)) else { continue };
        let spans = parts.spans(name);
        for (at, whole) in spans.iter().enumerate().filter(|(_, span)| span.is("keyed-entry") && !span.opened) {
            let inside = spans.iter().skip(at + 1).take_while(|span| span.path.starts_with(&whole.path));
            let state = whole.value.strip_prefix("state ").unwrap_or_default();
            let Some(info) = header.states.iter().find(|info| info.name.to_text() == state) else { continue };
            all.push(Entry {
                whole: whole.clone(),
                fields: inside.filter(|span| span.field.is_some()).cloned().collect(),
                kind: info.kind,
                value_type: info.value_serializer.type_description(),
            });
        }
    }
    all
}

/// The first entry that is as wanted.
pub(super) fn entry(parts: &Parts, wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
    entries(parts).into_iter().find(|entry| wanted(entry))
}

/// Puts other bytes in the place of a value or key and mends its length.
pub(super) fn resize(parts: &mut Parts, length: &Span, part: &Span, bytes: &[u8]) -> Option<()> {
    let more = i32::try_from(bytes.len()).ok()? - i32::try_from(part.range.len()).ok()?;
    parts.replace(&part.file, part.range.clone(), bytes)?;
    parts.add(length, more)
}
