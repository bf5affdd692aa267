//! A Debian root for the interpreters that this machine lacks: 3.14, its debug build, and 3.15.
//!
//! debootstrap makes it under `target/`; it is removed at the end, even after a failure or an
//! interrupt. Whatever runs inside does so in a mount namespace of its own, which gets the
//! workspace, the Rust toolchain, `/proc` and `/dev` bind-mounted and vanishes with its last
//! process. So none of these mounts is ever visible out here, and removing the root cannot reach
//! through one; that is checked all the same.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use nix::unistd::geteuid;
use serde::Deserialize;

use crate::{
    checks,
    environment::{INSTALLED, is_artifact},
    instructions::{self, Action},
    leaks, process,
    python::Python,
    report::Report,
};

const SUITE: &str = "sid";

const PACKAGES: [&str; 12] = [
    "gcc",
    "libc6-dev",
    "libpython3.14-testsuite",
    "libpython3.15-testsuite",
    "python3-pytest",
    "python3-pytest-xdist",
    "python3.14",
    "python3.14-dbg",
    "python3.14-dev",
    "python3.15",
    "python3.15-dev",
    "valgrind",
];

const INTERPRETERS: [&str; 3] = [
    "/usr/bin/python3.14",
    "/usr/bin/python3.14d",
    "/usr/bin/python3.15",
];

/// Builds made inside stay apart from those of the outer system, whose C library may be older.
const BUILDS: &str = "target/debian/build";

/// The profile that maturin takes from `pyproject.toml`; there is no maturin inside.
const PROFILE: &str = "extension";

/// Makes the mounts and enters the root. Arguments: root, toolchain, cargo's home, then the
/// command.
const ENTER: &str = r#"
set -eu
root=$1 toolchain=$2 cargo=$3
shift 3
mkdir -p "$root/workspace" "$root/opt/rust" "$root/opt/cargo"
mount --bind . "$root/workspace"
mount --bind "$toolchain" "$root/opt/rust"
mount --bind "$cargo" "$root/opt/cargo"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" env --chdir=/workspace "$@"
"#;

const DESCRIBE: &str = r#"
import json, platform, sys, sysconfig
debug = hasattr(sys, "gettotalrefcount")
print(json.dumps({
    "label": platform.python_version() + "d" * debug,
    "debug": debug,
    "packages": sysconfig.get_path("platlib"),
    "suffix": sysconfig.get_config_var("EXT_SUFFIX"),
}))
"#;

/// An interpreter inside.
#[derive(Deserialize)]
struct Interpreter {
    #[serde(skip)]
    program: &'static str,
    /// The full version; a debug build's ends with `d`.
    label: String,
    debug: bool,
    /// The place for packages.
    packages: PathBuf,
    /// How the file names of extension modules end.
    suffix: String,
}

/// Every check, on each of the interpreters; with `keep` the root stays for the next run.
pub(crate) fn check(keep: bool, report: &mut Report) -> Result<()> {
    on_each(keep, report, |python, report| {
        checks::python(python, report)?;
        if python.debug {
            return leaks::hunt(python, report);
        }
        instructions::python(python, Action::Compare, report)
    })
}

/// Only the counts of instructions.
pub(crate) fn instructions(action: Action, report: &mut Report) -> Result<()> {
    on_each(false, report, |python, report| {
        instructions::python(python, action, report)
    })
}

