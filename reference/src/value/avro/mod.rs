//! Avro values, as Flink's own encoder writes them: fixed-width numbers, and not the encoding of Avro's specification.
//!
//! | type | bytes |
//! |---|---|
//! | null | none |
//! | boolean | one byte, 1 for true |
//! | int, float; the symbol of an enum by its position | `i32`, `f32` |
//! | long, double | `i64`, `f64` |
//! | bytes, string | `i32` length, then as many bytes; strings are UTF-8 |
//! | fixed | as many bytes as the schema says |
//! | record | the fields, in the order of the schema |
//! | union | `i32` position of the branch, then its value |
//! | array, map | blocks, each a base-128 count above 0 (low group first, no zig-zag) and as many elements; then one 0 |
//!
//! An entry of a map is a string and a value. Flink writes all elements in one block, and no block if there are none.

mod codec;
mod json;
mod parse;
mod schema;
mod snapshot;
#[cfg(test)]
mod tests;
mod view;

pub(in crate::value) use codec::{read, write};
pub use parse::AvroSchemaError;
pub use schema::AvroType;
pub(crate) use snapshot::AvroBody;
pub use view::{AvroBranches, AvroFields, AvroKind, AvroName, AvroSchema};
