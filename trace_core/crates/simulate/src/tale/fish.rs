//! Frozen fish: caught, landed, filleted, packed on pallets, shipped frozen, split, sold.

use crate::firm::{CARRIERS, FISHERS, FOOD_WHOLESALERS, Firm, GROCERS, PROCESSORS};
use crate::item::{Gtin, Item, Lot, Quantity, scatter};
use crate::journey::{
    Climate, Consignment, GATE_IN, LINE, Leg, MAIN_SITE, Readings, commission_returnable, pack, put_readings,
    returnable, unpack,
};
use crate::landmark::{Role, Trouble};
use crate::pen::Scene;
use crate::random::Random;
use crate::story::{Plan, Returnable, Tale};
use crate::text::DAY_S;

/// One act; `which` is the catch, the pallet, the grocer or the consignment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Catch,
    Land,
    Fillet,
    Freeze,
    /// Fillets of the lot into serialised cases.
    FillCases,
    CommissionReturnable,
    LoadCases,
    /// The rest of the lot, as a quantity, on a pallet of its own.
    LoadRest,
    Unload,
    Split,
    /// A grocer's share onto a pallet of the wholesaler's.
    LoadShare,
    UnloadShare,
    Sell,
    Road(Leg),
}

impl From<Leg> for Act {
    fn from(leg: Leg) -> Self {
        Self::Road(leg)
    }
}

struct Species {
    reference: u32,
    /// FAO 3-alpha code.
    code: &'static str,
    name: &'static str,
    /// FAO major fishing area.
    area: &'static str,
}

static SPECIES: [Species; 4] = [
    Species { reference: 110, code: "COD", name: "Gadus morhua", area: "27.2.a" },
    Species { reference: 120, code: "HAD", name: "Melanogrammus aeglefinus", area: "27.5.a" },
    Species { reference: 130, code: "POK", name: "Pollachius virens", area: "27.4.a" },
    Species { reference: 140, code: "RED", name: "Sebastes norvegicus", area: "27.5.b" },
];

/// Consignments of a story: the catch to the factory, the pallets to the wholesaler, one to each grocer.
const CATCH: u16 = 0;
const PALLETS: u16 = 1;
const SHARES: u16 = 2;

/// Kilograms, in tenths, in one case.
const CASE_TENTHS: u32 = 200;

pub(crate) struct Fish {
    number: u64,
    species: &'static Species,
    fisher: &'static Firm,
    processor: &'static Firm,
    wholesaler: &'static Firm,
    carrier: &'static Firm,
    first_grocer: u16,
    grocers: u16,
    catches: u16,
    pallets: u16,
    cases_per_pallet: u16,
    /// Fillets that are not in cases, tenths of a kilogram.
    rest_tenths: u32,
    returnable: Option<Returnable>,
    trouble: Option<Trouble>,
}

impl Fish {
    pub(crate) const TROUBLES: &[Trouble] = &[
        Trouble::ColdExcursion,
        Trouble::NeverReceived,
        Trouble::NeverShipped,
        Trouble::ErrorDeclared,
        Trouble::QuantityMismatch,
    ];

    /// `returnable`: a pallet of the pool to use; a new one has to be commissioned.
    pub(crate) fn plan(
        number: u64,
        mut random: Random,
        trouble: Option<Trouble>,
        returnable: Option<Returnable>,
    ) -> (Self, Plan<Act>) {
        let fish = Self {
            number,
            species: random.choose(&SPECIES),
            fisher: random.choose(&FISHERS),
            processor: random.choose(&PROCESSORS),
            wholesaler: random.choose(&FOOD_WHOLESALERS),
            carrier: random.choose(&CARRIERS),
            first_grocer: random.few(0, 3),
            grocers: random.few(2, 3),
            catches: random.few(2, 3),
            pallets: random.few(1, 2),
            cases_per_pallet: random.few(8, 12),
            rest_tenths: random.between(1_000, 3_000),
            returnable,
            trouble,
        };
        let mut plan = Plan::new(600, random);
        plan.acts(Act::Catch, 0..fish.catches);
        plan.pause(20);
        plan.act(Act::Land, 0);
        plan.journey(CATCH..PALLETS, 4, 0, None);
        plan.pause(6);
        plan.act(Act::Fillet, 0);
        plan.act(Act::Freeze, 0);
        plan.pause(18);
        if returnable.is_some_and(|pallet| pallet.trips == 0) {
            plan.act(Act::CommissionReturnable, 0);
        }
        for pallet in 0..fish.pallets {
            plan.act(Act::FillCases, pallet);
            plan.act(Act::LoadCases, pallet);
        }
        plan.act(Act::LoadRest, fish.pallets);
        plan.pause(24);
        let on_long_road = trouble.filter(|&t| t == Trouble::ErrorDeclared);
        let readings = plan_readings(trouble);
        plan.journey(PALLETS..SHARES, 60, readings, on_long_road);
        plan.acts(Act::Unload, 0..fish.pallets + 1);
        plan.pause(30);
        plan.act(Act::Split, 0);
        plan.pause(10);
        plan.acts(Act::LoadShare, 0..fish.grocers);
        let on_short_road = trouble.filter(|t| matches!(t, Trouble::NeverReceived | Trouble::NeverShipped));
        plan.journey(SHARES..SHARES + fish.grocers, 12, 0, on_short_road);
        let arrived = fish.grocers - u16::from(trouble == Some(Trouble::NeverReceived));
        plan.acts(Act::UnloadShare, 0..arrived);
        plan.pause(70);
        plan.acts(Act::Sell, 0..arrived);
        (fish, plan)
    }

