//! `savepoint merge`.

use std::io::{self, BufRead as _};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::fingerprint::Shown;
use crate::distribute::{Merge, Merged};

/// Reads what `savepoint work` has printed, in any order, and prints what the pass prints that was planned
///
/// The output and the exit code are those of `savepoint fingerprint`, byte for byte. Needs nothing but the lines. Exits with 2, and says
/// which, if units are missing, are there twice, or are of another savepoint.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint plan DIR --units 64 | savepoint work | savepoint merge
  cat results.* | savepoint merge --format json | jq -r .digest")]
pub(super) struct Arguments {
    #[command(flatten)]
    shown: Shown,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.shown.schema()? {
        return Ok(ExitCode::SUCCESS);
    }
    let mut merge = Merge::default();
    for (line, number) in io::stdin().lock().lines().zip(1_u64..) {
        let line = line?;
        if !line.trim().is_empty() {
            merge.add(&line).map_err(|why| format!("line {number}: {why}"))?;
        }
    }
    let Merged { metadata_file, fingerprint } = merge.finish()?;
    arguments.shown.show(metadata_file, fingerprint)
}
