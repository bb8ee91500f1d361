//! Each way in which a file can be wrong, with its exact kind, offset and path.

use flink_savepoint::error::TypePosition;
use flink_savepoint::metadata::{Metadata, MetadataVersion, ReadOptions, Target};
use flink_savepoint::{Error, ErrorKind, Limits};

/// A file as hex, white space and `#` comments left out.
fn file(annotated: &str) -> Vec<u8> {
    let digits: String = annotated
        .lines()
        .flat_map(|line| line.split('#').next().unwrap_or_default().chars())
        .filter(|c| !c.is_whitespace())
        .collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in {annotated}");
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
}

const V3: &str = "4960672d 00000003 0000000000000007 00000000\n";
const V6: &str = "4960672d 00000006 0000000000000007 00000000\n";
/// One operator up to its parallelism; 20 bytes of header and 4 of count before it.
const OPERATOR: &str = "00000001 # operators\n 000102030405060708090a0b0c0d0e0f # id\n 00000002 00000080 # parallelism\n 00 # coordinator\n";
/// One subtask up to its state. Its managed operator state flag is at 57 in version 3.
const SUBTASK: &str = "00000001 # subtasks\n 00000000 # index\n";
const NO_OPERATOR_STATE: &str = "00000000 00000000\n";
const NULL_PROPERTIES: &str = "aced000570";

fn fails(annotated: &str) -> Error {
    Metadata::parse(&file(annotated)).expect_err(annotated)
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "an expected value, made where it is named")]
fn check(annotated: &str, kind: ErrorKind, offset: u64, path: &str) {
    let error = fails(annotated);
    assert_eq!((error.kind(), error.offset(), error.path().as_str()), (&kind, offset, path), "{error}");
}

/// In managed keyed position of a version 3 file: offset 65.
fn keyed(bytes: &str) -> String {
    format!("{V3}{OPERATOR}{SUBTASK}{NO_OPERATOR_STATE}{bytes}")
}

/// In managed operator position of a version 3 file: the flag, then offset 61.
fn operator_state(bytes: &str) -> String {
    format!("{V3}{OPERATOR}{SUBTASK}00000001 {bytes}")
}

#[test]
fn headers() {
    check("", ErrorKind::Truncated { available: 0 }, 0, "magic");
    check("496067", ErrorKind::Truncated { available: 3 }, 0, "magic");
    check("2d676049 00000003", ErrorKind::Magic { found: [0x2d, 0x67, 0x60, 0x49] }, 0, "magic");
    check("4960672d 0000", ErrorKind::Truncated { available: 2 }, 4, "version");
    check("4960672d 00000001", ErrorKind::ObsoleteVersion, 4, "version");
    check("4960672d 00000007", ErrorKind::ProposedVersion, 4, "version");
    for (hex, found) in [("00000000", 0), ("00000008", 8), ("ffffffff", -1), ("03000000", 0x0300_0000)] {
        check(&format!("4960672d {hex}"), ErrorKind::UnknownVersion { found }, 4, "version");
    }
    check("4960672d 00000003 ffffffffffffffff", ErrorKind::CheckpointId { found: -1 }, 8, "checkpoint_id");
}

#[test]
fn messages_say_what_to_do() {
    assert_eq!(
        fails("4960672d 00000007").to_string(),
        "offset 0x4: version: metadata version 7 is a proposal (FLINK-40209) that no Flink release writes or reads, and its layout may still change"
    );
    assert!(fails("4960672d 00000001").to_string().contains("Flink 1.1 and 1.2"));
}

