//! Handles of every type byte.

use flink_savepoint::metadata::changelog_handle::{
    ByteIncrement, Change, ChangelogHandle, ChangelogSince1_15, FileIncrement, FileIncrementSince1_15, OffsetHandle,
};
use flink_savepoint::metadata::channel_handle::{ChannelHandle, ChannelInfo, Channels, Direction, MergedChannel};
use flink_savepoint::metadata::keyed_handle::{IncrementalHandle, IncrementalSince1_15, NamedHandle};
use flink_savepoint::metadata::operator_handle::Segmented;
use flink_savepoint::metadata::stream_handle::{
    ByteStreamHandle, FileHandle, KeyGroupsStream, RelativeFileHandle, Scope, SegmentFileHandle,
};
use flink_savepoint::metadata::{
    Handles, KeyGroupRange, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Mode, OperatorStateHandle, StateMeta,
    StateSize, StreamHandle,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::metadata::{key_group_offsets, offsets, range};
use super::wire::{bytes, int, long, some_text, text};

/// Whose handles are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// All that the newest release reads.
    Newest,
    /// Those of 1.14, whose changelog handles have a layout of their own.
    Flink1_14,
}

impl Layout {
    /// What 1.14 does not have.
    fn newer<S: Strategy>(self, strategy: S) -> impl Strategy<Value = Option<S::Value>> {
        strategy.prop_map(move |value| (self == Self::Newest).then_some(value))
    }
}

fn state_size() -> impl Strategy<Value = StateSize> {
    prop_oneof![
        Just(StateSize::UNKNOWN),
        long().prop_map(|size| StateSize::known((size & i64::MAX).cast_unsigned()).unwrap()),
    ]
}

pub(crate) fn inline() -> impl Strategy<Value = ByteStreamHandle<'static>> {
    (text(), bytes()).prop_map(|(handle_name, data)| ByteStreamHandle { handle_name, data })
}

fn segment() -> impl Strategy<Value = SegmentFileHandle<'static>> {
    let scope = select(vec![Scope::Exclusive, Scope::Shared]);
    (long(), long(), scope, some_text(), text()).prop_map(|(start_position, state_size, scope, path, id)| {
        SegmentFileHandle { start_position, state_size, scope, path, logical_file_id: id }
    })
}

/// Types 1, 2, 3, 6 and, in the newest layout, 15 and 16.
pub(crate) fn stream(layout: Layout) -> BoxedStrategy<StreamHandle<'static>> {
    let old = prop_oneof![
        inline().prop_map(StreamHandle::ByteStream),
        (state_size(), some_text()).prop_map(|(state_size, path)| StreamHandle::File(FileHandle { state_size, path })),
        (some_text(), state_size()).prop_map(|(relative_path, state_size)| {
            StreamHandle::Relative(RelativeFileHandle { relative_path, state_size })
        }),
    ];
    let new = prop_oneof![segment().prop_map(StreamHandle::Segment), Just(StreamHandle::EmptySegment)];
    let leaf = match layout {
        Layout::Newest => prop_oneof![3 => old, 2 => new].boxed(),
        Layout::Flink1_14 => old.boxed(),
    };
    leaf.prop_recursive(3, 4, 1, |inner| {
        (key_group_offsets(), inner)
            .prop_map(|(offsets, delegate)| StreamHandle::KeyGroups(Box::new(KeyGroupsStream { offsets, delegate })))
    })
    .boxed()
}

pub(crate) fn state_meta() -> impl Strategy<Value = StateMeta<'static>> {
    let mode = select(vec![Mode::SplitDistribute, Mode::Union, Mode::Broadcast]);
    (text(), mode, offsets()).prop_map(|(name, mode, offsets)| StateMeta { name, mode, offsets })
}

/// Types 4 and 17.
pub(crate) fn operator_state(layout: Layout) -> BoxedStrategy<OperatorStateHandle<'static>> {
    let states = || vec(state_meta(), 0..3);
    let plain = (states(), stream(layout)).prop_map(|(states, delegate)| OperatorStateHandle {
        states: states.into(),
        segmented: None,
        delegate,
    });
    if layout == Layout::Flink1_14 {
        return plain.boxed();
    }
    let segmented =
        (some_text(), some_text(), any::<bool>()).prop_map(|(task_owned_directory, shared_directory, is_empty)| {
            Segmented { task_owned_directory, shared_directory, is_empty }
        });
    let delegate = option::of(segment()).prop_map(|s| s.map_or(StreamHandle::EmptySegment, StreamHandle::Segment));
    let segmented = (states(), segmented, delegate).prop_map(|(states, segmented, delegate)| OperatorStateHandle {
        states: states.into(),
        segmented: Some(segmented),
        delegate,
    });
    prop_oneof![plain, segmented].boxed()
}

/// Types 3, 7 and 12.
fn key_groups(layout: Layout) -> impl Strategy<Value = KeyedHandle<'static>> {
    let format = match layout {
        Layout::Newest => prop_oneof![
            Just(KeyGroupsFormat::Savepoint),
            Just(KeyGroupsFormat::Native),
            text().prop_map(|state_handle_id| KeyGroupsFormat::NativeWithId { state_handle_id }),
        ]
        .boxed(),
        Layout::Flink1_14 => select(vec![KeyGroupsFormat::Savepoint, KeyGroupsFormat::Native]).boxed(),
    };
    (format, key_group_offsets(), stream(layout))
        .prop_map(|(format, offsets, delegate)| KeyedHandle::KeyGroups(KeyGroupsHandle { format, offsets, delegate }))
}

