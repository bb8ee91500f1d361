//! The command line: one file for each subcommand, each of them thin.

mod adapter;
mod check;
mod diff;
mod dump;
mod explain;
mod fingerprint;
mod inspect;
mod merge;
mod opening;
mod plan;
mod printing;
mod rewrite;
mod run;
mod scenario;
mod work;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::remote;
use crate::text::printable;

/// Look into Apache Flink savepoints without a JVM and without the job's jar.
#[derive(Parser)]
#[command(
    name = "savepoint",
    version,
    max_term_width = 110,
    after_help = "\
Exit codes: 0 all is well; 1 read, but something is wrong with it, or two of them differ; 2 not or not completely read, or bad arguments."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(inspect::Arguments),
    Check(check::Arguments),
    Dump(dump::Arguments),
    Explain(explain::Arguments),
    Fingerprint(fingerprint::Arguments),
    Diff(diff::Arguments),
    Rewrite(rewrite::Arguments),
    Plan(plan::Arguments),
    Work(work::Arguments),
    Merge(merge::Arguments),
    Run(run::Arguments),
    Adapter(adapter::Arguments),
    Scenario(scenario::Arguments),
}

/// What went wrong, as one line for people.
type Failure = Box<dyn std::error::Error>;

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Dump(arguments) => dump::run(arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Fingerprint(arguments) => fingerprint::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Rewrite(arguments) => rewrite::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Work(arguments) => work::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Adapter(arguments) => adapter::run(&arguments),
        Command::Scenario(arguments) => scenario::run(&arguments),
    };
    let done = done.unwrap_or_else(|failure| {
        note(&failure.to_string());
        ExitCode::from(2)
    });
    match remote::failure() {
        // Whatever a command makes of it: it has not seen everything.
        Some(why) if done != ExitCode::from(2) => {
            note(&why);
            ExitCode::from(2)
        }
        _ => done,
    }
}

/// Prints to standard output. A reader that has gone away, as `head` does, is not an error.
fn print(text: &str) -> Result<(), Failure> {
    // Colours only where they are shown.
    match anstream::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(()),
    }
}

/// A remark on standard error.
fn note(text: &str) {
    eprintln!("savepoint: {}", printable(text));
}
