//! What of the metadata not every release reads, although its version is the same.

use std::collections::BTreeMap;
use std::fmt;

use flink_savepoint::metadata::{KeyedHandle, SubtaskState};
use flink_savepoint_spec::releases::{Changelog, Release};

use super::subject::Subject;
use super::walk::{self, Path};

/// Something that a release reads or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// A type byte of a stream handle.
    Stream(u8),
    /// A type byte of an operator-state handle.
    Operator(u8),
    /// A type byte of a keyed-state handle.
    Keyed(u8),
    /// A changelog handle of a type that has two layouts.
    Layout {
        /// The one of 1.14.
        of_1_14: bool,
    },
    /// An incremental handle without meta state.
    NoMetaState,
    /// A mark of something that has finished.
    Finished,
}

impl Thing {
    /// Whether a release reads it as it was meant.
    pub(super) fn is_read_by(self, release: &Release) -> bool {
        match self {
            Self::Stream(byte) => release.handles.stream.contains(&byte),
            Self::Operator(byte) => release.handles.operator.contains(&byte),
            Self::Keyed(byte) => release.handles.keyed.contains(&byte),
            Self::Layout { of_1_14 } => release.changelog == if of_1_14 { Changelog::V1_14 } else { Changelog::V1_15 },
            Self::NoMetaState => release.null_meta_state,
            Self::Finished => release.finished,
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(byte) => write!(f, "stream handle of type {byte}"),
            Self::Operator(byte) => write!(f, "operator-state handle of type {byte}"),
            Self::Keyed(byte) => write!(f, "keyed-state handle of type {byte}"),
            Self::Layout { of_1_14: true } => f.write_str("changelog handle in layout A"),
            Self::Layout { of_1_14: false } => f.write_str("changelog handle in layout B"),
            Self::NoMetaState => f.write_str("incremental snapshot without meta state"),
            Self::Finished => f.write_str("mark of a finished subtask or operator"),
        }
    }
}

/// Each thing that a file uses, with the first place of it.
#[derive(Debug, Default)]
pub(super) struct Used(BTreeMap<Thing, String>);

impl Used {
    /// What a savepoint uses.
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let mut used = Self::default();
        for (i, operator) in subject.operators.iter().enumerate() {
            if operator.is_fully_finished() {
                used.add(Thing::Finished, &|| format!("operators[{i}].num_subtasks"));
            }
        }
        walk::subtasks(&subject.operators, &mut |_, subtask, path| {
            if subtask.state == SubtaskState::Finished {
                used.add(Thing::Finished, &|| format!("{}.index", path()));
            }
        });
        walk::operator_state(&subject.operators, &mut |handle, path| {
            used.add(Thing::Operator(handle.type_byte()), path);
        });
        walk::keyed_state(&subject.operators, &mut |_, _, _, handle, path| used.keyed(handle, path));
        walk::streams(&subject.operators, &mut |_, handle, path| used.add(Thing::Stream(handle.type_byte()), path));
        used
    }

    fn add(&mut self, thing: Thing, path: Path<'_>) {
        self.0.entry(thing).or_insert_with(path);
    }

    fn keyed(&mut self, handle: &KeyedHandle<'_>, path: Path<'_>) {
        self.add(Thing::Keyed(handle.type_byte()), path);
        let of_1_14 = match handle {
            KeyedHandle::Incremental(handle) => {
                if handle.meta_state.is_none() {
                    self.add(Thing::NoMetaState, &|| format!("{}.meta_state", path()));
                }
                return;
            }
            KeyedHandle::Changelog(handle) if handle.since_1_15.as_ref().is_some_and(|s| s.checkpoint_id.is_some()) => {
                return;
            }
            KeyedHandle::Changelog(handle) => handle.since_1_15.is_none(),
            KeyedHandle::ByteIncrement(handle) => handle.state_handle_id.is_none(),
            KeyedHandle::FileIncrement(handle) if handle.since_1_15.as_ref().is_some_and(|s| s.storage.is_some()) => {
                return;
            }
            KeyedHandle::FileIncrement(handle) => handle.since_1_15.is_none(),
            KeyedHandle::KeyGroups(_) => return,
        };
        self.add(Thing::Layout { of_1_14 }, path);
    }

    /// All of them. Meta state has a requirement of its own.
    pub(super) fn things(&self) -> impl Iterator<Item = (Thing, String)> {
        self.0.iter().filter(|(thing, _)| **thing != Thing::NoMetaState).map(|(thing, path)| (*thing, path.clone()))
    }

    /// Where an incremental handle has no meta state.
    pub(super) fn no_meta_state(&self) -> Option<String> {
        self.0.get(&Thing::NoMetaState).cloned()
    }
}
