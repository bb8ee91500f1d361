//! `savepoint run`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use globset::{Glob, GlobMatcher};

use super::{Failure, note, print};
use crate::adapter::{Bounds, Process, end_children_on_interrupt};
use crate::event::Event;
use crate::json;
use crate::matrix::{
    self, EVENTS, Filter, Flink, KnownFailures, Participant, Phase, Plan, Progress, Settings, Suite, Variant,
};
use crate::report::{self, Outcome, RunData};
use crate::text::printable;

/// The conformance suite: every state backend against every other
///
/// Producers write a savepoint for each scenario; it is moved, and given to every consumer that has to read it: those of the same
/// Flink release and of later ones, and to `check`, the rules of the specification. What comes back is compared here. The golden
/// vectors of the suite take part too: savepoints that real Flink wrote, and broken ones that have to be refused.
///
/// By default the reference backend (as several releases of Flink) and the vectors take part. `--flink` adds real Flink, which is fetched on first use and needs a
/// JDK 17; `--adapter` adds any program that speaks the protocol.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  nothing failed unexpectedly, and something passed
  1  something failed, a known failure passed or is stale, a planned cell was not run, or nothing passed at all
  2  bad arguments, files that cannot be read or written, or an adapter whose program cannot be started
An adapter that starts and then does not keep the protocol gets its verdicts (adapter-error, crash, timeout), and the run goes on.

Known failures are TOML, for each: [[failure]] with producer, consumer, scenario (globs; `*` if left out), reason, and issue. A cell
that fails and falls under an entry is an expected failure; one that passes is an unexpected pass. An entry under which cells of this
run fall, none of which fails, is stale. Entries under which no planned cell falls are left alone, so that a part of the suite can be
run; --all-known-failures reports them as stale, too.

Examples:
  savepoint run                                                      the reference backend and all vectors
  savepoint run --adapter mine='./my-adapter --fast' --jobs 4        a backend of your own, against all of them
  savepoint run --flink 1.20.5,2.3.0 --backend rocksdb --core        real Flink, the core of the scenarios
  savepoint run --producer reference --consumer mine --scenario 'timers-*'
  savepoint run --resume --adapter mine=./my-adapter                 go on with a run that was interrupted
  savepoint run --list                                               what would be run")]
#[allow(clippy::struct_excessive_bools, reason = "flags of the command line")]
pub(super) struct Arguments {
    /// An adapter: its name, and the command that starts it; may be given several times
    #[arg(long, value_name = "NAME=COMMAND")]
    adapter: Vec<String>,

    /// Releases of real Flink: 1.20.5,2.3.0
    #[arg(long, value_name = "RELEASES", value_delimiter = ',')]
    flink: Vec<String>,

    /// State backends of real Flink, or their factories' classes, which go by their simple names, or by NAME if it is NAME=CLASS
    #[arg(long, value_name = "BACKENDS", value_delimiter = ',', default_value = "hashmap,rocksdb")]
    backend: Vec<String>,

    /// Run each backend of real Flink with the changelog as well
    #[arg(long)]
    changelog: bool,

    /// A jar with the factory of a backend, or with what it needs; may be given several times
    #[arg(long, value_name = "JAR")]
    classpath: Vec<String>,

    /// Configuration of real Flink; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    flink_conf: Vec<String>,

    #[command(flatten)]
    chosen: Chosen,

    /// Failures that are known, as TOML; may be given several times. Those of Flink itself, in the suite's
    /// flink/known-failures.toml, are known anyhow
    #[arg(long, value_name = "FILE")]
    known_failures: Vec<PathBuf>,

    /// Report known failures under which no planned cell falls as stale, too: for runs of everything
    #[arg(long)]
    all_known_failures: bool,

    /// Where events, logs, savepoints and reports go [default: target/savepoint-run, or savepoint-run if there is no target]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Go on with the run in that directory: what is decided stays, also if other failures are known now; what is missing is run
    #[arg(long, conflicts_with_all = ["list", "report"])]
    resume: bool,

    /// Seconds that an adapter has for one request, its start included
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    /// So many adapters are at work at once [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,

    /// Print the JSON Schema of a line of `events.jsonl`, and run nothing
    #[arg(long)]
    json_schema: bool,

    /// The suite, with `vectors/` in it [default: ./conformance, or where it was when this program was built]
    #[arg(long, value_name = "DIR")]
    suite: Option<PathBuf>,

    /// Print what would be run, and run nothing; adapters are only asked who they are
    #[arg(long)]
    list: bool,

    /// Render the reports of a run again, and run nothing
    #[arg(long, conflicts_with = "list")]
    report: bool,

    /// Copy the savepoints of adapters, of up to 64 KiB, that pass `check` and that the reference backend restores, to
    /// DIR/PRODUCER/SCENARIO, with a manifest
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
}

/// Which cells are run.
#[derive(Args)]
struct Chosen {
    /// Only scenarios and vectors of that name; may be given several times
    #[arg(long, value_name = "GLOB")]
    scenario: Vec<String>,

    /// Only producers of that name; may be given several times
    #[arg(long, value_name = "GLOB")]
    producer: Vec<String>,

