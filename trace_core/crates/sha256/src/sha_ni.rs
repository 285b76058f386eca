//! Two messages at a time with the SHA extensions of x86-64, interleaved so that one waits while the other
//! works.
//!
//! A function here enables `sha,sse4.1,ssse3` and nothing more: with `avx2` beside them, code like this has
//! become 60 times slower; a test keeps the floor. Nor is a vector handled inside a closure that a function
//! of the standard library calls: that function lacks the features, so the closure could not be inlined.

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_loadu_si128, _mm_set_epi8, _mm_set_epi32, _mm_set_epi64x,
    _mm_setzero_si128, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
    _mm_shuffle_epi32, _mm_storeu_si128, _mm_unpackhi_epi64, _mm_unpacklo_epi64,
};

use crate::Digest;
use crate::constants::{INITIAL_STATE, NODE_TAIL, ROUND_CONSTANTS, ROUNDS, STATE_WORDS};
use crate::message::{BLOCK_BYTES, Block, Messages};

/// Rounds that one message word vector feeds.
const GROUP: usize = 4;

/// Groups of rounds in one compression.
const GROUPS: usize = ROUNDS / GROUP;

/// The state of one message in the order that the instructions want.
#[derive(Clone, Copy)]
struct State {
    abef: __m128i,
    cdgh: __m128i,
}

/// Whether this CPU has what the functions here enable.
pub(crate) fn is_available() -> bool {
    is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("ssse3")
}

