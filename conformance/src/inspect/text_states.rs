//! The states of an operator, on the page for people.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::report::OperatorReport;
use super::states::{KeyGroupReport, KeysReport, StateReport};
use crate::json::Long;
use crate::text::{bytes, count, printable};

/// How many of the biggest key groups are named.
const BIGGEST: usize = 3;
/// How many columns the histogram has at most.
const COLUMNS: usize = 64;

pub(super) fn render(page: &mut String, operator: &OperatorReport) -> std::fmt::Result {
    let states = operator.states.as_deref().unwrap_or_default();
    if states.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["state", "", "entries", "bytes", "key groups", "key", "namespace", "value", ""]);
    for state in states {
        table.add_row(row(state));
    }
    for right in [2, 3, 4] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(page, "   {}", line.trim_end())?;
    }
    keys(page, states)?;
    let groups = operator.key_groups.as_deref().unwrap_or_default();
    if groups.is_empty() { Ok(()) } else { histogram(page, groups, operator.max_parallelism) }
}

fn row(state: &StateReport) -> [String; 9] {
    let serializer = |name: &Option<String>| name.as_deref().map(printable).unwrap_or_default();
    let groups = if state.key_groups.is_empty() { String::new() } else { state.key_groups.len().to_string() };
    [
        state.kind.to_owned(),
        printable(&state.name),
        state.entries.0.to_string(),
        bytes(number(state.bytes)),
        groups,
        serializer(&state.key_type),
        serializer(&state.namespace_type),
        serializer(&state.value_type) + if state.inferred { " (inferred)" } else { "" },
        state.volatile.map(|why| format!("({why})")).unwrap_or_default(),
    ]
}

/// Whether the entries stand in the key groups of their keys, and which do not.
fn keys(page: &mut String, states: &[StateReport]) -> std::fmt::Result {
    let all = || states.iter().filter_map(|state| Some((state, state.keys.as_ref()?)));
    let sum = |count: fn(&KeysReport) -> Long| all().map(|(_, keys)| number(count(keys))).sum::<u64>();
    let counts = [
        (sum(|keys| keys.verified), "verified"),
        (sum(|keys| keys.unverifiable), "that only the job can tell"),
        (sum(|keys| keys.undecodable), "that cannot be decoded"),
        (sum(|keys| keys.misplaced), "IN THE WRONG ONE"),
    ];
    let parts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !parts.is_empty() {
        writeln!(page, "    key groups of the entries: {}", parts.join(", "))?;
    }
    for (state, keys) in all() {
        for one in &keys.first {
            writeln!(
                page,
                "      {} {}: key {} is in key group {}, belongs to {}",
                state.kind,
                printable(&state.name),
                one.key,
                one.key_group,
                one.belongs_to
            )?;
        }
    }
    Ok(())
}

/// How the bytes of all states spread over the key groups, and which have most.
fn histogram(page: &mut String, groups: &[KeyGroupReport], max_parallelism: u32) -> std::fmt::Result {
    let key_groups = usize::try_from(max_parallelism).unwrap_or(usize::MAX).max(1);
    let columns = key_groups.min(COLUMNS);
    let mut sums = vec![0_u64; columns];
    for group in groups {
        // Never outside: `columns` is at most `key_groups`. A group beyond the max parallelism is an error of its stream.
        if let Some(sum) = sums.get_mut(usize::from(group.key_group) * columns / key_groups) {
            *sum += number(group.bytes);
        }
    }
    let highest = sums.iter().copied().max().unwrap_or(0).max(1);
    let bars = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let bar = |sum: &u64| {
        let level = usize::try_from((sum * 8).div_ceil(highest)).unwrap_or(0);
        bars.get(level).copied().unwrap_or('█')
    };
    let line: String = sums.iter().map(bar).collect();
    writeln!(page, "    key groups by bytes, 0 to {}: |{line}|", key_groups - 1)?;

    let mut biggest: Vec<&KeyGroupReport> = groups.iter().collect();
    biggest.sort_by_key(|group| (std::cmp::Reverse(group.bytes), group.key_group));
    let named = biggest.into_iter().take(BIGGEST).map(|group| {
        format!("{} ({}, {})", group.key_group, bytes(number(group.bytes)), count(number(group.entries), "entry"))
    });
    writeln!(page, "    biggest key groups: {}", named.collect::<Vec<_>>().join(", "))
}

fn number(long: Long) -> u64 {
    u64::try_from(long.0).unwrap_or(u64::MAX)
}
