//! A partial fingerprint as a line.

use std::collections::BTreeMap;

use flink_savepoint::logical::{
    self, LogicalKind, OperatorAbout, Partial, Segment, StateFingerprint, StateKey, StatePartial, Stop, Volatile,
};
use flink_savepoint::savepoint::{Cut, Failure, PartState, Remark, Unusual, Why};
use flink_savepoint::wire::JavaStr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT, Pass, Side, UnitLine};
use crate::check::UnitPart;
use crate::json::Long;
use crate::text::{hex, unhex};

/// What `savepoint work` prints, one a line: the result of a unit.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "a line of savepoint work")]
#[serde(deny_unknown_fields)]
pub struct PartialLine {
    /// Version of this format: 1.
    pub format_version: u32,
    /// How the digests are made. Only digests of one algorithm go together.
    pub algorithm: String,
    /// What was done.
    pub pass: Pass,
    /// Of two savepoints, which this is of; null where there is one.
    pub side: Option<Side>,
    /// The metadata file that was read.
    pub metadata_file: String,
    /// SHA-256 of the metadata file.
    pub metadata_sha256: String,
    /// Which unit of the plan this is, from 0 on.
    pub unit: u32,
    /// How many units the plan has.
    pub units: u32,
    /// What was found.
    pub outcome: Outcome,
}

/// What was found. A diff starts with what both mean.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// What the unit means.
    Fingerprint(PartialReport),
    /// What the rules found in the streams of the unit.
    Check(Vec<UnitPart>),
}

/// What a unit means.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartialReport {
    /// How many operators the savepoint has.
    operators: u32,
    /// States of master hooks, in the unit that has them.
    master_states: Option<Vec<MasterLine>>,
    /// Parts of operators, each without a gap.
    segments: Vec<SegmentLine>,
}

/// State of a master hook.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MasterLine {
    /// Identifier of the hook: modified UTF-8 in hex.
    name: String,
    /// Version and payload.
    digest: Digest,
}

/// A digest, and of how much.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Digest {
    /// 32 hex digits.
    sum: String,
    /// Number of entries.
    entries: Long,
    /// Bytes of their keys and values.
    bytes: Long,
}

/// A part of an operator.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SegmentLine {
    /// The operator, by its place in the metadata.
    operator: u32,
    /// Its id.
    id: String,
    /// Where it starts.
    from: CutLine,
    /// Where it ends; null for the end of the operator.
    to: Option<CutLine>,
    /// What the metadata says of the operator, in its first segment.
    about: Option<AboutLine>,
    /// The states.
    states: Vec<StateLine>,
    /// What could not be read.
    failures: Vec<FailureLine>,
    /// What was read, but is not as a sound writer has it.
    remarks: Vec<RemarkLine>,
    /// Of some key groups of a handle: how reading them ended before their end.
    stop: Option<StopLine>,
}

/// A place in an operator.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CutLine {
    /// As in a unit.
    part: u32,
    /// As in a unit.
    key_group: u32,
}

/// What the metadata says of an operator.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AboutLine {
    /// The uid, where the metadata has it.
    uid: Option<String>,
    /// The name, where the metadata has it.
    name: Option<String>,
    /// Number of key groups.
    max_parallelism: u32,
    /// Whether all subtasks had finished.
    fully_finished: bool,
}

/// A state.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StateLine {
    /// `VALUE`, `LIST`, `MAP`, `TIMERS`, `BROADCAST` and so on.
    kind: String,
    /// Its name: modified UTF-8 in hex.
    name: String,
    /// All its entries; those of broadcast state are in `copies` instead.
    digest: Digest,
    /// The key groups that have entries.
    key_groups: Vec<GroupLine>,
    /// The copies of broadcast state that have entries.
    copies: Vec<CopyLine>,
    /// How many streams have a copy, also an empty one.
    streams: Long,
    /// Why two runs of one job need not agree in it.
    volatile: Option<String>,
}

/// A key group of a state.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GroupLine {
    /// The key group.
    key_group: u16,
    /// Its entries.
    digest: Digest,
}

/// A copy of broadcast state.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CopyLine {
    /// Index of the subtask.
    subtask: u32,
    /// Its entries.
    digest: Digest,
}

/// A part that could not be read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FailureLine {
    /// Index of the subtask.
    subtask: u32,
    /// Which of its handles.
    state: String,
    /// Why.
    why: String,
}

