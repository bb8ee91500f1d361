//! Opens the streams of a savepoint, and lets the rules of the chapters look at each.

use std::path::Path;

use flink_savepoint::ErrorKind;
use flink_savepoint::error::Segment;
use flink_savepoint::keyed::{KeyedStream, MaxParallelism};
use flink_savepoint::meta_info::StateKind;
use flink_savepoint::metadata::{Handles, KeyGroupsHandle, KeyedHandle, Metadata, Operator, SubtaskState};
use flink_savepoint::savepoint::{self, Failure, KeyGroupsOf, PartState, Savepoint, Why};
use flink_savepoint::wire::Output;
use rayon::prelude::*;

use super::agreement::{self, Agreement};
use super::finding::{Finding, Findings, Spot};
use super::operator::Elements;
use super::part::{Item, Part, SectionPart};
use super::place::{Report, Stream};
use super::rewritten::header_again;
use super::sections::Sections;
use super::subject::Subject;
use super::units::{Known, StreamId, StreamKind};
use super::{
    Chapter, Progress, compression, conventions, key_groups, keyed, native, operator, raw, serializers, state_values,
    timers, values,
};
use crate::reading::{offset_in, section_offset};
use crate::source::{Source, Unreadable};
use crate::store::MappedFiles;

/// The chapters whose rules look into state streams.
pub const CHAPTERS: &[Chapter] = &[
    ("conventions", conventions::REQUIREMENTS, conventions::NOT_HERE),
    ("key-groups", key_groups::REQUIREMENTS, key_groups::NOT_HERE),
    ("keyed", keyed::REQUIREMENTS, keyed::NOT_HERE),
    ("operator", operator::REQUIREMENTS, operator::NOT_HERE),
    ("timers", timers::REQUIREMENTS, timers::NOT_HERE),
    ("serializers", serializers::REQUIREMENTS, serializers::NOT_HERE),
    ("values", values::REQUIREMENTS, values::NOT_HERE),
    ("state-values", state_values::REQUIREMENTS, state_values::NOT_HERE),
    ("compression", compression::REQUIREMENTS, compression::NOT_HERE),
    ("raw", raw::REQUIREMENTS, raw::NOT_HERE),
    ("native", native::REQUIREMENTS, native::NOT_HERE),
];

/// What is wrong inside of the state streams of a savepoint.
pub fn streams_of(path: &Path) -> Result<Vec<Finding>, Unreadable> {
    let source = Source::open(path)?;
    let metadata = Metadata::parse(&source.bytes).map_err(|error| source.failure(&error))?;
    let savepoint = Savepoint::new(metadata, MappedFiles::new(&source.directory, false));
    let subject = Subject::new(&source, savepoint);
    let mut findings = Findings::default();
    let streams = Streams { subject: &subject, known: &Known::default(), progress: &|_| {}, in_parallel: true };
    streams.check(&mut findings);
    Ok(findings.into_sorted())
}

/// So many subtasks are looked at before what was found is joined.
const WINDOW: usize = 1024;

/// Looks at streams. One that cannot be opened is passed over if its handle or its file is to blame: others look after these.
pub(super) struct Streams<'c, 'a> {
    pub(super) subject: &'c Subject<'a>,
    /// What was found elsewhere.
    pub(super) known: &'c Known,
    /// Is told of the bytes that were read.
    pub(super) progress: &'c Progress<'c>,
    /// On all cores, or one after the other; what is found is the same.
    pub(super) in_parallel: bool,
}

/// A subtask that has not finished.
pub(super) struct Job<'o, 'a> {
    /// The number of its operator.
    pub(super) number: usize,
    pub(super) operator: &'o Operator<'a>,
    /// Its place in the list of the operator's subtasks.
    pub(super) at: usize,
    pub(super) index: u32,
    pub(super) handles: Handles<'a>,
}

