//! Tries a mutant: as producer against the rules and the reference consumer, as consumer against the reference producer and the
//! broken vectors. Cells and blame are those of a run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::{fs, io};

use flink_savepoint::metadata::Release;

use super::{Mutant, Side};
use crate::adapter::reference::{Ran, ReferenceAdapter, Refusal};
use crate::adapter::{Adapter, Ask, Reply};
use crate::blame::{Blame, blame};
use crate::check;
use crate::event::{Case, Cell};
use crate::matrix::judge::{self, Outcome};
use crate::matrix::{Expectation, RULES, Suite, Task, Vector};
use crate::scenario::Scenario;
use crate::verdict::Verdict;

/// Everything that a mutant is tried on. What does not depend on the mutant is done once: programs are run, sound savepoints written,
/// and broken vectors read.
pub struct Bench {
    release: Release,
    scenarios: Vec<Trial>,
    vectors: Vec<(Vector, Option<Refusal>)>,
    cases: Vec<Case>,
    /// A savepoint for each scenario.
    sound: tempfile::TempDir,
}

/// A scenario to try mutants on.
struct Trial {
    id: String,
    task: Task,
    ran: Ran,
}

/// What came of a mutant.
#[derive(Debug, Clone)]
pub struct Outcomes {
    /// All cells.
    pub cells: Vec<Cell>,
    /// The requirements that they point at, the worst first.
    pub blames: Vec<Blame>,
}

/// What is wrong before any mutant is tried, in one line.
pub type Broken = String;

impl Bench {
    /// Scenarios that pass `filter`, produced as that release does, and all vectors that readers have to refuse.
    pub fn new(release: Release, filter: impl Fn(&Scenario) -> bool) -> Result<Self, Broken> {
        let sound = scratch().map_err(|error| error.to_string())?;
        let reference = ReferenceAdapter::new(release);
        let (mut scenarios, mut cases) = (Vec::new(), Vec::new());
        for scenario in Scenario::all().map_err(|error| error.to_string())?.into_iter().filter(filter) {
            let task = Task { program: scenario.program(), restore: scenario.restore(), expected: scenario.expected() };
            let broken = |error: String| format!("{}: {error}", scenario.id);
            let ran = Ran::new(&task.program, release).map_err(|error| broken(error.to_string()))?;
            let directory = sound.path().join(&scenario.id);
            let produced = judge::produced(Reply::Answer(reference.write(&ran, &directory)), &directory);
            if produced.verdict != Verdict::Pass {
                return Err(broken(produced.reason.unwrap_or_default()));
            }
            cases.push(Case {
                id: scenario.id.clone(),
                title: scenario.title.clone(),
                requirements: scenario.requirements.clone(),
                bugs: scenario.bugs.clone(),
                features: scenario.features().to_vec(),
            });
            scenarios.push(Trial { id: scenario.id, task, ran });
        }
        let mut vectors = Vec::new();
        for vector in Suite::find(None)?.negative()? {
            let Expectation::Rejected { requirement, only_rules: false, .. } = &vector.expected else { continue };
            // That the rules find all of them is tested elsewhere, and says nothing about mutants.
            let findings = check::run(&vector.directory, &check::Options::default()).findings;
            if judge::broken(&findings, &vector.expected).verdict != Verdict::Pass {
                continue;
            }
            cases.push(Case {
                id: vector.id.clone(),
                title: vector.title.clone(),
                requirements: vec![requirement.clone()],
                bugs: Vec::new(),
                features: Vec::new(),
            });
            let refusal = ReferenceAdapter::refusal(&vector.directory);
            vectors.push((vector, refusal));
        }
        Ok(Self { release, scenarios, vectors, cases, sound })
    }

    /// The cells of a mutant, and what they point at.
    pub fn run(&self, mutant: &Mutant) -> Outcomes {
        let mut adapter = ReferenceAdapter::with_hooks(self.release, (mutant.hooks)());
        let cells = match mutant.side {
            Side::Producer => self.produced_by(&adapter, true),
            Side::Consumer => self.consumed_by(&mut adapter),
        };
        let blames = blame(&cells, &self.cases);
        Outcomes { cells, blames }
    }

