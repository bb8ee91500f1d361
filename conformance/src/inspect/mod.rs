//! What is in a savepoint, gathered from `_metadata` and the names and sizes of the files beside it.

mod files;
mod kind;
mod report;
mod source;
pub mod text;

pub use report::{Report, json_schema};
pub use source::Source;
