//! Finding CPython: on PATH and among pyenv's versions.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::{cargo::cargo, process};

/// The minor versions of Python 3 that the package supports.
const SUPPORTED: std::ops::RangeInclusive<u32> = 10..=15;

/// Those of which it supports builds without a GIL, too.
const WITHOUT_GIL: std::ops::RangeInclusive<u32> = 14..=15;

/// A minor version of Python 3, with a GIL or without one: `3.14`, `3.14t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) free_threaded: bool,
    pub(crate) minor: u32,
}

impl Version {
    /// All that the package supports.
    pub(crate) fn supported() -> impl Iterator<Item = Self> {
        let of = |free_threaded| {
            move |minor| Self {
                free_threaded,
                minor,
            }
        };
        SUPPORTED.map(of(false)).chain(WITHOUT_GIL.map(of(true)))
    }

    /// What names end with, of versions without a GIL.
    pub(crate) fn suffix(self) -> &'static str {
        if self.free_threaded { "t" } else { "" }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}{}", self.minor, self.suffix())
    }
}

/// The variable that says where programs find shared libraries.
const LIBRARIES: &str = if cfg!(windows) {
    "PATH"
} else if cfg!(target_os = "macos") {
    "DYLD_FALLBACK_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// One CPython, as it describes itself.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Interpreter {
    pub(crate) path: PathBuf,
    /// The full version; it ends with `t` without a GIL, and with `d` for a debug build.
    pub(crate) label: String,
    minor: u32,
    /// Whether it counts references (`sys.gettotalrefcount`).
    pub(crate) debug: bool,
    /// Where its shared library is.
    pub(crate) library: PathBuf,
    implementation: String,
    free_threaded: bool,
}

const DESCRIBE: &str = r#"
import json, platform, sys, sysconfig
debug = hasattr(sys, "gettotalrefcount")
free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
print(json.dumps({
    "path": sys.executable,
    "label": platform.python_version() + "t" * free_threaded + "d" * debug,
    "minor": sys.version_info[1] if sys.version_info[0] == 3 else 0,
    "debug": debug,
    "library": sysconfig.get_config_var("LIBDIR") or sys.base_exec_prefix,
    "implementation": platform.python_implementation(),
    "free_threaded": free_threaded,
}))
"#;

/// The interpreters asked for, or else one of each supported version, oldest first; then those without a GIL.
pub(crate) fn find(wanted: &[PathBuf]) -> Result<Vec<Interpreter>> {
    if !wanted.is_empty() {
        return wanted.iter().map(|path| at(path)).collect();
    }
    let pyenv = pyenv_versions();
    let found: Vec<_> = Version::supported()
        .filter_map(|version| find_version(version, &pyenv))
        .collect();
    if found.is_empty() {
        bail!("no supported CPython found: name one with --python");
    }
    Ok(found)
}

/// The interpreter asked for, or else `python3`, or else the first one found.
pub(crate) fn one(wanted: Option<&PathBuf>) -> Result<Interpreter> {
    if let Some(path) = wanted {
        return at(path);
    }
    match describe(Path::new("python3")).filter(|interpreter| interpreter.obstacle().is_none()) {
        Some(interpreter) => Ok(interpreter),
        None => Ok(find(&[])?.remove(0)),
    }
}

/// The interpreter at a path; an error if it will not do.
fn at(path: &Path) -> Result<Interpreter> {
    let interpreter =
        describe(path).with_context(|| format!("{} is no Python 3", path.display()))?;
    match interpreter.obstacle() {
        Some(obstacle) => bail!("{} cannot be used: {obstacle}", path.display()),
        None => Ok(interpreter),
    }
}

fn find_version(version: Version, pyenv: &[PathBuf]) -> Option<Interpreter> {
    let on_path = [format!("python{version}"), "python3".to_owned()].map(PathBuf::from);
    for candidate in on_path.iter().chain(pyenv) {
        let Some(interpreter) =
            describe(candidate).filter(|interpreter| interpreter.version() == version)
        else {
            continue;
        };
        match interpreter.obstacle() {
            Some(obstacle) => println!("{} is left out: {obstacle}", interpreter.path.display()),
            None => return Some(interpreter),
        }
    }
    None
}

