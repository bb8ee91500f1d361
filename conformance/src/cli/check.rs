//! `savepoint check`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use flink_savepoint::metadata::Release;
use flink_savepoint_spec::{book, requirements};

use super::opening::Opening;
use super::{Failure, note, print};
use crate::check::{self, Report, Severity, junit, sarif, text};
use crate::compat;
use crate::json;
use crate::progress::Progress;
use crate::threads::ThreadsOption;

/// Whether a savepoint is as the specification says, and whether a release of Flink restores it
///
/// Holds the metadata file, the files of the directory and the state in them against the rules of the specification, and names for
/// each finding the requirement, the file, the byte and the field. A broken MUST is an error, a SHOULD that is not followed a
/// warning; a note is worth knowing. A metadata file that cannot be parsed is a finding like any other.
///
/// With --target it also says whether a release reads it, and what is in the way: the version of `_metadata`, its handles and
/// markers, the versions of the state's headers, how operator state is compressed, and the serializers by class and version, with
/// the Java objects that some of them hold. It knows from real Flink what each release reads; no JVM and no jar is needed here.
/// Whether the job fits, its operators and its types, only the job can tell.
///
/// Exits with 0 if nothing as bad as --severity was found and every target reads it, with 1 if something was or one of them does
/// not or reads it wrong, and with 2 if nothing can be read here, or not enough to say what a target makes of it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint check DIR                                  is it sound?
  savepoint check --severity warning DIR               and does it follow the recommendations?
  savepoint check --target 1.20 DIR                    before a downgrade: why not?
  savepoint check --target 2.0 --target 2.3 DIR        before an upgrade
  savepoint inspect --compat DIR                       all releases at once
  savepoint rewrite --release 1.20 DIR OUT             for what a rewrite mends
  savepoint check --explain META-MAGIC-01              what a requirement says, and why
  savepoint explain DIR/_metadata                      the bytes around an offset
  savepoint check --format junit DIR > check.xml       for CI: a test case for each requirement
  savepoint check --format sarif DIR > check.sarif     for code hosts and editors
  savepoint check --format json DIR | jq -r '.findings[] | [.file, .offset, .requirement] | @tsv'
  savepoint check --target 1.20 --format json DIR | jq '.compatibility.releases[].reasons[].code'")]
pub(super) struct Arguments {
    /// A savepoint directory, or its metadata file
    #[arg(required_unless_present_any = ["json_schema", "explain"])]
    path: Option<PathBuf>,

    #[command(flatten)]
    judging: Judging,

    /// Print a requirement of the specification, by the id that errors and findings name, and read nothing
    #[arg(long, value_name = "ID", conflicts_with_all = ["path", "target"])]
    explain: Option<String>,

    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    threads: ThreadsOption,

    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Print the JSON Schema of `--format json` and exit
    #[arg(long)]
    json_schema: bool,
}

/// What fails, and where it is explained.
#[derive(Args)]
pub(super) struct Judging {
    /// A release that has to read it, 1.13 to 2.3; may be given more than once. A patch number does not matter
    #[arg(long, value_name = "RELEASE")]
    pub(super) target: Vec<Release>,

    /// What fails: findings that are as bad as this, or worse
    #[arg(long, value_enum, default_value_t)]
    pub(super) severity: Bar,

    /// Where links of SARIF lead: the rendered specification (`mdbook build spec`). Without it there are none
    #[arg(long, value_name = "URL")]
    pub(super) spec_url: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A page for people
    #[default]
    Text,
    /// All of it, stable, for programs
    Json,
    /// XML with a test case for each requirement, as CI servers know it
    Junit,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
}

/// A [`Severity`] on the command line.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Bar {
    /// A MUST is broken
    #[default]
    Error,
    /// A SHOULD is not followed
    Warning,
    /// Something is worth knowing
    Note,
}

impl From<Bar> for Severity {
    fn from(bar: Bar) -> Self {
        match bar {
            Bar::Error => Self::Error,
            Bar::Warning => Self::Warning,
            Bar::Note => Self::Note,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if let Some(id) = &arguments.explain {
        print(&requirement(id)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (Some(path), false) = (&arguments.path, arguments.json_schema) else {
        print(&json::schema::<Report>())?;
        return Ok(ExitCode::SUCCESS);
    };
    let options = arguments.opening.options()?;
    let mut progress = None;
    let mut advance = |bytes, total| {
        progress.get_or_insert_with(|| Progress::new("checking state", total)).advance(bytes);
    };
    let report = arguments.threads.start()?.run(|| check::run_with(path, &options, &mut advance));
    drop(progress);
    arguments.judging.show(report, arguments.format, &arguments.opening, path)
}

impl Judging {
    /// Prints a report of the savepoint at that path; the exit code is that of the command.
    pub(super) fn show(
        &self,
        mut report: Report,
        format: Format,
        opening: &Opening,
        path: &Path,
    ) -> Result<ExitCode, Failure> {
        if let Some(why) = &report.unreadable {
            return Err(why.clone().into());
        }
        if !self.target.is_empty() {
            report.compatibility = self.compatibility(opening, path)?;
        }
        let bar = Severity::from(self.severity);
        print(&match format {
            Format::Text => page(&report),
            Format::Json => json::page(&report)?,
            Format::Junit => junit::render(&report, bar)?,
            Format::Sarif => json::page(&sarif::render(&report, self.spec_url.as_deref()))?,
        })?;
        let failures = report.compatibility.as_ref().map(|of| of.failures.as_slice()).unwrap_or_default();
        for failure in failures {
            note(failure);
        }
        let is_read = report.compatibility.as_ref().is_none_or(compat::Report::is_read);
        Ok(if !report.is_below(bar) || !is_read {
            ExitCode::FAILURE
        } else if failures.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        })
    }

    /// What the targets make of it; none of metadata that cannot be read, of which the findings tell.
    fn compatibility(&self, opening: &Opening, path: &Path) -> Result<Option<compat::Report>, Failure> {
        let source = opening.source(path)?;
        let Ok(metadata) = opening.reading().read(&source.bytes) else { return Ok(None) };
        let savepoint = opening.savepoint(&source, metadata)?;
        Ok(Some(compat::Report::of(&source, &savepoint, &self.target)))
    }
}

fn page(report: &Report) -> String {
    match &report.compatibility {
        Some(compatibility) => format!("{}\n{}", compat::text::render_targets(compatibility), text::render(report)),
        None => text::render(report),
    }
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
