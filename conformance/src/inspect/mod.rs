//! What is in a savepoint, gathered from `_metadata` and the names and sizes of the files beside it.

mod files;
mod kind;
mod report;
mod states;
mod sums;
pub mod text;
mod text_states;

pub use report::Report;