#[test]
fn counts() {
    let head = "4960672d 00000003 0000000000000007";
    check(&format!("{head} ffffffff"), ErrorKind::NegativeLength { found: -1 }, 16, "master_state");
    let beyond = |found, available| ErrorKind::LengthBeyondInput { found, available };
    check(&format!("{head} 7fffffff 00"), beyond(0x7fff_ffff, 1), 16, "master_state");
    check(&format!("{V3} 80000000"), ErrorKind::NegativeLength { found: -0x8000_0000 }, 20, "operators");
    check(&format!("{V3} 7fffffff"), beyond(0x7fff_ffff, 0), 20, "operators");
    check(&format!("{V3}{OPERATOR} 10000000 00000000"), beyond(0x1000_0000, 4), 49, "operators[0].subtasks");
    // Number of key groups, which is that of the offsets.
    let path = "operators[0].subtasks[0].state.managed_keyed.offsets";
    check(&keyed("07 00000000 7fffffff 0000000000000000"), beyond(0x7fff_ffff, 8), 70, path);
    let path = "operators[0].subtasks[0].state.managed_operator.states";
    check(&operator_state("04 ffffffff"), ErrorKind::NegativeLength { found: -1 }, 62, path);
    let path = "operators[0].subtasks[0].state.managed_operator.states[0].offsets";
    check(&operator_state("04 00000001 0000 00 7fffffff 00"), beyond(0x7fff_ffff, 1), 69, path);
    // Length of inline state.
    let path = "operators[0].subtasks[0].state.managed_operator.delegate.data";
    check(&operator_state("04 00000000 01 0000 ffffffff"), ErrorKind::NegativeLength { found: -1 }, 69, path);
    check(&operator_state("04 00000000 01 0000 00000005 01"), beyond(5, 1), 69, path);
}

#[test]
fn type_bytes() {
    let unknown = |found, position| ErrorKind::UnknownType { found, position };
    let path = "operators[0].subtasks[0].state.managed_keyed";
    for found in [1, 2, 4, 6, 15, 16, 17, 18, 0xFF] {
        check(&keyed(&format!("{found:02x}")), unknown(found, TypePosition::Keyed), 65, path);
    }
    let path = "operators[0].subtasks[0].state.managed_operator";
    for found in [1, 3, 5, 16, 18, 0xFF] {
        check(&operator_state(&format!("{found:02x}")), unknown(found, TypePosition::Operator), 61, path);
    }
    let path = "operators[0].subtasks[0].state.managed_operator.delegate";
    for found in [4, 5, 7, 14, 17, 0xFF] {
        let bytes = operator_state(&format!("04 00000000 {found:02x}"));
        check(&bytes, unknown(found, TypePosition::Stream), 66, path);
    }
    // Version 6: name and uid before the id, tagged channels.
    let operator = OPERATOR.replacen("00000001 # operators\n", "00000001 0000 0000", 1);
    let to_channels = format!("{V6}{operator}{SUBTASK}{NO_OPERATOR_STATE} 00 00 00000001");
    let rest = "00".repeat(40);
    let path = "operators[0].subtasks[0].state.input_channels[0]";
    check(&format!("{to_channels} 02 {rest}"), unknown(2, TypePosition::InputChannel), 75, path);
    let output = to_channels.replace("00 00 00000001", "00 00 00000000 00000001");
    let path = "operators[0].subtasks[0].state.result_subpartitions[0]";
    check(&format!("{output} 03 {rest}"), unknown(3, TypePosition::ResultSubpartition), 79, path);
}

#[test]
fn required_handles() {
    let path = "operators[0].subtasks[0].state.managed_operator";
    check(&operator_state("00"), ErrorKind::NullHandle, 61, path);
    check(&operator_state("04 00000000 00"), ErrorKind::NullHandle, 66, &format!("{path}.delegate"));
    let path = "operators[0].subtasks[0].state.managed_keyed.delegate";
    check(&keyed("07 00000000 00000000 00"), ErrorKind::NullHandle, 74, path);
}

#[test]
fn strings() {
    let path = "operators[0].subtasks[0].state.managed_operator.states[0].name";
    check(&operator_state("04 00000001 0003 41 80 42 00 00000000"), ErrorKind::ModifiedUtf8 { at: 1 }, 69, path);
    check(&operator_state("04 00000001 0004 f09f9880 00 00000000"), ErrorKind::ModifiedUtf8 { at: 0 }, 68, path);
    check(
        &operator_state("04 00000001 0009 41 00 00000000"),
        ErrorKind::LengthBeyondInput { found: 9, available: 6 },
        66,
        path,
    );
}

