//! Savepoints that nobody has written in good faith.

use std::fs;
use std::path::Path;

use flink_savepoint::keyed::{KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId, key_groups_of_subtask};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{
    Handles, Metadata, Operator, OperatorId, OperatorStateHandle, Release, StreamHandle, Subtask, SubtaskState,
    Subtasks, Target,
};
use flink_savepoint::operator::{OperatorHeader, OperatorWriter};
use flink_savepoint::savepoint::{METADATA, SavepointWriter};
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};
use flink_savepoint::wire::JavaStr;

pub(crate) fn scalar(scalar: Scalar) -> SerializerSnapshot<'static> {
    SerializerSnapshot::scalar(scalar).unwrap()
}

/// A state of type `ValueState`.
pub(crate) fn state(name: &str, value: Scalar) -> StateMetaInfo<'static> {
    StateMetaInfo::keyed(name, KeyedStateType::Value, scalar(Scalar::VoidNamespace), scalar(value))
}

/// Metadata of one operator, with a subtask for each of the handles. `name` is its name and its uid, if it has any.
pub(crate) fn metadata(name: &str, handles: Vec<Handles<'static>>) -> Metadata<'static> {
    let parallelism = u32::try_from(handles.len()).unwrap();
    let subtask = |(index, handles)| Subtask { index, state: SubtaskState::Running(handles) };
    let name = (!name.is_empty()).then(|| JavaStr::from(name).into_owned());
    let operator = Operator {
        name: name.clone(),
        uid: name,
        id: OperatorId::from_uid("hostile"),
        parallelism,
        max_parallelism: 32768,
        coordinator_state: None,
        subtasks: Subtasks::Listed((0..).zip(handles).map(subtask).collect::<Vec<_>>().into()),
    };
    let mut metadata = Metadata::new(Release::V2_3.metadata_version(), 1);
    metadata.operators = vec![operator].into();
    metadata
}

/// An entry of keyed state: state, key with namespace, value.
pub(crate) type Entry = (u16, Vec<u8>, Vec<u8>);

/// A savepoint of one keyed stream, whose entries are all in key group 0.
pub(crate) fn keyed(directory: &Path, name: &str, header: &KeyedHeader<'_>, entries: &[Entry]) {
    let max = MaxParallelism::new(32768).unwrap();
    let mut savepoint = SavepointWriter::create(directory).unwrap().inline(0);
    let range = key_groups_of_subtask(max, 32768, 0).unwrap();
    let mut keyed = KeyedWriter::new(savepoint.stream(), header, range, max).unwrap();
    for (state, key, value) in entries {
        keyed.entry(KeyGroup(0), StateId(*state), key, value).unwrap();
    }
    let managed_keyed = Some(savepoint.keyed(keyed.finish().unwrap()).unwrap());
    let metadata = metadata(name, vec![Handles { managed_keyed, ..Handles::default() }]);
    savepoint.finish(&metadata, Target::release(Release::V2_3)).unwrap();
}

/// A savepoint of one list, with one string of so many letters.
pub(crate) fn operator(directory: &Path, letters: usize) {
    let mut savepoint = SavepointWriter::create(directory).unwrap().inline(0);
    let states = vec![StateMetaInfo::operator("list", false, scalar(Scalar::String))];
    let header = OperatorHeader { compressed: Some(false), states, broadcast_states: Vec::new() };
    let mut writer = OperatorWriter::new(savepoint.stream(), &header).unwrap();
    writer.partition(0, &string(&"a".repeat(letters))).unwrap();
    let managed_operator = Some(savepoint.operator_state(writer.finish().unwrap()).unwrap());
    let metadata = metadata("", vec![Handles { managed_operator, ..Handles::default() }]);
    savepoint.finish(&metadata, Target::release(Release::V2_3)).unwrap();
}

/// A string as its serializer writes it: the length and one, then each unit, seven bits at a time, low ones first.
pub(crate) fn string(text: &str) -> Vec<u8> {
    let units: Vec<usize> = text.encode_utf16().map(usize::from).collect();
    let mut bytes = Vec::new();
    for mut number in [units.len() + 1].into_iter().chain(units) {
        while number >= 0x80 {
            bytes.push(u8::try_from(number & 0x7F).unwrap() | 0x80);
            number >>= 7;
        }
        bytes.push(u8::try_from(number).unwrap());
    }
    bytes
}

/// Puts the handle of operator state into so many subtasks, changed by `change`.
pub(crate) fn repeat(directory: &Path, subtasks: usize, change: impl Fn(&mut JavaStr<'_>)) {
    let bytes = fs::read(directory.join(METADATA)).unwrap();
    let parsed = Metadata::parse(&bytes).unwrap();
    let operator = parsed.operators.iter().next().unwrap();
    let Some(SubtaskState::Running(handles)) = operator.subtasks().next().map(|subtask| subtask.state) else {
        panic!("no handles")
    };
    let mut handle: OperatorStateHandle<'_> = handles.managed_operator.unwrap();
    let StreamHandle::Relative(file) = &mut handle.delegate else { panic!("inline") };
    change(&mut file.relative_path);
    let all = Handles { managed_operator: Some(handle), ..Handles::default() };
    let subtask = |index| Subtask { index, state: SubtaskState::Running(all.clone()) };
    let subtasks: Vec<Subtask<'_>> = (0..u32::try_from(subtasks).unwrap()).map(subtask).collect();
    let mut metadata = Metadata::new(Release::V2_3.metadata_version(), 1);
    let parallelism = u32::try_from(subtasks.len()).unwrap();
    metadata.operators = vec![Operator { parallelism, subtasks: Subtasks::Listed(subtasks.into()), ..operator }].into();
    fs::write(directory.join(METADATA), metadata.to_bytes().unwrap()).unwrap();
}

/// The one state file of a savepoint.
pub(crate) fn state_file(directory: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| !file.ends_with(METADATA));
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}
