//! What a scenario needs of an adapter, by name.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::file::File;
use super::program::{Compression, Kind, Stage};
use super::types::Type;

/// Every feature, and what it is.
pub const ALL: [(&str, &str); 43] = [
    ("compression:snappy", "Keyed state, and from Flink 1.18 on operator state, is compressed with Snappy."),
    ("finished", "All subtasks of an operator have finished."),
    ("inline", "Small state stands in `_metadata`."),
    ("keyed", "Keyed state."),
    ("max-parallelism:wide", "More than 128 key groups, so that the prefix of keys has two bytes."),
    ("namespace", "Keyed state or timers with a namespace that is not void."),
    ("operator-state", "Split, union or broadcast state."),
    ("rescale", "A restore with another parallelism than that of the savepoint."),
    ("stages", "A savepoint is restored and changed before the one that counts is taken. Only producers need it."),
    ("state:aggregating", "`AggregatingState`."),
    ("state:broadcast", "Broadcast state."),
    ("state:event-timers", "Timers in event time."),
    ("state:list", "`ListState`."),
    ("state:map", "`MapState`."),
    ("state:processing-timers", "Timers in processing time."),
    ("state:reducing", "`ReducingState`."),
    ("state:split", "List state of an operator, dealt out at a restore."),
    ("state:union", "List state of an operator, all of which every subtask gets."),
    ("state:value", "`ValueState`."),
    ("ttl", "Values with a time to live."),
    ("type:big-decimal", "`BigDecimal`."),
    ("type:big-integer", "`BigInteger`."),
    ("type:boolean", "`Boolean`."),
    ("type:byte", "`Byte`."),
    ("type:bytes", "`byte[]`."),
    ("type:char", "`Character`."),
    ("type:double", "`Double`."),
    ("type:either", "`Either`."),
    ("type:float", "`Float`."),
    ("type:instant", "`Instant`."),
    ("type:int", "`Integer`."),
    ("type:list", "`List` as a value's type."),
    ("type:local-date", "`LocalDate`."),
    ("type:local-date-time", "`LocalDateTime`."),
    ("type:local-time", "`LocalTime`."),
    ("type:long", "`Long`."),
    ("type:map", "`Map` as a value's type."),
    ("type:row", "`Row`."),
    ("type:short", "`Short`."),
    ("type:string", "`String`."),
    ("type:time-window", "`TimeWindow`."),
    ("type:tuple", "`Tuple1` to `Tuple25`."),
    ("value:null", "A null as a value in a map."),
];

/// The features of a scenario, sorted.
pub(super) fn of(file: &File, stages: &[Stage], restore_parallelism: u32) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut has = |feature: &str| {
        found.insert(feature.to_owned());
    };
    if file.compression == Compression::Snappy {
        has("compression:snappy");
    }
    if file.inline {
        has("inline");
    }
    if stages.len() > 1 {
        has("stages");
    }
    if stages.iter().any(|stage| stage.parallelism != restore_parallelism) {
        has("rescale");
    }
    let mut types = BTreeSet::new();
    for operator in stages.iter().flat_map(|stage| &stage.operators) {
        if operator.finished {
            has("finished");
        }
        for state in &operator.states {
            has(&format!("state:{}", state.kind.label()));
            has(if state.kind.is_keyed() { "keyed" } else { "operator-state" });
            if state.kind.is_keyed() {
                types.extend(&operator.key);
                if operator.max_parallelism > 128 {
                    has("max-parallelism:wide");
                }
            }
            if state.namespace.is_some() {
                has("namespace");
            }
            if state.ttl {
                has("ttl");
            }
            types.extend(&state.namespace);
            types.extend(&state.user_key);
            types.extend(state.value.as_ref().filter(|_| !state.kind.is_timers()));
        }
        let nulls = operator.operations.iter().filter(|one| one.kind == Kind::Map);
        if nulls.into_iter().any(|one| one.value == Some(Json::Null)) {
            has("value:null");
        }
    }
    let mut open: Vec<Type> = types.into_iter().filter_map(|text| text.parse().ok()).collect();
    while let Some(ty) = open.pop() {
        has(&format!("type:{}", ty.head()));
        open.extend(ty.parts().into_iter().cloned());
    }
    found.into_iter().collect()
}
