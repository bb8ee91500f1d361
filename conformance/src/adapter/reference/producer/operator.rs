//! Split, union and broadcast state.

use std::io::Write;

use flink_savepoint::meta_info::StateKind;
use flink_savepoint::metadata::{Handles, Mode, Offsets, Release, StateMeta};
use flink_savepoint::operator::{OperatorHeader, OperatorWriter, WrittenOperatorStream};
use flink_savepoint::savepoint::SavepointWriter;
use serde_json::Value as Json;

use super::keyed::encoded;
use super::{Job, steps};
use crate::adapter::reference::Failure;
use crate::adapter::reference::backend::{Content, RunningOperator, RunningState};
use crate::scenario::{Compression, Kind};

/// The partitions of a state, in one subtask.
pub(super) struct Partitions {
    pub(super) kind: StateKind,
    pub(super) name: String,
    pub(super) bytes: Vec<Vec<u8>>,
}

impl Job<'_> {
    /// Adds a handle of operator state to each subtask; none if the operator has no such state.
    pub(super) fn write_operator_state(
        &self,
        operator: &RunningOperator,
        savepoint: &mut SavepointWriter,
        handles: &mut [Handles<'static>],
    ) -> Result<(), Failure> {
        let of = |kinds: &'static [Kind]| operator.states.iter().filter(move |state| kinds.contains(&state.kind));
        let infos = |states: Vec<&RunningState>| -> Result<Vec<_>, Failure> {
            let infos = states.iter().map(|state| state.serializers.meta_infos(&state.name, state.kind, None));
            Ok(infos.collect::<Result<Vec<_>, _>>()?.concat())
        };
        let header = OperatorHeader {
            compressed: (self.ran.release >= Release::V1_18).then_some(self.ran.compression == Compression::Snappy),
            states: infos(of(&[Kind::Split, Kind::Union]).collect())?,
            broadcast_states: infos(of(&[Kind::Broadcast]).collect())?,
        };
        if header.all_states().next().is_none() {
            return Ok(());
        }
        let in_order: Vec<_> = of(&[Kind::Split, Kind::Union]).chain(of(&[Kind::Broadcast])).collect();
        for (index, handles) in (0..).zip(handles) {
            let partitions = in_order.iter().zip(header.all_states()).map(|(state, info)| {
                let bytes = self.partitions(state, index)?;
                Ok(Partitions { kind: info.kind, name: state.name.clone(), bytes })
            });
            let partitions = partitions.collect::<Result<Vec<_>, Failure>>()?;
            let mut header = header.clone();
            self.hooks.operator_header(index, &mut header);
            let mut written = if self.hooks.steps() {
                let spelled = steps::operator(&header, &partitions, self.hooks)?;
                let mut sink = savepoint.stream();
                sink.write_all(&spelled.bytes)?;
                let metas = partitions.iter().zip(spelled.offsets).map(|(state, offsets)| StateMeta {
                    name: flink_savepoint::wire::JavaStr::from(state.name.as_str()).into_owned(),
                    mode: state.kind.mode().unwrap_or(Mode::SplitDistribute),
                    offsets: offsets.into_iter().collect::<Offsets<'static>>(),
                });
                WrittenOperatorStream { sink, states: metas.collect(), length: spelled.bytes.len() as u64 }
            } else {
                let mut writer = OperatorWriter::new(savepoint.stream(), &header)?;
                for (state, partitions) in partitions.iter().enumerate() {
                    partitions.bytes.iter().try_for_each(|partition| writer.partition(state, partition))?;
                }
                writer.finish()?
            };
            // Not the order of the header: states are found by their names.
            written.states.reverse();
            self.hooks.state_metas(index, &mut written.states);
            let mut handle = savepoint.operator_state(written)?;
            self.hooks.stream_handle(&mut handle.delegate);
            handles.managed_operator = Some(handle);
        }
        Ok(())
    }

    /// The elements of a list, or the one map, in a subtask.
    fn partitions(&self, state: &RunningState, subtask: u32) -> Result<Vec<Vec<u8>>, Failure> {
        let content = usize::try_from(subtask).ok().and_then(|index| state.subtasks.get(index));
        let described = |snapshot: &Option<super::super::serializers::Snapshot>| {
            snapshot.as_ref().map(flink_savepoint::serializer::SerializerSnapshot::type_description)
        };
        let (key, value) = (described(&state.serializers.user_key), described(&state.serializers.value));
        let value = |json: &Json| encoded(value.as_ref(), json);
        match content {
            Some(Content::List(elements)) => elements.iter().map(value).collect(),
            Some(Content::Map(entries)) => {
                let entry = |(k, v): &(Json, Json)| Ok((encoded(key.as_ref(), k)?, value(v)?));
                let entries = entries.values().map(entry).collect::<Result<Vec<_>, Failure>>()?;
                Ok(vec![self.hooks.broadcast_map(subtask, &entries)])
            }
            _ => Err("operator state that belongs to keys".into()),
        }
    }
}
