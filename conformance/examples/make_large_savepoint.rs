//! Writes a savepoint of any size, for `remote/check-s3` and `spark/check-spark`: a value of about a kilobyte for each of many keys.
//!
//! ```text
//! cargo run --example make_large_savepoint -- OUT SUBTASKS MIB
//! ```

use std::error::Error;

use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId, java_hash, key_groups_of_subtask,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{
    CheckpointProperties, Handles, Metadata, Operator, OperatorId, Properties, Release, Subtask, SubtaskState,
    Subtasks, Target,
};
use flink_savepoint::savepoint::SavepointWriter;
use flink_savepoint::serializer::SerializerSnapshot;

/// Letters of a value.
const VALUE: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, subtasks, mib] = arguments.as_slice() else { return Err("usage: OUT SUBTASKS MIB".into()) };
    let (subtasks, mib): (u32, i32) = (subtasks.parse()?, mib.parse()?);
    let max = MaxParallelism::new(128).ok_or("max parallelism")?;

    let simple = |class: &str| SerializerSnapshot::simple(&format!("org.apache.flink.{class}"));
    let base = |name: &str| simple(&format!("api.common.typeutils.base.{name}Serializer${name}SerializerSnapshot"));
    let void = simple("runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot")?;
    let states = vec![StateMetaInfo::keyed("value", KeyedStateType::Value, void, base("String")?)];
    let header = KeyedHeader { compressed: false, key_serializer: base("Int")?, states };

    let mut keys: Vec<Vec<i32>> = vec![Vec::new(); max.get().into()];
    for key in 0..mib << 10 {
        keys[usize::from(max.key_group_of(java_hash::of_int(key)).0)].push(key);
    }
    // The number of letters and one more, seven bits at a time.
    let mut value = vec![0xE9, 0x07];
    value.extend(std::iter::repeat_n(b'a', VALUE));

    let mut savepoint = SavepointWriter::create(out)?.inline(0);
    let mut listed = Vec::new();
    for index in 0..subtasks {
        let range = key_groups_of_subtask(max, subtasks, index).ok_or("no such subtask")?;
        let mut writer = KeyedWriter::new(savepoint.stream(), &header, range, max)?;
        for group in range.start()..range.start() + range.count() {
            let group = KeyGroup(u16::try_from(group)?);
            for key in &keys[usize::from(group.0)] {
                // The namespace is a zero.
                let composite = [&key.to_be_bytes()[..], &[0]].concat();
                let letter = b'a' + u8::try_from(key % 26)?;
                value[2 + usize::try_from(*key)? % VALUE] = letter;
                writer.entry(group, StateId(0), &composite, &value)?;
            }
        }
        let handle = savepoint.keyed(writer.finish()?)?;
        let state = SubtaskState::Running(Handles { managed_keyed: Some(handle), ..Handles::default() });
        listed.push(Subtask { index, state });
    }
    let mut metadata = Metadata::new(Release::V2_3.metadata_version(), 1);
    metadata.operators = vec![Operator {
        name: Some("large".into()),
        uid: Some("large".into()),
        id: OperatorId::from_uid("large"),
        parallelism: subtasks,
        max_parallelism: max.get().into(),
        coordinator_state: None,
        subtasks: Subtasks::Listed(listed.into()),
    }]
    .into();
    if metadata.properties.is_some() {
        metadata.properties = Some(Properties::new(CheckpointProperties::canonical_savepoint(true))?);
    }
    savepoint.finish(&metadata, Target::release(Release::V2_3))?;
    Ok(())
}
