//! Damaged bytes: a value or an error, and never more.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::bytes;
use super::every_type::{EVERY_TYPE, every_type};
use super::streams::streams;
use super::values::{decode, row};
use crate::serializer::java_object;
use crate::value::{SqlKind, SqlType};
use crate::wire::{Input, done};

/// Each truncation, and each byte with one bit flipped, set to 0, and set to all ones.
fn damaged(sound: &[u8], mut check: impl FnMut(&[u8])) {
    for end in 0..sound.len() {
        check(&sound[..end]);
    }
    let mut bytes = sound.to_vec();
    for i in 0..bytes.len() {
        for mask in [1, 0x80, bytes[i], !bytes[i]] {
            bytes[i] ^= mask;
            check(&bytes);
            bytes[i] ^= mask;
        }
    }
}

#[test]
fn damaged_rows() {
    let sound = bytes(EVERY_TYPE);
    let mut errors = 0;
    damaged(&sound[4..], |row| {
        let length = u32::try_from(row.len()).unwrap().to_be_bytes();
        if let Err(error) = decode(&every_type(), &[&length, row].concat()) {
            assert!(error.offset() <= row.len() as u64 + 4, "{error}");
            errors += 1;
        }
    });
    assert!(errors > 300, "{errors}");
}

#[test]
fn damaged_streams() {
    for kind in ["type", "read", "serializer", "skip"] {
        for (_, _, sound) in streams(kind).filter(|(_, _, stream)| stream.len() < 3000) {
            let mut at_the_end = 0;
            damaged(&sound, |stream| {
                let whole = done(SqlType::read(Input::new(stream)), 0);
                let end = done(java_object::skip(Input::new(stream)), 0);
                at_the_end += u32::from(stream.len() < sound.len() && end.is_ok());
                if let Err(error) = whole {
                    assert!(error.offset() <= stream.len() as u64, "{error}");
                }
            });
            assert_eq!(at_the_end, 0, "no truncation is a stream");
        }
    }
}

#[test]
fn errors_name_place_and_field() {
    let two = row([SqlKind::Integer, SqlKind::VarChar { length: 9 }]);
    for (hex, code, offset, path) in [
        ("00000010 0000000000000000 0000000000000000", "length-beyond-input", 4, ""),
        ("00000018 0400000000000000 0000000000000000 0000000000000080", "sql-row-kind", 4, "kind"),
        ("00000018 0000000000000000 0000000000000000 0000000000000088", "sql-inline", 20, "fields[1]"),
        ("00000018 0000000000000000 0000000000000000 0800000010000000", "sql-slot", 20, "fields[1]"),
        ("00000020 0000000000000000 0000000000000000 0900000018000000 0000000000000000", "sql-slot", 20, "fields[1]"),
        ("00000020 0000000000000000 0000000000000000 08000000ffffff7f 0000000000000000", "sql-slot", 20, "fields[1]"),
    ] {
        let error = decode(&two, &bytes(hex)).unwrap_err();
        assert_eq!((error.kind().code(), error.offset(), error.path().as_str()), (code, offset, path), "{error}");
    }
    let map =
        SqlKind::Map(Box::new(SqlType::nullable(SqlKind::TinyInt)), Box::new(SqlType::nullable(SqlKind::TinyInt)));
    let map_hex = "00000024 10000000 0100000000000000 0100000000000000 0200000000000000 0100000000000000";
    let error = decode(&map, &bytes(map_hex)).unwrap_err();
    assert_eq!((error.kind().code(), error.path().as_str()), ("sql-map", "values"));
    let count = decode(&map, &bytes("0000000c 08000000 ffffffff00000000")).unwrap_err();
    assert_eq!((count.kind().code(), count.path().as_str()), ("length-beyond-input", "keys"));
}

/// Arrays whose elements are all the same one, thirty deep: 10^30 values if nobody counts.
#[test]
fn shared_chunks_do_not_expand() {
    let mut kind = SqlKind::Integer;
    let mut chunk = bytes("0000000000000000");
    for _ in 0..30 {
        kind = SqlKind::Array(Box::new(SqlType::nullable(kind)));
        let (size, offset) = (u32::try_from(chunk.len()).unwrap(), 88_u32);
        let mut array = bytes("0a000000 00000000");
        for _ in 0..10 {
            array.extend([size.to_le_bytes(), offset.to_le_bytes()].concat());
        }
        array.extend(&chunk);
        chunk = array;
    }
    let length = u32::try_from(chunk.len()).unwrap().to_be_bytes();
    let error = decode(&kind, &[&length[..], &chunk].concat()).unwrap_err();
    assert_eq!(error.kind().code(), "sql-overlap");
}

