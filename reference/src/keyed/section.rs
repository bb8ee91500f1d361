//! The section of one key group: its entries, one after the other.

use super::{END_OF_KEY_GROUP, END_OF_RUN, KeyGroup, PrefixWidth, StateId};
use crate::compression::Chunks;
use crate::error::Segment;
use crate::wire::Input;
use crate::{Error, ErrorKind, Limits};

/// An entry of keyed state. It borrows from the stream, or from the buffer that it was decompressed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The state, by its id in this stream.
    pub state: StateId,
    /// The key group in the prefix of the key. A sound stream has it in the section of that group.
    pub key_group: KeyGroup,
    /// The composite key without the prefix: key, namespace and, for maps, user key; or a timer.
    pub key: &'a [u8],
    /// The value. Empty for timers.
    pub value: &'a [u8],
}

/// The section of a key group, not yet read.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    pub(super) key_group: KeyGroup,
    /// From the section's offset up to where the next one starts, or the stream ends.
    pub(super) window: Input<'a>,
    pub(super) width: PrefixWidth,
    pub(super) states: usize,
    pub(super) compressed: bool,
    pub(super) limits: Limits,
}

impl<'a> Section<'a> {
    /// The key group whose offset led here.
    pub fn key_group(&self) -> KeyGroup {
        self.key_group
    }

    /// Where it starts in the stream.
    pub fn offset(&self) -> u64 {
        self.window.offset()
    }

    /// Its bytes as they stand in the stream, up to where the next section starts.
    pub fn bytes(&self) -> &'a [u8] {
        self.window.bytes()
    }

    /// Whether it is a framed Snappy stream.
    pub fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// Its entries as they stand in the stream; `None` if it is compressed, see [`for_each`](Self::for_each).
    pub fn entries(&self) -> Option<Entries<'a>> {
        let cursor = Cursor::new(self.width, self.states);
        (!self.compressed).then_some(Entries { rest: self.window, cursor, failed: false, key_group: self.key_group })
    }

    /// Calls `visit` with every entry, compressed or not, and returns the offset behind the section.
    ///
    /// Compressed sections are opened chunk by chunk in `buffer`, which is reused from call to call and grows to the
    /// largest entry and two chunks.
    pub fn for_each<E: From<Error>>(
        &self,
        buffer: &mut Vec<u8>,
        mut visit: impl FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Result<u64, E> {
        if let Some(mut entries) = self.entries() {
            for entry in entries.by_ref() {
                visit(entry?)?;
            }
            return Ok(entries.offset());
        }
        buffer.clear();
        let mut cursor = Cursor::new(self.width, self.states);
        let mut chunks = Chunks::new(self.window);
        while !cursor.finished {
            let more = chunks.next_into(buffer).map_err(|e| self.located(e, None))?;
            let mut used = 0;
            while let Some(tail) = buffer.get(used..).filter(|_| !cursor.finished) {
                match cursor.step(tail) {
                    Ok(Some((entry, length))) => {
                        visit(entry)?;
                        used += length;
                    }
                    Ok(None) => break,
                    Err((kind, _)) => {
                        return Err(self.located(Error::new(kind, chunks.last_chunk()), Some(cursor.entries)).into());
                    }
                }
            }
            buffer.drain(..used);
            if buffer.len() > self.limits.entry {
                let kind = ErrorKind::EntryTooLarge { limit: self.limits.entry };
                return Err(self.located(Error::new(kind, chunks.last_chunk()), Some(cursor.entries)).into());
            }
            if !more {
                let kind = ErrorKind::SectionEnd { available: buffer.len() };
                return Err(self.located(Error::new(kind, self.window.end()), Some(cursor.entries)).into());
            }
        }
        Ok(chunks.rest().offset())
    }

    fn located(&self, error: Error, entry: Option<u64>) -> Error {
        located(error, self.key_group, entry)
    }
}

fn located(mut error: Error, key_group: KeyGroup, entry: Option<u64>) -> Error {
    if let Some(entry) = entry {
        error.push(Segment::Index(entry));
        error.push(Segment::Field("entry"));
    }
    error.push(Segment::Index(key_group.0.into()));
    error.push(Segment::Field("key_group"));
    error
}

/// Iterator over the entries of an uncompressed section. Ends behind the end mark, or after the first error.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    rest: Input<'a>,
    cursor: Cursor,
    failed: bool,
    key_group: KeyGroup,
}

