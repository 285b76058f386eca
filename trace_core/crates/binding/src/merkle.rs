//! Trees, tiles and proofs.

use std::collections::HashMap;
use std::fmt::Display;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use merkle::{
    EntryBundle, Hash, InclusionClaim, InclusionPlan, RightEdge, Tile, TileContent, TilePath, TileSet,
};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::error::Failed;

/// Level, index and bytes of a stored tile, which may hold more hashes than are asked for.
type StoredTile = (i16, i64, Vec<u8>);

/// Levels, indexes and bytes of tiles. (pyo3 would make `bytes` of a `Vec<u8>`.)
type Tiles<'py> = (Vec<u16>, Vec<u64>, Vec<Bound<'py, PyBytes>>);

/// A number of leaves, or of one. Any integer that is none is a proof that does not hold, not an error of the caller.
pub struct Leaves(pub u64);

impl Leaves {
    pub fn number(&self) -> u64 {
        self.0
    }
}

impl<'py> FromPyObject<'_, 'py> for Leaves {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        object.extract().map(Self).map_err(|error: PyErr| {
            if error.is_instance_of::<PyOverflowError>(object.py()) {
                Failed::proof("no number of leaves").into()
            } else {
                error
            }
        })
    }
}

pub fn hash(bytes: &[u8]) -> Result<Hash, Failed> {
    bytes.try_into().map_err(|_| Failed::proof("a hash has 32 bytes"))
}

pub fn hashes(all: &[Vec<u8>]) -> Result<Vec<Hash>, Failed> {
    all.iter().map(|bytes| hash(bytes)).collect()
}

fn back_to_back(bytes: &[u8]) -> Result<&[Hash], Failed> {
    match bytes.as_chunks::<32>() {
        (hashes, []) => Ok(hashes),
        _ => Err(Failed::proof("hashes have 32 bytes each")),
    }
}

fn as_bytes<'py>(py: Python<'py>, hashes: &[Hash]) -> Vec<Bound<'py, PyBytes>> {
    hashes.iter().map(|hash| PyBytes::new(py, hash)).collect()
}

#[pyfunction]
pub fn leaf_hash<'py>(py: Python<'py>, entry: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &merkle::leaf_hash(entry))
}

#[pyfunction]
pub fn root_hash<'py>(py: Python<'py>, leaf_hashes: &[u8]) -> Result<Bound<'py, PyBytes>, Failed> {
    let leaf_hashes = back_to_back(leaf_hashes)?;
    Ok(PyBytes::new(py, &py.detach(|| merkle::root_hash(leaf_hashes))))
}

#[pyfunction]
#[pyo3(signature = (*, leaf_hash, leaf_index, tree_size, root_hash, proof))]
pub fn check_inclusion(
    leaf_hash: &[u8],
    leaf_index: Leaves,
    tree_size: Leaves,
    root_hash: &[u8],
    proof: Vec<Vec<u8>>,
) -> Result<(), Failed> {
    let proof = hashes(&proof)?;
    Ok(merkle::check_inclusion(&hash(leaf_hash)?, leaf_index.0, tree_size.0, &hash(root_hash)?, &proof)?)
}

