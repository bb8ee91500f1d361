//! `savepoint check`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use flink_savepoint::metadata::{Metadata, Release};
use flink_savepoint_spec::{book, requirements};

use super::opening::Opening;
use super::printing::Printing;
use super::{Failure, note, print};
use crate::compat::{Report, text};
use crate::source::Source;

/// Whether a release of Flink restores a savepoint, and what is in the way
///
/// Looks at what releases differ in: the version of `_metadata`, its handles and markers, the versions of the state's headers, how
/// operator state is compressed, and the serializers by class and version, with the Java objects that some of them hold. It knows
/// from real Flink what each release reads; no JVM and no jar is needed here. Whether the job fits, its operators and its types,
/// only the job can tell.
///
/// Exits with 0 if every target reads it, with 1 if one of them does not or reads it wrong, and with 2 if it cannot be read here, or
/// not as a whole.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint check --target 1.20 DIR                    before a downgrade: why not?
  savepoint check --target 2.0 --target 2.3 DIR        before an upgrade
  savepoint inspect --compat DIR                       all releases at once
  savepoint rewrite --release 1.20 DIR OUT             for what a rewrite mends
  savepoint check --explain META-MAGIC-01              what a requirement says, and why
  savepoint check --target 1.20 --format json DIR | jq '.releases[].reasons[].code'")]
pub(super) struct Arguments {
    /// A savepoint directory, or its metadata file
    #[arg(required_unless_present_any = ["json_schema", "explain"])]
    path: Option<PathBuf>,

    /// The release that has to read it, 1.13 to 2.3; may be given more than once. A patch number does not matter
    #[arg(long, value_name = "RELEASE", required_unless_present_any = ["json_schema", "explain"])]
    target: Vec<Release>,

    /// Print a requirement of the specification, by the id that errors and findings name, and read nothing
    #[arg(long, value_name = "ID", conflicts_with_all = ["path", "target"])]
    explain: Option<String>,

    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    printing: Printing,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if let Some(id) = &arguments.explain {
        print(&requirement(id)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (Some(path), false) = (&arguments.path, arguments.printing.schema::<Report>()?) else {
        return Ok(ExitCode::SUCCESS);
    };
    let source = Source::open(path)?;
    let metadata = Metadata::parse(&source.bytes).map_err(|e| source.failure(&e))?;
    let savepoint = arguments.opening.savepoint(&source, metadata)?;
    let report = Report::of(&source, &savepoint, &arguments.target);
    arguments.printing.report(&report, text::render_targets)?;
    report.failures.iter().for_each(|failure| note(failure));
    Ok(if !report.is_read() {
        ExitCode::FAILURE
    } else if report.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// A requirement, for people.
fn requirement(id: &str) -> Result<String, Failure> {
    let wanted = id.to_uppercase();
    let Some(one) = requirements::get(&wanted) else {
        // A topic is enough to find its requirements by.
        let near = requirements::all().iter().map(|one| one.id.as_str()).filter(|known| known.starts_with(&wanted));
        let near = near.collect::<Vec<_>>().join(", ");
        let hint = if near.is_empty() { String::new() } else { format!(": one of {near}?") };
        return Err(format!("no requirement {id}{hint}").into());
    };
    let mut page = format!("{}  {}, binds {}\n\n  {}\n", one.id, one.level.word(), one.applies.label(), one.text);
    let mut line = |text: String| page.extend(["\n  ", text.as_str(), "\n"]);
    if let Some(why) = &one.rationale {
        line(why.clone());
    }
    match (one.since, one.until) {
        (None, None) => {}
        (since, until) => line(format!(
            "metadata versions {} to {}",
            since.map_or("2".to_owned(), |since| since.to_string()),
            until.map_or("the newest".to_owned(), |until| until.to_string())
        )),
    }
    if !one.errors.is_empty() {
        line(format!("reported as {}", one.errors.join(", ")));
    }
    if let Some(place) = book::place(&one.id) {
        line(format!("spec/src/{}", place.markdown()));
    }
    Ok(page)
}
