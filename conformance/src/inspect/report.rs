//! The report: what `--format json` prints, and what the page for people is made of.
//!
//! Stable: fields are added, never renamed or removed, within one `format_version`. Numbers of 64 bits are strings, since
//! JSON readers round them. Text with unpaired surrogates shows U+FFFD for each.

use flink_savepoint::logical::{Fingerprint, OperatorFingerprint};
use flink_savepoint::metadata::{
    CheckpointProperties, KeyedHandle, Metadata, Mode, Operator, OperatorStateHandle, SnapshotType, StateKind,
    StreamHandle, Subtask, SubtaskState,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::files::{Files, Status};
use super::kind::{self, Kind};
use super::states::{KeyGroupReport, KeysReport, StateReading, StateReport};
use super::sums::HandleSums;
use crate::json::Long;
use crate::source::Source;

/// What is in a savepoint or checkpoint.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "savepoint inspect --format json")]
pub struct Report {
    /// Version of this format: 1.
    pub format_version: u32,
    /// The metadata file.
    pub metadata_file: String,
    /// Its size in bytes.
    pub metadata_size: Long,
    /// Its version.
    pub metadata_version: i32,
    /// The releases that write this version.
    pub written_by: String,
    /// Bytes after its end. Flink ignores them.
    pub trailing_bytes: Long,
    /// Number of the checkpoint or savepoint.
    pub checkpoint_id: Long,
    /// What kind of snapshot it is.
    pub kind: Kind,
    /// How the kind is known.
    pub kind_because: String,
    /// Checkpoint properties; null in versions 2 and 3, and where a writer left them out.
    pub properties: Option<PropertiesReport>,
    /// States of master hooks.
    pub master_states: Vec<MasterReport>,
    /// The operators, sorted by uid, name and id.
    pub operators: Vec<OperatorReport>,
    /// The files.
    pub files: Files,
    /// What was found in the state; null if it was not read (`--metadata-only`).
    pub state: Option<StateReading>,
    /// Sums over all operators.
    pub totals: Totals,
}

/// Checkpoint properties.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "Flink's own fields")]
pub struct PropertiesReport {
    /// `SavepointType` or `CheckpointType`.
    pub snapshot_class: &'static str,
    /// Name of the snapshot type, for example `Savepoint`.
    pub snapshot_name: String,
    /// `CANONICAL` or `NATIVE`, of a savepoint.
    pub savepoint_format: Option<&'static str>,
    /// `NONE`, `SUSPEND` or `TERMINATE`, of a savepoint.
    pub post_checkpoint_action: Option<&'static str>,
    /// Which files a checkpoint shares.
    pub sharing_files_strategy: Option<&'static str>,
    /// Discarded when the job is cancelled.
    pub discard_cancelled: bool,
    /// Discarded when the job fails.
    pub discard_failed: bool,
    /// Discarded when the job finishes.
    pub discard_finished: bool,
    /// Discarded when a newer one completes.
    pub discard_subsumed: bool,
    /// Discarded when the job is suspended.
    pub discard_suspended: bool,
    /// Taken regardless of other checkpoints.
    pub forced: bool,
    /// Restored from without a claim to its files.
    pub unclaimed: bool,
}

/// State of a master hook.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MasterReport {
    /// Identifier of the hook.
    pub name: String,
    /// Version of the hook's serializer.
    pub version: i32,
    /// Size of its state in bytes.
    pub size: Long,
}

/// An operator.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperatorReport {
    /// The operator id: 32 hex digits, a hash of the uid where there is one.
    pub id: String,
    /// The uid; null where the version has none, or the user set none.
    pub uid: Option<String>,
    /// The name; null where the version has none.
    pub name: Option<String>,
    /// Number of subtasks.
    pub parallelism: u32,
    /// Number of key groups.
    pub max_parallelism: u32,
    /// Whether all subtasks had finished; then none is listed.
    pub fully_finished: bool,
    /// Size of the coordinator's state in bytes; null if there is none.
    pub coordinator_state: Option<Long>,
    /// The states, of all subtasks together; null if they were not read.
    pub states: Option<Vec<StateReport>>,
    /// The key groups that have entries, all states together; null if they were not read.
    pub key_groups: Option<Vec<KeyGroupReport>>,
    /// The subtasks that are listed.
    pub subtasks: Vec<SubtaskReport>,
    /// The handles of all subtasks together, for the page.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) handles: HandleSums,
    /// Sums over the subtasks.
    pub totals: Totals,
}

