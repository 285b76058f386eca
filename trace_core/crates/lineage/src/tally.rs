//! Sums of quantities, exact, and what does not add up.

use std::collections::{BTreeMap, HashSet};

use crate::answer as out;
use crate::fact::{Action, Role};
use crate::ledger::{Event, EventIndex, MentionRole, Name, Part, Pos, Text};
use crate::life::life;
use crate::quantity::Quantity;
use crate::recall::Case;
use crate::report::Report;
use crate::view::View;
use crate::vocabulary::Step;

type Unit = Option<Text>;

/// In steps of [`Quantity`].
#[derive(Clone, Copy, Default)]
struct Sums {
    made: i128,
    used: i128,
    shipped: i128,
    received: i128,
    packed: i128,
    unpacked: i128,
    sold: i128,
    destroyed: i128,
}

#[derive(Default)]
pub(crate) struct Tally {
    lots: BTreeMap<(Name, Unit), Sums>,
    /// What went into and came out of each transformation.
    transformations: BTreeMap<(Name, Unit), (i128, i128)>,
}

impl Tally {
    /// Adds what all events of a transformation say. Cost: those events.
    pub(crate) fn count_transformation(&mut self, report: &Report, transformation: Name) {
        for mention in report.ledger.mentions(transformation, Pos::MIN, Pos::MAX) {
            for part in &report.ledger.event(mention.event).parts {
                let Some(quantity) = part.quantity else { continue };
                let (inputs, outputs) = self.transformations.entry((transformation, part.unit)).or_default();
                match part.role {
                    Role::Input => *inputs += quantity.units(),
                    Role::Output => *outputs += quantity.units(),
                    _ => {}
                }
            }
        }
    }

    /// Adds what the events of a lot, and of the containers with parts of it, say. Nothing for single things.
    pub(crate) fn count_lot<'a>(&mut self, report: &Report<'a>, view: &mut View<'a>, case: &Case<'a>) {
        let ledger = report.ledger;
        let is_portion = case.affected.standing == out::Standing::Portion;
        if is_portion || !ledger.kind(case.item).is_class_level() {
            return;
        }
        let mut own: HashSet<EventIndex> = HashSet::new();
        for mention in ledger.mentions(case.item, Pos::MIN, Pos::MAX) {
            own.insert(mention.event);
            let (event, part) = (ledger.event(mention.event), ledger.part(mention));
            if mention.role == MentionRole::Item(part.role) {
                self.count_part(case.item, event, part);
            }
        }
        for link in &case.life.links {
            for entry in life(view, link.parent, link.from, link.to).entries {
                let event = ledger.event(entry.event);
                if own.contains(&entry.event) {
                    continue;
                }
                for (unit, units) in link.inside_at(entry.pos) {
                    let sums = self.lots.entry((case.item, unit)).or_default();
                    match event.step {
                        Step::Shipping => sums.shipped += units,
                        Step::Receiving => sums.received += units,
                        _ => {}
                    }
                }
            }
        }
    }

    fn count_part(&mut self, lot: Name, event: &Event, part: &Part) {
        let Some(quantity) = part.quantity else { return };
        let sums = self.lots.entry((lot, part.unit)).or_default();
        let sum = match (part.role, event.action, event.step) {
            (Role::Output, ..) | (Role::Epc, _, Step::Commissioning) => &mut sums.made,
            (Role::Input, ..) => &mut sums.used,
            (Role::Child, Some(Action::Add), _) => &mut sums.packed,
            (Role::Child, Some(Action::Delete), _) => &mut sums.unpacked,
            (Role::Epc, _, Step::Shipping) => &mut sums.shipped,
            (Role::Epc, _, Step::Receiving) => &mut sums.received,
            (Role::Epc, _, Step::Selling) => &mut sums.sold,
            (Role::Epc, _, step) if step.ends() => &mut sums.destroyed,
            _ => return,
        };
        *sum += quantity.units();
    }

    pub(crate) fn finish<'a>(
        self,
        report: &Report<'a>,
    ) -> (Vec<out::Balance<'a>>, Vec<out::Discrepancy<'a>>) {
        let mut balances = Vec::new();
        let mut discrepancies = Vec::new();
        for ((lot, unit), sums) in self.lots {
            balances.push(balance(report, lot, unit, &sums));
            sums.compare(|kind, expected, found| {
                discrepancies.push(discrepancy(report, kind, (lot, unit), expected, found));
            });
        }
        for ((transformation, unit), (inputs, outputs)) in self.transformations {
            if inputs > 0 && outputs > inputs {
                let kind = out::DiscrepancyKind::OutputsExceedInputs;
                discrepancies.push(discrepancy(report, kind, (transformation, unit), inputs, outputs));
            }
        }
        balances.sort_by(|one, other| (one.item, one.unit).cmp(&(other.item, other.unit)));
        discrepancies
            .sort_by(|one, other| (one.item, one.kind, one.unit).cmp(&(other.item, other.kind, other.unit)));
        (balances, discrepancies)
    }
}

impl Sums {
    /// A sum of which nothing was told says nothing; then there is a gap, and no discrepancy.
    fn compare(&self, mut found: impl FnMut(out::DiscrepancyKind, i128, i128)) {
        use out::DiscrepancyKind as Kind;
        let gone = self.used + self.sold + self.destroyed;
        if self.made > 0 && gone > self.made {
            found(Kind::UsedMoreThanMade, self.made, gone);
        }
        if self.shipped > 0 && self.received > 0 && self.received < self.shipped {
            found(Kind::ReceivedLessThanShipped, self.shipped, self.received);
        }
        if self.shipped > 0 && self.received > self.shipped {
            found(Kind::ReceivedMoreThanShipped, self.shipped, self.received);
        }
        if self.packed > 0 && self.unpacked > self.packed {
            found(Kind::UnpackedMoreThanPacked, self.packed, self.unpacked);
        }
    }
}

fn balance<'a>(report: &Report<'a>, lot: Name, unit: Unit, sums: &Sums) -> out::Balance<'a> {
    out::Balance {
        item: report.name(lot),
        unit: report.text(unit),
        made: Quantity::from_units(sums.made),
        used: Quantity::from_units(sums.used),
        shipped: Quantity::from_units(sums.shipped),
        received: Quantity::from_units(sums.received),
        packed: Quantity::from_units(sums.packed),
        unpacked: Quantity::from_units(sums.unpacked),
        sold: Quantity::from_units(sums.sold),
        destroyed: Quantity::from_units(sums.destroyed),
    }
}

fn discrepancy<'a>(
    report: &Report<'a>,
    kind: out::DiscrepancyKind,
    (name, unit): (Name, Unit),
    expected: i128,
    found: i128,
) -> out::Discrepancy<'a> {
    out::Discrepancy {
        kind,
        item: report.name(name),
        unit: report.text(unit),
        expected: Quantity::from_units(expected),
        found: Quantity::from_units(found),
    }
}
