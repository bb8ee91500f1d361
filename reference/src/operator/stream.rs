//! A whole operator state stream, with the offsets that its handle gives.

use std::collections::HashMap;

use super::OperatorHeader;
use super::layout::SnappyLayout;
use crate::compression::{Chunk, Chunks, IDENTIFIER};
use crate::error::At;
use crate::limits::Budget;
use crate::meta_info::{StateKind, StateMetaInfo};
use crate::metadata::{OperatorStateHandle, StateMeta};
use crate::serializer::Hints;
use crate::wire::{Input, JavaStr};
use crate::{Error, ErrorKind, Limits};

/// An operator state stream: its header, and the partitions of each state.
#[derive(Debug, Clone)]
pub struct OperatorStream<'a> {
    bytes: &'a [u8],
    header: OperatorHeader<'a>,
    data: Input<'a>,
    layout: SnappyLayout,
    /// Offsets of each state, in the order of the header.
    offsets: Vec<Vec<u64>>,
    /// All of them, ascending, with state and position in it: a partition ends where the next one starts, of whatever state.
    /// Of those that share an offset all but the one written last are empty.
    ascending: Vec<(u64, u32, u32)>,
    limits: Limits,
    budget: Option<&'a Budget>,
}

/// The partitions of a state: elements of a list, or one broadcast map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partitions {
    /// All partitions, one after the other, uncompressed.
    pub data: Vec<u8>,
    /// Where each of them ends in `data`; `None` where nothing tells, since the offsets do not lead to elements and the
    /// serializer's values do not say how long they are.
    pub ends: Option<Vec<usize>>,
    /// How many there are.
    pub count: usize,
}

impl Partitions {
    /// The partitions, where they can be told apart.
    pub fn told_apart(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let mut start = 0;
        Some(self.ends.as_ref()?.iter().map(move |end| {
            let partition = self.data.get(start..*end).unwrap_or_default();
            start = *end;
            partition
        }))
    }
}

impl<'a> OperatorStream<'a> {
    /// Reads the header, and matches its states with the names and offsets of the handle.
    pub fn open(bytes: &'a [u8], handle: &OperatorStateHandle<'_>) -> Result<Self, Error> {
        Self::open_with(bytes, handle, &Hints::default())
    }

