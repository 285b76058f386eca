//! Master data in the header of a document: what places, parties, products and lots are called and are like.

use std::borrow::Cow;

use json::{Object, Value};

use crate::document::{Document, MASTER_DATA, at};
use crate::problem::Problem;

/// Elements of master data in one document.
pub const MASTER_DATA_ELEMENTS_MAX: usize = 10_000;

/// One element of a vocabulary (EPCIS 2.0 §7.1.2).
#[derive(Clone, Debug, PartialEq)]
pub struct MasterDatum<'a> {
    /// The vocabulary's type, such as `urn:epcglobal:epcis:vtype:BusinessLocation`.
    pub vocabulary: &'a str,
    /// What it is about: the one name of a GS1 key, any other URI as it was written.
    pub id: Cow<'a, str>,
    /// The element, with its attributes and children.
    pub element: &'a Object<'a>,
}

/// The master data of a document that is valid, in its order.
///
/// # Errors
/// More than [`MASTER_DATA_ELEMENTS_MAX`] elements.
pub fn master_data<'a>(document: &Document<'a>) -> Result<Vec<MasterDatum<'a>>, Problem> {
    let list = at(document.root, &MASTER_DATA);
    let mut all = Vec::new();
    for vocabulary in objects(list) {
        let Some(name) = vocabulary.get("type").and_then(Value::as_str) else { continue };
        for element in objects(vocabulary.get("vocabularyElementList")) {
            let Some(id) = element.get("id").and_then(Value::as_str) else { continue };
            let id = gs1::item_key(id).map_or(Cow::Borrowed(id), |key| Cow::Owned(key.uri()));
            all.push(MasterDatum { vocabulary: name, id, element });
        }
    }
    if all.len() > MASTER_DATA_ELEMENTS_MAX {
        let message = format!("a document has at most {MASTER_DATA_ELEMENTS_MAX} elements of master data");
        let pointer = "/epcisHeader/epcisMasterData/vocabularyList";
        return Err(Problem::of_document(pointer, "too_many_elements", message));
    }
    Ok(all)
}

fn objects(list: Option<Value<'_>>) -> impl Iterator<Item = &Object<'_>> {
    list.and_then(Value::as_array).unwrap_or_default().iter().filter_map(|value| value.as_object())
}
