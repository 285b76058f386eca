//! The literal cases of the GS1 Barcode Syntax Engine's own tests.
//!
//! Left out, because what they test is not here:
//! - arguments that name a variable of the C test (`$inbuf`, `$buf`, `$dataStr1` …), so all of `existsInAIdata`:
//!   its patterns are ranges in the generated table;
//! - `testGenerateScanData`: no symbology is encoded;
//! - `URIescape` and `URIunescape`: inner functions there; here the property tests cover escapes, and broken ones are
//!   refused;
//! - cases that need an engine switch which is always the other way here: unknown AIs (89), and Digital Links that
//!   may not shorten a GTIN;
//! - `testProcessScanData` of plain text that holds no key: the engine lets it pass, `scan` refuses it.

mod shared;

use std::collections::BTreeMap;

use gs1::{ElementString, Reason, scan};
use serde_json::Value;

/// Digital Links that the engine refuses only while it does not fill up short GTINs.
const SHORT_GTINS: [&str; 5] = [
    "https://a/01/2112345678900",
    "https://a/01/416000336108",
    "https://a/01/02345673",
    "https://a/8004/9520614141234567?01=2112345678900",
    "https://a/8004/9520614141234567?01=02345673",
];

fn plain(elements: &ElementString) -> String {
    let mut out = String::new();
    elements.write_plain('^', &mut out);
    out
}

/// What came of a case: `None` when it is left out, else whether the outcome is the expected one.
fn run(function: &str, args: &[Value]) -> Option<bool> {
    let text = |at: usize| args[at].as_str().unwrap_or("");
    let expected = args[0].as_bool();
    if args.iter().any(|arg| matches!(arg.as_str(), Some("$inbuf" | "$buf"))) {
        return None;
    }
    let agrees = |found: Option<String>, wanted: &str| {
        found.is_some() == expected.unwrap() && found.is_none_or(|found| found == wanted)
    };
    match function {
        "test_parseAIdata" => {
            Some(agrees(ElementString::parse_bracketed(text(1)).ok().map(|e| plain(&e)), text(2)))
        }
        "test_processAIdata" => {
            let wanted = text(1).trim_end_matches('^');
            Some(agrees(ElementString::parse_plain(text(1)).ok().map(|e| plain(&e)), wanted))
        }
        "test_validateAIs" => Some(validates(text(1), text(2)) == expected.unwrap()),
        "test_parseDLuri" if SHORT_GTINS.contains(&text(1)) => None,
        "test_parseDLuri" => {
            Some(agrees(ElementString::parse_digital_link(text(1)).ok().map(|e| plain(&e)), text(2)))
        }
        "test_testGenerateDLuri" if text(2).contains("(89)") => None,
        "test_testGenerateDLuri" => {
            let elements = ElementString::parse_bracketed(text(2)).ok();
            let link = elements.and_then(|elements| {
                let mut link = String::new();
                elements.write_digital_link(text(1), &mut link).ok().map(|()| link)
            });
            Some(agrees(link, text(3)))
        }
        "test_testProcessScanData" => scans(expected.unwrap(), text(1), text(3)),
        _ => None,
    }
}

/// One of the engine's validations over a bracketed element string. What cannot even be parsed is invalid.
fn validates(validation: &str, text: &str) -> bool {
    let Ok(elements) = ElementString::parse_bracketed(text) else { return false };
    match validation {
        "$validateAIrepeats" => elements.check_repeats(),
        "$validateAImutex" => elements.check_exclusions(),
        "$validateAIrequisites" => elements.check_requirements(),
        "$validateDigSigRequiresSerialisedKey" => elements.check_signature(),
        other => panic!("{other} is not known"),
    }
    .is_ok()
}

/// A scan; the engine writes its result as `^` elements, or as digits and then `|^` elements, or as the link.
fn scans(expected: bool, text: &str, wanted: &str) -> Option<bool> {
    let found = scan(text);
    if !expected {
        return Some(found.is_err());
    }
    let Ok(found) = found else {
        let error = found.unwrap_err();
        let is_plain_text = matches!(error.reason, Reason::Unrecognised | Reason::Empty | Reason::UnknownAi);
        return if is_plain_text { None } else { Some(false) };
    };
    let wanted = if let Some((gtin, composite)) = wanted.split_once('|') {
        format!("^01{gtin:0>14}{}", composite.trim_start_matches('^'))
    } else if wanted.starts_with('^') {
        wanted.to_owned()
    } else if wanted.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("^01{wanted:0>14}")
    } else {
        plain(&ElementString::parse_digital_link(wanted).expect("the engine took it as a link"))
    };
    Some(plain(&found.elements) == wanted)
}

#[test]
fn engine_cases_all_groups_agree() {
    let Some(path) = shared::shared_data("gs1-syntax/engine_cases.json") else { return };
    let text = std::fs::read_to_string(path).expect("the file is readable");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the file is JSON");
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut failed = Vec::new();
    for case in &cases {
        let function = case["fn"].as_str().expect("a case names its function");
        let args = case["args"].as_array().expect("a case has arguments");
        let (ran, left_out) = counts.entry(function).or_default();
        match run(function, args) {
            Some(agrees) => {
                *ran += 1;
                if !agrees {
                    failed.push(case.to_string());
                }
            }
            None => *left_out += 1,
        }
    }
    println!("function: (ran, left out): {counts:#?}");
    assert!(failed.is_empty(), "{} disagree:\n{}", failed.len(), failed.join("\n"));
    for (function, least) in [
        ("test_parseAIdata", 14),
        ("test_processAIdata", 37),
        ("test_validateAIs", 39),
        ("test_parseDLuri", 52),
        ("test_testGenerateDLuri", 10),
        ("test_testProcessScanData", 18),
    ] {
        assert!(counts[function].0 >= least, "{function} ran {} cases", counts[function].0);
    }
}
