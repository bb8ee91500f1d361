//! The tables of deliberate deviations.

use std::fmt::Write as _;

use crate::deviations::{self, Run};

/// Each deviation, and how often it was seen.
pub(super) fn tables() -> String {
    let mut out =
        String::from("| Deviation | Who | Releases | What, and why | Requirements |\n|---|---|---|---|---|\n");
    for one in deviations::all() {
        let requirements: Vec<String> = one.requirements.iter().map(|id| format!("[{id}]")).collect();
        let _ = writeln!(
            out,
            "| <a id=\"{id}\"></a>**{id}**<br>{title} | {who} | {releases} | {reason} | {requirements} |",
            id = one.id,
            title = one.title,
            who = one.direction.label(),
            releases = one.releases,
            reason = one.reason.replace('|', "\\|"),
            requirements = requirements.join(" "),
        );
    }
    let runs = deviations::runs();
    if runs.is_empty() {
        return out;
    }
    let row = |name: &str, cell: &dyn Fn(&Run) -> String| {
        let cells: Vec<String> = runs.iter().map(cell).collect();
        format!("| {name} | {} |\n", cells.join(" | "))
    };
    out.push('\n');
    out.push_str(&row("Inputs", &|run| format!("{} {}", run.kind, run.release)));
    let _ = writeln!(out, "|---|{}", "--:|".repeat(runs.len()));
    out.push_str(&row("seed", &|run| run.seed.to_string()));
    out.push_str(&row("compared", &|run| run.inputs.to_string()));
    out.push_str(&row("accepted by Flink", &|run| run.accepted.to_string()));
    out.push_str(&row("both say the same", &|run| run.agreed.to_string()));
    for one in deviations::all() {
        let id = &one.id;
        out.push_str(&row(&format!("[{id}](#{id})"), &|run| {
            run.deviations.get(id).map_or_else(String::new, u64::to_string)
        }));
    }
    out
}
