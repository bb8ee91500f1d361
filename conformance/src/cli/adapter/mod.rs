//! `savepoint adapter`: what there is about adapters.

mod reference;
mod schema;
mod smoke;

use std::process::ExitCode;

use clap::Subcommand;

use super::Failure;

/// Programs that put a state backend behind the suite's protocol
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Reference(reference::Arguments),
    Schema(schema::Arguments),
    Smoke(smoke::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.command {
        Command::Reference(arguments) => reference::run(arguments),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Smoke(arguments) => smoke::run(arguments),
    }
}
