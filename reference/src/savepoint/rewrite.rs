//! Writes a savepoint anew: for another release, with other compression, with other streams inline.

use std::fmt;
use std::io::{self, Write};

use super::{Failure, Part, PartState, Savepoint, SavepointWriter, Store, Why};
use crate::keyed::{KeyedHeader, KeyedStream, KeyedWriter};
use crate::meta_info::StateMetaInfo;
use crate::metadata::{
    Dropping, Handles, KeyGroupsHandle, KeyedHandle, Metadata, Operator, OperatorStateHandle, Release, StreamHandle,
    Subtask, SubtaskState, Subtasks, Target,
};
use crate::operator::{OperatorHeader, OperatorStream, OperatorWriter};
use crate::{Error, ErrorKind};

/// How to write a savepoint anew.
///
/// Streams are copied as they are unless the target reads them differently:
///
/// | what | for | becomes |
/// |---|---|---|
/// | operator state of version 6 | 1.13 to 1.17 | version 5, uncompressed |
/// | compressed operator state of Flink 1.18.0 and 1.18.1 | all | the layout of later releases |
/// | `TtlAwareSerializerSnapshot` in a header | 1.13 to 2.0 | the snapshot that it wraps |
/// | operator state of version 5 | 1.18 and later | stays; all releases read it |
#[derive(Debug, Clone, Copy)]
pub struct Rewrite {
    /// The release that has to read it.
    pub release: Release,
    /// What may be left out if that release cannot hold it.
    pub dropping: Dropping,
    /// Whether to compress state; as it was if not said.
    pub compression: Option<bool>,
}

/// Why a savepoint cannot be written anew.
#[derive(Debug)]
pub enum RewriteError {
    /// A part of it cannot be read.
    Part(Failure),
    /// It cannot be written: to the disk, or for that release ([`io::Error::downcast`] to [`Error`] tells).
    Write(io::Error),
}

impl Rewrite {
    /// For that release, with everything as it was; an error if something cannot be held.
    pub fn new(release: Release) -> Self {
        Self { release, dropping: Dropping::NOTHING, compression: None }
    }

    /// Writes `savepoint` to `writer`.
    pub fn run<S: Store>(self, savepoint: &Savepoint<'_, S>, mut writer: SavepointWriter) -> Result<(), RewriteError> {
        let from = savepoint.metadata();
        let mut metadata = Metadata::new(self.release.metadata_version(), from.checkpoint_id);
        metadata.master_states = from.master_states.clone();
        metadata.properties.clone_from(&from.properties);
        let mut operators = Vec::new();
        for operator in &from.operators {
            let subtasks = self.subtasks(savepoint, &operator, &mut writer)?;
            operators.push(Operator { subtasks, ..operator });
        }
        metadata.operators = operators.into();
        let target = Target::release(self.release).dropping(self.dropping);
        writer.finish(&metadata, target).map_err(RewriteError::Write)
    }

    fn subtasks<'a, S: Store>(
        self,
        savepoint: &Savepoint<'a, S>,
        operator: &Operator<'a>,
        writer: &mut SavepointWriter,
    ) -> Result<Subtasks<'a>, RewriteError> {
        if operator.is_fully_finished() {
            return Ok(Subtasks::FullyFinished);
        }
        let mut subtasks = Vec::new();
        for Subtask { index, state } in operator.subtasks() {
            let SubtaskState::Running(handles) = state else {
                subtasks.push(Subtask { index, state });
                continue;
            };
            let mut written = Handles::default();
            for state in PartState::of(&handles) {
                let part = Part { operator, subtask: index, state };
                let mut copy = Copy { rewrite: self, savepoint, part: &part, writer };
                match state {
                    PartState::ManagedKeyed(handle) => written.managed_keyed = Some(copy.keyed(handle)?),
                    PartState::RawKeyed(handle) => written.raw_keyed = Some(copy.raw_keyed(handle)?),
                    PartState::ManagedOperator(handle) => {
                        written.managed_operator = Some(copy.operator_state(handle)?);
                    }
                    PartState::RawOperator(handle) => written.raw_operator = Some(copy.raw_operator(handle)?),
                    PartState::Channels => return Err(copy.failed(Why::InFlight)),
                }
            }
            subtasks.push(Subtask { index, state: SubtaskState::Running(written) });
        }
        Ok(Subtasks::Listed(subtasks.into()))
    }
}

