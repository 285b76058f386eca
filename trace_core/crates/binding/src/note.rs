//! Signed notes, checkpoints, cosignatures, policies, proof files, and what a witness is asked.

use merkle::Hash;
use note::{AddCheckpoint, Checkpoint, KeyKind, LogProof, Policy, SignerKey, VerifierKey};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Failed;

/// Origin, tree size, root hash.
type Head<'py> = (String, u64, Bound<'py, PyBytes>);

fn head<'py>(py: Python<'py>, checkpoint: &Checkpoint) -> Head<'py> {
    (checkpoint.origin().to_owned(), checkpoint.tree_size(), PyBytes::new(py, checkpoint.root_hash()))
}

fn hash(bytes: &[u8]) -> Result<Hash, Failed> {
    bytes.try_into().map_err(|_| Failed::proof("a hash has 32 bytes"))
}

fn hashes(proof: &[Vec<u8>]) -> Result<Vec<Hash>, Failed> {
    proof.iter().map(|step| hash(step)).collect()
}

fn bytes<'py>(py: Python<'py>, text: &impl ToString) -> Bound<'py, PyBytes> {
    PyBytes::new(py, text.to_string().as_bytes())
}

#[pyclass(frozen)]
pub struct NoteSigner(SignerKey);

#[pymethods]
impl NoteSigner {
    #[new]
    fn new(kind: &str, name: &str, seed: &[u8]) -> Result<Self, Failed> {
        let kind = match kind {
            "Ed25519" => KeyKind::Ed25519,
            "cosignature" => KeyKind::Cosignature,
            "ML-DSA-44" => KeyKind::MlDsa44,
            _ => return Err(Failed::signature("a key is of kind Ed25519, cosignature or ML-DSA-44")),
        };
        let seed = seed.try_into().map_err(|_| Failed::signature("a seed has 32 bytes"))?;
        Ok(Self(SignerKey::from_seed(kind, name, seed)?))
    }

    #[getter]
    fn verifier_key(&self) -> String {
        self.0.verifier().to_string()
    }

    fn signature_line<'py>(
        &self,
        py: Python<'py>,
        note: &[u8],
        time_s: u64,
    ) -> Result<Bound<'py, PyBytes>, Failed> {
        let note = note::Note::parse(note)?;
        let line = py.detach(|| self.0.sign(note.text(), time_s))?;
        Ok(PyBytes::new(py, format!("{line}\n").as_bytes()))
    }
}

#[pyfunction]
#[pyo3(signature = (*, signers, origin, tree_size, root_hash, time_s))]
pub fn sign_checkpoint<'py>(
    py: Python<'py>,
    signers: Vec<PyRef<'_, NoteSigner>>,
    origin: &str,
    tree_size: u64,
    root_hash: &[u8],
    time_s: u64,
) -> Result<Bound<'py, PyBytes>, Failed> {
    let checkpoint = Checkpoint::new(origin, tree_size, hash(root_hash)?)?;
    let signers: Vec<&SignerKey> = signers.iter().map(|signer| &signer.0).collect();
    Ok(bytes(py, &note::sign(&checkpoint.to_string(), &signers, time_s)?))
}

/// Origin, tree size and root hash of a checkpoint that the key has signed.
#[pyfunction]
pub fn open_checkpoint<'py>(py: Python<'py>, signed: &[u8], verifier_key: &str) -> Result<Head<'py>, Failed> {
    let key: VerifierKey = verifier_key.trim().parse()?;
    let keys = [key];
    let opened = note::open(signed, &keys)?;
    let checkpoint: Checkpoint = opened.note.text().parse()?;
    if checkpoint.origin() != keys[0].name() {
        return Err(Failed::signature("the checkpoint is of another log than the key"));
    }
    Ok(head(py, &checkpoint))
}

/// The size that the text of a note states, whoever signed it.
#[pyfunction]
pub fn checkpoint_size(signed: &[u8]) -> Result<u64, Failed> {
    let checkpoint: Checkpoint = note::Note::parse(signed)?.text().parse()?;
    Ok(checkpoint.tree_size())
}

#[pyclass(frozen, name = "Policy")]
pub struct LogPolicy(Policy);

/// Name, vkey and URL.
type PartyRow = (String, String, Option<String>);

fn rows(parties: &[note::Party]) -> Vec<PartyRow> {
    parties.iter().map(|party| (party.name.clone(), party.vkey.clone(), party.url.clone())).collect()
}

