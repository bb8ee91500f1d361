//! `savepoint work`.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use flink_savepoint::logical::partial;

use super::opening::Opening;
use super::{Failure, print};
use crate::check;
use crate::distribute::{Outcome, PartialLine, Pass, Side, UnitLine, guard};
use crate::json;
use crate::source::Source;
use crate::threads::ThreadsOption;

/// Reads units on standard input, and prints what it finds in each, one JSON line each, as soon as it is done
///
/// Units are lines of `savepoint plan`, in any order; each process may have any of them. Exits with 2 at the first line that is no
/// unit, or is one of another savepoint than the one it finds: the metadata file has to be the same, byte for byte. State that
/// cannot be read is no error here; it is a part of what is found, and `savepoint merge` tells of it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint plan DIR --units 64 | savepoint work > results
  savepoint work /mnt/savepoint < units.aa         where the savepoint is at another place on this machine
  savepoint work --threads 1 < units.aa            where an engine starts a process for each core
  savepoint work --json-schema                     what a line consists of")]
pub(super) struct Arguments {
    /// The savepoint's directory or metadata file, if it is not where the units say; of a diff that of A
    path: Option<PathBuf>,

    /// That of B
    b: Option<PathBuf>,

    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    threads: ThreadsOption,

    /// Print the JSON Schema of a line and exit
    #[arg(long)]
    json_schema: bool,
}

/// A metadata file, and its guard.
struct Opened {
    source: Source,
    guard: String,
}

/// Those that were opened.
type Known = Mutex<HashMap<PathBuf, Arc<Opened>>>;

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.json_schema {
        print(&json::schema::<PartialLine>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let (known, printing) = (Known::default(), Mutex::new(()));
    // Read as they are asked for, so that an engine can hand them over one by one.
    let lines = BufReader::new(io::stdin()).lines().zip(1_u64..);
    let lines = lines.filter(|(line, _)| line.as_ref().map_or(true, |line| !line.trim().is_empty()));
    arguments.threads.start()?.for_each(lines, |(line, number)| {
        let located = |why: String| format!("line {number}: {why}");
        let line = line.map_err(|e| located(e.to_string()))?;
        let unit = UnitLine::read(&line).map_err(located)?;
        let result = work(arguments, &unit, &known).map_err(|e| located(format!("unit {}: {e}", unit.unit)))?;
        let _printing = printing.lock().unwrap_or_else(PoisonError::into_inner);
        print(&result).map_err(|e| e.to_string())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn work(arguments: &Arguments, unit: &UnitLine, known: &Known) -> Result<String, Failure> {
    let given = if unit.side == Some(Side::B) { &arguments.b } else { &arguments.path };
    let path = given.as_deref().unwrap_or(Path::new(&unit.savepoint));
    let opened = open(arguments, path, known)?;
    if opened.guard != unit.metadata_sha256 {
        return Err(format!(
            "{}: another savepoint than the one that was planned, or its metadata was changed: SHA-256 {} instead of {}",
            opened.source.file.display(),
            opened.guard,
            unit.metadata_sha256
        )
        .into());
    }
    let outcome = match unit.pass {
        Pass::Fingerprint | Pass::Diff => {
            let metadata = arguments.opening.metadata(&opened.source)?;
            let savepoint = arguments.opening.savepoint_in_part(&opened.source, metadata)?;
            Outcome::Fingerprint(partial(&savepoint, &unit.unit(), false, &mut |_| ()).into())
        }
        Pass::Check => {
            let options = arguments.opening.options()?;
            Outcome::Check(check::work(&opened.source, &options, &unit.unit(), &|_| ()))
        }
    };
    // What did not come over the network is no part of a result: another attempt may have more luck.
    if let Some(why) = opened.source.mirror().and_then(|mirror| mirror.failure()) {
        return Err(why.into());
    }
    Ok(json::line(&PartialLine::new(unit, opened.source.file.display().to_string(), outcome))?)
}

fn open(arguments: &Arguments, path: &Path, known: &Known) -> Result<Arc<Opened>, Failure> {
    // Who comes second waits, and need not read it again.
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(opened) = known.get(path) {
        return Ok(Arc::clone(opened));
    }
    let source = arguments.opening.source(path)?;
    let opened = Arc::new(Opened { guard: guard(&source.bytes), source });
    // Units of one plan are of two savepoints at most: of more none is kept for long.
    if known.len() > 1 {
        known.clear();
    }
    known.insert(path.to_owned(), Arc::clone(&opened));
    Ok(opened)
}
