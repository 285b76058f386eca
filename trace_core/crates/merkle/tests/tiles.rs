//! Tiles, their paths and the right edge, against trees that stand in memory whole.

mod naive;

use std::collections::BTreeMap;

use merkle::{
    BundleError, EntryBundle, Hash, MemoryTree, NodeId, PathError, RightEdge, TREE_SIZE_MAX, Tile,
    TileContent, TileError, TilePath, TileSet, bundle_leaf_hashes, check_inclusion, decode_entries,
    encode_entries, inclusion_proof_nodes, leaf_hashes, prove_consistency, prove_inclusion, root_hash,
    tiles_with,
};
use naive::Naive;
use proptest::prelude::*;

/// Every tile of a tree, as C2SP tlog-tiles says: level 0 are the leaf hashes, and each hash above is the
/// root over a full tile below.
fn all_tiles(leaf_hashes: &[Hash]) -> Vec<(Tile, Vec<Hash>)> {
    let mut tiles = Vec::new();
    let mut hashes = leaf_hashes.to_vec();
    for level in 0.. {
        if hashes.is_empty() {
            break;
        }
        for (index, chunk) in (0..).zip(hashes.chunks(256)) {
            let width = u16::try_from(chunk.len()).expect("small");
            tiles.push((Tile::new(level, index, width).expect("a tile"), chunk.to_vec()));
        }
        hashes = hashes.chunks_exact(256).map(root_hash).collect();
    }
    tiles
}

fn contents(tiles: &[(Tile, Vec<Hash>)]) -> Vec<TileContent> {
    let content = |(tile, hashes): &(Tile, Vec<Hash>)| {
        TileContent::from_bytes(*tile, hashes.as_flattened()).expect("a tile")
    };
    tiles.iter().map(content).collect()
}

#[test]
fn paths_of_c2sp_tlog_tiles_are_printed_and_parsed() {
    let full = |level, index| TilePath::Hashes(Tile::new(level, index, 256).expect("a tile"));
    let part = |level, index, width| TilePath::Hashes(Tile::new(level, index, width).expect("a tile"));
    let entries = |index, width| TilePath::Entries(EntryBundle::new(index, width).expect("a bundle"));
    let paths = [
        ("tile/0/x001/x234/067", full(0, 1_234_067)),
        ("tile/0/x001/x234/067.p/8", part(0, 1_234_067, 8)),
        ("tile/0/000", full(0, 0)),
        ("tile/7/000.p/1", part(7, 0, 1)),
        ("tile/1/x001/000.p/255", part(1, 1000, 255)),
        ("tile/entries/x001/x234/067.p/8", entries(1_234_067, 8)),
        ("tile/entries/999", entries(999, 256)),
    ];
    for (path, parsed) in paths {
        assert_eq!(path.parse(), Ok(parsed));
        assert_eq!(parsed.to_string(), path);
    }
}

#[test]
fn paths_written_in_another_way_are_refused() {
    let paths = [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1000",
        "tile/0/x000/001",
        "tile/0/x001/x002",
        "tile/0/x01/002",
        "tile/0/001/002",
        "tile/0/X001/002",
        "tile/00/001",
        "tile/+0/001",
        "tile/0/+01",
        "tile/0/-01",
        "tile/0/ 01",
        "tile/0/001/",
        "/tile/0/001",
        "tile//001",
        "tile/0/001.p",
        "tile/0/001.p/",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p/+1",
        "tile/0/001.p/1.p/1",
        "tile/0/001.p/1/",
        "tile/0/001.P/1",
        "tile/0/001.p/257",
        "tile/8/000",
        "tile/64/000",
        "tile/7/000",
        "tile/Entries/000",
        "tile/entries/0",
        "tile/0/001\n",
        "tile/0/00\u{661}",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x001/x000/x000/x000/x000/x000/x000/x000/000",
    ];
    for path in paths {
        assert_eq!(path.parse::<TilePath>(), Err(PathError), "{path}");
    }
}

#[test]
fn tiles_that_no_tree_has_are_refused() {
    let last = TREE_SIZE_MAX / 256;
    assert!(Tile::new(0, last, 255).is_ok() && Tile::new(7, 0, 127).is_ok());
    for (level, index, width) in [
        (0, 0, 0),
        (0, 0, 257),
        (0, last, 256),
        (7, 0, 128),
        (7, 1, 1),
        (8, 0, 1),
        (255, 0, 1),
        (0, u64::MAX, 1),
    ] {
        assert_eq!(Tile::new(level, index, width), Err(TileError::NoSuchTile { level, index, width }));
    }
}

