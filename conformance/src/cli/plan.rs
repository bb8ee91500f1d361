//! `savepoint plan`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use flink_savepoint::savepoint::Savepoint;

use super::opening::Opening;
use super::{Failure, print};
use crate::distribute::{Pass, Planned, UnitLine, plan};
use crate::json;
use crate::source::Source;

/// Divides a savepoint into units for many processes or machines, one JSON line each
///
/// Reads only the metadata. Units have about as many bytes each, and every byte of state is in one of them. A key group of a handle is
/// never divided, so that there may be fewer units than asked for. `savepoint work` takes the lines in any order and number, and
/// `savepoint merge` what that prints. Line by line, each of the three is a filter: any engine that pipes lines through a
/// program spreads the work.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint plan DIR --units 64 | savepoint work | savepoint merge          the same as savepoint fingerprint DIR
  savepoint plan DIR --units 64 | parallel --pipe -N4 savepoint work | savepoint merge
  savepoint plan DIR --units 64 | split -n r/8 - units.                     a file of units for each of 8 machines
  savepoint plan --pass diff A B --units 64 | savepoint work | savepoint merge     the same as savepoint diff A B
  savepoint plan --pass check DIR --units 64 | savepoint work | savepoint merge    the same as savepoint check DIR
  savepoint plan --json-schema                                              what a line consists of")]
pub(super) struct Arguments {
    /// A savepoint directory, or its metadata file
    #[arg(required_unless_present = "json_schema")]
    path: Option<PathBuf>,

    /// The one that it is compared with
    #[arg(required_if_eq("pass", "diff"))]
    b: Option<PathBuf>,

    /// How many units; four for each core that will work are a good number
    #[arg(long, value_name = "N", required_unless_present = "json_schema",
        value_parser = clap::value_parser!(u32).range(1..))]
    units: Option<u32>,

    /// What is to be done with each
    #[arg(long, value_enum, default_value_t)]
    pass: Pass,

    #[command(flatten)]
    opening: Opening,

    /// Print the JSON Schema of a line and exit
    #[arg(long)]
    json_schema: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (Some(path), Some(units), false) = (&arguments.path, arguments.units, arguments.json_schema) else {
        print(&json::schema::<UnitLine>())?;
        return Ok(ExitCode::SUCCESS);
    };
    if arguments.pass != Pass::Diff && arguments.b.is_some() {
        return Err("two savepoints are for --pass diff".into());
    }
    let source_a = arguments.opening.source(path)?;
    let source_b = arguments.b.as_ref().map(|path| arguments.opening.source(path)).transpose()?;
    let savepoint = |source| match arguments.opening.metadata(source) {
        Ok(metadata) => arguments.opening.savepoint_in_part(source, metadata).map(Some),
        // That is something that a check finds.
        Err(_) if arguments.pass == Pass::Check => Ok(None),
        Err(error) => Err(error),
    };
    let (a, b) = (savepoint(&source_a)?, source_b.as_ref().map(savepoint).transpose()?);
    let b = source_b.as_ref().zip(b.as_ref()).zip(arguments.b.as_ref());
    let b = b.map(|((source, savepoint), path)| planned(source, savepoint.as_ref(), path)).transpose()?;
    for line in plan(planned(&source_a, a.as_ref(), path)?, b, arguments.pass, units) {
        print(&json::line(&line)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn planned<'p, 'a, S>(
    source: &'p Source,
    savepoint: Option<&'p Savepoint<'a, S>>,
    path: &'p Path,
) -> Result<Planned<'p, 'a, S>, Failure> {
    let path = path.to_str().ok_or_else(|| format!("{}: only UTF-8 fits into JSON", path.display()))?;
    Ok(Planned { savepoint, metadata: &source.bytes, path })
}
