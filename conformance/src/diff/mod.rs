//! What differs between two savepoints, as text and as JSON.

mod report;
pub mod text;

pub use report::Report;
