//! Whether a run can go on where an earlier one ended.

use std::collections::BTreeSet;

use super::journal::Left;
use super::meet::Participant;
use super::plan::Plan;
use super::run::EVENTS_VERSION;

/// Whether an earlier run was planned the same.
pub(super) fn same(plan: &Plan, left: &Left) -> Result<(), String> {
    let Some(run) = &left.run else { return Err("its first line is missing".to_owned()) };
    if run.version != EVENTS_VERSION {
        return Err(format!("its events are of version {}, not {EVENTS_VERSION}", run.version));
    }
    let names = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let differ = |what: &str, before: BTreeSet<String>, now: BTreeSet<String>| {
        let list = |names: Vec<&String>| names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let (only_before, only_now) = (before.difference(&now).collect::<Vec<_>>(), now.difference(&before).collect());
        if before == now {
            Ok(())
        } else {
            Err(format!("{what}: before only {:?}, now only {:?}", list(only_before), list(only_now)))
        }
    };
    let before = left.adapters.iter().map(|one| one.id.as_str()).collect();
    differ("adapters", names(before), names(plan.participants.iter().map(Participant::id).collect()))?;
    for (now, before) in plan.participants.iter().filter_map(|one| {
        let before = left.adapters.iter().find(|before| before.id == one.about.id)?;
        Some((&one.about, before))
    }) {
        // What is said of a broken one need not be the same twice.
        if now.hello != before.hello || now.command != before.command || now.broken.is_some() != before.broken.is_some()
        {
            return Err(format!("{} is another adapter: its hello or its command was another", now.id));
        }
    }
    let before = left.cases.iter().map(|one| one.id.as_str()).collect();
    differ("scenarios", names(before), names(plan.cases.iter().map(|one| one.about.id.as_str()).collect()))?;
    for case in &plan.cases {
        if !left.cases.contains(&case.about) {
            return Err(format!("{} has changed", case.about.id));
        }
    }
    let planned: BTreeSet<[&str; 3]> = plan.cells.iter().map(|cell| plan.key(cell)).collect();
    let unplanned = left.cells.values().map(Plan::key_of).find(|key| !planned.contains(key));
    if let Some([producer, consumer, case]) = unplanned {
        return Err(format!("{producer} -> {consumer}, {case} was run, and is not planned now"));
    }
    if run.planned != planned.len() as u64 {
        return Err(format!("{} cells were planned, now {}", run.planned, planned.len()));
    }
    Ok(())
}
