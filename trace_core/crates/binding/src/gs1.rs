//! Barcodes and keys.

use pyo3::prelude::*;

use crate::error::Failed;

/// What a scan told; see `_native.pyi`.
#[pyclass(frozen, get_all)]
pub struct Scan {
    keys: Vec<String>,
    lots: Vec<Option<String>>,
    classes: Vec<Option<String>>,
    elements: Vec<(String, String)>,
    lacks: Option<String>,
}

#[pyfunction]
pub fn scan(text: &str) -> Result<Scan, Failed> {
    let scan = gs1::scan(text)?;
    let uri = |key: Option<gs1::ItemKey>| key.map(|key| key.uri());
    Ok(Scan {
        keys: scan.keys.iter().map(gs1::ItemKey::uri).collect(),
        lots: scan.keys.iter().map(|key| uri(key.lot_of())).collect(),
        classes: scan.keys.iter().map(|key| uri(key.class_of())).collect(),
        elements: scan.elements.iter().map(|e| (e.ai.code.to_owned(), e.value.to_string())).collect(),
        lacks: scan.lacks.map(|lacks| lacks.to_string()),
    })
}

#[pyfunction]
pub fn item_key(text: &str) -> Option<String> {
    gs1::item_key(text).map(|key| key.uri())
}
