//! The conformance suite for Apache Flink's savepoint format, and what the program `savepoint` is made of.
#![deny(unsafe_code)]

pub mod adapter;
pub mod blame;
pub mod check;
pub mod cli;
pub mod compat;
pub mod diff;
pub mod distribute;
pub mod dump;
pub mod event;
pub mod explain;
pub mod fingerprint;
pub mod hints;
pub mod inspect;
pub mod json;
pub mod matrix;
pub mod mutant;
pub mod mutation;
pub mod progress;
pub mod reading;
pub mod remote;
pub mod report;
pub mod scenario;
pub mod select;
pub mod source;
pub mod store;
pub mod text;
pub mod threads;
pub mod verdict;
