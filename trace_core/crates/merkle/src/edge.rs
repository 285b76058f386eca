//! The right edge of a tiled tree: what growing it needs, and which tiles growing it gives.

use crate::tile::hashes_at;
use crate::{CompactRange, Hash, NodeId, TILE_HASHES_MAX, TILE_HEIGHT, Tile, TileContent, TileError};

/// A tree as its partial tiles, at most one a level: 64 KiB, however large the tree.
///
/// A log keeps it from one batch to the next, or reads the partial tiles back. Whoever checks a log streams
/// all leaf hashes through it, and compares the tiles and the root that come out.
#[derive(Clone, Debug, Default)]
pub struct RightEdge {
    range: CompactRange,
    /// By tile level, the hashes of the partial tile; empty where the level ends with a full one.
    partial: Vec<Vec<Hash>>,
}

impl RightEdge {
    /// The edge of a tree whose partial tiles are kept: `contents` are those that [`Tile::partial_of`] names,
    /// in that order.
    ///
    /// That [`root_hash`](Self::root_hash) is the tree's is for the caller to check.
    ///
    /// # Errors
    /// If `contents` are other tiles, or no tree is as large.
    pub fn from_tiles(tree_size: u64, contents: Vec<TileContent>) -> Result<Self, TileError> {
        if !contents.iter().map(TileContent::tile).eq(Tile::partial_of(tree_size)) {
            return Err(TileError::NotTheEdge { tree_size });
        }
        // A tile's own compact range holds the hashes for its eight bits of the tree's size.
        let mut hashes = Vec::new();
        let mut partial = Vec::new();
        for content in contents.iter().rev() {
            let mut within_tile = CompactRange::default();
            within_tile.append(content.hashes());
            hashes.extend_from_slice(within_tile.hashes());
        }
        for content in contents {
            partial.resize_with(content.tile().level().into(), Vec::new);
            partial.push(content.hashes().to_vec());
        }
        let range =
            CompactRange::from_hashes(tree_size, hashes).map_err(|_| TileError::NotTheEdge { tree_size })?;
        Ok(Self { range, partial })
    }

    /// Leaves in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.range.size()
    }

    /// The root of the tree.
    #[must_use]
    pub fn root_hash(&self) -> Hash {
        self.range.root_hash()
    }

    /// The tree as a compact range.
    #[must_use]
    pub fn compact_range(&self) -> &CompactRange {
        &self.range
    }

    /// Appends a batch of leaves, and gives every tile that is new or wider than before: the full ones first,
    /// then the partial ones, each from the lowest level up. Of a tile that the batch widens several times
    /// only the widest is given.
    ///
    /// Memory: the leaf hashes once more.
    pub fn integrate(&mut self, leaf_hashes: &[Hash]) -> Vec<TileContent> {
        let old_size = self.size();
        let mut changed = Vec::new();
        self.append(leaf_hashes, |full| changed.push(full));
        let new_size = self.size();
        let is_wider = |tile: Tile| hashes_at(tile.level(), new_size) > hashes_at(tile.level(), old_size);
        changed.extend(self.partial_tiles().into_iter().filter(|content| is_wider(content.tile())));
        changed
    }

    /// Appends leaves, and gives every tile that becomes full. What is still partial at the end is in
    /// [`partial_tiles`](Self::partial_tiles).
    pub fn append(&mut self, leaf_hashes: &[Hash], mut on_full: impl FnMut(TileContent)) {
        let partial = &mut self.partial;
        self.range.append_visiting(leaf_hashes, |first, hashes| {
            if first.level.is_multiple_of(TILE_HEIGHT) {
                extend_level(partial, first, hashes, &mut on_full);
            }
        });
    }

    /// The partial tiles, from the lowest level up: those that [`Tile::partial_of`] names.
    #[must_use]
    pub fn partial_tiles(&self) -> Vec<TileContent> {
        let tiles = Tile::partial_of(self.size()).into_iter();
        tiles
            .filter_map(|tile| {
                let hashes = self.partial.get(usize::from(tile.level()))?;
                TileContent::new(tile.level(), tile.index(), hashes).ok()
            })
            .collect()
    }
}

/// Appends hashes to the tiles of one level, of which `first` is the first.
fn extend_level(
    partial: &mut Vec<Vec<Hash>>,
    first: NodeId,
    hashes: &[Hash],
    on_full: &mut impl FnMut(TileContent),
) {
    let tile_hashes = usize::from(TILE_HASHES_MAX);
    let level = first.level / TILE_HEIGHT;
    if partial.len() <= level.into() {
        partial.push(Vec::new());
    }
    let edge = &mut partial[usize::from(level)];
    let mut index = first.index / u64::from(TILE_HASHES_MAX);
    let mut rest = hashes;
    while edge.len() + rest.len() >= tile_hashes {
        let (missing, others) = rest.split_at(tile_hashes - edge.len());
        edge.extend_from_slice(missing);
        on_full(TileContent::new(level, index, edge).expect("a full tile of a tree that is here"));
        edge.clear();
        rest = others;
        index += 1;
    }
    edge.extend_from_slice(rest);
}
