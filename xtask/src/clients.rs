//! The tests of other projects, unchanged, with weakrefs in the place of the standard module.
//!
//! They come with the source distributions of the releases that the dependency group `clients` names.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{
    checks,
    environment::{self, Environment},
    interpreters::Interpreter,
    process,
    report::{Outcome, Report},
};

/// A project, and where in its sources the tests are.
struct Client {
    name: &'static str,
    tests: &'static [&'static str],
}

const CLIENTS: [Client; 4] = [
    Client {
        name: "blinker",
        tests: &["tests"],
    },
    Client {
        name: "cachetools",
        tests: &["tests"],
    },
    Client {
        name: "PyDispatcher",
        tests: &["tests"],
    },
    Client {
        name: "SQLAlchemy",
        tests: &[
            "test/base",
            "test/ext/test_mutable.py",
            "test/orm/test_events.py",
        ],
    },
];

const GROUP: &str = "clients";

/// The check that the packages are there, which comes before their tests.
pub(crate) const INSTALLED: &str = "packages of others";

/// Runs them on one interpreter, in an environment of their own.
pub(crate) fn check(interpreter: &Interpreter, report: &mut Report) -> Result<()> {
    let directory = Path::new("target/clients").join(&interpreter.label);
    let made = report.provide(&interpreter.label, INSTALLED, || {
        environment::prepare_in(&directory, interpreter, &[GROUP])
    })?;
    let Some(environment) = made else {
        return Ok(());
    };
    CLIENTS.iter().try_for_each(|client| {
        report.check(&interpreter.label, client.name, || {
            run(client, &environment, &directory)
        })
    })
}

fn run(client: &Client, environment: &Environment, directory: &Path) -> Result<Outcome> {
    let requirement = environment::requirements(GROUP)?
        .into_iter()
        .find(|requirement| requirement.starts_with(client.name))
        .with_context(|| format!("no version of {} is asked for", client.name))?;
    let sources = sources(client, &requirement, environment, directory)?;
    let python = environment.python();
    let mut pytest = python.module("weakrefs");
    pytest
        .current_dir(env::current_dir()?.join(sources))
        .args(["--children", "-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .args(client.tests);
    Ok(Outcome {
        note: requirement,
        ..checks::pytest(&mut pytest)?
    })
}

/// The sources of a project, unpacked.
fn sources(
    client: &Client,
    requirement: &str,
    environment: &Environment,
    directory: &Path,
) -> Result<PathBuf> {
    let place = directory.join("sources").join(client.name);
    environment::remove_directory(&place)?;
    fs::create_dir_all(&place)?;
    let python = environment.python();
    let mut pip = python.module("pip");
    pip.args(["download", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--no-binary", client.name, "--dest"])
        .args([place.as_os_str(), requirement.as_ref()]);
    process::run(&mut pip)?;
    let archive = only_child(&place)?;
    let mut unpack = python.module("tarfile");
    let unpacked = place.join("unpacked");
    process::run(unpack.arg("--extract").args([&archive, &unpacked]))?;
    only_child(&unpacked)
}

/// What is in a directory.
fn only_child(directory: &Path) -> Result<PathBuf> {
    let child = fs::read_dir(directory)?.next();
    let child = child.with_context(|| format!("nothing in {}", directory.display()))??;
    Ok(child.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_a_release() {
        let project = include_str!("../../pyproject.toml");
        for client in &CLIENTS {
            let release = format!("\"{}==", client.name);
            assert_eq!(project.matches(&release).count(), 1, "{}", client.name);
        }
    }
}
