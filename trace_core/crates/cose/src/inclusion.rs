//! That a leaf is in a log.

use merkle::{Hash, inclusion_root};
use signature::Ed25519Signer;

use crate::envelope::{Envelope, Kind, Proof};
use crate::{LogKey, ReceiptError};

/// A receipt of inclusion (RFC 9942 §5.2). `parse` and `to_bytes` are each other's inverse. Nothing in it is proven
/// before `check`.
#[derive(Clone, Debug, PartialEq)]
pub struct InclusionReceipt(Envelope);

impl InclusionReceipt {
    /// Signs a root hash, with the proof that leads a leaf to it: `EdDSA`, the signer's key id as `kid`. That the proof
    /// does so is for the caller to know; a receipt with another one proves nothing. Deterministic.
    #[must_use]
    pub fn sign(
        signer: &Ed25519Signer,
        tree_size: u64,
        leaf_index: u64,
        path: Vec<Hash>,
        root_hash: &Hash,
    ) -> Self {
        let proof = Proof { kind: Kind::Inclusion, numbers: (tree_size, leaf_index), path };
        Self(Envelope::sign(signer, proof, root_hash))
    }

    /// Reads a receipt with one inclusion proof of at most 63 hashes, and with its payload or without.
    ///
    /// # Errors
    /// All of [`ReceiptError`] but the last three.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        Envelope::parse(bytes, Kind::Inclusion).map(Self)
    }

    /// The receipt as it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// Leaves in the tree whose root was signed.
    #[must_use]
    pub fn tree_size(&self) -> u64 {
        self.0.proof.numbers.0
    }

    /// The leaf's number, from 0.
    #[must_use]
    pub fn leaf_index(&self) -> u64 {
        self.0.proof.numbers.1
    }

    /// The inclusion proof, from the leaf upward.
    #[must_use]
    pub fn path(&self) -> &[Hash] {
        &self.0.proof.path
    }

    /// The header `kid`, empty where there is none: a hint which key to try. Here it is the key's JWK thumbprint
    /// ([`signature::KeyId`]); others use what they like.
    #[must_use]
    pub fn key_id(&self) -> &[u8] {
        self.0.key_id()
    }

    /// Whether the log signed the size, and by it the index, and not the root alone. Where it did not, a checked
    /// receipt still shows that the leaf is in the tree with that root, but both numbers may be those of another tree
    /// for which the path fits.
    #[must_use]
    pub fn is_size_signed(&self) -> bool {
        self.0.is_size_signed()
    }

    /// Checks that the key signed the root to which the proof leads from this leaf, and gives that root.
    ///
    /// # Errors
    /// `Proof`, `KeyKind` or `Signature`.
    ///
    /// # Cost
    /// One hash a level of the tree, and one signature.
    pub fn check(&self, leaf_hash: &Hash, key: &LogKey) -> Result<Hash, ReceiptError> {
        let root_hash = inclusion_root(leaf_hash, self.leaf_index(), self.tree_size(), self.path())?;
        self.0.check_root(&root_hash, key)?;
        Ok(root_hash)
    }
}
