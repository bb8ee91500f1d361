//! The ways to write one content as a savepoint.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId, WrittenStream, key_groups_of_subtask,
};
use flink_savepoint::logical::{Fingerprint, fingerprint};
use flink_savepoint::meta_info::StateMetaInfo;
use flink_savepoint::metadata::stream_handle::{ByteStreamHandle, RelativeFileHandle};
use flink_savepoint::metadata::{
    Handles, KeyGroupRange, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, MasterState, Metadata, Operator, OperatorId,
    OperatorStateHandle, Release, StateSize, StreamHandle, Subtask, SubtaskState, Subtasks, Target,
};
use flink_savepoint::operator::{OperatorHeader, OperatorWriter};
use flink_savepoint::savepoint::{FileName, Savepoint, Store};
use flink_savepoint::value::Scalar;
use proptest::prelude::*;
use proptest::sample::select;

use super::model::{BROADCAST, Content, Keyed, List, Model, NULL, scalar};

/// A way to write a savepoint.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(crate) struct Layout {
    pub(crate) release: Release,
    pub(crate) compressed: bool,
    /// Whether streams are in `_metadata`.
    pub(crate) inline: bool,
    /// Where the key groups are cut into ranges, as far as there are as many.
    pub(crate) cuts: BTreeSet<u16>,
    /// Whether they are cut as Flink does instead, into as many ranges.
    pub(crate) even: bool,
    /// Decides every order that means nothing, and which subtask has an element.
    pub(crate) seed: u64,
    /// Whether null values of maps have bytes behind their flag.
    pub(crate) long_nulls: bool,
    /// Whether states without entries are left out of headers.
    pub(crate) only_used: bool,
    /// Whether serializers say that values have a time to live; their bytes are the same.
    pub(crate) ttl: bool,
    /// Whether there is an operator that keeps nothing.
    pub(crate) idle: bool,
    pub(crate) checkpoint_id: u64,
}

pub(crate) fn layout() -> impl Strategy<Value = Layout> {
    let flags = proptest::array::uniform7(any::<bool>());
    let cuts = proptest::collection::btree_set(prop_oneof![1..130_u16, 1..32_768_u16], 0..4);
    (select(&Release::ALL[..]), flags, cuts, any::<u64>(), 0..1_u64 << 63).prop_map(
        |(release, [compressed, inline, even, long_nulls, only_used, ttl, idle], cuts, seed, checkpoint_id)| Layout {
            release,
            compressed,
            inline,
            cuts,
            even,
            seed,
            long_nulls,
            only_used,
            ttl,
            idle,
            checkpoint_id,
        },
    )
}

/// Numbers that depend on nothing but the seed (splitmix64).
struct Order(u64);

impl Order {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn shuffled<T>(&mut self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut items: Vec<T> = items.into_iter().collect();
        for i in 1..items.len() {
            items.swap(i, self.below(i + 1));
        }
        items
    }
}

/// A savepoint in memory.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) metadata: Vec<u8>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Store for &Written {
    type Bytes = Vec<u8>;

    fn open(&self, name: &FileName<'_>) -> io::Result<Vec<u8>> {
        self.files.get(name.as_str()).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Written {
    pub(crate) fn savepoint(&self) -> Savepoint<'_, &Self> {
        Savepoint::new(Metadata::parse(&self.metadata).unwrap(), self)
    }

    /// Its fingerprint, of which nothing may be missing.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let found = fingerprint(&self.savepoint(), &mut |_| ());
        assert!(found.failures.is_empty() && found.remarks.is_empty(), "{found:?}");
        found
    }

    fn stream(&mut self, bytes: Vec<u8>, inline: bool) -> StreamHandle<'static> {
        let name = format!("state-{}", self.files.len());
        if inline {
            return StreamHandle::ByteStream(ByteStreamHandle {
                handle_name: name.as_str().into(),
                data: bytes.into(),
            });
        }
        let state_size = StateSize::known(bytes.len() as u64).unwrap();
        let relative_path = name.as_str().into();
        self.files.insert(name, bytes);
        StreamHandle::Relative(RelativeFileHandle { relative_path, state_size })
    }
}

