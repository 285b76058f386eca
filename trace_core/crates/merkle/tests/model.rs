//! Every tree of up to 256 leaves, every leaf, every older size, against the words of RFC 9162.

mod naive;

use std::cell::RefCell;

use merkle::{
    CompactRange, EMPTY_ROOT, Hash, HashReader, InclusionClaim, MemoryTree, MissingNode, NodeId, ProofError,
    ProveError, RangeError, TREE_SIZE_MAX, check_consistency, check_inclusion, check_inclusions,
    check_subtree_consistency, check_subtree_inclusion, consistency_proof_nodes, consistency_root,
    inclusion_proof_nodes, inclusion_root, prove_consistency, prove_inclusion, prove_inclusions,
    prove_subtree_consistency, root_hash, subtree_consistency_proof_nodes,
};
use naive::Naive;

const SIZE_MAX: u64 = 256;

/// Every way to be wrong by one hash: one bit of each hash, one too few, one too many.
fn spoiled(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut spoiled = Vec::new();
    for position in 0..proof.len() {
        for bit in [0, 100, 255] {
            let mut flipped = proof.to_vec();
            flipped[position][bit / 8] ^= 1 << (bit % 8);
            spoiled.push(flipped);
        }
        let mut shorter = proof.to_vec();
        shorter.remove(position);
        spoiled.push(shorter);
    }
    for position in 0..=proof.len() {
        let mut longer = proof.to_vec();
        longer.insert(position, proof.first().copied().unwrap_or_default());
        spoiled.push(longer);
    }
    spoiled
}

#[test]
fn roots_of_every_tree_are_the_rfcs() {
    let naive = Naive::new(SIZE_MAX);
    let mut one_by_one = CompactRange::default();
    for size in 0..=SIZE_MAX {
        let leaves = &naive.leaf_hashes[..usize::try_from(size).expect("small")];
        let expected = naive.root(0, size);
        assert_eq!(root_hash(leaves), expected, "tree of {size}");
        assert_eq!(MemoryTree::from_leaf_hashes(leaves).root_hash(), expected, "tree of {size}");
        assert_eq!(one_by_one.root_hash(), expected, "tree of {size}");
        assert_eq!(one_by_one.size(), size);
        one_by_one.append(naive.leaf_hashes.get(leaves.len()..=leaves.len()).unwrap_or_default());
    }
}

#[test]
fn compact_range_grown_from_every_size_to_every_size_has_the_rfcs_root() {
    let naive = Naive::new(SIZE_MAX);
    let at = |size: u64| usize::try_from(size).expect("small");
    for old_size in 0..=SIZE_MAX {
        let mut old = CompactRange::default();
        old.append(&naive.leaf_hashes[..at(old_size)]);
        for new_size in old_size..=SIZE_MAX {
            let mut range = CompactRange::from_hashes(old_size, old.hashes().to_vec()).expect("a range");
            range.append(&naive.leaf_hashes[at(old_size)..at(new_size)]);
            assert_eq!(range.root_hash(), naive.root(0, new_size), "{old_size} to {new_size}");
        }
    }
}

#[test]
fn inclusion_proofs_of_every_leaf_of_every_tree_are_the_rfcs_and_hold() {
    let naive = Naive::new(SIZE_MAX);
    let tree = MemoryTree::from_leaf_hashes(&naive.leaf_hashes);
    for size in 1..=SIZE_MAX {
        let root = naive.root(0, size);
        let indexes: Vec<u64> = (0..size).collect();
        let proofs = prove_inclusions(&tree, &indexes, size).expect("proofs");
        let mut claims = Vec::new();
        for (leaf_index, proof) in (0..).zip(&proofs) {
            let leaf_hash = naive.root(leaf_index, leaf_index + 1);
            assert_eq!(*proof, naive.inclusion_proof(leaf_index, 0, size), "leaf {leaf_index} of {size}");
            assert_eq!(prove_inclusion(&tree, leaf_index, size).as_ref(), Ok(proof));
            assert_eq!(check_inclusion(&leaf_hash, leaf_index, size, &root, proof), Ok(()));
            assert_eq!(inclusion_root(&leaf_hash, leaf_index, size, proof), Ok(root));
            claims.push(InclusionClaim { leaf_hash, leaf_index, proof });
        }
        assert!(check_inclusions(size, &root, &claims).iter().all(Result::is_ok), "tree of {size}");
    }
}

