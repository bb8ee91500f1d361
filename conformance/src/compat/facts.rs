//! What a savepoint has that not every release reads, whichever release is asked.

use std::collections::BTreeMap;

use flink_savepoint::Error;
use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::metadata::{
    Handles, KeyedHandle, MetadataVersion, Operator, OperatorStateHandle, StreamHandle, SubtaskState,
};
use flink_savepoint::operator::{OperatorStream, SnappyLayout};
use flink_savepoint::savepoint::{Failure, NativeFormat, Part, PartState, Savepoint, Store, Why};
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::wire::Input;

use super::snapshots;

/// A thing that some release may not read. In the order in which reasons are told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The version of `_metadata`.
    Metadata(i32),
    /// A type byte where a stream is named.
    StreamHandle(u8),
    /// A type byte where operator state is named.
    OperatorHandle(u8),
    /// A type byte where keyed state is named.
    KeyedHandle(u8),
    /// A changelog handle of type 8, 9 or 10, in the layout of 1.14 or not.
    Changelog {
        /// Whether it is the layout of 1.14.
        of_1_14: bool,
    },
    /// An incremental handle without meta state.
    NoMetaState,
    /// A subtask that had finished, of an operator that had not.
    FinishedSubtask,
    /// An operator that had finished.
    FinishedOperator,
    /// The version of the header of keyed state.
    KeyedStream(i32),
    /// The version of the header of operator state.
    OperatorStream(i32),
    /// Compressed operator state.
    OperatorSnappy {
        /// Whether offsets lead to elements, which 1.18.0 and 1.18.1 did not write.
        sound: bool,
        /// Whether no more than one state holds data.
        single: bool,
    },
    /// A serializer snapshot.
    Snapshot {
        /// Its class.
        class: String,
        /// Its version.
        version: i32,
        /// The outer version of a composite.
        outer: Option<i32>,
    },
    /// A class in a Java stream inside of a snapshot.
    JavaClass {
        /// Its name.
        name: String,
        /// Its `serialVersionUID`.
        uid: i64,
    },
    /// Values that Kryo wrote.
    Kryo {
        /// The version of `_metadata`, which tells the generation of Kryo.
        metadata: i32,
    },
    /// Keyed state in a format of one backend.
    Native(&'static str),
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The first place, for people.
    pub first: String,
    /// At how many places.
    pub count: u64,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Facts {
    /// Each thing once.
    pub found: BTreeMap<Fact, Found>,
    /// What could not be looked into, so that there may be more.
    pub unread: Vec<Failure>,
}

impl Facts {
    /// Looks through a savepoint: its metadata, and the headers of its state.
    pub fn of<S: Store>(savepoint: &Savepoint<'_, S>) -> Self {
        let mut facts = Self::default();
        let version = savepoint.metadata().version();
        facts.add(Fact::Metadata(version.number()), || "_metadata".to_owned());
        for operator in &savepoint.metadata().operators {
            facts.markers(&operator);
            let visited: Result<(), std::convert::Infallible> = savepoint.for_each_part(&operator, |part| {
                facts.part(savepoint, part);
                Ok(())
            });
            // Nothing stops it.
            let Ok(()) = visited;
        }
        facts
    }

    /// Looks at a serializer snapshot, with values that a release wrote whose metadata has that version.
    pub fn of_snapshot(snapshot: &SerializerSnapshot<'_>, version: MetadataVersion) -> Self {
        let mut facts = Self::default();
        snapshots::add(&mut facts, snapshot, Some(version), &|| "snapshot".to_owned());
        facts
    }

    pub(super) fn add(&mut self, fact: Fact, place: impl FnOnce() -> String) {
        self.found
            .entry(fact)
            .and_modify(|found| found.count += 1)
            .or_insert_with(|| Found { first: place(), count: 1 });
    }

    fn markers(&mut self, operator: &Operator<'_>) {
        if operator.is_fully_finished() {
            self.add(Fact::FinishedOperator, || title(operator));
            return;
        }
        for subtask in operator.subtasks() {
            let place = || format!("{}, subtask {}", title(operator), subtask.index);
            match &subtask.state {
                SubtaskState::Finished => self.add(Fact::FinishedSubtask, place),
                SubtaskState::Running(handles) => self.streams(handles, &place),
            }
        }
    }

    fn streams(&mut self, handles: &Handles<'_>, place: &dyn Fn() -> String) {
        handles.for_each_stream(|_, stream| self.add(Fact::StreamHandle(stream.type_byte()), place));
    }

    fn part<'a, S: Store>(&mut self, savepoint: &Savepoint<'a, S>, part: &Part<'_, 'a>) {
        let place = place_of(part);
        match part.state {
            PartState::ManagedKeyed(handle) => {
                self.keyed_handle(handle, &place);
                if let Err(failure) = self.keyed_state(savepoint, part, handle, &place) {
                    self.unread.push(failure);
                }
            }
            PartState::RawKeyed(handle) => self.keyed_handle(handle, &place),
            PartState::ManagedOperator(handle) => {
                self.add(Fact::OperatorHandle(handle.type_byte()), || place.clone());
                let version = savepoint.metadata().version();
                let read = savepoint.operator_state(part, handle, |stream| {
                    self.operator_state(stream, handle, version, &place);
                    Ok(())
                });
                if let Err(failure) = read {
                    self.unread.push(failure);
                }
            }
            PartState::RawOperator(handle) => self.add(Fact::OperatorHandle(handle.type_byte()), || place),
            PartState::Channels => {}
        }
    }

    /// The type bytes of a handle and of those in it.
    fn keyed_handle(&mut self, handle: &KeyedHandle<'_>, place: &str) {
        let text = || place.to_owned();
        self.add(Fact::KeyedHandle(handle.type_byte()), text);
        match handle {
            KeyedHandle::KeyGroups(_) => {}
            KeyedHandle::Incremental(handle) => {
                if handle.meta_state.is_none() {
                    self.add(Fact::NoMetaState, text);
                }
            }
            KeyedHandle::Changelog(handle) => {
                if handle.since_1_15.as_ref().is_none_or(|since| since.checkpoint_id.is_none()) {
                    self.add(Fact::Changelog { of_1_14: handle.since_1_15.is_none() }, text);
                }
                for part in handle.materialized.iter().chain(handle.non_materialized.iter()).flatten() {
                    self.keyed_handle(&part, place);
                }
            }
            KeyedHandle::ByteIncrement(handle) => {
                self.add(Fact::Changelog { of_1_14: handle.state_handle_id.is_none() }, text);
            }
            KeyedHandle::FileIncrement(handle) => {
                if handle.since_1_15.as_ref().is_none_or(|since| since.storage.is_none()) {
                    self.add(Fact::Changelog { of_1_14: handle.since_1_15.is_none() }, text);
                }
            }
        }
    }

    /// The serializers of keyed state. Native formats start with the same header as the canonical one.
    fn keyed_state<'a, S: Store>(
        &mut self,
        savepoint: &Savepoint<'a, S>,
        part: &Part<'_, 'a>,
        handle: &KeyedHandle<'a>,
        place: &str,
    ) -> Result<(), Failure> {
        let version = savepoint.metadata().version();
        match handle {
            KeyedHandle::KeyGroups(key_groups) => {
                let is_empty = key_groups.offsets.iter().all(|(_, offset)| offset == 0);
                let read = savepoint.keyed(part, handle, |stream| {
                    self.keyed_header(stream.header(), is_empty, version, place);
                    Ok(())
                });
                match read {
                    Err(Failure { why: Why::Native(NativeFormat::Heap), .. }) => {
                        self.add(Fact::Native("hashmap"), || place.to_owned());
                        self.native_header(savepoint, part, &key_groups.delegate, place)
                    }
                    other => other,
                }
            }
            KeyedHandle::Incremental(incremental) => {
                self.add(Fact::Native("rocksdb"), || place.to_owned());
                match &incremental.meta_state {
                    Some(stream) => self.native_header(savepoint, part, stream, place),
                    None => Ok(()),
                }
            }
            KeyedHandle::Changelog(changelog) => {
                self.add(Fact::Native("changelog"), || place.to_owned());
                changelog
                    .materialized
                    .iter()
                    .flatten()
                    .try_for_each(|inner| self.keyed_state(savepoint, part, &inner, place))
            }
            KeyedHandle::ByteIncrement(_) | KeyedHandle::FileIncrement(_) => Ok(()),
        }
    }

    fn native_header<'a, S: Store>(
        &mut self,
        savepoint: &Savepoint<'a, S>,
        part: &Part<'_, 'a>,
        stream: &StreamHandle<'a>,
        place: &str,
    ) -> Result<(), Failure> {
        let failed =
            |why| Failure { operator: part.operator.id, subtask: part.subtask, state: part.state.label(), why };
        let bytes = savepoint.bytes(stream).map_err(failed)?;
        let read = |error: Error| failed(Why::Stream { file: part.file(), error });
        let (_, header) = KeyedHeader::read(Input::new(bytes.as_ref())).map_err(read)?;
        self.keyed_header(&header, false, savepoint.metadata().version(), place);
        Ok(())
    }

    fn keyed_header(&mut self, header: &KeyedHeader<'_>, is_empty: bool, version: MetadataVersion, place: &str) {
        // Older ones are not read here.
        self.add(Fact::KeyedStream(6), || place.to_owned());
        let kryo = (!is_empty).then_some(version);
        snapshots::add(self, &header.key_serializer, kryo, &|| format!("{place}, key serializer"));
        for state in &header.states {
            snapshots::add_state(self, state, kryo, place);
        }
    }

    fn operator_state(
        &mut self,
        stream: &OperatorStream<'_>,
        handle: &OperatorStateHandle<'_>,
        version: MetadataVersion,
        place: &str,
    ) {
        self.add(Fact::OperatorStream(stream.header().version()), || place.to_owned());
        let holds_data = |name: &_| handle.states.iter().any(|meta| meta.name == *name && !meta.offsets.is_empty());
        // One element, or none, is the same in both layouts.
        let held: Vec<usize> = handle.states.iter().map(|meta| meta.offsets.len()).filter(|held| *held > 0).collect();
        if matches!(stream.layout(), SnappyLayout::ByElement | SnappyLayout::ByState) && held.iter().sum::<usize>() > 1
        {
            let sound = stream.layout() == SnappyLayout::ByElement;
            self.add(Fact::OperatorSnappy { sound, single: held.len() == 1 }, || place.to_owned());
        }
        for state in stream.header().all_states() {
            let kryo = holds_data(&state.name).then_some(version);
            snapshots::add_state(self, state, kryo, place);
        }
    }
}

/// What to call an operator: its uid, else its name, else its id.
fn title(operator: &Operator<'_>) -> String {
    let named = operator.uid.as_ref().or(operator.name.as_ref());
    named.map_or_else(|| format!("operator {}", operator.id), |name| format!("operator {name} ({})", operator.id))
}

fn place_of(part: &Part<'_, '_>) -> String {
    format!("{}, subtask {}, {} state", title(part.operator), part.subtask, part.state.label())
}
