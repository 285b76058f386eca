//! Entry bundles: the entries of a level-0 tile, back to back; C2SP tlog-tiles, "Log Entries".

use std::fmt;

use crate::{Hash, TILE_HASHES_MAX, Tile, TileError, leaf_hashes};

/// Entries in a full bundle: as many as a tile has hashes.
pub const BUNDLE_ENTRIES_MAX: u16 = TILE_HASHES_MAX;

/// Bytes of the longest entry: what its length prefix can say.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// Where a bundle stands: its entries are the leaves `[256 · index, 256 · index + width)`. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryBundle {
    hashes: Tile,
}

/// Why entries are not a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleError {
    /// An entry is longer than [`ENTRY_BYTES_MAX`].
    EntryTooLong {
        /// Which entry of the bundle, from 0.
        position: usize,
        /// Its bytes.
        bytes: usize,
    },
    /// The bytes end inside an entry.
    CutOff {
        /// Which entry of the bundle, from 0.
        position: usize,
    },
    /// There are bytes after the last entry.
    TooLong {
        /// How many bytes.
        bytes: usize,
    },
}

impl fmt::Display for BundleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntryTooLong { position, bytes } => {
                write!(formatter, "entry {position} has {bytes} bytes, more than {ENTRY_BYTES_MAX}")
            }
            Self::CutOff { position } => write!(formatter, "the bundle ends inside entry {position}"),
            Self::TooLong { bytes } => write!(formatter, "{bytes} bytes follow the bundle's last entry"),
        }
    }
}

impl std::error::Error for BundleError {}

impl EntryBundle {
    /// The bundle at this place.
    ///
    /// # Errors
    /// Unless there is a level-0 [`Tile`] of this index and width.
    pub fn new(index: u64, width: u16) -> Result<Self, TileError> {
        Tile::new(0, index, width).map(|hashes| Self { hashes })
    }

    /// Which bundle, from the left.
    #[must_use]
    pub fn index(self) -> u64 {
        self.hashes.index()
    }

    /// Entries in it, 1 to 256.
    #[must_use]
    pub fn width(self) -> u16 {
        self.hashes.width()
    }

    /// The tile that holds the hashes of these entries.
    #[must_use]
    pub fn hashes(self) -> Tile {
        self.hashes
    }
}

/// The bundle's bytes: each entry after its length as a big-endian 16-bit number.
///
/// # Errors
/// If an entry is longer than [`ENTRY_BYTES_MAX`].
pub fn encode_entries(entries: &[&[u8]]) -> Result<Vec<u8>, BundleError> {
    let mut bundle = Vec::with_capacity(entries.iter().map(|entry| size_of::<u16>() + entry.len()).sum());
    for (position, entry) in entries.iter().enumerate() {
        let bytes = entry.len();
        let length = u16::try_from(bytes).map_err(|_| BundleError::EntryTooLong { position, bytes })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// The `width` entries of a bundle, without copying them.
///
/// # Errors
/// Unless the bytes are exactly that many entries.
pub fn decode_entries(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let mut rest = bundle;
    let entries = (0..usize::from(width))
        .map(|position| take_entry(&mut rest).ok_or(BundleError::CutOff { position }))
        .collect::<Result<_, _>>()?;
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::TooLong { bytes: rest.len() }) }
}

fn take_entry<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (entry, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
    *rest = after;
    Some(entry)
}

/// The leaf hashes of a bundle: the level-0 tile of the same index and width.
///
/// # Errors
/// As [`decode_entries`].
pub fn bundle_leaf_hashes(bundle: &[u8], width: u16) -> Result<Vec<Hash>, BundleError> {
    decode_entries(bundle, width).map(|entries| leaf_hashes(&entries))
}
