//! What single members add to the pre-hash string of an event, so that a member that stands in many events is
//! read once.
//!
//! The string is made of pieces: the standard's elements by their order, then the rest by text. No piece depends on
//! another member of the event, so pieces can be kept and put together anew.

use bumpalo::collections::Vec as BumpVec;
use json::{Bump, Member};

use super::node::{InOrder, NAMESPACE_BYTES_MAX, Name, children_of_member};
use super::order::EVENT;
use super::write::write_pieces;
use crate::context::Context;

/// Text in the pre-hash string, at its place in the standard's order, or behind all that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'m> {
    pub(crate) place: Option<u8>,
    pub(crate) text: &'m str,
}

impl<'m> Piece<'m> {
    /// The text of a member of an event, its name included.
    pub(crate) fn of_member(name: &str, text: &'m str) -> Self {
        let place = InOrder::of(Name::plain(name), EVENT);
        Self { place: place.place.map(|_| place.rank), text }
    }
}

/// What one member adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PrehashPart<'m> {
    /// Of each place one at most.
    pub(crate) pieces: &'m [Piece<'m>],
    /// Of namespaces in place of prefixes.
    pub(crate) namespace_bytes: usize,
}

impl<'m> PrehashPart<'m> {
    /// Reads a member, its nodes in `scratch` and its pieces in `arena`, with `text` for one at a time. None where a
    /// pre-hash string with it cannot be made.
    pub(crate) fn read(
        member: &Member<'_>,
        context: &Context<'_>,
        ignored_fields: &[&str],
        scratch: &Bump,
        text: &mut String,
        arena: &'m Bump,
    ) -> Option<Self> {
        let (nodes, namespace_bytes) = children_of_member(member, context, ignored_fields, scratch).ok()?;
        let mut pieces: BumpVec<'_, Piece<'m>> = BumpVec::with_capacity_in(2 * nodes.len(), scratch);
        for node in nodes {
            if node.place.place.is_some() {
                write_pieces(node, true, scratch, text).ok()?;
                pieces.push(Piece { place: Some(node.place.rank), text: arena.alloc_str(text) });
            }
            if !node.is_written {
                write_pieces(node, false, scratch, text).ok()?;
                pieces.push(Piece { place: None, text: arena.alloc_str(text) });
            }
        }
        if pieces.iter().filter(|piece| piece.place.is_some()).count() > 1 {
            // One member that stands in its place several times: sorted, as all that stands in one place.
            pieces.sort_unstable_by_key(|piece| (piece.place.is_none(), piece.text));
            let place = pieces[0].place;
            text.clear();
            text.extend(pieces.iter().filter(|piece| piece.place.is_some()).map(|piece| piece.text));
            pieces.retain(|piece| piece.place.is_none());
            pieces.push(Piece { place, text: arena.alloc_str(text) });
        }
        Some(Self { pieces: arena.alloc_slice_copy(&pieces), namespace_bytes })
    }
}

/// Puts the pieces of an event together: what [`write_prehash`](super::write_prehash) writes of all its members.
#[derive(Debug)]
pub(crate) struct Composer<'m, 's> {
    ordered: [&'m str; EVENT.len()],
    rest: BumpVec<'s, &'m str>,
    namespace_bytes: usize,
}

impl<'m, 's> Composer<'m, 's> {
    pub(crate) fn new(arena: &'s Bump) -> Self {
        Self { ordered: [""; EVENT.len()], rest: BumpVec::new_in(arena), namespace_bytes: 0 }
    }

    pub(crate) fn add(&mut self, part: &PrehashPart<'m>) {
        for piece in part.pieces {
            match piece.place.and_then(|place| self.ordered.get_mut(usize::from(place))) {
                Some(place) => *place = piece.text,
                None => self.rest.push(piece.text),
            }
        }
        self.namespace_bytes += part.namespace_bytes;
    }

    /// Appends the string. False where the namespaces are too long together.
    pub(crate) fn write(&mut self, type_name: &str, out: &mut String) -> bool {
        self.rest.sort_unstable();
        out.extend(["eventType=", type_name]);
        self.ordered.iter().chain(&self.rest).for_each(|text| out.push_str(text));
        self.namespace_bytes <= NAMESPACE_BYTES_MAX
    }
}
