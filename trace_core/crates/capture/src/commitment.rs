//! The salted commitment to an event: an RFC 6962 tree over its salted fields.
//!
//! `docs/formats.md` ("Commitment") specifies it to the byte. Whoever is shown a field, its salt and an
//! inclusion proof can check it against the log entry; whoever is not learns nothing about it.

use json::{Bump, Value, write_canonical, write_canonical_string};
use sha256::{node_hashes, pad, padded_digests, short_digests};

use crate::canonical::CanonicalEvent;

/// Bytes of the secret from which the salts of one event derive.
pub const SECRET_BYTES: usize = 32;
/// Bytes of each salt: 128 bits, so that no field can be guessed.
pub const SALT_BYTES: usize = 16;
/// An entry counts an event's leaves in two bytes.
pub const FIELDS_MAX: usize = 65_535;

const SALT_DOMAIN: &[u8] = b"wayproof/v1/salt\n";
const SALT_INPUT_BYTES: usize = SALT_DOMAIN.len() + SECRET_BYTES + 4;
/// Bytes of a block of SHA-256.
pub(crate) const BLOCK_BYTES: usize = 64;
/// RFC 6962 §2.1: the byte before the data of a leaf.
const LEAF_PREFIX: u8 = 0;

type Hash = [u8; 32];

/// Who issued an event. It is the first leaf of the commitment, so the log says nothing about it and
/// its holder can show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(Vec<u8>);

/// The partner whose key signed an event.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// Name of the trading partner.
    pub partner: &'a str,
    /// JWK thumbprint of the key.
    pub key: &'a str,
    /// The signature: its form, as it is named there, and its text.
    pub signature: (&'a str, &'a str),
}

impl Issuer {
    /// The issuer of what came on behalf of a trading partner, and was signed by one, perhaps another.
    #[must_use]
    pub fn new(partner: &str, signer: Option<Signer<'_>>) -> Self {
        let mut json = Vec::new();
        write_issuer(partner, signer, &mut json);
        Self(json)
    }

    /// The issuer that somebody shows. None unless it is a JSON object in the strict reading.
    #[must_use]
    pub fn read(shown: &[u8]) -> Option<Self> {
        let arena = Bump::new();
        let object = json::read(shown, &arena).ok()?.as_object()?;
        let mut json = Vec::new();
        write_canonical(Value::Object(object), &mut json);
        Some(Self(json))
    }

    /// Canonical JSON.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// [`Issuer::new`], behind other bytes.
pub(crate) fn write_issuer(partner: &str, signer: Option<Signer<'_>>, out: &mut Vec<u8>) {
    out.push(b'{');
    if let Some(signer) = signer {
        out.extend_from_slice(b"\"key\":");
        write_canonical_string(signer.key, out);
        out.push(b',');
    }
    out.extend_from_slice(b"\"partner\":");
    write_canonical_string(partner, out);
    if let Some(Signer { partner, signature: (form, text), .. }) = signer {
        out.extend_from_slice(b",\"signature\":{");
        write_canonical_string(form, out);
        out.push(b':');
        write_canonical_string(text, out);
        out.extend_from_slice(b"},\"signer\":");
        write_canonical_string(partner, out);
    }
    out.push(b'}');
}

/// The commitments of many events, hashed together so that all lanes stay full.
#[derive(Default)]
pub struct Commitments {
    salt_inputs: Vec<[u8; SALT_INPUT_BYTES]>,
    /// For each leaf: prefix, salt (filled in by `roots`), text, padding.
    leaves: Vec<u8>,
    /// Behind which block of it each leaf ends.
    leaf_ends: Vec<usize>,
    leaves_of_event: Vec<usize>,
}

impl Commitments {
    /// Adds one event. Returns its number of leaves, issuer included.
    pub fn add(&mut self, secret: &[u8; SECRET_BYTES], issuer: &Issuer, event: &CanonicalEvent) -> usize {
        self.add_issued(secret, issuer.as_bytes(), event)
    }

    /// The same, with the issuer's JSON.
    pub(crate) fn add_issued(
        &mut self,
        secret: &[u8; SECRET_BYTES],
        issuer: &[u8],
        event: &CanonicalEvent,
    ) -> usize {
        let first = self.leaf_ends.len();
        for (pointer, value) in std::iter::once(("@issuer", issuer)).chain(event.fields()) {
            write_leaf(pointer, value, &mut self.leaves);
            self.leaf_ends.push(self.leaves.len() / BLOCK_BYTES);
        }
        self.salt(secret, first)
    }

    /// Adds leaves as they were written before; [`end`](Self::end) makes an event of them, the issuer's first.
    pub(crate) fn add_leaves(&mut self, leaves: &Leaves<'_>) {
        let start = self.leaves.len() / BLOCK_BYTES;
        self.leaves.extend_from_slice(leaves.bytes);
        self.leaf_ends.extend(leaves.ends.iter().map(|end| start + end));
    }