impl Model {
    pub(crate) fn write(&self, layout: &Layout) -> Written {
        let mut order = Order(layout.seed);
        let mut written = Written::default();
        let mut operators: Vec<Operator<'_>> =
            self.operators.iter().map(|(uid, content)| content.write(uid, layout, &mut order, &mut written)).collect();
        if layout.idle {
            let content = Content::nothing(128);
            operators.push(content.write("idle", layout, &mut order, &mut written));
        }
        let mut metadata = Metadata::new(layout.release.metadata_version(), layout.checkpoint_id);
        metadata.operators = order.shuffled(operators).into();
        let master_states = self.master_states.iter().map(|(name, (version, payload))| MasterState {
            version: *version,
            name: name.as_str().into(),
            payload: payload.into(),
        });
        metadata.master_states = order.shuffled(master_states).into();
        written.metadata = metadata.write(Target::release(layout.release)).unwrap();
        written
    }
}

impl Content {
    fn write(&self, uid: &str, layout: &Layout, order: &mut Order, written: &mut Written) -> Operator<'static> {
        let max = MaxParallelism::new(self.max).unwrap();
        let ranges = layout.ranges(max);
        let used = |state: &Keyed| !layout.only_used || self.keyed.keys().any(|(of, ..)| of == state);
        let states = order.shuffled(Keyed::ALL.into_iter().filter(used));
        let mut dealt = vec![Vec::new(); ranges.len()];
        for element in order.shuffled(&self.elements) {
            dealt[order.below(ranges.len())].push(*element);
        }
        let mut subtasks = Vec::new();
        for ((index, range), elements) in (0..).zip(&ranges).zip(dealt) {
            let keyed = self.keyed_stream(*range, max, &states, layout, order);
            let WrittenStream { sink, offsets, .. } = keyed;
            let delegate = written.stream(sink, layout.inline);
            let managed_keyed =
                Some(KeyedHandle::KeyGroups(KeyGroupsHandle { format: KeyGroupsFormat::Savepoint, offsets, delegate }));
            let managed_operator =
                Some(operator_stream(&elements, &[(BROADCAST, &self.broadcast)], layout, order, written));
            let handles = Handles { managed_keyed, managed_operator, ..Handles::default() };
            subtasks.push(Subtask { index, state: SubtaskState::Running(handles) });
        }
        let named = layout.release >= Release::V2_0 && !uid.is_empty();
        let data = self.coordinator.clone().map(Into::into);
        Operator {
            name: named.then(|| if layout.compressed { "Map" } else { "Filter" }.into()),
            uid: named.then(|| uid.into()),
            id: OperatorId::from_uid(uid),
            parallelism: u32::try_from(ranges.len()).unwrap(),
            max_parallelism: self.max,
            coordinator_state: data.map(|data| ByteStreamHandle { handle_name: "coordinator".into(), data }),
            subtasks: Subtasks::Listed(order.shuffled(subtasks).into()),
        }
    }

    fn keyed_stream(
        &self,
        range: KeyGroupRange,
        max: MaxParallelism,
        states: &[Keyed],
        layout: &Layout,
        order: &mut Order,
    ) -> WrittenStream<Vec<u8>> {
        let header = KeyedHeader {
            compressed: layout.compressed,
            key_serializer: scalar(Scalar::Long),
            states: states.iter().map(|state| state.meta_info(layout.ttl)).collect(),
        };
        let mut keyed = KeyedWriter::new(Vec::new(), &header, range, max).unwrap();
        let inside = |group: u16| (range.start()..range.start() + range.count()).contains(&group.into());
        let groups: BTreeSet<u16> = self.keyed.keys().map(|(_, group, _)| *group).filter(|g| inside(*g)).collect();
        for group in groups {
            for state in order.shuffled(states.iter().enumerate()) {
                let (id, state) = (StateId(state.0.try_into().unwrap()), *state.1);
                let entries = self.keyed.iter().filter(|((of, at, _), _)| (*of, *at) == (state, group));
                for ((_, _, key), value) in order.shuffled(entries) {
                    let long_null = [&NULL[..], &order.next().to_be_bytes()].concat();
                    let is_null = state == Keyed::Map && *value == NULL && layout.long_nulls;
                    keyed.entry(KeyGroup(group), id, key, if is_null { &long_null } else { value }).unwrap();
                }
            }
        }
        keyed.finish().unwrap()
    }
}

