//! The native program: run, rule, presets, bench.

use std::process::ExitCode;

/// Runs the command line and returns the exit code of a Unix tool.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
