//! The verifiable index, and what its proofs show.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::PathBuf;

use capture::Entry;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use vindex::{Index, LookupProof, SnapshotError, Token};

use crate::error::Failed;
use crate::merkle::{Leaves, hash, split_entries};

/// The verifiable index over the items of a log; see `_native.pyi`.
#[pyclass]
pub struct ItemIndex(Index);

#[pymethods]
impl ItemIndex {
    #[new]
    fn new() -> Self {
        Self(Index::new())
    }

    /// Reads all entries before it takes one, so that the index stays as it was where one is refused.
    fn append(&mut self, py: Python<'_>, first_leaf_index: Leaves, entries: &[u8]) -> Result<(), Failed> {
        py.detach(|| {
            let read = |entry: &&[u8]| Entry::read(entry).map(|entry| entry.tokens);
            let tokens: Vec<Vec<Token>> =
                split_entries(entries)?.iter().map(read).collect::<Result<_, _>>()?;
            Ok(self.0.append(first_leaf_index.number(), &tokens)?)
        })
    }

    #[getter]
    fn size(&self) -> u64 {
        self.0.size()
    }

    #[getter]
    fn token_count(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn root_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.root())
    }

    fn prove<'py>(&self, py: Python<'py>, token: &[u8]) -> Result<Bound<'py, PyBytes>, Failed> {
        Ok(PyBytes::new(py, &self.0.prove(&token_of(token)?).to_bytes()))
    }

    fn write_snapshot(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| {
            let file = File::create(path)?;
            self.0.write_snapshot(BufWriter::new(&file))?;
            Ok(file.sync_all()?)
        })
    }

    #[staticmethod]
    fn read_snapshot(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| match Index::read_snapshot(BufReader::new(File::open(path)?)) {
            Ok(index) => Ok(Self(index)),
            Err(SnapshotError::Io(error)) => Err(error.into()),
            Err(damaged) => Err(Failed::proof(damaged.to_string()).into()),
        })
    }
}

/// The leaves below `end` whose entries carry each token.
#[pyfunction]
#[pyo3(signature = (tokens, logged, *, end))]
pub fn leaves_of(
    py: Python<'_>,
    tokens: Vec<PyBackedBytes>,
    logged: Vec<(Leaves, PyBackedBytes)>,
    end: Leaves,
) -> Result<Vec<Vec<u64>>, Failed> {
    let tokens = tokens.iter().map(|token| token_of(token)).collect::<Result<Vec<_>, _>>()?;
    py.detach(|| {
        let mut leaves: HashMap<Token, Vec<u64>> = tokens.iter().map(|token| (*token, Vec::new())).collect();
        for (leaf, entry) in logged.iter().filter(|(leaf, _)| leaf.number() < end.number()) {
            for token in Entry::read(entry)?.tokens {
                if let Some(leaves) = leaves.get_mut(&token) {
                    leaves.push(leaf.number());
                }
            }
        }
        for leaves in leaves.values_mut() {
            leaves.sort_unstable();
        }
        Ok(tokens.iter().map(|token| leaves[token].clone()).collect())
    })
}

#[pyfunction]
#[pyo3(signature = (*, root_hash, token, leaf_indexes, proof))]
pub fn check_item_history(
    py: Python<'_>,
    root_hash: &[u8],
    token: &[u8],
    leaf_indexes: Vec<Leaves>,
    proof: &[u8],
) -> Result<(), Failed> {
    let (root, token, proof) = (hash(root_hash)?, token_of(token)?, LookupProof::parse(proof)?);
    let leaf_indexes: Vec<u64> = leaf_indexes.iter().map(Leaves::number).collect();
    Ok(py.detach(|| vindex::check_history(&root, &token, &leaf_indexes, &proof))?)
}

#[pyfunction]
#[pyo3(signature = (*, root_hash, token, proof))]
pub fn check_item_absence(root_hash: &[u8], token: &[u8], proof: &[u8]) -> Result<(), Failed> {
    Ok(vindex::check_absence(&hash(root_hash)?, &token_of(token)?, &LookupProof::parse(proof)?)?)
}

fn token_of(bytes: &[u8]) -> Result<Token, Failed> {
    bytes.try_into().map_err(|_| Failed::proof("a token has 16 bytes"))
}
