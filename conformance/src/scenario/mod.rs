//! Scenarios: small declarative programs that any state backend can run, and what must come back.
//!
//! A scenario is a TOML file in `scenarios/`. It is expanded here ([`Scenario::program`]), so that adapters have nothing to expand
//! or to compute, and what must come back is computed here ([`Scenario::expected`]), so that no adapter judges itself.

mod program;

pub use program::{Compression, Kind, Line, Operation, Operator, Program, Restore, Stage, State, Verb};
