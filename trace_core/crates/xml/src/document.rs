//! Documents: the body with its events, the header with its master data.

use crate::event::event;
use crate::extension;
use crate::names::Prefixes;
use crate::reader::{Fault, Node, Read, Reader, Said};
use crate::value::{Members, Value};

/// Nodes of one document, so that a small text cannot become a large tree, and be it all in one event.
pub const NODES_MAX: u32 = 4_000_000;
/// Elements within elements.
pub(crate) const DEPTH_MAX: usize = 64;
/// Attributes of one element; declarations of namespaces are such, too.
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

/// The JSON-LD form of an EPCIS document in XML, of edition 1.2 or 2.0. Nothing outside of the text is read: there
/// are no entities but XML's own five. Cost: one pass, with no more than an event in memory beside the text and its
/// JSON; a second one where a text begins with a prefix of a user's that was declared before.
///
/// # Errors
/// An [`XmlProblem`]: not UTF-8, not well-formed, a document type definition, nested deeper than 64 elements, more
/// than 2,000 attributes of an element, too many namespaces or more than [`NODES_MAX`] nodes, or a root that is no
/// EPCIS document.
pub fn to_json(xml: &[u8]) -> Result<Vec<u8>, XmlProblem> {
    let Ok(text) = std::str::from_utf8(xml) else {
        return Err(XmlProblem { code: "encoding", message: "not UTF-8".to_owned() });
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let convert = || match convert(text, Said::default())? {
        (json, None) => Ok(json),
        (_, Some(said)) => convert(text, said).map(|(json, _)| json),
    };
    convert().map_err(|fault| problem(text, &fault))
}

fn problem(text: &str, fault: &Fault) -> XmlProblem {
    let before = &text[..fault.at];
    let line = before.rsplit('\n').next().unwrap_or_default();
    let (row, column) = (before.matches('\n').count() + 1, line.chars().count() + 1);
    XmlProblem { code: fault.code, message: format!("{} at {row}:{column}", fault.what) }
}

/// The document, and with what its texts begin where a prefix was declared that is among that. Known before, it is not.
fn convert(text: &str, said: Said) -> Read<(Vec<u8>, Option<Said>)> {
    let mut reader = Reader::of(text, said)?;
    let name = reader.element().local();
    let Some((_, kind)) = DOCUMENTS.iter().find(|(known, _)| *known == name) else {
        reader.skip()?;
        reader.finish()?;
        return Err(Fault::boxed("type", 0, format!("{name} is no EPCIS document,")));
    };
    let created = reader.element().attribute("creationDate").map(|created| created.trim().to_owned());
    let mut prefixes = Prefixes::default();
    let members = document(&mut reader, kind, &mut prefixes)?;
    let said = reader.finish()?;
    if prefixes.are_said(&said) {
        return Ok((Vec::new(), Some(said)));
    }
    let mut out = Vec::with_capacity(text.len());
    with_head(kind, prefixes, created, members).write(&mut out);
    Ok((out, None))
}

fn with_head<'d>(
    kind: &'static str,
    prefixes: Prefixes,
    created: Option<String>,
    rest: Members<'d>,
) -> Members<'d> {
    let mut document = Members::default();
    let definitions = prefixes.definitions();
    let mut context = vec![Value::text(CONTEXT)];
    if !definitions.is_empty() {
        context.push(Value::Object(definitions));
    }
    document.set("@context", Value::List(context));
    document.set("type", Value::text(kind));
    document.set("schemaVersion", Value::text("2.0"));
    if let Some(created) = created {
        document.set("creationDate", Value::text(created));
    }
    document.append(rest);
    document
}

/// The members of a document, whose start was just read, up to its end; as each of the following does with its own.
fn document<'d>(reader: &mut Reader<'d>, kind: &str, prefixes: &mut Prefixes) -> Read<Members<'d>> {
    let mut members = Members::default();
    while reader.next_child()? {
        match (reader.element().is_standard(), reader.element().local()) {
            (true, "EPCISHeader") => {
                if let Some(list) = vocabulary_list(reader, prefixes)? {
                    let mut master_data = Members::default();
                    master_data.set("vocabularyList", list);
                    let mut header = Members::default();
                    header.set("epcisMasterData", Value::Object(master_data));
                    members.set("epcisHeader", Value::Object(header));
                }
            }
            (true, "EPCISBody") => members.set("epcisBody", Value::Object(body(reader, kind, prefixes)?)),
            (true, "extension") => reader.skip()?,
            (_, "ignoreFields") => ignore_fields(whole(reader)?, prefixes, &mut members),
            _ => extension::add(whole(reader)?, prefixes, &mut members),
        }
    }
    Ok(members)
}

/// The element that was just started, with all that is in it.
fn whole<'r, 'd>(reader: &'r mut Reader<'d>) -> Read<Node<'r, 'd>> {
    reader.complete()?;
    Ok(reader.element())
}

/// Fields that the event hash leaves out, by their names.
fn ignore_fields<'d>(element: Node<'_, 'd>, prefixes: &mut Prefixes, members: &mut Members<'d>) {
    let ignored = element.children().map(|field| Value::Text(prefixes.element(field))).collect();
    let name = prefixes.element(element);
    members.extend(name, ignored);
}

