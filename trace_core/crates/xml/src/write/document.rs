//! Documents: header, body, and the events from their list, a few at a time.

use epcis::{Document, Problem, read_document};
use json::{Bump, Member, Object, Value};

use super::event::{each, event, object, only};
use super::extension;
use super::markup::Markup;
use super::refusal::{Within, Written, refuse};
use super::scope::{Definitions, Scope};
use crate::names::{XSD, XSI};
use crate::vocabulary::Cbv;

/// Events that are in memory as trees at once.
const CHUNK_EVENTS: usize = 64;
const SBDH: &str = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader";

struct Writer<'w, 'a> {
    document: &'w Document<'a>,
    definitions: &'w Definitions<'a>,
    cbv: Cbv,
    /// Where an event could not be written: the problem, as of the document.
    of_event: Option<Problem>,
}

/// The EPCIS 2.0 XML form of an `EPCISDocument` or `EPCISQueryDocument` in JSON-LD, its CBV words in the form that
/// is wished. [`to_json`](crate::to_json) reads it as events with the same event hash ids. What is valid EPCIS 2.0
/// JSON becomes valid by the standard's XSD, but for events with several `certificationInfo`, of which the XSD has
/// one. The `id` of the document is left out; sender, receiver and instance identifier become a business document
/// header where all three are there. Cost: one pass.
///
/// # Errors
/// The first [`Problem`]: no document, or what XML cannot hold — a character, a name, a list in a list, anything but
/// texts and numbers in members of users in sensor reports, elements nested deeper than 64, a document 32 times as
/// long — or a member that the standard does not know and that has no prefix.
pub fn to_xml(json: &[u8], cbv: Cbv) -> Result<Vec<u8>, Problem> {
    let arena = Bump::new();
    let document = read_document(json, &arena)?;
    if document.is_bare() {
        let message = "expected an EPCISDocument or an EPCISQueryDocument";
        return Err(Problem::of_document("/type", "type", message));
    }
    let definitions = Definitions::of(document.root.get("@context"));
    let mut out = Markup::of_json(json.len());
    let mut writer = Writer { document: &document, definitions: &definitions, cbv, of_event: None };
    match writer.document(&mut out) {
        Ok(()) => Ok(out.into_bytes()),
        Err(refusal) => Err(writer.of_event.unwrap_or_else(|| refusal.into_problem())),
    }
}

impl Writer<'_, '_> {
    fn document(&mut self, out: &mut Markup) -> Written {
        let root = self.document.root;
        let is_query = root.get("type").and_then(Value::as_str) == Some("EPCISQueryDocument");
        let name = if is_query { "epcisq:EPCISQueryDocument" } else { "epcis:EPCISDocument" };
        out.element(name, |out| {
            if is_query {
                out.attribute("xmlns:epcisq", "urn:epcglobal:epcis-query:xsd:2")?;
            } else {
                out.attribute("xmlns:epcis", "urn:epcglobal:epcis:xsd:2")?;
            }
            out.attribute("xmlns:xsi", XSI)?;
            out.attribute("xmlns:xsd", XSD)?;
            self.definitions.declare(out).within("@context")?;
            out.attribute("schemaVersion", "2.0")?;
            out.attribute("creationDate", text(root, "creationDate")?)?;
            self.header(out, root)?;
            let body = root.get("epcisBody").map(object).transpose().within("epcisBody")?;
            out.element("EPCISBody", |out| match body {
                Some(body) if is_query => self.query_body(out, body),
                Some(body) => self.body(out, body),
                None => Ok(()),
            })
            .within("epcisBody")?;
            self.rest(
                out,
                root,
                &[
                    "@context",
                    "type",
                    "schemaVersion",
                    "creationDate",
                    "id",
                    "sender",
                    "receiver",
                    "instanceIdentifier",
                    "epcisHeader",
                    "epcisBody",
                ],
            )
        })
    }

    fn body(&mut self, out: &mut Markup, body: &Object<'_>) -> Written {
        if body.get("eventList").is_some() {
            self.events(out)?;
        }
        self.rest(out, body, &["eventList"])
    }

