//! What becomes of an operation for which there is no memory.

/// Panics, as a collection of the standard library does when it cannot grow. Call it outside of locks, with nothing
/// half-done: the hook for panics is the user's, and who catches the panic goes on with what was there before.
#[cold]
pub(crate) fn no_room() -> ! {
    panic!("no room for another entry: capacity overflow, or memory is exhausted")
}