    /// The same with what is known of serializers that Flink does not ship.
    pub fn open_with(bytes: &'a [u8], handle: &OperatorStateHandle<'_>, hints: &Hints) -> Result<Self, Error> {
        let file = Input::new(bytes);
        let (data, header) = OperatorHeader::read_to(file, Some(header_end(bytes, handle)), hints)?;
        // Of two with one name Flink keeps the later.
        let metas: Vec<StateMeta<'_>> = handle.states.iter().collect();
        let mut by_name: HashMap<JavaStr<'static>, (&StateMeta<'_>, bool)> =
            metas.iter().map(|meta| (meta.name.canonical(), (meta, false))).collect();
        let mut offsets = Vec::new();
        for (i, state) in header.all_states().enumerate() {
            let Some((meta, used)) = by_name.get_mut(&state.name.canonical()) else {
                return Err(Error::new(ErrorKind::StateWithoutOffsets, 0)).index(i as u64).field("state");
            };
            if std::mem::replace(used, true) {
                return Err(Error::new(ErrorKind::DuplicateState, 0)).index(i as u64).field("state");
            }
            offsets.push(offsets_of(state, meta, data.offset(), file.end()).index(i as u64).field("state")?);
        }
        if let Some((meta, _)) =
            by_name.values().filter(|(_, used)| !used).min_by_key(|(meta, _)| meta.name.canonical())
        {
            let kind = ErrorKind::OffsetsWithoutState { name: meta.name.to_string() };
            return Err(Error::new(kind, 0)).field("states");
        }
        let layout = SnappyLayout::of(&header, data, &offsets);
        let of_state = |(state, offsets)| (0..).zip(offsets).map(move |(i, offset): (u32, &u64)| (*offset, state, i));
        let mut ascending: Vec<_> = (0..).zip(&offsets).flat_map(of_state).collect();
        ascending.sort_unstable();
        let stream = Self { bytes, header, data, layout, offsets, ascending, limits: Limits::default(), budget: None };
        stream.framed_streams_are_apart()?;
        Ok(stream)
    }

    /// With other limits for what is decompressed.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With an account of what is decompressed.
    pub(crate) fn budget(self, budget: &'a Budget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// What precedes the data.
    pub fn header(&self) -> &OperatorHeader<'a> {
        &self.header
    }

    /// All of it, as it stands.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What stands behind the header, as it stands.
    pub fn data(&self) -> Input<'a> {
        self.data
    }

    /// Number of bytes.
    pub fn len(&self) -> u64 {
        self.data.end()
    }

    /// Whether there is a header and nothing else.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// How the data is compressed.
    pub fn layout(&self) -> SnappyLayout {
        self.layout
    }

    /// Where the data starts that no offset leads to, and how many bytes it has; none in a stream that Flink wrote. Behind the
    /// lowest offset every byte belongs to some partition.
    pub fn unreached(&self) -> Option<(u64, u64)> {
        let first = self.ascending.first().map_or(self.data.end(), |(offset, ..)| *offset);
        let mut from = self.data.offset();
        if self.layout != SnappyLayout::Plain {
            let leading = Chunk::all(self.data).take_while(Chunk::is_identifier).last();
            from = leading.map_or(from, |identifier| identifier.offset() + IDENTIFIER.len() as u64);
        }
        first.checked_sub(from).filter(|count| *count > 0).map(|count| (from, count))
    }

    /// The partitions of a state.
    pub fn partitions(&self, name: &JavaStr<'_>) -> Result<Option<Partitions>, Error> {
        for (i, state) in self.header.all_states().enumerate() {
            if state.name.same_text(name) {
                return self.read(i).map(Some);
            }
        }
        Ok(None)
    }

    /// Calls `visit` with every partition of a state, which is named by its position in the header. `false` if they cannot
    /// be told apart: the offsets do not lead to elements, and the serializer's values do not say how long they are.
    ///
    /// Compressed partitions are opened in `buffer`, which is reused from call to call.
    pub fn for_each_partition<E: From<Error>>(
        &self,
        state: usize,
        buffer: &mut Vec<u8>,
        mut visit: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<bool, E> {
        let (Some(info), Some(offsets)) = (self.header.state(state), self.offsets.get(state)) else {
            return Ok(true);
        };
        let decode = |buffer: &mut Vec<u8>, window| {
            buffer.clear();
            let mut chunks = Chunks::resumed(window).budget(self.budget);
            while chunks.next_into(buffer).index(state as u64).field("state")? {
                if buffer.len() > self.limits.entry {
                    let kind = ErrorKind::EntryTooLarge { limit: self.limits.entry };
                    return Err(Error::new(kind, chunks.last_chunk()).within("state", state));
                }
            }
            Ok::<_, Error>(())
        };
        let Some(first) = offsets.first() else { return Ok(true) };
        if !self.layout.has_offsets_of_elements() {
            decode(buffer, self.window(*first, self.next_stream(*first)))?;
            let broken = || {
                let kind = ErrorKind::Partition { length: buffer.len() };
                Error::new(kind, *first).within("state", state)
            };
            let Some(ends) = ends_by_serializer(info, offsets.len(), buffer) else {
                return if is_self_delimiting(info) { Err(broken().into()) } else { Ok(false) };
            };
            if info.kind == StateKind::Broadcast && !is_whole(info)(buffer) {
                return Err(broken().into());
            }
            let mut start = 0;
            for end in ends {
                visit(buffer.get(start..end).unwrap_or_default())?;
                start = end;
            }
            return Ok(true);
        }
        let is_whole = is_whole(info);
        for (i, offset) in offsets.iter().enumerate() {
            let window = self.window(*offset, self.end_of(*offset, state, i));
            let partition = if self.layout == SnappyLayout::Plain {
                window.bytes()
            } else {
                decode(buffer, window)?;
                buffer.as_slice()
            };
            if !is_whole(partition) {
                let kind = ErrorKind::Partition { length: partition.len() };
                return Err(Error::new(kind, *offset).within("partition", i).within("state", state).into());
            }
            visit(partition)?;
        }
        Ok(true)
    }

    /// That each state has a framed stream of its own, where elements have none: else one stream would be decompressed once for each
    /// state.
    fn framed_streams_are_apart(&self) -> Result<(), Error> {
        if self.layout != SnappyLayout::ByState {
            return Ok(());
        }
        let mut firsts: Vec<(u64, usize)> =
            self.offsets.iter().zip(0..).filter_map(|(offsets, i)| Some((*offsets.first()?, i))).collect();
        firsts.sort_unstable();
        let mut end = 0;
        for (first, i) in firsts {
            if first < end {
                let found = i64::try_from(first).unwrap_or(i64::MAX);
                let kind = ErrorKind::PartitionOffset { found, from: end, to: self.data.end() };
                return Err(Error::new(kind, first)).index(i as u64).field("state");
            }
            end = self.next_stream(first);
        }
        Ok(())
    }

    fn read(&self, index: usize) -> Result<Partitions, Error> {
        let count = self.offsets.get(index).map_or(0, Vec::len);
        let (mut data, mut ends, mut buffer) = (Vec::new(), Vec::with_capacity(count), Vec::new());
        let told_apart = self.for_each_partition::<Error>(index, &mut buffer, |partition| {
            data.extend_from_slice(partition);
            ends.push(data.len());
            Ok(())
        })?;
        // What could not be told apart is in the buffer as a whole.
        let data = if told_apart { data } else { buffer };
        Ok(Partitions { data, ends: told_apart.then_some(ends), count })
    }

    fn window(&self, from: u64, to: u64) -> Input<'a> {
        let start = usize::try_from(from.saturating_sub(self.data.offset())).unwrap_or(usize::MAX);
        let length = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        let tail = self.data.skip(start);
        let (window, _) = tail.bytes().split_at(length.min(tail.len()));
        Input::with_offset(window, tail.offset())
    }

    /// Where the partition ends that starts at `offset`.
    fn end_of(&self, offset: u64, state: usize, i: usize) -> u64 {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let this = (offset, number(state), number(i));
        let next = self.ascending.partition_point(|other| *other <= this);
        self.ascending.get(next).map_or(self.data.end(), |(offset, ..)| *offset)
    }

    /// Where the framed stream that `offset` is in ends: at the next identifier, or the end.
    fn next_stream(&self, offset: u64) -> u64 {
        Chunk::all(self.window(offset, self.data.end()))
            .find(|chunk| chunk.is_identifier() && chunk.offset() > offset)
            .map_or(self.data.end(), |chunk| chunk.offset())
    }
}

