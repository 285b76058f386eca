//! Documents and captures.

use std::borrow::Cow;
use std::collections::HashSet;
use std::num::NonZero;

use ::authorship::{AuthorshipError, Place};
use capture::{
    Blinding as CoreBlinding, Entry, Issuer, ListedField, Packer, Prepared, Request, SECRET_BYTES, Signer,
    Unpacker,
};
use epcis::{KeyFormat, Problem, Severity};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use xml::Cbv;

use crate::authorship::{Authorship, EventSigners, PartnerKey};
use crate::error::Failed;

/// Problems that a job keeps; the rest is counted.
const PROBLEMS_MAX: usize = 1_000;

/// A document in its JSON form; XML is told by its first character.
fn as_json(document: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    let text = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    if text.trim_ascii_start().first() == Some(&b'<') {
        from_xml(document)
    } else {
        Ok(Cow::Borrowed(document))
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Syntax {
    Json,
    Xml,
    Lines,
}

impl Syntax {
    pub(crate) fn named(name: &str) -> PyResult<Self> {
        match name {
            "json" => Ok(Self::Json),
            "xml" => Ok(Self::Xml),
            "lines" => Ok(Self::Lines),
            _ => Err(PyValueError::new_err("a syntax is json, xml or lines")),
        }
    }

    pub(crate) fn to_json(self, body: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
        match self {
            Self::Json => Ok(Cow::Borrowed(body)),
            Self::Xml => from_xml(body),
            Self::Lines => epcis::document_of_lines(body).map(Cow::Owned),
        }
    }
}

fn from_xml(document: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    xml::to_json(document).map(Cow::Owned).map_err(|e| Problem::of_document("", e.code, e.message))
}

#[pyfunction]
pub fn event_hash_ids(py: Python<'_>, document: &[u8]) -> Result<Vec<String>, Failed> {
    let ids = |document| epcis::event_hash_ids(&as_json(document).map_err(|problem| vec![problem])?);
    py.detach(|| ids(document)).map_err(|problems| Failed::capture(&problems))
}

#[pyfunction]
pub fn event_prehashes(py: Python<'_>, document: &[u8]) -> Result<Vec<String>, Failed> {
    let prehashes = |document| epcis::event_prehashes(&as_json(document).map_err(|problem| vec![problem])?);
    py.detach(|| prehashes(document)).map_err(|problems| Failed::capture(&problems))
}

/// The JSON-LD form of an EPCIS document in XML.
#[pyfunction]
pub fn json_of_xml<'py>(py: Python<'py>, document: &[u8]) -> Result<Bound<'py, PyBytes>, Failed> {
    let json = py.detach(|| from_xml(document)).map_err(|problem| Failed::capture(&[problem]))?;
    Ok(PyBytes::new(py, &json))
}

/// The XML form of an EPCIS document in JSON-LD.
#[pyfunction]
#[pyo3(signature = (document, *, cbv="urn"))]
pub fn xml_of_json<'py>(py: Python<'py>, document: &[u8], cbv: &str) -> Result<Bound<'py, PyBytes>, Failed> {
    let cbv = match cbv {
        "urn" => Cbv::Urn,
        "web" => Cbv::Web,
        "as_is" => Cbv::AsIs,
        _ => return Err(PyValueError::new_err("cbv is urn, web or as_is").into()),
    };
    let xml = py.detach(|| xml::to_xml(document, cbv)).map_err(|problem| Failed::capture(&[problem]))?;
    Ok(PyBytes::new(py, &xml))
}

#[pyfunction]
#[pyo3(signature = (document, *, events_max))]
pub fn split_document<'py>(
    py: Python<'py>,
    document: &[u8],
    events_max: usize,
) -> Result<Vec<Bound<'py, PyBytes>>, Failed> {
    let parts = py.detach(|| epcis::split_document(&as_json(document)?, events_max));
    let parts = parts.map_err(|problem| Failed::capture(&[problem]))?;
    Ok(parts.iter().map(|part| PyBytes::new(py, part)).collect())
}

/// The log's blinding key, ready for use.
#[pyclass(frozen)]
pub struct Blinding(pub CoreBlinding);

#[pymethods]
impl Blinding {
    #[new]
    fn new(key: &[u8]) -> PyResult<Self> {
        let key = key.try_into().map_err(|_| PyValueError::new_err("a blinding key has 32 bytes"))?;
        Ok(Self(CoreBlinding::new(key)))
    }

    /// The hash under which the database's index files a name.
    fn name_hash(&self, name: &str) -> i64 {
        capture::name_hash(&self.0.token(name))
    }

    /// The token of a name in log entries, 16 bytes.
    fn token<'py>(&self, py: Python<'py>, name: &str) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.token(name))
    }
}

/// A capture, ready to be stored; see `_native.pyi`.
#[pyclass(frozen)]
pub struct PreparedCapture {
    prepared: Prepared,
    body_digest: [u8; 32],
    /// None for what nobody signed.
    issuer: Option<Issuer>,
}