#[test]
fn values_that_flink_refuses() {
    let at_keyed = "operators[0].subtasks[0].state.managed_keyed";
    let operator = |parallelism: &str| format!("{V3} 00000001 {} {parallelism} 00 00000000", "00".repeat(16));
    let kind = |parallelism, max_parallelism| ErrorKind::Parallelism { parallelism, max_parallelism };
    check(&operator("00000081 00000080"), kind(129, 128), 40, "operators[0].parallelism");
    check(&operator("ffffffff 00000080"), kind(-1, 128), 40, "operators[0].parallelism");

    let subtask = |index: &str| format!("{V3}{OPERATOR} 00000001 {index} {}", "00".repeat(18));
    let kind = |index| ErrorKind::SubtaskIndex { index, parallelism: 2 };
    check(&subtask("00000002"), kind(2), 53, "operators[0].subtasks[0].index");
    // Finished subtask 2 is written as -3.
    check(&format!("{V3}{OPERATOR} 00000001 fffffffd"), kind(2), 53, "operators[0].subtasks[0].index");

    let coordinator = |handle: &str| format!("{V3}{} {handle}", OPERATOR.replace("00 # coordinator\n", ""));
    let file = "02 0000000000000001 0001 78 00000000";
    check(&coordinator(file), ErrorKind::CoordinatorHandle { found: 2 }, 48, "operators[0].coordinator_state");
    let inline = "01 0000 00000000 ffffffff";
    check(&coordinator(inline), ErrorKind::FinishedCoordinator, 48, "operators[0].coordinator_state");

    let kind = |start, count| ErrorKind::KeyGroupRange { start, count };
    check(&keyed("07 ffffffff 00000001"), kind(-1, 1), 66, &format!("{at_keyed}.key_groups"));
    check(&keyed("07 00000000 ffffffff"), kind(0, -1), 66, &format!("{at_keyed}.key_groups"));
    // The last key group would be 2^31, which Flink makes an empty range of.
    check(&keyed("07 7fffffff 00000002"), kind(i32::MAX, 2), 66, &format!("{at_keyed}.key_groups"));

    let stream = |handle: &str| operator_state(&format!("04 00000000 {handle}"));
    let at = "operators[0].subtasks[0].state.managed_operator.delegate";
    check(&stream("02 fffffffffffffffe 0001 78"), ErrorKind::StateSize { found: -2 }, 67, &format!("{at}.state_size"));
    check(&stream("06 0001 78 fffffffffffffffe"), ErrorKind::StateSize { found: -2 }, 70, &format!("{at}.state_size"));
    check(&stream("02 0000000000000001 0000"), ErrorKind::EmptyPath, 75, &format!("{at}.path"));
    check(&stream("06 0000 0000000000000001"), ErrorKind::EmptyPath, 67, &format!("{at}.relative_path"));
    let segment = stream(&format!("0f {} 00000002 0001 78 0000", "00".repeat(16)));
    check(&segment, ErrorKind::Scope { found: 2 }, 83, &format!("{at}.scope"));

    let at = "operators[0].subtasks[0].state.managed_operator";
    check(
        &operator_state("04 00000001 0000 03 00000000"),
        ErrorKind::Mode { found: 3 },
        68,
        &format!("{at}.states[0].mode"),
    );
    let merged = operator_state("11 00000000 0001 78 0001 78 00 01 0000 00000000");
    check(&merged, ErrorKind::SegmentDelegate, 73, &format!("{at}.delegate"));
}

#[test]
fn changelog() {
    // Type 14 has one layout only, so that the one of 1.14 is not tried.
    let at = "operators[0].subtasks[0].state.managed_keyed";
    check(&keyed("0e 00000000 00000000"), ErrorKind::EmptyChangelogRange, 66, &format!("{at}.key_groups"));
    let head = "0e 00000000 00000001 0000000000000000 00000000 00000001";
    let not_an_increment = keyed(&format!("{head} 03 00000000 00000000 01 0000 00000000"));
    check(&not_an_increment, ErrorKind::NotAnIncrement, 90, &format!("{at}.non_materialized[0]"));
    let sequence = keyed(&format!("{head} 09 00000000 00000001 ffffffffffffffff"));
    let path = format!("{at}.non_materialized[0].from");
    check(&sequence, ErrorKind::SequenceNumber { found: -1 }, 99, &path);
    let change = keyed(&format!("{head} 09 00000000 00000001 {} 00000001 fffffffe 00000000", "00".repeat(16)));
    let path = format!("{at}.non_materialized[0].changes[0].key_group");
    check(&change, ErrorKind::ChangeKeyGroup { found: -2 }, 119, &path);
}

