//! Events by their members, each read once however many events have it.
//!
//! Most members of a capture repeat: places, steps, parties, lots. What a member is by itself (valid, a part of the
//! pre-hash string, the name of items) is a [`Part`]; an event is the sum of its parts, to the byte what
//! [`validate_event`](crate::validate_event), [`Event::read`](crate::Event::read) and
//! [`write_prehash`](crate::write_prehash) make of
//! it. Only an event with which nothing is wrong is such a sum: what is to be said of another, they say.

use std::borrow::Cow;

use json::{Bump, Flat, Member};

use crate::context::Context;
use crate::event::{EventType, ItemRole, items_of, lot_of};
use crate::event_hash::{Composer, PrehashPart, check_limits};
use crate::flat::{FlatMembers, FlatScratch, KEY_SCHEMES};
use crate::head::{EventHead, Hearing, Said};
use crate::validate::{Presence, Required, is_member_clean};

/// What the members of a document's events are read under.
#[derive(Clone, Copy, Debug)]
pub struct PartContext<'d> {
    context: &'d Context<'d>,
    ignored_fields: &'d [&'d str],
    /// No field is ignored, and no prefix is called as keys begin.
    pub(crate) is_plain: bool,
    pub(crate) members: FlatMembers,
}

/// Memory for one member at a time.
#[derive(Debug, Default)]
pub struct PartScratch {
    nodes: Bump,
    text: String,
    flat: FlatScratch,
}

/// A valid member of events of one type.
#[derive(Clone, Copy, Debug)]
pub struct Part<'m> {
    /// What it names.
    pub items: &'m [PartItem<'m>],
    /// The lot that it gives to the event's items.
    pub ilmd_lot: Option<&'m str>,
    pub(crate) prehash: PrehashPart<'m>,
    pub(crate) presence: Presence,
    pub(crate) said: Said<'m>,
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

impl<'m> PartItem<'m> {
    /// The class of an item that tells no lot itself, so that the lot applies to it that its event's ILMD tells.
    #[must_use]
    pub fn class_without_lot(&self) -> Option<&'m str> {
        let applies = matches!(self.role, ItemRole::Epc | ItemRole::Output) && self.lot.is_none();
        self.class.or(self.is_key.then_some(self.item)).filter(|_| applies)
    }
}

impl<'d> PartContext<'d> {
    /// The context of a document's events, and the fields that it wants ignored; None where they are too many for
    /// an event hash id.
    #[must_use]
    pub fn new(context: &'d Context<'d>, ignored_fields: &'d [&'d str]) -> Option<Self> {
        check_limits(context, ignored_fields).ok()?;
        let is_plain = KEY_SCHEMES.iter().all(|scheme| context.declared(scheme).is_none());
        let is_plain = is_plain && ignored_fields.is_empty();
        Some(Self { context, ignored_fields, is_plain, members: FlatMembers::default() })
    }

    /// Whether the document declares a prefix.
    pub(crate) fn declares(&self, prefix: &str) -> bool {
        self.context.declared(prefix).is_some()
    }

    /// [`read`](Self::read) of a member that was read without a tree; None also where that does not suffice.
    #[must_use]
    pub fn read_flat<'m>(
        &self,
        name: &'m str,
        flat: Flat<'_, 'm>,
        event_type: EventType,
        scratch: &mut PartScratch,
        arena: &'m Bump,
    ) -> Option<Part<'m>> {
        self.flat_part(name, flat, event_type, &mut scratch.flat, arena)
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
        let PartScratch { nodes, text, .. } = scratch;
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
        Some(Part { items, ilmd_lot, prehash, presence: Presence::of(&member), said: Said::of(&member) })
    }
}

/// Puts events together, one after the other.
#[derive(Debug, Default)]
pub struct PartSum {
    required: Required,
    /// Which members the last event of each type had that lacked nothing: the next one mostly has the same.
    whole: [Presence; EventType::STANDARD.len()],
}

impl PartSum {
    /// The head of the event of these parts, all of its type, and its pre-hash string, appended. None where something
    /// is to be said of it.
    pub fn event<'p, 'm: 'p>(
        &mut self,
        event_type: EventType,
        parts: impl Iterator<Item = &'p Part<'m>>,
        scratch: &Bump,
        prehashes: &mut String,
    ) -> Option<EventHead<'m>> {
        let (mut prehash, mut presence) = (Composer::new(scratch), Presence::default());
        let mut head = Hearing::default();
        for part in parts {
            presence = presence.and(part.presence);
            head.hear(part.said);
            prehash.add(&part.prehash);
        }
        let head = head.finish().ok().filter(|head| head.event_type == event_type)?;
        (self.is_whole(presence, event_type) && prehash.write(event_type.name(), prehashes)).then_some(head)
    }
    fn is_whole(&mut self, presence: Presence, event_type: EventType) -> bool {
        let known = self.whole.get_mut(event_type as usize - 1);
        if known.as_ref().is_some_and(|known| **known == presence && presence != Presence::default()) {
            return true;
        }
        let is_whole = self.required.is_whole(presence, event_type);
        if let Some(known) = known.filter(|_| is_whole) {
            *known = presence;
        }
        is_whole
    }
}
