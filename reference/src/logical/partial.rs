//! The fingerprint of a part of a savepoint, which can be merged with that of the others, in any order.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::fmt;

use super::collect::{Collector, StatePartial};
use super::fingerprint::{Fingerprint, OperatorFingerprint};
use super::hash::Digest;
use super::state::{About, StateKey};
use super::visit::{Place, Stop, Visited, Visitor, visit_piece};
use crate::keyed::MaxParallelism;
use crate::metadata::{MasterState, Operator, OperatorId};
use crate::savepoint::{Cut, Failure, Piece, Remark, Savepoint, Store, Unit};
use crate::wire::JavaStr;

/// What some units of a savepoint mean. Equal for equal units, however they were merged.
#[derive(Debug, Default)]
pub struct Partial {
    /// How many operators the savepoint has.
    pub operators: u32,
    /// The master states by name, in the unit that has them.
    pub master_states: Option<BTreeMap<JavaStr<'static>, Digest>>,
    /// What there is of each operator, by its index in the metadata. Segments that meet are one, except that some key groups of a handle
    /// are apart until all of them are there.
    pub segments: BTreeMap<(u32, Cut), Segment>,
}

/// A part of an operator without a gap.
#[derive(Debug)]
pub struct Segment {
    /// The operator.
    pub id: OperatorId,
    /// Where it ends; none for the end of the operator.
    pub end: Option<Cut>,
    /// The operator itself, in its first segment.
    pub about: Option<OperatorAbout>,
    /// The states that there are.
    pub states: BTreeMap<StateKey, StatePartial>,
    /// What could not be read.
    pub failures: Vec<Failure>,
    /// What was read, but is not as Flink writes it.
    pub remarks: Vec<Remark>,
    /// Of some key groups of a handle: how reading them ended. What stands behind a failure does not count.
    pub stop: Option<Stop>,
}

/// What the metadata says of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorAbout {
    /// The uid that the user set.
    pub uid: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Number of key groups.
    pub max_parallelism: u32,
    /// Whether all subtasks had finished.
    pub fully_finished: bool,
}

/// Why partial results do not go together, or not make a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The savepoints have different numbers of operators.
    Operators {
        /// In one of them.
        one: u32,
        /// In the other.
        other: u32,
    },
    /// The master states are in both.
    MasterStatesTwice,
    /// Some handles of an operator are in both.
    Twice {
        /// Index of the operator.
        operator: u32,
        /// Where.
        at: Cut,
    },
    /// No part has the master states.
    NoMasterStates,
    /// Something of an operator is missing.
    Missing {
        /// Index of the operator.
        operator: u32,
        /// From where on.
        from: Cut,
    },
}

/// Computes the partial fingerprint of a unit; with `keys`, every key is decoded as [`survey`](super::survey) does it.
///
/// `progress` is told of bytes that have been read.
pub fn partial<S: Store>(
    savepoint: &Savepoint<'_, S>,
    unit: &Unit,
    keys: bool,
    progress: &mut dyn FnMut(u64),
) -> Partial {
    let operators = u32::try_from(savepoint.metadata().operators.len()).unwrap_or(u32::MAX);
    let mut result = Partial { operators, ..Partial::default() };
    let mut open: Option<Open> = None;
    let Ok(()) = savepoint.for_each_piece::<Infallible>(unit, |point, piece| {
        let (operator, part, groups) = match piece {
            Piece::Master(states) => {
                result.master_states = Some(master_states(states));
                return Ok(());
            }
            Piece::Operator(operator) => (*operator, 0, None),
            Piece::Part(part, groups) => (part.operator, point.cut.part, Some(*groups)),
        };
        let Some(index) = point.operator else { return Ok(()) };
        let is_split = groups.is_some_and(|groups| !groups.is_first() || groups.to.is_some());
        if is_split || open.as_ref().is_some_and(|open| open.index != index) {
            let is_other = open.as_ref().is_some_and(|open| open.index != index);
            result.close(open.take(), is_other);
        }
        let mut to = open.take().unwrap_or_else(|| Open::new(index, operator, point.cut, keys));
        if let Piece::Operator(operator) = piece {
            to.segment.about = Some(OperatorAbout::of(operator));
        }
        let visited = visit_piece(savepoint, piece, &mut Telling { collector: &mut to.collector, progress });
        to.end = match groups.and_then(|groups| groups.to) {
            Some(key_group) => Cut { part, key_group },
            None => Cut { part: part.saturating_add(1), key_group: 0 },
        };
        to.take(visited, is_split);
        open = Some(to);
        if is_split {
            let next = open.as_ref().map(|split| Open::new(index, operator, split.end, keys));
            result.close(open.take(), false);
            open = next.filter(|next| next.start.key_group == 0);
        }
        Ok(())
    });
    let is_last = open.as_ref().is_some_and(|open| unit.ends_behind_operator(open.index));
    result.close(open, is_last);
    result
}

