//! Handles in the words of `OracleHandles`.

use std::collections::BTreeMap;
use std::fmt::Display;

use flink_savepoint::metadata::changelog_handle::{ByteIncrement, ChangelogHandle, FileIncrement};
use flink_savepoint::metadata::keyed_handle::{IncrementalHandle, NamedHandle};
use flink_savepoint::metadata::stream_handle::{ByteStreamHandle, Scope};
use flink_savepoint::metadata::{
    KeyGroupOffsets, KeyGroupRange, KeyGroupsFormat, KeyedHandle, List, Mode, OperatorStateHandle, Release, StateMeta,
    StateSize, StreamHandle,
};
use flink_savepoint::wire::JavaStr;

use crate::oracle::lines::{ANY, Lines, quoted_in_path};

/// What relative paths are told from.
pub(super) const BASE: &str = "<base>/";

pub(super) struct Renderer {
    pub(super) lines: Lines,
    pub(super) release: Release,
}

impl Renderer {
    pub(super) fn inline(&mut self, path: &str, handle: &ByteStreamHandle<'_>) {
        self.lines.add(path, "inline");
        self.lines.text(&format!("{path}.handle_name"), &handle.handle_name);
        self.lines.bytes(&format!("{path}.data"), &handle.data);
    }

    pub(super) fn stream(&mut self, path: &str, handle: &StreamHandle<'_>) {
        match handle {
            StreamHandle::ByteStream(handle) => self.inline(path, handle),
            StreamHandle::Relative(handle) => {
                self.lines.add(path, "relative");
                self.lines.text(&format!("{path}.relative_path"), &handle.relative_path);
                let resolved = JavaStr::from_utf16(BASE.encode_utf16().chain(handle.relative_path.utf16()));
                self.lines.text(&format!("{path}.resolved"), &resolved);
                self.size(path, handle.state_size);
            }
            StreamHandle::File(handle) => {
                self.lines.add(path, "file");
                self.lines.text(&format!("{path}.path"), &handle.path);
                self.size(path, handle.state_size);
            }
            StreamHandle::KeyGroups(handle) => {
                self.lines.add(path, "key groups");
                self.offsets(path, &handle.offsets);
                self.stream(&format!("{path}.delegate"), &handle.delegate);
            }
            StreamHandle::EmptySegment => self.lines.add(path, "empty segment"),
            StreamHandle::Segment(handle) => {
                self.lines.add(path, "segment");
                self.lines.add(&format!("{path}.start_position"), handle.start_position);
                self.lines.add(&format!("{path}.state_size"), handle.state_size);
                let scope = match handle.scope {
                    Scope::Exclusive => "EXCLUSIVE",
                    Scope::Shared => "SHARED",
                };
                self.lines.add(&format!("{path}.scope"), scope);
                self.lines.text(&format!("{path}.path"), &handle.path);
                self.lines.text(&format!("{path}.logical_file_id"), &handle.logical_file_id);
            }
        }
    }

    fn size(&mut self, path: &str, size: StateSize) {
        let size = size.bytes().and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or(-1);
        self.lines.add(&format!("{path}.state_size"), size);
    }

    pub(super) fn operator_state(&mut self, path: &str, handle: &OperatorStateHandle<'_>) {
        let what = match &handle.segmented {
            None => "partitionable",
            Some(segmented) if segmented.is_empty => "segmented, empty",
            Some(_) => "segmented",
        };
        self.lines.add(path, what);
        // Of two states with one name Flink keeps the later.
        let states: BTreeMap<Vec<u16>, StateMeta<'_>> =
            handle.states.iter().map(|state| (state.name.utf16().collect(), state)).collect();
        for state in states.values() {
            let path = format!("{path}.state[{}]", quoted_in_path(&state.name));
            let mode = match state.mode {
                Mode::SplitDistribute => "SPLIT_DISTRIBUTE",
                Mode::Union => "UNION",
                Mode::Broadcast => "BROADCAST",
            };
            self.lines.add(&format!("{path}.mode"), mode);
            self.lines.numbers(&format!("{path}.offsets"), state.offsets.iter());
        }
        if let Some(segmented) = &handle.segmented {
            self.lines.text(&format!("{path}.task_owned_directory"), &segmented.task_owned_directory);
            self.lines.text(&format!("{path}.shared_directory"), &segmented.shared_directory);
        }
        self.stream(&format!("{path}.delegate"), &handle.delegate);
    }

    pub(super) fn keyed(&mut self, path: &str, handle: &KeyedHandle<'_>) {
        match handle {
            KeyedHandle::KeyGroups(handle) => {
                let savepoint = handle.format == KeyGroupsFormat::Savepoint;
                self.lines.add(path, if savepoint { "savepoint key groups" } else { "key groups" });
                self.offsets(path, &handle.offsets);
                self.stream(&format!("{path}.delegate"), &handle.delegate);
                match &handle.format {
                    KeyGroupsFormat::Savepoint => {}
                    KeyGroupsFormat::Native => self.id(path, None),
                    KeyGroupsFormat::NativeWithId { state_handle_id } => self.id(path, Some(state_handle_id)),
                }
            }
            KeyedHandle::Incremental(handle) => self.incremental(path, handle),
            KeyedHandle::Changelog(handle) => self.changelog(path, handle),
            KeyedHandle::ByteIncrement(handle) => self.byte_increment(path, handle),
            KeyedHandle::FileIncrement(handle) => self.file_increment(path, handle),
        }
    }

