//! Spreading of caller-given hashes over the bits that the index uses.

/// So many neighbouring hashes, as a power of two, stay neighbours in the index.
const BLOCK: u32 = 8;

/// Mixes `hash` for the index, which takes the bucket from the low bits and a tag from the top seven.
///
/// Unmixed, Python's hashes would not do: those of integers and addresses differ in a few bits only,
/// so that all would share one tag, and multiples of a large power of two one bucket. Mixed
/// completely, they would lose what makes `dict` fast on large tables: objects that were created one
/// after another have neighbouring addresses, and are mostly visited and destroyed in that order. So
/// the low bits stay, a block of neighbours shares a few cache lines, and the blocks are scattered.
#[inline]
pub(crate) fn spread(hash: u64) -> u64 {
    // 2^64 divided by the golden ratio: neighbouring factors give distant products.
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let block = u128::from(hash >> BLOCK) * u128::from(GOLDEN);
    let block = (block >> 64) as u64 ^ block as u64;
    let tag = hash.wrapping_mul(GOLDEN) & (0x7F << 57);
    tag ^ (block ^ hash & ((1 << BLOCK) - 1)) & !(0x7F << 57)
}

#[cfg(test)]
mod tests {
    use super::spread;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    /// The hashes that Python gives to integers and addresses must not pile up in one bucket or tag.
    #[test]
    fn patterned_hashes_spread_over_buckets_and_tags() {
        for shift in [0, 1, 2, 4, 6, 16, 32, 48] {
            let spread: Vec<u64> = (0..4096u64).map(|i| spread(i << shift)).collect();
            let buckets: BTreeSet<u64> = spread.iter().map(|hash| hash & 8191).collect();
            let tags: BTreeSet<u64> = spread.iter().map(|hash| hash >> 57).collect();
            assert!(
                buckets.len() > 1500,
                "shift {shift}: {} buckets",
                buckets.len()
            );
            assert_eq!(tags.len(), 128, "shift {shift}");
        }
    }

    /// Neighbours that may be compared with each other have different tags.
    #[test]
    fn neighbours_have_different_tags() {
        for base in [0, 1 << 20, 0x7F00_1234_5670] {
            let tags: BTreeSet<u64> = (base..base + 16).map(|hash| spread(hash) >> 57).collect();
            assert_eq!(tags.len(), 16);
        }
    }
}
