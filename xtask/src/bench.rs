//! The benchmarks: that of the Python face, `python -m weakrefs bench` in an environment of its own,
//! and that of the Rust crate.

pub(crate) mod rust;

use std::{ffi::OsString, time::Duration};

use anyhow::{Result, ensure};

use crate::{environment, interpreters::Interpreter, process};

/// All sizes with `--rigorous` take hours.
const LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Sets everything up for the Python face and runs it with the options given.
pub(crate) fn python(interpreter: &Interpreter, options: &[OsString]) -> Result<()> {
    let environment = environment::prepare(interpreter, &["bench"])?;
    let python = environment.python();
    let mut command = python.module("weakrefs");
    let status = process::share(command.arg("bench").args(options), LIMIT)?;
    ensure!(status.success(), "the benchmark failed: {status}");
    Ok(())
}
