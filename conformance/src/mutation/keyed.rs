//! Keyed streams: header, offsets, sections, runs and entries.

use flink_savepoint::meta_info::{KeyedStateType, StateKind};
use flink_savepoint::savepoint::METADATA;

use super::parts::{Parts, spot, utf};
use super::spans::Span;
use super::streams::{entries, entry};
use super::{FIXED, KINDS, Mutation, invalid, malformed};
use crate::check::Spot;

pub(super) const ALL: &[Mutation] = &[
    malformed(
        "keyed-version-unknown",
        ("STATE-VERSION-01", "state-version"),
        FIXED,
        "A keyed stream is of version 7.",
        |parts| parts.set("keyed-stream.version", &7_i32.to_be_bytes()),
    ),
    malformed(
        "keyed-version-legacy",
        ("STATE-VERSION-02", "legacy-state-version"),
        FIXED,
        "A keyed stream is of version 3, of Flink before 1.8.",
        |parts| parts.set("keyed-stream.version", &3_i32.to_be_bytes()),
    ),
    malformed(
        "states-count-negative",
        ("WIRE-LENGTH-01", "negative-length"),
        FIXED,
        "The number of states is -1.",
        |parts| parts.set("keyed-stream.num_states", &(-1_i16).to_be_bytes()),
    ),
    malformed(
        "keyed-state-type-of-operator-state",
        ("STATE-TYPE-01", "state-type"),
        FIXED,
        "A keyed stream has a state of type 1, of operator state.",
        |parts| {
            let ty = keyed_state(parts, "state-meta-info.type", "0")?;
            parts.overwrite(&ty, &1_i32.to_be_bytes())
        },
    ),
    malformed(
        "state-of-asynchronous-api",
        ("STATE-TYPE-02", "state-v2"),
        FIXED,
        "A keyed stream has a state of type 4.",
        |parts| {
            let ty = keyed_state(parts, "state-meta-info.type", "0")?;
            parts.overwrite(&ty, &4_i32.to_be_bytes())
        },
    ),
    malformed(
        "state-option-missing",
        ("STATE-OPTION-01", "state-option"),
        FIXED,
        "Keyed state has no option KEYED_STATE_TYPE: it has another name.",
        |parts| {
            let key = keyed_state(parts, "state-option.key", "KEYED_STATE_TYPE")?;
            parts.set_byte(&key, 2, b'X')?;
            at_options(parts, &key)
        },
    ),
    malformed(
        "state-kind-unknown",
        ("STATE-OPTION-01", "state-option"),
        FIXED,
        "The kind of a keyed state is a constant that Flink does not have.",
        |parts| {
            let value = keyed_state(parts, "state-option.value", "VALUE")?;
            parts.set_byte(&value, 2, b'W')?;
            at_options(parts, &value)
        },
    ),
    malformed(
        "value-serializer-missing",
        ("STATE-SERIALIZER-01", "missing-serializer"),
        FIXED,
        "Keyed state has no VALUE_SERIALIZER: it has another name.",
        |parts| serializer_renamed(parts, "\"VALUE_SERIALIZER"),
    ),
    malformed(
        "namespace-serializer-missing",
        ("STATE-SERIALIZER-01", "missing-serializer"),
        FIXED,
        "Keyed state has no NAMESPACE_SERIALIZER: it has another name.",
        |parts| serializer_renamed(parts, "NAMESPACE_SERIALIZER"),
    ),
    malformed(
        "key-group-offset-negative",
        ("KEYED-OFFSET-01", "key-group-offset"),
        FIXED,
        "The offset of a key group is negative.",
        |parts| offset_of_empty_group(parts, |_, _| Some(-1)),
    ),
    malformed(
        "key-group-offset-beyond-stream",
        ("KEYED-OFFSET-01", "key-group-offset"),
        FIXED,
        "The offset of a key group is the length of the stream.",
        |parts| offset_of_empty_group(parts, |_, length| Some(length)),
    ),
    malformed(
        "key-group-offset-shared",
        ("KEYED-OFFSET-02", "shared-offset"),
        FIXED,
        "Two key groups have the same offset.",
        |parts| {
            let first = managed_offsets(parts).into_iter().find(|offset| offset.value != "0")?;
            let at: u64 = first.value.parse().ok()?;
            let mut spot = offset_of_empty_group(parts, |offset, _| Some(offset))?;
            spot.offset = Some(at);
            Some(spot)
        },
    ),
    malformed(
        "key-group-beyond-max",
        ("KEYED-GROUP-01", "key-group-beyond-max"),
        FIXED,
        "The range of key groups of a handle goes one beyond the max parallelism.",
        |parts| {
            let start = parts.find_if("key-group-offsets.start", |start| start.path.contains(".managed_keyed."))?;
            let first: i32 = start.value.parse().ok()?;
            parts.overwrite(&start, &first.checked_add(1)?.to_be_bytes())?;
            at_stream(parts, &start)
        },
    ),
    malformed(
        "state-id-unknown",
        ("KEYED-STATE-ID-01", "unknown-state-id"),
        FIXED,
        "A state id is higher than those of the header.",
        |parts| parts.set("keyed-entry.state_id", &[0x7F, 0]),
    ),
    malformed(
        "section-without-entries",
        ("KEYED-EOKG-01", "empty-section"),
        FIXED,
        "A section is an end mark and nothing else.",
        |parts| {
            let section = last_section(parts)?;
            parts.replace(&section.file, section.range.clone(), &[0xFF, 0xFF])?;
            Some(spot(&Span { path: format!("{}.entries[0]", section.path), ..section }))
        },
    ),
    malformed(
        "end-mark-missing",
        ("KEYED-EOKG-02", "section-end"),
        FIXED,
        "The last section ends without its end mark.",
        |parts| {
            let mark = parts.all("key-group-section.end_mark").pop().filter(|mark| !mark.opened)?;
            parts.replace(&mark.file, mark.range.clone(), &[])?;
            Some(spot(&mark))
        },
    ),
    malformed(
        "run-not-ended",
        ("KEYED-EOKG-02", "section-end"),
        FIXED,
        "No entry of the last run of a section has the top bit of its key set.",
        |parts| {
            let last = entries(parts).into_iter().next_back()?;
            let (key, value) = (last.key()?, last.value()?);
            let first = *parts.bytes(&key).first()?;
            parts.set_byte(&key, 0, first & 0x7F)?;
            Some(Spot { offset: Some(value.range.end as u64), ..spot(&value) })
        },
    )
    .also(&["KEYED-RUN-01"]),
    malformed(
        "key-shorter-than-prefix",
        ("KEYED-KEY-01", "key-too-short"),
        FIXED,
        "A key has no bytes, not even the prefix of its key group.",
        |parts| {
            let length = entries(parts).into_iter().next()?.field("keyed-entry.key_length")?.clone();
            parts.overwrite(&length, &[0; 4])
        },
    ),
    malformed(
        "key-length-negative",
        ("WIRE-LENGTH-01", "negative-length"),
        FIXED,
        "The length of a key is -1.",
        |parts| parts.set("keyed-entry.key_length", &(-1_i32).to_be_bytes()),
    ),
    malformed(
        "value-beyond-section",
        ("WIRE-LENGTH-02", "length-beyond-input"),
        FIXED,
        "A value is longer than the rest of the stream.",
        |parts| parts.set("keyed-entry.value_length", &[0, 1, 0, 0]),
    ),
    malformed(
        "keyed-header-cut",
        ("WIRE-TRUNCATED-01", "truncated"),
        super::of("2.3.0-hashmap-rich", &["empty"]),
        "A stream without sections ends in the middle of its header.",
        |parts| {
            let version = parts.all("versioned-snapshot.version").pop()?;
            parts.replace(&version.file, version.range.start + 2..version.range.end, &[])?;
            Some(spot(&version))
        },
    ),
    invalid(
        "key-group-prefix-of-another",
        "KEYED-GROUP-04",
        FIXED,
        "The prefix of a key is not the key group of its section.",
        |parts| {
            let entry = entries(parts).into_iter().next()?;
            let key = entry.key()?;
            let prefix = *parts.bytes(&key).first()?;
            parts.set_byte(&key, 0, prefix ^ 1)?;
            entry.spot("key.key_group")
        },
    ),
    invalid("bytes-between-sections", "KEYED-SECTION-01", FIXED, "Three bytes stand between two sections.", |parts| {
        let section = parts.all("key-group-section").into_iter().nth(1).filter(|section| !section.opened)?;
        parts.insert_before(&section.file, section.range.start, &[0; 3])?;
        Some(spot(&section))
    }),
    invalid(
        "bytes-behind-last-section",
        "KEYED-SECTION-01",
        FIXED,
        "Two bytes stand behind the last section.",
        |parts| {
            let section = last_section(parts)?;
            parts.insert_before(&section.file, section.range.end, &[0; 2])?;
            Some(Spot { offset: Some(section.range.end as u64), path: "sections".into(), ..spot(&section) })
        },
    ),
    invalid(
        "section-no-offset-leads-to",
        "KEYED-SECTION-01",
        FIXED,
        "The offset of a key group is 0, and its section is there.",
        |parts| {
            let offset = managed_offsets(parts).into_iter().rev().find(|offset| offset.value != "0")?;
            let at: u64 = offset.value.parse().ok()?;
            parts.overwrite(&offset, &[0; 8])?;
            let stream = at_stream(parts, &offset)?;
            Some(Spot { offset: Some(at), path: "sections".into(), ..stream })
        },
    ),
    invalid(
        "sections-out-of-order",
        "KEYED-GROUP-03",
        FIXED,
        "The sections of two key groups stand in descending order.",
        |parts| {
            let sections = parts.all("key-group-section");
            let (first, second) = (sections.first()?, sections.get(1)?);
            if first.file != second.file || first.range.end != second.range.start || first.opened {
                return None;
            }
            let swapped = [parts.bytes(second), parts.bytes(first)].concat();
            let offsets = managed_offsets(parts);
            let of = |at: usize| offsets.iter().find(|offset| offset.value == at.to_string());
            let (one, other) = (of(first.range.start)?, of(second.range.start)?);
            parts.replace(&first.file, first.range.start..second.range.end, &swapped)?;
            let behind = first.range.start + second.range.len();
            parts.overwrite(one, &(behind as u64).to_be_bytes())?;
            parts.overwrite(other, &(first.range.start as u64).to_be_bytes())?;
            Some(Spot { offset: Some(behind as u64), path: second.path.clone(), ..spot(second) })
        },
    ),
    invalid(
        "entry-twice",
        "KEYED-DUPLICATE-01",
        KINDS,
        "A section has two entries of one state with the same key.",
        |parts| {
            let first = entry(parts, |entry| {
                matches!(entry.kind, StateKind::Keyed(KeyedStateType::Value)) && entry.is_alone(parts)
            })?;
            let key = first.key()?;
            let bytes = parts.bytes(&first.whole).to_vec();
            let (id, entry) = bytes.split_at_checked(2)?;
            let mut again = entry.to_vec();
            let mut earlier = entry.to_vec();
            // The first of the two does not end the run.
            *earlier.get_mut(4)? &= 0x7F;
            *again.get_mut(4)? |= 0x80;
            parts.replace(&first.whole.file, first.whole.range.clone(), &[id, &earlier, &again].concat())?;
            let second = (key.range.start - 4 + entry.len()) as u64;
            Some(Spot { offset: Some(second), path: next_path(&key.path)?, ..spot(&key) })
        },
    ),
    invalid(
        "state-name-twice",
        "KEYED-STATE-NAME-01",
        super::of("2.3.0-hashmap-rich", &["empty"]),
        "Two states of type 0 have one name.",
        |parts| {
            let names: Vec<Span> =
                parts.all("state-meta-info.name").into_iter().filter(|name| name.path.starts_with("states")).collect();
            let is_timer = |name: &Span| name.value.contains("_timer_state");
            let first = names.iter().find(|name| !is_timer(name))?;
            let second =
                names.iter().find(|name| name.file == first.file && name.path != first.path && !is_timer(name))?;
            let name = parts.bytes(first).to_vec();
            let spot = parts.state_of(second)?;
            parts.replace(&second.file, second.range.clone(), &name)?;
            Some(spot)
        },
    ),
    invalid(
        "state-named-as-timers",
        "KEYED-STATE-NAME-02",
        FIXED,
        "A value state has the name of a timer queue of its stream.",
        |parts| {
            let names = parts.all("state-meta-info.name");
            let timers = names.iter().find(|name| name.value.contains("_timer_state"))?;
            let state = names.iter().find(|name| name.file == timers.file && !name.value.contains("_timer_state"))?;
            let name = parts.bytes(timers).to_vec();
            // The later of the two is reported, which may have moved.
            let (of_state, of_timers) = (parts.state_of(state)?, parts.state_of(timers)?);
            parts.replace(&state.file, state.range.clone(), &name)?;
            if state.range.start > timers.range.start {
                return Some(of_state);
            }
            let moved = (name.len() - state.range.len()) as u64;
            Some(Spot { offset: of_timers.offset.map(|offset| offset + moved), ..of_timers })
        },
    ),
    invalid(
        "state-option-unknown",
        "STATE-OPTION-03",
        FIXED,
        "A state has an option that Flink does not have.",
        |parts| {
            let count = parts.find_if("state-meta-info.num_options", |count| {
                count.path.starts_with("states[") && count.value == "1"
            })?;
            let option = parts.at(&count.file, &count.path.replace("num_options", "options[0]"))?;
            let more = [utf("COLOUR"), utf("BLUE")].concat();
            parts.insert_before(&count.file, option.range.end, &more)?;
            parts.add(&count, 1)?;
            let path = option.path.replace("options[0]", "options[1].key");
            Some(Spot { path, ..parts.state_of(&count)? })
        },
    ),
    invalid("timer-state-with-option", "STATE-OPTION-03", FIXED, "A timer state has an option.", |parts| {
        let count = parts
            .find_if("state-meta-info.num_options", |count| count.path.starts_with("states[") && count.value == "0")?;
        let option = [utf("KEYED_STATE_TYPE"), utf("VALUE")].concat();
        parts.insert_before(&count.file, count.range.end, &option)?;
        parts.add(&count, 1)?;
        let path = count.path.replace("num_options", "options[0].key");
        Some(Spot { path, ..parts.state_of(&count)? })
    }),
    invalid("state-kind-folding", "STATE-OPTION-04", FIXED, "The kind of a keyed state is FOLDING.", |parts| {
        let value = keyed_state(parts, "state-option.value", "VALUE")?;
        parts.replace(&value.file, value.range.clone(), &utf("FOLDING"))?;
        Some(Spot { path: value.path.clone(), ..parts.state_of(&value)? })
    }),
    invalid(
        "serializer-key-unknown",
        "STATE-SERIALIZER-04",
        FIXED,
        "A state has a serializer under a key that Flink does not have.",
        |parts| serializer_again(parts, "COLOUR_SERIALIZER"),
    ),
    invalid(
        "serializer-key-twice",
        "STATE-SERIALIZER-04",
        FIXED,
        "A state has two serializers under one key.",
        |parts| serializer_again(parts, "NAMESPACE_SERIALIZER"),
    ),
    invalid(
        "list-state-without-list",
        "STATE-SERIALIZER-05",
        super::of("2.3.0-hashmap-rich", &["empty"]),
        "The value serializer of list state is not that of a list.",
        |parts| {
            let value = parts.find_if("state-option.value", |value| {
                value.path.starts_with("states[") && value.value.contains("VALUE")
            })?;
            let serializer = parts
                .at(&value.file, &value.path.replace("options[0].value", "serializers[0].snapshot.snapshot.class"))?;
            parts.replace(&value.file, value.range.clone(), &utf("LIST"))?;
            Some(Spot { path: serializer.path.clone(), ..parts.state_of(&value)? })
        },
    ),
    invalid(
        "state-name-over-long",
        "WIRE-MUTF8-03",
        FIXED,
        "A letter in the name of a state takes two bytes instead of one.",
        |parts| {
            let name = parts.find_if("state-meta-info.name", |name| name.path.starts_with("states["))?;
            let spot = parts.state_of(&name)?;
            let (letter, rest) = parts.bytes(&name).get(2..)?.split_first()?;
            let count = u16::try_from(rest.len() + 2).ok()?;
            let bytes = [&count.to_be_bytes()[..], &[0xC0 | letter >> 6, 0x80 | letter & 0x3F], rest].concat();
            letter.is_ascii_alphabetic().then_some(())?;
            parts.replace(&name.file, name.range.clone(), &bytes)?;
            Some(spot)
        },
    ),
];