#[test]
fn consistency_proofs_of_every_size_with_every_older_are_the_rfcs_and_hold() {
    let naive = Naive::new(SIZE_MAX);
    let tree = MemoryTree::from_leaf_hashes(&naive.leaf_hashes);
    for new_size in 1..=SIZE_MAX {
        let new_root = naive.root(0, new_size);
        for old_size in 1..=new_size {
            let old_root = naive.root(0, old_size);
            let proof = prove_consistency(&tree, old_size, new_size).expect("a proof");
            assert_eq!(proof, naive.consistency_proof(old_size, 0, new_size, true), "{old_size}, {new_size}");
            assert_eq!(check_consistency(old_size, new_size, &old_root, &new_root, &proof), Ok(()));
            assert_eq!(consistency_root(old_size, new_size, &old_root, &proof), Ok(new_root));
        }
    }
}

#[test]
fn inclusion_proofs_spoiled_or_for_another_leaf_or_size_do_not_hold() {
    let naive = Naive::new(40);
    let tree = MemoryTree::from_leaf_hashes(&naive.leaf_hashes);
    for size in 1..=40 {
        let root = naive.root(0, size);
        for leaf_index in 0..size {
            let leaf = naive.root(leaf_index, leaf_index + 1);
            let proof = prove_inclusion(&tree, leaf_index, size).expect("a proof");
            let spoiled = spoiled(&proof);
            let claims: Vec<InclusionClaim> =
                spoiled.iter().map(|proof| InclusionClaim { leaf_hash: leaf, leaf_index, proof }).collect();
            for (proof, many) in spoiled.iter().zip(check_inclusions(size, &root, &claims)) {
                let one = check_inclusion(&leaf, leaf_index, size, &root, proof);
                assert!(one.is_err(), "leaf {leaf_index} of {size}");
                assert_eq!(one, many);
            }
            for other in (0..=40).filter(|&other| other != leaf_index) {
                assert!(check_inclusion(&leaf, other, size, &root, &proof).is_err());
            }
            // Another size with as many steps on the same sides leads to the same root: the root's own
            // size must come from the checkpoint. With the other size's own root nothing holds.
            for other in (1..=40).filter(|&other| other != size) {
                let other_root = naive.root(0, other);
                assert!(check_inclusion(&leaf, leaf_index, other, &other_root, &proof).is_err());
            }
        }
    }
}

#[test]
fn consistency_proofs_spoiled_or_with_other_roots_do_not_hold() {
    let naive = Naive::new(40);
    let tree = MemoryTree::from_leaf_hashes(&naive.leaf_hashes);
    for new_size in 1..=40 {
        let new_root = naive.root(0, new_size);
        for old_size in 1..=new_size {
            let old_root = naive.root(0, old_size);
            let proof = prove_consistency(&tree, old_size, new_size).expect("a proof");
            for spoiled in spoiled(&proof) {
                assert!(check_consistency(old_size, new_size, &old_root, &new_root, &spoiled).is_err());
            }
            for other in 0..=40 {
                let other_root = naive.root(0, other);
                let with_old = check_consistency(old_size, new_size, &other_root, &new_root, &proof);
                assert_eq!(with_old.is_ok(), other == old_size, "{old_size} as {other}");
                let with_new = check_consistency(old_size, new_size, &old_root, &other_root, &proof);
                assert_eq!(with_new.is_ok(), other == new_size, "{new_size} as {other}");
            }
        }
    }
}

