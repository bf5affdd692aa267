//! The oldest Rust that the crates and the extension compile with: the `rust-version` of the workspace.
//!
//! rustup brings it; where rustup cannot, the check is skipped, and the table says so. The extension is compiled for
//! the oldest and the newest version of Python, whose code differs.

use std::{path::Path, process::Command};

use anyhow::Result;

use crate::{
    cargo::{CRATES, packages, workspace_package},
    lint::passes,
    process::{self, answer},
    report::{Outcome, Report},
    targets::{PATIENCE, compile, this_machine},
};

const EXTENSION: [&str; 1] = ["weakrefs-python"];
const PYTHONS: [&str; 2] = ["3.10", "3.15"];

/// Everything that users build, by that version.
pub(crate) fn check(report: &mut Report) -> Result<()> {
    let version = workspace_package(Path::new("."))?.rust_version;
    let label = format!("Rust {version}");
    if !is_available(&version) {
        return report.check(&label, "cargo check", || {
            Ok(Outcome::skipped("not available"))
        });
    }
    let target = this_machine()?;
    let mut check = |what: &str, python: &str, names: &[&str]| {
        let mut cargo = Command::new("rustup");
        cargo.args(["run", &version, "cargo"]);
        let mut command = compile(cargo, "check", &target, python);
        passes(report, &label, what, command.args(packages(names)))
    };
    check("the Rust crates", PYTHONS[0], &CRATES)?;
    PYTHONS.iter().try_for_each(|python| {
        let what = format!("the extension for {python}");
        check(&what, python, &EXTENSION)
    })
}

/// Whether the toolchain is there, or has come now.
fn is_available(version: &str) -> bool {
    let mut rustc = Command::new("rustup");
    rustc.args(["run", version, "rustc", "--version"]);
    if answer(&mut rustc).is_some() {
        return true;
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["toolchain", "install", version, "--profile", "minimal"]);
    process::share(&mut rustup, PATIENCE).is_ok_and(|status| status.success())
}
