//! Framed Snappy streams.

use flink_savepoint::compression::{Chunks, Framing, IDENTIFIER};
use flink_savepoint::wire::Input;

use super::parts::{Parts, spot};
use super::spans::Span;
use super::{Base, KINDS, Mutation, invalid, malformed, of};
use crate::check::Spot;

const KEYED: Base = of("2.3.0-hashmap-snappy", &["by-number"]);
const OPERATOR: Base = of("2.3.0-hashmap-snappy", &["operator-states"]);
/// A chunk of that type may be skipped.
const PADDING: [u8; 4] = [0xFE, 0, 0, 0];

pub(super) const ALL: &[Mutation] = &[
    malformed(
        "snappy-identifier-wrong",
        ("SNAPPY-IDENTIFIER-01", "snappy-identifier"),
        KEYED,
        "A compressed section starts with other bytes than the stream identifier.",
        |parts| {
            let name = parts.find("snappy-stream-identifier.name")?;
            let start = parts.at(&name.file, &name.path.replace(".name", ".type"))?;
            parts.set_byte(&name, 0, b'S')?;
            Some(spot(&start))
        },
    ),
    malformed(
        "section-not-compressed",
        ("SNAPPY-IDENTIFIER-01", "snappy-identifier"),
        KINDS,
        "The header says that the sections are compressed, and they are not.",
        |parts| {
            let flag = parts.find_if("keyed-stream.compressed", |flag| flag.value == "false")?;
            let section = parts.spans(&flag.file).into_iter().find(|span| span.is("key-group-section"))?;
            parts.overwrite(&flag, &[1])?;
            Some(spot(&section))
        },
    )
    .also(&["KEYED-COMPRESSED-01"]),
    malformed(
        "snappy-chunk-type-unknown",
        ("SNAPPY-CHUNK-01", "snappy-chunk"),
        KEYED,
        "A chunk is of type 02, which may not be skipped.",
        |parts| parts.set("snappy-chunk.type", &[2]),
    ),
    malformed(
        "snappy-data-damaged",
        ("SNAPPY-DATA-01", "snappy-data"),
        KEYED,
        "The length at the start of compressed data is one more than it holds.",
        |parts| {
            let data = compressed(parts)?;
            let length = *parts.bytes(&data).first().filter(|first| **first & 0x7F < 0x7F)?;
            parts.set_byte(&data, 0, length + 1)?;
            chunk_of(parts, &data)
        },
    ),
    malformed(
        "snappy-chunk-empty",
        ("SNAPPY-DATA-01", "snappy-data"),
        KEYED,
        "A chunk of stored data holds no byte.",
        |parts| {
            let ty = parts.find("snappy-chunk.type")?;
            let empty = [1, 4, 0, 0, 0xD8, 0xEA, 0x82, 0xA2];
            parts.replace(&ty.file, ty.range.start..ty.range.start, &empty)?;
            Some(spot(&ty))
        },
    ),
    malformed(
        "snappy-block-too-large",
        ("SNAPPY-BLOCK-01", "snappy-block"),
        KEYED,
        "A chunk says that it holds 65537 bytes.",
        |parts| {
            let data = compressed(parts)?;
            let chunk = chunk_of(parts, &data)?;
            let length = parts.at(&data.file, &data.path.replace(".data", ".length"))?;
            let old: u32 = length.value.parse().ok()?;
            let prefix = parts.bytes(&data).iter().position(|byte| byte & 0x80 == 0)? + 1;
            let more = 3_u32.checked_sub(u32::try_from(prefix).ok()?)?;
            let [a, b, c, _] = (old + more).to_le_bytes();
            parts.replace(&data.file, data.range.start..data.range.start + prefix, &[0x81, 0x80, 0x04])?;
            parts.overwrite(&length, &[a, b, c])?;
            Some(chunk)
        },
    ),
    malformed(
        "snappy-chunk-beyond-section",
        ("WIRE-LENGTH-02", "length-beyond-input"),
        KEYED,
        "A chunk is longer than the rest of the stream.",
        |parts| {
            let length = parts.find("snappy-chunk.length")?;
            let chunk = chunk_of(parts, &length)?;
            parts.overwrite(&length, &[0xFF, 0xFF, 0x7F])?;
            Some(chunk)
        },
    ),
    invalid("snappy-checksum-wrong", "SNAPPY-CHECKSUM-01", KEYED, "The checksum of a chunk is wrong.", |parts| {
        let checksum = parts.find("snappy-chunk.checksum")?;
        let first = *parts.bytes(&checksum).first()?;
        let chunk = chunk_of(parts, &checksum)?;
        parts.set_byte(&checksum, 0, first ^ 1)?;
        Some(chunk)
    }),
    invalid(
        "snappy-checksum-of-operator-state-wrong",
        "SNAPPY-CHECKSUM-01",
        OPERATOR,
        "The checksum of a chunk of operator state is wrong.",
        |parts| {
            let checksum = parts.find_if("snappy-chunk.checksum", |checksum| checksum.path.starts_with("chunks"))?;
            let first = *parts.bytes(&checksum).first()?;
            let chunk = chunk_of(parts, &checksum)?;
            parts.set_byte(&checksum, 0, first ^ 1)?;
            Some(chunk)
        },
    ),
    invalid("snappy-padding", "SNAPPY-CHUNK-02", KEYED, "A section has a chunk that readers skip.", |parts| {
        let ty = parts.find("snappy-chunk.type")?;
        parts.replace(&ty.file, ty.range.start..ty.range.start, &PADDING)?;
        Some(spot(&ty))
    }),
    invalid(
        "offset-not-of-a-chunk",
        "SNAPPY-OPERATOR-02",
        OPERATOR,
        "The offset of an element leads to a chunk that holds nothing, before the one with the element.",
        |parts| {
            let ty = parts.all("snappy-chunk.type").into_iter().find(|ty| ty.path == "chunks[1].type")?;
            parts.replace(&ty.file, ty.range.start..ty.range.start, &PADDING)?;
            Some(spot(&ty))
        },
    ),
    invalid(
        "chunk-beyond-end-mark",
        "SNAPPY-SECTION-02",
        KEYED,
        "The chunk with the end mark of a section holds another byte.",
        |parts| {
            let section = parts.find("compressed-section")?;
            let mut content = Vec::new();
            let mut chunks = Chunks::new(Input::new(parts.bytes(&section)));
            while chunks.next_into(&mut content).ok()? {}
            content.push(0);
            let mut framed = IDENTIFIER.to_vec();
            Framing::new().append(&content, &mut framed);
            let chunk = section.range.start + IDENTIFIER.len();
            parts.replace(&section.file, section.range.clone(), &framed)?;
            Some(Spot { offset: Some(chunk as u64), ..spot(&section) })
        },
    ),
];

/// The data of the first chunk that is compressed.
fn compressed(parts: &Parts) -> Option<Span> {
    let ty = parts.find_if("snappy-chunk.type", |ty| ty.value.starts_with('0'))?;
    parts.at(&ty.file, &ty.path.replace(".type", ".data"))
}

/// The start of the chunk that a field belongs to.
fn chunk_of(parts: &Parts, field: &Span) -> Option<Spot> {
    let chunk = field.path.rsplit_once('.')?.0;
    let start = parts.at(&field.file, &format!("{chunk}.type"))?;
    Some(Spot { path: field.path.clone(), ..spot(&start) })
}
