//! Item keys: one name for one thing, from every form.

use gs1::{Finding, findings, item_key, scan, write_canonical};

fn uri(text: &str) -> Option<String> {
    item_key(text).map(|key| key.uri())
}

#[test]
fn item_key_one_thing_in_every_form_is_one_name() {
    let things: [(&str, &[&str]); 19] = [
        (
            "01/04012345111118/21/98%22",
            &[
                "urn:epc:id:sgtin:4012345.011111.98%22",
                "https://id.gs1.org/01/04012345111118/21/98%22",
                "http://shop.example/a/b/gtin/4012345111118/ser/%39%38%22?17=260131#top",
                "https://example.org/01/04012345111118/22/V/10/L1/21/98%22",
                "(01)04012345111118(21)98\"",
                "(21)98\"(10)L1(01)04012345111118",
                "^010401234511111810L1^2198\"",
                "\u{1d}010401234511111810L1\u{1d}2198\"",
            ],
        ),
        (
            "01/04012345111118/10/L%2F1",
            &[
                "urn:epc:class:lgtin:4012345.011111.L%2f1",
                "https://example.org/01/04012345111118?10=L%2F1",
                "(01)04012345111118(10)L/1",
            ],
        ),
        ("01/04012345111118", &["urn:epc:idpat:sgtin:4012345.011111.*", "https://a.b/01/4012345111118"]),
        (
            "01/01234567987651/235/51qIgY%29%3C",
            &["urn:epc:id:upui:1234567.098765.51qIgY)%3C", "(01)01234567987651(235)51qIgY)<(10)L1"],
        ),
        ("00/040123450000003338", &["urn:epc:id:sscc:4012345.0000000333", "(00)040123450000003338"]),
        ("414/4012345000054/254/122", &["urn:epc:id:sgln:4012345.00005.122", "(414)4012345000054(254)122"]),
        (
            "414/4012345000054",
            &[
                "urn:epc:id:sgln:4012345.00005.0",
                "https://id.gs1.org/414/4012345000054/254/0",
                "https://id.gs1.org/gln/4012345000054",
            ],
        ),
        ("417/9999999999994", &["urn:epc:id:pgln:999999999999.", "(417)9999999999994"]),
        (
            "8003/04012345000221334455",
            &["urn:epc:id:grai:4012345.00022.334455", "(8003)04012345000221334455"],
        ),
        ("8003/04012345000221", &["urn:epc:idpat:grai:4012345.00022.*"]),
        ("8004/4012345ABC", &["urn:epc:id:giai:4012345.ABC", "(8004)4012345ABC"]),
        ("8018/401234500000067657", &["urn:epc:id:gsrn:4012345.0000006765", "(8018)401234500000067657"]),
        ("8017/401234500000000074", &["urn:epc:id:gsrnp:4012345.0000000007"]),
        ("253/4012345000092PO-4711", &["urn:epc:id:gdti:4012345.00009.PO-4711", "(253)4012345000092PO-4711"]),
        ("255/401234522222712", &["urn:epc:id:sgcn:4012345.22222.12", "(255)401234522222712"]),
        (
            "8010/0614141AB-C%23/8011/1234",
            &["urn:epc:id:cpi:0614141.AB-C%23.1234", "(8011)1234(8010)0614141AB-C#"],
        ),
        ("8006/040123451111180102/21/987", &["urn:epc:id:itip:4012345.011111.01.02.987"]),
        ("402/40123452223334442", &["urn:epc:id:gsin:4012345.222333444", "(402)40123452223334442"]),
        ("401/0614141xyz47%2F11", &["urn:epc:id:ginc:0614141.xyz47%2F11", "(401)0614141xyz47/11"]),
    ];
    for (path, forms) in things {
        for form in forms {
            assert_eq!(uri(form).as_deref(), Some(&*format!("https://id.gs1.org/{path}")), "{form}");
            let scanned = scan(form).unwrap_or_else(|error| panic!("{form}: {error}"));
            assert_eq!(scanned.keys, [item_key(form).expect("it has a key")], "{form}");
        }
    }
}

#[test]
fn item_key_different_things_never_merge() {
    let pairs = [
        ("https://a.b/01/04012345111118/10/L1", "https://a.b/01/04012345111118/10/L2"),
        ("https://a.b/01/04012345111118/10/L1", "https://a.b/01/04012345111118"),
        ("https://a.b/01/04012345111118/22/A", "https://a.b/01/04012345111118"),
        ("https://a.b/01/04012345111118/22/A/10/L1", "https://a.b/01/04012345111118/10/L1"),
        ("https://a.b/01/04012345111118/21/a", "https://a.b/01/04012345111118/21/A"),
        ("https://a.b/01/04012345111118/21/a", "https://a.b/01/04012345111118/10/a"),
        ("https://a.b/01/04012345111118/235/a", "https://a.b/01/04012345111118/21/a"),
        ("https://a.b/414/4012345000054", "https://a.b/417/4012345000054"),
        ("https://a.b/8017/401234500000067657", "https://a.b/8018/401234500000067657"),
        ("urn:epc:id:sgtin:4012345.011111.%25", "urn:epc:id:sgtin:4012345.011111.%2525"),
    ];
    for (one, other) in pairs {
        assert_ne!(item_key(one).expect(one), item_key(other).expect(other), "{one} {other}");
    }
}

