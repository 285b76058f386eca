//! Some fields of an event, and the proof that its log entry commits to them.

use json::{Bump, Value, read};
use merkle::{Hash, MemoryTree, ProofError, check_inclusion, leaf_hash, prove_inclusion};

use crate::canonical::CanonicalEvent;
use crate::commitment::{Commitments, Issuer, SALT_BYTES, SECRET_BYTES};
use crate::open::read_stored;

/// One leaf of a commitment, shown (`docs/formats.md`, "Commitment").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosed {
    /// Its place among the leaves.
    pub index: u64,
    /// What hides it as long as it is withheld.
    pub salt: [u8; SALT_BYTES],
    /// `["/pointer",value]` in canonical JSON.
    pub text: String,
    /// RFC 9162 inclusion proof in the tree of all leaves, from the leaf upwards.
    pub proof: Vec<Hash>,
}

/// Shows the leaves of an event whose pointers are wanted: those that are `pointer` or lie within it (`/epcList` is all
/// its elements); `@issuer` is the issuer's. With the number of all leaves. `None` unless event and context are JSON.
///
/// # Cost
/// Two hashes a leaf of the event, three for a long one.
#[must_use]
pub fn disclose(
    event: &[u8],
    context: &[u8],
    secret: &[u8; SECRET_BYTES],
    issuer: &Issuer,
    wanted: &[String],
) -> Option<(Vec<Disclosed>, u64)> {
    let arena = Bump::new();
    let (object, context) = read_stored(event, context, &arena)?;
    let mut canonical = CanonicalEvent::default();
    canonical.write(object, &context);
    let mut commitments = Commitments::default();
    commitments.add(secret, issuer, &canonical);
    let leaves = commitments.disclosures();
    let hashes: Vec<Hash> = leaves.iter().map(|(salt, text)| hash_of(salt, text)).collect();
    let tree = MemoryTree::from_leaf_hashes(&hashes);
    let mut shown = Vec::new();
    for (index, (salt, text)) in (0u64..).zip(leaves) {
        let pointer = pointer_of(&text)?;
        let is_wanted = |wanted: &String| {
            pointer.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if wanted.iter().any(is_wanted) {
            let proof = prove_inclusion(&tree, index, tree.size()).ok()?;
            shown.push(Disclosed { index, salt, text, proof });
        }
    }
    Some((shown, tree.size()))
}

/// Checks that a commitment over so many leaves has this one.
///
/// # Errors
/// If it has not.
pub fn check_disclosed(shown: &Disclosed, field_count: u64, commitment: &Hash) -> Result<(), ProofError> {
    check_inclusion(&hash_of(&shown.salt, &shown.text), shown.index, field_count, commitment, &shown.proof)
}

fn hash_of(salt: &[u8; SALT_BYTES], text: &str) -> Hash {
    leaf_hash(&[salt.as_slice(), text.as_bytes()].concat())
}

/// The pointer in a leaf's text.
fn pointer_of(text: &str) -> Option<String> {
    let arena = Bump::new();
    match read(text.as_bytes(), &arena).ok()? {
        Value::Array([Value::String(pointer), _]) => Some((*pointer).to_owned()),
        _ => None,
    }
}
