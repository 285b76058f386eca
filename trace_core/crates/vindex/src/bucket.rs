//! Buckets: the leaves whose tokens begin with the same few bits, by token.

use crate::CHAIN_START;
use crate::chain::{Occurrence, extend_chains};
use crate::trie::{Key, Leaf, prefix};

/// Leaves in a bucket on average, at most. Tokens are as good as random, so few buckets hold many more. Where
/// somebody chooses tokens, a bucket may hold them all: still right, but each batch costs as much as all of them.
const BUCKET_LEAVES_MEAN_MAX: usize = 8;

/// Leaves by which a bucket grows, because doubling would leave a third of all memory unused.
const BUCKET_GROWTH_LEAVES: usize = 2;

/// All leaves.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    /// How many bits of a token say which bucket it is in.
    depth: u32,
    leaves: Vec<Vec<Leaf>>,
    len: usize,
}

impl Buckets {
    /// One, and it is empty.
    pub(crate) fn new() -> Self {
        Self { depth: 0, leaves: vec![Vec::new()], len: 0 }
    }

    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// Leaves in all buckets.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn count(&self) -> usize {
        self.leaves.len()
    }

    pub(crate) fn bucket_of(&self, key: Key) -> usize {
        prefix(key, self.depth)
    }

    pub(crate) fn leaves(&self, bucket: usize) -> &[Leaf] {
        &self.leaves[bucket]
    }

    /// All leaves, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().flatten()
    }

    /// Makes as many buckets as so many leaves want; true if they became more.
    pub(crate) fn make_room(&mut self, leaves: usize) -> bool {
        let wanted = leaves.div_ceil(BUCKET_LEAVES_MEAN_MAX).next_power_of_two();
        if wanted <= self.leaves.len() {
            return false;
        }
        let depth = wanted.ilog2();
        self.depth = depth;
        for bucket in std::mem::replace(&mut self.leaves, vec![Vec::new(); wanted]) {
            for same in bucket.chunk_by(|one, other| prefix(one.key, depth) == prefix(other.key, depth)) {
                self.leaves[prefix(same[0].key, depth)] = same.to_vec();
            }
        }
        true
    }

    /// Adds a leaf after all others.
    pub(crate) fn push(&mut self, leaf: Leaf) {
        self.make_room(self.len + 1);
        let bucket = self.bucket_of(leaf.key);
        let leaves = &mut self.leaves[bucket];
        if leaves.len() == leaves.capacity() {
            leaves.reserve_exact(BUCKET_GROWTH_LEAVES);
        }
        leaves.push(leaf);
        self.len += 1;
    }

    /// Extends the chains of these runs, each all occurrences of one token, in the order of the tokens.
    pub(crate) fn extend(&mut self, runs: &[&[Occurrence]]) {
        let depth = self.depth;
        let mut places = Vec::with_capacity(runs.len());
        let mut merged = Vec::new();
        let bucket_of = |run: &[Occurrence]| prefix(run[0].key, depth);
        for same in runs.chunk_by(|one, other| bucket_of(one) == bucket_of(other)) {
            let bucket = bucket_of(same[0]);
            let leaves = &mut self.leaves[bucket];
            merge(leaves, same, &mut merged, |position| places.push((bucket, position)));
            if merged.len() > leaves.len() {
                self.len += merged.len() - leaves.len();
                replace(leaves, &merged);
            }
        }
        let mut chains: Vec<_> =
            places.iter().map(|&(bucket, position)| self.leaves[bucket][position].chain).collect();
        extend_chains(&mut chains, runs);
        for ((bucket, position), chain) in places.into_iter().zip(chains) {
            self.leaves[bucket][position].chain = chain;
        }
    }
}

/// The leaves together with new ones for the tokens of the runs that have none, and where each run's leaf is.
fn merge(leaves: &[Leaf], runs: &[&[Occurrence]], merged: &mut Vec<Leaf>, mut on_run: impl FnMut(usize)) {
    merged.clear();
    let mut rest = leaves.iter().peekable();
    for run in runs {
        let key = run[0].key;
        while let Some(leaf) = rest.next_if(|leaf| leaf.key < key) {
            merged.push(*leaf);
        }
        on_run(merged.len());
        let found = rest.next_if(|leaf| leaf.key == key);
        merged.push(found.copied().unwrap_or(Leaf { key, chain: CHAIN_START }));
    }
    merged.extend(rest);
}

fn replace(leaves: &mut Vec<Leaf>, merged: &[Leaf]) {
    if merged.len() > leaves.capacity() {
        *leaves = Vec::with_capacity(merged.len().next_multiple_of(BUCKET_GROWTH_LEAVES));
    }
    leaves.clear();
    leaves.extend_from_slice(merged);
}
