//! The way from a subtree up to the root: which hashes a proof holds, in which order, and what each is for.
//!
//! Prover and checker both walk the same steps, and neither takes them from the proof.

use crate::{NodeId, ProofError};

/// One hash of a proof: what it is the root of, and how it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) role: Role,
    pub(crate) span: Span,
}

/// The leaves `[start, end)`, at least one, and a subtree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    start: u64,
    end: u64,
}

/// What a hash of a proof is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Where both trees begin: the last complete part of the subtree, when that is not the whole subtree.
    Seed,
    /// Left of the path, and outside the subtree.
    Left,
    /// Left of the path, and part of the subtree too.
    LeftOfBoth,
    /// Right of the path, after the end of the subtree.
    Right,
}

/// The hashes of the proof that the subtree `[start, end)` belongs to the tree of `tree_size` leaves, from
/// the subtree upward; RFC 9162 §2.1.3.1 and §2.1.4.1, in one and without recursion. At most 65.
///
/// # Errors
/// Unless `start < end <= tree_size` and the subtree is one.
pub(crate) fn steps(start: u64, end: u64, tree_size: u64) -> Result<Vec<Step>, ProofError> {
    if start >= end || end > tree_size || !is_subtree(start, end) {
        return Err(ProofError::NoSuchSubtree { start, end, tree_size });
    }
    let mut steps = Vec::with_capacity(16);
    // The part of the subtree that still has to be found, and the part of the tree that it is in.
    let (mut from, mut low, mut high) = (start, 0, tree_size);
    while (low, high) != (from, end) {
        let middle = low + largest_power_below(high - low);
        if end <= middle {
            steps.push(Step { role: Role::Right, span: Span { start: middle, end: high } });
            high = middle;
        } else {
            let role = if middle <= from { Role::Left } else { Role::LeftOfBoth };
            steps.push(Step { role, span: Span { start: low, end: middle } });
            from = from.max(middle);
            low = middle;
        }
    }
    if from > start {
        steps.push(Step { role: Role::Seed, span: Span { start: from, end } });
    }
    steps.reverse();
    Ok(steps)
}

/// The way from a single leaf up to the root: [`steps`] of it without a list, for those who take very many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    leaf_index: u64,
    /// Levels below which the path is in complete subtrees alone: there the bits of the leaf's number say the sides.
    /// From here on only subtrees to the left are left over, one for each bit of the number that is 1.
    inner: u32,
    border: u64,
}

impl Way {
    /// # Errors
    /// Unless `leaf_index < tree_size`.
    pub(crate) fn new(leaf_index: u64, tree_size: u64) -> Result<Self, ProofError> {
        if leaf_index >= tree_size {
            return Err(ProofError::NoSuchLeaf { leaf_index, tree_size });
        }
        let inner = u64::BITS - (leaf_index ^ (tree_size - 1)).leading_zeros();
        Ok(Self { leaf_index, inner, border: leaf_index.checked_shr(inner).unwrap_or_default() })
    }

    /// Hashes of the proof, at most 64.
    pub(crate) fn len(self) -> usize {
        (self.inner + self.border.count_ones()) as usize
    }

    /// Bit `i`: whether hash `i` of the proof is a left child. What stands from [`len`](Self::len) on means nothing.
    pub(crate) fn left_bits(self) -> u64 {
        self.leaf_index | u64::MAX.checked_shl(self.inner).unwrap_or_default()
    }

    /// What the hashes of the proof are the roots of, each with the level that it would have if it were complete.
    /// Among leaves in order, those of one level that are equal come one after the other.
    pub(crate) fn spans(self, tree_size: u64) -> impl Iterator<Item = (usize, Span)> {
        let levels = u64::BITS - self.leaf_index.leading_zeros();
        let on_way = move |&level: &u32| level < self.inner || self.leaf_index >> level & 1 == 1;
        (0..self.inner.max(levels)).filter(on_way).map(move |level| {
            let start = (self.leaf_index >> level ^ 1) << level;
            // Only the last tree to the right can be less than complete, or end beyond all numbers.
            let end = start.checked_add(1 << level).map_or(tree_size, |end| end.min(tree_size));
            (level as usize, Span { start, end })
        })
    }
}

/// Whether `start` is a multiple of the smallest power of two that is at least `end - start`.
pub(crate) fn is_subtree(start: u64, end: u64) -> bool {
    end.checked_sub(start).is_some_and(|leaves| match leaves.checked_next_power_of_two() {
        Some(power) => start.is_multiple_of(power),
        None => start == 0,
    })
}

/// For `leaves >= 2`, where RFC 9162 §2.1.1 splits a tree.
fn largest_power_below(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

impl Span {
    /// The complete nodes whose hashes join to the root of the span, from left to right.
    pub(crate) fn nodes(self) -> impl Iterator<Item = NodeId> {
        let mut start = self.start;
        std::iter::from_fn(move || {
            let level = u8::try_from((self.end - start).checked_ilog2()?).ok()?;
            let node = NodeId { level, index: start >> level };
            start += 1 << level;
            Some(node)
        })
    }

    /// How many [`nodes`](Self::nodes) there are.
    pub(crate) fn node_count(self) -> usize {
        (self.end - self.start).count_ones() as usize
    }
}
