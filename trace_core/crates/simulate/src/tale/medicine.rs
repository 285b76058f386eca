//! Medicine: a lot made, serialised pack by pack, packed in cases and pallets, shipped through a
//! wholesaler, unpacked and dispensed.

use std::ops::Range;

use crate::firm::{CARRIERS, Firm, MEDICINE_MAKERS, MEDICINE_WHOLESALERS, PHARMACIES};
use crate::item::{Gtin, Item, Lot, Quantity, scatter};
use crate::journey::{Climate, Consignment, GATE_IN, LINE, Leg, MAIN_SITE, pack, unpack};
use crate::landmark::{Role, Trouble};
use crate::pen::{Pen, Scene};
use crate::random::Random;
use crate::story::{Plan, Tale};
use crate::text::DAY_S;

/// One act; `which` is the case, the pallet or the consignment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    MakeLot,
    /// Packs of the lot get their serials, a case's worth at a time.
    Serialise,
    FillCase,
    CommissionCases,
    Load,
    /// The wholesaler ties the pallet to the order that it pays.
    Accept,
    Unload,
    OpenCase,
    /// The first packs of a case go to a patient each.
    Dispense,
    DispenseMore,
    /// A pack of the first case appears again, in another pharmacy.
    DispenseAgain,
    Decommission,
    Road(Leg),
}

impl From<Leg> for Act {
    fn from(leg: Leg) -> Self {
        Self::Road(leg)
    }
}

/// Packs in a case, and cases on a pallet, of the large lot: its numbers stay below 2¹⁶.
const LARGE_PACKS_PER_CASE: u16 = 20;
const LARGE_CASES_PER_PALLET: u16 = 16;
/// Item reference of the large lot, which nothing else has.
const LARGE_REFERENCE: u32 = 499;
/// Cases out of which packs are dispensed.
const OPENED_CASES_MAX: u16 = 4;

pub(crate) struct Medicine {
    number: u64,
    reference: u32,
    maker: &'static Firm,
    wholesaler: &'static Firm,
    carrier: &'static Firm,
    first_pharmacy: u16,
    cases: u16,
    cases_per_pallet: u16,
    packs_per_case: u16,
    large: bool,
}

impl Medicine {
    pub(crate) const TROUBLES: &[Trouble] =
        &[Trouble::NeverReceived, Trouble::NeverShipped, Trouble::ErrorDeclared, Trouble::DispensedTwice];

    pub(crate) fn plan(number: u64, mut random: Random, trouble: Option<Trouble>) -> (Self, Plan<Act>) {
        let mut medicine = Self::cast(number, &mut random);
        medicine.cases = random.few(2, 3);
        medicine.packs_per_case = random.few(10, 15);
        let plan = medicine.steps(Plan::new(1_200, random), trouble);
        (medicine, plan)
    }

    /// One lot of at least `packs` packs, and no trouble.
    pub(crate) fn plan_large(number: u64, mut random: Random, packs: u32) -> (Self, Plan<Act>) {
        let cases = packs.div_ceil(u32::from(LARGE_PACKS_PER_CASE)).max(1);
        let medicine = Self {
            reference: LARGE_REFERENCE,
            cases: u16::try_from(cases).unwrap_or(u16::MAX),
            cases_per_pallet: LARGE_CASES_PER_PALLET,
            packs_per_case: LARGE_PACKS_PER_CASE,
            large: true,
            ..Self::cast(number, &mut random)
        };
        let plan = medicine.steps(Plan::new(4, random), None);
        (medicine, plan)
    }

    fn cast(number: u64, random: &mut Random) -> Self {
        Self {
            number,
            reference: 400 + random.below(40),
            maker: random.choose(&MEDICINE_MAKERS),
            wholesaler: random.choose(&MEDICINE_WHOLESALERS),
            carrier: random.choose(&CARRIERS),
            first_pharmacy: random.few(0, 3),
            cases: 1,
            cases_per_pallet: 4,
            packs_per_case: 1,
            large: false,
        }
    }

