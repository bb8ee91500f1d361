//! The chapter on timers.

use std::collections::BTreeSet;

use flink_savepoint::keyed::{Entry, KeyLayout, MaxParallelism, Timer};
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::serializer::classes::Family;
use flink_savepoint::value::TypeDescription;

use super::key_groups::{Belongs, prefix};
use super::place::{Report, Site};
use super::values::told;
use crate::text::count;

pub(super) const REQUIREMENTS: &[&str] = &[
    "TIMER-NAME-01",
    "TIMER-NAME-02",
    "TIMER-TYPE-01",
    "TIMER-ELEMENT-01",
    "TIMER-ELEMENT-02",
    "TIMER-ELEMENT-03",
    "TIMER-VALUE-01",
    "TIMER-RAW-01",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[];

const EVENT: &str = "_timer_state/event_";
const PROCESSING: &str = "_timer_state/processing_";

/// Names and serializers of the queues in a header. `offset` is where a state stands.
pub(super) fn header(states: &[StateMetaInfo<'_>], offset: impl Fn(usize) -> u64, report: &mut Report<'_>) {
    let queues = || states.iter().enumerate().filter(|(_, state)| state.kind == StateKind::PriorityQueue);
    let names: BTreeSet<String> = queues().map(|(_, state)| state.name.to_string()).collect();
    for (i, state) in queues() {
        let path = format_args!("header.state[{i}]");
        let name = state.name.to_string();
        let other = match (name.strip_prefix(EVENT), name.strip_prefix(PROCESSING)) {
            (Some(service), _) => format!("{PROCESSING}{service}"),
            (_, Some(service)) => format!("{EVENT}{service}"),
            (None, None) => {
                report.at("TIMER-NAME-01", offset(i), format_args!("{path}.name"), || {
                    format!("a queue of timers named {name:?}; it starts with {EVENT} or {PROCESSING}")
                });
                String::new()
            }
        };
        if !other.is_empty() && !names.contains(&other) {
            report.at("TIMER-NAME-02", offset(i), format_args!("{path}.name"), || {
                format!("{name} without {other}: a timer service has both queues")
            });
        }
        if state.value_serializer.family() != Some(Family::Timer) {
            report.at("TIMER-TYPE-01", offset(i), format_args!("{path}.serializers"), || {
                format!("timers by {}, it is a TimerSerializerSnapshot", state.value_serializer.class())
            });
        }
    }
}

/// The timers of a queue.
pub(super) struct Timers {
    max: MaxParallelism,
    /// Of key and namespace; none where the serializer does not say.
    types: Option<[TypeDescription; 2]>,
    belongs: Belongs,
}

impl Timers {
    pub(super) fn new(key: &SerializerSnapshot<'_>, state: &StateMetaInfo<'_>, max: MaxParallelism) -> Self {
        let types = match state.value_serializer.type_description() {
            TypeDescription::Record(timer) if state.value_serializer.family() == Some(Family::Timer) => {
                let mut parts = timer.fields.into_iter().skip(1).map(|field| field.ty);
                parts.next().zip(parts.next()).map(|(key, namespace)| [key, namespace])
            }
            _ => None,
        };
        Self { max, types, belongs: Belongs::new(key, state, max) }
    }

    /// Whether a pass over the timer shows that nothing is wrong.
    pub(super) fn glance(&self, group: u16, entry: &Entry<'_>) -> bool {
        let Some(timer) = Timer::read(entry.key) else { return false };
        entry.key_group.0 == group
            && entry.value.is_empty()
            && !is_unflipped(&timer)
            && self.types.as_ref().is_some_and(|types| splits(types, entry.key))
            && self.belongs.is_right_entry(group, entry.key)
    }

    pub(super) fn look(&self, site: &Site, entry: &Entry<'_>, report: &mut Report<'_>) {
        if !entry.value.is_empty() {
            report.entry("TIMER-VALUE-01", site, || {
                format!("a timer with a value of {}, it has none", count(entry.value.len() as u64, "byte"))
            });
        }
        let fits = |key: &[u8]| self.types.as_ref().is_none_or(|types| splits(types, key));
        let is_sound = entry.key_group.0 == site.group && fits(entry.key);
        if !is_sound && !prefix(site, entry, self.max, fits, report) {
            return;
        }
        let Some(timer) = Timer::read(entry.key) else {
            return report.entry("TIMER-ELEMENT-01", site, || {
                format!("a timer of {}: its timestamp alone has eight", count(entry.key.len() as u64, "byte"))
            });
        };
        if is_unflipped(&timer) {
            report.entry("TIMER-ELEMENT-01", site, || {
                format!("timestamp {}: its sign bit is not flipped", timer.timestamp)
            });
        }
        let Some(types) = &self.types else { return };
        if is_sound || splits(types, entry.key) {
            return self.belongs.look(site, entry.key, report);
        }
        let [key, namespace] = types;
        let with_lengths = KeyLayout::new(key.clone(), namespace.clone(), KeyedStateType::Value)
            .is_some_and(|layout| layout.with_lengths(true).split(timer.rest).is_some());
        if with_lengths {
            return report.entry("TIMER-ELEMENT-03", site, || "lengths behind key and namespace of a timer".to_owned());
        }
        let mut rest = timer.rest;
        for (ty, what) in [(key, "key"), (namespace, "namespace")] {
            let Some(length) = ty.value_length(rest) else {
                // It may be an instance of a class that the snapshot does not have: then nothing is wrong.
                if let Err(error) = ty.decode(rest) {
                    report.entry("TIMER-ELEMENT-02", site, || told(what, &error));
                }
                return;
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        report.entry("TIMER-ELEMENT-02", site, || {
            format!("{} left over behind the namespace", count(rest.len() as u64, "byte"))
        });
    }
}

/// No clock and no watermark comes near: the sign was not flipped.
fn is_unflipped(timer: &Timer<'_>) -> bool {
    timer.timestamp > i64::MIN && timer.timestamp < i64::MIN / 2
}

fn splits([key, namespace]: &[TypeDescription; 2], bytes: &[u8]) -> bool {
    let Some(timer) = Timer::read(bytes) else { return false };
    match timer.split(key) {
        Some((_, rest)) => namespace.decode(rest).is_ok(),
        None => false,
    }
}
