//! What criterion leaves behind: for each benchmark a directory `new`, with a file that says what was
//! measured and one with the samples.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::{Deserialize, de::DeserializeOwned};

use super::figures::Row;

/// What was measured: `<group>: <case>`, the way, the number of entries.
#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: String,
    value_str: Option<String>,
    throughput: Option<Throughput>,
}

/// How much was done each time.
#[derive(Deserialize)]
enum Throughput {
    Elements(u64),
}

/// How often it was done, and how many nanoseconds that took.
#[derive(Deserialize)]
struct Samples {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// Everything below a directory, in the order in which it was measured.
pub(super) fn read(directory: &Path) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    collect(directory, &mut found)?;
    found.sort_by_key(|(written, _)| *written);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

fn collect(directory: &Path, found: &mut Vec<(std::time::SystemTime, Row)>) -> Result<()> {
    if !directory.is_dir() {
        return Ok(());
    }
    if directory.ends_with("new") {
        let file = directory.join("benchmark.json");
        let written = fs::metadata(&file)?.modified()?;
        found.push((
            written,
            row(parse(&file)?, &parse(&directory.join("sample.json"))?)?,
        ));
        return Ok(());
    }
    fs::read_dir(directory)?.try_for_each(|entry| collect(&entry?.path(), found))
}

fn parse<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let text = fs::read_to_string(file)?;
    serde_json::from_str(&text).with_context(|| format!("cannot understand {}", file.display()))
}

fn row(benchmark: Benchmark, samples: &Samples) -> Result<Row> {
    let Benchmark {
        group_id,
        function_id,
        value_str,
        throughput,
    } = benchmark;
    let (group, name) = group_id
        .split_once(": ")
        .with_context(|| format!("{group_id:?} has no group"))?;
    let entries = match value_str {
        Some(value) => value.parse().context("the entries are no number")?,
        None => 1,
    };
    let each = match throughput {
        Some(Throughput::Elements(elements)) => elements as f64,
        None => 1.0,
    };
    let samples = samples.iters.iter().zip(&samples.times);
    Ok(Row {
        group: group.to_owned(),
        name: name.to_owned(),
        entries,
        way: function_id,
        values: samples
            .map(|(iterations, time)| time / iterations / each)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_row(benchmark: &str, samples: &str) -> Row {
        row(
            serde_json::from_str(benchmark).unwrap(),
            &serde_json::from_str(samples).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn a_benchmark_of_an_operation() {
        let row = read_row(
            r#"{"group_id":"WeakValueMap: get(&str), hit","function_id":"DashMap<K, Weak>","value_str":"1000",
                "throughput":null,"full_id":"x","directory_name":"x","title":"x"}"#,
            r#"{"sampling_mode":"Linear","iters":[10.0,20.0],"times":[300.0,500.0]}"#,
        );
        assert_eq!(
            (row.group.as_str(), row.name.as_str()),
            ("WeakValueMap", "get(&str), hit")
        );
        assert_eq!((row.way.as_str(), row.entries), ("DashMap<K, Weak>", 1000));
        assert_eq!(row.values, [30.0, 25.0]);
    }

    #[test]
    fn a_pass_counts_for_each_entry_and_what_has_none_has_one() {
        let samples = r#"{"iters":[2.0],"times":[6000.0]}"#;
        let row = read_row(
            r#"{"group_id":"WeakSet: iterate","function_id":"weakrefs","value_str":"1000","throughput":{"Elements":1000}}"#,
            samples,
        );
        assert_eq!(row.values, [3.0]);
        let row = read_row(
            r#"{"group_id":"Ref: upgrade","function_id":"std","value_str":null,"throughput":null}"#,
            samples,
        );
        assert_eq!((row.entries, row.values), (1, vec![3000.0]));
    }
}
