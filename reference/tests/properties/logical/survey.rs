//! A survey decodes every key, and tells which entries stand where their keys do not belong.

use std::collections::BTreeMap;

use flink_savepoint::keyed::{MaxParallelism, java_hash};
use flink_savepoint::logical::{KeyCounts, fingerprint, survey};
use proptest::prelude::*;

use super::model::{Keyed, model};
use super::written::layout;

/// The key of an entry: of timers it stands behind the time.
fn key(state: Keyed, composite: &[u8]) -> i64 {
    let start = if state.is_timers() { 8 } else { 0 };
    i64::from_be_bytes(composite[start..start + 8].try_into().unwrap())
}

proptest! {
    #[test]
    fn entries_in_other_key_groups_than_their_keys_are_found(
        mut model in model(),
        layout in layout(),
        misplace in proptest::collection::vec(any::<bool>(), 16),
    ) {
        let mut expected = BTreeMap::<(String, Keyed), KeyCounts>::new();
        for (uid, content) in &mut model.operators {
            let max = MaxParallelism::new(content.max).unwrap();
            let mut keyed = BTreeMap::new();
            for (i, ((state, _, composite), value)) in std::mem::take(&mut content.keyed).into_iter().enumerate() {
                let belongs_to = max.key_group_of(java_hash::of_long(key(state, &composite))).0;
                let wrong = misplace[i] && content.max > 1;
                let group = if wrong { (belongs_to + 1) % max.get() } else { belongs_to };
                // Of two states' entries with one key and group only one is left.
                if keyed.insert((state, group, composite), value).is_none() {
                    let counts = expected.entry((uid.clone(), state)).or_default();
                    *(if wrong { &mut counts.misplaced } else { &mut counts.verified }) += 1;
                }
            }
            content.keyed = keyed;
        }
        let written = model.write(&layout);
        let found = survey(&written.savepoint(), &mut |_| ());
        prop_assert_eq!(found.digest(), fingerprint(&written.savepoint(), &mut |_| ()).digest());
        for uid in model.operators.keys() {
            let operator = &found.operators[&flink_savepoint::metadata::OperatorId::from_uid(uid)];
            let max = MaxParallelism::new(operator.max_parallelism).unwrap();
            for state in Keyed::ALL {
                let counts = operator.states.iter().find(|(key, _)| key.is_keyed() && key.name == *state.name());
                let counts = counts.map(|(_, state)| state.keys.clone()).unwrap_or_default();
                let want = expected.remove(&(uid.clone(), state)).unwrap_or_default();
                prop_assert_eq!((counts.verified, counts.misplaced), (want.verified, want.misplaced));
                prop_assert_eq!(counts.unverifiable + counts.undecodable, 0);
                prop_assert_eq!(counts.is_sound(), want.misplaced == 0);
                prop_assert_eq!(counts.first.len() as u64, want.misplaced.min(KeyCounts::FIRST as u64));
                for one in &counts.first {
                    prop_assert_eq!(one.belongs_to, max.key_group_of(java_hash::of_long(key(state, &one.key))).0);
                    prop_assert_eq!(one.key_group, (one.belongs_to + 1) % max.get());
                }
            }
        }
    }
}
