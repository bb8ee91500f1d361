//! Reads split, union and broadcast state.

use std::collections::BTreeMap;

use flink_savepoint::meta_info::StateKind;
use flink_savepoint::metadata::{OperatorStateHandle, StateMeta};
use flink_savepoint::operator::{OperatorStream, broadcast_entries};
use flink_savepoint::serializer::SerializerSnapshot;
use serde_json::Value as Json;

use super::{Refusal, Restoring, Stop, assign};
use crate::adapter::reference::backend::{Content, Entries, RunningOperator, RunningState};
use crate::adapter::reference::serializers::Serializers;
use crate::dump::to_json;
use crate::scenario::Kind;

/// What the old subtasks have of a state.
struct Stored {
    serializers: Serializers,
    /// By old subtask: the elements, or one map, each decoded with the header of its own stream.
    partitions: Vec<Vec<Partition>>,
}

/// A part of a state that is not divided.
#[derive(Clone)]
enum Partition {
    Element(Json),
    Map(Entries),
}

impl Restoring<'_, '_> {
    pub(super) fn restore_operator_state(&self, running: &mut RunningOperator) -> Result<(), Stop> {
        let old = usize::try_from(self.stored.parallelism).unwrap_or(0);
        let new = usize::try_from(running.parallelism).unwrap_or(0);
        let mut stored = BTreeMap::new();
        for (index, handle) in self.each(|handles| handles.managed_operator) {
            self.read_stream(usize::try_from(index).unwrap_or(usize::MAX), old, &handle, &mut stored)?;
        }
        let mut start = 0;
        for ((name, kind), Stored { serializers, partitions }) in stored {
            let counts: Vec<usize> = partitions.iter().map(Vec::len).collect();
            let mut dealt = match kind {
                Kind::Union => assign::union(&counts, new),
                Kind::Broadcast => assign::broadcast(&counts, new),
                _ => assign::split(&counts, new, &mut start),
            };
            self.hooks.deal(kind, &counts, &mut dealt);
            let subtasks = dealt.iter().map(|places| {
                let mut content = Content::empty(kind);
                for place in places {
                    let partition = partitions.get(place.stream).and_then(|stream| stream.get(place.number));
                    match (&mut content, partition) {
                        (Content::List(list), Some(Partition::Element(element))) => list.push(element.clone()),
                        (Content::Map(map), Some(Partition::Map(entries))) => {
                            map.extend(entries.iter().map(|(text, entry)| (text.clone(), entry.clone())));
                        }
                        _ => {}
                    }
                }
                content
            });
            running.states.push(RunningState { name, kind, serializers, subtasks: subtasks.collect() });
        }
        Ok(())
    }

    /// Reads all states of the stream of an old subtask.
    fn read_stream(
        &self,
        index: usize,
        old: usize,
        handle: &OperatorStateHandle<'_>,
        stored: &mut BTreeMap<(String, Kind), Stored>,
    ) -> Result<(), Stop> {
        let file = handle.delegate.path().map(ToString::to_string);
        let bytes = self.savepoint.bytes(&handle.delegate).map_err(|why| Refusal::of_stream(&why))?;
        let wrong = |error: flink_savepoint::Error| Refusal::of_file(&error, file.as_deref());
        let handle = self.matched(bytes.as_ref(), handle);
        let stream = OperatorStream::open(bytes.as_ref(), &handle).map_err(wrong)?;
        for (position, info) in stream.header().all_states().enumerate() {
            let name = info.name.to_string();
            let kind = match info.kind {
                StateKind::Operator { union: true } => Kind::Union,
                StateKind::Broadcast => Kind::Broadcast,
                _ => Kind::Split,
            };
            let refuse = |requirement, what: &str| {
                Refusal::invalid(requirement, file.as_deref(), format!("state {name}: {what}"))
            };
            let serializers = Serializers::of_meta_info(info)
                .ok_or_else(|| refuse("STATE-SERIALIZER-01", "not the serializers of its kind"))?;
            let mut read = Vec::new();
            let told_apart = stream
                .for_each_partition::<flink_savepoint::Error>(position, &mut Vec::new(), |partition| {
                    read.push(partition.to_vec());
                    Ok(())
                })
                .map_err(wrong)?;
            if !told_apart {
                return Err(refuse("OPSTATE-COMPRESSED-02", "its elements cannot be told apart").into());
            }
            let value = info.value_serializer.type_description();
            let key = info.key_serializer.as_ref().map(SerializerSnapshot::type_description);
            let mut partitions = Vec::new();
            for bytes in &read {
                partitions.push(match &key {
                    None => Partition::Element(to_json(&value, &value.decode(bytes).map_err(wrong)?)),
                    Some(key) => {
                        let entries = broadcast_entries(info, bytes)
                            .ok_or_else(|| refuse("OPSTATE-PARTITION-01", "its map cannot be read"))?;
                        let mut map = Entries::new();
                        for (k, v) in entries {
                            let k = to_json(key, &key.decode(k).map_err(wrong)?);
                            map.insert(k.to_string(), (k, to_json(&value, &value.decode(v).map_err(wrong)?)));
                        }
                        Partition::Map(map)
                    }
                });
            }
            let all = stored
                .entry((name.clone(), kind))
                .or_insert_with(|| Stored { serializers, partitions: vec![Vec::new(); old] });
            let own = all.partitions.get_mut(index);
            *own.ok_or_else(|| refuse("META-SUBTASK-01", "of a subtask that there is not"))? = partitions;
        }
        Ok(())
    }

    /// The handle with the offsets that belong to each state.
    fn matched<'h>(&self, bytes: &[u8], handle: &OperatorStateHandle<'h>) -> OperatorStateHandle<'h> {
        let metas: Vec<StateMeta<'h>> = handle.states.iter().collect();
        let Ok((_, header)) = flink_savepoint::operator::OperatorHeader::read(flink_savepoint::wire::Input::new(bytes))
        else {
            return handle.clone();
        };
        let names: Vec<String> = metas.iter().map(|meta| meta.name.to_string()).collect();
        let offsets_of = |meta: &StateMeta<'h>| {
            let position = header.all_states().position(|info| info.name == meta.name)?;
            let found = self.hooks.state_meta(&meta.name.to_string(), position, &names)?;
            Some(metas.get(found)?.offsets.clone())
        };
        let matched = metas.iter().map(|meta| {
            let offsets = offsets_of(meta).unwrap_or_else(|| meta.offsets.clone());
            StateMeta { offsets, ..meta.clone() }
        });
        OperatorStateHandle { states: matched.collect::<Vec<_>>().into(), ..handle.clone() }
    }
}
