//! The places at which the reference backend can be made wrong, one at a time, to see whether the suite notices.

use flink_savepoint::Error;
use flink_savepoint::keyed::{
    CompositeKey, KeyGroup, KeyLayout, KeyedHeader, MaxParallelism, PrefixWidth, Timer, key_groups_of_subtask,
};
use flink_savepoint::meta_info::StateMetaInfo;
use flink_savepoint::metadata::{KeyGroupRange, Metadata, OperatorId, StateMeta, StreamHandle};
use flink_savepoint::operator::OperatorHeader;
use flink_savepoint::value::{TypeDescription, Value};

use super::consumer::{KeyedShare, Place, Read};
use super::producer::Entry;
use crate::scenario::Kind;

/// What the backend does at each place. Every method does it right by itself; a mutant replaces one of them.
#[expect(unused_variables, reason = "names are documentation where nothing is to be done")]
pub trait Hooks: Send + Sync {
    // Writing: keys.

    /// The key group of a key with that hash code.
    fn key_group(&self, max: MaxParallelism, hash: i32) -> KeyGroup {
        max.key_group_of(hash)
    }

    /// The key groups that a subtask writes.
    fn key_groups(&self, max: MaxParallelism, parallelism: u32, index: u32) -> Option<KeyGroupRange> {
        key_groups_of_subtask(max, parallelism, index)
    }

    /// The composite key behind its prefix.
    fn composite_key(&self, layout: &KeyLayout, parts: &CompositeKey<'_>) -> Vec<u8> {
        layout.join(parts)
    }

    /// The key of a timer behind its prefix.
    fn timer(&self, timestamp: i64, key: &[u8], namespace: &[u8]) -> Vec<u8> {
        Timer { timestamp, rest: &[key, namespace].concat() }.write()
    }

    // Writing: values.

    /// The value of value, reducing and aggregating state.
    fn value(&self, value: Vec<u8>) -> Vec<u8> {
        value
    }

    /// The value of list state.
    fn list(&self, elements: &[Vec<u8>]) -> Vec<u8> {
        elements.join(&b',')
    }

    /// The value of an entry of map state; none: null.
    fn map_value(&self, value: Option<Vec<u8>>) -> Vec<u8> {
        value.map_or_else(|| vec![1], |value| [vec![0], value].concat())
    }

    /// A value with time to live, and when it was written.
    fn with_clock(&self, clock: i64, value: Vec<u8>) -> Vec<u8> {
        [clock.to_be_bytes().to_vec(), value].concat()
    }

