//! The chapter on compression: chunks, what they hold, and their checksums.

use flink_savepoint::compression::{Chunks, IDENTIFIER, masked_crc};
use flink_savepoint::wire::Input;

use super::place::Report;
use crate::text::count;

pub(super) const REQUIREMENTS: &[&str] = &[
    "SNAPPY-IDENTIFIER-01",
    "SNAPPY-CHUNK-01",
    "SNAPPY-CHUNK-02",
    "SNAPPY-DATA-01",
    "SNAPPY-BLOCK-01",
    "SNAPPY-STORED-02",
    "SNAPPY-CHECKSUM-01",
    "SNAPPY-CHECKSUM-02",
    "SNAPPY-SECTION-02",
    "SNAPPY-OPERATOR-01",
    "SNAPPY-OPERATOR-02",
];

/// Those that one savepoint cannot show, and why.
pub(super) const NOT_HERE: &[(&str, &str)] = &[];

/// A chunk of a framed stream that can be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    /// Where it starts.
    pub(super) offset: u64,
    /// Whether it is a stream identifier.
    pub(super) is_identifier: bool,
    /// Bytes that it holds, uncompressed.
    pub(super) size: u64,
}

/// Looks at the chunks of a framed stream, up to its end or to what the reader refuses.
pub(super) fn chunks(
    window: Input<'_>,
    path: &str,
    buffer: &mut Vec<u8>,
    report: &mut Report<'_>,
    mut visit: impl FnMut(Chunk),
) {
    let mut rest = window;
    while let Some((&[kind, a, b, c], behind)) = rest.bytes().split_first_chunk::<4>() {
        let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
        let Some(body) = behind.get(..length) else { return };
        let offset = rest.offset();
        let whole = rest.bytes().get(..4 + length).unwrap_or_default();
        let mut chunk = Chunk { offset, is_identifier: whole == IDENTIFIER, size: 0 };
        rest = rest.skip(4 + length);
        match kind {
            0x00 | 0x01 => {
                buffer.clear();
                if !Chunks::resumed(Input::with_offset(whole, offset)).next_into(buffer).unwrap_or(false) {
                    return;
                }
                chunk.size = buffer.len() as u64;
                data(kind == 0x01, body, buffer, offset, path, report);
            }
            0x80..=0xFE => {
                report
                    .at("SNAPPY-CHUNK-02", offset, path, || format!("a chunk of type {kind:02x}, which readers skip"));
            }
            _ => {}
        }
        visit(chunk);
    }
}

fn data(is_stored: bool, body: &[u8], data: &[u8], offset: u64, path: &str, report: &mut Report<'_>) {
    let Some((crc, stored)) = body.split_first_chunk::<4>() else { return };
    let (found, expected) = (u32::from_le_bytes(*crc), masked_crc(data));
    if found != expected {
        report.at("SNAPPY-CHECKSUM-01", offset, path, || {
            format!("checksum {found:08x} of a chunk, the {} bytes in it have {expected:08x}", data.len())
        });
    }
    if !is_stored && stored.len() * 100 > data.len() * 85 {
        report.at("SNAPPY-STORED-02", offset, path, || {
            format!("a chunk of {} bytes is compressed to {}; above 85 percent store it", data.len(), stored.len())
        });
    }
}

/// The chunks of a section, from its start to its end; `content` is what its entries take.
pub(super) fn section(window: Input<'_>, content: u64, path: &str, buffer: &mut Vec<u8>, report: &mut Report<'_>) {
    let (mut total, mut last, mut again) = (0, window.offset(), None);
    chunks(window, path, buffer, report, |chunk| {
        total += chunk.size;
        if chunk.size > 0 {
            last = chunk.offset;
        }
        if chunk.is_identifier && chunk.offset != window.offset() && again.is_none() {
            again = Some(chunk.offset);
        }
    });
    if let Some(offset) = again {
        report.at("SNAPPY-CHUNK-02", offset, path, || "a second identifier, which readers skip".to_owned());
    }
    if total > content {
        report.at("SNAPPY-SECTION-02", last, path, || {
            format!("the chunk holds {} behind the end mark of the section", count(total - content, "byte"))
        });
    }
}
