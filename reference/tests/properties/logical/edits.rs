//! Single changes of a model, and what a diff has to say of any two.

use std::collections::{BTreeMap, BTreeSet};

use flink_savepoint::logical::{Change, Diff, Difference, Presence};
use flink_savepoint::metadata::OperatorId;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::model::{BROADCAST, Content, Keyed, List, Model, UIDS, group_of};
use crate::strategies::wire::long;

/// A change of a model; where it does not apply, nothing happens.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    what: What,
    /// Which operator, and which of its parts.
    at: Index,
    number: i64,
    list: List,
    state: Keyed,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Add,
    Remove,
    Value,
    Key,
    Group,
    State,
    AddElement,
    RemoveElement,
    Element,
    ListOfElement,
    Broadcast,
    RemoveBroadcast,
    Coordinator,
    MaxParallelism,
    Uid,
    RemoveOperator,
    MasterState,
    RemoveMasterState,
}

const ALL: [What; 18] = [
    What::Add,
    What::Remove,
    What::Value,
    What::Key,
    What::Group,
    What::State,
    What::AddElement,
    What::RemoveElement,
    What::Element,
    What::ListOfElement,
    What::Broadcast,
    What::RemoveBroadcast,
    What::Coordinator,
    What::MaxParallelism,
    What::Uid,
    What::RemoveOperator,
    What::MasterState,
    What::RemoveMasterState,
];

pub(crate) fn edit() -> impl Strategy<Value = Edit> {
    (select(&ALL[..]), any::<Index>(), long(), select(&List::ALL[..]), select(&Keyed::ALL[..]))
        .prop_map(|(what, at, number, list, state)| Edit { what, at, number, list, state })
}

impl Edit {
    pub(crate) fn apply(&self, model: &mut Model) {
        match self.what {
            What::MasterState => {
                let payload = self.number.to_be_bytes().to_vec();
                model.master_states.insert("edited".to_owned(), (1, payload));
            }
            What::RemoveMasterState => {
                model.master_states.pop_first();
            }
            _ if model.operators.is_empty() => {
                model
                    .operators
                    .insert(UIDS[0].to_owned(), Content { coordinator: Some(vec![1]), ..Content::nothing(128) });
            }
            _ => {
                let uid = self.at.get(&model.operators.keys().cloned().collect::<Vec<_>>()).clone();
                let mut content = model.operators.remove(&uid).unwrap();
                self.change(&mut content);
                match self.what {
                    What::RemoveOperator => {}
                    What::Uid => drop(model.operators.insert(format!("{uid}'"), content)),
                    _ => drop(model.operators.insert(uid, content)),
                }
            }
        }
    }

    fn change(&self, content: &mut Content) {
        let group =
            |number: i64| group_of(content.max, u16::from_be_bytes(number.to_be_bytes()[6..].try_into().unwrap()));
        let new = (self.state, group(self.number), self.state.composite(self.number, self.number));
        let entry = (!content.keyed.is_empty()).then(|| {
            self.at
                .get(&content.keyed.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>())
                .clone()
        });
        let at = (!content.elements.is_empty()).then(|| self.at.index(content.elements.len()));
        match (self.what, entry, at) {
            (What::Add, ..) => drop(content.keyed.insert(new, self.state.value(self.number))),
            (What::Remove, Some((key, _)), _) => drop(content.keyed.remove(&key)),
            (What::Value, Some((key, _)), _) => {
                let value = key.0.value(self.number);
                content.keyed.insert(key, value);
            }
            (What::Key, Some(((state, group, mut bytes), value)), _) => {
                content.keyed.remove(&(state, group, bytes.clone()));
                let at = self.at.index(bytes.len());
                bytes[at] ^= 1;
                content.keyed.insert((state, group, bytes), value);
            }
            (What::Group, Some(((state, of, bytes), value)), _) => {
                let moved = (state, group(self.number), bytes.clone());
                content.keyed.remove(&(state, of, bytes));
                content.keyed.insert(moved, value);
            }
            (What::State, Some(((Keyed::Value, group, bytes), value)), _) => {
                content.keyed.remove(&(Keyed::Value, group, bytes.clone()));
                content.keyed.insert((Keyed::Other, group, bytes), value);
            }
            (What::AddElement, ..) => content.elements.push((self.list, self.number)),
            (What::RemoveElement, _, Some(at)) => drop(content.elements.remove(at)),
            (What::Element, _, Some(at)) => content.elements[at].1 ^= 1,
            (What::ListOfElement, _, Some(at)) => content.elements[at].0 = self.list,
            (What::Broadcast, ..) => drop(content.broadcast.insert(self.number % 4, self.number)),
            (What::RemoveBroadcast, ..) => drop(content.broadcast.pop_last()),
            (What::Coordinator, ..) => {
                let some = content.coordinator.is_none() || self.number % 2 == 0;
                content.coordinator = some.then(|| self.number.to_be_bytes().to_vec());
            }
            (What::MaxParallelism, ..) if content.max < 32_768 => content.max += 1,
            _ => {}
        }
    }
}

/// An entry, and the bytes that it stands for in a diff.
type Entries = BTreeMap<(OperatorId, String), BTreeMap<(Option<u16>, Vec<u8>), Vec<Vec<u8>>>>;

