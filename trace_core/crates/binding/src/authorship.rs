//! Who signed a capture or an event.

use authorship::{
    Authorship as Sent, AuthorshipError, EventSigners as Signers, Jws, KeyFault, KeyHint, PartnerKey as Key,
    Place, Sign1, Signed,
};
use note::{KeyKind, SignerKey};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use signature::Ed25519Signer;

use crate::capture::Syntax;
use crate::error::Failed;

/// What came with a capture; see `_native.pyi`.
#[pyclass(frozen)]
pub struct Authorship(pub Sent);

#[pymethods]
impl Authorship {
    #[new]
    fn new(text: &str) -> Result<Self, Failed> {
        Ok(Self(Sent::parse(text)?))
    }

    /// The partner and the short hash of the key of a note, or None and the key id.
    #[getter]
    fn key_hint(&self) -> (Option<String>, String) {
        match self.0.signed().key_hint() {
            KeyHint::Note(partner, hash) => (Some(partner), format!("{:08x}", u32::from_be_bytes(hash))),
            KeyHint::KeyId(id) => (None, id),
        }
    }

    /// The place of each event in its signed capture.
    #[pyo3(signature = (*, key, partner, content_digests))]
    fn check<'py>(
        &self,
        py: Python<'py>,
        key: &PartnerKey,
        partner: &str,
        content_digests: Vec<Vec<u8>>,
    ) -> Result<Vec<Bound<'py, PyBytes>>, Failed> {
        let digests =
            content_digests.iter().map(|digest| read_digest(digest)).collect::<Result<Vec<_>, _>>()?;
        let places = py.detach(|| self.0.check(&key.0, partner, &digests))?;
        Ok(places.iter().map(|place| PyBytes::new(py, &place.to_bytes())).collect())
    }
}

fn read_digest(bytes: &[u8]) -> Result<[u8; 32], Failed> {
    bytes.try_into().map_err(|_| Failed::signature("a content digest has 32 bytes"))
}

/// A partner's public key; see `_native.pyi`.
#[pyclass(frozen)]
pub struct PartnerKey(pub Key);

#[pymethods]
impl PartnerKey {
    #[new]
    fn new(jwk: &[u8]) -> Result<Self, Failed> {
        Ok(Self(Key::parse(jwk)?))
    }

    #[getter]
    fn jwk(&self) -> String {
        self.0.jwk()
    }

    #[getter]
    fn key_id(&self) -> String {
        self.0.id().to_string()
    }

    /// The key as those know it who check notes.
    fn verifier_key(&self, partner: &str) -> Result<Option<String>, Failed> {
        Ok(self.0.note_key(partner)?.map(|key| key.to_string()))
    }

    fn check_jws(&self, jws: &str, payload: &[u8]) -> Result<(), Failed> {
        Ok(Jws::parse(jws)?.check(&self.0, payload)?)
    }
}

/// Codes of keys that do not count.
const KEY_FAULTS: [&str; 4] = ["key_unknown", "key_not_yet_valid", "key_expired", "key_revoked"];

/// What is known of the keys that the signatures of events name; see `_native.pyi`.
#[pyclass(frozen)]
pub struct EventSigners(pub Signers);

#[pymethods]
impl EventSigners {
    #[new]
    fn new(
        keys: Vec<(PyRef<'_, PartnerKey>, String)>,
        faults: Vec<(String, String, String)>,
    ) -> PyResult<Self> {
        let mut signers = Signers::default();
        for (key, partner) in &keys {
            signers.add(&key.0, partner);
        }
        for (key_id, code, message) in faults {
            let code = KEY_FAULTS.iter().find(|known| **known == code);
            let code = code.ok_or_else(|| PyValueError::new_err("no code of a key that does not count"))?;
            signers.refuse(key_id, KeyFault { code, message });
        }
        Ok(Self(signers))
    }
}

/// A partner's secret key; see `_native.pyi`.
#[pyclass(frozen)]
pub struct PartnerSigner {
    note: SignerKey,
    signer: Ed25519Signer,
}

#[pymethods]
impl PartnerSigner {
    #[new]
    fn new(partner: &str, seed: &[u8]) -> Result<Self, Failed> {
        let seed = seed.try_into().map_err(|_| Failed::signature("a seed has 32 bytes"))?;
        let note = SignerKey::from_seed(KeyKind::Ed25519, partner, seed)?;
        Ok(Self { note, signer: Ed25519Signer::from_seed(seed) })
    }

