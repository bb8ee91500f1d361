//! Key-group ranges, and the offsets that come with them.

use std::borrow::Cow;
use std::fmt;

use crate::ErrorKind;
use crate::error::At;
use crate::wire::{Input, Output, Parsed, fail, java};

/// A range of key groups: in the file start and **count**, not start and end.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyGroupRange {
    start: u32,
    count: u32,
}

impl KeyGroupRange {
    /// `count` key groups from `start` on; `None` if the format cannot say it (both are signed 32-bit numbers, and so is the
    /// last key group).
    pub fn new(start: u32, count: u32) -> Option<Self> {
        i32::try_from(start).ok()?;
        i32::try_from(count).ok()?;
        i32::try_from(start + count.saturating_sub(1)).ok()?;
        Some(Self { start, count })
    }

    /// The first key group. Without meaning in an empty range, which Flink normalises.
    pub fn start(self) -> u32 {
        self.start
    }

    /// The number of key groups.
    pub fn count(self) -> u32 {
        self.count
    }

    /// The last key group, included in the range.
    pub fn last(self) -> Option<u32> {
        (self.start + self.count).checked_sub(1).filter(|_| self.count > 0)
    }

    /// Reads `i32` start and `i32` count, both not negative (`META-KEYED-01`). Of a range beyond the largest number Flink makes
    /// an empty one, which fails if offsets follow.
    pub(super) fn read(input: Input<'_>) -> Parsed<'_, Self> {
        let (rest, start) = java::field_i32(input, "start_key_group")?;
        let (rest, count) = java::field_i32(rest, "key_group_count")?;
        // An empty range drops its start in Flink, whatever it is; it is kept here if it is a number of a key group.
        let range = u32::try_from(start).ok().zip(u32::try_from(count).ok()).and_then(|(s, n)| Self::new(s, n));
        match range {
            Some(range) => Ok((rest, range)),
            None => fail(ErrorKind::KeyGroupRange { start, count }, input.offset()).field("key_groups"),
        }
    }

    #[expect(clippy::cast_possible_wrap, reason = "both came from an i32 or were compared with it")]
    pub(super) fn write(self, out: &mut Output) {
        out.i32(self.start as i32);
        out.i32(self.count as i32);
    }
}

impl fmt::Display for KeyGroupRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last() {
            Some(last) => write!(f, "{}..={last}", self.start),
            None => f.write_str("none"),
        }
    }
}

impl fmt::Debug for KeyGroupRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyGroupRange({self})")
    }
}

/// Offsets as they stand in the file, eight bytes each; borrowed, or built from numbers.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Offsets<'a>(Cow<'a, [u8]>);

impl<'a> Offsets<'a> {
    /// Number of offsets.
    pub fn len(&self) -> usize {
        self.0.len() / 8
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The offsets in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = i64> + Clone + '_ {
        self.0.as_chunks().0.iter().map(|eight| i64::from_be_bytes(*eight))
    }

    /// The offset at `index`.
    pub fn get(&self, index: usize) -> Option<i64> {
        self.0.as_chunks().0.get(index).map(|eight| i64::from_be_bytes(*eight))
    }

    /// Reads `n` offsets; where too few bytes are left, the error stands at `offset`.
    pub(super) fn read(input: Input<'a>, n: u64, offset: u64) -> Parsed<'a, Self> {
        java::fits(&input, n, 8, offset)?;
        let (rest, window) = java::window(input, n * 8, offset)?;
        Ok((rest, Self(Cow::Borrowed(window.bytes()))))
    }

    pub(super) fn write(&self, out: &mut Output) {
        out.raw(&self.0);
    }
}

impl FromIterator<i64> for Offsets<'_> {
    fn from_iter<I: IntoIterator<Item = i64>>(offsets: I) -> Self {
        Self(Cow::Owned(offsets.into_iter().flat_map(i64::to_be_bytes).collect()))
    }
}

impl fmt::Debug for Offsets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // On one line, also in the alternate form: there is one for each key group.
        write!(f, "{:?}", self.iter().collect::<Vec<_>>())
    }
}

/// A range of key groups with an offset for each.
///
/// In managed keyed state offset 0 means that the key group is empty; in raw keyed state -1 does, and 0 is an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyGroupOffsets<'a> {
    range: KeyGroupRange,
    offsets: Offsets<'a>,
}

impl<'a> KeyGroupOffsets<'a> {
    /// Offsets of the key groups from `start` on; `None` if the format cannot say it.
    pub fn new(start: u32, offsets: impl IntoIterator<Item = i64>) -> Option<Self> {
        let offsets: Offsets<'a> = offsets.into_iter().collect();
        let range = KeyGroupRange::new(start, u32::try_from(offsets.len()).ok()?)?;
        Some(Self { range, offsets })
    }

    /// The range.
    pub fn range(&self) -> KeyGroupRange {
        self.range
    }

    /// The offsets, as many as the range has key groups.
    pub fn offsets(&self) -> &Offsets<'a> {
        &self.offsets
    }

    /// Key groups with their offsets.
    pub fn iter(&self) -> impl Iterator<Item = (u32, i64)> + Clone + '_ {
        (self.range.start..).zip(self.offsets.iter())
    }

    pub(super) fn read(input: Input<'a>, range: KeyGroupRange) -> Parsed<'a, Self> {
        // The count is the field before.
        let count_at = input.offset().saturating_sub(4);
        let (rest, offsets) = Offsets::read(input, range.count.into(), count_at).field("offsets")?;
        Ok((rest, Self { range, offsets }))
    }

    pub(super) fn write(&self, out: &mut Output) {
        self.range.write(out);
        self.offsets.write(out);
    }
}
