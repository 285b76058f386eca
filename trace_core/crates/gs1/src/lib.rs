//! GS1 keys with proven check digits, element strings, Digital Link and EPC URN, both ways.
#![forbid(unsafe_code)]

mod ai;
mod ai_table;
mod canonical;
mod check_digit;
mod digital_link;
mod finding;
mod item;
mod linter;
mod text;
mod urn;

pub use ai::Ai;
pub use canonical::write_canonical;
pub use finding::Finding;
pub use item::{ItemKey, findings, item_key};
