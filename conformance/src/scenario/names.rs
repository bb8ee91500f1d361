//! What a program calls its operators and states: each name is for one thing, in all stages.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::compare::abridged;
use super::program::{Kind, Operator, State};

/// Checks the operators of all stages of a job. What is restored stays with its name and its kind, so that a name is not free in a
/// later stage.
pub(crate) fn check_stages<'p>(stages: impl IntoIterator<Item = &'p [Operator]>) -> Result<(), String> {
    let at = |uid: &str, what: String| format!("operator {}: {what}", abridged(&format!("{uid:?}")));
    let mut seen = HashSet::new();
    let mut all: BTreeMap<&str, Vec<&State>> = BTreeMap::new();
    for operators in stages {
        let mut uids = HashSet::new();
        for Operator { uid, states, .. } in operators {
            if !uids.insert(uid) {
                return Err(at(uid, "the uid of two operators".to_owned()));
            }
            check_states(states).map_err(|what| at(uid, what))?;
            let new = states.iter().filter(|state| seen.insert((uid, state.kind, &state.name, &state.namespace)));
            all.entry(uid).or_default().extend(new);
        }
    }
    all.into_iter().try_for_each(|(uid, states)| check_states(states).map_err(|what| at(uid, what)))
}

/// Checks the states of an operator.
pub(crate) fn check_states<'p>(states: impl IntoIterator<Item = &'p State>) -> Result<(), String> {
    let (mut taken, mut services) = (HashSet::new(), HashMap::new());
    for State { name, kind, namespace, .. } in states {
        if !taken.insert((class(*kind), name)) {
            return Err(format!("state {name:?}: there are two of this name"));
        }
        if kind.is_timers() && *services.entry(name).or_insert(namespace) != namespace {
            return Err(format!("state {name:?}: one timer service has one type of namespaces"));
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
        check_stages(stages.iter().map(Vec::as_slice)).err()
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
        let two = Some(r#"operator "a": state "s": one timer service has one type of namespaces"#.to_owned());
        assert_eq!(problem(&[vec![a.clone()]]), two);
        // Nor one in each stage.
        let stages = [0, 1].map(|i| vec![Operator { states: vec![a.states[i].clone()], ..a.clone() }]);
        assert_eq!(problem(&stages), two);
    }
}
