//! Makes proofs from hashes that are kept elsewhere, with one read for each call.

use std::fmt;

use crate::check::{consistency_steps, inclusion_steps};
use crate::path::{Span, Step, steps};
use crate::range::join;
use crate::{Hash, NodeId, ProofError};

/// Where the hashes of a tree are kept.
pub trait HashReader {
    /// Why hashes could not be read.
    type Error;

    /// The hashes of these nodes, in the same order. All nodes are complete in the tree that is asked about.
    ///
    /// # Errors
    /// If one of them cannot be read.
    fn read_hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, Self::Error>;
}

/// Why there is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProveError<E> {
    /// There can be none.
    Proof(ProofError),
    /// A hash could not be read.
    Read(E),
    /// The reader gave another number of hashes than it was asked for.
    HashCount {
        /// Hashes asked for.
        expected: usize,
        /// Hashes given.
        actual: usize,
    },
}

impl<E: fmt::Display> fmt::Display for ProveError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proof(error) => error.fmt(formatter),
            Self::Read(error) => error.fmt(formatter),
            Self::HashCount { expected, actual } => {
                write!(formatter, "asked for {expected} hashes, got {actual}")
            }
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for ProveError<E> {}

impl<E> From<ProofError> for ProveError<E> {
    fn from(error: ProofError) -> Self {
        Self::Proof(error)
    }
}

/// The inclusion proof of a leaf, from the leaf upward; RFC 9162 §2.1.3.1. Reads at most 126 hashes at once.
///
/// # Errors
/// Unless `leaf_index < tree_size` and all hashes can be read.
pub fn prove_inclusion<R: HashReader>(
    reader: &R,
    leaf_index: u64,
    tree_size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    prove(reader, &inclusion_steps(leaf_index, tree_size)?)
}

/// The consistency proof between two sizes of a tree; RFC 9162 §2.1.4.1.
///
/// # Errors
/// Unless `0 < old_size <= new_size` and all hashes can be read.
pub fn prove_consistency<R: HashReader>(
    reader: &R,
    old_size: u64,
    new_size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    prove(reader, &consistency_steps(old_size, new_size)?)
}

/// The proof that the leaves `[start, end)` are a subtree of the tree.
///
/// # Errors
/// Unless `start < end <= tree_size`, the subtree is one, and all hashes can be read.
pub fn prove_subtree_consistency<R: HashReader>(
    reader: &R,
    (start, end): (u64, u64),
    tree_size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    prove(reader, &steps(start, end, tree_size)?)
}

/// The nodes that [`prove_inclusion`] reads, each once and sorted.
///
/// # Errors
/// Unless `leaf_index < tree_size`.
pub fn inclusion_proof_nodes(leaf_index: u64, tree_size: u64) -> Result<Vec<NodeId>, ProofError> {
    Ok(nodes_of(&inclusion_steps(leaf_index, tree_size)?))
}

/// The nodes that [`prove_consistency`] reads, each once and sorted.
///
/// # Errors
/// Unless `0 < old_size <= new_size`.
pub fn consistency_proof_nodes(old_size: u64, new_size: u64) -> Result<Vec<NodeId>, ProofError> {
    Ok(nodes_of(&consistency_steps(old_size, new_size)?))
}

/// The nodes that [`prove_subtree_consistency`] reads, each once and sorted.
///
/// # Errors
/// Unless `start < end <= tree_size` and the subtree is one.
pub fn subtree_consistency_proof_nodes(
    (start, end): (u64, u64),
    tree_size: u64,
) -> Result<Vec<NodeId>, ProofError> {
    Ok(nodes_of(&steps(start, end, tree_size)?))
}

fn prove<R: HashReader>(reader: &R, steps: &[Step]) -> Result<Vec<Hash>, ProveError<R::Error>> {
    Ok(SpanRoots::read(reader, steps.iter().map(|step| step.span).collect())?.proof(steps))
}

/// Each node of the steps once, sorted.
fn nodes_of(steps: &[Step]) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = steps.iter().flat_map(|step| step.span.nodes()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// The roots of spans, in the same order, with one read.
pub(crate) fn read_roots<R: HashReader>(
    reader: &R,
    spans: &[Span],
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    let nodes: Vec<NodeId> = spans.iter().flat_map(|span| span.nodes()).collect();
    let hashes = reader.read_hashes(&nodes).map_err(ProveError::Read)?;
    if hashes.len() != nodes.len() {
        return Err(ProveError::HashCount { expected: nodes.len(), actual: hashes.len() });
    }
    let mut rest = &*hashes;
    let roots = spans.iter().map(|span| {
        let (own, others) = rest.split_at(span.node_count());
        rest = others;
        join(own)
    });
    Ok(roots.collect())
}

/// What proofs are put together from: the roots of spans, each read and joined once.
struct SpanRoots {
    /// Sorted, and each once.
    spans: Vec<Span>,
    /// In the order of the spans.
    roots: Vec<Hash>,
}

impl SpanRoots {
    fn read<R: HashReader>(reader: &R, mut spans: Vec<Span>) -> Result<Self, ProveError<R::Error>> {
        spans.sort_unstable();
        spans.dedup();
        Ok(Self { roots: read_roots(reader, &spans)?, spans })
    }

    /// The proof along steps whose spans were all read.
    fn proof(&self, steps: &[Step]) -> Vec<Hash> {
        let position = |step: &Step| self.spans.binary_search(&step.span);
        steps.iter().filter_map(|step| position(step).ok()).map(|position| self.roots[position]).collect()
    }
}
