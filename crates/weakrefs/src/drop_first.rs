//! [`drop_first`]: what to do with what a function holds when it returns.

/// Drops `held`, whose destructor may be the user's and panic, and gives `result`.
///
/// What a local holds is dropped when the result is in its place already, and if that panics the compiler
/// leaks the result (rust-lang/rust#47949): an object that is returned would never die. Here the result
/// is dropped, too.
#[inline]
pub(crate) fn drop_first<R>(held: impl Sized, result: R) -> R {
    drop(held);
    result
}

#[cfg(test)]
mod tests {
    use super::drop_first;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::Arc;

    struct Panics;

    impl Drop for Panics {
        fn drop(&mut self) {
            resume_unwind(Box::new("expected"));
        }
    }

    /// S18: a destructor that panics does not take the result along.
    #[test]
    fn a_panic_leaks_nothing() {
        let object = Arc::new(1);
        let result = Arc::clone(&object);
        let returning = AssertUnwindSafe(|| drop_first(Panics, result));
        assert!(catch_unwind(returning).is_err());
        assert_eq!(Arc::strong_count(&object), 1);
    }
}
