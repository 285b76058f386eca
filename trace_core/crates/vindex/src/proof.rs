//! Lookup proofs: their bytes, and whether they hold.

use std::fmt;

use crate::chain::{CHAIN_START, extend_chain};
use crate::trie::{KEY_BITS, Key, Leaf, is_right, key_of, node_tag};
use crate::{EMPTY_ROOT, Hash, TOKEN_BYTES, Token};

/// The bits at which nodes split: a bit for each, in the order of a token's.
const SPLIT_BITS_BYTES: usize = 16;

/// The token and the chain of a leaf that is not the one looked up.
const OTHER_LEAF_BYTES: usize = TOKEN_BYTES + size_of::<Hash>();

/// Where the walk of a token through the trie ends: at its own leaf, at another's, or nowhere in an empty index.
///
/// It holds the bits at which the nodes on the way split, the hashes of their other sides, and the other leaf, if
/// it is one. At most 128 nodes; about log₂ of the number of tokens where tokens are random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupProof(Option<Walk>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Walk {
    /// Set where a node on the way splits.
    split_bits: Key,
    /// From the leaf upwards: one for each bit that is set.
    siblings: Vec<Hash>,
    /// The leaf at the end, unless it is the token's own.
    other: Option<Leaf>,
}

/// Why a lookup proof cannot be read, or does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupError {
    /// The first 16 bytes say how many there are, with and without another leaf.
    WrongLength {
        /// Bytes given.
        bytes: usize,
    },
    /// A history has at least one leaf index.
    EmptyHistory,
    /// The leaf indexes do not ascend, or one stands twice.
    OutOfOrder,
    /// The proof ends at another token's leaf, or in an empty index: it can only show that the token is absent.
    Absent,
    /// The proof ends at the token's own leaf: it can only show its history.
    Present,
    /// The walk of the token does not end at the leaf that the proof ends at.
    OtherWalk,
    /// The proof leads to another root than the one given: the history is another one, or the proof of
    /// another index.
    WrongRoot,
}

impl fmt::Display for LookupError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongLength { bytes } => write!(formatter, "no lookup proof has these {bytes} bytes"),
            Self::EmptyHistory => write!(formatter, "a history has at least one leaf index"),
            Self::OutOfOrder => write!(formatter, "the leaf indexes do not ascend"),
            Self::Absent => write!(formatter, "the proof does not end at the token's own leaf"),
            Self::Present => write!(formatter, "the proof ends at the token's own leaf"),
            Self::OtherWalk => write!(formatter, "the token's walk does not end at the proof's leaf"),
            Self::WrongRoot => write!(formatter, "the proof leads to another root"),
        }
    }
}

impl std::error::Error for LookupError {}

impl LookupProof {
    /// In an index without tokens.
    pub(crate) fn empty() -> Self {
        Self(None)
    }

    /// That the walk of `key` ends at `leaf`.
    pub(crate) fn new(key: Key, leaf: Leaf, split_bits: Key, siblings: Vec<Hash>) -> Self {
        Self(Some(Walk { split_bits, siblings, other: (leaf.key != key).then_some(leaf) }))
    }

    /// Whether it ends at the token's own leaf, and so shows a history; else it shows that the token is absent.
    #[must_use]
    pub fn is_of_history(&self) -> bool {
        self.0.as_ref().is_some_and(|walk| walk.other.is_none())
    }

    /// Reads a proof: exactly one byte string gives each.
    ///
    /// # Errors
    /// If there are more or fewer bytes than the first sixteen say.
    pub fn parse(bytes: &[u8]) -> Result<Self, LookupError> {
        let refused = LookupError::WrongLength { bytes: bytes.len() };
        if bytes.is_empty() {
            return Ok(Self::empty());
        }
        let (split_bits, rest) = bytes.split_first_chunk::<SPLIT_BITS_BYTES>().ok_or(refused)?;
        let split_bits = Key::from_be_bytes(*split_bits);
        let sibling_bytes = split_bits.count_ones() as usize * size_of::<Hash>();
        let (siblings, rest) = rest.split_at_checked(sibling_bytes).ok_or(refused)?;
        let other = match rest.split_first_chunk::<TOKEN_BYTES>() {
            Some((key, chain)) => {
                let chain = chain.try_into().map_err(|_| refused)?;
                Some(Leaf { key: key_of(key), chain })
            }
            None if rest.is_empty() => None,
            None => return Err(refused),
        };
        Ok(Self(Some(Walk { split_bits, siblings: siblings.as_chunks().0.to_vec(), other })))
    }

