//! Timer queues and their elements.

use flink_savepoint::meta_info::StateKind;

use super::parts::Parts;
use super::spans::Span;
use super::streams::{Entry, entry, resize};
use super::{KINDS, Mutation, invalid};
use crate::check::Spot;

pub(super) const ALL: &[Mutation] = &[
    invalid(
        "timer-queue-name-other",
        "TIMER-NAME-01",
        KINDS,
        "A timer queue has a name of neither kind of time.",
        |parts| {
            let name = queue(parts)?;
            // As long as before: _timer_state/ becomes _timer-state/.
            parts.set_byte(&name, 2 + "_timer".len(), b'-')?;
            parts.state_of(&name)
        },
    ),
    invalid(
        "timer-queue-alone",
        "TIMER-NAME-02",
        KINDS,
        "A timer service has one of its two queues: the other one is of another service.",
        |parts| {
            let name = queue(parts)?;
            parts.set_byte(&name, name.range.len() - 1, b'x')?;
            parts.state_of(&name)
        },
    ),
    invalid(
        "timer-serializer-of-keys",
        "TIMER-TYPE-01",
        super::of("2.3.0-hashmap-rich", &["empty"]),
        "The value serializer of a timer queue is the serializer of its keys.",
        |parts| {
            let name = queue(parts)?;
            let path = name.path.replace(".name", ".serializers[0].snapshot");
            let (timers, key) = (parts.at(&name.file, &path)?, parts.at(&name.file, "key_serializer")?);
            let bytes = parts.bytes(&key).to_vec();
            parts.replace(&name.file, timers.range.clone(), &bytes)?;
            Some(Spot { path: timers.path, ..parts.state_of(&name)? })
        },
    ),
    invalid("timer-cut", "TIMER-ELEMENT-01", KINDS, "A timer is shorter than a timestamp.", |parts| {
        let timer = timer(parts)?;
        let (length, key) = (timer.field("keyed-entry.key_length")?, timer.key()?);
        let bytes = parts.bytes(&key).get(..5)?.to_vec();
        resize(parts, length, &key, &bytes)?;
        timer.spot("key.timestamp")
    }),
    invalid(
        "timer-namespace-cut",
        "TIMER-ELEMENT-02",
        KINDS,
        "A timer ends where its namespace should start.",
        |parts| {
            let timer = timer(parts)?;
            let namespace = timer.field("timer-key.namespace")?.range.len();
            let (length, key) = (timer.field("keyed-entry.key_length")?, timer.key()?);
            let bytes = parts.bytes(&key).get(..key.range.len() - namespace)?.to_vec();
            resize(parts, length, &key, &bytes)?;
            timer.spot("key.namespace")
        },
    ),
    invalid(
        "timer-with-lengths",
        "TIMER-ELEMENT-03",
        super::of("2.3.0-hashmap-typed", &["interval-join"]),
        "A timer has lengths behind its key and its namespace.",
        |parts| {
            let timer = timer(parts)?;
            let (length, key) = (timer.field("keyed-entry.key_length")?, timer.key()?);
            let (element, namespace) = (timer.field("timer-key.key")?, timer.field("timer-key.namespace")?);
            let sizes = [element, namespace].map(|part| u8::try_from(part.range.len()).ok());
            let [Some(of_element), Some(of_namespace)] = sizes else { return None };
            let at = element.range.end - key.range.start;
            let (head, tail) = parts.bytes(&key).split_at_checked(at)?;
            let bytes = [head, &[of_element], tail, &[of_namespace]].concat();
            resize(parts, length, &key, &bytes)?;
            timer.spot("key")
        },
    ),
    invalid("timer-with-value", "TIMER-VALUE-01", KINDS, "A timer has a value.", |parts| {
        let timer = timer(parts)?;
        let (length, value) = (timer.field("keyed-entry.value_length")?, timer.value()?);
        resize(parts, length, &value, &[0])?;
        timer.spot("value")
    }),
];

/// The name of the first timer queue.
fn queue(parts: &Parts) -> Option<Span> {
    parts
        .find_if("state-meta-info.name", |name| name.path.starts_with("states") && name.value.contains("_timer_state/"))
}

/// The first timer whose parts are known.
fn timer(parts: &Parts) -> Option<Entry> {
    entry(parts, |entry| entry.kind == StateKind::PriorityQueue && entry.field("timer-key.namespace").is_some())
}
