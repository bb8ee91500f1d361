//! The rules of `savepoint check` inside of state streams: golden savepoints keep them, and each is broken once.
#![allow(unreachable_pub, reason = "a test has nobody outside")]
#![allow(clippy::type_complexity, reason = "tables of cases, each with what it changes")]

mod binding;
mod golden;
mod hostile;
mod keyed;
mod keyed_header;
mod model;
mod operator;
mod other;
