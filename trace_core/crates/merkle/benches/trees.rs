//! Leaves, proofs and tiles a second on one core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use merkle::{
    Hash, InclusionClaim, MemoryTree, RightEdge, TileSet, check_inclusion, check_inclusions, prove_inclusion,
    prove_inclusions, root_hash,
};

const LEAVES: u64 = 1_000_000;
const PROOFS: u64 = 1_000;
const BATCH: usize = 10_000;

fn leaves() -> Vec<Hash> {
    (0..LEAVES).map(|index| sha256::digest(&index.to_be_bytes())).collect()
}

fn roots(criterion: &mut Criterion) {
    let leaves = leaves();
    let mut group = criterion.benchmark_group("trees");
    group.sample_size(20);
    group.throughput(Throughput::Elements(LEAVES));
    group.bench_function("root_hash", |bencher| bencher.iter(|| root_hash(black_box(&leaves))));

    let mut edge = RightEdge::default();
    edge.append(&leaves, |_| ());
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("integrate", |bencher| {
        bencher.iter(|| edge.clone().integrate(black_box(&leaves[..BATCH])));
    });
}

fn proofs(criterion: &mut Criterion) {
    let leaves = leaves();
    let tree = MemoryTree::from_leaf_hashes(&leaves);
    let (root, indexes) = (tree.root_hash(), (0..PROOFS).map(|index| index * 997).collect::<Vec<_>>());
    let mut edge = RightEdge::default();
    let mut tiles = Vec::new();
    edge.append(&leaves, |full| tiles.push(full));
    tiles.extend(edge.partial_tiles());
    let tiles = TileSet::from_iter(tiles);
    let proofs = prove_inclusions(&tiles, &indexes, LEAVES).expect("proofs");
    let claims: Vec<InclusionClaim> = indexes
        .iter()
        .zip(&proofs)
        .map(|(&leaf_index, proof)| {
            let position = usize::try_from(leaf_index).expect("small");
            InclusionClaim { leaf_hash: leaves[position], leaf_index, proof }
        })
        .collect();

    let mut group = criterion.benchmark_group("proofs");
    group.throughput(Throughput::Elements(PROOFS));
    group.bench_function("prove_inclusion", |bencher| {
        bencher.iter(|| {
            for &index in black_box(&indexes) {
                black_box(prove_inclusion(&tiles, index, LEAVES)).expect("a proof");
            }
        });
    });
    group.bench_function("prove_inclusions", |bencher| {
        bencher.iter(|| prove_inclusions(&tiles, black_box(&indexes), LEAVES));
    });
    group.bench_function("check_inclusion", |bencher| {
        bencher.iter(|| {
            for claim in black_box(&claims) {
                check_inclusion(&claim.leaf_hash, claim.leaf_index, LEAVES, &root, claim.proof)
                    .expect("holds");
            }
        });
    });
    group.bench_function("check_inclusions", |bencher| {
        bencher.iter(|| check_inclusions(LEAVES, &root, black_box(&claims)));
    });
}

criterion_group!(benches, roots, proofs);
criterion_main!(benches);
