//! The page for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{Table, presets};
use flink_savepoint_spec::releases::Number;

use super::report::{ReasonReport, ReleaseReport, Report, Verdict};
use super::rules::spans;
use crate::text::printable;

/// All releases in a table, and the reasons below it, each once with the releases that it is true of.
pub fn render(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = head(&mut page, report);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["release", "verdict", "reasons"]);
    for release in &report.releases {
        table.add_row([release.release, release.verdict.word(), &codes(release)]);
    }
    for line in table.lines() {
        let _ = writeln!(page, " {}", line.trim_end());
    }
    let _ = reasons(&mut page, report);
    let _ = failures(&mut page, report);
    page
}

fn head(page: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(page, "{}", printable(&report.metadata_file))?;
    writeln!(page, "  version  {}, written by {}\n", report.metadata_version, report.written_by)
}

fn codes(release: &ReleaseReport) -> String {
    let mut codes: Vec<&str> = release.reasons.iter().map(|reason| reason.code).collect();
    codes.dedup();
    codes.join(", ")
}

fn reasons(page: &mut String, report: &Report) -> std::fmt::Result {
    // In the order of the first release that has the reason.
    let mut order: Vec<&ReasonReport> = Vec::new();
    let mut releases: BTreeMap<(&str, &str), Vec<Number>> = BTreeMap::new();
    for release in &report.releases {
        for reason in release.reasons.iter().chain(&release.remarks) {
            let of = releases.entry((reason.code, &reason.text)).or_default();
            if of.is_empty() {
                order.push(reason);
            }
            of.extend(release.release.parse::<Number>());
        }
    }
    order.sort_by_key(|reason| std::cmp::Reverse(reason.outcome));
    for reason in order {
        let of = releases.get(&(reason.code, reason.text.as_str())).map(|of| spans(of)).unwrap_or_default();
        writeln!(page, "\n{}  {of}", reason.code)?;
        one_reason(page, reason)?;
    }
    Ok(())
}

fn one_reason(page: &mut String, reason: &ReasonReport) -> std::fmt::Result {
    writeln!(page, "  {}", printable(&reason.text))?;
    write!(page, "  {}", printable(&reason.first))?;
    if reason.count.0 > 1 {
        write!(page, ", and {} more", reason.count.0 - 1)?;
    }
    writeln!(page)?;
    if reason.mended_by_rewrite {
        writeln!(page, "  `savepoint rewrite` mends it")?;
    }
    Ok(())
}

fn failures(page: &mut String, report: &Report) -> std::fmt::Result {
    if let Some(first) = report.failures.first() {
        write!(page, "\nNot looked into, so that there may be more reasons: {}", printable(first))?;
        if report.failures.len() > 1 {
            write!(page, "; and {} more", report.failures.len() - 1)?;
        }
        writeln!(page)?;
    }
    Ok(())
}

/// Each release with its reasons.
pub fn render_targets(report: &Report) -> String {
    let mut page = String::new();
    let _ = head(&mut page, report);
    let mut blocks = report.releases.iter().map(target);
    page.extend(blocks.next());
    page.extend(blocks.map(|block| format!("\n{block}")));
    let _ = failures(&mut page, report);
    page
}

fn target(release: &ReleaseReport) -> String {
    let verdict = match release.verdict {
        Verdict::Reads => "reads it",
        Verdict::Misreads => "reads something else without noticing",
        Verdict::Fails => "does not read it",
    };
    let mut page = format!("Flink {}: {verdict} (found with {})\n", release.release, release.tested);
    for reason in release.reasons.iter().chain(&release.remarks) {
        let mut block = String::new();
        // Writing to a string cannot fail.
        let _ = one_reason(&mut block, reason);
        let _ = writeln!(page, "\n  {}", reason.code);
        page.extend(block.lines().map(|line| format!("  {line}\n")));
    }
    if release.verdict != Verdict::Reads && release.reasons.iter().all(|reason| reason.mended_by_rewrite) {
        let _ = writeln!(page, "\n  Try: savepoint rewrite --release {} DIR OUT", release.release);
    }
    page
}
