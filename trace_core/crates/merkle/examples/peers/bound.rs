//! What a core cannot beat, from the instructions that SHA-256 needs and the ports that take them.
//!
//! Ports and cycles are those that uops.info gives for Intel's cores since Ice Lake; on another CPU the bound
//! is another one.

use std::hint::black_box;
use std::time::Instant;

use interleaved::Limit;
use sha256::Lanes;

/// Rounds of one block, and words of its schedule that are not the message's own; FIPS 180-4 §6.2.2.
const ROUNDS: f64 = 64.0;
const NEXT_WORDS: f64 = 48.0;

/// Vector operations of a round with AVX-512: twice three rotations and their sum, choice, majority, seven
/// additions. And of a next word: twice three shifts and their sum, three additions.
const ROUND_OPERATIONS: f64 = 17.0;
const NEXT_WORD_OPERATIONS: f64 = 11.0;
/// Ports that take operations on 512 bits.
const WIDE_PORTS: f64 = 2.0;
const WIDE_LANES: f64 = 16.0;

/// With the SHA extensions two rounds are one instruction, which its port takes every second cycle.
const TWO_ROUNDS_CYCLES: f64 = 2.0;

/// Multiplying takes three cycles and the exclusive or one, each of which waits for the one before.
const LINK_CYCLES: f64 = 4.0;
/// Few, so that among many runs there is one that nobody interrupts.
const LINKS: u32 = 200_000;
const RUNS: u32 = 400;

/// Cycles of one block in these lanes, at least.
fn block_cycles(lanes: Lanes) -> f64 {
    match lanes {
        Lanes::Sixteen => {
            (ROUNDS * ROUND_OPERATIONS + NEXT_WORDS * NEXT_WORD_OPERATIONS) / WIDE_PORTS / WIDE_LANES
        }
        _ => ROUNDS / 2.0 * TWO_ROUNDS_CYCLES,
    }
}

/// So many blocks an operation, and nothing else.
pub(crate) fn of_blocks(lanes: Lanes, blocks: f64, hertz: f64) -> Limit {
    let cycles = blocks * block_cycles(lanes);
    Limit { name: format!("ports: {cycles:.0} cycles at {:.2} GHz", hertz / 1e9), per_s: hertz / cycles }
}

/// Cycles a second, by a chain of instructions whose length in cycles is known: in the fastest of many runs.
pub(crate) fn clock_hertz() -> f64 {
    let run = || {
        let start = Instant::now();
        let mut value = black_box(0x9E37_79B9_7F4A_7C15_u64);
        let (factor, mask) = (black_box(0x5851_F42D_4C95_7F2D), black_box(1));
        for _ in 0..LINKS {
            value = value.wrapping_mul(factor) ^ mask;
        }
        black_box(value);
        f64::from(LINKS) * LINK_CYCLES / start.elapsed().as_secs_f64()
    };
    (0..RUNS).map(|_| run()).fold(0.0, f64::max)
}
