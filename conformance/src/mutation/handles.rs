//! Handles of streams, of operator, keyed and channel state, and of changelogs.

use flink_savepoint::savepoint::METADATA;

use super::parts::{Parts, spot, utf};
use super::spans::Span;
use super::{Base, FIXED, Mutation, OPERATOR, invalid, malformed, of, whole};
use crate::check::Spot;

const OPSTATE: Base = whole("2.3.0-crafted-opstate");
const KEY_GROUPS: Base = whole("2.3.0-crafted-keygroups");
const INCREMENTAL: Base = whole("2.3.0-crafted-incremental");
const CHANNEL: Base = whole("2.3.0-crafted-channel");
const MERGED: Base = whole("2.3.0-crafted-mergedchannel");
const SEGMENT: Base = whole("2.3.0-crafted-segment");
const CHANGELOG: Base = whole("2.3.0-crafted-changelog");
const INLINE: Base = of("2.3.0-hashmap-inline-mp200", &["operator-states"]);

/// Operator state of a savepoint that need not be canonical.
const CHECKPOINT: Base = of("2.3.0-hashmap-native", &["source"]);

/// Keyed state of a savepoint of version 3.
const OLD: Base = of("1.13.6-hashmap-custom", &["d6e1709793a3c4ad6b8da313b60bc509"]);

const UNKNOWN_TYPE: (&str, &str) = ("META-TYPE-01", "unknown-type");
const NULL_HANDLE: (&str, &str) = ("META-HANDLE-01", "null-handle");
const EMPTY_PATH: (&str, &str) = ("META-HANDLE-03", "empty-path");

