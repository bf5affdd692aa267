//! The example programs do what they say.

#![cfg(not(any(miri, shuttle, target_family = "wasm")))]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, process};

/// What an example writes to standard output, given arguments and standard input.
fn output_of(example: &str, arguments: &[&Path], input: &str) -> String {
    let mut running = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--example", example, "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .arg("--")
        .args(arguments)
        // Those of a sanitizer are for one target, which is not said here.
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cargo runs");
    let mut stdin = running.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it is read");
    drop(stdin);
    let output = running.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{example}: {}", output.status);
    String::from_utf8(output.stdout).expect("it is text")
}

/// A directory with a file, for one test.
fn file(test: &str, text: &str) -> (PathBuf, PathBuf) {
    let name = format!("weakrefs-{test}-{}", process::id());
    let directory = std::env::temp_dir().join(name);
    fs::create_dir_all(&directory).expect("it can be made");
    let file = directory.join("a.txt");
    fs::write(&file, text).expect("it can be written");
    (directory, file)
}

/// S2, S20, S29: who leaves is gone from the registry, and then the others hear of it.
#[test]
fn connections() {
    let heard = output_of("connections", &[], "");
    let expected = "\
Ann hears: you are number 1, 1 are here
Bob hears: you are number 2, 2 are here
Ann hears: 1: hello
Bob hears: 1: hello
Ann hears: 2 has left
Cleo hears: you are number 3, 2 are here
Ann hears: 3: hello, too
Cleo hears: 3: hello, too
";
    assert_eq!(heard.replace("\r\n", "\n"), expected);
}

/// S17, S20: a text's symbols go with it, but for those that are still used.
#[test]
fn interner() {
    let output = output_of("interner", &[], "the cat and the dog and the bird\n");
    assert!(output.contains("8 words, 5 new symbols"), "{output}");
    assert!(output.contains("2 symbols less"), "{output}");
}

/// S17, S20: notes go with the objects that they are on.
#[test]
fn metadata() {
    let output = output_of(
        "metadata",
        &[],
        "# One\n\n two words \nsome more words\nend\n# Two\n",
    );
    let expected = "\
6 lines read, 3 still there
line 1, changed 0 times, kept by contents: # One
line 4, changed 0 times, kept by longest: some more words
line 6, changed 0 times, kept by contents: # Two
without the stages: 0
";
    assert_eq!(output, expected);
}

/// S28: an observer that is gone is told nothing.
#[test]
fn observer() {
    let (directory, text) = file("observer", "the cat\nthe dog\nthe dog\nthe dog\na bird\n");
    let output = output_of("observer", &[&text, Path::new("dog")], "");
    fs::remove_dir_all(directory).expect("it can be removed");
    // It looked for three lines.
    assert!(output.contains("1 observers after line 4"), "{output}");
    assert!(output.contains("5 lines, 10 words"), "{output}");
}

/// S16: a file leaves the cache with the last report that holds it.
#[test]
fn parsed_files() {
    let (directory, _) = file("parsed", "x = 1\nyy yy\n");
    let output = output_of("parsed_files", &[&directory], "");
    fs::remove_dir_all(directory).expect("it can be removed");
    assert!(
        output.contains("3 requests, 2 hits, 1 times parsed"),
        "{output}"
    );
    let last = output.lines().last().unwrap_or_default();
    assert!(last.contains("0 files"), "{output}");
}

/// S31: sorted through files that nobody has to remove.
#[test]
fn temp_files() {
    let (directory, text) = file("sorted", "b\na\nd\nc\n");
    let output = output_of("temp_files", &[&text, Path::new("2")], "");
    fs::remove_dir_all(directory).expect("it can be removed");
    assert_eq!(output, "a\nb\nc\nd\n");
}
