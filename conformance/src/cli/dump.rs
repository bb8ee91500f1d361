//! `savepoint dump`.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::opening::Opening;
use super::{Failure, note};
use crate::dump::{self, Filter, Options};
use crate::fingerprint::total_bytes;
use crate::progress::Progress;
use crate::text::count;

/// Every entry of a savepoint, decoded, as JSON lines in one canonical order
///
/// Two savepoints of the same content have the same dump, whatever state backend wrote them. Numbers of 64 bits are strings, bytes
/// are hex. Values that do not describe themselves (Kryo, serializers of your own) are {"opaque": hex}. Exits with 1 if an entry
/// stands in a key group that its key does not belong to, or cannot be decoded; with 2 if a part cannot be read.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint dump DIR
  savepoint dump --state orders --key alice DIR
  savepoint dump --operator my-uid --key-group 0-31 DIR | jq -r .value
  savepoint dump --raw DIR                         bytes beside what is decoded
  savepoint dump --serializer-hints mine.toml DIR  with what is known of serializers of your own
  diff <(savepoint dump A) <(savepoint dump B)")]
pub(super) struct Arguments {
    /// A savepoint directory, or its metadata file
    path: PathBuf,

    #[command(flatten)]
    filter: Filter,

    /// Show the raw bytes, too
    #[arg(long)]
    raw: bool,

    #[command(flatten)]
    opening: Opening,

    /// MiB of entries that are sorted at a time; larger state takes several passes
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    memory: usize,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let Arguments { path, filter, raw, opening, memory } = arguments;
    let source = opening.source(&path)?;
    let metadata = opening.metadata(&source)?;
    let savepoint = if filter.is_everything() {
        opening.savepoint(&source, metadata)?
    } else {
        opening.savepoint_in_part(&source, metadata)?
    };
    let options = Options { filter, raw, memory: memory.max(1) << 20 };
    let mut progress = Progress::new("dumping", total_bytes(&savepoint));
    let mut out = BufWriter::new(io::stdout().lock());
    let written = dump::write(&savepoint, &options, &mut |bytes| progress.advance(bytes), &mut out)
        .and_then(|summary| out.flush().map(|()| summary));
    drop(progress);
    let summary = match written {
        Ok(summary) => summary,
        // The reader has seen enough, as `head` has.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        Err(e) => return Err(e.into()),
    };
    for (findings, what) in [
        (&summary.misplaced, "in a key group that their keys do not belong to"),
        (&summary.undecoded, "that cannot be decoded"),
    ] {
        if findings.count > 0 {
            note(&format!("{} {what}", count(findings.count, "entry")));
            findings.first.iter().for_each(|one| note(one));
        }
    }
    summary.failures.iter().for_each(|failure| note(failure));
    Ok(match () {
        () if !summary.failures.is_empty() => ExitCode::from(2),
        () if summary.misplaced.count + summary.undecoded.count > 0 => ExitCode::FAILURE,
        () => ExitCode::SUCCESS,
    })
}