/// A subtask.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubtaskReport {
    /// Its index.
    pub index: u32,
    /// Whether it had finished.
    pub finished: bool,
    /// Its handles.
    pub handles: Vec<HandleReport>,
}

/// A state handle.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HandleReport {
    /// Which part of the subtask's state it is.
    pub state: &'static str,
    /// The type byte; null for channel state before version 6.
    pub type_byte: Option<u8>,
    /// Flink's class.
    pub class: &'static str,
    /// The key groups of keyed state.
    pub key_groups: Option<KeyGroupsReport>,
    /// The states of operator state.
    pub operator_states: Vec<OperatorStateReport>,
    /// Where the bytes are.
    pub streams: Vec<StreamReport>,
}

/// A range of key groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeyGroupsReport {
    /// The first key group.
    pub first: u32,
    /// The number of key groups.
    pub count: u32,
    /// How many of them have state; null where the handle has no offsets.
    pub with_state: Option<u64>,
}

/// A state in an operator state handle.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperatorStateReport {
    /// Its name.
    pub name: String,
    /// `SPLIT_DISTRIBUTE`, `UNION` or `BROADCAST`.
    pub mode: &'static str,
    /// Number of elements; 1 for a broadcast map.
    pub elements: u64,
}

/// Where bytes are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StreamReport {
    /// `inline`, `relative-file`, `file`, `segment` or `empty-segment`.
    pub location: &'static str,
    /// The path as it stands in the handle; null for inline state.
    pub path: Option<String>,
    /// Size in bytes; null if unknown.
    pub size: Option<Long>,
}

/// Sums.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct Totals {
    /// Subtasks that are listed.
    pub subtasks: u64,
    /// Subtasks that had finished.
    pub finished_subtasks: u64,
    /// Handles.
    pub handles: u64,
    /// Streams in `_metadata` itself, coordinator state included.
    pub inline_streams: u64,
    /// Their bytes.
    pub inline_bytes: Long,
    /// Streams in files.
    pub file_streams: u64,
    /// Their bytes, where the handle knows.
    pub file_bytes: Long,
    /// Streams whose size the handle does not know.
    pub unknown_sizes: u64,
}

impl Report {
    /// Gathers the report. `state` is what was read of the state. Without `subtasks` these are counted, but not listed: of them there
    /// may be a million.
    pub fn new(source: &Source, metadata: &Metadata<'_>, state: Option<&Fingerprint>, subtasks: bool) -> Self {
        let (kind, kind_because) = kind::of(metadata);
        let read =
            |o: Operator<'_>| OperatorReport::new(&o, state.and_then(|state| state.operators.get(&o.id)), subtasks);
        let mut operators: Vec<OperatorReport> = metadata.operators.iter().map(read).collect();
        operators.sort_by(|a, b| (&a.uid, &a.name, &a.id).cmp(&(&b.uid, &b.name, &b.id)));
        let mut totals = Totals::default();
        for operator in &operators {
            totals.add(&operator.totals);
        }
        Self {
            format_version: 1,
            metadata_file: source.file.display().to_string(),
            metadata_size: Long(source.bytes.len() as i128),
            metadata_version: metadata.version().number(),
            written_by: metadata.version().writers().to_owned(),
            trailing_bytes: metadata.trailing_bytes().into(),
            checkpoint_id: metadata.checkpoint_id.into(),
            kind,
            kind_because,
            properties: metadata.properties.as_ref().and_then(|p| p.content()).map(PropertiesReport::new),
            master_states: metadata
                .master_states
                .iter()
                .map(|state| MasterReport {
                    name: state.name.to_string(),
                    version: state.version,
                    size: Long(state.payload.len() as i128),
                })
                .collect(),
            operators,
            files: Files::of(metadata, source),
            state: state.map(StateReading::new),
            totals,
        }
    }