/// Digests message `index` into `out[index]` for each index in `order`, neighbours in `order` together.
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(crate) fn digest_many(messages: impl Messages, order: &[usize], out: &mut [Digest]) {
    let (pairs, rest) = order.as_chunks::<2>();
    for &pair in pairs {
        digest_streams(messages, pair, out);
    }
    if let &[last] = rest {
        digest_streams(messages, [last], out);
    }
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn digest_streams<const N: usize>(messages: impl Messages, lanes: [usize; N], out: &mut [Digest]) {
    let counts = lanes.map(|message| messages.block_count(message));
    let shared = counts.iter().copied().min().unwrap_or_default();
    let mut buffer = [0; BLOCK_BYTES];
    let mut states = [state_of(&messages.start().state); N];
    for index in 0..shared {
        let mut words = [[_mm_setzero_si128(); GROUP]; N];
        for lane in 0..N {
            words[lane] = load_block(messages.block(lanes[lane], index, &mut buffer));
        }
        states = compress(states, words);
    }
    for lane in 0..N {
        let mut alone = [states[lane]];
        for index in shared..counts[lane] {
            alone = compress(alone, [load_block(messages.block(lanes[lane], index, &mut buffer))]);
        }
        out[lanes[lane]] = digest_of(alone[0]);
    }
}

/// Digests of messages that are one block each, padding included, neighbours together.
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(crate) fn block_digests(blocks: &[Block], out: &mut [Digest]) {
    let (pairs, rest) = blocks.as_chunks();
    let (out_pairs, out_rest) = out.as_chunks_mut();
    for (pair, out) in pairs.iter().zip(out_pairs) {
        block_streams::<2>(pair, out);
    }
    for (block, out) in rest.iter().zip(out_rest) {
        block_streams::<1>(&[*block], std::array::from_mut(out));
    }
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn block_streams<const N: usize>(blocks: &[Block; N], out: &mut [Digest; N]) {
    let mut words = [[_mm_setzero_si128(); GROUP]; N];
    for lane in 0..N {
        words[lane] = load_block(&blocks[lane]);
    }
    let states = compress([initial_state(); N], words);
    for lane in 0..N {
        out[lane] = digest_of(states[lane]);
    }
}

/// SHA-256(tag ‖ left ‖ right) of each tag and pair of children.
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(crate) fn node_hashes(tags: &[u8], children: &[Block], out: &mut [Digest]) {
    let (tag_pairs, tag_rest) = tags.as_chunks();
    let (pairs, rest) = children.as_chunks();
    let (out_pairs, out_rest) = out.as_chunks_mut();
    for ((tags, pair), out) in tag_pairs.iter().zip(pairs).zip(out_pairs) {
        node_streams::<2>(tags, pair, out);
    }
    for ((tag, child), out) in tag_rest.iter().zip(rest).zip(out_rest) {
        node_streams::<1>(&[*tag], &[*child], std::array::from_mut(out));
    }
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn node_streams<const N: usize>(tags: &[u8; N], children: &[Block; N], out: &mut [Digest; N]) {
    let mut words = [[_mm_setzero_si128(); GROUP]; N];
    for lane in 0..N {
        words[lane] = node_block(tags[lane], &children[lane]);
    }
    let before = compress([initial_state(); N], words);

    // The second block is the last child byte and padding: its schedule stands in a table.
    let mut states = before;
    let tails = children.each_ref().map(|child| &NODE_TAIL[usize::from(child[BLOCK_BYTES - 1])]);
    for group in 0..GROUPS {
        for lane in 0..N {
            states[lane] = four_rounds(states[lane], load_words(tails[lane], group));
        }
    }
    for lane in 0..N {
        out[lane] = digest_of(add(states[lane], before[lane]));
    }
}

/// The first block of a node's message: its tag and all but the last byte of its children.
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn node_block(tag: u8, children: &Block) -> [__m128i; GROUP] {
    let [first, second, third, fourth] = load_bytes(children);
    let tag = _mm_set_epi8(tag.cast_signed(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    [
        big_endian(_mm_alignr_epi8::<15>(first, tag)),
        big_endian(_mm_alignr_epi8::<15>(second, first)),
        big_endian(_mm_alignr_epi8::<15>(third, second)),
        big_endian(_mm_alignr_epi8::<15>(fourth, third)),
    ]
}

/// FIPS 180-4 §6.2.2, four rounds at a time for each stream.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress<const N: usize>(before: [State; N], mut words: [[__m128i; GROUP]; N]) -> [State; N] {
    let mut states = before;
    for group in 0..GROUPS {
        let constants = load_words(&ROUND_CONSTANTS, group);
        for lane in 0..N {
            let [now, next, third, fourth] = words[lane];
            states[lane] = four_rounds(states[lane], _mm_add_epi32(now, constants));
            // The last four groups need no words after theirs.
            let later = if group < GROUPS - GROUP { next_words(words[lane]) } else { now };
            words[lane] = [next, third, fourth, later];
        }
    }
    for lane in 0..N {
        states[lane] = add(states[lane], before[lane]);
    }
    states
}

/// The four words of the message schedule after these sixteen.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn next_words([first, second, third, fourth]: [__m128i; GROUP]) -> __m128i {
    let older = _mm_add_epi32(_mm_sha256msg1_epu32(first, second), _mm_alignr_epi8::<4>(fourth, third));
    _mm_sha256msg2_epu32(older, fourth)
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn four_rounds(state: State, keyed_words: __m128i) -> State {
    let cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, keyed_words);
    let abef = _mm_sha256rnds2_epu32(state.abef, cdgh, _mm_shuffle_epi32::<0b00_00_11_10>(keyed_words));
    State { abef, cdgh }
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn add(left: State, right: State) -> State {
    State { abef: _mm_add_epi32(left.abef, right.abef), cdgh: _mm_add_epi32(left.cdgh, right.cdgh) }
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn initial_state() -> State {
    state_of(&INITIAL_STATE)
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn state_of(words: &[u32; STATE_WORDS]) -> State {
    let word = words.map(u32::cast_signed);
    State {
        abef: _mm_set_epi32(word[0], word[1], word[4], word[5]),
        cdgh: _mm_set_epi32(word[2], word[3], word[6], word[7]),
    }
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn digest_of(state: State) -> Digest {
    let reverse_halves = _mm_set_epi64x(0x0809_0a0b_0c0d_0e0f, 0x0001_0203_0405_0607);
    let front = _mm_shuffle_epi8(_mm_unpackhi_epi64(state.abef, state.cdgh), reverse_halves);
    let back = _mm_shuffle_epi8(_mm_unpacklo_epi64(state.abef, state.cdgh), reverse_halves);
    let mut digest = [0_u8; 32];
    let (front_bytes, back_bytes) = digest.split_at_mut(16);
    // SAFETY: `front_bytes` is 16 writable bytes, and the store needs no alignment.
    unsafe { _mm_storeu_si128(front_bytes.as_mut_ptr().cast(), front) };
    // SAFETY: `back_bytes` is the other 16 writable bytes, and the store needs no alignment.
    unsafe { _mm_storeu_si128(back_bytes.as_mut_ptr().cast(), back) };
    digest
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn load_block(block: &Block) -> [__m128i; GROUP] {
    let [first, second, third, fourth] = load_bytes(block);
    [big_endian(first), big_endian(second), big_endian(third), big_endian(fourth)]
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn load_bytes(block: &Block) -> [__m128i; GROUP] {
    let (vectors, _) = block.as_chunks();
    [load(&vectors[0]), load(&vectors[1]), load(&vectors[2]), load(&vectors[3])]
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: these are 16 readable bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// Vector `group` of a table of words.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn load_words(words: &[u32; ROUNDS], group: usize) -> __m128i {
    let (groups, _) = words.as_chunks::<GROUP>();
    // SAFETY: the index is checked, a group is 16 bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(groups[group].as_ptr().cast()) }
}

/// Reverses the bytes of each word.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn big_endian(words: __m128i) -> __m128i {
    _mm_shuffle_epi8(words, _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203))
}