/// Where the header ends if only the handle is asked: the data starts with the first partition, or with the Snappy identifier
/// before it; Flink 1.18.0 and 1.18.1 wrote one for each state, also for lists without elements.
fn header_end(bytes: &[u8], handle: &OperatorStateHandle<'_>) -> u64 {
    let first_of = |meta: StateMeta<'_>| meta.offsets.iter().filter_map(|offset| u64::try_from(offset).ok()).min();
    let first = handle.states.iter().filter_map(first_of).min().unwrap_or(bytes.len() as u64);
    let mut head = usize::try_from(first).ok().and_then(|first| bytes.get(..first)).unwrap_or(bytes);
    while let Some(shorter) = head.strip_suffix(&IDENTIFIER) {
        head = shorter;
    }
    head.len() as u64
}

/// The offsets of a state, each inside the data.
fn offsets_of(state: &StateMetaInfo<'_>, meta: &StateMeta<'_>, from: u64, to: u64) -> Result<Vec<u64>, Error> {
    if state.kind.mode() != Some(meta.mode) {
        return Err(Error::new(ErrorKind::ModeMismatch, 0));
    }
    if state.kind == StateKind::Broadcast && meta.offsets.len() != 1 {
        return Err(Error::new(ErrorKind::BroadcastPartitions { found: meta.offsets.len() }, 0)).field("offsets");
    }
    let inside = |offset: i64| {
        let at = u64::try_from(offset).ok().filter(|at| (from..=to).contains(at));
        at.ok_or_else(|| Error::new(ErrorKind::PartitionOffset { found: offset, from, to }, 0))
    };
    meta.offsets.iter().map(inside).collect::<Result<_, _>>().field("offsets")
}