    fn query_body(&mut self, out: &mut Markup, body: &Object<'_>) -> Written {
        only(body, &["queryResults"])?;
        let Some(results) = body.get("queryResults") else {
            return refuse("required", "there are no results");
        };
        let mut write = || {
            let results = object(results)?;
            out.element("epcisq:QueryResults", |out| {
                out.text_element("queryName", text(results, "queryName")?)?;
                if results.get("subscriptionID").is_some() {
                    out.text_element("subscriptionID", text(results, "subscriptionID")?)?;
                }
                let body = results.get("resultsBody");
                let body = body.map_or_else(|| refuse("required", "there is no body"), object);
                out.element("resultsBody", |out| self.results(out, body?)).within("resultsBody")?;
                self.rest(out, results, &["queryName", "subscriptionID", "resultsBody"])
            })
        };
        write().within("queryResults")
    }

    fn results(&mut self, out: &mut Markup, body: &Object<'_>) -> Written {
        only(body, &["eventList", "vocabularyList"])?;
        match body.get("vocabularyList") {
            Some(vocabularies) if body.get("eventList").is_none() => self.vocabularies(out, vocabularies),
            Some(_) => refuse("unknown_property", "XML has events or vocabularies here, not both"),
            None => self.events(out),
        }
    }

    /// The list of events, which is read from the text as it is written.
    fn events(&mut self, out: &mut Markup) -> Written {
        out.element("EventList", |out| {
            let mut values = Bump::new();
            let mut events = self.document.events();
            loop {
                values.reset();
                let chunk = match events.next(CHUNK_EVENTS, &values) {
                    Ok(chunk) => chunk,
                    Err(problem) => return self.fail(problem),
                };
                if chunk.is_empty() {
                    return Ok(());
                }
                for raw in chunk {
                    out.new_line();
                    let definitions: &Definitions<'_> = self.definitions;
                    if let Err(refusal) = event(out, definitions, self.cbv, raw.object) {
                        let problem = self.document.locate(raw.index, refusal.into_problem());
                        return self.fail(problem);
                    }
                }
            }
        })
    }

    /// Keeps a problem that has its pointer already.
    fn fail(&mut self, problem: Problem) -> Written {
        let refused = refuse(problem.code, problem.message.clone());
        self.of_event = Some(problem);
        refused
    }

    fn header(&self, out: &mut Markup, root: &Object<'_>) -> Written {
        let master_data = match root.get("epcisHeader") {
            Some(header) => {
                let header = object(header).within("epcisHeader")?;
                only(header, &["epcisMasterData"]).within("epcisHeader")?;
                header.get("epcisMasterData")
            }
            None => None,
        };
        let has_transport =
            ["sender", "receiver", "instanceIdentifier"].iter().all(|name| root.get(name).is_some());
        if !has_transport && master_data.is_none() {
            return Ok(());
        }
        out.element("EPCISHeader", |out| {
            if has_transport {
                business_header(out, root)?;
            }
            let Some(master_data) = master_data else { return Ok(()) };
            let write = |out: &mut Markup| {
                let master_data = object(master_data)?;
                only(master_data, &["vocabularyList"])?;
                let vocabularies = master_data.get("vocabularyList").unwrap_or(Value::Array(&[]));
                out.element("EPCISMasterData", |out| self.vocabularies(out, vocabularies))
            };
            out.element("extension", write).within("epcisMasterData").within("epcisHeader")
        })
    }