fn operator_stream(
    elements: &[(List, i64)],
    broadcast: &[(&str, &BTreeMap<i64, i64>)],
    layout: &Layout,
    order: &mut Order,
    written: &mut Written,
) -> OperatorStateHandle<'static> {
    let lists = order.shuffled(List::ALL);
    let state = |list: &List| StateMetaInfo::operator(list.name(), *list == List::Union, scalar(Scalar::Long));
    let map = |name: &&str| StateMetaInfo::broadcast(name, scalar(Scalar::Long), scalar(Scalar::Long));
    let header = OperatorHeader {
        compressed: (layout.release >= Release::V1_18).then_some(layout.compressed),
        states: lists.iter().map(state).collect(),
        broadcast_states: broadcast.iter().map(|(name, _)| map(name)).collect(),
    };
    let mut writer = OperatorWriter::new(Vec::new(), &header).unwrap();
    for (i, list) in lists.iter().enumerate() {
        for (_, element) in elements.iter().filter(|(of, _)| of == list) {
            writer.partition(i, &element.to_be_bytes()).unwrap();
        }
    }
    for (i, (_, map)) in broadcast.iter().enumerate() {
        let count = i32::try_from(map.len()).unwrap().to_be_bytes();
        let entries = order.shuffled(*map).into_iter();
        let entries = entries.flat_map(|(key, value)| [key.to_be_bytes(), value.to_be_bytes()].concat());
        writer.partition(lists.len() + i, &count.into_iter().chain(entries).collect::<Vec<u8>>()).unwrap();
    }
    let stream = writer.finish().unwrap();
    let delegate = written.stream(stream.sink, layout.inline);
    OperatorStateHandle { states: order_of_handle(stream.states, layout).into(), segmented: None, delegate }
}

/// The states of a handle stand in no particular order.
fn order_of_handle<T>(mut states: Vec<T>, layout: &Layout) -> Vec<T> {
    if layout.seed.is_multiple_of(2) {
        states.reverse();
    }
    states
}

impl Layout {
    /// One subtask and its files.
    pub(crate) fn plain() -> Self {
        Self {
            release: Release::V2_3,
            compressed: false,
            inline: false,
            cuts: BTreeSet::new(),
            even: false,
            seed: 0,
            long_nulls: false,
            only_used: false,
            ttl: false,
            idle: false,
            checkpoint_id: 1,
        }
    }

    fn ranges(&self, max: MaxParallelism) -> Vec<KeyGroupRange> {
        let cuts: Vec<u32> = self.cuts.iter().filter(|cut| **cut < max.get()).map(|cut| (*cut).into()).collect();
        if self.even {
            let parallelism = u32::try_from(cuts.len() + 1).unwrap();
            return (0..parallelism).map(|index| key_groups_of_subtask(max, parallelism, index).unwrap()).collect();
        }
        let starts = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([max.get().into()]);
        starts.zip(ends).map(|(start, end)| KeyGroupRange::new(start, end - start).unwrap()).collect()
    }
}

/// A savepoint of two broadcast states alone, with the maps of each subtask.
pub(crate) struct Copies<'c>(pub(crate) &'c [[BTreeMap<i64, i64>; 2]]);

impl Copies<'_> {
    pub(crate) fn write(&self, layout: &Layout) -> Written {
        let mut order = Order(layout.seed);
        let mut written = Written::default();
        let mut subtasks = Vec::new();
        for (index, [one, other]) in (0..).zip(self.0) {
            let maps = [(BROADCAST, one), ("other", other)];
            let managed_operator = Some(operator_stream(&[], &maps, layout, &mut order, &mut written));
            let handles = Handles { managed_operator, ..Handles::default() };
            subtasks.push(Subtask { index, state: SubtaskState::Running(handles) });
        }
        let operator = Operator {
            name: None,
            uid: None,
            id: OperatorId::from_uid("copies"),
            parallelism: u32::try_from(self.0.len()).unwrap(),
            max_parallelism: 128,
            coordinator_state: None,
            subtasks: Subtasks::Listed(order.shuffled(subtasks).into()),
        };
        let mut metadata = Metadata::new(layout.release.metadata_version(), layout.checkpoint_id);
        metadata.operators = vec![operator].into();
        written.metadata = metadata.write(Target::release(layout.release)).unwrap();
        written
    }
}
