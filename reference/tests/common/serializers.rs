//! The serializers of Flink 2.3.0, each with its snapshot and values as Java wrote them.

use std::fs;
use std::path::Path;

pub struct Case {
    pub name: String,
    pub snapshot: Vec<u8>,
    pub values: Vec<Vec<u8>>,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// Each serializer once.
pub fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/vectors/serializers/2.3.0.jsonl");
    let text = fs::read_to_string(path).unwrap();
    let case = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let values = json["values"].as_array().unwrap().iter().map(|value| unhex(value["bytes"].as_str().unwrap()));
        Case {
            name: json["name"].as_str().unwrap().to_owned(),
            snapshot: unhex(json["snapshot"].as_str().unwrap()),
            values: values.collect(),
        }
    };
    let cases: Vec<Case> = text.lines().skip(1).map(case).collect();
    assert!(cases.len() > 150, "{}", cases.len());
    cases
}
