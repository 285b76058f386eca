//! Events by their members, each read once however many events have it.
//!
//! Most members of a capture repeat: places, steps, parties, lots. What a member is by itself (valid, a part of the
//! pre-hash string, the name of items) is a [`Part`]; an event is the sum of its parts, to the byte what
//! [`validate_event`](crate::validate_event), [`Event::read`] and [`write_prehash`](crate::write_prehash) make of
//! it. Only an event with which nothing is wrong is such a sum: what is to be said of another, they say.

use std::borrow::Cow;

use json::{Bump, Member, Object};

use crate::context::Context;
use crate::event::{Event, EventType, ItemRole, items_of, lot_of, lot_within};
use crate::event_hash::{Composer, PrehashPart, check_limits};
use crate::validate::{is_member_clean, is_whole};

/// What the members of a document's events are read under.
#[derive(Clone, Copy, Debug)]
pub struct PartContext<'d> {
    context: &'d Context<'d>,
    ignored_fields: &'d [&'d str],
}

/// Memory for one member at a time.
#[derive(Debug, Default)]
pub struct PartScratch {
    nodes: Bump,
    text: String,
}

/// A valid member of events of one type.
#[derive(Clone, Copy, Debug)]
pub struct Part<'m> {
    /// As it was read.
    pub member: Member<'m>,
    /// What it names.
    pub items: &'m [PartItem<'m>],
    /// The lot that it gives to the event's items.
    pub ilmd_lot: Option<&'m str>,
    prehash: PrehashPart<'m>,
}

/// An item that a member names; [`ItemRef`](crate::ItemRef) says more of each field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "as there")]
pub struct PartItem<'m> {
    pub role: ItemRole,
    pub item: &'m str,
    pub is_key: bool,
    /// Without that of the event's ILMD.
    pub lot: Option<&'m str>,
    pub class: Option<&'m str>,
    pub in_quantity_list: bool,
}

impl PartItem<'_> {
    /// The lot of an item that tells none itself, of an event whose ILMD tells this one.
    #[must_use]
    pub fn lot_within(&self, ilmd_lot: &str) -> Option<String> {
        let class = self.class.or(self.is_key.then_some(self.item));
        lot_within(self.role, class.filter(|_| self.lot.is_none())?, self.item, ilmd_lot)
    }
}

impl<'d> PartContext<'d> {
    /// The context of a document's events, and the fields that it wants ignored; None where they are too many for
    /// an event hash id.
    #[must_use]
    pub fn new(context: &'d Context<'d>, ignored_fields: &'d [&'d str]) -> Option<Self> {
        check_limits(context, ignored_fields).ok().map(|()| Self { context, ignored_fields })
    }

    /// Reads a member of events of this type; None where something is to be said of it, or it changes what others
    /// mean.
    #[must_use]
    pub fn read<'m>(
        &self,
        member: Member<'m>,
        event_type: EventType,
        scratch: &mut PartScratch,
        arena: &'m Bump,
    ) -> Option<Part<'m>> {
        scratch.nodes.reset();
        if member.name == "@context"
            || event_type == EventType::Extension
            || !is_member_clean(&member, event_type)
        {
            return None;
        }
        let PartScratch { nodes, text } = scratch;
        let prehash = PrehashPart::read(&member, self.context, self.ignored_fields, nodes, text, arena)?;
        let mut items = Vec::new();
        items_of(&member, None, &mut items);
        let items = arena.alloc_slice_fill_iter(items.iter().map(|item| PartItem {
            role: item.role,
            item: arena.alloc_str(&item.item),
            is_key: matches!(item.item, Cow::Owned(_)),
            lot: item.lot.as_ref().map(|lot| &*arena.alloc_str(lot)),
            class: item.class.as_ref().map(|class| &*arena.alloc_str(class)),
            in_quantity_list: item.in_quantity_list,
        }));
        let ilmd = if member.name == "ilmd" { member.value.as_object() } else { None };
        let ilmd_lot = ilmd.and_then(|ilmd| lot_of(ilmd, self.context));
        Some(Part { member, items, ilmd_lot, prehash })
    }
}

/// Puts events together, one after the other.
#[derive(Default)]
pub struct PartSum<'m> {
    prehash: Composer<'m>,
    members: Vec<Member<'m>>,
}

impl<'m> PartSum<'m> {
    /// The event of these parts, all of its type, but for its lists and objects; and its pre-hash string, appended.
    /// None where something is to be said of it.
    pub fn event<'p>(
        &mut self,
        event_type: EventType,
        parts: impl Iterator<Item = &'p Part<'m>>,
        prehashes: &mut String,
    ) -> Option<Event<'m>>
    where
        'm: 'p,
    {
        self.members.clear();
        for part in parts {
            self.members.push(part.member);
            self.prehash.add(&part.prehash);
        }
        let is_whole = is_whole(&Object { members: &self.members, source: "" }, event_type);
        let event = Event::read_head(&self.members).ok().filter(|event| event.event_type == event_type);
        let type_name = self.members.iter().find(|member| member.name == "type");
        let type_name = type_name.and_then(|member| member.value.as_str()).unwrap_or_default();
        let is_written = self.prehash.write(type_name, prehashes);
        event.filter(|_| is_whole && is_written)
    }
}
