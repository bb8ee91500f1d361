//! Handles of the changelog backend: types 8, 9, 10, 13 and 14. In checkpoints only, never in a canonical savepoint.
//!
//! Types 8, 9 and 10 have one layout in Flink 1.14 and another from 1.15 on, under the same metadata version and
//! with nothing in the file to tell them apart but whether it parses: see [`Metadata::parse`](super::Metadata::parse).

use std::borrow::Cow;
use std::fmt;

use super::codec::{Codec, List, ReadContext, WriteContext};
use super::key_groups::KeyGroupRange;
use super::keyed_handle::KeyedHandle;
use super::stream_handle::StreamHandle;
use crate::error::At;
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

/// Types 8 and 14, `ChangelogStateBackendHandle`.
///
/// | field | type | 8, 1.14 | 8, 1.15 | 14 |
/// |---|---|---|---|---|
/// | start key group, number of key groups | `i32`, `i32`; not empty | yes | yes | yes |
/// | checkpointed size | `i64` | | yes | yes |
/// | materialized | list of keyed handles, may be null | yes | yes | yes |
/// | non-materialized | list of keyed handles of types 9, 10, 13 | yes | yes | yes |
/// | materialization id | `i64` | | yes | yes |
/// | checkpoint id | `i64` | | | yes |
/// | state handle id | `utf` | | yes | yes |
#[derive(Debug, Clone, PartialEq)]
pub struct ChangelogHandle<'a> {
    /// The key groups that it covers.
    pub key_groups: KeyGroupRange,
    /// Snapshots of the backend underneath. Flink skips null entries.
    pub materialized: List<'a, Option<KeyedHandle<'a>>>,
    /// Changes since.
    pub non_materialized: List<'a, Option<KeyedHandle<'a>>>,
    /// Absent in the layout of 1.14.
    pub since_1_15: Option<ChangelogSince1_15<'a>>,
}

/// What the layouts after 1.14 have besides.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangelogSince1_15<'a> {
    /// Bytes that this checkpoint added.
    pub checkpointed_size: i64,
    /// Number of the materialization.
    pub materialization_id: i64,
    /// Present in type 14; for type 8 Flink uses the materialization id.
    pub checkpoint_id: Option<i64>,
    /// Normally a UUID.
    pub state_handle_id: JavaStr<'a>,
}

impl<'a> ChangelogHandle<'a> {
    pub(super) fn read(input: Input<'a>, cx: ReadContext, v2: bool) -> Parsed<'a, Self> {
        let v1_14 = cx.changelog_1_14 && !v2;
        let (rest, key_groups) = KeyGroupRange::read(input)?;
        if key_groups.count() == 0 {
            return fail(ErrorKind::EmptyChangelogRange, input.offset()).field("key_groups");
        }
        let (rest, checkpointed_size) = if v1_14 { (rest, 0) } else { java::field_i64(rest, "checkpointed_size")? };
        let (rest, materialized) = List::read(rest, cx).field("materialized")?;
        let (elements, count) = java::count(rest, 1).field("non_materialized")?;
        let (rest, non_materialized) =
            List::read_elements(elements, count, cx, |rest| step_increment(rest, cx)).field("non_materialized")?;
        if v1_14 {
            return Ok((rest, Self { key_groups, materialized, non_materialized, since_1_15: None }));
        }
        let (rest, materialization_id) = java::field_i64(rest, "materialization_id")?;
        let (rest, checkpoint_id) =
            if v2 { java::field_i64(rest, "checkpoint_id").map(|(i, id)| (i, Some(id)))? } else { (rest, None) };
        let (rest, state_handle_id) = java::field_utf(rest, cx.strict, "state_handle_id")?;
        let since = ChangelogSince1_15 { checkpointed_size, materialization_id, checkpoint_id, state_handle_id };
        Ok((rest, Self { key_groups, materialized, non_materialized, since_1_15: Some(since) }))
    }

    pub(super) fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        if self.key_groups.count() == 0 {
            return Err(out.error(ErrorKind::EmptyChangelogRange)).field("key_groups");
        }
        self.key_groups.write(out);
        if let Some(since) = &self.since_1_15 {
            out.i64(since.checkpointed_size);
        }
        self.materialized.write(out, cx).field("materialized")?;
        if let Some(i) = self.non_materialized.iter().position(|handle| !is_increment(handle.as_ref())) {
            return Err(out.error(ErrorKind::NotAnIncrement)).index(i as u64).field("non_materialized");
        }
        self.non_materialized.write(out, cx).field("non_materialized")?;
        if let Some(since) = &self.since_1_15 {
            out.i64(since.materialization_id);
            if let Some(checkpoint_id) = since.checkpoint_id {
                out.i64(checkpoint_id);
            }
            out.utf(&since.state_handle_id).field("state_handle_id")?;
        }
        Ok(())
    }
}

