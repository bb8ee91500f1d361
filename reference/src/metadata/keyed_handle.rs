//! Keyed state handles: types 3, 5, 7 and 11 to 14, and what 1.14 and 1.15 write as 8, 9 and 10.
//!
//! The type byte is followed by no length and no flag; type 0 means none.

use super::changelog_handle::{ByteIncrement, ChangelogHandle, FileIncrement};
use super::codec::{Codec, List, ReadContext, WriteContext};
use super::key_groups::{KeyGroupOffsets, KeyGroupRange};
use super::release::Feature;
use super::stream_handle::{NULL, StreamHandle};
use crate::error::{At, TypePosition};
use crate::wire::{Input, JavaStr, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

pub(super) const KEY_GROUPS: u8 = 3;
pub(super) const INCREMENTAL: u8 = 5;
pub(super) const SAVEPOINT_KEY_GROUPS: u8 = 7;
const CHANGELOG: u8 = 8;
const BYTE_INCREMENT: u8 = 9;
const FILE_INCREMENT: u8 = 10;
pub(super) const INCREMENTAL_V2: u8 = 11;
pub(super) const KEY_GROUPS_V2: u8 = 12;
const FILE_INCREMENT_V2: u8 = 13;
const CHANGELOG_V2: u8 = 14;

/// Where keyed state is, and in which format.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyedHandle<'a> {
    /// One stream with an offset for each key group.
    KeyGroups(KeyGroupsHandle<'a>),
    /// Files of an incremental RocksDB snapshot.
    Incremental(Box<IncrementalHandle<'a>>),
    /// State of the changelog backend.
    Changelog(Box<ChangelogHandle<'a>>),
    /// Changes inside `_metadata`; only inside a [`ChangelogHandle`].
    ByteIncrement(ByteIncrement<'a>),
    /// Changes in files; only inside a [`ChangelogHandle`].
    FileIncrement(FileIncrement<'a>),
}

impl KeyedHandle<'_> {
    /// The type byte.
    pub fn type_byte(&self) -> u8 {
        match self {
            Self::KeyGroups(handle) => handle.type_byte(),
            Self::Incremental(handle) => handle.type_byte(),
            Self::Changelog(handle) if handle.since_1_15.as_ref().is_some_and(|s| s.checkpoint_id.is_some()) => {
                CHANGELOG_V2
            }
            Self::Changelog(_) => CHANGELOG,
            Self::ByteIncrement(_) => BYTE_INCREMENT,
            Self::FileIncrement(handle) if handle.since_1_15.as_ref().is_some_and(|s| s.storage.is_some()) => {
                FILE_INCREMENT_V2
            }
            Self::FileIncrement(_) => FILE_INCREMENT,
        }
    }

    /// The key groups that the handle covers.
    pub fn key_groups(&self) -> KeyGroupRange {
        match self {
            Self::KeyGroups(handle) => handle.offsets.range(),
            Self::Incremental(handle) => handle.key_groups,
            Self::Changelog(handle) => handle.key_groups,
            Self::ByteIncrement(handle) => handle.key_groups,
            Self::FileIncrement(handle) => handle.key_groups,
        }
    }

    pub(super) fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        match self {
            // These two have an older layout for older releases, and write the type byte of the one they choose.
            Self::KeyGroups(handle) => handle.write(out, cx),
            Self::Incremental(handle) => handle.write(out, cx),
            Self::Changelog(handle) => {
                out.u8(self.type_byte());
                handle.write(out, cx)
            }
            Self::ByteIncrement(handle) => {
                out.u8(self.type_byte());
                handle.write(out, cx)
            }
            Self::FileIncrement(handle) => {
                out.u8(self.type_byte());
                handle.write(out, cx)
            }
        }
    }

    /// Whether the handle has to be left out for the target, with all that is in it.
    pub(super) fn must_drop(&self, out: &Output, cx: WriteContext) -> Result<bool, Error> {
        Ok(match self {
            Self::KeyGroups(handle) => handle.delegate.must_drop(out, cx)?,
            Self::Incremental(handle) => handle.has_segment() && cx.must_drop(Feature::Segment, out)?,
            Self::Changelog(handle) => {
                let layout = match &handle.since_1_15 {
                    None => Feature::Changelog1_14,
                    Some(since) if since.checkpoint_id.is_none() => Feature::Changelog1_15,
                    Some(_) => Feature::Changelog1_16,
                };
                if cx.must_drop(layout, out)? {
                    return Ok(true);
                }
                // A part of it must not vanish while the rest stays: that would be another state.
                for part in handle.materialized.iter().chain(handle.non_materialized.iter()).flatten() {
                    if part.must_drop(out, cx)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::ByteIncrement(handle) => {
                let layout =
                    if handle.state_handle_id.is_some() { Feature::Changelog1_15 } else { Feature::Changelog1_14 };
                cx.must_drop(layout, out)?
            }
            Self::FileIncrement(handle) => {
                let layout = match &handle.since_1_15 {
                    None => Feature::Changelog1_14,
                    Some(since) if since.storage.is_none() => Feature::Changelog1_15,
                    Some(_) => Feature::Changelog1_16,
                };
                cx.must_drop(layout, out)?
                    || handle.handles.iter().any(|h| h.handle.is_segment()) && cx.must_drop(Feature::Segment, out)?
            }
        })
    }
}

impl<'a> Codec<'a> for Option<KeyedHandle<'a>> {
    const LEAST: usize = 1;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, type_byte) = java::u8(input)?;
        let (rest, handle) = match type_byte {
            NULL => return Ok((rest, None)),
            KEY_GROUPS | KEY_GROUPS_V2 | SAVEPOINT_KEY_GROUPS => {
                KeyGroupsHandle::read(rest, cx, type_byte).map(|(i, h)| (i, KeyedHandle::KeyGroups(h)))?
            }
            INCREMENTAL | INCREMENTAL_V2 => {
                let (rest, handle) = IncrementalHandle::read(rest, cx, type_byte == INCREMENTAL_V2)?;
                (rest, KeyedHandle::Incremental(Box::new(handle)))
            }
            CHANGELOG | CHANGELOG_V2 => {
                let cx = cx.nested(input.offset())?;
                let (rest, handle) = ChangelogHandle::read(rest, cx, type_byte == CHANGELOG_V2)?;
                (rest, KeyedHandle::Changelog(Box::new(handle)))
            }
            BYTE_INCREMENT => ByteIncrement::read(rest, cx).map(|(i, h)| (i, KeyedHandle::ByteIncrement(h)))?,
            FILE_INCREMENT | FILE_INCREMENT_V2 => {
                let (rest, handle) = FileIncrement::read(rest, cx, type_byte == FILE_INCREMENT_V2)?;
                (rest, KeyedHandle::FileIncrement(handle))
            }
            found => return fail(ErrorKind::UnknownType { found, position: TypePosition::Keyed }, input.offset()),
        };
        Ok((rest, Some(handle)))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        match self {
            None => {
                out.u8(NULL);
                Ok(())
            }
            Some(handle) => handle.write(out, cx),
        }
    }
}

/// Types 3, 12 and 7: one stream with an offset for each key group.
///
/// | field | type | 3, 7 | 12 |
/// |---|---|---|---|
/// | start key group, number of key groups | `i32`, `i32` | yes | yes |
/// | offsets | `i64` for each key group, no count | yes | yes |
/// | delegate | stream handle, required | yes | yes |
/// | state handle id | `utf` | | yes |
#[derive(Debug, Clone, PartialEq)]
pub struct KeyGroupsHandle<'a> {
    /// Which of the three it is.
    pub format: KeyGroupsFormat<'a>,
    /// The key groups, and where each starts in the stream.
    pub offsets: KeyGroupOffsets<'a>,
    /// Where the bytes are.
    pub delegate: StreamHandle<'a>,
}

/// What a [`KeyGroupsHandle`] says about the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyGroupsFormat<'a> {
    /// Type 7, `KeyGroupsSavepointStateHandle`: managed state in the canonical format.
    Savepoint,
    /// Type 3, `KeyGroupsStateHandle`, written up to Flink 1.14: a format of the backend's own, or raw keyed state.
    Native,
    /// Type 12, the same since Flink 1.15.
    NativeWithId {
        /// Normally a UUID.
        state_handle_id: JavaStr<'a>,
    },
}

