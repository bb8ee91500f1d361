//! Puts seeds made from the golden vectors where cargo-fuzz looks for them: `fuzz/corpus/<target>`.

use std::error::Error;
use std::fs;
use std::path::Path;

use flink_savepoint::keyed::{KeyGroup, KeyedHeader, KeyedStream, KeyedWriter, MaxParallelism};
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::metadata::{KeyGroupRange, KeyedHandle, Metadata, Offsets};
use flink_savepoint::operator::OperatorStream;
use flink_savepoint::savepoint::{Directory, PartState, Savepoint};
use flink_savepoint::serializer::{Hint, Hints, SerializerSnapshot, Wire};
use flink_savepoint::value::Scalar;
use flink_savepoint::wire::Output;

/// As many key groups as an input can have.
const KEY_GROUPS: u16 = 8;
/// Larger seeds make each run slow, and have nothing that smaller ones do not have.
const LARGEST: usize = 4096;

/// Schemas and a value of each; no vector has any.
const AVRO: [(&str, &str, &[u8]); 4] = [
    ("string", r#""string""#, b"\x03abc"),
    ("union", r#"["null", {"type": "array", "items": "bytes"}]"#, &[0, 0, 0, 1, 2, 1, 7, 0, 0]),
    ("map", r#"{"type": "map", "values": {"type": "fixed", "name": "F", "size": 2}}"#, &[1, 1, b'k', 1, 2, 0]),
    (
        "list",
        r#"{"type": "record", "name": "L", "fields": [{"name": "a", "type": "long"}, {"name": "b", "type": ["null", "L"]}]}"#,
        &[0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0],
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    let mut save = |target: &'static str, name: &str, content: &[u8]| {
        *counts.entry(target).or_default() += 1;
        let place = here.join("corpus").join(target);
        fs::create_dir_all(&place)?;
        fs::write(place.join(name), content)
    };
    for vector in fs::read_dir(here.join("../conformance/vectors/valid"))? {
        let directory = vector?.path();
        let id = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(directory.join("_metadata"))?;
        save("metadata", &id, &bytes)?;
        let savepoint = Savepoint::new(Metadata::parse(&bytes)?, Directory::new(&directory));
        for operator in &savepoint.metadata().operators {
            savepoint.for_each_part(&operator, |part| {
                let name = format!("{id}-{}-{}", operator.id, part.subtask);
                // What the vectors only name, and what is not canonical, has no stream to give.
                match part.state {
                    PartState::ManagedKeyed(handle @ KeyedHandle::KeyGroups(_)) => {
                        if let Ok(seed) = savepoint.keyed(part, handle, keyed_seed) {
                            save("keyed_stream", &name, &seed)?;
                        }
                    }
                    PartState::ManagedOperator(handle) => {
                        let Ok(bytes) = savepoint.bytes(&handle.delegate) else { return Ok(()) };
                        let offsets: Vec<Offsets<'_>> = handle.states.iter().map(|meta| meta.offsets).collect();
                        let most = offsets.iter().map(Offsets::len).max().unwrap_or(0);
                        let Ok(stream) = OperatorStream::open(bytes.as_ref(), handle) else { return Ok(()) };
                        // As many offsets for each state, in the order of the header.
                        let in_order = stream
                            .header()
                            .all_states()
                            .filter_map(|state| handle.states.iter().find(|meta| meta.name.same_text(&state.name)));
                        let mut seed = vec![u8::try_from(most).unwrap_or(u8::MAX)];
                        for meta in in_order {
                            let last = meta.offsets.iter().last().unwrap_or_default();
                            let padded = meta.offsets.iter().chain(std::iter::repeat(last)).take(most);
                            seed.extend(padded.flat_map(two_bytes));
                        }
                        seed.extend(bytes.as_ref());
                        save("operator_state", &name, &seed)?;
                    }
                    _ => {}
                }
                Ok::<_, std::io::Error>(())
            })?;
        }
    }
    for corpus in fs::read_dir(here.join("../conformance/vectors/serializers"))? {
        let corpus = corpus?.path();
        let release = corpus.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for line in fs::read_to_string(&corpus)?.lines() {
            let Some(bytes) = hex(line, "snapshot").next().filter(|bytes| bytes.len() <= LARGEST) else { continue };
            let name = format!("{release}-{}", text(line, "name").next().unwrap_or_default());
            save("serializer_snapshot", &name, &bytes)?;
            let size = u16::try_from(bytes.len())?.to_be_bytes();
            for (i, value) in hex(line, "bytes").enumerate().filter(|(_, value)| value.len() <= LARGEST) {
                save("value", &format!("{name}-{i}"), &[&size, &bytes[..], &value].concat())?;
            }
            if let Ok(snapshot) = SerializerSnapshot::parse(&bytes, &Hints::default()) {
                for (i, seed) in headers(&snapshot)?.iter().enumerate() {
                    save("header", &format!("{name}-{i}"), seed)?;
                }
            }
        }
    }
    for (name, schema, value) in AVRO {
        let snapshot = SerializerSnapshot::avro("org.apache.avro.generic.GenericRecord", schema, 2)?;
        let snapshot = snapshot.raw();
        save("serializer_snapshot", &format!("avro-{name}"), snapshot)?;
        let size = u16::try_from(snapshot.len())?.to_be_bytes();
        save("value", &format!("avro-{name}"), &[&size, snapshot, value].concat())?;
    }
    for (target, count) in counts {
        println!("{count:5} {target}");
    }
    Ok(())
}

/// The first sections of a stream, as those of the first key groups.
fn keyed_seed(stream: &KeyedStream<'_>) -> Result<Vec<u8>, flink_savepoint::Error> {
    let max = MaxParallelism::new(if stream.max_parallelism().get() > 128 { 129 } else { 128 }).expect("in range");
    let range = KeyGroupRange::new(0, KEY_GROUPS.into()).expect("a few");
    let mut writer = KeyedWriter::new(Vec::new(), stream.header(), range, max).expect("in memory");
    let mut buffer = Vec::new();
    for (group, section) in (0..KEY_GROUPS).zip(stream.sections()) {
        section.for_each::<flink_savepoint::Error>(&mut buffer, |entry| {
            writer.entry(KeyGroup(group), entry.state, entry.key, entry.value).expect("in memory");
            Ok(())
        })?;
    }
    let written = writer.finish().expect("in memory");
    let wide = u8::from(max.get() > 128);
    let mut seed = vec![u8::try_from(KEY_GROUPS - 1).unwrap_or(0), wide];
    seed.extend(written.offsets.offsets().iter().flat_map(two_bytes));
    seed.extend(written.sink);
    Ok(seed)
}

fn two_bytes(offset: i64) -> [u8; 2] {
    i16::try_from(offset).unwrap_or(0).to_be_bytes()
}

/// The strings that a line of JSON has under that key; none of them has anything to escape.
fn text<'l>(line: &'l str, key: &str) -> impl Iterator<Item = &'l str> {
    let start = format!("\"{key}\": \"");
    line.match_indices(&start)
        .map(|(at, start)| at + start.len())
        .collect::<Vec<_>>()
        .into_iter()
        .filter_map(|at| line[at..].split('"').next())
}

/// The same where they are bytes in hexadecimal digits.
fn hex(line: &str, key: &str) -> impl Iterator<Item = Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text(line, key).filter_map(move |digits| digits.as_bytes().chunks(2).map(byte).collect())
}

