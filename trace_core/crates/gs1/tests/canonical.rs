//! The hash's form, held against the reference implementation's pairs.

mod shared;

use gs1::write_canonical;

fn canonical(text: &str) -> Option<String> {
    let mut out = String::from("before ");
    if write_canonical(text, &mut out) {
        return out.strip_prefix("before ").map(str::to_owned);
    }
    assert_eq!(out, "before ", "nothing is appended for {text}");
    None
}

#[test]
fn write_canonical_reference_pairs_agree() {
    let Some(path) = shared::shared_data("event-hash/digital_link_pairs.json") else { return };
    let text = std::fs::read_to_string(path).expect("the file is readable");
    let pairs: Vec<serde_json::Value> = serde_json::from_str(&text).expect("the file is JSON");
    assert!(pairs.len() >= 36);
    for pair in &pairs {
        let input = pair["in"].as_str().expect("every pair has an input");
        assert_eq!(canonical(input).as_deref(), pair["out"].as_str(), "{input}");
    }
}
