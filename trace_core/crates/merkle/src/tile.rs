//! Tiles of height 8: which hashes of a tree lie in which one; C2SP tlog-tiles, "Merkle Tree".

use std::collections::BTreeMap;
use std::fmt;

use crate::{Hash, HashReader, MemoryTree, MissingNode, NodeId, TREE_SIZE_MAX};

/// Levels of a tree from one tile to the one above it. Fixed by C2SP tlog-tiles.
pub const TILE_HEIGHT: u8 = 8;

/// Hashes in a full tile. Fixed by C2SP tlog-tiles.
pub const TILE_HASHES_MAX: u16 = 1 << TILE_HEIGHT;

/// The highest tile level of a tree of up to [`TREE_SIZE_MAX`] leaves; C2SP tlog-tiles leaves room to 63.
pub const TILE_LEVEL_MAX: u8 = 7;

/// Where a tile stands, and how many hashes it holds.
///
/// It holds the hashes `[256 · index, 256 · index + width)` of the tree's level `8 · level`. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// Why there is no such tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TileError {
    /// No tree has it: it would be empty, too wide, or beyond the last leaf that a tree may have.
    NoSuchTile {
        /// Tile level.
        level: u8,
        /// Which one of its level.
        index: u64,
        /// Hashes.
        width: u16,
    },
    /// A tile is 32 bytes for each of its hashes.
    ByteCount {
        /// Bytes that the tile has.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// These are not the partial tiles of a tree of this size.
    NotTheEdge {
        /// Leaves in the tree.
        tree_size: u64,
    },
}

impl fmt::Display for TileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchTile { level, index, width } => {
                write!(formatter, "no tree has a tile at level {level}, index {index}, of {width} hashes")
            }
            Self::ByteCount { expected, actual } => {
                write!(formatter, "the tile has {expected} bytes, not {actual}")
            }
            Self::NotTheEdge { tree_size } => {
                write!(formatter, "these are not the partial tiles of a tree of {tree_size} leaves")
            }
        }
    }
}

impl std::error::Error for TileError {}

impl Tile {
    /// The tile at this place.
    ///
    /// # Errors
    /// If it would be empty, wider than 256, or part of no tree of up to [`TREE_SIZE_MAX`] leaves.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, TileError> {
        let hashes =
            index.checked_mul(TILE_HASHES_MAX.into()).and_then(|first| first.checked_add(width.into()));
        let possible = hashes.is_some_and(|hashes| hashes <= hashes_at(level, TREE_SIZE_MAX));
        if possible && (1..=TILE_HASHES_MAX).contains(&width) {
            Ok(Self { level, index, width })
        } else {
            Err(TileError::NoSuchTile { level, index, width })
        }
    }

    /// The tile that a node's hash lies in or is computed from, as wide as a tree of `tree_size` makes it;
    /// none if the node is not complete in such a tree.
    #[must_use]
    pub fn containing(node: NodeId, tree_size: u64) -> Option<Self> {
        let (level, height) = (node.level / TILE_HEIGHT, node.level % TILE_HEIGHT);
        let first = node.index.checked_mul(1 << height)?;
        let hashes = hashes_at(level, tree_size);
        if first.checked_add(1 << height)? > hashes {
            return None;
        }
        Self::at(level, first / u64::from(TILE_HASHES_MAX), hashes)
    }

    /// The partial tiles of a tree of `tree_size`, from the lowest level up, at most one a level: those that
    /// the next leaf may change.
    #[must_use]
    pub fn partial_of(tree_size: u64) -> Vec<Self> {
        (0..=TILE_LEVEL_MAX)
            .filter_map(|level| {
                let hashes = hashes_at(level, tree_size);
                Self::at(level, hashes / u64::from(TILE_HASHES_MAX), hashes)
            })
            .collect()
    }

    /// The tile as wide as a level with so many hashes makes it; none if that is empty.
    fn at(level: u8, index: u64, hashes: u64) -> Option<Self> {
        let after_first = hashes.checked_sub(index * u64::from(TILE_HASHES_MAX))?;
        let width = u16::try_from(after_first).unwrap_or(TILE_HASHES_MAX).min(TILE_HASHES_MAX);
        Self::new(level, index, width).ok()
    }

    /// Tile level, at most [`TILE_LEVEL_MAX`]: the hashes stand at level `8 · level` of the tree.
    #[must_use]
    pub fn level(self) -> u8 {
        self.level
    }

    /// Which one of its level, from the left.
    #[must_use]
    pub fn index(self) -> u64 {
        self.index
    }

    /// Hashes in it, 1 to 256.
    #[must_use]
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether it has all its hashes, and so never changes.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.width == TILE_HASHES_MAX
    }
}

