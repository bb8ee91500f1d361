//! The page for people. Removed lines are red and added ones green where the output shows colours.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::report::{Bytes, EntryReport, OperatorReport, Report, StateReport};
use crate::json::Long;
use crate::text::{count, printable};

const A: Style = AnsiColor::Red.on_default();
const B: Style = AnsiColor::Green.on_default();

/// Renders the report.
pub fn render(report: &Report) -> String {
    if report.equal {
        return "equal in meaning\n".to_owned();
    }
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = differences(&mut page, report);
    page
}

fn differences(page: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(page, "{A}A {}{A:#}\n{B}B {}{B:#}", printable(&report.a), printable(&report.b))?;
    for difference in &report.operators {
        writeln!(page, "\noperator {}: {}", title(&difference.operator), difference.what)?;
    }
    for name in &report.master_states {
        writeln!(page, "\nmaster state {} differs", printable(name))?;
    }
    report.states.iter().try_for_each(|state| state_block(page, state))
}

fn state_block(page: &mut String, state: &StateReport) -> std::fmt::Result {
    let changes = [(state.changed, "changed"), (state.removed, "only in A"), (state.added, "only in B")];
    let counted: Vec<String> =
        changes.iter().filter(|(n, _)| *n != Long(0)).map(|(n, what)| format!("{} {what}", n.0)).collect();
    let volatile = state.volatile.map(|why| format!(" ({why})")).unwrap_or_default();
    let name = [state.kind, &printable(&state.name)].join(" ");
    writeln!(page, "\noperator {}, {}{volatile}: {}", title(&state.operator), name.trim_end(), counted.join(", "))?;
    state.entries.iter().try_for_each(|entry| entry_lines(page, entry))?;
    let total = state.changed.0 + state.removed.0 + state.added.0;
    let more = u64::try_from(total - shown(state)).unwrap_or(0);
    if more > 0 { writeln!(page, "  and {} (--limit shows more)", count(more, "more entry")) } else { Ok(()) }
}

/// How many of the differing entries are listed: a changed one counts once.
fn shown(state: &StateReport) -> i128 {
    state.entries.iter().map(|entry| entry.a.len().max(entry.b.len()) as i128).sum()
}

fn entry_lines(page: &mut String, entry: &EntryReport) -> std::fmt::Result {
    let group = entry.key_group.map(|group| format!("key group {group}, ")).unwrap_or_default();
    // Elements and timers are keys without values.
    if entry.a.iter().chain(&entry.b).all(|value| value.length == Long(0)) {
        for _ in &entry.a {
            writeln!(page, "  {A}- {group}{}{A:#}", bytes(&entry.key))?;
        }
        for _ in &entry.b {
            writeln!(page, "  {B}+ {group}{}{B:#}", bytes(&entry.key))?;
        }
        return Ok(());
    }
    writeln!(page, "  {group}key {}", bytes(&entry.key))?;
    for value in &entry.a {
        writeln!(page, "  {A}- {}{A:#}", bytes(value))?;
    }
    for value in &entry.b {
        writeln!(page, "  {B}+ {}{B:#}", bytes(value))?;
    }
    Ok(())
}

fn bytes(bytes: &Bytes) -> String {
    if bytes.length == Long(0) {
        return "(empty)".to_owned();
    }
    if bytes.is_cut() { format!("{}.. ({} bytes)", bytes.hex, bytes.length.0) } else { bytes.hex.clone() }
}

fn title(operator: &OperatorReport) -> String {
    let name = operator.uid.as_ref().or(operator.name.as_ref());
    name.map_or(operator.id.clone(), |name| format!("{} ({})", printable(name), operator.id))
}
