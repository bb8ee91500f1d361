//! `savepoint fingerprint`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use flink_savepoint::logical::Fingerprint;

use super::opening::Opening;
use super::printing::Printing;
use super::{Failure, note};
use crate::fingerprint::{Report, compute, text};
use crate::select::Ignore;
use crate::threads::ThreadsOption;

/// A digest of what a savepoint means, whoever wrote it
///
/// Two savepoints of the same content have the same digest: whatever state backend and release wrote them, in whatever order,
/// files, parallelism and compression. There is one for each operator, state and key group. Exits with 2 if a part cannot be
/// read, since the digest does not say everything then.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint fingerprint DIR
  savepoint fingerprint --ignore-volatile DIR              without TTL clocks and source positions
  savepoint fingerprint --ignore state='_timer_state/*' DIR
  savepoint fingerprint --format json DIR | jq -r .digest")]
pub(super) struct Arguments {
    /// A savepoint directory, or its metadata file
    #[arg(required_unless_present = "json_schema")]
    path: Option<PathBuf>,

    #[command(flatten)]
    shown: Shown,

    #[command(flatten)]
    printing: Printing,

    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    threads: ThreadsOption,
}

/// What of a fingerprint is shown.
#[derive(Args)]
pub(super) struct Shown {
    /// Show the digest of each key group, too
    #[arg(long)]
    pub(super) key_groups: bool,

    #[command(flatten)]
    pub(super) ignore: Ignore,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (Some(path), false) = (&arguments.path, arguments.printing.schema::<Report>()?) else {
        return Ok(ExitCode::SUCCESS);
    };
    let source = arguments.opening.source(path)?;
    let metadata = arguments.opening.metadata(&source)?;
    let savepoint = arguments.opening.savepoint(&source, metadata)?;
    let fingerprint = compute(&savepoint, &arguments.threads.start()?);
    arguments.shown.show(source.file.display().to_string(), fingerprint, &arguments.printing)
}

impl Shown {
    /// Prints the fingerprint; the exit code says whether all of the savepoint could be read.
    pub(super) fn show(
        &self,
        metadata_file: String,
        mut fingerprint: Fingerprint,
        printing: &Printing,
    ) -> Result<ExitCode, Failure> {
        self.ignore.remove_from(&mut fingerprint);
        self.ignore.unused().for_each(|selector| note(&format!("--ignore {selector} matches no state")));
        let report = Report::new(metadata_file, &fingerprint);
        printing.report(&report, |report| text::render(report, self.key_groups))?;
        report.remarks.iter().for_each(|remark| note(remark));
        report.failures.iter().for_each(|failure| note(failure));
        Ok(if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }
}
