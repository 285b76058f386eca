//! Inclusion proofs of many leaves at once, with one read, and each hash that several of them hold once.

use std::ops::Range;

use crate::path::{Span, Way};
use crate::prove::read_roots;
use crate::{Hash, HashReader, NodeId, ProofError, ProveError};

/// [`prove_inclusion`](crate::prove_inclusion) of many leaves, with one read; what several proofs hold is read once.
///
/// # Errors
/// Unless each `leaf_index < tree_size` and all hashes can be read.
pub fn prove_inclusions<R: HashReader>(
    reader: &R,
    leaf_indexes: &[u64],
    tree_size: u64,
) -> Result<Vec<Vec<Hash>>, ProveError<R::Error>> {
    InclusionPlan::new(leaf_indexes, tree_size)?.prove(reader)
}

/// Which hashes the inclusion proofs of some leaves of one tree consist of.
pub struct InclusionPlan {
    spans: Vec<Span>,
    /// For each hash of each proof, its place among the spans.
    places: Vec<usize>,
    /// For each leaf, as it was asked for, its part of the places.
    proofs: Vec<Range<usize>>,
}

impl InclusionPlan {
    /// Costs nanoseconds a hash.
    ///
    /// # Errors
    /// Unless each `leaf_index < tree_size`.
    pub fn new(leaf_indexes: &[u64], tree_size: u64) -> Result<Self, ProofError> {
        let mut order: Vec<usize> = (0..leaf_indexes.len()).collect();
        order.sort_unstable_by_key(|&asked| leaf_indexes[asked]);
        let mut plan = Self { spans: Vec::new(), places: Vec::new(), proofs: vec![0..0; order.len()] };
        // In order of the leaves, a span that comes again is the last one of its level.
        let mut last = [(Span::default(), 0); u64::BITS as usize];
        for asked in order {
            let start = plan.places.len();
            for (level, span) in Way::new(leaf_indexes[asked], tree_size)?.spans(tree_size) {
                if last[level].0 != span {
                    last[level] = (span, plan.spans.len());
                    plan.spans.push(span);
                }
                plan.places.push(last[level].1);
            }
            plan.proofs[asked] = start..plan.places.len();
        }
        Ok(plan)
    }

    /// The nodes that [`prove`](Self::prove) reads, in no order; one that is in several subtrees comes for each of
    /// them.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeId> {
        self.spans.iter().flat_map(|span| span.nodes()).collect()
    }

    /// The proofs, in the order in which the leaves were asked for.
    ///
    /// # Errors
    /// Unless all hashes can be read.
    pub fn prove<R: HashReader>(&self, reader: &R) -> Result<Vec<Vec<Hash>>, ProveError<R::Error>> {
        let roots = read_roots(reader, &self.spans)?;
        let proof =
            |range: &Range<usize>| self.places[range.clone()].iter().map(|&place| roots[place]).collect();
        Ok(self.proofs.iter().map(proof).collect())
    }
}