/// Whether the bytes of a partition are what its serializers write, as far as these tell.
fn is_whole(state: &StateMetaInfo<'_>) -> impl Fn(&[u8]) -> bool {
    let tells = is_self_delimiting(state);
    let value = state.value_serializer.type_description();
    move |partition| {
        !tells
            || match state.kind {
                StateKind::Broadcast => broadcast_entries(state, partition).is_some(),
                _ => value.value_length(partition) == Some(partition.len()),
            }
    }
}

fn is_self_delimiting(state: &StateMetaInfo<'_>) -> bool {
    let key = state.key_serializer.as_ref();
    let mut all = [Some(&state.value_serializer), key].into_iter().flatten();
    all.all(|serializer| serializer.type_description().is_delimited())
}

/// The entries of a broadcast map: `i32` count, then key and value each. `None` where the serializers do not say how long these
/// are, or the bytes are something else.
pub fn broadcast_entries<'b>(state: &StateMetaInfo<'_>, partition: &'b [u8]) -> Option<Vec<(&'b [u8], &'b [u8])>> {
    let key_type = state.key_serializer.as_ref()?.type_description();
    let value_type = state.value_serializer.type_description();
    let (count, mut rest) = partition.split_first_chunk::<4>()?;
    let mut entries = Vec::new();
    for _ in 0..u32::try_from(i32::from_be_bytes(*count)).ok()? {
        let (key, tail) = rest.split_at_checked(key_type.value_length(rest)?)?;
        let (value, tail) = tail.split_at_checked(value_type.value_length(tail)?)?;
        // Entries without a byte could be claimed without end.
        if tail.len() == rest.len() {
            return None;
        }
        entries.push((key, value));
        rest = tail;
    }
    rest.is_empty().then_some(entries)
}

/// Where each of `count` elements ends, by their serializer alone.
fn ends_by_serializer(state: &StateMetaInfo<'_>, count: usize, data: &[u8]) -> Option<Vec<usize>> {
    if state.kind == StateKind::Broadcast {
        return (count == 1).then(|| vec![data.len()]);
    }
    let element = state.value_serializer.type_description();
    let mut ends = Vec::with_capacity(count);
    let mut at = 0;
    for _ in 0..count {
        at += element.value_length(data.get(at..)?)?;
        ends.push(at);
    }
    (at == data.len()).then_some(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::{Mode, StreamHandle};

    #[test]
    fn the_header_ends_before_the_identifiers_of_all_empty_lists() {
        let state = |offsets: &[i64]| StateMeta {
            name: JavaStr::from("s"),
            mode: Mode::SplitDistribute,
            offsets: offsets.iter().copied().collect(),
        };
        let end = |before: &[&[u8]], states: Vec<StateMeta<'static>>| {
            let bytes = [before, &[b"data"]].concat().concat();
            let handle =
                OperatorStateHandle { states: states.into(), delegate: StreamHandle::EmptySegment, segmented: None };
            header_end(&bytes, &handle)
        };
        assert_eq!(end(&[b"header"], vec![state(&[6, 8])]), 6);
        assert_eq!(end(&[b"header", &IDENTIFIER], vec![state(&[]), state(&[16])]), 6);
        assert_eq!(end(&[b"header", &IDENTIFIER, &IDENTIFIER, &IDENTIFIER], vec![state(&[36])]), 6);
        // Without an offset the stream has no data.
        assert_eq!(end(&[], vec![state(&[])]), 4);
        assert_eq!(end(&[b"header"], vec![state(&[99])]), 10);
    }
}
