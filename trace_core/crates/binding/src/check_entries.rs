//! Stored events against their log entries and their references, many at once: what fsck does with each chunk.

use capture::{Issuer, ROLE_BITS, Reference, ReferenceRow, ReferenceSums, Stored};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::capture::Blinding;
use crate::error::Failed;

/// Key, issuer (JSON), record time, event time (µs since 1970), event id, event hash id, entry, secret and body
/// (None once erased), context.
type StoredEvent =
    (i64, Vec<u8>, u64, i64, Option<String>, Vec<u8>, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>, Vec<u8>);

/// The signature, flags and length of no extension that a binary COPY stream begins with.
const HEADER_BYTES: usize = 19;
/// A row of `reference`: number of columns, then each with its length before it.
const ROW_BYTES: usize = 2 + (4 + 8) + (4 + 8);

/// One run over all stored events and references; see `_native.pyi`.
#[pyclass]
pub struct EventCheck {
    blinding: Py<Blinding>,
    sums: ReferenceSums,
    /// The end of the stream so far that is no whole row yet, the header first.
    rest: Vec<u8>,
    is_past_header: bool,
}

#[pymethods]
impl EventCheck {
    #[new]
    fn new(blinding: Py<Blinding>) -> Self {
        Self { blinding, sums: ReferenceSums::default(), rest: Vec::new(), is_past_header: false }
    }

    /// For each event its content digest (None once erased), and what is wrong with it (None if nothing).
    fn events(&mut self, py: Python<'_>, events: Vec<StoredEvent>) -> Vec<(Option<Vec<u8>>, Option<String>)> {
        let (blinding, sums) = (&self.blinding.get().0, &mut self.sums);
        py.detach(|| {
            let mut references = Vec::new();
            let check = |event: &StoredEvent| {
                references.clear();
                let checked = with_issuer(event, |stored| capture::check(stored, blinding, &mut references));
                // Also of an event that has been tampered with: its references are a finding of their own.
                for reference in &references {
                    sums.expect(row_of(event, *reference));
                }
                match checked {
                    Ok(digest) => (digest.map(|digest| digest.to_vec()), None),
                    Err(wrong) => (None, Some(wrong)),
                }
            };
            events.iter().map(check).collect()
        })
    }

    /// The next piece of the stored references as a binary COPY stream, cut anywhere.
    fn references(&mut self, py: Python<'_>, piece: &[u8]) -> Result<(), Failed> {
        py.detach(|| {
            self.rest.extend_from_slice(piece);
            let mut at = 0;
            if !self.is_past_header {
                if self.rest.len() < HEADER_BYTES {
                    return Ok(());
                }
                (at, self.is_past_header) = (HEADER_BYTES, true);
            }
            let (rows, _) = self.rest.get(at..).unwrap_or_default().as_chunks::<ROW_BYTES>();
            for row in rows {
                self.sums.found(read_row(row).ok_or_else(|| Failed::proof("not a row of references"))?);
            }
            self.rest.drain(..at + rows.len() * ROW_BYTES);
            Ok(())
        })
    }

    /// Buckets of event keys in which references are missing or too many.
    fn differing(&self) -> Vec<usize> {
        self.sums.differing()
    }

    /// The references that one event gives, as rows; none once it is erased.
    fn references_of(&self, event: StoredEvent) -> Vec<ReferenceRow> {
        let mut references = Vec::new();
        let _checked =
            with_issuer(&event, |stored| capture::check(stored, &self.blinding.get().0, &mut references));
        references.iter().map(|reference| row_of(&event, *reference)).collect()
    }
}

fn with_issuer<T>(
    event: &StoredEvent,
    check: impl FnOnce(&Stored<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let issuer = Issuer::read(&event.1).ok_or_else(|| "the issuer is no JSON object".to_owned())?;
    check(&stored(event, &issuer))
}

fn stored<'a>(event: &'a StoredEvent, issuer: &'a Issuer) -> Stored<'a> {
    let (_, _, record_time, event_time, event_id, event_hash_id, entry, secret, body, context) = event;
    Stored {
        issuer,
        record_time: *record_time,
        event_time: *event_time,
        event_id: event_id.as_deref(),
        event_hash_id,
        entry,
        secret: secret.as_deref(),
        body: body.as_deref(),
        context,
    }
}

fn row_of(event: &StoredEvent, reference: Reference) -> ReferenceRow {
    (reference.name_hash, event.0 << ROLE_BITS | reference.role as i64)
}

fn read_row(row: &[u8; ROW_BYTES]) -> Option<ReferenceRow> {
    let (columns, values) = row.split_first_chunk()?;
    let number = |value: &[u8; 12]| {
        let (length, number) = value.split_first_chunk()?;
        (i32::from_be_bytes(*length) == 8).then_some(i64::from_be_bytes(*number.first_chunk()?))
    };
    let [name_hash, event_ref] = values.as_chunks().0 else { return None };
    (i16::from_be_bytes(*columns) == 2).then_some((number(name_hash)?, number(event_ref)?))
}

/// Entries back to back, two bytes of length before each, as the tree takes them.
#[pyfunction]
pub fn join_entries(py: Python<'_>, entries: Vec<Vec<u8>>) -> Result<Bound<'_, PyBytes>, Failed> {
    let slices: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    let joined = merkle::encode_entries(&slices).map_err(|error| Failed::proof(error.to_string()))?;
    Ok(PyBytes::new(py, &joined))
}
