//! Stored events against their log entries, many at once: what fsck does with each chunk.

use capture::{Entry, Issuer, SECRET_BYTES};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Failed;

/// Partner, record time (µs since 1970), entry, secret and body (None once erased), context.
type StoredEvent = (String, u64, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>, Vec<u8>);

/// For each event its content digest (None once erased), and what is wrong with it (None if nothing).
#[pyfunction]
pub fn check_entries(py: Python<'_>, events: Vec<StoredEvent>) -> Vec<(Option<Vec<u8>>, Option<String>)> {
    py.detach(|| {
        let check = |event: &StoredEvent| match check_entry(event) {
            Ok(digest) => (digest.map(|digest| digest.to_vec()), None),
            Err(wrong) => (None, Some(wrong)),
        };
        events.iter().map(check).collect()
    })
}

fn check_entry(event: &StoredEvent) -> Result<Option<[u8; 32]>, String> {
    let (partner, record_time, entry, secret, body, context) = event;
    let entry = Entry::read(entry).map_err(|error| format!("the entry is malformed: {error}"))?;
    if entry.record_time != *record_time {
        return Err("the entry has another record time than the row".to_owned());
    }
    let (Some(secret), Some(body)) = (secret, body) else {
        return if secret.is_none() && body.is_none() { Ok(None) } else { Err("half erased".to_owned()) };
    };
    let secret: &[u8; SECRET_BYTES] =
        secret.as_slice().try_into().map_err(|_| "the secret does not have 32 bytes".to_owned())?;
    let opened = capture::open(body, context, secret, Issuer { partner });
    let opened = opened.ok_or_else(|| "the body or its context is not JSON".to_owned())?;
    if opened.commitment != entry.commitment || opened.field_count != usize::from(entry.field_count) {
        return Err("the entry does not commit to this body".to_owned());
    }
    Ok(Some(opened.content_digest))
}

/// Entries back to back, two bytes of length before each, as the tree takes them.
#[pyfunction]
pub fn join_entries(py: Python<'_>, entries: Vec<Vec<u8>>) -> Result<Bound<'_, PyBytes>, Failed> {
    let slices: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    let joined = merkle::encode_entries(&slices).map_err(|error| Failed::proof(error.to_string()))?;
    Ok(PyBytes::new(py, &joined))
}
