//! Inputs for the benches, made by the project's own writer, and the limits that stand beside what is measured on them.

pub mod keyed;
pub mod limits;
pub mod metadata;
pub mod model;
pub mod savepoint;
pub mod values;
