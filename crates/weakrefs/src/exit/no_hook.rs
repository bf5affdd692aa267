//! In place of `hook` where there is no system below the program (`wasm32-unknown-unknown`, Miri): no process there exits
//! by C's `exit`, or forks, so nothing is registered. An [exit guard](crate::exit_guard) works as everywhere.

pub(super) fn install() {}

pub(super) fn is_fork() -> bool {
    false
}
