//! The page for people.

use std::fmt::{self, Write as _};

use super::finding::{Finding, Severity};
use super::report::Report;
use crate::text::{bytes, count, printable};

/// The findings, file by file, and a line that says what was checked.
pub fn render(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut page, report);
    page
}

fn write(page: &mut String, report: &Report) -> fmt::Result {
    let mut file = None;
    for finding in &report.findings {
        if file != Some(&finding.file) {
            file = Some(&finding.file);
            writeln!(page, "{}", printable(&finding.file))?;
        }
        one(page, finding)?;
    }
    if !report.findings.is_empty() {
        writeln!(page)?;
    }
    summary(page, report)
}

fn one(page: &mut String, finding: &Finding) -> fmt::Result {
    write!(page, "  {:<8}", finding.severity.word())?;
    if let Some(offset) = finding.offset {
        write!(page, " {:#x}", offset.0)?;
    }
    if !finding.path.is_empty() {
        write!(page, " {}", printable(&finding.path))?;
    }
    writeln!(page)?;
    write!(page, "    {} [{}]", printable(&finding.message), finding.requirement)?;
    if finding.more > 0 {
        write!(page, ", and {} more", finding.more)?;
    }
    writeln!(page)
}

fn summary(page: &mut String, report: &Report) -> fmt::Result {
    let counts = report.counts;
    let parts: Vec<String> = [(counts.errors, "error"), (counts.warnings, "warning"), (counts.notes, "note")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| count(n, word))
        .collect();
    let verdict = if parts.is_empty() { "sound".to_owned() } else { parts.join(", ") };
    writeln!(page, "{}: {verdict}", printable(&report.metadata_file))?;
    let checked = &report.checked;
    let Some(version) = checked.metadata_version else {
        return writeln!(page, "  nothing else was checked: the metadata cannot be read");
    };
    writeln!(
        page,
        "  checked version {version}: {} with {}, {} of {} in {}; {}",
        count(checked.operators, "operator"),
        count(checked.subtasks, "subtask"),
        count(checked.streams, "stream"),
        bytes(checked.bytes_of_state()),
        count(checked.files, "file"),
        count(checked.requirements, "requirement"),
    )
}

impl Severity {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}