    #[getter]
    fn partner(&self) -> &str {
        self.note.verifier().name()
    }

    #[getter]
    fn jwk(&self) -> String {
        Key::Ed25519(self.signer.key()).jwk()
    }

    #[getter]
    fn key_id(&self) -> String {
        self.signer.key().id().to_string()
    }

    #[pyo3(signature = (document, *, secret, syntax = "json"))]
    fn sign_capture(
        &self,
        py: Python<'_>,
        document: &[u8],
        secret: &[u8],
        syntax: &str,
    ) -> Result<String, Failed> {
        let secret = secret.try_into().map_err(|_| PyValueError::new_err("a secret has 32 bytes"))?;
        let digests = content_digests_of(py, document, syntax)?;
        let note = py.detach(|| authorship::sign_capture(&self.note, &digests, secret))?;
        Ok(Sent::of_note(note, *secret).text())
    }

    #[pyo3(signature = (document, *, form = "jws", syntax = "json"))]
    fn sign_event(
        &self,
        py: Python<'_>,
        document: &[u8],
        form: &str,
        syntax: &str,
    ) -> Result<String, Failed> {
        let form = Form::named(form)?;
        let digests = content_digests_of(py, document, syntax)?;
        let [digest] = digests.as_slice() else { return Err(AuthorshipError::OneEvent.into()) };
        Ok(form.sign(&self.signer, digest))
    }

    #[pyo3(signature = (document, *, form = "jws", syntax = "json"))]
    fn sign_events<'py>(
        &self,
        py: Python<'py>,
        document: &[u8],
        form: &str,
        syntax: &str,
    ) -> Result<Bound<'py, PyBytes>, Failed> {
        let (form, syntax) = (Form::named(form)?, Syntax::named(syntax)?);
        let signed = py.detach(|| {
            let document = syntax.to_json(document)?;
            capture::sign_events(&document, |digest| form.sign(&self.signer, digest))
        });
        let signed = signed.map_err(|problem| Failed::capture(&[problem]))?;
        Ok(PyBytes::new(py, &signed))
    }

    fn sign_jws(&self, payload: &[u8]) -> String {
        Jws::sign(&self.signer, payload).text().to_owned()
    }
}

/// In which form one event is signed.
#[derive(Clone, Copy)]
enum Form {
    Jws,
    Sign1,
}

impl Form {
    fn named(name: &str) -> PyResult<Self> {
        match name {
            "jws" => Ok(Self::Jws),
            "cose" => Ok(Self::Sign1),
            _ => Err(PyValueError::new_err("a form is jws or cose")),
        }
    }

    /// As it is sent.
    fn sign(self, signer: &Ed25519Signer, digest: &[u8; 32]) -> String {
        let sent = match self {
            Self::Jws => Signed::Jws(Jws::sign(signer, digest)),
            Self::Sign1 => Signed::Sign1(Box::new(Sign1::sign(signer, digest))),
        };
        Sent::of_event(sent).text()
    }
}

fn content_digests_of(py: Python<'_>, document: &[u8], syntax: &str) -> Result<Vec<[u8; 32]>, Failed> {
    let syntax = Syntax::named(syntax)?;
    let digests = py.detach(|| capture::content_digests(&syntax.to_json(document)?));
    digests.map_err(|problem| Failed::capture(&[problem]))
}

/// The content digest of each event of a document, in order.
#[pyfunction]
#[pyo3(signature = (document, *, syntax = "json"))]
pub fn content_digests<'py>(
    py: Python<'py>,
    document: &[u8],
    syntax: &str,
) -> Result<Vec<Bound<'py, PyBytes>>, Failed> {
    let digests = content_digests_of(py, document, syntax)?;
    Ok(digests.iter().map(|digest| PyBytes::new(py, digest)).collect())
}

/// Checks what an issuer shows as a signature. The number of events that it is over.
#[pyfunction]
#[pyo3(signature = (signed, *, key, partner, content_digest, place))]
pub fn check_signed(
    signed: &[u8],
    key: &PartnerKey,
    partner: &str,
    content_digest: &[u8],
    place: Option<&[u8]>,
) -> Result<u64, Failed> {
    let digest = content_digest.try_into().map_err(|_| Failed::signature("a content digest has 32 bytes"))?;
    let place = place.map(Place::parse).transpose()?;
    Ok(Signed::parse(signed)?.check(&key.0, partner, &digest, place.as_ref())?)
}