/// `META-CHANGELOG-02`. A null entry is skipped by Flink from 1.15 on.
fn is_increment(handle: Option<&KeyedHandle<'_>>) -> bool {
    matches!(handle, None | Some(KeyedHandle::ByteIncrement(_) | KeyedHandle::FileIncrement(_)))
}

/// Reads an element of the changes that are not materialized.
fn step_increment(input: Input<'_>, cx: ReadContext) -> Parsed<'_, ()> {
    match Option::<KeyedHandle<'_>>::read(input, cx)? {
        (rest, handle) if is_increment(handle.as_ref()) => Ok((rest, ())),
        _ => fail(ErrorKind::NotAnIncrement, input.offset()),
    }
}

/// Type 9, `InMemoryChangelogStateHandle`: changes inside `_metadata`.
///
/// | field | type | 1.14 | 1.15 and later |
/// |---|---|---|---|
/// | start key group, number of key groups | `i32`, `i32` | yes | yes |
/// | from, to | `i64`, `i64`, sequence numbers | yes | yes |
/// | changes | list of [`Change`] | yes | yes |
/// | state handle id | `utf` | | yes |
#[derive(Debug, Clone, PartialEq)]
pub struct ByteIncrement<'a> {
    /// The key groups that it covers.
    pub key_groups: KeyGroupRange,
    /// First sequence number; not negative.
    pub from: i64,
    /// Sequence number behind the last; in the layout of 1.14 that of the last. Not negative.
    pub to: i64,
    /// The changes.
    pub changes: List<'a, Change<'a>>,
    /// Absent in the layout of 1.14. Normally a UUID.
    pub state_handle_id: Option<JavaStr<'a>>,
}

impl<'a> ByteIncrement<'a> {
    pub(super) fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, key_groups) = KeyGroupRange::read(input)?;
        let (rest, from) = read_sequence_number(rest, "from")?;
        let (rest, to) = read_sequence_number(rest, "to")?;
        let (rest, changes) = List::read(rest, cx).field("changes")?;
        let (rest, state_handle_id) = if cx.changelog_1_14 {
            (rest, None)
        } else {
            java::field_utf(rest, cx.strict, "state_handle_id").map(|(i, id)| (i, Some(id)))?
        };
        Ok((rest, Self { key_groups, from, to, changes, state_handle_id }))
    }

    pub(super) fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        self.key_groups.write(out);
        for (found, name) in [(self.from, "from"), (self.to, "to")] {
            if found < 0 {
                return Err(out.error(ErrorKind::SequenceNumber { found })).field(name);
            }
            out.i64(found);
        }
        self.changes.write(out, cx).field("changes")?;
        self.state_handle_id.as_ref().map_or(Ok(()), |id| out.utf(id).field("state_handle_id"))
    }
}

fn read_sequence_number<'a>(input: Input<'a>, name: &'static str) -> Parsed<'a, i64> {
    let (rest, found) = java::field_i64(input, name)?;
    if found < 0 {
        return fail(ErrorKind::SequenceNumber { found }, input.offset()).field(name);
    }
    Ok((rest, found))
}

/// `StateChange`: `i32` key group, `i32` length, data.
#[derive(Clone, PartialEq)]
pub struct Change<'a> {
    /// The key group; -1 is a change of meta data.
    pub key_group: i32,
    /// The change, in the format of the changelog backend.
    pub data: Cow<'a, [u8]>,
}

