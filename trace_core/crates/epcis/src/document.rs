//! From bytes to the events of a capture document, whatever shape it has.

use std::borrow::Cow;

use json::{Bump, List, Object, Value, read, read_outline};

use crate::context::Context;
use crate::problem::Problem;

/// Where the events stand in the two kinds of documents.
const EVENT_LIST: &[&str] = &["epcisBody", "eventList"];
/// Where the header has its master data.
pub(crate) const MASTER_DATA: [&str; 3] = ["epcisHeader", "epcisMasterData", "vocabularyList"];
const RESULT_LIST: &[&str] = &["epcisBody", "queryResults", "resultsBody", "eventList"];

/// A capture document, not yet held against the schema. Its events are read from it afterwards, a few at a
/// time, so that memory does not grow with their number.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    /// The root of the document; a list of events in it is empty.
    pub root: &'a Object<'a>,
    /// Its context.
    pub context: Context<'a>,
    /// JSON pointer of the list of events; empty for a bare event.
    pub list_pointer: &'static str,
    list: Option<List<'a>>,
}

/// The events of a document that were not read yet.
#[derive(Clone, Debug)]
pub enum Events<'a> {
    /// The document is this event.
    Bare(Option<&'a Object<'a>>),
    /// The rest of a list, at this pointer.
    Listed(Option<List<'a>>, &'static str),
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

    /// Whether its header brings master data.
    #[must_use]
    pub fn has_master_data(&self) -> bool {
        at(self.root, &MASTER_DATA).is_some()
    }

    /// Its events, from the first.
    #[must_use]
    pub fn events(&self) -> Events<'a> {
        if self.is_bare() {
            Events::Bare(Some(self.root))
        } else {
            Events::Listed(self.list.clone(), self.list_pointer)
        }
    }

    /// The effective context of one event: the document's, then the event's own. A bare event's own
    /// is the document's already.
    #[must_use]
    pub fn context_of<'c>(&self, event: &RawEvent<'c>) -> Cow<'_, Context<'c>>
    where
        'a: 'c,
    {
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

impl<'a> Events<'a> {
    /// The events in parts of 128, the last of fewer: one after the other they give the same, up to the first
    /// error. Parts behind an error may give anything.
    #[must_use]
    pub fn parts(self) -> Vec<Self> {
        match self {
            Self::Listed(Some(list), pointer) => {
                list.parts().into_iter().map(|list| Self::Listed(Some(list), pointer)).collect()
            }
            other => vec![other],
        }
    }

    /// The rest of the list, unless the document is a bare event or has none.
    pub fn list(&mut self) -> Option<&mut List<'a>> {
        match self {
            Self::Listed(list, _) => list.as_mut(),
            Self::Bare(_) => None,
        }
    }

    /// The next events, `count_max` at most; none at the end.
    ///
    /// # Errors
    /// A [`Problem`] of the whole document: an event is not JSON in the strict reading of crate `json`, or
    /// something in the list is no object (named by its pointer, with its index).
    pub fn next<'c>(&mut self, count_max: usize, arena: &'c Bump) -> Result<Vec<RawEvent<'c>>, Problem>
    where
        'a: 'c,
    {
        match self {
            Self::Bare(event) => {
                Ok(event.take().map(|object| RawEvent { index: 0, object }).into_iter().collect())
            }
            Self::Listed(None, _) => Ok(Vec::new()),
            Self::Listed(Some(list), pointer) => {
                let first = list.index();
                let elements = list.next(count_max, arena).map_err(of_read_error)?;
                let event = |(index, element): (usize, Value<'c>)| match element {
                    Value::Object(object) => Ok(RawEvent { index, object }),
                    _ => Err(Problem {
                        event_index: Some(index),
                        ..Problem::of_document(
                            format!("{pointer}/{index}"),
                            "type",
                            "expected an event, an object",
                        )
                    }),
                };
                (first..).zip(elements).map(event).collect()
            }
        }
    }
}

/// Reads an `EPCISDocument`, an `EPCISQueryDocument` or one bare event, but for the events of a list.
///
/// # Errors
/// A [`Problem`] of the whole document: not JSON in the strict reading of crate `json`, no object, an
/// unknown `type`, or no list of events where one belongs.
pub fn read_document<'a>(body: &'a [u8], arena: &'a Bump) -> Result<Document<'a>, Problem> {
    let (root, list) = read_outline(body, &[EVENT_LIST, RESULT_LIST], arena).map_err(of_read_error)?;
    let mut root = as_root(root)?;
    let (path, list_pointer) = match root.get("type").and_then(Value::as_str) {
        Some("EPCISDocument") => (EVENT_LIST, "/epcisBody/eventList"),
        Some("EPCISQueryDocument") => (RESULT_LIST, "/epcisBody/queryResults/resultsBody/eventList"),
        Some(_) => (&[][..], ""),
        None => return Err(Problem::of_document("/type", "required", "the document has no type")),
    };
    match &list {
        // What stands there in an event is a member like any other.
        Some(_) if path.is_empty() => root = as_root(read(body, arena).map_err(of_read_error)?)?,
        Some(list) if list.path() != path => {
            let pointer = format!("/{}", list.path().join("/"));
            return Err(Problem::of_document(
                pointer,
                "unknown_property",
                "a list of events is not known here",
            ));
        }
        // The standard lets a document carry master data alone.
        None if !path.is_empty() && at(root, path).is_some() => {
            return Err(Problem::of_document(list_pointer, "type", "expected an array of events"));
        }
        _ => (),
    }
    let context = Context::default().with(root.get("@context"));
    Ok(Document { root, context, list_pointer, list })
}

fn as_root(value: Value<'_>) -> Result<&Object<'_>, Problem> {
    value.as_object().ok_or_else(|| Problem::of_document("", "type", "expected a JSON object"))
}

fn of_read_error(error: json::ReadError) -> Problem {
    let message = format!("{} at byte {}", error.message, error.offset);
    Problem::of_document(error.pointer, error.code.as_str(), message)
}

pub(crate) fn at<'a>(root: &'a Object<'a>, path: &[&str]) -> Option<Value<'a>> {
    path.iter().try_fold(Value::Object(root), |value, name| value.as_object()?.get(name))
}
