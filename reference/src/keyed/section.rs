//! The section of one key group: its entries, one after the other.

use super::cursor::{Cursor, Place, Stop, missing};
use super::{KeyGroup, PrefixWidth, StateId};
use crate::compression::Chunks;
use crate::error::Segment;
use crate::limits::Budget;
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
    pub(super) budget: Option<&'a Budget>,
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
        (!self.compressed).then_some(Entries {
            rest: self.window.bytes(),
            end: self.window.end(),
            cursor,
            key_group: self.key_group,
        })
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
        let mut cursor = Cursor::new(self.width, self.states);
        let mut chunks = self.compressed.then(|| {
            buffer.clear();
            Chunks::new(self.window).budget(self.budget)
        });
        loop {
            let (bytes, more) = match &mut chunks {
                None => (self.window.bytes(), false),
                Some(chunks) => {
                    let more = chunks.next_into(buffer).map_err(|e| located(e, self.key_group, None))?;
                    (buffer.as_slice(), more)
                }
            };
            let (used, stop) = cursor.visit(bytes, &mut visit)?;
            let failed =
                |kind, offset| Err(located(Error::new(kind, offset), self.key_group, Some(cursor.entries)).into());
            let Some(chunks) = &chunks else {
                let offset = self.offset() + used as u64;
                let (kind, at) = match stop {
                    Stop::End => return Ok(offset),
                    Stop::More => missing(bytes.split_at(used).1, cursor.place == Place::Start),
                    Stop::Wrong(kind, at) => (kind, at),
                };
                return failed(kind, offset + at as u64);
            };
            if let Stop::Wrong(kind, _) = stop {
                return failed(kind, chunks.last_chunk());
            }
            buffer.drain(..used);
            if buffer.len() > self.limits.entry {
                return failed(ErrorKind::EntryTooLarge { limit: self.limits.entry }, chunks.last_chunk());
            }
            if let Stop::End = stop {
                return Ok(chunks.rest().offset());
            }
            if !more {
                return failed(ErrorKind::SectionEnd { available: buffer.len() }, self.window.end());
            }
        }
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
    rest: &'a [u8],
    /// The offset behind `rest`.
    end: u64,
    cursor: Cursor,
    key_group: KeyGroup,
}

impl<'a> Entries<'a> {
    /// The offset of what has not been read; at the end, the offset behind the section.
    pub fn offset(&self) -> u64 {
        self.end - self.rest.len() as u64
    }

    /// The next entry, whatever it is.
    #[inline(never)]
    fn step(&mut self) -> Option<Result<Entry<'a>, Error>> {
        if self.cursor.place == Place::End {
            return None;
        }
        let (kind, at) = match self.cursor.step(self.rest) {
            Ok(Some((entry, length))) => {
                self.rest = self.rest.split_at(length).1;
                return Some(Ok(entry));
            }
            Ok(None) => missing(self.rest, self.cursor.place == Place::Start),
            Err(wrong) => wrong,
        };
        self.cursor.place = Place::End;
        let error = Error::new(kind, self.offset() + at as u64);
        Some(Err(located(error, self.key_group, Some(self.cursor.entries))))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.cursor.place == Place::InRun
            && let Some((entry, rest)) = match self.cursor.width {
                PrefixWidth::One => self.cursor.run.entry::<1>(self.rest),
                PrefixWidth::Two => self.cursor.run.entry::<2>(self.rest),
            }
        {
            self.rest = rest;
            self.cursor.entries += 1;
            return Some(Ok(entry));
        }
        self.step()
    }
}

impl std::iter::FusedIterator for Entries<'_> {}