#[test]
fn right_edge_grown_in_batches_gives_the_tiles_of_the_whole_tree() {
    let naive = Naive::new(70_300);
    let batches = [1, 1, 253, 1, 1, 255, 256, 257, 511, 3, 4096, 60_000, 160, 1, 4465, 1, 38];
    let mut edge = RightEdge::default();
    let mut kept = BTreeMap::new();
    let mut old_size = 0;
    for batch in batches {
        let size = old_size + batch;
        // As from storage: the edge is only what its own tiles say.
        edge = RightEdge::from_tiles(edge.size(), edge.partial_tiles()).expect("the edge");
        for content in edge.integrate(&naive.leaf_hashes[old_size..size]) {
            let tile = content.tile();
            let old = kept.insert((tile.level(), tile.index()), content.clone());
            assert!(old.is_none_or(|old| content.hashes().len() > old.hashes().len()), "{tile} did not grow");
        }
        let expected = contents(&all_tiles(&naive.leaf_hashes[..size]));
        assert!(kept.values().eq(&expected), "tiles of {size}");
        assert_eq!(edge.root_hash(), root_hash(&naive.leaf_hashes[..size]));
        assert_eq!(edge.compact_range().size(), size as u64);
        old_size = size;
    }
    assert_eq!(old_size, 70_300);
}

#[test]
fn right_edge_fed_with_a_stream_gives_each_full_tile_once_and_the_root() {
    let naive = Naive::new(66_000);
    let mut edge = RightEdge::default();
    let mut tiles = Vec::new();
    for chunk in naive.leaf_hashes.chunks(1000) {
        edge.append(chunk, |full| tiles.push(full));
    }
    assert!(tiles.iter().all(|content| content.tile().is_full()));
    tiles.extend(edge.partial_tiles());
    tiles.sort_by_key(TileContent::tile);
    assert_eq!(tiles, contents(&all_tiles(&naive.leaf_hashes)));
    assert_eq!(edge.root_hash(), root_hash(&naive.leaf_hashes));
}

#[test]
fn right_edge_from_other_tiles_than_its_own_is_refused() {
    let naive = Naive::new(300);
    let mut edge = RightEdge::default();
    edge.integrate(&naive.leaf_hashes);
    let tiles = edge.partial_tiles();
    assert_eq!(tiles.iter().map(TileContent::tile).collect::<Vec<_>>(), Tile::partial_of(300));
    for (tree_size, tiles) in [
        (299, tiles.clone()),
        (300, tiles[..1].to_vec()),
        (300, vec![tiles[1].clone(), tiles[0].clone()]),
        (0, tiles.clone()),
        (u64::MAX, tiles.clone()),
    ] {
        let error = RightEdge::from_tiles(tree_size, tiles).expect_err("not the edge");
        assert_eq!(error, TileError::NotTheEdge { tree_size });
    }
    assert_eq!(RightEdge::from_tiles(300, tiles).map(|edge| edge.root_hash()), Ok(edge.root_hash()));
}

#[test]
fn proofs_from_only_the_tiles_they_name_are_those_of_the_whole_tree() {
    let naive = Naive::new(70_000);
    let tree = MemoryTree::from_leaf_hashes(&naive.leaf_hashes);
    for size in [1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 65_800, 70_000_usize] {
        let tiles: BTreeMap<Tile, Vec<Hash>> = all_tiles(&naive.leaf_hashes[..size]).into_iter().collect();
        let tree_size = size as u64;
        let root = root_hash(&naive.leaf_hashes[..size]);
        let last = tree_size - 1;
        for leaf_index in [0, last / 3, last / 2, last.saturating_sub(256), last.saturating_sub(1), last] {
            let nodes = inclusion_proof_nodes(leaf_index, tree_size).expect("nodes");
            let needed = tiles_with(&nodes, tree_size).expect("tiles");
            assert!(needed.len() <= 4, "{} tiles for one proof", needed.len());
            let needed: Vec<_> = needed.into_iter().map(|tile| (tile, tiles[&tile].clone())).collect();
            let proof = prove_inclusion(&TileSet::from_iter(contents(&needed)), leaf_index, tree_size);
            let proof = proof.expect("a proof");
            let leaf = naive.root(leaf_index, leaf_index + 1);
            assert_eq!(check_inclusion(&leaf, leaf_index, tree_size, &root, &proof), Ok(()));
            assert_eq!(Ok(&proof), prove_inclusion(&tree, leaf_index, tree_size).as_ref());
        }
        let whole = TileSet::from_iter(contents(&tiles.into_iter().collect::<Vec<_>>()));
        for old_size in [1, tree_size / 3 + 1, tree_size / 2 + 1, tree_size] {
            let proof = prove_consistency(&whole, old_size, tree_size).expect("a proof");
            assert_eq!(Ok(proof), prove_consistency(&tree, old_size, tree_size));
        }
    }
}

