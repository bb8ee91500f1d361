//! A whole operator state stream, with the offsets that its handle gives.

use super::OperatorHeader;
use crate::compression::{Chunks, IDENTIFIER};
use crate::error::At;
use crate::meta_info::{StateKind, StateMetaInfo};
use crate::metadata::OperatorStateHandle;
use crate::serializer::SerializerSnapshot;
use crate::wire::{Input, JavaStr};
use crate::{Error, ErrorKind};

/// An operator state stream: its header, and the partitions of each state.
#[derive(Debug, Clone)]
pub struct OperatorStream<'a> {
    header: OperatorHeader<'a>,
    data: Input<'a>,
    layout: SnappyLayout,
    /// Offsets of each state, in the order of the header.
    offsets: Vec<Vec<u64>>,
    /// All of them, ascending: an element ends where the next one starts, of whatever state.
    ascending: Vec<u64>,
}

/// How the data of a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnappyLayout {
    /// Not at all.
    Plain,
    /// One framed stream; every element starts a chunk (Flink 1.18.2, 1.19 and later).
    ByElement,
    /// A framed stream for each state, and offsets that do not lead to elements: the broken writer of Flink 1.18.0 and
    /// 1.18.1. Releases with the fix read such a stream wrong without noticing.
    ByState,
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
        let file = Input::new(bytes);
        let (data, header) = OperatorHeader::read(file)?;
        let mut offsets = Vec::new();
        for (i, state) in header.all_states().enumerate() {
            // Of two with one name Flink keeps the later.
            let meta = handle.states.iter().filter(|meta| meta.name.same_text(&state.name)).last();
            let bad = |kind| Err(Error::new(kind, 0)).index(i as u64).field("state");
            let Some(meta) = meta else { return bad(ErrorKind::StateWithoutOffsets) };
            if state.kind.mode() != Some(meta.mode) {
                return bad(ErrorKind::ModeMismatch);
            }
            let mut of_state = Vec::new();
            for offset in meta.offsets.iter() {
                match u64::try_from(offset) {
                    Ok(at) if at >= data.offset() && at <= file.end() => of_state.push(at),
                    _ => {
                        let kind = ErrorKind::PartitionOffset { found: offset, from: data.offset(), to: file.end() };
                        return Err(Error::new(kind, 0)).field("offsets").index(i as u64).field("state");
                    }
                }
            }
            offsets.push(of_state);
        }
        for meta in &handle.states {
            if !header.all_states().any(|state| state.name.same_text(&meta.name)) {
                let kind = ErrorKind::OffsetsWithoutState { name: meta.name.to_string() };
                return Err(Error::new(kind, 0)).field("states");
            }
        }
        let layout = layout(&header, data);
        let mut ascending = offsets.concat();
        ascending.sort_unstable();
        Ok(Self { header, data, layout, offsets, ascending })
    }

    /// What precedes the data.
    pub fn header(&self) -> &OperatorHeader<'a> {
        &self.header
    }

    /// How the data is compressed.
    pub fn layout(&self) -> SnappyLayout {
        self.layout
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
        let (Some(info), Some(offsets)) = (self.header.all_states().nth(state), self.offsets.get(state)) else {
            return Ok(true);
        };
        let decode = |buffer: &mut Vec<u8>, window| {
            let mut chunks = Chunks::resumed(window);
            while chunks.next_into(buffer)? {}
            Ok(())
        };
        match (self.layout, offsets.first()) {
            (_, None) => {}
            (SnappyLayout::ByState, Some(first)) => {
                buffer.clear();
                decode(buffer, self.window(*first, self.next_stream(*first))).index(state as u64).field("state")?;
                let Some(ends) = ends_by_serializer(info, offsets.len(), buffer) else { return Ok(false) };
                let mut start = 0;
                for end in ends {
                    visit(buffer.get(start..end).unwrap_or_default())?;
                    start = end;
                }
            }
            (layout, Some(_)) => {
                for offset in offsets {
                    let window = self.window(*offset, self.next_offset(*offset));
                    if layout == SnappyLayout::Plain {
                        visit(window.bytes())?;
                    } else {
                        buffer.clear();
                        decode(buffer, window).index(state as u64).field("state")?;
                        visit(buffer)?;
                    }
                }
            }
        }
        Ok(true)
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

    /// The lowest offset of any state above `offset`, or the end.
    fn next_offset(&self, offset: u64) -> u64 {
        let above = self.ascending.partition_point(|other| *other <= offset);
        self.ascending.get(above).copied().unwrap_or(self.data.end())
    }

    /// Where the framed stream that `offset` is in ends: at the next identifier, or the end.
    fn next_stream(&self, offset: u64) -> u64 {
        chunk_positions(self.window(offset, self.data.end()))
            .find(|(at, identifier)| *identifier && *at > offset)
            .map_or(self.data.end(), |(at, _)| at)
    }
}

/// One identifier behind the header, or one for each state.
fn layout(header: &OperatorHeader<'_>, data: Input<'_>) -> SnappyLayout {
    if header.compressed != Some(true) {
        return SnappyLayout::Plain;
    }
    let identifiers = chunk_positions(data).filter(|(_, identifier)| *identifier).count();
    if identifiers > 1 { SnappyLayout::ByState } else { SnappyLayout::ByElement }
}

/// Offset of every chunk, and whether it is an identifier.
fn chunk_positions(data: Input<'_>) -> impl Iterator<Item = (u64, bool)> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (&[_, a, b, c], _) = rest.bytes().split_first_chunk::<4>()?;
        let at = rest.offset();
        let identifier = rest.bytes().get(..IDENTIFIER.len()) == Some(&IDENTIFIER);
        rest = rest.skip(4 + (usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16));
        Some((at, identifier))
    })
}

/// Where each of `count` elements ends, by their serializer alone.
fn ends_by_serializer(state: &StateMetaInfo<'_>, count: usize, data: &[u8]) -> Option<Vec<usize>> {
    if state.kind == StateKind::Broadcast {
        return (count == 1).then(|| vec![data.len()]);
    }
    let element: &SerializerSnapshot<'_> = &state.value_serializer;
    let mut ends = Vec::with_capacity(count.min(data.len()));
    let mut at = 0;
    for _ in 0..count {
        at += element.value_length(data.get(at..)?)?;
        ends.push(at);
    }
    (at == data.len()).then_some(ends)
}
