//! EPCIS 2.0 events: parse, validate, event hash id.
//!
//! `document` finds the events of a capture document, `context` resolves prefixes, `validate` holds
//! events against the standard's JSON schema, `event` is the typed view that lineage and capture
//! read, and `event_hash` makes the standard's identity of an event.
#![forbid(unsafe_code)]

mod context;
mod document;
mod event;
mod event_hash;
mod flat;
mod head;
mod key_format;
mod lines;
mod master_data;
mod part;
mod problem;
mod signature_list;
mod split;
mod time;
mod validate;
pub mod vocabulary;

pub use context::Context;
pub use document::{Document, Events, RawEvent, read_document};
pub use event::{Action, ErrorDeclaration, Event, EventType, ItemRef, ItemRole, Typed, lot_key};
pub use event_hash::{
    EVENT_HASH_ID_BYTES, event_hash_id_uri, event_hash_ids, event_prehashes, write_event_hash_id_uri,
    write_prehash,
};
pub use head::EventHead;
pub use key_format::{KeyFormat, write_with_keys};
pub use lines::document_of_lines;
pub use master_data::{MASTER_DATA_ELEMENTS_MAX, MasterDatum, master_data};
pub use part::{Part, PartContext, PartItem, PartScratch, PartSum};
pub use problem::{Problem, Severity};
pub use signature_list::{SIGNATURE_LIST, SignatureList};
pub use split::{split_document, with_signatures};
pub use time::{parse_offset, parse_time};
pub use validate::{validate_document, validate_event};
