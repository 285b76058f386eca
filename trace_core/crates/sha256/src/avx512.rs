//! Sixteen messages at a time: each AVX-512 vector holds one 32-bit word of all sixteen.

use std::arch::x86_64::{
    __m512i, __mmask16, _mm_loadu_si128, _mm256_storeu_si256, _mm512_add_epi32, _mm512_castsi512_si256,
    _mm512_cvtepu8_epi32, _mm512_loadu_si512, _mm512_mask_mov_epi32, _mm512_or_si512, _mm512_ror_epi32,
    _mm512_set1_epi32, _mm512_set4_epi32, _mm512_setzero_si512, _mm512_shuffle_epi8, _mm512_shuffle_i32x4,
    _mm512_slli_epi32, _mm512_srli_epi32, _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use crate::Digest;
use crate::constants::{INITIAL_STATE, NODE_BITS, ROUND_CONSTANTS, ROUNDS, STATE_WORDS};
use crate::message::{BLOCK_BYTES, Block, Messages};

/// Messages in one vector.
pub(crate) const LANES: usize = 16;

/// Words in one block, which by chance are as many as the lanes: a transposition is square.
const BLOCK_WORDS: usize = BLOCK_BYTES / size_of::<u32>();

/// One state word, or one message word, of all lanes.
type State = [__m512i; STATE_WORDS];

/// Whether this CPU and operating system have what the functions here enable.
pub(crate) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")
}

/// Digests message `index` into `out[index]` for each index in `order`, at most sixteen.
///
/// All lanes go on until the longest message ends, so `order` should hold messages of like lengths.
#[target_feature(enable = "avx512f,avx512bw")]
pub(crate) fn digest_lanes(messages: impl Messages, order: &[usize], out: &mut [Digest]) {
    let longest = order.iter().map(|&index| messages.block_count(index)).max().unwrap_or_default();
    let mut buffers = [[0; BLOCK_BYTES]; LANES];
    let mut state = state_of(&messages.start().state);
    for block_index in 0..longest {
        let mut rows = [_mm512_setzero_si512(); LANES];
        let mut active: __mmask16 = 0;
        for (lane, (&index, buffer)) in order.iter().zip(&mut buffers).enumerate() {
            if block_index < messages.block_count(index) {
                rows[lane] = load_block(messages.block(index, block_index, buffer));
                active |= 1 << lane;
            }
        }
        let next = compress::<false>(&state, &transpose(&rows));
        for (old, new) in state.iter_mut().zip(next) {
            *old = _mm512_mask_mov_epi32(*old, active, new);
        }
    }
    for (&index, digest) in order.iter().zip(digests_of(&state)) {
        out[index] = digest;
    }
}

/// Digests of sixteen messages that are one block each, padding included.
#[target_feature(enable = "avx512f,avx512bw")]
pub(crate) fn block_digests(blocks: &[Block; LANES]) -> [Digest; LANES] {
    let mut rows = [_mm512_setzero_si512(); LANES];
    for (row, block) in rows.iter_mut().zip(blocks) {
        *row = load_block(block);
    }
    digests_of(&compress::<false>(&initial_state(), &transpose(&rows)))
}

/// SHA-256(tag ‖ left ‖ right) of each of sixteen tags and pairs of children.
#[target_feature(enable = "avx512f,avx512bw")]
pub(crate) fn node_hashes(tags: &[u8; LANES], children: &[Block; LANES], out: &mut [Digest; LANES]) {
    let mut rows = [_mm512_setzero_si512(); LANES];
    for (row, child) in rows.iter_mut().zip(children) {
        *row = load_block(child);
    }
    let child_words = transpose(&rows);

    // The tag shifts all by one byte: each word is the last byte of one and three bytes of the next.
    let mut words = child_words;
    // SAFETY: the tags are 16 readable bytes, and the load needs no alignment.
    let mut before = _mm512_cvtepu8_epi32(unsafe { _mm_loadu_si128(tags.as_ptr().cast()) });
    for (word, child_word) in words.iter_mut().zip(child_words) {
        *word = _mm512_or_si512(_mm512_slli_epi32::<24>(before), _mm512_srli_epi32::<8>(child_word));
        before = child_word;
    }
    let state = compress::<false>(&initial_state(), &words);

    let mut words = [_mm512_setzero_si512(); BLOCK_WORDS];
    words[0] = _mm512_or_si512(_mm512_slli_epi32::<24>(before), _mm512_set1_epi32(0x80_0000));
    *out = digests_of(&compress::<true>(&state, &words));
}

