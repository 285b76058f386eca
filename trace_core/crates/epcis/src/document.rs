//! From bytes to the events of a capture document, whatever shape it has.

use std::borrow::Cow;

use json::{Bump, Object, Value, read};

use crate::context::Context;
use crate::problem::Problem;

/// A capture document, read but not yet held against the schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    /// The root of the document.
    pub root: &'a Object<'a>,
    /// Its context.
    pub context: Context<'a>,
    /// Its events in order.
    pub events: Vec<RawEvent<'a>>,
    /// JSON pointer of the list of events; empty for a bare event.
    pub list_pointer: &'static str,
}

/// One event as it came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawEvent<'a> {
    /// Its place in the document's list.
    pub index: usize,
    /// Its members; `source` holds its exact bytes.
    pub object: &'a Object<'a>,
}

impl<'a> Document<'a> {
    /// Whether the document is one event by itself.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.list_pointer.is_empty()
    }

    /// The effective context of one event: the document's, then the event's own. A bare event's own
    /// is the document's already.
    #[must_use]
    pub fn context_of(&self, event: &RawEvent<'a>) -> Cow<'_, Context<'a>> {
        match event.object.get("@context") {
            Some(own) if !self.is_bare() => Cow::Owned(self.context.with(Some(own))),
            _ => Cow::Borrowed(&self.context),
        }
    }

    /// Members that the document wants left out of event hash ids: what `…:ignoreFields` lists in the
    /// document or in its query results.
    #[must_use]
    pub fn ignored_fields(&self) -> Vec<&'a str> {
        let results = at(self.root, &["epcisBody", "queryResults"]).and_then(Value::as_object);
        let members = [Some(self.root), results].into_iter().flatten().flat_map(|object| object.members);
        let lists = members.filter(|member| member.name.ends_with(":ignoreFields"));
        lists
            .filter_map(|member| member.value.as_array())
            .flatten()
            .filter_map(|name| name.as_str())
            .collect()
    }

    /// A problem whose pointer is relative to an event, as one of the document.
    #[must_use]
    pub fn locate(&self, event_index: usize, problem: Problem) -> Problem {
        let pointer = self.pointer_of(event_index) + &problem.pointer;
        Problem { event_index: Some(event_index), pointer, ..problem }
    }

    /// JSON pointer of one event from the root of the document.
    #[must_use]
    pub fn pointer_of(&self, event_index: usize) -> String {
        if self.is_bare() { String::new() } else { format!("{}/{event_index}", self.list_pointer) }
    }
}

/// Reads an `EPCISDocument`, an `EPCISQueryDocument` or one bare event.
///
/// # Errors
/// A [`Problem`] of the whole document: not JSON in the strict reading of crate `json`, no object, an
/// unknown `type`, no list of events where one belongs, or something in that list that is no object
/// (named by its pointer, with its index).
pub fn read_document<'a>(body: &'a [u8], arena: &'a Bump) -> Result<Document<'a>, Problem> {
    let root = read(body, arena).map_err(|error| {
        let message = format!("{} at byte {}", error.message, error.offset);
        Problem::of_document(error.pointer, error.code.as_str(), message)
    })?;
    let root = root.as_object().ok_or_else(|| Problem::of_document("", "type", "expected a JSON object"))?;
    let context = Context::default().with(root.get("@context"));
    let (list, list_pointer) = match root.get("type").and_then(Value::as_str) {
        Some("EPCISDocument") => (at(root, &["epcisBody", "eventList"]), "/epcisBody/eventList"),
        Some("EPCISQueryDocument") => (
            at(root, &["epcisBody", "queryResults", "resultsBody", "eventList"]),
            "/epcisBody/queryResults/resultsBody/eventList",
        ),
        Some(_) => (Some(Value::Object(root)), ""),
        None => return Err(Problem::of_document("/type", "required", "the document has no type")),
    };
    let events = match list {
        Some(Value::Object(event)) if list_pointer.is_empty() => vec![RawEvent { index: 0, object: event }],
        Some(Value::Array(elements)) => events_of(elements, list_pointer)?,
        // The standard lets a document carry master data alone.
        None => Vec::new(),
        Some(_) => return Err(Problem::of_document(list_pointer, "type", "expected an array of events")),
    };
    Ok(Document { root, context, events, list_pointer })
}

fn at<'a>(root: &'a Object<'a>, path: &[&str]) -> Option<Value<'a>> {
    path.iter().try_fold(Value::Object(root), |value, name| value.as_object()?.get(name))
}

fn events_of<'a>(elements: &'a [Value<'a>], list_pointer: &str) -> Result<Vec<RawEvent<'a>>, Problem> {
    let event = |(index, element): (usize, &Value<'a>)| match element {
        Value::Object(object) => Ok(RawEvent { index, object }),
        _ => Err(Problem {
            event_index: Some(index),
            ..Problem::of_document(format!("{list_pointer}/{index}"), "type", "expected an event, an object")
        }),
    };
    elements.iter().enumerate().map(event).collect()
}
