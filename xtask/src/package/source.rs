//! The source distribution: whole, and with a lock file that names every crate which a build of it takes, so that what builds
//! today builds in years. The proof is a wheel built from it with the network off, by pip and by cargo, from nothing but the
//! crates that its lock file has fetched; and that the wheel works.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use super::{ARTEFACTS, WORK, artefacts, crates, files, installed};
use crate::{
    cargo::cargo,
    environment::Environment,
    interpreters::Interpreter,
    process,
    report::{Outcome, Report},
};

/// Beside what is built: what was promised, and what has changed.
const PAGES: [&str; 3] = ["CHANGELOG.md", "docs/SEMANTICS.md", "PKG-INFO"];

const LOCK: &str = "Cargo.lock";

/// Makes it and checks it.
pub(super) fn make(
    tools: &Environment,
    interpreter: &Interpreter,
    version: &str,
    report: &mut Report,
) -> Result<()> {
    let made = report.provide("sdist", "make", || {
        let mut maturin = tools.python().module("maturin");
        process::run(maturin.args(["sdist", "--out", ARTEFACTS]))?;
        artefacts("gz")?.pop().context("maturin left none")
    })?;
    let Some(archive) = made else { return Ok(()) };
    report.check("sdist", "contents and lock file", || {
        let directory = unpack(tools, &archive, version)?;
        crates::has_licences(Path::new("."), &directory)?;
        for page in PAGES {
            ensure!(directory.join(page).is_file(), "{page} is missing");
        }
        let locked = checksums(&directory)?;
        // Takes away what this part of the workspace does not need. It would also add what is missing.
        process::run(cargo().args(["fetch", "--quiet"]).current_dir(&directory))?;
        let fetched = checksums(&directory)?;
        ensure!(fetched.is_subset(&locked), "{LOCK} lacks crates");
        Ok(Outcome {
            note: format!("{} crates locked", fetched.len()),
            ..Outcome::passed()
        })
    })?;
    let built = report.provide("sdist", "build with the network off", || {
        offline_wheel(tools, &archive)
    })?;
    if let Some(wheel) = built {
        report.check("sdist", "its wheel works", || {
            installed::works(&wheel, interpreter, version)
        })?;
    }
    Ok(())
}

fn unpack(tools: &Environment, archive: &Path, version: &str) -> Result<PathBuf> {
    let directory = Path::new(WORK).join("sdist");
    let mut tarfile = tools.python().module("tarfile");
    process::output(tarfile.arg("--extract").arg(archive).arg(&directory))?;
    Ok(directory.join(format!("weakrefs-{version}")))
}

/// What the lock file in a directory takes from an index: each line names the contents of one crate.
fn checksums(directory: &Path) -> Result<BTreeSet<String>> {
    let lock = fs::read_to_string(directory.join(LOCK)).context("no lock file")?;
    Ok(lock
        .lines()
        .filter(|line| line.starts_with("checksum = "))
        .map(str::to_owned)
        .collect())
}

/// The wheel of the tools' interpreter. The build's requirements are among the tools.
fn offline_wheel(tools: &Environment, archive: &Path) -> Result<PathBuf> {
    let out = Path::new(WORK).join("from-sdist");
    let mut pip = tools.python().module("pip");
    pip.args(["wheel", "--quiet", "--disable-pip-version-check"])
        .args(["--no-index", "--no-build-isolation", "--wheel-dir"])
        .arg(&out)
        .arg(archive)
        .env("PATH", tools.search_path()?)
        .env("CARGO_NET_OFFLINE", "true")
        .env(
            "CARGO_TARGET_DIR",
            env::current_dir()?.join(WORK).join("build"),
        );
    process::run(&mut pip)?;
    files(&out, "whl")?.pop().context("pip left no wheel")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_of_the_workspace_names_crates_by_their_contents() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let locked = checksums(&root).unwrap();
        assert!(locked.len() > 5);
        assert!(locked.iter().all(|line| line.len() > 64));
        assert!(checksums(&root.join("xtask")).is_err());
    }
}
