//! The binary formats of rows, arrays and maps. All numbers are little-endian.
//!
//! ```text
//! row   = kind and null bits | a slot of 8 bytes for each field | variable part
//! array = u32 count | null bits, in words of 4 bytes | elements of 1, 2, 4 or 8 bytes, padded to 8 | variable part
//! map   = u32 size of the keys | array of keys | array of values
//! ```
//!
//! What has no fixed length is in the variable part, in chunks that start at multiples of 8 and are padded with zeros; the slot
//! has size and offset, which counts from the start of the row or array. Strings and byte arrays of up to 7 bytes are in the slot
//! itself, with 80 + length in its last byte.
//!
//! The reader checks that slots lie where they have to, and that all chunks of a row or array together are not larger than its
//! variable part, so that nothing expands. It does not check what Flink's writer leaves no choice in and its reader does not look
//! at: the order of chunks, gaps between them, the padding, unused bytes of slots. Whether such bytes are as Flink writes
//! them shows when the value is written again and compared.

mod read;
mod write;

pub(super) use read::{array, map, row};
pub(super) use write::{BinaryWriter, MULTIPLICITY, mismatch, unscaled_long};

use super::sql_type::{COMPACT_DECIMAL, COMPACT_TIMESTAMP};
use super::{SqlKind, SqlType};

/// Bytes of kind and null bits: 8 bits of kind, one for each field, rounded up to words of 8 bytes.
fn row_header(arity: usize) -> usize {
    (arity.saturating_add(8)).div_ceil(64).saturating_mul(8)
}

/// Bytes of count and null bits.
fn array_header(count: usize) -> usize {
    count.div_ceil(32).saturating_mul(4).saturating_add(4)
}

/// The mask of a null bit and the byte it is in, of bits counted from the lowest of the first byte.
fn bit(index: usize) -> (usize, u8) {
    (index / 8, 1 << (index % 8))
}

/// Bytes of an element in an array.
fn element_width(ty: &SqlType) -> usize {
    match ty.physical() {
        SqlKind::Boolean | SqlKind::TinyInt => 1,
        SqlKind::SmallInt => 2,
        SqlKind::Integer
        | SqlKind::Float
        | SqlKind::Date
        | SqlKind::Time { .. }
        | SqlKind::IntervalYearMonth { .. } => 4,
        _ => 8,
    }
}

const DECIMAL_CHUNK: u8 = 16;
const TIMESTAMP_CHUNK: u8 = 8;

/// Bytes in the variable part that a null may keep for a value to come: that of a decimal number or a timestamp with a chunk.
fn reserved(kind: &SqlKind) -> Option<u8> {
    match kind {
        SqlKind::Decimal { precision, .. } if *precision > COMPACT_DECIMAL => Some(DECIMAL_CHUNK),
        SqlKind::Timestamp { precision } | SqlKind::TimestampWithLocalTimeZone { precision }
            if *precision > COMPACT_TIMESTAMP =>
        {
            Some(TIMESTAMP_CHUNK)
        }
        _ => None,
    }
}
