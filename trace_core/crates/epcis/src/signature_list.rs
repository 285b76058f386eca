//! The member of a document that has a signature for each of its events.

use json::{Object, Value, write_canonical_string, write_pointer_token};

use crate::context::Context;
use crate::document::Document;
use crate::problem::Problem;

/// The member's name. A document may give a prefix to its namespace, `urn:wayproof:`, and write it with that.
pub const SIGNATURE_LIST: &str = "urn:wayproof:signatureList";

/// Signatures of the events of a document in their order, as they came.
#[derive(Clone, Debug, PartialEq)]
pub struct SignatureList<'a> {
    /// JSON pointer of the list.
    pub pointer: String,
    /// For each event a text, or nothing.
    pub elements: &'a [Value<'a>],
}

impl<'a> Document<'a> {
    /// The signatures that a document has for its events; none in a bare event, where this name is a user's.
    ///
    /// # Errors
    /// A [`Problem`] of the document: two such members, or one that is no list.
    pub fn signature_list(&self) -> Result<Option<SignatureList<'a>>, Problem> {
        let mut found = None;
        for member in self.root.members {
            if self.is_bare() || !is_signature_list(member.name, &self.context) {
                continue;
            }
            let mut pointer = String::new();
            write_pointer_token(member.name, &mut pointer);
            let Some(elements) = member.value.as_array() else {
                return Err(Problem::of_document(pointer, "type", "expected an array of signatures"));
            };
            if found.is_some() {
                return Err(Problem::of_document(pointer, "signature", "a second list of signatures"));
            }
            found = Some(SignatureList { pointer, elements });
        }
        Ok(found)
    }
}

impl<'a> SignatureList<'a> {
    /// The signature of the event at a place; none, where null or an empty text stands, as XML has it.
    ///
    /// # Errors
    /// A [`Problem`] of the event: what stands there is no text.
    pub fn text(&self, index: usize) -> Result<Option<&'a str>, Problem> {
        match self.elements.get(index) {
            None | Some(Value::Null | Value::String("")) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.problem(index, "type", "expected a text, or null where nobody signed")),
        }
    }

    /// What is wrong with the signature of the event at a place.
    #[must_use]
    pub fn problem(&self, index: usize, code: &'static str, message: impl Into<String>) -> Problem {
        let pointer = format!("{}/{index}", self.pointer);
        Problem { event_index: Some(index), ..Problem::of_document(pointer, code, message) }
    }
}

/// The members of a document but its body and its signatures.
pub(crate) fn other_members<'a>(root: &Object<'a>, context: &Context<'_>) -> Vec<(&'a str, Value<'a>)> {
    let is_other = |name: &str| name != "epcisBody" && !is_signature_list(name, context);
    root.members.iter().filter(|m| is_other(m.name)).map(|m| (m.name, m.value)).collect()
}

/// `,"urn:wayproof:signatureList":[…]`, of texts and of null where there is none.
pub(crate) fn write_signature_list<'t>(texts: impl Iterator<Item = Option<&'t str>>, out: &mut Vec<u8>) {
    out.push(b',');
    write_canonical_string(SIGNATURE_LIST, out);
    out.extend_from_slice(b":[");
    for (n, text) in texts.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        match text {
            Some(text) => write_canonical_string(text, out),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b']');
}

fn is_signature_list(name: &str, context: &Context<'_>) -> bool {
    let is_ours = |prefix| prefix == "urn:wayproof" || context.declared(prefix) == Some("urn:wayproof:");
    name.strip_suffix(":signatureList").is_some_and(is_ours)
}