impl<'a> Codec<'a> for Change<'a> {
    const LEAST: usize = 8;

    fn read(input: Input<'a>, _cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, key_group) = java::field_i32(input, "key_group")?;
        if key_group < -1 {
            return fail(ErrorKind::ChangeKeyGroup { found: key_group }, input.offset()).field("key_group");
        }
        let (rest, data) = java::bytes32(rest).field("data")?;
        Ok((rest, Self { key_group, data: Cow::Borrowed(data.bytes()) }))
    }

    fn write(&self, out: &mut Output, _cx: WriteContext) -> Result<(), Error> {
        if self.key_group < -1 {
            return Err(out.error(ErrorKind::ChangeKeyGroup { found: self.key_group })).field("key_group");
        }
        out.i32(self.key_group);
        out.bytes32(&self.data).field("data")
    }
}

impl fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Change({}: {} bytes)", self.key_group, self.data.len())
    }
}

/// Types 10 and 13, `ChangelogStateHandleStreamImpl`: changes in files.
///
/// | field | type | 10, 1.14 | 10, 1.15 | 13 |
/// |---|---|---|---|---|
/// | start key group, number of key groups | `i32`, `i32` | yes | yes | yes |
/// | handles | list of [`OffsetHandle`] | yes | yes | yes |
/// | state size | `i64` | yes | yes | yes |
/// | checkpointed size | `i64` | | yes | yes |
/// | state handle id | `utf` | | yes | yes |
/// | storage identifier | `utf` | | | yes |
#[derive(Debug, Clone, PartialEq)]
pub struct FileIncrement<'a> {
    /// The key groups that it covers.
    pub key_groups: KeyGroupRange,
    /// The streams of changes.
    pub handles: List<'a, OffsetHandle<'a>>,
    /// Size of all streams.
    pub state_size: i64,
    /// Absent in the layout of 1.14.
    pub since_1_15: Option<FileIncrementSince1_15<'a>>,
}

/// What the layouts after 1.14 have besides.
#[derive(Debug, Clone, PartialEq)]
pub struct FileIncrementSince1_15<'a> {
    /// Bytes that this checkpoint added.
    pub checkpointed_size: i64,
    /// Normally a UUID.
    pub state_handle_id: JavaStr<'a>,
    /// Present in type 13; for type 10 Flink uses `filesystem`.
    pub storage: Option<JavaStr<'a>>,
}

impl<'a> FileIncrement<'a> {
    pub(super) fn read(input: Input<'a>, cx: ReadContext, v2: bool) -> Parsed<'a, Self> {
        let (rest, key_groups) = KeyGroupRange::read(input)?;
        let (rest, handles) = List::read(rest, cx).field("handles")?;
        let (rest, state_size) = java::field_i64(rest, "state_size")?;
        if cx.changelog_1_14 && !v2 {
            return Ok((rest, Self { key_groups, handles, state_size, since_1_15: None }));
        }
        let (rest, checkpointed_size) = java::field_i64(rest, "checkpointed_size")?;
        let (rest, state_handle_id) = java::field_utf(rest, cx.strict, "state_handle_id")?;
        let (rest, storage) = if v2 {
            java::field_utf(rest, cx.strict, "storage_identifier").map(|(i, storage)| (i, Some(storage)))?
        } else {
            (rest, None)
        };
        let since = FileIncrementSince1_15 { checkpointed_size, state_handle_id, storage };
        Ok((rest, Self { key_groups, handles, state_size, since_1_15: Some(since) }))
    }

    pub(super) fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        self.key_groups.write(out);
        self.handles.write(out, cx).field("handles")?;
        out.i64(self.state_size);
        if let Some(since) = &self.since_1_15 {
            out.i64(since.checkpointed_size);
            out.utf(&since.state_handle_id).field("state_handle_id")?;
            if let Some(storage) = &since.storage {
                out.utf(storage).field("storage_identifier")?;
            }
        }
        Ok(())
    }
}