#[test]
fn item_key_serial_outside_the_path_is_refused() {
    // Read without it, two things would share the name of their class.
    assert_eq!(uri("https://a.b/01/04012345111118?21=S1"), None);
    assert_eq!(uri("https://a.b/414/4012345000054?254=1"), None);
}

#[test]
fn item_key_qualifiers_that_exclude_each_other_are_refused() {
    for text in ["(01)04012345111118(21)A(235)B", "(414)4012345000054(254)A(7040)1ABC"] {
        assert_eq!(uri(text), None, "{text}");
    }
    assert!(
        uri("(01)04012345111118(22)V(235)B").is_some_and(|uri| uri.ends_with("/01/04012345111118/235/B"))
    );
}

#[test]
fn item_key_other_texts_have_none() {
    for text in [
        "",
        "42",
        "Hello World!",
        "urn:epc:id:imovn:9863297",
        "urn:epc:id:gid:1.2.3",
        "urn:epcglobal:cbv:bt:4012345123456:RE100099",
        "https://example.org/products/123",
        "https://id.gs1.org/99/1234567890128",
        "https://id.gs1.org/01/04012345111118/99/x",
        "https://id.gs1.org/01/04012345111118/21/a/10/b",
        "https://id.gs1.org/01/04012345111118/21/",
    ] {
        assert_eq!(uri(text), None, "{text}");
    }
}

#[test]
fn class_of_and_lot_of_lead_upwards() {
    let key = item_key("https://a.b/01/04012345111118/22/V/10/L1/21/S1").unwrap();
    assert_eq!(key.lot_of().unwrap().as_str(), "https://id.gs1.org/01/04012345111118/22/V/10/L1");
    assert_eq!(key.class_of().unwrap().as_str(), "https://id.gs1.org/01/04012345111118");
    assert_eq!(key.lot_of().unwrap().lot_of(), None);
    assert_eq!(key.class_of().unwrap().class_of(), None);
    for (of, class) in [
        ("(01)04012345111118(10)L1", Some("01/04012345111118")),
        ("(8006)040123451111180102(21)987", Some("01/04012345111118")),
        ("(8003)04012345000221334455", Some("8003/04012345000221")),
        ("(253)4012345000092PO-4711", Some("253/4012345000092")),
        ("(255)401234522222712", Some("255/4012345222227")),
        ("(8010)0614141AB(8011)1234", Some("8010/0614141AB")),
        ("(00)040123450000003338", None),
        ("(414)4012345000054(254)1", None),
        ("(8004)4012345ABC", None),
    ] {
        let class = class.map(|path| format!("https://id.gs1.org/{path}"));
        assert_eq!(item_key(of).unwrap().class_of().map(|key| key.uri()), class, "{of}");
    }
}

#[test]
fn to_urn_every_scheme_comes_back() {
    for urn in [
        "urn:epc:id:sgtin:4012345.011111.98%22",
        "urn:epc:id:sgtin:415056789012.0.987654",
        "urn:epc:id:sscc:4012345.3111111111",
        "urn:epc:id:sgln:4012345.00005.122",
        "urn:epc:id:sgln:4012345.00005.0",
        "urn:epc:id:sgln:012345678901..12",
        "urn:epc:id:grai:4012345.00022.334455",
        "urn:epc:id:grai:401234567890..A",
        "urn:epc:id:giai:4012345.ABC345",
        "urn:epc:id:gsrn:4012345.0000006765",
        "urn:epc:id:gsrnp:4012345.0000000007",
        "urn:epc:id:gdti:4012345.00009.PO-4711",
        "urn:epc:id:gdti:987659999999..9",
        "urn:epc:id:cpi:0614141.11111111111111-A%23%2F.1234",
        "urn:epc:id:ginc:0614141.xyz47%2F11",
        "urn:epc:id:gsin:4012345.222333444",
        "urn:epc:id:itip:4012345.011111.01.02.987",
        "urn:epc:id:upui:1234567.098765.51qIgY)%3C%26Jp3*j7SDB",
        "urn:epc:id:pgln:4000001.00000",
        "urn:epc:id:pgln:999999999999.",
        "urn:epc:id:sgcn:4012345.22222.12",
        "urn:epc:class:lgtin:4012345.012345.Lot987",
        "urn:epc:idpat:sgtin:4012345.012345.*",
        "urn:epc:idpat:grai:4012345.99999.*",
        "urn:epc:idpat:gdti:4012345.11111.*",
        "urn:epc:idpat:sgcn:4012345.22222.*",
        "urn:epc:idpat:cpi:4012345.AB12.*",
        "urn:epc:idpat:itip:4012345.012345.01.02.*",
    ] {
        let prefix = urn.rsplit(':').next().and_then(|body| body.split('.').next()).unwrap();
        assert_eq!(item_key(urn).expect(urn).to_urn(prefix.len()).as_deref(), Some(urn));
        assert_eq!(item_key(urn).expect(urn).to_urn(5), None);
        assert_eq!(item_key(urn).expect(urn).to_urn(13), None);
    }
    for text in ["(01)04012345111118(22)V", "(01)04012345111118(22)V(10)L", "(8006)040123451111180102(10)L"] {
        assert_eq!(item_key(text).expect(text).to_urn(7), None, "{text}");
    }
}

