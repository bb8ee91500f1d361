//! A progress bar on standard error, for work that takes longer than a second.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Counts bytes, and shows a bar once a second has passed; on a terminal only.
pub struct Progress {
    what: &'static str,
    total: u64,
    done: u64,
    start: Instant,
    bar: Option<ProgressBar>,
    shown: bool,
}

impl Progress {
    /// Work on `total` bytes.
    pub fn new(what: &'static str, total: u64) -> Self {
        let shown = std::io::stderr().is_terminal();
        Self { what, total, done: 0, start: Instant::now(), bar: None, shown }
    }

    /// `bytes` more are done.
    pub fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        } else if self.shown && self.start.elapsed() > Duration::from_secs(1) {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
            let bar = ProgressBar::new(self.total).with_message(self.what);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_position(self.done);
            self.bar = Some(bar);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
