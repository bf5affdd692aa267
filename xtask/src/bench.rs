//! The benchmarks: `python -m bench`, which measures the Python package or the Rust crate, and shows.

use std::{ffi::OsString, process::Command, time::Duration};

use anyhow::{Result, ensure};

use crate::{environment, interpreters::Interpreter, process};

/// All sizes with `--rigorous` take hours.
const LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Sets up what measuring needs, and measures with the options given.
pub(crate) fn run(interpreter: &Interpreter, rust: bool, options: &[OsString]) -> Result<()> {
    let mut python = if rust {
        Command::new(&interpreter.path) // nothing of it needs the package
    } else {
        let environment = environment::prepare(interpreter, &["bench"])?;
        environment.python().run(&[])
    };
    let language = rust.then_some("--rust");
    python.args(["-m", "bench"]).args(language).args(options);
    let status = process::share(&mut python, LIMIT)?;
    ensure!(status.success(), "the benchmark failed: {status}");
    Ok(())
}
