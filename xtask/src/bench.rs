//! The benchmarks: `python -m bench`, for the Python package in an environment of its own.

use std::{ffi::OsString, process::Command, time::Duration};

use anyhow::{Result, ensure};

use crate::{environment, interpreters::Interpreter, process};

/// All sizes with `--rigorous` take hours.
const LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Sets up what measuring needs and measures with the options given.
pub(crate) fn run(interpreter: &Interpreter, rust: bool, options: &[OsString]) -> Result<()> {
    let program = ["-m", "bench"];
    let status = if rust {
        // Criterion measures, and what shows the figures needs no package.
        let mut command = Command::new(&interpreter.path);
        command.args(program).arg("--rust").args(options);
        process::share(&mut command, LIMIT)?
    } else {
        let environment = environment::prepare(interpreter, &["bench"])?;
        process::share(environment.python().run(&program).args(options), LIMIT)?
    };
    ensure!(status.success(), "the benchmark failed: {status}");
    Ok(())
}
