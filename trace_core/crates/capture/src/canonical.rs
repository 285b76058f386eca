//! The canonical event: one text for each event, and the places of its fields in it.
//!
//! `docs/formats.md` ("Canonical event", "Content digest") specifies both to the byte.

use std::ops::Range;

use epcis::Context;
use json::{
    Flat, Member, Object, Value, sorted_members, write_canonical, write_canonical_string, write_pointer_token,
};

/// Domain of the content digest; stands before the canonical event.
pub const CONTENT_DIGEST_DOMAIN: &[u8] = b"wayproof/v1/event\n";
const CONTEXT_NAME: &str = "@context";

/// The canonical text of one event and where its fields stand. Reused from event to event.
#[derive(Default)]
pub struct CanonicalEvent {
    /// Domain, then the canonical text.
    text: Vec<u8>,
    /// All pointers, back to back.
    pointers: String,
    fields: Vec<Field>,
}

/// One field: a member of the event, or a member or element of that, where it is a container.
struct Field {
    pointer: Range<usize>,
    value: Range<usize>,
}

impl CanonicalEvent {
    /// Replaces what is held by the canonical form of `event` under `context` (the document's context
    /// with the event's own behind it). Cost: one pass over the event, one more over its strings where
    /// the context defines prefixes.
    pub fn write(&mut self, event: &Object<'_>, context: &Context<'_>) {
        self.text.clear();
        self.pointers.clear();
        self.fields.clear();
        self.text.extend_from_slice(CONTENT_DIGEST_DOMAIN);
        let context = used_parts(event, context);
        let mut members: Vec<Member<'_>> =
            event.members.iter().filter(|member| member.name != CONTEXT_NAME).copied().collect();
        if !context.is_empty() {
            members.push(Member { name: CONTEXT_NAME, value: Value::Null });
        }
        self.text.push(b'{');
        for (index, member) in sorted_members(&members).iter().enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            write_canonical_string(member.name, &mut self.text);
            self.text.push(b':');
            if member.name == CONTEXT_NAME {
                self.context(&context);
            } else {
                self.member(member);
            }
        }
        self.text.push(b'}');
    }

    /// Replaces what is held by one member of an event.
    pub(crate) fn write_member(&mut self, member: &Member<'_>) {
        self.clear_for_part(member.name);
        self.member(member);
    }

    /// Replaces what is held by the member that says the context of an event that uses these definitions, by
    /// their bits of [`Definitions::used_by`]. False, where there is none.
    pub(crate) fn write_context(&mut self, context: &Context<'_>, used: u64) -> bool {
        let usage: Vec<_> = definitions_of(context)
            .enumerate()
            .map(|(place, member)| (member.name, used & (1 << place) != 0))
            .collect();
        let parts = parts_in_use(context, &usage);
        self.clear_for_part(CONTEXT_NAME);
        self.context(&parts);
        !parts.is_empty()
    }

    fn clear_for_part(&mut self, name: &str) {
        self.text.clear();
        self.pointers.clear();
        self.fields.clear();
        write_canonical_string(name, &mut self.text);
        self.text.push(b':');
    }

    /// Replaces what is held by a canonical event of members that were written before, in their order; its fields
    /// are not known then.
    pub(crate) fn put_together<'p>(&mut self, members: impl Iterator<Item = &'p [u8]>) {
        self.text.clear();
        self.fields.clear();
        self.text.extend_from_slice(CONTENT_DIGEST_DOMAIN);
        self.text.push(b'{');
        for (index, member) in members.enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            self.text.extend_from_slice(member);
        }
        self.text.push(b'}');
    }

    /// The text of a part.
    pub(crate) fn part_text(&self) -> &[u8] {
        &self.text
    }

    /// The bytes whose SHA-256 is the content digest.
    #[must_use]
    pub fn digest_input(&self) -> &[u8] {
        &self.text
    }

    /// The canonical text alone.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text[CONTENT_DIGEST_DOMAIN.len()..]
    }

    /// Pointer and canonical value of each field, in the order of the commitment.
    #[must_use]
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
        self.fields
            .iter()
            .map(|field| (&self.pointers[field.pointer.clone()], &self.text[field.value.clone()]))
    }

    fn context(&mut self, parts: &[Part<'_>]) {
        self.text.push(b'[');
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            self.field(&[CONTEXT_NAME, &index.to_string()], |text| match part {
                Part::Remote(url) => write_canonical_string(url, text),
                Part::Definitions(members) => {
                    let source = "";
                    write_canonical(Value::Object(&Object { members, source }), text);
                }
            });
        }
        self.text.push(b']');
    }

    fn member(&mut self, member: &Member<'_>) {
        match member.value {
            Value::Array(elements) if !elements.is_empty() => {
                self.text.push(b'[');
                for (index, &element) in elements.iter().enumerate() {
                    if index > 0 {
                        self.text.push(b',');
                    }
                    self.field(&[member.name, &index.to_string()], |text| write_canonical(element, text));
                }
                self.text.push(b']');
            }
            Value::Object(object) if !object.members.is_empty() => {
                self.text.push(b'{');
                for (index, inner) in sorted_members(object.members).iter().enumerate() {
                    if index > 0 {
                        self.text.push(b',');
                    }
                    write_canonical_string(inner.name, &mut self.text);
                    self.text.push(b':');
                    self.field(&[member.name, inner.name], |text| write_canonical(inner.value, text));
                }
                self.text.push(b'}');
            }
            value => self.field(&[member.name], |text| write_canonical(value, text)),
        }
    }

    fn field(&mut self, path: &[&str], write: impl FnOnce(&mut Vec<u8>)) {
        let pointer = self.pointers.len();
        for token in path {
            write_pointer_token(token, &mut self.pointers);
        }
        let value = self.text.len();
        write(&mut self.text);
        self.fields.push(Field { pointer: pointer..self.pointers.len(), value: value..self.text.len() });
    }
}