fn on_each(
    keep: bool,
    report: &mut Report,
    check: impl Fn(&Python<'_>, &mut Report) -> Result<()>,
) -> Result<()> {
    let make = || {
        let root = Root::make(keep)?;
        let interpreters = INTERPRETERS
            .iter()
            .map(|program| root.describe(program))
            .collect::<Result<Vec<_>>>()?;
        Ok((root, interpreters))
    };
    let Some((root, interpreters)) = report.provide("debian", "make the root", make)? else {
        return Ok(());
    };
    for interpreter in interpreters {
        let Some(python) =
            report.provide(&interpreter.label, INSTALLED, || root.install(&interpreter))?
        else {
            continue;
        };
        check(&python, report)?;
    }
    Ok(())
}

/// The root, removed when dropped.
struct Root {
    directory: PathBuf,
    toolchain: PathBuf,
    cargo_home: PathBuf,
    keep: bool,
}

impl Root {
    fn make(keep: bool) -> Result<Self> {
        ensure!(
            geteuid().is_root(),
            "only the superuser can make a Debian root"
        );
        // Inside there is no network: fetch what the build needs.
        process::run(Command::new("cargo").args(["fetch", "--quiet"]))?;
        let base = env::current_dir()?.join("target/debian");
        fs::create_dir_all(&base)?;
        let sysroot = process::output(Command::new("rustc").args(["--print", "sysroot"]))?;
        let root = Self {
            directory: base.join("root"),
            toolchain: sysroot.trim().into(),
            cargo_home: cargo_home()?,
            keep,
        };
        if !root.completion().exists() {
            root.remove()?;
            let packages = format!("--include={}", PACKAGES.join(","));
            // debootstrap makes mounts too, hence the namespace.
            process::run(
                Command::new("unshare")
                    .args([
                        "--mount",
                        "debootstrap",
                        "--variant=minbase",
                        &packages,
                        SUITE,
                    ])
                    .arg(&root.directory),
            )?;
            fs::write(root.completion(), "")?;
        }
        Ok(root)
    }

    /// The file that says that the root is complete and can be used again.
    fn completion(&self) -> PathBuf {
        self.directory.with_file_name("complete")
    }

    /// A command that runs inside, in the workspace.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", ENTER, "enter"])
            .args([&self.directory, &self.toolchain, &self.cargo_home])
            .arg(program)
            .env_clear()
            .envs([
                (
                    "PATH",
                    "/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                ),
                ("HOME", "/root"),
                ("LANG", "C.UTF-8"),
                ("CARGO_HOME", "/opt/cargo"),
                ("CARGO_NET_OFFLINE", "true"),
                ("CARGO_TARGET_DIR", BUILDS),
                ("PYTHONDONTWRITEBYTECODE", "1"),
            ]);
        command
    }

    fn describe(&self, program: &'static str) -> Result<Interpreter> {
        let said = process::output(self.command(program).args(["-c", DESCRIBE]))?;
        Ok(Interpreter {
            program,
            ..serde_json::from_str(&said)?
        })
    }

    /// Builds the package for an interpreter and puts it where that looks for packages.
    fn install(&self, interpreter: &Interpreter) -> Result<Python<'_>> {
        let program = interpreter.program;
        process::run(
            self.command("cargo")
                .args([
                    "build",
                    "--quiet",
                    "--profile",
                    PROFILE,
                    "--package",
                    "weakrefs-python",
                ])
                .env("PYO3_PYTHON", program)
                .env("PYO3_BUILD_EXTENSION_MODULE", "1"),
        )?;
        let packages = interpreter
            .packages
            .strip_prefix("/")
            .context("packages have no absolute place")?;
        let package = self.directory.join(packages).join("weakrefs");
        copy_sources(
            Path::new("crates/weakrefs-python/python/weakrefs"),
            &package,
        )?;
        let extension = format!("_weakrefs{}", interpreter.suffix);
        fs::copy(
            Path::new(BUILDS).join(PROFILE).join("lib_weakrefs.so"),
            package.join(extension),
        )?;
        Ok(Python::new(
            interpreter.label.clone(),
            interpreter.debug,
            program.into(),
            |program| self.command(program),
        ))
    }

    fn remove(&self) -> Result<()> {
        if !self.directory.exists() {
            return Ok(());
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        ensure!(
            !has_mount(&mounts, &self.directory),
            "{} has mounts in it",
            self.directory.display()
        );
        // What an interrupt has ended may still be at its last writes.
        for _ in 0..10 {
            if fs::remove_dir_all(&self.directory).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(300));
        }
        ensure!(
            !self.directory.exists(),
            "cannot remove {}",
            self.directory.display()
        );
        Ok(())
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        let _ = fs::remove_file(self.completion());
        if let Err(error) = self.remove() {
            eprintln!("xtask: {error:#}");
        }
    }
}

fn cargo_home() -> Result<PathBuf> {
    let default = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(default)
        .context("cargo has no home")
}

/// Whether anything is mounted at or below a directory.
fn has_mount(mountinfo: &str, directory: &Path) -> bool {
    let mount_points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4));
    mount_points
        .map(|point| point.replace("\\040", " "))
        .any(|point| Path::new(&point).starts_with(directory))
}

fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if is_artifact(&source) {
            continue;
        }
        if source.is_dir() {
            copy_sources(&source, &target)?;
        } else {
            fs::copy(source, target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_below_a_directory_are_seen() {
        let mountinfo = "22 1 0:20 / / rw - ext4 /dev/vda rw\n\
                         30 22 0:5 / /a\\040b/root/proc rw - proc proc rw\n";
        assert!(has_mount(mountinfo, Path::new("/a b/root")));
        assert!(has_mount(mountinfo, Path::new("/a b/root/proc")));
        assert!(!has_mount(mountinfo, Path::new("/a b/roo")));
        assert!(!has_mount(mountinfo, Path::new("/home")));
    }
}