    fn catch_lot(&self, catch: u16) -> Item {
        let gtin = Gtin { prefix: self.fisher.prefix, indicator: 0, reference: self.species.reference };
        Item::Lot { gtin, lot: Lot::new(b'C', self.number * 4 + u64::from(catch)) }
    }

    fn product(&self, indicator: u32, form: u32) -> Gtin {
        Gtin { prefix: self.processor.prefix, indicator, reference: self.species.reference + form }
    }

    fn lot_number(&self) -> Lot {
        Lot::new(b'F', self.number)
    }

    fn fillets(&self) -> Item {
        Item::Lot { gtin: self.product(0, 1), lot: self.lot_number() }
    }

    fn by_product(&self) -> Item {
        Item::Lot { gtin: self.product(0, 2), lot: self.lot_number() }
    }

    /// The part of the fillets that the wholesaler sends to a grocer by weight.
    fn part(&self, part: u8) -> Quantity {
        let item = Item::Lot { gtin: self.product(0, 1), lot: self.lot_number().part(part) };
        let first = self.rest_tenths * 3 / 5;
        let tenths = match (part, self.trouble) {
            (0, _) => first,
            (_, Some(Trouble::QuantityMismatch)) => self.rest_tenths - first + self.rest_tenths / 4,
            _ => self.rest_tenths - first,
        };
        Quantity { item, tenths, kilograms: true }
    }

    fn cases(&self) -> u16 {
        self.pallets * self.cases_per_pallet
    }

    fn case(&self, case: u16) -> Item {
        Item::Serial { gtin: self.product(1, 1), serial: scatter(self.number * 64 + u64::from(case), 40) }
    }

    fn cases_on(&self, pallet: u16) -> Vec<Item> {
        let first = pallet * self.cases_per_pallet;
        (first..first + self.cases_per_pallet).map(|case| self.case(case)).collect()
    }

    fn pallet(&self, pallet: u16) -> Item {
        match self.returnable {
            Some(lent) if pallet == 0 => returnable(lent.serial),
            _ => Item::Unit {
                prefix: self.processor.prefix,
                extension: 0,
                serial: self.number * 8 + u64::from(pallet),
            },
        }
    }

    fn share_pallet(&self, grocer: u16) -> Item {
        let serial = self.number * 8 + u64::from(grocer);
        Item::Unit { prefix: self.wholesaler.prefix, extension: 0, serial }
    }

    fn share_cases(&self, grocer: u16) -> Vec<Item> {
        (grocer..self.cases()).step_by(usize::from(self.grocers)).map(|case| self.case(case)).collect()
    }

    /// Only the first two grocers take fillets by weight.
    fn share_parts(&self, grocer: u16) -> Vec<Quantity> {
        (0..2).filter(|&part| u16::from(part) == grocer).map(|part| self.part(part)).collect()
    }

