//! Where the test data of others is.

use std::path::PathBuf;

/// The file below the shared data folder: `$WAYPROOF_SHARED_DATA`, or `shared/data` beside the repository.
/// `None`, with the reason printed, when it is not there.
pub fn shared_data(file: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let path = std::env::var_os("WAYPROOF_SHARED_DATA").map_or_else(beside, PathBuf::from).join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}
