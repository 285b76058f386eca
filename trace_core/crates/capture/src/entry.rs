//! The log entry: what every reader of the log sees of an event.
//!
//! `docs/formats.md` ("Log entry") specifies it to the byte. It tells when an event was recorded, how
//! many fields and items it has, and blinded tokens of those items; nothing else.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sha256::digest_prefixed_many;

/// Bytes of a blinded token.
pub const TOKEN_BYTES: usize = 16;
/// Items an event may name: its entry has to fit the 65,535 bytes of an entry in an entry bundle.
pub const ITEMS_MAX: usize = 4_000;

const VERSION: u8 = 1;
const KIND_EVENT: u8 = 1;
/// version, kind, record time, commitment, number of fields, number of tokens.
const FIXED_BYTES: usize = 1 + 1 + 8 + 32 + 2 + 2;

/// A name, blinded with the log's key.
pub type Token = [u8; TOKEN_BYTES];

/// Turns names into tokens: HMAC-SHA-256 under the log's blinding key, cut to 16 bytes.
#[derive(Clone)]
pub struct Blinding {
    keyed: Hmac<Sha256>,
    inner_pad: [u8; BLOCK_BYTES],
    outer_pad: [u8; BLOCK_BYTES],
}

/// Bytes of a block of SHA-256.
const BLOCK_BYTES: usize = 64;

impl Blinding {
    /// Keeps both halves of the keyed state, so a short name costs two compressions.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC pads a key that is shorter than its block of 64 bytes with zeros (RFC 2104 §2).
        let mut block = [0; BLOCK_BYTES];
        block[..key.len()].copy_from_slice(key);
        let keyed = Hmac::new(&block.into());
        Self { keyed, inner_pad: block.map(|byte| byte ^ 0x36), outer_pad: block.map(|byte| byte ^ 0x5c) }
    }

    /// The token of a name.
    #[must_use]
    pub fn token(&self, name: &str) -> Token {
        let mut keyed = self.keyed.clone();
        keyed.update(name.as_bytes());
        let tag = keyed.finalize().into_bytes();
        let mut token = [0; TOKEN_BYTES];
        token.copy_from_slice(&tag[..TOKEN_BYTES]);
        token
    }

    /// Appends the token of each name, all hashed together: twice as fast as one by one.
    pub fn tokens(&self, names: &[&[u8]], out: &mut Vec<Token>) {
        let mut inner = vec![[0; 32]; names.len()];
        digest_prefixed_many(&self.inner_pad, names, &mut inner);
        let inner: Vec<&[u8]> = inner.iter().map(<[u8; 32]>::as_slice).collect();
        let mut tags = vec![[0; 32]; names.len()];
        digest_prefixed_many(&self.outer_pad, &inner, &mut tags);
        out.extend(tags.iter().filter_map(|tag| tag.first_chunk()).copied());
    }
}

/// The hash under which the database's index files a name: the first eight bytes of its token. It is
/// a hint; readers compare the name itself.
#[must_use]
pub fn name_hash(token: &Token) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&token[..8]);
    i64::from_be_bytes(first)
}

/// Why an entry was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryError(pub &'static str);

impl std::fmt::Display for EntryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for EntryError {}

/// One log entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When the capture was stored, µs since 1970 UTC.
    pub record_time: u64,
    /// Root of the commitment.
    pub commitment: [u8; 32],
    /// Leaves of the commitment.
    pub field_count: u16,
    /// Tokens of the items that the event names: ascending, no two equal.
    pub tokens: Vec<Token>,
}

impl Entry {
    /// Appends the entry: 46 bytes and 16 a token.
    pub fn write(&self, out: &mut Vec<u8>) {
        let Self { record_time, commitment, field_count, tokens } = self;
        Self::write_parts(*record_time, commitment, *field_count, tokens, out);
    }

    /// Bytes of an entry with so many tokens.
    pub(crate) fn bytes_with(tokens: usize) -> usize {
        FIXED_BYTES + TOKEN_BYTES * tokens
    }

    /// [`write`](Self::write) of an entry that need not be put together.
    pub(crate) fn write_parts(
        record_time: u64,
        commitment: &[u8; 32],
        field_count: u16,
        tokens: &[Token],
        out: &mut Vec<u8>,
    ) {
        let mut fixed = [0; FIXED_BYTES];
        fixed[..2].copy_from_slice(&[VERSION, KIND_EVENT]);
        fixed[2..10].copy_from_slice(&record_time.to_be_bytes());
        fixed[10..42].copy_from_slice(commitment);
        fixed[42..44].copy_from_slice(&field_count.to_be_bytes());
        // ITEMS_MAX keeps the count within two bytes.
        fixed[44..].copy_from_slice(&u16::try_from(tokens.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.reserve(Self::bytes_with(tokens.len()));
        out.extend_from_slice(&fixed);
        out.extend_from_slice(tokens.as_flattened());
    }

    /// Reads an entry strictly: exactly one byte string gives each entry.
    ///
    /// # Errors
    /// Another version or kind, a wrong length, tokens out of order.
    pub fn read(bytes: &[u8]) -> Result<Self, EntryError> {
        let (fixed, tail) = bytes.split_first_chunk::<FIXED_BYTES>().ok_or(EntryError("too short"))?;
        if fixed[0] != VERSION || fixed[1] != KIND_EVENT {
            return Err(EntryError("unknown version or kind"));
        }
        let mut record_time = [0; 8];
        record_time.copy_from_slice(&fixed[2..10]);
        let mut commitment = [0; 32];
        commitment.copy_from_slice(&fixed[10..42]);
        let field_count = u16::from_be_bytes([fixed[42], fixed[43]]);
        let count = usize::from(u16::from_be_bytes([fixed[44], fixed[45]]));
        let (tokens, rest) = tail.as_chunks::<TOKEN_BYTES>();
        if tokens.len() != count || !rest.is_empty() {
            return Err(EntryError("length and number of tokens differ"));
        }
        if !tokens.is_sorted_by(|a, b| a < b) {
            return Err(EntryError("tokens out of order"));
        }
        let record_time = u64::from_be_bytes(record_time);
        Ok(Self { record_time, commitment, field_count, tokens: tokens.to_vec() })
    }
}
