//! What scanners send and people type.

use gs1::{Reason, scan};

#[test]
fn scan_bare_digits_and_symbologies_are_recognised() {
    for (text, expected) in [
        ("4012345111118", "01/04012345111118"),
        (" 4012345111118\r\n", "01/04012345111118"),
        ("04012345111118", "01/04012345111118"),
        ("012345000065", "01/00012345000065"),
        ("01234565", "01/00012345000065"),
        ("40170725", "01/00000040170725"),
        ("]E402345673", "01/00000002345673"),
        ("]E04012345111118", "01/04012345111118"),
        ("]C10104012345111118", "01/04012345111118"),
        ("]d2010401234511111821S1", "01/04012345111118/21/S1"),
        ("]d2\u{1d}010401234511111821S1", "01/04012345111118/21/S1"),
        ("]Q3010401234511111810L1\u{1d}21S1", "01/04012345111118/21/S1"),
        ("]Q1https://example.com/01/04012345111118", "01/04012345111118"),
        ("]I104012345111118", "01/04012345111118"),
        ("010401234511111821S1", "01/04012345111118/21/S1"),
        ("010401234511111810L1^21S1", "01/04012345111118/21/S1"),
        ("010401234511111810L1\u{1d}21S1", "01/04012345111118/21/S1"),
        ("040123450000003338", "00/040123450000003338"),
        ("00040123450000003338", "00/040123450000003338"),
    ] {
        let found = scan(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let keys: Vec<_> = found.keys.iter().map(gs1::ItemKey::uri).collect();
        assert_eq!(keys, [format!("https://id.gs1.org/{expected}")], "{text}");
    }
}

#[test]
fn scan_several_keys_all_are_told() {
    let found = scan("(00)040123450000003338(01)04012345111118(10)L1(414)4012345000054").unwrap();
    let keys: Vec<_> = found.keys.iter().map(ToString::to_string).collect();
    let expected = ["00/040123450000003338", "01/04012345111118/10/L1", "414/4012345000054"];
    assert_eq!(keys, expected.map(|path| format!("https://id.gs1.org/{path}")));
    assert_eq!(found.elements.value("10"), Some("L1"));
    assert_eq!(found.elements.value("11"), None);
}

#[test]
fn scan_what_another_carrier_may_hold_is_no_error() {
    let found = scan("(10)L1(17)260131").unwrap();
    assert_eq!(found.keys, []);
    assert_eq!(found.lacks.map(|error| (error.reason, error.ai)), Some((Reason::Missing, Some("10"))));
    assert_eq!(scan("(01)04012345111118(10)L1").unwrap().lacks, None);
}

#[test]
fn scan_faults_say_where_and_why() {
    for (text, code, ai, at) in [
        ("", "empty", None, 0),
        ("  ", "empty", None, 0),
        ("TESTING", "unrecognised", None, 0),
        ("]Z1TESTING", "unrecognised", None, 3),
        ("]", "symbology", None, 0),
        ("]C1", "empty", None, 3),
        ("(01)04012345111119", "check_digit", Some("01"), 4),
        (" (01)04012345111118(17)261331", "content", Some("17"), 23),
        ("(01)04012345111118(89)x", "unknown_ai", None, 18),
        ("(01)04012345111118(21)", "length", Some("21"), 22),
        ("^010401234511111821a b", "character", Some("21"), 19),
        ("(01)04012345111118(255)4012345222227", "excluded", Some("01"), 0),
        ("(01)04012345111118(10)A(10)B", "repeated", Some("10"), 0),
        ("https://a.b/01/04012345111119", "check_digit", Some("01"), 15),
        ("https://a.b/01/04012345111118?99=a b", "uri_character", None, 34),
        ("https://a.b/01/04012345111118?21=S", "not_attribute", Some("21"), 30),
        ("https://a.b/c", "path", None, 0),
        ("4012345111119", "check_digit", Some("01"), 0),
        ("040123450000003339", "check_digit", Some("00"), 0),
        ("]E04012345111119", "check_digit", Some("01"), 3),
        ("]E0401234511111", "length", Some("01"), 3),
        ("urn:epc:id:sgtin:4012345.01111.1", "length", None, 0),
        ("urn:epc:id:imovn:9863297", "unrecognised", None, 0),
    ] {
        let error = scan(text).expect_err(text);
        assert_eq!((error.reason.code(), error.ai, error.at), (code, ai, at), "{text}: {error}");
    }
}

#[test]
fn scan_measures_exclude_others_of_their_kind_but_not_themselves() {
    assert!(scan("(01)04012345111118(3103)000195").is_ok());
    assert!(scan("(01)04012345111118(3103)000195(3103)000195").is_ok());
    assert!(scan("(01)04012345111118(3103)000195(3203)000195").is_ok());
    let error = scan("(01)04012345111118(3103)000195(3102)000195").unwrap_err();
    assert_eq!((error.reason, error.ai), (Reason::Excluded("3102"), Some("3103")));
    assert_eq!(scan("(01)04012345111118(3925)12599(3105)654321").unwrap().lacks, None);
    assert!(scan("(01)04012345111118(3925)12599").unwrap().lacks.is_some());
}
