//! JSON-LD as XML: every event keeps its event hash id, and nothing that XML cannot hold slips through.

use epcis::event_hash_ids;
use json::write_canonical_string;
use proptest::prelude::*;
use xml::{Cbv, to_json, to_xml};

/// A document with one event that has these members besides, under a context with the prefixes `ex` and `other`.
fn document(members: &str) -> String {
    let members = if members.is_empty() { String::new() } else { format!(",{members}") };
    format!(
        r#"{{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        {{"ex":"https://example.org/x/","other":{{"@id":"urn:other:"}},"xsi":"https://example.org/xsi/"}}],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2025-01-01T00:00:00Z","epcisBody":{{"eventList":[
        {{"type":"ObjectEvent","eventTime":"2025-01-01T12:00:00.000Z","eventTimeZoneOffset":"+00:00",
        "action":"OBSERVE"{members}}}]}}}}"#
    )
}

fn written(members: &str) -> String {
    let xml = to_xml(document(members).as_bytes(), Cbv::Urn).unwrap_or_else(|problem| panic!("{problem}"));
    String::from_utf8(xml).expect("UTF-8")
}

fn refusal(members: &str) -> (&'static str, String) {
    let problem = to_xml(document(members).as_bytes(), Cbv::Urn).expect_err("refused");
    let pointer = problem.pointer.strip_prefix("/epcisBody/eventList/0").unwrap_or(&problem.pointer);
    (problem.code, pointer.to_owned())
}

