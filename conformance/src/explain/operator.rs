//! Operator state streams: the header by its layout; partitions by the offsets of the handle.

use flink_savepoint::meta_info::{StateKind, StateMetaInfo};
use flink_savepoint::metadata::OperatorStateHandle;
use flink_savepoint::operator::{OperatorStream, SnappyLayout, broadcast_entries};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::wire::Input;
use flink_savepoint_spec::layouts::Literal;

use super::keyed::value_text;
use super::sink::{Group, Stop};
use super::walker::{Rest, Walker, window};
use super::{snappy, stream};
use crate::text::hex;

/// Names the bytes of an operator state stream.
pub(super) fn explain(
    walker: &mut Walker<'_>,
    handle: Option<&OperatorStateHandle<'_>>,
    input: Input<'_>,
) -> Result<(), Stop> {
    let opened = handle.and_then(|handle| OperatorStream::open_with(input.bytes(), handle, &walker.streams.hints).ok());
    if let Some(opened) = &opened {
        let states = opened.header().all_states();
        let all = states.flat_map(|info| [Some(&info.value_serializer), info.key_serializer.as_ref()]).flatten();
        let offsets = handle.into_iter().flat_map(|handle| handle.states.iter());
        let offsets = offsets.flat_map(|meta| meta.offsets.iter().collect::<Vec<_>>());
        let first = offsets.filter_map(|offset| usize::try_from(offset).ok()).min();
        let header = first.and_then(|first| window(input, first)).unwrap_or(input);
        stream::know_foreign(walker, header, all);
    }
    let version = input.bytes().first_chunk::<4>().map_or(0, |bytes| i32::from_be_bytes(*bytes));
    walker.env.insert("stream_version", Literal::Number(version.into()));
    let layout = "operator-stream";
    let group = Group::new("stream", layout, input.offset());
    walker.group(&group, |walker| {
        let rest = walker.fields_of(layout, input)?;
        if let (Some(handle), Some(opened)) = (handle, &opened) {
            partitions(walker, handle, opened, (input, rest))?;
        } else if !rest.is_empty() {
            // Nothing but the handle says where a partition starts.
            walker.leaf((layout, "partitions", None), "partitions", rest, rest.len(), hex)?;
        }
        Ok(input.skip(input.len()))
    })?;
    Ok(())
}

fn partitions(
    walker: &mut Walker<'_>,
    handle: &OperatorStateHandle<'_>,
    opened: &OperatorStream<'_>,
    (input, rest): (Input<'_>, Input<'_>),
) -> Result<(), Stop> {
    if opened.layout() == SnappyLayout::Plain {
        return plain(walker, handle, opened, (input, rest));
    }
    let mut chunks = rest;
    while !chunks.is_empty() {
        chunks = snappy::chunks(walker, chunks)?;
    }
    // The partitions stand in the chunks, not in the file.
    for (i, state) in opened.header().all_states().enumerate() {
        let mut buffer = Vec::new();
        let mut number = 0;
        let told_apart = opened.for_each_partition::<Stop>(i, &mut buffer, |bytes| {
            let about = format!("state {}, {} bytes, uncompressed", state.name, bytes.len());
            let opened = Input::new(bytes);
            let group = Group::content(about).numbered(number);
            number += 1;
            walker.group(&group, |walker| partition(walker, state, None, opened))?;
            Ok(())
        })?;
        if !told_apart {
            let whole = Input::new(&buffer);
            let about = format!("state {}, not told apart", state.name);
            let group = Group::content(about);
            walker.group(&group, |walker| {
                walker.leaf(("list-partition", "element", None), "value", whole, whole.len(), hex)
            })?;
        }
    }
    Ok(())
}

impl From<flink_savepoint::Error> for Stop {
    fn from(error: flink_savepoint::Error) -> Self {
        Self::Bad { offset: error.offset(), path: error.path(), why: error.kind().to_string() }
    }
}

fn plain(
    walker: &mut Walker<'_>,
    handle: &OperatorStateHandle<'_>,
    opened: &OperatorStream<'_>,
    (input, mut rest): (Input<'_>, Input<'_>),
) -> Result<(), Stop> {
    let mut starts: Vec<(u64, String)> = Vec::new();
    for meta in &handle.states {
        let offsets = meta.offsets.iter().filter_map(|offset| u64::try_from(offset).ok());
        starts.extend(offsets.map(|offset| (input.offset() + offset, meta.name.to_string())));
    }
    starts.sort();
    if let Some((first, _)) = starts.first()
        && *first != rest.offset()
    {
        return walker.bad("partitions", rest.offset(), "bytes that no offset leads to");
    }
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for (i, (start, name)) in starts.iter().enumerate() {
        let end = starts.get(i + 1).map_or(rest.end(), |(next, _)| *next);
        let length = usize::try_from(end.saturating_sub(*start)).unwrap_or(usize::MAX);
        let Some(bytes) = window(rest, length) else {
            return walker.bad("partitions", rest.offset(), "an offset beyond the end of the stream");
        };
        let state = opened.header().all_states().find(|state| state.name.to_string() == *name);
        let number = counts.entry(name.clone()).or_default();
        let index = *number;
        *number += 1;
        match state {
            Some(state) => partition(walker, state, Some(index), bytes)?,
            None => walker.leaf(("list-partition", "element", Some(index)), "value", bytes, length, hex)?,
        };
        rest = rest.skip(length);
    }
    if !rest.is_empty() {
        return walker.bad("partitions", rest.offset(), "bytes that no offset leads to");
    }
    Ok(())
}

/// An element, or a broadcast map.
fn partition<'a>(walker: &mut Walker<'_>, state: &StateMetaInfo<'_>, index: Option<u64>, bytes: Input<'a>) -> Rest<'a> {
    let value = state.value_serializer.type_description();
    let is_map = state.kind == StateKind::Broadcast;
    let layout = if is_map { "broadcast-map" } else { "list-partition" };
    let about = format!("state {}", state.name);
    let group = Group::new("partitions", layout, bytes.offset()).about(about).numbered(index);
    walker.group(&group, |walker| {
        if !is_map {
            let text = |bytes: &[u8]| value_text(Some(&value), bytes);
            return walker.leaf((layout, "element", None), "value", bytes, bytes.len(), text);
        }
        let count = bytes.bytes().first_chunk::<4>().map_or(0, |bytes| i32::from_be_bytes(*bytes));
        let mut rest = walker.leaf((layout, "count", None), "i32", bytes, 4, |_| count.to_string())?;
        let Some(entries) = broadcast_entries(state, bytes.bytes()) else {
            return walker.leaf((layout, "entries", None), "value", rest, rest.len(), hex);
        };
        let key_type = state.key_serializer.as_ref().map(SerializerSnapshot::type_description);
        for (i, (key, of)) in entries.into_iter().enumerate() {
            let layout = "broadcast-entry";
            let group = Group::new("entries", layout, rest.offset()).numbered(i as u64);
            rest = walker.group(&group, |walker| {
                let text = |bytes: &[u8]| value_text(key_type.as_ref(), bytes);
                let rest = walker.leaf((layout, "key", None), "value", rest, key.len(), text)?;
                walker.leaf((layout, "value", None), "value", rest, of.len(), |b| value_text(Some(&value), b))
            })?;
        }
        Ok(rest)
    })
}
