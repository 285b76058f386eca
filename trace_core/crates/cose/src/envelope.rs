//! What both kinds of receipts are: a `COSE_Sign1` over a root hash, with one unsigned proof.

use coset::cbor::value::Value;
use coset::{
    Algorithm, AsCborValue, CborSerializable, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, Label,
    SignatureContext, TaggedCborSerializable, iana, sig_structure_data,
};
use merkle::{Hash, ProofError};
use signature::{Ed25519Key, Ed25519Signer, P256Key};

use crate::ReceiptError;

/// Longest receipt: a path of 64 hashes takes 2,200 bytes, the rest is for headers.
pub const RECEIPT_BYTES_MAX: usize = 16 * 1024;

/// The signed header in which receipts that are made here state the size of the tree whose root they sign, an unsigned
/// integer. Of the labels that RFC 9052 leaves to private use.
pub const TREE_SIZE_LABEL: i64 = -9_162_001;

/// RFC 9942 §2: verifiable data structure, and its proofs.
const VDS_LABEL: i64 = 395;
const VDP_LABEL: i64 = 396;
/// RFC 9942 §4.1.
const RFC9162_SHA256: u64 = 1;

/// A log's public key, with the algorithms of RFC 9053 and RFC 9864 that it checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogKey {
    /// `EdDSA` (−8) and Ed25519 (−19).
    Ed25519(Ed25519Key),
    /// ES256 (−7) and ESP256 (−9); signatures are r ‖ s.
    P256(P256Key),
}

/// Which proof a receipt holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Inclusion,
    Consistency,
}

impl Kind {
    /// Key of the proofs in the header `vdp`; RFC 9942 §4.2.
    fn label(self) -> i64 {
        match self {
            Self::Inclusion => -1,
            Self::Consistency => -2,
        }
    }

    /// Most hashes of a path: a tree has fewer than 2⁶³ leaves, and a consistency proof one hash more than it is deep.
    fn hashes_max(self) -> usize {
        match self {
            Self::Inclusion => 63,
            Self::Consistency => 64,
        }
    }
}

/// The two numbers and the path that both kinds of proofs have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) kind: Kind,
    /// Tree size and leaf index, or the older and the newer size.
    pub(crate) numbers: (u64, u64),
    pub(crate) path: Vec<Hash>,
}

impl Proof {
    /// The size of the tree whose root is signed.
    fn tree_size(&self) -> u64 {
        match self.kind {
            Kind::Inclusion => self.numbers.0,
            Kind::Consistency => self.numbers.1,
        }
    }

    fn parse(bytes: &[u8], kind: Kind) -> Option<Self> {
        let [first, second, path] = <[Value; 3]>::try_from(read(bytes).ok()?.into_array().ok()?).ok()?;
        let path = path.into_array().ok()?;
        if path.len() > kind.hashes_max() {
            return None;
        }
        let hash = |value: &Value| Hash::try_from(value.as_bytes()?.as_slice()).ok();
        Some(Self {
            kind,
            numbers: (unsigned(&first)?, unsigned(&second)?),
            path: path.iter().map(hash).collect::<Option<_>>()?,
        })
    }

    fn value(&self) -> Value {
        let path = self.path.iter().map(|hash| Value::Bytes(hash.to_vec())).collect();
        Value::Array(vec![self.numbers.0.into(), self.numbers.1.into(), Value::Array(path)])
    }
}

/// A receipt of either kind. Nothing in it is proven before [`check_root`](Self::check_root).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope {
    sign1: CoseSign1,
    pub(crate) proof: Proof,
}

impl Envelope {
    pub(crate) fn sign(signer: &Ed25519Signer, proof: Proof, root_hash: &Hash) -> Self {
        // In the order of RFC 8949 §4.2.1, which is that of coset's fields and then of these two.
        let protected = HeaderBuilder::new()
            .algorithm(iana::Algorithm::EdDSA)
            .key_id(signer.key().id().as_bytes().to_vec())
            .value(VDS_LABEL, RFC9162_SHA256.into())
            .value(TREE_SIZE_LABEL, proof.tree_size().into())
            .build();
        let proofs = Value::Array(vec![Value::Bytes(encoded(proof.value()))]);
        let unprotected = HeaderBuilder::new()
            .value(VDP_LABEL, Value::Map(vec![(proof.kind.label().into(), proofs)]))
            .build();
        let sign1 = CoseSign1Builder::new()
            .protected(protected)
            .unprotected(unprotected)
            .create_detached_signature(root_hash, &[], |message| signer.sign(message).to_vec())
            .build();
        Self { sign1, proof }
    }