fn body<'d>(reader: &mut Reader<'d>, kind: &str, prefixes: &mut Prefixes) -> Read<Members<'d>> {
    let mut members = Members::default();
    while reader.next_child()? {
        match reader.element().local() {
            "EventList" => members.set("eventList", event_list(reader, prefixes)?),
            "QueryResults" if kind == "EPCISQueryDocument" => {
                members.set("queryResults", Value::Object(query_results(reader, prefixes)?));
            }
            // The body of a document of master data.
            "VocabularyList" => reader.skip()?,
            _ => extension::add(whole(reader)?, prefixes, &mut members),
        }
    }
    // The JSON form of a document always has the list.
    if kind == "EPCISDocument" && !members.contains("eventList") {
        members.set("eventList", Value::List(Vec::new()));
    }
    Ok(members)
}

fn query_results<'d>(reader: &mut Reader<'d>, prefixes: &mut Prefixes) -> Read<Members<'d>> {
    let mut members = Members::default();
    while reader.next_child()? {
        match reader.element().local() {
            "resultsBody" => members.set("resultsBody", Value::Object(results_body(reader, prefixes)?)),
            "ignoreFields" => ignore_fields(whole(reader)?, prefixes, &mut members),
            name @ ("queryName" | "subscriptionID") => members.set(name, Value::Text(whole(reader)?.text())),
            _ => extension::add(whole(reader)?, prefixes, &mut members),
        }
    }
    Ok(members)
}

fn results_body<'d>(reader: &mut Reader<'d>, prefixes: &mut Prefixes) -> Read<Members<'d>> {
    let mut members = Members::default();
    while reader.next_child()? {
        match reader.element().local() {
            "EventList" => members.set("eventList", event_list(reader, prefixes)?),
            "VocabularyList" => members.set("vocabularyList", vocabularies(reader, prefixes)?),
            _ => reader.skip()?,
        }
    }
    Ok(members)
}

/// Events, written one by one.
fn event_list<'d>(reader: &mut Reader<'d>, prefixes: &mut Prefixes) -> Read<Value<'d>> {
    let mut list = List::default();
    write_events(reader, prefixes, &mut list)?;
    Ok(list.into_value())
}

/// Events, also those that 1.2 has in an extension of the list.
fn write_events(reader: &mut Reader<'_>, prefixes: &mut Prefixes, list: &mut List) -> Read<()> {
    while reader.next_child()? {
        if reader.element().is_standard() && reader.element().local() == "extension" {
            write_events(reader, prefixes, list)?;
        } else {
            event(whole(reader)?, prefixes).write(list.next());
        }
    }
    Ok(())
}

/// A list whose elements are written as they come.
#[derive(Default)]
struct List {
    out: Vec<u8>,
}

impl List {
    /// Where the next element is to be written.
    fn next(&mut self) -> &mut Vec<u8> {
        self.out.push(if self.out.is_empty() { b'[' } else { b',' });
        &mut self.out
    }

    fn into_value<'d>(mut self) -> Value<'d> {
        if self.out.is_empty() {
            return Value::List(Vec::new());
        }
        self.out.push(b']');
        Value::Written(self.out)
    }
}

/// The first list of master data in a header. What the business document header says is of the transport.
fn vocabulary_list<'d>(reader: &mut Reader<'d>, prefixes: &mut Prefixes) -> Read<Option<Value<'d>>> {
    let mut found = None;
    while reader.next_child()? {
        if found.is_some() {
            reader.skip()?;
        } else if reader.element().local() == "VocabularyList" {
            found = Some(vocabularies(reader, prefixes)?);
        } else {
            found = vocabulary_list(reader, prefixes)?;
        }
    }
    Ok(found)
}

fn vocabularies<'d>(reader: &mut Reader<'d>, prefixes: &mut Prefixes) -> Read<Value<'d>> {
    let mut vocabularies = Vec::new();
    while reader.next_child()? {
        let mut members = Members::default();
        let kind = reader.element().attribute("type").cloned();
        members.set("type", Value::Text(kind.unwrap_or_default()));
        let mut list = List::default();
        while reader.next_child()? {
            while reader.next_child()? {
                vocabulary_element(whole(reader)?, prefixes).write(list.next());
            }
        }
        members.set("vocabularyElementList", list.into_value());
        vocabularies.push(Value::Object(members));
    }
    Ok(Value::List(vocabularies))
}

fn vocabulary_element<'d>(element: Node<'_, 'd>, prefixes: &mut Prefixes) -> Members<'d> {
    let id = |node: Node<'_, 'd>| Value::Text(node.attribute("id").cloned().unwrap_or_default());
    let mut members = Members::default();
    members.set("id", id(element));
    for part in element.children() {
        match part.local() {
            "attribute" => {
                let mut attribute = Members::default();
                attribute.set("id", id(part));
                let mut inner = Members::default();
                for child in part.children() {
                    extension::add(child, prefixes, &mut inner);
                }
                let value = if inner.is_empty() { Value::Text(part.text()) } else { Value::Object(inner) };
                attribute.set("attribute", value);
                members.extend("attributes", vec![Value::Object(attribute)]);
            }
            "children" => {
                members.extend("children", part.children().map(|id| Value::Text(id.text())).collect());
            }
            _ => extension::add(part, prefixes, &mut members),
        }
    }
    members
}
