//! The streams that a metadata file points to: what they are, and what it takes to read them.

use std::collections::BTreeMap;

use flink_savepoint::keyed::MaxParallelism;
use flink_savepoint::metadata::{
    Handles, KeyGroupOffsets, KeyGroupsFormat, KeyedHandle, Metadata, OperatorStateHandle, StreamHandle, SubtaskState,
};
use flink_savepoint::serializer::Hints;

/// A stream of state, with what only the metadata knows of it.
#[derive(Debug, Clone)]
pub(super) struct Stream<'m> {
    pub(super) kind: Kind<'m>,
    /// Operator and subtask, for people.
    whose: String,
}

/// What a stream holds.
#[derive(Debug, Clone)]
pub(super) enum Kind<'m> {
    /// Keyed state; without a handle its sections are read one after the other.
    Keyed {
        offsets: Option<KeyGroupOffsets<'m>>,
        max: Option<MaxParallelism>,
        /// The handle says that the format is the canonical one; of others it may be.
        canonical: bool,
    },
    /// Operator state; without a handle its partitions cannot be told apart.
    Operator(Option<OperatorStateHandle<'m>>),
    /// A stream of the operator's own for each key group.
    RawKeyed(KeyGroupOffsets<'m>),
    /// Byte strings of the operator's own.
    RawOperator(OperatorStateHandle<'m>),
    /// A stream in a format that is not defined here.
    Native(&'static str),
}

impl Stream<'_> {
    /// A stream of which nothing but its content is known.
    pub(super) fn alone(kind: Kind<'_>) -> Stream<'_> {
        Stream { kind, whose: String::new() }
    }

    /// For people.
    pub(super) fn about(&self) -> String {
        let what = match &self.kind {
            Kind::Keyed { .. } => "keyed state",
            Kind::Operator(_) => "operator state",
            Kind::RawKeyed(_) => "raw keyed state",
            Kind::RawOperator(_) => "raw operator state",
            Kind::Native(format) => format,
        };
        if self.whose.is_empty() { what.to_owned() } else { format!("{what} of {}", self.whose) }
    }
}

/// All streams of a metadata file.
#[derive(Debug, Default)]
pub(super) struct Streams<'m> {
    inline: BTreeMap<u64, Stream<'m>>,
    files: BTreeMap<String, Stream<'m>>,
    /// What is known of serializers that Flink does not ship.
    pub(super) hints: Hints,
}

impl<'m> Streams<'m> {
    /// The streams of `metadata`, which was read from `bytes`.
    pub(super) fn of(bytes: &[u8], metadata: &Metadata<'m>) -> Self {
        let mut all = Self::default();
        for operator in &metadata.operators {
            let max = MaxParallelism::new(operator.max_parallelism);
            let who = operator.uid.as_ref().or(operator.name.as_ref()).map(ToString::to_string);
            let who = who.unwrap_or_else(|| operator.id.to_string());
            for subtask in operator.subtasks() {
                let SubtaskState::Running(handles) = &subtask.state else { continue };
                let Handles { managed_operator, raw_operator, managed_keyed, raw_keyed, .. } = handles;
                let whose = format!("{who}, subtask {}", subtask.index);
                let mut add = |delegate: &StreamHandle<'m>, kind| {
                    all.add(bytes, delegate, Stream { kind, whose: whose.clone() });
                };
                if let Some(handle) = managed_operator {
                    add(&handle.delegate, Kind::Operator(Some(handle.clone())));
                }
                if let Some(handle) = raw_operator {
                    add(&handle.delegate, Kind::RawOperator(handle.clone()));
                }
                if let Some(KeyedHandle::KeyGroups(handle)) = managed_keyed {
                    let canonical = handle.format == KeyGroupsFormat::Savepoint;
                    add(&handle.delegate, Kind::Keyed { offsets: Some(handle.offsets.clone()), max, canonical });
                }
                if let Some(KeyedHandle::Incremental(handle)) = managed_keyed {
                    // A header and nothing else.
                    if let Some(meta) = &handle.meta_state {
                        add(meta, Kind::Keyed { offsets: None, max, canonical: true });
                    }
                    for file in handle.shared_state.iter().chain(handle.private_state.iter()) {
                        add(&file.handle, Kind::Native("a file of a RocksDB database"));
                    }
                }
                if let Some(KeyedHandle::KeyGroups(handle)) = raw_keyed {
                    add(&handle.delegate, Kind::RawKeyed(handle.offsets.clone()));
                }
            }
        }
        all
    }

    fn add(&mut self, bytes: &[u8], delegate: &StreamHandle<'m>, stream: Stream<'m>) {
        match delegate {
            StreamHandle::ByteStream(inline) => {
                // Borrowed from `bytes`, where it stands.
                let offset = (inline.data.as_ptr() as usize).checked_sub(bytes.as_ptr() as usize);
                if let Some(offset) = offset.filter(|offset| *offset < bytes.len()) {
                    self.inline.insert(offset as u64, stream);
                }
            }
            StreamHandle::KeyGroups(handle) => self.add(bytes, &handle.delegate, stream),
            other => {
                let path = other.path().map(ToString::to_string).unwrap_or_default();
                let name = path.rsplit('/').next().unwrap_or_default();
                self.files.insert(name.to_owned(), stream);
            }
        }
    }

    /// The inline state whose bytes start at that offset of the metadata file.
    pub(super) fn inline(&self, offset: u64) -> Option<&Stream<'m>> {
        self.inline.get(&offset)
    }

    /// The state in the file of that name.
    pub(super) fn file(&self, name: &str) -> Option<&Stream<'m>> {
        self.files.get(name)
    }
}
