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

/// Inside of an element, what neither libxml2 nor expat takes.
const NOT_WITHIN: &[&str] = &[
    "<a></b>",
    "<a>",
    "</a>",
    "<a",
    "<a b",
    "<a b=",
    "<a b='",
    "<a b='1",
    "< a/>",
    "<a></ a>",
    "<a></a b='1'>",
    "<a / >",
    "<1a/>",
    "<-a/>",
    "<.a/>",
    "<a×/>",
    "<a$/>",
    "<a 1b='1'/>",
    "<a b='1'c='2'/>",
    "<a b=1/>",
    "<a b/>",
    "<a b=\"1'/>",
    "<a:b:c xmlns:a='u'/>",
    "<:a/>",
    "<a:/>",
    "<a:1 xmlns:a='u'/>",
    "<a :b='1'/>",
    "<a xmlns:='u'/>",
    "<a b='1' b='2'/>",
    "<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>",
    "<a xmlns='u' xmlns='u'/>",
    "<a xmlns:b='u' xmlns:b='u'/>",
    "<x:a/>",
    "<a x:b='1'/>",
    "<a><b xmlns:x='u'/><x:c/></a>",
    "<a xmlns:x='u'/><x:b/>",
    "<a xmlns:b=''/>",
    "<a xmlns:xmlns='u'/>",
    "<a xmlns:xml='u'/>",
    "<xmlns:a/>",
    "<a xmlns:b='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns:b='http://www.w3.org/2000/xmlns/'/>",
    "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
    "<a b='<'/>",
    "<a b='&'/>",
    "<a b='&no;'/>",
    "<a b='&lt'/>",
    "<a b='&#0;'/>",
    "<a b='\u{1}'/>",
    "<a b='\u{ffff}'/>",
    "&",
    "&;",
    "&no;",
    "&lt",
    "&LT;",
    "&#;",
    "&#x;",
    "&#0;",
    "&#8;",
    "&#x1F;",
    "&#xD800;",
    "&#xFFFE;",
    "&#x110000;",
    "&#99999999999;",
    "&#+9;",
    "&#X41;",
    "&#4 1;",
    "\u{0}",
    "\u{8}",
    "\u{1f}",
    "\u{fffe}",
    "\u{ffff}",
    "]]>",
    "<a>]]></a>",
    "a]]>b",
    "<![CDATA[]]>]]>",
    "<![CDATA[",
    "<![CDATA[]]",
    "<![cdata[]]>",
    "<![CDATA []]>",
    "<!-- a -- b -->",
    "<!-- a --->",
    "<!--->",
    "<!-->",
    "<!-- a",
    "<!- a -->",
    "<!b>",
    "<!",
    "<",
    "<? a?>",
    "<?1?>",
    "<?a",
    "<?a >",
    "<?a+?>",
    "<?a:b?>",
    "<?xml version='1.0'?>",
    "<?XML a?>",
    "<?xMl?>",
    "<!DOCTYPE a>",
    "<!ENTITY a 'b'>",
];

/// Around one, in the same way.
const NOT_AROUND: &[&str] = &[
    "x<EPCISDocument/>",
    "<EPCISDocument/>x",
    "&#32;<EPCISDocument/>",
    "<EPCISDocument/>&#32;",
    "<EPCISDocument/><a/>",
    "<![CDATA[]]><EPCISDocument/>",
    "<EPCISDocument/><![CDATA[]]>",
    "<EPCISDocument/></EPCISDocument>",
    "   ",
    " <?xml version='1.0'?><EPCISDocument/>",
    "<?xml?><EPCISDocument/>",
    "<?xml version='2.0'?><EPCISDocument/>",
    "<?xml version='1.'?><EPCISDocument/>",
    "<?xml version=1.0?><EPCISDocument/>",
    "<?xml encoding='UTF-8'?><EPCISDocument/>",
    "<?xml version='1.0' encoding='1'?><EPCISDocument/>",
    "<?xml version='1.0' encoding=''?><EPCISDocument/>",
    "<?xml version='1.0' standalone='maybe'?><EPCISDocument/>",
    "<?xml version='1.0'encoding='a'?><EPCISDocument/>",
    "<?xml version='1.0' standalone='no' encoding='a'?><EPCISDocument/>",
    "<?xml version='1.0' a='b'?><EPCISDocument/>",
    "<?xml version='1.0'><EPCISDocument/>",
    "<?xml version='1.0'?><?xml version='1.0'?><EPCISDocument/>",
    "\u{feff}\u{feff}<EPCISDocument/>",
    "<EPCISDocument/><!DOCTYPE a>",
    "<EPCISDocument/><!-- a",
    "<!-- a",
    "<!DOCTYPE a><?xml version='1.0'?><EPCISDocument/>",
    "<EPCISDocument xmlns:a='u' b='1' a:c='' b=''/>",
];

