//! One signature for a whole capture: a note over the root of a tree of its events' salted content digests.

use merkle::{Hash, MemoryTree, check_inclusion, leaf_hash, leaf_hashes, prove_inclusion};
use note::{Checkpoint, KeyKind, Note, SignerKey, VerifierKey};

use crate::{AuthorshipError, ContentDigest};

/// First line of a note over a capture, where a log's checkpoint has the log's origin.
pub const CAPTURE_ORIGIN: &str = "wayproof/v1/capture";
/// Bytes of the secret from which the salts of one capture derive.
pub const SECRET_BYTES: usize = 32;
/// Bytes of each salt.
pub const SALT_BYTES: usize = 16;
/// Events of one signed capture: each keeps a path of 16 hashes at most.
pub const SIGNED_EVENTS_MAX: usize = 1 << 16;

const SALT_DOMAIN: &[u8] = b"wayproof/v1/capture-salt\n";
const HASH_BYTES: usize = 32;
const INDEX_BYTES: usize = 4;
const LEAF_BYTES: usize = SALT_BYTES + HASH_BYTES;

type Salt = [u8; SALT_BYTES];

/// Where an event stands among those of its signed capture, and what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of all events of the document, from 0.
    pub index: u32,
    /// What hides its content digest from whoever has its neighbours' paths.
    pub salt: [u8; SALT_BYTES],
    /// Inclusion proof, from the leaf upwards.
    pub path: Vec<Hash>,
}

impl Place {
    /// Index (4 bytes), salt, path.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.index.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.salt);
        bytes.extend(self.path.iter().flatten());
        bytes
    }

    /// The inverse.
    ///
    /// # Errors
    /// `Place`.
    pub fn parse(bytes: &[u8]) -> Result<Self, AuthorshipError> {
        let parts = || {
            let (index, rest) = bytes.split_first_chunk::<INDEX_BYTES>()?;
            let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>()?;
            let (path, rest) = rest.as_chunks::<HASH_BYTES>();
            rest.is_empty().then(|| Self {
                index: u32::from_be_bytes(*index),
                salt: *salt,
                path: path.to_vec(),
            })
        };
        parts().ok_or(AuthorshipError::Place)
    }
}

/// Signs all events of a document, by their content digests in order. `secret` is of this capture alone, and goes to
/// whoever takes it; salts derive from it. The signer is of the kind [`KeyKind::Ed25519`] and has the partner's name.
///
/// # Errors
/// `TooMany`, `Note` for another kind of key.
pub fn sign_capture(
    signer: &SignerKey,
    digests: &[ContentDigest],
    secret: &[u8; SECRET_BYTES],
) -> Result<Note, AuthorshipError> {
    if signer.verifier().kind() != KeyKind::Ed25519 {
        return Err(AuthorshipError::Note);
    }
    let (tree, _) = tree_of(digests, secret)?;
    let text = text_of(digests.len() as u64, tree.root_hash())?;
    note::sign(&text, &[signer], 0).map_err(|_| AuthorshipError::Note)
}

/// Checks that the note is over just these events; their places, in order.
pub(crate) fn places(
    note: &Note,
    digests: &[ContentDigest],
    secret: &[u8; SECRET_BYTES],
) -> Result<Vec<Place>, AuthorshipError> {
    let checkpoint = checkpoint_of(note)?;
    if checkpoint.tree_size() != digests.len() as u64 {
        return Err(AuthorshipError::EventCount);
    }
    let (tree, salts) = tree_of(digests, secret)?;
    if tree.root_hash() != *checkpoint.root_hash() {
        return Err(AuthorshipError::Root);
    }
    let place = |(index, &salt): (u32, &Salt)| {
        let path = prove_inclusion(&tree, u64::from(index), checkpoint.tree_size());
        path.map(|path| Place { index, salt, path }).map_err(|_| AuthorshipError::Place)
    };
    (0..).zip(&salts).map(place).collect()
}

/// Checks that the note is over this event among others.
pub(crate) fn check_place(
    note: &Note,
    place: &Place,
    digest: &ContentDigest,
) -> Result<u64, AuthorshipError> {
    let checkpoint = checkpoint_of(note)?;
    let (leaf, index, size) =
        (leaf_hash(&leaf_data(&place.salt, digest)), u64::from(place.index), checkpoint.tree_size());
    check_inclusion(&leaf, index, size, checkpoint.root_hash(), &place.path)
        .map_err(|_| AuthorshipError::Root)?;
    Ok(size)
}

/// Checks that the one key that signed the note is this one.
pub(crate) fn check_note(note: &Note, key: VerifierKey) -> Result<(), AuthorshipError> {
    let keys = [key];
    note::open(note.to_string().as_bytes(), &keys).map_err(|_| AuthorshipError::Mismatch)?;
    Ok(())
}

pub(crate) fn parse_note(text: &[u8]) -> Result<Note, AuthorshipError> {
    let note = Note::parse(text).map_err(|_| AuthorshipError::Note)?;
    checkpoint_of(&note)?;
    if note.signatures().len() == 1 { Ok(note) } else { Err(AuthorshipError::Note) }
}

/// The text of the note; a checkpoint of the tree of this capture alone.
fn text_of(event_count: u64, root_hash: Hash) -> Result<String, AuthorshipError> {
    let checkpoint = Checkpoint::new(CAPTURE_ORIGIN, event_count, root_hash);
    checkpoint.map(|checkpoint| checkpoint.to_string()).map_err(|_| AuthorshipError::Note)
}

fn checkpoint_of(note: &Note) -> Result<Checkpoint, AuthorshipError> {
    let checkpoint: Checkpoint = note.text().parse().map_err(|_| AuthorshipError::Note)?;
    let is_exact = checkpoint.origin() == CAPTURE_ORIGIN && checkpoint.extensions().is_empty();
    if is_exact { Ok(checkpoint) } else { Err(AuthorshipError::Note) }
}

fn tree_of(
    digests: &[ContentDigest],
    secret: &[u8; SECRET_BYTES],
) -> Result<(MemoryTree, Vec<Salt>), AuthorshipError> {
    if digests.len() > SIGNED_EVENTS_MAX {
        return Err(AuthorshipError::TooMany);
    }
    let salts = salts_of(secret, digests.len());
    let data: Vec<_> = salts.iter().zip(digests).map(|(salt, digest)| leaf_data(salt, digest)).collect();
    let entries: Vec<&[u8]> = data.iter().map(<[u8; LEAF_BYTES]>::as_slice).collect();
    Ok((MemoryTree::from_leaf_hashes(&leaf_hashes(&entries)), salts))
}

fn leaf_data(salt: &Salt, digest: &ContentDigest) -> [u8; LEAF_BYTES] {
    let mut data = [0; LEAF_BYTES];
    data[..SALT_BYTES].copy_from_slice(salt);
    data[SALT_BYTES..].copy_from_slice(digest);
    data
}

/// The salts of the first `count` events, hashed together so that all lanes stay full.
fn salts_of(secret: &[u8; SECRET_BYTES], count: usize) -> Vec<Salt> {
    let input = |index: u32| [SALT_DOMAIN, secret, &index.to_be_bytes()].concat();
    let inputs: Vec<Vec<u8>> = (0..).map(input).take(count).collect();
    let mut hashes = vec![[0; HASH_BYTES]; count];
    sha256::digest_many(&inputs.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut hashes);
    let salt = |hash: &Hash| {
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&hash[..SALT_BYTES]);
        salt
    };
    hashes.iter().map(salt).collect()
}
