//! Tokens a second on one core: in batches, one entry at a time, and from nothing.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use vindex::{Index, Token, check_history};

const TOKENS: u64 = 1_000_000;
const BATCH_ENTRIES: u64 = 65_536;
const TOKENS_AN_ENTRY: u64 = 3;
const SMALL_BATCH_ENTRIES: u64 = 1_000;
const PROOFS: u64 = 1_000;

fn token(number: u64) -> Token {
    *sha256::digest(&number.to_be_bytes()).first_chunk().expect("longer")
}

/// Entries with three tokens each, whose numbers `token_number` gives.
fn entries(count: u64, token_number: impl Fn(u64) -> u64) -> Vec<Vec<Token>> {
    let entry = |entry| {
        let numbers = entry * TOKENS_AN_ENTRY..(entry + 1) * TOKENS_AN_ENTRY;
        let mut tokens: Vec<Token> = numbers.map(|number| token(token_number(number))).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    };
    (0..count).map(entry).collect()
}

fn million() -> Index {
    let mut index = Index::new();
    index.append(0, &(0..TOKENS).map(|number| [token(number)]).collect::<Vec<_>>()).expect("in order");
    index
}

/// Entries of tokens of which one in two is known to the index of a million, in no order.
fn half_new(count: u64) -> Vec<Vec<Token>> {
    entries(count, |number| number * 7_919 % TOKENS + number % 2 * TOKENS)
}

fn appends(criterion: &mut Criterion) {
    let index = million();
    let mut group = criterion.benchmark_group("append");
    group.sample_size(10);
    for (name, batch) in [
        ("batch_of_known", entries(BATCH_ENTRIES, |number| number * 7_919 % TOKENS)),
        ("batch_of_new", entries(BATCH_ENTRIES, |number| number + TOKENS)),
        ("batch_half_new", half_new(BATCH_ENTRIES)),
        ("small_batch_half_new", half_new(SMALL_BATCH_ENTRIES)),
    ] {
        group.throughput(Throughput::Elements(batch.iter().map(|entry| entry.len() as u64).sum()));
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || index.clone(),
                |index| index.append(TOKENS, black_box(&batch)),
                BatchSize::PerIteration,
            );
        });
    }
    let batch = half_new(SMALL_BATCH_ENTRIES);
    group.bench_function("one_by_one_half_new", |bencher| {
        bencher.iter_batched_ref(
            || index.clone(),
            |index| {
                for (leaf_index, entry) in (TOKENS..).zip(&batch) {
                    index.append(leaf_index, std::slice::from_ref(entry)).expect("in order");
                }
            },
            BatchSize::PerIteration,
        );
    });
}

fn builds(criterion: &mut Criterion) {
    let all: Vec<_> = (0..TOKENS).map(|number| [token(number)]).collect();
    let mut group = criterion.benchmark_group("build");
    group.sample_size(10);
    group.throughput(Throughput::Elements(TOKENS));
    group.bench_function("at_once", |bencher| {
        bencher.iter(|| Index::new().append(0, black_box(&all)));
    });
    group.bench_function("in_batches", |bencher| {
        bencher.iter(|| {
            let mut index = Index::new();
            for batch in black_box(&all).chunks(65_536) {
                index.append(index.size(), batch).expect("in order");
            }
        });
    });
    let mut snapshot = Vec::new();
    million().write_snapshot(&mut snapshot).expect("memory");
    group.bench_function("read_snapshot", |bencher| {
        bencher.iter(|| Index::read_snapshot(black_box(&*snapshot)));
    });
}

fn proofs(criterion: &mut Criterion) {
    let index = million();
    let (root, tokens) = (index.root(), (0..PROOFS).map(|number| token(number * 997)).collect::<Vec<_>>());
    let proofs: Vec<_> = tokens.iter().map(|token| index.prove(token)).collect();
    let mut group = criterion.benchmark_group("proofs");
    group.throughput(Throughput::Elements(PROOFS));
    group.bench_function("prove", |bencher| {
        bencher.iter(|| {
            for token in black_box(&tokens) {
                black_box(index.prove(token));
            }
        });
    });
    group.bench_function("check_history", |bencher| {
        bencher.iter(|| {
            for (number, (token, proof)) in (0..).zip(tokens.iter().zip(black_box(&proofs))) {
                check_history(&root, token, &[number * 997], proof).expect("holds");
            }
        });
    });
}

criterion_group!(benches, appends, builds, proofs);
criterion_main!(benches);
