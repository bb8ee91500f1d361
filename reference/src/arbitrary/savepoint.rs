//! A whole savepoint, with all of its streams inside of the metadata.

use std::io;

use ::arbitrary::{Error, Result, Unstructured};

use super::{KeyedModel, OperatorModel, arbitrary_by, maybe, streams};
use crate::keyed::{MaxParallelism, key_groups_of_subtask};
use crate::metadata::stream_handle::ByteStreamHandle;
use crate::metadata::{
    CheckpointProperties, Handles, KeyGroupsFormat, KeyGroupsHandle, KeyedHandle, Metadata, MetadataVersion, Operator,
    OperatorId, OperatorStateHandle, Properties, StreamHandle, Subtask, SubtaskState, Subtasks,
};

/// A canonical savepoint.
#[derive(Debug, Clone, PartialEq)]
pub struct SavepointModel {
    /// The operators, by uid.
    pub operators: Vec<OperatorOfSavepoint>,
}

/// An operator of a [`SavepointModel`].
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorOfSavepoint {
    /// What the operator id is made of.
    pub uid: String,
    /// Number of key groups.
    pub max: MaxParallelism,
    /// Keyed and operator state of each subtask; the key groups are dealt out as Flink does.
    pub subtasks: Vec<(Option<KeyedModel>, Option<OperatorModel>)>,
}

arbitrary_by! {
    SavepointModel: savepoint;
}

fn savepoint(u: &mut Unstructured<'_>) -> Result<SavepointModel> {
    let count = u.int_in_range(0..=2_u8)?;
    let operators = (0..count).map(|i| operator(u, i)).collect::<Result<_>>()?;
    Ok(SavepointModel { operators })
}

fn operator(u: &mut Unstructured<'_>, number: u8) -> Result<OperatorOfSavepoint> {
    let max = streams::max_parallelism(u)?;
    // Not too many key groups: each has an offset.
    let max = if max.get() > 256 { MaxParallelism::new(256).ok_or(Error::IncorrectFormat)? } else { max };
    let parallelism = u.int_in_range(1..=u32::from(max.get().min(3)))?;
    let subtask = |i| {
        let range = key_groups_of_subtask(max, parallelism, i).ok_or(Error::IncorrectFormat)?;
        Ok((maybe(u, |u| streams::keyed_in(u, max, range))?, maybe(u, Unstructured::arbitrary)?))
    };
    let subtasks = (0..parallelism).map(subtask).collect::<Result<_>>()?;
    Ok(OperatorOfSavepoint { uid: format!("operator-{number}"), max, subtasks })
}

impl SavepointModel {
    /// The metadata of the newest version, with every stream in it.
    pub fn metadata(&self) -> io::Result<Metadata<'static>> {
        let mut metadata = Metadata::new(MetadataVersion::V6, 1);
        let operators = self.operators.iter().map(OperatorOfSavepoint::metadata).collect::<io::Result<Vec<_>>>()?;
        metadata.operators = operators.into();
        metadata.properties = Some(Properties::new(CheckpointProperties::canonical_savepoint(false))?);
        Ok(metadata)
    }
}

impl OperatorOfSavepoint {
    fn metadata(&self) -> io::Result<Operator<'static>> {
        let mut subtasks = Vec::new();
        for (index, (keyed, operator)) in (0..).zip(&self.subtasks) {
            let inline = |kind, data: Vec<u8>| {
                let handle_name = format!("{}-{index}-{kind}", self.uid).as_str().into();
                StreamHandle::ByteStream(ByteStreamHandle { handle_name, data: data.into() })
            };
            let mut handles = Handles::default();
            if let Some(keyed) = keyed {
                let written = keyed.write()?;
                handles.managed_keyed = Some(KeyedHandle::KeyGroups(KeyGroupsHandle {
                    format: KeyGroupsFormat::Savepoint,
                    offsets: written.offsets,
                    delegate: inline("keyed", written.sink),
                }));
            }
            if let Some(operator) = operator {
                let written = operator.write()?;
                let states = written.states.into();
                let delegate = inline("operator", written.sink);
                handles.managed_operator = Some(OperatorStateHandle { states, segmented: None, delegate });
            }
            subtasks.push(Subtask { index, state: SubtaskState::Running(handles) });
        }
        Ok(Operator {
            name: None,
            uid: Some(self.uid.as_str().into()),
            id: OperatorId::from_uid(&self.uid),
            parallelism: u32::try_from(self.subtasks.len()).unwrap_or(u32::MAX),
            max_parallelism: self.max.get().into(),
            coordinator_state: None,
            subtasks: Subtasks::Listed(subtasks.into()),
        })
    }
}
