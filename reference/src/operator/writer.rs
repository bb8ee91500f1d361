//! Writes operator state streams: single pass, with the offsets for the handle.

use std::io::{self, Write};

use super::OperatorHeader;
use crate::compression::{Framing, IDENTIFIER};
use crate::meta_info::StateKind;
use crate::metadata::{Mode, Offsets, StateMeta};
use crate::wire::{JavaStr, Output};
use crate::{Error, ErrorKind};

/// Writes an operator state stream to `sink`, partition by partition: the elements of lists, and each broadcast map as a
/// whole. Flink writes the states in the order of the header; its readers take any.
///
/// Compressed data is laid out as Flink 1.18.2, 1.19 and later do: one framed stream in which every partition starts a chunk.
#[derive(Debug)]
pub struct OperatorWriter<W> {
    sink: W,
    position: u64,
    states: Vec<State>,
    framing: Option<Framing>,
    frames: Vec<u8>,
}

#[derive(Debug)]
struct State {
    name: JavaStr<'static>,
    kind: StateKind,
    offsets: Vec<i64>,
}

/// What was written.
#[derive(Debug)]
pub struct WrittenOperatorStream<W> {
    /// The sink, flushed.
    pub sink: W,
    /// Names, modes and offsets for the handle, in the order of the header.
    pub states: Vec<StateMeta<'static>>,
    /// Number of bytes.
    pub length: u64,
}

impl<W: Write> OperatorWriter<W> {
    /// Writes the header, and is ready for partitions.
    pub fn new(mut sink: W, header: &OperatorHeader<'_>) -> io::Result<Self> {
        let mut out = Output::new();
        header.write(&mut out)?;
        let framing = (header.compressed == Some(true)).then(Framing::new);
        if framing.is_some() {
            out.raw(&IDENTIFIER);
        }
        let bytes = out.into_bytes();
        sink.write_all(&bytes)?;
        let state = |info: &crate::meta_info::StateMetaInfo<'_>| State {
            name: info.name.clone().into_owned(),
            kind: info.kind,
            offsets: Vec::new(),
        };
        let states = header.all_states().map(state).collect();
        Ok(Self { sink, position: bytes.len() as u64, states, framing, frames: Vec::new() })
    }

    /// Writes a partition of the state at that position in the header: an element as its serializer wrote it, or a broadcast map
    /// (`i32` number of entries, then key and value each).
    pub fn partition(&mut self, state: usize, partition: &[u8]) -> io::Result<()> {
        let states = self.states.len();
        let Some(state) = self.states.get_mut(state) else {
            let found = u16::try_from(state).unwrap_or(u16::MAX);
            return Err(Error::new(ErrorKind::UnknownStateId { found, states }, self.position).into());
        };
        state.offsets.push(i64::try_from(self.position).unwrap_or(i64::MAX));
        let stored = match &mut self.framing {
            Some(framing) => {
                self.frames.clear();
                framing.append(partition, &mut self.frames);
                self.frames.as_slice()
            }
            None => partition,
        };
        self.sink.write_all(stored)?;
        self.position += stored.len() as u64;
        Ok(())
    }

    /// Ends the stream. Every broadcast state needs its one map, also an empty one.
    pub fn finish(mut self) -> io::Result<WrittenOperatorStream<W>> {
        let mut metas = Vec::with_capacity(self.states.len());
        for (i, state) in self.states.into_iter().enumerate() {
            let found = state.offsets.len();
            if state.kind == StateKind::Broadcast && found != 1 {
                let error = Error::new(ErrorKind::BroadcastPartitions { found }, self.position);
                return Err(error.within("state", i).into());
            }
            let mode = state.kind.mode().unwrap_or(Mode::SplitDistribute);
            metas.push(StateMeta {
                name: state.name,
                mode,
                offsets: state.offsets.into_iter().collect::<Offsets<'_>>(),
            });
        }
        self.sink.flush()?;
        Ok(WrittenOperatorStream { sink: self.sink, states: metas, length: self.position })
    }
}