    fn grocer(&self, grocer: u16) -> &'static Firm {
        &GROCERS[usize::from(self.first_grocer + grocer) % GROCERS.len()]
    }

    fn kilograms(item: Item, tenths: u32) -> Quantity {
        Quantity { item, tenths, kilograms: true }
    }

    fn rest(&self) -> Quantity {
        Self::kilograms(self.fillets(), self.rest_tenths)
    }

    fn fillet_tenths(&self) -> u32 {
        u32::from(self.cases()) * CASE_TENTHS + self.rest_tenths
    }

    /// 62 % of a fish is fillet.
    fn caught_tenths(&self) -> u32 {
        self.fillet_tenths() * 100 / 62
    }

    fn caught(&self) -> impl Iterator<Item = Quantity> + '_ {
        let catches = u32::from(self.catches);
        let each = self.caught_tenths() / catches;
        (0..self.catches).map(move |catch| {
            let rest = if catch == 0 { self.caught_tenths() - each * catches } else { 0 };
            Self::kilograms(self.catch_lot(catch), each + rest)
        })
    }

    fn consignment(&self, which: u16) -> Consignment {
        let mut consignment = Consignment {
            from: self.wholesaler,
            to: self.wholesaler,
            carrier: self.carrier,
            number: self.number * 8 + u64::from(which),
            items: Vec::new(),
            quantities: Vec::new(),
            climate: Climate::Frozen,
            too_warm: which == PALLETS && self.trouble == Some(Trouble::ColdExcursion),
        };
        match which {
            CATCH => {
                (consignment.from, consignment.to) = (self.fisher, self.processor);
                consignment.quantities = self.caught().collect();
            }
            PALLETS => {
                consignment.from = self.processor;
                consignment.items = (0..=self.pallets).map(|pallet| self.pallet(pallet)).collect();
            }
            share => {
                let grocer = share - SHARES;
                consignment.to = self.grocer(grocer);
                consignment.items = vec![self.share_pallet(grocer)];
            }
        }
        consignment
    }
}

/// A warm journey is read often enough to show it.
fn plan_readings(trouble: Option<Trouble>) -> u32 {
    if trouble == Some(Trouble::ColdExcursion) { 4 } else { 3 }
}

impl Tale for Fish {
    type Act = Act;

    fn write(&self, act: Act, which: u16, scene: &mut Scene<'_>) {
        match act {
            Act::Catch => self.write_catch(which, scene),
            Act::Land => self.write_land(scene),
            Act::Fillet => self.write_fillet(scene),
            Act::Freeze => self.write_freeze(scene),
            Act::FillCases => self.write_fill_cases(which, scene),
            Act::CommissionReturnable => {
                if let Some(lent) = self.returnable {
                    commission_returnable(scene, lent.serial);
                }
            }
            Act::LoadCases => pack(scene, self.processor, self.pallet(which), &self.cases_on(which), &[]),
            Act::LoadRest => pack(scene, self.processor, self.pallet(which), &[], &[self.rest()]),
            Act::Unload if which < self.pallets => {
                unpack(scene, self.wholesaler, self.pallet(which), &self.cases_on(which), &[]);
            }
            Act::Unload => unpack(scene, self.wholesaler, self.pallet(which), &[], &[self.rest()]),
            Act::Split => self.write_split(scene),
            Act::LoadShare => {
                let (cases, parts) = (self.share_cases(which), self.share_parts(which));
                pack(scene, self.wholesaler, self.share_pallet(which), &cases, &parts);
            }
            Act::UnloadShare => {
                let (cases, parts) = (self.share_cases(which), self.share_parts(which));
                unpack(scene, self.grocer(which), self.share_pallet(which), &cases, &parts);
            }
            Act::Sell => self.write_sell(which, scene),
            Act::Road(leg) => self.consignment(which).write(leg, scene),
        }
    }

    fn landmarks(&self, trouble: Option<Trouble>) -> Vec<(Role, Item)> {
        let last = self.share_pallet(self.grocers - 1);
        match trouble {
            None => vec![(Role::Lot, self.catch_lot(0)), (Role::Consignment, self.pallet(self.pallets))],
            Some(Trouble::ColdExcursion) => {
                vec![(Role::Lot, self.fillets()), (Role::Consignment, self.pallet(self.pallets))]
            }
            Some(Trouble::NeverReceived | Trouble::NeverShipped) => vec![(Role::Consignment, last)],
            Some(Trouble::ErrorDeclared) => vec![(Role::Consignment, self.pallet(self.pallets))],
            Some(_) => vec![(Role::Lot, self.fillets())],
        }
    }

    fn returnable(&self) -> Option<Returnable> {
        self.returnable
    }
}

impl Fish {
    fn write_catch(&self, catch: u16, scene: &mut Scene<'_>) {
        let when_s = scene.when_s;
        let vessel = scene.random.between(1, 6);
        let mut pen = scene.event("ObjectEvent", self.fisher);
        pen.quantities("quantityList", self.caught().skip(usize::from(catch)).take(1));
        pen.business("ADD", "commissioning", "active");
        pen.read_point(self.fisher, MAIN_SITE, 200 + vessel);
        pen.object("ilmd", |pen| {
            pen.written("cbvmda:lotNumber", |out| put_lot(out, self.catch_lot(catch)));
            pen.text("cbvmda:speciesForFisheryStatisticsPurposesCode", self.species.code);
            pen.text("cbvmda:speciesForFisheryStatisticsPurposesName", self.species.name);
            pen.text("cbvmda:catchArea", self.species.area);
            pen.date("cbvmda:harvestEndDate", when_s);
            pen.text("cbvmda:countryOfOrigin", self.fisher.country);
        });
        pen.end();
    }