    /// Whether every relative file is there as its handle says, all state was read that can be, and no entry is in a wrong key
    /// group.
    pub fn is_complete(&self) -> bool {
        let states = self.operators.iter().flat_map(|operator| operator.states.as_deref().unwrap_or_default());
        states.filter_map(|state| state.keys.as_ref()).all(KeysReport::is_sound)
            && self.state.as_ref().is_none_or(StateReading::is_complete)
            && self.files.referenced.iter().all(|file| matches!(file.status, Status::Present | Status::Absolute))
    }
}

impl PropertiesReport {
    fn new(properties: &CheckpointProperties<'_>) -> Self {
        let (snapshot_class, name, savepoint_format, post_checkpoint_action, sharing_files_strategy) = match &properties
            .snapshot
        {
            SnapshotType::Savepoint { format, name, action } => {
                ("SavepointType", name, Some(format.name()), Some(action.name()), None)
            }
            SnapshotType::Checkpoint { name, sharing } => ("CheckpointType", name, None, None, Some(sharing.name())),
        };
        Self {
            snapshot_class,
            snapshot_name: name.to_string(),
            savepoint_format,
            post_checkpoint_action,
            sharing_files_strategy,
            discard_cancelled: properties.discard_cancelled,
            discard_failed: properties.discard_failed,
            discard_finished: properties.discard_finished,
            discard_subsumed: properties.discard_subsumed,
            discard_suspended: properties.discard_suspended,
            forced: properties.forced,
            unclaimed: properties.unclaimed,
        }
    }
}

impl OperatorReport {
    fn new(operator: &Operator<'_>, state: Option<&OperatorFingerprint>, list: bool) -> Self {
        let states = state.map(StateReport::all);
        let (mut totals, mut handles, mut subtasks) = (Totals::default(), HandleSums::default(), Vec::new());
        for subtask in operator.subtasks() {
            let subtask = SubtaskReport::new(&subtask);
            totals.subtasks += 1;
            totals.finished_subtasks += u64::from(subtask.finished);
            totals.handles += subtask.handles.len() as u64;
            for handle in &subtask.handles {
                handle.streams.iter().for_each(|stream| totals.add_stream(stream));
                handles.add(handle);
            }
            if list {
                subtasks.push(subtask);
            }
        }
        let coordinator_state = operator.coordinator_state.as_ref().map(|state| Long(state.data.len() as i128));
        if let Some(size) = coordinator_state {
            totals.inline_streams += 1;
            totals.inline_bytes.0 += size.0;
        }
        Self {
            id: operator.id.to_string(),
            uid: operator.uid.as_ref().map(ToString::to_string),
            name: operator.name.as_ref().map(ToString::to_string),
            parallelism: operator.parallelism,
            max_parallelism: operator.max_parallelism,
            fully_finished: operator.is_fully_finished(),
            coordinator_state,
            key_groups: states.as_deref().map(KeyGroupReport::sum),
            states,
            subtasks,
            handles,
            totals,
        }
    }
}

impl SubtaskReport {
    fn new(subtask: &Subtask<'_>) -> Self {
        let SubtaskState::Running(handles) = &subtask.state else {
            return Self { index: subtask.index, finished: true, handles: Vec::new() };
        };
        let mut all = Vec::new();
        let operator = [
            (label(StateKind::ManagedOperator), &handles.managed_operator),
            (label(StateKind::RawOperator), &handles.raw_operator),
        ];
        all.extend(
            operator.into_iter().filter_map(|(state, handle)| handle.as_ref().map(|h| operator_state(state, h))),
        );
        let keyed = [
            (label(StateKind::ManagedKeyed), &handles.managed_keyed),
            (label(StateKind::RawKeyed), &handles.raw_keyed),
        ];
        all.extend(keyed.into_iter().filter_map(|(state, handle)| handle.as_ref().map(|h| keyed_state(state, h))));
        let channel = |state, class, delegate: &StreamHandle<'_>| HandleReport {
            state,
            type_byte: None,
            class,
            key_groups: None,
            operator_states: Vec::new(),
            streams: vec![StreamReport::new(delegate)],
        };
        all.extend(
            handles
                .input_channels
                .iter()
                .map(|h| channel(label(StateKind::InputChannel), "InputChannelStateHandle", &h.delegate)),
        );
        all.extend(
            handles
                .result_subpartitions
                .iter()
                .map(|h| channel(label(StateKind::ResultSubpartition), "ResultSubpartitionStateHandle", &h.delegate)),
        );
        Self { index: subtask.index, finished: false, handles: all }
    }
}