    fn steps(&self, mut plan: Plan<Act>, trouble: Option<Trouble>) -> Plan<Act> {
        plan.act(Act::MakeLot, 0);
        plan.pause(48);
        for pallet in 0..self.pallets() {
            plan.act(Act::CommissionCases, pallet);
            for case in self.case_numbers_on(pallet) {
                plan.act(Act::Serialise, case);
                plan.act(Act::FillCase, case);
            }
            plan.act(Act::Load, pallet);
        }
        plan.pause(40);
        let on_long_road = trouble.filter(|&t| t == Trouble::ErrorDeclared);
        plan.journey(0..self.pallets(), 30, 1, on_long_road);
        plan.acts(Act::Accept, 0..self.pallets());
        plan.acts(Act::Unload, 0..self.pallets());
        plan.pause(72);
        let on_short_road = trouble.filter(|t| matches!(t, Trouble::NeverReceived | Trouble::NeverShipped));
        plan.journey(self.pallets()..self.pallets() + self.cases, 16, 0, on_short_road);
        let arrived = self.cases - u16::from(trouble == Some(Trouble::NeverReceived));
        plan.acts(Act::OpenCase, 0..arrived);
        let opened = arrived.min(OPENED_CASES_MAX);
        plan.pause(40);
        plan.acts(Act::Dispense, 0..opened);
        plan.pause(60);
        plan.acts(Act::DispenseMore, 0..opened);
        if trouble == Some(Trouble::DispensedTwice) {
            plan.pause(20);
            plan.act(Act::DispenseAgain, 0);
        }
        plan.pause(90);
        plan.act(Act::Decommission, 0);
        plan
    }

    fn pallets(&self) -> u16 {
        self.cases.div_ceil(self.cases_per_pallet)
    }

    fn pack_gtin(&self) -> Gtin {
        Gtin { prefix: self.maker.prefix, indicator: 0, reference: self.reference }
    }

    fn lot_number(&self) -> Lot {
        Lot::new(b'M', self.number)
    }

    fn lot(&self, packs: u32) -> Quantity {
        let item = Item::Lot { gtin: self.pack_gtin(), lot: self.lot_number() };
        Quantity { item, tenths: packs * 10, kilograms: false }
    }

    /// The large lot has its item reference, and so all of its serials, for itself.
    fn serial(&self, within: u64) -> u64 {
        scatter((self.number << if self.large { 20 } else { 10 }) + within, 40)
    }

    fn pack(&self, case: u16, pack: u16) -> Item {
        let within = u64::from(case) * u64::from(self.packs_per_case) + u64::from(pack);
        Item::Serial { gtin: self.pack_gtin(), serial: self.serial(within) }
    }

    fn packs(&self, case: u16) -> Vec<Item> {
        (0..self.packs_per_case).map(|pack| self.pack(case, pack)).collect()
    }

    fn case(&self, case: u16) -> Item {
        let gtin = Gtin { indicator: 5, ..self.pack_gtin() };
        Item::Serial { gtin, serial: self.serial(u64::from(case)) }
    }

    fn case_numbers_on(&self, pallet: u16) -> Range<u16> {
        let first = pallet * self.cases_per_pallet;
        first..self.cases.min(first.saturating_add(self.cases_per_pallet))
    }

    fn cases_on(&self, pallet: u16) -> Vec<Item> {
        self.case_numbers_on(pallet).map(|case| self.case(case)).collect()
    }

    fn pallet(&self, pallet: u16) -> Item {
        let first = if self.large { self.number % 200_000 * 4_096 } else { self.number * 8 };
        let serial = first + u64::from(pallet);
        Item::Unit { prefix: self.maker.prefix, extension: u32::from(self.large), serial }
    }

    fn pharmacy(&self, case: u16) -> &'static Firm {
        &PHARMACIES[usize::from(self.first_pharmacy.wrapping_add(case)) % PHARMACIES.len()]
    }

    /// The pallets to the wholesaler first, then the cases to the pharmacies.
    fn consignment(&self, which: u16) -> Consignment {
        let case = which.checked_sub(self.pallets());
        let (from, to, item) = match case {
            None => (self.maker, self.wholesaler, self.pallet(which)),
            Some(case) => (self.wholesaler, self.pharmacy(case), self.case(case)),
        };
        Consignment {
            from,
            to,
            carrier: self.carrier,
            number: (self.number << if self.large { 16 } else { 3 }) + u64::from(which),
            items: vec![item],
            quantities: Vec::new(),
            climate: Climate::Room,
            too_warm: false,
        }
    }
}

impl Tale for Medicine {
    type Act = Act;

