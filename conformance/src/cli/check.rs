//! `savepoint check`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use flink_savepoint::metadata::{Metadata, Release};
use flink_savepoint::savepoint::Savepoint;

use super::printing::Printing;
use super::{Failure, note};
use crate::compat::{Facts, Report, text};
use crate::hints::HintsFile;
use crate::source::Source;
use crate::store::MappedFiles;

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
  savepoint check --target 1.20 --format json DIR | jq '.releases[].reasons[].code'")]
pub(super) struct Arguments {
    /// A savepoint directory, or its metadata file
    #[arg(required_unless_present = "json_schema")]
    path: Option<PathBuf>,

    /// The release that has to read it, 1.13 to 2.3; may be given more than once. A patch number does not matter
    #[arg(long, value_name = "RELEASE", required_unless_present = "json_schema")]
    target: Vec<Release>,

    #[command(flatten)]
    hints: HintsFile,

    /// Follow absolute paths in handles, which may lead anywhere on this machine
    #[arg(long)]
    follow_absolute: bool,

    #[command(flatten)]
    printing: Printing,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (Some(path), false) = (&arguments.path, arguments.printing.schema::<Report>()?) else {
        return Ok(ExitCode::SUCCESS);
    };
    let source = Source::open(path)?;
    let metadata = Metadata::parse(&source.bytes).map_err(|e| source.failure(&e))?;
    let files = MappedFiles::new(&source.directory, arguments.follow_absolute);
    let savepoint = Savepoint::new(metadata, files).with_hints(arguments.hints.read()?);
    let facts = Facts::of(&savepoint);
    let report = Report::new(source.file.display().to_string(), savepoint.metadata(), &facts, &arguments.target);
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
