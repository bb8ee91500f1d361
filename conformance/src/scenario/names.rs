//! What a program calls its operators and states: each name is for one thing, in all stages.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::compare::abridged;
use super::program::{Kind, Operator, State};

/// What an operator has of a name.
struct Known {
    kind: Kind,
    /// The last stage that has it.
    stage: usize,
}

/// Checks the operators of some stages of one job. What is restored stays with its name and its kind, so that a name is not free
/// in a later stage.
pub(crate) fn check<'p>(stages: impl IntoIterator<Item = &'p [Operator]>) -> Result<(), String> {
    let mut uids = HashMap::new();
    let mut states: HashMap<(&str, u8, &str), Known> = HashMap::new();
    let mut services: HashMap<(&str, &str), &Option<String>> = HashMap::new();
    for (stage, operators) in stages.into_iter().enumerate() {
        for operator in operators {
            let uid = operator.uid.as_str();
            let place = || format!("operator {}", abridged(&format!("{uid:?}")));
            if uids.insert(uid, stage) == Some(stage) {
                return Err(format!("{}: the uid of two operators", place()));
            }
            for State { name, kind, namespace, .. } in &operator.states {
                let wrong = |what: &str| Err(format!("{}: state {name:?}: {what}", place()));
                let known = Known { kind: *kind, stage };
                match states.entry((uid, class(*kind), name)) {
                    Entry::Vacant(free) => drop(free.insert(known)),
                    Entry::Occupied(taken) if taken.get().stage == stage || taken.get().kind != *kind => {
                        return wrong("there are two of this name");
                    }
                    Entry::Occupied(mut taken) => drop(taken.insert(known)),
                }
                if kind.is_timers() && *services.entry((uid, name)).or_insert(namespace) != namespace {
                    return wrong("one timer service has one type of namespaces");
                }
            }
        }
    }
    Ok(())
}

/// States of one class have different names.
fn class(kind: Kind) -> u8 {
    match kind {
        Kind::EventTimers => 0,
        Kind::ProcessingTimers => 1,
        kind if kind.is_keyed() => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(uid: &str, states: &[(&str, Kind)]) -> Operator {
        let state = |(name, kind): &(&str, Kind)| State {
            name: (*name).to_owned(),
            kind: *kind,
            namespace: None,
            user_key: None,
            value: None,
            ttl: false,
        };
        Operator {
            uid: uid.to_owned(),
            max_parallelism: 128,
            key: None,
            finished: false,
            states: states.iter().map(state).collect(),
            operations: Vec::new(),
        }
    }

    fn problem(stages: &[Vec<Operator>]) -> Option<String> {
        check(stages.iter().map(Vec::as_slice)).err()
    }

    #[test]
    fn an_operator_stands_in_each_stage_once() {
        let (a, b) = (operator("a", &[("s", Kind::List)]), operator("b", &[("s", Kind::Value)]));
        let stage = vec![a.clone(), b];
        assert_eq!(problem(&[stage.clone(), stage]), None);
        assert_eq!(
            problem(&[vec![a.clone()], vec![a.clone(), a]]).unwrap(),
            r#"operator "a": the uid of two operators"#
        );
    }

    #[test]
    fn a_name_is_for_one_state_of_a_class() {
        use Kind::{Broadcast, EventTimers, List, ProcessingTimers, Split, Union, Value};
        let one = |states: &[(&str, Kind)]| problem(&[vec![operator("a", states)]]);
        let two = Some(r#"operator "a": state "s": there are two of this name"#.to_owned());
        assert_eq!(one(&[("s", Value), ("s", EventTimers), ("s", ProcessingTimers), ("s", Split)]), None);
        for kinds in [[Value, List], [Value, Value], [EventTimers, EventTimers], [Split, Union], [Union, Broadcast]] {
            assert_eq!(one(&kinds.map(|kind| ("s", kind))), two, "{kinds:?}");
        }
        // Not even in another stage, in which the first one is not registered.
        let stages = [Value, List].map(|kind| vec![operator("a", &[("s", kind)])]);
        assert_eq!(problem(&stages), two);
    }

    #[test]
    fn a_timer_service_has_one_type_of_namespaces() {
        let mut a = operator("a", &[("s", Kind::EventTimers), ("s", Kind::ProcessingTimers)]);
        assert_eq!(problem(&[vec![a.clone()]]), None);
        a.states[1].namespace = Some("string".to_owned());
        let found = problem(&[vec![a]]).unwrap();
        assert_eq!(found, r#"operator "a": state "s": one timer service has one type of namespaces"#);
    }
}