    fn write(&self, act: Act, which: u16, scene: &mut Scene<'_>) {
        match act {
            Act::MakeLot => self.write_make_lot(scene),
            Act::Serialise => self.write_serialise(which, scene),
            Act::FillCase => pack(scene, self.maker, self.case(which), &self.packs(which), &[]),
            Act::CommissionCases => {
                let mut pen = scene.event("ObjectEvent", self.maker);
                pen.items("epcList", self.cases_on(which));
                pen.business("ADD", "commissioning", "active");
                pen.at(self.maker, MAIN_SITE, LINE);
                pen.object("ilmd", |pen| {
                    pen.written("cbvmda:lotNumber", |out| self.lot_number().put(out));
                });
                pen.end();
            }
            Act::Accept => self.write_accept(which, scene),
            Act::Load => pack(scene, self.maker, self.pallet(which), &self.cases_on(which), &[]),
            Act::Unload => unpack(scene, self.wholesaler, self.pallet(which), &self.cases_on(which), &[]),
            Act::OpenCase => {
                unpack(scene, self.pharmacy(which), self.case(which), &self.packs(which), &[]);
            }
            Act::Dispense => self.write_dispense(which, self.pharmacy(which), 0..2, scene),
            Act::DispenseMore => self.write_dispense(which, self.pharmacy(which), 2..5, scene),
            Act::DispenseAgain => self.write_dispense(which, self.pharmacy(which + 1), 0..1, scene),
            Act::Decommission => {
                let firm = self.pharmacy(0);
                let mut pen = scene.event("ObjectEvent", firm);
                pen.items("epcList", [self.pack(0, 5)]);
                pen.business("DELETE", "decommissioning", "inactive");
                pen.read_point(firm, MAIN_SITE, 32);
                pen.text("ex:reason", "damaged");
                pen.end();
            }
            Act::Road(leg) => self.consignment(which).write(leg, scene),
        }
    }

    fn landmarks(&self, trouble: Option<Trouble>) -> Vec<(Role, Item)> {
        let lot = self.lot(0).item;
        match trouble {
            None if self.large => vec![(Role::LargeLot, lot)],
            None => vec![(Role::Lot, lot), (Role::Pack, self.pack(0, 7)), (Role::Consignment, self.case(0))],
            Some(Trouble::NeverReceived | Trouble::NeverShipped) => {
                vec![
                    (Role::Consignment, self.case(self.cases - 1)),
                    (Role::Pack, self.pack(self.cases - 1, 7)),
                ]
            }
            Some(Trouble::ErrorDeclared) => vec![(Role::Consignment, self.pallet(self.pallets() - 1))],
            Some(_) => vec![(Role::Pack, self.pack(0, 0))],
        }
    }
}

impl Medicine {
    fn put_lot_data(&self, pen: &mut Pen<'_>, made_s: u64) {
        pen.object("ilmd", |pen| {
            pen.written("cbvmda:lotNumber", |out| self.lot_number().put(out));
            pen.date("cbvmda:itemExpirationDate", made_s + 1_095 * DAY_S);
        });
    }

    fn write_make_lot(&self, scene: &mut Scene<'_>) {
        let when_s = scene.when_s;
        let mut pen = scene.event("ObjectEvent", self.maker);
        pen.quantities("quantityList", [self.lot(u32::from(self.cases) * u32::from(self.packs_per_case))]);
        pen.business("ADD", "commissioning", "active");
        pen.at(self.maker, MAIN_SITE, LINE);
        self.put_lot_data(&mut pen, when_s);
        pen.end();
    }

    fn write_serialise(&self, case: u16, scene: &mut Scene<'_>) {
        let when_s = scene.when_s;
        let mut pen = scene.event("TransformationEvent", self.maker);
        pen.quantities("inputQuantityList", [self.lot(u32::from(self.packs_per_case))]);
        pen.items("outputEPCList", self.packs(case));
        pen.step("commissioning", "active");
        pen.at(self.maker, MAIN_SITE, LINE);
        self.put_lot_data(&mut pen, when_s);
        pen.end();
    }

    fn write_accept(&self, pallet: u16, scene: &mut Scene<'_>) {
        let number = self.consignment(pallet).number;
        let mut pen = scene.event("TransactionEvent", self.wholesaler);
        pen.documents(&[("po", self.wholesaler, "PO", number), ("inv", self.maker, "IN", number)]);
        pen.items("epcList", [self.pallet(pallet)]);
        pen.business("ADD", "accepting", "in_progress");
        pen.at(self.wholesaler, MAIN_SITE, GATE_IN);
        pen.end();
    }

    fn write_dispense(&self, case: u16, firm: &'static Firm, packs: Range<u16>, scene: &mut Scene<'_>) {
        let mut pen = scene.event("ObjectEvent", firm);
        pen.items("epcList", packs.map(|pack| self.pack(case, pack)));
        pen.business("OBSERVE", "dispensing", "dispensed");
        pen.at(firm, MAIN_SITE, 31);
        pen.end();
    }
}