/// The first field of a place in the meta info of keyed state whose value is that.
fn keyed_state(parts: &Parts, place: &str, value: &str) -> Option<Span> {
    parts.find_if(place, |span| span.path.starts_with("states[") && span.value.trim_matches('"') == value)
}

/// Where the options of the state start, to which `span` belongs.
fn at_options(parts: &Parts, span: &Span) -> Option<Spot> {
    let state = span.path.split_once('.')?.0;
    parts.at(&span.file, &format!("{state}.num_options")).map(|count| spot(&count))
}

/// Gives a serializer of keyed state a key that nobody knows.
fn serializer_renamed(parts: &mut Parts, name: &str) -> Option<Spot> {
    let key =
        parts.find_if("state-serializer.key", |key| key.path.starts_with("states[") && key.value.contains(name))?;
    let state = key.path.split_once('.')?.0;
    let count = parts.at(&key.file, &format!("{state}.num_serializers"))?;
    parts.set_byte(&key, 2, b'X')?;
    Some(spot(&count))
}

/// Appends the last serializer of a state to its others, under that key.
fn serializer_again(parts: &mut Parts, key: &str) -> Option<Spot> {
    let last = parts
        .find_if("state-serializer.key", |one| one.path.starts_with("states[") && one.value.contains("NAMESPACE"))?;
    let whole = parts.at(&last.file, last.path.strip_suffix(".key")?)?;
    let state = last.path.split_once('.')?.0;
    let count = parts.at(&last.file, &format!("{state}.num_serializers"))?;
    let number: usize = count.value.parse().ok()?;
    if last.path != format!("{state}.serializers[{}].key", number - 1) {
        return None;
    }
    let snapshot = parts.files.get(&last.file)?.get(last.range.end..whole.range.end)?.to_vec();
    parts.insert_before(&last.file, whole.range.end, &[utf(key), snapshot].concat())?;
    parts.add(&count, 1)?;
    Some(Spot { path: format!("{state}.serializers[{number}].key"), ..parts.state_of(&last)? })
}