    /// Only consumers of that name; may be given several times
    #[arg(long, value_name = "GLOB")]
    consumer: Vec<String>,

    /// Only the core of the scenarios
    #[arg(long)]
    core: bool,
}

impl Chosen {
    fn filter(&self) -> Result<Filter, Failure> {
        let globs = |patterns: &[String]| -> Result<Vec<GlobMatcher>, Failure> {
            patterns.iter().map(|pattern| Ok(Glob::new(pattern)?.compile_matcher())).collect()
        };
        Ok(Filter {
            scenarios: globs(&self.scenario)?,
            producers: globs(&self.producer)?,
            consumers: globs(&self.consumer)?,
            core: self.core,
        })
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.json_schema {
        print(&json::schema::<Event>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let out = directory(arguments.out.as_deref())?;
    if arguments.report {
        return reports(&out);
    }
    let filter = arguments.chosen.filter()?;
    let suite = Suite::find(arguments.suite.as_deref())?;
    let (flink, mut commands) = adapters(arguments, &suite)?;
    // What no cell is wanted of is not started.
    commands.retain(|(name, _)| filter.wants(name));
    let mut known = KnownFailures::default();
    let of_flink = suite.flink("known-failures.toml");
    if of_flink.is_file() {
        known.read(&of_flink)?;
    }
    arguments.known_failures.iter().try_for_each(|file| known.read(file))?;
    if arguments.resume && !out.join(EVENTS).is_file() {
        return Err(format!("{}: no run to go on with: there is no {EVENTS}", out.display()).into());
    }
    flink.fetch(&suite)?;

    end_children_on_interrupt();
    let progress = Progress::new(!arguments.list);
    let jobs = arguments.jobs.map_or_else(cores, usize::from);
    if !arguments.list && !arguments.resume {
        clear(&out)?;
    }
    let logs = (!arguments.list).then(|| out.join("logs"));
    let met = meet(commands, logs.as_deref(), Duration::from_secs(arguments.timeout), jobs, &progress)?;
    let plan = Plan::new(met, &suite, &filter)?;
    if arguments.list {
        print(&list(&plan))?;
        return Ok(ExitCode::SUCCESS);
    }
    let settings = Settings {
        out: out.clone(),
        resume: arguments.resume,
        jobs,
        known,
        all_known: arguments.all_known_failures,
        command: std::env::args().collect(),
        suite: arguments.suite.clone(),
        flags: flags(arguments, &flink),
    };
    let done = matrix::run(&plan, &settings, &progress)?;
    drop(progress);
    if let Some(into) = &arguments.export {
        let exported = matrix::export(&plan, &settings, &done, into)?;
        note(&format!("{exported} savepoints exported to {}", into.display()));
    }
    reports(&out)
}

/// Renders what there is of a run.
fn reports(out: &Path) -> Result<ExitCode, Failure> {
    let run = RunData::read(&out.join(EVENTS))?;
    let paths = report::write_all(&run, out)?;
    // Wide where nobody looks: a log has no edge.
    let width = terminal_size::terminal_size().map_or(200, |(width, _)| usize::from(width.0));
    print(&report::terminal(&run, true, width))?;
    print(&format!("{}\n", paths.html.display()))?;
    Ok(if run.outcome() == Outcome::Good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The run's directory, absolute.
fn directory(out: Option<&Path>) -> Result<PathBuf, Failure> {
    let default = || {
        let name = "savepoint-run";
        if Path::new("target").is_dir() { Path::new("target").join(name) } else { PathBuf::from(name) }
    };
    let out = out.map_or_else(default, Path::to_owned);
    Ok(std::path::absolute(&out)?)
}

/// Makes room for a new run. Only what a run has left is removed.
fn clear(out: &Path) -> Result<(), Failure> {
    let failed = |e: std::io::Error| format!("{}: {e}", out.display());
    fs::create_dir_all(out).map_err(failed)?;
    let empty = fs::read_dir(out).map_err(failed)?.next().is_none();
    if !empty && !out.join(EVENTS).is_file() {
        return Err(
            format!("{}: not empty, and not the directory of a run: name another one by --out", out.display()).into()
        );
    }
    for name in ["logs", "produced", "savepoints", "again"] {
        match fs::remove_dir_all(out.join(name)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e).into()),
            _ => {}
        }
    }
    // A run that does not come to its end is not to be taken for the one before.
    for path in report::Paths::in_directory(out).rendered() {
        match fs::remove_file(path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e).into()),
            _ => {}
        }
    }
    // From here on it is known as the directory of a run, whatever happens.
    fs::write(out.join(EVENTS), "").map_err(failed)?;
    fs::create_dir_all(out.join("logs")).map_err(failed)?;
    Ok(())
}

/// The name of an adapter, and the command that starts it.
type Command = (String, Vec<String>);

/// Names and commands of all that are to be started.
fn adapters(arguments: &Arguments, suite: &Suite) -> Result<(Flink, Vec<Command>), Failure> {
    let flink = Flink {
        releases: once(&arguments.flink),
        backends: once(&arguments.backend),
        changelog: arguments.changelog,
        classpath: once(&arguments.classpath),
        configuration: once(&arguments.flink_conf),
    };
    let mut commands = flink.adapters(suite);
    for text in &arguments.adapter {
        let Some((name, command)) = text.split_once('=') else {
            return Err(format!("--adapter {text}: not NAME=COMMAND").into());
        };
        let words = shlex::split(command).filter(|words| !words.is_empty());
        commands.push((name.to_owned(), words.ok_or_else(|| format!("--adapter {text}: no command"))?));
    }
    for (at, (name, _)) in commands.iter().enumerate() {
        // It names files, too.
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-$".contains(&byte));
        let reserved = ["check", "reference"].contains(&name.as_str())
            || ["reference-", "golden-", "vectors-", "."].iter().any(|start| name.starts_with(start));
        let twice = commands[..at].iter().any(|(before, _)| before == name);
        let why = match (name.is_empty() || !plain, reserved, twice) {
            (true, ..) => "a name has letters, digits, '.', '_', '-' and '$'",
            (_, true, _) => "the name is taken by the suite",
            (_, _, true) => "there are two of that name",
            _ => continue,
        };
        return Err(format!("adapter {name:?}: {why}").into());
    }
    Ok((flink, commands))
}

/// Without what stands there again: a command for one cell names each of its adapters in full.
fn once(words: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    words.iter().filter(|word| seen.insert(word.as_str())).cloned().collect()
}

/// Starts all adapters, and asks them who they are.
fn meet(
    commands: Vec<Command>,
    logs: Option<&Path>,
    timeout: Duration,
    jobs: usize,
    progress: &Progress,
) -> Result<Vec<Participant>, Failure> {
    progress.begin(Phase::Meet, commands.len());
    let mut prepared = Vec::new();
    for (name, command) in commands {
        let log = logs.map(|logs| log_file(logs, &name)).transpose()?;
        let process = Process::new(&command, log.as_deref(), Bounds { timeout, ..Bounds::default() })?;
        prepared.push((name, command, process, log));
    }
    Ok(matrix::meet_all(prepared, jobs, progress)?)
}

/// A log that is not there yet: that of the run before it goes on stays.
fn log_file(logs: &Path, name: &str) -> Result<PathBuf, Failure> {
    fs::create_dir_all(logs)?;
    let candidates = std::iter::once(format!("{name}.log")).chain((2..).map(|n| format!("{name}.{n}.log")));
    let free = candidates.map(|file| logs.join(file)).find(|file| !file.exists());
    Ok(free.unwrap_or_else(|| logs.join(name)))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How an adapter is named again on the command line, to run one cell of it.
fn flags(arguments: &Arguments, flink: &Flink) -> BTreeMap<String, Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let own = arguments
        .adapter
        .iter()
        .filter_map(|text| Some((text.split_once('=')?.0.to_owned(), words(&["--adapter", text]))));
    let mut flags: BTreeMap<_, _> = own.collect();
    for Variant { name, release, backend, changelog } in flink.variants() {
        let mut these = words(&["--flink", release, "--backend", backend]);
        if changelog {
            these.push("--changelog".to_owned());
        }
        arguments.classpath.iter().for_each(|jar| these.extend(words(&["--classpath", jar])));
        arguments.flink_conf.iter().for_each(|pair| these.extend(words(&["--flink-conf", pair])));
        flags.insert(name, these);
    }
    flags
}

/// The plan: a line for each cell, and what it is in numbers.
fn list(plan: &Plan) -> String {
    let mut text = String::new();
    for cell in &plan.cells {
        let [producer, consumer, case] = plan.key(cell);
        let unsupported = cell.unsupported.as_ref().map_or_else(String::new, |why| format!(" unsupported: {why}"));
        text.extend([producer, "\t", consumer, "\t", case, &printable(&unsupported), "\n"]);
    }
    let supported = plan.cells.iter().filter(|cell| cell.unsupported.is_none()).count();
    let broken = plan.participants.iter().filter_map(|one| Some((one.id(), one.about.broken.as_ref()?)));
    broken.for_each(|(id, why)| note(&format!("{id} is broken: {why}")));
    note(&format!("{} cells, {supported} of them supported, {} cases", plan.cells.len(), plan.cases.len()));
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn flags_for_two_backends_of_a_release_name_both() {
        let suite = Suite::find(None).unwrap();
        let names = |words: &[String]| {
            let words = std::iter::once("run").chain(words.iter().map(String::as_str));
            let arguments = Cli::parse_from(words).arguments;
            let (flink, commands) = adapters(&arguments, &suite).unwrap();
            (flags(&arguments, &flink), commands.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
        };
        let words = ["--flink", "2.3.0", "--backend", "hashmap,mine=com.acme.Factory", "--classpath", "a.jar"];
        let (flags, all) = names(&words.map(str::to_owned));
        assert_eq!(all, ["flink-2.3.0-hashmap", "flink-2.3.0-mine"]);
        let both: Vec<String> = flags.into_values().flatten().collect();
        assert_eq!(names(&both).1, all, "{both:?}");
    }
}