    /// As `docs/formats.md` ("Lookup proof") has it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Some(walk) = &self.0 else { return Vec::new() };
        let siblings = walk.siblings.as_flattened();
        let mut bytes = Vec::with_capacity(SPLIT_BITS_BYTES + siblings.len() + OTHER_LEAF_BYTES);
        bytes.extend_from_slice(&walk.split_bits.to_be_bytes());
        bytes.extend_from_slice(siblings);
        if let Some(other) = &walk.other {
            bytes.extend_from_slice(&other.key.to_be_bytes());
            bytes.extend_from_slice(&other.chain);
        }
        bytes
    }
}

impl Walk {
    /// The root that the walk of `key` starts from, if it ends at a leaf with this hash.
    fn root(&self, key: Key, leaf_hash: Hash) -> Hash {
        let mut hash = leaf_hash;
        let mut bits = self.split_bits;
        for sibling in &self.siblings {
            // The last bit that is left: the node nearest to the leaf. There are as many as siblings.
            let bit = KEY_BITS - 1 - bits.trailing_zeros().min(KEY_BITS - 1);
            bits &= bits.wrapping_sub(1);
            let children = if is_right(key, bit) { [*sibling, hash] } else { [hash, *sibling] };
            sha256::tagged_node_hashes(&[node_tag(bit)], &children, std::slice::from_mut(&mut hash));
        }
        hash
    }
}

/// Checks that `leaf_indexes` are all the leaves that carry `token`, in the index with this root.
///
/// That the root belongs to the log, and to which size, is for the caller to check.
///
/// # Errors
/// If it is not so: see [`LookupError`].
pub fn check_history(
    root: &Hash,
    token: &Token,
    leaf_indexes: &[u64],
    proof: &LookupProof,
) -> Result<(), LookupError> {
    if leaf_indexes.is_empty() {
        return Err(LookupError::EmptyHistory);
    }
    if !leaf_indexes.is_sorted_by(|one, other| one < other) {
        return Err(LookupError::OutOfOrder);
    }
    check_chain(root, token, &extend_chain(&CHAIN_START, leaf_indexes), proof)
}

/// Checks that `chain` is the chain of `token` in the index with this root: what is left of [`check_history`] for
/// who keeps the chain of an earlier history instead of the history, and goes on with [`extend_chain`].
///
/// # Errors
/// If it is not so: see [`LookupError`].
pub fn check_chain(root: &Hash, token: &Token, chain: &Hash, proof: &LookupProof) -> Result<(), LookupError> {
    let walk = match &proof.0 {
        Some(walk) if walk.other.is_none() => walk,
        _ => return Err(LookupError::Absent),
    };
    let leaf = Leaf { key: key_of(token), chain: *chain };
    if walk.root(leaf.key, leaf.hash()) == *root { Ok(()) } else { Err(LookupError::WrongRoot) }
}

/// Checks that no leaf carries `token`, in the index with this root.
///
/// # Errors
/// If it is not so: see [`LookupError`].
pub fn check_absence(root: &Hash, token: &Token, proof: &LookupProof) -> Result<(), LookupError> {
    let Some(walk) = &proof.0 else {
        return if *root == EMPTY_ROOT { Ok(()) } else { Err(LookupError::WrongRoot) };
    };
    let key = key_of(token);
    let other = match &walk.other {
        Some(other) if other.key != key => other,
        _ => return Err(LookupError::Present),
    };
    if (key ^ other.key) & walk.split_bits != 0 {
        return Err(LookupError::OtherWalk);
    }
    if walk.root(key, other.hash()) == *root { Ok(()) } else { Err(LookupError::WrongRoot) }
}