/// A `ROW` of two fields whose type is the same object, and so on: 2^n types if nobody counts. And a type inside of itself.
#[test]
fn shared_types_do_not_expand() {
    let (_, _, wide) = streams("read").find(|(_, text, _)| *text == "ROW<x INT, y INT>").unwrap();
    assert!(done(SqlType::read(Input::new(&wide)), 0).is_ok());
    let started = Instant::now();

    let (_, _, array) = streams("type").find(|(_, text, _)| *text == "ARRAY<INT>").unwrap();
    // The element comes last; refer to the array (4) instead, and to what else has a handle.
    let element = array.windows(2).rposition(|pair| pair == [0x73, 0x72]).unwrap();
    for handle in 0..8 {
        let stream = [&array[..element], &[0x71, 0, 0x7E, 0, handle]].concat();
        let error = done(SqlType::read(Input::new(&stream)), 0).unwrap_err();
        let expected = if handle == 4 { "too-deep" } else { error.kind().code() };
        assert_eq!(error.kind().code(), expected, "{handle}: {error}");
    }

    // A map of which key and value are one map, and so on, fifty deep.
    let (_, _, map) = streams("type").find(|(_, text, _)| *text == "MAP<INT, INT>").unwrap();
    let key = map.windows(2).rposition(|pair| pair == [0x73, 0x72]).unwrap();
    let head = &map[..key];
    // Handles: MapType 0, signature 1, LogicalType 2, signature 3, the map 4, LogicalTypeRoot 5, Enum 6, MAP 7, its name 8.
    let mut stream = head.to_vec();
    for _ in 0..50 {
        stream.extend([0x73, 0x71, 0, 0x7E, 0, 0, 1, 0x71, 0, 0x7E, 0, 7]);
    }
    // The innermost key is an `INT`: its class 59, itself 60; it is the value, too.
    let value = map.windows(2).rposition(|pair| pair == [0x73, 0x71]).unwrap();
    stream.extend(&map[key..value]);
    stream.extend([0x71, 0, 0x7E, 0, 60]);
    for inner in (9..59).rev() {
        stream.extend([0x71, 0, 0x7E, 0, inner]);
    }
    let error = done(SqlType::read(Input::new(&stream)), 0).unwrap_err();
    assert_eq!(error.kind().code(), "logical-type-size", "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn java_streams_that_are_refused() {
    let class = |flags: &str, fields: &str| format!("72 0001 41 0000000000000000 {flags} {fields} 78 70");
    for (hex, code, offset) in [
        ("aced0006".to_owned(), "stream-header", 0),
        ("aced0005 79".to_owned(), "stream-tag", 4),
        ("aced0005 71 007e0000".to_owned(), "back-reference", 5),
        ("aced0005 71 00000000".to_owned(), "back-reference", 5),
        (format!("aced0005 73 {}", class("06", "0000")), "java-class", 17),
        (format!("aced0005 73 {}", class("04", "0000")), "externalizable", 4),
        (format!("aced0005 73 {}", class("12", "0000")), "java-class", 4),
        (format!("aced0005 73 {}", class("02", "0001 41 0001 61")), "java-class", 20),
        (format!("aced0005 73 {}", class("02", "0002 4c 0001 61 740000 49 0001 61")), "java-class", 27),
        (format!("aced0005 75 {} 00000000", class("02", "0000")), "java-class", 4),
        ("aced0005 73 70".to_owned(), "stream-tag", 5),
        // A class that is its own superclass.
        ("aced0005 73 72 0001 41 0000000000000000 02 0000 78 71 007e0000".to_owned(), "back-reference", 22),
        ("aced0005 7c ffffffffffffffff".to_owned(), "negative-length", 5),
        ("aced0005 74 0001 ff".to_owned(), "modified-utf8", 7),
    ] {
        let stream = bytes(&hex);
        let error = done(java_object::skip(Input::new(&stream)), 0).unwrap_err();
        assert_eq!((error.kind().code(), error.offset()), (code, offset), "{hex}: {error}");
    }
    // Externalizable with block data, and custom data, end with their mark.
    for hex in [
        format!("aced0005 73 {} 77 02 7878 7a 00000001 78 70 78", class("0c", "0000")),
        format!("aced0005 73 {} 0000002a 74 0001 61 77 00 78", class("03", "0001 49 0001 61")),
        "aced0005 76 7d 00000001 0001 41 78 70".to_owned(),
    ] {
        let stream = bytes(&hex);
        assert!(done(java_object::skip(Input::new(&stream)), 0).unwrap().0.is_empty(), "{hex}");
    }
}

/// Arrays in arrays, and superclasses of superclasses.
#[test]
fn nesting_is_bounded() {
    let array = "75 72 0002 5b4c 0000000000000000 02 0000 78 70 00000001";
    let stream = bytes(&format!("aced0005 {}", array.repeat(100_000)));
    assert_eq!(done(java_object::skip(Input::new(&stream)), 0).unwrap_err().kind().code(), "too-deep");
    let stream = bytes(&format!("aced0005 76 {}", "72 0001 41 0000000000000000 02 0000 78".repeat(100_000)));
    assert_eq!(done(java_object::skip(Input::new(&stream)), 0).unwrap_err().kind().code(), "too-deep");
    // One class after the other, each below the one before: a chain without nesting.
    let mut hex =
        "aced0005 75 72 0002 5b4c 0000000000000000 02 0000 78 70 00000200 76 72 0001 41 0000000000000000 02 0000 78 70"
            .to_owned();
    for class in 0..511 {
        write!(hex, "76 72 0001 41 0000000000000000 02 0000 78 71 {:08x}", 0x7E_0002 + 2 * class).unwrap();
    }
    let stream = bytes(&hex);
    assert_eq!(done(java_object::skip(Input::new(&stream)), 0).unwrap_err().kind().code(), "too-deep");
}
