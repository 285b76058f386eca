//! What must have happened to affected items and was not told.

use std::collections::BTreeMap;

use crate::answer::{Gap, GapKind, Standing};
use crate::containment::Stays;
use crate::fact::Kind;
use crate::graph;
use crate::ledger::{EventIndex, Name, Pos, Text};
use crate::recall::Case;
use crate::report::Report;
use crate::view::View;
use crate::vocabulary::{Step, site};

/// Of one kind, by one event, about one container.
type Key = (Pos, EventIndex, GapKind, Option<Name>);

impl<'a> Report<'a> {
    pub(crate) fn gaps(&self, view: &View<'a>, cases: &[Case<'a>]) -> Vec<Gap<'a>> {
        let mut gaps: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (number, case) in cases.iter().enumerate() {
            let mut add = |kind, event: EventIndex, container| {
                let key = (self.ledger.event(event).pos, event, kind, container);
                gaps.entry(key).or_default().push(number);
            };
            if self.ledger.kind(case.item).is_class_level() {
                for &event in &case.journey.not_received {
                    add(GapKind::ShippedNotReceived, event, None);
                }
                for &event in &case.journey.not_shipped {
                    add(GapKind::ReceivedNotShipped, event, None);
                }
            } else {
                self.journey_gaps(case, &mut |kind, event| add(kind, event, None));
            }
            // Of a portion's lot, only what is in the named container was looked at.
            let is_portion = case.affected.standing == Standing::Portion;
            let none = Stays::default();
            let stays = if is_portion { &none } else { view.stays(case.item) };
            let is_while = |event: EventIndex| {
                let pos = self.ledger.event(event).pos;
                case.from <= pos && pos <= case.to
            };
            for link in stays.links.iter().filter(|link| link.only_observed && is_while(link.opened_by)) {
                add(GapKind::InsideNeverAdded, link.opened_by, Some(link.parent));
            }
            for &(container, event) in stays.strays.iter().filter(|(_, event)| is_while(*event)) {
                add(GapKind::RemovedNeverAdded, event, Some(container));
            }
            if case.affected.kind == Some(Kind::Class) {
                let path = self.graph.path_to(case.item, graph::Standing::Portion);
                let last = path.last().and_then(|&step| self.graph.reaches[step].before);
                if let Some((_, edge)) = last {
                    add(GapKind::ClassWithoutLot, edge.event, None);
                }
            }
        }
        let gap = |((_, event, kind, container), numbers): (Key, Vec<usize>)| Gap {
            kind,
            event: self.evidence(event),
            items: numbers.into_iter().map(|number| cases[number].affected.item).collect(),
            container: container.map(|container| self.name(container)),
        };
        gaps.into_iter().map(gap).collect()
    }

    /// Leaving and coming must take turns. A second event of one kind at the same site tells the same again, as
    /// when both the pallet and the case on it are scanned.
    fn journey_gaps(&self, case: &Case<'a>, add: &mut impl FnMut(GapKind, EventIndex)) {
        let mut left: Option<(EventIndex, Option<Text>)> = None;
        let mut came_to: Option<Option<Text>> = None;
        for entry in case.entries() {
            let event = self.ledger.event(entry.event);
            let place = event.read_point.or(event.biz_location);
            if event.step.leaves() {
                if let Some((earlier, from)) = left {
                    if self.is_same_site(from, place) {
                        continue;
                    }
                    add(GapKind::ShippedNotReceived, earlier);
                }
                left = Some((entry.event, place));
                came_to = None;
            } else if event.step.comes() {
                let is_told_again = came_to.is_some_and(|last| self.is_same_site(last, place));
                if left.is_none() && !is_told_again {
                    add(GapKind::ReceivedNotShipped, entry.event);
                }
                left = None;
                came_to = Some(place);
            } else if event.step == Step::VoidShipping {
                left = None;
            }
        }
        if let Some((event, _)) = left {
            add(GapKind::ShippedNotReceived, event);
        }
    }

    /// Where a place is not told, no gap can be proven.
    fn is_same_site(&self, one: Option<Text>, other: Option<Text>) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => site(self.ledger.text(one)) == site(self.ledger.text(other)),
            _ => true,
        }
    }
}
