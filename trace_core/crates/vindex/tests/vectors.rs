//! The byte-exact vectors of `docs/formats.md`, which an implementation in Python made from its text alone.

use std::path::Path;

use serde_json::Value;
use vindex::{Index, LookupProof, Token, check_absence, check_history};

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/vectors/formats.json");
    let text = std::fs::read_to_string(path).expect("the vectors");
    serde_json::from_str::<Value>(&text).expect("JSON")["index"].take()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let digit = |digit: char| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).expect("hex");
    let digits: Vec<u8> = hex.as_str().expect("hex").chars().map(digit).collect();
    digits.as_chunks().0.iter().map(|[high, low]| high << 4 | low).collect()
}

fn token(hex: &Value) -> Token {
    bytes(hex).try_into().expect("16 bytes")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

#[test]
fn roots_proofs_and_snapshot_are_the_vectors() {
    let vectors = vectors();
    let entries: Vec<Vec<Token>> =
        array(&vectors["entries"]).iter().map(|entry| array(entry).iter().map(token).collect()).collect();
    let (mut index, mut left) = (Index::new(), entries.iter());
    for (size, root) in (0..).zip(array(&vectors["roots"])) {
        assert_eq!(index.size(), size);
        assert_eq!(index.root()[..], bytes(root), "{size} entries");
        for lookup in array(&vectors["lookups"]).iter().filter(|lookup| lookup["tree_size"] == size) {
            let token = token(&lookup["token"]);
            let proof = LookupProof::parse(&bytes(&lookup["proof"])).expect("well formed");
            assert_eq!(index.prove(&token), proof);
            assert_eq!(proof.to_bytes(), bytes(&lookup["proof"]));
            let list: Vec<u64> = array(&lookup["leaf_indexes"])
                .iter()
                .map(|index| index.as_u64().expect("a number"))
                .collect();
            if list.is_empty() {
                assert_eq!(check_absence(&index.root(), &token, &proof), Ok(()));
            } else {
                assert_eq!(check_history(&index.root(), &token, &list, &proof), Ok(()));
            }
        }
        index.append(size, left.next().map_or(&[][..], std::slice::from_ref)).expect("in order");
    }
    let mut snapshot = Vec::new();
    index.write_snapshot(&mut snapshot).expect("memory");
    assert_eq!(snapshot, bytes(&vectors["snapshot"]));
}
