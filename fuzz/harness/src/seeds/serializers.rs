//! Seeds of the targets that take serializer snapshots, alone, with a value of theirs, and in a header.

use std::error::Error;
use std::fs;

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::meta_info::{KeyedStateType, StateMetaInfo};
use flink_savepoint::serializer::{Hint, Hints, SerializerSnapshot, Wire};
use flink_savepoint::value::Scalar;
use flink_savepoint::wire::Output;

use super::vectors::{folder, listed};
use super::{LARGEST, Seeds};

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

/// What the corpora of serializers have, and Avro.
pub(super) fn all(seeds: &mut Seeds) -> Result<(), Box<dyn Error>> {
    for corpus in listed(&folder().join("serializers"))? {
        let release = corpus.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for line in fs::read_to_string(&corpus)?.lines() {
            let Some(bytes) = hex(line, "snapshot").next().filter(|bytes| bytes.len() <= LARGEST) else { continue };
            let name = format!("{release}-{}", text(line, "name").next().unwrap_or_default());
            let size = u16::try_from(bytes.len())?.to_be_bytes();
            for (i, value) in hex(line, "bytes").enumerate() {
                seeds.add("value", format!("{name}-{i}"), [&size, &bytes[..], &value].concat());
            }
            if let Ok(snapshot) = SerializerSnapshot::parse(&bytes, &Hints::default()) {
                for (i, seed) in headers(&snapshot)?.into_iter().enumerate() {
                    seeds.add("header", format!("{name}-{i}"), seed);
                }
            }
            seeds.add("serializer_snapshot", name, bytes);
        }
    }
    for (name, schema, value) in AVRO {
        let snapshot = SerializerSnapshot::avro("org.apache.avro.generic.GenericRecord", schema, 2)?;
        let snapshot = snapshot.raw();
        let size = u16::try_from(snapshot.len())?.to_be_bytes();
        seeds.add("value", format!("avro-{name}"), [&size, snapshot, value].concat());
        seeds.add("serializer_snapshot", format!("avro-{name}"), snapshot.to_vec());
    }
    Ok(())
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