/// What is not as a sound writer has it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RemarkLine {
    /// Index of the subtask.
    subtask: u32,
    /// Which of its handles.
    state: String,
    /// The path in the handle; null for inline state.
    file: Option<String>,
    /// Bytes that no offset leads to; null if it is that compressed operator state has offsets that do not lead to elements.
    gap: Option<GapLine>,
}

/// Bytes that no offset leads to.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GapLine {
    /// Where they start.
    offset: Long,
    /// How many there are.
    count: Long,
}

/// How reading some key groups of a handle ended before their end.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum StopLine {
    /// At an error: what stands behind does not count.
    Failed,
    /// The header cannot be read, entries are known by the numbers of their states.
    Nameless,
    /// Neither can they: none counts.
    Untold,
}

impl PartialLine {
    /// The result of a unit, read from that metadata file.
    pub fn new(unit: &UnitLine, metadata_file: String, outcome: Outcome) -> Self {
        Self {
            format_version: FORMAT,
            algorithm: logical::ALGORITHM.to_owned(),
            pass: unit.pass,
            side: unit.side,
            metadata_file,
            metadata_sha256: unit.metadata_sha256.clone(),
            unit: unit.unit,
            units: unit.units,
            outcome,
        }
    }
}

impl From<Partial> for PartialReport {
    fn from(partial: Partial) -> Self {
        let master = |(name, digest): (JavaStr<'_>, logical::Digest)| MasterLine {
            name: hex(name.as_modified_utf8()),
            digest: digest.into(),
        };
        Self {
            operators: partial.operators,
            master_states: partial.master_states.map(|states| states.into_iter().map(master).collect()),
            segments: partial.segments.into_iter().map(|(place, segment)| SegmentLine::new(place, segment)).collect(),
        }
    }
}

impl TryFrom<PartialReport> for Partial {
    type Error = String;

    fn try_from(report: PartialReport) -> Result<Self, String> {
        let mut partial = Self { operators: report.operators, ..Self::default() };
        if let Some(states) = report.master_states {
            let digests = states.into_iter().map(|state| Ok((name(&state.name)?, state.digest.read()?)));
            partial.master_states = Some(digests.collect::<Result<_, String>>()?);
        }
        for line in report.segments {
            let (place, segment) = line.read()?;
            if partial.segments.insert(place, segment).is_some() {
                return Err("two segments start at one place".to_owned());
            }
        }
        Ok(partial)
    }
}

impl SegmentLine {
    fn new((operator, from): (u32, Cut), segment: Segment) -> Self {
        let Segment { id, end, about, states, failures, remarks, stop } = segment;
        let failure = |failure: Failure| FailureLine {
            subtask: failure.subtask,
            state: failure.state.to_owned(),
            why: failure.why.to_string(),
        };
        Self {
            operator,
            id: id.to_string(),
            from: from.into(),
            to: end.map(Into::into),
            about: about.map(|OperatorAbout { uid, name, max_parallelism, fully_finished }| AboutLine {
                uid,
                name,
                max_parallelism,
                fully_finished,
            }),
            states: states.into_iter().map(|(key, state)| StateLine::new(&key, state)).collect(),
            failures: failures.into_iter().map(failure).collect(),
            remarks: remarks.into_iter().map(RemarkLine::new).collect(),
            stop: stop.map(Into::into),
        }
    }

    fn read(self) -> Result<((u32, Cut), Segment), String> {
        let id = self.id.parse().map_err(|_| format!("{:?} is no operator id", self.id))?;
        let states = self.states.into_iter().map(StateLine::read).collect::<Result<BTreeMap<_, _>, _>>()?;
        let failure = |failure: FailureLine| {
            let why = Why::Told { text: failure.why };
            Ok(Failure { operator: id, subtask: failure.subtask, state: label(&failure.state)?, why })
        };
        let remark = |remark: RemarkLine| {
            let what = match &remark.gap {
                None => Unusual::OffsetsNotOfElements,
                Some(gap) => Unusual::Gap { offset: number(gap.offset)?, count: number(gap.count)? },
            };
            Ok(Remark { operator: id, subtask: remark.subtask, state: label(&remark.state)?, file: remark.file, what })
        };
        let about = |AboutLine { uid, name, max_parallelism, fully_finished }| OperatorAbout {
            uid,
            name,
            max_parallelism,
            fully_finished,
        };
        let segment = Segment {
            id,
            end: self.to.map(Into::into),
            about: self.about.map(about),
            states,
            failures: self.failures.into_iter().map(failure).collect::<Result<_, String>>()?,
            remarks: self.remarks.into_iter().map(remark).collect::<Result<_, String>>()?,
            stop: self.stop.map(Into::into),
        };
        Ok(((self.operator, self.from.into()), segment))
    }
}

