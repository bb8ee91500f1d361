//! What the registry says of type bytes, marks and versions, and what the reference does, are the same: both ways.

use std::collections::BTreeSet;

use flink_savepoint::metadata::{Metadata, MetadataVersion, Release};
use flink_savepoint::{ErrorKind, compression};
use flink_savepoint_spec::layouts::{self, Field, Layout, Literal, Structure};

/// A metadata file of one operator with one subtask: what its state is up to some place, and what stands there.
fn file(version: u8, before: &[u8], byte: u8) -> Vec<u8> {
    let mut file = vec![0x49, 0x60, 0x67, 0x2D, 0, 0, 0, version];
    file.extend([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    if version >= 5 {
        file.extend([0; 4]);
    }
    file.extend([7; 16]);
    file.extend([0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    file.extend(before);
    file.push(byte);
    file.extend([0; 64]);
    file
}

/// The bytes that the reference knows in that place.
fn known(version: u8, before: &[u8]) -> BTreeSet<i64> {
    let known = |byte: &u8| match Metadata::parse(&file(version, before, *byte)) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::UnknownType { .. }),
    };
    (0..=u8::MAX).filter(known).map(i64::from).collect()
}

/// The bytes that a choice of the registry has.
fn of_registry(id: &str) -> BTreeSet<i64> {
    let Some(Structure::Choice(choice)) = layouts::get(id) else { panic!("no choice {id}") };
    let number = |value: &Literal| match value {
        Literal::Number(number) => *number,
        Literal::Word(word) => panic!("{id}: {word}"),
    };
    choice.cases.iter().map(|case| number(&case.value)).collect()
}

fn layout(id: &str) -> &'static Layout {
    match layouts::get(id) {
        Some(Structure::Layout(layout)) => layout,
        _ => panic!("no layout {id}"),
    }
}

fn field(layout_id: &str, name: &str) -> &'static Field {
    let layout = layout(layout_id);
    layout.fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("{layout_id}.{name}"))
}

#[test]
fn type_bytes() {
    const PRESENT: [u8; 4] = [0, 0, 0, 1];
    for version in 3..=6 {
        let operator = PRESENT;
        let keyed = [0; 8];
        // A savepoint handle of no key groups, and its delegate.
        let stream = [&keyed[..], &[7, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
        assert_eq!(known(version, &operator), of_registry("operator-state-handle"), "operator, version {version}");
        assert_eq!(known(version, &keyed), of_registry("keyed-state-handle"), "keyed, version {version}");
        assert_eq!(known(version, &stream), of_registry("stream-handle"), "stream, version {version}");
    }
    // No state, then one channel of each kind.
    let input = [&[0; 10][..], &PRESENT].concat();
    let output = [&[0; 14][..], &PRESENT].concat();
    assert_eq!(known(6, &input), of_registry("tagged-input-channel"));
    assert_eq!(known(6, &output), of_registry("tagged-output-channel"));
}

#[test]
fn a_type_byte_that_only_one_of_them_has_is_found() {
    let mut registry = of_registry("keyed-state-handle");
    registry.insert(15);
    assert_ne!(known(6, &[0; 8]), registry);
    assert_ne!(known(6, &[0; 8]), of_registry("stream-handle"));
}

#[test]
fn marks() {
    let bytes = |layout: &str, name: &str| -> Vec<u8> {
        let text = field(layout, name).value.as_ref().unwrap_or_else(|| panic!("{layout}.{name} is no constant"));
        text.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    };
    let mut written = Metadata::new(MetadataVersion::V6, 1).to_bytes().unwrap();
    assert_eq!(bytes("metadata-file", "magic"), written[..4]);
    written[0] ^= 1;
    assert!(matches!(Metadata::parse(&written).unwrap_err().kind(), ErrorKind::Magic { .. }));
    let identifier = ["type", "length", "name"].map(|name| bytes("snappy-stream-identifier", name)).concat();
    assert_eq!(identifier, compression::IDENTIFIER);
    for (layout, name) in [("master-state", "magic"), ("raw-timers", "marker"), ("key-group-section", "end_mark")] {
        assert!(!bytes(layout, name).is_empty());
    }
}

#[test]
fn versions() {
    let numbers: Vec<i32> = MetadataVersion::ALL.iter().map(|version| version.number()).collect();
    assert_eq!(numbers, [2, 3, 4, 5, 6]);
    // Fields that come and go: what the reference reads of a file of each version is what the layouts have.
    for version in MetadataVersion::ALL {
        let number = u8::try_from(version.number()).unwrap();
        let has = |layout: &str, name: &str| {
            let field = field(layout, name);
            field.since.is_none_or(|since| since <= number) && field.until.is_none_or(|until| number <= until)
        };
        assert_eq!(has("operator", "uid"), version >= MetadataVersion::V5);
        assert_eq!(has("operator", "coordinator_state"), version >= MetadataVersion::V3);
        assert_eq!(has("operator", "chain_length"), version == MetadataVersion::V2);
        assert_eq!(has("subtask-state", "num_input_channels"), version >= MetadataVersion::V3);
        assert_eq!(has("metadata-file", "properties"), version >= MetadataVersion::V4);
        assert_eq!(Release::ALL.iter().any(|release| release.metadata_version() == version), version.is_writable());
    }
}
