//! Runs what is planned: phase 1 produces, phase 2 consumes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::adapter::{Adapter, Ask, Role};
use crate::blame;
use crate::event::{Cell, End, Event, Evidence, Produced, Run};
use crate::verdict::Verdict;

use super::builtin;
use super::cases::Subject;
use super::journal::{Journal, Left};
use super::judge::{self, Outcome};
use super::known::KnownFailures;
use super::lanes::Worker;
use super::meet::{Participant, Who};
use super::plan::{Plan, PlannedCell};
use super::progress::{Phase, Progress};
use super::resume::same;
use super::support::{caught, fresh, head, lock, millis, quoted};

/// Version of the events' form.
pub(super) const EVENTS_VERSION: u32 = 1;
/// Edition of the specification, as its first page says.
const EDITION: &str = "1";
/// Name of the events' file in a run's directory.
pub const EVENTS: &str = "events.jsonl";
/// Bytes of what an adapter says of an error that are kept.
const DETAIL: usize = 16 << 10;

/// How it is run.
pub struct Settings {
    /// The run's directory, absolute. Events, logs and savepoints are put there.
    pub out: PathBuf,
    /// Whether an earlier run in that directory goes on.
    pub resume: bool,
    /// So many lanes are at work at once.
    pub jobs: usize,
    /// What may fail.
    pub known: KnownFailures,
    /// Whether entries that no planned cell falls under are stale as well.
    pub all_known: bool,
    /// The command line, for reports.
    pub command: Vec<String>,
    /// The suite, if it was named.
    pub suite: Option<PathBuf>,
    /// How an adapter is named on the command line, by its id: to run one cell of it again.
    pub flags: BTreeMap<String, Vec<String>>,
}

impl Settings {
    /// A command line with these adapters.
    pub(super) fn again<'i>(&self, ids: impl IntoIterator<Item = &'i str>) -> Vec<String> {
        let mut words = ["savepoint", "run"].map(str::to_owned).to_vec();
        if let Some(suite) = &self.suite {
            words.extend(["--suite".to_owned(), suite.display().to_string()]);
        }
        words.extend(ids.into_iter().filter_map(|id| self.flags.get(id)).flatten().cloned());
        words
    }
}

/// What is known of a run at its end.
pub struct Done {
    /// What the journal says of it.
    pub end: End,
    /// The cells, by producer, consumer and case.
    pub cells: BTreeMap<[String; 3], Cell>,
}

/// Runs it. Fails only if nothing can be written, or if there is no such run to go on with.
pub fn run(plan: &Plan, settings: &Settings, progress: &Progress) -> Result<Done, String> {
    let start = Instant::now();
    let path = settings.out.join(EVENTS);
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    let (journal, left) = if settings.resume {
        let left = Journal::read(&path).map_err(failed)?;
        same(plan, &left).map_err(|why| format!("{}: another run: {why}", path.display()))?;
        (Journal::append(&path, &left).map_err(failed)?, left)
    } else {
        let journal = Journal::create(&path).map_err(failed)?;
        first_events(plan, settings, &journal).map_err(failed)?;
        (journal, Left::default())
    };
    let processes = plan.participants.iter().filter(|one| matches!(one.who, Who::Process(..))).count();
    let running = Running {
        plan,
        settings,
        progress,
        journal,
        // Starting a few anew would only cost time; of many, those that wait would only cost memory.
        stop_between: processes > settings.jobs,
        savepoints: Mutex::default(),
        decided: Mutex::new(left.cells),
        unwritten: Mutex::default(),
    };
    running.produce(&left.produced);
    running.consume();
    running.end(start.elapsed()).map_err(failed)
}

/// Who and what there is.
fn first_events(plan: &Plan, settings: &Settings, journal: &Journal) -> io::Result<()> {
    journal.write(&Event::Run(Run {
        version: EVENTS_VERSION,
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        edition: EDITION.to_owned(),
        started: jiff::Timestamp::now().to_string(),
        command: settings.command.clone(),
        planned: plan.cells.len() as u64,
    }))?;
    for one in &plan.participants {
        journal.write(&Event::Adapter(one.about.clone()))?;
    }
    plan.cases.iter().try_for_each(|case| journal.write(&Event::Scenario(case.about.clone())))
}

/// A savepoint that was produced, or what came instead.
type Savepoint = Result<PathBuf, Box<NoSavepoint>>;

/// Why there is no savepoint.
#[derive(Clone)]
struct NoSavepoint {
    outcome: Outcome,
    evidence: Evidence,
}

