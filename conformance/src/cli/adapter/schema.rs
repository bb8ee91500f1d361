//! `savepoint adapter schema`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::adapter::{Request, Response};
use crate::cli::{Failure, print};
use crate::json;

/// Prints the JSON Schema of the messages of one direction
#[derive(Args)]
pub(super) struct Arguments {
    /// Which
    #[arg(value_enum)]
    direction: Direction,
}

#[derive(Clone, Copy, ValueEnum)]
enum Direction {
    /// What the runner sends
    Request,
    /// What an adapter answers
    Response,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    print(&match arguments.direction {
        Direction::Request => json::schema::<Request>(),
        Direction::Response => json::schema::<Response>(),
    })?;
    Ok(ExitCode::SUCCESS)
}