/// pyenv's interpreters, the newest first.
fn pyenv_versions() -> Vec<PathBuf> {
    let home = || env::home_dir().map(|home| home.join(".pyenv"));
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(home);
    let Some(entries) = root.and_then(|root| fs::read_dir(root.join("versions")).ok()) else {
        return Vec::new();
    };
    let mut versions: Vec<_> = entries
        .flatten()
        .map(|entry| (version_key(&entry.path()), entry.path()))
        .collect();
    versions.sort();
    versions
        .into_iter()
        .rev()
        .map(|(_, path)| path.join("bin/python3"))
        .collect()
}

/// Orders `3.9.18` before `3.10.2`.
fn version_key(path: &Path) -> Vec<u32> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// What an interpreter says about itself; nothing if there is none, or if it is a shim that leads
/// nowhere.
fn describe(path: &Path) -> Option<Interpreter> {
    let said = process::output(Command::new(path).args(["-I", "-c", DESCRIBE])).ok()?;
    serde_json::from_str(&said).ok()
}

impl Interpreter {
    /// A cargo that builds for this interpreter, and can start what is linked with it.
    pub(crate) fn cargo(&self) -> Command {
        let mut search = vec![self.library.clone()];
        search.extend(env::var_os(LIBRARIES).iter().flat_map(env::split_paths));
        let mut command = cargo();
        command.env("PYO3_PYTHON", &self.path);
        if let Ok(search) = env::join_paths(search) {
            command.env(LIBRARIES, search);
        }
        command
    }

    pub(crate) fn version(&self) -> Version {
        Version {
            free_threaded: self.free_threaded,
            minor: self.minor,
        }
    }

    /// Why it cannot be used, if so.
    fn obstacle(&self) -> Option<String> {
        if self.implementation != "CPython" {
            Some(format!("{} is not CPython", self.implementation))
        } else if !Version::supported().any(|version| version == self.version()) {
            Some(format!("version {} is not supported", self.label))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreter() -> Interpreter {
        Interpreter {
            path: "python3".into(),
            label: "3.14.0".into(),
            minor: 14,
            debug: false,
            library: PathBuf::new(),
            implementation: "CPython".into(),
            free_threaded: false,
        }
    }

    #[test]
    fn versions_order_by_number() {
        assert!(
            version_key(Path::new("versions/3.9.18")) < version_key(Path::new("versions/3.10.2"))
        );
        assert!(
            version_key(Path::new("versions/3.10.2")) < version_key(Path::new("versions/3.10.13"))
        );
    }

    #[test]
    fn versions_without_a_gil_come_last() {
        let versions: Vec<_> = Version::supported().map(|each| each.to_string()).collect();
        assert_eq!(versions.first().unwrap(), "3.10");
        assert_eq!(versions[versions.len() - 3..], ["3.15", "3.14t", "3.15t"]);
        assert!(Version::supported().is_sorted());
    }

    #[test]
    fn obstacles() {
        assert_eq!(interpreter().obstacle(), None);
        assert!(
            Interpreter {
                minor: 9,
                ..interpreter()
            }
            .obstacle()
            .is_some()
        );
        let without_gil = |minor| Interpreter {
            free_threaded: true,
            minor,
            ..interpreter()
        };
        assert_eq!(without_gil(14).obstacle(), None);
        assert!(without_gil(13).obstacle().is_some());
        assert!(
            Interpreter {
                implementation: "PyPy".into(),
                ..interpreter()
            }
            .obstacle()
            .is_some()
        );
    }

    #[test]
    fn what_is_no_interpreter_is_not_described() {
        assert!(describe(Path::new("/nonexistent/python3")).is_none());
        assert!(describe(Path::new("false")).is_none());
    }
}
