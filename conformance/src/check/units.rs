//! Units of the work: what looks at a savepoint can be cut into pieces, done anywhere, and joined.
//!
//! A unit is a stream, or of a keyed stream some key groups. What looking at it gave is a [`UnitPart`]; a check that is given these
//! reads the state in none of these units again.

use std::collections::BTreeMap;
use std::path::Path;

use flink_savepoint::metadata::{Handles, KeyGroupsHandle, KeyedHandle, Operator, SubtaskState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{Part, SectionPart};
use super::streams::{Job, Streams};
use super::{Options, Progress, with_subject};

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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct StreamId {
    /// The operator, by its position in the metadata.
    pub operator: usize,
    /// The subtask, by its position in the list of the operator.
    pub subtask: usize,
    /// Which of its streams.
    pub stream: StreamKind,
}

/// What is looked at in one go, anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Unit {
    /// The stream.
    #[serde(flatten)]
    pub stream: StreamId,
    /// The first and the last of the key groups, of managed keyed state; all of the stream without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_groups: Option<[u16; 2]>,
    /// About how many bytes there are to be read.
    pub bytes: u64,
}

/// What looking at a unit gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnitPart {
    unit: Unit,
    found: Found,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    Stream(Part),
    Sections(Vec<SectionPart>),
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
        for UnitPart { unit, found } in parts {
            match found {
                Found::Stream(part) => {
                    known.streams.insert(unit.stream, part);
                }
                Found::Sections(sections) => {
                    let of_stream = known.sections.entry(unit.stream).or_default();
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

/// Cuts the state of a savepoint into about `units` of about the same size, by what its metadata says. None if that cannot be read.
pub fn plan(path: &Path, options: &Options, units: u64) -> Vec<Unit> {
    with_subject(path, options, |subject| {
        let all = || subject.operators.iter().enumerate().flat_map(|(number, operator)| streams(number, operator));
        let total: u64 = all().map(|stream| stream.bytes).fold(0, u64::saturating_add);
        let size = (total / units.max(1)).max(1);
        all().flat_map(|stream| stream.cut(size)).collect()
    })
    .unwrap_or_default()
}

/// Looks at a unit; nothing if the savepoint does not have it.
pub fn work(path: &Path, options: &Options, unit: &Unit, progress: &Progress<'_>) -> Option<UnitPart> {
    let found = with_subject(path, options, |subject| {
        let StreamId { operator: number, subtask: at, stream } = unit.stream;
        let operator = subject.operators.get(number)?;
        let subtask = operator.subtasks().nth(at)?;
        let SubtaskState::Running(handles) = subtask.state else { return None };
        let job = Job { number, operator, at, index: subtask.index, handles };
        let streams = Streams { subject, known: &Known::default(), progress, in_parallel: true };
        Some(match unit.key_groups {
            Some([first, last]) => Found::Sections(streams.key_groups(&job, &(first..=last))),
            None => Found::Stream(streams.stream(&job, stream)),
        })
    });
    Some(UnitPart { unit: unit.clone(), found: found.flatten()? })
}

/// A stream that may be cut.
struct Whole {
    stream: StreamId,
    bytes: u64,
    /// Of managed keyed state in one stream: the key groups that have state, and how many bytes, as the offsets say.
    sections: Vec<(u16, u64)>,
}

fn streams(operator: usize, of: &Operator<'_>) -> impl Iterator<Item = Whole> {
    let running = of.subtasks().enumerate().filter_map(|(at, subtask)| match subtask.state {
        SubtaskState::Running(handles) => Some((at, handles)),
        SubtaskState::Finished => None,
    });
    running.flat_map(move |(subtask, handles)| {
        let whole = |stream| whole(StreamId { operator, subtask, stream }, &handles);
        StreamKind::ALL.into_iter().filter_map(whole).collect::<Vec<_>>()
    })
}

fn whole(stream: StreamId, handles: &Handles<'_>) -> Option<Whole> {
    let keyed = |handle: &KeyedHandle<'_>| match handle {
        KeyedHandle::KeyGroups(handle) => {
            let bytes = handle.delegate.state_size().bytes().unwrap_or(0);
            (bytes, sections(handle, bytes))
        }
        // Not looked at.
        _ => (0, Vec::new()),
    };
    let operator = |bytes: Option<u64>| (bytes.unwrap_or(0), Vec::new());
    let (bytes, sections) = match stream.stream {
        StreamKind::ManagedOperator => operator(handles.managed_operator.as_ref()?.delegate.state_size().bytes()),
        StreamKind::RawOperator => operator(handles.raw_operator.as_ref()?.delegate.state_size().bytes()),
        StreamKind::ManagedKeyed => keyed(handles.managed_keyed.as_ref()?),
        StreamKind::RawKeyed => (keyed(handles.raw_keyed.as_ref()?).0, Vec::new()),
    };
    Some(Whole { stream, bytes, sections })
}

/// The sections that a handle says there are, by key group.
fn sections(handle: &KeyGroupsHandle<'_>, length: u64) -> Vec<(u16, u64)> {
    let starts = handle.offsets.iter().filter_map(|(group, offset)| {
        let offset = u64::try_from(offset).ok().filter(|offset| *offset > 0)?;
        Some((offset, u16::try_from(group).ok()?))
    });
    let mut starts: Vec<(u64, u16)> = starts.collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([length]);
    let mut sections: Vec<_> =
        starts.iter().zip(ends).map(|((start, group), end)| (*group, end.saturating_sub(*start))).collect();
    sections.sort_unstable();
    sections
}

impl Whole {
    /// Units of about `size` bytes. What is small stays whole.
    fn cut(self, size: u64) -> Vec<Unit> {
        let Self { stream, bytes, sections } = self;
        if sections.len() < 2 || bytes <= size.saturating_add(size / 2) {
            return vec![Unit { stream, key_groups: None, bytes }];
        }
        let mut units: Vec<Unit> = Vec::new();
        for (group, bytes) in sections {
            match units.last_mut() {
                Some(Unit { key_groups: Some([_, last]), bytes: before, .. }) if *before < size => {
                    *last = group;
                    *before = before.saturating_add(bytes);
                }
                _ => units.push(Unit { stream: stream.clone(), key_groups: Some([group, group]), bytes }),
            }
        }
        units
    }
}
