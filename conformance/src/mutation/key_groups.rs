//! Key groups and composite keys.

use flink_savepoint::meta_info::{KeyedStateType, StateKind};

use super::parts::Parts;
use super::streams::{Entry, entry, resize};
use super::{Base, FIXED, KINDS, Mutation, invalid, of};

const AMBIGUOUS: Base = of("2.3.0-hashmap-rich", &["ambiguous"]);

pub(super) const ALL: &[Mutation] = &[
    invalid(
        "entry-in-wrong-key-group",
        "KEYGROUP-HASH-01",
        FIXED,
        "A key is in a key group that is not that of its hash code.",
        |parts| {
            let entry = entry(parts, |entry| entry.field("key-value-key.key").is_some())?;
            let key = entry.field("key-value-key.key")?;
            let last = *parts.bytes(key).last()?;
            parts.set_byte(key, key.range.len() - 1, last ^ 1)?;
            entry.spot("key.key_group")
        },
    ),
    invalid(
        "prefix-of-two-bytes",
        "KEYGROUP-PREFIX-01",
        FIXED,
        "A key has a prefix of two bytes, though the max parallelism is 128.",
        |parts| {
            let entry =
                entry(parts, |entry| entry.is_alone(parts) && entry.field("key-value-key.key_group").is_some())?;
            let (length, key) = (entry.field("keyed-entry.key_length")?, entry.key()?);
            let (prefix, rest) = parts.bytes(&key).split_first()?;
            let bytes = [&[0x80, prefix & 0x7F], rest].concat();
            resize(parts, length, &key, &bytes)?;
            entry.spot("key.key_group")
        },
    ),
    invalid(
        "lengths-missing",
        "KEYGROUP-VLEN-01",
        AMBIGUOUS,
        "A key has no lengths behind key and namespace, though both are of variable length.",
        |parts| {
            let entry = ambiguous(parts)?;
            let bytes =
                without(parts, &entry, &["key-value-key.key_length_suffix", "key-value-key.namespace_length_suffix"])?;
            resize(parts, entry.field("keyed-entry.key_length")?, &entry.key()?, &bytes)?;
            entry.spot("key")
        },
    ),
    invalid(
        "length-of-key-wrong",
        "KEYGROUP-VLEN-02",
        AMBIGUOUS,
        "The length behind a key is not that of the key.",
        |parts| {
            let entry = ambiguous(parts)?;
            let suffix = entry.field("key-value-key.key_length_suffix")?;
            let length = *parts.bytes(suffix).first()?;
            parts.set_byte(suffix, 0, length.checked_add(1)?)?;
            entry.spot("key.key_length_suffix")
        },
    ),
    invalid(
        "length-of-namespace-wrong",
        "KEYGROUP-VLEN-02",
        AMBIGUOUS,
        "The length behind a namespace is not that of the namespace.",
        |parts| {
            let entry = ambiguous(parts)?;
            let suffix = entry.field("key-value-key.namespace_length_suffix")?;
            let length = *parts.bytes(suffix).first()?;
            parts.set_byte(suffix, 0, length.checked_add(1)?)?;
            entry.spot("key.namespace_length_suffix")
        },
    ),
    invalid(
        "bytes-behind-namespace",
        "KEYGROUP-END-01",
        KINDS,
        "A key of value state has a byte behind its namespace.",
        |parts| {
            let entry = entry(parts, |entry| entry.kind == StateKind::Keyed(KeyedStateType::Value))?;
            let key = entry.key()?;
            let bytes = [parts.bytes(&key), &[0]].concat();
            resize(parts, entry.field("keyed-entry.key_length")?, &key, &bytes)?;
            entry.spot("key.namespace")
        },
    ),
    invalid(
        "namespace-not-void",
        "KEYGROUP-NAMESPACE-01",
        FIXED,
        "The namespace of a key is the byte 1, and the state has no namespaces.",
        |parts| {
            let entry = entry(parts, |entry| {
                entry.field("key-value-key.namespace").is_some_and(|namespace| namespace.value == "null")
            })?;
            parts.overwrite(entry.field("key-value-key.namespace")?, &[1])?;
            entry.spot("key.namespace")
        },
    ),
    invalid(
        "keyed-max-parallelism-too-large",
        "KEYGROUP-MAX-01",
        FIXED,
        "The max parallelism of an operator with keyed state is 32769.",
        |parts| parts.set("operator.max_parallelism", &32769_i32.to_be_bytes()),
    )
    .also(&["META-OPERATOR-04", "REDIST-RANGE-01"]),
];

/// An entry with lengths behind key and namespace, of one byte each, alone in its run and of a state without user keys.
fn ambiguous(parts: &Parts) -> Option<Entry> {
    entry(parts, |entry| {
        let suffixes = ["key-value-key.key_length_suffix", "key-value-key.namespace_length_suffix"];
        entry.kind == StateKind::Keyed(KeyedStateType::Value)
            && suffixes.iter().all(|place| entry.field(place).is_some_and(|suffix| suffix.range.len() == 1))
    })
}

/// The key of an entry without some of its fields.
fn without(parts: &Parts, entry: &Entry, fields: &[&str]) -> Option<Vec<u8>> {
    let key = entry.key()?;
    let left_out = fields.iter().filter_map(|place| entry.field(place)).collect::<Vec<_>>();
    let all = parts.bytes(&key).iter().zip(key.range.clone());
    Some(all.filter(|(_, at)| !left_out.iter().any(|span| span.range.contains(at))).map(|(byte, _)| *byte).collect())
}
