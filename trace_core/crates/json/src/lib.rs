//! RFC 8259 read once and strictly into borrowed values; RFC 8785 written exactly.
//!
//! The reader refuses what two careful parsers might read differently: duplicate names (compared
//! after unescaping), lone surrogates, NUL, a byte order mark, any encoding but UTF-8, integers
//! beyond 2⁵³−1, numbers that a double cannot hold, and nesting beyond [`DEPTH_MAX`].
//! Values borrow from the input, or from the arena where a string had escapes, and are `Copy`.
#![forbid(unsafe_code)]

mod blocks;
mod canonical;
mod flat;
mod number;
mod outline;
mod part;
mod plain;
mod read;
mod value;

pub use bumpalo::Bump;
pub use canonical::{
    order_utf16, sorted_members, write_canonical, write_canonical_string, write_pointer_token,
};
pub use flat::{Flat, FlatField, FlatObjects, FlatRoom};
pub use outline::{List, read_outline};
pub use part::{Members, Part, PartReader};
pub use read::{DEPTH_MAX, ReadError, ReadErrorCode, read};
pub use value::{Member, Object, Value};