impl<'a> Streams<'_, 'a> {
    /// Looks at every stream.
    pub(super) fn check(&self, findings: &mut Findings) {
        for (number, operator) in self.subject.operators.iter().enumerate() {
            max_parallelism(operator, number, findings);
        }
        let mut agreement = (0, Agreement::default());
        let mut jobs = self.jobs().peekable();
        while jobs.peek().is_some() {
            let window: Vec<Job<'_, 'a>> = jobs.by_ref().take(WINDOW).collect();
            let parts: Vec<Vec<Part>> = if self.in_parallel {
                window.par_iter().map(|job| self.subtask(job)).collect()
            } else {
                window.iter().map(|job| self.subtask(job)).collect()
            };
            for (job, parts) in window.iter().zip(parts) {
                if agreement.0 != job.number {
                    agreement = (job.number, Agreement::default());
                }
                for part in parts {
                    join(part, &mut agreement.1, findings);
                }
            }
        }
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = Job<'_, 'a>> {
        self.subject.operators.iter().enumerate().flat_map(|(number, operator)| {
            operator.subtasks().enumerate().filter_map(move |(at, subtask)| match subtask.state {
                SubtaskState::Running(handles) => Some(Job { number, operator, at, index: subtask.index, handles }),
                SubtaskState::Finished => None,
            })
        })
    }

    fn subtask(&self, job: &Job<'_, 'a>) -> Vec<Part> {
        let streams = StreamKind::ALL.into_iter().filter(|kind| job.has(*kind));
        streams.map(|kind| self.known.part(&job.id(kind)).unwrap_or_else(|| self.stream(job, kind))).collect()
    }

    /// Looks at a whole stream.
    pub(super) fn stream(&self, job: &Job<'_, 'a>, kind: StreamKind) -> Part {
        let mut part = Part::default();
        let path = job.path(kind);
        match kind {
            StreamKind::ManagedOperator => self.operator_state(job, path, &mut part),
            StreamKind::RawOperator => self.raw_operator(job, path, &mut part),
            StreamKind::ManagedKeyed => self.keyed(job, path, &mut part),
            StreamKind::RawKeyed => self.raw_keyed(job, path, &mut part),
        }
        part
    }

    fn is_canonical(&self, job: &Job<'_, 'a>) -> bool {
        native::says_canonical(self.subject.savepoint.metadata(), &job.handles)
    }

    fn keyed(&self, job: &Job<'_, 'a>, path: String, into: &mut Part) {
        let Some(handle) = &job.handles.managed_keyed else { return };
        let savepoint = &self.subject.savepoint;
        let part =
            savepoint::Part { operator: job.operator, subtask: job.index, state: PartState::ManagedKeyed(handle) };
        let KeyedHandle::KeyGroups(of) = handle else {
            let stream = Stream::none(path);
            let mut report = Report::new(&stream, into);
            native::handle(handle, self.is_canonical(job), &mut report);
            if let Err(Failure { why: Why::Native(format), .. }) = savepoint.keyed(&part, handle, |_| Ok(())) {
                native::not_read(format, &mut report);
            }
            return;
        };
        let stream = Stream::new(&self.subject.source.bytes, &of.delegate, path);
        let mut report = Report::new(&stream, into);
        native::handle(handle, self.is_canonical(job), &mut report);
        let id = job.id(StreamKind::ManagedKeyed);
        let read = savepoint.keyed(&part, handle, |stream| {
            keyed_header(stream, job.index, &mut report);
            (self.progress)(stream.header_end());
            if !native::is_native(stream, of, &mut report) {
                self.sections(&Sections::of(stream), &id, &mut report);
            }
            Ok(())
        });
        let Err(Failure { why, .. }) = read else { return };
        if let Some(max) = MaxParallelism::new(job.operator.max_parallelism).filter(|_| why.is_foreign_serializer()) {
            // Nothing is known of the states, and all that is around them can still be looked at.
            let _ = savepoint.keyed_sections(&part, handle, |sections| {
                self.sections(&Sections::nameless(sections, max), &id, &mut report);
                Ok(())
            });
        }
        match why {
            Why::Native(format) => native::not_read(format, &mut report),
            Why::Stream { error, .. } => keyed_error(&error, of, &mut report),
            _ => {}
        }
    }

    /// Looks at the sections that nobody has looked at, and joins all.
    fn sections(&self, sections: &Sections<'_>, id: &StreamId, report: &mut Report<'_>) {
        match self.known.sections(id) {
            None => {
                let parts = sections.look(report.stream(), self.in_parallel, self.progress);
                sections.join(parts, report);
            }
            Some(known) => {
                let stream = report.stream();
                let parts = sections.list.iter().map(|section| {
                    known.get(&section.key_group().0).cloned().unwrap_or_else(|| {
                        sections.look_at(std::slice::from_ref(section), stream, self.progress).swap_remove(0)
                    })
                });
                sections.join(parts, report);
            }
        }
    }

    /// Looks at the sections of some key groups of a keyed stream, and at nothing else.
    pub(super) fn key_groups(&self, job: &Job<'_, 'a>, groups: KeyGroupsOf) -> Vec<SectionPart> {
        let Some(handle @ KeyedHandle::KeyGroups(of)) = &job.handles.managed_keyed else { return Vec::new() };
        let savepoint = &self.subject.savepoint;
        let part =
            savepoint::Part { operator: job.operator, subtask: job.index, state: PartState::ManagedKeyed(handle) };
        let stream = Stream::new(&self.subject.source.bytes, &of.delegate, job.path(StreamKind::ManagedKeyed));
        let look = |mut sections: Sections<'_>| {
            sections.list.retain(|section| groups.contains(section.key_group().0.into()));
            sections.look(&stream, self.in_parallel, self.progress)
        };
        let parts = savepoint.parts(handle, |group| groups.contains(group.into()));
        let read = savepoint.keyed_piece(&part, handle, groups, &parts, |stream| Ok(look(Sections::of(stream))));
        let Err(Failure { why, .. }) = read else { return read.unwrap_or_default() };
        let max = MaxParallelism::new(job.operator.max_parallelism).filter(|_| why.is_foreign_serializer());
        let nameless = max.map(|max| {
            savepoint.keyed_sections_piece(&part, handle, groups, |all| Ok(look(Sections::nameless(all, max))))
        });
        nameless.and_then(Result::ok).unwrap_or_default()
    }

    fn raw_keyed(&self, job: &Job<'_, 'a>, path: String, into: &mut Part) {
        let Some(handle) = &job.handles.raw_keyed else { return };
        let KeyedHandle::KeyGroups(of) = handle else {
            return raw::keyed_handle(handle, &mut Report::new(&Stream::none(path), into));
        };
        let stream = Stream::new(&self.subject.source.bytes, &of.delegate, path);
        let mut report = Report::new(&stream, into);
        raw::keyed_handle(handle, &mut report);
        raw::keyed_order(of, &mut report);
        let part = savepoint::Part { operator: job.operator, subtask: job.index, state: PartState::RawKeyed(handle) };
        let is_canonical = self.is_canonical(job);
        let read = self.subject.savepoint.raw_keyed(&part, handle, |group, section| {
            let at = section_offset(&of.offsets, group).unwrap_or(0);
            raw::section(group, at, section, is_canonical, &mut report);
            (self.progress)(section.len() as u64);
        });
        match read.map_err(|failure| failure.why) {
            Err(Why::RawOffset { key_group, offset }) => {
                let i = key_group.saturating_sub(of.offsets.range().start());
                report.of_handle("RAW-KEYED-02", format_args!(".key_groups.offsets[{i}]"), || {
                    format!("offset {offset} of key group {key_group} is outside of the stream; -1 stands for none")
                });
            }
            Err(Why::Stream { error, .. }) => report.error(&error),
            _ => {}
        }
    }

    fn operator_state(&self, job: &Job<'_, 'a>, path: String, into: &mut Part) {
        let Some(handle) = &job.handles.managed_operator else { return };
        let stream = Stream::new(&self.subject.source.bytes, &handle.delegate, path);
        let mut report = Report::new(&stream, into);
        let state = PartState::ManagedOperator(handle);
        let part = savepoint::Part { operator: job.operator, subtask: job.index, state };
        let read = self.subject.savepoint.operator_state(&part, handle, |stream| {
            Elements::new(stream, handle).check(job.index, &mut report);
            (self.progress)(stream.len());
            Ok(())
        });
        if let Err(Failure { why: Why::Stream { error, .. }, .. }) = read {
            operator_error(&error, &mut report);
        }
    }

    fn raw_operator(&self, job: &Job<'_, 'a>, path: String, into: &mut Part) {
        let Some(handle) = &job.handles.raw_operator else { return };
        let stream = Stream::new(&self.subject.source.bytes, &handle.delegate, path);
        let mut report = Report::new(&stream, into);
        let savepoint = &self.subject.savepoint;
        // Checkpoints may merge files, which takes another handle.
        if !native::says_checkpoint(savepoint.metadata()) {
            raw::operator_handle(handle, &mut report);
        }
        let part =
            savepoint::Part { operator: job.operator, subtask: job.index, state: PartState::RawOperator(handle) };
        let read = savepoint.raw_operator(&part, handle, |_, partition| (self.progress)(partition.len() as u64));
        let why = read.map_err(|failure| failure.why);
        if let Err(Why::Stream { error, .. }) = &why {
            report.error(error);
        }
        if let Err(Why::RawPartition { state, offset }) = why {
            let states =
                handle.states.iter().enumerate().flat_map(|(i, meta)| {
                    meta.offsets.iter().enumerate().map(|(j, at)| (i, j, at)).collect::<Vec<_>>()
                });
            let place = states.into_iter().find(|(_, _, at)| *at == offset);
            let path = place.map_or_else(|| ".states".to_owned(), |(i, j, _)| format!(".states[{i}].offsets[{j}]"));
            report
                .of_handle("RAW-OPERATOR-02", path, || format!("offset {offset} of {state} is outside of the stream"));
        }
    }
}

