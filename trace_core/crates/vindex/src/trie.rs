//! What the trie is made of: keys, leaves, and what is hashed of them.

use crate::{Hash, TOKEN_BYTES, Token};

/// A token as a number, whose order is that of the bytes. Its bit 0 is the most significant.
pub(crate) type Key = u128;

/// Bits of a key.
pub(crate) const KEY_BITS: u32 = Key::BITS;

/// What a leaf hashes first.
const LEAF_PREFIX: u8 = 0;

/// What a node that splits at bit 0 hashes first; one more for each further bit.
const NODE_TAG_FIRST: u8 = 0x80;

/// What a leaf hashes: its prefix, the token and the chain.
pub(crate) const LEAF_MESSAGE_BYTES: usize = 1 + TOKEN_BYTES + size_of::<Hash>();

/// A token and the chain over the leaf indexes that carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) key: Key,
    pub(crate) chain: Hash,
}

pub(crate) fn key_of(token: &Token) -> Key {
    Key::from_be_bytes(*token)
}

impl Leaf {
    /// 0x00 ‖ token ‖ chain.
    pub(crate) fn message(&self) -> [u8; LEAF_MESSAGE_BYTES] {
        let mut message = [LEAF_PREFIX; LEAF_MESSAGE_BYTES];
        message[1..=TOKEN_BYTES].copy_from_slice(&self.key.to_be_bytes());
        message[1 + TOKEN_BYTES..].copy_from_slice(&self.chain);
        message
    }

    pub(crate) fn hash(&self) -> Hash {
        sha256::digest(&self.message())
    }
}

/// The first byte of what a node hashes that splits at `bit`, which is below [`KEY_BITS`].
pub(crate) fn node_tag(bit: u32) -> u8 {
    // 0x80 + 127 is the last byte there is.
    NODE_TAG_FIRST | (bit & (KEY_BITS - 1)) as u8
}

/// The first bit in which two different keys differ.
pub(crate) fn first_difference(one: Key, other: Key) -> u32 {
    (one ^ other).leading_zeros()
}

/// The key in which this bit alone is set.
pub(crate) fn mask_of(bit: u32) -> Key {
    1 << (KEY_BITS - 1 - bit)
}

/// On which side of a node that splits at `bit` a key is.
pub(crate) fn is_right(key: Key, bit: u32) -> bool {
    key & mask_of(bit) != 0
}

/// The first bits of a key as a number.
pub(crate) fn prefix(key: Key, bits: u32) -> usize {
    // All bits are shifted out where none is wanted.
    key.checked_shr(KEY_BITS - bits).unwrap_or_default() as usize
}
