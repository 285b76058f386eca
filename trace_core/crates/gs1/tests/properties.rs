//! What holds for every text: nothing panics, what is printed reads back, one changed digit is noticed.

use gs1::{ElementString, PlainKeys, findings, item_key, scan, write_canonical};
use proptest::prelude::*;

/// The digits with their check digit.
fn with_check_digit(body: &str) -> String {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 3 } else { 1 })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// A value of CSET 82.
fn text(longest: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[!\"%-/0-9:-?A-Z_a-z]{{1,{longest}}}")).expect("a pattern")
}

/// An element string in Digital Link order: a key, qualifiers, then attributes.
fn elements() -> impl Strategy<Value = String> {
    let gtin = "[0-9]{13}".prop_map(|body| format!("(01){}", with_check_digit(&body)));
    let escaped = |value: String| value.replace('(', "\\(");
    let optional = move |ai: &'static str, longest| {
        proptest::option::of(text(longest))
            .prop_map(move |value| value.map_or(String::new(), |value| format!("({ai}){}", escaped(value))))
    };
    let expiry = proptest::option::of("[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])")
        .prop_map(|date| date.map_or(String::new(), |date| format!("(17){date}")));
    (
        gtin,
        optional("22", 20),
        optional("10", 20),
        optional("21", 20),
        expiry,
        optional("240", 30),
        optional("91", 90),
    )
        .prop_map(|(gtin, variant, lot, serial, expiry, additional, internal)| {
            [gtin, variant, lot, serial, expiry, additional, internal].concat()
        })
}

/// A link that is near to one that needs no escapes.
fn link() -> impl Strategy<Value = String> {
    let gtin = "[0-9]{13}".prop_map(|body| with_check_digit(&body));
    let key = (gtin, "[0-9]{12}", 0..7).prop_map(|(gtin, digits, kind)| match kind {
        0..3 => format!("01/{gtin}"),
        3 => format!("414/{}", with_check_digit(&digits)),
        4 => format!("8003/0{}", with_check_digit(&digits)),
        5 => format!("8010/{digits}"),
        _ => format!("253/{}", with_check_digit(&digits)),
    });
    let end = "(/(21|10|22|254|8011)/[0-9A-Z]{1,6}){0,2}|/21/(0|[!-~]{1,21})|/254/0|A1|\\?10=A|#a";
    let domain =
        prop::sample::select(vec!["https://id.gs1.org/", "http://example.com/a/", "HTTPS://id.gs1.org/"]);
    (domain, key, end).prop_map(|(domain, key, end)| format!("{domain}{key}{end}"))
}

/// A URN of some scheme.
fn urn() -> impl Strategy<Value = String> {
    let serial = |set: &'static str| proptest::string::string_regex(set).expect("a pattern");
    let any = "([!'()*+,.0-9:;=A-Za-z_-]|%2[125-9A-F]|%3C|%3F){1,16}";
    (6usize..=12, "[0-9]{17}", serial(any), 0usize..8).prop_map(|(at, digits, serial, scheme)| {
        let split = |total: usize| format!("{}.{}", &digits[..at], &digits[at..total]);
        match scheme {
            0 => format!("urn:epc:id:sgtin:{}.{serial}", split(13)),
            1 => format!("urn:epc:id:sscc:{}", split(17)),
            2 => format!("urn:epc:id:sgln:{}.{serial}", split(12)),
            3 => format!("urn:epc:id:grai:{}.{serial}", split(12)),
            4 => format!("urn:epc:class:lgtin:{}.{serial}", split(13)),
            5 => format!("urn:epc:id:giai:{}.{serial}", &digits[..at]),
            6 => format!("urn:epc:id:gsrn:{}", split(17)),
            _ => format!("urn:epc:id:itip:{}.01.02.{serial}", split(13)),
        }
    })
}

