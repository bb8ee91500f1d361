//! The report for CI servers: a suite for each pair, a test case for each scenario or vector.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::data::RunData;
use super::words::{self, Outcome};
use crate::event::Cell;
use crate::verdict::Verdict;

/// So many lines of evidence of each kind stand in a test case.
const LINES: usize = 100;
/// So much of a line.
const LINE: usize = 1_000;
/// So much of a log.
const LOG: usize = 8_000;

/// Renders the XML of `JUnit`.
///
/// *fail* and *unexpected-pass* are failures, *unsupported* and *expected-fail* are skipped with their reason, and what else is not a
/// pass is an error. The suite `run` says whether the run as a whole is good, so that nothing run is no success.
pub fn junit(run: &RunData) -> io::Result<Vec<u8>> {
    let mut report = Report::new("savepoint run");
    if let Some(end) = run.end() {
        report.set_time(Duration::from_millis(end.millis));
    }
    report.add_test_suite(whole(run));
    for producer in run.producers() {
        for consumer in run.consumers().iter().filter(|consumer| run.pair(producer, consumer).is_some()) {
            let mut suite = TestSuite::new(format!("{producer} -> {consumer}"));
            suite.add_property(("producer", producer.as_str()));
            suite.add_property(("consumer", consumer.as_str()));
            let mut millis = 0;
            for cell in run.cells_of_pair(producer, consumer) {
                millis += cell.millis;
                suite.add_test_case(test_case(run, cell));
            }
            suite.set_time(Duration::from_millis(millis));
            report.add_test_suite(suite);
        }
    }
    let mut xml = Vec::new();
    report.serialize(&mut xml).map_err(io::Error::other)?;
    Ok(xml)
}

/// The run as a test of its own, and the known failures that are stale.
fn whole(run: &RunData) -> TestSuite {
    let mut suite = TestSuite::new("run");
    let about = run.run();
    let planned = run.planned().to_string();
    let decided = run.decided().to_string();
    for (name, value) in [
        ("suite", about.suite.as_str()),
        ("edition", &about.edition),
        ("started", &about.started),
        ("command", &about.command.join(" ")),
        ("planned", &planned),
        ("decided", &decided),
    ] {
        suite.add_property((name, value));
    }
    let mut status = match run.outcome() {
        Outcome::Good => TestCaseStatus::success(),
        Outcome::Bad => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Incomplete => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if run.outcome() != Outcome::Good {
        status.set_type(run.outcome().label());
        status.set_message(words::because(run).join("; "));
    }
    let mut verdict = TestCase::new("verdict", status);
    verdict.set_classname("run");
    verdict.set_system_out(words::denominators(run));
    suite.add_test_case(verdict);
    for entry in run.end().map(|end| end.stale.as_slice()).unwrap_or_default() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type("stale");
        status.set_message("this known failure fails no longer, or matches nothing");
        let mut case = TestCase::new(entry.as_str(), status);
        case.set_classname("known failures");
        suite.add_test_case(case);
    }
    suite
}

fn test_case(run: &RunData, cell: &Cell) -> TestCase {
    let reason = cell.reason.as_deref().unwrap_or_default();
    let mut status = match cell.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Unsupported | Verdict::ExpectedFail => TestCaseStatus::skipped(),
        Verdict::Fail | Verdict::UnexpectedPass => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Crash | Verdict::Timeout | Verdict::AdapterError | Verdict::NotRun => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
    };
    if cell.verdict != Verdict::Pass {
        status.set_type(cell.verdict.label());
        status.set_message(match (cell.verdict, reason) {
            (verdict, "") => verdict.label().to_owned(),
            (Verdict::Unsupported | Verdict::ExpectedFail, reason) => format!("{}: {reason}", cell.verdict.label()),
            (_, reason) => reason.to_owned(),
        });
        let text = description(cell);
        if !text.is_empty() {
            status.set_description(text);
        }
    }
    let mut case = TestCase::new(cell.case.as_str(), status);
    case.set_classname(format!("{} -> {}", cell.producer, cell.consumer));
    case.set_time(Duration::from_millis(cell.millis));
    case.add_property(("verdict", cell.verdict.label()));
    if !cell.blames.is_empty() {
        case.add_property(("blames", cell.blames.join(" ").as_str()));
    }
    if let Some(about) = run.case(&cell.case) {
        case.add_property(("requirements", about.requirements.join(" ").as_str()));
    }
    if let Some(log) = cell.evidence.as_ref().and_then(|evidence| evidence.log.as_ref()) {
        case.set_system_err(words::tail(log, LOG));
    }
    case
}

fn description(cell: &Cell) -> String {
    let mut lines = Vec::new();
    if !cell.blames.is_empty() {
        lines.push(format!("blamed: {}", cell.blames.join(", ")));
    }
    if let Some(evidence) = &cell.evidence {
        lines.extend(evidence.command.iter().map(|command| format!("again: {command}")));
        lines.extend(words::first_lines(&evidence.diff, LINES, LINE));
        lines.extend(words::first_lines(&evidence.findings, LINES, LINE));
    }
    lines.join("\n")
}
