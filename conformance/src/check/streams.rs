//! Opens the streams of a savepoint, one after the other, and lets the rules of the chapters look at each.

use std::path::Path;

use flink_savepoint::ErrorKind;
use flink_savepoint::error::Segment;
use flink_savepoint::keyed::{KeyedSections, KeyedStream, KeyedWriter, MaxParallelism};
use flink_savepoint::metadata::{
    Handles, KeyGroupsHandle, KeyedHandle, Metadata, Operator, OperatorStateHandle, SubtaskState,
};
use flink_savepoint::savepoint::{Failure, Part, PartState, Savepoint, Why};
use flink_savepoint::wire::Output;

use super::agreement::Agreement;
use super::finding::{Finding, Findings, Spot};
use super::operator::Elements;
use super::place::Report;
use super::rewritten::{Compare, header_again};
use super::sections::{Sections, State};
use super::subject::Subject;
use super::{
    Chapter, compression, conventions, key_groups, keyed, native, operator, raw, serializers, state_values, timers,
    values,
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
    let operators = savepoint.metadata().operators.iter().collect();
    let mut findings = Findings::default();
    check(&Subject { source: &source, savepoint: &savepoint, operators }, &mut findings, &mut |_| {});
    Ok(findings.into_sorted())
}

/// Looks at every stream. A stream that cannot be opened is passed over if its handle or its file is to blame: others look after
/// these. `progress` is told of the bytes that were read.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings, progress: &mut dyn FnMut(u64)) {
    for (i, operator) in subject.operators.iter().enumerate() {
        let mut streams =
            Streams { subject, operator, number: i, agreement: Agreement::default(), findings, progress, max: None };
        streams.max = streams.max_parallelism();
        for (j, subtask) in operator.subtasks().enumerate() {
            if let SubtaskState::Running(handles) = &subtask.state {
                streams.subtask(subtask.index, handles, &format!("operators[{i}].subtasks[{j}].state"));
            }
        }
    }
}

struct Streams<'c, 'a> {
    subject: &'c Subject<'a>,
    operator: &'c Operator<'a>,
    number: usize,
    agreement: Agreement,
    findings: &'c mut Findings,
    progress: &'c mut dyn FnMut(u64),
    max: Option<MaxParallelism>,
}

