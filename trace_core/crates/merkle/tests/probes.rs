//! The proofs that transparency-dev/merkle publishes, good and bad.

mod shared_data;

use std::fs;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use merkle::{
    Hash, InclusionClaim, check_consistency, check_inclusion, check_inclusions, check_subtree_consistency,
    check_subtree_inclusion,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Bytes that some probes have shorter than a hash; our types know no such thing, so zeros follow.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Padded(Hash);

impl TryFrom<String> for Padded {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = BASE64_STANDARD.decode(text).map_err(|error| error.to_string())?;
        let mut hash = Hash::default();
        hash.get_mut(..bytes.len()).ok_or("longer than a hash")?.copy_from_slice(&bytes);
        Ok(Self(hash))
    }
}

/// Proofs may be null.
fn hashes(proof: Option<Vec<Padded>>) -> Vec<Hash> {
    proof.unwrap_or_default().into_iter().map(|padded| padded.0).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    leaf_idx: u64,
    tree_size: u64,
    root: Padded,
    leaf_hash: Padded,
    proof: Option<Vec<Padded>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    size1: u64,
    size2: u64,
    root1: Padded,
    root2: Padded,
    proof: Option<Vec<Padded>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubtreeInclusion {
    leaf_idx: u64,
    start: u64,
    end: u64,
    root: Padded,
    leaf_hash: Padded,
    proof: Option<Vec<Padded>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubtreeConsistency {
    start: u64,
    end: u64,
    size: u64,
    root1: Padded,
    root2: Padded,
    proof: Option<Vec<Padded>>,
    want_err: bool,
}

/// Runs `refuses` on each probe of a folder, and compares with what the probe's last field says.
fn run<P: DeserializeOwned>(name: &str, count_min: usize, check: impl Fn(P) -> (bool, bool)) {
    let Some(folder) = shared_data::folder("tlog/merkle/testdata") else { return };
    let files = shared_data::files(&folder.join(name));
    assert!(files.len() >= count_min, "only {} probes", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("a probe that can be read");
        let probe = serde_json::from_str(&text).expect("a probe that can be parsed");
        let (refused, want_err) = check(probe);
        assert_eq!(refused, want_err, "{}", file.display());
    }
}

#[test]
fn check_inclusion_of_published_probes_decides_as_published() {
    run("inclusion", 50, |probe: Inclusion| {
        let (leaf_hash, leaf_index, proof) = (probe.leaf_hash.0, probe.leaf_idx, hashes(probe.proof));
        let result = check_inclusion(&leaf_hash, leaf_index, probe.tree_size, &probe.root.0, &proof);
        let claim = InclusionClaim { leaf_hash, leaf_index, proof: &proof };
        assert_eq!(check_inclusions(probe.tree_size, &probe.root.0, &[claim]), [result]);
        (result.is_err(), probe.want_err)
    });
}

#[test]
fn check_consistency_of_published_probes_decides_as_published() {
    run("consistency", 40, |probe: Consistency| {
        let proof = hashes(probe.proof);
        let result = check_consistency(probe.size1, probe.size2, &probe.root1.0, &probe.root2.0, &proof);
        (result.is_err(), probe.want_err)
    });
}

#[test]
fn check_subtree_inclusion_of_published_probes_decides_as_published() {
    run("subtreeinclusion", 110, |probe: SubtreeInclusion| {
        let (subtree, proof) = ((probe.start, probe.end), hashes(probe.proof));
        let result =
            check_subtree_inclusion(&probe.leaf_hash.0, probe.leaf_idx, subtree, &probe.root.0, &proof);
        (result.is_err(), probe.want_err)
    });
}

#[test]
fn check_subtree_consistency_of_published_probes_decides_as_published() {
    run("subtreeconsistency", 55, |probe: SubtreeConsistency| {
        let (subtree, proof) = ((probe.start, probe.end), hashes(probe.proof));
        let result = check_subtree_consistency(subtree, probe.size, &probe.root1.0, &probe.root2.0, &proof);
        (result.is_err(), probe.want_err)
    });
}
