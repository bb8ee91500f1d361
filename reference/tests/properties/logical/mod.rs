//! What savepoints mean: the same however they are written, and something else with any entry changed.

mod edits;
mod model;
mod rewritten;
mod survey;
mod unsound;
mod written;

use std::collections::BTreeMap;

use flink_savepoint::logical::{Diff, DiffOptions, Difference, Fingerprint, Presence, StateFingerprint, diff};
use flink_savepoint::metadata::Release;
use proptest::prelude::*;

use edits::{check, edit, same};
use model::{Content, Model, model};
use written::{Layout, Written, layout};

fn compared(a: &Written, b: &Written, options: &DiffOptions) -> Diff {
    diff((&a.savepoint(), &a.fingerprint()), (&b.savepoint(), &b.fingerprint()), options, &|_, _, _, _| false)
}

/// Every digest, down to key groups.
fn digests(fingerprint: &Fingerprint) -> BTreeMap<String, String> {
    let operators = fingerprint.operators.iter().filter(|(_, operator)| !operator.is_empty());
    let states = operators.flat_map(|(id, operator)| {
        let states = operator.states.iter().filter(|(_, state)| state.total.entries > 0);
        states.map(move |(key, StateFingerprint { total, key_groups, .. })| {
            (format!("{id} {} {key}", operator.max_parallelism), format!("{total:?} {key_groups:?}"))
        })
    });
    states.collect()
}

/// A diff as it is the other way round.
fn mirrored(mut diff: Diff) -> Diff {
    let other = |presence: Presence| match presence {
        Presence::OnlyInA => Presence::OnlyInB,
        Presence::OnlyInB => Presence::OnlyInA,
    };
    diff.operators.iter_mut().for_each(|(presence, _)| *presence = other(*presence));
    for (_, difference) in &mut diff.about {
        match difference {
            Difference::MaxParallelism { a, b } => std::mem::swap(a, b),
            Difference::FullyFinished(presence) | Difference::CopiesDiffer { within: presence, .. } => {
                *presence = other(*presence);
            }
        }
    }
    diff.states.iter_mut().for_each(|state| std::mem::swap(&mut state.added, &mut state.removed));
    diff.changes.iter_mut().for_each(|change| std::mem::swap(&mut change.before, &mut change.after));
    diff
}

/// With the values of a key, which come in the order of the stream, in one order.
fn sorted(mut diff: Diff) -> String {
    diff.changes.iter_mut().for_each(|change| {
        change.before.sort();
        change.after.sort();
    });
    diff.changes.sort_by_key(|change| (change.operator, change.state.clone(), change.key_group, change.key.clone()));
    format!("{diff:#?}")
}

/// Files of versions below 5 have no uids, so that only one of two may say which operator is meant.
#[test]
fn what_is_ignored_by_name_is_ignored_in_both_directions() {
    let content = |number: i64| Content { broadcast: BTreeMap::from([(1, number)]), ..Content::nothing(128) };
    let written = |number, release| {
        let operators = BTreeMap::from([("one".to_owned(), content(number))]);
        Model { operators, master_states: BTreeMap::new() }.write(&Layout { release, ..Layout::plain() })
    };
    let (old, new) = (written(1, Release::V1_20), written(2, Release::V2_3));
    for (a, b) in [(&old, &new), (&new, &old)] {
        let (of_a, of_b) = (a.fingerprint(), b.fingerprint());
        let ignored = |uid: &str| {
            diff((&a.savepoint(), &of_a), (&b.savepoint(), &of_b), &DiffOptions::default(), &|_, operator, _, _| {
                operator.uid.as_deref() == Some(uid)
            })
        };
        assert!(ignored("one").is_empty());
        assert_eq!(ignored("two").states.len(), 1);
    }
}

proptest! {
    /// Neither the order of operators, subtasks, states, entries and handles, nor ids of states, parallelism, ranges of key groups,
    /// who has which element, compression, inlining, release, names, nor the spelling of null values.
    #[test]
    fn layout_is_not_part_of_the_meaning(model in model(), one in layout(), other in layout()) {
        let (a, b) = (model.write(&one), model.write(&other));
        let (of_a, of_b) = (a.fingerprint(), b.fingerprint());
        prop_assert_eq!(digests(&of_a), digests(&of_b));
        prop_assert_eq!(of_a.digest(), of_b.digest());
        let found = compared(&a, &b, &DiffOptions::default());
        prop_assert!(found.is_empty() && found.changes.is_empty() && found.failures.is_empty(), "{:?}", found);
    }

    /// Few changes, so that many cancel each other out or change nothing.
    #[test]
    fn a_diff_says_what_was_changed_and_the_fingerprint_that_something_was(
        before in model(),
        edits in proptest::collection::vec(edit(), 1..4),
        layouts in (layout(), layout()),
    ) {
        let mut after = before.clone();
        for edit in &edits {
            edit.apply(&mut after);
        }
        let (a, b) = (before.write(&layouts.0), after.write(&layouts.1));
        let found = compared(&a, &b, &DiffOptions::default());
        check(&found, &before, &after);
        prop_assert_eq!(found.is_empty(), same(&before, &after));
        prop_assert_eq!(a.fingerprint().digest() == b.fingerprint().digest(), found.is_empty());
        prop_assert_eq!(sorted(compared(&b, &a, &DiffOptions::default())), sorted(mirrored(found)));
        prop_assert!(compared(&a, &a, &DiffOptions::default()).is_empty());
    }

    /// Savepoints that have nothing to do with each other.
    #[test]
    fn a_diff_of_any_two_is_empty_exactly_if_their_fingerprints_are_equal(
        one in model(),
        other in model(),
        layouts in (layout(), layout()),
        memory in 0..600_usize,
    ) {
        let (a, b) = (one.write(&layouts.0), other.write(&layouts.1));
        let found = compared(&a, &b, &DiffOptions::default());
        check(&found, &one, &other);
        prop_assert_eq!(a.fingerprint().digest() == b.fingerprint().digest(), found.is_empty());
        // In many passes the same, but for the order in which changes are found.
        let in_passes = compared(&a, &b, &DiffOptions { memory, ..DiffOptions::default() });
        prop_assert_eq!(sorted(in_passes), sorted(found));
    }

    /// What is not shown is counted.
    #[test]
    fn limits_only_cut_what_is_shown(one in model(), other in model(), layout in layout(), limit in 0..5_usize, bytes in 0..10_usize) {
        let (a, b) = (one.write(&layout), other.write(&layout));
        let all = compared(&a, &b, &DiffOptions::default());
        let some = compared(&a, &b, &DiffOptions { limit, bytes, ..DiffOptions::default() });
        prop_assert_eq!(some.changes.len(), limit.min(all.changes.len()));
        for change in &some.changes {
            let key = |other: &&flink_savepoint::logical::Change| {
                let is_head = other.key.head.starts_with(&change.key.head) && other.key.length == change.key.length;
                is_head && (other.operator, &other.state, other.key_group) == (change.operator, &change.state, change.key_group)
            };
            prop_assert!(all.changes.iter().any(|other| key(&other)));
            prop_assert_eq!(change.key.head.len() as u64, change.key.length.min(bytes as u64));
        }
        prop_assert_eq!(&some.states, &all.states);
        prop_assert_eq!((&some.operators, &some.about, &some.master_states), (&all.operators, &all.about, &all.master_states));
    }
}
