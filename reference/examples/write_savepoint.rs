//! Makes a savepoint without Flink, of the job in `conformance/flink/java/RestoreJob.java`, and prints what that job has to
//! find in it, one line for each value.
//!
//! ```text
//! cargo run --example write_savepoint -- OUT RELEASE PARALLELISM MAX_PARALLELISM INLINE [compressed] [past-timers]
//! ```

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Write};

use flink_savepoint::keyed::{
    KeyGroup, KeyedHeader, KeyedWriter, MaxParallelism, StateId, Timer, java_hash, key_groups_of_subtask,
};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{
    CheckpointProperties, Handles, Metadata, Operator, OperatorId, OperatorStateHandle, Properties, Release, Subtask,
    SubtaskState, Subtasks, Target,
};
use flink_savepoint::operator::{OperatorHeader, OperatorWriter};
use flink_savepoint::savepoint::SavepointWriter;
use flink_savepoint::serializer::SerializerSnapshot;
use flink_savepoint::wire::Output;

type Snapshot = SerializerSnapshot<'static>;
type Result<T> = std::result::Result<T, Box<dyn Error>>;

const KEYS: i32 = 200;
/// In the year 2286, so that no timer fires while the job runs.
const FAR: i64 = 10_000_000_000_000;

struct Job {
    release: Release,
    parallelism: u32,
    max: MaxParallelism,
    compressed: bool,
    past_timers: bool,
}

/// A key: its text, its bytes and its hash.
struct Key {
    text: String,
    bytes: Vec<u8>,
    hash: i32,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, release, parallelism, max_parallelism, inline, flags @ ..] = arguments.as_slice() else {
        return Err("usage: OUT RELEASE PARALLELISM MAX_PARALLELISM INLINE [compressed] [past-timers]".into());
    };
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    let job = Job {
        release: release.parse()?,
        parallelism: parallelism.parse()?,
        max: MaxParallelism::new(max_parallelism.parse()?).ok_or("max parallelism is 1 to 32768")?,
        compressed: has("compressed"),
        past_timers: has("past-timers"),
    };
    let mut savepoint = SavepointWriter::create(out)?.inline(inline.parse()?);
    let mut lines = BTreeSet::new();
    let mut tuple = Output::new();
    tuple.utf(&"org.apache.flink.api.java.tuple.Tuple2".into())?;
    let pair = SerializerSnapshot::composite(
        "org.apache.flink.api.java.typeutils.runtime.TupleSerializerSnapshot",
        2,
        &tuple.into_bytes(),
        &[base("Int")?, base("String")?],
    )?;
    let operators = vec![
        job.keyed("by-long", base("Long")?, long_key, &mut savepoint, &mut lines)?,
        job.keyed("by-int", base("Int")?, int_key, &mut savepoint, &mut lines)?,
        job.keyed("by-text", base("String")?, text_key, &mut savepoint, &mut lines)?,
        job.keyed("by-pair", pair, pair_key, &mut savepoint, &mut lines)?,
        job.operator_states(&mut savepoint, &mut lines)?,
    ];
    let mut metadata = Metadata::new(job.release.metadata_version(), 1);
    metadata.operators = operators.into();
    if metadata.properties.is_some() {
        metadata.properties = Some(Properties::new(CheckpointProperties::canonical_savepoint(true))?);
    }
    savepoint.finish(&metadata, Target::release(job.release))?;
    for line in lines {
        writeln!(io::stdout(), "{line}")?;
    }
    Ok(())
}

