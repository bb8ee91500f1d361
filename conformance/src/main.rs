//! The program `savepoint`.

use std::process::ExitCode;

fn main() -> ExitCode {
    flink_savepoint_conformance::cli::run()
}