/// A stream of a [`FileIncrement`]: `i64` offset, then a stream handle, required.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetHandle<'a> {
    /// Where the changes start.
    pub offset: i64,
    /// Where the bytes are.
    pub handle: StreamHandle<'a>,
}

impl<'a> Codec<'a> for OffsetHandle<'a> {
    const LEAST: usize = 9;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, offset) = java::field_i64(input, "offset")?;
        let (rest, handle) = StreamHandle::read_required(rest, cx, "handle")?;
        Ok((rest, Self { offset, handle }))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        out.i64(self.offset);
        self.handle.write_required(out, cx).field("handle")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::{Dropping, MetadataVersion, Release};

    fn increment(key_group: i32) -> KeyedHandle<'static> {
        let changes = vec![Change { key_group, data: Cow::Borrowed(b"x") }].into();
        let key_groups = KeyGroupRange::new(0, 1).unwrap();
        let state_handle_id = Some("id".into());
        KeyedHandle::ByteIncrement(ByteIncrement { key_groups, from: 0, to: 1, changes, state_handle_id })
    }

    fn changelog(count: u32, increments: Vec<Option<KeyedHandle<'static>>>) -> KeyedHandle<'static> {
        let since = ChangelogSince1_15 {
            checkpointed_size: 0,
            materialization_id: 0,
            checkpoint_id: Some(1),
            state_handle_id: "id".into(),
        };
        KeyedHandle::Changelog(Box::new(ChangelogHandle {
            key_groups: KeyGroupRange::new(0, count).unwrap(),
            materialized: List::default(),
            non_materialized: increments.into(),
            since_1_15: Some(since),
        }))
    }

    #[test]
    fn lists_are_equal_if_their_elements_are() {
        let list = |keys: &[i32]| -> List<'static, _> {
            keys.iter().map(|key| Some(increment(*key))).collect::<Vec<_>>().into()
        };
        assert_eq!(list(&[1, 2]), list(&[1, 2]));
        assert!(list(&[1, 2]) != list(&[1, 3]) && list(&[1, 2]) != list(&[1]) && list(&[1]) != list(&[]));
    }

    #[test]
    fn a_release_takes_the_layouts_it_knows() {
        let write = |handle: &KeyedHandle<'_>, release| {
            let cx = WriteContext { version: MetadataVersion::V3, release: Some(release), dropping: Dropping::NOTHING };
            handle.must_drop(&Output::new(), cx).map_err(|error| error.kind().code())
        };
        let KeyedHandle::Changelog(of_1_16) = changelog(1, vec![]) else { panic!("a changelog") };
        let mut of_1_15 = of_1_16.clone();
        of_1_15.since_1_15.as_mut().unwrap().checkpoint_id = None;
        let [of_1_15, of_1_16] = [of_1_15, of_1_16].map(KeyedHandle::Changelog);
        assert_eq!(
            (write(&of_1_15, Release::V1_15), write(&of_1_15, Release::V1_14)),
            (Ok(false), Err("unrepresentable"))
        );
        assert_eq!(
            (write(&of_1_16, Release::V1_16), write(&of_1_16, Release::V1_15)),
            (Ok(false), Err("unrepresentable"))
        );
    }

    #[test]
    fn what_no_reader_takes_is_not_written() {
        let cx = WriteContext { version: MetadataVersion::V6, release: None, dropping: Dropping::NOTHING };
        let write = |handle: KeyedHandle<'_>| handle.write(&mut Output::new(), cx);
        write(changelog(1, vec![None, Some(increment(-1))])).unwrap();
        for (handle, code, path) in [
            (changelog(0, vec![]), "empty-changelog-range", "key_groups"),
            (changelog(1, vec![None, Some(changelog(1, vec![]))]), "not-an-increment", "non_materialized[1]"),
            (changelog(1, vec![Some(increment(-2))]), "change-key-group", "non_materialized[0].changes[0].key_group"),
        ] {
            let error = write(handle).unwrap_err();
            assert_eq!((error.kind().code(), error.path().as_str()), (code, path));
        }
    }
}