/// Offsets of managed keyed state whose stream is a file.
fn managed_offsets(parts: &Parts) -> Vec<Span> {
    parts
        .all("key-group-offsets.offsets")
        .into_iter()
        .filter(|offset| offset.path.contains(".managed_keyed."))
        .collect()
}

/// The start of the stream that a handle leads to, of which `span` is a part: a reader that opens it finds that they do not agree.
fn at_stream(parts: &Parts, span: &Span) -> Option<Spot> {
    let handle = span.path.split_once(".key_groups")?.0;
    let path = parts.at(METADATA, &format!("{handle}.delegate.relative_path"))?;
    Some(Spot { file: parts.text(&path), offset: Some(0), path: span.path.clone() })
}

/// Gives the first key group without state an offset, made of that of the first one with state and the length of the stream.
fn offset_of_empty_group(parts: &mut Parts, offset: impl Fn(i64, i64) -> Option<i64>) -> Option<Spot> {
    let all = managed_offsets(parts);
    let used = all.iter().find(|offset| offset.value != "0")?;
    let handle = used.path.split_once(".offsets")?.0;
    let empty = all.iter().find(|offset| offset.value == "0" && offset.path.starts_with(handle))?;
    let stream = at_stream(parts, empty)?;
    let length = i64::try_from(parts.files.get(&stream.file)?.len()).ok()?;
    let offset = offset(used.value.parse().ok()?, length)?;
    parts.overwrite(empty, &offset.to_be_bytes())?;
    Some(stream)
}

/// The last section of the first keyed stream.
fn last_section(parts: &Parts) -> Option<Span> {
    let all = parts.all("key-group-section");
    let first = all.first().filter(|section| !section.opened)?;
    all.iter().rfind(|section| section.file == first.file).cloned()
}

/// `entries[3].key` becomes `entries[4].key`.
fn next_path(path: &str) -> Option<String> {
    let (start, rest) = path.rsplit_once('[')?;
    let (number, end) = rest.split_once(']')?;
    Some(format!("{start}[{}]{end}", number.parse::<u64>().ok()? + 1))
}
