//! Trees of a million leaves, ours beside those of two other crates and what one core cannot beat.
//!
//! `cargo run --release -p wayproof-merkle --example peers [PAIRS]` prints one JSON object a line. Ours and
//! the peer run by turns in one process.

mod bound;
mod proofs;

use std::env;
use std::hint::black_box;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use interleaved::Operation;
use merkle::{Hash, MemoryTree, leaf_hashes, root_hash};
use rs_merkle::MerkleTree;
use rs_merkle::algorithms::Sha256;
use sha256::{Lanes, node_hashes_with};

use crate::bound::{clock_hertz, of_blocks};

const LEAVES: usize = 1_000_000;
/// As many as stay in a core's caches.
const NODES: usize = 4_096;
const APPENDED: usize = 1_000;
const PAIRS: usize = 15;
/// `rs_merkle` copies its whole tree at each commit.
const SLOW_PAIRS_MAX: usize = 3;

fn main() {
    let pairs = env::args().nth(1).and_then(|pairs| pairs.parse().ok()).unwrap_or(PAIRS);
    let leaves: Vec<Hash> = (0..LEAVES).map(|index| sha256::digest(&index.to_be_bytes())).collect();
    let hertz = clock_hertz();
    nodes(&leaves, pairs, hertz);
    roots(&leaves, pairs, hertz);
    appends(&leaves, pairs);
    proofs::proofs(&leaves, pairs, hertz);
}

/// Nodes by each width of lanes that this CPU has a bound for. A node is two blocks.
fn nodes(children: &[Hash], pairs: usize, hertz: f64) {
    let mut out = vec![Hash::default(); NODES];
    for lanes in Lanes::available().into_iter().filter(|&lanes| lanes != Lanes::One) {
        let what = format!("hashes of {NODES} nodes, lanes: {lanes:?}");
        let limit = of_blocks(lanes, 2.0, hertz);
        Operation { name: &what, count: NODES, limit: Some(&limit) }.alone(40 * pairs, || {
            node_hashes_with(lanes, black_box(&children[..2 * NODES]), black_box(&mut out));
        });
    }
}

fn roots(leaves: &[Hash], pairs: usize, hertz: f64) {
    let widest = Lanes::widest();
    // rs_merkle joins children without a prefix, which makes its nodes no longer in blocks than ours.
    let theirs = || MerkleTree::<Sha256>::from_leaves(black_box(leaves)).root();
    let what = format!("root over {LEAVES} leaf hashes, lanes: {widest:?}");
    let limit = of_blocks(widest, 2.0, hertz);
    let operation = Operation { name: &what, count: LEAVES, limit: Some(&limit) };
    operation.beside("rs_merkle", pairs, || root_hash(black_box(leaves)), theirs);
    if widest == Lanes::Sixteen && Lanes::Two.is_available() {
        let what = format!("root over {LEAVES} leaf hashes, lanes: Two, as without AVX-512");
        let limit = of_blocks(Lanes::Two, 2.0, hertz);
        let ours = || levels(Lanes::Two, black_box(leaves));
        assert_eq!(levels(Lanes::Two, &leaves[..NODES]), root_hash(&leaves[..NODES]));
        let operation = Operation { name: &what, count: LEAVES, limit: Some(&limit) };
        operation.beside("rs_merkle", pairs, ours, theirs);
    }

    // ct-merkle hashes its leaves itself, so ours does too; both are RFC 6962. A leaf of 32 bytes is one block.
    let entries: Vec<&[u8]> = leaves.iter().map(Hash::as_slice).collect();
    let ours = || root_hash(&leaf_hashes(black_box(&entries)));
    let peer = || {
        let mut tree = MemoryBackedTree::<sha2::Sha256, &[u8]>::new();
        for entry in black_box(&entries) {
            tree.push(entry);
        }
        tree.root()
    };
    assert_eq!(ours().as_slice(), peer().as_bytes().as_slice(), "two crates, one RFC, one root");
    let what = format!("leaf hashes and root over {LEAVES} entries of 32 bytes, lanes: {widest:?}");
    let limit = of_blocks(widest, 3.0, hertz);
    let operation = Operation { name: &what, count: LEAVES, limit: Some(&limit) };
    operation.beside("ct-merkle", pairs, ours, peer);
}

/// A root by lanes of choice, level by level; a node without a neighbour goes up as it is.
fn levels(lanes: Lanes, leaves: &[Hash]) -> Hash {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        let mut above = vec![Hash::default(); level.len() / 2];
        node_hashes_with(lanes, &level[..2 * above.len()], &mut above);
        above.extend(level[2 * above.len()..].first().copied().filter(|_| level.len() % 2 == 1));
        level = above;
    }
    level[0]
}

/// A thousand leaves onto a million, and the new root. The trees grow by that much with each run.
fn appends(leaves: &[Hash], pairs: usize) {
    let new = &leaves[..APPENDED];
    let mut ours = MemoryTree::from_leaf_hashes(leaves);
    let mut append = || {
        ours.append(black_box(new));
        ours.root_hash()
    };
    let mut tree = MerkleTree::<Sha256>::from_leaves(leaves);
    let rs_append = || {
        tree.append(&mut black_box(new).to_vec()).commit();
        tree.root()
    };
    let what = format!("append {APPENDED} leaf hashes to {LEAVES}, and the root");
    let operation = Operation { name: &what, count: APPENDED, limit: None };
    operation.beside("rs_merkle", pairs.min(SLOW_PAIRS_MAX), &mut append, rs_append);
    let mut tree = ct_tree(leaves);
    let ct_append = || {
        for leaf in black_box(new) {
            tree.push(*leaf);
        }
        tree.root()
    };
    operation.beside("ct-merkle, which hashes them first", pairs, append, ct_append);
}

/// Theirs, which hashes its leaves itself; here they are 32 bytes each.
fn ct_tree(leaves: &[Hash]) -> MemoryBackedTree<sha2::Sha256, Hash> {
    let mut tree = MemoryBackedTree::new();
    for leaf in leaves {
        tree.push(*leaf);
    }
    tree
}
