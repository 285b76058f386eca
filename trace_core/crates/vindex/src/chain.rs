//! The chain over the leaf indexes of one token.

use crate::{Hash, trie::Key};

/// The chain before the first leaf index.
pub const CHAIN_START: Hash = [0; 32];

/// What a link hashes first.
const CHAIN_PREFIX: u8 = 2;

/// What a link hashes: its prefix, the chain before and the leaf index.
const LINK_BYTES: usize = 1 + size_of::<Hash>() + size_of::<u64>();

/// That a log entry carries a token. Ordered by the token first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Occurrence {
    pub(crate) key: Key,
    pub(crate) leaf_index: u64,
}

/// The chain after these leaf indexes more; begins with [`CHAIN_START`].
///
/// That they are ascending, and greater than those before, is for the caller to check. Cost: one hash each,
/// none of which can begin before the one before it has ended.
#[must_use]
pub fn extend_chain(chain: &Hash, leaf_indexes: &[u64]) -> Hash {
    leaf_indexes.iter().fold(*chain, |chain, leaf_index| sha256::digest(&link(&chain, *leaf_index)))
}

/// Extends each chain by the leaf indexes of its run, all chains side by side.
pub(crate) fn extend_chains(chains: &mut [Hash], runs: &[&[Occurrence]]) {
    let mut links = Vec::with_capacity(chains.len());
    let mut digests = vec![Hash::default(); chains.len()];
    let mut going_on: Vec<usize> = (0..chains.len()).collect();
    for round in 0.. {
        going_on.retain(|&at| runs[at].len() > round);
        if going_on.is_empty() {
            break;
        }
        links.clear();
        links.extend(going_on.iter().map(|&at| link(&chains[at], runs[at][round].leaf_index)));
        let digests = &mut digests[..links.len()];
        sha256::short_digests(&links, digests);
        for (&at, digest) in going_on.iter().zip(digests) {
            chains[at] = *digest;
        }
    }
}

/// 0x02 ‖ chain ‖ leaf index.
fn link(chain: &Hash, leaf_index: u64) -> [u8; LINK_BYTES] {
    let mut link = [CHAIN_PREFIX; LINK_BYTES];
    let (before, index) = link[1..].split_at_mut(chain.len());
    before.copy_from_slice(chain);
    index.copy_from_slice(&leaf_index.to_be_bytes());
    link
}