impl Job<'_, '_> {
    pub(super) fn id(&self, kind: StreamKind) -> StreamId {
        StreamId { operator: self.number, subtask: self.at, kind }
    }

    fn has(&self, kind: StreamKind) -> bool {
        match kind {
            StreamKind::ManagedOperator => self.handles.managed_operator.is_some(),
            StreamKind::RawOperator => self.handles.raw_operator.is_some(),
            StreamKind::ManagedKeyed => self.handles.managed_keyed.is_some(),
            StreamKind::RawKeyed => self.handles.raw_keyed.is_some(),
        }
    }

    /// The field path of a handle.
    fn path(&self, kind: StreamKind) -> String {
        format!("operators[{}].subtasks[{}].state.{}", self.number, self.at, kind.name())
    }
}

/// Adds what was found in a stream; what its operator has to agree in is held against what was heard before.
fn join(part: Part, agreement: &mut Agreement, findings: &mut Findings) {
    let mut is_agreed = true;
    for item in part.into_items() {
        match item {
            Item::Finding(finding) | Item::Once(_, finding) => findings.take(finding),
            Item::Claim(claim) => is_agreed &= agreement.hear(claim, findings),
            Item::Again(finding) if is_agreed => findings.take(finding),
            Item::Again(_) => {}
        }
    }
}

