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
use flink_savepoint_harness::oracle::examples::{self, Example, Record, Recorded};
use flink_savepoint_harness::oracle::inputs::Inputs;
use flink_savepoint_harness::oracle::process::Oracle;
use flink_savepoint_harness::oracle::{Answer, Case, Judgement, Reading, SUBJECTS, Subject, judge};
use flink_savepoint_spec::deviations::{Run, Runs};
use indicatif::{ProgressBar, ProgressStyle};

/// So many unclassified inputs are saved; more of the same say nothing more.
const MOST_SAVED: u64 = 50;

/// Asks Flink itself about mutated golden inputs, and compares verdict and content with the reference.
///
/// Fails if a difference is no deliberate deviation (spec/registry/deviations.toml).
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
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
    /// Writes the counts into spec/registry/differential.toml.
    #[arg(long)]
    record: bool,
    /// Keeps the smallest input of each deviation as its example, in fuzz/deviations.
    #[arg(long)]
    collect: bool,
    /// Asks about the examples of all deviations instead, and records what the release says.
    #[arg(long)]
    examples: bool,
    /// With --examples: compares with what is recorded.
    #[arg(long, requires = "examples")]
    check: bool,
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
    if options.examples {
        ask_examples(options)
    } else if options.files.is_empty() {
        compare(options, release)
    } else {
        show(options, release)
    }
}

/// What a run has found.
#[derive(Default)]
struct Tally {
    inputs: u64,
    agreed: u64,
    accepted: u64,
    classes: BTreeMap<&'static str, u64>,
    unclassified: u64,
    /// The smallest input that shows one deviation and nothing else.
    smallest: BTreeMap<&'static str, Vec<u8>>,
}

impl Tally {
    fn count(&mut self, bytes: &[u8], answer: &Answer, judgement: &Judgement) {
        self.inputs += 1;
        self.agreed += u64::from(judgement.agrees());
        self.accepted += u64::from(matches!(answer, Answer::Accepts(_)));
        self.unclassified += u64::from(!judgement.unclassified.is_empty());
        for id in &judgement.classes {
            *self.classes.entry(id).or_default() += 1;
        }
        let mut classes = judgement.classes.iter();
        if let (Some(id), None, []) = (classes.next(), classes.next(), &judgement.unclassified[..])
            && self.smallest.get(id).is_none_or(|kept| bytes.len() < kept.len())
        {
            self.smallest.insert(id, bytes.to_vec());
        }
    }

    fn print(&self, seconds: f64) {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let rate = self.inputs as f64 / seconds;
        println!("{:9} inputs in {seconds:.0} s, {rate:.0} a second", self.inputs);
        println!("{:9} accepted by Flink", self.accepted);
        println!("{:9} agreed", self.agreed);
        for (id, count) in &self.classes {
            println!("{count:9} {id}");
        }
        println!("{:9} unclassified", self.unclassified);
    }

    /// Replaces the run of the same kind and release.
    fn record(&self, options: &Options) -> io::Result<()> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/registry/differential.toml");
        let text = std::fs::read_to_string(&path)?;
        let mut runs: Runs = toml::from_str(&text).map_err(io::Error::other)?;
        let kind = options.kind.name();
        runs.run.retain(|run| (run.kind.as_str(), &run.release) != (kind, &options.release));
        runs.run.push(Run {
            kind: kind.to_owned(),
            release: options.release.clone(),
            seed: options.seed,
            inputs: self.inputs,
            accepted: self.accepted,
            agreed: self.agreed,
            deviations: self.classes.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect(),
        });
        let place = |name: &str| SUBJECTS.iter().position(|subject| subject.name() == name);
        runs.run.sort_by_key(|run| (place(&run.kind), run.release.parse::<Release>().ok()));
        let head = text.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect::<String>();
        let body = toml::to_string(&runs).map_err(io::Error::other)?;
        std::fs::write(path, format!("{head}\n{body}"))
    }

    /// Keeps what is smaller than the example that is there. Its answers have to be asked for anew (`--examples`).
    fn collect(self, kind: &str) -> io::Result<()> {
        for (id, bytes) in self.smallest {
            let there = std::fs::metadata(examples::directory().join(id).with_extension("bin"));
            if there.is_ok_and(|there| there.len() <= bytes.len() as u64) {
                continue;
            }
            let record = Record { kind: kind.to_owned(), answer: Vec::new() };
            Example { id: id.to_owned(), bytes, record }.save()?;
        }
        Ok(())
    }
}

/// Asks the release about each example.
fn ask_examples(options: &Options) -> io::Result<bool> {
    let mut oracle = Oracle::start(&options.release)?;
    let mut same = true;
    for mut example in examples::all()? {
        let subject = example.subject().ok_or_else(|| io::Error::other(format!("{}: of no known kind", example.id)))?;
        let answer = oracle.ask(subject.code(), &example.bytes)?;
        let before = example.record.clone();
        example.note(&options.release, &answer)?;
        if !options.check {
            example.save()?;
            continue;
        }
        let find = |record: &Record| record.answer.iter().find(|one| one.release == options.release).cloned();
        let [old, new] = [find(&before), find(&example.record)];
        // Flink makes up ids, so that its lines are not always the same.
        let told = |one: Option<Recorded>| one.map(|one| (one.deviations, one.says.lines().next().map(str::to_owned)));
        let [old, new] = [told(old), told(new)];
        if old != new {
            println!("{}: recorded {old:?}, now {new:?}", example.id);
            same = false;
        }
    }
    Ok(same)
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
            tally.count(&bytes, &answer, &judgement);
            if !judgement.unclassified.is_empty()
                && tally.unclassified <= MOST_SAVED
                && let Some(out) = &options.out
            {
                save(out, tally.inputs - 1, &bytes, &answer, &reading, &judgement)?;
            }
            bar.inc(1);
            Ok(())
        })
    })?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    println!("Flink {}, {}, seed {}", options.release, subject.name(), options.seed);
    tally.print(seconds);
    let sound = tally.unclassified == 0;
    if options.record {
        tally.record(options)?;
    }
    if options.collect {
        tally.collect(subject.name())?;
    }
    Ok(sound)
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
    let differences = judgement.unclassified.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let classes = judgement.classes.iter().copied().collect::<Vec<_>>().join(" ");
    let reference = match &reading.verdict {
        Ok(lines) => format!("accept\n{lines}"),
        Err(refused) => format!("reject {refused}\n"),
    };
    let strict = reading.strict.as_ref().map_or(String::new(), |strict| format!("strict: reject {strict}\n"));
    format!("{differences}\nclasses: {classes}\n\nFlink: {answer}\n\nreference: {reference}{strict}")
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
