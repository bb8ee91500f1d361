//! Metadata, operator by operator, with what only some versions and releases can say.

use flink_savepoint::metadata::properties::{PostCheckpointAction, SharingFilesStrategy};
use flink_savepoint::metadata::{
    CheckpointProperties, KeyGroupOffsets, KeyGroupRange, MasterState, Metadata, MetadataVersion, Offsets, Operator,
    OperatorId, Properties, SavepointFormat, SnapshotType, Subtask, SubtaskState, Subtasks,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::handles::{Layout, handles, inline};
use super::wire::{bytes, int, long, natural, some_text, text};

pub(crate) fn range() -> impl Strategy<Value = KeyGroupRange> {
    // The last key group is a number of 31 bits, too.
    let most = |start: u32| i32::MAX.cast_unsigned() - start + 1;
    (natural(), natural()).prop_map(move |(start, count)| KeyGroupRange::new(start, count.min(most(start))).unwrap())
}

pub(crate) fn offsets() -> impl Strategy<Value = Offsets<'static>> {
    vec(long(), 0..4).prop_map(|offsets| offsets.into_iter().collect())
}

pub(crate) fn key_group_offsets() -> impl Strategy<Value = KeyGroupOffsets<'static>> {
    let most = i32::MAX.cast_unsigned() - 4;
    (natural(), vec(long(), 0..4))
        .prop_map(move |(start, offsets)| KeyGroupOffsets::new(start.min(most), offsets).unwrap())
}

pub(crate) fn master_state() -> impl Strategy<Value = MasterState<'static>> {
    (int(), text(), bytes()).prop_map(|(version, name, payload)| MasterState { version, name, payload })
}

pub(crate) fn checkpoint_properties() -> impl Strategy<Value = CheckpointProperties<'static>> {
    use PostCheckpointAction as Action;
    use SharingFilesStrategy as Sharing;
    let format = select(vec![SavepointFormat::Canonical, SavepointFormat::Native]);
    let action = select(vec![Action::None, Action::Suspend, Action::Terminate]);
    let sharing = select(vec![Sharing::ForwardBackward, Sharing::Forward, Sharing::NoSharing]);
    let snapshot = prop_oneof![
        (format, text(), action).prop_map(|(format, name, action)| SnapshotType::Savepoint { format, name, action }),
        (text(), sharing).prop_map(|(name, sharing)| SnapshotType::Checkpoint { name, sharing }),
    ];
    (any::<[bool; 7]>(), snapshot).prop_map(|(flags, snapshot)| CheckpointProperties {
        discard_cancelled: flags[0],
        discard_failed: flags[1],
        discard_finished: flags[2],
        discard_subsumed: flags[3],
        discard_suspended: flags[4],
        forced: flags[5],
        unclaimed: flags[6],
        snapshot,
    })
}

pub(crate) fn properties() -> impl Strategy<Value = Properties<'static>> {
    option::of(checkpoint_properties())
        .prop_map(|content| content.map_or_else(Properties::null, |content| Properties::new(content).unwrap()))
}

/// A subtask whose index is still to be taken modulo the parallelism.
fn subtask(layout: Layout) -> impl Strategy<Value = Subtask<'static>> {
    let state = prop_oneof![
        1 => Just(SubtaskState::Finished),
        4 => handles(layout).prop_map(SubtaskState::Running),
    ];
    (natural(), state).prop_map(|(index, state)| Subtask { index, state })
}

/// With a name and uid where the layout's release has room for them.
pub(crate) fn operator(layout: Layout) -> impl Strategy<Value = Operator<'static>> {
    let edges = select(vec![1_u32, 2, 127, 128, 129, 255, 256, 32_767, 32_768]);
    let numbers = (prop_oneof![edges, 1..=32_768_u32], natural(), any::<[u8; 16]>());
    let content = (prop::bool::weighted(0.2), option::of(inline()), vec(subtask(layout), 0..3));
    let name = || option::of(some_text()).prop_map(move |name| name.filter(|_| layout == Layout::Newest));
    (name(), name(), numbers, content).prop_map(|(name, uid, (max_parallelism, parallelism, id), content)| {
        let parallelism = parallelism % (max_parallelism + 1);
        let (is_finished, coordinator_state, mut subtasks) = content;
        // Where there is no index, there is no subtask.
        subtasks.retain_mut(|subtask| subtask.index.checked_rem(parallelism).map(|i| subtask.index = i).is_some());
        let subtasks = if is_finished { Subtasks::FullyFinished } else { Subtasks::Listed(subtasks.into()) };
        Operator {
            name,
            uid,
            id: OperatorId(id),
            parallelism,
            max_parallelism,
            coordinator_state: coordinator_state.filter(|_| !is_finished),
            subtasks,
        }
    })
}

fn metadata(version: MetadataVersion, layout: Layout) -> impl Strategy<Value = Metadata<'static>> {
    let id = long().prop_map(|id| (id & i64::MAX).cast_unsigned());
    let lists = (vec(master_state(), 0..2), vec(operator(layout), 0..3));
    (id, lists, properties()).prop_map(move |(id, (master_states, operators), properties)| {
        let mut metadata = Metadata::new(version, id);
        metadata.master_states = master_states.into();
        metadata.operators = operators.into();
        metadata.properties = metadata.properties.map(|_| properties);
        metadata
    })
}

/// What the newest version and release can say.
pub(crate) fn newest() -> impl Strategy<Value = Metadata<'static>> {
    metadata(MetadataVersion::V6, Layout::Newest)
}

/// What Flink 1.14 can say, with changelog handles in its own layout.
pub(crate) fn of_1_14() -> impl Strategy<Value = Metadata<'static>> {
    metadata(MetadataVersion::V3, Layout::Flink1_14)
}