/// A segment that is being read.
struct Open {
    index: u32,
    start: Cut,
    end: Cut,
    segment: Segment,
    collector: Collector,
}

impl Open {
    fn new(index: u32, operator: &Operator<'_>, start: Cut, keys: bool) -> Self {
        let segment = Segment {
            id: operator.id,
            end: None,
            about: None,
            states: BTreeMap::new(),
            failures: Vec::new(),
            remarks: Vec::new(),
            stop: None,
        };
        let max = MaxParallelism::new(operator.max_parallelism).filter(|_| keys);
        Self { index, start, end: start, segment, collector: Collector::new(max) }
    }

    fn take(&mut self, visited: Visited, is_split: bool) {
        self.segment.failures.extend(visited.failures);
        self.segment.remarks.extend(visited.remarks);
        self.segment.stop = visited.stop.filter(|_| is_split);
    }
}

/// Tells a collector of entries, and somebody else of progress.
struct Telling<'t> {
    collector: &'t mut Collector,
    progress: &'t mut dyn FnMut(u64),
}

impl Visitor for Telling<'_> {
    fn state(&mut self, state: &StateKey, about: &About<'_>) -> Option<usize> {
        self.collector.state(state, about)
    }

    #[inline]
    fn entry(&mut self, place: Place, key: &[u8], value: &[u8]) {
        self.collector.entry(place, key, value);
    }

    fn progress(&mut self, bytes: u64) {
        (self.progress)(bytes);
    }
}

