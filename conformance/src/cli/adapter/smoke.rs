//! `savepoint adapter smoke`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use globset::Glob;

use crate::adapter::{Bounds, Process, end_children_on_interrupt};
use crate::cli::{Failure, note, print};
use crate::matrix::{Smoke, Step, Suite};
use crate::text::printable;

/// Tests one adapter alone: whether it keeps the protocol, and whether it reads what it writes
///
/// Each message is compared with its JSON Schema, each step is printed with what is wrong and how to mend it. What the adapter
/// writes is read by itself, by the rules of the specification and by the reference backend.
#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 all steps went well; 1 one did not; 2 bad arguments, or the program cannot be started.

Examples:
  savepoint adapter smoke -- ./my-adapter --fast
  savepoint adapter smoke --scenario 'map-*' -- python3 my_adapter.py
  savepoint adapter smoke -- savepoint adapter reference            one that does")]
pub(super) struct Arguments {
    /// Try these scenarios instead of a few; may be given several times
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,

    /// Seconds that the adapter has for one request, its start included
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    /// The suite, with `vectors/` in it [default: ./conformance, or where it was when this program was built]
    #[arg(long, value_name = "DIR")]
    suite: Option<PathBuf>,

    /// Keep savepoints and the adapter's log in this directory, which is made
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

    /// The command that starts the adapter
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let suite = Suite::find(arguments.suite.as_deref())?;
    let globs = arguments.scenario.iter().map(|pattern| Ok::<_, Failure>(Glob::new(pattern)?.compile_matcher()));
    let globs = globs.collect::<Result<Vec<_>, _>>()?;
    let temporary = tempfile::tempdir()?;
    let directory = match &arguments.keep {
        Some(keep) => {
            std::fs::create_dir_all(keep)?;
            std::path::absolute(keep)?
        }
        None => temporary.path().to_owned(),
    };
    let bounds = Bounds { timeout: Duration::from_secs(arguments.timeout), ..Bounds::default() };
    end_children_on_interrupt();
    let mut process = Process::new(&arguments.command, Some(&directory.join("adapter.log")), bounds)?;
    process.start().map_err(|e| format!("{}: {e}", arguments.command.join(" ")))?;
    let mut unprinted = Ok(());
    let mut told = |step: &Step| {
        if unprinted.is_ok() {
            unprinted = print(&page(step));
        }
    };
    let good = Smoke::new(&directory, &mut told).run(&mut process, &globs, &suite)?;
    unprinted?;
    if !good {
        note("not every step went well");
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn page(step: &Step) -> String {
    match &step.result {
        Ok(()) => format!("pass  {}\n", printable(&step.name)),
        Err(why) => {
            let mut page = format!("FAIL  {}\n", printable(&step.name));
            for line in why.lines() {
                page.extend(["      ", &printable(line), "\n"]);
            }
            page + "   -> " + step.mend + "\n"
        }
    }
}
