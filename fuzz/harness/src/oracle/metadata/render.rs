//! The reference's model in the words of `OracleMetadata`: what Flink keeps of a file, not what stands in it.

use std::collections::BTreeMap;

use flink_savepoint::metadata::channel_handle::{ChannelHandle, Channels, Direction};
use flink_savepoint::metadata::{
    CheckpointProperties, Handles, Metadata, Operator, Release, SnapshotType, SubtaskState, Subtasks,
};
use flink_savepoint::wire::JavaStr;

use super::handles::Renderer;
use crate::oracle::lines::Lines;

/// All of it.
pub(super) fn metadata(metadata: &Metadata<'_>, release: Release) -> Lines {
    let mut all = Renderer { lines: Lines::default(), release };
    all.lines.add("checkpoint_id", metadata.checkpoint_id);
    for (i, master) in metadata.master_states.iter().enumerate() {
        let path = format!("master_state[{i}]");
        all.lines.add(&format!("{path}.version"), master.version);
        all.lines.text(&format!("{path}.name"), &master.name);
        all.lines.bytes(&format!("{path}.payload"), &master.payload);
    }
    for (i, one) in metadata.operators.iter().enumerate() {
        operator(&mut all, &format!("operator[{i}]"), &one);
    }
    // Since 1.16; what has no properties has null to it.
    if release >= Release::V1_16 {
        match metadata.properties.as_ref().and_then(|properties| properties.content()) {
            None => all.lines.add("properties", "null"),
            Some(content) => properties(&mut all.lines, content),
        }
    }
    all.lines
}

fn operator(all: &mut Renderer, path: &str, operator: &Operator<'_>) {
    let mut name = |field: &str, text: Option<&JavaStr<'_>>| {
        if let Some(text) = text {
            all.lines.text(&format!("{path}.{field}"), text);
        }
    };
    name("name", operator.name.as_ref());
    name("uid", operator.uid.as_ref());
    all.lines.add(&format!("{path}.id"), operator.id);
    all.lines.add(&format!("{path}.parallelism"), operator.parallelism);
    all.lines.add(&format!("{path}.max_parallelism"), operator.max_parallelism);
    if let Some(state) = &operator.coordinator_state {
        all.inline(&format!("{path}.coordinator_state"), state);
    }
    if operator.subtasks == Subtasks::FullyFinished {
        // Before 1.14 a negative number of subtasks is none.
        if all.release >= Release::V1_14 {
            all.lines.add(&format!("{path}.subtasks"), "finished");
        }
        return;
    }
    // Of two entries with one index Flink keeps the later.
    let subtasks: BTreeMap<u32, SubtaskState<'_>> = operator.subtasks().map(|s| (s.index, s.state)).collect();
    for (index, state) in &subtasks {
        let path = format!("{path}.subtask[{index}]");
        match state {
            SubtaskState::Finished => all.lines.add(&path, "finished"),
            SubtaskState::Running(handles) => {
                all.lines.add(&path, "running");
                subtask(all, &path, handles);
            }
        }
    }
}

fn subtask(all: &mut Renderer, path: &str, handles: &Handles<'_>) {
    for (field, handle) in [("managed_operator", &handles.managed_operator), ("raw_operator", &handles.raw_operator)] {
        if let Some(handle) = handle {
            all.operator_state(&format!("{path}.{field}"), handle);
        }
    }
    for (field, handle) in [("managed_keyed", &handles.managed_keyed), ("raw_keyed", &handles.raw_keyed)] {
        if let Some(handle) = handle {
            all.keyed(&format!("{path}.{field}"), handle);
        }
    }
    for (i, handle) in handles.input_channels.iter().enumerate() {
        channel(all, &format!("{path}.input_channels[{i}]"), &handle);
    }
    for (i, handle) in handles.result_subpartitions.iter().enumerate() {
        channel(all, &format!("{path}.result_subpartitions[{i}]"), &handle);
    }
}

fn channel<D: Direction>(all: &mut Renderer, path: &str, handle: &ChannelHandle<'_, D>) {
    let merged = matches!(handle.channels, Channels::Merged(_));
    all.lines.add(path, if merged { "merged" } else { "plain" });
    all.lines.add(&format!("{path}.subtask_index"), handle.subtask_index);
    all.lines.add(&format!("{path}.state_size"), handle.state_size);
    all.stream(&format!("{path}.delegate"), &handle.delegate);
    match &handle.channels {
        Channels::One { info, offsets } => {
            all.lines.add(&format!("{path}.channel"), format_args!("{} {}", info.outer, info.inner));
            all.lines.numbers(&format!("{path}.channel.offsets"), offsets.iter());
        }
        Channels::Merged(channels) => {
            for (i, channel) in channels.iter().enumerate() {
                let path = format!("{path}.channel[{i}]");
                all.lines.add(&path, format_args!("{} {}", channel.info.outer, channel.info.inner));
                all.lines.numbers(&format!("{path}.offsets"), channel.offsets.iter());
                all.lines.add(&format!("{path}.state_size"), channel.state_size);
            }
        }
    }
}

/// In the order of the fields in Java.
fn properties(lines: &mut Lines, content: &CheckpointProperties<'_>) {
    lines.add("properties.forced", content.forced);
    for (name, value) in [
        ("discardSubsumed", content.discard_subsumed),
        ("discardFinished", content.discard_finished),
        ("discardCancelled", content.discard_cancelled),
        ("discardFailed", content.discard_failed),
        ("discardSuspended", content.discard_suspended),
        ("unclaimed", content.unclaimed),
    ] {
        lines.add(&format!("properties.{name}"), value);
    }
    let path = "properties.checkpointType";
    match &content.snapshot {
        SnapshotType::Savepoint { format, name, action } => {
            lines.add(path, "SavepointType");
            lines.text(&format!("{path}.name"), name);
            lines.add(&format!("{path}.formatType"), format.name());
            lines.add(&format!("{path}.postCheckpointAction"), action.name());
        }
        SnapshotType::Checkpoint { name, sharing } => {
            lines.add(path, "CheckpointType");
            lines.text(&format!("{path}.name"), name);
            lines.add(&format!("{path}.sharingFilesStrategy"), sharing.name());
        }
    }
}
