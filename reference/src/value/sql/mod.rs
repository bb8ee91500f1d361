//! Values of the table runtime: `RowData`, `ArrayData`, `MapData` and what is in them, in their binary formats.
//!
//! Outside of rows everything is big-endian, and what has no fixed length is preceded by it ([`standalone`]). Inside rows, arrays
//! and maps everything is little-endian ([`binary`]). The types come as `LogicalType` objects in Java streams
//! ([`logical_type`]).

mod binary;
mod hash;
mod logical_classes;
mod logical_type;
mod raw;
mod serializer_classes;
mod sql_type;
mod standalone;

#[cfg(test)]
mod tests;

pub use hash::{row_hash, string_hash};
pub use sql_type::{SqlField, SqlKind, SqlType};
pub(super) use standalone::{read, write};