impl Entries<'_> {
    /// The offset of what has not been read; at the end, the offset behind the section.
    pub fn offset(&self) -> u64 {
        self.rest.offset()
    }

    #[cold]
    fn fail(&mut self, kind: Option<(ErrorKind, usize)>) -> Error {
        self.failed = true;
        let (kind, at) = kind.unwrap_or_else(|| missing(self.rest.bytes(), self.cursor.run.is_none()));
        located(Error::new(kind, self.rest.offset() + at as u64), self.key_group, Some(self.cursor.entries))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.cursor.finished || self.failed {
            return None;
        }
        Some(match self.cursor.step(self.rest.bytes()) {
            Ok(Some((entry, length))) => {
                self.rest = self.rest.skip(length);
                Ok(entry)
            }
            Ok(None) => Err(self.fail(None)),
            Err(kind) => Err(self.fail(Some(kind))),
        })
    }
}

impl std::iter::FusedIterator for Entries<'_> {}

/// Where in a section we are.
#[derive(Debug, Clone)]
struct Cursor {
    width: PrefixWidth,
    states: usize,
    /// The state of the run that we are in; none at the start.
    run: Option<u16>,
    finished: bool,
    entries: u64,
}

/// An entry and the bytes it took, none if more bytes are needed, or what is wrong and how far behind the start.
type Step<'b> = Result<Option<(Entry<'b>, usize)>, (ErrorKind, usize)>;

impl Cursor {
    fn new(width: PrefixWidth, states: usize) -> Self {
        Self { width, states, run: None, finished: false, entries: 0 }
    }

    /// Reads the entry at the start of `bytes`, with the id of the first run before it and of the next one after it.
    #[inline]
    fn step<'b>(&mut self, bytes: &'b [u8]) -> Step<'b> {
        let mut rest = bytes;
        let run = if let Some(run) = self.run {
            run
        } else {
            let Some((id, tail)) = bytes.split_first_chunk::<2>() else { return Ok(None) };
            let id = u16::from_be_bytes(*id);
            self.known(id).map_err(|kind| (kind, 0))?;
            rest = tail;
            id
        };
        let Some((key, tail)) = split_bytes32(rest, bytes)? else { return Ok(None) };
        let (first, key_group, key_rest) = match self.width {
            PrefixWidth::One => match key.split_first() {
                Some((first, rest)) => (*first, u16::from(first & !END_OF_RUN), rest),
                None => return Err((ErrorKind::KeyTooShort { length: key.len() }, bytes.len() - rest.len())),
            },
            PrefixWidth::Two => match key.split_first_chunk::<2>() {
                Some(([first, second], rest)) => (*first, u16::from_be_bytes([first & !END_OF_RUN, *second]), rest),
                None => return Err((ErrorKind::KeyTooShort { length: key.len() }, bytes.len() - rest.len())),
            },
        };
        let Some((value, mut tail)) = split_bytes32(tail, bytes)? else { return Ok(None) };
        if first & END_OF_RUN != 0 {
            let Some((id, behind)) = tail.split_first_chunk::<2>() else { return Ok(None) };
            let id = u16::from_be_bytes(*id);
            if id == END_OF_KEY_GROUP {
                self.finished = true;
            } else {
                self.known(id).map_err(|kind| (kind, bytes.len() - tail.len()))?;
            }
            self.run = Some(id);
            tail = behind;
        } else {
            self.run = Some(run);
        }
        self.entries += 1;
        let entry = Entry { state: StateId(run), key_group: KeyGroup(key_group), key: key_rest, value };
        Ok(Some((entry, bytes.len() - tail.len())))
    }

    fn known(&self, id: u16) -> Result<(), ErrorKind> {
        if usize::from(id) < self.states {
            return Ok(());
        }
        Err(if id == END_OF_KEY_GROUP && self.run.is_none() {
            ErrorKind::EmptySection
        } else {
            ErrorKind::UnknownStateId { found: id, states: self.states }
        })
    }
}

/// The bytes, and those behind them.
type Split<'b> = Result<Option<(&'b [u8], &'b [u8])>, (ErrorKind, usize)>;

/// `i32` length and as many bytes; none if they are not all there. `start` is what offsets count from.
#[inline]
fn split_bytes32<'b>(bytes: &'b [u8], start: &[u8]) -> Split<'b> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let found = i32::from_be_bytes(*length);
    let Ok(length) = usize::try_from(found) else {
        return Err((ErrorKind::NegativeLength { found: found.into() }, start.len() - bytes.len()));
    };
    Ok(rest.split_at_checked(length))
}

/// What is missing where a step needed more bytes and there are none.
fn missing(bytes: &[u8], at_start: bool) -> (ErrorKind, usize) {
    let mut at = if at_start { 2 } else { 0 };
    for _ in 0..2 {
        let Some((length, rest)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk::<4>) else { break };
        let found = u64::from(u32::from_be_bytes(*length));
        if found > rest.len() as u64 {
            return (ErrorKind::LengthBeyondInput { found, available: rest.len() }, at);
        }
        at = bytes.len() - rest.len() + usize::try_from(found).unwrap_or(usize::MAX);
    }
    (ErrorKind::SectionEnd { available: bytes.len().saturating_sub(at) }, at.min(bytes.len()))
}