    /// The value of a timer.
    fn timer_value(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Which queue a timer goes into.
    fn queue(&self, kind: Kind) -> Kind {
        kind
    }

    // Writing: the keyed stream.

    /// The entries of a subtask, ready to be written: by key group, by state, by key.
    fn entries(&self, header: &KeyedHeader<'static>, max: MaxParallelism, entries: &mut Vec<Entry>) {}

    /// The header of a subtask, once the entries have their ids.
    fn keyed_header(&self, subtask: u32, header: &mut KeyedHeader<'static>) {}

    /// Whether streams are written step by step, with the methods below, and not by the crate's own writers, which do nothing wrong.
    fn steps(&self) -> bool {
        false
    }

    /// The order in which the sections are written.
    fn section_order(&self, groups: &mut Vec<KeyGroup>) {}

    /// The prefix of a key.
    fn prefix(&self, group: KeyGroup, width: PrefixWidth) -> Vec<u8> {
        let [high, low] = group.0.to_be_bytes();
        if width == PrefixWidth::One { vec![low] } else { vec![high, low] }
    }

    /// Whether an entry is marked as the last one of its run: the `i`-th of `length`, in the last run of the section or not.
    fn is_marked(&self, i: usize, length: usize, in_last_run: bool) -> bool {
        i + 1 == length
    }

    /// A state id as it is written.
    fn state_id(&self, id: u16) -> u16 {
        id
    }

    /// What a section ends with.
    fn end_mark(&self) -> Vec<u8> {
        vec![0xFF, 0xFF]
    }

    /// The offset of a section from `start` to `end`, in a stream whose header ends at `header`.
    fn section_offset(&self, start: i64, end: i64, header: i64) -> i64 {
        start
    }

    /// What is written for a key group without state at the position, and its offset; `before` is that of the section before.
    fn empty_group(&self, position: i64, before: Option<i64>) -> (Vec<u8>, i64) {
        (Vec::new(), 0)
    }

    /// What a keyed stream ends with, behind the last section.
    fn end_of_stream(&self) -> Vec<u8> {
        Vec::new()
    }

    /// A section as it is stored, if sections are compressed.
    fn compressed(&self, section: &[u8]) -> Vec<u8> {
        super::producer::framed(section)
    }

    // Writing: operator state.

    /// The header of a subtask.
    fn operator_header(&self, subtask: u32, header: &mut OperatorHeader<'static>) {}

    /// The offset of a partition from `start` to `end`, in a stream whose data starts at `data`, compressed or not.
    fn partition_offset(&self, compressed: bool, start: i64, end: i64, data: i64) -> i64 {
        start
    }

    /// The data of compressed operator state: a framed stream. Every partition starts a chunk.
    fn operator_identifier(&self) -> Vec<u8> {
        flink_savepoint::compression::IDENTIFIER.to_vec()
    }

    /// A broadcast map.
    fn broadcast_map(&self, subtask: u32, entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        let count = i32::try_from(entries.len()).unwrap_or(i32::MAX);
        let entries = entries.iter().flat_map(|(key, value)| [key.as_slice(), value.as_slice()].concat());
        count.to_be_bytes().into_iter().chain(entries).collect()
    }

    /// Names, modes and offsets of the handle.
    fn state_metas(&self, subtask: u32, metas: &mut Vec<StateMeta<'static>>) {}

    // Writing: metadata and files.

    /// The id of an operator.
    fn operator_id(&self, uid: &str) -> OperatorId {
        OperatorId::from_uid(uid)
    }

    /// The handle of a stream.
    fn stream_handle(&self, handle: &mut StreamHandle<'static>) {}

    /// The metadata.
    fn metadata(&self, metadata: &mut Metadata<'static>) {}

    /// The savepoint's directory, when everything is there.
    fn directory(&self, directory: &std::path::Path) -> std::io::Result<()> {
        Ok(())
    }

    // Reading.

    /// Whether a savepoint that breaks the requirement is taken for sound when it is inspected.
    fn passes_over(&self, requirement: &str) -> bool {
        false
    }

    /// The position of an operator in the metadata: that of its id. `position` is that in the job.
    fn operator_position(&self, found: Option<usize>, position: usize) -> Option<usize> {
        found
    }

    /// What a subtask gets of the handles of keyed state, the `index`-th of `parallelism`.
    fn keyed_shares(&self, index: u32, shares: &mut Vec<KeyedShare<'_, '_>>) {}

    /// The states that a stream's ids stand for, in a subtask that has read other headers before.
    fn states_by_id<'s>(
        &self,
        own: &'s [StateMetaInfo<'static>],
        first: &'s [StateMetaInfo<'static>],
    ) -> &'s [StateMetaInfo<'static>] {
        own
    }

    /// The entries of a section as they were read.
    fn section(&self, width: PrefixWidth, entries: &mut Vec<Read>) {}

    /// Key, namespace and user key of a composite key.
    fn split_key<'k>(&self, layout: &KeyLayout, key: &'k [u8]) -> Option<CompositeKey<'k>> {
        layout.split(key)
    }

    /// A timer's key.
    fn split_timer<'k>(&self, key: &'k [u8]) -> Option<Timer<'k>> {
        Timer::read(key)
    }

    /// Which timers a queue holds.
    fn timers_of(&self, kind: Kind) -> Kind {
        kind
    }

    /// The elements of a list state's value.
    fn read_list<'v>(&self, element: &TypeDescription, value: &'v [u8]) -> Result<Value<'v>, Error> {
        element.decode_list_state(value)
    }

    /// The value of an entry of map state; none: there is no such entry.
    fn read_map_value<'v>(&self, ty: &TypeDescription, value: &'v [u8]) -> Result<Option<Value<'v>>, Error> {
        ty.decode_map_value(value).map(Some)
    }

    /// Whether a map entry whose value is null is kept.
    fn keeps_null(&self) -> bool {
        true
    }

    /// Whether what a value with time to live starts with is taken for its clock.
    fn reads_clock(&self) -> bool {
        true
    }

    /// Whether a value with that clock is over, as far as the reader is concerned.
    fn is_over(&self, clock: i64) -> bool {
        false
    }

    /// Whether an operator that is marked as finished is one.
    fn is_finished(&self, marked: bool) -> bool {
        marked
    }

    /// What each new subtask gets of an operator state of that kind, whose old subtasks have as many partitions as `counts` says.
    fn deal(&self, kind: Kind, counts: &[usize], dealt: &mut Vec<Vec<Place>>) {}

    /// Which of the `names` in a handle is that of a state, which is at that position in the header of the stream.
    fn state_meta(&self, name: &str, position: usize, names: &[String]) -> Option<usize> {
        names.iter().position(|known| known == name)
    }
}

/// Everything right.
#[derive(Debug, Clone, Copy, Default)]
pub struct Right;

impl Hooks for Right {}