/// FIPS 180-4 §6.2.2, all 64 rounds written out: only then do words and state stay in registers, and the
/// round constants in the instructions.
///
/// The second block of a node has its first word of `block` and else padding. Where that is known, the compiler
/// leaves out what words that are nothing would add to the schedule.
#[target_feature(enable = "avx512f,avx512bw")]
#[expect(clippy::many_single_char_names, reason = "the names of FIPS 180-4")]
fn compress<const NODE_TAIL: bool>(before: &State, block: &[__m512i; BLOCK_WORDS]) -> State {
    let mut words = *block;
    if NODE_TAIL {
        words = [_mm512_setzero_si512(); BLOCK_WORDS];
        words[0] = block[0];
        words[BLOCK_WORDS - 1] = _mm512_set1_epi32(NODE_BITS.cast_signed());
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *before;
    macro_rules! one_round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $round:expr) => {
            if $round >= BLOCK_WORDS {
                words[$round % BLOCK_WORDS] = next_word(&words, $round);
            }
            let key = _mm512_set1_epi32(ROUND_CONSTANTS[$round].cast_signed());
            let keyed_word = _mm512_add_epi32(key, words[$round % BLOCK_WORDS]);
            let chosen = _mm512_add_epi32(choose($e, $f, $g), _mm512_add_epi32($h, keyed_word));
            let first = _mm512_add_epi32(rotations::<6, 11, 25>($e), chosen);
            let second = _mm512_add_epi32(rotations::<2, 13, 22>($a), majority($a, $b, $c));
            $d = _mm512_add_epi32($d, first);
            $h = _mm512_add_epi32(first, second);
        };
    }
    // The roles of the eight variables move on by one each round.
    macro_rules! eight_rounds {
        ($round:literal) => {
            one_round!(a b c d e f g h, $round);
            one_round!(h a b c d e f g, $round + 1);
            one_round!(g h a b c d e f, $round + 2);
            one_round!(f g h a b c d e, $round + 3);
            one_round!(e f g h a b c d, $round + 4);
            one_round!(d e f g h a b c, $round + 5);
            one_round!(c d e f g h a b, $round + 6);
            one_round!(b c d e f g h a, $round + 7);
        };
    }
    eight_rounds!(0);
    eight_rounds!(8);
    eight_rounds!(16);
    eight_rounds!(24);
    eight_rounds!(32);
    eight_rounds!(40);
    eight_rounds!(48);
    eight_rounds!(56);
    let mut after = [a, b, c, d, e, f, g, h];
    for (word, before) in after.iter_mut().zip(before) {
        *word = _mm512_add_epi32(*word, *before);
    }
    after
}

/// Word `round` of the message schedule, from the sixteen before it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn next_word(words: &[__m512i; BLOCK_WORDS], round: usize) -> __m512i {
    let early = words[(round - 15) % BLOCK_WORDS];
    let late = words[(round - 2) % BLOCK_WORDS];
    let sigma0 =
        xor3(_mm512_ror_epi32::<7>(early), _mm512_ror_epi32::<18>(early), _mm512_srli_epi32::<3>(early));
    let sigma1 =
        xor3(_mm512_ror_epi32::<17>(late), _mm512_ror_epi32::<19>(late), _mm512_srli_epi32::<10>(late));
    let plain = _mm512_add_epi32(words[round % BLOCK_WORDS], words[(round - 7) % BLOCK_WORDS]);
    _mm512_add_epi32(_mm512_add_epi32(plain, sigma0), sigma1)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn rotations<const R1: i32, const R2: i32, const R3: i32>(word: __m512i) -> __m512i {
    xor3(_mm512_ror_epi32::<R1>(word), _mm512_ror_epi32::<R2>(word), _mm512_ror_epi32::<R3>(word))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn xor3(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0b1001_0110>(x, y, z)
}

/// Each bit of `y` where `x` is 1, of `z` where it is 0.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn choose(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0b1100_1010>(x, y, z)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn majority(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0b1110_1000>(x, y, z)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn initial_state() -> State {
    state_of(&INITIAL_STATE)
}

