//! Spreading of caller-given hashes over the bits that the index uses.

/// Mixes `hash` so that both ends of the result depend on all of it.
///
/// The index takes the bucket from the low bits and a tag from the top seven. Python's hashes of
/// integers and addresses differ in a few middle bits only: unmixed, they would share one tag, and
/// multiples of a large power of two would share one bucket.
#[inline]
pub(crate) fn spread(hash: u64) -> u64 {
    // 2^64 divided by the golden ratio: neighbouring hashes land far from each other.
    const GOLDEN: u128 = 0x9E37_79B9_7F4A_7C15;
    let product = u128::from(hash) * GOLDEN;
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::spread;
    use alloc::collections::BTreeSet;

    /// The hashes that Python gives to integers and addresses must not pile up in one bucket or tag.
    #[test]
    fn patterned_hashes_spread_over_buckets_and_tags() {
        for shift in [0, 4, 6, 16, 32, 48] {
            let spread: alloc::vec::Vec<u64> = (0..4096u64).map(|i| spread(i << shift)).collect();
            let buckets: BTreeSet<u64> = spread.iter().map(|hash| hash & 4095).collect();
            let tags: BTreeSet<u64> = spread.iter().map(|hash| hash >> 57).collect();
            assert!(buckets.len() > 2000, "shift {shift}: {} buckets", buckets.len());
            assert_eq!(tags.len(), 128, "shift {shift}");
        }
    }
}
