//! Checks many inclusion proofs against one root, step by step together, so that all lanes are hashing.

use crate::path::Way;
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
            let lane = Lane::new(place, claim, tree_size);
            results.push(lane.map(|lane| climb.start(lane, claim.leaf_hash)));
        }
        climb.finish(claims, |place, root| {
            if root != root_hash {
                results[first + place] = Err(ProofError::WrongRoot);
            }
        });
    }
    results
}

/// A path on its way up.
#[derive(Clone, Copy)]
struct Lane {
    /// Which claim of those that climb together.
    place: usize,
    steps: usize,
    /// See [`Way::left_bits`].
    left_bits: u64,
}

impl Lane {
    fn new(place: usize, claim: &InclusionClaim<'_>, tree_size: u64) -> Result<Self, ProofError> {
        let way = Way::new(claim.leaf_index, tree_size)?;
        if way.len() == claim.proof.len() {
            Ok(Self { place, steps: way.len(), left_bits: way.left_bits() })
        } else {
            Err(ProofError::WrongLength { expected: way.len(), actual: claim.proof.len() })
        }
    }
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
    fn finish(&mut self, claims: &[InclusionClaim<'_>], mut reached: impl FnMut(usize, &Hash)) {
        for height in 0.. {
            self.children.clear();
            let mut hashes = self.hashes.iter();
            self.lanes.retain(|lane| {
                let hash = hashes.next().expect("a hash for each lane");
                if height == lane.steps {
                    reached(lane.place, hash);
                    return false;
                }
                // Which side is as good as random: a look-up, and no branch that is guessed wrong every other time.
                let pair = [hash, &claims[lane.place].proof[height]];
                let first = usize::from(lane.left_bits >> height & 1 == 1);
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
