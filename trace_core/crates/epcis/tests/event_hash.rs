//! The event hash id against the published vectors, and what must and must not change it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use epcis::{event_hash_ids, event_prehashes};
use json::{Bump, Value, read};
use proptest::prelude::*;

/// Vectors by the authors of the algorithm; None, said aloud, where they are not there.
fn vectors() -> Option<PathBuf> {
    let data = std::env::var_os("WAYPROOF_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join("event-hash");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the shared test data is not there");
    None
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("vector");
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn published_documents_give_the_published_strings_and_ids() {
    let Some(folder) = vectors() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.extension().is_none_or(|extension| extension != "jsonld") {
            continue;
        }
        let document = std::fs::read(&path).expect("document");
        let prehashes = path.with_extension("prehashes");
        if prehashes.exists() {
            let ours = event_prehashes(&document).expect("prehashes");
            for (ours, published) in ours.iter().zip(&lines(&prehashes)) {
                // One published string is cut off; its published id is that of the whole.
                assert!(
                    ours.starts_with(published.as_str()),
                    "{}: {ours} is not {published}",
                    path.display()
                );
            }
        }
        let ours = event_hash_ids(&document).expect("ids");
        assert_eq!(ours, lines(&path.with_extension("hashes")), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} documents");
}

#[test]
fn published_equal_events_have_one_id() {
    let Some(folder) = vectors() else { return };
    for entry in std::fs::read_dir(folder.join("expected_equal")).expect("folder") {
        let path = entry.expect("entry").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let ids = event_hash_ids(&std::fs::read(&path).expect("document")).expect("ids");
            assert!(ids.len() > 1 && ids.iter().all(|id| *id == ids[0]), "{}", path.display());
        }
    }
}

/// Edges where the reference keeps the event but rounds its digits away: here they are refused.
const DIGITS_LOST: [&str; 2] = ["20-digit-a", "20-digit-b"];

#[test]
fn edges_agree_with_the_reference_or_are_refused() {
    let Some(folder) = vectors() else { return };
    let text = std::fs::read(folder.join("edge_vectors.json")).expect("edges");
    let arena = Bump::new();
    let cases = read(&text, &arena).expect("JSON").as_array().expect("array");
    for case in cases {
        let case = case.as_object().expect("case");
        let name = case.get("name").and_then(Value::as_str).expect("name");
        let document = case.get("document").and_then(Value::as_object).expect("document").source;
        let expected = case.get("ref_prehash").and_then(Value::as_array).unwrap_or(&[]);
        let expected: Vec<_> = expected.iter().filter_map(|prehash| prehash.as_str()).collect();
        match event_prehashes(document.as_bytes()) {
            Ok(ours) => {
                assert!(!DIGITS_LOST.contains(&name), "{name} loses digits");
                assert_eq!(ours, expected, "{name}");
            }
            Err(problems) => {
                assert!(expected.is_empty() || DIGITS_LOST.contains(&name), "{name}: {}", problems[0]);
                assert_eq!(problems[0].event_index, Some(0), "{name}");
            }
        }
    }
    assert!(cases.len() > 20);
}

fn document(members: &str) -> String {
    format!(
        r#"{{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{{"ex":"https://example.org/x/"}}],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2024-01-01T00:00:00Z","epcisBody":{{"eventList":[
        {{"type":"ObjectEvent","eventTime":"2024-01-01T00:00:00.000Z","eventTimeZoneOffset":"+00:00","action":"OBSERVE",{members}}}]}}}}"#
    )
}

fn prehash(members: &str) -> String {
    event_prehashes(document(members).as_bytes()).expect("prehash").remove(0)
}

fn refusal(members: &str) -> &'static str {
    event_prehashes(document(members).as_bytes()).expect_err("refused")[0].code
}

#[test]
fn words_and_their_curies_and_uris_are_one() {
    let forms = [
        r#""shipping""#,
        r#""cbv:BizStep-shipping""#,
        r#""https://ref.gs1.org/cbv/BizStep-shipping""#,
        r#""urn:epcglobal:cbv:bizstep:shipping""#,
    ];
    let prehashes: HashSet<_> = forms.iter().map(|form| prehash(&format!(r#""bizStep":{form}"#))).collect();
    assert_eq!(prehashes.len(), 1, "{prehashes:?}");
}

#[test]
fn numbers_beyond_a_double_are_refused() {
    assert_eq!(refusal(r#""ex:n":"12345678901234567891""#), "digits_lost");
    assert_eq!(refusal(r#""ex:n":"0.12345678901234567891""#), "digits_lost");
    assert_eq!(refusal(r#""ex:n":"1e300""#), "digits_lost");
    assert_eq!(refusal(r#""ex:n":"-Infinity""#), "number_infinite");
    assert_eq!(refusal(r#""ex:n":"1e400""#), "number_infinite");
    assert!(prehash(r#""ex:n":"1e22""#).ends_with("n=10000000000000000000000"));
    assert!(
        prehash(r#""ex:n":"9007199254740993.5""#.replace("993.5", "992").as_str())
            .ends_with("=9007199254740992")
    );
    assert!(prehash(r#""ex:n":0.000012"#).ends_with("n=1.2e-05"));
    assert!(prehash(r#""ex:n":"+12.50""#).ends_with("n=12.5"));
    assert!(prehash(r#""ex:n":"1__0""#).ends_with("n=1__0"));
}

proptest! {
    #[test]
    fn order_of_members_and_elements_says_nothing(seed in any::<u64>()) {
        let mut members = [
            r#""epcList":["urn:epc:id:sscc:4012345.0000000333","urn:epc:id:sscc:4012345.0000000444"]"#,
            r#""bizStep":"shipping""#,
            r#""bizTransactionList":[{"type":"po","bizTransaction":"urn:a"},{"bizTransaction":"urn:b","type":"inv"}]"#,
            r#""ex:b":{"ex:y":"2","ex:x":["3","1"]}"#,
            r#""readPoint":{"id":"urn:epc:id:sgln:4012345.00005.0","ex:dock":"7"}"#,
        ];
        let straight = prehash(&members.join(","));
        members.rotate_left(usize::try_from(seed % 5).unwrap());
        members.swap(0, usize::try_from(seed / 5 % 5).unwrap());
        let swapped = members.join(",")
            .replace(r#""urn:epc:id:sscc:4012345.0000000333","urn:epc:id:sscc:4012345.0000000444""#,
                r#""urn:epc:id:sscc:4012345.0000000444","urn:epc:id:sscc:4012345.0000000333""#)
            .replace(r#"["3","1"]"#, r#"["1","3"]"#);
        prop_assert_eq!(prehash(&swapped), straight);
    }

    #[test]
    fn any_document_gives_ids_or_problems(text in ".{0,200}") {
        let _ = event_hash_ids(text.as_bytes());
        let _ = event_prehashes(document(&format!(r#""ex:t":{text:?}"#)).as_bytes());
    }

    #[test]
    fn numbers_of_15_digits_keep_their_value(mantissa in 1_i64..1_000_000_000_000_000, exponent in -20_i32..1) {
        let literal = format!("{mantissa}e{exponent}");
        let written = prehash(&format!(r#""ex:n":"{literal}""#));
        let number: f64 = written.rsplit('=').next().unwrap().parse().unwrap();
        prop_assert!((number - literal.parse::<f64>().unwrap()).abs() == 0.0, "{}", written);
    }
}
