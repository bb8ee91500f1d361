//! The chapter on the values of states: their forms in value, list and map state, with and without time to live.

use flink_savepoint::Error;
use flink_savepoint::keyed::Entry;
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::value::{TypeDescription, Value};

use super::part::Once;
use super::place::{Report, Site};
use super::values::{broken_by, is_null, told};
use crate::text::count;

pub(super) const REQUIREMENTS: &[&str] = &[
    "VALUE-STATE-01",
    "VALUE-STATE-02",
    "VALUE-LIST-STATE-01",
    "VALUE-LIST-STATE-03",
    "VALUE-LIST-STATE-04",
    "VALUE-LIST-STATE-05",
    "VALUE-MAP-STATE-01",
    "VALUE-MAP-STATE-02",
    "VALUE-TTL-01",
    "VALUE-TTL-03",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[(
    "VALUE-TTL-02",
    "a timestamp that stands elsewhere makes a value of another length: VALUE-TTL-01, VALUE-END-01",
)];

/// What the serializers of a state alone show.
pub(super) fn header(kind: KeyedStateType, state: &StateMetaInfo<'_>, i: usize, offset: u64, report: &mut Report<'_>) {
    if let Form::List(element) = Form::of(kind, state)
        && element.value_length(&[]) == Some(0)
    {
        report.at("VALUE-LIST-STATE-05", offset, format_args!("header.state[{i}].serializers"), || {
            "a list whose elements take no bytes loses the last of them".to_owned()
        });
    }
}

/// The values of a state of type 0.
pub(super) struct Values {
    form: Form,
    has_ttl: bool,
    /// Of the state, in its stream.
    id: u16,
}

enum Form {
    Value(TypeDescription),
    List(TypeDescription),
    Map(TypeDescription),
    /// A list or map without the serializer of one.
    Unknown,
}

impl Form {
    fn of(kind: KeyedStateType, state: &StateMetaInfo<'_>) -> Self {
        match (kind, state.value_serializer.type_description()) {
            (KeyedStateType::List, TypeDescription::List { element, .. }) => Self::List(*element),
            (KeyedStateType::Map, TypeDescription::Map { value, .. }) => Self::Map(*value),
            (KeyedStateType::List | KeyedStateType::Map, _) => Self::Unknown,
            (_, ty) => Self::Value(ty),
        }
    }
}

impl Values {
    pub(super) fn new(kind: KeyedStateType, state: &StateMetaInfo<'_>, id: u16) -> Self {
        let form = Form::of(kind, state);
        let has_ttl = match &form {
            Form::Value(ty) | Form::List(ty) | Form::Map(ty) => is_ttl(ty),
            Form::Unknown => false,
        };
        Self { form, has_ttl, id }
    }

    /// Whether a pass over the value shows that nothing is wrong. Most values are sound: what is wrong is only looked for in others.
    #[inline]
    pub(super) fn glance(&self, value: &[u8]) -> bool {
        match &self.form {
            Form::Value(ty) => ty.glance(value),
            Form::List(element) => element.glance_list_state(value),
            Form::Map(ty) => matches!(value.split_first(), Some((0, value)) if ty.glance(value)),
            Form::Unknown => true,
        }
    }

    pub(super) fn look(&self, site: &Site, entry: &Entry<'_>, report: &mut Report<'_>) {
        let value = entry.value;
        match &self.form {
            Form::Value(ty) => match ty.decode(value) {
                Ok(value) if is_null(ty, &value) => report.entry("VALUE-STATE-02", site, || {
                    "an entry whose value is null: a state that is not set has none".to_owned()
                }),
                Ok(_) => {}
                Err(error) => self.undecoded(site, &error, "VALUE-STATE-01", report),
            },
            Form::List(element) if value.is_empty() => {
                if element.value_length(&[]) != Some(0) {
                    report.entry("VALUE-LIST-STATE-03", site, || "an entry for an empty list".to_owned());
                }
            }
            Form::List(element) => match element.decode_list_state(value) {
                Ok(Value::List(elements)) => {
                    if let Some(i) = elements.iter().position(|one| is_null(element, one)) {
                        report.entry("VALUE-LIST-STATE-04", site, || format!("value[{i}]: an element that is null"));
                    }
                }
                Ok(_) => {}
                Err(error) => self.undecoded(site, &error, "VALUE-LIST-STATE-01", report),
            },
            Form::Map(ty) => {
                let place = "VALUE-MAP-STATE-01";
                match value.split_first() {
                    None => report.entry(place, site, || "an entry of a map without a flag".to_owned()),
                    Some((0, user_value)) => {
                        if let Err(error) = ty.decode(user_value) {
                            self.undecoded(site, &error, place, report);
                        }
                    }
                    Some((1, _)) if self.has_ttl => report.entry("VALUE-TTL-03", site, || {
                        "flag 1 (null) of a map value with time to live, it is always 0".to_owned()
                    }),
                    Some((1, rest)) => {
                        if !rest.is_empty() {
                            // One time is enough.
                            report.entry_once(Once::Null(self.id), "VALUE-MAP-STATE-02", site, || {
                                format!(
                                    "{} behind the flag of a null (and in others of the state)",
                                    count(rest.len() as u64, "byte")
                                )
                            });
                        }
                    }
                    Some((flag, _)) => {
                        report.entry(place, site, || format!("flag {flag} of a map value, it is 0 or 1 (null)"));
                    }
                }
            }
            Form::Unknown => {}
        }
    }

    fn undecoded(&self, site: &Site, error: &Error, place: &'static str, report: &mut Report<'_>) {
        // Whatever is left of such a value: clock and value together are not what their serializer writes.
        let named = if self.has_ttl { "VALUE-TTL-01" } else { broken_by(error, place) };
        report.entry(named, site, || told("value", error));
    }
}

fn is_ttl(ty: &TypeDescription) -> bool {
    matches!(ty, TypeDescription::Record(record) if &*record.name == "TTL")
}