#[test]
fn member_of_a_user_becomes_elements_of_its_namespace() {
    let list = written(r#""ex:stepList":["a",{"ex:b":"c"}],"ex:many":["1","other:2"]"#);
    let expected = "<ex:stepList><ex:step>a</ex:step><ex:step><ex:b>c</ex:b></ex:step></ex:stepList>\
        <ex:many>1</ex:many><ex:many>urn:other:2</ex:many>";
    assert!(list.contains(expected), "{list}");
    let typed = written(r##""ex:a":[1,2.5,1e3,true,null],"ex:b":{"#text":"<&>","c":"\r\"]"}"##);
    let expected = r#"<ex:a xsi:type="xsd:integer">1</ex:a><ex:a xsi:type="xsd:decimal">2.5</ex:a><ex:a xsi:type="xsd:double">1e3</ex:a><ex:a xsi:type="xsd:boolean">true</ex:a><ex:a xsi:nil="true"/><ex:b>&lt;&amp;&gt;<c>&#13;"]</c></ex:b>"#;
    assert!(typed.contains(expected), "{typed}");
    let own = written(r#""xsi:a":"b","cbvmda:c":"d","nowhere:e":"f""#);
    let expected = r#"<u-xsi:a xmlns:u-xsi="https://example.org/xsi/">b</u-xsi:a><x-cbvmda:c xmlns:x-cbvmda="urn:epcglobal:cbv:mda:">d</x-cbvmda:c><x-nowhere:e xmlns:x-nowhere="nowhere:">f</x-nowhere:e>"#;
    assert!(own.contains(expected), "{own}");
}

#[test]
fn vocabulary_has_the_form_that_is_wished() {
    let members = r#""bizStep":"cbv:BizStep-shipping","disposition":"https://ref.gs1.org/cbv/Disp-active",
        "bizTransactionList":[{"type":"po","bizTransaction":"urn:x"}],"sensorElementList":[{"sensorReport":[
        {"type":"gs1:Temperature","component":"x","value":1},{"type":"ex:Mine","exception":"ALARM_CONDITION"}]}]"#;
    let as_form =
        |form| String::from_utf8(to_xml(document(members).as_bytes(), form).expect("XML")).expect("UTF-8");
    for (form, parts) in [
        (
            Cbv::Urn,
            [
                "cbv:bizstep:shipping<",
                "cbv:disp:active<",
                "cbv:btt:po\"",
                "=\"https://ref.gs1.org/cbv/Comp-x\"",
            ],
        ),
        (
            Cbv::Web,
            [
                "cbv/BizStep-shipping<",
                "cbv/Disp-active<",
                "cbv/BTT-po\"",
                "=\"https://ref.gs1.org/cbv/Comp-x\"",
            ],
        ),
        (Cbv::AsIs, [">cbv:BizStep-shipping<", "cbv/Disp-active<", "\"po\"", "=\"x\""]),
    ] {
        let xml = as_form(form);
        assert!(parts.iter().all(|part| xml.contains(part)), "{form:?}: {xml}");
        assert!(xml.contains("\"https://example.org/x/Mine\""), "{xml}");
        assert_eq!(ids(&to_json(xml.as_bytes()).expect("JSON")), ids(document(members).as_bytes()));
    }
}

#[test]
fn quantity_is_a_decimal_and_none_is_nil() {
    for (number, decimal) in [
        ("1.5e3", "1500"),
        ("15e-1", "1.5"),
        ("1e0", "1"),
        ("-12.5e-3", "-0.0125"),
        ("0e9", "0"),
        ("1.25e1", "12.5"),
        ("100E-2", "1.00"),
        ("12e-2", "0.12"),
        ("7", "7"),
        ("2.50", "2.50"),
    ] {
        let xml =
            written(&format!(r#""quantityList":[{{"epcClass":"urn:x","quantity":{number},"uom":"KGM"}}]"#));
        assert!(xml.contains(&format!("<quantity>{decimal}</quantity><uom>KGM</uom>")), "{number}: {xml}");
    }
    let xml = written(r#""quantityList":[{"epcClass":"urn:x","uom":"KGM"}]"#);
    assert!(xml.contains(r#"<quantity xsi:nil="true"/><uom>"#), "{xml}");
}

#[test]
fn what_xml_cannot_hold_is_refused_by_its_pointer() {
    for (members, code, pointer) in [
        (r#""ex:a":[{"ex:b":"\u0001"}]"#, "character", "/ex:a/0/ex:b"),
        (r#""eventID":"urn:\uffff""#, "character", "/eventID"),
        (r#""ex:a":[["b"]]"#, "nested_list", "/ex:a/0"),
        (r#""ex:a b":"c""#, "name", "/ex:a b"),
        (r#""ex:":"c""#, "name", "/ex:"),
        (r#""ex:List":["c"]"#, "name", "/ex:List"),
        (r#""ex:a":{"~/":1}"#, "name", "/ex:a/~0~1"),
        (r#""@context":{"e":"urn:epcglobal:epcis:xsd:2"},"e:action":"ADD""#, "namespace", "/e:action"),
        (r#""@context":{"e":""},"e:a":1"#, "namespace", "/e:a"),
        (r#""plain":1"#, "unknown_property", "/plain"),
        (r#""parentID":"urn:x""#, "unknown_property", "/parentID"),
        (r#""bizStep":true"#, "type", "/bizStep"),
        (r#""ilmd":["a"]"#, "type", "/ilmd"),
        (r#""epcList":["a",1]"#, "type", "/epcList/1"),
        (r#""sourceList":[{"type":"location"}]"#, "required", "/sourceList/0/source"),
        (r#""quantityList":[{"epcClass":"urn:x","ex:a":1}]"#, "unknown_property", "/quantityList/0/ex:a"),
        (
            r#""sensorElementList":[{"sensorReport":[{"ex:a":true}]}]"#,
            "type",
            "/sensorElementList/0/sensorReport/0/ex:a",
        ),
        (
            r#""@context":{"e":"https://example.org/x/"},"sensorElementList":[{"sensorReport":{"ex:a":1,"e:a":1}}]"#,
            "duplicate_key",
            "/sensorElementList/0/sensorReport/e:a",
        ),
        (r#""type":"Else""#, "duplicate_key", "/type"),
    ] {
        assert_eq!(refusal(members), (code, pointer.to_owned()), "{members}");
    }
    let deep = |depth: usize| format!(r#""ex:a":{}1{}"#, r#"{"ex:a":"#.repeat(depth), "}".repeat(depth));
    let xml = written(&deep(59));
    assert_eq!(ids(&to_json(xml.as_bytes()).expect("JSON")), ids(document(&deep(59)).as_bytes()));
    assert_eq!(refusal(&deep(60)).0, "depth");
}

#[test]
fn short_text_does_not_become_xml_without_end() {
    let name = "n".repeat(100_000);
    let list = format!(r#""ex:{name}":[{}1]"#, "1,".repeat(100_000));
    assert_eq!(refusal(&list).0, "xml_too_large");
    let sensors = |count: u32| {
        let attributes: Vec<String> = (0..count).map(|number| format!(r#""a{number}":"e:""#)).collect();
        let report = attributes.join(",");
        format!(r#""@context":{{"e":"urn:{name}"}},"sensorElementList":[{{"sensorReport":{{{report}}}}}]"#)
    };
    assert_eq!(refusal(&sensors(1_999)).0, "xml_too_large");
    assert_eq!(refusal(&sensors(9_999).replace(&name, "x")).0, "too_many_attributes");
}

#[test]
fn what_is_no_document_is_refused() {
    for (text, code) in [
        ("", "syntax"),
        ("[]", "type"),
        (r#"{"type":"ObjectEvent"}"#, "type"),
        (r#"{"type":"EPCISDocument"}"#, "required"),
        (r#"{"type":"EPCISDocument","creationDate":1}"#, "type"),
        (r#"{"type":"EPCISQueryDocument","creationDate":"","epcisBody":{}}"#, "required"),
        (r#"{"type":"EPCISDocument","creationDate":"","epcisBody":{"eventList":[7]}}"#, "type"),
    ] {
        assert_eq!(to_xml(text.as_bytes(), Cbv::Urn).expect_err(text).code, code, "{text}");
    }
}

fn ids(json: &[u8]) -> Option<Vec<String>> {
    event_hash_ids(json).ok()
}

/// Names that stand anywhere, and now and then one that XML cannot hold.
fn prefixed_name() -> impl Strategy<Value = String> {
    let names = [
        "ex:a",
        "ex:b",
        "ex:aList",
        "other:c",
        "other:cList",
        "xsi:type",
        "xsi:nil",
        "cbvmda:lotNumber",
        "gs1:d",
        "nowhere:e",
        "epcis:f",
        "x-ex:g",
        "u-xsi:h",
        "rdfs:comment",
        "xml:lang",
        "xmlns:ex",
        "@type",
    ];
    prop_oneof![
        40 => prop::sample::select(names.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,4}:?\\PC{0,4}",
    ]
}

/// Names that stand in what users add.
fn name() -> impl Strategy<Value = String> {
    let names = ["plain", "comment", "childEPCs", "extension", "fooList", "sourceList", "id", "@value"];
    prop_oneof![3 => prefixed_name(), 1 => prop::sample::select(names.to_vec()).prop_map(str::to_owned)]
}

fn text() -> impl Strategy<Value = String> {
    let texts = [
        "",
        " ",
        "ex:a",
        "other:",
        "nowhere:x",
        "xsi:",
        "gs1:Temperature",
        "receiving",
        "007",
        "1e3",
        "true",
        "]]>",
        "&amp;",
        "urn:epcglobal:cbv:bizstep:shipping",
        "2025-01-01T00:00:00+01:00",
        "https://id.gs1.org/01/09521234543213",
        "a\r\n\tb",
        "<!-- -->",
    ];
    prop_oneof![
        20 => "\\PC{0,12}",
        40 => prop::sample::select(texts.to_vec()).prop_map(str::to_owned),
        1 => ".{0,12}",
    ]
}

fn string(text: &str) -> String {
    let mut out = Vec::new();
    write_canonical_string(text, &mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn object(members: &[(String, String)]) -> String {
    let mut names = std::collections::HashSet::new();
    let unique = members.iter().filter(|(name, _)| names.insert(name));
    let members: Vec<String> = unique.map(|(name, value)| format!("{}:{value}", string(name))).collect();
    members.join(",")
}

fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        text().prop_map(|text| string(&text)),
        (-1_000_000_i64..1_000_000).prop_map(|number| number.to_string()),
        (-1e6_f64..1e6).prop_map(|number| format!("{number:?}")),
        prop::sample::select(vec!["true", "false", "null", "1E5", "-0", "0.10"]).prop_map(str::to_owned),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4);
        let members = (prop::collection::vec((name(), inner), 0..4), prop::option::of(text()));
        prop_oneof![
            1 => list.prop_map(|all| format!("[{}]", all.join(","))),
            2 => members.prop_map(|(mut all, said)| {
                all.extend(said.map(|said| ("#text".to_owned(), string(&said))));
                format!("{{{}}}", object(&all))
            }),
        ]
    })
}

/// Members of the standard's that hold users' ones, and users' ones.
fn members() -> impl Strategy<Value = String> {
    let event = prop::collection::vec((prefixed_name(), value()), 0..4).prop_map(|all| object(&all));
    let held = prop::collection::vec((name(), value()), 0..4).prop_map(|all| object(&all));
    let attribute = (name(), text().prop_map(|text| string(&text)));
    let report = prop::collection::vec(attribute, 0..3).prop_map(|all| object(&all));
    (event, held, report, text(), text()).prop_map(|(event, held, report, text, word)| {
        let (text, word) = (string(&text), string(&word));
        let join =
            |first: String, rest: &str| if rest.is_empty() { first } else { format!("{first},{rest}") };
        let sensor = join(r#""value":4.50"#.to_owned(), &report);
        format!(
            r#""bizStep":{word},"readPoint":{{{}}},"ilmd":{{{held}}},"epcList":[{text}],
            "sensorElementList":[{{"sensorReport":[{{{sensor}}}]}}]"#,
            join(format!(r#""id":{text}"#), &held)
        ) + &join(String::new(), &event)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn written_event_is_read_with_its_event_hash_id(members in members(), form in 0..3) {
        let json = document(&members);
        let form = [Cbv::Urn, Cbv::Web, Cbv::AsIs][usize::try_from(form).unwrap_or(0)];
        if let Ok(xml) = to_xml(json.as_bytes(), form) {
            let again = to_json(&xml).expect("XML is read again");
            if let Some(expected) = ids(json.as_bytes()) {
                prop_assert_eq!(ids(&again), Some(expected), "{}\n{}", json, String::from_utf8_lossy(&xml));
            }
            // And once more: the second JSON is as good as the first.
            let second = to_xml(&again, form).expect("JSON is written again");
            prop_assert_eq!(ids(&to_json(&second).expect("XML")), ids(&again));
        }
    }

    #[test]
    fn user_values_of_any_shape_are_mostly_written(name in "[a-z]{1,4}", text in "[ -~]{0,20}") {
        let members = format!(r#""ex:{name}":{}"#, string(&text));
        prop_assert!(to_xml(document(&members).as_bytes(), Cbv::Urn).is_ok());
    }

    #[test]
    fn any_json_gives_xml_or_a_refusal(root in value(), at in 0..6_usize) {
        let places = ["@context", "epcisHeader", "epcisBody", "ex:a", "sender", "creationDate"];
        let mut members = vec![("type".to_owned(), "\"EPCISDocument\"".to_owned()), (places[at].to_owned(), root)];
        members.push(("creationDate".to_owned(), "\"2025-01-01T00:00:00Z\"".to_owned()));
        let json = format!("{{{}}}", object(&members));
        match to_xml(json.as_bytes(), Cbv::Urn) {
            Ok(xml) => prop_assert!(to_json(&xml).is_ok(), "{}", String::from_utf8_lossy(&xml)),
            Err(problem) => prop_assert!(!problem.code.is_empty()),
        }
    }
}
