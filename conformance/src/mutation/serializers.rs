//! Serializer snapshots.

use super::parts::{Parts, spot};
use super::spans::Span;
use super::{Base, FIXED, Mutation, invalid, malformed, of};
use crate::check::Spot;

const POJO: Base = of("2.3.0-hashmap-typed", &["key-pojo"]);
const KRYO: Base = of("2.3.0-hashmap-typed", &["key-kryo"]);
const SQL: Base = of("2.3.0-hashmap-sql", &["GroupAggregate[22]"]);
/// A descriptor with the flag.
const SERIALIZABLE: u8 = 0x02;
const EXTERNALIZABLE: u8 = 0x04;

pub(super) const ALL: &[Mutation] = &[
    malformed(
        "wrapper-version-unknown",
        ("SERIALIZER-WRAPPER-01", "wrapper-version"),
        FIXED,
        "The wrapper of a serializer snapshot is of version 1.",
        |parts| parts.set("wrapped-snapshot.wrapper_version", &1_i32.to_be_bytes()),
    ),
    malformed(
        "snapshot-version-unknown",
        ("SERIALIZER-VERSION-01", "snapshot-version"),
        FIXED,
        "A snapshot is of a version that its class does not have.",
        |parts| parts.set("versioned-snapshot.version", &9_i32.to_be_bytes()),
    ),
    malformed(
        "composite-magic-wrong",
        ("SERIALIZER-COMPOSITE-01", "snapshot-magic"),
        FIXED,
        "A composite snapshot starts with another number.",
        |parts| {
            let magic = parts.find("composite-body.composite_magic")?;
            parts.set_byte(&magic, 3, 5)
        },
    ),
    malformed(
        "nested-magic-wrong",
        ("SERIALIZER-COMPOSITE-01", "snapshot-magic"),
        FIXED,
        "The nested snapshots of a composite one start with another number.",
        |parts| {
            let magic = parts.find("nested-snapshots.magic")?;
            parts.set_byte(&magic, 3, 0xFE)
        },
    ),
    malformed(
        "nested-version-unknown",
        ("SERIALIZER-COMPOSITE-01", "snapshot-magic"),
        FIXED,
        "The nested snapshots of a composite one are of version 2.",
        |parts| parts.set("nested-snapshots.version", &2_i32.to_be_bytes()),
    ),
    malformed(
        "nested-count-negative",
        ("WIRE-LENGTH-01", "negative-length"),
        FIXED,
        "The number of nested snapshots is -1.",
        |parts| parts.set("nested-snapshots.count", &(-1_i32).to_be_bytes()),
    ),
    malformed(
        "optional-map-magic-wrong",
        ("SERIALIZER-OPTIONAL-MAP-01", "optional-map-magic"),
        POJO,
        "The fields of a POJO start with another number than an optional map.",
        |parts| {
            let magic = parts.find("pojo-field-map.magic")?;
            parts.set_byte(&magic, 7, 0x71)
        },
    ),
    malformed(
        "optional-map-of-kryo-magic-wrong",
        ("SERIALIZER-OPTIONAL-MAP-01", "optional-map-magic"),
        KRYO,
        "The registrations of Kryo start with another number than an optional map.",
        |parts| {
            let magic = parts.find("kryo-registration-map.magic")?;
            parts.set_byte(&magic, 7, 0x71)
        },
    ),
    malformed(
        "frame-longer-than-snapshot",
        ("SERIALIZER-OPTIONAL-MAP-02", "frame-trailing"),
        POJO,
        "The frame of the serializer of a field has a byte behind the snapshot.",
        |parts| {
            let length = parts.find_if("pojo-field-map-entry.value_length", |length| length.value != "0")?;
            let size: usize = length.value.parse().ok()?;
            let end = length.range.end + size;
            parts.replace(&length.file, end..end, &[0])?;
            parts.add(&length, 1)?;
            Some(Spot { offset: Some(end as u64), ..spot(&length) })
        },
    ),
    malformed(
        "java-class-of-both-kinds",
        ("SERIALIZER-JAVA-01", "java-class"),
        SQL,
        "A class in a Java object stream is serializable and externalizable.",
        |parts| {
            let flags = descriptor(parts, "flags", |flags| flags.value == "02")?;
            parts.overwrite(&flags, &[SERIALIZABLE | EXTERNALIZABLE])
        },
    ),
    malformed(
        "java-object-externalizable",
        ("SERIALIZER-JAVA-02", "externalizable"),
        SQL,
        "An object in a Java object stream is externalizable and has no block data.",
        |parts| {
            let flags = descriptor(parts, "flags", |flags| flags.value == "02")?;
            let object = parts.at(&flags.file, &format!("{}.tag", flags.path.split_once(".class.")?.0))?;
            parts.overwrite(&flags, &[EXTERNALIZABLE])?;
            Some(spot(&object))
        },
    ),
    malformed(
        "java-tag-unknown",
        ("PROPS-STREAM-02", "stream-tag"),
        SQL,
        "A Java object stream has a tag that there is not.",
        |parts| {
            let tag = parts.find_if("java-content.tag", |tag| {
                tag.path.contains(".types[0].content") && tag.value.starts_with("73")
            })?;
            parts.overwrite(&tag, &[0x6F])
        },
    ),
    invalid(
        "logical-type-unknown",
        "SERIALIZER-JAVA-03",
        SQL,
        "The logical type of a field is a class that Flink does not have.",
        |parts| {
            let name = descriptor(parts, "class_name", |name| name.path.ends_with("content.class.class_name"))?;
            let key = parts.at(&name.file, "key_serializer.snapshot")?;
            parts.set_byte(&name, name.range.len() - 1, b'X')?;
            Some(Spot { path: name.path, ..spot(&key) })
        },
    ),
    invalid(
        "logical-type-field-missing",
        "SERIALIZER-JAVA-04",
        SQL,
        "A logical type does not say whether it is nullable: its field has another name.",
        |parts| {
            let name = parts.find_if("java-field-descriptor.field_name", |name| {
                name.path.contains(".types[0].") && name.value.contains("isNullable")
            })?;
            let key = parts.at(&name.file, "key_serializer.snapshot")?;
            parts.set_byte(&name, 2, b'w')?;
            Some(Spot { path: name.path, ..spot(&key) })
        },
    ),
    malformed(
        "pojo-fields-beyond-file",
        ("WIRE-LENGTH-02", "length-beyond-input"),
        POJO,
        "The number of fields of a POJO is more than the rest of the file can hold.",
        |parts| parts.set("pojo-field-map.count", &i32::MAX.to_be_bytes()),
    ),
    invalid(
        "pojo-fields-out-of-order",
        "SERIALIZER-POJO-01",
        of("2.3.0-hashmap-typed", &["pojo"]),
        "The fields of a POJO are not in the order of their names.",
        |parts| {
            let second = parts.find_if("pojo-field-map-entry.name", |name| {
                name.path.starts_with("states[") && name.path.ends_with("body.fields.entries[1].name")
            })?;
            let field = parts.at(&second.file, &second.path.replace(".name", ".key.field"))?;
            // Capitals come before other letters.
            parts.set_byte(&field, 2, b'A')?;
            parts.set_byte(&second, 2, b'A')?;
            parts.state_of(&second)
        },
    ),
    invalid(
        "serializers-out-of-order",
        "STATE-SERIALIZER-03",
        FIXED,
        "The NAMESPACE_SERIALIZER of a state stands before its VALUE_SERIALIZER.",
        |parts| {
            let first = parts.find_if("state-serializer", |one| one.path.ends_with("serializers[0]"))?;
            let second = parts.at(&first.file, &first.path.replace("serializers[0]", "serializers[1]"))?;
            let swapped = [parts.bytes(&second), parts.bytes(&first)].concat();
            let spot = parts.state_of(&first)?;
            parts.replace(&first.file, first.range.start..second.range.end, &swapped)?;
            Some(spot)
        },
    ),
];

/// A field of the first class descriptor of a logical type.
fn descriptor(parts: &Parts, field: &str, wanted: impl Fn(&Span) -> bool) -> Option<Span> {
    parts.find_if(&format!("java-class-descriptor.{field}"), |span| span.path.contains(".types[0].") && wanted(span))
}