    /// Ends an event with the last so many leaves.
    pub(crate) fn end(&mut self, secret: &[u8; SECRET_BYTES], leaves: usize) -> usize {
        self.salt(secret, self.leaf_ends.len() - leaves)
    }

    /// What the salts of the leaves from `first` on derive from: the leaves of one event.
    fn salt(&mut self, secret: &[u8; SECRET_BYTES], first: usize) -> usize {
        let count = self.leaf_ends.len() - first;
        let mut input = [0; SALT_INPUT_BYTES];
        let (domain, rest) = input.split_at_mut(SALT_DOMAIN.len());
        domain.copy_from_slice(SALT_DOMAIN);
        rest[..SECRET_BYTES].copy_from_slice(secret);
        for place in 0..u32::try_from(count).unwrap_or(u32::MAX) {
            input[SALT_INPUT_BYTES - 4..].copy_from_slice(&place.to_be_bytes());
            self.salt_inputs.push(input);
        }
        self.leaves_of_event.push(count);
        count
    }

    /// The root of each event added since the last call, in order; forgets them.
    pub fn roots(&mut self) -> Vec<Hash> {
        self.fill_salts();
        let mut nodes = vec![[0; 32]; self.leaf_ends.len()];
        padded_digests(self.leaves.as_chunks().0, &self.leaf_ends, &mut nodes);
        let roots = roots_of(nodes, &self.leaves_of_event);
        self.salt_inputs.clear();
        self.leaves.clear();
        self.leaf_ends.clear();
        self.leaves_of_event.clear();
        roots
    }

    /// Salt and text of each leaf of the events added so far, for disclosure.
    pub fn disclosures(&mut self) -> Vec<([u8; SALT_BYTES], String)> {
        self.fill_salts();
        let starts = std::iter::once(&0).chain(&self.leaf_ends);
        let leaves = starts.zip(&self.leaf_ends).map(|(&start, &end)| {
            let message = unpadded(&self.leaves[start * BLOCK_BYTES..end * BLOCK_BYTES]);
            let (salt, text) = message[1..].split_at(SALT_BYTES);
            let mut own = [0; SALT_BYTES];
            own.copy_from_slice(salt);
            (own, String::from_utf8_lossy(text).into_owned())
        });
        leaves.collect()
    }

    fn fill_salts(&mut self) {
        let mut salts = vec![[0; 32]; self.salt_inputs.len()];
        short_digests(&self.salt_inputs, &mut salts);
        let mut start = 0;
        for (salt, &end) in salts.iter().zip(&self.leaf_ends) {
            self.leaves[start + 1..=start + SALT_BYTES].copy_from_slice(&salt[..SALT_BYTES]);
            start = end * BLOCK_BYTES;
        }
    }
}

/// A leaf without its padding, which ends with its length in bits.
fn unpadded(leaf: &[u8]) -> &[u8] {
    let bits = leaf.last_chunk().map_or(0, |bits| u64::from_be_bytes(*bits));
    &leaf[..usize::try_from(bits / 8).unwrap_or(0)]
}

/// The leaves of some fields: prefix, room for the salt, text and padding of each; and behind which block each ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaves<'l> {
    pub(crate) bytes: &'l [u8],
    pub(crate) ends: &'l [usize],
}

/// Prefix, room for the salt, `["/pointer",value]` in canonical JSON, and padding.
pub(crate) fn write_leaf(pointer: &str, value: &[u8], out: &mut Vec<u8>) {
    let start = start_leaf(out);
    write_canonical_string(pointer, out);
    out.push(b',');
    out.extend_from_slice(value);
    out.push(b']');
    pad(out, start);
}

/// The beginning of a leaf, up to its pointer. Gives where that is.
pub(crate) fn start_leaf(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.push(LEAF_PREFIX);
    out.extend_from_slice(&[0; SALT_BYTES]);
    out.push(b'[');
    start
}

/// Roots of many trees whose leaf hashes stand back to back, level by level over all trees at once.
/// Pairing neighbours and passing an odd last node up gives RFC 6962's tree.
fn roots_of(mut nodes: Vec<Hash>, leaves_of_tree: &[usize]) -> Vec<Hash> {
    let mut widths = leaves_of_tree.to_vec();
    while widths.iter().any(|&width| width > 1) {
        let mut pairs = Vec::with_capacity(nodes.len());
        let mut start = 0;
        for &width in &widths {
            pairs.extend_from_slice(&nodes[start..start + width / 2 * 2]);
            start += width;
        }
        let mut parents = vec![[0; 32]; pairs.len() / 2];
        node_hashes(&pairs, &mut parents);
        let mut above = Vec::with_capacity(nodes.len() / 2 + widths.len());
        let (mut start, mut parent) = (0, 0);
        for width in &mut widths {
            above.extend_from_slice(&parents[parent..parent + *width / 2]);
            if *width % 2 == 1 {
                above.push(nodes[start + *width - 1]);
            }
            parent += *width / 2;
            start += *width;
            *width = width.div_ceil(2);
        }
        nodes = above;
    }
    nodes
}