fn label(kind: StateKind) -> &'static str {
    match kind {
        StateKind::ManagedOperator => "managed operator",
        StateKind::RawOperator => "raw operator",
        StateKind::ManagedKeyed => "managed keyed",
        StateKind::RawKeyed => "raw keyed",
        StateKind::InputChannel => "input channel",
        StateKind::ResultSubpartition => "result subpartition",
    }
}

fn operator_state(state: &'static str, handle: &OperatorStateHandle<'_>) -> HandleReport {
    let states = handle.states.iter().map(|meta| OperatorStateReport {
        name: meta.name.to_string(),
        mode: match meta.mode {
            Mode::SplitDistribute => "SPLIT_DISTRIBUTE",
            Mode::Union => "UNION",
            Mode::Broadcast => "BROADCAST",
        },
        elements: meta.offsets.len() as u64,
    });
    HandleReport {
        state,
        type_byte: Some(handle.type_byte()),
        class: if handle.segmented.is_some() {
            "FileMergingOperatorStreamStateHandle"
        } else {
            "OperatorStreamStateHandle"
        },
        key_groups: None,
        operator_states: states.collect(),
        streams: vec![StreamReport::new(&handle.delegate)],
    }
}

fn keyed_state(state: &'static str, handle: &KeyedHandle<'_>) -> HandleReport {
    let range = handle.key_groups();
    // In managed state 0 means that a key group has nothing; in raw state -1 does.
    let nothing = if state == label(StateKind::RawKeyed) { -1 } else { 0 };
    let with_state = match handle {
        KeyedHandle::KeyGroups(h) => {
            Some(h.offsets.offsets().iter().filter(|offset| *offset != nothing).count() as u64)
        }
        _ => None,
    };
    let mut streams = Vec::new();
    handle.for_each_stream(&mut |stream| streams.push(StreamReport::new(stream)));
    HandleReport {
        state,
        type_byte: Some(handle.type_byte()),
        class: handle.class_name(),
        key_groups: Some(KeyGroupsReport { first: range.start(), count: range.count(), with_state }),
        operator_states: Vec::new(),
        streams,
    }
}

impl StreamReport {
    fn new(stream: &StreamHandle<'_>) -> Self {
        let (location, path) = match stream {
            StreamHandle::ByteStream(_) => ("inline", None),
            StreamHandle::File(file) => ("file", Some(file.path.to_string())),
            StreamHandle::Relative(file) => ("relative-file", Some(file.relative_path.to_string())),
            StreamHandle::Segment(segment) => ("segment", Some(segment.path.to_string())),
            StreamHandle::EmptySegment => ("empty-segment", None),
            StreamHandle::KeyGroups(handle) => return Self::new(&handle.delegate),
        };
        Self { location, path, size: stream.state_size().bytes().map(Long::from) }
    }
}

impl Totals {
    fn add_stream(&mut self, stream: &StreamReport) {
        let bytes = stream.size.unwrap_or_default().0;
        self.unknown_sizes += u64::from(stream.size.is_none());
        if stream.location == "inline" {
            self.inline_streams += 1;
            self.inline_bytes.0 += bytes;
        } else {
            self.file_streams += 1;
            self.file_bytes.0 += bytes;
        }
    }

    fn add(&mut self, other: &Self) {
        self.subtasks += other.subtasks;
        self.finished_subtasks += other.finished_subtasks;
        self.handles += other.handles;
        self.inline_streams += other.inline_streams;
        self.inline_bytes.0 += other.inline_bytes.0;
        self.file_streams += other.file_streams;
        self.file_bytes.0 += other.file_bytes.0;
        self.unknown_sizes += other.unknown_sizes;
    }
}
