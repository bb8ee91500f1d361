//! Whether a savepoint is one, whatever job wrote it: all of it is read, and then the rules are applied.

use std::path::Path;

use flink_savepoint::savepoint::METADATA;

use super::consumer::Refusal;
use super::hooks::Hooks;
use crate::adapter::Answer;
use crate::check::{self, Severity};
use crate::reading;
use crate::source::Source;
use crate::store::MappedFiles;

/// Reads everything that the handles lead to, and applies the rules to what can be read. What is wrong first is the reason to
/// refuse it.
pub(super) fn refusal(directory: &Path) -> Option<Refusal> {
    match Source::open(directory) {
        Ok(source) => unreadable(&source).or_else(|| unsound(directory)),
        Err(error) => Some(Refusal::invalid("DIR-METADATA-01", Some(METADATA), error.to_string())),
    }
}

/// What a backend with these hooks answers where [`refusal`] is what is wrong first.
pub(super) fn answer(refusal: Option<Refusal>, hooks: &dyn Hooks) -> Answer {
    match refusal {
        // Who takes a broken file for sound finds nothing behind the break, either.
        Some(refusal) if !refusal.requirement.as_deref().is_some_and(|one| hooks.passes_over(one)) => refusal.into(),
        _ => Answer::Accepted,
    }
}

/// Missing files and other formats have no error of their own: the rules name them.
fn unreadable(source: &Source) -> Option<Refusal> {
    let files = MappedFiles::new(&source.directory, false);
    let refused = reading::refusal(&source.bytes, files).filter(|refused| !refused.code.is_empty())?;
    Some(Refusal {
        class: refused.class,
        message: refused.text,
        requirement: Some(refused.requirement),
        offset: Some(refused.offset),
        file: Some(refused.file),
    })
}

fn unsound(directory: &Path) -> Option<Refusal> {
    let report = check::run(directory, &check::Options::default());
    let finding = report.findings.into_iter().find(|finding| finding.severity == Severity::Error)?;
    Some(Refusal {
        class: "invalid",
        message: finding.message,
        requirement: Some(finding.requirement),
        offset: finding.offset.and_then(|offset| u64::try_from(offset.0).ok()),
        file: Some(finding.file),
    })
}
