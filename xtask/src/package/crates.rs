//! The Rust crates: what cargo would publish, built from nothing but what is in it, and its licences.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::ARTEFACTS;
use crate::{
    cargo::{CRATES, cargo, packages},
    lint::passes,
    process,
    report::{Outcome, Report},
};

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// All at once: the later ones are built against the earlier ones as packaged.
pub(crate) fn publishable(report: &mut Report) -> Result<()> {
    let mut publish = cargo();
    publish
        .args([
            "publish",
            "--dry-run",
            "--allow-dirty",
            "--target-dir",
            "target",
        ])
        .args(packages(&CRATES));
    passes(report, "rust", "cargo publish --dry-run", &mut publish)
}

/// The archives that were built just now, which publishing leaves none of, and what must be in each.
pub(super) fn archive(version: &str, report: &mut Report) -> Result<()> {
    report.check("rust", "crates and their licences", || {
        let mut package = cargo();
        package
            .args([
                "package",
                "--no-verify",
                "--allow-dirty",
                "--target-dir",
                "target",
            ])
            .args(packages(&CRATES));
        process::run(&mut package)?;
        for name in CRATES {
            let unpacked = Path::new(ARTEFACTS).join(format!("{name}-{version}"));
            has_licences(Path::new("."), &unpacked)?;
        }
        Ok(Outcome {
            passed: CRATES.len() as u64,
            ..Outcome::default()
        })
    })
}

/// Whether the licences of the tree at `root` are there in full: a link to them may not have been followed.
pub(super) fn has_licences(root: &Path, directory: &Path) -> Result<()> {
    for licence in LICENCES {
        let path = directory.join(licence);
        let found = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let original = fs::read(root.join(licence))?;
        ensure!(found == original, "{} is another", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The package of a manifest.
    fn package(manifest: &Path) -> toml::Table {
        let manifest: toml::Table = toml::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
        manifest["package"].as_table().unwrap().clone()
    }

    #[test]
    fn each_crate_that_may_be_published_is_and_has_its_licences() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut found = Vec::new();
        for entry in fs::read_dir(root.join("crates")).unwrap() {
            let directory = entry.unwrap().path();
            let package = package(&directory.join("Cargo.toml"));
            if package
                .get("publish")
                .is_some_and(|publish| publish.as_bool() == Some(false))
            {
                continue;
            }
            has_licences(&root, &directory).unwrap();
            found.push(package["name"].as_str().unwrap().to_owned());
        }
        let mut published = CRATES.to_vec();
        published.sort_unstable();
        found.sort();
        assert_eq!(found, published);
    }

    #[test]
    fn another_licence_is_noticed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let error = has_licences(&root, &root.join("xtask")).unwrap_err();
        assert!(error.to_string().contains("LICENSE-APACHE"));
    }
}