#[test]
fn merged_channels() {
    let operator = OPERATOR.replacen("00000001 # operators\n", "00000001 0000 0000", 1);
    let head = format!("{V6}{operator}{SUBTASK}{NO_OPERATOR_STATE} 00 00 00000001");
    let handle = "03 00000000 0000000000000000 01 0000 00000000 00000005 00000000 ff";
    check(
        &format!("{head} {handle} 00000000 {NULL_PROPERTIES}"),
        ErrorKind::ChannelTrailing { count: 1 },
        103,
        "operators[0].subtasks[0].state.input_channels[0].channels",
    );
}

#[test]
fn legacy_state_of_version_2() {
    let head = "4960672d 00000002 0000000000000007 00000000 00000001";
    let subtask = format!("{head} {} 00000001 00000001 00000001 00000001 00000000 {}", "00".repeat(16), "ff".repeat(8));
    let annotated = format!("{subtask} 00000003 {}", "00".repeat(10));
    check(&annotated, ErrorKind::LegacyState { count: 3 }, 68, "operators[0].subtasks[0].state.legacy_states");
    let none = format!("{subtask} 00000000 {}", "00".repeat(10));
    assert_eq!(Metadata::parse(&file(&none)).unwrap().operators.len(), 1);
    // There are no finished subtasks in version 2.
    let negative = none.replacen("00000001 00000000 ffffffff", "00000001 ffffffff ffffffff", 1);
    let error = fails(&negative);
    assert_eq!((error.kind(), error.offset()), (&ErrorKind::SubtaskIndex { index: -1, parallelism: 0 }, 56));
}

#[test]
fn master_states() {
    let head = "4960672d 00000003 0000000000000007 00000001";
    let magic = ErrorKind::MasterMagic { found: [0xc9, 0x6b, 0x16, 0x97] };
    check(&format!("{head} c96b1697 {}", "00".repeat(14)), magic, 20, "master_state[0].magic");
    let at = "master_state[0].length";
    for (hex, found) in [("00000000", 0), ("80000000", i32::MIN)] {
        check(&format!("{head} c96b1696 {hex} {}", "00".repeat(10)), ErrorKind::MasterLength { found }, 24, at);
    }
    let state = "00000001 0000 00000000 ff";
    check(&format!("{head} c96b1696 0000000b {state}"), ErrorKind::MasterTrailing { count: 1 }, 38, "master_state[0]");
    let cut = ErrorKind::LengthBeyondInput { found: 12, available: 11 };
    check(&format!("{head} c96b1696 0000000c {state}"), cut, 24, at);
}

#[test]
fn nesting_is_bounded() {
    // Handles of type 3 inside each other, over no key groups.
    let nested = |depth: usize| {
        operator_state(&format!(
            "04 00000000 {} 01 0000 00000000 {}",
            "03 00000000 00000000".repeat(depth),
            "00".repeat(14)
        ))
    };
    let limit = Limits::DEFAULT_NESTING;
    let bytes = file(&nested(usize::from(limit)));
    assert!(Metadata::parse(&bytes).is_ok());
    let error = fails(&nested(usize::from(limit) + 1));
    assert_eq!((error.kind(), error.offset()), (&ErrorKind::TooDeep { limit }, 66 + 9 * u64::from(limit)));
    assert_eq!(fails(&nested(100_000)).kind(), &ErrorKind::TooDeep { limit });
    let error = ReadOptions::new().limits(Limits { nesting: 3, ..Limits::default() }).read(&bytes).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::TooDeep { limit: 3 });
}

#[test]
fn properties() {
    let v4 = "4960672d 00000004 0000000000000007 00000000 00000000";
    let check = |bytes: &str, kind, offset: u64, path: &str| {
        let path = ["properties", path].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(".");
        check(&format!("{v4} {bytes}"), kind, 24 + offset, &path);
    };
    check("", ErrorKind::Truncated { available: 0 }, 0, "header");
    check("aced0004 70", ErrorKind::StreamHeader { found: [0xac, 0xed, 0, 4] }, 0, "header");
    check("aced0005", ErrorKind::Truncated { available: 0 }, 4, "");
    check("aced0005 74", ErrorKind::StreamTag { found: 0x74, expected: "an object (73)" }, 4, "");
    check("aced0005 73 71 007e0000", ErrorKind::BackReference { found: 0x7e_0000 }, 6, "");
    let class = "org.apache.flink.runtime.checkpoint.CheckpointProperties";
    let found = "java.util.Date".to_owned();
    let date = "aced0005 73 72 000e 6a6176612e7574696c2e44617465";
    check(date, ErrorKind::PropertiesClass { found, expected: class }, 6, "");
    let hex: String = class.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let head = format!("aced0005 73 72 0038 {hex}");
    check(&format!("{head} 0000000000000003"), ErrorKind::PropertiesLayout { class }, 64, "");
}

