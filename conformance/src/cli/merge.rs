//! `savepoint merge`.

use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use flink_savepoint::logical::Fingerprint;

use super::check::{Bar, Format, Judging};
use super::diff::{Compared, Comparing};
use super::fingerprint::Shown;
use super::opening::Opening;
use super::printing::{self, Printing};
use super::{Failure, print};
use crate::check::{self, UnitPart};
use crate::distribute::{Merge, Merged, Pass, Whole, guard};
use crate::source::Source;
use crate::threads::ThreadsOption;
use crate::{fingerprint, json};

/// Reads what `savepoint work` has printed, in any order, and prints what the pass prints that was planned
///
/// The output and the exit code are those of `savepoint fingerprint`, `savepoint diff` or `savepoint check`, byte for byte. A fingerprint
/// needs nothing but the lines; a diff reads the key groups that differ once more, and so has to reach both savepoints; a check looks at
/// the metadata, the names and sizes of the files, and the headers of streams that were divided. Options are those of the pass. Exits
/// with 2, and says which, if units are missing, are there twice, or are of another savepoint.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint plan DIR --units 64 | savepoint work | savepoint merge
  cat results.* | savepoint merge --format json | jq -r .digest
  savepoint plan --pass check DIR --units 64 | savepoint work | savepoint merge --severity warning --format sarif")]
pub(super) struct Arguments {
    /// Of a check the savepoint, of a diff A, if it is not where its first worker has found it
    a: Option<PathBuf>,

    /// Of a diff: B
    b: Option<PathBuf>,

    #[command(flatten)]
    shown: Shown,

    #[command(flatten)]
    comparing: Comparing,

    #[command(flatten)]
    judging: Judging,

    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    threads: ThreadsOption,

    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Print the JSON Schema of `--format json` of a fingerprint and exit
    #[arg(long)]
    json_schema: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.json_schema {
        print(&json::schema::<fingerprint::Report>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut merge = Merge::default();
    for (line, number) in io::stdin().lock().lines().zip(1_u64..) {
        let line = line?;
        if !line.trim().is_empty() {
            merge.add(&line).map_err(|why| format!("line {number}: {why}"))?;
        }
    }
    let merged = merge.finish()?;
    fits(arguments, merged.pass())?;
    match merged {
        Merged::Fingerprint(whole) => arguments.shown.show(whole.metadata_file, whole.found, &arguments.printing()),
        Merged::Diff(both) => compare(arguments, *both),
        Merged::Check(whole) => judge(arguments, whole),
    }
}

/// Options that are of another pass are an error, since nothing would come of them.
fn fits(arguments: &Arguments, pass: Pass) -> Result<(), Failure> {
    let Arguments { a, b, shown, comparing, judging, format, .. } = arguments;
    let (fingerprint, diff, check) = (Pass::Fingerprint, Pass::Diff, Pass::Check);
    let given: [(bool, &str, &[Pass]); 10] = [
        (a.is_some(), "a savepoint", &[diff, check]),
        (b.is_some(), "a second savepoint", &[diff]),
        (shown.key_groups, "--key-groups", &[fingerprint]),
        (shown.ignore.is_given(), "what is ignored", &[fingerprint, diff]),
        (!comparing.is_default(), "--limit, --bytes or --memory", &[diff]),
        (!judging.target.is_empty(), "--target", &[check]),
        (judging.severity != Bar::default(), "--severity", &[check]),
        (judging.spec_url.is_some(), "--spec-url", &[check]),
        (*format == Format::Junit, "--format junit", &[check]),
        (*format == Format::Sarif, "--format sarif", &[check]),
    ];
    match given.into_iter().find(|(is_given, _, passes)| *is_given && !passes.contains(&pass)) {
        Some((_, what, _)) => Err(format!("{what} is nothing for the pass {}", pass.name()).into()),
        None => Ok(()),
    }
}

impl Arguments {
    /// For the passes that have two formats.
    fn printing(&self) -> Printing {
        Printing::of(match self.format {
            Format::Json => printing::Format::Json,
            _ => printing::Format::Text,
        })
    }
}

fn compare(arguments: &Arguments, [a, b]: [Whole<Fingerprint>; 2]) -> Result<ExitCode, Failure> {
    let (source_a, source_b) =
        (open(arguments, arguments.a.as_deref(), &a)?, open(arguments, arguments.b.as_deref(), &b)?);
    let compared = |source, fingerprint| {
        let savepoint = arguments.opening.savepoint(source, arguments.opening.metadata(source)?)?;
        Ok::<_, Failure>(Compared { source, savepoint, fingerprint })
    };
    let (a, b) = (compared(&source_a, a.found)?, compared(&source_b, b.found)?);
    arguments.comparing.show(a, b, &arguments.shown.ignore, &arguments.printing(), &arguments.threads.start()?)
}

fn judge(arguments: &Arguments, whole: Whole<Vec<UnitPart>>) -> Result<ExitCode, Failure> {
    let source = open(arguments, arguments.a.as_deref(), &whole)?;
    let options = arguments.opening.options()?;
    let report = arguments.threads.start()?.run(|| check::join(&source, &options, whole.found, &mut |_, _| ()));
    let path = arguments.a.as_deref().unwrap_or(Path::new(&whole.metadata_file));
    arguments.judging.show(report, arguments.format, &arguments.opening, path)
}

/// The metadata file that the workers have read.
fn open<T>(arguments: &Arguments, given: Option<&Path>, whole: &Whole<T>) -> Result<Source, Failure> {
    let source = arguments.opening.source(given.unwrap_or(Path::new(&whole.metadata_file)))?;
    if guard(&source.bytes) == whole.metadata_sha256 {
        return Ok(source);
    }
    Err(format!("{}: another savepoint than the one that was read, or its metadata was changed", source.file.display())
        .into())
}