impl<'a> KeyGroupsHandle<'a> {
    fn type_byte(&self) -> u8 {
        match self.format {
            KeyGroupsFormat::Savepoint => SAVEPOINT_KEY_GROUPS,
            KeyGroupsFormat::Native => KEY_GROUPS,
            KeyGroupsFormat::NativeWithId { .. } => KEY_GROUPS_V2,
        }
    }

    fn read(input: Input<'a>, cx: ReadContext, type_byte: u8) -> Parsed<'a, Self> {
        let (rest, range) = KeyGroupRange::read(input)?;
        let (rest, offsets) = KeyGroupOffsets::read(rest, range)?;
        let (rest, delegate) = StreamHandle::read_required(rest, cx, "delegate")?;
        let (rest, format) = match type_byte {
            SAVEPOINT_KEY_GROUPS => (rest, KeyGroupsFormat::Savepoint),
            KEY_GROUPS => (rest, KeyGroupsFormat::Native),
            _ => java::field_utf(rest, cx.strict, "state_handle_id")
                .map(|(i, state_handle_id)| (i, KeyGroupsFormat::NativeWithId { state_handle_id }))?,
        };
        Ok((rest, Self { format, offsets, delegate }))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        let state_handle_id = match &self.format {
            KeyGroupsFormat::NativeWithId { state_handle_id } if !cx.must_drop(Feature::StateHandleId, out)? => {
                Some(state_handle_id)
            }
            _ => None,
        };
        out.u8(match (&self.format, state_handle_id) {
            (KeyGroupsFormat::Savepoint, _) => SAVEPOINT_KEY_GROUPS,
            (_, None) => KEY_GROUPS,
            (_, Some(_)) => KEY_GROUPS_V2,
        });
        self.offsets.write(out);
        self.delegate.write_required(out, cx).field("delegate")?;
        state_handle_id.map_or(Ok(()), |id| out.utf(id).field("state_handle_id"))
    }
}

/// Types 5 and 11, `IncrementalRemoteKeyedStateHandle`: files of a RocksDB snapshot.
///
/// | field | type | 5 | 11 |
/// |---|---|---|---|
/// | checkpoint id | `i64` | yes | yes |
/// | backend id | `utf`, a UUID | yes | yes |
/// | start key group, number of key groups | `i32`, `i32` | yes | yes |
/// | checkpointed size | `i64` | | yes |
/// | meta state | stream handle | yes | yes |
/// | shared state, private state | two lists of [`NamedHandle`] | yes | yes |
/// | state handle id | `utf` | | yes |
#[derive(Debug, Clone, PartialEq)]
pub struct IncrementalHandle<'a> {
    /// The checkpoint that made it.
    pub checkpoint_id: i64,
    /// The backend that made it. Any text is accepted; Flink makes a UUID of it.
    pub backend_id: JavaStr<'a>,
    /// The key groups that it covers.
    pub key_groups: KeyGroupRange,
    /// Present in type 11.
    pub since_1_15: Option<IncrementalSince1_15<'a>>,
    /// Meta data of the backend. Readers before Flink 1.19 refuse none.
    pub meta_state: Option<StreamHandle<'a>>,
    /// Files that other checkpoints may use too.
    pub shared_state: List<'a, NamedHandle<'a>>,
    /// Files of this checkpoint alone.
    pub private_state: List<'a, NamedHandle<'a>>,
}

