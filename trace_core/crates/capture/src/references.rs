//! The names under which an event can be found, and the tokens of its items.

use epcis::{Event, ItemRef, ItemRole};

use crate::entry::{Blinding, Token, name_hash};

/// Bits of a row of `reference` that hold a [`Role`], beside the event's key.
pub const ROLE_BITS: u32 = 4;

/// As what an event names something. The numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum Role {
    /// An object of an object, transaction or association event.
    Epc = 1,
    /// The container or assembly.
    Parent = 2,
    /// What goes into or out of it, or is in it.
    Child = 3,
    /// What a transformation uses up.
    Input = 4,
    /// What it makes.
    Output = 5,
    /// The lot to which an item belongs.
    Lot = 6,
    /// The event itself: its id as captured. Its event hash id, in the same role, stands with the event.
    Event = 8,
    /// The transformation that the event is part of.
    Transformation = 9,
    /// A class in a list of quantities of an object, transaction or association event.
    EpcClass = 10,
    /// A class in a list of quantities that go into a container or assembly, or out of it.
    ChildClass = 11,
    /// A class of which a transformation uses a quantity up.
    InputClass = 12,
    /// A class of which it makes a quantity.
    OutputClass = 13,
}

impl From<&ItemRef<'_>> for Role {
    fn from(item: &ItemRef<'_>) -> Self {
        Self::of_item(item.role, item.in_quantity_list)
    }
}

impl Role {
    /// As what an event names an item.
    pub(crate) fn of_item(role: ItemRole, in_quantity_list: bool) -> Self {
        match (role, in_quantity_list) {
            (ItemRole::Epc, false) => Self::Epc,
            (ItemRole::Epc, true) => Self::EpcClass,
            (ItemRole::Parent, _) => Self::Parent,
            (ItemRole::Child, false) => Self::Child,
            (ItemRole::Child, true) => Self::ChildClass,
            (ItemRole::Input, false) => Self::Input,
            (ItemRole::Input, true) => Self::InputClass,
            (ItemRole::Output, false) => Self::Output,
            (ItemRole::Output, true) => Self::OutputClass,
        }
    }
}

/// One row of the index over names, but for the time and key of its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Keyed hash of the name.
    pub name_hash: i64,
    /// As what the event names it.
    pub role: Role,
}

/// Appends the references of an event, no two equal, but for its event hash id, and returns the tokens of its
/// items, ascending.
pub(crate) fn references_of(
    event: &Event<'_>,
    event_hash_id: &str,
    blinding: &Blinding,
    out: &mut Vec<Reference>,
) -> Vec<Token> {
    let first = out.len();
    let mut tokens = Vec::with_capacity(event.items.len() + 1);
    let mut refer = |name: &str, role: Role| {
        let token = blinding.token(name);
        out.push(Reference { name_hash: name_hash(&token), role });
        token
    };
    let mut lots: Vec<&str> = Vec::new();
    for item in &event.items {
        tokens.push(refer(&item.item, item.into()));
        // Most items of an event share their lot: it is blinded once.
        if let Some(lot) = item.lot.as_deref().filter(|lot| !lots.contains(lot)) {
            lots.push(lot);
        }
    }
    for lot in lots {
        tokens.push(refer(lot, Role::Lot));
    }
    for event_id in event.event_id.iter().filter(|id| **id != event_hash_id) {
        refer(event_id, Role::Event);
    }
    if let Some(id) = event.transformation_id {
        refer(id, Role::Transformation);
    }
    settle(first, &mut tokens, out);
    tokens
}

/// The same of an event whose names have their tokens already; `tokens` become those of its items.
pub(crate) fn references_of_names(
    names: impl Iterator<Item = (Token, Role)>,
    tokens: &mut Vec<Token>,
    out: &mut Vec<Reference>,
) {
    let first = out.len();
    tokens.clear();
    for (token, role) in names {
        out.push(Reference { name_hash: name_hash(&token), role });
        if !matches!(role, Role::Event | Role::Transformation) {
            tokens.push(token);
        }
    }
    settle(first, tokens, out);
}

/// Puts the references of an event and its tokens in order, none twice.
fn settle(first: usize, tokens: &mut Vec<Token>, out: &mut Vec<Reference>) {
    out[first..].sort_unstable();
    dedup_from(first, out);
    // As numbers, which are compared at once.
    tokens.sort_unstable_by_key(|token| u128::from_be_bytes(*token));
    tokens.dedup();
}

/// Drops what equals what stands before it, from `first` on.
pub(crate) fn dedup_from<T: Copy + PartialEq>(first: usize, list: &mut Vec<T>) {
    let mut kept = first;
    for at in first..list.len() {
        if at == first || list[at] != list[at - 1] {
            list[kept] = list[at];
            kept += 1;
        }
    }
    list.truncate(kept);
}
