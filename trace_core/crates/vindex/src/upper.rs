//! The levels of the trie above the buckets.

use crate::trie::{Key, is_right, node_tag};
use crate::{EMPTY_ROOT, Hash};

/// For each prefix of at most `depth` bits, the hash of what is below it; none where nothing is.
///
/// A prefix with tokens on both sides is a node, which splits at the bit after the prefix. One with tokens on
/// one side only is no node: its hash is the one of that side.
#[derive(Clone, Debug)]
pub(crate) struct Upper {
    depth: u32,
    /// The prefix of no bits is at 1, and the prefixes that go on from the one at `i` are at `2i` and `2i + 1`.
    hashes: Vec<Option<Hash>>,
}

impl Upper {
    /// Above `1 << depth` empty buckets.
    pub(crate) fn new(depth: u32) -> Self {
        Self { depth, hashes: vec![None; 2 << depth] }
    }

    pub(crate) fn root(&self) -> Hash {
        self.hashes[1].unwrap_or(EMPTY_ROOT)
    }

    /// To be followed by [`rehash`](Self::rehash).
    pub(crate) fn set(&mut self, bucket: usize, root: Hash) {
        self.hashes[bucket + (1 << self.depth)] = Some(root);
    }

    /// Hashes what is above these buckets, which ascend, level by level.
    pub(crate) fn rehash(&mut self, buckets: &[usize]) {
        let mut places: Vec<usize> = buckets.iter().map(|bucket| bucket + (1 << self.depth)).collect();
        let (mut nodes, mut children, mut out) = (Vec::new(), Vec::new(), Vec::new());
        for bit in (0..self.depth).rev() {
            for place in &mut places {
                *place /= 2;
            }
            places.dedup();
            nodes.clear();
            children.clear();
            for &place in &places {
                match (self.hashes[2 * place], self.hashes[2 * place + 1]) {
                    (Some(left), Some(right)) => {
                        nodes.push(place);
                        children.extend([left, right]);
                    }
                    (one, other) => self.hashes[place] = one.or(other),
                }
            }
            out.resize(nodes.len(), Hash::default());
            sha256::tagged_node_hashes(&vec![node_tag(bit); nodes.len()], &children, &mut out);
            for (&place, hash) in nodes.iter().zip(&out) {
                self.hashes[place] = Some(*hash);
            }
        }
    }

    /// The bucket where the walk of a key ends, which the key itself need not belong to, if there are tokens.
    /// `on_node` is told of each node on the way its bit and the hash of its other side.
    pub(crate) fn walk(&self, key: Key, mut on_node: impl FnMut(u32, Hash)) -> usize {
        let mut place = 1;
        for bit in 0..self.depth {
            let right = is_right(key, bit);
            let sides = [self.hashes[2 * place], self.hashes[2 * place + 1]];
            let (own, other) = (usize::from(right), usize::from(!right));
            place = 2 * place + if sides[own].is_some() { own } else { other };
            if let (Some(_), Some(sibling)) = (sides[own], sides[other]) {
                on_node(bit, sibling);
            }
        }
        place - (1 << self.depth)
    }
}
