//! GS1 keys with proven check digits, element strings, Digital Link and EPC URN, both ways.
#![forbid(unsafe_code)]

mod ai;
mod ai_table;
mod canonical;
mod check_digit;
mod code_lists;
mod coupon;
mod digital_link;
mod element_string;
mod error;
mod finding;
mod item;
mod linter;
mod pairing;
mod plain;
mod scan;
mod text;
mod urn;

pub use ai::Ai;
pub use canonical::write_canonical;
pub use element_string::{Element, ElementString};
pub use error::{Reason, ScanError};
pub use finding::Finding;
pub use item::{ItemKey, findings, item_key};
pub use plain::PlainKeys;
pub use scan::{Scan, scan};
