//! Keyed streams: the header by its layout; sections, entries, keys and values as offsets and serializers tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use flink_savepoint::keyed::{KeyLayout, KeyedHeader, KeyedStream, MaxParallelism, PrefixWidth, Timer};
use flink_savepoint::meta_info::{KeyedStateType, StateKind, StateMetaInfo};
use flink_savepoint::metadata::KeyGroupOffsets;
use flink_savepoint::value::TypeDescription;
use flink_savepoint::wire::Input;
use flink_savepoint_spec::layouts::Literal;

use super::sink::{Group, Stop};
use super::walker::{Rest, Walker, hex_spaced, window};
use super::{snappy, stream};
use crate::dump::to_json;
use crate::text::hex;

const END_MARK: [u8; 2] = [0xFF, 0xFF];
const END_OF_RUN: u8 = 0x80;

/// What is known of the states of a stream.
struct States {
    width: Option<PrefixWidth>,
    compressed: bool,
    by_id: Vec<State>,
}

struct State {
    name: String,
    kind: StateKind,
    key: Arc<TypeDescription>,
    namespace: Option<TypeDescription>,
    value: TypeDescription,
    layout: Option<KeyLayout>,
}

impl State {
    fn new(key: &Arc<TypeDescription>, info: &StateMetaInfo<'_>) -> Self {
        let namespace =
            info.namespace_serializer.as_ref().map(flink_savepoint::serializer::SerializerSnapshot::type_description);
        let layout = match (info.kind, &namespace) {
            (StateKind::Keyed(kind), Some(namespace)) => KeyLayout::new(Arc::clone(key), namespace.clone(), kind),
            _ => None,
        };
        let value = info.value_serializer.type_description();
        Self { name: info.name.to_string(), kind: info.kind, key: Arc::clone(key), namespace, value, layout }
    }
}

/// Names the bytes of a canonical keyed stream.
pub(super) fn explain(
    walker: &mut Walker<'_>,
    offsets: Option<&KeyGroupOffsets<'_>>,
    max: Option<MaxParallelism>,
    input: Input<'_>,
) -> Result<(), Stop> {
    let opened = open(walker, offsets, max, input);
    let mut states = States { width: max.map(MaxParallelism::prefix_width), compressed: false, by_id: Vec::new() };
    if let Some(header) = &opened {
        let infos = header.states.iter();
        let all = infos.flat_map(|info| [Some(&info.value_serializer), info.namespace_serializer.as_ref()]).flatten();
        stream::know_foreign(walker, header_of(input, offsets), std::iter::once(&header.key_serializer).chain(all));
        let key = header.key_serializer.shared_type();
        states.compressed = header.compressed;
        states.by_id = header.states.iter().map(|info| State::new(&key, info)).collect();
    }
    if let Some(max) = max {
        walker.env.insert("max_parallelism", Literal::Number(max.get().into()));
    }
    let layout = "keyed-stream";
    let group = Group::new("stream", layout, input.offset());
    walker.group(&group, |walker| {
        let rest = walker.fields_of(layout, input)?;
        sections(walker, &states, offsets, (input.offset(), rest))
    })?;
    Ok(())
}

/// The sections from the end of the header on; offsets count from `start`.
fn sections<'a>(
    walker: &mut Walker<'_>,
    states: &States,
    offsets: Option<&KeyGroupOffsets<'_>>,
    (start, mut rest): (u64, Input<'a>),
) -> Rest<'a> {
    let starts: BTreeMap<u64, u32> = offsets
        .into_iter()
        .flat_map(KeyGroupOffsets::iter)
        .filter_map(|(group, offset)| Some((u64::try_from(offset).ok().filter(|offset| *offset > 0)?, group)))
        .map(|(offset, group)| (start + offset, group))
        .collect();
    let mut number = 0;
    while !rest.is_empty() {
        let at = rest.offset();
        let key_group = starts.get(&at).copied();
        let next = starts.range(at + 1..).next().map_or(rest.end(), |(offset, _)| *offset);
        let length = usize::try_from(next - at).unwrap_or(usize::MAX);
        if key_group.is_none() && offsets.is_some() {
            return walker.bad("sections", at, format!("{length} bytes that no offset leads to"));
        }
        let Some(section) = window(rest, length) else {
            return walker.bad("sections", at, "an offset beyond the end of the stream");
        };
        let layout = if states.compressed { "compressed-section" } else { "key-group-section" };
        let about = key_group.map_or_else(String::new, |key_group| format!("key group {key_group}"));
        let group = Group::new("sections", layout, at).about(about).numbered(number);
        rest = walker.group(&group, |walker| {
            let end = if states.compressed {
                snappy::stream(walker, section, |walker, opened| section_of(walker, states, opened).map(|_| ()))?
            } else {
                section_of(walker, states, section)?
            };
            Ok(rest.skip(usize::try_from(end.offset() - at).unwrap_or(usize::MAX)))
        })?;
        number += 1;
    }
    Ok(rest)
}

