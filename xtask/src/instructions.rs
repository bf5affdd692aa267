//! The regression guard: how many instructions hot operations take, counted by callgrind, as ratios to
//! what strong containers take for the same in the same run, beside the ratios on record.
//!
//! `python -m bench.instructions` counts and compares; the last line that it prints is the outcome.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{
    interpreters::Interpreter,
    process::{LIMIT, echo},
    python::Python,
    report::Report,
};

const PROGRAM: [&str; 2] = ["-m", "bench.instructions"];

/// What to do with the counts.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    /// Hold them against those on record.
    Compare,
    /// Put them on record.
    Record,
}

/// The operations of the Rust crate.
pub(crate) fn rust(interpreter: &Interpreter, action: Action, report: &mut Report) -> Result<()> {
    let mut command = Command::new(&interpreter.path);
    command.args(PROGRAM).arg("rust");
    count("rust", command, action, report)
}

/// The operations of the Python package.
pub(crate) fn python(python: &Python<'_>, action: Action, report: &mut Report) -> Result<()> {
    let mut command = python.run(&PROGRAM);
    command.arg("python");
    count(&python.label, command, action, report)
}

fn count(subject: &str, mut command: Command, action: Action, report: &mut Report) -> Result<()> {
    if let Action::Record = action {
        command.arg("--update");
    }
    report.check(subject, "instructions", || {
        let mut last = String::new();
        let success = echo(&mut command, LIMIT, |line| line.clone_into(&mut last))?;
        ensure!(success, "the instructions were not counted");
        serde_json::from_str(&last).context("the counts have no outcome")
    })
}