#[test]
fn findings_each_fault_has_its_code() {
    for (text, expected) in [
        ("https://id.gs1.org/01/04012345111118", None),
        ("https://id.gs1.org/01/04012345111119", Some(Finding::CheckDigit)),
        ("https://id.gs1.org/01/0401234511111", Some(Finding::CheckDigit)),
        ("https://id.gs1.org/01/040123451111", Some(Finding::CheckDigit)),
        ("https://id.gs1.org/01/0401234511", Some(Finding::Length)),
        ("https://id.gs1.org/01/0401234511111A", Some(Finding::Character)),
        ("https://id.gs1.org/01/04012345111118/21/123456789012345678901", Some(Finding::Length)),
        ("https://id.gs1.org/01/04012345111118/21/a%20b", Some(Finding::Character)),
        ("https://id.gs1.org/01/04012345111118/21/a%2", Some(Finding::Character)),
        ("https://id.gs1.org/8006/040123451111180201", Some(Finding::Content)),
        ("https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2X", Some(Finding::CheckDigit)),
        ("https://id.gs1.org/8004/ABC", Some(Finding::Content)),
        ("urn:epc:id:sgtin:4012345.011111.1", None),
        ("urn:epc:id:sgtin:40123.45011111.1", Some(Finding::Length)),
        ("urn:epc:id:sgtin:4012345678901.1.1", Some(Finding::Length)),
        ("urn:epc:id:sgtin:4012345.01111.1", Some(Finding::Length)),
        ("urn:epc:id:sgtin:4012345.01111A.1", Some(Finding::Character)),
        ("urn:epc:id:sgtin:4012345.011111", Some(Finding::Structure)),
        ("urn:epc:id:sgtin:4012345.011111.", Some(Finding::Length)),
        ("urn:epc:id:sgtin:4012345.011111.a b", Some(Finding::Character)),
        ("urn:epc:id:sgtin:4012345.011111.a%2Gb", Some(Finding::Character)),
        ("urn:epc:id:sgtin:4012345.011111.123456789012345678901", Some(Finding::Length)),
        ("urn:epc:id:sscc:4012345.31111111111", Some(Finding::Length)),
        ("urn:epc:id:sscc:4012345", Some(Finding::Structure)),
        ("urn:epc:id:cpi:4012345.ab.1", Some(Finding::Character)),
        ("urn:epc:id:giai:4012345.", Some(Finding::Length)),
        ("urn:epc:id:itip:4012345.011111.1.02.9", Some(Finding::Length)),
        ("urn:epc:idpat:sgtin:4012345.011111.1", Some(Finding::Structure)),
        ("urn:epc:id:imovn:9863297", None),
        ("https://example.org/", None),
        ("Hello World!", None),
    ] {
        assert_eq!(findings(text), expected, "{text}");
        assert!(expected.is_none() || item_key(text).is_none(), "{text}");
    }
}

#[test]
fn write_canonical_where_the_reference_is_silent_follows_the_standard() {
    for (text, expected) in [
        // A GRAI or GDTI of a company prefix with 12 digits: the reference implementation's pattern has a dot too many.
        ("urn:epc:id:grai:401234567890..A", Some("8003/04012345678901A")),
        ("https://example.com/01/04012345111118/21/98%22", Some("01/04012345111118/21/98%22")),
        ("https://example.com/01/04012345111118/21/a(b", Some("01/04012345111118/21/a%28b")),
        ("https://example.com/01/04012345111118#top", Some("01/04012345111118")),
        ("https://example.com/00/faux/00/340123453111111115", Some("00/340123453111111115")),
        ("https://example.com/01/04012345111118/21/", None),
        ("urn:epc:id:sgtin:4012345.011111", None),
    ] {
        let mut out = String::new();
        let has_form = write_canonical(text, &mut out);
        let expected = expected.map(|path| format!("https://id.gs1.org/{path}"));
        assert_eq!(has_form.then_some(out), expected, "{text}");
    }
}