#[pyfunction]
#[pyo3(signature = (*, leaf_hashes, leaf_indexes, tree_size, root_hash, proofs))]
pub fn check_inclusions(
    py: Python<'_>,
    leaf_hashes: &[u8],
    leaf_indexes: Vec<Leaves>,
    tree_size: Leaves,
    root_hash: &[u8],
    proofs: Vec<PyBackedBytes>,
) -> Result<(), Failed> {
    let (leaf_hashes, root_hash) = (back_to_back(leaf_hashes)?, hash(root_hash)?);
    if leaf_hashes.len() != leaf_indexes.len() || leaf_hashes.len() != proofs.len() {
        return Err(Failed::proof("each leaf has a hash, a number and a proof"));
    }
    let bad = |place: usize, why: &dyn Display| Failed::proof(format!("proof {place}: {why}"));
    py.detach(|| {
        let mut claims = Vec::with_capacity(proofs.len());
        for (place, (proof, leaf_index)) in proofs.iter().zip(leaf_indexes).enumerate() {
            let (proof, []) = proof.as_chunks() else { return Err(bad(place, &"hashes have 32 bytes each")) };
            claims.push(InclusionClaim { leaf_hash: leaf_hashes[place], leaf_index: leaf_index.0, proof });
        }
        let results = merkle::check_inclusions(tree_size.0, &root_hash, &claims);
        let wrong = results.into_iter().enumerate().find_map(|(place, result)| Some((place, result.err()?)));
        wrong.map_or(Ok(()), |(place, error)| Err(bad(place, &error)))
    })
}

#[pyfunction]
#[pyo3(signature = (*, old_size, new_size, old_root, new_root, proof))]
pub fn check_consistency(
    old_size: Leaves,
    new_size: Leaves,
    old_root: &[u8],
    new_root: &[u8],
    proof: Vec<Vec<u8>>,
) -> Result<(), Failed> {
    let proof = hashes(&proof)?;
    Ok(merkle::check_consistency(old_size.0, new_size.0, &hash(old_root)?, &hash(new_root)?, &proof)?)
}

#[pyfunction]
#[pyo3(signature = (*, start, end, tree_size, subtree_root, root_hash, proof))]
pub fn check_subtree_consistency(
    start: Leaves,
    end: Leaves,
    tree_size: Leaves,
    subtree_root: &[u8],
    root_hash: &[u8],
    proof: Vec<Vec<u8>>,
) -> Result<(), Failed> {
    let (subtree_root, root_hash, proof) = (hash(subtree_root)?, hash(root_hash)?, hashes(&proof)?);
    let subtree = (start.0, end.0);
    Ok(merkle::check_subtree_consistency(subtree, tree_size.0, &subtree_root, &root_hash, &proof)?)
}

/// The path of a tile, or, without a level, of an entry bundle.
#[pyfunction]
pub fn tile_path(level: Option<u8>, index: u64, width: u16) -> Result<String, Failed> {
    Ok(match level {
        Some(level) => TilePath::Hashes(Tile::new(level, index, width)?),
        None => TilePath::Entries(EntryBundle::new(index, width)?),
    }
    .to_string())
}

/// Level (None for entries), index and width of a tile.
#[pyfunction]
pub fn parse_tile_path(path: &str) -> Option<(Option<u8>, u64, u16)> {
    match path.parse().ok()? {
        TilePath::Hashes(tile) => Some((Some(tile.level()), tile.index(), tile.width())),
        TilePath::Entries(bundle) => Some((None, bundle.index(), bundle.width())),
    }
}

fn coordinates(tiles: &[Tile]) -> (Vec<u16>, Vec<u64>) {
    tiles.iter().map(|tile| (u16::from(tile.level()), tile.index())).unzip()
}

#[pyfunction]
pub fn edge_tiles(tree_size: u64) -> (Vec<u16>, Vec<u64>) {
    coordinates(&Tile::partial_of(tree_size))
}

#[pyfunction]
pub fn inclusion_tiles(leaf_indexes: Vec<u64>, tree_size: u64) -> Result<(Vec<u16>, Vec<u64>), Failed> {
    let nodes = InclusionPlan::new(&leaf_indexes, tree_size)?.nodes();
    Ok(coordinates(&merkle::tiles_with(&nodes, tree_size)?))
}

#[pyfunction]
pub fn consistency_tiles(old_size: u64, new_size: u64) -> Result<(Vec<u16>, Vec<u64>), Failed> {
    let nodes = merkle::consistency_proof_nodes(old_size, new_size)?;
    Ok(coordinates(&merkle::tiles_with(&nodes, new_size)?))
}

