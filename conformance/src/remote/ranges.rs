//! Sets of ranges of bytes.

use std::ops::Range;

/// Ranges, ascending, with bytes between any two of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// The bytes that are in any of `ranges`, up to `end`.
    pub(super) fn of(ranges: &[Range<u64>], end: u64) -> Self {
        let clipped = ranges.iter().map(|range| range.start.min(end)..range.end.min(end));
        let mut sorted: Vec<Range<u64>> = clipped.filter(|range| range.start < range.end).collect();
        sorted.sort_unstable_by_key(|range| range.start);
        let mut joined = Self::default();
        for range in sorted {
            joined.push(range, 0);
        }
        joined
    }

    /// All of a file.
    pub(super) fn whole(size: u64) -> Self {
        Self::of(std::slice::from_ref(&(0..size)), size)
    }

    /// Puts a range behind the others, joined with the last one if no more than `gap` bytes are between them.
    fn push(&mut self, range: Range<u64>, gap: u64) {
        match self.0.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(gap) => last.end = last.end.max(range.end),
            _ => self.0.push(range),
        }
    }

    /// Number of bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// Adds others.
    pub(super) fn add(&mut self, others: &Self) {
        let all: Vec<Range<u64>> = self.0.iter().chain(&others.0).cloned().collect();
        *self = Self::of(&all, u64::MAX);
    }

    /// Those that `have` does not have.
    pub(super) fn without(&self, have: &Self) -> Self {
        let mut missing = Self::default();
        let mut had = have.0.as_slice();
        for wanted in &self.0 {
            had = had.split_at(had.partition_point(|range| range.end <= wanted.start)).1;
            let mut at = wanted.start;
            for range in had.iter().take_while(|range| range.start < wanted.end) {
                if at < range.start {
                    missing.push(at..range.start, 0);
                }
                at = range.end;
            }
            if at < wanted.end {
                missing.push(at..wanted.end, 0);
            }
        }
        missing
    }

    /// The same with gaps of at most `gap` bytes closed: fewer requests for a few bytes more.
    pub(super) fn coalesced(&self, gap: u64) -> Self {
        let mut coalesced = Self::default();
        for range in &self.0 {
            coalesced.push(range.clone(), gap);
        }
        coalesced
    }

    /// In pieces of at most `size` bytes.
    pub(super) fn pieces(&self, size: u64) -> impl Iterator<Item = Range<u64>> + '_ {
        self.0.iter().flat_map(move |range| {
            let mut at = range.start;
            std::iter::from_fn(move || {
                let piece = at..range.end.min(at.saturating_add(size));
                at = piece.end;
                (piece.start < piece.end).then_some(piece)
            })
        })
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "ranges are what this is about")]
mod tests {
    use super::*;

    fn of(ranges: &[Range<u64>]) -> Ranges {
        Ranges::of(ranges, 100)
    }

    #[test]
    fn ranges_are_joined_and_clipped() {
        assert_eq!(of(&[5..9, 0..2, 2..3, 8..12, 7..7, 99..300, 400..500]).0, [0..3, 5..12, 99..100]);
        assert_eq!(of(&[0..3, 5..12]).bytes(), 10);
    }

    #[test]
    fn what_is_missing() {
        let have = of(&[0..3, 5..12, 20..30]);
        for (wanted, missing) in [
            (vec![0..100], vec![3..5, 12..20, 30..100]),
            (vec![0..3, 6..7, 21..30], vec![]),
            (vec![2..6, 7..8, 11..13, 29..31], vec![3..5, 12..13, 30..31]),
            (vec![40..50], vec![40..50]),
            (vec![12..20], vec![12..20]),
        ] {
            assert_eq!(of(&wanted).without(&have).0, missing, "{wanted:?}");
        }
        assert_eq!(of(&[1..2]).without(&Ranges::default()).0, [1..2]);
    }

    /// Against one byte at a time.
    #[test]
    fn sets_are_those_of_their_bytes() {
        let contains = |ranges: &Ranges, byte: u64| ranges.0.iter().any(|range| range.contains(&byte));
        let set = |bits: u32| {
            let ranges: Vec<_> = (0..10).filter(|i| bits >> i & 1 == 1).map(|i| i..i + 1).collect();
            Ranges::of(&ranges, 10)
        };
        for (a, b) in (0..1024).step_by(3).flat_map(|a| (0..1024).step_by(7).map(move |b| (a, b))) {
            let (one, other) = (set(a), set(b));
            let (without, mut both) = (one.without(&other), one.clone());
            both.add(&other);
            for byte in 0..10 {
                let (in_a, in_b) = (contains(&one, byte), contains(&other, byte));
                assert_eq!(contains(&without, byte), in_a && !in_b, "{a:b} without {b:b}: {byte}");
                assert_eq!(contains(&both, byte), in_a || in_b, "{a:b} and {b:b}: {byte}");
            }
        }
    }

    #[test]
    fn gaps_and_pieces() {
        let coalesced = of(&[0..3, 5..12, 20..30]).coalesced(2);
        assert_eq!(coalesced.0, [0..12, 20..30]);
        assert_eq!(coalesced.pieces(8).collect::<Vec<_>>(), [0..8, 8..12, 20..28, 28..30]);
    }
}