pub(super) const ALL: &[Mutation] = &[
    malformed("stream-type-unknown", UNKNOWN_TYPE, OPSTATE, "A stream has a type byte of operator state.", |parts| {
        let ty = delegate(parts)?;
        parts.overwrite(&ty, &[4])
    }),
    malformed(
        "operator-state-type-unknown",
        UNKNOWN_TYPE,
        OPSTATE,
        "Operator state has a type byte of keyed state.",
        |parts| parts.set("operator-state-handle.type", &[7]),
    ),
    malformed(
        "keyed-state-type-unknown",
        UNKNOWN_TYPE,
        KEY_GROUPS,
        "Keyed state has type byte 6, of a file.",
        |parts| parts.set("keyed-state-handle.type", &[6]),
    ),
    malformed(
        "input-channel-type-unknown",
        UNKNOWN_TYPE,
        CHANNEL,
        "An input channel has a type byte of an output channel.",
        |parts| parts.set("tagged-input-channel.type", &[2]),
    ),
    malformed(
        "output-channel-type-unknown",
        UNKNOWN_TYPE,
        CHANNEL,
        "An output channel has a type byte of an input channel.",
        |parts| parts.set("tagged-output-channel.type", &[1]),
    ),
    malformed("delegate-null", NULL_HANDLE, KEY_GROUPS, "The stream of keyed state is the null handle.", |parts| {
        let ty = parts.find_if("stream-handle.type", |ty| ty.path.ends_with("managed_keyed.delegate.type"))?;
        let end = parts.at(METADATA, ty.path.strip_suffix(".type")?)?.range.end;
        parts.replace(METADATA, ty.range.start..end, &[0])?;
        Some(spot(&ty))
    }),
    malformed(
        "operator-state-null",
        NULL_HANDLE,
        OPSTATE,
        "A subtask has a flag that operator state is there, and the null handle.",
        |parts| {
            let ty = parts.find("operator-state-handle.type")?;
            let end = parts.at(METADATA, ty.path.strip_suffix(".type")?)?.range.end;
            parts.replace(METADATA, ty.range.start..end, &[0])?;
            Some(spot(&ty))
        },
    ),
    malformed(
        "shared-file-null",
        NULL_HANDLE,
        INCREMENTAL,
        "A shared file of an incremental snapshot is the null handle.",
        |parts| {
            let ty = parts.find_if("stream-handle.type", |ty| ty.path.contains("shared_state[0]"))?;
            let end = parts.at(METADATA, ty.path.strip_suffix(".type")?)?.range.end;
            parts.replace(METADATA, ty.range.start..end, &[0])?;
            Some(spot(&ty))
        },
    ),
    malformed(
        "state-size-negative",
        ("META-HANDLE-02", "state-size"),
        INCREMENTAL,
        "The size of a file is -2.",
        |parts| parts.set("file-handle.state_size", &(-2_i64).to_be_bytes()),
    ),
    malformed(
        "relative-state-size-negative",
        ("META-HANDLE-02", "state-size"),
        OPSTATE,
        "The size of a file with a relative path is -2.",
        |parts| parts.set("relative-file-handle.state_size", &(-2_i64).to_be_bytes()),
    ),
    malformed("path-empty", EMPTY_PATH, INCREMENTAL, "The path of a file is empty.", |parts| {
        empty_text(parts, "file-handle.path")
    }),
    malformed("relative-path-empty", EMPTY_PATH, OPSTATE, "The relative path of a file is empty.", |parts| {
        empty_text(parts, "relative-file-handle.relative_path")
    }),
    malformed("segment-path-empty", EMPTY_PATH, SEGMENT, "The path of a segment is empty.", |parts| {
        empty_text(parts, "segment-file-handle.path")
    }),
    malformed(
        "segment-directory-empty",
        EMPTY_PATH,
        SEGMENT,
        "The shared directory of a handle of type 17 is empty.",
        |parts| empty_text(parts, "segmented-operator-stream-handle.shared_directory"),
    ),
    malformed(
        "segment-scope-unknown",
        ("META-SEGMENT-01", "scope"),
        SEGMENT,
        "The scope of a segment is 2.",
        |parts| parts.set("segment-file-handle.scope", &2_i32.to_be_bytes()),
    ),
    malformed(
        "segment-of-inline-state",
        ("META-OPSTATE-02", "segment-delegate"),
        SEGMENT,
        "A handle of type 17 delegates to inline state.",
        |parts| {
            let ty = parts.find_if("stream-handle.type", |ty| {
                ty.path.contains("_operator.delegate") && ty.value.starts_with("16")
            })?;
            let inline = [&[1][..], &utf("inline"), &0_i32.to_be_bytes()].concat();
            parts.replace(METADATA, ty.range.clone(), &inline)?;
            Some(spot(&ty))
        },
    ),
    malformed("mode-unknown", ("META-OPSTATE-01", "mode"), OPSTATE, "The mode of an operator state is 3.", |parts| {
        parts.set("operator-handle-state.mode", &[3])
    }),
    malformed(
        "key-group-range-start-negative",
        ("META-KEYED-01", "key-group-range"),
        KEY_GROUPS,
        "The first key group of a range is -1.",
        |parts| parts.set("key-group-offsets.start", &(-1_i32).to_be_bytes()),
    ),
    malformed(
        "key-group-range-count-negative",
        ("META-KEYED-01", "key-group-range"),
        KEY_GROUPS,
        "The number of key groups of a range is -1.",
        |parts| {
            let count = parts.find("key-group-offsets.count")?;
            let start = parts.at(METADATA, &count.path.replace(".count", ".start"))?;
            parts.overwrite(&count, &(-1_i32).to_be_bytes())?;
            Some(spot(&start))
        },
    ),
    malformed(
        "changelog-range-empty",
        ("META-CHANGELOG-01", "empty-changelog-range"),
        CHANGELOG,
        "A changelog handle covers no key group.",
        |parts| {
            let count = parts
                .find_if("key-group-range.count", |count| count.path.ends_with("managed_keyed.key_groups.count"))?;
            let start = parts.at(METADATA, &count.path.replace(".count", ".start"))?;
            parts.overwrite(&count, &[0; 4])?;
            Some(spot(&start))
        },
    ),
    malformed(
        "changelog-of-files",
        ("META-CHANGELOG-02", "not-an-increment"),
        CHANGELOG,
        "Among the changes of a changelog handle stands a handle of type 12.",
        |parts| {
            let change =
                parts.find_if("keyed-state-handle.type", |ty| ty.path.ends_with(".non_materialized[0].type"))?;
            let whole = parts.at(METADATA, change.path.strip_suffix(".type")?)?;
            let other = parts.find_if("keyed-state-handle.type", |ty| ty.path.contains(".materialized[0]"))?;
            let other = parts.at(METADATA, other.path.strip_suffix(".type")?)?;
            let bytes = parts.bytes(&other).to_vec();
            parts.replace(METADATA, whole.range.clone(), &bytes)?;
            Some(spot(&change))
        },
    ),
    malformed(
        "sequence-number-negative",
        ("META-CHANGELOG-03", "sequence-number"),
        CHANGELOG,
        "The first sequence number of a changelog increment is -1.",
        |parts| parts.set("byte-increment-b.from", &(-1_i64).to_be_bytes()),
    ),
    malformed(
        "change-key-group-negative",
        ("META-CHANGELOG-04", "change-key-group"),
        CHANGELOG,
        "The key group of a change is -2.",
        |parts| parts.set("state-change.key_group", &(-2_i32).to_be_bytes()),
    ),
    malformed(
        "channels-longer-than-said",
        ("META-CHANNEL-01", "channel-trailing"),
        MERGED,
        "The channels of a merged handle end one byte before their length does.",
        |parts| {
            let length = parts.find("merged-channel-handle.length")?;
            let channels = parts.at(METADATA, &length.path.replace(".length", ".merged"))?;
            let end = channels.range.end;
            parts.replace(METADATA, end..end, &[0])?;
            parts.add(&length, 1)?;
            Some(Spot::metadata(Some(end as u64), channels.path))
        },
    ),
    malformed(
        "offsets-count-negative",
        ("WIRE-LENGTH-01", "negative-length"),
        OPSTATE,
        "The number of offsets of an operator state is -1.",
        |parts| parts.set("operator-handle-state.num_offsets", &(-1_i32).to_be_bytes()),
    ),
    malformed(
        "inline-state-beyond-file",
        ("WIRE-LENGTH-02", "length-beyond-input"),
        INCREMENTAL,
        "Inline state is longer than the rest of the file.",
        |parts| parts.set("byte-stream-handle.length", &[0, 1, 0, 0]),
    ),
    malformed(
        "inline-state-length-negative",
        ("WIRE-LENGTH-01", "negative-length"),
        INCREMENTAL,
        "The length of inline state is -1.",
        |parts| parts.set("byte-stream-handle.length", &(-1_i32).to_be_bytes()),
    ),
    invalid(
        "inline-names-equal",
        "META-HANDLE-04",
        INLINE,
        "Two inline states with different bytes have one handle name.",
        |parts| {
            let names = parts.all("byte-stream-handle.handle_name");
            let (first, second) = (names.first()?, names.get(1)?);
            let name = parts.bytes(first).to_vec();
            parts.overwrite(second, &name)
        },
    ),
    invalid(
        "state-name-twice-in-handle",
        "META-OPSTATE-03",
        OPERATOR,
        "An operator-state handle has a state twice.",
        |parts| {
            let state = parts.find("operator-handle-state")?;
            let bytes = parts.bytes(&state).to_vec();
            let handle = state.path.rsplit_once('.')?.0.to_owned();
            let count = parts.at(METADATA, &format!("{handle}.num_states"))?;
            let number: usize = count.value.parse().ok()?;
            let last = parts.at(METADATA, &format!("{handle}.states[{}]", number - 1))?;
            parts.replace(METADATA, last.range.end..last.range.end, &bytes)?;
            parts.add(&count, 1)?;
            Some(Spot::metadata(Some(last.range.end as u64), format!("{handle}.states[{number}].name")))
        },
    ),
    invalid(
        "stream-handle-in-stream-handle",
        "META-CANONICAL-01",
        FIXED,
        "The stream of keyed state of a canonical savepoint is in a handle of type 3.",
        |parts| {
            let path =
                parts.find_if("relative-file-handle.relative_path", |path| path.path.contains(".managed_keyed."))?;
            let delegate = parts.at(METADATA, path.path.strip_suffix(".relative_path")?)?;
            let offsets = parts.at(METADATA, &path.path.replace(".delegate.relative_path", ".key_groups"))?;
            let head = [&[3][..], parts.bytes(&offsets)].concat();
            parts.replace(METADATA, delegate.range.start..delegate.range.start, &head)?;
            Some(spot(&delegate))
        },
    ),
    invalid(
        "incremental-handle-in-savepoint",
        "META-CANONICAL-02",
        FIXED,
        "Keyed state of a canonical savepoint is in a handle of type 11, of an incremental snapshot.",
        |parts| {
            let range =
                parts.find_if("key-group-offsets", |range| range.path.ends_with(".managed_keyed.key_groups"))?;
            let handle = parts.at(METADATA, range.path.strip_suffix(".key_groups")?)?;
            let range = parts.bytes(&range).get(..8)?.to_vec();
            let uuid = utf("00000000-0000-4000-8000-000000000001");
            let incremental =
                [&[11][..], &1_i64.to_be_bytes(), &uuid, &range, &0_i64.to_be_bytes(), &[0], &[0; 4], &[0; 4], &uuid]
                    .concat();
            parts.replace(METADATA, handle.range.clone(), &incremental)?;
            parts.files.retain(|name, _| name == METADATA);
            Some(spot(&handle))
        },
    )
    .also(&["NATIVE-WRITE-01"]),
    invalid(
        "empty-segment-with-file",
        "META-OPSTATE-05",
        CHECKPOINT,
        "A handle of type 17 is empty and delegates to a segment of a file.",
        |parts| {
            let handle = parts.find("operator-state-handle.type")?;
            let whole = parts.at(METADATA, handle.path.strip_suffix(".type")?)?;
            let (bytes, delegate) = segmented(&[], true, (0, 0));
            parts.replace(METADATA, whole.range.clone(), &bytes)?;
            parts.files.retain(|name, _| name == METADATA);
            let path = format!("{}.delegate", whole.path);
            Some(Spot::metadata(Some((whole.range.start + delegate) as u64), path))
        },
    ),
    invalid(
        "offset-beyond-segment",
        "META-SEGMENT-02",
        CHECKPOINT,
        "An offset of operator state is beyond its segment, as if it counted from the start of the file.",
        |parts| {
            let state = parts.find("operator-handle-state")?;
            let offset = parts.at(METADATA, &format!("{}.offsets[0]", state.path))?.range.start - state.range.start;
            let handle = state.path.split_once(".states")?.0.to_owned();
            let whole = parts.at(METADATA, &handle)?;
            let (bytes, _) = segmented(parts.bytes(&state), false, (1000, 10));
            parts.replace(METADATA, whole.range.clone(), &bytes)?;
            parts.files.retain(|name, _| name == METADATA);
            Some(Spot::metadata(
                Some((whole.range.start + 5 + offset) as u64),
                format!("{handle}.states[0].offsets[0]"),
            ))
        },
    ),
    invalid("segment-start-negative", "META-SEGMENT-03", CHECKPOINT, "A segment starts before its file.", |parts| {
        let state = parts.find("operator-handle-state")?;
        let handle = state.path.split_once(".states")?.0.to_owned();
        let whole = parts.at(METADATA, &handle)?;
        let (bytes, delegate) = segmented(parts.bytes(&state), false, (-1, 1 << 20));
        parts.replace(METADATA, whole.range.clone(), &bytes)?;
        parts.files.retain(|name, _| name == METADATA);
        let path = format!("{handle}.delegate.start_position");
        Some(Spot::metadata(Some((whole.range.start + delegate + 1) as u64), path))
    }),
    invalid(
        "incremental-without-meta-state",
        "META-INCREMENTAL-01",
        OLD,
        "An incremental snapshot of version 3 has the null handle for its meta state.",
        |parts| {
            let old = keyed_handle(parts, |range| {
                [&[5][..], &1_i64.to_be_bytes(), &utf("backend"), range, &[0], &[0; 4], &[0; 4]].concat()
            })?;
            let meta = parts.at(METADATA, &format!("{}.meta_state", old.path))?;
            Some(spot(&meta))
        },
    ),
    invalid(
        "incremental-file-twice",
        "META-INCREMENTAL-02",
        OLD,
        "Two private files of an incremental snapshot have one name.",
        |parts| {
            let inline = [&[1][..], &utf("inline"), &1_i32.to_be_bytes(), &[7]].concat();
            let file = [utf("CURRENT"), inline.clone()].concat();
            let old = keyed_handle(parts, |range| {
                let files = [&2_i32.to_be_bytes()[..], &file, &file].concat();
                [&[5][..], &1_i64.to_be_bytes(), &utf("backend"), range, &inline, &[0; 4], &files].concat()
            })?;
            let second = parts.at(METADATA, &format!("{}.private_state[1].name", old.path))?;
            Some(spot(&second))
        },
    ),
    invalid(
        "changelog-with-null",
        "META-CHANGELOG-08",
        of("2.3.0-hashmap-native", &["by-number"]),
        "Among the snapshots of a changelog handle is the null handle.",
        |parts| {
            let uuid = utf("00000000-0000-4000-8000-000000000001");
            let old = keyed_handle(parts, |range| {
                let counts = [&1_i32.to_be_bytes()[..], &[0], &[0; 4]].concat();
                [&[14][..], range, &0_i64.to_be_bytes(), &counts, &1_i64.to_be_bytes(), &1_i64.to_be_bytes(), &uuid]
                    .concat()
            })?;
            let null = parts.at(METADATA, &format!("{}.materialized[0]", old.path))?;
            Some(spot(&null))
        },
    ),
];

