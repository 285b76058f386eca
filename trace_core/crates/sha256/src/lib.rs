//! SHA-256 (FIPS 180-4) of many short messages at once, in as many lanes as the CPU has.
//!
//! A single message cannot use a wide CPU: each round waits for the one before. Many messages can, because
//! they do not wait for each other. All functions for many choose the widest [`Lanes`] that this CPU has at
//! run time; the scalar code of `sha2` is the twin that tests hold every other against.
//!
//! This is the one crate of Wayproof where `unsafe` may stand: vector loads and stores, and calls of
//! functions that need a CPU feature.

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "other CPUs have no lanes here"))]
mod constants;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "other CPUs have no lanes here"))]
mod message;
#[cfg(target_arch = "x86_64")]
mod sha_ni;

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

#[cfg(target_arch = "x86_64")]
use crate::message::padding;
use crate::message::{BLOCK_BYTES, Bodies, Messages, Padded, Start};

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// First byte of what an RFC 6962 node hashes; its leaves begin with 0.
const NODE_PREFIX: u8 = 1;

/// Bytes that a node hashes after its prefix: the hashes of its two children.
const CHILDREN_BYTES: usize = 2 * size_of::<Digest>();

/// The most messages that are hashed at the same time.
const LANES_MAX: usize = 16;

/// Bytes of the longest message that is one block with its padding; FIPS 180-4 §5.1.1.
const ONE_BLOCK_BYTES_MAX: usize = 55;

/// Fewer messages than this go faster in pairs than in sixteen lanes of which some stand idle.
#[cfg(target_arch = "x86_64")]
const SIXTEEN_LANES_MIN: usize = 10;

/// How many messages are hashed at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lanes {
    /// One after the other, by the `sha2` crate; on every CPU.
    One,
    /// Two interleaved, by the SHA extensions of x86-64.
    Two,
    /// Sixteen, by AVX-512 F and BW; what is left over goes in [`Lanes::Two`] if the CPU has that.
    Sixteen,
}

impl Lanes {
    /// Every one that this CPU has, from narrow to wide.
    #[must_use]
    pub fn available() -> Vec<Self> {
        [Self::One, Self::Two, Self::Sixteen].into_iter().filter(|lanes| lanes.is_available()).collect()
    }

    /// The one that is taken where the caller does not choose.
    #[must_use]
    pub fn widest() -> Self {
        if Self::Sixteen.is_available() {
            Self::Sixteen
        } else if Self::Two.is_available() {
            Self::Two
        } else {
            Self::One
        }
    }

    /// Whether this CPU has it. The standard library asks the CPU once and remembers.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::One => true,
            #[cfg(target_arch = "x86_64")]
            Self::Two => sha_ni::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen => avx512::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Two | Self::Sixteen => false,
        }
    }
}

/// SHA-256 of one message.
#[must_use]
pub fn digest(message: &[u8]) -> Digest {
    Sha256::digest(message).into()
}

/// SHA-256 of each message into `out`, in the same order.
///
/// Lengths may differ: messages with equally many blocks are hashed together. Allocates one index a message.
///
/// # Panics
/// If `out` is not as long as `messages`.
pub fn digest_many(messages: &[&[u8]], out: &mut [Digest]) {
    digest_many_with(Lanes::widest(), &[], messages, out);
}

/// SHA-256 of `prefix` and then the message, for each message; no message is copied to be prefixed, and whole blocks
/// of the prefix are hashed once.
///
/// # Panics
/// If `out` is not as long as `messages`.
pub fn digest_prefixed_many(prefix: &[u8], messages: &[&[u8]], out: &mut [Digest]) {
    digest_many_with(Lanes::widest(), prefix, messages, out);
}

/// [`digest_prefixed_many`] in lanes of the caller's choice, for tests and benchmarks.
///
/// # Panics
/// If `out` is not as long as `messages`, or this CPU does not have `lanes`.
pub fn digest_many_with(lanes: Lanes, prefix: &[u8], messages: &[&[u8]], out: &mut [Digest]) {
    assert_eq!(messages.len(), out.len(), "one place for each digest");
    let (start, prefix) = Start::behind(prefix);
    hash_messages(lanes, Bodies { start, prefix, all: messages }, out);
}

/// Appends what pads the message that begins at `start` to whole blocks (FIPS 180-4 §5.1.1), for [`padded_digests`].
pub fn pad(out: &mut Vec<u8>, start: usize) {
    message::pad(out, start);
}

