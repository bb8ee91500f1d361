//! `savepoint rewrite`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use flink_savepoint::metadata::{Dropping, Feature, Release};
use flink_savepoint::savepoint::{Rewrite, SavepointWriter};

use super::opening::Opening;
use super::{Failure, note};
use crate::compat::{ReasonReport, Report};

/// Write a canonical savepoint anew, for another Flink release
///
/// What it means stays the same. State that the release reads in another format is converted, other state is copied. Something
/// that the release cannot hold is an error that names it, unless --drop allows to leave it out. The directory is written
/// atomically: it is there completely or not at all. What was copied though the release does not read it, as values of Kryo
/// between Flink 1.x and 2.x, is named on standard error.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint rewrite DIR OUT --release 1.20 --drop operator-name --drop operator-uid
  savepoint rewrite DIR OUT --release 2.3 --compression none --inline 0")]
pub(super) struct Arguments {
    /// A savepoint directory, or its metadata file
    path: PathBuf,

    /// The directory to write; it must not be there, or be empty
    out: PathBuf,

    /// The release that has to read it, for example 1.20
    #[arg(long)]
    release: Release,

    /// What may be left out if that release cannot hold it
    #[arg(long, value_enum)]
    drop: Vec<Drop>,

    /// Whether to compress state; as it was, if not said
    #[arg(long, value_enum)]
    compression: Option<Compression>,

    /// Streams of up to that many bytes are kept in `_metadata`
    #[arg(long, value_name = "BYTES", default_value_t = SavepointWriter::DEFAULT_INLINE)]
    inline: usize,

    #[command(flatten)]
    opening: Opening,
}

/// Only what a canonical savepoint can have, and what does not lose state.
#[derive(Clone, Copy, ValueEnum)]
enum Drop {
    /// Names of operators; Flink does not need them
    OperatorName,
    /// Uids of operators; their hashes, which Flink restores by, stay
    OperatorUid,
    /// Checkpoint properties: that it is a savepoint, and of which format
    Properties,
    /// That subtasks had finished; they run again
    FinishedMarker,
    /// Ids of handles of raw keyed state; Flink makes up others
    StateHandleId,
}

#[derive(Clone, Copy, ValueEnum)]
enum Compression {
    /// Not compressed
    None,
    /// Each key group, and each element of operator state, by Snappy
    Snappy,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let source = arguments.opening.source(&arguments.path)?;
    let metadata = arguments.opening.metadata(&source)?;
    let savepoint = arguments.opening.savepoint(&source, metadata)?;
    let dropping = arguments.drop.iter().fold(Dropping::NOTHING, |all, drop| {
        all.and(match drop {
            Drop::OperatorName => Feature::OperatorName,
            Drop::OperatorUid => Feature::OperatorUid,
            Drop::Properties => Feature::Properties,
            Drop::FinishedMarker => Feature::FinishedMarker,
            Drop::StateHandleId => Feature::StateHandleId,
        })
    });
    let compression = arguments.compression.map(|compression| matches!(compression, Compression::Snappy));
    let out = |error: &dyn std::fmt::Display| format!("{}: {error}", arguments.out.display());
    let writer = SavepointWriter::create(&arguments.out).map_err(|error| out(&error))?.inline(arguments.inline);
    Rewrite { dropping, compression, ..Rewrite::new(arguments.release) }
        .run(&savepoint, writer)
        .map_err(|error| out(&error))?;
    // What was copied as it is may be what that release does not read: values of Kryo above all (COMPAT-KRYO-01).
    let report = Report::of(&source, &savepoint, &[arguments.release]);
    for release in &report.releases {
        for reason in release.reasons.iter().filter(|reason| !reason.mended_by_rewrite) {
            let ReasonReport { code, text, first, .. } = reason;
            note(&format!("not mended for Flink {}: {text}: {first} [{code}]", release.release));
        }
    }
    Ok(ExitCode::SUCCESS)
}
