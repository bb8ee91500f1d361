//! All streams that a subtask's handles lead to, however deep.

use super::channel_handle::ChannelHandle;
use super::keyed_handle::{IncrementalHandle, KeyedHandle};
use super::stream_handle::StreamHandle;
use super::subtask::Handles;

/// Which part of a subtask's state a handle belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateKind {
    /// `managedOperatorState`.
    ManagedOperator,
    /// `rawOperatorState`.
    RawOperator,
    /// `managedKeyedState`.
    ManagedKeyed,
    /// `rawKeyedState`.
    RawKeyed,
    /// `inputChannelState`.
    InputChannel,
    /// `resultSubpartitionState`.
    ResultSubpartition,
}

impl<'a> Handles<'a> {
    /// Calls `visit` with every stream, in the order of the file. A handle that wraps another is not itself a stream.
    pub fn for_each_stream(&self, mut visit: impl FnMut(StateKind, &StreamHandle<'a>)) {
        for (kind, handle) in
            [(StateKind::ManagedOperator, &self.managed_operator), (StateKind::RawOperator, &self.raw_operator)]
        {
            if let Some(handle) = handle {
                innermost(&handle.delegate, &mut |stream| visit(kind, stream));
            }
        }
        for (kind, handle) in [(StateKind::ManagedKeyed, &self.managed_keyed), (StateKind::RawKeyed, &self.raw_keyed)] {
            if let Some(handle) = handle {
                handle.for_each_stream(&mut |stream| visit(kind, stream));
            }
        }
        let mut channel = |kind, delegate: &StreamHandle<'a>| innermost(delegate, &mut |stream| visit(kind, stream));
        self.input_channels.iter().for_each(|h: ChannelHandle<'_, _>| channel(StateKind::InputChannel, &h.delegate));
        self.result_subpartitions.iter().for_each(|h| channel(StateKind::ResultSubpartition, &h.delegate));
    }
}

impl<'a> KeyedHandle<'a> {
    /// Calls `visit` with every stream of the handle, in the order of the file.
    pub fn for_each_stream(&self, visit: &mut dyn FnMut(&StreamHandle<'a>)) {
        match self {
            Self::KeyGroups(handle) => innermost(&handle.delegate, visit),
            Self::Incremental(handle) => {
                let IncrementalHandle { meta_state, shared_state, private_state, .. } = &**handle;
                if let Some(stream) = meta_state {
                    innermost(stream, visit);
                }
                shared_state.iter().chain(private_state.iter()).for_each(|named| innermost(&named.handle, visit));
            }
            Self::Changelog(handle) => handle
                .materialized
                .iter()
                .chain(handle.non_materialized.iter())
                .flatten()
                .for_each(|part| part.for_each_stream(visit)),
            Self::ByteIncrement(_) => {}
            Self::FileIncrement(handle) => handle.handles.iter().for_each(|at| innermost(&at.handle, visit)),
        }
    }

    /// What Flink calls the class of the handle.
    pub fn class_name(&self) -> &'static str {
        match self {
            Self::KeyGroups(handle) if handle.format == super::KeyGroupsFormat::Savepoint => {
                "KeyGroupsSavepointStateHandle"
            }
            Self::KeyGroups(_) => "KeyGroupsStateHandle",
            Self::Incremental(_) => "IncrementalRemoteKeyedStateHandle",
            Self::Changelog(_) => "ChangelogStateBackendHandle",
            Self::ByteIncrement(_) => "InMemoryChangelogStateHandle",
            Self::FileIncrement(_) => "ChangelogStateHandleStreamImpl",
        }
    }
}

/// The stream below handles of type 3 in stream position.
fn innermost<'a>(stream: &StreamHandle<'a>, visit: &mut dyn FnMut(&StreamHandle<'a>)) {
    match stream {
        StreamHandle::KeyGroups(handle) => innermost(&handle.delegate, visit),
        stream => visit(stream),
    }
}