#[test]
fn subtree_proofs_of_every_range_of_every_tree_hold_only_for_subtrees() {
    let naive = Naive::new(48);
    let tree = MemoryTree::from_leaf_hashes(&naive.leaf_hashes);
    for size in 0..=48_u64 {
        let root = naive.root(0, size);
        for (start, end) in (0..=49).flat_map(|start| (0..=49).map(move |end| (start, end))) {
            let is_one = start < end && end <= size && start % (end - start).next_power_of_two() == 0;
            let proof = prove_subtree_consistency(&tree, (start, end), size);
            assert_eq!(proof.is_ok(), is_one, "[{start}, {end}) of {size}");
            let Ok(proof) = proof else {
                assert!(subtree_consistency_proof_nodes((start, end), size).is_err());
                continue;
            };
            let subtree_root = naive.root(start, end);
            let check =
                |proof: &[Hash]| check_subtree_consistency((start, end), size, &subtree_root, &root, proof);
            assert_eq!(check(&proof), Ok(()));
            assert!(spoiled(&proof).iter().all(|proof| check(proof).is_err()));
            if start == 0 {
                assert_eq!(proof, naive.consistency_proof(end, 0, size, true));
            }
            for leaf_index in start..end {
                let leaf = naive.root(leaf_index, leaf_index + 1);
                let proof = naive.inclusion_proof(leaf_index, start, end);
                let check = check_subtree_inclusion(&leaf, leaf_index, (start, end), &subtree_root, &proof);
                assert_eq!(check, Ok(()));
            }
        }
    }
}

#[test]
fn many_claims_with_some_wrong_fail_in_their_places_alone() {
    let naive = Naive::new(100);
    let tree = MemoryTree::from_leaf_hashes(&naive.leaf_hashes);
    let indexes: Vec<u64> = (0..100).collect();
    let proofs = prove_inclusions(&tree, &indexes, 100).expect("proofs");
    let mut claims: Vec<InclusionClaim> = (0..)
        .zip(&naive.leaf_hashes)
        .zip(&proofs)
        .map(|((leaf_index, &leaf_hash), proof)| InclusionClaim { leaf_hash, leaf_index, proof })
        .collect();
    claims[3].leaf_hash[0] ^= 1;
    claims[50].leaf_index = 100;
    claims[99].proof = &claims[99].proof[1..];
    let results = check_inclusions(100, &naive.root(0, 100), &claims);
    for (index, result) in results.into_iter().enumerate() {
        let expected = match index {
            3 => Err(ProofError::WrongRoot),
            50 => Err(ProofError::NoSuchLeaf { leaf_index: 100, tree_size: 100 }),
            99 => Err(ProofError::WrongLength { expected: 4, actual: 3 }),
            _ => Ok(()),
        };
        assert_eq!(result, expected, "claim {index}");
    }
}

#[test]
fn proofs_that_cannot_exist_are_refused_by_name() {
    let tree = MemoryTree::from_leaf_hashes(&Naive::new(5).leaf_hashes);
    let no_leaf = ProofError::NoSuchLeaf { leaf_index: 5, tree_size: 5 };
    assert_eq!(prove_inclusion(&tree, 5, 5), Err(ProveError::Proof(no_leaf)));
    assert_eq!(inclusion_proof_nodes(5, 5), Err(no_leaf));
    for (old_size, new_size) in [(0, 5), (6, 5), (0, 0)] {
        let no_growth = ProofError::NoSuchGrowth { old_size, new_size };
        assert_eq!(prove_consistency(&tree, old_size, new_size), Err(ProveError::Proof(no_growth)));
        assert_eq!(consistency_proof_nodes(old_size, new_size), Err(no_growth));
    }
    let missing = ProveError::Read(MissingNode(NodeId { level: 2, index: 1 }));
    assert_eq!(prove_inclusion(&tree, 0, 8), Err(missing));
}

#[test]
fn empty_subtree_belongs_to_every_tree_that_reaches_it() {
    let root = [7; 32];
    let check = |start, size, proof: &[Hash]| {
        check_subtree_consistency((start, start), size, &EMPTY_ROOT, &root, proof)
    };
    assert_eq!(check(0, 0, &[]), Ok(()));
    assert_eq!(check(5, 5, &[]), Ok(()));
    assert_eq!(check(6, 5, &[]), Err(ProofError::NoSuchSubtree { start: 6, end: 6, tree_size: 5 }));
    assert_eq!(check(5, 5, &[root]), Err(ProofError::WrongLength { expected: 0, actual: 1 }));
}