/// The same state in all lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn state_of(words: &[u32; STATE_WORDS]) -> State {
    let mut state = [_mm512_setzero_si512(); STATE_WORDS];
    for (vector, word) in state.iter_mut().zip(words) {
        *vector = _mm512_set1_epi32(word.cast_signed());
    }
    state
}

#[target_feature(enable = "avx512f,avx512bw")]
fn digests_of(state: &State) -> [Digest; LANES] {
    let mut columns = [_mm512_setzero_si512(); LANES];
    columns[..STATE_WORDS].copy_from_slice(state);
    let mut digests = [Digest::default(); LANES];
    for (digest, row) in digests.iter_mut().zip(transpose(&columns)) {
        let words = _mm512_castsi512_si256(big_endian(row));
        // SAFETY: a digest is 32 writable bytes, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(digest.as_mut_ptr().cast(), words) };
    }
    digests
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_block(block: &Block) -> __m512i {
    // SAFETY: a block is 64 readable bytes, and the load needs no alignment.
    big_endian(unsafe { _mm512_loadu_si512(block.as_ptr().cast()) })
}

/// Reverses the bytes of each word.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn big_endian(words: __m512i) -> __m512i {
    _mm512_shuffle_epi8(words, _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203))
}

/// Word `i` of row `j` becomes word `j` of row `i`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transpose(rows: &[__m512i; LANES]) -> [__m512i; LANES] {
    let mut quads = *rows;
    // Within four rows: transpose the 4 × 4 words that lie in each quarter of the vectors.
    for first in (0..LANES).step_by(4) {
        let (r0, r1, r2, r3) = (rows[first], rows[first + 1], rows[first + 2], rows[first + 3]);
        let (low01, high01) = (_mm512_unpacklo_epi32(r0, r1), _mm512_unpackhi_epi32(r0, r1));
        let (low23, high23) = (_mm512_unpacklo_epi32(r2, r3), _mm512_unpackhi_epi32(r2, r3));
        quads[first] = _mm512_unpacklo_epi64(low01, low23);
        quads[first + 1] = _mm512_unpackhi_epi64(low01, low23);
        quads[first + 2] = _mm512_unpacklo_epi64(high01, high23);
        quads[first + 3] = _mm512_unpackhi_epi64(high01, high23);
    }
    // Then transpose the 4 × 4 quarters.
    let mut columns = quads;
    for word in 0..4 {
        let (q0, q1, q2, q3) = (quads[word], quads[word + 4], quads[word + 8], quads[word + 12]);
        let even01 = _mm512_shuffle_i32x4::<0b10_00_10_00>(q0, q1);
        let even23 = _mm512_shuffle_i32x4::<0b10_00_10_00>(q2, q3);
        let odd01 = _mm512_shuffle_i32x4::<0b11_01_11_01>(q0, q1);
        let odd23 = _mm512_shuffle_i32x4::<0b11_01_11_01>(q2, q3);
        columns[word] = _mm512_shuffle_i32x4::<0b10_00_10_00>(even01, even23);
        columns[word + 4] = _mm512_shuffle_i32x4::<0b10_00_10_00>(odd01, odd23);
        columns[word + 8] = _mm512_shuffle_i32x4::<0b11_01_11_01>(even01, even23);
        columns[word + 12] = _mm512_shuffle_i32x4::<0b11_01_11_01>(odd01, odd23);
    }
    columns
}

const _: () = assert!(LANES == BLOCK_WORDS && ROUNDS.is_multiple_of(BLOCK_WORDS));
