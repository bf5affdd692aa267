//! Virtual environments under `target/`: one for each interpreter, with the built package in it.
//!
//! What is still right is kept: requirements are installed again only when `pyproject.toml` lists
//! others, and the wheel is built again only when a file in it has changed.

use std::{
    collections::HashMap,
    env,
    ffi::{OsStr, OsString},
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::ErrorKind,
    iter,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::{interpreters::Interpreter, process, python::Python, report::Report};

/// Everything that a wheel is made of.
const SOURCES: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "pyproject.toml",
    "crates/weakrefs-table/Cargo.toml",
    "crates/weakrefs-table/src",
    "crates/weakrefs-python/Cargo.toml",
    "crates/weakrefs-python/README.md",
    "crates/weakrefs-python/build.rs",
    "crates/weakrefs-python/src",
    "crates/weakrefs-python/python",
];

/// The check that an interpreter has the package, which comes before all others on it.
pub(crate) const INSTALLED: &str = "build and install";

/// Where a virtual environment has its programs.
const PROGRAMS: &str = if cfg!(windows) { "Scripts" } else { "bin" };

/// The part of `pyproject.toml` that says what to install.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Pyproject {
    build_system: BuildSystem,
    dependency_groups: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct BuildSystem {
    requires: Vec<String>,
}

impl Pyproject {
    /// What a dependency group lists.
    fn requirements(mut self, group: &str) -> Result<Vec<String>> {
        self.dependency_groups
            .remove(group)
            .with_context(|| format!("no dependency group {group}"))
    }
}

/// The virtual environment of one interpreter.
pub(crate) struct Environment {
    interpreter: Interpreter,
    directory: PathBuf,
}

/// The environment of an interpreter, with the package built and installed, and what the dependency
/// groups list.
pub(crate) fn prepare(interpreter: &Interpreter, groups: &[&str]) -> Result<Environment> {
    let directory = Path::new("target/venvs").join(&interpreter.label);
    prepare_in(&directory, interpreter, groups)
}

/// The same in another directory, for packages that ours is not tested with.
pub(crate) fn prepare_in(
    directory: &Path,
    interpreter: &Interpreter,
    groups: &[&str],
) -> Result<Environment> {
    let environment = Environment::create(interpreter, directory)?;
    groups
        .iter()
        .try_for_each(|group| environment.install_group(group))?;
    environment.install_package()?;
    Ok(environment)
}

/// The same, recorded as a check of its own.
pub(crate) fn provide(
    interpreter: &Interpreter,
    groups: &[&str],
    report: &mut Report,
) -> Result<Option<Environment>> {
    report.provide(&interpreter.label, INSTALLED, || {
        prepare(interpreter, groups)
    })
}

/// The environment of the tools that a dependency group lists, without the package.
pub(crate) fn tools(interpreter: &Interpreter, group: &str) -> Result<Environment> {
    let environment = Environment::create(interpreter, Path::new("target/venvs/tools"))?;
    environment.install_group(group)?;
    Ok(environment)
}

/// An environment with nothing in it, made anew.
pub(crate) fn empty(interpreter: &Interpreter, directory: &Path) -> Result<Environment> {
    remove_directory(directory)?;
    Environment::create(interpreter, directory)
}

impl Environment {
    /// The one in a directory of the workspace, which is made if it is not there.
    fn create(interpreter: &Interpreter, directory: &Path) -> Result<Self> {
        let environment = Self {
            interpreter: interpreter.clone(),
            directory: env::current_dir()?.join(directory),
        };
        if !environment.program("python").exists() {
            println!("{}: making a virtual environment", interpreter.label);
            let mut venv = Command::new(&interpreter.path);
            venv.args(["-m", "venv", "--clear"])
                .arg(&environment.directory);
            process::run(&mut venv)?;
        }
        Ok(environment)
    }