/// What type 11 has besides.
#[derive(Debug, Clone, PartialEq)]
pub struct IncrementalSince1_15<'a> {
    /// Bytes that this checkpoint added; -1 is unknown.
    pub checkpointed_size: i64,
    /// Normally a UUID.
    pub state_handle_id: JavaStr<'a>,
}

impl<'a> IncrementalHandle<'a> {
    fn type_byte(&self) -> u8 {
        if self.since_1_15.is_some() { INCREMENTAL_V2 } else { INCREMENTAL }
    }

    fn has_segment(&self) -> bool {
        self.meta_state.as_ref().is_some_and(StreamHandle::is_segment)
            || self.shared_state.iter().chain(self.private_state.iter()).any(|h| h.handle.is_segment())
    }

    fn read(input: Input<'a>, cx: ReadContext, v2: bool) -> Parsed<'a, Self> {
        let (rest, checkpoint_id) = java::field_i64(input, "checkpoint_id")?;
        let (rest, backend_id) = java::field_utf(rest, cx.strict, "backend_id")?;
        let (rest, key_groups) = KeyGroupRange::read(rest)?;
        let (rest, checkpointed_size) = if v2 { java::field_i64(rest, "checkpointed_size")? } else { (rest, -1) };
        let (rest, meta_state) = Option::<StreamHandle<'a>>::read(rest, cx).field("meta_state")?;
        let (rest, shared_state) = List::read(rest, cx).field("shared_state")?;
        let (rest, private_state) = List::read(rest, cx).field("private_state")?;
        let (rest, since_1_15) = if v2 {
            java::field_utf(rest, cx.strict, "state_handle_id")
                .map(|(i, state_handle_id)| (i, Some(IncrementalSince1_15 { checkpointed_size, state_handle_id })))?
        } else {
            (rest, None)
        };
        Ok((rest, Self { checkpoint_id, backend_id, key_groups, since_1_15, meta_state, shared_state, private_state }))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        let since_1_15 = match &self.since_1_15 {
            Some(_) if cx.must_drop(Feature::StateHandleId, out)? => None,
            since => since.as_ref(),
        };
        out.u8(if since_1_15.is_some() { INCREMENTAL_V2 } else { INCREMENTAL });
        out.i64(self.checkpoint_id);
        out.utf(&self.backend_id).field("backend_id")?;
        self.key_groups.write(out);
        if let Some(since) = since_1_15 {
            out.i64(since.checkpointed_size);
        }
        self.meta_state.write(out, cx).field("meta_state")?;
        self.shared_state.write(out, cx).field("shared_state")?;
        self.private_state.write(out, cx).field("private_state")?;
        since_1_15.map_or(Ok(()), |since| out.utf(&since.state_handle_id).field("state_handle_id"))
    }
}

/// A file of an [`IncrementalHandle`]: `utf` local name (`000001.sst`, `CURRENT`), then a stream handle, required.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedHandle<'a> {
    /// Name of the file in the backend's directory.
    pub name: JavaStr<'a>,
    /// Where its bytes are.
    pub handle: StreamHandle<'a>,
}

impl<'a> Codec<'a> for NamedHandle<'a> {
    const LEAST: usize = 3;

    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (rest, name) = java::field_utf(input, cx.strict, "name")?;
        let (rest, handle) = StreamHandle::read_required(rest, cx, "handle")?;
        Ok((rest, Self { name, handle }))
    }

    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        out.utf(&self.name).field("name")?;
        self.handle.write_required(out, cx).field("handle")
    }
}