/// Headers of a state with that serializer, the last three with a serializer of a user beside, around and inside of it.
fn headers(snapshot: &SerializerSnapshot<'_>) -> Result<Vec<Vec<u8>>, flink_savepoint::Error> {
    const CLASS: &str = "com.example.UserSnapshot";
    let mut hints = Hints::default();
    hints.add(Hint { class: CLASS.into(), body: Some(vec![Wire::Utf, Wire::I32]), ..Hint::default() });
    let mut user = Output::new();
    user.utf(&CLASS.into())?;
    user.i32(1);
    user.utf(&"a body".into())?;
    user.i32(7);
    let user = user.into_bytes();
    let user = SerializerSnapshot::parse(&user, &hints)?;
    let long = SerializerSnapshot::scalar(Scalar::Long)?;
    let void = SerializerSnapshot::scalar(Scalar::VoidNamespace)?;
    // What the builders make is read back without hints, so that the list is put together here.
    let mut list = SerializerSnapshot::list(&long)?.raw().to_vec();
    list.truncate(list.len() - long.raw().len());
    let list = [&list, user.raw()].concat();
    let list = SerializerSnapshot::parse(&list, &hints)?;
    [(&long, snapshot), (&user, snapshot), (snapshot, &user), (snapshot, &list)]
        .map(|(key, value)| {
            let state = |name| StateMetaInfo::keyed(name, KeyedStateType::Value, void.clone(), value.clone());
            let states = vec![state("a"), state("b")];
            let header = KeyedHeader { compressed: false, key_serializer: key.clone(), states };
            let mut out = Output::new();
            header.write(&mut out)?;
            Ok(out.into_bytes())
        })
        .into_iter()
        .collect()
}
