//! Receipts made here: what holds, and that nothing else does.

use cose::{ConsistencyReceipt, InclusionReceipt, LogKey, RECEIPT_BYTES_MAX, ReceiptError, TREE_SIZE_LABEL};
use coset::CborSerializable;
use coset::cbor::value::Value;
use merkle::{Hash, MemoryTree, ProofError, leaf_hashes, prove_consistency, prove_inclusion};
use proptest::prelude::*;
use signature::{Ed25519Signer, SignatureError};

const UNSIGNED_ROOT: ReceiptError = ReceiptError::Signature(SignatureError::Mismatch);

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(&[7; 32])
}

fn key() -> LogKey {
    LogKey::Ed25519(signer().key())
}

fn leaves(size: u64) -> Vec<Hash> {
    let entries: Vec<[u8; 8]> = (0..size).map(u64::to_be_bytes).collect();
    leaf_hashes(&entries.iter().map(<[u8; 8]>::as_slice).collect::<Vec<_>>())
}

fn at(index: u64) -> usize {
    usize::try_from(index).expect("small")
}

/// Numbers that differ from this one by a power of two. All of them would cost a signature each.
fn near(number: u64) -> impl Iterator<Item = u64> {
    (0..9).flat_map(move |bit| [number.wrapping_sub(1 << bit), number + (1 << bit)])
}

fn inclusion(leaves: &[Hash], leaf_index: u64) -> InclusionReceipt {
    let (tree, size) = (MemoryTree::from_leaf_hashes(leaves), leaves.len() as u64);
    let path = prove_inclusion(&tree, leaf_index, size).expect("a proof");
    InclusionReceipt::sign(&signer(), size, leaf_index, path, &tree.root_hash())
}

fn consistency(leaves: &[Hash], old_size: u64) -> ConsistencyReceipt {
    let (tree, size) = (MemoryTree::from_leaf_hashes(leaves), leaves.len() as u64);
    let path = prove_consistency(&tree, old_size, size).expect("a proof");
    ConsistencyReceipt::sign(&signer(), old_size, size, path, &tree.root_hash())
}

/// A receipt from its parts, each as CBOR has it, unsigned.
fn assembled(protected: &[(Value, Value)], unprotected: Value, payload: Value) -> Vec<u8> {
    let protected = Value::Map(protected.to_vec()).to_vec().expect("CBOR");
    let parts = vec![Value::Bytes(protected), unprotected, payload, Value::Bytes(vec![0; 64])];
    Value::Tag(18, Box::new(Value::Array(parts))).to_vec().expect("CBOR")
}

fn protected() -> Vec<(Value, Value)> {
    vec![(1.into(), (-8).into()), (395.into(), 1.into())]
}

fn proof(path: Vec<Value>) -> Value {
    Value::Bytes(Value::Array(vec![3.into(), 1.into(), Value::Array(path)]).to_vec().expect("CBOR"))
}

fn proofs(all: Vec<Value>) -> Value {
    Value::Map(vec![(396.into(), Value::Map(vec![((-1).into(), Value::Array(all))]))])
}

fn hash() -> Value {
    Value::Bytes(vec![9; 32])
}

fn parts(receipt: &[u8]) -> Vec<Value> {
    let Ok(Value::Tag(18, parts)) = Value::from_slice(receipt) else { panic!("a receipt") };
    parts.into_array().expect("parts")
}

/// A receipt with its unsigned headers from another one.
fn with_unsigned_of(receipt: &[u8], other: &[u8]) -> Vec<u8> {
    let mut mixed = parts(receipt);
    mixed[1] = parts(other).swap_remove(1);
    Value::Tag(18, Box::new(Value::Array(mixed))).to_vec().expect("CBOR")
}

fn refusal(bytes: &[u8]) -> Option<ReceiptError> {
    InclusionReceipt::parse(bytes).err()
}

