//! The conformance suite for Apache Flink's savepoint format, and what the program `savepoint` is made of.
#![forbid(unsafe_code)]

pub mod cli;
pub mod inspect;
