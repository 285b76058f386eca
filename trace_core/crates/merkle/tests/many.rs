//! Many claims at once are decided as each of them is by itself, whatever is wrong with which of them.

use merkle::{
    Hash, InclusionClaim, MemoryTree, ProofError, check_inclusion, check_inclusions, inclusion_root,
    prove_inclusions,
};
use proptest::prelude::*;

/// More than are hashed together at once, several times over.
const CLAIMS_MAX: usize = 200;

/// A claim that belongs to somebody.
#[derive(Clone, Debug)]
struct Owned {
    leaf_hash: Hash,
    leaf_index: u64,
    proof: Vec<Hash>,
}

/// What is done to a claim.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    LeafHash(u8),
    LeafIndex(u64),
    Sibling(usize, u8),
    Swap(usize, usize),
    Shorter(usize),
    Longer(usize),
}

impl Change {
    fn apply(&self, claim: &mut Owned) {
        let steps = claim.proof.len();
        match *self {
            Self::LeafHash(bit) => claim.leaf_hash[usize::from(bit / 8)] ^= 1 << (bit % 8),
            Self::LeafIndex(other) => claim.leaf_index = other,
            Self::Longer(place) => claim.proof.insert(place % (steps + 1), claim.leaf_hash),
            Self::Sibling(place, bit) if steps > 0 => {
                claim.proof[place % steps][usize::from(bit / 8)] ^= 1 << (bit % 8);
            }
            Self::Swap(one, other) if steps > 0 => claim.proof.swap(one % steps, other % steps),
            Self::Shorter(place) if steps > 0 => drop(claim.proof.remove(place % steps)),
            Self::Nothing | Self::Sibling(..) | Self::Swap(..) | Self::Shorter(_) => {}
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => Just(Change::Nothing),
        1 => any::<u8>().prop_map(Change::LeafHash),
        1 => (0_u64..700).prop_map(Change::LeafIndex),
        1 => any::<u64>().prop_map(Change::LeafIndex),
        1 => (any::<usize>(), any::<u8>()).prop_map(|(place, bit)| Change::Sibling(place, bit)),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Change::Swap(one, other)),
        1 => any::<usize>().prop_map(Change::Shorter),
        1 => any::<usize>().prop_map(Change::Longer),
    ]
}

/// Both ways, which must be one.
fn decided(tree_size: u64, root: &Hash, claims: &[Owned]) -> Vec<Result<(), ProofError>> {
    let shown: Vec<InclusionClaim> = claims
        .iter()
        .map(|Owned { leaf_hash, leaf_index, proof }| InclusionClaim {
            leaf_hash: *leaf_hash,
            leaf_index: *leaf_index,
            proof,
        })
        .collect();
    let together = check_inclusions(tree_size, root, &shown);
    let by_themselves: Vec<_> = shown
        .iter()
        .map(|claim| check_inclusion(&claim.leaf_hash, claim.leaf_index, tree_size, root, claim.proof))
        .collect();
    assert_eq!(together, by_themselves);
    together
}

proptest! {
    #[test]
    fn many_claims_good_and_changed_are_decided_as_each_alone(
        tree_size in 1_u64..600,
        wanted in prop::collection::vec((any::<u64>(), change()), 0..CLAIMS_MAX),
    ) {
        let leaves: Vec<Hash> = (0..tree_size).map(|n| sha256::digest(&n.to_be_bytes())).collect();
        let tree = MemoryTree::from_leaf_hashes(&leaves);
        let indexes: Vec<u64> = wanted.iter().map(|(index, _)| index % tree_size).collect();
        let proofs = prove_inclusions(&tree, &indexes, tree_size).expect("proofs");
        let mut claims = Vec::new();
        for ((leaf_index, proof), (_, change)) in indexes.into_iter().zip(proofs).zip(&wanted) {
            let leaf_hash = leaves[usize::try_from(leaf_index).expect("small")];
            claims.push(Owned { leaf_hash, leaf_index, proof });
            change.apply(claims.last_mut().expect("the one just pushed"));
        }
        let results = decided(tree_size, &tree.root_hash(), &claims);
        for (result, (_, change)) in results.iter().zip(&wanted) {
            prop_assert!(result.is_ok() || !matches!(change, Change::Nothing));
        }
    }

    /// No tree of this size can be built; but a root to which a path leads can.
    #[test]
    fn many_claims_in_trees_of_any_size_are_decided_as_each_alone(
        tree_size in prop_oneof![1_u64..5_000, any::<u64>(), (0_u32..64).prop_map(|bit| 1_u64 << bit)],
        chosen in any::<u64>(),
        others in prop::collection::vec((any::<u64>(), 0_usize..70), 0..40),
        siblings in prop::collection::vec(any::<Hash>(), 70),
    ) {
        prop_assume!(tree_size > 0);
        let leaf_index = chosen % tree_size;
        let leaf_hash = siblings[69];
        let root_of = |steps: usize| inclusion_root(&leaf_hash, leaf_index, tree_size, &siblings[..steps]);
        let (steps, root) = (0..70).find_map(|steps| Some((steps, root_of(steps).ok()?))).expect("a path");
        let mut claims = vec![Owned { leaf_hash, leaf_index, proof: siblings[..steps].to_vec() }];
        claims.extend(others.into_iter().map(|(index, steps)| Owned {
            leaf_hash,
            leaf_index: index % tree_size.saturating_mul(2),
            proof: siblings[..steps].to_vec(),
        }));
        prop_assert_eq!(decided(tree_size, &root, &claims)[0], Ok(()));
    }
}
