//! `cargo xtask`: every chore of the project. This file holds the command line; each command has a
//! file of its own.

mod bench;
mod cargo;
mod checks;
mod clients;
#[cfg(target_os = "linux")]
mod debian;
mod demo;
mod docs;
mod environment;
mod instructions;
mod interpreters;
mod leaks;
mod lint;
mod msrv;
mod package;
mod process;
mod prove;
mod python;
mod report;
mod targets;
mod versions;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};

use crate::{
    instructions::Action, interpreters::Interpreter, python::Python, report::Report, versions::Page,
};

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "Every chore of the project",
    max_term_width = 100
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run one unchanged program with the standard weakref and with weakrefs, and compare answers,
    /// times and memory
    Demo {
        /// The interpreter to use [default: python3]
        #[arg(long)]
        python: Option<PathBuf>,
    },
    /// Measure the Python package beside the standard weakref and the strong containers, or the
    /// Rust crate beside its peers
    Bench {
        /// The interpreter to use [default: python3]
        #[arg(long)]
        python: Option<PathBuf>,
        /// Measure the Rust crate
        #[arg(long)]
        rust: bool,
        /// Options of the benchmark, after the other ones; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<OsString>,
    },
    /// Run all quick checks: lints, other targets, Rust tests and models, counts of instructions, and for each
    /// interpreter the package's tests, CPython's suites and a brief fuzz
    Test {
        /// Interpreters to use [default: each supported version on PATH and among pyenv's]
        #[arg(long)]
        python: Vec<PathBuf>,
        /// Go on with the interpreters of a Debian root, as `cargo xtask debian` does
        #[cfg(target_os = "linux")]
        #[arg(long)]
        debian: bool,
        /// Run the tests of other projects, too, as `cargo xtask clients` does
        #[arg(long)]
        clients: bool,
        /// If everything passes, write what was tested to this file, with a column for each interpreter
        #[arg(long)]
        markdown: Option<PathBuf>,
    },
    /// Run all checks of the Rust crates: tests, models of concurrency, AddressSanitizer,
    /// memcheck, Miri, packaging
    Prove,
    /// Make and check all that a release uploads: crates, wheels for Linux, a source distribution
    Package {
        /// Interpreters to make wheels for, and to try them on [default: all supported versions, tried on
        /// those on PATH and among pyenv's]
        #[arg(long)]
        python: Vec<PathBuf>,
    },
    /// Check formatting, lints, documentation, other targets and types
    Lint,
    /// Build the documentation as a site in target/site; dead links and wrong examples are failures
    Docs {
        /// The interpreter to use [default: python3]
        #[arg(long)]
        python: Option<PathBuf>,
    },
    /// Compile for Windows, macOS, 32 bits, WebAssembly and an interpreter without a GIL
    Targets,
    /// Compile with the oldest Rust that is supported
    Msrv,
    /// Run CPython's own suites with weakrefs in place of the standard weakref
    Suites {
        /// Interpreters to use [default: each supported version on PATH and among pyenv's]
        #[arg(long)]
        python: Vec<PathBuf>,
        /// Hunt reference leaks in the suites and the package's hot paths (needs debug builds)
        #[arg(long)]
        refleaks: bool,
    },
    /// Run the tests of other projects with weakrefs in place of the standard weakref; gets them from
    /// the package index
    Clients {
        /// Interpreters to use [default: python3]
        #[arg(long)]
        python: Vec<PathBuf>,
    },
    /// Drive weakrefs and the standard weakref in lockstep through random operations
    Fuzz {
        /// How long to go on, for each interpreter
        #[arg(long)]
        seconds: u64,
        /// Repeat the run of this seed
        #[arg(long)]
        seed: Option<String>,
        /// Interpreters to use [default: each supported version on PATH and among pyenv's]
        #[arg(long)]
        python: Vec<PathBuf>,
    },
    /// Count the instructions of hot operations, and compare them with those on record
    Instructions {
        /// Interpreters to use [default: each supported version on PATH and among pyenv's]
        #[arg(long)]
        python: Vec<PathBuf>,
        /// Put what is counted on record
        #[arg(long)]
        update: bool,
        /// Go on with the interpreters of a Debian root, as `cargo xtask debian` does
        #[cfg(target_os = "linux")]
        #[arg(long)]
        debian: bool,
    },
    /// Check 3.14, its debug build and 3.15 in a Debian root made for the purpose (as the
    /// superuser)
    #[cfg(target_os = "linux")]
    Debian {
        /// Leave the root in place, for the next run to use
        #[arg(long)]
        keep: bool,
    },
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    process::catch_interrupts()?;
    match command {
        Command::Demo { python } => {
            let interpreter = interpreters::one(python.as_ref())?;
            enter_workspace()?;
            demo::run(&interpreter)
        }
        Command::Bench {
            python,
            rust,
            options,
        } => {
            let interpreter = interpreters::one(python.as_ref())?;
            enter_workspace()?;
            bench::run(&interpreter, rust, &options)
        }
        Command::Test {
            python,
            #[cfg(target_os = "linux")]
            debian,
            clients,
            markdown,
        } => {
            let main = interpreters::one(python.first())?;
            let interpreters = interpreters::find(&python)?;
            enter_workspace()?;
            let page = markdown.map(|file| Page::new(file, &main)).transpose()?;
            let mut report = Report::default();
            test(&main, &interpreters, &mut report)?;
            #[cfg(target_os = "linux")]
            if debian {
                debian::check(false, &mut report)?;
            }
            if clients {
                clients::check(&main, &mut report)?;
            }
            match page {
                Some(page) => page.write(&report),
                None => report.finish(),
            }
        }
        Command::Prove => {
            enter_workspace()?;
            let mut report = Report::default();
            prove::rust(&mut report)?;
            report.finish()
        }
        Command::Package { python } => {
            // The tools stay installed, whatever wheels are tried on.
            let main = interpreters::one(None)?;
            let interpreters = interpreters::find(&python)?;
            let versions = if python.is_empty() {
                interpreters::Version::supported().collect()
            } else {
                interpreters.iter().map(Interpreter::version).collect()
            };
            enter_workspace()?;
            package::run(&main, &interpreters, versions)
        }
        Command::Lint => {
            let main = interpreters::one(None)?;
            let interpreters = interpreters::find(&[])?;
            enter_workspace()?;
            let mut report = Report::default();
            lint::rust(&main, &mut report)?;
            targets::check(&mut report)?;
            msrv::check(&mut report)?;
            lint::python(&interpreters, &mut report)?;
            report.finish()
        }
        Command::Docs { python } => {
            let interpreter = interpreters::one(python.as_ref())?;
            enter_workspace()?;
            let mut report = Report::default();
            docs::build(&interpreter, &mut report)?;
            report.finish()
        }
        Command::Targets => {
            enter_workspace()?;
            let mut report = Report::default();
            targets::check(&mut report)?;
            report.finish()
        }
        Command::Msrv => {
            enter_workspace()?;
            let mut report = Report::default();
            msrv::check(&mut report)?;
            report.finish()
        }
        Command::Suites { python, refleaks } => {
            let interpreters = interpreters::find(&python)?;
            let can_count = interpreters.iter().all(|interpreter| interpreter.debug);
            ensure!(
                can_count || !refleaks,
                "only a debug build counts references: name one with --python"
            );
            on_each(
                &interpreters,
                if refleaks {
                    leaks::hunt
                } else {
                    checks::suites
                },
            )
        }
        Command::Clients { python } => {
            let interpreters = match python.as_slice() {
                [] => vec![interpreters::one(None)?],
                wanted => interpreters::find(wanted)?,
            };
            enter_workspace()?;
            let mut report = Report::default();
            for interpreter in &interpreters {
                clients::check(interpreter, &mut report)?;
            }
            report.finish()
        }
        Command::Fuzz {
            seconds,
            seed,
            python,
        } => {
            let interpreters = interpreters::find(&python)?;
            on_each(&interpreters, |python, report| {
                checks::fuzz(python, seconds, seed.as_deref(), report)
            })
        }
        Command::Instructions {
            python,
            update,
            #[cfg(target_os = "linux")]
            debian,
        } => {
            let main = interpreters::one(python.first())?;
            let interpreters = interpreters::find(&python)?;
            let action = if update {
                Action::Record
            } else {
                Action::Compare
            };
            enter_workspace()?;
            let mut report = Report::default();
            instructions::rust(&main, action, &mut report)?;
            for interpreter in &interpreters {
                if let Some(environment) = environment::provide(interpreter, &[], &mut report)? {
                    instructions::python(&environment.python(), action, &mut report)?;
                }
            }
            #[cfg(target_os = "linux")]
            if debian {
                debian::instructions(action, &mut report)?;
            }
            report.finish()
        }
        #[cfg(target_os = "linux")]
        Command::Debian { keep } => {
            enter_workspace()?;
            let mut report = Report::default();
            debian::check(keep, &mut report)?;
            report.finish()
        }
    }
}

