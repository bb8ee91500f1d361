//! How remote storage is read.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use object_store::{BackoffConfig, RetryConfig};

/// How remote storage is read.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Remote storage (s3://, gs://, http://, https://)")]
pub struct Options {
    /// Requests at a time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) concurrency: u16,

    /// How often a request is tried again that failed for the server's or the network's sake, ever later
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) retries: u16,

    /// Seconds for a request of at most 4 MiB; with its retries it may take four times as long
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(super) timeout: u32,

    /// Where what was fetched is kept until the end; without it, the system's directory for temporary files
    #[arg(long, value_name = "DIR")]
    pub(super) cache_dir: Option<PathBuf>,

    /// MiB that may be kept of each savepoint; files that are not in use make room for others
    #[arg(long, value_name = "MIB", default_value_t = 32 << 10)]
    pub(super) cache_size: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { concurrency: 8, retries: 5, timeout: 30, cache_dir: None, cache_size: 32 << 10 }
    }
}

impl Options {
    /// For one request.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }

    /// For connecting, which a live server does at once.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.timeout().min(Duration::from_secs(5))
    }

    pub(super) fn retry(&self) -> RetryConfig {
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: self.timeout().min(Duration::from_secs(10)),
            base: 2.0,
        };
        RetryConfig { backoff, max_retries: self.retries.into(), retry_timeout: self.timeout() * 4 }
    }

    /// In bytes.
    pub(super) fn cache_size(&self) -> u64 {
        self.cache_size.saturating_mul(1 << 20)
    }
}
