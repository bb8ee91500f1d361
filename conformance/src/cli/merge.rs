//! `savepoint merge`.

use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::diff::{Compared, Comparing};
use super::fingerprint::Shown;
use super::opening::Opening;
use crate::distribute::{Merge, Merged, Whole, guard};
use crate::source::Source;
use crate::threads::ThreadsOption;

/// Reads what `savepoint work` has printed, in any order, and prints what the pass prints that was planned
///
/// The output and the exit code are those of `savepoint fingerprint` or `savepoint diff`, byte for byte. A fingerprint needs nothing but
/// the lines; a diff reads the key groups that differ once more, and so has to reach both savepoints. Exits with 2, and says which, if
/// units are missing, are there twice, or are of another savepoint.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint plan DIR --units 64 | savepoint work | savepoint merge
  cat results.* | savepoint merge --format json | jq -r .digest")]
pub(super) struct Arguments {
    /// Of a diff: A, if it is not where its first worker has found it
    a: Option<PathBuf>,

    /// And B
    b: Option<PathBuf>,

    #[command(flatten)]
    shown: Shown,

    #[command(flatten)]
    comparing: Comparing,

    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    threads: ThreadsOption,
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
    match merge.finish()? {
        Merged::Fingerprint(whole) => arguments.shown.show(whole.metadata_file, whole.fingerprint),
        Merged::Diff(both) => compare(arguments, *both),
    }
}

fn compare(arguments: &Arguments, [a, b]: [Whole; 2]) -> Result<ExitCode, Failure> {
    let (source_a, source_b) =
        (open(arguments, arguments.a.as_deref(), &a)?, open(arguments, arguments.b.as_deref(), &b)?);
    let compared = |source, fingerprint| {
        let savepoint = arguments.opening.savepoint(source, arguments.opening.metadata(source)?)?;
        Ok::<_, Failure>(Compared { source, savepoint, fingerprint })
    };
    let (a, b) = (compared(&source_a, a.fingerprint)?, compared(&source_b, b.fingerprint)?);
    let Shown { ignore, printing, .. } = &arguments.shown;
    arguments.comparing.show(a, b, ignore, printing, &arguments.threads.start()?)
}

/// The metadata file that the workers have read.
fn open(arguments: &Arguments, given: Option<&Path>, whole: &Whole) -> Result<Source, Failure> {
    let source = arguments.opening.source(given.unwrap_or(Path::new(&whole.metadata_file)))?;
    if guard(&source.bytes) == whole.metadata_sha256 {
        return Ok(source);
    }
    Err(format!("{}: another savepoint than the one that was read, or its metadata was changed", source.file.display())
        .into())
}
