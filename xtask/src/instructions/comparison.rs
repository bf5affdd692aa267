//! Costs beside those on record: what has got worse.

use super::references::Costs;
use crate::report::{Outcome, table};

/// By how much a ratio may differ from the one on record.
const TOLERANCE: f64 = 0.15;

/// What has become of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    New,
    Same,
    Better,
    Worse,
}

impl Verdict {
    /// `change` is that of the ratio, if there is one on record.
    fn of(change: Option<f64>) -> Self {
        match change {
            None => Self::New,
            Some(change) if change > TOLERANCE => Self::Worse,
            Some(change) if change < -TOLERANCE => Self::Better,
            Some(_) => Self::Same,
        }
    }
}

/// Prints the costs of `subject` beside those on record. What is worse has failed, and so has what is on
/// record but was not counted: nobody would notice if it got worse.
pub(super) fn compare(subject: &str, costs: &Costs, recorded: &Costs) -> Outcome {
    let mut rows = table(
        [
            "operation",
            "ours",
            "strong",
            "ratio",
            "on record",
            "change",
        ],
        1..6,
    );
    let mut outcome = Outcome::default();
    let (mut failures, mut better) = (Vec::new(), 0);
    for (name, cost) in costs {
        let before = recorded.get(name).map(|cost| cost.ratio);
        let change = before.map(|before| cost.ratio / before - 1.0);
        let verdict = Verdict::of(change);
        let before = before.map_or_else(String::new, |before| format!("{before:.2}"));
        match verdict {
            Verdict::New => outcome.skipped += 1,
            Verdict::Same => outcome.passed += 1,
            Verdict::Better => {
                outcome.passed += 1;
                better += 1;
            }
            Verdict::Worse => failures.push(format!("{name}: {before} -> {:.2}", cost.ratio)),
        }
        let change = change.map_or_else(String::new, |change| format!("{:+.1} %", change * 100.0));
        rows.add_row([
            name.clone(),
            format!("{:.1}", cost.ours),
            format!("{:.1}", cost.strong),
            format!("{:.2}", cost.ratio),
            before,
            change,
        ]);
    }
    println!("{subject}, instructions each time\n\n{rows}\n");
    let gone = recorded.keys().filter(|name| !costs.contains_key(*name));
    failures.extend(gone.map(|name| format!("{name}: on record, but not counted")));
    failures.iter().for_each(|failure| println!("{failure}"));
    outcome.failed = failures.len() as u64;
    outcome.note = note(subject, &failures, better, outcome.skipped);
    outcome
}

/// The part of it that the report's table has room for.
fn note(subject: &str, failures: &[String], better: u64, new: u64) -> String {
    let mut notes = Vec::new();
    match failures {
        [] => {}
        [failure] => notes.push(failure.clone()),
        [failure, others @ ..] => notes.push(format!("{failure}, and {} more", others.len())),
    }
    if better > 0 {
        notes.push(format!("{better} better: --update records them"));
    }
    if new > 0 {
        notes.push(format!(
            "{new} without reference for {subject}: --update records them"
        ));
    }
    notes.join("; ")
}

#[cfg(test)]
mod tests {
    use super::{super::references::Cost, *};

    fn costs(figures: &[(&str, f64, f64)]) -> Costs {
        let costs = figures.iter();
        costs
            .map(|&(name, ours, strong)| (name.to_owned(), Cost::new(ours, strong)))
            .collect()
    }

    fn compared(now: &[(&str, f64, f64)], before: &[(&str, f64, f64)]) -> Outcome {
        compare("Rust", &costs(now), &costs(before))
    }

    #[test]
    fn only_more_than_the_tolerance_is_worse() {
        for (ours, passed) in [(300.0, 1), (344.0, 1), (346.0, 0), (256.0, 1), (100.0, 1)] {
            let outcome = compared(&[("get", ours, 200.0)], &[("get", 300.0, 200.0)]);
            assert_eq!(
                (outcome.passed, outcome.failed),
                (passed, 1 - passed),
                "{ours}"
            );
        }
    }

    #[test]
    fn the_ratio_counts_and_not_the_instructions() {
        let outcome = compared(&[("get", 600.0, 400.0)], &[("get", 300.0, 200.0)]);
        assert_eq!(outcome, Outcome::passed());
        let outcome = compared(&[("get", 300.0, 150.0)], &[("get", 300.0, 200.0)]);
        assert_eq!(outcome.failed, 1);
    }

    #[test]
    fn what_is_worse_is_named_with_both_ratios() {
        let before = [("get", 300.0, 200.0), ("in", 300.0, 200.0)];
        let outcome = compared(&[("get", 400.0, 200.0), ("in", 300.0, 200.0)], &before);
        assert_eq!(outcome.note, "get: 1.50 -> 2.00");
        let outcome = compared(&[("get", 400.0, 200.0), ("in", 500.0, 200.0)], &before);
        assert_eq!(outcome.note, "get: 1.50 -> 2.00, and 1 more");
    }

    #[test]
    fn what_is_better_passes_with_a_hint() {
        let outcome = compared(&[("get", 200.0, 200.0)], &[("get", 300.0, 200.0)]);
        assert_eq!((outcome.passed, outcome.failed), (1, 0));
        assert_eq!(outcome.note, "1 better: --update records them");
    }

    #[test]
    fn what_is_not_on_record_is_neither_passed_nor_failed() {
        let outcome = compared(&[("get", 200.0, 200.0)], &[]);
        assert_eq!((outcome.passed, outcome.failed, outcome.skipped), (0, 0, 1));
        assert!(outcome.note.starts_with("1 without reference for Rust"));
    }

    #[test]
    fn what_is_on_record_must_be_counted() {
        let outcome = compared(&[], &[("get", 200.0, 200.0)]);
        assert_eq!(outcome.failed, 1);
        assert_eq!(outcome.note, "get: on record, but not counted");
    }
}
