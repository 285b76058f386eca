//! Parts: made with a serial each, built into an engine, the engine into an aircraft or a car; later
//! one is taken out, repaired and put back while a spare does its work.

use crate::firm::{ASSEMBLERS, CARRIERS, Firm, PART_SUPPLIERS, WORKSHOPS};
use crate::item::{Gtin, Item, scatter};
use crate::journey::{Climate, Consignment, LINE, Leg, MAIN_SITE};
use crate::landmark::{Role, Trouble};
use crate::pen::Scene;
use crate::random::Random;
use crate::story::{Plan, Tale};

/// One act; `which` is the part or the consignment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Make,
    Inspect,
    CommissionEngine,
    CommissionAssembly,
    BuildEngine,
    BuildAssembly,
    /// The first part out of the engine, for repair.
    TakeOut,
    InstallSpare,
    Repair,
    TakeOutSpare,
    PutBack,
    Road(Leg),
}

impl From<Leg> for Act {
    fn from(leg: Leg) -> Self {
        Self::Road(leg)
    }
}

/// Consignments of a story: the parts to the assembler, the one for repair, and back again.
const PARTS: u16 = 0;
const TO_REPAIR: u16 = 1;
const FROM_REPAIR: u16 = 2;

pub(crate) struct Parts {
    number: u64,
    supplier: &'static Firm,
    assembler: &'static Firm,
    workshop: &'static Firm,
    carrier: &'static Firm,
    /// Parts in the engine; the one after the last is the spare.
    installed: u16,
    aircraft: bool,
}

impl Parts {
    pub(crate) const TROUBLES: &[Trouble] =
        &[Trouble::NeverReceived, Trouble::NeverShipped, Trouble::ErrorDeclared, Trouble::NeverInstalled];

    pub(crate) fn plan(number: u64, mut random: Random, trouble: Option<Trouble>) -> (Self, Plan<Act>) {
        let parts = Self {
            number,
            supplier: random.choose(&PART_SUPPLIERS),
            assembler: random.choose(&ASSEMBLERS),
            workshop: random.choose(&WORKSHOPS),
            carrier: random.choose(&CARRIERS),
            installed: random.few(3, 5),
            aircraft: random.below(2) == 0,
        };
        let mut plan = Plan::new(1_800, random);
        plan.acts(Act::Make, 0..parts.installed + 1);
        plan.pause(24);
        let delivered = trouble.filter(|&t| t == Trouble::ErrorDeclared);
        plan.journey(PARTS..TO_REPAIR, 60, 0, delivered);
        plan.act(Act::Inspect, 0);
        plan.pause(30);
        plan.act(Act::CommissionEngine, 0);
        plan.act(Act::BuildEngine, 0);
        plan.act(Act::CommissionAssembly, 0);
        plan.act(Act::BuildAssembly, 0);
        plan.pause(300);
        plan.act(Act::TakeOut, 0);
        if trouble != Some(Trouble::NeverInstalled) {
            plan.act(Act::InstallSpare, 0);
        }
        let lost = trouble.filter(|t| matches!(t, Trouble::NeverReceived | Trouble::NeverShipped));
        plan.journey(TO_REPAIR..FROM_REPAIR, 40, 0, lost);
        if lost != Some(Trouble::NeverReceived) {
            plan.pause(90);
            plan.act(Act::Repair, 0);
            plan.act(Act::Inspect, 1);
            plan.journey(FROM_REPAIR..FROM_REPAIR + 1, 40, 0, None);
            plan.act(Act::TakeOutSpare, 0);
            plan.act(Act::PutBack, 0);
        }
        (parts, plan)
    }

    /// Parts of all three kinds of key, as suppliers use them.
    fn part(&self, part: u16) -> Item {
        let prefix = self.supplier.prefix;
        let number = self.number * 8 + u64::from(part);
        match part % 3 {
            0 => Item::Part { prefix, class: "BLADE7", serial: 1 + number },
            1 => {
                let gtin = Gtin { prefix, indicator: 0, reference: 610 };
                Item::Serial { gtin, serial: scatter(number, 40) }
            }
            _ => Item::Asset { prefix, class: "PUMP", number },
        }
    }

    fn spare(&self) -> Item {
        // A spare is of the same class as the part that it stands in for.
        let number = self.number * 8 + 7;
        Item::Part { prefix: self.supplier.prefix, class: "BLADE7", serial: 1 + number }
    }

    /// A part by its number, the spare after the last.
    fn part_or_spare(&self, part: u16) -> Item {
        if part < self.installed { self.part(part) } else { self.spare() }
    }

