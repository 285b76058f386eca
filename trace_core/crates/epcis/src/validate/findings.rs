//! What is wrong with GS1 keys: kept with the event, because published events hold such keys.

use json::{Object, Value};

use super::{Path, Token};
use crate::document::Document;
use crate::problem::{Problem, Severity};

/// Members of an event, and of objects in it, whose values are keys, or hold objects with such members.
fn may_hold_keys(name: &str) -> bool {
    matches!(
        name,
        "epcList"
            | "childEPCs"
            | "inputEPCList"
            | "outputEPCList"
            | "parentID"
            | "epcClass"
            | "id"
            | "source"
            | "destination"
            | "bizTransaction"
            | "transformationID"
            | "deviceID"
            | "quantityList"
            | "childQuantityList"
            | "inputQuantityList"
            | "outputQuantityList"
            | "readPoint"
            | "bizLocation"
            | "sourceList"
            | "destinationList"
            | "bizTransactionList"
            | "sensorElementList"
            | "sensorMetadata"
    )
}

/// A finding for each GS1 key that is wrong: a check digit that does not fit, a part that is too long, a
/// character that may not be. The code is that of `gs1::Finding`. Cost: one look at each key.
#[must_use]
pub fn findings(document: &Document<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    let list = Path { parent: None, token: Token::Pointer(document.list_pointer) };
    for event in &document.events {
        let bare = document.is_bare();
        let path = if bare { list } else { Path { parent: Some(&list), token: Token::Index(event.index) } };
        of_object(event.object, event.index, &path, &mut found);
    }
    found
}

fn of_object(object: &Object<'_>, event_index: usize, path: &Path<'_>, found: &mut Vec<Problem>) {
    for member in object.members {
        if may_hold_keys(member.name) {
            of_value(member.value, event_index, &path.name(member.name), found);
        }
    }
}

fn of_value(value: Value<'_>, event_index: usize, path: &Path<'_>, found: &mut Vec<Problem>) {
    match value {
        Value::String(text) => {
            if let Some(finding) = gs1::findings(text) {
                let mut pointer = String::new();
                path.write(&mut pointer);
                let (code, severity) = (finding.code(), Severity::Finding);
                let message = format!("{} is no valid GS1 key: {code}", super::form::quote(text));
                found.push(Problem { event_index: Some(event_index), pointer, code, message, severity });
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                of_value(*element, event_index, &path.index(index), found);
            }
        }
        Value::Object(object) => of_object(object, event_index, path, found),
        _ => (),
    }
}