    /// The interpreter of the environment.
    pub(crate) fn python(&self) -> Python<'_> {
        Python::new(
            self.interpreter.label.clone(),
            self.interpreter.debug,
            self.program("python"),
            |program| Command::new(program),
        )
    }

    /// Another program of the environment.
    pub(crate) fn command(&self, name: &str) -> Command {
        Command::new(self.program(name))
    }

    /// The `PATH` of a shell in which the environment is active: for programs that look for others of it.
    pub(crate) fn search_path(&self) -> Result<OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let programs = self.program("python").with_file_name("");
        let directories = iter::once(programs).chain(env::split_paths(&path));
        Ok(env::join_paths(directories)?)
    }

    /// Installs a built package without an index: it can need nothing else.
    pub(crate) fn install_file(&self, file: &Path) -> Result<()> {
        self.pip([OsStr::new("--no-index"), file.as_os_str()])
    }

    fn install_group(&self, group: &str) -> Result<()> {
        self.install(group, &requirements(group)?)
    }

    fn install_package(&self) -> Result<()> {
        let digest = format!("{:016x}", digest(&SOURCES)?);
        self.unless_recorded("package", &digest, || {
            self.install("build", &pyproject()?.build_system.requires)?;
            println!("{}: building the wheel", self.interpreter.label);
            let wheels = PathBuf::from("target/wheels").join(&self.interpreter.label);
            remove_directory(&wheels)?;
            process::run(
                Command::new(self.program("maturin"))
                    .args(["build", "--quiet", "--interpreter"])
                    .arg(self.program("python"))
                    .arg("--out")
                    .arg(&wheels),
            )?;
            let wheel = fs::read_dir(&wheels)?
                .next()
                .context("maturin left no wheel")??
                .path();
            self.pip([
                OsStr::new("--no-deps"),
                OsStr::new("--no-index"),
                OsStr::new("--force-reinstall"),
                wheel.as_os_str(),
            ])
        })
    }

    fn install(&self, name: &str, requirements: &[String]) -> Result<()> {
        self.unless_recorded(name, &requirements.join("\n"), || self.pip(requirements))
    }

    /// Does a part of the setting up, unless it is on record that it was done for the same input.
    fn unless_recorded(
        &self,
        part: &str,
        input: &str,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let record = self.directory.join(format!("xtask-{part}.txt"));
        if fs::read_to_string(&record).is_ok_and(|done| done == input) {
            return Ok(());
        }
        work()?;
        Ok(fs::write(record, input)?)
    }

    fn pip(&self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<()> {
        let mut command = Command::new(self.program("python"));
        command
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(arguments);
        process::run(&mut command)
    }

    /// One of the environment's programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory
            .join(PROGRAMS)
            .join(name)
            .with_extension(env::consts::EXE_EXTENSION)
    }
}

/// What a dependency group lists.
pub(crate) fn requirements(group: &str) -> Result<Vec<String>> {
    pyproject()?.requirements(group)
}

fn pyproject() -> Result<Pyproject> {
    toml::from_str(&fs::read_to_string("pyproject.toml")?).context("cannot read pyproject.toml")
}

pub(crate) fn remove_directory(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// A number that changes when a file does.
fn digest(paths: &[&str]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        digest_path(Path::new(path), &mut hasher)?;
    }
    Ok(hasher.finish())
}

/// What is beside the sources without being one: compiled modules, left by Python and by `maturin
/// develop`.
pub(crate) fn is_artifact(path: &Path) -> bool {
    let compiled = ["so", "pyd"];
    path.ends_with("__pycache__")
        || path
            .extension()
            .is_some_and(|extension| compiled.iter().any(|compiled| extension == *compiled))
}

fn digest_path(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    if path.is_dir() {
        let mut children = fs::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()?;
        children.sort();
        children.retain(|child| !is_artifact(child));
        children
            .iter()
            .try_for_each(|child| digest_path(child, hasher))
    } else {
        (
            path,
            fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
        )
            .hash(hasher);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_follows_contents_and_names_of_sources_only() {
        let directory = env::temp_dir().join(format!("weakrefs-xtask-{}", std::process::id()));
        let path = |name: &str| directory.join(name);
        let now = || digest(&[directory.to_str().unwrap()]).unwrap();
        fs::create_dir_all(path("__pycache__")).unwrap();
        fs::write(path("a.py"), "1").unwrap();
        let before = now();
        fs::write(path("__pycache__/a.pyc"), "x").unwrap();
        fs::write(path("a.cpython-311-x86_64-linux-gnu.so"), "x").unwrap();
        assert_eq!(now(), before);
        fs::write(path("a.py"), "2").unwrap();
        assert_ne!(now(), before);
        fs::rename(path("a.py"), path("b.py")).unwrap();
        fs::write(path("b.py"), "1").unwrap();
        assert_ne!(now(), before);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn requirements_are_read() {
        let text = "[build-system]\nrequires = ['maturin']\n\
                    [dependency-groups]\ntest = ['pytest>=8']\n[tool.x]\ny = 1";
        let pyproject = || toml::from_str::<Pyproject>(text).unwrap();
        assert_eq!(pyproject().build_system.requires, ["maturin"]);
        assert_eq!(pyproject().requirements("test").unwrap(), ["pytest>=8"]);
        assert!(pyproject().requirements("tests").is_err());
    }
}