#[test]
fn an_unknown_constant_of_the_properties() {
    let properties = flink_savepoint::metadata::Properties::new(
        flink_savepoint::metadata::CheckpointProperties::canonical_savepoint(true),
    );
    let mut bytes = file("4960672d 00000004 0000000000000007 00000000 00000000");
    bytes.extend(properties.unwrap().raw());
    assert!(Metadata::parse(&bytes).is_ok());
    let at = bytes.windows(9).position(|window| window == b"CANONICAL").unwrap();
    bytes[at] = b'X';
    let error = Metadata::parse(&bytes).unwrap_err();
    let class = "org.apache.flink.core.execution.SavepointFormatType";
    assert_eq!(error.kind(), &ErrorKind::PropertiesConstant { found: "XANONICAL".to_owned(), class });
    assert_eq!((error.offset(), error.path().as_str()), (at as u64 - 3, "properties.checkpointType.formatType"));
}

/// The properties of a canonical savepoint are a stream of fixed layout: each of its bytes but flags and names is checked.
#[test]
fn each_part_of_the_layout_of_the_properties() {
    let properties = flink_savepoint::metadata::Properties::new(
        flink_savepoint::metadata::CheckpointProperties::canonical_savepoint(true),
    );
    let properties = properties.unwrap().raw().to_vec();
    let head = file("4960672d 00000004 0000000000000007 00000000 00000000");
    let find = |text: &str| properties.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
    let class = "org.apache.flink.runtime.checkpoint.CheckpointProperties";
    let layout = |_| ErrorKind::PropertiesLayout { class };
    let tag = |expected| move |found| ErrorKind::StreamTag { found, expected };
    let check = |at: usize, kind: &dyn Fn(u8) -> ErrorKind, offset: usize, path: &str| {
        let mut bytes = [&head[..], &properties].concat();
        bytes[head.len() + at] ^= 4;
        let error = Metadata::parse(&bytes).unwrap_err();
        let expected = (&kind(properties[at] ^ 4), (head.len() + offset) as u64, path);
        assert_eq!((error.kind(), error.offset(), error.path().as_str()), expected, "byte {at}: {error}");
    };
    // The class: its serial version, flags, number of fields.
    let behind = find(class) + class.len();
    for (at, offset) in [(behind, behind), (behind + 7, behind), (behind + 8, behind + 8), (behind + 10, behind + 9)] {
        check(at, &layout, offset, "properties");
    }
    // Type and name of a flag, then of the one other field, and its signature.
    let first = behind + 11;
    for at in [first, first + 3] {
        check(at, &layout, first, "properties");
    }
    let field = find("checkpointType");
    let signature = find("Lorg/apache/flink/runtime/checkpoint/SnapshotType;");
    for at in [field - 3, field, signature] {
        check(at, &layout, field - 3, "properties");
    }
    check(field + 14, &tag("a string (74, 71)"), field + 14, "properties");
    let end = signature + 50;
    check(end, &tag("the end of a class (78)"), end, "properties");
    check(end + 1, &tag("no superclass (70)"), end + 1, "properties");
    // Seven flags, then an object of another class.
    let snapshot = end + 2 + 7;
    check(snapshot, &tag("an object (73)"), snapshot, "properties.checkpointType");
    check(snapshot + 1, &tag("a class (72, 71)"), snapshot + 1, "properties.checkpointType");
    let constant = find("org.apache.flink.core.execution.SavepointFormatType") - 4;
    check(constant, &tag("an enum constant (7e, 71)"), constant, "properties.checkpointType.formatType");
}

