//! Proofs: making them and checking them.

use std::hint::black_box;

use ct_merkle::InclusionProof;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use interleaved::Operation;
use merkle::{
    Hash, InclusionClaim, MemoryTree, check_inclusion, check_inclusions, prove_inclusions, root_hash,
};
use rs_merkle::algorithms::Sha256;
use rs_merkle::{MerkleProof, MerkleTree};
use sha256::Lanes;

use crate::bound::of_blocks;
use crate::ct_tree;

const PROOFS: usize = 1_000;
/// Coprime with the number of leaves, so that no leaf comes twice.
const APART: usize = 99_991;

/// Proofs of leaves all over a tree.
pub(crate) fn proofs(leaves: &[Hash], pairs: usize, hertz: f64) {
    let tree = MemoryTree::from_leaf_hashes(leaves);
    let theirs = MerkleTree::<Sha256>::from_leaves(leaves);
    let ct_tree = ct_tree(leaves);
    let places: Vec<usize> = (0..PROOFS).map(|n| n * APART % leaves.len()).collect();
    let indexes: Vec<u64> = places.iter().map(|&place| place as u64).collect();
    let size = leaves.len() as u64;

    let ours = || prove_inclusions(&tree, black_box(&indexes), size).expect("a tree with these leaves");
    let rs = || places.iter().map(|&place| theirs.proof(&[place])).collect::<Vec<_>>();
    let ct = || places.iter().map(|&place| ct_tree.prove_inclusion(place)).collect::<Vec<_>>();
    let what = format!("making {PROOFS} inclusion proofs, {size} leaves in memory");
    let making = Operation { name: &what, count: PROOFS, limit: None };
    making.beside("rs_merkle", pairs, ours, rs);
    making.beside("ct-merkle", pairs, ours, ct);

    let (proofs, of_rs, of_ct) = (ours(), rs(), ct());
    let claims: Vec<InclusionClaim> = places
        .iter()
        .zip(&proofs)
        .map(|(&place, proof)| InclusionClaim { leaf_hash: leaves[place], leaf_index: place as u64, proof })
        .collect();
    let root = root_hash(leaves);
    let many = || assert!(check_inclusions(size, &root, black_box(&claims)).iter().all(Result::is_ok));
    let single = || {
        for claim in black_box(&claims) {
            let checked = check_inclusion(&claim.leaf_hash, claim.leaf_index, size, &root, claim.proof);
            checked.expect("a proof that holds");
        }
    };
    let hashes: usize = proofs.iter().map(Vec::len).sum();
    #[expect(clippy::cast_precision_loss, reason = "twenty thousand")]
    let blocks = 2.0 * hashes as f64 / PROOFS as f64;
    let limit = of_blocks(Lanes::widest(), blocks, hertz);
    let what = format!("checking {PROOFS} inclusion proofs under one root, {} hashes each", hashes / PROOFS);
    let checking = Operation { name: &what, count: PROOFS, limit: Some(&limit) };
    checking.beside("ours, one by one", pairs, many, single);
    checking.beside("rs_merkle", pairs, many, || {
        rs_check(&of_rs, &places, leaves, &theirs);
    });
    checking.beside("ct-merkle", pairs, many, || {
        ct_check(&of_ct, &places, leaves, &ct_tree);
    });
}

fn rs_check(made: &[MerkleProof<Sha256>], places: &[usize], leaves: &[Hash], tree: &MerkleTree<Sha256>) {
    let root = tree.root().expect("a tree with leaves");
    for (proof, &place) in made.iter().zip(places) {
        assert!(proof.verify(root, &[place], &[leaves[place]], leaves.len()));
    }
}

fn ct_check(
    made: &[InclusionProof<sha2::Sha256>],
    places: &[usize],
    leaves: &[Hash],
    tree: &MemoryBackedTree<sha2::Sha256, Hash>,
) {
    let root = tree.root();
    for (proof, &place) in made.iter().zip(places) {
        root.verify_inclusion(&leaves[place], place as u64, proof).expect("a proof that holds");
    }
}