impl Job {
    /// An operator with value, list, map and reducing state and both kinds of timers.
    fn keyed(
        &self,
        uid: &str,
        key: Snapshot,
        key_of: fn(i32) -> Key,
        savepoint: &mut SavepointWriter,
        lines: &mut BTreeSet<String>,
    ) -> Result<Operator<'static>> {
        let header = KeyedHeader { compressed: self.compressed, states: states(&key)?, key_serializer: key };
        let mut entries: Vec<(KeyGroup, StateId, Vec<u8>, Vec<u8>)> = Vec::new();
        for i in 0..KEYS {
            let key = key_of(i);
            let group = self.max.key_group_of(key.hash);
            let void = [&key.bytes[..], &[0]].concat();
            let mut line = |what: &str, value: &str| lines.insert(format!("{uid}\t{}\t{what}\t{value}", key.text));
            let mut entry = |state, key: &[u8], value: &[u8]| {
                entries.push((group, StateId(state), key.to_vec(), value.to_vec()));
            };
            if i % 4 != 3 {
                let value = i64::from(i) * 1_000_000_007;
                entry(0, &void, &value.to_be_bytes());
                line("value", &value.to_string());
            }
            let elements: Vec<String> = (0..i % 3).map(|j| format!("e-{i}-{j}")).collect();
            if !elements.is_empty() {
                let bytes: Vec<Vec<u8>> = elements.iter().map(|element| string(element)).collect();
                entry(1, &void, &bytes.join(&b','));
                line("list", &elements.join(","));
            }
            for j in 0..i % 4 {
                let user_key = [&void[..], &i64::from(j).to_be_bytes()].concat();
                let value = (j != 2).then(|| format!("m-{i}-{j}"));
                entry(2, &user_key, &value.as_deref().map_or(vec![1], |text| [vec![0], string(text)].concat()));
                line(&format!("map[{j}]"), value.as_deref().unwrap_or("null"));
            }
            if i % 2 == 0 {
                let sum = i64::from(i) * 31;
                entry(3, &void, &sum.to_be_bytes());
                line("sum", &sum.to_string());
            }
            let processing = if self.past_timers { 1 } else { 2 * FAR };
            for (every, state, what, base) in [(5, 4, "event", FAR), (7, 5, "processing", processing)] {
                if i % every == 0 {
                    let timestamp = base + i64::from(i);
                    entry(state, &Timer { timestamp, rest: &void }.write(), &[]);
                    line(what, &timestamp.to_string());
                }
            }
        }
        entries.sort();
        let mut handles = Vec::new();
        for index in 0..self.parallelism {
            let range = key_groups_of_subtask(self.max, self.parallelism, index).ok_or("no such subtask")?;
            let in_range =
                |group: KeyGroup| range.last().is_some_and(|last| (range.start()..=last).contains(&u32::from(group.0)));
            let mut keyed = KeyedWriter::new(savepoint.stream(), &header, range, self.max)?;
            for (group, state, key, value) in entries.iter().filter(|(group, ..)| in_range(*group)) {
                keyed.entry(*group, *state, key, value)?;
            }
            handles.push(Handles { managed_keyed: Some(savepoint.keyed(keyed.finish()?)?), ..Handles::default() });
        }
        Ok(self.operator(uid, handles))
    }

    /// An operator with split, union and broadcast state.
    fn operator_states(
        &self,
        savepoint: &mut SavepointWriter,
        lines: &mut BTreeSet<String>,
    ) -> Result<Operator<'static>> {
        let header = OperatorHeader {
            compressed: (self.release >= Release::V1_18).then_some(self.compressed),
            states: vec![
                StateMetaInfo::operator("split", false, base("String")?),
                StateMetaInfo::operator("union", true, base("Long")?),
            ],
            broadcast_states: vec![StateMetaInfo::broadcast("broadcast", base("String")?, base("Int")?)],
        };
        let mut handles: Vec<Handles<'_>> = Vec::new();
        for subtask in 0..self.parallelism {
            let mut writer = OperatorWriter::new(savepoint.stream(), &header)?;
            for j in 0..3 + subtask {
                let element = format!("split-{subtask}-{j}");
                writer.partition(0, &string(&element))?;
                lines.insert(format!("operator-states\t-\tsplit\t{element}"));
            }
            for j in 0..3 + subtask {
                let element = i64::from(100 * subtask + j);
                writer.partition(1, &element.to_be_bytes())?;
                lines.insert(format!("operator-states\t*\tunion\t{element}"));
            }
            let mut map = 4_i32.to_be_bytes().to_vec();
            for j in 0..4_i32 {
                map.extend([string(&format!("rule-{j}")), (j * j).to_be_bytes().to_vec()].concat());
                lines.insert(format!("operator-states\t*\tbroadcast[rule-{j}]\t{}", j * j));
            }
            writer.partition(2, &map)?;
            let handle: OperatorStateHandle<'_> = savepoint.operator_state(writer.finish()?)?;
            handles.push(Handles { managed_operator: Some(handle), ..Handles::default() });
        }
        Ok(self.operator("operator-states", handles))
    }

    fn operator(&self, uid: &str, handles: Vec<Handles<'static>>) -> Operator<'static> {
        let subtask = |(index, handles)| Subtask { index, state: SubtaskState::Running(handles) };
        let subtasks: Vec<_> = (0..).zip(handles).map(subtask).collect();
        let named = self.release >= Release::V2_0;
        Operator {
            name: named.then(|| uid.into()),
            uid: named.then(|| uid.into()),
            id: OperatorId::from_uid(uid),
            parallelism: self.parallelism,
            max_parallelism: self.max.get().into(),
            coordinator_state: None,
            subtasks: Subtasks::Listed(subtasks.into()),
        }
    }
}

