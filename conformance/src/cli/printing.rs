//! How the commands print that have a page for people and a JSON format.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, print};
use crate::json;

#[derive(Args)]
pub(super) struct Printing {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Print the JSON Schema of `--format json` and exit
    #[arg(long)]
    json_schema: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum Format {
    /// A page for people
    #[default]
    Text,
    /// All of it, stable, for programs
    Json,
}

impl Printing {
    /// Without the command line.
    pub(super) fn of(format: Format) -> Self {
        Self { format, json_schema: false }
    }

    /// Prints the schema, if that is what was asked for.
    pub(super) fn schema<T: JsonSchema>(&self) -> Result<bool, Failure> {
        if self.json_schema {
            print(&json::schema::<T>())?;
        }
        Ok(self.json_schema)
    }

    /// Prints a report.
    pub(super) fn report<T: Serialize>(&self, report: &T, page: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        print(&match self.format {
            Format::Text => page(report),
            Format::Json => json::page(report)?,
        })
    }
}
