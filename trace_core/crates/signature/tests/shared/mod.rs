//! Where other people's test data lies.

use std::path::PathBuf;

use serde_json::Value;

/// The JSON file at `path` inside the shared test data; `None`, with a printed reason, where there is none.
pub fn read_json(path: &str) -> Option<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data");
    let folder =
        std::env::var_os("WAYPROOF_SHARED_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let file = folder.join(path);
    let Ok(text) = std::fs::read(&file) else {
        println!("skipped: no {}", file.display());
        return None;
    };
    Some(serde_json::from_slice(&text).expect("vectors are JSON"))
}

/// The bytes of a hexadecimal string.
pub fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a string");
    assert!(text.len().is_multiple_of(2), "whole bytes");
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex")).collect()
}