proptest! {
    #[test]
    fn receipt_of_any_leaf_holds_for_it_alone(size in 1_u64..300, chosen: prop::sample::Index) {
        let leaves = leaves(size);
        let index = chosen.index(at(size)) as u64;
        let bytes = inclusion(&leaves, index).to_bytes();
        let receipt = InclusionReceipt::parse(&bytes).expect("a receipt");
        prop_assert_eq!(receipt.to_bytes(), bytes);
        prop_assert_eq!((receipt.tree_size(), receipt.leaf_index(), receipt.is_size_signed()), (size, index, true));
        let key_id = signer().key().id();
        prop_assert_eq!(receipt.key_id(), key_id.as_bytes());
        let root = MemoryTree::from_leaf_hashes(&leaves).root_hash();
        for other in near(index).chain([index]).filter(|other| *other < size) {
            let leaf = &leaves[at(other)];
            let expected = if other == index { Ok(root) } else { Err(UNSIGNED_ROOT) };
            prop_assert_eq!(receipt.check(leaf, &key()), expected);
        }
    }

    #[test]
    fn receipt_of_growth_holds_from_the_older_root_alone(size in 1_u64..300, chosen: prop::sample::Index) {
        let leaves = leaves(size);
        let old_size = chosen.index(at(size)) as u64 + 1;
        let bytes = consistency(&leaves, old_size).to_bytes();
        let receipt = ConsistencyReceipt::parse(&bytes).expect("a receipt");
        prop_assert_eq!(receipt.to_bytes(), bytes);
        prop_assert_eq!((receipt.old_size(), receipt.new_size(), receipt.is_size_signed()), (old_size, size, true));
        let root = |size: u64| MemoryTree::from_leaf_hashes(&leaves[..at(size)]).root_hash();
        prop_assert_eq!(receipt.check(&root(old_size), &key()), Ok(root(size)));
        for other in near(old_size).filter(|other| (1..=size).contains(other)) {
            prop_assert!(receipt.check(&root(other), &key()).is_err());
        }
    }

    #[test]
    fn receipt_with_wrong_index_size_or_path_proves_nothing(size in 2_u64..300, chosen: prop::sample::Index) {
        let leaves = leaves(size);
        let index = chosen.index(at(size)) as u64;
        let tree = MemoryTree::from_leaf_hashes(&leaves);
        let (root, leaf) = (tree.root_hash(), &leaves[at(index)]);
        let path = prove_inclusion(&tree, index, size).expect("a proof");
        let made = |size, index, path: &[Hash]| InclusionReceipt::sign(&signer(), size, index, path.to_vec(), &root);
        for wrong in near(index).filter(|wrong| *wrong <= size) {
            prop_assert!(made(size, wrong, &path).check(leaf, &key()).is_err());
        }
        prop_assert!(made(size, index, &path[1..]).check(leaf, &key()).is_err());
        prop_assert!(made(size, index, &[&path[..], &path[..1]].concat()).check(leaf, &key()).is_err());
        // What was signed for one size is not even read with the proof of another.
        let good = made(size, index, &path).to_bytes();
        for wrong in near(size) {
            let mixed = with_unsigned_of(&good, &made(wrong, index, &path).to_bytes());
            prop_assert_eq!(refusal(&mixed), Some(ReceiptError::TreeSize));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        if let Ok(receipt) = InclusionReceipt::parse(&bytes) {
            prop_assert_eq!(receipt.to_bytes(), bytes);
        }
    }

    #[test]
    fn receipt_with_a_piece_replaced_is_refused(
        from in 0_usize..300, length in 0_usize..40, piece in prop::collection::vec(any::<u8>(), 0..40)
    ) {
        let leaves = leaves(100);
        let good = inclusion(&leaves, 70).to_bytes();
        let from = from.min(good.len());
        let mut bytes = good.clone();
        bytes.splice(from..(from + length).min(good.len()), piece);
        let result = InclusionReceipt::parse(&bytes).and_then(|receipt| receipt.check(&leaves[70], &key()));
        prop_assert_eq!(result.is_ok(), bytes == good);
    }
}

#[test]
fn receipt_with_any_bit_flipped_or_byte_cut_or_added_is_refused() {
    let leaves = leaves(5);
    let old_root = MemoryTree::from_leaf_hashes(&leaves[..3]).root_hash();
    // Leaf 0 has one and the same path in trees of 5 to 8 leaves: that the size is signed is what tells them apart.
    let holds = |bytes: &[u8], index: u64| {
        InclusionReceipt::parse(bytes)
            .and_then(|receipt| receipt.check(&leaves[at(index)], &key()))
            .or_else(|_| {
                ConsistencyReceipt::parse(bytes).and_then(|receipt| receipt.check(&old_root, &key()))
            })
            .is_ok()
    };
    let mut receipts: Vec<_> = (0..5).map(|index| (inclusion(&leaves, index).to_bytes(), index)).collect();
    receipts.push((consistency(&leaves, 3).to_bytes(), 0));
    for (good, index) in receipts {
        assert!(holds(&good, index));
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds(&bytes, index), "leaf {index}, bit {bit}");
        }
        for length in 0..good.len() {
            assert!(!holds(&good[..length], index), "leaf {index}, {length} bytes");
        }
        assert_eq!(refusal(&[&good[..], &[0]].concat()), Some(ReceiptError::Cbor));
    }
}

