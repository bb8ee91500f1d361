//! Writes a savepoint of any size, for `benches/memory` and the checks of remote storage and of Spark.

use std::error::Error;

use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId, java_hash, key_groups_of_subtask,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{
    Handles, Metadata, Operator, OperatorId, Release, Subtask, SubtaskState, Subtasks, Target,
};
use flink_savepoint::savepoint::SavepointWriter;
use flink_savepoint::serializer::SerializerSnapshot;

const USAGE: &str = "usage: large-savepoint DIR MEGABYTES [differing EVERY] [entry BYTES] [snappy]
  entries of 40 bytes in two states, or of as many as said, 19 at least; every EVERY-th has another value than without that";
const PARALLELISM: u32 = 4;
/// Bytes of an entry beside the text of its value and the length of that: two lengths, prefix, key and namespace.
const AROUND: usize = 18;
const ENTRY: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [directory, megabytes, rest @ ..] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        std::process::exit(2)
    };
    let megabytes: u64 = megabytes.parse()?;
    let number = |name: &str| {
        let at = rest.iter().position(|word| *word == name)?;
        rest.get(at + 1).map(|number| number.parse::<u64>())
    };
    let differing = number("differing").transpose()?.unwrap_or(u64::MAX);
    let entry = number("entry").transpose()?.map_or(Ok(ENTRY), usize::try_from)?;
    let plain = text(entry)?;
    let max = MaxParallelism::new(128).ok_or("128 is one")?;
    let simple = |class: &str| SerializerSnapshot::simple(&format!("org.apache.flink.{class}"));
    let long = simple("api.common.typeutils.base.LongSerializer$LongSerializerSnapshot")?;
    let string = simple("api.common.typeutils.base.StringSerializer$StringSerializerSnapshot")?;
    let void = simple("runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot")?;
    let state = |name| StateMetaInfo::keyed(name, KeyedStateType::Value, void.clone(), string.clone());
    let header = KeyedHeader {
        compressed: rest.contains(&"snappy"),
        key_serializer: long,
        states: vec![state("a"), state("b")],
    };

    let mut value = Vec::new();
    let mut savepoint = SavepointWriter::create(directory)?;
    let mut subtasks = Vec::new();
    let mut keys = vec![Vec::new(); max.get().into()];
    for key in 0..i64::try_from(megabytes * 1_000_000 / u64::try_from(entry)? / 2)? {
        if let Some(group) = keys.get_mut(usize::from(max.key_group_of(java_hash::of_long(key)).0)) {
            group.push(key);
        }
    }
    for index in 0..PARALLELISM {
        let range = key_groups_of_subtask(max, PARALLELISM, index).ok_or("a subtask")?;
        let mut writer = KeyedWriter::new(savepoint.stream(), &header, range, max)?;
        for group in range.start()..=range.last().ok_or("key groups")? {
            let group = KeyGroup(u16::try_from(group)?);
            for state in [StateId(0), StateId(1)] {
                for (i, key) in (0_u64..).zip(keys.get(usize::from(group.0)).into_iter().flatten()) {
                    value.clone_from(&plain);
                    // Words that compress to about a half, as texts do.
                    for (at, word) in (0..).zip(value.chunks_exact_mut(16)) {
                        let noise = (i + at).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
                        for (letter, noise) in word.iter_mut().skip(usize::from(at == 0) * 4).zip(noise) {
                            *letter = b'a' + noise % 26;
                        }
                    }
                    if i % differing == differing - 1
                        && let Some(last) = value.last_mut()
                    {
                        *last = b'!';
                    }
                    writer.entry(group, state, &[&key.to_be_bytes()[..], &[0]].concat(), &value)?;
                }
            }
        }
        let managed_keyed = Some(savepoint.keyed(writer.finish()?)?);
        subtasks.push(Subtask { index, state: SubtaskState::Running(Handles { managed_keyed, ..Handles::default() }) });
    }
    let mut metadata = Metadata::new(Release::V1_13.metadata_version(), 1);
    let operator = Operator {
        name: None,
        uid: None,
        id: OperatorId::from_uid("large"),
        parallelism: PARALLELISM,
        max_parallelism: max.get().into(),
        coordinator_state: None,
        subtasks: Subtasks::Listed(subtasks.into()),
    };
    metadata.operators = vec![operator].into();
    Ok(savepoint.finish(&metadata, Target::release(Release::V1_13))?)
}

/// A string as values have it, for entries of so many bytes.
fn text(entry: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    // The number of letters plus one takes a byte for each seven bits.
    let length = |letters: usize| 1 + usize::from(letters > 126) + usize::from(letters > 16_382);
    let bytes = entry.checked_sub(AROUND).filter(|bytes| *bytes > 0).ok_or("no room for a value")?;
    let letters = (1..=3).find_map(|width| bytes.checked_sub(width).filter(|n| length(*n) == width));
    let letters = letters.ok_or("no string takes so many bytes")?;
    let mut value = Vec::new();
    let mut rest = letters + 1;
    while rest > 0x7F {
        value.push(u8::try_from(rest & 0x7F)? | 0x80);
        rest >>= 7;
    }
    value.push(u8::try_from(rest)?);
    value.extend(b"a value of some letters ".iter().cycle().take(letters));
    Ok(value)
}
