//! The rules find whatever is wrong with any bytes as the files of a savepoint, and never panic; the offset of each finding lies inside
//! the file that it names, or at its end; every way to print a report prints it.
//!
//! Input: a [bundle](crate::bundle).

use std::fs;

use flink_savepoint::metadata::{Metadata, Release};
use flink_savepoint::savepoint::Savepoint;
use flink_savepoint_conformance::check::{self, Findings, Options, Report, Severity, junit, sarif, text};
use flink_savepoint_conformance::compat;
use flink_savepoint_conformance::source::Source;
use flink_savepoint_conformance::store::MappedFiles;

use crate::bundle::Bundle;
use crate::scratch::Scratch;

/// Prints it in each format.
fn print(report: &Report) {
    assert!(!text::render(report).is_empty());
    let printed = serde_json::to_string(report).expect("a report is JSON");
    let read: serde_json::Value = serde_json::from_str(&printed).expect("just printed");
    assert_eq!(read["findings"].as_array().map(Vec::len), Some(report.findings.len()));
    assert!(junit::render(report, Severity::Warning).expect("a report is XML").starts_with("<?xml"));
    let printed = sarif::render(report, Some("https://example.com")).to_string();
    assert!(serde_json::from_str::<serde_json::Value>(&printed).is_ok());
}

/// One run.
pub fn run(input: &[u8]) {
    let bundle = Bundle::read(input);
    let scratch = Scratch::new().expect("a temporary directory");
    let directory = scratch.put("savepoint", &bundle).expect("a few files");
    let mut report = check::run(&directory, &Options::default());
    for finding in &report.findings {
        let Some(offset) = &finding.offset else { continue };
        let length = fs::metadata(directory.join(&finding.file)).map(|file| file.len()).unwrap_or_default();
        let inside = u64::try_from(offset.0).is_ok_and(|offset| offset <= length);
        assert!(inside, "{length} bytes: {finding:?}");
    }
    // A list of findings of one kind is cut.
    let mut kinds: Vec<_> = report.findings.iter().map(|one| (&one.requirement, &one.file)).collect();
    kinds.sort();
    let most = usize::try_from(Findings::LISTED).unwrap_or(usize::MAX);
    assert!(kinds.chunk_by(|one, other| one == other).all(|same| same.len() <= most), "{kinds:?}");
    if let Ok(metadata) = Metadata::parse(&bundle.metadata) {
        let source = Source::open(&directory).expect("just written");
        let savepoint = Savepoint::new(metadata, MappedFiles::new(&directory, false));
        let compatibility = compat::Report::of(&source, &savepoint, &Release::ALL);
        assert!(!compat::text::render(&compatibility).is_empty());
        report.compatibility = Some(compatibility);
    }
    print(&report);
}
