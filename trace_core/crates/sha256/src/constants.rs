//! The constants of FIPS 180-4, and the message schedules that a Merkle node's second block can have.

/// Words in the state; FIPS 180-4 §5.3.3.
pub(crate) const STATE_WORDS: usize = 8;

/// Rounds of one compression, each with one word of the message schedule.
pub(crate) const ROUNDS: usize = 64;

/// The state before the first block; FIPS 180-4 §5.3.3.
#[rustfmt::skip]
pub(crate) const INITIAL_STATE: [u32; STATE_WORDS] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
];

/// The constant that each round adds; FIPS 180-4 §4.2.2.
#[rustfmt::skip]
pub(crate) const ROUND_CONSTANTS: [u32; ROUNDS] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// Bits that a node hashes: the prefix and two children of 32 bytes.
pub(crate) const NODE_BITS: u32 = 8 * (1 + 2 * 32);

/// `NODE_TAIL[b]`: message schedule plus round constants of a node's second block.
///
/// That block holds one byte of the message, `b`, and else only padding, so 256 schedules are all there are.
/// 64 KiB, computed by the compiler.
pub(crate) static NODE_TAIL: [[u32; ROUNDS]; 256] = node_tails();

#[expect(
    clippy::large_stack_arrays,
    reason = "runs in the compiler alone, for the initial value of a static"
)]
const fn node_tails() -> [[u32; ROUNDS]; 256] {
    let mut tails = [[0; ROUNDS]; 256];
    let mut byte = 0;
    let mut top_byte = 0_u32;
    while byte < 256 {
        tails[byte] = keyed_schedule(top_byte | 0x80_0000);
        top_byte = top_byte.wrapping_add(1 << 24);
        byte += 1;
    }
    tails
}

/// Schedule plus round constants of a block of `first_word`, zeros and the length of a node's message;
/// FIPS 180-4 §6.2.2, step 1.
const fn keyed_schedule(first_word: u32) -> [u32; ROUNDS] {
    let mut words = [0; ROUNDS];
    words[0] = first_word;
    words[15] = NODE_BITS;
    let mut round = 16;
    while round < ROUNDS {
        let (early, late) = (words[round - 15], words[round - 2]);
        let sigma0 = early.rotate_right(7) ^ early.rotate_right(18) ^ (early >> 3);
        let sigma1 = late.rotate_right(17) ^ late.rotate_right(19) ^ (late >> 10);
        words[round] =
            sigma1.wrapping_add(words[round - 7]).wrapping_add(sigma0).wrapping_add(words[round - 16]);
        round += 1;
    }
    let mut round = 0;
    while round < ROUNDS {
        words[round] = words[round].wrapping_add(ROUND_CONSTANTS[round]);
        round += 1;
    }
    words
}
