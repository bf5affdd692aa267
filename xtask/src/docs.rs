//! The documentation as a site, in `target/site`: the pages of `docs/`, and what rustdoc makes of the
//! Rust crates. A dead link is a failure, and so is an example that does not run.

use std::{env, process::Command};

use anyhow::Result;

use crate::{
    cargo::{self, CRATES},
    environment,
    interpreters::Interpreter,
    lint::passes,
    python::Python,
    report::Report,
};

/// Where `docs/site/links.py` looks for it. A directory of its own: `target/doc` may hold other crates.
const RUSTDOC: &str = "target/rustdoc";
/// Its examples are in Rust, outside the crate that they use.
const RUST_PAGE: &str = "docs/migration/weak-table.md";
const TESTS: [&str; 2] = [
    "crates/weakrefs-python/tests/test_docs.py",
    "crates/weakrefs-python/tests/test_site.py",
];

pub(crate) fn build(interpreter: &Interpreter, report: &mut Report) -> Result<()> {
    rust(report)?;
    if let Some(environment) = environment::provide(interpreter, &["docs"], report)? {
        site(&environment.python(), report)?;
    }
    Ok(())
}

/// What rustdoc makes and tests.
fn rust(report: &mut Report) -> Result<()> {
    let mut cargo = |check: &str, arguments: &[&str], crates: &[&str]| {
        let mut command = cargo::cargo();
        command
            .args(arguments)
            .args(["--target-dir", RUSTDOC])
            .args(cargo::packages(crates))
            .env("RUSTDOCFLAGS", "--deny warnings");
        passes(report, "rust", check, &mut command)
    };
    cargo("rustdoc", &["doc", "--no-deps"], &CRATES)?;
    cargo("build", &["build"], &["weakrefs"])?;
    let mut examples = Command::new(env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into()));
    examples
        .args(["--test", "--edition", "2024", RUST_PAGE, "--library-path"])
        .arg(format!("{RUSTDOC}/debug/deps"))
        .arg("--extern")
        .arg(format!("weakrefs={RUSTDOC}/debug/libweakrefs.rlib"));
    passes(report, "rust", "examples", &mut examples)
}

/// What Python makes and tests. Its environment has the packages that some pages compare with, so
/// that no example is skipped.
fn site(python: &Python<'_>, report: &mut Report) -> Result<()> {
    let mut examples = python.module("pytest");
    examples.arg("--quiet").args(TESTS);
    passes(report, &python.label, "examples", &mut examples)?;
    let mut site = python.module("mkdocs");
    // Without `--quiet`, which would also keep dead links from being counted. The warning is about the next
    // version, which the requirements leave out.
    site.arg("build").env("NO_MKDOCS_2_WARNING", "1");
    passes(report, &python.label, "site", &mut site)
}
