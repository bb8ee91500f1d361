//! What no sound savepoint has: copies of broadcast state that differ, and entries in the section of another key group.

use std::collections::{BTreeMap, BTreeSet};

use flink_savepoint::logical::{DiffOptions, StateDiff};
use flink_savepoint::metadata::{
    KeyGroupOffsets, KeyGroupsHandle, KeyedHandle, Metadata, Operator, SubtaskState, Subtasks, Target,
};
use proptest::prelude::*;
use proptest::sample::select;

use super::compared;
use super::model::{BROADCAST, Content, Keyed, Model};
use super::written::{Copies, Layout, Written, layout};

type Map = BTreeMap<i64, i64>;

/// The maps of two to four subtasks, from few.
fn copies() -> impl Strategy<Value = Vec<[Map; 2]>> {
    let maps = vec![vec![], vec![(1, 1)], vec![(2, 2)], vec![(1, 1), (2, 2)], vec![(1, 2)]];
    let map = || select(maps.clone()).prop_map(BTreeMap::from_iter);
    proptest::collection::vec([map(), map()], 2..5)
}

proptest! {
    #[test]
    fn copies_that_differ_are_part_of_the_meaning(one in copies(), other in copies(), layouts in (layout(), layout())) {
        let (a, b) = (Copies(&one).write(&layouts.0), Copies(&other).write(&layouts.1));
        let distinct = |copies: &[[Map; 2]], i: usize| copies.iter().map(|maps| maps[i].clone()).collect::<BTreeSet<_>>();
        for (copies, written) in [(&one, &a), (&other, &b)] {
            for operator in written.fingerprint().operators.values() {
                for (key, state) in operator.states.iter().filter(|(key, _)| key.is_broadcast()) {
                    let copies = distinct(copies, usize::from(key.name != *BROADCAST));
                    prop_assert_eq!(state.copies_differ, copies.len() > 1);
                    prop_assert_eq!(state.total.entries, copies.iter().map(BTreeMap::len).sum::<usize>() as u64);
                }
            }
        }
        let found = compared(&a, &b, &DiffOptions::default());
        let equal = a.fingerprint().digest() == b.fingerprint().digest();
        prop_assert_eq!(found.is_empty(), equal, "{:?}", found);
        prop_assert_eq!(equal, (0..2).all(|i| distinct(&one, i) == distinct(&other, i)));
    }
}

/// A copy without entries is a copy, too.
#[test]
fn an_empty_copy_differs_from_one_with_entries() {
    let map = |entries: &[(i64, i64)]| entries.iter().copied().collect::<Map>();
    let all = [[map(&[(1, 1)]), map(&[])], [map(&[(1, 1)]), map(&[])]];
    let some = [[map(&[(1, 1)]), map(&[])], [map(&[]), map(&[])]];
    let (a, b) = (Copies(&all).write(&Layout::plain()), Copies(&some).write(&Layout::plain()));
    assert_ne!(a.fingerprint().digest(), b.fingerprint().digest());
    assert_eq!(compared(&a, &b, &DiffOptions::default()).about.len(), 1);
}

/// Where the first subtask has no entries of one state, those of another one are compared all the same.
#[test]
fn states_are_compared_by_copies_of_their_own() {
    let map = |entries: &[(i64, i64)]| entries.iter().copied().collect::<Map>();
    let one = [[map(&[(1, 1)]), map(&[])], [map(&[(1, 1)]), map(&[(2, 2)])]];
    let other = [[map(&[(1, 3)]), map(&[])], [map(&[(1, 3)]), map(&[(2, 4)])]];
    let found = compared(
        &Copies(&one).write(&Layout::plain()),
        &Copies(&other).write(&Layout::plain()),
        &DiffOptions::default(),
    );
    let counts = |state: &StateDiff| (state.state.name.to_string(), [state.added, state.removed, state.changed]);
    let counts: BTreeMap<_, _> = found.states.iter().map(counts).collect();
    assert_eq!(counts, BTreeMap::from([("other".to_owned(), [0, 0, 1]), (BROADCAST.to_owned(), [0, 0, 1])]));
}

/// The same stream, whose sections the handle gives to other key groups.
fn with_groups_exchanged(written: &Written) -> Written {
    let metadata = Metadata::parse(&written.metadata).unwrap();
    let mut operator = metadata.operators.iter().next().unwrap();
    let mut subtasks: Vec<_> = operator.subtasks().collect();
    let SubtaskState::Running(handles) = &mut subtasks[0].state else { panic!("finished") };
    let Some(KeyedHandle::KeyGroups(handle)) = handles.managed_keyed.take() else { panic!("no keyed state") };
    let mut offsets: Vec<i64> = handle.offsets.offsets().iter().collect();
    offsets.reverse();
    let offsets = KeyGroupOffsets::new(0, offsets).unwrap();
    handles.managed_keyed = Some(KeyedHandle::KeyGroups(KeyGroupsHandle { offsets, ..handle }));
    operator = Operator { subtasks: Subtasks::Listed(subtasks.into()), ..operator };
    let mut other = metadata.clone();
    other.operators = vec![operator].into();
    Written { metadata: other.write(Target::release(Layout::plain().release)).unwrap(), files: written.files.clone() }
}

/// Where an entry stands is part of what it is, although its prefix says something else.
#[test]
fn entries_in_the_section_of_another_key_group_are_others() {
    let keyed = [0_u16, 127].map(|group| ((Keyed::Value, group, Keyed::Value.composite(group.into(), 0)), vec![7; 8]));
    let content = Content { keyed: keyed.into(), ..Content::nothing(128) };
    let model = Model { operators: BTreeMap::from([("one".to_owned(), content)]), master_states: BTreeMap::new() };
    let sound = model.write(&Layout::plain());
    let exchanged = with_groups_exchanged(&sound);
    assert_ne!(sound.fingerprint().digest(), exchanged.fingerprint().digest());
    let found = compared(&sound, &exchanged, &DiffOptions::default());
    let [state] = found.states.as_slice() else { panic!("{found:?}") };
    assert_eq!((state.added, state.removed, state.changed), (2, 2, 0));
    let mut groups: Vec<_> = found.changes.iter().map(|change| (change.key_group, change.before.len())).collect();
    groups.sort_unstable();
    assert_eq!(groups, [(Some(0), 0), (Some(0), 1), (Some(127), 0), (Some(127), 1)]);
}