/// A run at work.
pub(super) struct Running<'p> {
    pub(super) plan: &'p Plan,
    pub(super) settings: &'p Settings,
    progress: &'p Progress,
    journal: Journal,
    /// Whether an adapter is stopped when its lane is done.
    pub(super) stop_between: bool,
    /// By producer and case.
    savepoints: Mutex<HashMap<(usize, usize), Savepoint>>,
    decided: Mutex<BTreeMap<[String; 3], Cell>>,
    /// The first error of the journal: nothing more is run then.
    pub(super) unwritten: Mutex<Option<io::Error>>,
}

impl Running<'_> {
    fn produce(&self, before: &BTreeMap<[String; 2], Produced>) {
        let decided = lock(&self.decided);
        let mut wanted: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for cell in &self.plan.cells {
            let producer = &self.plan.participants[cell.producer];
            let undecided = !decided.contains_key(&self.plan.key(cell).map(str::to_owned));
            let usable = cell.unsupported.is_none() && self.broken(cell).is_none();
            if undecided && usable && producer.has(Role::Producer) {
                wanted.entry(cell.producer).or_default().insert(cell.case);
            }
        }
        drop(decided);
        let mut lanes = Vec::new();
        for (producer, mut cases) in wanted {
            cases.retain(|&case| {
                let there = self.left_before(before, producer, case);
                if let Some(there) = &there {
                    lock(&self.savepoints).insert((producer, case), Ok(there.clone()));
                }
                there.is_none()
            });
            lanes.extend(self.lanes(producer, &cases.into_iter().collect::<Vec<_>>()));
        }
        self.progress.begin(Phase::Produce, lanes.iter().map(|lane| lane.jobs.len()).sum());
        self.work(lanes, |worker, producer, case| self.produce_one(worker, producer, case));
    }

    /// The savepoint, if an earlier run has left it.
    fn left_before(&self, before: &BTreeMap<[String; 2], Produced>, producer: usize, case: usize) -> Option<PathBuf> {
        let names = [self.plan.participants[producer].id(), self.plan.cases[case].about.id.as_str()];
        let one = before.get(&names.map(str::to_owned)).filter(|one| one.verdict == Verdict::Pass)?;
        let path = self.settings.out.join(one.savepoint.as_ref()?);
        path.is_dir().then_some(path)
    }

    fn produce_one(&self, worker: &mut Worker<'_>, producer: usize, case: usize) {
        let (who, what) = (&self.plan.participants[producer], &self.plan.cases[case].about);
        let Subject::Scenario(task) = &self.plan.cases[case].subject else { return };
        let start = Instant::now();
        // It is moved before it is read: a savepoint may lie anywhere.
        let made = self.settings.out.join("produced").join(who.id()).join(&what.id);
        let relative = Path::new("savepoints").join(who.id()).join(&what.id);
        let moved = self.settings.out.join(&relative);
        let prepared = fresh(&made).and_then(|()| fresh(&moved));
        let mut outcome = match prepared {
            Ok(()) => {
                let ask =
                    Ask::Produce { program: Box::new(task.program.clone()), directory: made.display().to_string() };
                match worker.ask(&ask) {
                    Ok(reply) => judge::produced(reply, &made),
                    Err(panic) => Outcome::other(Verdict::Crash, panic),
                }
            }
            Err(e) => Outcome::other(Verdict::AdapterError, format!("{}: {e}", made.display())),
        };
        if outcome.verdict == Verdict::Pass
            && let Err(e) = fs::rename(&made, &moved)
        {
            outcome = Outcome::other(Verdict::AdapterError, format!("{}: cannot be moved: {e}", made.display()));
        }
        let millis = millis(start.elapsed());
        let good = outcome.verdict == Verdict::Pass;
        self.write(&Event::Produced(Produced {
            producer: who.id().to_owned(),
            scenario: what.id.clone(),
            verdict: outcome.verdict,
            reason: outcome.reason.clone(),
            savepoint: good.then(|| relative.display().to_string()),
            millis,
        }));
        self.progress.advance(&format!("{} {}", who.id(), what.id), !good);
        let result = if good {
            Ok(moved)
        } else {
            let evidence = self.evidence(worker, producer, &mut outcome);
            Err(Box::new(NoSavepoint { outcome, evidence }))
        };
        lock(&self.savepoints).insert((producer, case), result);
    }

    fn consume(&self) {
        let decided = lock(&self.decided);
        let mut wanted: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, cell) in self.plan.cells.iter().enumerate() {
            if !decided.contains_key(&self.plan.key(cell).map(str::to_owned)) {
                wanted.entry(cell.consumer).or_default().push(place);
            }
        }
        drop(decided);
        let lanes: Vec<_> = wanted.into_iter().flat_map(|(consumer, cells)| self.lanes(consumer, &cells)).collect();
        self.progress.begin(Phase::Consume, lanes.iter().map(|lane| lane.jobs.len()).sum());
        self.work(lanes, |worker, _, cell| self.consume_one(worker, &self.plan.cells[cell]));
    }

    fn consume_one(&self, worker: &mut Worker<'_>, cell: &PlannedCell) {
        let start = Instant::now();
        let (mut outcome, evidence) = self.outcome(worker, cell);
        let [producer, consumer, case] = self.plan.key(cell).map(str::to_owned);
        let evidence = (outcome.verdict != Verdict::Pass && outcome.verdict != Verdict::Unsupported).then(|| {
            let mut evidence = evidence.unwrap_or_else(|| self.evidence(worker, cell.consumer, &mut outcome));
            evidence.command = Some(self.again(cell));
            evidence
        });
        let Outcome { verdict, reason, blames, excusable, .. } = outcome;
        let millis = millis(start.elapsed());
        let mut decided = Cell { producer, consumer, case, verdict, reason, blames, millis, evidence };
        self.settings.known.apply(&mut decided, excusable);
        let name = format!("{} -> {}, {}", decided.producer, decided.consumer, decided.case);
        self.progress.advance(&name, decided.verdict.is_bad());
        self.write(&Event::Cell(decided.clone()));
        lock(&self.decided).insert(self.plan.key(cell).map(str::to_owned), decided);
    }

    /// What comes of a cell, with the evidence if it is not the consumer's.
    fn outcome(&self, worker: &mut Worker<'_>, cell: &PlannedCell) -> (Outcome, Option<Evidence>) {
        let reader = &self.plan.participants[cell.consumer];
        if let Some((broken, (verdict, why))) = self.broken(cell) {
            let mut outcome = Outcome::other(verdict, format!("{} is broken: {why}", broken.id()));
            outcome.excusable = false;
            return (outcome, Some(Evidence { log_file: self.log_file(broken), ..Evidence::default() }));
        }
        if let Some(why) = &cell.unsupported {
            return (Outcome::other(Verdict::Unsupported, why.as_str()), None);
        }
        let case = &self.plan.cases[cell.case];
        let savepoint = match self.savepoint(cell) {
            Ok(savepoint) => savepoint,
            // Once it is told as what it is; for all others there is nothing to restore.
            Err(why) if matches!(reader.who, Who::Rules) => return (why.outcome, Some(why.evidence)),
            Err(why) => {
                let cause = why.outcome.reason.unwrap_or_default();
                let label = why.outcome.verdict.label();
                let mut outcome = Outcome::other(Verdict::NotRun, format!("nothing to restore: {label}: {cause}"));
                outcome.excusable = why.outcome.excusable;
                return (outcome, Some(why.evidence));
            }
        };
        let directory = savepoint.display().to_string();
        let outcome = match (&reader.who, &case.subject) {
            (Who::Rules, subject) => match caught(|| builtin::findings(&savepoint)) {
                Err(panic) => Outcome::other(Verdict::Crash, panic),
                Ok(findings) => match subject {
                    Subject::Vector(vector) => judge::broken(&findings, &vector.expected),
                    Subject::Scenario(_) => judge::sound(&findings),
                },
            },
            (_, Subject::Scenario(task)) => {
                let ask = Ask::Restore { restore: Box::new(task.restore.clone()), directory };
                worker.read(&ask, &savepoint, |reply| judge::restored(reply, task))
            }
            (who, Subject::Vector(vector)) => {
                let exact = matches!(who, Who::Reference(_));
                let hello = reader.about.hello.as_ref();
                worker.read(&Ask::Inspect { directory }, &savepoint, |reply| {
                    judge::inspected(reply, &vector.expected, hello, exact)
                })
            }
        };
        (outcome, None)
    }

    /// Who of a cell cannot be used, so that nothing can be said of it, and why.
    fn broken(&self, cell: &PlannedCell) -> Option<(&Participant, (Verdict, &str))> {
        let both = [cell.producer, cell.consumer].map(|one| &self.plan.participants[one]);
        both.into_iter()
            .find_map(|one| Some((one, one.broken.as_ref().map(|(verdict, why)| (*verdict, why.as_str()))?)))
    }

    /// Where the log of a participant is, relative to the run's directory.
    fn log_file(&self, one: &Participant) -> Option<String> {
        let Who::Process(_, Some(file)) = &one.who else { return None };
        Some(file.strip_prefix(&self.settings.out).unwrap_or(file).display().to_string())
    }

    fn savepoint(&self, cell: &PlannedCell) -> Savepoint {
        let case = &self.plan.cases[cell.case];
        match (&self.plan.participants[cell.producer].who, &case.subject) {
            (_, Subject::Vector(vector)) => Ok(vector.directory.clone()),
            (Who::Golden(all), _) => {
                let found = all.iter().find(|(id, _)| *id == case.about.id);
                found.map(|(_, directory)| directory.clone()).ok_or_else(missing)
            }
            _ => lock(&self.savepoints).get(&(cell.producer, cell.case)).cloned().unwrap_or_else(|| Err(missing())),
        }
    }

    /// What there is to look at.
    fn evidence(&self, worker: &mut Worker<'_>, participant: usize, outcome: &mut Outcome) -> Evidence {
        let mut evidence = outcome.evidence();
        let detail = outcome.detail.take().map(|detail| head(&detail, DETAIL).to_owned());
        let log = match worker {
            Worker::Process(process) => process.log(),
            _ => None,
        };
        let log = [detail, log].into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>();
        evidence.log = (!log.is_empty()).then(|| log.join("\n"));
        evidence.log_file = self.log_file(&self.plan.participants[participant]);
        evidence
    }

    /// A command that runs the cell again.
    fn again(&self, cell: &PlannedCell) -> String {
        let [producer, consumer, case] = self.plan.key(cell);
        if let (Who::Rules, Ok(savepoint)) = (&self.plan.participants[cell.consumer].who, self.savepoint(cell)) {
            return quoted(["savepoint", "check", &savepoint.display().to_string()].into_iter());
        }
        let both = BTreeSet::from([producer, consumer]);
        let chosen = ["--producer", producer, "--consumer", consumer, "--scenario", case];
        // Somewhere else: what this run has left is not to be swept away.
        let out = self.settings.out.join("again").display().to_string();
        let chosen = chosen.into_iter().chain(["--out", &out]);
        quoted(self.settings.again(both).iter().map(String::as_str).chain(chosen))
    }

    fn write(&self, event: &Event) {
        if let Err(e) = self.journal.write(event) {
            lock(&self.unwritten).get_or_insert(e);
        }
    }

    /// Stops all, looks for who is to blame, and says whether the run is good.
    fn end(self, took: Duration) -> io::Result<Done> {
        for one in &self.plan.participants {
            if let Who::Process(process, _) = &one.who {
                lock(process).stop();
            }
            // It fails where something is left by a producer that went wrong, which is worth a look.
            let _ = fs::remove_dir(self.settings.out.join("produced").join(one.id()));
        }
        let _ = fs::remove_dir(self.settings.out.join("produced"));
        if let Some(e) = self.unwritten.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(e);
        }
        let mut cells = self.decided.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cases: Vec<_> = self.plan.cases.iter().map(|case| case.about.clone()).collect();
        let list: Vec<Cell> = cells.values().cloned().collect();
        // Adapters that cannot be used say nothing about the format.
        let broken = |id: &str| self.plan.participants.iter().any(|one| one.id() == id && one.broken.is_some());
        for (cell, blames) in blame::by_elimination(&list, &cases) {
            if broken(&cell.producer) || broken(&cell.consumer) {
                continue;
            }
            if let Some(place) = cells.get_mut(&Plan::key_of(cell).map(str::to_owned)) {
                place.blames = blames;
                // Told again, with what is known now.
                self.journal.write(&Event::Cell(place.clone()))?;
            }
        }
        let stale = self.settings.known.stale(&cells.values(), self.settings.all_known);
        let passes = cells.values().any(|cell| cell.verdict == Verdict::Pass);
        let whole = cells.len() == self.plan.cells.len();
        let good = passes && whole && stale.is_empty() && !cells.values().any(|cell| cell.verdict.is_bad());
        let end = End { good, stale, millis: millis(took) };
        self.journal.write(&Event::End(end.clone()))?;
        Ok(Done { end, cells })
    }
}

fn missing() -> Box<NoSavepoint> {
    let outcome = Outcome::other(Verdict::NotRun, "there is no savepoint");
    Box::new(NoSavepoint { outcome, evidence: Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edition_is_that_of_the_book() {
        let index = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/src/index.md")).unwrap();
        assert!(index.contains(&format!("*Edition {EDITION}, ")), "{index}");
    }
}
