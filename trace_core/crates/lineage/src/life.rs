//! What happened to one item, by itself and inside containers, and how it stands after that.

use std::collections::HashSet;

use crate::containment::Link;
use crate::fact::{EventType, Role};
use crate::ledger::{Event, EventIndex, Ledger, Mention, MentionRole, Name, PartyRole, Pos, Text};
use crate::view::View;
use crate::vocabulary::Step;

/// Containers in containers beyond this depth are not looked at, and the answer says so; real ones have five levels.
/// Each level is a round of the walk.
pub(crate) const CONTAINER_DEPTH_MAX: usize = 256;

/// An event that concerns an item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) pos: Pos,
    pub(crate) event: EventIndex,
    /// The container that the event names, where it does not name the item.
    pub(crate) via: Option<Name>,
    /// Containers between the item and what the event names.
    depth: usize,
    /// As what the event names the item or container.
    pub(crate) is_input: bool,
    pub(crate) is_output: bool,
    /// It names a quantity of the item, or members of the lot, and not all of it.
    pub(crate) is_part: bool,
}

impl Entry {
    fn of(mention: Mention, via: Option<Name>, depth: usize) -> Self {
        Self {
            pos: mention.pos,
            event: mention.event,
            via,
            depth,
            is_input: mention.role == MentionRole::Item(Role::Input),
            is_output: mention.role == MentionRole::Item(Role::Output),
            is_part: mention.role == MentionRole::Item(Role::Lot) || mention.has_quantity,
        }
    }

    /// Another mention in the same event.
    fn add(&mut self, other: &Self) {
        self.is_input |= other.is_input;
        self.is_output |= other.is_output;
        self.is_part |= other.is_part;
    }
}

pub(crate) struct Life<'a> {
    /// In order of time, each event once.
    pub(crate) entries: Vec<Entry>,
    /// The item's own stays.
    pub(crate) links: Vec<&'a Link>,
    /// The containers at any depth, each with the time of the item in it.
    pub(crate) containers: Vec<(Name, Pos, Pos)>,
}

/// Whether a mention is of the item itself, so that the event happened to it.
pub(crate) fn concerns(role: MentionRole) -> bool {
    role != MentionRole::Item(Role::Class)
}

/// Everything that happened to an item between two positions.
pub(crate) fn life<'a>(view: &mut View<'a>, item: Name, from: Pos, to: Pos) -> Life<'a> {
    let ledger = view.ledger;
    let mut entries: Vec<Entry> = Vec::new();
    let mut links = Vec::new();
    let mut containers = Vec::new();
    look_through(view, item, (from, to), |depth, (name, from, to), stays| {
        let via = (depth > 0).then_some(name);
        let mentions = ledger.mentions(name, from, to).filter(|mention| concerns(mention.role));
        entries.extend(mentions.map(|mention| Entry::of(mention, via, depth)));
        containers.extend(stays.iter().map(|&(link, start, end)| (link.parent, start, end)));
        if depth == 0 {
            links.extend(stays.iter().map(|&(link, ..)| link));
        }
    });
    // Stable, so that of equals the first container stands.
    entries.sort_by_key(|entry| (entry.pos, entry.depth));
    entries.dedup_by(|next, first| {
        let is_same = next.event == first.event;
        if is_same && next.depth == first.depth {
            first.add(next);
        }
        is_same
    });
    Life { entries, links, containers }
}

/// Says that all matters which a life is made from.
pub(crate) fn need_life(view: &mut View, item: Name) {
    look_through(view, item, (Pos::MIN, Pos::MAX), |_, _, _| {});
}

/// Looks at an item and at all that it was in, from the inside outwards: how deep it is, what it is and from when to
/// when, and its own stays in that time.
fn look_through<'a>(
    view: &mut View<'a>,
    item: Name,
    (from, to): (Pos, Pos),
    mut look: impl FnMut(usize, (Name, Pos, Pos), &[(&'a Link, Pos, Pos)]),
) {
    let mut windows = vec![(item, from, to)];
    let mut seen = Seen::default();
    let mut depth = 0;
    while !windows.is_empty() {
        for window in std::mem::take(&mut windows) {
            if !seen.insert(window) {
                continue;
            }
            let mut stays = view.containers(window.0, window.1, window.2);
            if depth == CONTAINER_DEPTH_MAX && !stays.is_empty() {
                view.is_cut_in_depth = true;
                stays.clear();
            }
            windows.extend(stays.iter().map(|&(link, start, end)| (link.parent, start, end)));
            look(depth, window, &stays);
        }
        depth += 1;
    }
}

/// Windows that were looked at. Most things are in a few containers, and comparing those is faster than hashing them.
#[derive(Default)]
struct Seen {
    few: Vec<(Name, Pos, Pos)>,
    many: HashSet<(Name, Pos, Pos)>,
}

impl Seen {
    const FEW: usize = 8;

    /// Whether it is new.
    fn insert(&mut self, window: (Name, Pos, Pos)) -> bool {
        if self.few.contains(&window) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(window);
            return true;
        }
        self.many.insert(window)
    }
}

/// Why there is no such thing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Consumed,
    Decommissioned,
    Destroyed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Custodian {
    pub(crate) is_party: bool,
    pub(crate) id: Text,
    pub(crate) since: i64,
}

/// How an item stands after its last event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// And the time of the first event of the unbroken row that names it.
    pub(crate) place: Option<(Text, i64)>,
    pub(crate) disposition: Option<Text>,
    pub(crate) persistent: Vec<Text>,
    pub(crate) in_transit: bool,
    pub(crate) custodian: Option<Custodian>,
    pub(crate) ended: Option<(Ended, i64)>,
    pub(crate) last_event: Option<EventIndex>,
}

