//! Takes the entries of a section off its bytes, one after the other: the inner loop of every scan.

use super::section::Entry;
use super::{END_OF_KEY_GROUP, END_OF_RUN, KeyGroup, PrefixWidth, StateId};
use crate::ErrorKind;

/// Where in a section we are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub(super) place: Place,
    pub(super) width: PrefixWidth,
    pub(super) run: Run,
    states: usize,
    /// How many were read.
    pub(super) entries: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the id of the first run.
    Start,
    InRun,
    /// Behind the end mark, or an error.
    End,
}

/// An entry and the bytes it took, none if more bytes are needed, or what is wrong and how far behind the start.
pub(super) type Step<'b> = Result<Option<(Entry<'b>, usize)>, (ErrorKind, usize)>;

/// Why there are no more entries.
pub(super) enum Stop {
    End,
    /// More bytes are needed.
    More,
    /// What is wrong, and how far behind what was used.
    Wrong(ErrorKind, usize),
}

impl Cursor {
    pub(super) fn new(width: PrefixWidth, states: usize) -> Self {
        let run = Run { state: StateId(0), key_length: Length::default(), value_length: Length::default() };
        Self { place: Place::Start, width, run, states, entries: 0 }
    }

    /// Visits the entries that are whole in `bytes`. How many bytes they took, and what stopped it.
    #[inline]
    pub(super) fn visit<E>(
        &mut self,
        bytes: &[u8],
        visit: &mut impl FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Result<(usize, Stop), E> {
        match self.width {
            PrefixWidth::One => self.visit_prefixed::<1, E>(bytes, visit),
            PrefixWidth::Two => self.visit_prefixed::<2, E>(bytes, visit),
        }
    }

    #[inline]
    fn visit_prefixed<const WIDTH: usize, E>(
        &mut self,
        bytes: &[u8],
        visit: &mut impl FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Result<(usize, Stop), E> {
        let mut rest = bytes;
        loop {
            if self.place == Place::InRun {
                // On its own, it stays in registers.
                let mut run = self.run;
                let mut entries = 0;
                while let Some((entry, behind)) = run.entry::<WIDTH>(rest) {
                    rest = behind;
                    entries += 1;
                    visit(entry)?;
                }
                self.run = run;
                self.entries += entries;
            }
            let stop = match self.step(rest) {
                Ok(Some((entry, length))) => {
                    rest = rest.split_at(length).1;
                    visit(entry)?;
                    if self.place != Place::End {
                        continue;
                    }
                    Stop::End
                }
                Ok(None) => Stop::More,
                Err((kind, at)) => Stop::Wrong(kind, at),
            };
            return Ok((bytes.len() - rest.len(), stop));
        }
    }

    /// Reads the entry at the start of `bytes`, with the id of the first run before it and of the next one after it.
    ///
    /// Only for the entries that [`Run::entry`] leaves, so it is kept out of the loops.
    #[inline(never)]
    pub(super) fn step<'b>(&mut self, bytes: &'b [u8]) -> Step<'b> {
        let mut rest = bytes;
        let state = if self.place == Place::Start {
            let Some((id, tail)) = bytes.split_first_chunk::<2>() else { return Ok(None) };
            let id = u16::from_be_bytes(*id);
            self.known(id).map_err(|kind| (kind, 0))?;
            rest = tail;
            StateId(id)
        } else {
            self.run.state
        };
        let Some((key, tail)) = split_bytes32(rest, bytes)? else { return Ok(None) };
        let split = match self.width {
            PrefixWidth::One => split_prefix::<1>(key),
            PrefixWidth::Two => split_prefix::<2>(key),
        };
        let Some((ends_run, key_group, key_rest)) = split else {
            return Err((ErrorKind::KeyTooShort { length: key.len() }, bytes.len() - rest.len()));
        };
        let Some((value, mut tail)) = split_bytes32(tail, bytes)? else { return Ok(None) };
        self.run.state = state;
        let mut place = Place::InRun;
        if ends_run {
            let Some((id, behind)) = tail.split_first_chunk::<2>() else { return Ok(None) };
            let id = u16::from_be_bytes(*id);
            if id == END_OF_KEY_GROUP {
                place = Place::End;
            } else {
                self.known(id).map_err(|kind| (kind, bytes.len() - tail.len()))?;
            }
            self.run.state = StateId(id);
            tail = behind;
        }
        self.place = place;
        self.entries += 1;
        let entry = Entry { state, key_group, key: key_rest, value };
        Ok(Some((entry, bytes.len() - tail.len())))
    }

