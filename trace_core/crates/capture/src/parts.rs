//! Events as sums of their members, each member read once however many events have it.
//!
//! Places, steps, parties and lots repeat over the events of a capture, so most of its members stand in it many
//! times, to the byte. What becomes of a member (canonical text, leaves of the commitment, terms, a part of the
//! pre-hash string) depends on nothing but its bytes, the event's type and the document; so it is kept by its
//! bytes. Whatever is unusual, and every event of which something is to be said, goes the long way round.

use epcis::{Context, Document, Event, EventType, Part, PartContext, PartScratch, PartSum};
use json::{Bump, List, Part as RawPart, PartReader, order_utf16};

use crate::canonical::{CanonicalEvent, Definitions};
use crate::commitment::{Commitments, FIELDS_MAX, Issuer, Leaves, SECRET_BYTES, write_leaf};
use crate::entry::{Blinding, ITEMS_MAX, Token};
use crate::prepare::EVENT_BYTES_MAX;
use crate::prepare::too_long;
use crate::references::Role;
use crate::terms::{TERMS_MAX, TermReader, Terms};

/// Members that are kept at a time; a power of two. Where two would stand in one place, the later stays.
const PLACES: usize = 1 << 13;
/// Memory of what is kept: then it begins anew, with the members that repeat by then.
pub(crate) const KEPT_BYTES_MAX: usize = 1 << 19;
/// Contexts that are kept: sets of definitions that events use together.
const CONTEXTS_MAX: usize = 64;
/// Members that hardly two events have alike.
const UNLIKE: [&str; 5] = ["eventTime", "eventID", "recordTime", "bizTransactionList", "sensorElementList"];

/// What is kept of the members of a document's events.
pub(crate) struct Parts<'m> {
    arena: &'m Bump,
    context: &'m Context<'m>,
    reading: PartContext<'m>,
    definitions: Definitions<'m>,
    reader: PartReader<'m>,
    /// What is kept where, with a part of its hash, so that others need not be looked at.
    places: Vec<(u32, Option<&'m Kept<'m>>)>,
    /// Of each context that events use: which definitions, and what it adds; nothing, where there is none.
    contexts: Vec<(u64, Option<Addend<'m>>)>,
    issuer: Leaves<'m>,
    sum: PartSum<'m>,
    /// Names whose tokens are wanted, and the tokens of all that came before them.
    names: Vec<&'m [u8]>,
    tokens: Vec<Token>,
    /// For one member at a time.
    scratch: PartScratch,
    canonical: CanonicalEvent,
    leaves: Vec<u8>,
    leaf_ends: Vec<usize>,
    named: Vec<Named>,
    said: Terms,
    /// For one event at a time.
    raw: Vec<RawPart<'m>>,
    made: Vec<&'m Made<'m>>,
    addends: Vec<Addend<'m>>,
}

/// A member as it is kept: nothing, where its event goes the long way.
struct Kept<'m> {
    source: &'m str,
    event_type: EventType,
    made: Option<Made<'m>>,
}

/// What becomes of a member.
struct Made<'m> {
    part: Part<'m>,
    addend: Addend<'m>,
    /// The definitions of the context that it uses.
    used: u64,
    terms: &'m [i64],
    measures: &'m [(f64, f64)],
    /// Names and roles of its items, and of the lots that they tell.
    names: &'m [Named],
}

/// What a member adds to the canonical event and to the commitment.
#[derive(Clone, Copy)]
struct Addend<'m> {
    /// Stands before another as the first eight bytes of its name do, where they are ASCII.
    order: Option<u64>,
    name: &'m str,
    text: &'m [u8],
    leaves: Leaves<'m>,
}

/// A name of an event, by the place of its token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) token: u32,
    pub(crate) role: Role,
}

/// What an event is by its parts.
pub(crate) struct Whole<'m> {
    pub(crate) source: &'m str,
    pub(crate) event: Event<'m>,
    pub(crate) terms: Terms,
    pub(crate) field_count: usize,
}

/// Where that of an event is put which is hashed for many at once.
pub(crate) struct Together<'i> {
    pub(crate) prehashes: &'i mut String,
    pub(crate) canonical: &'i mut CanonicalEvent,
    pub(crate) commitments: &'i mut Commitments,
    pub(crate) names: &'i mut Vec<Named>,
}

/// What a capture asks of its events.
pub(crate) struct Asked<'r> {
    /// No event may name an item that begins so.
    pub(crate) reserved: Option<&'r str>,
    /// Nor be later than this.
    pub(crate) event_time_max: i64,
    /// The issuer's leaf of an event that is signed on its own.
    pub(crate) issuer: Option<&'r [u8]>,
}