/// Hashes that a tree of `tree_size` has at a tile level.
pub(crate) fn hashes_at(level: u8, tree_size: u64) -> u64 {
    tree_size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

/// The tiles that these nodes lie in, each once and sorted.
///
/// # Errors
/// If a node is not complete in a tree of `tree_size`.
pub fn tiles_with(nodes: &[NodeId], tree_size: u64) -> Result<Vec<Tile>, MissingNode> {
    let containing = |&node| Tile::containing(node, tree_size).ok_or(MissingNode(node));
    let mut tiles: Vec<Tile> = nodes.iter().map(containing).collect::<Result<_, _>>()?;
    // Neighbours mostly lie in one tile, and sorting is what costs.
    tiles.dedup();
    tiles.sort_unstable();
    tiles.dedup();
    Ok(tiles)
}

/// A tile with its hashes, always as many as it is wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileContent {
    tile: Tile,
    hashes: Vec<Hash>,
}

impl TileContent {
    /// The tile whose hashes stand back to back in `bytes`.
    ///
    /// # Errors
    /// Unless `bytes` are 32 for each hash that the tile is wide.
    pub fn from_bytes(tile: Tile, bytes: &[u8]) -> Result<Self, TileError> {
        let expected = usize::from(tile.width) * size_of::<Hash>();
        if bytes.len() != expected {
            return Err(TileError::ByteCount { expected, actual: bytes.len() });
        }
        Ok(Self { tile, hashes: bytes.as_chunks().0.to_vec() })
    }

    /// The tile at this place with these hashes.
    ///
    /// # Errors
    /// Unless there is one so wide: see [`Tile::new`].
    pub(crate) fn new(level: u8, index: u64, hashes: &[Hash]) -> Result<Self, TileError> {
        let width = u16::try_from(hashes.len()).unwrap_or(u16::MAX);
        Ok(Self { tile: Tile::new(level, index, width)?, hashes: hashes.to_vec() })
    }

    /// Where the tile stands.
    #[must_use]
    pub fn tile(&self) -> Tile {
        self.tile
    }

    /// The hashes, from left to right.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The hashes back to back: the file that C2SP tlog-tiles serves.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.hashes.as_flattened()
    }
}

/// Tiles in memory, that proofs can be made from.
#[derive(Clone, Debug, Default)]
pub struct TileSet {
    tiles: BTreeMap<(u8, u64), MemoryTree>,
}

impl FromIterator<TileContent> for TileSet {
    /// Hashes what lies between each tile and the one above it: 255 nodes for a full tile.
    fn from_iter<I: IntoIterator<Item = TileContent>>(contents: I) -> Self {
        let tree = |content: TileContent| {
            let place = (content.tile.level, content.tile.index);
            (place, MemoryTree::from_leaf_hashes(&content.hashes))
        };
        Self { tiles: contents.into_iter().map(tree).collect() }
    }
}

impl TileSet {
    /// A node's hash, if the tile that it lies in is there and wide enough.
    #[must_use]
    pub fn node(&self, node: NodeId) -> Option<Hash> {
        let (place, within) = place_of(node);
        self.tiles.get(&place)?.node(within)
    }
}

/// Level and index of the tile that a node lies in, and where in its tree.
fn place_of(node: NodeId) -> ((u8, u64), NodeId) {
    let (level, height) = (node.level / TILE_HEIGHT, node.level % TILE_HEIGHT);
    let nodes_in_tile = u64::from(TILE_HASHES_MAX >> height);
    ((level, node.index / nodes_in_tile), NodeId { level: height, index: node.index % nodes_in_tile })
}

impl HashReader for TileSet {
    type Error = MissingNode;

    fn read_hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, MissingNode> {
        // Neighbours mostly lie in one tile, which is looked for once.
        let mut last: Option<((u8, u64), &MemoryTree)> = None;
        let mut read = |node| {
            let (place, within) = place_of(node);
            let tile = match last {
                Some((found, tile)) if found == place => tile,
                _ => self.tiles.get(&place)?,
            };
            last = Some((place, tile));
            tile.node(within)
        };
        nodes.iter().map(|&node| read(node).ok_or(MissingNode(node))).collect()
    }
}
