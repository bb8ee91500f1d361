//! Writes keyed streams: single pass, with the offsets for the handle.

use std::io::{self, Write};

use super::header::KeyedHeader;
use super::pending::Pending;
use super::{END_OF_KEY_GROUP, KeyGroup, MaxParallelism, StateId};
use crate::compression::{BLOCK, Framing, IDENTIFIER};
use crate::metadata::{KeyGroupOffsets, KeyGroupRange};
use crate::wire::Output;
use crate::{Error, ErrorKind};

/// Writes a keyed stream to `sink`, entry by entry. Key groups come in ascending order, and within one the entries of a state
/// one after the other; a key group without entries is not written at all. An entry that is refused leaves nothing behind.
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
    run: Option<Run>,
    pending: Pending,
    frames: Vec<u8>,
}

/// Entries of one state in one key group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
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
            run: None,
            pending: Pending::default(),
            frames: Vec::new(),
        })
    }

    /// Writes an entry. `key` is the composite key without its prefix.
    #[inline]
    pub fn entry(&mut self, key_group: KeyGroup, state: StateId, key: &[u8], value: &[u8]) -> io::Result<()> {
        let run = Run { key_group, state };
        while self.run != Some(run) || self.pending.push_entry(key, value).is_none() {
            self.prepare(run, key.len(), value.len())?;
        }
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

    /// Makes ready for an entry of a run: what few entries need.
    #[cold]
    fn prepare(&mut self, run: Run, key: usize, value: usize) -> io::Result<()> {
        let key = key + self.max.prefix_width().bytes();
        for length in [key, value] {
            if i32::try_from(length).is_err() {
                return Err(Error::new(ErrorKind::ListTooLong { length }, 0).into());
            }
        }
        if self.run != Some(run) {
            self.begin_run(run)?;
        }
        self.make_room(8 + key + value)
    }

    fn begin_run(&mut self, run: Run) -> io::Result<()> {
        let Run { key_group, state } = run;
        if usize::from(state.0) >= self.states {
            return Err(self.error(ErrorKind::UnknownStateId { found: state.0, states: self.states }));
        }
        match self.run {
            Some(open) if open.key_group == key_group => self.pending.mark_end_of_run(),
            Some(open) if open.key_group > key_group => {
                return Err(self.error(ErrorKind::KeyGroupOrder { found: key_group.0 }));
            }
            _ => self.begin_section(key_group)?,
        }
        self.push_id(state.0)?;
        self.pending.set_prefix(key_group, self.max.prefix_width());
        self.run = Some(run);
        Ok(())
    }

    fn begin_section(&mut self, key_group: KeyGroup) -> io::Result<()> {
        let index = u32::from(key_group.0).checked_sub(self.range.start()).and_then(|i| usize::try_from(i).ok());
        let Some(index) = index.filter(|index| *index < self.offsets.len()) else {
            return Err(self.error(ErrorKind::KeyGroupOutsideRange { found: key_group.0, range: self.range }));
        };
        if key_group.0 >= self.max.get() {
            let kind = ErrorKind::KeyGroupBeyondMax { found: key_group.0.into(), max: self.max.get() };
            return Err(Error::new(kind, 0).into());
        }
        self.end_section()?;
        if let Some(offset) = self.offsets.get_mut(index) {
            *offset = i64::try_from(self.position).unwrap_or(i64::MAX);
        }
        if self.framing.is_some() {
            self.sink.write_all(&IDENTIFIER)?;
            self.position += IDENTIFIER.len() as u64;
        }
        Ok(())
    }

    fn end_section(&mut self) -> io::Result<()> {
        if self.run.take().is_none() {
            return Ok(());
        }
        self.pending.mark_end_of_run();
        self.push_id(END_OF_KEY_GROUP)?;
        self.write_pending(self.pending.all().len())
    }

    fn push_id(&mut self, id: u16) -> io::Result<()> {
        while self.pending.push_id(id).is_none() {
            self.make_room(2)?;
        }
        Ok(())
    }

    /// Writes what stands before the last entry, and makes room for `size` bytes more.
    fn make_room(&mut self, size: usize) -> io::Result<()> {
        if self.pending.has_room(size) {
            return Ok(());
        }
        let before = self.pending.before_last_entry().len();
        self.write_pending(if self.framing.is_some() { before / BLOCK * BLOCK } else { before })?;
        self.pending.grow(size);
        Ok(())
    }

    /// Writes the first `count` bytes of what is pending.
    fn write_pending(&mut self, count: usize) -> io::Result<()> {
        let bytes = self.pending.all().get(..count).unwrap_or_default();
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
        self.pending.drop_first(count);
        Ok(())
    }

    fn error(&self, kind: ErrorKind) -> io::Error {
        Error::new(kind, self.position).into()
    }
}