/// The type byte of the stream of operator state.
fn delegate(parts: &Parts) -> Option<Span> {
    parts.find_if("stream-handle.type", |ty| ty.path.contains("_operator.delegate"))
}

/// Takes the text of a string away.
fn empty_text(parts: &mut Parts, place: &str) -> Option<Spot> {
    let text = parts.find_if(place, |text| text.range.len() > 2)?;
    parts.replace(METADATA, text.range.clone(), &[0, 0])?;
    Some(spot(&text))
}

/// A handle of type 17 over a segment of a file of that start and size, with one state or none; and where the segment's handle starts
/// in it.
fn segmented(state: &[u8], is_empty: bool, (start, size): (i64, i64)) -> (Vec<u8>, usize) {
    let count = i32::from(!state.is_empty()).to_be_bytes();
    let directories = [utf("file:/merged/task"), utf("file:/merged/shared")].concat();
    let head = [&[17][..], &count, state, &directories, &[u8::from(is_empty)]].concat();
    let place = [start.to_be_bytes(), size.to_be_bytes()].concat();
    let segment = [&[15][..], &place, &[0; 4], &utf("file:/merged/file"), &utf("segment")].concat();
    ([head.as_slice(), &segment].concat(), head.len())
}

/// Puts another handle of the same key groups in the place of the first one of managed keyed state, and takes files away that no
/// handle leads to any more.
fn keyed_handle(parts: &mut Parts, handle: impl Fn(&[u8]) -> Vec<u8>) -> Option<Span> {
    let range = parts.find_if("key-group-offsets", |range| range.path.ends_with(".managed_keyed.key_groups"))?;
    let old = parts.at(METADATA, range.path.strip_suffix(".key_groups")?)?;
    let new = handle(parts.bytes(&range).get(..8)?);
    parts.replace(METADATA, old.range.clone(), &new)?;
    parts.forget_unused();
    Some(old)
}
