//! Events by their members, each member read once however many events have it.
//!
//! Places, steps, parties and lots repeat over the events of a capture, so most of its members stand in it many
//! times, to the byte. What becomes of a member (canonical text, leaves of the commitment, terms, a part of the
//! pre-hash string) depends on nothing but its bytes, the event's type and the document; so it is kept by its
//! bytes. Members that hardly repeat are not kept, and mostly read without a tree. Whatever is unusual, and every
//! event of which something is to be said, goes the long way round.

use epcis::{Document, EventHead, EventType, PartSum, lot_key};
use json::{Bump, List, Members, Part as RawPart};

use crate::addend::Addend;
use crate::canonical::CanonicalEvent;
use crate::commitment::{BLOCK_BYTES, Commitments, FIELDS_MAX, Issuer, Leaves, SECRET_BYTES};
use crate::entry::{Blinding, ITEMS_MAX, Token};
use crate::keyed_hash::Key;
use crate::made::{Made, Maker, Room};
use crate::names::Named;
use crate::prepare::{EVENT_BYTES_MAX, too_long};
use crate::references::Role;
use crate::terms::{TERMS_MAX, TermReader, Terms};

/// Members that are kept at a time; a power of two. Where two would stand in one place, the later stays.
const PLACES: usize = 1 << 13;
/// Memory of what is kept: then it begins anew, with the members that repeat by then.
pub(crate) const KEPT_BYTES_MAX: usize = 1 << 21;
/// Memory that is given to whatever comes; beyond it a member is kept when it comes a second time.
const KEPT_AT_ONCE_BYTES_MAX: usize = 1 << 20;
/// Contexts that are kept: sets of definitions that events use together.
const CONTEXTS_MAX: usize = 64;
/// Members that are tried before a member is searched for.
const FOLLOWERS_MAX: usize = 4;
/// Event types, by their numbers, begin with none that is kept.
const TYPES: usize = 8;
/// Members of most events, at most.
const MEMBERS_USUAL: usize = 32;
/// Members that hardly two events have alike.
const UNLIKE: [&str; 10] = [
    "eventTime",
    "eventID",
    "recordTime",
    "parentID",
    "epcList",
    "childEPCs",
    "inputEPCList",
    "outputEPCList",
    "bizTransactionList",
    "sensorElementList",
];

/// What is kept of the members of a document's events.
pub(crate) struct Parts<'m> {
    key: Key,
    maker: Maker<'m>,
    room: Room<'m>,
    /// What is kept where, with a part of its hash, so that others need not be looked at.
    places: Vec<(u32, Option<&'m Kept<'m>>)>,
    /// The same part of the hash of those that came once and are not kept, where they would be.
    seen: Vec<u32>,
    /// Of each context that events use: which definitions, and what it adds; nothing, where there is none.
    contexts: Vec<(u64, Option<&'m Addend<'m>>)>,
    /// Of each kept member, and before any of each type, those that were seen to follow it, the last first.
    followers: Vec<[Option<&'m Kept<'m>>; FOLLOWERS_MAX]>,
    issuer: Addend<'m>,
    sum: PartSum,
}

/// What a chunk of events has for itself.
pub(crate) struct Fresh<'c> {
    room: Room<'c>,
    /// For one event at a time.
    made: Vec<&'c Made<'c>>,
    addends: Vec<(Option<u128>, &'c Addend<'c>)>,
}

/// A member as it is kept: nothing, where its event goes the long way.
struct Kept<'m> {
    /// Its place among those that follow others.
    number: usize,
    source: &'m str,
    event_type: EventType,
    made: Option<Made<'m>>,
}

/// What an event is by its parts.
pub(crate) struct Whole<'c> {
    pub(crate) source: &'c str,
    pub(crate) head: EventHead<'c>,
    pub(crate) field_count: usize,
}

