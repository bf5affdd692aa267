//! What the indexes show of the project, away from its tree: no link is relative, each address of the project's leads to a
//! file, and the changelog knows the version. The tests check this, too: it is quick, and a moved page breaks it.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{cargo::workspace_package, report::Outcome};

/// The pages of the packages, and where their other addresses are.
const PAGES: [&str; 5] = [
    "crates/weakrefs/README.md",
    "crates/weakrefs-derive/README.md",
    "crates/weakrefs-table/README.md",
    "crates/weakrefs-python/README.md",
    "pyproject.toml",
];

/// The host of the repository, and the one that gives a file of it alone, such as a picture.
const HOST: &str = "https://github.com/";
const FILES_HOST: &str = "https://raw.githubusercontent.com/";

/// Checks all of it in the tree at `root`; how many addresses it has found is what has passed.
pub(super) fn check(root: &Path) -> Result<Outcome> {
    let package = workspace_package(root)?;
    let mut passed = 0;
    for page in PAGES {
        let text = fs::read_to_string(root.join(page))?;
        for target in links(&text) {
            ensure!(
                target.starts_with("https://"),
                "{page}: {target} is relative"
            );
        }
        for address in addresses(&text) {
            if let Some(file) = file_at(address, &package.repository).context(page)? {
                ensure!(root.join(file).is_file(), "{page}: no file {file}");
            }
            passed += 1;
        }
    }
    let changes = fs::read_to_string(root.join("CHANGELOG.md"))?;
    let title = changes
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .find(|title| title.split(' ').next() == Some(&package.version))
        .with_context(|| format!("CHANGELOG.md has no section {}", package.version))?;
    Ok(Outcome {
        passed: passed + 1,
        note: title.to_owned(),
        ..Outcome::default()
    })
}

/// The targets of Markdown's links and pictures.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

/// Every address in a text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "()<>\"'".contains(c))
        .filter(|word| word.starts_with("https://"))
}

/// The file of the tree at an address, if it is one of the project's that leads to a file. Those on the same host that are not
/// the project's are mistakes: of an address that it had before.
fn file_at<'a>(address: &'a str, repository: &str) -> Result<Option<&'a str>> {
    let Some(name) = repository.strip_prefix(HOST) else {
        bail!("the repository is not at {HOST}");
    };
    let (rest, view) = if let Some(rest) = address.strip_prefix(FILES_HOST) {
        (rest, "/main/")
    } else if let Some(rest) = address.strip_prefix(HOST) {
        (rest, "/blob/main/")
    } else {
        return Ok(None);
    };
    let Some(rest) = rest.strip_prefix(name) else {
        bail!("{address} is not the project's");
    };
    Ok(rest
        .strip_prefix(view)
        .and_then(|file| file.split('#').next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_leads_somewhere() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert!(check(&root).unwrap().passed > 5);
    }

    #[test]
    fn links_and_addresses() {
        let text =
            "[a](docs/A.md) and ![b](https://b.example/b.svg \"c\")\nurl = \"https://c.example\"";
        assert_eq!(
            links(text).collect::<Vec<_>>(),
            ["docs/A.md", "https://b.example/b.svg \"c\""]
        );
        assert_eq!(
            addresses(text).collect::<Vec<_>>(),
            ["https://b.example/b.svg", "https://c.example"]
        );
    }

    #[test]
    fn files_at_addresses() {
        let at = |address| file_at(address, "https://github.com/us/it");
        let page = "https://github.com/us/it/blob/main/docs/A.md#b";
        assert_eq!(at(page).unwrap(), Some("docs/A.md"));
        let picture = "https://raw.githubusercontent.com/us/it/main/a.svg";
        assert_eq!(at(picture).unwrap(), Some("a.svg"));
        assert_eq!(at("https://github.com/us/it/issues").unwrap(), None);
        assert_eq!(at("https://docs.rs/it").unwrap(), None);
        assert!(at("https://github.com/others/it").is_err());
    }
}