impl State {
    /// Replays a life. Of a lot only the events that name it count, because a container has but a part of it.
    pub(crate) fn of(ledger: &Ledger, item: Name, life: &Life<'_>) -> Self {
        let is_class_level = ledger.kind(item).is_class_level();
        let mut state = Self::default();
        for entry in life.entries.iter().filter(|entry| !is_class_level || entry.via.is_none()) {
            let event = ledger.event(entry.event);
            state.happen(event);
            state.begin_or_end(event, entry, is_class_level);
            state.last_event = Some(entry.event);
        }
        state
    }

    fn happen(&mut self, event: &Event) {
        if let Some(place) = event.place()
            && self.place.is_none_or(|(last, _)| last != place)
        {
            self.place = Some((place, event.pos.time));
        }
        self.disposition = event.disposition.or(self.disposition);
        self.persistent.retain(|text| !event.persistent_unset.contains(text));
        for text in &event.persistent_set {
            if !self.persistent.contains(text) {
                self.persistent.push(*text);
            }
        }
        self.move_on(event);
        self.hand_over(event);
    }

    fn move_on(&mut self, event: &Event) {
        match event.step {
            step if step.leaves() || step == Step::Transporting => self.in_transit = true,
            step if step.comes() || step == Step::VoidShipping => self.in_transit = false,
            _ if event.says_in_transit => self.in_transit = true,
            _ if event.biz_location.is_some() => self.in_transit = false,
            _ => {}
        }
    }

    /// Custody changes when something is shipped or received: to the party named as destination, or when
    /// received without one, to the place. Before that and afterwards a place only follows a place.
    fn hand_over(&mut self, event: &Event) {
        let party = event.parties.iter().find(|(role, _)| *role == PartyRole::PossessingDestination);
        let to_party = party.map(|(_, id)| (true, *id));
        let to_place = event.place().map(|place| (false, place));
        let next = match event.step {
            step if step.leaves() => to_party,
            step if step.comes() => to_party.or(to_place),
            _ if self.custodian.is_some_and(|custodian| custodian.is_party) || self.in_transit => None,
            _ => to_place,
        };
        if let Some((is_party, id)) = next
            && self.custodian.is_none_or(|last| (last.is_party, last.id) != (is_party, id))
        {
            self.custodian = Some(Custodian { is_party, id, since: event.pos.time });
        }
    }

    /// What ends or begins a container does so to what is in it; what ends a part of a lot does not end the lot.
    fn begin_or_end(&mut self, event: &Event, entry: &Entry, is_class_level: bool) {
        let is_transformed = event.event_type == EventType::TransformationEvent;
        let ended = match event.step {
            Step::Commissioning => None,
            _ if is_transformed && entry.is_output => None,
            _ if is_class_level && (is_transformed || entry.is_part) => return,
            _ if is_transformed && entry.is_input => Some(Ended::Consumed),
            Step::Destroying => Some(Ended::Destroyed),
            Step::Decommissioning => Some(Ended::Decommissioned),
            _ if event.says_destroyed => Some(Ended::Destroyed),
            _ => return,
        };
        self.ended = ended.map(|why| (why, event.pos.time));
    }
}

/// The containers that an item is in at the end, from the nearest outwards.
pub(crate) fn now_in<'a>(view: &mut View<'a>, item: Name) -> Vec<&'a Link> {
    let mut chain: Vec<&'a Link> = Vec::new();
    let mut inner = item;
    while chain.len() < CONTAINER_DEPTH_MAX {
        let open = view.containers(inner, Pos::NOW, Pos::MAX).into_iter().map(|(link, ..)| link);
        // A part fitted into an assembly may have been in a box before: what came last is nearest to the truth.
        let Some(link) = open.max_by_key(|link| link.from) else { break };
        if link.parent == item || chain.iter().any(|outer| outer.parent == link.parent) {
            break;
        }
        inner = link.parent;
        chain.push(link);
    }
    chain
}
