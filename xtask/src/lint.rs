//! What can be said without running the package: formatting, lints, documentation, types, workflows.

use std::{
    env::{join_paths, split_paths, var_os},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::{
    checks::FEATURES,
    environment::{self, Environment},
    interpreters::Interpreter,
    process::{self, answer},
    report::{Outcome, Report},
};

const STUBTEST_ALLOWLIST: &str = "crates/weakrefs-python/tests/typing/stubtest-allowlist.txt";

/// The schemas that check-jsonschema brings, and the file or the directory of each.
const SCHEMAS: [(&str, &str); 4] = [
    ("vendor.github-workflows", ".github/workflows"),
    ("vendor.dependabot", ".github/dependabot.yml"),
    ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE"),
    ("vendor.github-issue-config", ISSUE_CONFIG),
];
/// It is among the issue forms, and none.
const ISSUE_CONFIG: &str = ".github/ISSUE_TEMPLATE/config.yml";

/// rustfmt, clippy and rustdoc, each without a complaint.
pub(crate) fn rust(interpreter: &Interpreter, report: &mut Report) -> Result<()> {
    let mut cargo = |check: &str, arguments: &[&str]| {
        let mut command = interpreter.cargo();
        command
            .args(arguments)
            .env("RUSTDOCFLAGS", "--deny warnings");
        passes(report, "rust", check, &mut command)
    };
    cargo("rustfmt", &["fmt", "--all", "--check"])?;
    cargo(
        "clippy",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            FEATURES[0],
            FEATURES[1],
            "--",
            "--deny",
            "warnings",
        ],
    )?;
    cargo(
        "rustdoc",
        &["doc", "--workspace", "--no-deps", FEATURES[0], FEATURES[1]],
    )
}

/// ruff, the type checkers, stubtest and the workflows, with the newest interpreter on which they can be installed.
pub(crate) fn python(interpreters: &[Interpreter], report: &mut Report) -> Result<()> {
    let Some(environment) = report.provide("linters", "install", || with_linters(interpreters))?
    else {
        return Ok(());
    };
    let python = environment.python();
    // They look at sources: the interpreter only runs them.
    let subject = format!("linters on {}", python.label);
    let mut module = |check: &str, name: &str, arguments: &[&str]| {
        passes(report, &subject, check, python.module(name).args(arguments))
    };
    module("ruff", "ruff", &["check"])?;
    module("ruff format", "ruff", &["format", "--check"])?;
    module("mypy", "mypy", &[])?;
    module("pyright", "pyright", &[])?;
    module("ty", "ty", &["check"])?;
    module("pyrefly", "pyrefly", &["check"])?;
    let stubtest = [
        "weakrefs",
        "--mypy-config-file",
        "pyproject.toml",
        "--allowlist",
        STUBTEST_ALLOWLIST,
    ];
    module("stubtest", "mypy.stubtest", &stubtest)?;
    // Here pyright asks the first `python` of PATH where the package is, whatever its options say.
    let mut verifytypes = python.module("pyright");
    verifytypes
        .args(["--verifytypes", "weakrefs", "--ignoreexternal"])
        .env("PATH", first_on_path(&python.program)?);
    passes(report, &subject, "verifytypes", &mut verifytypes)?;
    workflows(&environment, &subject, report)
}

/// A PATH on which the directory of a program comes first.
fn first_on_path(program: &Path) -> Result<OsString> {
    let inherited = var_os("PATH").unwrap_or_default();
    let directories = program.parent().map(Path::to_path_buf).into_iter();
    Ok(join_paths(directories.chain(split_paths(&inherited)))?)
}

/// What hosted CI will run: its syntax, its expressions, and what others could make of it.
fn workflows(environment: &Environment, subject: &str, report: &mut Report) -> Result<()> {
    let python = environment.python();
    for (schema, path) in SCHEMAS {
        let mut command = python.module("check_jsonschema");
        command
            .args(["--builtin-schema", schema])
            .args(files(Path::new(path))?);
        passes(report, subject, schema, &mut command)?;
    }
    let mut zizmor = Command::new(environment.program("zizmor"));
    zizmor.args(["--offline", "--quiet", ".github"]);
    passes(report, subject, "zizmor", &mut zizmor)?;
    // Its package for Python downloads the program, and not every machine can.
    if answer(Command::new("actionlint").arg("-version")).is_none() {
        return report.check(subject, "actionlint", || {
            Ok(Outcome::skipped("not installed"))
        });
    }
    let mut actionlint = Command::new("actionlint");
    passes(report, subject, "actionlint", &mut actionlint)
}

/// The file, or the files of the directory.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
    let files = entries.filter(|path| !matches!(path, Ok(path) if path.ends_with(ISSUE_CONFIG)));
    files.collect()
}

fn with_linters(interpreters: &[Interpreter]) -> Result<Environment> {
    for interpreter in interpreters.iter().rev() {
        match environment::prepare(interpreter, &["test", "typing", "lint"]) {
            Ok(environment) => return Ok(environment),
            Err(error) => println!("{}: {error:#}", interpreter.label),
        }
    }
    bail!("they can be installed on no interpreter")
}

/// A check that passes if the program succeeds.
pub(crate) fn passes(
    report: &mut Report,
    subject: &str,
    check: &str,
    command: &mut Command,
) -> Result<()> {
    report.check(subject, check, || {
        let success = process::succeeds(command)?;
        Ok(Outcome {
            passed: success.into(),
            failed: (!success).into(),
            ..Outcome::default()
        })
    })
}
