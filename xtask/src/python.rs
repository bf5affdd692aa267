//! An interpreter in which the package is installed, ready to run checks, wherever it lives.

use std::process::Command;

/// One interpreter with the package.
pub(crate) struct Python<'a> {
    /// How reports call it.
    pub(crate) label: String,
    pub(crate) debug: bool,
    start: Box<dyn Fn() -> Command + 'a>,
}

impl<'a> Python<'a> {
    /// `start` gives a command that starts the interpreter in the workspace and lacks only its
    /// arguments.
    pub(crate) fn new(label: String, debug: bool, start: impl Fn() -> Command + 'a) -> Self {
        Self {
            label,
            debug,
            start: Box::new(start),
        }
    }

    /// Runs a module: `python -m module`.
    pub(crate) fn module(&self, name: &str) -> Command {
        self.run(&["-m", name])
    }

    /// Runs the interpreter with the given arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Command {
        let mut command = (self.start)();
        command.args(arguments);
        command
    }
}
