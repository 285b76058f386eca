//! No width of lanes may fall behind the scalar code: one more CPU feature on a function can make it 60 times
//! slower, and every answer is still right.

use std::time::{Duration, Instant};

use sha256::{Digest, Lanes, digest_many_with, node_hashes_with};

const NODES: usize = 1024;
const RUNS: usize = 30;

/// Generous, because tests run unoptimised and on busy machines; the fault is far worse.
const SLOWER_MAX: u32 = 3;

fn fastest(mut run: impl FnMut()) -> Duration {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    times.min().expect("at least one run")
}

#[test]
fn wider_lanes_are_not_slower_than_one() {
    let children = vec![[7; 32]; 2 * NODES];
    let messages: Vec<&[u8]> = children.as_chunks::<8>().0.iter().map(|chunk| chunk.as_flattened()).collect();
    let mut out = vec![Digest::default(); NODES];
    let mut time = |lanes| {
        let nodes = fastest(|| node_hashes_with(lanes, &children, &mut out));
        let many = fastest(|| digest_many_with(lanes, &[], &messages, &mut out[..messages.len()]));
        (nodes, many)
    };
    let (scalar_nodes, scalar_many) = time(Lanes::One);
    for lanes in Lanes::available() {
        let (nodes, many) = time(lanes);
        assert!(nodes < SLOWER_MAX * scalar_nodes, "{lanes:?}: nodes in {nodes:?}, {scalar_nodes:?} in one");
        assert!(many < SLOWER_MAX * scalar_many, "{lanes:?}: many in {many:?}, {scalar_many:?} in one");
        println!("{lanes:?}: {nodes:?} {many:?}");
    }
}
