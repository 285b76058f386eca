//! Test data that others published, which lies beside the repository and is not part of it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder `name` of the shared data; if it is not there, says so and gives none.
pub fn folder(name: &str) -> Option<PathBuf> {
    let beside_repository = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let folder = env::var_os("WAYPROOF_SHARED_DATA").map_or_else(beside_repository, PathBuf::from).join(name);
    if folder.is_dir() {
        Some(folder)
    } else {
        eprintln!("skipped: {} is not there; WAYPROOF_SHARED_DATA can name another place", folder.display());
        None
    }
}

/// Every file below a folder, sorted.
#[allow(dead_code, reason = "each test program uses what it needs")]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder that can be read") {
        let path = entry.expect("an entry that can be read").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}
