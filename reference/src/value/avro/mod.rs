//! Avro values, as Flink's own encoder writes them: fixed-width numbers, and not the encoding of Avro's specification.

mod schema;

pub use schema::AvroType;
