//! A savepoint of one operator with keyed and broadcast state, made from its entries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId, java_hash, key_groups_of_subtask,
};
use flink_savepoint::logical::{Fingerprint, fingerprint};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{
    Handles, Metadata, Operator, OperatorId, Release, Subtask, SubtaskState, Subtasks, Target,
};
use flink_savepoint::operator::{OperatorHeader, OperatorWriter};
use flink_savepoint::savepoint::{Directory, METADATA, Savepoint, SavepointWriter};
use flink_savepoint::serializer::SerializerSnapshot;

pub const UID: &str = "made";

pub fn serializer(name: &str) -> SerializerSnapshot<'static> {
    let class = format!("org.apache.flink.api.common.typeutils.base.{name}Serializer${name}SerializerSnapshot");
    SerializerSnapshot::simple(&class).unwrap()
}

pub fn void_namespace() -> SerializerSnapshot<'static> {
    let class = "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot";
    SerializerSnapshot::simple(class).unwrap()
}

/// What to make. Keys are numbers; entries are of the states `a` and `b`, of type `ValueState<Long>`, and of `map`.
#[derive(Clone)]
pub struct Made {
    pub release: Release,
    pub parallelism: u32,
    pub max_parallelism: u32,
    pub compressed: bool,
    pub inline: usize,
    /// Whether `b` has the lower id.
    pub swapped: bool,
    /// State, key, user key (of `map`), value.
    pub entries: Vec<(&'static str, i64, Vec<u8>, Vec<u8>)>,
    pub broadcast: BTreeMap<i64, i64>,
}

impl Made {
    /// `n` keys with a value in both states, and some in the map.
    pub fn of(n: i64) -> Self {
        let mut entries = Vec::new();
        for key in 0..n {
            entries.push(("a", key, Vec::new(), (key * 3).to_be_bytes().to_vec()));
            entries.push(("b", key, Vec::new(), (key * 5).to_be_bytes().to_vec()));
            if key % 4 == 0 {
                let user_key = key.to_be_bytes().to_vec();
                entries.push(("map", key, user_key, [&[0][..], &key.to_be_bytes()].concat()));
            }
        }
        Self {
            release: Release::V2_3,
            parallelism: 2,
            max_parallelism: 128,
            compressed: false,
            inline: 0,
            swapped: false,
            entries,
            broadcast: (0..3).map(|i| (i, i * i)).collect(),
        }
    }

    pub fn write(&self, directory: &Path) -> PathBuf {
        let max = MaxParallelism::new(self.max_parallelism).unwrap();
        let value = |name| StateMetaInfo::keyed(name, KeyedStateType::Value, void_namespace(), serializer("Long"));
        let class = "org.apache.flink.api.common.typeutils.base.MapSerializerSnapshot";
        let map = SerializerSnapshot::composite(class, 1, &[], &[serializer("Long"), serializer("Long")]).unwrap();
        let mut states =
            vec![value("a"), value("b"), StateMetaInfo::keyed("map", KeyedStateType::Map, void_namespace(), map)];
        if self.swapped {
            states.reverse();
        }
        let header = KeyedHeader { compressed: self.compressed, key_serializer: serializer("Long"), states };
        let id = |name: &str| header.states.iter().position(|state| state.name == *name).unwrap();

        let mut sorted: Vec<(KeyGroup, u16, Vec<u8>, &[u8])> = Vec::new();
        for (state, key, user_key, value) in &self.entries {
            let composite = [&key.to_be_bytes()[..], &[0], user_key].concat();
            let group = max.key_group_of(java_hash::of_long(*key));
            sorted.push((group, id(state).try_into().unwrap(), composite, value));
        }
        sorted.sort();

        let mut savepoint = SavepointWriter::create(directory).unwrap().inline(self.inline);
        let mut subtasks = Vec::new();
        for index in 0..self.parallelism {
            let range = key_groups_of_subtask(max, self.parallelism, index).unwrap();
            let mut keyed = KeyedWriter::new(savepoint.stream(), &header, range, max).unwrap();
            for (group, state, key, value) in &sorted {
                if (range.start()..=range.last().unwrap()).contains(&group.0.into()) {
                    keyed.entry(*group, StateId(*state), key, value).unwrap();
                }
            }
            let handles = Handles {
                managed_keyed: Some(savepoint.keyed(keyed.finish().unwrap()).unwrap()),
                managed_operator: Some(self.write_broadcast(&mut savepoint)),
                ..Handles::default()
            };
            subtasks.push(Subtask { index, state: SubtaskState::Running(handles) });
        }
        let mut metadata = Metadata::new(self.release.metadata_version(), 1);
        let operator = Operator {
            name: None,
            uid: None,
            id: OperatorId::from_uid(UID),
            parallelism: self.parallelism,
            max_parallelism: self.max_parallelism,
            coordinator_state: None,
            subtasks: Subtasks::Listed(subtasks.into()),
        };
        metadata.operators = vec![operator].into();
        savepoint.finish(&metadata, Target::release(self.release)).unwrap();
        directory.to_owned()
    }

    fn write_broadcast(
        &self,
        savepoint: &mut SavepointWriter,
    ) -> flink_savepoint::metadata::OperatorStateHandle<'static> {
        let header = OperatorHeader {
            compressed: (self.release >= Release::V1_18).then_some(self.compressed),
            states: Vec::new(),
            broadcast_states: vec![StateMetaInfo::broadcast("rules", serializer("Long"), serializer("Long"))],
        };
        let mut writer = OperatorWriter::new(savepoint.stream(), &header).unwrap();
        let mut map = i32::try_from(self.broadcast.len()).unwrap().to_be_bytes().to_vec();
        for (key, value) in &self.broadcast {
            map.extend([key.to_be_bytes(), value.to_be_bytes()].concat());
        }
        writer.partition(0, &map).unwrap();
        savepoint.operator_state(writer.finish().unwrap()).unwrap()
    }
}

/// A savepoint on disk, with its fingerprint.
pub struct OnDisk {
    pub directory: PathBuf,
    pub bytes: Vec<u8>,
}

impl OnDisk {
    pub fn open(directory: PathBuf) -> Self {
        let bytes = std::fs::read(directory.join(METADATA)).unwrap();
        Self { directory, bytes }
    }

    pub fn savepoint(&self) -> Savepoint<'_, Directory> {
        Savepoint::new(Metadata::parse(&self.bytes).unwrap(), Directory::new(&self.directory))
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let fingerprint = fingerprint(&self.savepoint(), &mut |_| ());
        assert!(fingerprint.failures.is_empty() && fingerprint.remarks.is_empty(), "{fingerprint:?}");
        fingerprint
    }
}
