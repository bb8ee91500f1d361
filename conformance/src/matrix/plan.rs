//! What is run: the cells of the matrix.

use std::collections::BTreeMap;
use std::path::PathBuf;

use flink_savepoint::metadata::Release;
use globset::GlobMatcher;

use crate::adapter::Role;
use crate::event::Cell;

use super::cases::{self, Case, Subject};
use super::meet::{self, Participant, Version, Who, chosen};
use super::vectors::{Expectation, Suite};

/// The rules of the specification, among the consumers.
pub const RULES: &str = "check";
/// The reference backend.
pub const REFERENCE: &str = "reference";

/// Which cells are wanted; an empty list leaves nothing out.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Globs on scenarios and vectors.
    pub scenarios: Vec<GlobMatcher>,
    /// Globs on producers.
    pub producers: Vec<GlobMatcher>,
    /// Globs on consumers.
    pub consumers: Vec<GlobMatcher>,
    /// Only the core of the scenarios.
    pub core: bool,
}

impl Filter {
    /// Whether somebody of that name can be in a cell.
    pub fn wants(&self, name: &str) -> bool {
        chosen(&self.producers, name) || chosen(&self.consumers, name)
    }

    /// Whether there is something for each glob. A name with a mistake in it would leave out what it means without a word.
    fn finds(&self, participants: &[Participant], cases: &[Case]) -> Result<(), String> {
        let people: Vec<&str> = participants.iter().map(Participant::id).collect();
        let cases: Vec<&str> = cases.iter().map(|case| case.about.id.as_str()).collect();
        let options = [
            ("--scenario", &self.scenarios, &cases),
            ("--producer", &self.producers, &people),
            ("--consumer", &self.consumers, &people),
        ];
        for (option, globs, names) in options {
            if let Some(lost) = globs.iter().find(|glob| !names.iter().any(|name| glob.is_match(name))) {
                return Err(format!("{option} {}: there is nothing of that name", lost.glob().glob()));
            }
        }
        Ok(())
    }

    /// Whether somebody is asked for by just that name.
    fn names(&self, name: &str) -> bool {
        self.producers.iter().chain(&self.consumers).any(|glob| glob.glob().glob() == name)
    }
}

/// What is run.
pub struct Plan {
    /// Who takes part.
    pub participants: Vec<Participant>,
    /// Scenarios and vectors of the cells.
    pub cases: Vec<Case>,
    /// The cells, producer by producer.
    pub cells: Vec<PlannedCell>,
}

/// A cell to be run. Numbers are places in the plan's lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCell {
    /// Who writes.
    pub producer: usize,
    /// Who reads.
    pub consumer: usize,
    /// What.
    pub case: usize,
    /// Which of the two does not support it, which feature, and why.
    pub unsupported: Option<String>,
}

impl Plan {
    /// The cells of adapters that have been met, the reference backend, the rules and the suite's vectors.
    ///
    /// A consumer has to read what its own release and all before it have written: other cells are not planned.
    pub fn new(adapters: Vec<Participant>, suite: &Suite, filter: &Filter) -> Result<Self, String> {
        let mut participants = vec![Participant::passive(RULES, Who::Rules, None)];
        participants.extend(references(&adapters, filter));
        participants.extend(adapters);
        participants.extend(goldens(suite)?);
        let vectors = ["valid", "malformed", "invalid"];
        participants.extend(vectors.map(|class| Participant::passive(&vectors_of(class), Who::Vectors, None)));

        let mut all = cases::scenarios()?;
        known_to_goldens(&participants, &all)?;
        all.extend(cases::vectors(suite)?);
        filter.finds(&participants, &all)?;
        all.retain(|case| case.core || !filter.core);
        all.retain(|case| chosen(&filter.scenarios, &case.about.id));

        let mut cells = Vec::new();
        for (producer, writer) in participants.iter().enumerate() {
            if !chosen(&filter.producers, writer.id()) {
                continue;
            }
            for (case, what) in all.iter().enumerate() {
                let readers = participants.iter().enumerate();
                for (consumer, reader) in readers.filter(|(_, reader)| chosen(&filter.consumers, reader.id())) {
                    if is_planned(writer, reader, what) {
                        let unsupported = lacking(writer, reader, what);
                        cells.push(PlannedCell { producer, consumer, case, unsupported });
                    }
                }
            }
        }
        let mut plan = Self { participants, cases: all, cells };
        plan.leave_out_unused();
        Ok(plan)
    }

    /// Leaves out who and what is in no cell.
    fn leave_out_unused(&mut self) {
        let mut people = vec![None; self.participants.len()];
        let mut cases = vec![None; self.cases.len()];
        for cell in &self.cells {
            people[cell.producer] = Some(0);
            people[cell.consumer] = Some(0);
            cases[cell.case] = Some(0);
        }
        for places in [&mut people, &mut cases] {
            places.iter_mut().flatten().enumerate().for_each(|(place, one)| *one = place);
        }
        let place = |places: &[Option<usize>], at: usize| places[at].unwrap_or_default();
        for cell in &mut self.cells {
            cell.producer = place(&people, cell.producer);
            cell.consumer = place(&people, cell.consumer);
            cell.case = place(&cases, cell.case);
        }
        let mut kept = people.iter();
        self.participants.retain(|_| kept.next().is_some_and(Option::is_some));
        let mut kept = cases.iter();
        self.cases.retain(|_| kept.next().is_some_and(Option::is_some));
    }

