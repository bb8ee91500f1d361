//! Avro schemas.

use std::fmt;

/// A schema.
#[derive(Debug, Clone, PartialEq)]
pub struct AvroType;

impl fmt::Display for AvroType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AVRO")
    }
}