/// One part on its way.
struct Copy<'c, 'a, S> {
    rewrite: Rewrite,
    savepoint: &'c Savepoint<'a, S>,
    part: &'c Part<'c, 'a>,
    writer: &'c mut SavepointWriter,
}

impl<'a, S: Store> Copy<'_, 'a, S> {
    fn failed(&self, why: Why) -> RewriteError {
        RewriteError::Part(Failure::of(self.part, why))
    }

    fn verbatim(&mut self, stream: &StreamHandle<'a>) -> Result<StreamHandle<'a>, RewriteError> {
        let bytes = self.savepoint.bytes(stream).map_err(|why| self.failed(why))?;
        let mut copy = self.writer.stream();
        copy.write_all(bytes.as_ref()).map_err(RewriteError::Write)?;
        self.writer.close(copy).map_err(RewriteError::Write)
    }

    fn keyed(&mut self, handle: &KeyedHandle<'a>) -> Result<KeyedHandle<'a>, RewriteError> {
        let (rewrite, part, writer) = (self.rewrite, self.part, &mut *self.writer);
        let recoded = self.savepoint.keyed(part, handle, |stream| {
            let Some(header) = rewrite.keyed_header(stream.header()) else { return Ok(None) };
            Ok(Some(recode_keyed(stream, part, handle, &header, writer)))
        });
        match recoded.map_err(RewriteError::Part)? {
            Some(written) => written,
            None => self.raw_keyed(handle),
        }
    }

    fn key_groups(&mut self, handle: &KeyGroupsHandle<'a>) -> Result<KeyedHandle<'a>, RewriteError> {
        let delegate = self.verbatim(&handle.delegate)?;
        Ok(KeyedHandle::KeyGroups(KeyGroupsHandle { delegate, ..handle.clone() }))
    }

    fn raw_keyed(&mut self, handle: &KeyedHandle<'a>) -> Result<KeyedHandle<'a>, RewriteError> {
        match handle {
            KeyedHandle::KeyGroups(handle) => self.key_groups(handle),
            other => Err(self.failed(Why::Native(super::NativeFormat::of_handle(other)))),
        }
    }

    fn operator_state(&mut self, handle: &OperatorStateHandle<'a>) -> Result<OperatorStateHandle<'a>, RewriteError> {
        let (rewrite, part, writer) = (self.rewrite, self.part, &mut *self.writer);
        let recoded = self.savepoint.operator_state(part, handle, |stream| {
            let Some(header) = rewrite.operator_header(stream) else { return Ok(None) };
            Ok(Some(recode_operator(stream, part, &header, writer)))
        });
        match recoded.map_err(RewriteError::Part)? {
            Some(written) => written,
            None => self.raw_operator(handle),
        }
    }

    fn raw_operator(&mut self, handle: &OperatorStateHandle<'a>) -> Result<OperatorStateHandle<'a>, RewriteError> {
        let delegate = self.verbatim(&handle.delegate)?;
        Ok(OperatorStateHandle { delegate, ..handle.clone() })
    }
}

impl Rewrite {
    /// The header to write; none if the stream can stay as it is.
    fn keyed_header<'h>(self, header: &KeyedHeader<'h>) -> Option<KeyedHeader<'h>> {
        let compressed = self.compression.unwrap_or(header.compressed);
        let states = self.plain_states(&header.states);
        if compressed == header.compressed && states.is_none() {
            return None;
        }
        let states = states.unwrap_or_else(|| header.states.clone());
        Some(KeyedHeader { compressed, states, key_serializer: header.key_serializer.clone() })
    }

    fn operator_header<'h>(self, stream: &OperatorStream<'h>) -> Option<OperatorHeader<'h>> {
        let header = stream.header();
        let compressed = if self.release < Release::V1_18 {
            None
        } else if let Some(asked) = self.compression {
            // Version 5 does not compress.
            if asked { Some(true) } else { header.compressed.and(Some(false)) }
        } else {
            header.compressed
        };
        let states = [self.plain_states(&header.states), self.plain_states(&header.broadcast_states)];
        let stays = stream.layout().has_offsets_of_elements() && states.iter().all(Option::is_none);
        if compressed == header.compressed && stays {
            return None;
        }
        let [states, broadcast_states] = states;
        Some(OperatorHeader {
            compressed,
            states: states.unwrap_or_else(|| header.states.clone()),
            broadcast_states: broadcast_states.unwrap_or_else(|| header.broadcast_states.clone()),
        })
    }

    /// The states without what only Flink 2.1 and later read; none if there is nothing of it.
    fn plain_states<'h>(self, states: &[StateMetaInfo<'h>]) -> Option<Vec<StateMetaInfo<'h>>> {
        if self.release >= Release::V2_1 || !states.iter().any(StateMetaInfo::is_ttl_aware) {
            return None;
        }
        Some(states.iter().map(StateMetaInfo::without_ttl_awareness).collect())
    }
}