    /// The producer's, the consumer's and the case's name.
    pub fn key(&self, cell: &PlannedCell) -> [&str; 3] {
        let [producer, consumer] = [cell.producer, cell.consumer].map(|one| self.participants[one].id());
        [producer, consumer, &self.cases[cell.case].about.id]
    }

    /// The name of a decided cell.
    pub fn key_of(cell: &Cell) -> [&str; 3] {
        [&cell.producer, &cell.consumer, &cell.case]
    }
}

/// Whether there is such a cell.
fn is_planned(writer: &Participant, reader: &Participant, case: &Case) -> bool {
    let readable = |written: Option<Version>| match (written, reader.release) {
        (Some(written), Some(own)) => own >= written,
        // Of the rules, and of whoever did not say who it is.
        _ => true,
    };
    match &case.subject {
        Subject::Vector(vector) => {
            let class = match &vector.expected {
                Expectation::Accepted => "valid",
                Expectation::Rejected { class, .. } => class,
            };
            let only_rules = matches!(vector.expected, Expectation::Rejected { only_rules: true, .. });
            let can = match reader.who {
                Who::Rules => vector.is_whole,
                // It looks into all of them the same way, as whatever release.
                Who::Reference(_) => reader.id() == REFERENCE && !only_rules && vector.is_canonical,
                _ => reader.has(Role::Inspector) && !only_rules && vector.is_canonical,
            };
            writer.id() == vectors_of(class) && can && readable(Version::parse(&vector.release))
        }
        Subject::Scenario(_) => {
            let can_write = match &writer.who {
                Who::Golden(savepoints) => savepoints.iter().any(|(id, _)| *id == case.about.id),
                _ => writer.has(Role::Producer),
            };
            let can_read = matches!(reader.who, Who::Rules) || reader.has(Role::Consumer);
            can_write && can_read && readable(writer.release)
        }
    }
}

/// Who of both does not support what the case needs, and why.
fn lacking(writer: &Participant, reader: &Participant, case: &Case) -> Option<String> {
    let Subject::Scenario(task) = &case.subject else { return None };
    // What is broken says nothing that could be believed.
    if writer.broken.is_some() || reader.broken.is_some() {
        return None;
    }
    let lacks = |who: &Participant, features: &[String]| {
        let (feature, reason) = who.about.hello.as_ref()?.lacks(features)?;
        Some(format!("{} does not support {feature}: {reason}", who.id()))
    };
    lacks(writer, &task.program.features).or_else(|| lacks(reader, &task.restore.features))
}

/// A golden savepoint of a scenario that is there no more would be left out without a word.
fn known_to_goldens(participants: &[Participant], scenarios: &[Case]) -> Result<(), String> {
    for one in participants {
        let Who::Golden(savepoints) = &one.who else { continue };
        let gone = savepoints.iter().find(|(id, _)| !scenarios.iter().any(|case| case.about.id == *id));
        if let Some((_, directory)) = gone {
            return Err(format!("{}: there is no such scenario", directory.display()));
        }
    }
    Ok(())
}

/// The reference backend: as the newest release, whose name is [`REFERENCE`], and as releases that have something to read from it or to
/// write for it. The first of all, and the last of the first major version, are always there, others if they are asked for by name.
fn references(adapters: &[Participant], filter: &Filter) -> Vec<Participant> {
    let newest = Release::ALL[Release::ALL.len() - 1];
    let name = |release: Release| {
        if release == newest { REFERENCE.to_owned() } else { format!("{REFERENCE}-{}", release.name()) }
    };
    let wanted = |release: &Release| {
        let version = Version::parse(release.name());
        [Release::V1_13, Release::V1_20, newest].contains(release)
            || adapters.iter().any(|one| one.release == version)
            || filter.names(&name(*release))
    };
    let releases = Release::ALL.into_iter().filter(wanted);
    releases.map(|release| meet::meet_reference(&name(release), release)).collect()
}

fn vectors_of(class: &str) -> String {
    format!("vectors-{class}")
}

/// The savepoints of releases, as producers.
fn goldens(suite: &Suite) -> Result<Vec<Participant>, String> {
    let mut producers: BTreeMap<String, (Version, Vec<(String, PathBuf)>)> = BTreeMap::new();
    for (golden, directory) in suite.goldens()? {
        let release = Version::parse(&golden.release);
        let release = release.ok_or_else(|| format!("{}: no release {:?}", directory.display(), golden.release))?;
        let savepoints = producers.entry(format!("golden-{}", golden.producer)).or_insert((release, Vec::new()));
        savepoints.1.push((golden.scenario, directory));
    }
    let producers = producers.into_iter();
    let producers = producers.map(|(id, (release, all))| Participant::passive(&id, Who::Golden(all), Some(release)));
    Ok(producers.collect())
}
