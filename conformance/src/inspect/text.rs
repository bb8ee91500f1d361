//! The page for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::files::Status;
use super::report::{OperatorReport, Report, Totals};
use super::sums::{HandleSum, KeyGroupsSum};
use super::text_states;
use crate::json::Long;
use crate::text::{count, printable};

/// Renders the report; with `subtasks` each subtask's handles, else their sums.
pub fn render(report: &Report, subtasks: bool) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = head(&mut page, report);
    for operator in &report.operators {
        let _ = operator_block(&mut page, operator, subtasks);
    }
    let _ = problems(&mut page, report);
    page
}

fn head(page: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(page, "{}", printable(&report.metadata_file))?;
    writeln!(page, "  kind        {}: {}", report.kind.label(), report.kind_because)?;
    writeln!(
        page,
        "  version     {}, written by {} ({})",
        report.metadata_version,
        report.written_by,
        bytes(report.metadata_size)
    )?;
    writeln!(page, "  checkpoint  {}", report.checkpoint_id.0)?;
    if let Some(properties) = &report.properties {
        let action = properties.post_checkpoint_action.filter(|action| *action != "NONE");
        let details = [
            Some(properties.snapshot_name.as_str()),
            properties.savepoint_format,
            action,
            properties.sharing_files_strategy,
            properties.forced.then_some("forced"),
            properties.unclaimed.then_some("unclaimed"),
        ];
        let details = details.into_iter().flatten().collect::<Vec<_>>().join(", ");
        writeln!(page, "  properties  {}", printable(&details))?;
    }
    for master in &report.master_states {
        writeln!(
            page,
            "  master      {} (version {}, {})",
            printable(&master.name),
            master.version,
            bytes(master.size)
        )?;
    }
    writeln!(page, "  state       {}", totals(&report.totals))?;
    let files = &report.files;
    if !files.referenced.is_empty() {
        let counts = [
            (Status::Present, "there"),
            (Status::Missing, "MISSING"),
            (Status::OtherSize, "OF ANOTHER SIZE"),
            (Status::NotAFileName, "NOT A FILE NAME"),
            (Status::Absolute, "absolute, not looked at"),
        ];
        let counted: Vec<String> = counts
            .into_iter()
            .filter_map(|(status, text)| Some(files.count(status)).filter(|n| *n > 0).map(|n| format!("{n} {text}")))
            .collect();
        writeln!(page, "  files       {} referenced: {}", files.referenced.len(), counted.join(", "))?;
    }
    writeln!(page, "  operators   {}", report.operators.len())
}

fn totals(totals: &Totals) -> String {
    if totals.file_streams + totals.inline_streams == 0 {
        return "none".to_owned();
    }
    let mut text = format!(
        "{} in {}, {} inline in {}",
        bytes(totals.file_bytes),
        count(totals.file_streams, "file stream"),
        bytes(totals.inline_bytes),
        count(totals.inline_streams, "handle")
    );
    if totals.unknown_sizes > 0 {
        let _ = write!(text, ", {} of unknown size", totals.unknown_sizes);
    }
    text
}

fn operator_block(page: &mut String, operator: &OperatorReport, subtasks: bool) -> std::fmt::Result {
    let title = operator.uid.as_deref().or(operator.name.as_deref()).unwrap_or(&operator.id);
    writeln!(page, "\n{}", printable(title))?;
    let name = operator.name.as_deref().map(|name| format!("  name {}", printable(name))).unwrap_or_default();
    let uid = operator.uid.as_deref().map(|uid| format!("  uid {}", printable(uid))).unwrap_or_default();
    writeln!(page, "  id {}{uid}{name}", operator.id)?;
    write!(page, "  parallelism {} of {}", operator.parallelism, operator.max_parallelism)?;
    if operator.fully_finished {
        write!(page, ", fully finished")?;
    } else if operator.totals.finished_subtasks > 0 {
        write!(page, ", {} finished", count(operator.totals.finished_subtasks, "subtask"))?;
    }
    if !operator.fully_finished && operator.totals.subtasks != u64::from(operator.parallelism) {
        write!(page, ", {} listed", count(operator.totals.subtasks, "subtask"))?;
    }
    if let Some(size) = operator.coordinator_state {
        write!(page, ", coordinator state {}", bytes(size))?;
    }
    if operator.totals.handles == 0 {
        writeln!(page, ", no subtask state")?;
        return text_states::render(page, operator);
    }
    writeln!(page)?;

    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if subtasks {
        table.set_header(["subtask", "state", "type", "key groups", "where", "size"]);
        for subtask in &operator.subtasks {
            if subtask.finished {
                table.add_row([subtask.index.to_string(), "finished".to_owned()]);
            }
            for handle in &subtask.handles {
                let sum = HandleSum::of(handle);
                let row = [
                    subtask.index.to_string(),
                    handle.state.to_owned(),
                    kind(handle.state, handle.type_byte),
                    key_groups(sum.key_groups.as_ref()),
                    location(&sum),
                    size(&sum),
                ];
                table.add_row(row);
            }
        }
    } else {
        table.set_header(["state", "subtasks", "type", "key groups", "where", "size"]);
        let kinds = operator.handles.kinds.iter();
        let sums: BTreeMap<(&str, String), &HandleSum> =
            kinds.map(|((state, byte), sum)| ((*state, kind(state, *byte)), sum)).collect();
        for ((state, kind), sum) in sums {
            let groups = key_groups(sum.key_groups.as_ref());
            let row = [state.to_owned(), sum.handles.to_string(), kind, groups, location(sum), size(sum)];
            table.add_row(row);
        }
    }
    if let Some(column) = table.column_mut(5) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in table.lines() {
        writeln!(page, "   {}", line.trim_end())?;
    }
    // With the states themselves there is more to say of them than what their handle says.
    if operator.states.is_some() { text_states::render(page, operator) } else { operator_states(page, operator) }
}

