//! Nodes and messages a second on one core, by width of lanes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sha256::{Digest, Lanes, digest_many_with, node_hashes_with, short_digests_with};

const NODES: usize = 4096;
const MESSAGES: usize = 4096;

fn nodes(criterion: &mut Criterion) {
    let children = vec![[7; 32]; 2 * NODES];
    let mut out = vec![Digest::default(); NODES];
    let mut group = criterion.benchmark_group("node_hashes");
    group.throughput(Throughput::Elements(NODES as u64));
    for lanes in Lanes::available() {
        group.bench_function(format!("{lanes:?}"), |bencher| {
            bencher.iter(|| node_hashes_with(lanes, black_box(&children), &mut out));
        });
    }
}

/// Messages of 20 to 1500 bytes in no order.
fn messages(criterion: &mut Criterion) {
    let pool = vec![7; 1500];
    let messages: Vec<&[u8]> = (0..MESSAGES).map(|index| &pool[..20 + index * 7919 % 1481]).collect();
    let mut out = vec![Digest::default(); MESSAGES];
    let mut group = criterion.benchmark_group("digest_many");
    group.throughput(Throughput::Bytes(messages.iter().map(|message| message.len() as u64).sum()));
    for lanes in Lanes::available() {
        group.bench_function(format!("{lanes:?}"), |bencher| {
            bencher.iter(|| digest_many_with(lanes, &[0], black_box(&messages), &mut out));
        });
    }
}

/// Messages of 49 bytes, as the leaves of an index are.
fn short_messages(criterion: &mut Criterion) {
    let messages = vec![[7; 49]; MESSAGES];
    let mut out = vec![Digest::default(); MESSAGES];
    let mut group = criterion.benchmark_group("short_digests");
    group.throughput(Throughput::Elements(MESSAGES as u64));
    for lanes in Lanes::available() {
        group.bench_function(format!("{lanes:?}"), |bencher| {
            bencher.iter(|| short_digests_with(lanes, black_box(&messages), &mut out));
        });
    }
}

criterion_group!(benches, nodes, messages, short_messages);
criterion_main!(benches);
