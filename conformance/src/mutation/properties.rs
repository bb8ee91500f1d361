//! Checkpoint properties.

use super::parts::{Parts, spot};
use super::spans::Span;
use super::{Base, Mutation, invalid, malformed, of, whole};

const PROPERTIES: Base = whole("2.3.0-crafted-properties-canonical");

pub(super) const ALL: &[Mutation] = &[
    malformed(
        "properties-stream-header-wrong",
        ("PROPS-STREAM-01", "stream-header"),
        PROPERTIES,
        "The properties start with other bytes than a Java object stream.",
        |parts| parts.set("java-object-stream.stream_magic", &[0xAC, 0xEE]),
    ),
    malformed(
        "properties-stream-version-wrong",
        ("PROPS-STREAM-01", "stream-header"),
        PROPERTIES,
        "The Java object stream of the properties is of version 6.",
        |parts| {
            let magic = parts.find("java-object-stream.stream_magic")?;
            parts.set("java-object-stream.stream_version", &[0, 6])?;
            Some(spot(&magic))
        },
    ),
    malformed(
        "properties-tag-unknown",
        ("PROPS-STREAM-02", "stream-tag"),
        PROPERTIES,
        "The properties are a string instead of an object or null.",
        |parts| {
            let tag = in_properties(parts, "java-content.tag", |tag| tag.value.starts_with("73"))?;
            parts.overwrite(&tag, &[0x74])
        },
    ),
    malformed(
        "properties-reference-wrong-kind",
        ("PROPS-STREAM-03", "back-reference"),
        PROPERTIES,
        "A back reference stands for a class and leads to a string.",
        |parts| {
            let reference = in_properties(parts, "java-reference.handle", |one| one.value.contains("class"))?;
            parts.set_byte(&reference, 3, 1)
        },
    ),
    malformed(
        "properties-reference-beyond",
        ("PROPS-STREAM-03", "back-reference"),
        PROPERTIES,
        "A back reference leads to an item that there is not.",
        |parts| {
            let reference = in_properties(parts, "java-reference.handle", |_| true)?;
            parts.set_byte(&reference, 3, 0xFF)
        },
    ),
    malformed(
        "properties-class-other",
        ("PROPS-CLASS-01", "properties-class"),
        PROPERTIES,
        "The properties are of another class.",
        |parts| {
            let name = in_properties(parts, "java-class-descriptor.class_name", |_| true)?;
            parts.set_byte(&name, name.range.len() - 1, b'S')
        },
    ),
    malformed(
        "properties-serial-version-other",
        ("PROPS-CLASS-02", "properties-layout"),
        PROPERTIES,
        "The class of the properties has another serialVersionUID.",
        |parts| {
            let number = in_properties(parts, "java-class-descriptor.serial_version_uid", |_| true)?;
            parts.set_byte(&number, 7, 9)
        },
    ),
    malformed(
        "properties-format-unknown",
        ("PROPS-CONSTANT-01", "properties-constant"),
        PROPERTIES,
        "The format of the savepoint is a constant that Flink does not have.",
        |parts| {
            let constant =
                in_properties(parts, "java-string.value", |one| one.path.ends_with("format_type.constant.value"))?;
            let tag = parts.at(&constant.file, &constant.path.replace(".value", ".tag"))?;
            parts.set_byte(&constant, 2, b'K')?;
            Some(spot(&tag))
        },
    ),
    invalid(
        "properties-of-native-format",
        "PROPS-VALUE-01",
        of("2.3.0-hashmap-file", &["by-number"]),
        "The properties say that the savepoint is a native one, and its state is canonical.",
        |parts| {
            let constant =
                in_properties(parts, "java-string.value", |one| one.path.ends_with("format_type.constant.value"))?;
            let native = super::utf("NATIVE");
            let properties = parts.at(&constant.file, "properties")?;
            parts.replace(&constant.file, constant.range.clone(), &native)?;
            Some(spot(&properties))
        },
    ),
];

/// The first span of a place in the properties.
fn in_properties(parts: &Parts, place: &str, wanted: impl Fn(&Span) -> bool) -> Option<Span> {
    parts.find_if(place, |span| span.path.starts_with("properties") && wanted(span))
}