impl StateLine {
    fn new(key: &StateKey, state: StatePartial) -> Self {
        let StatePartial { fingerprint, copies, streams } = state;
        let group = |(key_group, digest): (u16, logical::Digest)| GroupLine { key_group, digest: digest.into() };
        let copy = |(subtask, digest): (u32, logical::Digest)| CopyLine { subtask, digest: digest.into() };
        Self {
            kind: key.kind.label().to_owned(),
            name: hex(key.name.as_modified_utf8()),
            digest: fingerprint.total.into(),
            key_groups: fingerprint.key_groups.into_iter().map(group).collect(),
            copies: copies.into_iter().map(copy).collect(),
            streams: streams.into(),
            volatile: fingerprint.volatile.map(|why| why.label().to_owned()),
        }
    }

    fn read(self) -> Result<(StateKey, StatePartial), String> {
        let kind = LogicalKind::of_label(&self.kind).ok_or_else(|| format!("{:?} is no kind of state", self.kind))?;
        let volatile = |label: String| Volatile::of_label(&label).ok_or_else(|| format!("{label:?} is not known"));
        let groups = self.key_groups.into_iter().map(|group| Ok((group.key_group, group.digest.read()?)));
        let copies = self.copies.into_iter().map(|copy| Ok((copy.subtask, copy.digest.read()?)));
        let fingerprint = StateFingerprint {
            total: self.digest.read()?,
            key_groups: groups.collect::<Result<_, String>>()?,
            volatile: self.volatile.map(volatile).transpose()?,
            ..StateFingerprint::default()
        };
        let copies = copies.collect::<Result<_, String>>()?;
        let key = StateKey { kind, name: name(&self.name)? };
        Ok((key, StatePartial { fingerprint, copies, streams: number(self.streams)? }))
    }
}

impl RemarkLine {
    fn new(remark: Remark) -> Self {
        let gap = match remark.what {
            Unusual::Gap { offset, count } => Some(GapLine { offset: offset.into(), count: count.into() }),
            _ => None,
        };
        Self { subtask: remark.subtask, state: remark.state.to_owned(), file: remark.file, gap }
    }
}

impl From<logical::Digest> for Digest {
    fn from(digest: logical::Digest) -> Self {
        Self { sum: digest.to_string(), entries: digest.entries.into(), bytes: digest.bytes.into() }
    }
}

impl Digest {
    fn read(&self) -> Result<logical::Digest, String> {
        let sum = u128::from_str_radix(&self.sum, 16).map_err(|_| format!("{:?} is no digest", self.sum))?;
        Ok(logical::Digest { sum, entries: number(self.entries)?, bytes: number(self.bytes)? })
    }
}

impl From<Cut> for CutLine {
    fn from(Cut { part, key_group }: Cut) -> Self {
        Self { part, key_group }
    }
}

impl From<CutLine> for Cut {
    fn from(CutLine { part, key_group }: CutLine) -> Self {
        Self { part, key_group }
    }
}

impl From<Stop> for StopLine {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Failed => Self::Failed,
            Stop::Nameless => Self::Nameless,
            Stop::Untold => Self::Untold,
        }
    }
}

impl From<StopLine> for Stop {
    fn from(stop: StopLine) -> Self {
        match stop {
            StopLine::Failed => Self::Failed,
            StopLine::Nameless => Self::Nameless,
            StopLine::Untold => Self::Untold,
        }
    }
}

fn number(long: Long) -> Result<u64, String> {
    long.to_u64().ok_or_else(|| format!("{} is no number of 64 bits", long.0))
}

fn label(text: &str) -> Result<&'static str, String> {
    PartState::LABELS.into_iter().find(|label| *label == text).ok_or_else(|| format!("{text:?} is no handle"))
}

fn name(text: &str) -> Result<JavaStr<'static>, String> {
    let name =
        unhex(text).and_then(|bytes| JavaStr::from_modified_utf8(&bytes, false).ok().map(|name| name.canonical()));
    name.ok_or_else(|| format!("{text:?} is no name in hex"))
}