#[test]
fn receipt_is_refused_with_any_other_key() {
    let leaves = leaves(5);
    let receipt = inclusion(&leaves, 2);
    let other = Ed25519Signer::from_seed(&[8; 32]).key();
    assert_eq!(receipt.check(&leaves[2], &LogKey::Ed25519(other)), Err(UNSIGNED_ROOT));
    let generator = [
        0x03, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
        0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    ];
    let p256 = LogKey::P256(signature::P256Key::parse(&generator).expect("a point"));
    assert_eq!(receipt.check(&leaves[2], &p256), Err(ReceiptError::KeyKind));
}

#[test]
fn payload_is_taken_when_it_is_the_root_and_refused_when_it_is_not() {
    let leaves = leaves(3);
    let tree = MemoryTree::from_leaf_hashes(&leaves);
    let good = inclusion(&leaves, 1).to_bytes();
    let detached = good.len() - 64 - 3;
    assert_eq!(good[detached], 0xf6);
    let attached = |payload: &[u8]| {
        let length = u8::try_from(payload.len()).expect("short");
        [&good[..detached], &[0x58, length], payload, &good[detached + 1..]].concat()
    };
    let with_root = InclusionReceipt::parse(&attached(&tree.root_hash())).expect("a receipt");
    assert_eq!(with_root.check(&leaves[1], &key()), Ok(tree.root_hash()));
    let with_other = InclusionReceipt::parse(&attached(&leaves[0])).expect("a receipt");
    assert_eq!(with_other.check(&leaves[1], &key()), Err(ProofError::WrongRoot.into()));
    assert_eq!(refusal(&attached(&[7; 31])), Some(ReceiptError::Payload));
}

#[test]
fn receipt_of_other_parts_is_refused_for_what_it_has() {
    let (good, null) = (|| proofs(vec![proof(vec![hash(), hash()])]), || Value::Null);
    let with = |label: i64, value: Value| {
        let mut headers = protected();
        headers.retain(|(found, _)| *found != Value::from(label));
        headers.push((label.into(), value));
        assembled(&headers, good(), null())
    };
    let unsigned = |unprotected: Value| assembled(&protected(), unprotected, null());
    assert!(InclusionReceipt::parse(&assembled(&protected(), good(), null())).is_ok());
    assert!(InclusionReceipt::parse(&with(TREE_SIZE_LABEL, 3.into())).is_ok());
    let text = |text: &str| Value::Text(text.to_owned());
    let cases = [
        (with(1, (-7).into()), None),
        (with(1, (-35).into()), Some(ReceiptError::Algorithm)),
        (with(1, text("EdDSA")), Some(ReceiptError::Algorithm)),
        (assembled(&protected()[1..], good(), null()), Some(ReceiptError::Algorithm)),
        (assembled(&protected()[..1], good(), null()), Some(ReceiptError::Structure)),
        (with(395, 2.into()), Some(ReceiptError::Structure)),
        (with(395, 1.0.into()), Some(ReceiptError::Structure)),
        (with(2, Value::Array(vec![1.into()])), Some(ReceiptError::Header)),
        (with(TREE_SIZE_LABEL, 4.into()), Some(ReceiptError::TreeSize)),
        (with(TREE_SIZE_LABEL, (-3).into()), Some(ReceiptError::TreeSize)),
        (with(TREE_SIZE_LABEL, text("3")), Some(ReceiptError::TreeSize)),
        (assembled(&[protected(), protected()].concat(), good(), null()), Some(ReceiptError::NoSign1)),
        (assembled(&protected(), good(), 7.into()), Some(ReceiptError::NoSign1)),
        (assembled(&protected(), good(), Value::Bytes(vec![])), Some(ReceiptError::Payload)),
        (unsigned(Value::Map(vec![])), Some(ReceiptError::Header)),
        (unsigned(proofs(vec![])), Some(ReceiptError::Proofs)),
        (unsigned(proofs(vec![proof(vec![hash()]), proof(vec![hash()])])), Some(ReceiptError::Proofs)),
        (unsigned(proofs(vec![proof(vec![hash(); 63])])), None),
        (unsigned(proofs(vec![proof(vec![hash(); 64])])), Some(ReceiptError::Proofs)),
        (unsigned(proofs(vec![proof(vec![Value::Bytes(vec![9; 31])])])), Some(ReceiptError::Proofs)),
        (unsigned(proofs(vec![proof(vec![Value::Tag(2, Box::new(hash()))])])), Some(ReceiptError::Proofs)),
        (unsigned(proofs(vec![hash()])), Some(ReceiptError::Proofs)),
        (unsigned(Value::Map(vec![(396.into(), hash())])), Some(ReceiptError::Proofs)),
    ];
    for (number, (bytes, expected)) in cases.iter().enumerate() {
        assert_eq!(refusal(bytes), *expected, "case {number}");
    }
    // A second unsigned header, even one that COSE knows.
    let Value::Map(mut headers) = good() else { unreachable!("a map") };
    headers.push((4.into(), Value::Bytes(vec![1])));
    assert_eq!(refusal(&unsigned(Value::Map(headers.clone()))), Some(ReceiptError::Header));
    headers[1] = (77.into(), 7.into());
    assert_eq!(refusal(&unsigned(Value::Map(headers))), Some(ReceiptError::Header));
}

