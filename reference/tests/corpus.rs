//! Every serializer that Flink ships, with its values: decoded and written back, as long and hashed as Flink 1.13.6, 1.20.5 and 2.3.0
//! have it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use flink_savepoint::serializer::{Hints, SerializerSnapshot};
use flink_savepoint::value::{HashCode, TypeDescription, Value};
use serde_json::Value as Json;

fn unhex(text: &Json) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// Calls `check` with every serializer of every release: its place, its type, the line of the corpus.
fn for_each_serializer(mut check: impl FnMut(&str, &TypeDescription, &Json)) {
    let mut count = 0;
    for release in ["1.13.6", "1.20.5", "2.3.0"] {
        let name = format!("../conformance/vectors/serializers/{release}.jsonl");
        let corpus = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        for line in corpus.lines().skip(1) {
            let case: Json = serde_json::from_str(line).unwrap();
            let snapshot = unhex(&case["snapshot"]);
            let snapshot = SerializerSnapshot::parse(&snapshot, &Hints::default()).unwrap();
            check(&format!("{release} {}", case["name"]), &snapshot.type_description(), &case);
            count += 1;
        }
    }
    assert!(count > 450, "{count} serializers");
}

#[test]
fn values_are_decoded_and_written_back() {
    let mut values = 0;
    for_each_serializer(|id, ty, case| {
        for value in case["values"].as_array().unwrap() {
            let bytes = unhex(&value["bytes"]);
            let place = || format!("{id}: {ty}: {bytes:02x?}");
            let value = ty.decode(&bytes).unwrap_or_else(|e| panic!("{}: {e}", place()));
            assert_eq!(ty.encode(&value).unwrap_or_else(|e| panic!("{}: {e}", place())), bytes, "{}", place());
            // Where the value says where it ends, what follows does not matter, and every byte of it does.
            if ty.is_delimited() {
                assert_eq!(ty.value_length(&[&bytes[..], &[1, 2, 3]].concat()), Some(bytes.len()), "{}", place());
                if let Some(shorter) = bytes.len().checked_sub(1) {
                    assert_eq!(ty.value_length(&bytes[..shorter]), None, "{}", place());
                    let error = ty.decode(&bytes[..shorter]).expect_err(&place());
                    assert!(error.offset() <= shorter as u64, "{}: {error}", place());
                }
            }
            values += 1;
        }
    });
    assert!(values > 1500, "{values}");
}

#[test]
fn values_are_as_long_as_their_serializer_says() {
    for_each_serializer(|id, ty, case| {
        // The serializer of a user's class alone knows.
        let Some(length) = ty.length() else { return };
        // Windows said 0 before 1.15.
        if !(id.starts_with("1.13.6") && id.contains("window")) {
            assert_eq!(case["length"], length.map_or(-1, i64::from), "{id}: {ty}");
        }
        // The namespace that is void says 0 and writes a byte.
        if let Some(length) = length.filter(|_| !id.contains("void-namespace")) {
            for value in case["values"].as_array().unwrap() {
                assert_eq!(unhex(&value["bytes"]).len(), usize::try_from(length).unwrap(), "{id}: {ty}");
            }
        }
    });
}

#[test]
fn hash_codes_are_javas() {
    let ([mut exact, mut likely], mut missing) = ([0; 2], BTreeSet::new());
    for_each_serializer(|id, ty, case| {
        for value in case["values"].as_array().unwrap() {
            let bytes = unhex(&value["bytes"]);
            let decoded = ty.decode(&bytes).unwrap();
            let place = || format!("{id}: {ty}: {bytes:02x?}");
            match (ty.hash_code(&decoded), value["hash"].as_i64()) {
                (Some(HashCode::Exact(code)), Some(hash)) => {
                    assert_eq!(i64::from(code), hash, "{}", place());
                    exact += 1;
                }
                // None of the rows here has named fields.
                (Some(HashCode::Likely(code)), Some(hash)) => {
                    assert_eq!(i64::from(code), hash, "{}", place());
                    likely += 1;
                }
                // Java computed none of null, and of some types.
                (_, None) => {}
                (None, Some(_)) => {
                    missing.insert(case["name"].as_str().unwrap().to_owned());
                }
            }
        }
    });
    // Nobody has these as keys.
    let known = [
        "scala-option",
        "sql-linked-list",
        "sql-linked-list-without-mask",
        "sql-null-aware-map",
        "sql-sorted-map",
        "sql-sorted-map-of-user",
    ];
    assert_eq!(missing, BTreeSet::from(known.map(str::to_owned)));
    assert!(exact > 600 && likely > 60, "{exact} exact, {likely} likely");
}

#[test]
fn what_is_not_of_the_type_is_not_written() {
    // No serializer has values of two kinds as different as these.
    let others = [Value::Boolean(true), Value::Double(1)];
    for_each_serializer(|id, ty, _| {
        let written = others.iter().filter(|value| ty.encode(value).is_ok()).count();
        assert!(written <= 1, "{id}: {ty}");
        if let Some(error) = others.iter().find_map(|value| ty.encode(value).err()) {
            assert!(error.kind().code() == "value-type", "{id}: {ty}: {error}");
        }
    });
}
