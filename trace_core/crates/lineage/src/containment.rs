//! Who was in what, from when to when.
//!
//! A single thing is in at most one container and one assembly at a time: to be added to another, or seen in it,
//! means to have left the first. It also leaves when it is used up, destroyed or decommissioned by an event that
//! names it. Of a lot there may be parts in many containers; a part is there until as much has come out as went
//! in, or until all leave.

use std::collections::BTreeMap;

use crate::fact::{Action, EventType, Role};
use crate::ledger::{Bond, EventIndex, Ledger, Mention, MentionRole, Name, Pos, Text};
use crate::quantity::Quantity;

/// One stay in one container.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) child: Name,
    pub(crate) parent: Name,
    pub(crate) bond: Bond,
    pub(crate) from: Pos,
    /// [`Pos::MAX`] while it is inside.
    pub(crate) to: Pos,
    pub(crate) opened_by: EventIndex,
    /// It was seen inside, and never before said to be added.
    pub(crate) only_observed: bool,
    /// Of class-level items, what went in (+) and out (-), in order of time.
    amounts: Vec<Amount>,
}

#[derive(Clone, Copy, Debug)]
struct Amount {
    pos: Pos,
    unit: Option<Text>,
    /// Absent when not stated.
    units: Option<i128>,
}

impl Link {
    pub(crate) fn is_open(&self) -> bool {
        self.to == Pos::MAX
    }

    /// The part of the stay that lies between two positions, unless it is empty.
    pub(crate) fn during(&self, from: Pos, to: Pos) -> Option<(Pos, Pos)> {
        let (from, to) = (self.from.max(from), self.to.min(to));
        (from < to).then_some((from, to))
    }

    /// Of a lot, how much is inside just before a position, by unit; what is not stated is left out.
    pub(crate) fn inside_at(&self, pos: Pos) -> BTreeMap<Option<Text>, i128> {
        let mut sums = BTreeMap::new();
        for amount in self.amounts.iter().filter(|amount| amount.pos < pos) {
            *sums.entry(amount.unit).or_default() += amount.units.unwrap_or(0);
        }
        sums
    }

    /// What the event that opened the stay says of its amount.
    pub(crate) fn first_amount(&self) -> (Option<Quantity>, Option<Text>) {
        self.amounts
            .first()
            .map_or((None, None), |amount| (amount.units.map(Quantity::from_units), amount.unit))
    }

    fn is_used_up(&self) -> bool {
        let mut sums = BTreeMap::new();
        for amount in &self.amounts {
            let Some(units) = amount.units else { return false };
            *sums.entry(amount.unit).or_insert(0) += units;
        }
        sums.values().all(|sum| *sum <= 0)
    }
}

/// All stays of one item in order of their beginning, and what does not fit.
#[derive(Debug, Default)]
pub(crate) struct Stays {
    pub(crate) links: Vec<Link>,
    /// Events that take it out of where it never was.
    pub(crate) strays: Vec<(Name, EventIndex)>,
}

impl Stays {
    pub(crate) fn is_none(&self) -> bool {
        self.links.is_empty() && self.strays.is_empty()
    }
}

/// Replays what the ledger knows of one item. Cost: its events, and a search for each stay.
pub(crate) fn stays(ledger: &Ledger, item: Name) -> Stays {
    let mut replay = Replay { ledger, item, open: Vec::new(), stays: Stays::default() };
    let is_class_level = ledger.kind(item).is_class_level();
    for mention in ledger.mentions(item, Pos::MIN, Pos::MAX) {
        replay.empty_before(mention.pos);
        if is_class_level { replay.part(mention) } else { replay.thing(mention) }
    }
    replay.empty_before(Pos::MAX);
    let mut stays = replay.stays;
    stays.links.append(&mut replay.open);
    stays.links.sort_by_key(|link| (link.from, link.parent, link.bond));
    stays
}

struct Replay<'a> {
    ledger: &'a Ledger,
    item: Name,
    open: Vec<Link>,
    stays: Stays,
}

impl Replay<'_> {
    /// Ends the stays in containers that everything left before a position.
    fn empty_before(&mut self, pos: Pos) {
        let ledger = self.ledger;
        let end = |link: &Link| {
            let (end, _) = ledger.emptied_after(link.parent, link.bond, link.from)?;
            (end < pos).then_some(end)
        };
        for mut link in self.open.extract_if(.., |link| end(link).is_some()) {
            link.to = end(&link).unwrap_or(pos);
            self.stays.links.push(link);
        }
    }

    /// The container of which an event names the item as child.
    fn container(&self, mention: Mention) -> Option<(Name, Bond)> {
        let event = self.ledger.event(mention.event);
        let is_child = mention.role == MentionRole::Item(Role::Child);
        event.parent.zip(event.bond()).filter(|(parent, _)| is_child && *parent != self.item)
    }

    fn open_in(&self, parent: Name, bond: Bond) -> Option<usize> {
        self.open.iter().position(|link| link.parent == parent && link.bond == bond)
    }

    fn close(&mut self, at: usize, pos: Pos) {
        let mut link = self.open.swap_remove(at);
        link.to = pos;
        self.stays.links.push(link);
    }

    fn enter(&mut self, mention: Mention, parent: Name, bond: Bond) {
        self.open.push(Link {
            child: self.item,
            parent,
            bond,
            from: mention.pos,
            to: Pos::MAX,
            opened_by: mention.event,
            only_observed: self.ledger.event(mention.event).action != Some(Action::Add),
            amounts: Vec::new(),
        });
    }

    fn thing(&mut self, mention: Mention) {
        if self.ends(mention) {
            while !self.open.is_empty() {
                self.close(0, mention.pos);
            }
        }
        let Some((parent, bond)) = self.container(mention) else { return };
        let inside = self.open_in(parent, bond);
        if self.ledger.event(mention.event).action == Some(Action::Delete) {
            match inside {
                Some(at) => self.close(at, mention.pos),
                None => self.stays.strays.push((parent, mention.event)),
            }
        } else if inside.is_none() {
            if let Some(at) = self.open.iter().position(|link| link.bond == bond) {
                self.close(at, mention.pos);
            }
            self.enter(mention, parent, bond);
        }
    }

    fn ends(&self, mention: Mention) -> bool {
        let event = self.ledger.event(mention.event);
        match mention.role {
            MentionRole::Item(Role::Input) => event.event_type == EventType::TransformationEvent,
            MentionRole::Item(Role::Epc) => event.event_type == EventType::ObjectEvent && event.step.ends(),
            _ => false,
        }
    }

    fn part(&mut self, mention: Mention) {
        let Some((parent, bond)) = self.container(mention) else { return };
        let part = self.ledger.part(mention);
        let units = part.quantity.map(Quantity::units);
        let amount = Amount { pos: mention.pos, unit: part.unit, units };
        let inside = self.open_in(parent, bond);
        match (self.ledger.event(mention.event).action, inside) {
            (Some(Action::Delete), Some(at)) => {
                self.open[at].amounts.push(Amount { units: units.map(|units| -units), ..amount });
                if units.is_none() || self.open[at].is_used_up() {
                    self.close(at, mention.pos);
                }
            }
            (Some(Action::Delete), None) => self.stays.strays.push((parent, mention.event)),
            (Some(Action::Add), Some(at)) => self.open[at].amounts.push(amount),
            (_, Some(_)) => {}
            (_, None) => {
                self.enter(mention, parent, bond);
                if let Some(link) = self.open.last_mut() {
                    link.amounts.push(amount);
                }
            }
        }
    }
}
