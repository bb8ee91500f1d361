//! Streams written step by step, each of which can be got wrong. With nothing wrong the bytes are those of the crate's own writers,
//! which allow less; a test compares them.

use flink_savepoint::compression::{BLOCK, Framing, IDENTIFIER};
use flink_savepoint::keyed::{KeyGroup, KeyedHeader, MaxParallelism};
use flink_savepoint::metadata::{KeyGroupOffsets, KeyGroupRange};
use flink_savepoint::operator::OperatorHeader;
use flink_savepoint::wire::Output;

use super::keyed::Entry;
use super::operator::Partitions;
use crate::adapter::reference::Failure;
use crate::adapter::reference::hooks::Hooks;

/// A stream in memory.
pub(super) struct Spelled<O> {
    pub(super) bytes: Vec<u8>,
    pub(super) offsets: O,
}

/// A keyed stream.
pub(super) fn keyed(
    header: &KeyedHeader<'_>,
    range: KeyGroupRange,
    max: MaxParallelism,
    entries: &[Entry],
    hooks: &dyn Hooks,
) -> Result<Spelled<KeyGroupOffsets<'static>>, Failure> {
    let mut out = Output::new();
    header.write(&mut out)?;
    let mut bytes = out.into_bytes();
    let header_end = position(&bytes);
    let mut groups: Vec<KeyGroup> = (range.start()..range.start() + range.count())
        .filter_map(|group| u16::try_from(group).ok())
        .map(KeyGroup)
        .collect();
    hooks.section_order(&mut groups);
    let mut offsets = vec![0; usize::try_from(range.count())?];
    let mut before = None;
    for group in groups {
        let own: Vec<&Entry> = entries.iter().filter(|entry| entry.group == group).collect();
        let start = position(&bytes);
        let offset = if own.is_empty() {
            let (written, offset) = hooks.empty_group(start, before);
            bytes.extend(written);
            offset
        } else {
            let section = section(&own, max, hooks)?;
            bytes.extend(if header.compressed { hooks.compressed(&section) } else { section });
            before = Some(start);
            hooks.section_offset(start, position(&bytes), header_end)
        };
        let index = u32::from(group.0).checked_sub(range.start()).and_then(|i| usize::try_from(i).ok());
        if let Some(place) = index.and_then(|i| offsets.get_mut(i)) {
            *place = offset;
        }
    }
    bytes.extend(hooks.end_of_stream());
    let offsets = KeyGroupOffsets::new(range.start(), offsets).ok_or("more key groups than a handle can say")?;
    Ok(Spelled { bytes, offsets })
}

/// The runs of a key group, and their end.
fn section(entries: &[&Entry], max: MaxParallelism, hooks: &dyn Hooks) -> Result<Vec<u8>, Failure> {
    let mut out = Output::new();
    let mut runs = entries.chunk_by(|a, b| a.state == b.state).peekable();
    while let Some(run) = runs.next() {
        for (i, entry) in run.iter().enumerate() {
            if i == 0 {
                out.u16(hooks.state_id(entry.state));
            }
            let mut key = hooks.prefix(entry.group, max.prefix_width());
            key.extend_from_slice(&entry.key);
            if let Some(first) = key.first_mut()
                && hooks.is_marked(i, run.len(), runs.peek().is_none())
            {
                *first |= 0x80;
            }
            out.bytes32(&key)?;
            out.bytes32(&entry.value)?;
        }
    }
    out.raw(&hooks.end_mark());
    Ok(out.into_bytes())
}

/// An operator stream; offsets by state.
pub(super) fn operator(
    header: &OperatorHeader<'_>,
    states: &[Partitions],
    hooks: &dyn Hooks,
) -> Result<Spelled<Vec<Vec<i64>>>, Failure> {
    let mut out = Output::new();
    header.write(&mut out)?;
    let mut framing = (header.compressed == Some(true)).then(Framing::new);
    let is_compressed = framing.is_some();
    if is_compressed {
        out.raw(&hooks.operator_identifier());
    }
    let mut bytes = out.into_bytes();
    let data = position(&bytes);
    let mut offsets = Vec::new();
    for state in states {
        let mut own = Vec::new();
        for partition in &state.bytes {
            let start = position(&bytes);
            match &mut framing {
                Some(framing) => framing.append(partition, &mut bytes),
                None => bytes.extend_from_slice(partition),
            }
            own.push(hooks.partition_offset(is_compressed, start, position(&bytes), data));
        }
        offsets.push(own);
    }
    Ok(Spelled { bytes, offsets })
}

fn position(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

/// A framed Snappy stream of its own.
pub(crate) fn framed(data: &[u8]) -> Vec<u8> {
    let mut bytes = IDENTIFIER.to_vec();
    let mut framing = Framing::new();
    data.chunks(BLOCK).for_each(|block| framing.append(block, &mut bytes));
    bytes
}
