//! Starting cargo, for what needs no interpreter, and what the workspace's manifest says.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// What is published, each after those that it depends on.
pub(crate) const CRATES: [&str; 3] = ["weakrefs-table", "weakrefs-derive", "weakrefs"];

/// What holds for all packages of the workspace.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Package {
    pub(crate) version: String,
    pub(crate) repository: String,
    pub(crate) rust_version: String,
}

/// That, of the workspace at `root`.
pub(crate) fn workspace_package(root: &Path) -> Result<Package> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let manifest: toml::Table = toml::from_str(&manifest)?;
    let package = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("package"));
    let package = package.context("Cargo.toml says nothing of all packages")?;
    Ok(package.clone().try_into()?)
}

/// The cargo that has started us.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The options that choose packages.
pub(crate) fn packages<'a>(names: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    names.iter().flat_map(|name| ["--package", name])
}

/// The platform in the verbose version of rustc or cargo.
pub(crate) fn host(version: &str) -> Option<&str> {
    version.lines().find_map(|line| line.strip_prefix("host: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_speaks_for_its_packages() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let package = workspace_package(&root).unwrap();
        assert_eq!(package.version.split('.').count(), 3);
        assert!(workspace_package(&root.join("xtask")).is_err());
    }

    #[test]
    fn the_platform() {
        let version = "rustc 1.97.0-nightly\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n";
        assert_eq!(host(version), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(host("rustc 1.97.0"), None);
    }
}
