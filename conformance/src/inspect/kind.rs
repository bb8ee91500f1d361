//! Whether a snapshot is a canonical savepoint, a native one or a checkpoint, and how that is known.

use std::collections::BTreeSet;

use flink_savepoint::metadata::{KeyGroupsFormat, KeyedHandle, Metadata, SavepointFormat, SnapshotType, SubtaskState};
use schemars::JsonSchema;
use serde::Serialize;

/// What kind of snapshot it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A savepoint in the unified format, which every state backend restores.
    CanonicalSavepoint,
    /// A savepoint in the format of the backend that wrote it.
    NativeSavepoint,
    /// A checkpoint.
    Checkpoint,
    /// In a format of the backend's own: a checkpoint, or a native savepoint (Flink 1.15 and later).
    CheckpointOrNativeSavepoint,
    /// Nothing in it tells.
    Unknown,
}

impl Kind {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::CanonicalSavepoint => "canonical savepoint",
            Self::NativeSavepoint => "native savepoint",
            Self::Checkpoint => "checkpoint",
            Self::CheckpointOrNativeSavepoint => "checkpoint or native savepoint",
            Self::Unknown => "savepoint or checkpoint of unknown kind",
        }
    }
}

/// The kind, and the reason for people.
pub(super) fn of(metadata: &Metadata<'_>) -> (Kind, String) {
    let content = metadata.properties.as_ref().and_then(|p| p.content());
    match content.map(|c| &c.snapshot) {
        Some(SnapshotType::Savepoint { format: SavepointFormat::Canonical, .. }) => {
            (Kind::CanonicalSavepoint, "the checkpoint properties say CANONICAL".to_owned())
        }
        Some(SnapshotType::Savepoint { format: SavepointFormat::Native, .. }) => {
            (Kind::NativeSavepoint, "the checkpoint properties say NATIVE".to_owned())
        }
        Some(SnapshotType::Checkpoint { name, .. }) => {
            (Kind::Checkpoint, format!("the checkpoint properties say {name}"))
        }
        None => by_handles(metadata),
    }
}

/// Versions 2 and 3 have no properties, and writers other than Flink may leave them null.
fn by_handles(metadata: &Metadata<'_>) -> (Kind, String) {
    let (mut canonical, mut native, mut in_flight) = (false, BTreeSet::new(), false);
    for operator in &metadata.operators {
        for subtask in operator.subtasks() {
            let SubtaskState::Running(handles) = subtask.state else { continue };
            in_flight |= !handles.input_channels.is_empty() || !handles.result_subpartitions.is_empty();
            match handles.managed_keyed {
                Some(KeyedHandle::KeyGroups(h)) if h.format == KeyGroupsFormat::Savepoint => canonical = true,
                Some(handle) => {
                    native.insert(handle.type_byte());
                }
                None => {}
            }
        }
    }
    let why = "there are no checkpoint properties";
    if in_flight {
        return (Kind::Checkpoint, format!("{why}, but it has in-flight data, which savepoints never have"));
    }
    match (canonical, native.first()) {
        (true, None) => (
            Kind::CanonicalSavepoint,
            format!("{why}, but managed keyed state is in handles of type 7, which only canonical savepoints have"),
        ),
        (false, Some(8..=10 | 13 | 14)) => {
            (Kind::Checkpoint, format!("{why}, but keyed state is that of the changelog backend"))
        }
        (false, Some(byte)) => (
            Kind::CheckpointOrNativeSavepoint,
            format!("{why}, but managed keyed state is in a handle of type {byte}, in the backend's own format"),
        ),
        (true, Some(byte)) => {
            (Kind::Unknown, format!("{why}, and managed keyed state is in handles of type 7 and of type {byte}"))
        }
        (false, None) => (Kind::Unknown, format!("{why} and no managed keyed state")),
    }
}
