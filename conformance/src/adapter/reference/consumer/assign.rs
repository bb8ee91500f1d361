//! What each new subtask gets: the rules of the specification's chapter on redistribution.

use flink_savepoint::metadata::{KeyGroupOffsets, KeyGroupRange, KeyGroupsHandle};

/// A part of a handle of keyed state that a new subtask gets.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyedShare<'h, 'a> {
    /// The handle.
    pub handle: &'h KeyGroupsHandle<'a>,
    /// The offsets of those of its key groups that the subtask gets: positions in the whole stream.
    pub offsets: KeyGroupOffsets<'static>,
}

/// Where a partition is: the stream, by the index of the old subtask, and its number in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The old subtask.
    pub stream: usize,
    /// The number of the partition among those of the state.
    pub number: usize,
}

/// The handles that the new subtask with those key groups gets, `index` of as many as before if `same`. `handles` come with the
/// indexes of their old subtasks, in order.
pub(super) fn keyed<'h, 'a>(
    handles: &'h [(u32, KeyGroupsHandle<'a>)],
    range: KeyGroupRange,
    index: u32,
    same: bool,
) -> Vec<KeyedShare<'h, 'a>> {
    let own = |handle: &'h KeyGroupsHandle<'a>, first: u32, last: u32| {
        let offsets =
            handle.offsets.iter().filter(|(group, _)| (first..=last).contains(group)).map(|(_, offset)| offset);
        Some(KeyedShare { handle, offsets: KeyGroupOffsets::new(first, offsets)? })
    };
    if same {
        // As it is: its writer had the same range.
        let own = |(_, handle): &'h (u32, KeyGroupsHandle<'a>)| {
            let all = handle.offsets.range();
            own(handle, all.start(), all.last().unwrap_or(all.start()))
        };
        return handles.iter().filter(|(old, _)| *old == index).filter_map(own).collect();
    }
    let share = |(_, handle): &'h (u32, KeyGroupsHandle<'a>)| {
        let all = handle.offsets.range();
        let (first, last) = (all.start().max(range.start()), all.last()?.min(range.last()?));
        if first <= last { own(handle, first, last) } else { None }
    };
    handles.iter().filter_map(share).collect()
}

/// Deals out the elements of a split list, of which old subtask `i` has `counts[i]`, in contiguous blocks. The first block goes to
/// subtask `start`, which goes on from state to state.
pub(super) fn split(counts: &[usize], parallelism: usize, start: &mut usize) -> Vec<Vec<Place>> {
    if counts.len() == parallelism {
        return counts.iter().enumerate().map(|(stream, count)| places(stream, *count).collect()).collect();
    }
    let all: Vec<Place> = counts.iter().enumerate().flat_map(|(stream, count)| places(stream, *count)).collect();
    let (base, remainder) = (all.len() / parallelism, all.len() % parallelism);
    let mut dealt = vec![Vec::new(); parallelism];
    let mut rest = all.as_slice();
    for i in 0..parallelism {
        let (block, behind) = rest.split_at(if i < remainder { base + 1 } else { base });
        if let Some(subtask) = dealt.get_mut((*start + i) % parallelism) {
            subtask.extend_from_slice(block);
        }
        rest = behind;
    }
    *start = (*start + remainder) % parallelism;
    dealt
}

/// Everything of a union list to everyone.
pub(super) fn union(counts: &[usize], parallelism: usize) -> Vec<Vec<Place>> {
    let all: Vec<Place> = counts.iter().enumerate().flat_map(|(stream, count)| places(stream, *count)).collect();
    vec![all; parallelism]
}

/// One copy of a broadcast map to each subtask: its own, where there is one.
pub(super) fn broadcast(counts: &[usize], parallelism: usize) -> Vec<Vec<Place>> {
    let copies: Vec<Place> = counts.iter().enumerate().flat_map(|(stream, count)| places(stream, *count)).collect();
    let copy_of = |index: usize| {
        let own = copies.iter().find(|copy| counts.len() == parallelism && copy.stream == index);
        own.or_else(|| copies.get(index % copies.len().max(1))).copied()
    };
    (0..parallelism).map(|index| copy_of(index).into_iter().collect()).collect()
}

fn places(stream: usize, count: usize) -> impl Iterator<Item = Place> {
    (0..count).map(move |number| Place { stream, number })
}

#[cfg(test)]
mod tests {
    use flink_savepoint::keyed::{MaxParallelism, key_groups_of_subtask};
    use flink_savepoint::metadata::{KeyGroupsFormat, StreamHandle};

    use super::*;