#[pymethods]
impl LogPolicy {
    #[new]
    fn new(text: &[u8]) -> Result<Self, Failed> {
        Ok(Self(Policy::parse(text)?))
    }

    #[getter]
    fn logs(&self) -> Vec<PartyRow> {
        rows(self.0.logs())
    }

    #[getter]
    fn witnesses(&self) -> Vec<PartyRow> {
        rows(self.0.witnesses())
    }

    #[expect(clippy::type_complexity, reason = "a tuple that Python takes apart at once")]
    fn check<'py>(
        &self,
        py: Python<'py>,
        note: &[u8],
    ) -> Result<(String, u64, Bound<'py, PyBytes>, Vec<(String, u64)>), Failed> {
        let approved = py.detach(|| self.0.check(note))?;
        let (origin, tree_size, root_hash) = head(py, &approved.checkpoint);
        Ok((origin, tree_size, root_hash, approved.cosigned))
    }

    fn add_cosignatures<'py>(
        &self,
        py: Python<'py>,
        note: &[u8],
        answer: &[u8],
    ) -> Result<Bound<'py, PyBytes>, Failed> {
        let note = py.detach(|| self.0.add_cosignatures(note, answer))?;
        Ok(bytes(py, &note))
    }
}

#[pyfunction]
#[pyo3(signature = (*, leaf_index, proof, checkpoint, extra = None))]
pub fn write_log_proof<'py>(
    py: Python<'py>,
    leaf_index: u64,
    proof: Vec<Vec<u8>>,
    checkpoint: &str,
    extra: Option<Vec<u8>>,
) -> Result<Bound<'py, PyBytes>, Failed> {
    let proof = LogProof { extra, leaf_index, proof: hashes(&proof)?, checkpoint: checkpoint.to_owned() };
    Ok(bytes(py, &proof))
}

#[pyfunction]
#[expect(clippy::type_complexity, reason = "a tuple that Python takes apart at once")]
pub fn read_log_proof<'py>(
    py: Python<'py>,
    proof: &[u8],
) -> Result<(u64, Vec<Bound<'py, PyBytes>>, Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>), Failed> {
    let parsed = LogProof::parse(proof)?;
    Ok((
        parsed.leaf_index,
        parsed.proof.iter().map(|step| PyBytes::new(py, step)).collect(),
        bytes(py, &parsed.checkpoint),
        parsed.extra.map(|extra| PyBytes::new(py, &extra)),
    ))
}

#[pyclass(frozen, name = "AddCheckpoint")]
pub struct CosignRequest(AddCheckpoint);

#[pymethods]
impl CosignRequest {
    #[new]
    fn new(body: &[u8]) -> Result<Self, Failed> {
        Ok(Self(AddCheckpoint::parse(body)?))
    }

    #[staticmethod]
    #[pyo3(signature = (*, old_size, proof, checkpoint))]
    fn write<'py>(
        py: Python<'py>,
        old_size: u64,
        proof: Vec<Vec<u8>>,
        checkpoint: &[u8],
    ) -> Result<Bound<'py, PyBytes>, Failed> {
        Ok(bytes(py, &AddCheckpoint::new(old_size, hashes(&proof)?, checkpoint)?))
    }

    #[getter]
    fn origin(&self) -> &str {
        self.0.checkpoint().origin()
    }

    #[getter]
    fn tree_size(&self) -> u64 {
        self.0.checkpoint().tree_size()
    }

    #[getter]
    fn root_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.checkpoint().root_hash())
    }

    #[getter]
    fn checkpoint<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        bytes(py, self.0.note())
    }

    fn checkpoint_by<'py>(
        &self,
        py: Python<'py>,
        log_keys: Vec<String>,
    ) -> Result<Bound<'py, PyBytes>, Failed> {
        let keys = log_keys.iter().map(|key| key.parse()).collect::<Result<Vec<VerifierKey>, _>>()?;
        Ok(bytes(py, &self.0.note().clone().only_by(&keys)))
    }

    fn judge(
        &self,
        py: Python<'_>,
        log_keys: Vec<String>,
        last: Option<(u64, Vec<u8>)>,
    ) -> Result<(u16, String), Failed> {
        let keys = log_keys.iter().map(|key| key.parse()).collect::<Result<Vec<VerifierKey>, _>>()?;
        let last = last.map(|(size, root)| Ok::<_, Failed>((size, hash(&root)?))).transpose()?;
        let refusal = py.detach(|| self.0.judge(&keys, last)).err();
        Ok(refusal.map_or((200, String::new()), |refusal| (refusal.status(), refusal.to_string())))
    }
}
