//! Writes a savepoint of any size, for `benches/memory`, `benches/scale` and the checks of remote storage and of Spark.

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId, java_hash, key_groups_of_subtask,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{
    Handles, Metadata, Operator, OperatorId, Release, Subtask, SubtaskState, Subtasks, Target,
};
use flink_savepoint::operator::{OperatorHeader, OperatorWriter};
use flink_savepoint::savepoint::SavepointWriter;
use flink_savepoint::serializer::SerializerSnapshot;

/// Writes a savepoint of any size: keyed state of one operator, or many handles
///
/// Keys are numbers from 0 on, each with an entry in every state; values are strings.
#[derive(Parser)]
struct Arguments {
    /// Where the savepoint goes; must not be there or be empty
    directory: PathBuf,

    /// Size of the keyed state, in millions of bytes
    #[arg(default_value_t = 100, conflicts_with = "handles")]
    megabytes: u64,

    /// Size of an entry, 19 at least
    #[arg(long, value_name = "BYTES", default_value_t = 40)]
    entry: usize,

    /// Every N-th entry of a key group and state has another value than without that
    #[arg(long, value_name = "N")]
    differing: Option<u64>,

    /// Compress the state
    #[arg(long)]
    snappy: bool,

    /// Number of states
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16_000))]
    states: u16,

    /// Number of key groups; a savepoint of fewer than four has as many subtasks
    #[arg(long, value_name = "N", default_value_t = 128)]
    max_parallelism: u32,

    /// In place of keyed state, this number of handles of operator state, as sources have it: a list of one element in each,
    /// inline, in operators of up to a thousand subtasks
    #[arg(long, value_name = "N")]
    handles: Option<u32>,
}

/// At most; fewer where there are fewer key groups.
const PARALLELISM: u32 = 4;
/// Of operators with operator state.
const SUBTASKS: u32 = 1000;
/// Bytes of an entry beside the text of its value and the length of that, where the prefix takes one byte: two lengths, prefix, key
/// and namespace.
const AROUND: usize = 18;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut savepoint = SavepointWriter::create(&arguments.directory)?;
    let operators = match arguments.handles {
        Some(handles) => with_operator_state(&mut savepoint, handles)?,
        None => vec![with_keyed_state(&mut savepoint, &arguments)?],
    };
    let mut metadata = Metadata::new(Release::V1_13.metadata_version(), 1);
    metadata.operators = operators.into();
    Ok(savepoint.finish(&metadata, Target::release(Release::V1_13))?)
}

fn simple(class: &str) -> Result<SerializerSnapshot<'static>, flink_savepoint::Error> {
    SerializerSnapshot::simple(&format!("org.apache.flink.{class}"))
}

fn operator(
    uid: &str,
    max_parallelism: u32,
    subtasks: Vec<Subtask<'static>>,
) -> Result<Operator<'static>, Box<dyn Error>> {
    Ok(Operator {
        name: None,
        uid: None,
        id: OperatorId::from_uid(uid),
        parallelism: subtasks.len().try_into()?,
        max_parallelism,
        coordinator_state: None,
        subtasks: Subtasks::Listed(subtasks.into()),
    })
}

fn with_keyed_state(savepoint: &mut SavepointWriter, of: &Arguments) -> Result<Operator<'static>, Box<dyn Error>> {
    let plain = text(of.entry)?;
    let max = MaxParallelism::new(of.max_parallelism).ok_or("key groups are 1 to 32768")?;
    let long = simple("api.common.typeutils.base.LongSerializer$LongSerializerSnapshot")?;
    let string = simple("api.common.typeutils.base.StringSerializer$StringSerializerSnapshot")?;
    let void = simple("runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot")?;
    let state = |i| StateMetaInfo::keyed(&format!("state-{i}"), KeyedStateType::Value, void.clone(), string.clone());
    let header =
        KeyedHeader { compressed: of.snappy, key_serializer: long, states: (1..=of.states).map(state).collect() };
    let mut keys = vec![Vec::new(); max.get().into()];
    for key in 0..i64::try_from(of.megabytes * 1_000_000 / u64::try_from(of.entry)? / u64::from(of.states))? {
        if let Some(group) = keys.get_mut(usize::from(max.key_group_of(java_hash::of_long(key)).0)) {
            group.push(key);
        }
    }
    let mut value = Vec::new();
    let mut subtasks = Vec::new();
    let parallelism = PARALLELISM.min(of.max_parallelism);
    for index in 0..parallelism {
        let range = key_groups_of_subtask(max, parallelism, index).ok_or("a subtask")?;
        let mut writer = KeyedWriter::new(savepoint.stream(), &header, range, max)?;
        for group in range.start()..=range.last().ok_or("key groups")? {
            let group = KeyGroup(u16::try_from(group)?);
            for state in (0..of.states).map(StateId) {
                for (i, key) in (0_u64..).zip(keys.get(usize::from(group.0)).into_iter().flatten()) {
                    value.clone_from(&plain);
                    // Words that compress to about a half, as texts do.
                    for (at, word) in (0..).zip(value.chunks_exact_mut(16)) {
                        let noise = (i + at).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
                        for (letter, noise) in word.iter_mut().skip(usize::from(at == 0) * 4).zip(noise) {
                            *letter = b'a' + noise % 26;
                        }
                    }
                    if of.differing.is_some_and(|n| i % n == n - 1)
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
    operator("large", of.max_parallelism, subtasks)
}

fn with_operator_state(
    savepoint: &mut SavepointWriter,
    handles: u32,
) -> Result<Vec<Operator<'static>>, Box<dyn Error>> {
    let long = simple("api.common.typeutils.base.LongSerializer$LongSerializerSnapshot")?;
    let header = OperatorHeader {
        compressed: None,
        states: vec![StateMetaInfo::operator("positions", false, long)],
        broadcast_states: Vec::new(),
    };
    let mut operators = Vec::new();
    for first in (0..handles).step_by(usize::try_from(SUBTASKS)?) {
        let mut subtasks = Vec::new();
        for index in 0..SUBTASKS.min(handles - first) {
            let mut writer = OperatorWriter::new(savepoint.stream(), &header)?;
            writer.partition(0, &i64::from(first + index).to_be_bytes())?;
            let managed_operator = Some(savepoint.operator_state(writer.finish()?)?);
            let state = SubtaskState::Running(Handles { managed_operator, ..Handles::default() });
            subtasks.push(Subtask { index, state });
        }
        operators.push(operator(&format!("source-{}", first / SUBTASKS), 32_768, subtasks)?);
    }
    Ok(operators)
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