    /// The example of the chapter: `m` = 10, from two subtasks to three.
    fn handles() -> Vec<(u32, KeyGroupsHandle<'static>)> {
        let handle = |start, offsets: [i64; 5]| KeyGroupsHandle {
            format: KeyGroupsFormat::Savepoint,
            offsets: KeyGroupOffsets::new(start, offsets).unwrap(),
            delegate: StreamHandle::EmptySegment,
        };
        vec![(0, handle(0, [0, 361, 0, 402, 450])), (1, handle(5, [361, 0, 390, 0, 0]))]
    }

    fn shares(parallelism: u32, index: u32) -> Vec<(u32, Vec<i64>)> {
        let max = MaxParallelism::new(10).unwrap();
        let handles = handles();
        let range = key_groups_of_subtask(max, parallelism, index).unwrap();
        let shares = keyed(&handles, range, index, parallelism == 2);
        shares.iter().map(|share| (share.offsets.range().start(), share.offsets.offsets().iter().collect())).collect()
    }

    #[test]
    fn at_another_parallelism_each_subtask_gets_its_key_groups_of_every_handle() {
        assert_eq!(shares(3, 0), [(0, vec![0, 361, 0, 402])]);
        assert_eq!(shares(3, 2), [(7, vec![390, 0, 0])]);
        assert_eq!(shares(1, 0), [(0, vec![0, 361, 0, 402, 450]), (5, vec![361, 0, 390, 0, 0])]);
        // A stream whose key groups are all empty is given out, too.
        assert_eq!(shares(10, 9), [(9, vec![0])]);
    }

    #[test]
    fn a_subtask_can_get_several_handles() {
        assert_eq!(shares(3, 1), [(4, vec![450]), (5, vec![361, 0])]);
    }

    #[test]
    fn at_the_same_parallelism_handles_stay() {
        assert_eq!(shares(2, 0), [(0, vec![0, 361, 0, 402, 450])]);
        assert_eq!(shares(2, 1), [(5, vec![361, 0, 390, 0, 0])]);
    }

    fn text(dealt: &[Vec<Place>]) -> Vec<String> {
        let name = |place: &Place| format!("{}{}", ["A", "B"][place.stream], place.number);
        dealt.iter().map(|places| places.iter().map(name).collect::<Vec<_>>().join(" ")).collect()
    }

    /// The example of the chapter: `s` has three and four elements, `t` one and one.
    #[test]
    fn split_lists_are_dealt_out_in_blocks() {
        let mut start = 0;
        assert_eq!(text(&split(&[3, 4], 3, &mut start)), ["A0 A1 A2", "B0 B1", "B2 B3"]);
        assert_eq!(text(&split(&[1, 1], 3, &mut start)), ["", "A0", "B0"]);
        assert_eq!(start, 0);
        assert_eq!(text(&split(&[3, 4], 4, &mut start)), ["A0 A1", "A2 B0", "B1 B2", "B3"]);
        assert_eq!(start, 3);
        assert_eq!(text(&split(&[1, 1], 4, &mut start)), ["B0", "", "", "A0"]);
    }

    #[test]
    fn each_element_of_a_split_list_goes_to_one_subtask() {
        for counts in [&[][..], &[0, 0], &[5], &[1, 0, 7], &[2, 2, 2, 2]] {
            for parallelism in 1..9 {
                for start in 0..parallelism {
                    let mut dealt: Vec<Place> =
                        split(counts, parallelism, &mut start.clone()).into_iter().flatten().collect();
                    dealt.sort();
                    let all: Vec<Place> = counts.iter().enumerate().flat_map(|(i, n)| places(i, *n)).collect();
                    assert_eq!(dealt, all, "{counts:?} to {parallelism}");
                }
            }
        }
    }

    #[test]
    fn split_lists_stay_at_the_same_parallelism() {
        let mut start = 1;
        assert_eq!(text(&split(&[3, 1], 2, &mut start)), ["A0 A1 A2", "B0"]);
        assert_eq!(start, 1);
    }

    #[test]
    fn union_lists_go_to_everyone_at_any_parallelism() {
        for parallelism in [1, 2, 3] {
            assert_eq!(text(&union(&[1, 2], parallelism)), vec!["A0 B0 B1"; parallelism]);
        }
    }

    #[test]
    fn each_subtask_gets_one_copy_of_a_broadcast_map() {
        assert_eq!(text(&broadcast(&[1, 1], 3)), ["A0", "B0", "A0"]);
        assert_eq!(text(&broadcast(&[1, 1], 2)), ["A0", "B0"]);
        // An old subtask was finished: the copies that there are fill in.
        assert_eq!(text(&broadcast(&[0, 1], 2)), ["B0", "B0"]);
        assert_eq!(text(&broadcast(&[0, 0], 2)), ["", ""]);
    }
}
