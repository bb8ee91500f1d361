//! The page for people.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::report::{OperatorReport, Report, StateReport, Total};
use crate::text::{bytes, count, printable};

/// Renders the report; with `key_groups` a line for each key group.
pub fn render(report: &Report, key_groups: bool) -> String {
    let mut page = format!("{}  {}\n", report.total.digest, printable(&report.metadata_file));
    // Writing to a string cannot fail.
    let _ = write!(page, "  {}", sum(&report.total));
    let _ = writeln!(page, ", algorithm {}", report.algorithm);
    for operator in &report.operators {
        let _ = operator_block(&mut page, operator, key_groups);
    }
    for master in &report.master_states {
        let _ = writeln!(page, "\n{}  master state {}", master.digest, printable(&master.name));
    }
    page
}

fn sum(total: &Total) -> String {
    let number = |long: crate::json::Long| u64::try_from(long.0).unwrap_or(u64::MAX);
    format!("{}, {}", count(number(total.entries), "entry"), bytes(number(total.bytes)))
}

fn operator_block(page: &mut String, operator: &OperatorReport, key_groups: bool) -> std::fmt::Result {
    let names = [&operator.uid, &operator.name].into_iter().flatten().map(|name| printable(name));
    let title = std::iter::once(operator.id.clone()).chain(names.take(1)).collect::<Vec<_>>().join("  ");
    write!(page, "\n{}  operator {title}", operator.total.digest)?;
    writeln!(page, "{}", if operator.fully_finished { ", fully finished" } else { "" })?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for state in &operator.states {
        table.add_row(row(&state.total, state.kind, &state.name, &notes(state)));
        for group in state.key_groups.iter().filter(|_| key_groups) {
            table.add_row(row(&group.total, "", &format!("key group {}", group.key_group), ""));
        }
    }
    for right in [3, 4] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().try_for_each(|line| writeln!(page, "   {}", line.trim_end()))
}

fn row(total: &Total, kind: &str, name: &str, notes: &str) -> [String; 6] {
    let size = bytes(u64::try_from(total.bytes.0).unwrap_or(u64::MAX));
    [total.digest.clone(), kind.to_owned(), printable(name), total.entries.0.to_string(), size, notes.to_owned()]
}

fn notes(state: &StateReport) -> String {
    let copies = state.copies_differ.then_some("COPIES DIFFER");
    state.volatile.into_iter().chain(copies).collect::<Vec<_>>().join(", ")
}
