//! Documents and captures.

use std::borrow::Cow;
use std::collections::HashSet;
use std::num::NonZero;

use ::authorship::{AuthorshipError, Place};
use capture::{Blinding as CoreBlinding, Issuer, ListedField, Prepared, Request, Signer};
use epcis::{Problem, Severity};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use xml::Cbv;

use crate::authorship::{Authorship, EventSigners, PartnerKey};
use crate::error::Failed;

/// Problems that a job keeps; the rest is counted.
const PROBLEMS_MAX: usize = 1_000;

/// Bytes of a body from which on its digest is made on another thread: its one message fills no lanes.
const DIGESTED_BESIDE_BYTES_MIN: usize = 1 << 18;

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
    body: PyBackedBytes,
    /// Of a body in another syntax.
    json: Option<Vec<u8>>,
    /// None until somebody asks for it.
    body_digest: Option<[u8; 32]>,
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
    body: PyBackedBytes,
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
        let json = syntax.to_json(&body)?;
        let mut prepared = capture::prepare_on(threads, &json, &request);
        if let Some(claim) = claim.filter(|_| is_whole(&prepared)) {
            prepared.place(places_of(&prepared, claim)?);
        }
        let json = if let Cow::Owned(json) = json { Some(json) } else { None };
        Ok((prepared, json))
    };
    let prepare = || prepare().unwrap_or_else(|problem| (Prepared::refused(problem, &request), None));
    let beside = threads > 1 && body.len() >= DIGESTED_BESIDE_BYTES_MIN;
    let ((prepared, json), body_digest) = py.detach(|| {
        std::thread::scope(|scope| {
            let digest = || capture::digest(&body);
            let thread =
                beside.then(|| std::thread::Builder::new().spawn_scoped(scope, digest).ok()).flatten();
            let prepared = prepare();
            // Who asks for the keys comes again with them.
            let is_asked = prepared.0.wanted_keys.is_none();
            let known = thread.and_then(|thread| thread.join().ok());
            (prepared, known.or_else(|| is_asked.then(digest)))
        })
    });
    let issuer = claim.is_some().then_some(issuer);
    Ok(PreparedCapture { prepared, body, json, body_digest, issuer })
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
        PyBytes::new(py, &self.body_digest.unwrap_or_else(|| capture::digest(&self.body)))
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
            let body = self.json.as_deref().unwrap_or(&self.body);
            let copies = self.prepared.copies_on(threads_or_all(threads), body, &stored);
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
