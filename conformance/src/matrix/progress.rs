//! How far a run is, on standard error.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Plain lines come so often.
const EVERY: Duration = Duration::from_secs(10);

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Adapters are started and tried.
    Meet,
    /// Producers write savepoints.
    Produce,
    /// Consumers read them.
    Consume,
}

impl Phase {
    fn label(self) -> &'static str {
        match self {
            Self::Meet => "adapters",
            Self::Produce => "savepoints",
            Self::Consume => "cells",
        }
    }
}

/// A bar on a terminal, and otherwise a line now and then. Nothing, if it is hidden.
pub struct Progress {
    shown: bool,
    inner: Mutex<Inner>,
}

struct Inner {
    phase: Phase,
    total: usize,
    done: usize,
    bad: usize,
    bar: Option<ProgressBar>,
    last: Instant,
}

impl Progress {
    /// Progress that is shown, or is not.
    pub fn new(shown: bool) -> Self {
        let (phase, last) = (Phase::Meet, Instant::now());
        Self { shown, inner: Mutex::new(Inner { phase, total: 0, done: 0, bad: 0, bar: None, last }) }
    }

    /// The next phase.
    pub fn begin(&self, phase: Phase, total: usize) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = inner.bar.take() {
            bar.finish_and_clear();
        }
        (inner.phase, inner.total, inner.done, inner.last) = (phase, total, 0, Instant::now());
        if self.shown && std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{prefix:10} {wide_bar} {pos}/{len} {elapsed} {msg}");
            let bar = ProgressBar::new(total as u64).with_prefix(phase.label());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(250));
            inner.bar = Some(bar);
        }
    }

    /// One more is done.
    pub fn advance(&self, what: &str, bad: bool) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.done += 1;
        inner.bad += usize::from(bad);
        let bad = if inner.bad == 0 { String::new() } else { format!("{} bad, ", inner.bad) };
        if let Some(bar) = &inner.bar {
            bar.set_position(inner.done as u64);
            bar.set_message(format!("{bad}{what}"));
        } else if self.shown && inner.last.elapsed() >= EVERY {
            inner.last = Instant::now();
            eprintln!("savepoint: {} of {} {}, {bad}last {what}", inner.done, inner.total, inner.phase.label());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner).bar.take() {
            bar.finish_and_clear();
        }
    }
}
