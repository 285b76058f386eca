//! Events as they are stored, and log entries.

use capture::{Entry, Issuer, Packer, SECRET_BYTES, Unpacker};
use epcis::KeyFormat;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::error::Failed;

/// The bodies at these places of packed groups: number of the group, place in it. None for what is erased, is not
/// there, or stands in what is no group.
#[pyfunction]
pub fn read_bodies(
    py: Python<'_>,
    groups: Vec<PyBackedBytes>,
    wanted: Vec<(usize, usize)>,
) -> Vec<Option<Bound<'_, PyBytes>>> {
    let found = py.detach(|| {
        let mut unpacker = Unpacker::default();
        let mut places: Vec<_> = (0..wanted.len()).collect();
        places.sort_unstable_by_key(|at| wanted[*at]);
        let mut found: Vec<Option<Vec<u8>>> = vec![None; wanted.len()];
        for of_group in places.chunk_by(|a, b| wanted[*a].0 == wanted[*b].0) {
            let Some(group) = of_group.first().and_then(|at| groups.get(wanted[*at].0)) else { continue };
            let mut bodies = unpacker.unpack(group).enumerate().peekable();
            for &at in of_group {
                while bodies.next_if(|(place, _)| *place < wanted[at].1).is_some() {}
                let body = bodies.peek().filter(|(place, body)| *place == wanted[at].1 && !body.is_empty());
                found[at] = body.map(|(_, body)| body.to_vec());
            }
        }
        found
    });
    found.iter().map(|body| body.as_ref().map(|body| PyBytes::new(py, body))).collect()
}

/// A packed group without the body at a place.
#[pyfunction]
pub fn without_body<'py>(py: Python<'py>, group: &[u8], place: usize) -> Bound<'py, PyBytes> {
    let mut unpacker = Unpacker::default();
    let bodies = unpacker.unpack(group).enumerate();
    let kept = bodies.map(|(at, body)| if at == place { &[][..] } else { body });
    PyBytes::new(py, &Packer::default().pack(kept))
}

fn read_issuer(shown: &[u8]) -> Result<Issuer, Failed> {
    Issuer::read(shown).ok_or_else(|| Failed::proof("the issuer is no JSON object"))
}

/// What an event, its context, its secret and its issuer give.
#[pyclass(frozen, get_all)]
pub struct OpenedEvent {
    content_digest: Py<PyBytes>,
    commitment: Py<PyBytes>,
    field_count: usize,
}

#[pyfunction]
#[pyo3(signature = (event, context, *, secret, issuer))]
pub fn open_event(
    py: Python<'_>,
    event: &[u8],
    context: &[u8],
    secret: &[u8],
    issuer: &[u8],
) -> Result<OpenedEvent, Failed> {
    let secret: &[u8; SECRET_BYTES] =
        secret.try_into().map_err(|_| Failed::proof("a secret has 32 bytes"))?;
    let opened = capture::open(event, context, secret, &read_issuer(issuer)?);
    let opened = opened.ok_or_else(|| Failed::proof("the event or its context is not JSON"))?;
    Ok(OpenedEvent {
        content_digest: PyBytes::new(py, &opened.content_digest).unbind(),
        commitment: PyBytes::new(py, &opened.commitment).unbind(),
        field_count: opened.field_count,
    })
}

/// Index, salt, text and proof of a leaf of a commitment.
type DisclosedRow<'py> = (u64, Bound<'py, PyBytes>, String, Vec<Bound<'py, PyBytes>>);

