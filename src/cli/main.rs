//! The native program: run, the procedures and figures of the playbook, rule, presets, bench.
//!
//! Results go to standard output, messages to standard error. Exit codes: 0 success, 1 failure, 2 wrong usage or invalid
//! input, 130 interrupted by Ctrl-C.

mod bench;
mod drawing;
mod figure;
mod lines;
mod presets;
mod procedure;
mod rule;
mod run;
mod runner;
mod thread;
mod trace;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// A laboratory for training instability.
#[derive(Parser)]
#[command(name = "brink", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: CliCommand,
}

#[derive(Subcommand)]
enum CliCommand {
    /// Train an experiment: one line of JSON for each run and step
    Run(run::Arguments),
    /// Sweep learning rates, refine around lr*, and look at 1, 2, 5 and 10 lr*
    Sweep(procedure::Arguments),
    /// Train 500 steps at 2 lr* and say what evaluating every 100th would have shown
    EarlyCheck(procedure::Arguments),
    /// Search the shortest warmup that survives a target learning rate
    Warmup(procedure::WarmupArguments),
    /// Choose a clip threshold from the gradient norms, and try tighter ones
    Clip(procedure::Arguments),
    /// Make the initial weights three times too large, and mend it by warmup, clipping, both
    Initialisation(procedure::Arguments),
    /// Compare optimizers, each at its own lr*, and at one learning rate
    Compare(procedure::Arguments),
    /// Compare batch sizes over equal epochs, at one learning rate and each tuned
    BatchSize(procedure::Arguments),
    /// Name the instability, and try the playbook's fixes that fit
    Diagnose(procedure::Arguments),
    /// Reproduce a figure of the playbook over seeds
    Figure(figure::Arguments),
    /// Check an update rule and print it, or a rendering of it
    Rule(rule::Arguments),
    /// List the presets, or print one as JSON
    Presets(presets::Arguments),
    /// Measure how fast training is
    Bench(bench::Arguments),
}

/// Where to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BackendChoice {
    /// On all cores
    Cpu,
    /// On the first adapter found, a software one too
    Gpu,
}

impl From<BackendChoice> for brink_engine::train::Backend {
    fn from(choice: BackendChoice) -> Self {
        match choice {
            BackendChoice::Cpu => Self::Cpu,
            BackendChoice::Gpu => Self::Gpu,
        }
    }
}

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The input is not valid: exit code 2.
    #[error("{0}")]
    Invalid(String),
    /// Something went wrong: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// Ctrl-C: exit code 130, as the shell reports a program that SIGINT ended.
    #[error("interrupted; every line written is whole")]
    Interrupted,
    /// Whoever read the output has had enough (`brink run ... | head`): that is no failure.
    #[error("the output was closed")]
    Closed,
}

impl Failure {
    /// What failed when `doing` something with a file.
    fn file(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::Failed(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// What failed when writing the output.
    fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(format!("cannot write the output: {error}")),
        }
    }
}

/// Runs the command line and returns the exit code of a Unix tool.
fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; clap writes them to standard output and everything else to standard error.
            let _unwritable = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let result = match arguments.command {
        CliCommand::Run(arguments) => run::run(&arguments),
        CliCommand::Sweep(arguments) => procedure::run("sweep", &arguments),
        CliCommand::EarlyCheck(arguments) => procedure::run("early-check", &arguments),
        CliCommand::Warmup(arguments) => procedure::warmup(&arguments),
        CliCommand::Clip(arguments) => procedure::run("clip", &arguments),
        CliCommand::Initialisation(arguments) => procedure::run("initialisation", &arguments),
        CliCommand::Compare(arguments) => procedure::run("compare", &arguments),
        CliCommand::BatchSize(arguments) => procedure::run("batch-size", &arguments),
        CliCommand::Diagnose(arguments) => procedure::run("diagnose", &arguments),
        CliCommand::Figure(arguments) => figure::run(&arguments),
        CliCommand::Rule(arguments) => rule::run(&arguments),
        CliCommand::Presets(arguments) => presets::run(&arguments),
        CliCommand::Bench(arguments) => bench::run(&arguments),
    };
    let code = match &result {
        Ok(()) | Err(Failure::Closed) => return ExitCode::SUCCESS,
        Err(Failure::Failed(_)) => 1,
        Err(Failure::Invalid(_)) => 2,
        Err(Failure::Interrupted) => 130,
    };
    if let Err(failure) = result {
        eprintln!("brink: {failure}");
    }
    ExitCode::from(code)
}

/// Longest input that is read, in bytes: many times the largest experiment that passes the other limits.
const MAX_INPUT_BYTES: u64 = 1 << 20;

/// Reads a text file, or standard input for `-`.
fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let result = if path.as_os_str() == "-" {
        io::stdin().lock().take(MAX_INPUT_BYTES + 1).read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(MAX_INPUT_BYTES + 1).read_to_string(&mut text))
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(Failure::Invalid(format!("{}: not a text in UTF-8", path.display())))
        }
        Err(error) => Err(Failure::file("read", path, &error)),
        Ok(length) if length as u64 > MAX_INPUT_BYTES => {
            Err(Failure::Invalid(format!("{}: longer than {MAX_INPUT_BYTES} bytes", path.display())))
        }
        Ok(_) => Ok(text),
    }
}

/// Writes to standard output.
fn print(text: &str) -> Result<(), Failure> {
    use io::Write;
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(|error| Failure::output(&error))
}

/// The path of a file, or `-`.
type Input = PathBuf;

/// The threads that training takes.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
