//! The reader against the `JSONTestSuite`, and the writer against RFC 8785.

use std::path::PathBuf;

use json::{Bump, ReadErrorCode, Value, read, write_canonical};
use proptest::prelude::*;

fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("WAYPROOF_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

fn canonical(text: &str) -> String {
    let arena = Bump::new();
    let mut out = Vec::new();
    write_canonical(read(text.as_bytes(), &arena).expect("valid JSON"), &mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn refusal(text: &[u8]) -> (ReadErrorCode, String) {
    let error = read(text, &Bump::new()).expect_err("refused");
    (error.code, error.pointer)
}

/// Valid JSON that we refuse on purpose; the reader's rules name why.
const REFUSED_ON_PURPOSE: [&str; 4] = [
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
    "y_object_escaped_null_in_key.json",
    "y_string_null_escape.json",
];

#[test]
fn reader_on_the_test_suite_accepts_and_refuses_as_named() {
    let Some(folder) = shared_data() else {
        println!("skipped: the shared test data is not there");
        return;
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.join("json/test_parsing")).expect("folder") {
        let path = entry.expect("entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("name").to_owned();
        let accepted = read(&std::fs::read(&path).expect("file"), &Bump::new()).is_ok();
        let expected = !REFUSED_ON_PURPOSE.contains(&name.as_str()) && name.starts_with("y_");
        assert!(name.starts_with("i_") || accepted == expected, "{name}: accepted is {accepted}");
        seen += 1;
    }
    assert!(seen > 300, "only {seen} files");
}

#[test]
fn reader_on_ambiguous_text_names_the_rule_and_the_place() {
    use ReadErrorCode::{Character, Depth, DuplicateName, Encoding, NumberRange, Syntax};
    let cases: [(&[u8], ReadErrorCode, &str); 12] = [
        (br#"{"a":{"b":1,"\u0062":2}}"#, DuplicateName, "/a/b"),
        (b"[1,9007199254740992]", NumberRange, "/1"),
        (b"[1e400]", NumberRange, "/0"),
        (b"[1e-400]", NumberRange, "/0"),
        (b"[1e99999999999999999999]", NumberRange, "/0"),
        (br#"{"x/y":["\u0000"]}"#, Character, "/x~1y/0"),
        (br#"["\ud800"]"#, Character, "/0"),
        (br#"["\udc00"]"#, Character, "/0"),
        (b"\xef\xbb\xbf{}", Encoding, ""),
        (b"\xff", Encoding, ""),
        (b"{\"a\":NaN}", Syntax, "/a"),
        (b"{} {}", Syntax, ""),
    ];
    for (text, code, pointer) in cases {
        assert_eq!(refusal(text), (code, pointer.to_owned()), "{}", String::from_utf8_lossy(text));
    }
    assert_eq!(refusal("[".repeat(100_000).as_bytes()).0, Depth);
    let many = (0..40).map(|n| format!("\"k{n}\":0")).collect::<Vec<_>>().join(",");
    assert_eq!(refusal(format!("{{{many},\"k7\":1}}").as_bytes()), (DuplicateName, "/k7".to_owned()));
}

#[test]
fn object_source_is_the_bytes_as_they_came() {
    let arena = Bump::new();
    let text = b"[ 1, { \"b\" : [ ] , \"a\" : 1.50 } ]";
    let value = read(text, &arena).expect("valid");
    let Some([_, Value::Object(object)]) = value.as_array() else { panic!("shape") };
    assert_eq!(object.source, "{ \"b\" : [ ] , \"a\" : 1.50 }");
    assert_eq!(object.get("a"), Some(Value::Number("1.50")));
}

#[test]
fn writer_on_the_examples_of_the_rfc_agrees() {
    // RFC 8785 §3.2.2 and §3.2.3.
    assert_eq!(
        canonical(
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#
        ),
        r#"{"literals":[null,true,false],"numbers":[333333333.33333329,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#,
    );
    assert_eq!(
        canonical(r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#),
        "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}",
    );
}

#[test]
fn writer_on_numbers_keeps_every_digit() {
    for (literal, expected) in [
        ("-0", "0"),
        ("0.0", "0"),
        ("-1.50", "-1.5"),
        ("100e-2", "1"),
        ("1e21", "1e+21"),
        ("1e20", "100000000000000000000"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("123.456e2", "12345.6"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("9007199254740991", "9007199254740991"),
        ("-12.5E+3", "-12500"),
    ] {
        assert_eq!(canonical(literal), expected, "{literal}");
    }
}

proptest! {
    #[test]
    fn writer_on_any_double_of_15_digits_prints_as_ecmascript(mantissa in 0_u64..1_000_000_000_000_000, exponent in -30_i32..30) {
        let literal = format!("{mantissa}.0e{exponent}");
        let double: f64 = literal.parse().expect("double");
        // serde_json prints the shortest digits; only its layout differs, which reading it again removes.
        let shortest = serde_json::to_string(&double).expect("finite");
        prop_assert_eq!(canonical(&literal), canonical(&shortest));
    }

    #[test]
    fn writer_is_a_fixed_point_and_reads_back_equal(text in any_json()) {
        let once = canonical(&text);
        prop_assert_eq!(&canonical(&once), &once);
        let (ours, theirs): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(&once).expect("JSON"), serde_json::from_str(&text).expect("JSON"));
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn reader_on_any_bytes_agrees_with_serde_or_is_stricter(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if read(&bytes, &Bump::new()).is_ok() {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
        }
    }
}

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(serde_json::Value::from),
        (-1_000_000_i32..1_000_000).prop_map(|n| serde_json::Value::from((f64::from(n) + 0.5) / 64.0)),
        "[^\u{0}]{0,12}".prop_map(serde_json::Value::from),
    ];
    let tree = leaf.prop_recursive(5, 48, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            proptest::collection::btree_map("[^\u{0}]{0,6}", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    tree.prop_map(|value| value.to_string())
}
