//! The Rust crates: what cargo would publish, built from nothing but what is in it, and its licences.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::ARTEFACTS;
use crate::{
    cargo::{cargo, packages},
    lint::passes,
    process,
    report::{Outcome, Report},
};

/// What is published, each after those that it depends on.
pub(crate) const CRATES: [&str; 3] = ["weakrefs-table", "weakrefs-derive", "weakrefs"];

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
            has_licences(&unpacked)?;
        }
        Ok(Outcome {
            passed: CRATES.len() as u64,
            ..Outcome::default()
        })
    })
}

/// Whether the licences are there in full: a link to the project's own may not have been followed.
pub(super) fn has_licences(directory: &Path) -> Result<()> {
    for licence in LICENCES {
        let path = directory.join(licence);
        let found = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(found == fs::read(licence)?, "{} is another", path.display());
    }
    Ok(())
}
