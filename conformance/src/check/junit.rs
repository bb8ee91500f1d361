//! `JUnit`: a test case for each requirement that is looked after, a suite for each chapter, and one for the releases that are asked
//! for.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::chapters;
use super::finding::{Finding, Severity};
use super::report::Report;
use crate::compat::{self, ReasonReport, ReleaseReport, Verdict};
use crate::text::printable;

/// Renders a report. Findings as bad as `bar`, or worse, fail.
pub fn render(report: &Report, bar: Severity) -> Result<String, quick_junit::SerializeError> {
    let mut junit = quick_junit::Report::new(format!("savepoint check {}", printable(&report.metadata_file)));
    for (chapter, requirements, _) in chapters().filter(|(_, requirements, _)| !requirements.is_empty()) {
        let mut suite = TestSuite::new(*chapter);
        suite.add_test_cases(requirements.iter().map(|id| case(report, chapter, id, bar)));
        junit.add_test_suite(suite);
    }
    if let Some(compatibility) = &report.compatibility {
        let mut suite = TestSuite::new("target");
        suite.add_test_cases(compatibility.releases.iter().map(|release| target(release, compatibility)));
        junit.add_test_suite(suite);
    }
    junit.to_string()
}

/// A release that has to read it: fails if it does not, and is in error if not all could be looked into.
fn target(release: &ReleaseReport, compatibility: &compat::Report) -> TestCase {
    let status = match (release.verdict, compatibility.failures.first()) {
        (Verdict::Reads, None) => TestCaseStatus::success(),
        (Verdict::Reads, Some(first)) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let all: Vec<String> = compatibility.failures.iter().map(|failure| printable(failure)).collect();
            status.set_message(printable(first)).set_description(all.join("\n"));
            status
        }
        (verdict, _) => {
            let reasons = release.reasons.iter().map(|reason| format!("{}: {}\n", reason.code, told(reason)));
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(verdict.word()).set_description(reasons.collect::<String>());
            if let Some(first) = release.reasons.first() {
                status.set_message(told(first));
            }
            status
        }
    };
    let mut case = TestCase::new(format!("Flink {}", release.release), status);
    case.set_classname("target");
    case
}

fn told(reason: &ReasonReport) -> String {
    printable(&format!("{} ({})", reason.text, reason.first))
}

fn case(report: &Report, chapter: &str, id: &str, bar: Severity) -> TestCase {
    let of: Vec<&Finding> = report.findings.iter().filter(|finding| finding.requirement == id).collect();
    let (failing, others): (Vec<_>, Vec<_>) = of.into_iter().partition(|finding| finding.severity <= bar);
    let status = match failing.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_type(first.severity.word())
                .set_message(printable(&first.message))
                .set_description(lines(&failing));
            status
        }
    };
    let mut case = TestCase::new(id, status);
    case.set_classname(chapter);
    if !others.is_empty() {
        case.set_system_out(lines(&others));
    }
    case
}

fn lines(findings: &[&Finding]) -> String {
    let line = |finding: &&Finding| {
        let offset = finding.offset.map(|offset| format!(":{:#x}", offset.0)).unwrap_or_default();
        let more = if finding.more > 0 { format!(", and {} more", finding.more) } else { String::new() };
        let text = format!("{}{offset}: {}: {}", finding.file, finding.path, finding.message);
        format!("{} {}{more}\n", finding.severity.word(), printable(&text))
    };
    findings.iter().map(line).collect()
}