fn max_parallelism(operator: &Operator<'_>, number: usize, findings: &mut Findings) {
    let found = operator.max_parallelism;
    let has_keyed = |state: &SubtaskState<'_>| matches!(state, SubtaskState::Running(handles) if handles.managed_keyed.is_some() || handles.raw_keyed.is_some());
    if MaxParallelism::new(found).is_none() && operator.subtasks().any(|subtask| has_keyed(&subtask.state)) {
        let spot = Spot::metadata(None, format!("operators[{number}].max_parallelism"));
        findings.add("KEYGROUP-MAX-01", spot, || {
            format!("max parallelism {found} of an operator with keyed state, it is 1 to 32768")
        });
    }
}

fn keyed_header(stream: &KeyedStream<'_>, subtask: u32, report: &mut Report<'_>) {
    let (header, bytes) = (stream.header(), stream.bytes());
    let offset = |i: usize| header.states.get(i).and_then(|state| offset_in(bytes, state.raw())).unwrap_or(0);
    keyed::header(header, offset, report);
    timers::header(&header.states, offset, report);
    let key_at = offset_in(bytes, header.key_serializer.raw()).unwrap_or(0);
    serializers::snapshot(&header.key_serializer, "header.key_serializer", key_at, report);
    for (i, state) in header.states.iter().enumerate() {
        if let StateKind::Keyed(kind) = state.kind {
            state_values::header(kind, state, i, offset(i), report);
        }
    }
    agreement::keyed(header, subtask, offset, report);
    let mut out = Output::new();
    if header.write(&mut out).is_ok() {
        header_again(&out.into_bytes(), bytes, stream.header_end(), report);
    }
}

/// Why a keyed stream could not be opened: offsets are in the handle, all else is in the stream.
fn keyed_error(error: &flink_savepoint::Error, handle: &KeyGroupsHandle<'_>, report: &mut Report<'_>) {
    let group = match error.kind() {
        ErrorKind::SharedOffset { second, .. } => Some(u64::from(*second)),
        ErrorKind::KeyGroupOffset { .. } | ErrorKind::KeyGroupBeyondMax { .. } => {
            error.segments().find_map(|segment| match segment {
                Segment::Index(group) => Some(group),
                Segment::Field(_) => None,
            })
        }
        _ => None,
    };
    match group {
        Some(group) => {
            let i = group.saturating_sub(handle.offsets.range().start().into());
            report.of_handle(error.kind().requirement(), format_args!(".offsets[{i}]"), || {
                format!("key group {group}: {}", error.kind())
            });
        }
        None => report.error(error),
    }
}

/// The same for an operator stream.
fn operator_error(error: &flink_savepoint::Error, report: &mut Report<'_>) {
    match error.kind() {
        ErrorKind::StateWithoutOffsets
        | ErrorKind::OffsetsWithoutState { .. }
        | ErrorKind::ModeMismatch
        | ErrorKind::BroadcastPartitions { .. }
        | ErrorKind::PartitionOffset { .. } => {
            report.of_handle(error.kind().requirement(), ".states", || {
                format!("{} of the stream: {}", error.path(), error.kind())
            });
        }
        _ => report.error(error),
    }
}
