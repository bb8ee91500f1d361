//! Wrong operator state.

use flink_savepoint::meta_info::StateMetaInfo;
use flink_savepoint::metadata::{Mode, Offsets, StateMeta};
use flink_savepoint::operator::OperatorHeader;

use super::mutants;

fn swapped(info: &StateMetaInfo<'static>) -> StateMetaInfo<'static> {
    let key = info.key_serializer.clone().unwrap_or_else(|| info.value_serializer.clone());
    StateMetaInfo::broadcast(&info.name.to_string(), info.value_serializer.clone(), key)
}

mutants! { Producer by steps:
    "partition-offset-behind" breaks "OPSTATE-PARTITION-01": "The offset of a partition is taken when it has been written." {
        fn partition_offset(&self, _: bool, _: i64, end: i64, _: i64) -> i64 {
            end
        }
    }

    "partition-offset-from-data" breaks "OPSTATE-OFFSET-01": "Offsets of partitions count from the end of the header." {
        fn partition_offset(&self, _: bool, start: i64, _: i64, data: i64) -> i64 {
            start - data
        }
    }

    "partition-offset-unflushed" breaks "OPSTATE-PARTITION-01": "Offsets of compressed partitions are taken before the compressor is flushed." {
        fn partition_offset(&self, compressed: bool, start: i64, _: i64, data: i64) -> i64 {
            if compressed { data } else { start }
        }
    }

    "operator-identifier-left-out" breaks "SNAPPY-IDENTIFIER-01": "Compressed operator state does not start with the identifier." {
        fn operator_identifier(&self) -> Vec<u8> {
            Vec::new()
        }
    }

    "modes-swapped" breaks "OPSTATE-MODE-01": "The handle has union lists as split lists, and the reverse." {
        fn state_metas(&self, _: u32, metas: &mut Vec<StateMeta<'static>>) {
            for meta in metas {
                meta.mode = match meta.mode {
                    Mode::SplitDistribute => Mode::Union,
                    Mode::Union => Mode::SplitDistribute,
                    Mode::Broadcast => Mode::Broadcast,
                };
            }
        }
    }

    "broadcast-serializers-swapped" breaks "OPSTATE-PARTITION-01": "The header names the serializers of key and value of a broadcast map the wrong way round." {
        fn operator_header(&self, _: u32, header: &mut OperatorHeader<'static>) {
            header.broadcast_states.iter_mut().for_each(|info| *info = swapped(info));
        }
    }

    "broadcast-in-one-subtask" breaks "REDIST-BROADCAST-03": "Only subtask 0 writes the content of broadcast maps." {
        fn broadcast_map(&self, subtask: u32, entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
            let entries = if subtask == 0 { entries } else { &[] };
            let count = i32::try_from(entries.len()).unwrap_or(i32::MAX);
            let entries = entries.iter().flat_map(|(key, value)| [key.as_slice(), value].concat());
            count.to_be_bytes().into_iter().chain(entries).collect()
        }
    }

    "broadcast-without-count" breaks "OPSTATE-PARTITION-01": "Broadcast maps do not start with their number of entries." {
        fn broadcast_map(&self, _: u32, entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
            entries.iter().flat_map(|(key, value)| [key.as_slice(), value].concat()).collect()
        }
    }

    "broadcast-key-twice" breaks "OPSTATE-BROADCAST-02": "The first entry of a broadcast map is written twice." {
        fn broadcast_map(&self, _: u32, entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
            let entries: Vec<_> = entries.first().into_iter().chain(entries).collect();
            let count = i32::try_from(entries.len()).unwrap_or(i32::MAX);
            let entries = entries.iter().flat_map(|(key, value)| [key.as_slice(), value].concat());
            count.to_be_bytes().into_iter().chain(entries).collect()
        }
    }

    "handle-misses-state" breaks "OPSTATE-NAMES-01": "The handle does not have the first state of the header." {
        fn state_metas(&self, _: u32, metas: &mut Vec<StateMeta<'static>>) {
            metas.pop();
        }
    }

    "handle-misses-empty-lists" breaks "OPSTATE-NAMES-01": "The handle does not have lists without elements." {
        fn state_metas(&self, _: u32, metas: &mut Vec<StateMeta<'static>>) {
            metas.retain(|meta| !meta.offsets.is_empty());
        }
    }

    "handle-has-other-state" breaks "OPSTATE-NAMES-02": "The handle has a state that the stream does not have." {
        fn state_metas(&self, _: u32, metas: &mut Vec<StateMeta<'static>>) {
            metas.push(StateMeta { name: "_default_".into(), mode: Mode::SplitDistribute, offsets: Offsets::default() });
        }
    }

    "broadcast-two-offsets" breaks "OPSTATE-BROADCAST-01": "A broadcast map has its offset twice." {
        fn state_metas(&self, _: u32, metas: &mut Vec<StateMeta<'static>>) {
            for meta in metas.iter_mut().filter(|meta| meta.mode == Mode::Broadcast) {
                meta.offsets = meta.offsets.iter().chain(meta.offsets.iter()).collect();
            }
        }
    }

    "broadcast-without-offset" breaks "OPSTATE-BROADCAST-01": "A broadcast map has no offset." {
        fn state_metas(&self, _: u32, metas: &mut Vec<StateMeta<'static>>) {
            for meta in metas.iter_mut().filter(|meta| meta.mode == Mode::Broadcast) {
                meta.offsets = Offsets::default();
            }
        }
    }

    "lists-among-broadcast" breaks "STATE-TYPE-01": "Lists stand in the header among the broadcast maps." {
        fn operator_header(&self, _: u32, header: &mut OperatorHeader<'static>) {
            let lists = std::mem::take(&mut header.states);
            header.broadcast_states.splice(0..0, lists);
        }
    }
}