impl<'m> Parts<'m> {
    /// None where the document's context is too large for this.
    pub(crate) fn new<'a: 'm>(
        document: &'m Document<'a>,
        list: &List<'a>,
        ignored_fields: &'m [&'a str],
        issuer: &Issuer,
        arena: &'m Bump,
    ) -> Option<Self> {
        let context: &'m Context<'m> = &document.context;
        let mut leaf = Vec::new();
        write_leaf("@issuer", issuer.as_bytes(), &mut leaf);
        let ends = arena.alloc_slice_copy(&[leaf.len()]);
        Some(Self {
            arena,
            context,
            reading: PartContext::new(context, ignored_fields)?,
            definitions: Definitions::of(context)?,
            reader: list.part_reader(arena),
            places: vec![(0, None); PLACES],
            contexts: Vec::new(),
            issuer: Leaves { bytes: arena.alloc_slice_copy(&leaf), ends },
            sum: PartSum::default(),
            names: Vec::new(),
            tokens: Vec::new(),
            scratch: PartScratch::default(),
            canonical: CanonicalEvent::default(),
            leaves: Vec::new(),
            leaf_ends: Vec::new(),
            named: Vec::new(),
            said: Terms::default(),
            raw: Vec::new(),
            made: Vec::new(),
            addends: Vec::new(),
        })
    }

    /// Whether it is time to begin anew.
    pub(crate) fn is_full(&self) -> bool {
        self.arena.allocated_bytes() - self.arena.chunk_capacity() > KEPT_BYTES_MAX
    }

    /// Makes the tokens of all names so far, and gives all.
    pub(crate) fn tokens(&mut self, blinding: &Blinding) -> &[Token] {
        blinding.tokens(&self.names, &mut self.tokens);
        self.names.clear();
        &self.tokens
    }

    /// The next event of the list, which then goes behind it. None where it has to go the long way; then the list
    /// is as it was.
    pub(crate) fn next<'a: 'm>(
        &mut self,
        list: &mut List<'a>,
        asked: &Asked<'_>,
        terms: &mut TermReader,
        secret: &[u8; SECRET_BYTES],
        into: &mut Together<'_>,
    ) -> Option<Whole<'m>> {
        let seen: &List<'m> = list;
        let (source, end) = seen.look(&mut self.raw)?;
        if source.len() > EVENT_BYTES_MAX {
            return None;
        }
        let event_type = self.raw.iter().find(|part| part.name == "type")?.as_plain_str();
        let event_type = event_type.and_then(EventType::of)?;
        self.made.clear();
        for n in 0..self.raw.len() {
            let made = self.made(self.raw[n], event_type, terms)?;
            self.made.push(made);
        }
        self.in_order()?;
        let items = || self.made.iter().flat_map(|made| made.part.items);
        let is_reserved = |prefix: &str| items().any(|item| item.item.starts_with(prefix));
        let field_count = 1 + self.addends.iter().map(|addend| addend.leaves.ends.len()).sum::<usize>();
        if field_count > FIELDS_MAX || items().count() > ITEMS_MAX || asked.reserved.is_some_and(is_reserved)
        {
            return None;
        }
        let said = self.said();
        if said.count() > TERMS_MAX {
            return None;
        }
        let start = into.prehashes.len();
        let event = self.sum.event(event_type, self.made.iter().map(|made| &made.part), into.prehashes);
        let Some(event) =
            event.filter(|event| event.event_time <= asked.event_time_max && too_long(event).is_none())
        else {
            into.prehashes.truncate(start);
            return None;
        };
        into.canonical.put_together(self.addends.iter().map(|addend| addend.text));
        let issuer_end = [asked.issuer.map_or(0, <[u8]>::len)];
        let issuer = asked.issuer.map_or(self.issuer, |bytes| Leaves { bytes, ends: &issuer_end });
        let leaves = std::iter::once(issuer).chain(self.addends.iter().map(|addend| addend.leaves));
        into.commitments.add_leaves(secret, leaves);
        self.name_all(&event, into.names);
        list.pass(end);
        Some(Whole { source, event, terms: said, field_count })
    }

    /// What becomes of a member, from what is kept where it is.
    fn made(
        &mut self,
        raw: RawPart<'m>,
        event_type: EventType,
        terms: &mut TermReader,
    ) -> Option<&'m Made<'m>> {
        let (place, mark) = place_of(raw.source.as_bytes(), event_type);
        if let Some((known, Some(kept))) = self.places.get(place)
            && *known == mark
            && kept.source == raw.source
            && kept.event_type == event_type
        {
            return kept.made.as_ref();
        }
        let made = self.make(&raw, event_type, terms);
        let kept: &'m Kept<'m> = self.arena.alloc(Kept { source: raw.source, event_type, made });
        if !UNLIKE.contains(&raw.name)
            && let Some(place) = self.places.get_mut(place)
        {
            *place = (mark, Some(kept));
        }
        kept.made.as_ref()
    }

    fn make(&mut self, raw: &RawPart<'m>, event_type: EventType, terms: &mut TermReader) -> Option<Made<'m>> {
        let member = self.reader.read(raw)?;
        let part = self.reading.read(member, event_type, &mut self.scratch, self.arena)?;
        self.canonical.write_member(&member);
        let addend = self.addend(member.name);
        self.said.hashes.clear();
        self.said.measures.clear();
        terms.read_part(&part, event_type, self.context, &mut self.said);
        let names = self.names_of(&part);
        Some(Made {
            part,
            addend,
            used: self.definitions.used_by(&member),
            terms: self.arena.alloc_slice_copy(&self.said.hashes),
            measures: self.arena.alloc_slice_copy(&self.said.measures),
            names,
        })
    }

    /// What stands in `canonical`.
    fn addend(&mut self, name: &'m str) -> Addend<'m> {
        self.leaves.clear();
        self.leaf_ends.clear();
        for (pointer, value) in self.canonical.fields() {
            write_leaf(pointer, value, &mut self.leaves);
            self.leaf_ends.push(self.leaves.len());
        }
        let bytes = self.arena.alloc_slice_copy(&self.leaves);
        let leaves = Leaves { bytes, ends: self.arena.alloc_slice_copy(&self.leaf_ends) };
        let text = self.arena.alloc_slice_copy(self.canonical.part_text());
        Addend { order: order_of(name), name, text, leaves }
    }

    fn names_of(&mut self, part: &Part<'m>) -> &'m [Named] {
        let mut named = std::mem::take(&mut self.named);
        named.clear();
        let mut last_lot = None;
        for item in part.items {
            named.push(self.named(item.item, Role::of_item(item.role, item.in_quantity_list)));
            // Items of one lot stand together.
            if item.lot != last_lot {
                last_lot = item.lot;
                named.extend(item.lot.map(|lot| self.named(lot, Role::Lot)));
            }
        }
        let kept = self.arena.alloc_slice_copy(&named);
        self.named = named;
        kept
    }

    fn named(&mut self, name: &'m str, role: Role) -> Named {
        let token = u32::try_from(self.tokens.len() + self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.as_bytes());
        Named { token, role }
    }

    /// Puts what the members add in canonical order, with the context that they use. None where two have one name.
    fn in_order(&mut self) -> Option<()> {
        let used = self.made.iter().fold(0, |used, made| used | made.used);
        self.addends.clear();
        self.addends.extend(self.made.iter().map(|made| made.addend));
        let known = self.contexts.iter().find(|(bits, _)| *bits == used);
        let context = if let Some((_, context)) = known {
            *context
        } else {
            let is_said = self.canonical.write_context(self.context, used);
            let context = is_said.then(|| self.addend("@context"));
            if self.contexts.len() >= CONTEXTS_MAX {
                self.contexts.clear();
            }
            self.contexts.push((used, context));
            context
        };
        self.addends.extend(context);
        self.addends.sort_unstable_by(|a, b| match (a.order, b.order) {
            (Some(first), Some(second)) if first != second => first.cmp(&second),
            _ => order_utf16(a.name, b.name),
        });
        self.addends.is_sorted_by(|a, b| a.name != b.name).then_some(())
    }

    fn said(&self) -> Terms {
        let mut said = Terms {
            hashes: Vec::with_capacity(self.made.iter().map(|made| made.terms.len()).sum()),
            measures: Vec::with_capacity(self.made.iter().map(|made| made.measures.len()).sum()),
        };
        for made in &self.made {
            said.hashes.extend_from_slice(made.terms);
            said.measures.extend_from_slice(made.measures);
        }
        said.settle();
        said
    }

    /// All names of an event but its event hash id.
    fn name_all(&mut self, event: &Event<'m>, out: &mut Vec<Named>) {
        let made = std::mem::take(&mut self.made);
        for made in &made {
            out.extend_from_slice(made.names);
        }
        if let Some(ilmd_lot) = made.iter().find_map(|made| made.part.ilmd_lot) {
            let mut last: Option<&'m str> = None;
            for item in made.iter().flat_map(|made| made.part.items) {
                let Some(lot) = item.lot_within(ilmd_lot) else { continue };
                if last != Some(&lot) {
                    let lot: &'m str = self.arena.alloc_str(&lot);
                    last = Some(lot);
                    out.push(self.named(lot, Role::Lot));
                }
            }
        }
        out.extend(event.event_id.map(|id| self.named(id, Role::Event)));
        out.extend(event.transformation_id.map(|id| self.named(id, Role::Transformation)));
        self.made = made;
    }
}

fn order_of(name: &str) -> Option<u64> {
    let mut first = [0; 8];
    for (byte, of_name) in first.iter_mut().zip(name.bytes()) {
        *byte = of_name;
    }
    first.is_ascii().then_some(u64::from_be_bytes(first))
}

/// Where a member is kept. Members that somebody chose to share one place are read as often as they come, and
/// nothing worse.
fn place_of(source: &[u8], event_type: EventType) -> (usize, u32) {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = source.as_chunks::<8>();
    let mut last = [0; 8];
    for (byte, of_rest) in last.iter_mut().zip(rest) {
        *byte = *of_rest;
    }
    let mix =
        |hash: u64, word: &[u8; 8]| (hash ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR).rotate_left(29);
    let start = source.len() as u64 ^ (event_type as u64) << 32;
    let hash = mix(words.iter().fold(start, mix), &last).wrapping_mul(FACTOR);
    let place = usize::try_from(hash >> (u64::BITS - PLACES.trailing_zeros())).unwrap_or(0);
    (place, u32::try_from(hash & u64::from(u32::MAX)).unwrap_or(0))
}
