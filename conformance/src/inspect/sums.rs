//! Sums over the handles of an operator, so that a page of a few lines does not take memory for each of a million handles.

use std::collections::BTreeMap;

use super::report::{HandleReport, KeyGroupsReport};

/// Of all handles of an operator.
#[derive(Debug, Default)]
pub(super) struct HandleSums {
    /// By part of the subtask's state and type byte.
    pub(super) kinds: BTreeMap<(&'static str, Option<u8>), HandleSum>,
    /// Offsets of operator state by name and mode.
    pub(super) operator_states: BTreeMap<(String, &'static str), u64>,
}

impl HandleSums {
    pub(super) fn add(&mut self, handle: &HandleReport) {
        self.kinds.entry((handle.state, handle.type_byte)).or_default().add(handle);
        for state in &handle.operator_states {
            *self.operator_states.entry((state.name.clone(), state.mode)).or_default() += state.elements;
        }
    }
}

/// Of handles of one kind.
#[derive(Debug, Default)]
pub(super) struct HandleSum {
    /// How many there are.
    pub(super) handles: u64,
    /// Streams by where they are.
    pub(super) locations: BTreeMap<&'static str, u64>,
    /// The path of the first handle, if that is one file.
    pub(super) path: Option<String>,
    /// Bytes, where handles know.
    pub(super) bytes: i128,
    /// Whether a handle does not know its size.
    pub(super) unknown: bool,
    /// None if no handle has any.
    pub(super) key_groups: Option<KeyGroupsSum>,
}

impl HandleSum {
    pub(super) fn of(handle: &HandleReport) -> Self {
        let mut sum = Self::default();
        sum.add(handle);
        sum
    }

    fn add(&mut self, handle: &HandleReport) {
        if self.handles == 0
            && let [stream] = handle.streams.as_slice()
        {
            self.path.clone_from(&stream.path);
        }
        self.handles += 1;
        for stream in &handle.streams {
            *self.locations.entry(stream.location).or_default() += 1;
            self.bytes += stream.size.map_or(0, |size| size.0);
            self.unknown |= stream.size.is_none();
        }
        if let Some(groups) = handle.key_groups {
            self.key_groups.get_or_insert_default().add(groups);
        }
    }
}

/// Of ranges of key groups.
#[derive(Debug)]
pub(super) struct KeyGroupsSum {
    /// Number of ranges.
    pub(super) ranges: u64,
    /// Number of key groups in them.
    pub(super) count: u64,
    /// How many of them have state; none if a handle has no offsets.
    pub(super) with_state: Option<u64>,
    /// Start and end; of ranges that follow each other as they do from subtask to subtask, the first start and the last end.
    joined: Vec<(u64, u64)>,
}

impl Default for KeyGroupsSum {
    fn default() -> Self {
        Self { ranges: 0, count: 0, with_state: Some(0), joined: Vec::new() }
    }
}

impl KeyGroupsSum {
    fn add(&mut self, range: KeyGroupsReport) {
        self.ranges += 1;
        self.count += u64::from(range.count);
        self.with_state = self.with_state.zip(range.with_state).map(|(sum, more)| sum + more);
        let start = u64::from(range.first);
        let end = start + u64::from(range.count);
        match self.joined.last_mut() {
            _ if range.count == 0 => {}
            Some(last) if last.1 == start => last.1 = end,
            _ => self.joined.push((start, end)),
        }
    }

    /// The first and the last key group, if no range leaves a gap or overlaps with another.
    pub(super) fn whole(&self) -> Option<(u64, u64)> {
        let mut sorted = self.joined.clone();
        sorted.sort_unstable();
        let joined = sorted.windows(2).all(|pair| matches!(pair, [(_, end), (start, _)] if end == start));
        let ((first, _), (_, end)) = (sorted.first()?, sorted.last()?);
        joined.then_some((*first, end - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(ranges: &[(u32, u32)]) -> KeyGroupsSum {
        let mut sum = KeyGroupsSum::default();
        for &(first, count) in ranges {
            sum.add(KeyGroupsReport { first, count, with_state: Some(1) });
        }
        sum
    }

    #[test]
    fn ranges_of_subtasks_are_one_and_take_no_memory_each() {
        let all: Vec<(u32, u32)> = (0..32_768).map(|first| (first, 1)).collect();
        let sum = sum(&all);
        assert_eq!((sum.whole(), sum.joined.len()), (Some((0, 32_767)), 1));
        assert_eq!((sum.ranges, sum.count, sum.with_state), (32_768, 32_768, Some(32_768)));
    }

    #[test]
    fn ranges_join_in_any_order_but_not_over_gaps_or_twice() {
        assert_eq!(sum(&[(8, 4), (0, 4), (4, 4), (0, 0)]).whole(), Some((0, 11)));
        assert_eq!(sum(&[(0, 4), (8, 4)]).whole(), None);
        assert_eq!(sum(&[(0, 4), (4, 4), (2, 4)]).whole(), None);
        assert_eq!(sum(&[(3, 0)]).whole(), None);
    }
}
