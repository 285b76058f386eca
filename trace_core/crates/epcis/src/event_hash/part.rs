//! What single members add to the pre-hash string of an event, so that a member that stands in many events is
//! read once.
//!
//! The string is made of pieces: the standard's elements by their order, then the rest; among equals, by text.
//! No piece depends on another member of the event, so pieces can be kept and put together anew.

use bumpalo::collections::Vec as BumpVec;
use json::{Bump, Member};

use super::node::{NAMESPACE_BYTES_MAX, children_of_member};
use super::write::write_pieces;
use crate::context::Context;

/// Behind all that the standard orders.
const REST: u8 = u8::MAX;

/// Text in the pre-hash string, behind that of lower rank.
pub(super) type Piece<'m> = (u8, &'m str);

/// What one member adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PrehashPart<'m> {
    pieces: &'m [Piece<'m>],
    /// Of namespaces in place of prefixes.
    namespace_bytes: usize,
}

impl<'m> PrehashPart<'m> {
    /// Reads a member, its nodes in `scratch` and its pieces in `arena`, with `text` for one at a time. None where a pre-hash string with it
    /// cannot be made.
    pub(crate) fn read(
        member: &Member<'_>,
        context: &Context<'_>,
        ignored_fields: &[&str],
        scratch: &Bump,
        text: &mut String,
        arena: &'m Bump,
    ) -> Option<Self> {
        let (nodes, namespace_bytes) = children_of_member(member, context, ignored_fields, scratch).ok()?;
        let mut pieces = BumpVec::with_capacity_in(2 * nodes.len(), scratch);
        for node in nodes {
            if node.place.place.is_some() {
                let rank = node.place.rank;
                write_pieces(node, true, scratch, text).ok()?;
                pieces.push((rank, &*arena.alloc_str(text)));
            }
            if !node.is_written {
                write_pieces(node, false, scratch, text).ok()?;
                pieces.push((REST, &*arena.alloc_str(text)));
            }
        }
        Some(Self { pieces: arena.alloc_slice_copy(&pieces), namespace_bytes })
    }
}

/// Puts the pieces of an event together: what [`write_prehash`](super::write_prehash) writes of all its members.
#[derive(Default)]
pub(crate) struct Composer<'m> {
    pieces: Vec<Piece<'m>>,
    namespace_bytes: usize,
}

impl<'m> Composer<'m> {
    pub(crate) fn add(&mut self, part: &PrehashPart<'m>) {
        self.pieces.extend_from_slice(part.pieces);
        self.namespace_bytes += part.namespace_bytes;
    }

    /// Appends the string and forgets the pieces. False where the namespaces are too long together.
    pub(crate) fn write(&mut self, type_name: &str, out: &mut String) -> bool {
        out.push_str("eventType=");
        out.push_str(type_name);
        self.pieces.sort_unstable();
        self.pieces.drain(..).for_each(|(_, text)| out.push_str(text));
        std::mem::take(&mut self.namespace_bytes) <= NAMESPACE_BYTES_MAX
    }
}