/// What precedes the first section.
fn header_of<'a>(input: Input<'a>, offsets: Option<&KeyGroupOffsets<'_>>) -> Input<'a> {
    let starts = offsets.into_iter().flat_map(KeyGroupOffsets::iter);
    let first = starts.filter_map(|(_, offset)| usize::try_from(offset).ok()).filter(|offset| *offset > 0).min();
    first.and_then(|first| window(input, first)).unwrap_or(input)
}

/// The stream as the reference reads it. Without offsets the header has to say itself where it ends.
fn open<'a>(
    walker: &Walker<'_>,
    offsets: Option<&KeyGroupOffsets<'_>>,
    max: Option<MaxParallelism>,
    input: Input<'a>,
) -> Option<KeyedHeader<'a>> {
    let hints = &walker.streams.hints;
    match offsets {
        Some(offsets) => {
            let stream = KeyedStream::open_with(input.bytes(), offsets, max?, hints).ok()?;
            Some(stream.header().clone())
        }
        None => KeyedHeader::read_to(Input::new(input.bytes()), None, hints).ok().map(|(_, header)| header),
    }
}

/// Names the header of a stream in the native format of the hashmap backend, which is that of a canonical one.
pub(super) fn heap_native(
    walker: &mut Walker<'_>,
    offsets: &KeyGroupOffsets<'_>,
    input: Input<'_>,
) -> Result<(), Stop> {
    let first = offsets.iter().filter_map(|(_, offset)| u64::try_from(offset).ok()).min();
    let length = first.and_then(|first| usize::try_from(first).ok()).filter(|first| *first <= input.len());
    let header = length.and_then(|length| window(input, length)).unwrap_or(input);
    let rest = walker.structure("keyed-stream", "stream", None, header)?;
    let rest = input.skip(usize::try_from(rest.offset() - input.offset()).unwrap_or(usize::MAX));
    walker.leaf(("native-stream", "content", None), "rest", rest, rest.len(), hex)?;
    Ok(())
}

fn section_of<'a>(walker: &mut Walker<'_>, states: &States, section: Input<'a>) -> Rest<'a> {
    let mut rest = section;
    let mut run: Option<usize> = None;
    let mut number = 0;
    loop {
        if run.is_none() && number > 0 && rest.bytes().starts_with(&END_MARK) {
            return walker.leaf(("key-group-section", "end_mark", None), "u16", rest, 2, hex_spaced);
        }
        let opens = run.is_none();
        let id = match (run, rest.bytes().first_chunk::<2>()) {
            (Some(id), _) => id,
            (None, Some(id)) => usize::from(u16::from_be_bytes(*id)),
            (None, None) => return walker.bad("end_mark", rest.offset(), "the section ends without its end mark"),
        };
        let state = states.by_id.get(id);
        let about = state.map_or_else(|| format!("state {id}"), |state| format!("state {}", state.name));
        let group = Group::new("entries", "keyed-entry", rest.offset()).about(about).numbered(number);
        let mut ends_run = false;
        rest = walker.group(&group, |walker| {
            let mut rest = rest;
            if opens {
                rest = walker.leaf(("keyed-entry", "state_id", None), "u16", rest, 2, |_| id.to_string())?;
            }
            let (after, key) = sized(walker, "key_length", "key", rest)?;
            ends_run = key.bytes().first().is_some_and(|first| first & END_OF_RUN != 0);
            key_of(walker, states, state, key)?;
            let (after, value) = sized(walker, "value_length", "value", after)?;
            value_of(walker, state, value)?;
            Ok(after)
        })?;
        run = (!ends_run).then_some(id);
        number += 1;
    }
}

