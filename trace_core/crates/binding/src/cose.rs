//! COSE receipts, made and checked.

use cose::{InclusionReceipt, LogKey, ReceiptError};
use merkle::Hash;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use signature::{Ed25519Key, Ed25519Signer};

use crate::error::Failed;
use crate::merkle::{Leaves, hash, hashes};

impl From<ReceiptError> for Failed {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::Signature(_) => Self::signature(error.to_string()),
            _ => Self::proof(error.to_string()),
        }
    }
}

#[pyfunction]
#[pyo3(signature = (*, seed, tree_size, leaf_index, proof, root_hash))]
pub fn cose_receipt<'py>(
    py: Python<'py>,
    seed: &[u8],
    tree_size: Leaves,
    leaf_index: Leaves,
    proof: Vec<Vec<u8>>,
    root_hash: &[u8],
) -> Result<Bound<'py, PyBytes>, Failed> {
    let seed = seed.try_into().map_err(|_| Failed::signature("a seed has 32 bytes"))?;
    let (path, root_hash) = (hashes(&proof)?, hash(root_hash)?);
    let receipt = py.detach(|| {
        let signer = Ed25519Signer::from_seed(seed);
        InclusionReceipt::sign(&signer, tree_size.0, leaf_index.0, path, &root_hash).to_bytes()
    });
    Ok(PyBytes::new(py, &receipt))
}

/// Leaf index, tree size and root hash.
#[pyfunction]
pub fn check_cose_receipt<'py>(
    py: Python<'py>,
    receipt: &[u8],
    leaf_hash: &[u8],
    key: &[u8],
) -> Result<(u64, u64, Bound<'py, PyBytes>), Failed> {
    let (leaf_hash, receipt) = (hash(leaf_hash)?, InclusionReceipt::parse(receipt)?);
    let key = LogKey::Ed25519(Ed25519Key::parse(key).map_err(signature::SignatureError::from)?);
    let root_hash: Hash = py.detach(|| receipt.check(&leaf_hash, &key))?;
    Ok((receipt.leaf_index(), receipt.tree_size(), PyBytes::new(py, &root_hash)))
}
