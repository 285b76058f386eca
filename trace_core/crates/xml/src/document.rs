//! Documents: the body with its events, the header with its master data.

use roxmltree::{Document, Node, ParsingOptions};

use crate::event::event;
use crate::extension::{self, elements, text};
use crate::names::{Prefixes, namespace};
use crate::value::{Members, Value};

/// Nodes of one document, so that a small text cannot become a large tree.
pub const NODES_MAX: u32 = 4_000_000;
/// Elements within elements.
pub(crate) const DEPTH_MAX: usize = 64;
/// Attributes of one element, which the parser compares with each other; declarations of namespaces are such, too.
pub(crate) const ATTRIBUTES_MAX: usize = 2_000;
const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
/// Members of a document in its JSON form, by the name of the root element.
const DOCUMENTS: [(&str, &str); 3] = [
    ("EPCISDocument", "EPCISDocument"),
    ("EPCISMasterDataDocument", "EPCISDocument"),
    ("EPCISQueryDocument", "EPCISQueryDocument"),
];

/// Why a text is no EPCIS document in XML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlProblem {
    /// Stable name.
    pub code: &'static str,
    /// What exactly, for a person, with line and column.
    pub message: String,
}

impl std::fmt::Display for XmlProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for XmlProblem {}

fn problem<T>(code: &'static str, message: impl Into<String>) -> Result<T, XmlProblem> {
    Err(XmlProblem { code, message: message.into() })
}

/// The JSON-LD form of an EPCIS document in XML, of edition 1.2 or 2.0. Nothing outside of the text is read: there
/// are no entities but XML's own five. Cost: one pass to a tree, one over the tree.
///
/// # Errors
/// An [`XmlProblem`]: not UTF-8, not well-formed, a document type definition, nested deeper than 64 elements, more
/// than 2,000 attributes of an element or [`NODES_MAX`] nodes, or a root that is no EPCIS document.
pub fn to_json(xml: &[u8]) -> Result<Vec<u8>, XmlProblem> {
    let Ok(text) = std::str::from_utf8(xml) else { return problem("encoding", "not UTF-8") };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_tags(text)?;
    let without_type = without_bare_doctype(text);
    let text = without_type.as_deref().unwrap_or(text);
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .or_else(|error| problem(code_of(&error), error.to_string()))?;
    let root = document.root_element();
    let Some((_, kind)) = DOCUMENTS.iter().find(|(name, _)| *name == root.tag_name().name()) else {
        return problem("type", format!("{} is no EPCIS document", root.tag_name().name()));
    };
    let mut out = Vec::with_capacity(xml.len());
    write_document(root, kind, &mut out);
    Ok(out)
}

fn code_of(error: &roxmltree::Error) -> &'static str {
    match error {
        roxmltree::Error::DtdDetected => "doctype",
        roxmltree::Error::NodesLimitReached => "too_many_nodes",
        _ => "syntax",
    }
}

/// The parser calls itself for each element in an element, so the depth is counted before; and so are attributes.
fn check_tags(text: &str) -> Result<(), XmlProblem> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(next) = bytes[at..].iter().position(|&byte| byte == b'<') {
        at += next;
        let rest = &text[at..];
        let skip = |end: &str| rest.find(end).map_or(rest.len(), |found| found + end.len());
        if rest.starts_with("<!--") {
            at += skip("-->");
        } else if rest.starts_with("<![CDATA[") {
            at += skip("]]>");
        } else if rest.starts_with("<?") {
            at += skip("?>");
        } else if rest.starts_with("</") {
            depth = depth.saturating_sub(1);
            at += 2;
        } else if rest.starts_with("<!") {
            at += 2;
        } else {
            let (length, attributes) = measure_tag(rest.as_bytes());
            if attributes > ATTRIBUTES_MAX {
                return problem("too_many_attributes", format!("an element has more than {ATTRIBUTES_MAX}"));
            }
            if !rest[..length].ends_with("/>") {
                depth += 1;
            }
            if depth > DEPTH_MAX {
                return problem("depth", format!("elements are nested deeper than {DEPTH_MAX}"));
            }
            at += length;
        }
    }
    Ok(())
}

/// Bytes of a tag up to its `>`, which may also stand in the quotes of an attribute, and its attributes.
fn measure_tag(tag: &[u8]) -> (usize, usize) {
    let (mut quote, mut attributes) = (None, 0);
    for (at, &byte) in tag.iter().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => attributes += 1,
            (None, b'>') => return (at + 1, attributes),
            (Some(open), byte) if open == byte => quote = None,
            _ => (),
        }
    }
    (tag.len(), attributes)
}

/// Some documents name their type and define nothing: `<!DOCTYPE name>`. That is taken out; all else is refused.
fn without_bare_doctype(text: &str) -> Option<String> {
    let start = text.find("<!DOCTYPE")?;
    // Behind the first element it is a text.
    let begins_element = |pair: &[u8]| pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || pair[1] == b'_');
    if text.as_bytes()[..start].windows(2).any(begins_element) {
        return None;
    }
    let end = start + text[start..].find('>')?;
    let name = text[start + "<!DOCTYPE".len()..end].trim();
    let is_bare =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.'));
    is_bare.then(|| [&text[..start], &text[end + 1..]].concat())
}