/// A length, and the window of so many bytes behind it.
fn sized<'a>(
    walker: &mut Walker<'_>,
    length: &str,
    name: &str,
    input: Input<'a>,
) -> Result<(Input<'a>, Input<'a>), Stop> {
    let found = input.bytes().first_chunk::<4>().map_or(0, |bytes| i32::from_be_bytes(*bytes));
    let rest = walker.leaf(("keyed-entry", length, None), "i32", input, 4, |_| found.to_string())?;
    match usize::try_from(found).ok().and_then(|length| window(rest, length)) {
        Some(window) => Ok((rest.skip(window.len()), window)),
        None => walker.bad(name, input.offset(), format!("{found} bytes, but {} are left", rest.len())),
    }
}

fn key_of(walker: &mut Walker<'_>, states: &States, state: Option<&State>, key: Input<'_>) -> Result<(), Stop> {
    let is_timer = state.is_some_and(|state| state.kind == StateKind::PriorityQueue);
    let layout = if is_timer { "timer-key" } else { "key-value-key" };
    let group = Group::new("key", layout, key.offset());
    walker.group(&group, |walker| {
        let Some(width) = states.width else {
            // Only the metadata knows how wide the prefix is.
            return walker.leaf(("keyed-entry", "key", None), "bytes[key_length]", key, key.len(), hex);
        };
        let (ty, length) = if width == PrefixWidth::One { ("u8", 1) } else { ("u16", 2) };
        let prefix = |bytes: &[u8]| {
            let number = bytes.iter().fold(0_u16, |number, byte| number << 8 | u16::from(*byte));
            let mark = if width == PrefixWidth::One { 0x80 } else { 0x8000 };
            if number & mark == 0 { number.to_string() } else { format!("{}, and the run ends", number & !mark) }
        };
        let rest = walker.leaf((layout, "key_group", None), ty, key, length, prefix)?;
        match state {
            Some(state) if is_timer => timer(walker, state, rest),
            Some(state) => composite(walker, state, rest),
            None => walker.leaf((layout, "key", None), "value", rest, rest.len(), hex),
        }
    })?;
    Ok(())
}

fn composite<'a>(walker: &mut Walker<'_>, state: &State, key: Input<'a>) -> Rest<'a> {
    let layout = "key-value-key";
    let Some(parts) = state.layout.as_ref().and_then(|layout| layout.split(key.bytes())) else {
        return walker.leaf((layout, "key", None), "value", key, key.len(), |bytes| {
            format!("{}: not told apart from what follows it", hex(bytes))
        });
    };
    let decoded = |ty: &TypeDescription, bytes: &[u8]| value_text(Some(ty), bytes);
    let rest = walker.leaf((layout, "key", None), "value", key, parts.key.len(), |b| decoded(&state.key, b))?;
    let user_key = parts.user_key.map_or(0, <[u8]>::len);
    // What is not one of the parts are the lengths behind them.
    let lengths = key.len() - parts.key.len() - parts.namespace.len() - user_key;
    let behind_key = if lengths == 0 { 0 } else { vlen(parts.key.len()) };
    let rest = suffix(walker, "key_length_suffix", rest, behind_key)?;
    let namespace = state.namespace.as_ref();
    let rest = walker.leaf((layout, "namespace", None), "value", rest, parts.namespace.len(), |bytes| {
        value_text(namespace, bytes)
    })?;
    let rest = suffix(walker, "namespace_length_suffix", rest, lengths - behind_key)?;
    if parts.user_key.is_none() {
        return Ok(rest);
    }
    let ty = match &state.value {
        TypeDescription::Map { key, .. } => Some(&**key),
        _ => None,
    };
    walker.leaf((layout, "user_key", None), "value", rest, user_key, |bytes| value_text(ty, bytes))
}

fn suffix<'a>(walker: &mut Walker<'_>, name: &str, input: Input<'a>, length: usize) -> Rest<'a> {
    if length == 0 {
        return Ok(input);
    }
    walker.leaf(("key-value-key", name, None), "vlen", input, length, |bytes| {
        bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)).to_string()
    })
}