    fn all(&self) -> impl Iterator<Item = Item> + '_ {
        (0..=self.installed).map(|part| self.part_or_spare(part))
    }

    fn engine(&self) -> Item {
        Item::Asset { prefix: self.assembler.prefix, class: "EN", number: self.number }
    }

    fn assembly(&self) -> Item {
        let prefix = self.assembler.prefix;
        if self.aircraft {
            Item::Asset { prefix, class: "AC", number: self.number }
        } else {
            let gtin = Gtin { prefix, indicator: 0, reference: 710 };
            Item::Serial { gtin, serial: scatter(self.number, 40) }
        }
    }

    fn consignment(&self, which: u16) -> Consignment {
        let (from, to, items) = match which {
            PARTS => (self.supplier, self.assembler, self.all().collect()),
            TO_REPAIR => (self.assembler, self.workshop, vec![self.part(0)]),
            _ => (self.workshop, self.assembler, vec![self.part(0)]),
        };
        Consignment {
            from,
            to,
            carrier: self.carrier,
            number: self.number * 8 + u64::from(which),
            items,
            quantities: Vec::new(),
            climate: Climate::Room,
            too_warm: false,
        }
    }
}

impl Tale for Parts {
    type Act = Act;

    fn write(&self, act: Act, which: u16, scene: &mut Scene<'_>) {
        let (engine, first) = (self.engine(), self.part(0));
        match act {
            Act::Make => self.write_make(which, scene),
            Act::Inspect if which == 0 => self.observe(self.assembler, "inspecting", "conformant", scene),
            Act::Inspect => self.observe(self.workshop, "inspecting", "conformant", scene),
            Act::Repair => self.observe(self.workshop, "repairing", "in_progress", scene),
            Act::CommissionEngine => self.commission(engine, scene),
            Act::CommissionAssembly => self.commission(self.assembly(), scene),
            Act::BuildEngine => {
                let parts: Vec<Item> = (0..self.installed).map(|part| self.part(part)).collect();
                self.associate(engine, &parts, ["ADD", "assembling", "in_progress"], scene);
            }
            Act::BuildAssembly => {
                self.associate(self.assembly(), &[engine], ["ADD", "installing", "active"], scene);
            }
            Act::TakeOut => {
                self.associate(engine, &[first], ["DELETE", "removing", "needs_replacement"], scene);
            }
            Act::InstallSpare => {
                self.associate(engine, &[self.spare()], ["ADD", "replacing", "active"], scene);
            }
            Act::TakeOutSpare => {
                self.associate(engine, &[self.spare()], ["DELETE", "removing", "available"], scene);
            }
            Act::PutBack => self.associate(engine, &[first], ["ADD", "installing", "active"], scene),
            Act::Road(leg) => self.consignment(which).write(leg, scene),
        }
    }

    fn landmarks(&self, trouble: Option<Trouble>) -> Vec<(Role, Item)> {
        match trouble {
            None => vec![(Role::Assembly, self.assembly())],
            Some(Trouble::ErrorDeclared) => vec![(Role::Consignment, self.part(1))],
            Some(Trouble::NeverInstalled) => {
                vec![(Role::Assembly, self.assembly()), (Role::Consignment, self.spare())]
            }
            Some(_) => vec![(Role::Assembly, self.assembly()), (Role::Consignment, self.part(0))],
        }
    }
}

impl Parts {
    fn write_make(&self, part: u16, scene: &mut Scene<'_>) {
        let drawing = scene.random.between(1, 9);
        let when_s = scene.when_s;
        let mut pen = scene.event("ObjectEvent", self.supplier);
        pen.items("epcList", [self.part_or_spare(part)]);
        pen.business("ADD", "commissioning", "active");
        pen.at(self.supplier, MAIN_SITE, LINE);
        pen.object("ilmd", |pen| {
            pen.text("cbvmda:countryOfOrigin", self.supplier.country);
            pen.date("ex:manufacturingDate", when_s);
            pen.object("ex:drawing", |pen| {
                pen.text("ex:sheet", "WP-7731");
                pen.number("ex:revision", drawing);
            });
        });
        pen.end();
    }

    fn commission(&self, item: Item, scene: &mut Scene<'_>) {
        let mut pen = scene.event("ObjectEvent", self.assembler);
        pen.items("epcList", [item]);
        pen.business("ADD", "commissioning", "active");
        pen.at(self.assembler, MAIN_SITE, LINE);
        pen.end();
    }

    /// All parts when they come in at the assembler, the repaired one at the workshop.
    fn observe(&self, firm: &'static Firm, step: &str, disposition: &str, scene: &mut Scene<'_>) {
        let inspector = scene.random.between(100, 140);
        let mut pen = scene.event("ObjectEvent", firm);
        if std::ptr::eq(firm, self.assembler) {
            pen.items("epcList", self.all());
        } else {
            pen.items("epcList", [self.part(0)]);
        }
        pen.business("OBSERVE", step, disposition);
        pen.at(firm, MAIN_SITE, LINE + 2);
        pen.number("ex:inspector", inspector);
        pen.end();
    }

    fn associate(&self, parent: Item, children: &[Item], business: [&str; 3], scene: &mut Scene<'_>) {
        let mut pen = scene.event("AssociationEvent", self.assembler);
        pen.item("parentID", parent);
        pen.items("childEPCs", children.iter().copied());
        let [action, step, disposition] = business;
        pen.business(action, step, disposition);
        pen.at(self.assembler, MAIN_SITE, LINE + 3);
        pen.end();
    }
}
