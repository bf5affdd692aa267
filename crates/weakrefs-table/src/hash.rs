//! Spreading of caller-given hashes over the words of the index.

/// So many neighbouring hashes, as a power of two, stay near each other in the index.
const BLOCK: u32 = 8;

/// Where the index looks for a hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    /// The word to begin at; the bits above as many words as there are do not matter.
    pub(crate) home: usize,
    /// What makes its way to other lines than others': odd.
    pub(crate) increment: usize,
}

/// Spreads `hash`.
///
/// As they are, Python's hashes would not do: those of integers and addresses differ in a few bits only,
/// so that multiples of a large power of two would have one home. Mixed completely, they would lose what
/// makes `dict` fast on large tables: objects that were created one after another have neighbouring
/// addresses, and are mostly visited and destroyed in that order. So the low bits stay, a block of neighbours
/// shares a few cache lines, and the blocks are scattered. Next to each word of a block is one that is not of it,
/// since without an empty word now and then (the hashes of integers in a row leave none) a probe does not end.
#[inline]
pub(crate) fn spread(hash: u64) -> Spread {
    // 2^64 divided by the golden ratio: neighbouring factors give distant products.
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    // And its next digits: the first block, of the smallest numbers, is to be scattered like the others.
    const FIRST: u64 = 0xF39C_C060_5CED_C834;
    let block = u128::from((hash >> BLOCK) ^ FIRST) * u128::from(GOLDEN);
    let block = (block >> 64) as u64 ^ block as u64;
    let home = block ^ (hash & ((1 << BLOCK) - 1)) << 1;
    Spread {
        home: home as usize,
        increment: (block >> 32) as usize | 1,
    }
}

#[cfg(test)]
mod tests {
    use super::spread;
    use alloc::collections::BTreeSet;

    /// The hashes that Python gives to integers and addresses must not pile up at one home.
    #[test]
    #[cfg_attr(miri, ignore = "takes minutes")]
    fn patterned_hashes_have_many_homes() {
        for shift in [0, 1, 2, 4, 6, 16, 32, 48] {
            let homes = (0..4096u64).map(|i| spread(i << shift).home % 8192);
            let homes: BTreeSet<usize> = homes.collect();
            assert!(homes.len() > 1500, "shift {shift}: {} homes", homes.len());
        }
    }

    /// Neighbours share cache lines.
    #[test]
    fn neighbours_stay_together() {
        for base in [0, 1 << 20, 0x7F00_1234_5600] {
            let lines = (base..base + 16).map(|hash| spread(hash).home / 8);
            assert!(lines.collect::<BTreeSet<usize>>().len() <= 5);
        }
    }
}
