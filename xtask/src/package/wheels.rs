//! The wheels for Linux, on the machine's processor: for each supported version of Python one for glibc and one for musl. zig
//! compiles and links for C libraries that are older than the machine's, or another; maturin knows how each version of Python
//! was built, so that no interpreter is needed. auditwheel says whether a wheel keeps what its name promises.
//!
//! Those that an interpreter of this machine can load are installed and tried.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::{ARTEFACTS, WORK, artefacts, installed};
use crate::{
    cargo::{cargo, host},
    environment::Environment,
    interpreters::{Interpreter, Version},
    process::{self, answer},
    report::{Outcome, Report},
    targets,
};

/// A C library, as Rust's targets call it, and the oldest version that wheels run with.
struct Library {
    target: &'static str,
    tag: &'static str,
    /// A name that its loader takes for the library itself, and that auditwheel does not know.
    alias: &'static str,
}

const LIBRARIES: [Library; 2] = [
    Library {
        target: "unknown-linux-gnu",
        tag: "manylinux_2_17",
        alias: "",
    },
    Library {
        target: "unknown-linux-musl",
        tag: "musllinux_1_2",
        // auditwheel knows the name that Alpine gives the file. musl's loader looks for no file: it is the library.
        alias: "libc.so",
    },
];

/// What auditwheel finds.
#[derive(Deserialize)]
struct Audit {
    /// The oldest systems that have everything which the wheel asks for, and those that have every versioned symbol.
    overall_tag: String,
    sym_tag: String,
    /// Whether it asks for a processor newer than its name says.
    unsupported_isa: bool,
    /// What there is in the way of older systems.
    policy_upgrades: HashMap<String, Obstacles>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Obstacles {
    libs_to_eliminate: Vec<String>,
    blacklisted_symbols: HashMap<String, Vec<String>>,
}

impl Audit {
    /// Whether the wheel runs wherever its tag says, if the C library also goes by its alias.
    fn keeps(&self, tag: &str, alias: &str) -> bool {
        let only_alias = |found: &Obstacles| {
            found.blacklisted_symbols.is_empty() && found.libs_to_eliminate == [alias]
        };
        self.overall_tag == tag
            || self.sym_tag == tag
                && !self.unsupported_isa
                && self.policy_upgrades.get(tag).is_some_and(only_alias)
    }
}

/// Makes them and checks them.
pub(super) fn make(
    tools: &Environment,
    interpreters: &[Interpreter],
    pythons: &BTreeSet<Version>,
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
        for &python in pythons {
            let subject = format!("{} {python}", library.tag);
            let made = report.provide(&subject, "make", || {
                build(tools, &target, library.tag, python)
            })?;
            let Some(wheel) = made else { continue };
            let tag = format!("{}_{processor}", library.tag);
            report.check(&subject, "auditwheel", || {
                audit(tools, &wheel, &tag, library.alias)
            })?;
            report.check(&subject, "installed", || {
                let found = interpreters.iter().find(|found| found.version() == python);
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

fn build(tools: &Environment, target: &str, tag: &str, version: Version) -> Result<PathBuf> {
    let python = tools.python();
    let mut maturin = python.module("maturin");
    maturin
        .args(["build", "--quiet", "--zig", "--target", target])
        .args(["--compatibility", tag, "--interpreter"])
        .arg(version.to_string())
        .args(["--out", ARTEFACTS, "--target-dir"])
        .arg(Path::new(WORK).join("build"))
        .env("CARGO_ZIGBUILD_PYTHON_PATH", &python.program);
    process::run(&mut maturin)?;
    let name = format!("-cp3{0}-cp3{0}{1}-", version.minor, version.suffix());
    artefacts("whl")?
        .into_iter()
        .find(|path| {
            let path = path.to_string_lossy();
            path.contains(&name) && path.contains(tag)
        })
        .context("maturin left no wheel")
}

fn audit(tools: &Environment, wheel: &Path, tag: &str, alias: &str) -> Result<Outcome> {
    let mut auditwheel = tools.python().module("auditwheel");
    // Not where this machine keeps libraries: before 3.11 a module for musl has glibc's name, and would be taken for one.
    auditwheel.args(["show", "--json", "--ldpaths", "none"]);
    let said = process::output(auditwheel.arg(wheel))?;
    let audit: Audit = serde_json::from_str(&said)?;
    ensure!(audit.keeps(tag, alias), "no {tag}: {}", said.trim());
    let kib = fs::metadata(wheel)?.len().div_ceil(1024);
    Ok(Outcome {
        note: format!("{tag}, {kib} KiB"),
        ..Outcome::passed()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(tag: &str, newer_processor: bool, obstacles: &str) -> Audit {
        let said = format!(
            r#"{{"version": 1, "overall_tag": "{tag}", "sym_tag": "musllinux_1_2_x86_64", "ucs2": false,
                 "unsupported_isa": {newer_processor}, "policy_upgrades": {{{obstacles}}}}}"#
        );
        serde_json::from_str(&said).unwrap()
    }

    #[test]
    fn a_wheel_keeps_its_tag_or_needs_only_the_c_library() {
        let keeps = |audit: Audit| audit.keeps("musllinux_1_2_x86_64", "libc.so");
        let only = r#""musllinux_1_2_x86_64": {"libs_to_eliminate": ["libc.so"]}"#;
        let more = r#""musllinux_1_2_x86_64": {"libs_to_eliminate": ["libc.so", "libz.so.1"]}"#;
        assert!(keeps(audit("musllinux_1_2_x86_64", false, "")));
        assert!(keeps(audit("linux_x86_64", false, only)));
        assert!(!keeps(audit("linux_x86_64", false, more)));
        assert!(!keeps(audit("linux_x86_64", true, only)));
        assert!(!keeps(audit("linux_x86_64", false, "")));
    }
}
