//! `savepoint run`: every producer's savepoint, given to every consumer, for every scenario.
//!
//! Who takes part is asked first ([`meet`]), a [`Plan`] says what is to be run, and [`run`] does it: phase 1 produces, phase 2 consumes.
//! Whatever happens is written to a journal of events at once, so that a run that was ended goes on where it was.

mod builtin;
mod cases;
mod export;
mod flink;
mod journal;
pub(crate) mod judge;
mod known;
mod lanes;
mod meet;
mod plan;
mod progress;
mod resume;
mod run;
mod smoke;
mod support;
mod symptom;
mod vectors;

pub use cases::{Case, Subject, Task};
pub use export::export;
pub use flink::{Flink, Variant};
pub use known::KnownFailures;
pub use meet::{CannotStart, Participant, Unmet, Version, Who, meet, meet_all};
pub use plan::{Filter, Plan, PlannedCell, REFERENCE, RULES};
pub use progress::{Phase, Progress};
pub use run::{Done, EVENTS, Settings, run};
pub use smoke::{Smoke, Step};
pub use vectors::{Expectation, Golden, Suite, Vector};