    fn known(&self, id: u16) -> Result<(), ErrorKind> {
        if usize::from(id) < self.states {
            return Ok(());
        }
        Err(if id == END_OF_KEY_GROUP && self.place == Place::Start {
            ErrorKind::EmptySection
        } else {
            ErrorKind::UnknownStateId { found: id, states: self.states }
        })
    }
}

/// What the entries inside a run are read with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    state: StateId,
    key_length: Length,
    value_length: Length,
}

impl Run {
    /// The entry at the start of `bytes`, and what is behind it. `None` if it ends the run, is cut, or is wrong, of which
    /// [`Cursor::step`] knows more.
    #[inline]
    pub(super) fn entry<'b, const WIDTH: usize>(&mut self, bytes: &'b [u8]) -> Option<(Entry<'b>, &'b [u8])> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(self.key_length.decode(*length)?)?;
        let (length, rest) = rest.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(self.value_length.decode(*length)?)?;
        let (ends_run, key_group, key) = split_prefix::<WIDTH>(key)?;
        (!ends_run).then_some((Entry { state: self.state, key_group, key, value }, rest))
    }
}

/// A length that often is the one of the entry before.
///
/// Then the place of what is behind follows from `decoded`, and the processor reads on there while `stored` is still on its
/// way from memory. Compared are the bytes, so that the compiler does not take the number just loaded for the one it equals.
#[derive(Debug, Clone, Copy, Default)]
struct Length {
    stored: [u8; 4],
    decoded: usize,
}

impl Length {
    /// `None` if it is negative.
    #[inline]
    fn decode(&mut self, stored: [u8; 4]) -> Option<usize> {
        if stored != self.stored {
            self.decoded = usize::try_from(i32::from_be_bytes(stored)).ok()?;
            self.stored = stored;
        }
        Some(self.decoded)
    }
}

/// Whether the key is the last of its run, its key group, and the rest of it; `None` if it is shorter than the prefix.
#[inline]
fn split_prefix<const WIDTH: usize>(key: &[u8]) -> Option<(bool, KeyGroup, &[u8])> {
    let (prefix, rest) = key.split_first_chunk::<WIDTH>()?;
    let (first, others) = prefix.split_first()?;
    let group = others.iter().fold(u16::from(first & !END_OF_RUN), |group, byte| group << 8 | u16::from(*byte));
    Some((first & END_OF_RUN != 0, KeyGroup(group), rest))
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
pub(super) fn missing(bytes: &[u8], at_start: bool) -> (ErrorKind, usize) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_where_it_should_be() {
        #[rustfmt::skip]
        let whole = [
            0, 0,                       // state 0
            0, 0, 0, 2, 0x80, 1,        // the last key of its run
            0, 0, 0, 1, 7,              // its value
        ];
        assert_eq!(missing(&whole, true), (ErrorKind::SectionEnd { available: 0 }, 13));
        assert_eq!(missing(&whole[2..], false), (ErrorKind::SectionEnd { available: 0 }, 11));
        let beyond = ErrorKind::LengthBeyondInput { found: 1, available: 0 };
        assert_eq!(missing(&whole[..12], true), (beyond, 8));
        assert_eq!(missing(&whole[..9], true), (ErrorKind::SectionEnd { available: 1 }, 8));
        assert_eq!(missing(&whole[..1], true), (ErrorKind::SectionEnd { available: 0 }, 1));
    }
}