/// Where that of an event is put which is taken for many at once.
pub(crate) struct Together<'i> {
    pub(crate) prehashes: &'i mut String,
    pub(crate) canonical: &'i mut CanonicalEvent,
    pub(crate) commitments: &'i mut Commitments,
    pub(crate) names: &'i mut Vec<Named>,
    pub(crate) said: &'i mut Terms,
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

impl<'c> Fresh<'c> {
    pub(crate) fn new<'a: 'c>(list: Option<&List<'a>>, arena: &'c Bump) -> Self {
        let room = Room::new(list, arena, false);
        Self { room, made: Vec::with_capacity(MEMBERS_USUAL), addends: Vec::with_capacity(MEMBERS_USUAL) }
    }

    /// A name of one event, for this role.
    pub(crate) fn name(&mut self, name: &str, role: Role) -> Named {
        self.room.name(self.room.arena.alloc_str(name), role)
    }

    /// Makes the tokens of all its names.
    pub(crate) fn tokens(&mut self, blinding: &Blinding) -> &[Token] {
        self.room.names.tokens(blinding)
    }
}

impl<'m> Parts<'m> {
    /// None where the document's context is too large for this.
    pub(crate) fn new<'a: 'm>(
        document: &'m Document<'a>,
        list: &List<'a>,
        ignored_fields: &'m [&'a str],
        issuer: &Issuer,
        key: Key,
        arena: &'m Bump,
    ) -> Option<Self> {
        let mut maker = Maker::new(&document.context, ignored_fields)?;
        Some(Self {
            key,
            issuer: maker.writer.of_issuer(issuer, arena),
            maker,
            room: Room::new(Some(list), arena, true),
            places: vec![(0, None); PLACES],
            seen: vec![0; PLACES],
            contexts: Vec::new(),
            followers: vec![[None; FOLLOWERS_MAX]; TYPES],
            sum: PartSum::default(),
        })
    }

    /// Whether it is time to begin anew.
    pub(crate) fn is_full(&self) -> bool {
        self.kept_bytes() > KEPT_BYTES_MAX
    }

    fn kept_bytes(&self) -> usize {
        self.room.arena.allocated_bytes() - self.room.arena.chunk_capacity()
    }

    /// Makes the tokens of all names so far that are kept, and gives all.
    pub(crate) fn tokens(&mut self, blinding: &Blinding) -> &[Token] {
        self.room.names.tokens(blinding)
    }

    /// The next event of the list, which then goes behind it. None where it has to go the long way; then the list
    /// is as it was.
    pub(crate) fn next<'a: 'm, 'c>(
        &mut self,
        list: &mut List<'a>,
        asked: &Asked<'_>,
        terms: &mut TermReader,
        secret: &[u8; SECRET_BYTES],
        fresh: &mut Fresh<'c>,
        into: &mut Together<'_>,
    ) -> Option<Whole<'c>>
    where
        'm: 'c,
    {
        let (event_type, source, end) = self.members(list, terms, fresh)?;
        self.in_order(fresh)?;
        let items = || fresh.made.iter().flat_map(|made| made.part.items);
        let is_reserved = |prefix: &str| items().any(|item| item.item.starts_with(prefix));
        let leaves = fresh.addends.iter().map(|(_, addend)| addend.leaves.ends.len());
        let field_count = 1 + leaves.sum::<usize>();
        if field_count > FIELDS_MAX
            || fresh.made.iter().map(|made| made.part.items.len()).sum::<usize>() > ITEMS_MAX
            || asked.reserved.is_some_and(is_reserved)
        {
            return None;
        }
        let start = into.prehashes.len();
        let parts = fresh.made.iter().map(|made| &made.part);
        let head = self.sum.event(event_type, parts, fresh.room.arena, into.prehashes);
        let head = head.filter(|head| head.event_time <= asked.event_time_max && too_long(head).is_none());
        let Some(head) = head.filter(|_| say(&fresh.made, into.said)) else {
            into.prehashes.truncate(start);
            return None;
        };
        into.canonical.put_together(fresh.addends.iter().map(|(_, addend)| addend.text));
        let issuer_end = [asked.issuer.map_or(0, <[u8]>::len) / BLOCK_BYTES];
        let issuer = asked.issuer.map_or(self.issuer.leaves, |bytes| Leaves { bytes, ends: &issuer_end });
        into.commitments.add_leaves(&issuer);
        fresh.addends.iter().for_each(|(_, addend)| into.commitments.add_leaves(&addend.leaves));
        into.commitments.end(secret, field_count);
        name_all(&head, fresh, into.names);
        list.pass(end);
        Some(Whole { source, head, field_count })
    }

    /// What becomes of the members of the next event: its type, source and end.
    fn members<'a: 'm, 'c>(
        &mut self,
        list: &List<'a>,
        terms: &mut TermReader,
        fresh: &mut Fresh<'c>,
    ) -> Option<(EventType, &'c str, usize)>
    where
        'm: 'c,
    {
        let mut members = list.members()?;
        let event_type = members.plain_text("type").and_then(EventType::of)?;
        fresh.made.clear();
        let mut before = event_type as usize;
        loop {
            let made: &'c Made<'c> = if let Some(kept) = self.follower(before, &mut members) {
                before = kept.number;
                kept.made.as_ref()?
            } else {
                let part = members.peek()?;
                let like = if UNLIKE.contains(&part.name) { None } else { Some(members.pass(&part)?) };
                let kept = like.and_then(|at| self.kept(list, &part, at, event_type, terms));
                if let Some(kept) = kept {
                    self.follow(before, kept);
                    before = kept.number;
                    kept.made.as_ref()?
                } else {
                    let (made, end) = self.maker.make(list, &part, event_type, terms, &mut fresh.room)?;
                    members.go_to(end);
                    fresh.room.arena.alloc(made)
                }
            };
            fresh.made.push(made);
            if !members.go_on()? {
                break;
            }
        }
        let (source, end) = members.finish()?;
        (source.len() <= EVENT_BYTES_MAX).then_some((event_type, source, end))
    }

    /// What becomes of a member, from what is kept where it is; None of one that is not kept, as it may never come
    /// again.
    fn kept<'a: 'm>(
        &mut self,
        list: &List<'a>,
        part: &RawPart<'a>,
        (source, end): (&'m str, usize),
        event_type: EventType,
        terms: &mut TermReader,
    ) -> Option<&'m Kept<'m>> {
        let hash = self.key.hash(event_type as u64, source.as_bytes());
        let place = usize::try_from(hash >> (u64::BITS - PLACES.trailing_zeros())).unwrap_or(0);
        let mark = u32::try_from(hash & u64::from(u32::MAX)).unwrap_or(0);
        if let Some((known, Some(kept))) = self.places.get(place)
            && *known == mark
            && kept.source == source
            && kept.event_type == event_type
        {
            return Some(kept);
        }
        let seen = self.seen.get_mut(place)?;
        if std::mem::replace(seen, mark) != mark && self.kept_bytes() > KEPT_AT_ONCE_BYTES_MAX {
            return None;
        }
        let made = self.maker.make(list, part, event_type, terms, &mut self.room);
        let made = made.filter(|(_, read_to)| *read_to == end).map(|(made, _)| made);
        let number = self.followers.len();
        self.followers.push([None; FOLLOWERS_MAX]);
        // Where what is kept stands together.
        let source = self.room.arena.alloc_str(source);
        let kept: &'m Kept<'m> = self.room.arena.alloc(Kept { number, source, event_type, made });
        if let Some(place) = self.places.get_mut(place) {
            *place = (mark, Some(kept));
        }
        Some(kept)
    }

    /// The member that stands next, if it has followed the last that is kept before; it is passed then. Members of
    /// one event are much as those of another: this finds most without a search, or a look for their end.
    fn follower(&mut self, before: usize, members: &mut Members<'_>) -> Option<&'m Kept<'m>> {
        let followers = self.followers.get_mut(before)?;
        let place =
            followers.iter().position(|kept| kept.is_some_and(|kept| members.pass_known(kept.source)))?;
        followers.swap(place, place.saturating_sub(1));
        followers[place.saturating_sub(1)]
    }

    fn follow(&mut self, before: usize, kept: &'m Kept<'m>) {
        if let Some(followers) = self.followers.get_mut(before) {
            followers.rotate_right(1);
            followers[0] = Some(kept);
        }
    }

    /// Puts what the members add in canonical order, with the context that they use. None where two have one name.
    fn in_order<'c>(&mut self, fresh: &mut Fresh<'c>) -> Option<()>
    where
        'm: 'c,
    {
        let used = fresh.made.iter().fold(0, |used, made| used | made.used);
        fresh.addends.clear();
        let addends = fresh.made.iter().map(|made| &made.addend).chain(self.context_of(used));
        fresh.addends.extend(addends.map(|addend| (addend.order, addend)));
        // Nearly always the numbers decide.
        fresh.addends.sort_unstable_by(|(order, a), (other_order, b)| match (order, other_order) {
            (Some(order), Some(other)) if order != other => order.cmp(other),
            _ => a.order(b),
        });
        fresh.addends.is_sorted_by(|a, b| a.0 != b.0 || !a.1.has_name_of(b.1)).then_some(())
    }

    /// What the context adds of events that use these definitions.
    fn context_of(&mut self, used: u64) -> Option<&'m Addend<'m>> {
        if let Some((_, context)) = self.contexts.iter().find(|(bits, _)| *bits == used) {
            return *context;
        }
        let arena = self.room.arena;
        let context = self.maker.writer.of_context(self.maker.context, used, arena);
        let context = context.map(|context| &*arena.alloc(context));
        if self.contexts.len() >= CONTEXTS_MAX {
            self.contexts.clear();
        }
        self.contexts.push((used, context));
        context
    }
}