/// SHA-256 of messages that [`pad`] has padded before, back to back: `ends` tells behind which block each ends.
///
/// Faster than [`digest_many`] for short messages, whose last block need not be composed.
///
/// # Panics
/// If `out` is not as long as `ends`, or these do not ascend within `blocks`.
pub fn padded_digests(blocks: &[[u8; 64]], ends: &[usize], out: &mut [Digest]) {
    padded_digests_with(Lanes::widest(), blocks, ends, out);
}

/// [`padded_digests`] in lanes of the caller's choice, for tests and benchmarks.
///
/// # Panics
/// As that, or if this CPU does not have `lanes`.
pub fn padded_digests_with(lanes: Lanes, blocks: &[[u8; 64]], ends: &[usize], out: &mut [Digest]) {
    assert_eq!(ends.len(), out.len(), "one place for each digest");
    hash_messages(lanes, Padded { blocks, ends }, out);
}

/// SHA-256 of as many messages as `out` has places.
fn hash_messages(lanes: Lanes, messages: impl Messages, out: &mut [Digest]) {
    assert!(lanes.is_available(), "{lanes:?} is not on this CPU");
    match lanes {
        Lanes::One => {
            let mut buffer = [0; BLOCK_BYTES];
            for (message, out) in out.iter_mut().enumerate() {
                let mut state = messages.start().state;
                for block in 0..messages.block_count(message) {
                    compress256(&mut state, &[*messages.block(message, block, &mut buffer)]);
                }
                out.as_chunks_mut().0.iter_mut().zip(state).for_each(|(out, word)| *out = word.to_be_bytes());
            }
        }
        #[cfg(target_arch = "x86_64")]
        Lanes::Two => {
            let order = by_block_count(messages, out.len());
            // SAFETY: `is_available` found the features of `sha_ni`.
            unsafe { sha_ni::digest_many(messages, &order, out) }
        }
        #[cfg(target_arch = "x86_64")]
        Lanes::Sixteen => {
            for lanes in by_block_count(messages, out.len()).chunks(avx512::LANES) {
                if lanes.len() < SIXTEEN_LANES_MIN && Lanes::Two.is_available() {
                    // SAFETY: `is_available` found the features of `sha_ni`.
                    unsafe { sha_ni::digest_many(messages, lanes, out) }
                } else {
                    // SAFETY: `is_available` found the features of `avx512`.
                    unsafe { avx512::digest_lanes(messages, lanes, out) }
                }
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Lanes::Two | Lanes::Sixteen => unreachable!("checked above"),
    }
}

/// SHA-256 of each message into `out`, where all have the same `N` bytes, at most 55: one block each.
///
/// Several times faster than [`digest_many`], because nothing has to be sorted or cut into blocks.
///
/// # Panics
/// If `out` is not as long as `messages`.
pub fn short_digests<const N: usize>(messages: &[[u8; N]], out: &mut [Digest]) {
    short_digests_with(Lanes::widest(), messages, out);
}

/// [`short_digests`] in lanes of the caller's choice, for tests and benchmarks.
///
/// # Panics
/// If `out` is not as long as `messages`, or this CPU does not have `lanes`.
pub fn short_digests_with<const N: usize>(lanes: Lanes, messages: &[[u8; N]], out: &mut [Digest]) {
    const { assert!(N <= ONE_BLOCK_BYTES_MAX, "the message and its padding are one block") };
    assert_eq!(messages.len(), out.len(), "one place for each digest");
    assert!(lanes.is_available(), "{lanes:?} is not on this CPU");
    #[cfg(target_arch = "x86_64")]
    if lanes != Lanes::One {
        let mut blocks = [padding(N); LANES_MAX];
        for (messages, out) in messages.chunks(LANES_MAX).zip(out.chunks_mut(LANES_MAX)) {
            for (block, message) in blocks.iter_mut().zip(messages) {
                block[..N].copy_from_slice(message);
            }
            if lanes == Lanes::Sixteen && (out.len() >= SIXTEEN_LANES_MIN || !Lanes::Two.is_available()) {
                // SAFETY: `is_available` found the features of `avx512`.
                let digests = unsafe { avx512::block_digests(&blocks) };
                out.copy_from_slice(&digests[..out.len()]);
            } else {
                // SAFETY: `is_available` found the features of `sha_ni`.
                unsafe { sha_ni::block_digests(&blocks[..out.len()], out) }
            }
        }
        return;
    }
    for (message, out) in messages.iter().zip(out) {
        *out = digest(message);
    }
}

/// The node hashes of an RFC 6962 tree: SHA-256(0x01 ‖ left ‖ right) for each two of `children`.
///
/// # Panics
/// Unless `children` is twice as long as `out`.
pub fn node_hashes(children: &[Digest], out: &mut [Digest]) {
    node_hashes_with(Lanes::widest(), children, out);
}

/// [`node_hashes`] in lanes of the caller's choice, for tests and benchmarks.
///
/// # Panics
/// Unless `children` is twice as long as `out` and this CPU has `lanes`.
pub fn node_hashes_with(lanes: Lanes, children: &[Digest], out: &mut [Digest]) {
    hash_nodes(lanes, std::iter::repeat(&[NODE_PREFIX; LANES_MAX][..]), children, out);
}

/// SHA-256(tag ‖ left ‖ right) for each of `tags`, which say what kind of node it is, and two of `children`.
///
/// # Panics
/// Unless `tags` is as long as `out` and `children` twice as long.
pub fn tagged_node_hashes(tags: &[u8], children: &[Digest], out: &mut [Digest]) {
    tagged_node_hashes_with(Lanes::widest(), tags, children, out);
}

/// [`tagged_node_hashes`] in lanes of the caller's choice, for tests and benchmarks.
///
/// # Panics
/// Unless `tags` is as long as `out`, `children` twice as long, and this CPU has `lanes`.
pub fn tagged_node_hashes_with(lanes: Lanes, tags: &[u8], children: &[Digest], out: &mut [Digest]) {
    assert_eq!(tags.len(), out.len(), "one tag for each node");
    hash_nodes(lanes, tags.chunks(LANES_MAX), children, out);
}

/// `tags` are as many at a time as there are lanes at most, or as are left of the nodes, or more.
fn hash_nodes<'a>(
    lanes: Lanes,
    tags: impl Iterator<Item = &'a [u8]>,
    children: &[Digest],
    out: &mut [Digest],
) {
    assert_eq!(children.len(), 2 * out.len(), "two children for each node");
    assert!(lanes.is_available(), "{lanes:?} is not on this CPU");
    let (children, _) = children.as_flattened().as_chunks::<CHILDREN_BYTES>();
    for ((tags, children), out) in tags.zip(children.chunks(LANES_MAX)).zip(out.chunks_mut(LANES_MAX)) {
        let tags = &tags[..out.len()];
        #[cfg(target_arch = "x86_64")]
        if lanes == Lanes::Sixteen
            && let (Some(tags), Some(children), Some(out)) =
                (tags.first_chunk(), children.first_chunk(), out.first_chunk_mut())
        {
            // SAFETY: `is_available` found the features of `avx512`.
            unsafe { avx512::node_hashes(tags, children, out) }
            continue;
        }
        #[cfg(target_arch = "x86_64")]
        if lanes != Lanes::One && Lanes::Two.is_available() {
            // SAFETY: `is_available` found the features of `sha_ni`.
            unsafe { sha_ni::node_hashes(tags, children, out) }
            continue;
        }
        for ((tag, children), out) in tags.iter().zip(children).zip(out) {
            *out = Sha256::new().chain_update([*tag]).chain_update(children).finalize().into();
        }
    }
}

/// Messages with fewer blocks than this are put in order by counting.
#[cfg(target_arch = "x86_64")]
const COUNTED_BLOCKS: usize = 64;

/// The places of so many messages, those with equally many blocks together, so that no lane waits for another.
#[cfg(target_arch = "x86_64")]
fn by_block_count(messages: impl Messages, count: usize) -> Vec<usize> {
    let class = |message| messages.block_count(message).min(COUNTED_BLOCKS);
    let mut ends = [0; COUNTED_BLOCKS + 1];
    (0..count).for_each(|message| ends[class(message)] += 1);
    let mut before = 0;
    for end in &mut ends {
        before += *end;
        *end = before;
    }
    let mut order = vec![0; count];
    for message in (0..count).rev() {
        let place = &mut ends[class(message)];
        *place -= 1;
        order[*place] = message;
    }
    // Where each class begins, now.
    order[ends[COUNTED_BLOCKS]..].sort_unstable_by_key(|&message| messages.block_count(message));
    order
}