fn write_document(root: Node<'_, '_>, kind: &str, out: &mut Vec<u8>) {
    let mut prefixes = Prefixes::of(root);
    let mut rest = Members::default();
    for element in elements(root) {
        match (namespace(element), element.tag_name().name()) {
            (None, "EPCISHeader") => {
                if let Some(header) = header(element, &mut prefixes) {
                    rest.set("epcisHeader", Value::Object(header));
                }
            }
            (None, "EPCISBody") => {
                rest.set("epcisBody", Value::Object(body(element, kind, &mut prefixes)));
            }
            (None, "extension") => (),
            (_, "ignoreFields") => ignore_fields(element, &mut prefixes, &mut rest),
            _ => extension::add(element, &mut prefixes, &mut rest),
        }
    }
    let mut document = Members::default();
    let definitions = prefixes.definitions();
    let mut context = vec![Value::text(CONTEXT)];
    if !definitions.is_empty() {
        context.push(Value::Object(definitions));
    }
    document.set("@context", Value::List(context));
    document.set("type", Value::text(kind));
    document.set("schemaVersion", Value::text("2.0"));
    if let Some(created) = root.attribute("creationDate") {
        document.set("creationDate", Value::text(created.trim()));
    }
    document.append(rest);
    document.write(out);
}

/// Fields that the event hash leaves out, by their names.
fn ignore_fields<'d>(element: Node<'d, '_>, prefixes: &mut Prefixes, members: &mut Members<'d>) {
    let ignored = elements(element).map(|field| Value::Text(prefixes.element(field))).collect();
    let name = prefixes.element(element);
    members.extend(name, ignored);
}

fn body<'d>(body: Node<'d, '_>, kind: &str, prefixes: &mut Prefixes) -> Members<'d> {
    let mut members = Members::default();
    for element in elements(body) {
        match element.tag_name().name() {
            "EventList" => members.set("eventList", event_list(element, prefixes)),
            "QueryResults" if kind == "EPCISQueryDocument" => {
                members.set("queryResults", Value::Object(query_results(element, prefixes)));
            }
            // The body of a document of master data.
            "VocabularyList" => (),
            _ => extension::add(element, prefixes, &mut members),
        }
    }
    // The JSON form of a document always has the list.
    if kind == "EPCISDocument" && !members.contains("eventList") {
        members.set("eventList", Value::List(Vec::new()));
    }
    members
}

fn query_results<'d>(results: Node<'d, '_>, prefixes: &mut Prefixes) -> Members<'d> {
    let mut members = Members::default();
    for element in elements(results) {
        match element.tag_name().name() {
            "resultsBody" => {
                let mut inner = Members::default();
                for list in elements(element) {
                    match list.tag_name().name() {
                        "EventList" => inner.set("eventList", event_list(list, prefixes)),
                        "VocabularyList" => inner.set("vocabularyList", vocabularies(list, prefixes)),
                        _ => (),
                    }
                }
                members.set("resultsBody", Value::Object(inner));
            }
            "ignoreFields" => ignore_fields(element, prefixes, &mut members),
            name @ ("queryName" | "subscriptionID") => members.set(name, Value::Text(text(element))),
            _ => extension::add(element, prefixes, &mut members),
        }
    }
    members
}

/// Events, written one by one: a tree of all would not stay in cache.
fn event_list(list: Node<'_, '_>, prefixes: &mut Prefixes) -> Value<'static> {
    let mut out = vec![b'['];
    write_events(list, prefixes, &mut out);
    out.push(b']');
    Value::Written(out)
}

/// Events, also those that 1.2 has in an extension of the list.
fn write_events(list: Node<'_, '_>, prefixes: &mut Prefixes, out: &mut Vec<u8>) {
    for element in elements(list) {
        if namespace(element).is_none() && element.tag_name().name() == "extension" {
            write_events(element, prefixes, out);
        } else {
            if out.len() > 1 {
                out.push(b',');
            }
            event(element, prefixes).write(out);
        }
    }
}

/// Master data; `None` where the header has none. What the business document header says is of the transport.
fn header<'d>(header: Node<'d, '_>, prefixes: &mut Prefixes) -> Option<Members<'d>> {
    let list = header.descendants().find(|node| node.tag_name().name() == "VocabularyList")?;
    let mut master_data = Members::default();
    master_data.set("vocabularyList", vocabularies(list, prefixes));
    let mut members = Members::default();
    members.set("epcisMasterData", Value::Object(master_data));
    Some(members)
}

fn vocabularies<'d>(list: Node<'d, '_>, prefixes: &mut Prefixes) -> Value<'d> {
    let mut vocabularies = Vec::new();
    for vocabulary in elements(list) {
        let mut members = Members::default();
        members.set("type", Value::text(vocabulary.attribute("type").unwrap_or_default()));
        let elements_of = elements(vocabulary).flat_map(elements);
        let list = elements_of.map(|element| vocabulary_element(element, prefixes)).collect();
        members.set("vocabularyElementList", Value::List(list));
        vocabularies.push(Value::Object(members));
    }
    Value::List(vocabularies)
}

fn vocabulary_element<'d>(element: Node<'d, '_>, prefixes: &mut Prefixes) -> Value<'d> {
    let mut members = Members::default();
    members.set("id", Value::text(element.attribute("id").unwrap_or_default()));
    for part in elements(element) {
        match part.tag_name().name() {
            "attribute" => {
                let mut attribute = Members::default();
                attribute.set("id", Value::text(part.attribute("id").unwrap_or_default()));
                let mut inner = Members::default();
                for child in elements(part) {
                    extension::add(child, prefixes, &mut inner);
                }
                let value = if inner.is_empty() { Value::Text(text(part)) } else { Value::Object(inner) };
                attribute.set("attribute", value);
                members.extend("attributes", vec![Value::Object(attribute)]);
            }
            "children" => {
                members.extend("children", elements(part).map(|id| Value::Text(text(id))).collect());
            }
            _ => extension::add(part, prefixes, &mut members),
        }
    }
    Value::Object(members)
}