impl<'a> Streams<'_, 'a> {
    fn max_parallelism(&mut self) -> Option<MaxParallelism> {
        let found = self.operator.max_parallelism;
        let max = MaxParallelism::new(found);
        let has_keyed = |state: &SubtaskState<'_>| matches!(state, SubtaskState::Running(handles) if handles.managed_keyed.is_some() || handles.raw_keyed.is_some());
        if max.is_none() && self.operator.subtasks().any(|subtask| has_keyed(&subtask.state)) {
            let spot = Spot::metadata(None, format!("operators[{}].max_parallelism", self.number));
            self.findings.add("KEYGROUP-MAX-01", spot, || {
                format!("max parallelism {found} of an operator with keyed state, it is 1 to 32768")
            });
        }
        max
    }

    fn subtask(&mut self, index: u32, handles: &Handles<'a>, path: &str) {
        let is_canonical = native::says_canonical(self.subject.savepoint.metadata(), handles);
        if let Some(handle) = &handles.managed_operator {
            self.operator_state(index, handle, format!("{path}.managed_operator"));
        }
        if let Some(handle) = &handles.raw_operator {
            self.raw_operator(index, handle, format!("{path}.raw_operator"));
        }
        if let Some(handle) = &handles.managed_keyed {
            self.keyed(index, handle, is_canonical, format!("{path}.managed_keyed"));
        }
        if let Some(handle) = &handles.raw_keyed {
            self.raw_keyed(index, handle, is_canonical, format!("{path}.raw_keyed"));
        }
    }

    fn keyed(&mut self, index: u32, handle: &KeyedHandle<'a>, is_canonical: bool, path: String) {
        let Self { subject, operator, agreement, findings, progress, .. } = self;
        let metadata = &subject.source.bytes;
        let KeyedHandle::KeyGroups(of) = handle else {
            let nowhere = flink_savepoint::metadata::StreamHandle::EmptySegment;
            let mut report = Report::new(findings, metadata, &nowhere, path);
            native::handle(handle, is_canonical, &mut report);
            let part = Part { operator, subtask: index, state: PartState::ManagedKeyed(handle) };
            if let Err(Failure { why: Why::Native(format), .. }) = subject.savepoint.keyed(&part, handle, |_| Ok(())) {
                native::not_read(format, &mut report);
            }
            return;
        };
        let mut report = Report::new(findings, metadata, &of.delegate, path);
        native::handle(handle, is_canonical, &mut report);
        let part = Part { operator, subtask: index, state: PartState::ManagedKeyed(handle) };
        let read = subject.savepoint.keyed(&part, handle, |stream| {
            keyed_stream(stream, of, index, agreement, &mut report, *progress);
            Ok(())
        });
        let Err(Failure { why, .. }) = read else { return };
        if why.is_foreign_serializer()
            && let Some(max) = self.max
        {
            // Nothing is known of the states, and all that is around them can still be looked at.
            let _ = subject.savepoint.keyed_sections(&part, handle, |sections| {
                nameless(sections, max, &mut report, *progress);
                Ok(())
            });
        }
        match why {
            Why::Native(format) => native::not_read(format, &mut report),
            Why::Stream { error, .. } => keyed_error(&error, of, &mut report),
            _ => {}
        }
    }

    fn raw_keyed(&mut self, index: u32, handle: &KeyedHandle<'a>, is_canonical: bool, path: String) {
        let Self { subject, operator, findings, progress, .. } = self;
        let nowhere = flink_savepoint::metadata::StreamHandle::EmptySegment;
        let KeyedHandle::KeyGroups(of) = handle else {
            return raw::keyed_handle(handle, &mut Report::new(findings, &[], &nowhere, path));
        };
        let mut report = Report::new(findings, &subject.source.bytes, &of.delegate, path);
        raw::keyed_handle(handle, &mut report);
        raw::keyed_order(of, &mut report);
        let part = Part { operator, subtask: index, state: PartState::RawKeyed(handle) };
        let read = subject.savepoint.raw_keyed(&part, handle, |group, section| {
            let at = section_offset(&of.offsets, group).unwrap_or(0);
            raw::section(group, at, section, is_canonical, &mut report);
            progress(section.len() as u64);
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

    fn operator_state(&mut self, index: u32, handle: &OperatorStateHandle<'a>, path: String) {
        let Self { subject, operator, agreement, findings, progress, .. } = self;
        let mut report = Report::new(findings, &subject.source.bytes, &handle.delegate, path);
        let part = Part { operator, subtask: index, state: PartState::ManagedOperator(handle) };
        let read = subject.savepoint.operator_state(&part, handle, |stream| {
            Elements::new(stream, handle).check(index, agreement, &mut report);
            progress(stream.len());
            Ok(())
        });
        if let Err(Failure { why: Why::Stream { error, .. }, .. }) = read {
            operator_error(&error, &mut report);
        }
    }

    fn raw_operator(&mut self, index: u32, handle: &OperatorStateHandle<'a>, path: String) {
        let Self { subject, operator, findings, progress, .. } = self;
        let mut report = Report::new(findings, &subject.source.bytes, &handle.delegate, path);
        // Checkpoints may merge files, which takes another handle.
        if !native::says_checkpoint(subject.savepoint.metadata()) {
            raw::operator_handle(handle, &mut report);
        }
        let part = Part { operator, subtask: index, state: PartState::RawOperator(handle) };
        let read = subject.savepoint.raw_operator(&part, handle, |_, partition| progress(partition.len() as u64));
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

fn keyed_stream(
    stream: &KeyedStream<'_>,
    handle: &KeyGroupsHandle<'_>,
    subtask: u32,
    agreement: &mut Agreement,
    report: &mut Report<'_>,
    progress: &mut dyn FnMut(u64),
) {
    let (header, bytes, max) = (stream.header(), stream.bytes(), stream.max_parallelism());
    let offset = |i: usize| header.states.get(i).and_then(|state| offset_in(bytes, state.raw())).unwrap_or(0);
    keyed::header(header, offset, report);
    timers::header(&header.states, offset, report);
    let key_at = offset_in(bytes, header.key_serializer.raw()).unwrap_or(0);
    serializers::snapshot(&header.key_serializer, "header.key_serializer", key_at, report);
    let states: Vec<State> = header.states.iter().map(|state| State::new(header, state, max)).collect();
    for (i, state) in states.iter().enumerate() {
        if let State::Keyed(_, values) = state {
            values.header(i, offset(i), report);
        }
    }
    agreement.keyed(header, subtask, offset, report);
    let mut out = Output::new();
    if header.write(&mut out).is_ok() {
        header_again(&out.into_bytes(), bytes, stream.header_end(), report);
    }
    progress(stream.header_end());
    if native::is_native(stream, handle, report) {
        return;
    }
    let writer = (!header.compressed)
        .then(|| KeyedWriter::new(Compare::new(bytes), header, handle.offsets.range(), max).ok())
        .flatten();
    let list = stream.sections().collect();
    Sections { bytes, max, header_end: Some(stream.header_end()), states: Some(states), list, writer }
        .check(report, progress);
}

fn nameless(sections: &KeyedSections<'_>, max: MaxParallelism, report: &mut Report<'_>, progress: &mut dyn FnMut(u64)) {
    Sections {
        bytes: sections.bytes(),
        max,
        header_end: None,
        states: None,
        list: sections.iter().collect(),
        writer: None,
    }
    .check(report, progress);
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