/// Types 5 and 11.
fn incremental(layout: Layout) -> impl Strategy<Value = KeyedHandle<'static>> {
    let named = || (text(), stream(layout)).prop_map(|(name, handle)| NamedHandle { name, handle });
    let since = (long(), text())
        .prop_map(|(checkpointed_size, state_handle_id)| IncrementalSince1_15 { checkpointed_size, state_handle_id });
    let since = option::of(since).prop_map(move |since| since.filter(|_| layout == Layout::Newest));
    let files = (option::of(stream(layout)), vec(named(), 0..3), vec(named(), 0..3));
    (long(), text(), range(), since, files).prop_map(
        |(checkpoint_id, backend_id, key_groups, since_1_15, (meta_state, shared, private))| {
            KeyedHandle::Incremental(Box::new(IncrementalHandle {
                checkpoint_id,
                backend_id,
                key_groups,
                since_1_15,
                meta_state,
                shared_state: shared.into(),
                private_state: private.into(),
            }))
        },
    )
}

/// Type 9.
fn byte_increment(layout: Layout) -> impl Strategy<Value = KeyedHandle<'static>> {
    let change = (int(), bytes()).prop_map(|(group, data)| Change { key_group: group.max(-1), data });
    let sequence = || long().prop_map(|n| n & i64::MAX);
    (range(), sequence(), sequence(), vec(change, 0..3), layout.newer(text())).prop_map(
        |(key_groups, from, to, changes, state_handle_id)| {
            KeyedHandle::ByteIncrement(ByteIncrement { key_groups, from, to, changes: changes.into(), state_handle_id })
        },
    )
}

/// Types 10 and 13.
fn file_increment(layout: Layout) -> impl Strategy<Value = KeyedHandle<'static>> {
    let at = (long(), stream(layout)).prop_map(|(offset, handle)| OffsetHandle { offset, handle });
    let since = (long(), text(), option::of(text())).prop_map(|(checkpointed_size, state_handle_id, storage)| {
        FileIncrementSince1_15 { checkpointed_size, state_handle_id, storage }
    });
    (range(), vec(at, 0..3), long(), layout.newer(since)).prop_map(|(key_groups, handles, state_size, since_1_15)| {
        KeyedHandle::FileIncrement(FileIncrement { key_groups, handles: handles.into(), state_size, since_1_15 })
    })
}

fn increment(layout: Layout) -> impl Strategy<Value = KeyedHandle<'static>> {
    prop_oneof![byte_increment(layout), file_increment(layout)]
}

/// Types 3, 5, 7 to 14.
pub(crate) fn keyed(layout: Layout) -> BoxedStrategy<KeyedHandle<'static>> {
    let leaf = prop_oneof![3 => key_groups(layout), 2 => incremental(layout), 1 => increment(layout)];
    leaf.prop_recursive(2, 6, 2, move |inner| {
        let since = (long(), long(), option::of(long()), text()).prop_map(
            |(checkpointed_size, materialization_id, checkpoint_id, state_handle_id)| ChangelogSince1_15 {
                checkpointed_size,
                materialization_id,
                checkpoint_id,
                state_handle_id,
            },
        );
        let some = range().prop_map(|range| KeyGroupRange::new(range.start(), range.count().max(1)).unwrap());
        let materialized = vec(option::of(inner), 0..3);
        let non_materialized = vec(option::of(increment(layout)), 0..3);
        (some, materialized, non_materialized, layout.newer(since)).prop_map(
            |(key_groups, materialized, non_materialized, since_1_15)| {
                KeyedHandle::Changelog(Box::new(ChangelogHandle {
                    key_groups,
                    materialized: materialized.into(),
                    non_materialized: non_materialized.into(),
                    since_1_15,
                }))
            },
        )
    })
    .boxed()
}

/// Plain handles, and merged ones in the newest layout.
pub(crate) fn channel<D: Direction + 'static>(layout: Layout) -> impl Strategy<Value = ChannelHandle<'static, D>> {
    let info = || (int(), int()).prop_map(|(outer, inner)| ChannelInfo { outer, inner });
    let merged =
        (info(), long(), offsets()).prop_map(|(info, state_size, offsets)| MergedChannel { info, state_size, offsets });
    let one = (info(), offsets()).prop_map(|(info, offsets)| Channels::One { info, offsets });
    let channels = match layout {
        Layout::Newest => prop_oneof![one, vec(merged, 0..3).prop_map(|list| Channels::Merged(list.into()))].boxed(),
        Layout::Flink1_14 => one.boxed(),
    };
    (int(), long(), stream(layout), channels)
        .prop_map(|(subtask, size, delegate, channels)| ChannelHandle::new(subtask, size, delegate, channels))
}

pub(crate) fn handles(layout: Layout) -> BoxedStrategy<Handles<'static>> {
    let channels = (vec(channel(layout), 0..2), vec(channel(layout), 0..2));
    let operator = || option::weighted(0.25, operator_state(layout));
    let keyed = || option::weighted(0.3, keyed(layout));
    (operator(), operator(), keyed(), keyed(), channels)
        .prop_map(|(managed_operator, raw_operator, managed_keyed, raw_keyed, (inputs, results))| Handles {
            managed_operator,
            raw_operator,
            managed_keyed,
            raw_keyed,
            input_channels: inputs.into(),
            result_subpartitions: results.into(),
        })
        .boxed()
}