/// What the members say, put behind what others say. False, with nothing put there, where it is too much.
fn say(made: &[&Made<'_>], out: &mut Terms) -> bool {
    let (first_hash, first_measure) = (out.hashes.len(), out.measures.len());
    for made in made {
        out.hashes.extend_from_slice(made.terms);
        // Few have any.
        if !made.measures.is_empty() {
            out.measures.extend_from_slice(made.measures);
        }
    }
    out.settle(first_hash, first_measure);
    let is_little = out.count() - first_hash - first_measure <= TERMS_MAX;
    if !is_little {
        out.hashes.truncate(first_hash);
        out.measures.truncate(first_measure);
    }
    is_little
}

/// All names of an event but its event hash id.
fn name_all<'c>(head: &EventHead<'c>, fresh: &mut Fresh<'c>, out: &mut Vec<Named>) {
    let Fresh { room, made, .. } = fresh;
    for made in made.iter().filter(|made| !made.names.is_empty()) {
        out.extend_from_slice(made.names);
    }
    if let Some(ilmd_lot) = made.iter().find_map(|made| made.part.ilmd_lot) {
        // Items of one class stand together.
        let items = made.iter().flat_map(|made| made.part.items);
        let classes = items.filter_map(|item| Some((item.class_without_lot()?, item.item)));
        let (mut last, mut lot, mut is_named) = ("", None, false);
        for (class, item) in classes {
            if class != last {
                lot = lot_key(class, ilmd_lot);
                (last, is_named) = (class, false);
            }
            if let Some(lot) = lot.as_ref().filter(|lot| !is_named && *lot != item) {
                out.push(room.name(room.arena.alloc_str(lot), Role::Lot));
                is_named = true;
            }
        }
    }
    out.extend(head.event_id.map(|id| room.name(id, Role::Event)));
    out.extend(head.transformation_id.map(|id| room.name(id, Role::Transformation)));
}