type Written<H> = Result<H, RewriteError>;

/// On which side copying an entry failed.
enum Broken {
    Read(Error),
    Write(io::Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Read(error)
    }
}

impl Broken {
    fn of(self, part: &Part<'_, '_>) -> RewriteError {
        match self {
            Self::Read(error) => {
                let file = part.stream().and_then(super::name_of);
                RewriteError::Part(Failure::of(part, Why::Stream { file, error }))
            }
            Self::Write(error) => RewriteError::Write(error),
        }
    }
}

fn recode_keyed(
    stream: &KeyedStream<'_>,
    part: &Part<'_, '_>,
    handle: &KeyedHandle<'_>,
    header: &KeyedHeader<'_>,
    writer: &mut SavepointWriter,
) -> Written<KeyedHandle<'static>> {
    let mut keyed = KeyedWriter::new(writer.stream(), header, handle.key_groups(), stream.max_parallelism())
        .map_err(RewriteError::Write)?;
    let mut sections: Vec<_> = stream.sections().collect();
    sections.sort_by_key(crate::keyed::Section::key_group);
    let mut buffer = Vec::new();
    for section in sections {
        let group = section.key_group();
        section
            .for_each(&mut buffer, |entry| {
                if entry.key_group != group {
                    let kind = ErrorKind::KeyGroupPrefix { found: entry.key_group.0 };
                    return Err(Error::new(kind, section.offset()).within("key_group", usize::from(group.0)).into());
                }
                keyed.entry(group, entry.state, entry.key, entry.value).map_err(Broken::Write)
            })
            .map_err(|broken: Broken| broken.of(part))?;
    }
    keyed.finish().and_then(|written| writer.keyed(written)).map_err(RewriteError::Write)
}

fn recode_operator(
    stream: &OperatorStream<'_>,
    part: &Part<'_, '_>,
    header: &OperatorHeader<'_>,
    writer: &mut SavepointWriter,
) -> Written<OperatorStateHandle<'static>> {
    let mut operator = OperatorWriter::new(writer.stream(), header).map_err(RewriteError::Write)?;
    let mut buffer = Vec::new();
    for (i, state) in header.all_states().enumerate() {
        let told_apart = stream
            .for_each_partition(i, &mut buffer, |partition| operator.partition(i, partition).map_err(Broken::Write))
            .map_err(|broken: Broken| broken.of(part))?;
        if !told_apart {
            return Err(RewriteError::Part(Failure::of(part, Why::Undivided { state: state.name.to_string() })));
        }
    }
    operator.finish().and_then(|written| writer.operator_state(written)).map_err(RewriteError::Write)
}

impl fmt::Display for RewriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(failure) => failure.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RewriteError {}
