//! A published reference tree, and a published log that grew from 0 to 15 entries.

mod shared_data;

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use merkle::{
    Hash, MemoryTree, NodeId, RightEdge, Tile, TileContent, TilePath, TileSet, bundle_leaf_hashes,
    check_consistency, check_inclusion, decode_entries, encode_entries, leaf_hash, leaf_hashes, node_hash,
    prove_consistency, prove_inclusion, root_hash,
};
use serde::Deserialize;

const TESTLOG_SIZE: u64 = 15;

#[derive(Deserialize)]
struct ReferenceTree {
    leaf_inputs_hex: Vec<String>,
    node_hashes_by_level: Vec<Vec<String>>,
    root_hash_by_tree_size: Vec<String>,
    extra: ReferenceHashes,
}

#[derive(Deserialize)]
#[expect(non_snake_case, reason = "the names of the published file")]
struct ReferenceHashes {
    leaf_L123456: String,
    node_N123_N456: String,
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("two hex digits");
    (0..text.len()).step_by(2).map(digits).collect()
}

#[test]
fn reference_tree_of_rfc_6962_is_hashed_as_published() {
    let Some(folder) = shared_data::folder("tlog/rfc6962") else { return };
    let text = fs::read_to_string(folder.join("rfc6962_reference_tree.json")).expect("the reference tree");
    let reference: ReferenceTree = serde_json::from_str(&text).expect("the reference tree");
    let entries: Vec<Vec<u8>> = reference.leaf_inputs_hex.iter().map(|entry| unhex(entry)).collect();
    let hashes = leaf_hashes(&entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let tree = MemoryTree::from_leaf_hashes(&hashes);
    for (level, expected) in (0..).zip(&reference.node_hashes_by_level) {
        for (index, expected) in (0..).zip(expected) {
            let hash = tree.node(NodeId { level, index }).expect("a node of the tree");
            assert_eq!(hash.as_slice(), unhex(expected), "level {level}, index {index}");
        }
    }
    for (size, expected) in reference.root_hash_by_tree_size.iter().enumerate() {
        assert_eq!(root_hash(&hashes[..size]).as_slice(), unhex(expected), "tree of {size}");
    }
    assert_eq!(leaf_hash(b"L123456").as_slice(), unhex(&reference.extra.leaf_L123456));

    // The published node joins five bytes, which ours cannot: its children are hashes.
    assert_eq!(sha256::digest(b"\x01N123N456").as_slice(), unhex(&reference.extra.node_N123_N456));
    let joined = sha256::digest(&[&[1], hashes[0].as_slice(), hashes[1].as_slice()].concat());
    assert_eq!(node_hash(&hashes[0], &hashes[1]), joined);
}

/// Size and root of a checkpoint; its signature is not our part.
fn checkpoint(log: &Path, name: &str) -> (u64, Hash) {
    let text = fs::read_to_string(log.join(name)).expect("a checkpoint");
    let mut lines = text.lines().skip(1);
    let size = lines.next().and_then(|line| line.parse().ok()).expect("a size");
    let root = lines.next().and_then(|line| BASE64_STANDARD.decode(line).ok()).expect("a root");
    (size, root.try_into().expect("32 bytes"))
}

#[test]
fn testlog_at_every_size_has_the_published_entries_tiles_and_roots() {
    let Some(log) = shared_data::folder("tlog/tessera-testlog/testdata/log") else { return };
    let mut edge = RightEdge::default();
    assert_eq!(checkpoint(&log, "checkpoint.0"), (0, edge.root_hash()));
    for size in 1..=TESTLOG_SIZE {
        let width = u16::try_from(size).expect("small");
        let bundle = fs::read(log.join(format!("tile/entries/000.p/{size}"))).expect("a bundle");
        let entries = decode_entries(&bundle, width).expect("a good bundle");
        assert_eq!(encode_entries(&entries).as_deref(), Ok(&*bundle));

        let hashes = bundle_leaf_hashes(&bundle, width).expect("a good bundle");
        let changed = edge.integrate(&hashes[hashes.len() - 1..]);
        let [tile] = &changed[..] else { panic!("one tile changes, not {}", changed.len()) };
        assert_eq!(tile.tile().to_string(), format!("tile/0/000.p/{size}"));
        assert_eq!(tile.bytes(), fs::read(log.join(tile.tile().to_string())).expect("a tile"));
        assert_eq!(tile.hashes(), hashes);
        assert_eq!(checkpoint(&log, &format!("checkpoint.{size}")), (size, edge.root_hash()));
    }
}

#[test]
fn testlog_proofs_from_its_tiles_hold_against_its_checkpoints() {
    let Some(log) = shared_data::folder("tlog/tessera-testlog/testdata/log") else { return };
    for new_size in 1..=TESTLOG_SIZE {
        let width = u16::try_from(new_size).expect("small");
        let tile = Tile::new(0, 0, width).expect("a tile");
        let bytes = fs::read(log.join(tile.to_string())).expect("a tile");
        assert_eq!(tile.to_string().parse(), Ok(TilePath::Hashes(tile)));
        let content = TileContent::from_bytes(tile, &bytes).expect("a good tile");
        let hashes = content.hashes().to_vec();
        let tiles = TileSet::from_iter([content]);
        let (_, new_root) = checkpoint(&log, &format!("checkpoint.{new_size}"));
        for (leaf_index, hash) in (0..).zip(&hashes) {
            let proof = prove_inclusion(&tiles, leaf_index, new_size).expect("a proof");
            assert_eq!(check_inclusion(hash, leaf_index, new_size, &new_root, &proof), Ok(()));
        }
        for old_size in 1..=new_size {
            let (_, old_root) = checkpoint(&log, &format!("checkpoint.{old_size}"));
            let proof = prove_consistency(&tiles, old_size, new_size).expect("a proof");
            assert_eq!(check_consistency(old_size, new_size, &old_root, &new_root, &proof), Ok(()));
        }
    }
}
