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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