/// Bytes of a length behind a part.
fn vlen(length: usize) -> usize {
    length.to_le_bytes().iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1)
}

fn timer<'a>(walker: &mut Walker<'_>, state: &State, key: Input<'a>) -> Rest<'a> {
    let layout = "timer-key";
    let Some(timer) = Timer::read(key.bytes()) else {
        return walker.leaf((layout, "key", None), "value", key, key.len(), hex);
    };
    let rest = walker.leaf((layout, "timestamp", None), "i64", key, 8, |_| timer.timestamp.to_string())?;
    let Some((part, namespace)) = timer.split(&state.key) else {
        return walker.leaf((layout, "key", None), "value", rest, rest.len(), hex);
    };
    let namespace_type = match &state.value {
        TypeDescription::Record(record) => record.fields.get(2).map(|field| &field.ty),
        _ => None,
    };
    let rest = walker.leaf((layout, "key", None), "value", rest, part.len(), |b| value_text(Some(&state.key), b))?;
    walker.leaf((layout, "namespace", None), "value", rest, namespace.len(), |b| value_text(namespace_type, b))
}

fn value_of(walker: &mut Walker<'_>, state: Option<&State>, value: Input<'_>) -> Result<(), Stop> {
    match state.map(|state| (state.kind, &state.value)) {
        Some((StateKind::Keyed(KeyedStateType::List), TypeDescription::List { element, .. })) => {
            list(walker, element, value)
        }
        Some((StateKind::Keyed(KeyedStateType::Map), TypeDescription::Map { value: ty, .. })) => {
            let layout = "map-value";
            let group = Group::new("value", layout, value.offset());
            walker.group(&group, |walker| {
                let is_null = value.bytes().first().is_some_and(|flag| *flag != 0);
                let rest = walker.leaf((layout, "is_null", None), "bool", value, 1, |_| is_null.to_string())?;
                if is_null && rest.is_empty() {
                    return Ok(rest);
                }
                let name = if is_null { "null_value" } else { "user_value" };
                let text = |bytes: &[u8]| if is_null { hex(bytes) } else { value_text(Some(ty), bytes) };
                walker.leaf((layout, name, None), "value", rest, rest.len(), text)
            })?;
            Ok(())
        }
        Some((_, ty)) if !value.is_empty() => {
            let place = ("keyed-entry", "value", None);
            walker.leaf(place, "value", value, value.len(), |bytes| value_text(Some(ty), bytes))?;
            Ok(())
        }
        _ if value.is_empty() => Ok(()),
        _ => {
            walker.leaf(("keyed-entry", "value", None), "bytes[value_length]", value, value.len(), hex)?;
            Ok(())
        }
    }
}

fn list(walker: &mut Walker<'_>, element: &TypeDescription, value: Input<'_>) -> Result<(), Stop> {
    let layout = "list-element";
    let mut rest = value;
    let mut number = 0;
    while !rest.is_empty() {
        let at = rest;
        let separator = usize::from(number > 0);
        let Some(length) = element.value_length(rest.skip(separator).bytes()) else {
            walker.leaf((layout, "element", Some(number)), "value", rest, rest.len(), hex)?;
            return Ok(());
        };
        let group = Group::new("value", layout, at.offset()).numbered(number);
        rest = walker.group(&group, |walker| {
            let mut rest = at;
            if number > 0 {
                rest = walker.leaf((layout, "separator", None), "u8", rest, 1, hex_spaced)?;
            }
            walker.leaf((layout, "element", None), "value", rest, length, |bytes| value_text(Some(element), bytes))
        })?;
        number += 1;
        if rest.offset() == at.offset() {
            break;
        }
    }
    Ok(())
}

/// A value, decoded where its type says how.
pub(super) fn value_text(ty: Option<&TypeDescription>, bytes: &[u8]) -> String {
    match ty.map(|ty| (ty, ty.decode(bytes))) {
        Some((ty, Ok(value))) => to_json(ty, &value).to_string(),
        Some((_, Err(error))) => format!("{}: {}", hex(bytes), error.kind()),
        None => hex(bytes),
    }
}
