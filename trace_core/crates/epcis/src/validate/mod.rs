//! Holds documents against the standard's JSON schema, and reports everything that breaks it.
//!
//! The shapes stand in tables (`shape`), after the schemas of EPCIS 2.0. Where more clients must work
//! than the schemas let in, they do: vocabulary is also taken as the URN of CBV 1.x, prefixes may hold
//! an underscore, URIs may hold characters beyond ASCII. Where the schemas let in what nothing can work
//! with, it is refused: times must be real times of the years 1970 to 2100.

mod findings;
mod form;
mod presence;
mod shape;

use std::fmt::Write as _;

use json::{Member, Object, Value, write_pointer_token};

pub(crate) use findings::may_hold_keys;
pub(crate) use form::{is_uom, is_uri};
pub(crate) use presence::{Presence, Required};

use crate::document::{Document, RawEvent};
use crate::event::EventType;
use crate::problem::{Problem, Severity};
use crate::vocabulary::is_same;
use shape::{BARE_EVENT, DOCUMENT, EVENT_LIST_OWNERS, QUERY_DOCUMENT, Shape, shape_of};

/// Every error of a document but those of its events.
#[must_use]
pub fn validate_document(document: &Document<'_>) -> Vec<Problem> {
    let mut report = Report { problems: Vec::new(), event_index: None };
    let root = &Path::ROOT;
    if document.is_bare() {
        report.object(document.root, &BARE_EVENT, root);
    } else {
        let query = document.root.get("type") == Some(Value::String("EPCISQueryDocument"));
        report.object(document.root, if query { &QUERY_DOCUMENT } else { &DOCUMENT }, root);
        // Master data may come by itself.
        if !document.has_master_data() {
            report.list_owners(document.root, EVENT_LIST_OWNERS[usize::from(query)], root);
        }
    }
    report.problems
}

/// Every error of one event of a document, and every finding: a GS1 key whose check digit does not fit,
/// which has a part that is too long or a character that may not be. Cost: one pass; no allocation where
/// nothing is wrong.
#[must_use]
pub fn validate_event(document: &Document<'_>, event: &RawEvent<'_>) -> Vec<Problem> {
    let mut report = Report { problems: Vec::new(), event_index: Some(event.index) };
    let list = Path { parent: None, token: Token::Pointer(document.list_pointer) };
    let path = if document.is_bare() {
        list
    } else {
        Path { parent: Some(&list), token: Token::Index(event.index) }
    };
    report.event(event.object, &path);
    report.findings(event.object.members, &path);
    report.problems
}

/// Whether nothing is to be said of one member of an event of this type, neither error nor finding.
pub(crate) fn is_member_clean(member: &Member<'_>, event_type: EventType) -> bool {
    let mut report = Report::default();
    report.member(member, shape_of(event_type), &Path::ROOT);
    report.findings(std::slice::from_ref(member), &Path::ROOT);
    report.problems.is_empty()
}

/// Whether the standard knows a member of events of this type.
pub(crate) fn is_known(name: &str, event_type: EventType) -> bool {
    shape_of(event_type).members.iter().any(|known| is_same(known.name, name))
}

/// Where something stands, from the inside out; it becomes a JSON pointer only when something is wrong.
#[derive(Clone, Copy)]
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    token: Token<'p>,
}

#[derive(Clone, Copy)]
enum Token<'p> {
    Root,
    Pointer(&'p str),
    Name(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    const ROOT: Self = Self { parent: None, token: Token::Root };

    fn name(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), token: Token::Name(name) }
    }

    fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), token: Token::Index(index) }
    }

    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        match self.token {
            Token::Root => (),
            Token::Pointer(pointer) => out.push_str(pointer),
            Token::Name(name) => write_pointer_token(name, out),
            Token::Index(index) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "/{index}");
            }
        }
    }
}

#[derive(Default)]
struct Report {
    problems: Vec<Problem>,
    event_index: Option<usize>,
}

impl Report {
    fn error(&mut self, path: &Path<'_>, code: &'static str, message: impl Into<String>) {
        self.problem(path, code, message.into(), Severity::Error);
    }

    fn problem(&mut self, path: &Path<'_>, code: &'static str, message: String, severity: Severity) {
        let mut pointer = String::new();
        path.write(&mut pointer);
        self.problems.push(Problem { event_index: self.event_index, pointer, code, message, severity });
    }

    fn object(&mut self, object: &Object<'_>, shape: &Shape, path: &Path<'_>) {
        for member in object.members {
            self.member(member, shape, path);
        }
        self.required(object, shape, path);
    }

    fn member(&mut self, member: &Member<'_>, shape: &Shape, path: &Path<'_>) {
        let path = path.name(member.name);
        match shape.members.iter().find(|known| is_same(known.name, member.name)) {
            Some(known) => self.value(member.value, &known.form, &path),
            None if shape.open || (!shape.closed && form::is_uri(member.name)) => (),
            None => {
                let why = if shape.closed { "is not known here" } else { "needs a namespace prefix" };
                self.error(&path, "unknown_property", format!("{} {why}", form::quote(member.name)));
            }
        }
    }

    fn required(&mut self, object: &Object<'_>, shape: &Shape, path: &Path<'_>) {
        for known in shape.members.iter().filter(|known| known.required) {
            if object.get(known.name).is_none() {
                self.error(&path.name(known.name), "required", format!("{} is missing", known.name));
            }
        }
    }

    /// The objects around the list of events must be there.
    fn list_owners(&mut self, root: &Object<'_>, owners: &[&str], path: &Path<'_>) {
        let Some((name, rest)) = owners.split_first() else { return };
        let path = path.name(name);
        match root.get(name) {
            None => self.error(&path, "required", format!("{name} is missing")),
            Some(Value::Object(owner)) => self.list_owners(owner, rest, &path),
            Some(_) if rest.is_empty() => (),
            Some(_) => self.error(&path, "type", "expected an object"),
        }
    }

    fn event(&mut self, event: &Object<'_>, path: &Path<'_>) {
        let type_path = path.name("type");
        let Some(type_value) = event.get("type") else {
            return self.error(&type_path, "required", "type is missing");
        };
        let Some(type_name) = type_value.as_str() else {
            return self.error(&type_path, "type", "expected a string");
        };
        let Some(event_type) = EventType::of(type_name) else {
            let message = format!("{} is not one of the five event types, nor a URI", form::quote(type_name));
            return self.error(&type_path, "enum", message);
        };
        self.object(event, shape_of(event_type), path);
        self.combination(Presence::of_object(event), event_type, path);
    }
}
