//! The costs on record, and what of new ones is worse.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    fs,
};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::report::{Outcome, table};

const FILE: &str = "bench/instructions/references.toml";

const HEADING: &str = "\
# Instructions of hot operations, each time, ours and the strong container's; their ratio is what counts.
# Written by `cargo xtask instructions --update`.
";

/// By how much a ratio may differ from the one on record.
const TOLERANCE: f64 = 0.15;

/// The costs of operations, by name.
pub(crate) type Costs = BTreeMap<String, Cost>;

/// What an operation takes, in instructions.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) struct Cost {
    ratio: f64,
    ours: f64,
    strong: f64,
}

impl Cost {
    pub(crate) fn new(ours: f64, strong: f64) -> Self {
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
pub(crate) struct References(BTreeMap<String, Costs>);

impl References {
    pub(crate) fn read() -> Result<Self> {
        let text = fs::read_to_string(FILE).with_context(|| format!("cannot read {FILE}"))?;
        toml::from_str(&text).with_context(|| format!("cannot understand {FILE}"))
    }

    pub(crate) fn write(&self) -> Result<()> {
        fs::write(FILE, self.text()).with_context(|| format!("cannot write {FILE}"))
    }

    /// A line for each operation, for people to compare.
    fn text(&self) -> String {
        let mut text = HEADING.to_owned();
        for (subject, costs) in &self.0 {
            let _ = writeln!(text, "\n[{subject:?}]");
            for (
                name,
                Cost {
                    ratio,
                    ours,
                    strong,
                },
            ) in costs
            {
                let _ = writeln!(
                    text,
                    "{name:?} = {{ ratio = {ratio:.3}, ours = {ours:.1}, strong = {strong:.1} }}"
                );
            }
        }
        text
    }

    pub(crate) fn record(&mut self, subject: String, costs: Costs) {
        self.0.insert(subject, costs);
    }

    /// Prints costs beside those of the same subject; what has got worse has failed.
    pub(crate) fn compare(&self, subject: &str, costs: &Costs) -> Outcome {
        let nothing = Costs::new();
        let references = self.0.get(subject).unwrap_or(&nothing);
        let mut rows = table(
            [
                "operation",
                "ours",
                "strong",
                "ratio",
                "on record",
                "verdict",
            ],
            1..5,
        );
        let mut outcome = Outcome::default();
        let mut notes = Vec::new();
        let mut better = 0;
        for (name, cost) in costs {
            let reference = references.get(name);
            let verdict = Verdict::of(cost, reference);
            match verdict {
                Verdict::Unknown => outcome.skipped += 1,
                Verdict::Same => outcome.passed += 1,
                Verdict::Better(_) => {
                    outcome.passed += 1;
                    better += 1;
                }
                Verdict::Worse(_) => outcome.failed += 1,
            }
            let on_record = reference.map(|reference| format!("{:.2}", reference.ratio));
            let on_record = on_record.unwrap_or_default();
            if let Verdict::Worse(_) = verdict {
                notes.push(format!("{name}: {on_record} -> {:.2}", cost.ratio));
            }
            rows.add_row([
                name.clone(),
                format!("{:.1}", cost.ours),
                format!("{:.1}", cost.strong),
                format!("{:.2}", cost.ratio),
                on_record,
                verdict.to_string(),
            ]);
        }
        println!("{subject}, instructions each time\n\n{rows}");
        for name in references.keys().filter(|name| !costs.contains_key(*name)) {
            outcome.failed += 1;
            notes.push(format!("{name}: on record, but not counted"));
        }
        if outcome.skipped > 0 {
            notes.push(format!("no reference for {subject}; --update records one"));
        }
        if better > 0 {
            notes.push(format!("{better} better; --update records them"));
        }
        outcome.note = notes.join("; ");
        outcome
    }
}

/// What has become of an operation, with the change of its ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    Unknown,
    Same,
    Better(f64),
    Worse(f64),
}

impl Verdict {
    fn of(cost: &Cost, reference: Option<&Cost>) -> Self {
        let Some(reference) = reference else {
            return Self::Unknown;
        };
        let change = cost.ratio / reference.ratio - 1.0;
        if change > TOLERANCE {
            Self::Worse(change)
        } else if change < -TOLERANCE {
            Self::Better(change)
        } else {
            Self::Same
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "no reference"),
            Self::Same => Ok(()),
            Self::Better(change) => write!(f, "better, {:+.0} %", change * 100.0),
            Self::Worse(change) => write!(f, "WORSE, {:+.0} %", change * 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "CPython 3.11, x86_64";

    fn costs(ours: f64) -> Costs {
        Costs::from([("map d[k], \"same\"".to_owned(), Cost::new(ours, 200.0))])
    }

    fn references(ours: f64) -> References {
        References(BTreeMap::from([(SUBJECT.to_owned(), costs(ours))]))
    }

    #[test]
    fn more_than_the_tolerance_is_worse() {
        let references = references(300.0);
        for (ours, passed, failed) in [(300.0, 1, 0), (344.0, 1, 0), (346.0, 0, 1), (100.0, 1, 0)] {
            let outcome = references.compare(SUBJECT, &costs(ours));
            assert_eq!((outcome.passed, outcome.failed), (passed, failed), "{ours}");
        }
    }

    #[test]
    fn the_note_names_what_is_worse_and_what_was() {
        let outcome = references(300.0).compare(SUBJECT, &costs(400.0));
        assert_eq!(outcome.note, "map d[k], \"same\": 1.50 -> 2.00");
        let outcome = references(300.0).compare(SUBJECT, &costs(200.0));
        assert_eq!(outcome.note, "1 better; --update records them");
    }

    #[test]
    fn the_ratio_counts_and_not_the_instructions() {
        let slower_interpreter =
            Costs::from([("map d[k], \"same\"".to_owned(), Cost::new(600.0, 400.0))]);
        let outcome = references(300.0).compare(SUBJECT, &slower_interpreter);
        assert_eq!((outcome.passed, outcome.failed), (1, 0));
    }

    #[test]
    fn what_is_not_on_record_is_neither_passed_nor_failed() {
        let outcome = References::default().compare(SUBJECT, &costs(300.0));
        assert_eq!((outcome.passed, outcome.failed, outcome.skipped), (0, 0, 1));
        assert!(outcome.note.starts_with("no reference for CPython 3.11"));
    }

    #[test]
    fn what_is_on_record_must_be_counted() {
        let outcome = references(300.0).compare(SUBJECT, &Costs::new());
        assert_eq!(outcome.failed, 1);
    }

    #[test]
    fn what_is_written_is_read() {
        let mut written = references(300.0);
        written.record("Rust".to_owned(), costs(500.0));
        let read: References = toml::from_str(&written.text()).unwrap();
        assert_eq!(read, written);
    }
}
