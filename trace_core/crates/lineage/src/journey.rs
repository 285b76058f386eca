//! The ways of the parts of a lot: what left and came, and who has what is not in a container.

use crate::answer::HolderKind;
use crate::fact::Role;
use crate::ledger::{Event, EventIndex, Ledger, Name, PartyRole, Text};
use crate::life::Entry;
use crate::quantity::Quantity;
use crate::vocabulary::{Step, site};

/// How much of a lot, in steps of [`Quantity`](crate::Quantity); not stated, or in more than one unit: `None`.
type Units = Option<i128>;

/// What was told of a lot's parts.
#[derive(Debug, Default)]
pub(crate) struct Journey {
    /// Left, and not all of it came.
    pub(crate) not_received: Vec<EventIndex>,
    /// Came without having left.
    pub(crate) not_shipped: Vec<EventIndex>,
    /// Who has parts that are in no container; `None` where nothing tells.
    pub(crate) holders: Option<Vec<(HolderKind, Text)>>,
}

/// A part on its way, or one that came.
#[derive(Clone, Copy)]
struct Leg {
    event: EventIndex,
    step: Step,
    place: Option<Text>,
    /// The container that the event names.
    via: Option<Name>,
    units: Units,
}

/// A part that is somewhere.
struct Held {
    place: Text,
    holder: (HolderKind, Text),
    units: Units,
}

struct Parts<'a> {
    ledger: &'a Ledger,
    open: Vec<Leg>,
    came: Vec<Leg>,
    /// `None` before anything was anywhere.
    held: Option<Vec<Held>>,
    not_shipped: Vec<EventIndex>,
}

/// Follows the parts of a lot through its events and those of the containers with parts of it, in order of time.
/// What came is held against what left in the same container, else against what left first. Cost: entries × parts
/// that are on their way at a time.
pub(crate) fn journey<'e>(ledger: &Ledger, lot: Name, entries: impl Iterator<Item = &'e Entry>) -> Journey {
    let mut parts = Parts { ledger, open: Vec::new(), came: Vec::new(), held: None, not_shipped: Vec::new() };
    for entry in entries {
        let event = ledger.event(entry.event);
        let own: Vec<_> = event.parts.iter().filter(|part| part.item == lot).collect();
        // Of single things that belong to the lot their own journeys tell.
        if entry.via.is_none() && own.is_empty() {
            continue;
        }
        let units = match own[..] {
            [part] => part.quantity.map(Quantity::units),
            _ => None,
        };
        let place = event.read_point.or(event.biz_location);
        let leg = Leg { event: entry.event, step: event.step, place, via: entry.via, units };
        match event.step {
            step if step.leaves() => parts.leave(leg),
            step if step.comes() => parts.come(leg, event),
            Step::VoidShipping => parts.void(&leg),
            _ => parts.change(&leg, event, own.first().map(|part| part.role)),
        }
    }
    Journey {
        not_received: parts.open.iter().map(|leg| leg.event).collect(),
        not_shipped: parts.not_shipped,
        holders: parts.held.map(|held| held.into_iter().map(|held| held.holder).collect()),
    }
}

impl Parts<'_> {
    /// Where a place is not told, nothing speaks against its being the same.
    fn is_same_site(&self, one: Option<Text>, other: Option<Text>) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => site(self.ledger.text(one)) == site(self.ledger.text(other)),
            _ => true,
        }
    }

    /// A container scanned twice at one site, or a part that first is shipped and then departs.
    fn is_told_again(&self, before: &Leg, leg: &Leg) -> bool {
        before.via == leg.via
            && self.is_same_site(before.place, leg.place)
            && (leg.via.is_some() || (before.step != leg.step && before.units == leg.units))
    }

    fn leave(&mut self, leg: Leg) {
        if self.open.iter().any(|before| self.is_told_again(before, &leg)) {
            return;
        }
        self.came.retain(|before| before.via != leg.via);
        if leg.via.is_none() {
            self.take(leg.place, leg.units);
        }
        self.open.push(leg);
    }

    fn come(&mut self, leg: Leg, event: &Event) {
        if self.came.iter().any(|before| self.is_told_again(before, &leg)) {
            return;
        }
        if self.open.is_empty() {
            let is_known = self.came.iter().any(|before| self.is_same_site(before.place, leg.place));
            if !is_known {
                self.not_shipped.push(leg.event);
            }
        }
        self.arrive(&leg);
        if leg.via.is_none() {
            self.hold(event, leg.units);
        }
        self.came.push(leg);
    }

    /// Takes what came from what is on its way.
    fn arrive(&mut self, leg: &Leg) {
        let mut left = leg.units;
        while let Some(at) = (self.open.iter().position(|before| before.via == leg.via))
            .or_else(|| (!self.open.is_empty()).then_some(0))
        {
            match (&mut self.open[at].units, &mut left) {
                (Some(open), Some(left)) if *open > *left => {
                    *open -= *left;
                    return;
                }
                (Some(open), Some(left)) => {
                    *left -= *open;
                    let is_all = *left == 0;
                    self.open.remove(at);
                    if is_all {
                        return;
                    }
                }
                _ => {
                    self.open.remove(at);
                    return;
                }
            }
        }
    }

    fn void(&mut self, leg: &Leg) {
        let same = self.open.iter().rposition(|before| {
            before.via == leg.via && before.units == leg.units && self.is_same_site(before.place, leg.place)
        });
        if let Some(at) = same.or_else(|| self.open.len().checked_sub(1)) {
            self.open.remove(at);
        }
    }

    /// What is made is somewhere from then on; what is packed, used up, sold or destroyed is there no longer.
    fn change(&mut self, leg: &Leg, event: &Event, role: Option<Role>) {
        if leg.via.is_some() {
            return;
        }
        let is_gone = matches!(role, Some(Role::Child | Role::Input))
            || event.step == Step::Selling
            || event.step.ends();
        if matches!(role, Some(Role::Output)) || event.step == Step::Commissioning {
            self.hold(event, leg.units);
        } else if is_gone && event.action != Some(crate::fact::Action::Delete) {
            self.take(leg.place, leg.units);
        } else if matches!(role, Some(Role::Child)) {
            // Out of its container.
            self.hold(event, leg.units);
        }
    }

    fn hold(&mut self, event: &Event, units: Units) {
        let party = event.parties.iter().find(|(role, _)| *role == PartyRole::PossessingDestination);
        let party = party.map(|(_, id)| (HolderKind::Party, *id));
        let Some(place) = event.place() else { return };
        let holder = party.unwrap_or((HolderKind::Place, place));
        let all = self.held.get_or_insert_default();
        match all.iter_mut().find(|held| held.holder == holder && held.place == place) {
            Some(held) => held.units = held.units.zip(units).map(|(one, other)| one + other),
            None => all.push(Held { place, holder, units }),
        }
    }

    /// So much leaves a site; all that is there, where it is not told how much.
    fn take(&mut self, place: Option<Text>, units: Units) {
        let Some(held) = self.held.take() else { return };
        let mut left = units;
        let rest = held.into_iter().filter_map(|mut held| {
            if !self.is_same_site(Some(held.place), place) {
                return Some(held);
            }
            let (have, wanted) = (held.units?, left?);
            left = Some(wanted - wanted.min(have));
            held.units = Some(have - wanted.min(have));
            (have > wanted).then_some(held)
        });
        self.held = Some(rest.collect());
    }
}
