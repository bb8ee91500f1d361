//! `savepoint inspect`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use flink_savepoint::logical::Fingerprint;
use flink_savepoint::metadata::{Metadata, Release};

use super::opening::Opening;
use super::{Failure, print};
use crate::compat;
use crate::fingerprint::survey;
use crate::inspect::{Report, text};
use crate::json;
use crate::source::Source;
use crate::threads::ThreadsOption;

/// What is in a savepoint or checkpoint: version, operators, handles, files, states
///
/// PATH is a savepoint or checkpoint directory, or its `_metadata` file under any name. State in the canonical format is read
/// as well; the formats of single backends are named. Exits with 1 if a file is missing or has another size than its handle
/// says, if state is damaged, or if an entry stands in a key group that its key does not belong to.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint inspect /savepoints/savepoint-bce087-b6acd11e2320
  savepoint inspect --metadata-only DIR        at once, however large the state is
  savepoint inspect --subtasks DIR             every subtask with its handles
  savepoint inspect --compat DIR               which releases of Flink read it, and why the others do not
  savepoint inspect --format json DIR | jq '.operators[].uid'
  savepoint inspect --json-schema              what the JSON consists of")]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(super) struct Arguments {
    /// A savepoint directory, or its metadata file
    #[arg(required_unless_present = "json_schema")]
    path: Option<PathBuf>,

    /// Show the handles of each subtask instead of their sum
    #[arg(long)]
    subtasks: bool,

    /// Read only `_metadata`; look up the state files, and do not open them
    #[arg(long)]
    metadata_only: bool,

    /// Show which releases of Flink read it, and why the others do not, instead of what is in it
    #[arg(long, conflicts_with_all = ["subtasks", "metadata_only"])]
    compat: bool,

    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    threads: ThreadsOption,

    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Refuse what Flink accepts but never writes, for example bytes after the end
    #[arg(long)]
    strict: bool,

    /// Print the JSON Schema of `--format json` and exit
    #[arg(long)]
    json_schema: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A page for people
    #[default]
    Text,
    /// All of it, stable, for programs
    Json,
    /// Every field of the metadata file
    Tree,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Some(path) = arguments.path.as_deref().filter(|_| !arguments.json_schema) else {
        print(&if arguments.compat { json::schema::<compat::Report>() } else { json::schema::<Report>() })?;
        return Ok(ExitCode::SUCCESS);
    };
    let source = arguments.opening.source(path)?;
    let metadata =
        arguments.opening.reading().strict(arguments.strict).read(&source.bytes).map_err(|e| source.failure(&e))?;
    if arguments.compat {
        return show_compat(arguments, &source, metadata);
    }
    let subtasks = arguments.subtasks || matches!(arguments.format, Format::Json);
    let report = |metadata: &Metadata<'_>, state: Option<&Fingerprint>| Report::new(&source, metadata, state, subtasks);
    let report = if matches!(arguments.format, Format::Tree) || arguments.metadata_only {
        report(&metadata, None)
    } else {
        let savepoint = arguments.opening.savepoint(&source, metadata.clone())?;
        report(&metadata, Some(&survey(&savepoint, &arguments.threads.start()?)))
    };
    print(&match arguments.format {
        Format::Text => text::render(&report, arguments.subtasks),
        Format::Json => json::page(&report)?,
        Format::Tree => format!("{metadata:#?}\n"),
    })?;
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Only facts: that some release does not read it is nothing wrong with a savepoint.
fn show_compat(arguments: &Arguments, source: &Source, metadata: Metadata<'_>) -> Result<ExitCode, Failure> {
    let savepoint = arguments.opening.savepoint(source, metadata)?;
    let report = compat::Report::of(source, &savepoint, &Release::ALL);
    print(&match arguments.format {
        Format::Text => compat::text::render(&report),
        Format::Json => json::page(&report)?,
        Format::Tree => return Err("--format tree shows the metadata file; --compat has text and json".into()),
    })?;
    Ok(if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
