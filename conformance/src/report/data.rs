//! A run, as its events tell it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::path::Path;

use super::counts::Counts;
use super::words::Outcome;
use crate::event::{About, Case, Cell, End, Event, Produced, Run};

/// A run: complete, or as far as it came.
///
/// A run that was resumed may tell things twice: what is told last counts, in the place where it was told first.
#[derive(Debug, Clone, PartialEq)]
pub struct RunData {
    run: Run,
    adapters: Vec<About>,
    cases: Vec<Case>,
    produced: Vec<Produced>,
    cells: Vec<Cell>,
    end: Option<End>,
    torn: bool,
    producers: Vec<String>,
    consumers: Vec<String>,
    pairs: BTreeMap<(String, String), Counts>,
}

/// Why events cannot be read.
#[derive(Debug)]
pub struct ReadError(String);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

impl RunData {
    /// Reads an events file. The last line may be torn, as a killed run leaves it.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let bytes = fs::read(path).map_err(|e| ReadError(format!("{}: {e}", path.display())))?;
        Self::parse(&bytes).map_err(|e| ReadError(format!("{}: {e}", path.display())))
    }

    /// Reads the content of an events file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut events = Vec::new();
        let mut torn = false;
        let mut lines = bytes.split(|byte| *byte == b'\n').enumerate().peekable();
        while let Some((at, line)) = lines.next() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(event) => events.push(event),
                // No line feed after it: it was being written when the run ended.
                Err(_) if lines.peek().is_none() => torn = true,
                Err(e) => return Err(ReadError(format!("line {}, column {}: {e}", at + 1, e.column()))),
            }
        }
        let mut data = Self::from_events(events)?;
        data.torn = torn;
        Ok(data)
    }

    /// Takes the events of a run, in their order.
    pub fn from_events(events: Vec<Event>) -> Result<Self, ReadError> {
        let mut run = None;
        let mut end = None;
        let mut adapters = Latest::default();
        let mut cases = Latest::default();
        let mut produced = Latest::default();
        let mut cells = Latest::default();
        for event in events {
            match event {
                Event::Run(one) => {
                    run = Some(one);
                    end = None;
                }
                Event::Adapter(one) => adapters.put(one.id.clone(), one),
                Event::Scenario(one) => cases.put(one.id.clone(), one),
                Event::Produced(one) => produced.put((one.producer.clone(), one.scenario.clone()), one),
                Event::Cell(one) => {
                    cells.put((one.producer.clone(), one.consumer.clone(), one.case.clone()), one);
                }
                Event::End(one) => end = Some(one),
            }
        }
        let run = run.ok_or_else(|| ReadError("there is no event `run`: not the events of a run".to_owned()))?;
        let (adapters, cells): (Vec<About>, Vec<Cell>) = (adapters.list, cells.list);
        let named = |of: fn(&Cell) -> &str| {
            let seen: HashMap<&str, usize> = cells.iter().enumerate().rev().map(|(at, cell)| (of(cell), at)).collect();
            let mut names: Vec<&str> = seen.keys().copied().collect();
            let listed: HashMap<&str, usize> =
                adapters.iter().enumerate().map(|(at, one)| (one.id.as_str(), at)).collect();
            names.sort_by_key(|name| (listed.get(name).copied().unwrap_or(usize::MAX), seen.get(name).copied()));
            names.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let (producers, consumers) = (named(|cell| &cell.producer), named(|cell| &cell.consumer));
        let mut pairs: BTreeMap<(String, String), Counts> = BTreeMap::new();
        for cell in &cells {
            pairs.entry((cell.producer.clone(), cell.consumer.clone())).or_default().add(cell.verdict);
        }
        let (cases, produced) = (cases.list, produced.list);
        Ok(Self { run, adapters, cases, produced, cells, end, torn: false, producers, consumers, pairs })
    }

    /// What the run is.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Who took part, in the order in which they said hello.
    pub fn adapters(&self) -> &[About] {
        &self.adapters
    }

    /// What was run.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The scenario or vector of that id.
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// What producers left.
    pub fn produced(&self) -> &[Produced] {
        &self.produced
    }

    /// The cells, in the order in which they were decided.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cells of a scenario or vector.
    pub fn cells_of_case<'a>(&'a self, case: &'a str) -> impl Iterator<Item = &'a Cell> {
        self.cells.iter().filter(move |cell| cell.case == case)
    }

    /// The cells of a pair.
    pub fn cells_of_pair<'a>(&'a self, producer: &'a str, consumer: &'a str) -> impl Iterator<Item = &'a Cell> {
        self.cells.iter().filter(move |cell| cell.producer == producer && cell.consumer == consumer)
    }

    /// The cells that make the run a bad one: failures first, what could not be run last.
    pub fn unexpected(&self) -> Vec<&Cell> {
        let mut bad: Vec<&Cell> = self.cells.iter().filter(|cell| cell.verdict.is_bad()).collect();
        bad.sort_by_key(|cell| cell.verdict);
        bad
    }

    /// The end of it. None: it did not come that far.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Whether the last line of the file was torn.
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// Whether the run came to its end.
    pub fn is_complete(&self) -> bool {
        self.end.is_some() && self.decided() >= self.planned()
    }

    /// The rows of the matrix.
    pub fn producers(&self) -> &[String] {
        &self.producers
    }

    /// The columns of the matrix.
    pub fn consumers(&self) -> &[String] {
        &self.consumers
    }

    /// What is in a field of the matrix. None: nothing was to be run there.
    pub fn pair(&self, producer: &str, consumer: &str) -> Option<Counts> {
        self.pairs.get(&(producer.to_owned(), consumer.to_owned())).copied()
    }

    /// All fields of the matrix, by their names.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str, Counts)> {
        self.pairs.iter().map(|((producer, consumer), counts)| (producer.as_str(), consumer.as_str(), *counts))
    }

    /// The sum over all cells.
    pub fn counts(&self) -> Counts {
        self.sum(|_, _| true)
    }

    /// The sum over a row.
    pub fn of_producer(&self, producer: &str) -> Counts {
        self.sum(|of, _| of == producer)
    }

    /// The sum over a column.
    pub fn of_consumer(&self, consumer: &str) -> Counts {
        self.sum(|_, of| of == consumer)
    }

    fn sum(&self, wanted: impl Fn(&str, &str) -> bool) -> Counts {
        let mut sum = Counts::default();
        self.pairs().filter(|(producer, consumer, _)| wanted(producer, consumer)).for_each(|(.., one)| sum += one);
        sum
    }

    /// How many cells were planned.
    pub fn planned(&self) -> u64 {
        self.run.planned
    }

    /// How many cells have a verdict.
    pub fn decided(&self) -> u64 {
        self.cells.len() as u64
    }

    /// The verdict of the run.
    pub fn outcome(&self) -> Outcome {
        Outcome::of(self)
    }

    /// The events again.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        std::iter::once(Event::Run(self.run.clone()))
            .chain(self.adapters.iter().cloned().map(Event::Adapter))
            .chain(self.cases.iter().cloned().map(Event::Scenario))
            .chain(self.produced.iter().cloned().map(Event::Produced))
            .chain(self.cells.iter().cloned().map(Event::Cell))
            .chain(self.end.iter().cloned().map(Event::End))
    }
}

/// Things by their key: the latest of each, in the order of the first.
struct Latest<K, T> {
    places: HashMap<K, usize>,
    list: Vec<T>,
}

impl<K, T> Default for Latest<K, T> {
    fn default() -> Self {
        Self { places: HashMap::new(), list: Vec::new() }
    }
}

impl<K: std::hash::Hash + Eq, T> Latest<K, T> {
    fn put(&mut self, key: K, one: T) {
        let at = *self.places.entry(key).or_insert(self.list.len());
        match self.list.get_mut(at) {
            Some(place) => *place = one,
            None => self.list.push(one),
        }
    }
}