#[test]
fn leaf_of_what_is_no_subtree_is_refused() {
    for (start, end) in [(1, 3), (2, 5), (6, 2), (1, u64::MAX)] {
        let no_subtree = Err(ProofError::NoSuchSubtree { start, end, tree_size: end });
        let hash = Hash::default();
        assert_eq!(check_subtree_inclusion(&hash, start, (start, end), &hash, &[hash]), no_subtree);
        assert_eq!(check_subtree_consistency((start, end), end, &hash, &hash, &[hash]), no_subtree);
    }
}

#[test]
fn hashes_that_are_no_compact_range_are_refused() {
    let too_few = RangeError::HashCount { expected: 2, actual: 1 };
    assert_eq!(CompactRange::from_hashes(5, vec![[0; 32]]), Err(too_few));
    let too_large = RangeError::TooLarge { size: 1 << 63 };
    assert_eq!(CompactRange::from_hashes(1 << 63, vec![[0; 32]]), Err(too_large));
    assert!(CompactRange::from_hashes(TREE_SIZE_MAX, vec![[0; 32]; 63]).is_ok());
}

/// A tree that notes what it is asked for, and leaves out as many hashes as it is told to.
struct Noting<'a> {
    tree: &'a MemoryTree,
    asked: RefCell<Vec<Vec<NodeId>>>,
    left_out: usize,
}

impl HashReader for Noting<'_> {
    type Error = MissingNode;

    fn read_hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, MissingNode> {
        self.asked.borrow_mut().push(nodes.to_vec());
        self.tree.read_hashes(&nodes[self.left_out..])
    }
}

#[test]
fn proofs_ask_once_for_each_of_the_nodes_they_name() {
    let tree = MemoryTree::from_leaf_hashes(&Naive::new(100).leaf_hashes);
    let sorted_and_once = |nodes: &[NodeId]| nodes.is_sorted_by(|left, right| left < right);
    for size in 1..=100 {
        for index in 0..size {
            let reader = Noting { tree: &tree, asked: RefCell::default(), left_out: 0 };
            prove_inclusion(&reader, index, size).expect("a proof");
            prove_consistency(&reader, index + 1, size).expect("a proof");
            let mut asked = reader.asked.into_inner();
            for nodes in &mut asked {
                nodes.sort_unstable();
            }
            let named = [inclusion_proof_nodes(index, size), consistency_proof_nodes(index + 1, size)];
            let named: Vec<Vec<NodeId>> = named.into_iter().collect::<Result<_, _>>().expect("nodes");
            assert!(named.iter().all(|nodes| sorted_and_once(nodes)));
            assert_eq!(asked, named);
        }
    }
    let reader = Noting { tree: &tree, asked: RefCell::default(), left_out: 0 };
    prove_inclusions(&reader, &(0..64).collect::<Vec<_>>(), 64).expect("proofs");
    let asked = reader.asked.into_inner();
    assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [126], "one read, and all but the root once");
}

#[test]
fn reader_that_leaves_a_hash_out_gives_no_proof() {
    let tree = MemoryTree::from_leaf_hashes(&Naive::new(8).leaf_hashes);
    let reader = Noting { tree: &tree, asked: RefCell::default(), left_out: 1 };
    let error = ProveError::HashCount { expected: 3, actual: 2 };
    assert_eq!(prove_inclusion(&reader, 0, 8), Err(error));
}

#[test]
fn checks_at_the_largest_sizes_refuse_and_do_not_panic() {
    let hash = Hash::default();
    for size in [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) + 1, (1 << 63) - 1] {
        for other in [0, 1, size / 2, size - 2, size - 1, size, u64::MAX] {
            for count in 0..=66 {
                let proof = vec![hash; count];
                assert!(check_inclusion(&hash, other, size, &hash, &proof).is_err());
                let consistent = check_consistency(other, size, &hash, &hash, &proof);
                assert_eq!(consistent.is_ok(), other == size && count == 0);
                assert!(check_subtree_consistency((other, size), size, &hash, &[1; 32], &proof).is_err());
            }
            let nodes = inclusion_proof_nodes(other, size).unwrap_or_default();
            assert!(nodes.len() <= 126 && nodes.iter().all(|node| node.level < 64));
        }
    }
}