    fn incremental(&mut self, path: &str, handle: &IncrementalHandle<'_>) {
        self.lines.add(path, "incremental");
        self.lines.add(&format!("{path}.checkpoint_id"), handle.checkpoint_id);
        self.lines.text(&format!("{path}.backend_id"), &handle.backend_id);
        self.range(path, handle.key_groups);
        let since = handle.since_1_15.as_ref();
        // Where it is not known, Flink adds up all that the handle has.
        let size = since.map(|since| since.checkpointed_size).filter(|size| *size != -1);
        self.since_1_15(&format!("{path}.checkpointed_size"), size.as_ref());
        match &handle.meta_state {
            Some(state) => self.stream(&format!("{path}.meta_state"), state),
            None => self.lines.add(&format!("{path}.meta_state"), "null"),
        }
        self.files(&format!("{path}.shared_state"), &handle.shared_state);
        self.files(&format!("{path}.private_state"), &handle.private_state);
        self.id(path, since.map(|since| &since.state_handle_id));
    }

    /// A map up to 1.15, a list later.
    fn files(&mut self, path: &str, files: &List<'_, NamedHandle<'_>>) {
        let files: Vec<_> = if self.release < Release::V1_16 {
            let map: BTreeMap<Vec<u16>, _> = files.iter().map(|file| (file.name.utf16().collect(), file)).collect();
            map.into_values().collect()
        } else {
            files.iter().collect()
        };
        for (i, file) in files.iter().enumerate() {
            let path = format!("{path}[{i}]");
            self.lines.text(&format!("{path}.name"), &file.name);
            self.stream(&path, &file.handle);
        }
    }

    fn changelog(&mut self, path: &str, handle: &ChangelogHandle<'_>) {
        self.lines.add(path, "changelog");
        self.range(path, handle.key_groups);
        // Flink skips null entries.
        for (field, list) in [("materialized", &handle.materialized), ("non_materialized", &handle.non_materialized)] {
            for (i, part) in list.iter().flatten().enumerate() {
                self.keyed(&format!("{path}.{field}[{i}]"), &part);
            }
        }
        let since = handle.since_1_15.as_ref();
        self.since_1_15(&format!("{path}.checkpointed_size"), since.map(|since| since.checkpointed_size).as_ref());
        let id = since.map(|since| since.materialization_id);
        self.since_1_15(&format!("{path}.materialization_id"), id.as_ref());
        // Type 8 has none; Flink takes the other number.
        self.since_1_15(&format!("{path}.checkpoint_id"), since.and_then(|since| since.checkpoint_id.or(id)).as_ref());
        self.id(path, since.map(|since| &since.state_handle_id));
    }

    fn byte_increment(&mut self, path: &str, handle: &ByteIncrement<'_>) {
        self.lines.add(path, "byte increment");
        self.range(path, handle.key_groups);
        self.lines.add(&format!("{path}.from"), handle.from);
        self.lines.add(&format!("{path}.to"), handle.to);
        for (i, change) in handle.changes.iter().enumerate() {
            self.lines.add(&format!("{path}.change[{i}].key_group"), change.key_group);
            self.lines.bytes(&format!("{path}.change[{i}].data"), &change.data);
        }
        self.id(path, handle.state_handle_id.as_ref());
    }

    fn file_increment(&mut self, path: &str, handle: &FileIncrement<'_>) {
        self.lines.add(path, "file increment");
        self.range(path, handle.key_groups);
        for (i, one) in handle.handles.iter().enumerate() {
            self.lines.add(&format!("{path}.handle[{i}].offset"), one.offset);
            self.stream(&format!("{path}.handle[{i}]"), &one.handle);
        }
        self.lines.add(&format!("{path}.state_size"), handle.state_size);
        let since = handle.since_1_15.as_ref();
        self.since_1_15(&format!("{path}.checkpointed_size"), since.map(|since| since.checkpointed_size).as_ref());
        self.id(path, since.map(|since| &since.state_handle_id));
        if self.release >= Release::V1_16 {
            let filesystem = JavaStr::from("filesystem");
            let storage = since.and_then(|since| since.storage.as_ref()).unwrap_or(&filesystem);
            self.lines.text(&format!("{path}.storage_identifier"), storage);
        }
    }

    fn offsets(&mut self, path: &str, offsets: &KeyGroupOffsets<'_>) {
        self.range(path, offsets.range());
        self.lines.numbers(&format!("{path}.offsets"), offsets.offsets().iter());
    }

    fn range(&mut self, path: &str, range: KeyGroupRange) {
        // An empty range drops its start.
        self.lines.add(&format!("{path}.key_groups"), range);
    }

    /// Where the file has none, Flink makes one up.
    fn id(&mut self, path: &str, id: Option<&JavaStr<'_>>) {
        if self.release >= Release::V1_15 {
            match id {
                Some(id) => self.lines.text(&format!("{path}.state_handle_id"), id),
                None => self.lines.add(&format!("{path}.state_handle_id"), ANY),
            }
        }
    }

    /// What Flink keeps since 1.15; where the file does not have it, it is made up.
    fn since_1_15(&mut self, path: &str, value: Option<&impl Display>) {
        if self.release >= Release::V1_15 {
            match value {
                Some(value) => self.lines.add(path, value),
                None => self.lines.add(path, ANY),
            }
        }
    }
}
