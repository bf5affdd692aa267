//! The costs on record, and the file that keeps them.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use anyhow::{Context as _, Result};
use serde::Deserialize;

const FILE: &str = "bench/instructions/references.toml";

const HEADING: &str = "\
# Instructions of hot operations, each time, ours and the strong container's; their ratio is what counts.
# Written by `cargo xtask instructions --update`.
";

/// The costs of operations, by name.
pub(super) type Costs = BTreeMap<String, Cost>;

/// What an operation takes, in instructions.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct Cost {
    pub(super) ratio: f64,
    pub(super) ours: f64,
    pub(super) strong: f64,
}

impl Cost {
    pub(super) fn new(ours: f64, strong: f64) -> Self {
        Self {
            ratio: ours / strong,
            ours,
            strong,
        }
    }
}

/// The costs on record, by what was counted.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub(super) struct References(BTreeMap<String, Costs>);

impl References {
    pub(super) fn read() -> Result<Self> {
        let text = fs::read_to_string(FILE).with_context(|| format!("cannot read {FILE}"))?;
        toml::from_str(&text).with_context(|| format!("cannot understand {FILE}"))
    }

    pub(super) fn write(&self) -> Result<()> {
        fs::write(FILE, self.text()).with_context(|| format!("cannot write {FILE}"))
    }

    /// A line for each operation, for people to compare.
    fn text(&self) -> String {
        let mut text = HEADING.to_owned();
        for (subject, costs) in &self.0 {
            let _ = writeln!(text, "\n[{subject:?}]");
            for (name, cost) in costs {
                let _ = writeln!(
                    text,
                    "{name:?} = {{ ratio = {:.3}, ours = {:.1}, strong = {:.1} }}",
                    cost.ratio, cost.ours, cost.strong
                );
            }
        }
        text
    }

    pub(super) fn record(&mut self, subject: String, costs: Costs) {
        self.0.insert(subject, costs);
    }

    /// What is on record for a subject.
    pub(super) fn of(&self, subject: &str) -> Costs {
        self.0.get(subject).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let costs = |ours| Costs::from([("map d[k], \"same\"".to_owned(), Cost::new(ours, 200.0))]);
        let mut written = References::default();
        written.record("Rust".to_owned(), costs(300.0));
        written.record("CPython 3.11, x86_64".to_owned(), costs(500.0));
        let read: References = toml::from_str(&written.text()).unwrap();
        assert_eq!(read, written);
        assert_eq!(read.of("Rust"), costs(300.0));
        assert_eq!(read.of("CPython 3.12, x86_64"), Costs::new());
    }

    #[test]
    fn recording_replaces() {
        let mut references = References::default();
        for ours in [300.0, 500.0] {
            let costs = Costs::from([(format!("{ours}"), Cost::new(ours, 200.0))]);
            references.record("Rust".to_owned(), costs.clone());
            assert_eq!(references.of("Rust"), costs);
        }
    }
}
