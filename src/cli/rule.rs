//! `brink rule`: an update rule, checked, and its renderings.

use std::path::Path;

use clap::Args;

use super::{Failure, Input, print, read};
use brink_engine::rule::{Program, Rule, builtin};

#[derive(Args)]
pub(super) struct Arguments {
    /// File with the text of the rule, `-` for standard input, or the id of a built-in rule
    file: Input,
    /// Print the equations as MathML, one a line
    #[arg(long, group = "form")]
    mathml: bool,
    /// Print the WGSL of the update
    #[arg(long, group = "form")]
    wgsl: bool,
    /// Print the equations as plain text
    #[arg(long, group = "form")]
    text: bool,
    /// In equations, show the gradient as g′, the gradient after clipping
    #[arg(long, conflicts_with = "wgsl")]
    clipped: bool,
}

/// The text of a file, or of a built-in rule if there is no such file.
fn text(file: &Path) -> Result<String, Failure> {
    let known = builtin().iter().find(|rule| file.as_os_str() == rule.id);
    match known {
        Some(known) if !file.exists() => Ok(known.text.to_owned()),
        _ => read(file),
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let rule = Rule::parse(&text(&arguments.file)?)
        .map_err(|error| Failure::Invalid(format!("{}: {error}", arguments.file.display())))?;
    let equations = || rule.initial_equations().into_iter().chain(rule.equations(arguments.clipped));
    let output: String = if arguments.mathml {
        equations().map(|equation| format!("{}\n", equation.mathml)).collect()
    } else if arguments.wgsl {
        Program::new(&rule).wgsl()
    } else if arguments.text {
        equations().map(|equation| format!("{}\n", equation.text)).collect()
    } else {
        rule.text()
    };
    print(&output)
}
