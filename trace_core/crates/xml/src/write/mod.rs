//! EPCIS 2.0 JSON-LD as EPCIS 2.0 XML: what `to_json` reads, the other way.
//!
//! The XML is the tree of names and texts that the event hash sees, so an event keeps its id: prefixes in texts
//! become their namespaces, a list whose name ends with `List` wraps its elements, other lists repeat their
//! element, values that are no texts carry their type. Elements of the standard stand in the order of its XSD.

mod document;
mod event;
mod extension;
mod markup;
mod refusal;
mod scope;

pub use document::to_xml;