/// The leaves of an event's commitment with these pointers, or within them.
#[pyfunction]
#[pyo3(signature = (event, context, *, secret, issuer, pointers))]
pub fn disclose_fields<'py>(
    py: Python<'py>,
    event: &[u8],
    context: &[u8],
    secret: &[u8],
    issuer: &[u8],
    pointers: Vec<String>,
) -> Result<Vec<DisclosedRow<'py>>, Failed> {
    let secret: &[u8; SECRET_BYTES] =
        secret.try_into().map_err(|_| Failed::proof("a secret has 32 bytes"))?;
    let disclosed = capture::disclose(event, context, secret, &read_issuer(issuer)?, &pointers);
    let (shown, _) = disclosed.ok_or_else(|| Failed::proof("the event or its context is not JSON"))?;
    let row = |leaf: capture::Disclosed| {
        let proof = leaf.proof.iter().map(|step| PyBytes::new(py, step)).collect();
        (leaf.index, PyBytes::new(py, &leaf.salt), leaf.text, proof)
    };
    Ok(shown.into_iter().map(row).collect())
}

/// Checks that a commitment over so many leaves has this one.
#[pyfunction]
#[pyo3(signature = (*, index, salt, text, proof, field_count, commitment))]
pub fn check_disclosed(
    index: u64,
    salt: &[u8],
    text: String,
    proof: Vec<Vec<u8>>,
    field_count: u64,
    commitment: &[u8],
) -> Result<(), Failed> {
    let wrong = |what: &str| Failed::proof(what);
    let salt = salt.try_into().map_err(|_| wrong("a salt has 16 bytes"))?;
    let commitment = commitment.try_into().map_err(|_| wrong("a commitment has 32 bytes"))?;
    let steps = proof.iter().map(|step| step.as_slice().try_into());
    let proof = steps.collect::<Result<_, _>>().map_err(|_| wrong("a hash has 32 bytes"))?;
    let shown = capture::Disclosed { index, salt, text, proof };
    Ok(capture::check_disclosed(&shown, field_count, &commitment)?)
}

/// Commitment, number of fields and record time (µs since 1970) of a log entry.
#[pyfunction]
pub fn read_entry<'py>(py: Python<'py>, entry: &[u8]) -> Result<(Bound<'py, PyBytes>, u16, u64), Failed> {
    let entry = Entry::read(entry)?;
    Ok((PyBytes::new(py, &entry.commitment), entry.field_count, entry.record_time))
}

/// The tokens of a log entry.
#[pyfunction]
pub fn entry_tokens<'py>(py: Python<'py>, entry: &[u8]) -> Result<Vec<Bound<'py, PyBytes>>, Failed> {
    Ok(Entry::read(entry)?.tokens.iter().map(|token| PyBytes::new(py, token)).collect())
}

/// The event as a bare event: its own bytes, with its document's context in front where it has one.
#[pyfunction]
pub fn bare_event<'py>(py: Python<'py>, event: &[u8], context: &[u8]) -> Result<Bound<'py, PyBytes>, Failed> {
    let bare = capture::bare_event(event, context);
    let bare = bare.ok_or_else(|| Failed::proof("the event or its context is not JSON"))?;
    Ok(PyBytes::new(py, &bare))
}

/// The event with its GS1 keys as Digital Links, or as URNs where `prefix_digits` tells the length of the company
/// prefix of such digits.
#[pyfunction]
#[pyo3(signature = (event, *, prefix_digits=None))]
pub fn with_keys<'py>(
    py: Python<'py>,
    event: &[u8],
    prefix_digits: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let arena = json::Bump::new();
    let object = json::read(event, &arena).ok().and_then(json::Value::as_object);
    let object = object.ok_or_else(|| PyValueError::new_err("the event is no JSON object"))?;
    let mut out = Vec::with_capacity(event.len() + event.len() / 8);
    let mut failure = None;
    let mut ask = |digits: &str| {
        let asked = prefix_digits.as_ref()?.call1((digits,)).and_then(|answer| answer.extract());
        asked.unwrap_or_else(|error| {
            failure = Some(error);
            None
        })
    };
    let format = if prefix_digits.is_some() { KeyFormat::Urn } else { KeyFormat::DigitalLink };
    epcis::write_with_keys(object, format, &mut ask, &mut out);
    failure.map_or_else(|| Ok(PyBytes::new(py, &out)), Err)
}
