//! `savepoint scenario`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{CellAlignment, Table, presets};
use globset::Glob;
use serde::Serialize;

use super::{Failure, note, print};
use crate::json;
use crate::scenario::{Compression, File, Line, Operator, Scenario, State};
use crate::text::{count, printable};

/// The scenarios of the conformance suite: what they do, and what must come back
///
/// A scenario is a small program of state operations that any state backend can run. Adapters receive it expanded, as JSON: `show
/// --program` is what a producer is asked to run, `show --restore` what a consumer restores with, and `show --expected` what it has
/// to find. A scenario of one's own is shown and checked by its path.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint scenario list                              all of them
  savepoint scenario list 'rescale-*'
  savepoint scenario show keys-ambiguous
  savepoint scenario show keys-ambiguous --program     what an adapter receives
  savepoint scenario show ./my-own.toml --expected     checks it, too
  savepoint scenario schema                            the JSON Schema of a scenario's file")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List scenarios
    List {
        /// Only those whose id matches
        glob: Option<Glob>,

        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one scenario
    Show {
        /// Its id, or the path of a file that ends with `.toml`
        id: String,

        #[command(flatten)]
        part: Part,
    },
    /// Print the JSON Schema of a scenario's file
    Schema,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A table for people
    #[default]
    Text,
    /// An array, for programs
    Json,
}

#[derive(Args)]
#[group(multiple = false)]
struct Part {
    /// Print what a producer runs, as JSON
    #[arg(long)]
    program: bool,

    /// Print what a consumer restores with, as JSON
    #[arg(long)]
    restore: bool,

    /// Print what a consumer has to find, one JSON object to a line
    #[arg(long)]
    expected: bool,
}

/// A scenario in a list.
#[derive(Serialize)]
struct Listed<'s> {
    id: &'s str,
    title: &'s str,
    requirements: &'s [String],
    bugs: &'s [String],
    features: &'s [String],
    core: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.command {
        Command::List { glob, format } => return list(glob.as_ref(), *format),
        Command::Show { id, part } => show(&find(id)?, part)?,
        Command::Schema => print(&json::schema::<File>())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(glob: Option<&Glob>, format: Format) -> Result<ExitCode, Failure> {
    let matcher = glob.map(Glob::compile_matcher);
    let mut all = Scenario::all()?;
    all.retain(|one| matcher.as_ref().is_none_or(|glob| glob.is_match(&one.id)));
    let Format::Text = format else {
        let listed = all.iter().map(|one| Listed {
            id: &one.id,
            title: &one.title,
            requirements: &one.requirements,
            bugs: &one.bugs,
            features: one.features(),
            core: one.core,
        });
        print(&(serde_json::to_string_pretty(&listed.collect::<Vec<_>>())? + "\n"))?;
        return Ok(ExitCode::SUCCESS);
    };
    if all.is_empty() {
        note("no scenario matches");
        return Ok(ExitCode::FAILURE);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["id", "core", "features", "title", "bugs"]);
    for one in &all {
        let core = if one.core { "core" } else { "" };
        table.add_row([&one.id, core, &one.features().len().to_string(), &one.title, &one.bugs.join(", ")]);
    }
    if let Some(numbers) = table.column_mut(2) {
        numbers.set_cell_alignment(CellAlignment::Right);
    }
    let mut page = String::new();
    for line in table.lines() {
        let _ = writeln!(page, "{}", line.trim_end());
    }
    let _ = writeln!(page, "\n {}", count(u64::try_from(all.len())?, "scenario"));
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}

fn find(id: &str) -> Result<Scenario, Failure> {
    let path = Path::new(id);
    if path.extension().is_some_and(|end| end == "toml") {
        return Ok(Scenario::load(path)?);
    }
    let found = Scenario::all()?.into_iter().find(|one| one.id == id);
    found.ok_or_else(|| format!("there is no scenario {id:?}; `savepoint scenario list` lists them").into())
}

fn show(scenario: &Scenario, part: &Part) -> Result<(), Failure> {
    if part.program {
        return print(&(serde_json::to_string_pretty(&scenario.program())? + "\n"));
    }
    if part.restore {
        return print(&(serde_json::to_string_pretty(&scenario.restore())? + "\n"));
    }
    let expected = scenario.expected();
    if part.expected {
        let lines: Result<String, serde_json::Error> =
            expected.iter().map(|line| Ok(serde_json::to_string(line)? + "\n")).collect();
        return print(&lines?);
    }
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = text(&mut page, scenario, &expected);
    print(&page)
}

fn text(page: &mut String, scenario: &Scenario, expected: &[Line]) -> std::fmt::Result {
    writeln!(page, "{}: {}\n", scenario.id, printable(&scenario.title))?;
    for line in scenario.about.lines() {
        writeln!(page, "  {}", printable(line))?;
    }
    writeln!(page, "\nrequirements  {}", scenario.requirements.join(", "))?;
    if !scenario.bugs.is_empty() {
        writeln!(page, "bugs          {}", scenario.bugs.join(", "))?;
    }
    writeln!(page, "features      {}", scenario.features().join(", "))?;
    let program = scenario.program();
    let stages: Vec<String> = program.stages.iter().map(|stage| stage.parallelism.to_string()).collect();
    let stored = match (program.inline, program.compression) {
        (false, Compression::None) => "in files",
        (false, Compression::Snappy) => "in files, compressed",
        (true, Compression::None) => "inline where it is small",
        (true, Compression::Snappy) => "inline where it is small, compressed",
    };
    writeln!(page, "parallelism   {}, restored with {}", stages.join(", then "), scenario.restore().parallelism)?;
    writeln!(page, "state         {stored}")?;
    let lines = count(u64::try_from(expected.len()).unwrap_or(u64::MAX), "line");
    writeln!(page, "must give     {lines}")?;
    for (i, operator) in
        program.stages.first().map(|stage| stage.operators.as_slice()).unwrap_or_default().iter().enumerate()
    {
        operator_text(page, operator)?;
        // A state may be registered in a later stage alone.
        let mut seen: Vec<&State> = Vec::new();
        for stage in &program.stages {
            for state in stage.operators.get(i).map(|one| one.states.as_slice()).unwrap_or_default() {
                if !seen.contains(&state) {
                    seen.push(state);
                }
            }
        }
        for state in seen.iter().take(20) {
            writeln!(page, "  {}", state_text(state))?;
        }
        if seen.len() > 20 {
            writeln!(page, "  ... and {} more", seen.len() - 20)?;
        }
    }
    Ok(())
}

fn operator_text(page: &mut String, operator: &Operator) -> std::fmt::Result {
    let key = operator.key.as_ref().map(|key| format!(", key {key}")).unwrap_or_default();
    let finished = if operator.finished { ", finished" } else { "" };
    writeln!(page, "\noperator {:?}, max parallelism {}{key}{finished}", operator.uid, operator.max_parallelism)
}

fn state_text(state: &State) -> String {
    let mut text = format!("{} {:?}", state.kind.label(), state.name);
    match (&state.user_key, &state.value) {
        (Some(user_key), Some(value)) => _ = write!(text, ": {user_key} to {value}"),
        (None, Some(value)) => _ = write!(text, ": {value}"),
        _ => {}
    }
    if let Some(namespace) = &state.namespace {
        let _ = write!(text, ", namespace {namespace}");
    }
    if state.ttl {
        text.push_str(", with a time to live");
    }
    text
}