/// The names of split, union and broadcast states, which the handle says.
fn operator_states(page: &mut String, operator: &OperatorReport) -> std::fmt::Result {
    for ((name, mode), elements) in &operator.handles.operator_states {
        writeln!(page, "    {}: {mode}, {}", printable(name), count(*elements, "offset"))?;
    }
    Ok(())
}

fn kind(state: &str, type_byte: Option<u8>) -> String {
    let meaning = match type_byte {
        Some(7) => "canonical",
        Some(3 | 12) if state == "raw keyed" => "key groups",
        Some(3 | 12) => "native",
        Some(5 | 11) => "native incremental",
        Some(8..=10 | 13 | 14) => "changelog",
        Some(4) => "operator state",
        Some(17) => "operator state, merged files",
        Some(_) => "",
        None => "channels",
    };
    type_byte.map_or(meaning.to_owned(), |byte| format!("{meaning} ({byte})"))
}

/// One range if they join up, else how many; nothing where there are none.
fn key_groups(sum: Option<&KeyGroupsSum>) -> String {
    let Some(sum) = sum else { return String::new() };
    let mut text = match sum.whole() {
        Some((first, last)) => format!("{first} to {last}"),
        None => format!("{} in {} ranges", sum.count, sum.ranges),
    };
    if let Some(with_state) = sum.with_state {
        let _ = write!(text, ", {with_state} with state");
    }
    text
}

fn location(sum: &HandleSum) -> String {
    let one = sum.locations.iter().next().filter(|(_, n)| sum.handles == 1 && sum.locations.len() == 1 && **n == 1);
    if let Some((location, _)) = one {
        return sum.path.as_deref().map_or((*location).to_owned(), printable);
    }
    sum.locations.iter().map(|(location, n)| format!("{n} {location}")).collect::<Vec<_>>().join(", ")
}

fn size(sum: &HandleSum) -> String {
    let known = bytes(Long(sum.bytes));
    if sum.unknown { format!("> {known}") } else { known }
}

fn problems(page: &mut String, report: &Report) -> std::fmt::Result {
    let files = &report.files;
    let mut lines = Vec::new();
    if report.trailing_bytes != Long(0) {
        lines.push(format!("{} bytes after the end of the metadata (Flink ignores them)", report.trailing_bytes.0));
    }
    for file in &files.referenced {
        match (file.status, file.handle_size, file.disk_size) {
            (Status::Missing, ..) => lines.push(format!("missing: {}", file.path)),
            (Status::OtherSize, Some(handle), Some(disk)) => {
                lines.push(format!("{} has {} bytes, its handle says {}", file.path, disk.0, handle.0));
            }
            (Status::NotAFileName, ..) => lines.push(format!("not a plain file name, not followed: {}", file.path)),
            _ => {}
        }
    }
    for part in report.state.iter().flat_map(|state| &state.unread) {
        lines.push(format!("{}: {}", if part.native { "not read" } else { "DAMAGED" }, part.why));
    }
    lines.extend(report.state.iter().flat_map(|state| state.remarks.iter().cloned()));
    lines.extend(files.unreferenced.iter().map(|name| format!("no handle refers to {name}")));
    lines.extend(files.listing_error.iter().map(|e| format!("the directory could not be listed: {e}")));
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(page)?;
    lines.iter().try_for_each(|line| writeln!(page, "! {}", printable(line)))
}

fn bytes(size: Long) -> String {
    crate::text::bytes(u64::try_from(size.0).unwrap_or(u64::MAX))
}
