//! Receipts that others published: the examples of the draft that became RFC 9942, and the vectors of scitt-cose,
//! which bring the logs' keys.

#[path = "../../merkle/tests/shared_data/mod.rs"]
mod shared_data;

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cose::{ConsistencyReceipt, InclusionReceipt, LogKey, ReceiptError};
use merkle::{Hash, leaf_hash};
use serde_json::Value;
use signature::{Ed25519Key, P256Key, SignatureError};

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a string");
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex")).collect()
}

/// The key at the end of a PEM of `SubjectPublicKeyInfo`.
fn key(pem: &Path) -> LogKey {
    let text = fs::read_to_string(pem).expect("a PEM");
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let spki = BASE64_STANDARD.decode(body).expect("base64");
    match spki.len() {
        44 => LogKey::Ed25519(Ed25519Key::parse(&spki[12..]).expect("a key")),
        91 => LogKey::P256(P256Key::parse(&spki[26..]).expect("a key")),
        length => panic!("a key of {length} bytes"),
    }
}

#[test]
fn drafts_examples_decode_to_what_their_diagnostics_say_and_print_back() {
    let Some(folder) = shared_data::folder("tlog/cose-draft/examples") else { return };
    let bytes = fs::read(folder.join("inclusion-receipt.cbor")).expect("an example");
    let receipt = InclusionReceipt::parse(&bytes).expect("a receipt");
    assert_eq!((receipt.tree_size(), receipt.leaf_index(), receipt.path().len()), (5, 3, 3));
    assert_eq!((receipt.key_id(), receipt.is_size_signed()), (&b"test-key-1"[..], false));
    assert_eq!(receipt.path()[0][..4], [0x3d, 0x06, 0x45, 0x5d]);
    assert_eq!(receipt.to_bytes(), bytes);
    assert_eq!(ConsistencyReceipt::parse(&bytes).err(), Some(ReceiptError::Proofs));

    let bytes = fs::read(folder.join("consistency-receipt.cbor")).expect("an example");
    let receipt = ConsistencyReceipt::parse(&bytes).expect("a receipt");
    assert_eq!((receipt.old_size(), receipt.new_size(), receipt.path().len()), (3, 5, 4));
    assert_eq!((receipt.key_id(), receipt.is_size_signed()), (&b"test-key-1"[..], false));
    assert_eq!(receipt.to_bytes(), bytes);
    assert_eq!(InclusionReceipt::parse(&bytes).err(), Some(ReceiptError::Proofs));
}

#[test]
fn scitt_vectors_hold_exactly_where_they_say() {
    let Some(folder) = shared_data::folder("tlog/scitt-cose/test-vectors/v1") else { return };
    let refusals = [
        ("fail-tampered-path", ReceiptError::Signature(SignatureError::Mismatch)),
        ("fail-unsupported-vds", ReceiptError::Structure),
    ];
    let mut held = 0;
    for name in ["valid-eddsa", "valid-es256", "fail-bad-statement-sig", refusals[0].0, refusals[1].0] {
        let vector = folder.join(name);
        let expected: Value =
            serde_json::from_slice(&fs::read(vector.join("expected.json")).expect("a file")).expect("JSON");
        let key = key(&vector.join("log-key.pub"));
        let bytes = fs::read(vector.join("receipt.cose")).expect("a receipt");
        let leaf = leaf_hash(&unhex(&expected["leaf_entry"]));
        let result = InclusionReceipt::parse(&bytes).and_then(|receipt| {
            assert_eq!(expected["tree_size"], receipt.tree_size(), "{name}");
            assert_eq!(expected["leaf_index"], receipt.leaf_index(), "{name}");
            let path: Vec<Vec<u8>> =
                expected["inclusion_path"].as_array().expect("a path").iter().map(unhex).collect();
            assert_eq!(receipt.path().concat(), path.concat(), "{name}");
            assert_eq!(receipt.to_bytes(), bytes, "{name}");
            receipt.check(&leaf, &key)
        });
        if expected["receipt_valid"] == true {
            let root = Hash::try_from(unhex(&expected["reconstructed_root"])).expect("a root");
            assert_eq!(result, Ok(root), "{name}");
            held += 1;
        } else {
            let (_, refusal) = refusals.iter().find(|(refused, _)| *refused == name).expect("a refusal");
            assert_eq!(result, Err(*refusal), "{name}");
        }
    }
    assert_eq!(held, 3);
}

#[test]
fn receipt_of_another_data_structure_is_refused() {
    let Some(folder) = shared_data::folder("tlog/scitt-cose/test-vectors/v1/valid-ccf-vds2") else { return };
    let bytes = fs::read(folder.join("receipt.cose")).expect("a receipt");
    assert_eq!(InclusionReceipt::parse(&bytes).err(), Some(ReceiptError::Structure));
}
