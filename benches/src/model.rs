//! The same metadata as plain structures that own what they hold, decoded by bincode: the yardstick of a plain Rust codec.
//!
//! Numbers are big-endian and of fixed width as in the format, and lengths and tags as bincode has them.

use bincode::config::{BigEndian, Configuration, Fixint};
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};
use flink_savepoint::metadata as read;

use crate::metadata::Sums;

const CONFIGURATION: Configuration<BigEndian, Fixint> =
    bincode::config::standard().with_big_endian().with_fixed_int_encoding();

/// A `_metadata` file of canonical savepoints.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct Metadata {
    magic: u32,
    version: i32,
    checkpoint_id: i64,
    master_states: Vec<MasterState>,
    operators: Vec<Operator>,
    /// A Java object, as it stands.
    properties: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct MasterState {
    version: i32,
    name: String,
    payload: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Operator {
    name: Option<String>,
    uid: Option<String>,
    id: [u8; 16],
    parallelism: i32,
    max_parallelism: i32,
    coordinator_state: Option<Stream>,
    subtasks: Option<Vec<Subtask>>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Subtask {
    index: i32,
    /// None of a finished one.
    handles: Option<Handles>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Handles {
    managed_operator: Option<OperatorState>,
    raw_operator: Option<OperatorState>,
    managed_keyed: Option<KeyedState>,
    raw_keyed: Option<KeyedState>,
    input_channels: Vec<Stream>,
    result_subpartitions: Vec<Stream>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct OperatorState {
    states: Vec<(String, u8, Vec<i64>)>,
    delegate: Stream,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct KeyedState {
    start: i32,
    offsets: Vec<i64>,
    delegate: Stream,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
enum Stream {
    Bytes { name: String, data: Vec<u8> },
    File { size: i64, path: String },
    Relative { path: String, size: i64 },
}

impl Metadata {
    /// The model of what [`metadata_file`](crate::metadata::metadata_file) makes; an error names what it has no place for.
    pub fn of(metadata: &read::Metadata<'_>) -> Result<Self, &'static str> {
        let operators = metadata.operators.iter().map(|operator| Operator::of(&operator)).collect::<Result<_, _>>()?;
        if !metadata.master_states.is_empty() {
            return Err("master states");
        }
        Ok(Self {
            magic: 0x4960_672D,
            version: metadata.version().number(),
            checkpoint_id: i64::try_from(metadata.checkpoint_id).map_err(|_| "the checkpoint id")?,
            master_states: Vec::new(),
            operators,
            properties: metadata.properties.as_ref().map(|properties| properties.raw().to_vec()),
        })
    }

    /// As bincode has it.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        bincode::encode_to_vec(self, CONFIGURATION)
    }

    /// From what [`encode`](Self::encode) has made.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        bincode::decode_from_slice(bytes, CONFIGURATION).map(|(model, _)| model)
    }

    /// Looks at everything.
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for operator in &self.operators {
            sums.operators += 1;
            for subtask in operator.subtasks.iter().flatten() {
                sums.subtasks += 1;
                if let Some(handle) = subtask.handles.as_ref().and_then(|handles| handles.managed_keyed.as_ref()) {
                    let (path, size) = match &handle.delegate {
                        Stream::Bytes { data, .. } => ("", i64::try_from(data.len()).unwrap_or(i64::MAX)),
                        Stream::File { path, size } | Stream::Relative { path, size } => (path.as_str(), *size),
                    };
                    sums.handle(handle.offsets.iter().sum(), path.as_bytes(), u64::try_from(size).ok());
                }
            }
        }
        sums
    }
}

impl Operator {
    fn of(operator: &read::Operator<'_>) -> Result<Self, &'static str> {
        if operator.coordinator_state.is_some() || operator.is_fully_finished() {
            return Err("coordinators and finished operators");
        }
        Ok(Self {
            name: operator.name.as_ref().map(ToString::to_string),
            uid: operator.uid.as_ref().map(ToString::to_string),
            id: operator.id.0,
            parallelism: int(operator.parallelism)?,
            max_parallelism: int(operator.max_parallelism)?,
            coordinator_state: None,
            subtasks: Some(operator.subtasks().map(|subtask| Subtask::of(&subtask)).collect::<Result<_, _>>()?),
        })
    }
}

impl Subtask {
    fn of(subtask: &read::Subtask<'_>) -> Result<Self, &'static str> {
        let read::SubtaskState::Running(handles) = &subtask.state else { return Err("finished subtasks") };
        let (None, None, Some(read::KeyedHandle::KeyGroups(keyed)), None) =
            (&handles.managed_operator, &handles.raw_operator, &handles.managed_keyed, &handles.raw_keyed)
        else {
            return Err("a subtask that has not exactly managed keyed state with key groups");
        };
        let read::StreamHandle::Relative(file) = &keyed.delegate else { return Err("a handle that is not relative") };
        let size = file.state_size.bytes().and_then(|bytes| i64::try_from(bytes).ok()).ok_or("a size")?;
        let keyed = KeyedState {
            start: int(keyed.offsets.range().start())?,
            offsets: keyed.offsets.offsets().iter().collect(),
            delegate: Stream::Relative { path: file.relative_path.to_string(), size },
        };
        let handles = Handles {
            managed_operator: None,
            raw_operator: None,
            managed_keyed: Some(keyed),
            raw_keyed: None,
            input_channels: Vec::new(),
            result_subpartitions: Vec::new(),
        };
        Ok(Self { index: int(subtask.index)?, handles: Some(handles) })
    }
}

fn int(number: u32) -> Result<i32, &'static str> {
    i32::try_from(number).map_err(|_| "a number beyond 31 bits")
}
