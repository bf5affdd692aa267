//! The figures in words and tables: Markdown.

use std::fmt::Write as _;

use super::figures::{Figures, Row};
use crate::report::table;

const NOTES: &str = "\
Medians, in nanoseconds for each operation, or for each entry where all are passed over. Keys and elements are
asked for in random order; every hasher is std's. What comes and what goes is timed a hundred entries at a time, and
weak-table and `DashMap` are told which entry has died. Two threads do the same at the same time, each as often.
*Of std* and *of the `Mutex`* are ours in units of that way, so that less than 1 is faster; `std` has
neither callbacks nor shared references, and stands beside those with what it has.
";

const OURS: &str = "weakrefs";
const STD: &str = "std";
const PLAIN: &str = "weak-table";
const LOCKED: &str = "Mutex<weak-table>";
const DASHMAP: &str = "DashMap<K, Weak>";

/// Everything that was measured.
pub(super) fn markdown(figures: &Figures) -> String {
    let mut text = format!("# {}\n\n{NOTES}", figures.title());
    let mut sizes = distinct(&figures.rows, |row| row.entries);
    sizes.sort_unstable();
    for &size in &sizes {
        let rows: Vec<&Row> = figures
            .rows
            .iter()
            .filter(|row| row.entries == size)
            .collect();
        for group in distinct(&rows, |row| row.group.clone()) {
            let rows: Vec<&Row> = rows
                .iter()
                .copied()
                .filter(|row| row.group == group)
                .collect();
            let entries = match size {
                1 => String::new(),
                size => format!(", {} entries", thousands(size)),
            };
            let _ = write!(text, "\n## {group}{entries}\n\n{}\n", group_table(&rows));
        }
    }
    sizes.retain(|&size| size > 1);
    if let [_, _, ..] = sizes[..] {
        let _ = write!(text, "\n## Growth\n\n{}\n", growth(&figures.rows, &sizes));
    }
    text
}

/// A line for each case.
fn group_table(rows: &[&Row]) -> String {
    let names = distinct(rows, |row| row.name.clone());
    let of = |name: &str, way: &str| {
        let row = rows.iter().find(|row| row.name == name && row.way == way);
        row.map(|row| row.median())
    };
    if rows.iter().any(|row| row.way == STD) {
        let mut table = table(["operation", "ours", "`std`", "of std"], 1..4);
        for name in names {
            let (ours, std) = (of(&name, OURS), of(&name, STD));
            table.add_row([name, number(ours), number(std), ratio(ours, std)]);
        }
        return table.to_string();
    }
    let header = [
        "operation",
        "ours",
        "weak-table",
        "in a `Mutex`",
        "`DashMap<K, Weak<V>>`",
        "of weak-table",
        "of the `Mutex`",
        "of `DashMap`",
    ];
    let mut table = table(header, 1..8);
    for name in names {
        let ours = of(&name, OURS);
        let peers = [PLAIN, LOCKED, DASHMAP].map(|way| of(&name, way));
        let mut line = vec![name, number(ours)];
        line.extend(peers.map(number));
        line.extend(peers.map(|peer| ratio(ours, peer)));
        table.add_row(line);
    }
    table.to_string()
}

/// Of each case ours and the peers over the number of entries, and how many times the cost of the
/// fewest that of the most is.
fn growth(rows: &[Row], sizes: &[u64]) -> String {
    let mut header = vec!["operation".to_owned(), "way".to_owned()];
    header.extend(sizes.iter().map(|&size| thousands(size)));
    header.push("grows".to_owned());
    let mut table = table(header, 2..sizes.len() + 3);
    let rows: Vec<&Row> = rows.iter().filter(|row| row.entries > 1).collect();
    for (group, name) in distinct(&rows, |row| (row.group.clone(), row.name.clone())) {
        let rows: Vec<&Row> = rows
            .iter()
            .copied()
            .filter(|row| row.group == group && row.name == name)
            .collect();
        for way in distinct(&rows, |row| row.way.clone()) {
            let of = |size: u64| {
                let row = rows
                    .iter()
                    .find(|row| row.way == way && row.entries == size);
                row.map(|row| row.median())
            };
            let mut line = vec![format!("{group}: {name}"), way.clone()];
            line.extend(sizes.iter().map(|&size| number(of(size))));
            line.push(ratio(of(sizes[sizes.len() - 1]), of(sizes[0])));
            table.add_row(line);
        }
    }
    table.to_string()
}

/// What there is, each once, in the order in which it comes first.
fn distinct<R, T: PartialEq>(rows: &[R], of: impl Fn(&R) -> T) -> Vec<T> {
    let mut found = Vec::new();
    for row in rows {
        let it = of(row);
        if !found.contains(&it) {
            found.push(it);
        }
    }
    found
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| match value {
        0.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    })
}

fn ratio(one: Option<f64>, other: Option<f64>) -> String {
    one.zip(other)
        .map_or_else(String::new, |(one, other)| format!("{:.2}", one / other))
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::{super::figures::tests::made_up, *};

    /// The cells of the line that begins with a word, below a heading.
    fn cells<'a>(text: &'a str, heading: &str, word: &str) -> Vec<&'a str> {
        let below = text.split_once(heading).expect("the heading").1;
        let line = below
            .lines()
            .find(|line| line.starts_with(&format!("| {word}")));
        let cells = line.expect("the line").trim_matches('|').split('|');
        cells.map(str::trim).collect()
    }

    #[test]
    fn ours_beside_the_peers() {
        let text = markdown(&made_up(&[
            ("WeakValueMap", "get(&str), hit", 1000, OURS, 50.0),
            ("WeakValueMap", "get(&str), hit", 1000, PLAIN, 40.0),
            ("WeakValueMap", "get(&str), hit", 1000, LOCKED, 100.0),
            ("WeakSet", "iterate", 1000, OURS, 12.34),
            ("Ref", "upgrade", 1, OURS, 150.4),
            ("Ref", "upgrade", 1, STD, 100.0),
        ]));
        assert!(text.starts_with("# weakrefs 1.2.3"));
        assert_eq!(
            cells(&text, "## WeakValueMap, 1,000 entries", "get"),
            [
                "get(&str), hit",
                "50.0",
                "40.0",
                "100",
                "",
                "1.25",
                "0.50",
                ""
            ]
        );
        assert_eq!(
            cells(&text, "## WeakSet", "iterate")[..3],
            ["iterate", "12.3", ""]
        );
        assert_eq!(
            cells(&text, "## Ref\n", "upgrade"),
            ["upgrade", "150", "100", "1.50"]
        );
        assert!(!text.contains("## Growth"));
    }

    #[test]
    fn growth_is_from_the_fewest_entries_to_the_most() {
        let text = markdown(&made_up(&[
            ("Ref", "upgrade", 1, OURS, 5.0),
            ("WeakSet", "iterate", 10_000_000, OURS, 30.0),
            ("WeakSet", "iterate", 1000, OURS, 10.0),
            ("WeakSet", "iterate", 1000, LOCKED, 8.0),
        ]));
        let header = cells(&text, "## Growth", "operation");
        assert_eq!(header, ["operation", "way", "1,000", "10,000,000", "grows"]);
        assert_eq!(
            cells(&text, "## Growth", "WeakSet: iterate"),
            ["WeakSet: iterate", OURS, "10.0", "30.0", "3.00"]
        );
        assert!(text.contains("| Mutex<weak-table> |"));
    }
}