#[pyfunction]
pub fn subtree_tiles(start: u64, end: u64, tree_size: u64) -> Result<(Vec<u16>, Vec<u64>), Failed> {
    let nodes = merkle::subtree_consistency_proof_nodes((start, end), tree_size)?;
    Ok(coordinates(&merkle::tiles_with(&nodes, tree_size)?))
}

/// The stored tiles as they were when the tree had `tree_size` leaves.
fn contents(wanted: &[Tile], stored: &[StoredTile]) -> Result<Vec<TileContent>, Failed> {
    let stored: HashMap<_, _> =
        stored.iter().map(|(level, index, bytes)| ((*level, *index), bytes)).collect();
    let content = |tile: &Tile| {
        let place = (i16::from(tile.level()), i64::try_from(tile.index()).unwrap_or(i64::MAX));
        let bytes = stored.get(&place).and_then(|bytes| bytes.get(..usize::from(tile.width()) * 32));
        let bytes = bytes.ok_or_else(|| Failed::proof(format!("{tile} is not stored, or too short")))?;
        Ok(TileContent::from_bytes(*tile, bytes)?)
    };
    wanted.iter().map(content).collect()
}

fn tile_set(nodes: &[merkle::NodeId], tree_size: u64, stored: &[StoredTile]) -> Result<TileSet, Failed> {
    let wanted = merkle::tiles_with(nodes, tree_size)?;
    Ok(contents(&wanted, stored)?.into_iter().collect())
}

#[pyfunction]
pub fn prove_inclusions(
    py: Python<'_>,
    leaf_indexes: Vec<u64>,
    tree_size: u64,
    stored: Vec<StoredTile>,
) -> Result<Vec<Bound<'_, PyBytes>>, Failed> {
    let proofs = py.detach(|| {
        let plan = InclusionPlan::new(&leaf_indexes, tree_size)?;
        Ok::<_, Failed>(plan.prove(&tile_set(&plan.nodes(), tree_size, &stored)?)?)
    })?;
    Ok(proofs.iter().map(|proof| PyBytes::new(py, proof.as_flattened())).collect())
}

/// An answer has thousands of hashes, and a call for each costs more than its text.
#[pyfunction]
pub fn hash_lists_json(py: Python<'_>, lists: Vec<PyBackedBytes>) -> Result<Vec<Bound<'_, PyBytes>>, Failed> {
    let mut json = String::new();
    let write = |list: &PyBackedBytes| {
        json.clear();
        json.push('[');
        for hash in back_to_back(list)? {
            json.push_str(if json.len() == 1 { "\"" } else { ",\"" });
            BASE64_STANDARD.encode_string(hash, &mut json);
            json.push('"');
        }
        json.push(']');
        Ok(PyBytes::new(py, json.as_bytes()))
    };
    lists.iter().map(write).collect()
}

#[pyfunction]
pub fn prove_consistency(
    py: Python<'_>,
    old_size: u64,
    new_size: u64,
    stored: Vec<StoredTile>,
) -> Result<Vec<Bound<'_, PyBytes>>, Failed> {
    let nodes = merkle::consistency_proof_nodes(old_size, new_size)?;
    let tiles = tile_set(&nodes, new_size, &stored)?;
    Ok(as_bytes(py, &merkle::prove_consistency(&tiles, old_size, new_size)?))
}

#[pyfunction]
pub fn prove_subtree_consistency(
    py: Python<'_>,
    start: u64,
    end: u64,
    tree_size: u64,
    stored: Vec<StoredTile>,
) -> Result<Vec<Bound<'_, PyBytes>>, Failed> {
    let nodes = merkle::subtree_consistency_proof_nodes((start, end), tree_size)?;
    let tiles = tile_set(&nodes, tree_size, &stored)?;
    Ok(as_bytes(py, &merkle::prove_subtree_consistency(&tiles, (start, end), tree_size)?))
}

