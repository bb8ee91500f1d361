//! Units of the work: what looks at a savepoint can be cut into pieces, done anywhere, and joined.
//!
//! What looking at a stream gave, or at some key groups of a keyed stream, is a [`UnitPart`]; a check that is given these reads none of
//! that state again.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use flink_savepoint::metadata::{Operator, SubtaskState};
use flink_savepoint::savepoint::{KeyGroupsOf, PartState, Piece, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::part::{Item, Part, SectionPart};
use super::streams::Streams;
use super::subject::Subject;
use super::{Options, Progress, requirements};
use crate::source::Source;

/// The streams of a subtask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// Split, union and broadcast state.
    ManagedOperator,
    /// A stream of the operator's own.
    RawOperator,
    /// Keyed state and timers.
    ManagedKeyed,
    /// Keyed streams of the operator's own.
    RawKeyed,
}

impl StreamKind {
    /// In the order in which they are looked at.
    pub(super) const ALL: [Self; 4] = [Self::ManagedOperator, Self::RawOperator, Self::ManagedKeyed, Self::RawKeyed];

    /// As the layouts name the field.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ManagedOperator => "managed_operator",
            Self::RawOperator => "raw_operator",
            Self::ManagedKeyed => "managed_keyed",
            Self::RawKeyed => "raw_keyed",
        }
    }
}

/// A stream of a savepoint, by where its handle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamId {
    /// The operator, by its position in the metadata.
    pub operator: usize,
    /// The subtask, by its position in the list of the operator.
    pub subtask: usize,
    /// Which of its streams.
    pub kind: StreamKind,
}

/// What looking at a stream gave, or at some key groups of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitPart {
    /// The stream.
    stream: StreamId,
    /// What was found.
    found: Found,
}

/// What was found.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Found {
    /// In all of the stream.
    Stream(Part),
    /// In the sections of some key groups.
    Sections(Vec<SectionPart>),
}

/// A requirement that parts name, as another version of the program may, and that no rule here looks after.
pub fn unknown_requirement(parts: &[UnitPart]) -> Option<&str> {
    let known: BTreeSet<&str> = requirements().into_iter().collect();
    let items = parts.iter().flat_map(|part| match &part.found {
        Found::Stream(part) => vec![part.items()],
        Found::Sections(sections) => sections.iter().map(|section| section.items.as_slice()).collect(),
    });
    let named = items.flatten().filter_map(|item| match item {
        Item::Finding(Finding { requirement, .. })
        | Item::Once(_, Finding { requirement, .. })
        | Item::Again(Finding { requirement, .. }) => Some(requirement.as_str()),
        Item::Claim(_) => None,
    });
    named.into_iter().find(|requirement| !known.contains(requirement))
}

/// What was found elsewhere.
#[derive(Debug, Default)]
pub(super) struct Known {
    streams: BTreeMap<StreamId, Part>,
    sections: BTreeMap<StreamId, BTreeMap<u16, SectionPart>>,
}

impl Known {
    pub(super) fn new(parts: Vec<UnitPart>) -> Self {
        let mut known = Self::default();
        for UnitPart { stream, found } in parts {
            match found {
                Found::Stream(part) => {
                    known.streams.insert(stream, part);
                }
                Found::Sections(sections) => {
                    let of_stream = known.sections.entry(stream).or_default();
                    of_stream.extend(sections.into_iter().map(|section| (section.group, section)));
                }
            }
        }
        known
    }

    /// Of a whole stream.
    pub(super) fn part(&self, id: &StreamId) -> Option<Part> {
        self.streams.get(id).cloned()
    }

    /// Of the sections of a stream, by key group.
    pub(super) fn sections(&self, id: &StreamId) -> Option<&BTreeMap<u16, SectionPart>> {
        self.sections.get(id)
    }
}

/// Looks at the state of a unit. Nothing if the metadata cannot be read: of that [`join`](super::join) tells.
pub fn work(source: &Source, options: &Options, unit: &Unit, progress: &Progress<'_>) -> Vec<UnitPart> {
    let Ok(subject) = Subject::read(source, options) else { return Vec::new() };
    let wanted = wanted(&subject, unit);
    // Others work at the same time, and where a limit ends it all is to be the same each time.
    let streams = Streams { subject: &subject, known: &Known::default(), progress, in_parallel: false };
    let mut parts = Vec::new();
    for job in streams.jobs() {
        let Some(pieces) = wanted.get(&(job.number, job.at)) else { continue };
        for (kind, groups) in pieces {
            let found = match (kind, groups) {
                (_, &KeyGroupsOf::ALL) => Found::Stream(streams.stream(&job, *kind)),
                (StreamKind::ManagedKeyed, groups) => Found::Sections(streams.key_groups(&job, *groups)),
                // Others are looked at as a whole, in the unit that has their start.
                (_, groups) if groups.is_first() => Found::Stream(streams.stream(&job, *kind)),
                _ => continue,
            };
            parts.push(UnitPart { stream: job.id(*kind), found });
        }
    }
    parts
}

/// The pieces of a unit, by operator and subtask.
type Wanted = BTreeMap<(usize, usize), Vec<(StreamKind, KeyGroupsOf)>>;

fn wanted(subject: &Subject<'_>, unit: &Unit) -> Wanted {
    let mut wanted = Wanted::new();
    // Of the operator that is visited: where the subtask of each of its handles is in the list.
    let mut places: (Option<u32>, Vec<usize>) = (None, Vec::new());
    let Ok(()) = subject.savepoint.for_each_piece::<Infallible>(unit, |point, piece| {
        let Piece::Part(part, groups) = piece else { return Ok(()) };
        if places.0 != point.operator {
            places = (point.operator, of_handles(part.operator));
        }
        let kind = match part.state {
            PartState::ManagedOperator(_) => StreamKind::ManagedOperator,
            PartState::RawOperator(_) => StreamKind::RawOperator,
            PartState::ManagedKeyed(_) => StreamKind::ManagedKeyed,
            PartState::RawKeyed(_) => StreamKind::RawKeyed,
            PartState::Channels => return Ok(()),
        };
        let number = |number: u32| usize::try_from(number).ok();
        // Handles are counted from 1 on.
        let place = number(point.cut.part).and_then(|part| places.1.get(part.checked_sub(1)?));
        if let Some((operator, place)) = point.operator.and_then(number).zip(place) {
            wanted.entry((operator, *place)).or_default().push((kind, *groups));
        }
        Ok(())
    });
    wanted
}

/// For each handle of an operator, in their order, the position of its subtask.
fn of_handles(operator: &Operator<'_>) -> Vec<usize> {
    let mut places = Vec::new();
    for (at, subtask) in operator.subtasks().enumerate() {
        let SubtaskState::Running(handles) = &subtask.state else { continue };
        places.extend(PartState::of(handles).map(|_| at));
    }
    places
}
