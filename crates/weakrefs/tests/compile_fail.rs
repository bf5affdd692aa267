//! What must not compile, and the words in which the compiler says so.
//!
//! `derive/` holds the counterparts that compile. To accept new messages, run the test with
//! `TRYBUILD=overwrite` and read the difference.

use std::process::Command;

/// S12 (opting in, `#[derive(WeakReferenceable)]`) and S8 (no order).
#[test]
fn refused() {
    if !is_stable() {
        eprintln!("skipped: the messages are those of the stable compiler");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

/// Other channels are there for sanitizers, and word what they refuse differently.
fn is_stable() -> bool {
    let rustc = Command::new("rustc").arg("--version").output();
    let version = String::from_utf8(rustc.expect("`rustc` runs").stdout).expect("text");
    // As in `rustc 1.95.0 (…)` and `rustc 1.97.0-nightly (…)`.
    !version.split(' ').nth(1).expect("a number").contains('-')
}
