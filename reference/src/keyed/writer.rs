//! Writes keyed streams: single pass, with the offsets for the handle.

use std::io::{self, Write};

use super::header::KeyedHeader;
use super::{END_OF_KEY_GROUP, END_OF_RUN, KeyGroup, MaxParallelism, StateId};
use crate::compression::{BLOCK, Framing, IDENTIFIER};
use crate::metadata::{KeyGroupOffsets, KeyGroupRange};
use crate::wire::Output;
use crate::{Error, ErrorKind};

/// Writes a keyed stream to `sink`, entry by entry. Key groups come in ascending order, and within one the entries of a state
/// one after the other; a key group without entries is not written at all.
///
/// The entry before the last one written is kept back, since the last entry of a run is marked in its key.
#[derive(Debug)]
pub struct KeyedWriter<W> {
    sink: W,
    position: u64,
    max: MaxParallelism,
    states: usize,
    range: KeyGroupRange,
    offsets: Vec<i64>,
    framing: Option<Framing>,
    section: Option<OpenSection>,
    /// Bytes of the section that are not written yet: what compression waits for, and the entry that is kept back.
    pending: Vec<u8>,
    /// Where in `pending` the first byte of the last key is.
    last_key: usize,
    frames: Vec<u8>,
}

#[derive(Debug)]
struct OpenSection {
    key_group: KeyGroup,
    state: StateId,
}

/// What was written.
#[derive(Debug)]
pub struct WrittenStream<W> {
    /// The sink, flushed.
    pub sink: W,
    /// The offsets for the handle.
    pub offsets: KeyGroupOffsets<'static>,
    /// Number of bytes.
    pub length: u64,
}

impl<W: Write> KeyedWriter<W> {
    /// Writes the header, and is ready for entries of the key groups in `range`.
    pub fn new(mut sink: W, header: &KeyedHeader<'_>, range: KeyGroupRange, max: MaxParallelism) -> io::Result<Self> {
        let mut out = Output::new();
        header.write(&mut out)?;
        let bytes = out.into_bytes();
        sink.write_all(&bytes)?;
        Ok(Self {
            sink,
            position: bytes.len() as u64,
            max,
            states: header.states.len(),
            range,
            offsets: vec![0; usize::try_from(range.count()).unwrap_or(usize::MAX)],
            framing: header.compressed.then(Framing::new),
            section: None,
            pending: Vec::new(),
            last_key: 0,
            frames: Vec::new(),
        })
    }

    /// Writes an entry. `key` is the composite key without its prefix.
    pub fn entry(&mut self, key_group: KeyGroup, state: StateId, key: &[u8], value: &[u8]) -> io::Result<()> {
        if usize::from(state.0) >= self.states {
            let kind = ErrorKind::UnknownStateId { found: state.0, states: self.states };
            return Err(Error::new(kind, self.position).into());
        }
        match &mut self.section {
            Some(open) if open.key_group == key_group => {
                if open.state == state {
                    self.flush_before_last()?;
                } else {
                    open.state = state;
                    self.mark_end_of_run();
                    self.pending.extend_from_slice(&state.0.to_be_bytes());
                }
            }
            open => {
                if open.as_ref().is_some_and(|open| open.key_group > key_group) {
                    return Err(Error::new(ErrorKind::KeyGroupOrder { found: key_group.0 }, self.position).into());
                }
                self.end_section()?;
                self.begin_section(key_group, state)?;
            }
        }
        let prefix = usize::from(self.max.prefix_width() as u8);
        self.pending.extend_from_slice(&length(key.len() + prefix)?);
        self.last_key = self.pending.len();
        self.max.push_prefix(key_group, &mut self.pending)?;
        self.pending.extend_from_slice(key);
        self.pending.extend_from_slice(&length(value.len())?);
        self.pending.extend_from_slice(value);
        Ok(())
    }

    /// Ends the stream.
    pub fn finish(mut self) -> io::Result<WrittenStream<W>> {
        self.end_section()?;
        self.sink.flush()?;
        let offsets = KeyGroupOffsets::new(self.range.start(), self.offsets)
            .ok_or_else(|| io::Error::other("more key groups than a handle can say"))?;
        Ok(WrittenStream { sink: self.sink, offsets, length: self.position })
    }

    fn begin_section(&mut self, key_group: KeyGroup, state: StateId) -> io::Result<()> {
        let index = u32::from(key_group.0).checked_sub(self.range.start()).and_then(|i| usize::try_from(i).ok());
        let Some(offset) = index.and_then(|i| self.offsets.get_mut(i)) else {
            let kind = ErrorKind::KeyGroupOutsideRange { found: key_group.0, range: self.range };
            return Err(Error::new(kind, self.position).into());
        };
        *offset = i64::try_from(self.position).unwrap_or(i64::MAX);
        if self.framing.is_some() {
            self.write_all(&IDENTIFIER)?;
        }
        self.section = Some(OpenSection { key_group, state });
        self.pending.extend_from_slice(&state.0.to_be_bytes());
        Ok(())
    }

    fn end_section(&mut self) -> io::Result<()> {
        if self.section.take().is_none() {
            return Ok(());
        }
        self.mark_end_of_run();
        self.pending.extend_from_slice(&END_OF_KEY_GROUP.to_be_bytes());
        self.drain(self.pending.len())
    }

    fn mark_end_of_run(&mut self) {
        if let Some(first) = self.pending.get_mut(self.last_key) {
            *first |= END_OF_RUN;
        }
    }

    /// Writes what stands before the last entry, once there is enough of it to be worth a call.
    fn flush_before_last(&mut self) -> io::Result<()> {
        let entry_start = self.last_key.saturating_sub(4);
        let ready = if self.framing.is_some() { entry_start / BLOCK * BLOCK } else { entry_start };
        if ready < BLOCK {
            return Ok(());
        }
        self.drain(ready)
    }

    /// Writes the first `ready` bytes of what is pending.
    fn drain(&mut self, ready: usize) -> io::Result<()> {
        let bytes = self.pending.get(..ready).unwrap_or_default();
        self.frames.clear();
        let stored = match &mut self.framing {
            Some(framing) => {
                framing.append(bytes, &mut self.frames);
                self.frames.as_slice()
            }
            None => bytes,
        };
        self.sink.write_all(stored)?;
        self.position += stored.len() as u64;
        self.pending.drain(..ready);
        self.last_key = self.last_key.saturating_sub(ready);
        Ok(())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

fn length(n: usize) -> io::Result<[u8; 4]> {
    let length = i32::try_from(n).map_err(|_| Error::new(ErrorKind::ListTooLong { length: n }, 0))?;
    Ok(length.to_be_bytes())
}