/// The whole test on the machine's own interpreters; what needs only one of them runs with `main`.
fn test(main: &Interpreter, interpreters: &[Interpreter], report: &mut Report) -> Result<()> {
    lint::rust(main, report)?;
    targets::check(report)?;
    msrv::check(report)?;
    checks::rust(main, report)?;
    prove::gate(report)?;
    instructions::rust(main, Action::Compare, report)?;
    for interpreter in interpreters {
        if let Some(environment) = environment::provide(interpreter, &["test"], report)? {
            checks::python(&environment.python(), report)?;
            // What makes the counts of one worse makes those of all worse.
            if interpreter.label == main.label {
                instructions::python(&environment.python(), Action::Compare, report)?;
            }
        }
    }
    lint::python(interpreters, report)
}

/// One kind of check on each interpreter.
fn on_each(
    interpreters: &[Interpreter],
    check: impl Fn(&Python<'_>, &mut Report) -> Result<()>,
) -> Result<()> {
    enter_workspace()?;
    let mut report = Report::default();
    for interpreter in interpreters {
        if let Some(environment) = environment::provide(interpreter, &[], &mut report)? {
            check(&environment.python(), &mut report)?;
        }
    }
    report.finish()
}

/// From here on every path is relative to the workspace, whatever directory the command was given
/// in.
fn enter_workspace() -> Result<()> {
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").context("start this program as `cargo xtask`")?;
    let workspace = Path::new(&manifest)
        .parent()
        .context("the manifest has no workspace")?;
    env::set_current_dir(workspace).with_context(|| format!("cannot enter {}", workspace.display()))
}