/// Every entry by operator and state, as a diff names these.
fn entries(model: &Model) -> Entries {
    let mut all = Entries::new();
    for (uid, content) in &model.operators {
        let mut add = |state: &str, group, key: &[u8], value: &[u8]| {
            let state = all.entry((OperatorId::from_uid(uid), state.to_owned())).or_default();
            state.entry((group, key.to_vec())).or_default().push(value.to_vec());
        };
        for ((state, group, key), value) in &content.keyed {
            add(state.name(), Some(*group), key, value);
        }
        for (list, element) in &content.elements {
            add(list.name(), None, &element.to_be_bytes(), &[]);
        }
        for (key, value) in &content.broadcast {
            add(BROADCAST, None, &key.to_be_bytes(), &value.to_be_bytes());
        }
        if let Some(state) = &content.coordinator {
            add("coordinator", None, &[], state);
        }
    }
    all
}

/// What only `one` has of the values, each as often as it has it more.
fn only(one: &[Vec<u8>], other: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut left = one.to_vec();
    for value in other {
        if let Some(at) = left.iter().position(|found| found == value) {
            left.swap_remove(at);
        }
    }
    left.sort();
    left
}

/// A changed entry: whose, where, and the values that only one side has.
type Named = (OperatorId, String, Option<u16>, Vec<u8>, Vec<Vec<u8>>, Vec<Vec<u8>>);

/// That a diff says exactly what differs between two models.
pub(crate) fn check(diff: &Diff, a: &Model, b: &Model) {
    assert!(diff.failures.is_empty(), "{diff:?}");
    let (of_a, of_b) = (entries(a), entries(b));
    let (mut changes, mut counts) = (Vec::<Named>::new(), BTreeMap::new());
    let none = BTreeMap::new();
    for state in of_a.keys().chain(of_b.keys()).collect::<BTreeSet<_>>() {
        let (in_a, in_b) = (of_a.get(state).unwrap_or(&none), of_b.get(state).unwrap_or(&none));
        for key in in_a.keys().chain(in_b.keys()).collect::<BTreeSet<_>>() {
            let values = |entries: &BTreeMap<_, Vec<_>>| entries.get(key).cloned().unwrap_or_default();
            let (before, after) = (only(&values(in_a), &values(in_b)), only(&values(in_b), &values(in_a)));
            if before.is_empty() && after.is_empty() {
                continue;
            }
            let changed = before.len().min(after.len());
            let [added, removed, both] = counts.entry(state.clone()).or_insert([0, 0, 0]);
            *added += after.len() - changed;
            *removed += before.len() - changed;
            *both += changed;
            changes.push((state.0, state.1.clone(), key.0, key.1.clone(), before, after));
        }
    }
    let name = |state: &flink_savepoint::logical::StateKey| {
        let is_coordinator = state.kind == flink_savepoint::logical::LogicalKind::Coordinator;
        if is_coordinator { "coordinator".to_owned() } else { state.name.to_string() }
    };
    let mut found: Vec<Named> = diff.changes.iter().map(|change| named(change, name(&change.state))).collect();
    found.sort();
    changes.sort();
    assert_eq!(found, changes);
    let found: BTreeMap<_, _> = diff
        .states
        .iter()
        .map(|state| {
            let counts = [state.added, state.removed, state.changed].map(|count| usize::try_from(count).unwrap());
            ((state.operator, name(&state.state)), counts)
        })
        .collect();
    assert_eq!(found, counts);
    check_operators(diff, a, b);
    let names = a.master_states.keys().chain(b.master_states.keys()).collect::<BTreeSet<_>>();
    let mut differ: Vec<_> =
        names.into_iter().filter(|name| a.master_states.get(*name) != b.master_states.get(*name)).collect();
    let mut found: Vec<_> = diff.master_states.iter().map(|name| name.to_text().into_owned()).collect();
    differ.sort();
    found.sort();
    assert_eq!(found.iter().collect::<Vec<_>>(), differ);
}

/// Operators that only one has, and numbers of key groups. Operators that keep nothing count as not there.
fn check_operators(diff: &Diff, a: &Model, b: &Model) {
    let (mut operators, mut about) = (Vec::new(), Vec::new());
    for uid in a.operators.keys().chain(b.operators.keys()).collect::<BTreeSet<_>>() {
        let [in_a, in_b] = [a, b].map(|model| model.operators.get(uid).filter(|content| !content.is_nothing()));
        let id = OperatorId::from_uid(uid);
        match (in_a, in_b) {
            (Some(one), Some(other)) if one.max != other.max => {
                about.push((id, Difference::MaxParallelism { a: one.max, b: other.max }));
            }
            (Some(_), None) => operators.push((Presence::OnlyInA, id)),
            (None, Some(_)) => operators.push((Presence::OnlyInB, id)),
            _ => {}
        }
    }
    operators.sort_by_key(|(_, id)| *id);
    about.sort_by_key(|(id, _)| *id);
    assert_eq!((&diff.operators, &diff.about), (&operators, &about));
}

fn named(change: &Change, state: String) -> Named {
    let values = |excerpts: &[flink_savepoint::logical::Excerpt]| {
        let mut values: Vec<_> = excerpts.iter().map(|excerpt| excerpt.head.clone()).collect();
        values.sort();
        values
    };
    let (before, after) = (values(&change.before), values(&change.after));
    (change.operator, state, change.key_group, change.key.head.clone(), before, after)
}

/// Whether two models mean the same.
pub(crate) fn same(a: &Model, b: &Model) -> bool {
    let kept = |model: &Model| {
        let max = |(uid, content): (&String, &Content)| (!content.is_nothing()).then(|| (uid.clone(), content.max));
        let max: Vec<_> = model.operators.iter().filter_map(max).collect();
        let mut entries = entries(model);
        entries.values_mut().flat_map(BTreeMap::values_mut).for_each(|values| values.sort());
        (max, entries, model.master_states.clone())
    };
    kept(a) == kept(b)
}