const NO_BARE_TYPE: &[&str] = &[
    "<!DOCTYPE>",
    "<!DOCTYPE 1>",
    "<!DOCTYPEa>",
    "<!DOCTYPE a []>",
    "<!DOCTYPE a><!DOCTYPE a>",
    "<!DOCTYPE a",
];

#[test]
fn text_that_is_not_well_formed_is_refused() {
    for inner in NOT_WITHIN {
        assert_eq!(code(&event(inner)), "syntax", "{inner}");
    }
    for text in NOT_AROUND {
        assert_eq!(code(text), "syntax", "{text}");
    }
    for document_type in NO_BARE_TYPE {
        assert_eq!(code(&format!("{document_type}<EPCISDocument/>")), "doctype", "{document_type}");
    }
}

#[test]
fn text_that_is_well_formed_is_read() {
    let json = |inner: &str| {
        let json = to_json(event(inner).as_bytes()).unwrap_or_else(|problem| panic!("{inner}: {problem}"));
        String::from_utf8(json)
            .expect("UTF-8")
            .split_once(r#"{"type":"ObjectEvent""#)
            .expect("event")
            .1
            .to_owned()
    };
    for (inner, members) in [
        ("<a\n>b</a\t>", r#","a":"b""#),
        ("<a b = '1'\nc\t=\r\n\"2\"/>", r#","a":{"b":"1","c":"2"}"#),
        ("<é·-._1>&#233;</é·-._1>", r#","é·-._1":"é""#),
        (
            "<a>]] ></a><a>]]&gt;</a><a>]&#93;></a><a><![CDATA[]]]]>></a>",
            r#","a":["]] >","]]>","]]>","]]>"]"#,
        ),
        ("<a>b<!-- - -->c<?d e?>f<?g?></a>", r#","a":"bcf""#),
        ("<a>\u{7f}\u{85}b\u{fffd}\u{10ffff}</a>", ",\"a\":\"\u{7f}\u{85}b\u{fffd}\u{10ffff}\""),
        // A line's end is one character, and a reference is what it says.
        ("<a>b\r\nc\rd&#13;e\r\r\nf\r&amp;\r&#10;g</a>", r#","a":"b\nc\nd\re\n\nf\n&\n\ng""#),
        ("<a><![CDATA[b\r\nc\rd\r]]>\ne</a>", r#","a":"b\nc\nd\n\ne""#),
        ("<a b='c\r\nd\re\tf&#9;g&#xA;h'/>", r#","a":{"b":"c d e f\tg\nh"}"#),
        // An attribute of a namespace that is called as declarations are declares nothing.
        ("<e:a xmlns:e='http://e/' e:xmlns='b'><c/></e:a>", r#","e:a":{"e:xmlns":"b","c":""}"#),
        ("<a xml:lang='de' b='>\"'/>", r#","a":{"b":">\""}"#),
        ("<a xmlns=''/><a xmlns:xml='http://www.w3.org/XML/1998/namespace'>b</a>", r#","a":["","b"]"#),
    ] {
        assert_eq!(json(inner), format!("{members}}}]}}}}"), "{inner}");
    }
    for text in [
        "\u{feff}<?xml version='1.0'?><EPCISDocument/>",
        " \n<EPCISDocument/>\n ",
        "<!DOCTYPE a:b ><EPCISDocument/>",
        "<?xml\tversion = \"1.1\"\nencoding='utf-8' standalone='yes' ?><!-- a --><?b c?> <!DOCTYPE a> <!-- <!DOCTYPE b> --><EPCISDocument/><?d?><!---->",
    ] {
        assert!(to_json(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn prefix_is_where_it_is_declared_and_no_other_begins_a_text() {
    let json =
        |inner: &str| String::from_utf8(to_json(event(inner).as_bytes()).expect("XML")).expect("UTF-8");
    let again = "<e:a xmlns:e='http://e/'><e:b xmlns:e='http://f/'/><e:c/></e:a><e xmlns='http://e/'/>";
    let members = r#""e:a":{"e2:b":"","e:c":""},"e:e":"""#;
    assert!(json(again).contains(members), "{}", json(again));
    assert!(json(again).contains(r#"{"e":"http://e/","e2":"http://f/"}"#), "{}", json(again));
    // Whether the text stands before or behind, far away, or in a value; what it means in JSON-LD is what it says here.
    let (element, text) = ("<e:a xmlns:e='http://e/'>1</e:a>", "<b>e:c</b>");
    let value = "<x-e:b xmlns:x-e='e:'/>";
    for inner in [[element, text], [text, element], [element, "<b c=' e:d'/>"], [element, value]] {
        let json = json(&inner.concat());
        assert!(json.contains(r#"{"e2":"http://e/"}"#) && json.contains(r#""e2:a":"1""#), "{json}");
    }
    let long = json("<example:a xmlns:example='http://e/'/><b>example:c</b>");
    assert!(long.contains(r#"{"example2":"http://e/"}"#), "{long}");
    // A prefix that is declared again further in stands for what it was no more.
    let hidden = json("<a xmlns:e='http://e/' xmlns:f='http://e/'><b xmlns:e='http://g/'><f:c/></b></a>");
    assert!(hidden.contains(r#"{"f":"http://e/"}"#), "{hidden}");
    let behind = event(element).replace("</EPCISBody>", "</EPCISBody><b><![CDATA[ e]]>:&#x20;c</b>");
    let json = String::from_utf8(to_json(behind.as_bytes()).expect("XML")).expect("UTF-8");
    assert!(json.contains(r#"{"e2":"http://e/"}"#), "{json}");
}

#[test]
fn document_with_too_much_in_it_is_refused() {
    let header = |inner: &str| format!("<EPCISDocument><EPCISHeader>{inner}</EPCISHeader></EPCISDocument>");
    // The document, its root and the header are three.
    assert!(to_json(header(&"<a/>".repeat(3_999_997)).as_bytes()).is_ok());
    assert_eq!(code(&header(&"<a/>".repeat(3_999_998))), "too_many_nodes");
    let many = |count: usize, of: &dyn Fn(usize) -> String| (0..count).map(of).collect::<String>();
    let declared = |count: usize, times: usize| {
        let declare = |number| format!(" xmlns:n{number}='http://n/{number}'");
        let tag = format!("<a{}>", many(count, &declare));
        event(&format!("{}{}", tag.repeat(times), "</a>".repeat(times)))
    };
    assert!(to_json(declared(50, 10).as_bytes()).is_ok());
    assert_eq!(code(&declared(50, 11)), "too_many_namespaces");
    let apart = |count: usize| event(&many(count, &|number| format!("<a xmlns='http://{number}/'/>")));
    assert!(to_json(apart(65_000).as_bytes()).is_ok());
    assert_eq!(code(&apart(66_000)), "too_many_namespaces");
}

#[test]
fn refusal_says_line_and_column() {
    let problem = to_json("<EPCISDocument>\n é<a>&no;".as_bytes()).expect_err("refused");
    assert_eq!((problem.code, problem.message.as_str()), ("syntax", "a reference to nothing at 2:6"));
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