/// What one step of the sequencer adds to the tree.
#[pyclass(frozen, get_all)]
pub struct TreeExtension {
    tree_size: u64,
    leaf_count: u64,
    root_hash: Py<PyBytes>,
    levels: Vec<u16>,
    tile_indexes: Vec<u64>,
    hashes: Vec<Py<PyBytes>>,
}

#[pyfunction]
#[pyo3(signature = (*, tree_size, root_hash, edge, entries))]
pub fn extend_tree(
    py: Python<'_>,
    tree_size: u64,
    root_hash: &[u8],
    edge: Vec<StoredTile>,
    entries: &[u8],
) -> Result<TreeExtension, Failed> {
    let mut tree = RightEdge::from_tiles(tree_size, contents(&Tile::partial_of(tree_size), &edge)?)?;
    if tree.root_hash()[..] != *root_hash {
        return Err(Failed::proof("the stored tiles do not have the root hash of the stored head"));
    }
    let (changed, tree) = py.detach(|| {
        let leaf_hashes = merkle::leaf_hashes(&split_entries(entries)?);
        let changed = tree.integrate(&leaf_hashes);
        Ok::<_, Failed>((changed, tree))
    })?;
    Ok(TreeExtension {
        tree_size: tree.size(),
        leaf_count: tree.size() - tree_size,
        root_hash: PyBytes::new(py, &tree.root_hash()).unbind(),
        levels: changed.iter().map(|content| u16::from(content.tile().level())).collect(),
        tile_indexes: changed.iter().map(|content| content.tile().index()).collect(),
        hashes: changed.iter().map(|content| PyBytes::new(py, content.bytes()).unbind()).collect(),
    })
}

/// Leaf hashes back to back, of entries with their lengths.
#[pyfunction]
pub fn entry_hashes<'py>(py: Python<'py>, entries: &[u8]) -> Result<Bound<'py, PyBytes>, Failed> {
    let hashes = py.detach(|| Ok::<_, Failed>(merkle::leaf_hashes(&split_entries(entries)?)))?;
    Ok(PyBytes::new(py, hashes.as_flattened()))
}

/// Splits entries with their two bytes of length before each, however many there are.
pub fn split_entries(mut rest: &[u8]) -> Result<Vec<&[u8]>, Failed> {
    let mut entries = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, tail) =
            tail.split_at_checked(length).ok_or_else(|| Failed::proof("an entry is cut off"))?;
        entries.push(entry);
        rest = tail;
    }
    if rest.is_empty() { Ok(entries) } else { Err(Failed::proof("an entry is cut off")) }
}

/// Rebuilds a tree from its entries in constant memory, and gives what its tiles must be.
#[pyclass]
pub struct TreeRebuild(RightEdge);

#[pymethods]
impl TreeRebuild {
    #[new]
    fn new() -> Self {
        Self(RightEdge::default())
    }

    /// Appends entries; returns the full tiles that they complete: levels, indexes, bytes.
    fn append<'py>(&mut self, py: Python<'py>, entries: &[u8]) -> Result<Tiles<'py>, Failed> {
        let full = py.detach(|| {
            let mut full = Vec::new();
            self.0.append(&merkle::leaf_hashes(&split_entries(entries)?), |content| full.push(content));
            Ok::<_, Failed>(full)
        })?;
        Ok(given(py, &full))
    }

    /// The partial tiles at the end.
    fn partial_tiles<'py>(&self, py: Python<'py>) -> Tiles<'py> {
        given(py, &self.0.partial_tiles())
    }

    #[getter]
    fn tree_size(&self) -> u64 {
        self.0.size()
    }

    #[getter]
    fn root_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.root_hash())
    }
}

fn given<'py>(py: Python<'py>, contents: &[TileContent]) -> Tiles<'py> {
    let (levels, indexes) = contents.iter().map(|c| (u16::from(c.tile().level()), c.tile().index())).unzip();
    (levels, indexes, contents.iter().map(|c| PyBytes::new(py, c.bytes())).collect())
}
