//! Asks Flink itself about mutated inputs and compares what it says with what the reference says.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use clap::Parser;
use flink_savepoint::metadata::Release;
use flink_savepoint_harness::oracle::inputs::Inputs;
use flink_savepoint_harness::oracle::process::Oracle;
use flink_savepoint_harness::oracle::{Answer, Case, Judgement, Reading, SUBJECTS, Subject, judge};
use indicatif::{ProgressBar, ProgressStyle};

/// So many unclassified inputs are saved; more of the same say nothing more.
const MOST_SAVED: usize = 50;

/// Asks Flink itself about mutated golden inputs, and compares verdict and content with the reference.
///
/// Fails if a difference is no deliberate deviation (spec/registry/deviations.toml).
#[derive(Parser)]
struct Options {
    /// What to compare.
    #[arg(long, default_value = "metadata", value_parser = subject)]
    kind: &'static dyn Subject,
    /// Release of Flink, for example 2.3.0.
    #[arg(long)]
    release: String,
    /// How many inputs.
    #[arg(long, default_value_t = 20_000)]
    inputs: u64,
    /// The same seed makes the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where inputs that nothing explains are saved, with both renderings.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Asks about these files instead, and prints what both say.
    #[arg(long, num_args = 1..)]
    files: Vec<PathBuf>,
}

fn subject(name: &str) -> Result<&'static dyn Subject, String> {
    let names = || SUBJECTS.iter().map(|subject| subject.name()).collect::<Vec<_>>().join(", ");
    SUBJECTS.iter().copied().find(|subject| subject.name() == name).ok_or_else(|| format!("kinds are {}", names()))
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("differential: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> io::Result<bool> {
    let release: Release = options.release.parse().map_err(io::Error::other)?;
    if options.files.is_empty() { compare(options, release) } else { show(options, release) }
}

/// What a run has found.
#[derive(Default)]
struct Tally {
    inputs: u64,
    agreed: u64,
    accepted: u64,
    classes: BTreeMap<&'static str, u64>,
    unclassified: u64,
}

fn compare(options: &Options, release: Release) -> io::Result<bool> {
    let subject = options.kind;
    let inputs = Inputs::new(subject, subject.seeds(release)?, options.seed);
    eprintln!("{} seeds; asking Flink {} about {} inputs", inputs.seeds(), options.release, options.inputs);
    let mut oracle = Oracle::start(&options.release)?;
    // The JVM is up before the clock runs.
    oracle.ask(subject.code(), &[])?;
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {per_sec} {eta}").map_err(io::Error::other)?;
    let bar = ProgressBar::new(options.inputs).with_style(style);
    let start = Instant::now();
    let mut tally = Tally::default();
    let (made, queue) = mpsc::sync_channel(512);
    thread::scope(|scope| {
        scope.spawn(move || {
            for index in 0..options.inputs {
                if made.send(inputs.get(index)).is_err() {
                    break;
                }
            }
        });
        oracle.ask_all(subject.code(), queue, |bytes, answer| {
            let case = Case { bytes: &bytes, release };
            let reading = subject.read(&bytes, release);
            let judgement = judge(subject, &case, &answer, &reading);
            tally.inputs += 1;
            tally.agreed += u64::from(judgement.agrees());
            tally.accepted += u64::from(matches!(answer, Answer::Accepts(_)));
            for id in &judgement.classes {
                *tally.classes.entry(id).or_default() += 1;
            }
            if !judgement.unclassified.is_empty() {
                tally.unclassified += 1;
                if let Some(out) = &options.out
                    && tally.unclassified <= MOST_SAVED as u64
                {
                    save(out, tally.inputs - 1, &bytes, &answer, &reading, &judgement)?;
                }
            }
            bar.inc(1);
            Ok(())
        })
    })?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    println!("Flink {}, {}, seed {}", options.release, subject.name(), options.seed);
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let rate = tally.inputs as f64 / seconds;
    println!("{:9} inputs in {seconds:.0} s, {rate:.0} a second", tally.inputs);
    println!("{:9} accepted by Flink", tally.accepted);
    println!("{:9} agreed", tally.agreed);
    for (id, count) in &tally.classes {
        println!("{count:9} {id}");
    }
    println!("{:9} unclassified", tally.unclassified);
    Ok(tally.unclassified == 0)
}

/// The input, and what each says of it.
fn save(
    out: &Path,
    index: u64,
    bytes: &[u8],
    answer: &Answer,
    reading: &Reading,
    judgement: &Judgement,
) -> io::Result<()> {
    std::fs::create_dir_all(out)?;
    std::fs::write(out.join(format!("{index}.bin")), bytes)?;
    std::fs::write(out.join(format!("{index}.txt")), describe(answer, reading, judgement))
}

fn describe(answer: &Answer, reading: &Reading, judgement: &Judgement) -> String {
    let differences: String = judgement.unclassified.iter().map(|difference| format!("{difference}\n")).collect();
    let classes = judgement.classes.iter().copied().collect::<Vec<_>>().join(" ");
    let reference = match &reading.verdict {
        Ok(lines) => format!("accept\n{lines}"),
        Err(refused) => format!("reject {refused}\n"),
    };
    let strict = reading.strict.as_ref().map_or(String::new(), |strict| format!("strict: reject {strict}\n"));
    format!("{differences}classes: {classes}\n\nFlink: {answer}\n\nreference: {reference}{strict}")
}

/// A few files, one after the other.
fn show(options: &Options, release: Release) -> io::Result<bool> {
    let mut oracle = Oracle::start(&options.release)?;
    let mut sound = true;
    for file in &options.files {
        let bytes = std::fs::read(file)?;
        let answer = oracle.ask(options.kind.code(), &bytes)?;
        let reading = options.kind.read(&bytes, release);
        let judgement = judge(options.kind, &Case { bytes: &bytes, release }, &answer, &reading);
        println!("{}\n{}", file.display(), describe(&answer, &reading, &judgement));
        sound &= judgement.unclassified.is_empty();
    }
    Ok(sound)
}