    pub(crate) fn parse(bytes: &[u8], kind: Kind) -> Result<Self, ReceiptError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::TooLong);
        }
        let Value::Tag(CoseSign1::TAG, item) = read(bytes)? else { return Err(ReceiptError::NoSign1) };
        let sign1 = CoseSign1::from_cbor_value(*item).map_err(|_| ReceiptError::NoSign1)?;
        read(sign1.protected.original_data.as_deref().unwrap_or_default())?;
        let signed = &sign1.protected.header;
        if rest_of(signed, VDS_LABEL).and_then(unsigned) != Some(RFC9162_SHA256) {
            return Err(ReceiptError::Structure);
        }
        if !signed.crit.is_empty() {
            return Err(ReceiptError::Header);
        }
        if sign1.payload.as_ref().is_some_and(|payload| payload.len() != size_of::<Hash>()) {
            return Err(ReceiptError::Payload);
        }
        let proof = the_proof(sign1.unprotected.clone(), kind)?;
        if rest_of(signed, TREE_SIZE_LABEL).is_some_and(|size| unsigned(size) != Some(proof.tree_size())) {
            return Err(ReceiptError::TreeSize);
        }
        let envelope = Self { sign1, proof };
        envelope.algorithm().map(|_| envelope)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.sign1
            .clone()
            .to_tagged_vec()
            .expect("no header stands twice, and a Vec takes all that is written")
    }

    pub(crate) fn key_id(&self) -> &[u8] {
        &self.sign1.protected.header.key_id
    }

    pub(crate) fn is_size_signed(&self) -> bool {
        rest_of(&self.sign1.protected.header, TREE_SIZE_LABEL).is_some()
    }

    /// That the key signed this root.
    pub(crate) fn check_root(&self, root_hash: &Hash, key: &LogKey) -> Result<(), ReceiptError> {
        if self.sign1.payload.as_ref().is_some_and(|payload| payload != root_hash) {
            return Err(ProofError::WrongRoot.into());
        }
        let message = sig_structure_data(
            SignatureContext::CoseSign1,
            self.sign1.protected.clone(),
            None,
            &[],
            root_hash,
        );
        let signature = &self.sign1.signature;
        match (self.algorithm()?, key) {
            (iana::Algorithm::EdDSA | iana::Algorithm::Ed25519, LogKey::Ed25519(key)) => {
                key.check(&message, signature)?;
            }
            (iana::Algorithm::ES256 | iana::Algorithm::ESP256, LogKey::P256(key)) => {
                key.check_p1363(&message, signature)?;
            }
            _ => return Err(ReceiptError::KeyKind),
        }
        Ok(())
    }

    fn algorithm(&self) -> Result<iana::Algorithm, ReceiptError> {
        use iana::Algorithm::{ES256, ESP256, Ed25519, EdDSA};
        match self.sign1.protected.header.alg {
            Some(Algorithm::Assigned(known @ (EdDSA | Ed25519 | ES256 | ESP256))) => Ok(known),
            _ => Err(ReceiptError::Algorithm),
        }
    }
}

/// The one proof of the unsigned headers, which have nothing else.
fn the_proof(mut unsigned: Header, kind: Kind) -> Result<Proof, ReceiptError> {
    let rest = std::mem::take(&mut unsigned.rest);
    let [(Label::Int(VDP_LABEL), proofs)] = &rest[..] else { return Err(ReceiptError::Header) };
    if !unsigned.is_empty() {
        return Err(ReceiptError::Header);
    }
    one_proof(proofs, kind).ok_or(ReceiptError::Proofs)
}

fn one_proof(proofs: &Value, kind: Kind) -> Option<Proof> {
    let [(label, proofs)] = &proofs.as_map()?[..] else { return None };
    let [proof] = &proofs.as_array()?[..] else { return None };
    if *label != Value::from(kind.label()) {
        return None;
    }
    Proof::parse(proof.as_bytes()?, kind)
}

fn rest_of(header: &Header, label: i64) -> Option<&Value> {
    header.rest.iter().find(|(found, _)| *found == Label::Int(label)).map(|(_, value)| value)
}

fn unsigned(value: &Value) -> Option<u64> {
    value.as_integer()?.try_into().ok()
}

/// One item of CBOR and nothing after it, every part of it in its shortest form and of a stated length (RFC 8949
/// §4.2.1, but for the order of maps, which others do not keep).
fn read(bytes: &[u8]) -> Result<Value, ReceiptError> {
    let value = Value::from_slice(bytes).map_err(|_| ReceiptError::Cbor)?;
    if value.clone().to_vec().is_ok_and(|shortest| shortest == bytes) {
        Ok(value)
    } else {
        Err(ReceiptError::Cbor)
    }
}

fn encoded(value: Value) -> Vec<u8> {
    value.to_vec().expect("a Vec takes all that is written")
}
