//! Trees of a million leaves, ours beside those of two other crates, on one core.
//!
//! `cargo run --release -p wayproof-merkle --example peers [PAIRS]` prints one JSON object a line. Ours and
//! the peer run by turns in one process, and who begins changes; `ratio` is the median of the pairs' ratios,
//! `ratio_of_minima` that of the fastest runs. Where the two differ by more than 5 % the machine was too busy
//! and the run is `"void": true`.

use std::env;
use std::hint::black_box;
use std::time::Instant;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use merkle::{Hash, leaf_hashes, root_hash};
use rs_merkle::MerkleTree;
use rs_merkle::algorithms::Sha256;

const LEAVES: u64 = 1_000_000;
const PAIRS: usize = 15;
const DISAGREEMENT_MAX: f64 = 0.05;

fn main() {
    let pairs = env::args().nth(1).and_then(|pairs| pairs.parse().ok()).unwrap_or(PAIRS);
    let leaves: Vec<Hash> = (0..LEAVES).map(|index| sha256::digest(&index.to_be_bytes())).collect();

    // rs_merkle joins children without a prefix, which makes its nodes no longer in blocks than ours.
    compare(
        "root over 1,000,000 leaf hashes",
        "rs_merkle 1.5",
        pairs,
        || black_box(root_hash(black_box(&leaves))),
        || black_box(MerkleTree::<Sha256>::from_leaves(black_box(&leaves)).root()),
    );

    // ct-merkle hashes its leaves itself, so ours does too; both are RFC 6962.
    let entries: Vec<&[u8]> = leaves.iter().map(Hash::as_slice).collect();
    let ours = || root_hash(&leaf_hashes(black_box(&entries)));
    let peer = || {
        let mut tree = MemoryBackedTree::<sha2::Sha256, &[u8]>::new();
        for entry in black_box(&entries) {
            tree.push(*entry);
        }
        tree.root()
    };
    assert_eq!(ours().as_slice(), peer().as_bytes().as_slice(), "two crates, one RFC, one root");
    compare("leaf hashes and root over 1,000,000 entries of 32 bytes", "ct-merkle 0.3", pairs, ours, peer);
}

/// Prints how many leaves a second each does.
#[expect(clippy::cast_precision_loss, reason = "a million is exact")]
fn compare<A, B>(operation: &str, peer: &str, pairs: usize, ours: impl Fn() -> A, theirs: impl Fn() -> B) {
    let (mut ours_seconds, mut peer_seconds) = (Vec::new(), Vec::new());
    for pair in 0..pairs.max(1) {
        if pair % 2 == 0 {
            ours_seconds.push(seconds(&ours));
            peer_seconds.push(seconds(&theirs));
        } else {
            peer_seconds.push(seconds(&theirs));
            ours_seconds.push(seconds(&ours));
        }
    }
    let ratio = median(ours_seconds.iter().zip(&peer_seconds).map(|(ours, peer)| peer / ours).collect());
    let ratio_of_minima = minimum(&peer_seconds) / minimum(&ours_seconds);
    let void = (ratio / ratio_of_minima - 1.0).abs() > DISAGREEMENT_MAX;
    let result = serde_json::json!({
        "operation": operation,
        "ours_per_s": (LEAVES as f64 / minimum(&ours_seconds)).round(),
        "peer": peer,
        "peer_per_s": (LEAVES as f64 / minimum(&peer_seconds)).round(),
        "ratio": ratio,
        "ratio_of_minima": ratio_of_minima,
        "void": void,
        "lanes": format!("{:?}", sha256::Lanes::widest()),
    });
    println!("{result}");
}

fn seconds<T>(run: impl Fn() -> T) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64()
}

fn minimum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
