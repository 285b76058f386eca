//! Checks many inclusion proofs against one root, step by step together, so that all lanes are hashing.

use crate::{Hash, ProofError};

/// Claims that are checked together: enough to fill all lanes often, few enough that what they read and write
/// stays in a core's first cache.
const CLAIMS_TOGETHER: usize = 32;

/// What an inclusion proof shows: that this hash is leaf `leaf_index` of a tree.
#[derive(Clone, Copy, Debug)]
pub struct InclusionClaim<'a> {
    /// The leaf's hash.
    pub leaf_hash: Hash,
    /// The leaf's number, from 0.
    pub leaf_index: u64,
    /// The inclusion proof, from the leaf upward.
    pub proof: &'a [Hash],
}

/// [`check_inclusion`](crate::check_inclusion) of many leaves in one tree, each result in its claim's place.
///
/// The claims are hashed step by step together, which makes one several times cheaper than by itself.
#[must_use]
pub fn check_inclusions(
    tree_size: u64,
    root_hash: &Hash,
    claims: &[InclusionClaim<'_>],
) -> Vec<Result<(), ProofError>> {
    let mut results = Vec::with_capacity(claims.len());
    let mut climb = Climb::default();
    for claims in claims.chunks(CLAIMS_TOGETHER) {
        let first = results.len();
        for (place, claim) in claims.iter().enumerate() {
            let way = Way::of(claim, tree_size);
            results.push(way.map(|way| climb.start(Lane { place, way }, claim.leaf_hash)));
        }
        climb.to_roots(claims, |place, root| {
            if root != root_hash {
                results[first + place] = Err(ProofError::WrongRoot);
            }
        });
    }
    results
}

/// The way from a leaf to the root.
#[derive(Clone, Copy)]
struct Way {
    /// Bit `i`: whether hash `i` of the proof is the left child, and the path the right one.
    left: u64,
    /// Hashes in the proof.
    steps: usize,
}

impl Way {
    /// RFC 9162 §2.1.3.1 without recursion. From the leaf up to where it parts from the last leaf of the tree
    /// all subtrees are complete, and the bits of its number say the sides. From there on only subtrees to the
    /// left are left over, one for each bit of the number that is 1.
    fn of(claim: &InclusionClaim<'_>, tree_size: u64) -> Result<Self, ProofError> {
        let leaf_index = claim.leaf_index;
        if leaf_index >= tree_size {
            return Err(ProofError::NoSuchLeaf { leaf_index, tree_size });
        }
        let complete = u64::BITS - (leaf_index ^ (tree_size - 1)).leading_zeros();
        let above = leaf_index.checked_shr(complete).unwrap_or_default();
        let steps = (complete + above.count_ones()) as usize;
        if steps != claim.proof.len() {
            return Err(ProofError::WrongLength { expected: steps, actual: claim.proof.len() });
        }
        // No step is after the last one, so that what stands there does not matter.
        let left = leaf_index | u64::MAX.checked_shl(complete).unwrap_or_default();
        Ok(Self { left, steps })
    }
}

/// A path on its way up.
#[derive(Clone, Copy)]
struct Lane {
    /// Which claim of those that climb together.
    place: usize,
    way: Way,
}

/// Claims that climb together; the next ones take its memory.
#[derive(Default)]
struct Climb {
    /// Those that are not at the root yet.
    lanes: Vec<Lane>,
    /// Two for each lane, left and right.
    children: Vec<Hash>,
    /// One for each lane.
    hashes: Vec<Hash>,
}

impl Climb {
    fn start(&mut self, lane: Lane, leaf_hash: Hash) {
        self.lanes.push(lane);
        self.hashes.push(leaf_hash);
    }

    /// Gives for each claim that started its place and the root that it leads to.
    fn to_roots(&mut self, claims: &[InclusionClaim<'_>], mut reached: impl FnMut(usize, &Hash)) {
        for height in 0.. {
            self.children.clear();
            let mut hashes = self.hashes.iter();
            self.lanes.retain(|lane| {
                let hash = hashes.next().expect("a hash for each lane");
                if height == lane.way.steps {
                    reached(lane.place, hash);
                    return false;
                }
                // Which side is as good as random: a look-up, and no branch that is guessed wrong every other time.
                let pair = [hash, &claims[lane.place].proof[height]];
                let first = usize::from(lane.way.left >> height & 1 == 1);
                self.children.extend([*pair[first], *pair[1 - first]]);
                true
            });
            self.hashes.resize(self.lanes.len(), Hash::default());
            if self.lanes.is_empty() {
                break;
            }
            sha256::node_hashes(&self.children, &mut self.hashes);
        }
    }
}
