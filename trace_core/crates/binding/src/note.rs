//! Signed notes and checkpoints.

use note::{Checkpoint, SignerKey, VerifierKey};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Failed;

fn signer(seed: &[u8], origin: &str) -> Result<SignerKey, Failed> {
    let seed = seed.try_into().map_err(|_| Failed::signature("a seed has 32 bytes"))?;
    Ok(SignerKey::from_seed(origin, seed)?)
}

#[pyfunction]
#[pyo3(signature = (*, seed, origin))]
pub fn verifier_key(seed: &[u8], origin: &str) -> Result<String, Failed> {
    Ok(signer(seed, origin)?.verifier().to_string())
}

#[pyfunction]
#[pyo3(signature = (*, seed, origin, tree_size, root_hash))]
pub fn sign_checkpoint<'py>(
    py: Python<'py>,
    seed: &[u8],
    origin: &str,
    tree_size: u64,
    root_hash: &[u8],
) -> Result<Bound<'py, PyBytes>, Failed> {
    let root_hash = root_hash.try_into().map_err(|_| Failed::proof("a root hash has 32 bytes"))?;
    let checkpoint = Checkpoint::new(origin, tree_size, root_hash)?;
    let note = note::sign(&checkpoint.to_string(), &signer(seed, origin)?)?;
    Ok(PyBytes::new(py, note.to_string().as_bytes()))
}

/// Origin, tree size and root hash of a checkpoint that the key has signed.
#[pyfunction]
pub fn open_checkpoint<'py>(
    py: Python<'py>,
    signed: &[u8],
    verifier_key: &str,
) -> Result<(String, u64, Bound<'py, PyBytes>), Failed> {
    let key: VerifierKey = verifier_key.trim().parse()?;
    let keys = [key];
    let opened = note::open(signed, &keys)?;
    let checkpoint: Checkpoint = opened.note.text().parse()?;
    if checkpoint.origin() != keys[0].name() {
        return Err(Failed::signature("the checkpoint is of another log than the key"));
    }
    let root_hash = PyBytes::new(py, checkpoint.root_hash());
    Ok((checkpoint.origin().to_owned(), checkpoint.tree_size(), root_hash))
}
