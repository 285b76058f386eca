//! What becomes of one member of an event: read without a tree where that suffices, else as a tree.

use epcis::{Context, EventType, Part, PartContext, PartScratch};
use json::{Bump, Flat, FlatRoom, List, Member, Part as RawPart, PartReader};

use crate::addend::{Addend, AddendWriter};
use crate::canonical::Definitions;
use crate::names::{Named, Names};
use crate::references::Role;
use crate::terms::{TermReader, Terms};

/// What becomes of a member.
pub(crate) struct Made<'m> {
    pub(crate) part: Part<'m>,
    pub(crate) addend: Addend<'m>,
    /// The definitions of the context that it uses.
    pub(crate) used: u64,
    pub(crate) terms: &'m [i64],
    pub(crate) measures: &'m [(f64, f64)],
    /// Names and roles of its items, and of the lots that they tell.
    pub(crate) names: &'m [Named],
}

/// Reads members of a document's events, one at a time.
pub(crate) struct Maker<'d> {
    pub(crate) context: &'d Context<'d>,
    reading: PartContext<'d>,
    definitions: Definitions<'d>,
    scratch: PartScratch,
    pub(crate) writer: AddendWriter,
    said: Terms,
    named: Vec<Named>,
}

/// Where members are read to, with what they name: for one chunk of events, or kept for others.
pub(crate) struct Room<'x> {
    pub(crate) arena: &'x Bump,
    pub(crate) names: Names<'x>,
    is_kept: bool,
    /// None where there is no list to read from.
    reader: Option<PartReader<'x>>,
    flat: FlatRoom<'x>,
}

impl<'x> Room<'x> {
    pub(crate) fn new<'a: 'x>(list: Option<&List<'a>>, arena: &'x Bump, is_kept: bool) -> Self {
        let reader = list.map(|list| list.part_reader(arena));
        Self { arena, names: Names::default(), is_kept, reader, flat: FlatRoom::default() }
    }

    pub(crate) fn name(&mut self, name: &'x str, role: Role) -> Named {
        Named { is_kept: self.is_kept, place: self.names.place(name), role }
    }
}

impl<'d> Maker<'d> {
    /// None where the document's context is too large for this.
    pub(crate) fn new(context: &'d Context<'d>, ignored_fields: &'d [&'d str]) -> Option<Self> {
        Some(Self {
            context,
            reading: PartContext::new(context, ignored_fields)?,
            definitions: Definitions::of(context)?,
            scratch: PartScratch::default(),
            writer: AddendWriter::default(),
            said: Terms::default(),
            named: Vec::new(),
        })
    }

    /// Reads a member, and gives the place behind it. None where its event goes the long way.
    pub(crate) fn make<'a: 'x, 'x>(
        &mut self,
        list: &List<'a>,
        raw: &RawPart<'a>,
        event_type: EventType,
        terms: &mut TermReader,
        room: &mut Room<'x>,
    ) -> Option<(Made<'x>, usize)> {
        let mut flat_room = std::mem::take(&mut room.flat);
        let made = list
            .read_flat(raw, &mut flat_room)
            .and_then(|(flat, end)| Some((self.make_flat(raw.name, flat, event_type, terms, room)?, end)));
        room.flat = flat_room;
        made.or_else(|| {
            let (member, end) = room.reader.as_mut()?.read(raw)?;
            Some((self.make_member(&member, event_type, terms, room)?, end))
        })
    }

    fn make_flat<'x>(
        &mut self,
        name: &'x str,
        flat: Flat<'_, 'x>,
        event_type: EventType,
        terms: &mut TermReader,
        room: &mut Room<'x>,
    ) -> Option<Made<'x>> {
        let part = self.reading.read_flat(name, flat, event_type, &mut self.scratch, room.arena)?;
        let addend = self.writer.of_flat(name, flat, room.arena);
        let used = self.definitions.used_by_flat(name, flat);
        self.clear_said();
        terms.read_flat_part(name, flat, &part, self.context, &mut self.said);
        Some(self.made(part, addend, used, room))
    }

    fn make_member<'x>(
        &mut self,
        member: &Member<'x>,
        event_type: EventType,
        terms: &mut TermReader,
        room: &mut Room<'x>,
    ) -> Option<Made<'x>> {
        let part = self.reading.read(*member, event_type, &mut self.scratch, room.arena)?;
        let addend = self.writer.of_member(member, room.arena);
        let used = self.definitions.used_by(member);
        self.clear_said();
        terms.read_part(member, &part, event_type, self.context, &mut self.said);
        Some(self.made(part, addend, used, room))
    }

    fn clear_said(&mut self) {
        self.said.hashes.clear();
        self.said.measures.clear();
    }

    /// With what was said last.
    fn made<'x>(&mut self, part: Part<'x>, addend: Addend<'x>, used: u64, room: &mut Room<'x>) -> Made<'x> {
        self.named.clear();
        let mut last_lot = None;
        for item in part.items {
            self.named.push(room.name(item.item, Role::of_item(item.role, item.in_quantity_list)));
            // Items of one lot stand together.
            if item.lot != last_lot {
                last_lot = item.lot;
                self.named.extend(item.lot.map(|lot| room.name(lot, Role::Lot)));
            }
        }
        Made {
            part,
            addend,
            used,
            terms: room.arena.alloc_slice_copy(&self.said.hashes),
            measures: room.arena.alloc_slice_copy(&self.said.measures),
            names: room.arena.alloc_slice_copy(&self.named),
        }
    }
}
