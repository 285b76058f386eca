//! That a log only grew.

use merkle::{Hash, consistency_root};
use signature::Ed25519Signer;

use crate::envelope::{Envelope, Kind, Proof};
use crate::{LogKey, ReceiptError};

/// A receipt of consistency (RFC 9942 §5.3): the root of the newer tree is what is signed. `parse` and `to_bytes` are
/// each other's inverse. Nothing in it is proven before `check`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsistencyReceipt(Envelope);

impl ConsistencyReceipt {
    /// Signs the newer tree's root hash, with the proof that leads the older one's to it: `EdDSA`, the signer's key id
    /// as `kid`. That the proof does so is for the caller to know. Deterministic.
    #[must_use]
    pub fn sign(
        signer: &Ed25519Signer,
        old_size: u64,
        new_size: u64,
        path: Vec<Hash>,
        new_root: &Hash,
    ) -> Self {
        let proof = Proof { kind: Kind::Consistency, numbers: (old_size, new_size), path };
        Self(Envelope::sign(signer, proof, new_root))
    }

    /// Reads a receipt with one consistency proof of at most 64 hashes, and with its payload or without.
    ///
    /// # Errors
    /// All of [`ReceiptError`] but the last three.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        Envelope::parse(bytes, Kind::Consistency).map(Self)
    }

    /// The receipt as it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// Leaves in the older tree.
    #[must_use]
    pub fn old_size(&self) -> u64 {
        self.0.proof.numbers.0
    }

    /// Leaves in the newer tree, whose root was signed.
    #[must_use]
    pub fn new_size(&self) -> u64 {
        self.0.proof.numbers.1
    }

    /// The consistency proof; RFC 9162 §2.1.4.
    #[must_use]
    pub fn path(&self) -> &[Hash] {
        &self.0.proof.path
    }

    /// The header `kid`: see [`InclusionReceipt::key_id`](crate::InclusionReceipt::key_id).
    #[must_use]
    pub fn key_id(&self) -> &[u8] {
        self.0.key_id()
    }

    /// Whether the log signed the newer size, and not the root alone.
    #[must_use]
    pub fn is_size_signed(&self) -> bool {
        self.0.is_size_signed()
    }

    /// Checks that the older tree of this root is the beginning of one whose root the key signed, and gives the newer
    /// root. That the older tree has `old_size` leaves is for the caller to compare.
    ///
    /// # Errors
    /// `Proof`, `KeyKind` or `Signature`.
    pub fn check(&self, old_root: &Hash, key: &LogKey) -> Result<Hash, ReceiptError> {
        let new_root = consistency_root(self.old_size(), self.new_size(), old_root, self.path())?;
        self.0.check_root(&new_root, key)?;
        Ok(new_root)
    }
}