/// The states of a keyed operator; an entry names them by position.
fn states(key: &Snapshot) -> Result<Vec<StateMetaInfo<'static>>> {
    let void = simple("runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot")?;
    let composite = |class: &str, version, nested: &[Snapshot]| {
        SerializerSnapshot::composite(&format!("org.apache.flink.{class}SerializerSnapshot"), version, &[], nested)
    };
    let list = composite("api.common.typeutils.base.List", 1, &[base("String")?])?;
    let map = composite("api.common.typeutils.base.Map", 1, &[base("Long")?, base("String")?])?;
    let timer = composite("streaming.api.operators.Timer", 2, &[key.clone(), void.clone()])?;
    let keyed = |name, kind, value| StateMetaInfo::keyed(name, kind, void.clone(), value);
    Ok(vec![
        keyed("value", KeyedStateType::Value, base("Long")?),
        keyed("list", KeyedStateType::List, list),
        keyed("map", KeyedStateType::Map, map),
        keyed("sum", KeyedStateType::Reducing, base("Long")?),
        StateMetaInfo::timers("_timer_state/event_user-timers", timer.clone()),
        StateMetaInfo::timers("_timer_state/processing_user-timers", timer),
    ])
}

fn base(name: &str) -> Result<Snapshot> {
    simple(&format!("api.common.typeutils.base.{name}Serializer${name}SerializerSnapshot"))
}

fn simple(class: &str) -> Result<Snapshot> {
    Ok(SerializerSnapshot::simple(&format!("org.apache.flink.{class}"))?)
}

/// As `StringSerializer` writes it: number of UTF-16 units plus one, then the units, all as base-128 numbers, low group first.
fn string(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = Vec::new();
    for mut number in std::iter::once(units.len() + 1).chain(units.iter().map(|unit| usize::from(*unit))) {
        while number >= 0x80 {
            bytes.extend(u8::try_from(number & 0x7F).map(|low| low | 0x80));
            number >>= 7;
        }
        bytes.extend(u8::try_from(number));
    }
    bytes
}

fn long_key(i: i32) -> Key {
    let key = i64::from(i - 50) * 1_000_000_007;
    Key { text: key.to_string(), bytes: key.to_be_bytes().to_vec(), hash: java_hash::of_long(key) }
}

fn int_key(i: i32) -> Key {
    let key = i * i - 100;
    Key { text: key.to_string(), bytes: key.to_be_bytes().to_vec(), hash: java_hash::of_int(key) }
}

fn text_key(i: i32) -> Key {
    let text = match i {
        0 => String::new(),
        i if i % 10 == 0 => format!("ключ-\u{1F600}{i}"),
        i => format!("key-{i}"),
    };
    Key { bytes: string(&text), hash: java_hash::of_string(text.encode_utf16()), text }
}

fn pair_key(i: i32) -> Key {
    let (number, text) = (i - 7, format!("p{i}"));
    let hash = java_hash::of_tuple([java_hash::of_int(number), java_hash::of_string(text.encode_utf16())]);
    let bytes = [&number.to_be_bytes()[..], &string(&text)].concat();
    Key { text: format!("({number},{text})"), bytes, hash }
}
