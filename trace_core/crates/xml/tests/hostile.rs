//! What nobody means well with.

use json::ReadErrorCode;
use proptest::prelude::*;
use xml::to_json;

fn code(text: &str) -> &'static str {
    to_json(text.as_bytes()).expect_err("refused").code
}

fn event(inner: &str) -> String {
    format!(
        "<EPCISDocument><EPCISBody><EventList><ObjectEvent>{inner}</ObjectEvent></EventList></EPCISBody></EPCISDocument>"
    )
}

#[test]
fn text_with_definitions_of_its_own_is_refused() {
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><EPCISDocument>&c;</EPCISDocument>"#;
    assert_eq!(code(bomb), "doctype");
    let elsewhere = r#"<!DOCTYPE a SYSTEM "file:///etc/passwd"><EPCISDocument/>"#;
    assert_eq!(code(elsewhere), "doctype");
    let entity =
        r#"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><EPCISDocument>&x;</EPCISDocument>"#;
    assert_eq!(code(entity), "doctype");
    assert_eq!(code(&event("<e>&nothing;</e>")), "syntax");
    assert!(to_json(b"<!DOCTYPE project><EPCISDocument/>").is_ok());
}

#[test]
fn text_that_is_no_document_is_refused() {
    assert_eq!(code(""), "syntax");
    assert_eq!(code("<EPCISDocument>"), "syntax");
    assert_eq!(code("<html/>"), "type");
    assert_eq!(to_json(&[0xff, 0xfe, b'<', 0]).expect_err("refused").code, "encoding");
    let nested = |depth: usize| event(&format!("{}{}", "<e>".repeat(depth), "</e>".repeat(depth)));
    assert!(to_json(nested(60).as_bytes()).is_ok());
    assert_eq!(code(&nested(61)), "depth");
    assert_eq!(code(&nested(100_000)), "depth");
}

#[test]
fn element_with_many_members_is_read_and_with_too_many_attributes_refused() {
    let many = |count: usize, of: fn(usize) -> String| (0..count).map(of).collect::<String>();
    let members = many(200_000, |number| format!("<b{number}>1</b{number}>")) + "<b7>2</b7>";
    let json =
        to_json(event(&format!("<x:a xmlns:x=\"http://x/\">{members}</x:a>")).as_bytes()).expect("XML");
    assert!(String::from_utf8(json).expect("UTF-8").contains(r#""b7":["1","2"],"b8":"1""#));
    let namespaces = many(50_000, |number| format!("<x:a xmlns:x='http://x/{number}/'/>"));
    let json = to_json(event(&namespaces).as_bytes()).expect("XML");
    assert!(String::from_utf8(json).expect("UTF-8").contains(r#""x50000":"http://x/49999/""#));
    let attributes = |count| event(&format!("<a {}/>", many(count, |number| format!("b{number}='=' "))));
    assert!(to_json(attributes(2_000).as_bytes()).is_ok());
    assert_eq!(code(&attributes(2_001)), "too_many_attributes");
}

#[test]
fn text_of_a_user_stays_as_it_is() {
    let inner = r#"<x:a xmlns:x="http://x/"><![CDATA[<!DOCTYPE no> "]]>&lt;&#233;</x:a><x:a xmlns:x="http://x/" x:b="1"/>"#;
    let json = String::from_utf8(to_json(event(inner).as_bytes()).expect("XML")).expect("UTF-8");
    assert!(json.contains(r#""x:a":["<!DOCTYPE no> \"<é",{"x:b":"1"}]"#), "{json}");
    assert!(json.contains(r#"{"x":"http://x/"}"#), "{json}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn text_of_any_pieces_gives_json_or_a_refusal(
        pieces in proptest::collection::vec(
            prop::sample::select(vec![
                "<", ">", "</", "/>", "EPCISDocument", "<EPCISBody>", "</EPCISBody>", "<EventList>", "<ObjectEvent>",
                "</ObjectEvent>", "<quantity>", "1e", "\"", "'", "=", "xmlns:a", "a:b", "<!--", "-->", "<![CDATA[", "]]>",
                "&#0;", "&amp;", "é", " ", "<sensorReport value=\"+.5\"/>", "<epcList/>", "<!DOCTYPE a>", "<?", "?>",
            ]),
            0..24,
        ),
        is_within in any::<bool>(),
    ) {
        let text = if is_within { event(&pieces.concat()) } else { pieces.concat() };
        if let Ok(json) = to_json(text.as_bytes()) {
            // What JSON refuses of it is said twice, or a number out of range.
            let refused = json::read(&json, &json::Bump::new()).err().map(|error| error.code);
            prop_assert!(
                matches!(refused, None | Some(ReadErrorCode::DuplicateName | ReadErrorCode::NumberRange)),
                "{refused:?} of {text}"
            );
        }
    }

    #[test]
    fn any_bytes_give_json_or_a_refusal(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = to_json(&bytes);
    }
}
