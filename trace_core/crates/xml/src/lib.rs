//! EPCIS 1.2 and 2.0 XML as EPCIS 2.0 JSON-LD: one text of one form, which everything after it reads.
//!
//! Elements of the standard become members of its JSON form, wherever 1.2 wraps them in `extension` and
//! `baseExtension`; elements and attributes of users become members with the prefix of their namespace, which
//! the context declares. Texts stay as they are but for vocabulary, which gets the short names of the JSON form.
//! What is not of the standard is not judged here: the JSON form is validated like any other.
//! And the other way: EPCIS 2.0 JSON-LD as EPCIS 2.0 XML, valid by the standard's XSD.
#![forbid(unsafe_code)]

mod document;
mod event;
mod extension;
mod names;
mod reader;
mod value;
mod vocabulary;
mod write;

pub use document::{NODES_MAX, XmlProblem, to_json};
pub use vocabulary::Cbv;
pub use write::to_xml;