/// Who says to have signed a capture: what was sent, the key, and the name of its partner.
type Claim<'py> = (PyRef<'py, Authorship>, PyRef<'py, PartnerKey>, String);

#[pyfunction]
#[pyo3(signature = (
    body, *, partner, record_time_us, capture_no, seed, blinding, strict, syntax="json", claim=None, signers=None,
    reserved=None, threads=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one Python function")]
pub fn prepare_capture(
    py: Python<'_>,
    body: &[u8],
    partner: &str,
    record_time_us: i64,
    capture_no: i64,
    seed: &[u8],
    blinding: &Blinding,
    strict: bool,
    syntax: &str,
    claim: Option<Claim<'_>>,
    signers: Option<&EventSigners>,
    reserved: Option<&str>,
    threads: Option<NonZero<usize>>,
) -> PyResult<PreparedCapture> {
    let threads = threads_or_all(threads);
    let seed = seed.try_into().map_err(|_| PyValueError::new_err("a seed has 32 bytes"))?;
    let syntax = Syntax::named(syntax)?;
    let claim = claim.as_ref().map(|(sent, key, signer)| (&sent.0, &key.0, signer.as_str()));
    let issuer = Issuer::new(partner, claim.map(signer_of).as_ref().map(ClaimedSigner::signer));
    let request = Request {
        partner,
        issuer: &issuer,
        is_signed: claim.is_some(),
        signers: signers.map(|signers| &signers.0),
        record_time: record_time_us,
        capture_no,
        seed,
        blinding: &blinding.0,
        strict,
        reserved,
    };
    let prepare = || {
        let json = syntax.to_json(body)?;
        let mut prepared = capture::prepare_on(threads, &json, &request);
        if let Some(claim) = claim.filter(|_| is_whole(&prepared)) {
            prepared.place(places_of(&prepared, claim)?);
        }
        Ok(prepared)
    };
    let prepare = || prepare().unwrap_or_else(|problem| Prepared::refused(problem, &request));
    let (prepared, body_digest) = py.detach(|| (prepare(), capture::digest(body)));
    let issuer = claim.is_some().then_some(issuer);
    Ok(PreparedCapture { prepared, body_digest, issuer })
}

/// [`Claim`] without Python.
type CoreClaim<'a> = (&'a ::authorship::Authorship, &'a ::authorship::PartnerKey, &'a str);

/// The texts of a [`Signer`].
struct ClaimedSigner<'a> {
    partner: &'a str,
    key: String,
    signature: (&'static str, String),
}

impl ClaimedSigner<'_> {
    fn signer(&self) -> Signer<'_> {
        let (form, text) = &self.signature;
        Signer { partner: self.partner, key: &self.key, signature: (form, text) }
    }
}

fn signer_of((sent, key, partner): CoreClaim<'_>) -> ClaimedSigner<'_> {
    ClaimedSigner { partner, key: key.id().to_string(), signature: sent.signed().named() }
}

/// Whether nothing of a document is refused: else its signature has nothing to be over, and nothing of it is stored.
fn is_whole(prepared: &Prepared) -> bool {
    prepared.problems.iter().all(|problem| problem.severity != Severity::Error)
}

/// Where the events of a document stand in what was signed, once it is checked.
fn places_of(prepared: &Prepared, (sent, key, partner): CoreClaim<'_>) -> Result<Vec<Vec<u8>>, Problem> {
    let digests: Vec<_> = prepared.events.iter().map(|event| event.content_digest).collect();
    let refused = |error: AuthorshipError| Problem::of_document("", "signature", error.to_string());
    let places = sent.check(key, partner, &digests).map_err(refused)?;
    Ok(places.iter().map(Place::to_bytes).collect())
}

/// The issuer of what nobody signed.
#[pyfunction]
pub fn issuer_of<'py>(py: Python<'py>, partner: &str) -> Bound<'py, PyBytes> {
    PyBytes::new(py, Issuer::new(partner, None).as_bytes())
}

fn read_issuer(shown: &[u8]) -> Result<Issuer, Failed> {
    Issuer::read(shown).ok_or_else(|| Failed::proof("the issuer is no JSON object"))
}

/// Name hash, vocabulary, id, JSON, and terms of the attributes, of one element of master data.
type MasterData<'py> = (i64, String, String, Bound<'py, PyBytes>, Vec<i64>);

#[pymethods]
impl PreparedCapture {
    /// Whether the document itself is wrong, so that none of its events can be stored.
    #[getter]
    fn document_refused(&self) -> bool {
        let of_document = |p: &epcis::Problem| {
            p.severity == Severity::Error && (p.event_index.is_none() || self.prepared.event_total == 0)
        };
        self.prepared.problems.iter().any(of_document)
    }

    #[getter]
    fn event_total(&self) -> usize {
        self.prepared.event_total
    }

    /// Events that may be stored, repetitions within the document included.
    #[getter]
    fn accepted_count(&self) -> usize {
        self.prepared.events.len()
    }