#[test]
fn references_into_the_properties() {
    let properties = flink_savepoint::metadata::Properties::new(
        flink_savepoint::metadata::CheckpointProperties::canonical_savepoint(true),
    );
    let properties = properties.unwrap().raw().to_vec();
    let head = file("4960672d 00000004 0000000000000007 00000000 00000000");
    // The name of the type as a reference: to the first text of the stream, and to the class before it.
    let name = [&[0x74, 0, 9][..], b"Savepoint"].concat();
    let at = properties.windows(name.len()).position(|window| window == name).unwrap();
    let with = |from: usize, to: usize, handle: u8| {
        [&head[..], &properties[..from], &[0x71, 0, 0x7E, 0, handle], &properties[to..]].concat()
    };
    let bytes = with(at, at + name.len(), 1);
    let read = Metadata::parse(&bytes).unwrap();
    let content = read.properties.unwrap().content().unwrap().clone();
    let flink_savepoint::metadata::SnapshotType::Savepoint { name: found, .. } = content.snapshot else { panic!() };
    assert_eq!(found, *"Lorg/apache/flink/runtime/checkpoint/SnapshotType;");
    let refused = |bytes: &[u8], handle: u32, offset: usize, path: &str| {
        let error = Metadata::parse(bytes).unwrap_err();
        let expected = (&ErrorKind::BackReference { found: 0x7E_0000 + handle }, (head.len() + offset) as u64, path);
        assert_eq!((error.kind(), error.offset(), error.path().as_str()), expected, "{error}");
    };
    for handle in [0, 200] {
        let path = "properties.checkpointType.name";
        refused(&with(at, at + name.len(), handle), handle.into(), at + 1, path);
    }
    // A constant is never a reference: no two fields have the same class.
    let class = b"org.apache.flink.core.execution.SavepointFormatType";
    let constant = properties.windows(class.len()).position(|window| window == class).unwrap() - 4;
    refused(&with(constant, constant, 2), 2, constant + 1, "properties.checkpointType.formatType");
    // The class of an object may be one that stands before, but not just any: here that of the object around it.
    let snapshot = b"Lorg/apache/flink/runtime/checkpoint/SnapshotType;";
    let behind = properties.windows(snapshot.len()).position(|window| window == snapshot).unwrap() + snapshot.len();
    let class = behind + 2 + 7 + 1;
    refused(&with(class, class, 0), 0, class + 1, "properties.checkpointType");
}

#[test]
fn a_checkpoint_id_that_no_long_holds_is_not_written() {
    for version in MetadataVersion::ALL.into_iter().filter(|version| version.is_writable()) {
        let written = |id| Metadata::new(version, id).write(Target::version(version));
        assert!(written(i64::MAX.cast_unsigned()).is_ok());
        let error = written(i64::MIN.cast_unsigned()).unwrap_err();
        let expected = (&ErrorKind::CheckpointId { found: -1 }, 8, "checkpoint_id".to_owned());
        assert_eq!((error.kind(), error.offset(), error.path().as_str().to_owned()), expected, "version {version}");
        assert_eq!(version.to_string(), version.number().to_string());
    }
}

#[test]
fn strict_reading_refuses_what_flink_accepts_but_never_writes() {
    let strictly = |annotated: &str| {
        let bytes = file(annotated);
        assert!(Metadata::parse(&bytes).is_ok(), "{annotated}");
        let error = ReadOptions::new().strict(true).read(&bytes).expect_err(annotated);
        assert!(matches!(error.kind(), ErrorKind::NotCanonical { .. } | ErrorKind::TrailingBytes { .. }), "{error}");
        error.offset()
    };
    assert_eq!(strictly(&format!("{V3} 00000000 ff")), 24);
    let rest = "00000000 00 00 00000000 00000000";
    assert_eq!(strictly(&format!("{V3}{OPERATOR}{SUBTASK} 00000002 04 00000000 10 {rest}")), 57);
    assert_eq!(strictly(&format!("{V3}{OPERATOR} fffffffe")), 49);
    assert_eq!(strictly(&format!("{V3}{OPERATOR}{SUBTASK}{NO_OPERATOR_STATE} 00 00 ffffffff 00000000")), 67);
    let overlong = "04 00000001 0002 c181 00 00000000 10";
    assert_eq!(strictly(&operator_state(&format!("{overlong} {rest}"))), 68);
}
