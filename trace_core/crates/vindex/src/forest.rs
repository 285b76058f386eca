//! The roots of many tries at once, so that nodes of one height are hashed together whichever trie they are of.

use crate::Hash;
use crate::trie::{LEAF_MESSAGE_BYTES, Leaf, first_difference, node_tag};

/// Leaves that are hashed at a time: enough to fill all lanes at every height, few enough that all that belongs
/// to them stays in a core's second cache.
pub(crate) const FOREST_LEAVES: usize = 2048;

/// A place in [`Forest::hashes`].
type Slot = u32;

/// Tries whose roots are still to be hashed. Its memory serves again and again.
#[derive(Default)]
pub(crate) struct Forest {
    leaves: Vec<[u8; LEAF_MESSAGE_BYTES]>,
    /// Where the leaves' hashes go.
    leaf_slots: Vec<Slot>,
    /// Nodes whose children are leaves, then those above them, and so on; at most 128 levels.
    levels: Vec<Level>,
    /// Of each slot, how many levels are below.
    heights: Vec<u8>,
    roots: Vec<Slot>,
    /// Of a trie that is being planted: what is left of the way to its last leaf, with the bit of the node
    /// that will join it to what comes; bits ascend.
    open: Vec<(Slot, u32)>,
    hashes: Vec<Hash>,
    children: Vec<Hash>,
    out: Vec<Hash>,
}

#[derive(Default)]
struct Level {
    tags: Vec<u8>,
    /// A node's own slot and those of its children.
    slots: Vec<[Slot; 3]>,
}

impl Forest {
    /// Leaves planted since the last harvest.
    pub(crate) fn leaf_count(&self) -> usize {
        self.leaves.len()
    }

    /// Adds the trie of these leaves, at least one, whose keys ascend. One pass, with no recursion: the bit in
    /// which neighbours differ says which nodes end between them.
    pub(crate) fn plant(&mut self, leaves: &[Leaf]) {
        let mut last: Option<(&Leaf, Slot)> = None;
        for leaf in leaves {
            if let Some((before, slot)) = last {
                let bit = first_difference(before.key, leaf.key);
                let left = self.close_below(slot, |split| split > bit);
                self.open.push((left, bit));
            }
            last = Some((leaf, self.add_leaf(leaf)));
        }
        if let Some((_, slot)) = last {
            let root = self.close_below(slot, |_| true);
            self.roots.push(root);
        }
    }

    /// The roots of all tries in the order in which they were planted; none is left.
    pub(crate) fn harvest(&mut self) -> impl Iterator<Item = Hash> {
        self.hashes.resize(self.heights.len(), Hash::default());
        self.out.resize(self.leaves.len(), Hash::default());
        sha256::short_digests(&self.leaves, &mut self.out);
        for (&slot, hash) in self.leaf_slots.iter().zip(&self.out) {
            self.hashes[slot as usize] = *hash;
        }
        for level in &mut self.levels {
            self.children.clear();
            for [_, left, right] in &level.slots {
                self.children.extend([self.hashes[*left as usize], self.hashes[*right as usize]]);
            }
            self.out.resize(level.slots.len(), Hash::default());
            sha256::tagged_node_hashes(&level.tags, &self.children, &mut self.out);
            for ([slot, ..], hash) in level.slots.iter().zip(&self.out) {
                self.hashes[*slot as usize] = *hash;
            }
            level.tags.clear();
            level.slots.clear();
        }
        self.leaves.clear();
        self.leaf_slots.clear();
        self.heights.clear();
        self.roots.drain(..).map(|root| self.hashes[root as usize])
    }

    fn add_leaf(&mut self, leaf: &Leaf) -> Slot {
        let slot = self.add_slot(0);
        self.leaves.push(leaf.message());
        self.leaf_slots.push(slot);
        slot
    }

    /// Joins the trie that ends at `right` to all open ones whose node is to be closed.
    fn close_below(&mut self, right: Slot, is_closed: impl Fn(u32) -> bool) -> Slot {
        let mut joined = right;
        while let Some((left, bit)) = self.open.pop_if(|(_, bit)| is_closed(*bit)) {
            let below = self.heights[left as usize].max(self.heights[joined as usize]);
            let slot = self.add_slot(below + 1);
            let level = usize::from(below);
            if self.levels.len() <= level {
                self.levels.resize_with(level + 1, Level::default);
            }
            self.levels[level].tags.push(node_tag(bit));
            self.levels[level].slots.push([slot, left, joined]);
            joined = slot;
        }
        joined
    }

    fn add_slot(&mut self, height: u8) -> Slot {
        let slot = self.heights.len();
        self.heights.push(height);
        Slot::try_from(slot).expect("a bucket has far fewer leaves")
    }
}