    #[getter]
    fn error_count(&self) -> usize {
        self.prepared.problems.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    #[getter]
    fn problems_left_out(&self) -> usize {
        self.prepared.problems.len().saturating_sub(PROBLEMS_MAX)
    }

    #[getter]
    fn problems_json<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &capture::problems_json(self.prepared.problems.iter().take(PROBLEMS_MAX)))
    }

    #[getter]
    fn context<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.prepared.context)
    }

    #[getter]
    fn body_digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.body_digest)
    }

    #[getter]
    fn event_ids(&self) -> Vec<&str> {
        self.prepared.events.iter().map(|event| event.event_id.as_str()).collect()
    }

    #[getter]
    fn content_digests<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.prepared.events.iter().map(|event| PyBytes::new(py, &event.content_digest)).collect()
    }

    /// Of a document with signatures for its events, for which no signers were handed in: the keys that they name.
    #[getter]
    fn wanted_keys(&self) -> Option<Vec<String>> {
        self.prepared.wanted_keys.clone()
    }

    /// Who issued the events, where somebody signed them all together.
    #[getter]
    fn issuer<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.issuer.as_ref().map(|issuer| PyBytes::new(py, issuer.as_bytes()))
    }

    /// Hashes under which the events' own names are filed.
    fn event_names(&self, py: Python<'_>) -> Vec<i64> {
        py.detach(|| self.prepared.event_names())
    }

    /// Findings, as JSON, for the events that have one of these names.
    fn shared_names<'py>(&self, py: Python<'py>, name_hashes: Vec<i64>) -> Bound<'py, PyBytes> {
        let findings = self.prepared.shared_names(&name_hashes.into_iter().collect());
        PyBytes::new(py, &capture::problems_json(findings.iter().take(PROBLEMS_MAX)))
    }

    /// Name hash, vocabulary, id, JSON, and terms of the attributes, of each element of master data.
    #[getter]
    fn master_data<'py>(&self, py: Python<'py>) -> Vec<MasterData<'py>> {
        let of_row = |row: &'_ capture::MasterDataRow| {
            let body = PyBytes::new(py, &row.body);
            (row.name_hash, row.vocabulary.clone(), row.id.clone(), body, row.terms.clone())
        };
        self.prepared.master_data.iter().map(of_row).collect()
    }

    /// COPY streams of all events but those with these content digests.
    #[pyo3(signature = (stored, *, threads=None))]
    fn copies(&self, py: Python<'_>, stored: Vec<Vec<u8>>, threads: Option<NonZero<usize>>) -> Copies {
        let stored: HashSet<[u8; 32]> = stored.iter().filter_map(|d| d.as_slice().try_into().ok()).collect();
        let owned =
            |(field, value, key): &(ListedField, &str, i64)| (*field as i16, (*value).to_owned(), *key);
        py.detach(|| {
            let copies = self.prepared.copies_on(threads_or_all(threads), &stored);
            let values = copies.values.iter().map(owned).collect();
            let (event, reference) = (copies.event, copies.reference);
            Copies { event, reference, values, event_count: copies.event_count }
        })
    }
}

/// As many threads as there are cores, unless it is said.
fn threads_or_all(threads: Option<NonZero<usize>>) -> usize {
    threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get)
}

/// Complete streams in Postgres' binary COPY format, and their columns.
#[pyclass(frozen)]
pub struct Copies {
    event: Vec<u8>,
    reference: Vec<u8>,
    values: Vec<(i16, String, i64)>,
    #[pyo3(get)]
    event_count: usize,
}

#[pymethods]
impl Copies {
    /// Field, value, and key of the first event that has it, of each value that can be listed, sorted.
    #[getter]
    fn values(&self) -> Vec<(i16, &str, i64)> {
        self.values.iter().map(|(field, value, key)| (*field, value.as_str(), *key)).collect()
    }

    /// The columns of a table that its stream holds, in order.
    #[staticmethod]
    fn columns(table: &str) -> PyResult<Vec<&'static str>> {
        match table {
            "event" => Ok(capture::EVENT_COLUMNS.to_vec()),
            "reference" => Ok(capture::REFERENCE_COLUMNS.to_vec()),
            _ => Err(PyValueError::new_err("no stream for this table")),
        }
    }

    /// The rows of a table as JSON.
    fn json(&self, table: &str) -> PyResult<String> {
        let (stream, columns, kinds): (_, &[_], &[_]) = match table {
            "event" => (&self.event, &capture::EVENT_COLUMNS, &capture::EVENT_KINDS),
            "reference" => (&self.reference, &capture::REFERENCE_COLUMNS, &capture::REFERENCE_KINDS),
            _ => return Err(PyValueError::new_err("no stream for this table")),
        };
        Ok(capture::rows_json(stream, columns, kinds))
    }

    /// At most `size` bytes of the stream of a table, from `at` on; none at its end.
    fn read<'py>(
        &self,
        py: Python<'py>,
        table: &str,
        at: usize,
        size: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let stream = match table {
            "event" => &self.event,
            "reference" => &self.reference,
            _ => return Err(PyValueError::new_err("no stream for this table")),
        };
        let rest = stream.get(at..).unwrap_or_default();
        Ok(PyBytes::new(py, &rest[..size.min(rest.len())]))
    }
}

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