    fn write_land(&self, scene: &mut Scene<'_>) {
        let mut pen = scene.event("ObjectEvent", self.fisher);
        pen.quantities("quantityList", self.caught());
        pen.business("OBSERVE", "unloading", "in_progress");
        pen.at(self.fisher, MAIN_SITE, GATE_IN);
        pen.text("ex:cte", "first_land_based_receiving");
        pen.end();
    }

    fn write_fillet(&self, scene: &mut Scene<'_>) {
        let when_s = scene.when_s;
        let mut pen = scene.event("TransformationEvent", self.processor);
        pen.quantities("inputQuantityList", self.caught());
        let by_product = self.caught_tenths() - self.fillet_tenths();
        pen.quantities(
            "outputQuantityList",
            [
                Self::kilograms(self.fillets(), self.fillet_tenths()),
                Self::kilograms(self.by_product(), by_product),
            ],
        );
        pen.step("creating_class_instance", "active");
        pen.at(self.processor, MAIN_SITE, LINE);
        pen.object("ilmd", |pen| {
            pen.written("cbvmda:lotNumber", |out| self.lot_number().put(out));
            pen.date("cbvmda:itemExpirationDate", when_s + 540 * DAY_S);
            pen.text("cbvmda:countryOfOrigin", self.fisher.country);
        });
        pen.text("ex:cte", "transformation");
        pen.end();
    }

    fn write_freeze(&self, scene: &mut Scene<'_>) {
        let (when_s, mut random) = (scene.when_s, scene.random.clone());
        let mut pen = scene.event("ObjectEvent", self.processor);
        pen.quantities("quantityList", [Self::kilograms(self.fillets(), self.fillet_tenths())]);
        pen.business("OBSERVE", "storing", "in_progress");
        pen.at(self.processor, MAIN_SITE, LINE + 1);
        put_readings(
            &mut pen,
            &mut random,
            &Readings {
                count: 1,
                last_s: when_s,
                zone_min: self.processor.zone_min,
                device: Item::Asset { prefix: self.processor.prefix, class: "TL", number: 1 },
                climate: Climate::Frozen,
                too_warm: false,
            },
        );
        pen.end();
    }

    fn write_fill_cases(&self, pallet: u16, scene: &mut Scene<'_>) {
        let when_s = scene.when_s;
        let cases = self.cases_on(pallet);
        let mut pen = scene.event("TransformationEvent", self.processor);
        let used = u32::from(self.cases_per_pallet) * CASE_TENTHS;
        pen.quantities("inputQuantityList", [Self::kilograms(self.fillets(), used)]);
        pen.items("outputEPCList", cases);
        pen.step("commissioning", "active");
        pen.at(self.processor, MAIN_SITE, LINE);
        pen.object("ilmd", |pen| {
            pen.written("cbvmda:lotNumber", |out| self.lot_number().put(out));
            pen.date("cbvmda:itemExpirationDate", when_s + 540 * DAY_S);
            pen.objects("cbvmda:netWeight", [()], |pen, ()| {
                pen.tenths("value", 200);
                pen.text("unitCode", "KGM");
            });
        });
        pen.end();
    }

    fn write_split(&self, scene: &mut Scene<'_>) {
        let mut pen = scene.event("TransformationEvent", self.wholesaler);
        pen.quantities("inputQuantityList", [self.rest()]);
        pen.quantities("outputQuantityList", [self.part(0), self.part(1)]);
        pen.step("repackaging", "in_progress");
        pen.at(self.wholesaler, MAIN_SITE, LINE);
        pen.end();
    }

    fn write_sell(&self, grocer: u16, scene: &mut Scene<'_>) {
        let firm = self.grocer(grocer);
        let sold = self.share_cases(grocer).len().div_ceil(2);
        let mut pen = scene.event("ObjectEvent", firm);
        pen.items("epcList", self.share_cases(grocer).into_iter().take(sold));
        let parts = self.share_parts(grocer);
        if !parts.is_empty() {
            pen.quantities("quantityList", parts);
        }
        pen.business("OBSERVE", "retail_selling", "retail_sold");
        pen.at(firm, MAIN_SITE, 31);
        pen.end();
    }
}

fn put_lot(out: &mut Vec<u8>, item: Item) {
    if let Item::Lot { lot, .. } = item {
        lot.put(out);
    }
}