fn master_states(states: &[MasterState<'_>]) -> BTreeMap<JavaStr<'static>, Digest> {
    let mut digests = BTreeMap::<_, Digest>::new();
    for master in states {
        let digest = digests.entry(master.name.canonical()).or_default();
        digest.add(0, &master.version.to_be_bytes(), &master.payload);
    }
    digests
}

impl OperatorAbout {
    fn of(operator: &Operator<'_>) -> Self {
        Self {
            uid: operator.uid.as_ref().map(ToString::to_string),
            name: operator.name.as_ref().map(ToString::to_string),
            max_parallelism: operator.max_parallelism,
            fully_finished: operator.is_fully_finished(),
        }
    }
}

impl Segment {
    /// Whether it is some key groups of a handle.
    fn is_split(&self, start: Cut) -> bool {
        start.key_group != 0 || self.end.is_some_and(|end| end.key_group != 0)
    }

    /// Adds the segment that starts where this one ends.
    fn append(&mut self, next: Self, inside: bool) {
        self.end = next.end;
        if inside {
            return self.append_key_groups(next);
        }
        self.about = self.about.take().or(next.about);
        self.add_states(next.states);
        self.failures.extend(next.failures);
        self.remarks.extend(next.remarks);
    }

    /// As if the stream had been read to its end, or up to its first error.
    fn append_key_groups(&mut self, next: Self) {
        match (self.stop, next.stop) {
            (None, stop) => {
                self.add_states(next.states);
                self.failures = next.failures;
                self.remarks.extend(next.remarks);
                self.stop = stop;
            }
            (Some(Stop::Nameless), Some(Stop::Nameless)) => self.add_states(next.states),
            (Some(Stop::Nameless), Some(Stop::Untold)) => self.stop = Some(Stop::Untold),
            _ => {}
        }
        if self.stop == Some(Stop::Untold) {
            self.states.clear();
        }
        if self.stop.is_some() {
            self.remarks.clear();
        }
    }

    fn add_states(&mut self, states: BTreeMap<StateKey, StatePartial>) {
        for (key, state) in states {
            match self.states.entry(key) {
                Entry::Vacant(vacant) => {
                    vacant.insert(state);
                }
                Entry::Occupied(mut occupied) => occupied.get_mut().add(state),
            }
        }
    }
}

impl Partial {
    /// Closes what was read last of an operator, which may be all that is left of it.
    fn close(&mut self, open: Option<Open>, is_last: bool) {
        let Some(Open { index, start, end, mut segment, collector }) = open else { return };
        segment.end = Some(end).filter(|_| !is_last);
        if segment.end != Some(start) {
            segment.states = collector.finish();
            self.put(index, start, segment);
        }
    }

    /// Adds what other units mean. The order in which units are merged does not matter.
    pub fn merge(&mut self, other: Self) -> Result<(), Mismatch> {
        if self.segments.is_empty() && self.master_states.is_none() {
            *self = other;
            return Ok(());
        }
        if self.operators != other.operators {
            return Err(Mismatch::Operators { one: self.operators, other: other.operators });
        }
        if other.master_states.is_some()
            && self.master_states.replace(other.master_states.unwrap_or_default()).is_some()
        {
            return Err(Mismatch::MasterStatesTwice);
        }
        for ((operator, start), segment) in other.segments {
            let before = self.segments.range(..(operator, start)).next_back();
            let covered =
                before.is_some_and(|((of, _), before)| *of == operator && before.end.is_none_or(|end| end > start));
            let after = self.segments.range((operator, start)..).next();
            let covers =
                after.is_some_and(|((of, after), _)| *of == operator && segment.end.is_none_or(|end| end > *after));
            if covered || covers {
                return Err(Mismatch::Twice { operator, at: start });
            }
            self.put(operator, start, segment);
        }
        Ok(())
    }

    /// Adds a segment, and joins it with those that it meets.
    fn put(&mut self, operator: u32, mut start: Cut, mut segment: Segment) {
        loop {
            let before = self.segments.range(..(operator, start)).next_back();
            if let Some(((of, at), before)) = before
                && *of == operator
                && before.end == Some(start)
                && joins(before.is_split(*at), segment.is_split(start), start)
                && let at = *at
                && let Some(mut joined) = self.segments.remove(&(operator, at))
            {
                joined.append(segment, start.key_group != 0);
                (start, segment) = (at, joined);
                continue;
            }
            if let Some(end) = segment.end
                && let Some(after) = self.segments.get(&(operator, end))
                && joins(segment.is_split(start), after.is_split(end), end)
                && let Some(after) = self.segments.remove(&(operator, end))
            {
                segment.append(after, end.key_group != 0);
                continue;
            }
            // How a handle was divided is forgotten with its last piece.
            if !segment.is_split(start) {
                segment.stop = None;
            }
            self.segments.insert((operator, start), segment);
            return;
        }
    }

    /// The fingerprint of a savepoint whose units are all here.
    pub fn finish(self) -> Result<Fingerprint, Mismatch> {
        if self.master_states.is_none() {
            return Err(Mismatch::NoMasterStates);
        }
        for operator in 0..self.operators {
            let first = self.segments.get(&(operator, Cut::default()));
            let from = first.map_or(Some(Cut::default()), |first| first.end);
            if let Some(from) = from {
                return Err(Mismatch::Missing { operator, from });
            }
        }
        Ok(self.into_fingerprint())
    }

    pub(super) fn into_fingerprint(self) -> Fingerprint {
        let mut result =
            Fingerprint { master_states: self.master_states.unwrap_or_default(), ..Fingerprint::default() };
        for segment in self.segments.into_values() {
            result.failures.extend(segment.failures);
            result.remarks.extend(segment.remarks);
            // Of two operators with one id all count.
            let operator = result.operators.entry(segment.id).or_default();
            if let Some(about) = segment.about {
                about.tell(operator);
            }
            for (key, state) in segment.states {
                let state = state.finish();
                match operator.states.entry(key) {
                    Entry::Vacant(vacant) => {
                        vacant.insert(state);
                    }
                    Entry::Occupied(mut occupied) => occupied.get_mut().add(state),
                }
            }
        }
        result
    }
}

/// Whether two segments that meet there are one: key groups of one handle, or whole handles.
fn joins(one_is_split: bool, other_is_split: bool, at: Cut) -> bool {
    at.key_group != 0 || !one_is_split && !other_is_split
}

impl OperatorAbout {
    fn tell(self, operator: &mut OperatorFingerprint) {
        operator.uid = self.uid;
        operator.name = self.name;
        operator.max_parallelism = self.max_parallelism;
        operator.fully_finished |= self.fully_finished;
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operators { one, other } => write!(f, "of savepoints with {one} and with {other} operators"),
            Self::MasterStatesTwice => f.write_str("the master states are there twice"),
            Self::Twice { operator, at } => {
                write!(f, "operator {operator} of the metadata is there twice, in part {} and what follows", at.part)
            }
            Self::NoMasterStates => f.write_str("the master states are missing"),
            Self::Missing { operator, from } => {
                write!(f, "operator {operator} of the metadata is missing from part {} on", from.part)
            }
        }
    }
}

impl std::error::Error for Mismatch {}
