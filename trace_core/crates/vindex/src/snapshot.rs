//! The index as a file: its leaves by token, and a digest of them. Nodes are hashed anew when it is read.

use std::fmt;
use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

use crate::bucket::Buckets;
use crate::trie::{Key, Leaf, key_of};
use crate::{Hash, INDEX_SIZE_MAX, Index, TOKEN_BYTES};

/// What a snapshot begins with.
const MAGIC: &[u8; 23] = b"wayproof/v1/item-index\n";

/// A token and its chain.
const LEAF_BYTES: usize = TOKEN_BYTES + size_of::<Hash>();

/// Leaves that are read or written at a time.
const CHUNK_LEAVES: usize = 1024;

/// Why a snapshot was not read.
#[derive(Debug)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The reader failed.
    Io(io::Error),
    /// It ends too early.
    CutOff,
    /// It begins otherwise than a snapshot of this version does.
    UnknownVersion,
    /// Tokens do not ascend, there are more entries than an index can have, or tokens without entries.
    NoIndex,
    /// The digest at the end is not that of what stands before it.
    WrongDigest,
    /// There is more after the digest.
    TooLong,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(formatter),
            Self::CutOff => write!(formatter, "the snapshot ends too early"),
            Self::UnknownVersion => write!(formatter, "no snapshot of an index, or of another version"),
            Self::NoIndex => write!(formatter, "no index has what the snapshot holds"),
            Self::WrongDigest => write!(formatter, "the snapshot is damaged"),
            Self::TooLong => write!(formatter, "the snapshot goes on after its end"),
        }
    }
}

impl std::error::Error for SnapshotError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Io(error) = self { Some(error) } else { None }
    }
}

impl From<io::Error> for SnapshotError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::CutOff } else { Self::Io(error) }
    }
}

impl Index {
    /// Writes the index: 71 bytes and 48 a token, in pieces of 48 KiB.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn write_snapshot(&self, mut writer: impl Write) -> io::Result<()> {
        let mut digest = Sha256::new();
        let mut piece = MAGIC.to_vec();
        piece.extend_from_slice(&self.size().to_be_bytes());
        piece.extend_from_slice(&(self.len() as u64).to_be_bytes());
        for leaf in self.buckets().iter() {
            if piece.len() > CHUNK_LEAVES * LEAF_BYTES {
                digest.update(&piece);
                writer.write_all(&piece)?;
                piece.clear();
            }
            piece.extend_from_slice(&leaf.key.to_be_bytes());
            piece.extend_from_slice(&leaf.chain);
        }
        digest.update(&piece);
        writer.write_all(&piece)?;
        writer.write_all(&digest.finalize())?;
        writer.flush()
    }

    /// Reads what [`write_snapshot`](Self::write_snapshot) wrote, to its end. Memory: that of the index.
    ///
    /// That its root is the log's is for the caller to check.
    ///
    /// # Errors
    /// If it is damaged, or anything else.
    pub fn read_snapshot(mut reader: impl Read) -> Result<Self, SnapshotError> {
        let mut digest = Sha256::new();
        if take::<{ MAGIC.len() }>(&mut reader, &mut digest)? != *MAGIC {
            return Err(SnapshotError::UnknownVersion);
        }
        let size = u64::from_be_bytes(take(&mut reader, &mut digest)?);
        let mut left = u64::from_be_bytes(take(&mut reader, &mut digest)?);
        if size > INDEX_SIZE_MAX || (size == 0 && left > 0) {
            return Err(SnapshotError::NoIndex);
        }
        let mut buckets = Buckets::new();
        let mut last: Option<Key> = None;
        let mut piece = vec![0; CHUNK_LEAVES * LEAF_BYTES];
        while left > 0 {
            let count = usize::try_from(left).map_or(CHUNK_LEAVES, |left| left.min(CHUNK_LEAVES));
            let piece = &mut piece[..count * LEAF_BYTES];
            reader.read_exact(piece)?;
            digest.update(&*piece);
            for bytes in piece.as_chunks::<LEAF_BYTES>().0 {
                let leaf = leaf_of(bytes);
                if last.is_some_and(|last| last >= leaf.key) {
                    return Err(SnapshotError::NoIndex);
                }
                last = Some(leaf.key);
                buckets.push(leaf);
            }
            left -= count as u64;
        }
        let expected: Hash = digest.finalize().into();
        if take::<{ size_of::<Hash>() }>(&mut reader, &mut Sha256::new())? != expected {
            return Err(SnapshotError::WrongDigest);
        }
        if io::copy(&mut reader.take(1), &mut io::sink())? > 0 {
            return Err(SnapshotError::TooLong);
        }
        Ok(Self::from_buckets(size, buckets))
    }
}

fn take<const N: usize>(reader: &mut impl Read, digest: &mut Sha256) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    digest.update(bytes);
    Ok(bytes)
}

fn leaf_of(bytes: &[u8; LEAF_BYTES]) -> Leaf {
    let (key_bytes, chain_bytes) = bytes.split_at(TOKEN_BYTES);
    let (mut key, mut chain) = ([0; TOKEN_BYTES], Hash::default());
    key.copy_from_slice(key_bytes);
    chain.copy_from_slice(chain_bytes);
    Leaf { key: key_of(&key), chain }
}
