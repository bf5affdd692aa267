//! An interpreter in which the package is installed, ready to run checks, wherever it lives.

use std::{ffi::OsStr, path::PathBuf, process::Command};

/// One interpreter with the package.
pub(crate) struct Python<'a> {
    /// How reports call it.
    pub(crate) label: String,
    pub(crate) debug: bool,
    pub(crate) program: PathBuf,
    start: Box<dyn Fn(&OsStr) -> Command + 'a>,
}

impl<'a> Python<'a> {
    /// `start` gives a command that starts a program where the interpreter `program` lives, in the
    /// workspace, and lacks only its arguments.
    pub(crate) fn new(
        label: String,
        debug: bool,
        program: PathBuf,
        start: impl Fn(&OsStr) -> Command + 'a,
    ) -> Self {
        Self {
            label,
            debug,
            program,
            start: Box::new(start),
        }
    }

    /// Runs a module: `python -m module`.
    pub(crate) fn module(&self, name: &str) -> Command {
        self.run(&["-m", name])
    }

    /// Runs the interpreter with the given arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Command {
        let mut command = (self.start)(self.program.as_os_str());
        command.args(arguments);
        command
    }
}
