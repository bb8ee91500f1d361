//! `savepoint check`: rules over a whole savepoint, one file of rules for each chapter of the specification.
//!
//! Every finding names a requirement of the registry, and every rule the requirements that it looks after; tests compare both ways.

mod finding;

pub use finding::{Finding, Findings, Severity, Spot};
