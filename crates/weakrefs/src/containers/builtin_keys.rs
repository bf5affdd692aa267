//! Keys whose comparison runs none of the user's code, and so may be made inside the table.
//!
//! Most maps have strings or numbers for keys. Comparing those under the lock saves a count up and
//! down of the key and, for changes, taking the lock again.

use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whether `Q` and `K` are types of the standard library whose comparison is known to be its own.
#[inline]
pub(crate) fn compares_without_user_code<Q: ?Sized, K>() -> bool {
    macro_rules! any {
        ($($key:ty as $($borrowed:ty)|+),+ $(,)?) => {
            $((is::<K, $key>() && (false $(|| is::<Q, $borrowed>())+)))||+
        };
    }
    any! {
        String as String | str,
        &'static str as &'static str | str,
        Box<str> as Box<str> | str,
        Arc<str> as Arc<str> | str,
        Vec<u8> as Vec<u8> | [u8],
        PathBuf as PathBuf | Path,
        OsString as OsString | OsStr,
        u8 as u8, u16 as u16, u32 as u32, u64 as u64, u128 as u128, usize as usize,
        i8 as i8, i16 as i16, i32 as i32, i64 as i64, i128 as i128, isize as isize,
        char as char, bool as bool,
        (u32, u32) as (u32, u32), (u64, u64) as (u64, u64), (usize, usize) as (usize, usize),
        (i32, i32) as (i32, i32), (i64, i64) as (i64, i64),
    }
}

/// Whether two types are the same but for lifetimes.
#[inline]
fn is<T: ?Sized, U: ?Sized + 'static>() -> bool {
    typeid::of::<T>() == TypeId::of::<U>()
}

#[cfg(test)]
mod tests {
    use super::compares_without_user_code as plain;

    #[test]
    fn only_known_pairs() {
        assert!(plain::<str, String>());
        assert!(plain::<&str, &'static str>());
        assert!(plain::<u64, u64>());
        assert!(!plain::<u32, u64>());
        assert!(!plain::<[u8], String>());
        struct Hostile;
        assert!(!plain::<Hostile, String>());
        assert!(!plain::<Hostile, Hostile>());
    }
}
