//! The chapter on raw state, which only its operators understand.

use flink_savepoint::keyed::RawTimers;
use flink_savepoint::metadata::{KeyGroupsHandle, KeyedHandle, Mode, OperatorStateHandle};
use flink_savepoint::wire::Input;

use super::place::Report;

pub(super) const REQUIREMENTS: &[&str] = &[
    "RAW-TIMERS-01",
    "RAW-TIMERS-02",
    "RAW-TIMERS-03",
    "RAW-TIMERS-04",
    "RAW-KEYED-01",
    "RAW-KEYED-02",
    "RAW-KEYED-04",
    "RAW-OPERATOR-01",
    "RAW-OPERATOR-02",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("RAW-PLAIN-01", "nothing tells compressed bytes from others"),
    ("RAW-COPY-01", "only the savepoint that was copied could tell that its bytes were changed"),
];

/// The handle of raw keyed state.
pub(super) fn keyed_handle(handle: &KeyedHandle<'_>, report: &mut Report<'_>) {
    let type_byte = handle.type_byte();
    if !matches!(type_byte, 3 | 12) {
        report.of_handle("RAW-KEYED-01", "", || {
            format!("raw keyed state in a handle of type {type_byte}, it is 3 or 12")
        });
    }
}

/// The order of the sections.
pub(super) fn keyed_order(handle: &KeyGroupsHandle<'_>, report: &mut Report<'_>) {
    let mut before = 0;
    for (i, (group, offset)) in handle.offsets.iter().enumerate().filter(|(_, (_, offset))| *offset != -1) {
        if offset < before {
            return report.of_handle("RAW-KEYED-04", format_args!(".key_groups.offsets[{i}]"), || {
                format!(
                    "the section of key group {group} stands at {offset}, before one of a lower key group at {before}"
                )
            });
        }
        before = offset;
    }
}

/// A section: timers have a format, all else is the operator's own. `is_canonical` is that of the savepoint.
pub(super) fn section(group: u32, offset: u64, section: &[u8], is_canonical: bool, report: &mut Report<'_>) {
    let path = format_args!("key_group[{group}]");
    let timers = match RawTimers::read(Input::with_offset(section, offset)) {
        Ok(None) => return,
        Ok(Some(timers)) => timers,
        Err(error) => {
            let path = format!("{path}.{}", error.path());
            return report.at(error.kind().requirement(), error.offset(), path, || error.kind().to_string());
        }
    };
    for (i, service) in timers.services.iter().enumerate() {
        let name = service.name.to_string();
        if name.starts_with("_timer_state/") {
            report.at("RAW-TIMERS-04", offset, format_args!("{path}.service[{i}].name"), || {
                format!("timer service {name}: the name stands here without _timer_state/ and what follows it")
            });
        }
    }
    if is_canonical {
        report.at("TIMER-RAW-01", offset, path, || {
            "timers in the raw keyed state of a canonical savepoint, which has them in its keyed streams".to_owned()
        });
    }
}

/// The handle of raw operator state.
pub(super) fn operator_handle(handle: &OperatorStateHandle<'_>, report: &mut Report<'_>) {
    let states: Vec<_> = handle.states.iter().collect();
    let is_default =
        matches!(states.as_slice(), [only] if only.name == *"_default_" && only.mode == Mode::SplitDistribute);
    if handle.type_byte() != 4 || !is_default {
        let path = match states.as_slice() {
            [only] if handle.type_byte() == 4 && only.name == *"_default_" => ".states[0].mode",
            [_, ..] if handle.type_byte() == 4 => ".states[0].name",
            _ => "",
        };
        report.of_handle("RAW-OPERATOR-01", path, || {
            let names: Vec<String> = states.iter().map(|state| state.name.to_string()).collect();
            format!(
                "raw operator state in a handle of type {} with the states {names:?}; it is 4 with _default_ of mode 0",
                handle.type_byte()
            )
        });
    }
}