    /// The cells of the backend with nothing wrong.
    pub fn run_right(&self) -> Vec<Cell> {
        let mut adapter = ReferenceAdapter::new(self.release);
        let mut cells = self.produced_by(&adapter, false);
        cells.extend(self.consumed_by(&mut adapter));
        cells
    }

    /// `is_sound_known`: that sound savepoints pass has been seen in `run_right`, and one that is the same is not looked at again.
    fn produced_by(&self, adapter: &ReferenceAdapter, is_sound_known: bool) -> Vec<Cell> {
        let mut reference = ReferenceAdapter::new(self.release);
        let mut cells = Vec::new();
        for Trial { id, task, ran } in &self.scenarios {
            let scratch = match scratch() {
                Ok(scratch) => scratch,
                Err(error) => {
                    let outcome = Outcome::other(Verdict::AdapterError, error.to_string());
                    cells.push(cell("mutant", RULES, id, outcome));
                    continue;
                }
            };
            let directory = scratch.path().join("savepoint");
            let produced = judge::produced(Reply::Answer(adapter.write(ran, &directory)), &directory);
            if produced.verdict != Verdict::Pass {
                cells.push(cell("mutant", RULES, id, produced));
                continue;
            }
            let (rules, restored) = if is_sound_known && is_same(&directory, &self.sound.path().join(id)) {
                (Outcome::pass(), Outcome::pass())
            } else {
                let findings = check::run(&directory, &check::Options::default()).findings;
                (judge::sound(&findings), restore(&mut reference, task, &directory))
            };
            cells.push(cell("mutant", RULES, id, rules));
            cells.push(cell("mutant", "reference", id, restored));
        }
        cells
    }

    fn consumed_by(&self, adapter: &mut ReferenceAdapter) -> Vec<Cell> {
        let mut cells = Vec::new();
        for Trial { id, task, .. } in &self.scenarios {
            // As every run has it; that they are sound is seen once, in `run_right`.
            cells.push(cell("reference", RULES, id, Outcome::pass()));
            let outcome = restore(adapter, task, &self.sound.path().join(id));
            cells.push(cell("reference", "mutant", id, outcome));
        }
        for (vector, refusal) in &self.vectors {
            let reply = Reply::Answer(adapter.inspected(refusal.clone()));
            let outcome = judge::inspected(reply, &vector.expected, None, false);
            cells.push(cell("vectors", "mutant", &vector.id, outcome));
        }
        cells
    }
}

/// A directory in memory, if the system has one: savepoints are synchronized to the disk, which takes longer than all the rest.
fn scratch() -> io::Result<tempfile::TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

/// Whether two savepoints have the same files.
fn is_same(one: &Path, other: &Path) -> bool {
    matches!((files(one), files(other)), (Ok(one), Ok(other)) if one == other)
}

fn files(directory: &Path) -> io::Result<BTreeMap<OsString, Vec<u8>>> {
    let file = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok((entry.file_name(), fs::read(entry.path())?))
    };
    fs::read_dir(directory)?.map(file).collect()
}

impl Outcomes {
    /// The cells that did not pass.
    pub fn caught_by(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| cell.verdict != Verdict::Pass)
    }

    /// Whether a requirement has the highest score, alone or with at most two others.
    pub fn points_at(&self, requirement: &str) -> bool {
        let highest = self.blames.first().map_or(0.0, |one| one.score);
        let worst = self.blames.iter().take_while(|one| (highest - one.score).abs() < 1e-9);
        worst.take(4).position(|one| one.requirement == requirement).is_some_and(|place| place < 3)
            && self.blames.get(3).is_none_or(|one| highest - one.score > 1e-9)
    }
}

fn restore(adapter: &mut ReferenceAdapter, task: &Task, directory: &Path) -> Outcome {
    let restore = Box::new(task.restore.clone());
    judge::restored(adapter.ask(&Ask::Restore { restore, directory: directory.display().to_string() }), task)
}

fn cell(producer: &str, consumer: &str, case: &str, outcome: Outcome) -> Cell {
    Cell {
        producer: producer.to_owned(),
        consumer: consumer.to_owned(),
        case: case.to_owned(),
        verdict: outcome.verdict,
        reason: outcome.reason,
        blames: outcome.blames,
        millis: 0,
        evidence: None,
    }
}
