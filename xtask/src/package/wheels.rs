//! The wheels for Linux, on the machine's processor: for each supported version of Python one for glibc and one for musl. zig
//! compiles and links for C libraries that are older than the machine's, or another; maturin knows how each version of Python
//! was built, so that no interpreter is needed. auditwheel says whether a wheel keeps what its name promises.
//!
//! Those that an interpreter of this machine can load are installed and tried.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::{ARTEFACTS, WORK, artefacts, installed};
use crate::{
    cargo::{cargo, host},
    environment::Environment,
    interpreters::Interpreter,
    process::{self, answer},
    report::{Outcome, Report},
    targets,
};

/// A C library, as Rust's targets call it, and the oldest version that wheels run with.
struct Library {
    target: &'static str,
    tag: &'static str,
}

const LIBRARIES: [Library; 2] = [
    Library {
        target: "unknown-linux-gnu",
        tag: "manylinux_2_17",
    },
    Library {
        target: "unknown-linux-musl",
        tag: "musllinux_1_2",
    },
];

/// What auditwheel finds: the oldest systems that have everything which the wheel asks for.
#[derive(Deserialize)]
struct Audit {
    overall_tag: String,
}

/// Makes them and checks them.
pub(super) fn make(
    tools: &Environment,
    interpreters: &[Interpreter],
    versions: &BTreeSet<u32>,
    version: &str,
    report: &mut Report,
) -> Result<()> {
    let cargo = answer(cargo().args(["version", "--verbose"])).context("no cargo")?;
    let host = host(&cargo).context("no host")?;
    let (processor, _) = host.split_once('-').context("no processor")?;
    for library in LIBRARIES {
        let target = format!("{processor}-{}", library.target);
        if !targets::is_available(&target) {
            report.check(library.tag, "wheels", || {
                Ok(Outcome::skipped("rustup has not got the target"))
            })?;
            continue;
        }
        for &minor in versions {
            let subject = format!("{} 3.{minor}", library.tag);
            let made = report.provide(&subject, "make", || {
                build(tools, &target, library.tag, minor)
            })?;
            let Some(wheel) = made else { continue };
            let tag = format!("{}_{processor}", library.tag);
            report.check(&subject, "auditwheel", || audit(tools, &wheel, &tag))?;
            report.check(&subject, "installed", || {
                let found = interpreters.iter().find(|found| found.minor == minor);
                match found {
                    _ if target != host => Ok(Outcome::skipped("another C library")),
                    None => Ok(Outcome::skipped("no such interpreter")),
                    Some(interpreter) => installed::works(&wheel, interpreter, version),
                }
            })?;
        }
    }
    Ok(())
}

fn build(tools: &Environment, target: &str, tag: &str, minor: u32) -> Result<PathBuf> {
    let python = tools.python();
    let mut maturin = python.module("maturin");
    maturin
        .args(["build", "--quiet", "--zig", "--target", target])
        .args(["--compatibility", tag, "--interpreter"])
        .arg(format!("3.{minor}"))
        .args(["--out", ARTEFACTS, "--target-dir"])
        .arg(Path::new(WORK).join("build"))
        .env("CARGO_ZIGBUILD_PYTHON_PATH", &python.program);
    process::run(&mut maturin)?;
    let name = format!("-cp3{minor}-cp3{minor}-");
    artefacts("whl")?
        .into_iter()
        .find(|path| {
            let path = path.to_string_lossy();
            path.contains(&name) && path.contains(tag)
        })
        .context("maturin left no wheel")
}

fn audit(tools: &Environment, wheel: &Path, tag: &str) -> Result<Outcome> {
    let mut auditwheel = tools.python().module("auditwheel");
    let said = process::output(auditwheel.args(["show", "--json"]).arg(wheel))?;
    let Audit { overall_tag } = serde_json::from_str(&said)?;
    ensure!(overall_tag == tag, "it is {overall_tag}, not {tag}");
    let kib = fs::metadata(wheel)?.len().div_ceil(1024);
    Ok(Outcome {
        note: format!("{overall_tag}, {kib} KiB"),
        ..Outcome::passed()
    })
}