#[test]
fn nodes_beyond_a_tree_lie_in_no_tile() {
    for (level, index) in [(0, 300), (1, 150), (8, 1), (9, 0), (63, 0), (63, u64::MAX), (255, 1)] {
        assert_eq!(Tile::containing(NodeId { level, index }, 300), None, "level {level}, index {index}");
    }
    let tile = Tile::containing(NodeId { level: 3, index: 36 }, 300);
    assert_eq!(tile, Tile::new(0, 1, 44).ok());
    assert_eq!(TileSet::default().node(NodeId { level: 255, index: u64::MAX }), None);
}

#[test]
fn tile_of_other_length_than_its_width_is_refused() {
    let tile = Tile::new(0, 0, 3).expect("a tile");
    for bytes in [0, 64, 95, 97, 128] {
        let error = TileError::ByteCount { expected: 96, actual: bytes };
        assert_eq!(TileContent::from_bytes(tile, &vec![0; bytes]), Err(error));
    }
}

#[test]
fn bundle_cut_or_lengthened_by_any_byte_is_refused() {
    let entries: [&[u8]; 4] = [b"one", b"", b"three", &[7; 300]];
    let bundle = encode_entries(&entries).expect("short entries");
    assert_eq!(decode_entries(&bundle, 4).as_deref(), Ok(&entries[..]));
    assert_eq!(bundle_leaf_hashes(&bundle, 4), Ok(leaf_hashes(&entries)));
    for end in 0..bundle.len() {
        assert!(matches!(decode_entries(&bundle[..end], 4), Err(BundleError::CutOff { .. })), "{end}");
    }
    assert_eq!(decode_entries(&bundle, 3), Err(BundleError::TooLong { bytes: 302 }));
    assert_eq!(decode_entries(&bundle, 5), Err(BundleError::CutOff { position: 4 }));
    assert_eq!(
        encode_entries(&[&[], &vec![0; 65_536]]),
        Err(BundleError::EntryTooLong { position: 1, bytes: 65_536 })
    );
    assert!(encode_entries(&[&vec![0; 65_535]]).is_ok());
}

proptest! {
    #[test]
    fn path_of_any_tile_parses_to_the_tile(level in 0_u8..8, index in any::<u64>(), width in 1_u16..=256) {
        let index = index.checked_shr(8 + 8 * u32::from(level)).unwrap_or(0);
        if let Ok(tile) = Tile::new(level, index, width) {
            prop_assert_eq!(tile.to_string().parse(), Ok(TilePath::Hashes(tile)));
            prop_assert_eq!(tile.to_string().replace(&format!("tile/{level}/"), "tile/entries/").parse(),
                EntryBundle::new(index, width).map(TilePath::Entries).map_err(|_| PathError));
        }
    }

    #[test]
    fn path_of_any_text_parses_only_to_itself(path in "tile/([0-9]|entries)/(x[0-9]{2,3}/){0,3}[0-9]{2,4}(\\.p/[0-9]{1,3})?") {
        if let Ok(parsed) = path.parse::<TilePath>() {
            prop_assert_eq!(parsed.to_string(), path);
        }
    }

    #[test]
    fn bundle_of_any_entries_decodes_to_the_entries(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..50)) {
        let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        let bundle = encode_entries(&entries).expect("short entries");
        let width = u16::try_from(entries.len()).expect("few entries");
        prop_assert_eq!(decode_entries(&bundle, width), Ok(entries));
    }

    #[test]
    fn bundle_of_any_bytes_decodes_only_from_its_own_encoding(bytes in prop::collection::vec(0_u8..4, 0..60), width in 0_u16..10) {
        if let Ok(entries) = decode_entries(&bytes, width) {
            prop_assert_eq!(encode_entries(&entries), Ok(bytes.clone()));
        }
    }
}
