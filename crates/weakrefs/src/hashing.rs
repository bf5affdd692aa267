//! [`RandomState`]: how containers hash unless told otherwise.

use foldhash::fast;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

/// The default way of containers to hash, with a random key of its own for each: `foldhash`, as in `hashbrown`.
///
/// It is much faster than `std`'s, and resists keys that were made to collide by somebody who cannot observe the
/// container closely. Against others, give the container `std`'s `RandomState` by `with_hasher`.
///
/// ```
/// use std::hash::RandomState;
/// use weakrefs::{Tracked, WeakSet};
///
/// let set: WeakSet<Tracked<String>, RandomState> = WeakSet::default();
/// # assert!(set.is_empty());
/// ```
#[derive(Clone, Default)]
pub struct RandomState {
    state: fast::RandomState,
}

impl RandomState {
    /// One with a new key.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl BuildHasher for RandomState {
    type Hasher = DefaultHasher;

    #[inline]
    fn build_hasher(&self) -> DefaultHasher {
        DefaultHasher {
            hasher: self.state.build_hasher(),
        }
    }
}

impl fmt::Debug for RandomState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomState").finish_non_exhaustive()
    }
}

/// The hasher of a [`RandomState`].
#[derive(Clone)]
pub struct DefaultHasher {
    hasher: <fast::RandomState as BuildHasher>::Hasher,
}

/// One after the other, as the hasher has faster ways for some.
macro_rules! forward {
    ($($write:ident: $type:ty),+ $(,)?) => {$(
        #[inline(always)]
        fn $write(&mut self, value: $type) {
            self.hasher.$write(value);
        }
    )+};
}

impl Hasher for DefaultHasher {
    forward! {
        write: &[u8],
        write_u8: u8,
        write_u16: u16,
        write_u32: u32,
        write_u64: u64,
        write_u128: u128,
        write_usize: usize,
        write_i8: i8,
        write_i16: i16,
        write_i32: i32,
        write_i64: i64,
        write_i128: i128,
        write_isize: isize,
    }

    #[inline(always)]
    fn finish(&self) -> u64 {
        self.hasher.finish()
    }
}

impl fmt::Debug for DefaultHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultHasher").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::RandomState;
    use std::hash::BuildHasher;

    /// Each has its own key, a clone the same.
    #[test]
    fn hashes_differ_from_state_to_state() {
        let states: Vec<_> = (0..20).map(|_| RandomState::new()).collect();
        let hash = states[0].hash_one("key");
        assert_eq!(states[0].clone().hash_one("key"), hash);
        assert!(states.iter().any(|state| state.hash_one("key") != hash));
    }
}
