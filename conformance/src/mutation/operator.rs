//! Operator streams and their handles.

use flink_savepoint::savepoint::METADATA;

use super::parts::{Parts, spot, utf};
use super::spans::Span;
use super::{Base, Mutation, OPERATOR, invalid, malformed, of};
use crate::check::Spot;

const EMPTY: Base = of("2.3.0-hashmap-rich", &["empty-operator-states"]);

pub(super) const ALL: &[Mutation] = &[
    malformed(
        "operator-version-unknown",
        ("STATE-VERSION-01", "state-version"),
        OPERATOR,
        "An operator stream is of version 7.",
        |parts| parts.set("operator-stream.version", &7_i32.to_be_bytes()),
    ),
    malformed(
        "operator-version-legacy",
        ("STATE-VERSION-02", "legacy-state-version"),
        OPERATOR,
        "An operator stream is of version 2, of Flink before 1.8.",
        |parts| parts.set("operator-stream.version", &2_i32.to_be_bytes()),
    ),
    malformed(
        "operator-states-count-negative",
        ("WIRE-LENGTH-01", "negative-length"),
        OPERATOR,
        "The number of operator states is -1.",
        |parts| parts.set("operator-stream.num_operator_states", &(-1_i16).to_be_bytes()),
    ),
    malformed(
        "operator-state-type-of-keyed-state",
        ("STATE-TYPE-01", "state-type"),
        OPERATOR,
        "An operator stream has a state of type 0, of keyed state.",
        |parts| {
            let ty = parts.find_if("state-meta-info.type", |ty| ty.path.starts_with("operator_states"))?;
            parts.overwrite(&ty, &[0; 4])
        },
    ),
    malformed(
        "broadcast-state-type-of-operator-state",
        ("STATE-TYPE-01", "state-type"),
        OPERATOR,
        "A broadcast state is of type 1.",
        |parts| {
            let ty = parts.find_if("state-meta-info.type", |ty| ty.path.starts_with("broadcast_states"))?;
            parts.overwrite(&ty, &1_i32.to_be_bytes())
        },
    ),
    malformed(
        "distribution-mode-unknown",
        ("STATE-OPTION-01", "state-option"),
        OPERATOR,
        "The distribution mode of an operator state is a constant that Flink does not have.",
        |parts| {
            let value = parts.find_if("state-option.value", |value| value.path.starts_with("operator_states"))?;
            let state = value.path.split_once("].")?.0;
            let count = parts.at(&value.file, &format!("{state}].num_options"))?;
            parts.set_byte(&value, 2, b'X')?;
            Some(spot(&count))
        },
    ),
    malformed(
        "key-serializer-missing",
        ("STATE-SERIALIZER-01", "missing-serializer"),
        OPERATOR,
        "A broadcast state has no KEY_SERIALIZER: it has another name.",
        |parts| {
            let key = parts.find_if("state-serializer.key", |key| {
                key.path.starts_with("broadcast_states") && key.value.contains("KEY_SERIALIZER")
            })?;
            let state = key.path.split_once("].")?.0;
            let count = parts.at(&key.file, &format!("{state}].num_serializers"))?;
            parts.set_byte(&key, 2, b'X')?;
            Some(spot(&count))
        },
    ),
    malformed(
        "state-without-offsets",
        ("OPSTATE-NAMES-01", "state-without-offsets"),
        EMPTY,
        "The handle has no offsets for a state of the stream: its entry is not there.",
        |parts| {
            // One without offsets: no partition becomes longer.
            let state = handle_state(parts, |parts, state| count_of(parts, state) == Some(0))?;
            let stream = stream_of(parts, &state)?;
            let handle = state.path.rsplit_once('.')?.0.to_owned();
            let count = parts.at(METADATA, &format!("{handle}.num_states"))?;
            parts.replace(METADATA, state.range.clone(), &[])?;
            parts.add(&count, -1)?;
            Some(stream)
        },
    ),
    malformed(
        "offsets-without-state",
        ("OPSTATE-NAMES-02", "offsets-without-state"),
        OPERATOR,
        "The handle has an entry for a state that the stream does not have.",
        |parts| {
            let state = handle_state(parts, |_, _| true)?;
            let stream = stream_of(parts, &state)?;
            let handle = state.path.rsplit_once('.')?.0.to_owned();
            let count = parts.at(METADATA, &format!("{handle}.num_states"))?;
            let more = [utf("nobody"), vec![0], vec![0; 4]].concat();
            parts.replace(METADATA, state.range.start..state.range.start, &more)?;
            parts.add(&count, 1)?;
            Some(stream)
        },
    ),
    malformed(
        "operator-state-name-twice",
        ("OPSTATE-NAMES-03", "duplicate-state"),
        EMPTY,
        "A stream has two operator states of one name.",
        |parts| {
            let names = parts.all("state-meta-info.name");
            let mut names = names.iter().filter(|name| name.path.starts_with("operator_states"));
            let first = names.next()?;
            let second = names.next().filter(|second| second.file == first.file)?;
            // The handle has the same entry for both, as for what it calls the second.
            let name = parts.bytes(first).to_vec();
            let mode = parts.at(&first.file, &first.path.replace(".name", ".options[0].value"))?;
            let mode = parts.bytes(&mode).to_vec();
            let other = parts.at(&second.file, &second.path.replace(".name", ".options[0].value"))?;
            let old = parts.text(second);
            parts.replace(&other.file, other.range.clone(), &mode)?;
            parts.replace(&second.file, second.range.clone(), &name)?;
            let is_of_it = |entry: &Span| stream_of(parts, entry).is_some_and(|stream| stream.file == second.file);
            let entry =
                parts.find_if("operator-handle-state.name", |entry| parts.text(entry) == old && is_of_it(entry))?;
            let whole = parts.at(METADATA, entry.path.strip_suffix(".name")?)?;
            let count = parts.at(METADATA, &format!("{}.num_states", whole.path.rsplit_once('.')?.0))?;
            parts.replace(METADATA, whole.range.clone(), &[])?;
            parts.add(&count, -1)?;
            Some(Spot { file: second.file.clone(), offset: Some(0), path: second.path.clone() })
        },
    ),
    malformed(
        "mode-of-handle-other",
        ("OPSTATE-MODE-01", "mode-mismatch"),
        OPERATOR,
        "The mode of an operator state in the handle is not that in the stream.",
        |parts| {
            let mode = parts.find_if("operator-handle-state.mode", |mode| {
                mode.path.contains(".managed_operator.") && mode.value.starts_with('0')
            })?;
            let stream = stream_of(parts, &mode)?;
            parts.overwrite(&mode, &[1])?;
            Some(stream)
        },
    ),
    malformed(
        "broadcast-state-in-two-parts",
        ("OPSTATE-BROADCAST-01", "broadcast-partitions"),
        OPERATOR,
        "A broadcast state has two offsets.",
        |parts| {
            let state = handle_state(parts, |parts, state| mode_of(parts, state) == Some(2))?;
            let stream = stream_of(parts, &state)?;
            let count = parts.at(METADATA, &format!("{}.num_offsets", state.path))?;
            let offset = parts.at(METADATA, &format!("{}.offsets[0]", state.path))?;
            let again = parts.bytes(&offset).to_vec();
            parts.replace(METADATA, offset.range.end..offset.range.end, &again)?;
            parts.add(&count, 1)?;
            Some(stream)
        },
    ),
    malformed(
        "partition-offset-beyond-stream",
        ("OPSTATE-OFFSET-01", "partition-offset"),
        OPERATOR,
        "The offset of an element is beyond the end of the stream.",
        |parts| {
            let offset =
                parts.find_if("operator-handle-state.offsets", |offset| offset.path.contains(".managed_operator."))?;
            let stream = stream_of(parts, &offset)?;
            let beyond = parts.files.get(&stream.file)?.len() as u64 + 1;
            parts.overwrite(&offset, &beyond.to_be_bytes())?;
            Some(stream)
        },
    ),
    malformed(
        "partition-offset-between-elements",
        ("OPSTATE-PARTITION-01", "partition"),
        OPERATOR,
        "The offset of an element leads one byte behind where it starts.",
        |parts| {
            let offset = parts.find_if("operator-handle-state.offsets", |offset| {
                offset.path.contains(".managed_operator.") && offset.path.ends_with("offsets[1]")
            })?;
            let first = parts.at(METADATA, &offset.path.replace("offsets[1]", "offsets[0]"))?;
            let stream = stream_of(parts, &offset)?;
            let at: u64 = offset.value.parse().ok()?;
            parts.overwrite(&offset, &at.checked_add(1)?.to_be_bytes())?;
            Some(Spot { offset: first.value.parse().ok(), ..stream })
        },
    ),
    malformed(
        "element-longer-than-value",
        ("OPSTATE-PARTITION-01", "partition"),
        OPERATOR,
        "An element of a list has a byte behind its value.",
        |parts| {
            let element = parts.find("list-partition.element").filter(|element| !element.opened)?;
            let end = element.range.end;
            parts.insert_before(&element.file, end, &[0])?;
            Some(spot(&element))
        },
    ),
    malformed(
        "broadcast-count-beyond",
        ("OPSTATE-PARTITION-01", "partition"),
        OPERATOR,
        "The number of entries of a broadcast map is one more than there are.",
        |parts| {
            let count = parts.find("broadcast-map.count").filter(|count| !count.opened)?;
            parts.add(&count, 1)?;
            Some(spot(&count))
        },
    ),
    invalid("broadcast-key-twice", "OPSTATE-BROADCAST-02", OPERATOR, "A broadcast map has a key twice.", |parts| {
        let keys = parts.all("broadcast-entry.key");
        let first = keys.iter().find(|key| !key.opened && key.path.ends_with("entries[0].key"))?;
        let second = keys.iter().find(|key| {
            key.file == first.file && key.range.len() == first.range.len() && key.range.start > first.range.start
        })?;
        let key = parts.bytes(first).to_vec();
        parts.overwrite(second, &key)
    })
    // The copies in other subtasks differ then.
    .also(&["REDIST-BROADCAST-03"]),
    invalid(
        "bytes-before-elements",
        "OPSTATE-ORDER-02",
        OPERATOR,
        "Two bytes stand between the header of an operator stream and its first element.",
        |parts| {
            let element = parts.find("list-partition.element").filter(|element| !element.opened)?;
            parts.insert_before(&element.file, element.range.start, &[0; 2])?;
            Some(Spot { path: "data".into(), ..spot(&element) })
        },
    ),
];

/// An entry of a managed operator-state handle.
fn handle_state(parts: &Parts, wanted: impl Fn(&Parts, &Span) -> bool) -> Option<Span> {
    parts.find_if("operator-handle-state", |state| state.path.contains(".managed_operator.") && wanted(parts, state))
}

fn count_of(parts: &Parts, state: &Span) -> Option<i32> {
    parts.at(METADATA, &format!("{}.num_offsets", state.path))?.value.parse().ok()
}

fn mode_of(parts: &Parts, state: &Span) -> Option<u8> {
    let mode = parts.at(METADATA, &format!("{}.mode", state.path))?;
    parts.bytes(&mode).first().copied()
}

/// The start of the stream of an operator-state handle: a reader that opens it finds that they do not agree.
fn stream_of(parts: &Parts, span: &Span) -> Option<Spot> {
    let handle = span.path.split_once(".states[")?.0;
    let path = parts.at(METADATA, &format!("{handle}.delegate.relative_path"))?;
    Some(Spot { file: parts.text(&path), offset: Some(0), path: span.path.clone() })
}