    fn vocabularies(&self, out: &mut Markup, list: Value<'_>) -> Written {
        let write = |out: &mut Markup, vocabulary: &Object<'_>| {
            out.element("Vocabulary", |out| {
                out.attribute("type", text(vocabulary, "type")?)?;
                let elements = vocabulary.get("vocabularyElementList").unwrap_or(Value::Array(&[]));
                if elements.as_array() != Some(&[]) {
                    let write =
                        |out: &mut Markup| each(elements, |one| self.vocabulary_element(out, object(one)?));
                    out.element("VocabularyElementList", write).within("vocabularyElementList")?;
                }
                self.rest(out, vocabulary, &["type", "vocabularyElementList"])
            })
        };
        out.element("VocabularyList", |out| each(list, |one| write(out, object(one)?)))
            .within("vocabularyList")
    }

    fn vocabulary_element(&self, out: &mut Markup, element: &Object<'_>) -> Written {
        out.element("VocabularyElement", |out| {
            out.attribute("id", text(element, "id")?)?;
            if let Some(attributes) = element.get("attributes") {
                each(attributes, |one| self.attribute(out, object(one)?)).within("attributes")?;
            }
            if let Some(children) = element.get("children") {
                let id = |out: &mut Markup, id: Value<'_>| match id {
                    Value::String(id) => out.text_element("id", id),
                    _ => refuse("type", "expected a string"),
                };
                out.element("children", |out| each(children, |one| id(out, one))).within("children")?;
            }
            self.rest(out, element, &["id", "attributes", "children"])
        })
    }

    fn attribute(&self, out: &mut Markup, attribute: &Object<'_>) -> Written {
        only(attribute, &["id", "attribute"])?;
        out.element("attribute", |out| {
            out.attribute("id", text(attribute, "id")?)?;
            let scope = Scope::of_document(self.definitions);
            match attribute.get("attribute") {
                Some(Value::String(text)) => out.text(&scope.expanded(text)),
                Some(Value::Number(literal)) => out.text(literal),
                Some(Value::Bool(is_so)) => out.text(if is_so { "true" } else { "false" }),
                Some(Value::Object(object)) => extension::members(out, scope, object),
                Some(_) => refuse("type", "XML has a text or elements here"),
                None => Ok(()),
            }
            .within("attribute")
        })
    }

    /// Members that are not the standard's, by their prefix.
    fn rest(&self, out: &mut Markup, object: &Object<'_>, standard: &[&str]) -> Written {
        let rest = object.members.iter().filter(|member| !standard.contains(&member.name));
        for member in rest {
            self.extension(out, member).within(member.name)?;
        }
        Ok(())
    }

    fn extension(&self, out: &mut Markup, member: &Member<'_>) -> Written {
        let scope = Scope::of_document(self.definitions);
        match member.value {
            _ if !member.name.contains(':') => {
                refuse("unknown_property", "the standard has no such element here, and it has no prefix")
            }
            // Names of elements, as elements.
            Value::Array(_) if member.name.ends_with(":ignoreFields") => {
                scope.name(member.name)?.element(out, |out| {
                    each(member.value, |field| match field {
                        Value::String(field) => scope.name(field)?.element(out, |_| Ok(())),
                        _ => refuse("type", "expected the name of a field"),
                    })
                })
            }
            value => extension::member(out, scope, member.name, value),
        }
    }
}

/// What the JSON form says of the transport, as a business document header.
fn business_header(out: &mut Markup, root: &Object<'_>) -> Written {
    let partner = |out: &mut Markup, name: &str, member: &str| {
        let identifier = text(root, member)?;
        out.element(name, |out| out.text_element("sbdh:Identifier", identifier))
    };
    out.element("sbdh:StandardBusinessDocumentHeader", |out| {
        out.attribute("xmlns:sbdh", SBDH)?;
        out.text_element("sbdh:HeaderVersion", "1.0")?;
        partner(out, "sbdh:Sender", "sender")?;
        partner(out, "sbdh:Receiver", "receiver")?;
        out.element("sbdh:DocumentIdentification", |out| {
            out.text_element("sbdh:Standard", "EPCglobal")?;
            out.text_element("sbdh:TypeVersion", "2.0")?;
            out.text_element("sbdh:InstanceIdentifier", text(root, "instanceIdentifier")?)?;
            out.text_element("sbdh:Type", "Events")?;
            out.text_element("sbdh:CreationDateAndTime", text(root, "creationDate")?)
        })
    })
}

/// The text of a member that must be there.
fn text<'v>(object: &Object<'v>, name: &str) -> Written<&'v str> {
    match object.get(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => refuse("type", "expected a string").within(name),
        None => refuse("required", "XML must have this").within(name),
    }
}
