//! The names under which an event can be found, and the tokens of its items.

use std::collections::BTreeSet;

use epcis::Event;

use crate::entry::{Blinding, Token, name_hash};

/// As what an event names something. The numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum Role {
    /// An EPC or EPC class of an object, transaction or … event.
    Epc = 1,
    /// The container or assembly.
    Parent = 2,
    /// What goes into or out of it, or is in it.
    Child = 3,
    /// What a transformation uses up.
    Input = 4,
    /// What it makes.
    Output = 5,
    /// The lot to which the event says that its items belong.
    Lot = 6,
    /// The class of an item.
    Class = 7,
    /// The event itself: its id as captured, and its event hash id.
    Event = 8,
    /// The transformation that the event is part of.
    Transformation = 9,
}

/// One row of the index over names, but for the key of its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Keyed hash of the name.
    pub name_hash: i64,
    /// As what the event names it.
    pub role: Role,
}

/// Appends the references of an event, no two equal, and returns the tokens of its items, ascending.
pub(crate) fn references_of(
    event: &Event<'_>,
    event_hash_id: &str,
    blinding: &Blinding,
    out: &mut Vec<Reference>,
) -> Vec<Token> {
    let first = out.len();
    let mut tokens = BTreeSet::new();
    todo!()
}
