//! What a member adds to the canonical event and to the commitment, written once for all events that have it.

use epcis::Context;
use json::{Bump, Flat, FlatField, Member, order_utf16, write_pointer_token};

use crate::canonical::CanonicalEvent;
use crate::commitment::{BLOCK_BYTES, Issuer, Leaves, start_leaf, write_leaf};

/// Bytes of a name that are compared as one number.
const ORDER_BYTES: usize = 16;

/// What a member adds.
#[derive(Clone, Copy)]
pub(crate) struct Addend<'m> {
    /// Stands before another as the first bytes of its name do, where they are ASCII.
    pub(crate) order: Option<u128>,
    name: &'m str,
    pub(crate) text: &'m [u8],
    pub(crate) leaves: Leaves<'m>,
}

/// Writes one after the other.
#[derive(Default)]
pub(crate) struct AddendWriter {
    canonical: CanonicalEvent,
    text: Vec<u8>,
    leaves: Vec<u8>,
    ends: Vec<usize>,
    pointer: String,
    /// How the leaves of a list begin.
    head: Vec<u8>,
}

impl<'m> Addend<'m> {
    /// Where it stands before another (RFC 8785 §3.2.3).
    pub(crate) fn order(&self, other: &Self) -> std::cmp::Ordering {
        order_utf16(self.name, other.name)
    }

    pub(crate) fn has_name_of(&self, other: &Self) -> bool {
        self.name == other.name
    }

    fn of(name: &'m str, text: &[u8], leaves: &[u8], ends: &[usize], arena: &'m Bump) -> Self {
        let leaves = Leaves { bytes: arena.alloc_slice_copy(leaves), ends: arena.alloc_slice_copy(ends) };
        Self { order: order_of(name), name, text: arena.alloc_slice_copy(text), leaves }
    }
}

impl AddendWriter {
    pub(crate) fn of_issuer<'m>(&mut self, issuer: &Issuer, arena: &'m Bump) -> Addend<'m> {
        self.clear();
        write_leaf("@issuer", issuer.as_bytes(), &mut self.leaves);
        self.end_leaf();
        Addend::of("", &[], &self.leaves, &self.ends, arena)
    }

    pub(crate) fn of_member<'m>(&mut self, member: &Member<'m>, arena: &'m Bump) -> Addend<'m> {
        self.canonical.write_member(member);
        self.of_canonical(member.name, arena)
    }

    /// What the context adds of events that use these definitions; None where it says nothing.
    pub(crate) fn of_context<'m>(
        &mut self,
        context: &Context<'_>,
        used: u64,
        arena: &'m Bump,
    ) -> Option<Addend<'m>> {
        self.canonical.write_context(context, used).then(|| self.of_canonical("@context", arena))
    }

    /// What stands in `canonical`.
    fn of_canonical<'m>(&mut self, name: &'m str, arena: &'m Bump) -> Addend<'m> {
        self.clear();
        for (pointer, value) in self.canonical.fields() {
            write_leaf(pointer, value, &mut self.leaves);
            self.ends.push(self.leaves.len() / BLOCK_BYTES);
        }
        Addend::of(name, self.canonical.part_text(), &self.leaves, &self.ends, arena)
    }

    /// The same as [`of_member`](Self::of_member) of a member that was read without a tree.
    pub(crate) fn of_flat<'m>(&mut self, name: &'m str, flat: Flat<'_, 'm>, arena: &'m Bump) -> Addend<'m> {
        self.clear();
        write_plain_string(name, &mut self.text);
        self.text.push(b':');
        self.pointer.clear();
        write_pointer_token(name, &mut self.pointer);
        self.head.clear();
        start_leaf(&mut self.head);
        write_plain_string(&self.pointer, &mut self.head);
        // Without its last quote, before which a place may follow.
        self.head.pop();
        match flat {
            Flat::Text(text) => self.leaf(None, |out| write_plain_string(text, out)),
            Flat::Texts(texts) => {
                let writers = texts.iter().map(|text| |out: &mut Vec<u8>| write_plain_string(text, out));
                self.list(writers);
            }
            Flat::Objects(objects) => {
                self.list(objects.iter().map(|fields| |out: &mut Vec<u8>| write_object(fields, out)));
            }
        }
        Addend::of(name, &self.text, &self.leaves, &self.ends, arena)
    }

    fn list(&mut self, elements: impl Iterator<Item = impl FnOnce(&mut Vec<u8>)>) {
        self.text.push(b'[');
        for (place, write) in elements.enumerate() {
            if place > 0 {
                self.text.push(b',');
            }
            self.leaf(Some(place), write);
        }
        self.text.push(b']');
    }

    /// A value, in the text and in a leaf of its own.
    fn leaf(&mut self, place: Option<usize>, write: impl FnOnce(&mut Vec<u8>)) {
        let value = self.text.len();
        write(&mut self.text);
        let leaf = self.leaves.len();
        self.leaves.extend_from_slice(&self.head);
        if let Some(place) = place {
            self.leaves.push(b'/');
            write_decimal(place, &mut self.leaves);
        }
        self.leaves.extend_from_slice(b"\",");
        self.leaves.extend_from_slice(&self.text[value..]);
        self.leaves.push(b']');
        sha256::pad(&mut self.leaves, leaf);
        self.end_leaf();
    }

    fn end_leaf(&mut self) {
        self.ends.push(self.leaves.len() / BLOCK_BYTES);
    }

    fn clear(&mut self) {
        self.text.clear();
        self.leaves.clear();
        self.ends.clear();
    }
}

fn order_of(name: &str) -> Option<u128> {
    let mut first = [0; ORDER_BYTES];
    for (byte, of_name) in first.iter_mut().zip(name.bytes()) {
        *byte = of_name;
    }
    first.is_ascii().then_some(u128::from_be_bytes(first))
}

/// A string in which nothing needs an escape.
fn write_plain_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// An object, its members in canonical order.
fn write_object(fields: &[FlatField<'_>], out: &mut Vec<u8>) {
    let mut last: Option<&str> = None;
    for place in 0..fields.len() {
        let behind_last =
            |field: &&FlatField<'_>| last.is_none_or(|last| order_utf16(last, field.name).is_lt());
        let next = fields.iter().filter(behind_last).min_by(|a, b| order_utf16(a.name, b.name));
        let Some(field) = next else { break };
        last = Some(field.name);
        out.push(if place == 0 { b'{' } else { b',' });
        write_plain_string(field.name, out);
        out.push(b':');
        if field.is_number {
            out.extend_from_slice(field.text.as_bytes());
        } else {
            write_plain_string(field.text, out);
        }
    }
    out.push(b'}');
}

fn write_decimal(number: usize, out: &mut Vec<u8>) {
    if number >= 10 {
        write_decimal(number / 10, out);
    }
    out.push(b"0123456789"[number % 10]);
}