/// One part of the context, as far as the event uses it.
enum Part<'a> {
    Remote(&'a str),
    Definitions(Vec<Member<'a>>),
}

/// The parts of the context without the definitions that the event does not use, so that the same
/// event sent in two documents has one content digest. A definition is used when some name or string
/// of the event is it, or starts with it and a colon; keywords (`@vocab`, …) always count as used.
fn used_parts<'a>(event: &Object<'_>, context: &Context<'a>) -> Vec<Part<'a>> {
    let mut usage: Vec<(&str, bool)> =
        definitions_of(context).map(|member| (member.name, member.name.starts_with('@'))).collect();
    if !usage.is_empty() {
        mark_members(event, &mut usage);
    }
    parts_in_use(context, &usage)
}

fn definitions_of<'c, 'a>(context: &'c Context<'a>) -> impl Iterator<Item = &'a Member<'a>> + use<'c, 'a> {
    context.parts.iter().filter_map(|part| part.as_object()).flat_map(|part| part.members)
}

/// The parts of the context with those definitions that are marked as used.
fn parts_in_use<'a>(context: &Context<'a>, usage: &[(&str, bool)]) -> Vec<Part<'a>> {
    let is_used = |name: &str| usage.iter().any(|(used, is)| *is && *used == name);
    let part = |part: &Value<'a>| match part {
        Value::String(url) => Some(Part::Remote(url)),
        Value::Object(object) => {
            let used: Vec<_> = object.members.iter().filter(|member| is_used(member.name)).copied().collect();
            (!used.is_empty()).then_some(Part::Definitions(used))
        }
        _ => None,
    };
    context.parts.iter().filter_map(part).collect()
}

/// The definitions of a context that are few enough for each to have a bit.
pub(crate) struct Definitions<'a>(Vec<(&'a str, bool)>);

impl<'a> Definitions<'a> {
    /// None for more than 64.
    pub(crate) fn of(context: &Context<'a>) -> Option<Self> {
        let names: Vec<_> = definitions_of(context).map(|member| (member.name, false)).collect();
        (names.len() <= 64).then_some(Self(names))
    }

    /// Which of them a member of an event uses: a bit each, from the lowest. Keywords count as used.
    pub(crate) fn used_by(&mut self, member: &Member<'_>) -> u64 {
        self.marked(|usage| {
            mark_text(member.name, usage);
            mark_value(member.value, usage);
        })
    }

    /// The same for a member that was read without a tree.
    pub(crate) fn used_by_flat(&mut self, name: &str, flat: Flat<'_, '_>) -> u64 {
        self.marked(|usage| {
            mark_text(name, usage);
            match flat {
                Flat::Text(text) => mark_text(text, usage),
                Flat::Texts(texts) => texts.iter().for_each(|text| mark_text(text, usage)),
                Flat::Objects(objects) => objects.iter().flatten().for_each(|field| {
                    mark_text(field.name, usage);
                    if !field.is_number {
                        mark_text(field.text, usage);
                    }
                }),
            }
        })
    }

    fn marked(&mut self, mark: impl FnOnce(&mut [(&str, bool)])) -> u64 {
        self.0.iter_mut().for_each(|(name, used)| *used = name.starts_with('@'));
        if !self.0.is_empty() {
            mark(&mut self.0);
        }
        self.0.iter().rev().fold(0, |bits, (_, used)| bits << 1 | u64::from(*used))
    }
}

fn mark_members(object: &Object<'_>, usage: &mut [(&str, bool)]) {
    for member in object.members {
        if member.name != CONTEXT_NAME {
            mark_text(member.name, usage);
            mark_value(member.value, usage);
        }
    }
}

fn mark_value(value: Value<'_>, usage: &mut [(&str, bool)]) {
    match value {
        Value::String(text) => mark_text(text, usage),
        Value::Array(elements) => elements.iter().for_each(|&element| mark_value(element, usage)),
        Value::Object(object) => mark_members(object, usage),
        _ => (),
    }
}

fn mark_text(text: &str, usage: &mut [(&str, bool)]) {
    for (name, used) in usage {
        // Mostly the first byte decides.
        let may_be = name.is_empty() || name.as_bytes().first() == text.as_bytes().first();
        *used |=
            may_be && text.strip_prefix(*name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    }
}