fn never_panics(text: &str) {
    let mut out = String::from("kept");
    if !write_canonical(text, &mut out) {
        assert_eq!(out, "kept");
    }
    let key = item_key(text);
    assert!(key.is_none() || findings(text).is_none(), "{text}");
    if let Some(key) = key {
        assert_eq!(item_key(key.as_str()).as_ref(), Some(&key), "a name names itself");
        for digits in 0..20 {
            let _ = key.to_urn(digits);
        }
        for upper in [key.class_of(), key.lot_of()].into_iter().flatten() {
            assert_eq!(item_key(upper.as_str()).as_ref(), Some(&upper));
        }
    }
    let _ = scan(text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_text_never_panics(text in any::<String>()) {
        never_panics(&text);
    }

    #[test]
    fn any_bytes_behind_a_known_beginning_never_panic(
        beginning in prop::sample::select(vec![
            "urn:epc:id:sgtin:", "urn:epc:id:cpi:", "urn:epc:idpat:itip:", "urn:epc:class:lgtin:",
            "https://a/01/", "https://a/8003/", "https://", "(", "(01)", "^", "\u{1d}", "]C1", "]E0", "]Q1", "]e0",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        never_panics(&format!("{beginning}{}", String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn near_misses_never_panic(text in "(urn:epc:id:(sgtin|sgln|cpi|itip):|https?://a/|]C1|\\(01\\)|\\^)[0-9./%()^?&=A-F\u{1d}é]{0,40}") {
        never_panics(&text);
    }

    #[test]
    fn elements_to_link_and_back_are_the_same(text in elements()) {
        let elements = ElementString::parse_bracketed(&text).unwrap();
        let (mut bracketed, mut plain, mut link, mut again) = Default::default();
        elements.write_bracketed(&mut bracketed);
        prop_assert_eq!(&bracketed, &text);

        elements.write_plain('\u{1d}', &mut plain);
        prop_assert_eq!(&ElementString::parse_plain(&plain).unwrap(), &elements);

        elements.write_digital_link("https://id.gs1.org", &mut link).unwrap();
        let linked = ElementString::parse_digital_link(&link).unwrap();
        prop_assert_eq!(&linked, &elements);
        linked.write_digital_link("https://id.gs1.org/", &mut again).unwrap();
        prop_assert_eq!(&again, &link);

        prop_assert_eq!(item_key(&link), item_key(&text));
        prop_assert_eq!(item_key(&plain), item_key(&text));
        prop_assert_eq!(item_key(&link).unwrap().lot_of(), item_key(&text).unwrap().lot_of());
    }

    #[test]
    fn urn_to_key_and_back_is_the_same(urn in urn()) {
        let prefix = urn.rsplit(':').next().and_then(|body| body.split('.').next()).unwrap().len();
        // A colon in the serial would fool the line above.
        prop_assume!((6..=12).contains(&prefix) && urn.matches(':').count() == 4);
        let key = item_key(&urn).unwrap();
        let back = key.to_urn(prefix).unwrap();
        prop_assert_eq!(item_key(&back), Some(key.clone()));
        prop_assert_eq!(back.replace('%', "").len() <= urn.len(), true);
        let mut canonical = String::new();
        prop_assert!(write_canonical(&urn, &mut canonical));
        prop_assert_eq!(item_key(&canonical), Some(key));
    }

    #[test]
    fn one_changed_digit_is_noticed(body in "[0-9]{13}", at in 0usize..14, shift in 1u8..10) {
        let gtin = with_check_digit(&body);
        let mut changed = gtin.clone().into_bytes();
        changed[at] = b'0' + (changed[at] - b'0' + shift) % 10;
        let changed = String::from_utf8(changed).unwrap();
        let link = |gtin: &str| format!("https://id.gs1.org/01/{gtin}");
        prop_assert_eq!(findings(&link(&gtin)), None);
        prop_assert_eq!(findings(&link(&changed)), Some(gs1::Finding::CheckDigit));
        prop_assert!(scan(&gtin).is_ok());
        let bracketed = format!("(01){changed}");
        let error = scan(&bracketed).unwrap_err();
        prop_assert_eq!((error.reason.code(), error.ai, error.at), ("check_digit", Some("01"), 4));
    }

    #[test]
    fn plain_key_is_what_both_forms_agree_on(texts in prop::collection::vec(prop_oneof![urn(), link()], 1..6), serial in "[0-9A-Za-z-]{0,21}") {
        let mut plain = PlainKeys::default();
        // Each again with another serial, behind the one whose beginning is remembered.
        let other = |text: &String| {
            let at = text.rfind(['.', '/']).map_or(0, |at| at + 1);
            format!("{}{serial}", &text[..at])
        };
        for text in texts.iter().flat_map(|text| [text.clone(), other(text), text.clone()]) {
            let mut name = String::from("kept");
            let Some(class) = plain.write(&text, &mut name) else {
                prop_assert_eq!(name, "kept");
                continue;
            };
            let key = item_key(&text).unwrap();
            let mut canonical = String::from("kept");
            prop_assert!(write_canonical(&text, &mut canonical));
            prop_assert_eq!(&name, &canonical);
            let name = &name["kept".len()..];
            prop_assert_eq!(name, key.as_str());
            prop_assert_eq!(findings(&text), None);
            prop_assert_eq!(key.lot_of(), None);
            prop_assert_eq!(&name[..class], key.class_of().map(gs1::ItemKey::into_uri).unwrap_or_default());
        }
    }
}

#[test]
fn most_keys_are_plain() {
    let mut plain = PlainKeys::default();
    for (text, class) in [
        ("urn:epc:id:sgtin:4012345.012345.Ab1", Some("https://id.gs1.org/01/04012345123456")),
        ("urn:epc:class:lgtin:4012345.012345.L-7", Some("https://id.gs1.org/01/04012345123456")),
        ("urn:epc:idpat:sgtin:4012345.012345.*", None),
        ("urn:epc:id:sscc:4012345.1234567890", None),
        ("urn:epc:id:sgln:4012345.12345.22", None),
        ("https://id.gs1.org/01/04012345123456/21/x", Some("https://id.gs1.org/01/04012345123456")),
        ("https://example.com/a/01/04012345123456/10/x", Some("https://id.gs1.org/01/04012345123456")),
        ("https://id.gs1.org/414/4012345123456/254/22", None),
    ] {
        let mut name = String::new();
        let bytes = plain.write(text, &mut name).expect(text);
        assert_eq!(&name[..bytes], class.unwrap_or_default(), "{text}");
    }
    // A lot beside a serial, an extension that says nothing, an escape, a wrong check digit.
    for text in [
        "https://id.gs1.org/01/04012345123456/10/L/21/x",
        "https://id.gs1.org/414/4012345123456/254/0",
        "urn:epc:id:sgtin:4012345.012345.a%2Fb",
        "https://id.gs1.org/01/04012345123457/21/x",
    ] {
        assert_eq!(plain.write(text, &mut String::new()), None, "{text}");
    }
}
