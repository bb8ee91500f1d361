//! Every serializer that Flink ships, as Flink 1.13.6, 1.20.5 and 2.3.0 wrote its snapshot and values: read, decoded, written back.

use std::collections::BTreeMap;
use std::path::Path;

use flink_savepoint::serializer::{Hints, SerializerSnapshot};
use flink_savepoint_conformance::dump::to_json;
use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Deserialize)]
struct Case {
    name: String,
    length: i32,
    snapshot: String,
    values: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    bytes: String,
    json: Json,
    hash: Option<i32>,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// Calls `check` with every case of every release.
fn for_each_case(mut check: impl FnMut(&str, &Case)) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/serializers");
    let mut count = 0;
    for release in ["1.13.6", "1.20.5", "2.3.0"] {
        let text = std::fs::read_to_string(directory.join(format!("{release}.jsonl"))).unwrap();
        for line in text.lines().skip(1) {
            let case: Case = serde_json::from_str(line).unwrap();
            check(&format!("{release} {}", case.name), &case);
            count += 1;
        }
    }
    assert!(count > 500, "{count} cases");
}

/// Java prints some floats with more digits than they need.
fn same(a: &Json, b: &Json, floats: bool) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) if a.is_f64() && b.is_f64() => {
            let [a, b] = [a, b].map(|number| number.as_f64().unwrap());
            #[expect(clippy::cast_possible_truncation, reason = "compared as the floats that they are")]
            let narrow = [a as f32, b as f32];
            a.to_bits() == b.to_bits() || floats && narrow[0].to_bits() == narrow[1].to_bits()
        }
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, floats)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b, floats)))
        }
        _ => a == b,
    }
}

#[test]
fn snapshots_are_read_to_the_last_byte_and_say_the_length() {
    for_each_case(|id, case| {
        let bytes = unhex(&case.snapshot);
        let snapshot = SerializerSnapshot::parse(&bytes, &Hints::default()).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!(snapshot.raw(), bytes, "{id}");
        let ty = snapshot.type_description();
        let length = ty.length().map(|length| length.map_or(-1, |length| i32::try_from(length).unwrap()));
        // The serializer of a user's class alone knows; windows said 0 before 1.15.
        if let Some(length) = length
            && !(id.starts_with("1.13.6") && id.contains("window"))
        {
            assert_eq!(length, case.length, "{id}: {ty}");
        }
    });
}

#[test]
fn values_are_decoded_to_what_java_had_and_encoded_to_the_same_bytes() {
    let mut failures = Vec::new();
    let mut values = 0;
    for_each_case(|id, case| {
        let bytes = unhex(&case.snapshot);
        let snapshot = SerializerSnapshot::parse(&bytes, &Hints::default()).unwrap();
        let ty = snapshot.type_description();
        for expected in &case.values {
            values += 1;
            let bytes = unhex(&expected.bytes);
            match ty.decode(&bytes) {
                Err(error) => failures.push(format!("{id}: {ty}: {}: {error}", expected.bytes)),
                Ok(value) => {
                    let json = to_json(&ty, &value);
                    if !same(&json, &expected.json, ty.to_string().contains("FLOAT")) {
                        failures.push(format!("{id}: {ty}: {}\n  is {json}\n  not {}", expected.bytes, expected.json));
                    }
                    match ty.encode(&value) {
                        Ok(again) if again == bytes => {}
                        other => failures.push(format!("{id}: {ty}: {} encodes to {other:02x?}", expected.bytes)),
                    }
                }
            }
        }
    });
    let shown: Vec<_> = failures.iter().take(20).map(|text| text.chars().take(600).collect::<String>()).collect();
    assert!(failures.is_empty(), "{} of {values}:\n{}", failures.len(), shown.join("\n"));
    assert!(values > 1500, "{values}");
}

#[test]
fn hash_codes_are_javas() {
    let (mut computed, mut missing) = (0, BTreeMap::<String, usize>::new());
    for_each_case(|id, case| {
        let bytes = unhex(&case.snapshot);
        let snapshot = SerializerSnapshot::parse(&bytes, &Hints::default()).unwrap();
        let ty = snapshot.type_description();
        for expected in &case.values {
            let bytes = unhex(&expected.bytes);
            let value = ty.decode(&bytes).unwrap();
            match (expected.hash, ty.hash_code(&value)) {
                (Some(expected), Some(hash)) => {
                    assert_eq!(hash.code(), expected, "{id}: {ty}: {value:?}");
                    computed += 1;
                }
                (Some(_), None) => *missing.entry(format!("{id}: {ty}")).or_default() += 1,
                // Java's hash of null and of what it does not define is not in the corpus.
                (None, _) => {}
            }
        }
    });
    assert!(computed > 700, "{computed} hashes, missing: {missing:#?}");
}
