//! `savepoint diff`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use flink_savepoint::logical::{DiffOptions, Fingerprint, diff_with};
use flink_savepoint::savepoint::Savepoint;

use super::opening::Opening;
use super::printing::Printing;
use super::{Failure, note};
use crate::diff::{Report, text};
use crate::fingerprint::compute;
use crate::select::Ignore;
use crate::source::Source;
use crate::store::MappedFiles;
use crate::threads::{Threads, ThreadsOption};

/// What differs between two savepoints in meaning, down to entries
///
/// Order, files, parallelism, compression, inlining, state ids, the state backend and the release that wrote them are no
/// difference. Memory is bounded, whatever the size of the state. Exits with 0 if they are equal, 1 if they differ, and 2 if one
/// of them cannot be read as a whole.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint diff before after
  savepoint diff --ignore-volatile hashmap rocksdb        without TTL clocks and source positions
  savepoint diff --ignore operator=my-uid,state=counts A B
  savepoint diff --format json A B | jq '.states[] | [.name, .changed]'")]
pub(super) struct Arguments {
    /// A savepoint directory, or its metadata file
    #[arg(required_unless_present = "json_schema")]
    a: Option<PathBuf>,

    /// Another one
    #[arg(required_unless_present = "json_schema")]
    b: Option<PathBuf>,

    #[command(flatten)]
    ignore: Ignore,

    #[command(flatten)]
    comparing: Comparing,

    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    threads: ThreadsOption,

    #[command(flatten)]
    printing: Printing,
}

/// How entries are compared.
#[derive(Args)]
pub(super) struct Comparing {
    /// How many differing entries to show; all are counted
    #[arg(long, default_value_t = Self::LIMIT)]
    limit: usize,

    /// How many bytes of a key or value to show
    #[arg(long, default_value_t = Self::BYTES)]
    bytes: usize,

    /// Memory of each thread for comparing entries, in MiB; less means more passes
    #[arg(long, default_value_t = Self::MEMORY, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    memory: u32,
}

/// A savepoint that is compared.
pub(super) struct Compared<'s, 'a> {
    pub(super) source: &'s Source,
    pub(super) savepoint: Savepoint<'a, MappedFiles>,
    pub(super) fingerprint: Fingerprint,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (Some(a), Some(b), false) = (&arguments.a, &arguments.b, arguments.printing.schema::<Report>()?) else {
        return Ok(ExitCode::SUCCESS);
    };
    let (source_a, source_b) = (arguments.opening.source(a)?, arguments.opening.source(b)?);
    let metadata_a = arguments.opening.metadata(&source_a)?;
    let metadata_b = arguments.opening.metadata(&source_b)?;
    let threads = arguments.threads.start()?;
    let compared = |source, metadata| {
        let savepoint = arguments.opening.savepoint(source, metadata)?;
        let fingerprint = compute(&savepoint, &threads);
        Ok::<_, Failure>(Compared { source, savepoint, fingerprint })
    };
    let (a, b) = (compared(&source_a, metadata_a)?, compared(&source_b, metadata_b)?);
    arguments.comparing.show(a, b, &arguments.ignore, &arguments.printing, &threads)
}

impl Comparing {
    const LIMIT: usize = 100;
    const BYTES: usize = 64;
    const MEMORY: u32 = 16;

    /// Whether it is as if nothing was given.
    pub(super) fn is_default(&self) -> bool {
        (self.limit, self.bytes, self.memory) == (Self::LIMIT, Self::BYTES, Self::MEMORY)
    }

    /// Compares and prints; the exit code is that of the command.
    pub(super) fn show(
        &self,
        mut a: Compared<'_, '_>,
        mut b: Compared<'_, '_>,
        ignore: &Ignore,
        printing: &Printing,
        threads: &Threads,
    ) -> Result<ExitCode, Failure> {
        for fingerprint in [&mut a.fingerprint, &mut b.fingerprint] {
            ignore.remove_failures_from(fingerprint);
        }
        let options = DiffOptions {
            memory: usize::try_from(self.memory).unwrap_or(usize::MAX).saturating_mul(1 << 20),
            limit: self.limit,
            bytes: self.bytes,
        };
        let ignored = |id: &_, operator: &_, state: &_, volatile| ignore.matches(id, operator, state, volatile);
        let (of_a, of_b) = ((&a.savepoint, &a.fingerprint), (&b.savepoint, &b.fingerprint));
        let found = diff_with(of_a, of_b, &options, &ignored, threads);
        let name = |source: &Source| source.file.display().to_string();
        let report = Report::new((name(a.source), &a.fingerprint), (name(b.source), &b.fingerprint), &found);
        printing.report(&report, text::render)?;
        ignore.unused().for_each(|selector| note(&format!("--ignore {selector} matches no state that differs")));
        report.failures.iter().for_each(|failure| note(failure));
        Ok(if !report.failures.is_empty() {
            ExitCode::from(2)
        } else if report.equal {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
