//! What must not compile, and the words in which the compiler says so.
//!
//! `derive.rs` holds the counterparts that compile. The messages are those of the stable compiler; to
//! accept new ones, run the test with `TRYBUILD=overwrite` and read the difference.

/// S12 (opting in, `#[derive(WeakReferenceable)]`) and S8 (no order).
#[test]
fn refused() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