#[test]
fn hostile_cbor_is_refused() {
    let good = inclusion(&leaves(3), 1).to_bytes();
    let long = vec![0x40; RECEIPT_BYTES_MAX + 1];
    assert_eq!(refusal(&long), Some(ReceiptError::TooLong));
    let deep = |byte: u8| vec![byte; RECEIPT_BYTES_MAX];
    let hostile = [
        vec![],
        // Arrays in arrays, tags in tags, maps in maps, byte strings without end.
        deep(0x81),
        deep(0xc1),
        deep(0xa1),
        deep(0x5f),
        deep(0x9f),
        // Byte string, text, array and map of 2⁶⁴ − 1.
        [&[0x5b][..], &[0xff; 8]].concat(),
        [&[0x7b][..], &[0xff; 8]].concat(),
        [&[0x9b][..], &[0xff; 8]].concat(),
        [&[0xbb][..], &[0xff; 8]].concat(),
        // The tag and the array in longer forms, and the array without a length.
        [&[0xd8, 18][..], &good[1..]].concat(),
        [&[0xd2, 0x98, 4][..], &good[2..]].concat(),
        [&[0xd2, 0x9f][..], &good[2..], &[0xff]].concat(),
        // Reserved additional information, a lone break, text that is no UTF-8.
        vec![0x1c],
        vec![0xff],
        vec![0x62, 0xc3, 0x28],
    ];
    for (number, bytes) in hostile.iter().enumerate() {
        assert_eq!(refusal(bytes), Some(ReceiptError::Cbor), "case {number}");
    }
    // Shortest CBOR, and no receipt.
    let untagged = &good[1..];
    let other_tag = [&[0xd1][..], untagged].concat();
    let float = [0xf9, 0x7e, 0x00];
    let five = [&[0xd2, 0x85][..], &good[2..], &[0xf6]].concat();
    for bytes in [untagged, &other_tag, &float, &five, &[0xd2, 0xf6], &[0xd2, 0x84, 0xf6, 0xf6, 0xf6, 0xf6]] {
        assert_eq!(refusal(bytes), Some(ReceiptError::NoSign1), "{bytes:x?}");
    }
    // Inside the signed headers and the proof, longer forms are refused as well.
    let inner =
        assembled(&protected(), proofs(vec![Value::Bytes(vec![0x83, 0x18, 3, 1, 0x80])]), Value::Null);
    assert_eq!(refusal(&inner), Some(ReceiptError::Proofs));
    let headers = vec![0xa2, 0x01, 0x27, 0x19, 0x01, 0x8b, 0x18, 0x01];
    let parts = vec![Value::Bytes(headers), proofs(vec![proof(vec![])]), Value::Null, Value::Bytes(vec![])];
    let outer = Value::Tag(18, Box::new(Value::Array(parts))).to_vec().expect("CBOR");
    assert_eq!(refusal(&outer), Some(ReceiptError::Cbor));
}
