//! Fresh produce: harvested, cooled, packed, shipped, received and sold, with the critical tracking
//! events that the food traceability rule of the United States (21 CFR 1.1310, "FSMA 204") names.

use crate::firm::{CARRIERS, FOOD_WHOLESALERS, Firm, GROCERS, GROWERS, PACKERS};
use crate::item::{Gtin, Item, Lot, Place, Quantity};
use crate::journey::{Climate, Consignment, LINE, Leg, MAIN_SITE, Readings, pack, put_readings, unpack};
use crate::landmark::{Role, Trouble};
use crate::pen::Scene;
use crate::random::Random;
use crate::story::{Plan, Tale};
use crate::text::DAY_S;

/// One act; `which` is the field, the pallet, the grocer or the consignment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Harvest,
    Cool,
    PackLot,
    Load,
    Unload,
    Sell,
    Road(Leg),
}

impl From<Leg> for Act {
    fn from(leg: Leg) -> Self {
        Self::Road(leg)
    }
}

struct Crop {
    reference: u32,
    name: &'static str,
}

static CROPS: [Crop; 4] = [
    Crop { reference: 210, name: "romaine lettuce" },
    Crop { reference: 220, name: "baby spinach" },
    Crop { reference: 230, name: "vine tomatoes" },
    Crop { reference: 240, name: "cucumbers" },
];

/// Consignments of a story: the harvest to the packer, the pallets to the wholesaler, one to each grocer.
const HARVEST: u16 = 0;
const PALLETS: u16 = 1;
const SHARES: u16 = 2;

/// Kilograms, in tenths, in one case.
const CASE_TENTHS: u32 = 80;

pub(crate) struct Produce {
    number: u64,
    crop: &'static Crop,
    grower: &'static Firm,
    packer: &'static Firm,
    wholesaler: &'static Firm,
    carrier: &'static Firm,
    first_grocer: u16,
    grocers: u16,
    fields: u16,
    pallets: u16,
    cases_per_pallet: u16,
    trouble: Option<Trouble>,
}

impl Produce {
    pub(crate) const TROUBLES: &[Trouble] = &[
        Trouble::ColdExcursion,
        Trouble::NeverReceived,
        Trouble::NeverShipped,
        Trouble::ErrorDeclared,
        Trouble::QuantityMismatch,
    ];

    pub(crate) fn plan(number: u64, mut random: Random, trouble: Option<Trouble>) -> (Self, Plan<Act>) {
        let produce = Self {
            number,
            crop: random.choose(&CROPS),
            grower: random.choose(&GROWERS),
            packer: random.choose(&PACKERS),
            wholesaler: random.choose(&FOOD_WHOLESALERS),
            carrier: random.choose(&CARRIERS),
            first_grocer: random.few(0, 3),
            grocers: random.few(3, 4),
            fields: random.few(1, 3),
            pallets: random.few(1, 3),
            cases_per_pallet: random.few(4, 8) * 12,
            trouble,
        };
        let mut plan = Plan::new(900, random);
        plan.acts(Act::Harvest, 0..produce.fields);
        plan.pause(3);
        plan.acts(Act::Cool, 0..produce.fields);
        plan.journey(HARVEST..PALLETS, 3, 0, None);
        plan.pause(4);
        plan.act(Act::PackLot, 0);
        plan.acts(Act::Load, 0..produce.pallets);
        plan.pause(6);
        let on_long_road = trouble.filter(|&t| t == Trouble::ErrorDeclared);
        plan.journey(PALLETS..SHARES, 36, 3, on_long_road);
        plan.acts(Act::Unload, 0..produce.pallets);
        plan.pause(12);
        let on_short_road = trouble.filter(|t| matches!(t, Trouble::NeverReceived | Trouble::NeverShipped));
        plan.journey(SHARES..SHARES + produce.grocers, 8, 0, on_short_road);
        plan.pause(30);
        plan.acts(Act::Sell, 0..produce.grocers - u16::from(trouble == Some(Trouble::NeverReceived)));
        (produce, plan)
    }

    fn field_lot(&self, field: u16) -> Item {
        let gtin = Gtin { prefix: self.grower.prefix, indicator: 0, reference: self.crop.reference };
        Item::Lot { gtin, lot: Lot::new(b'H', self.number * 4 + u64::from(field)) }
    }

    fn lot_number(&self) -> Lot {
        Lot::new(b'P', self.number)
    }

    fn packed(&self, cases: u32) -> Quantity {
        let gtin = Gtin { prefix: self.packer.prefix, indicator: 1, reference: self.crop.reference + 1 };
        let item = Item::Lot { gtin, lot: self.lot_number() };
        Quantity { item, tenths: cases * 10, kilograms: false }
    }

    fn cases(&self) -> u32 {
        u32::from(self.pallets) * u32::from(self.cases_per_pallet)
    }

    fn on_pallet(&self) -> Quantity {
        self.packed(u32::from(self.cases_per_pallet))
    }

    fn pallet(&self, pallet: u16) -> Item {
        let serial = self.number * 8 + u64::from(pallet);
        Item::Unit { prefix: self.packer.prefix, extension: 0, serial }
    }

    /// Equal shares, the remainder staying in the warehouse; too much for the last grocer if the
    /// quantities are not to add up.
    fn share(&self, grocer: u16) -> Quantity {
        let each = self.cases() / u32::from(self.grocers);
        let too_much = self.trouble == Some(Trouble::QuantityMismatch) && grocer + 1 == self.grocers;
        self.packed(if too_much { each + each / 2 } else { each })
    }

    fn grocer(&self, grocer: u16) -> &'static Firm {
        &GROCERS[usize::from(self.first_grocer + grocer) % GROCERS.len()]
    }

    fn harvest(&self, field: u16) -> Quantity {
        let (fields, total) = (u32::from(self.fields), self.cases() * CASE_TENTHS);
        let rest = if field == 0 { total % fields } else { 0 };
        Quantity { item: self.field_lot(field), tenths: total / fields + rest, kilograms: true }
    }

    fn harvests(&self) -> impl Iterator<Item = Quantity> + '_ {
        (0..self.fields).map(|field| self.harvest(field))
    }

    fn consignment(&self, which: u16) -> Consignment {
        let mut consignment = Consignment {
            from: self.wholesaler,
            to: self.wholesaler,
            carrier: self.carrier,
            number: self.number * 8 + u64::from(which),
            items: Vec::new(),
            quantities: Vec::new(),
            climate: Climate::Chilled,
            too_warm: which == PALLETS && self.trouble == Some(Trouble::ColdExcursion),
        };
        match which {
            HARVEST => {
                (consignment.from, consignment.to) = (self.grower, self.packer);
                consignment.quantities = self.harvests().collect();
            }
            PALLETS => {
                consignment.from = self.packer;
                consignment.items = (0..self.pallets).map(|pallet| self.pallet(pallet)).collect();
            }
            share => {
                consignment.to = self.grocer(share - SHARES);
                consignment.quantities = vec![self.share(share - SHARES)];
            }
        }
        consignment
    }
}

impl Tale for Produce {
    type Act = Act;

    fn write(&self, act: Act, which: u16, scene: &mut Scene<'_>) {
        match act {
            Act::Harvest => self.write_harvest(which, scene),
            Act::Cool => self.write_cool(which, scene),
            Act::PackLot => self.write_pack_lot(scene),
            Act::Load => pack(scene, self.packer, self.pallet(which), &[], &[self.on_pallet()]),
            Act::Unload => unpack(scene, self.wholesaler, self.pallet(which), &[], &[self.on_pallet()]),
            Act::Sell => {
                let firm = self.grocer(which);
                let mut pen = scene.event("ObjectEvent", firm);
                pen.quantities("quantityList", [self.share(which)]);
                pen.business("OBSERVE", "retail_selling", "retail_sold");
                pen.at(firm, MAIN_SITE, 31);
                pen.end();
            }
            Act::Road(leg) => self.consignment(which).write(leg, scene),
        }
    }

    fn landmarks(&self, trouble: Option<Trouble>) -> Vec<(Role, Item)> {
        let lot = (Role::Lot, self.packed(0).item);
        match trouble {
            None => vec![(Role::Lot, self.field_lot(0)), (Role::Consignment, self.pallet(0))],
            Some(Trouble::ColdExcursion | Trouble::ErrorDeclared) => {
                vec![lot, (Role::Consignment, self.pallet(0))]
            }
            Some(_) => vec![lot],
        }
    }
}

impl Produce {
    fn write_harvest(&self, field: u16, scene: &mut Scene<'_>) {
        let when_s = scene.when_s;
        let plot = scene.random.between(1, 60);
        let mut pen = scene.event("ObjectEvent", self.grower);
        pen.quantities("quantityList", [self.harvest(field)]);
        pen.business("ADD", "commissioning", "active");
        pen.at(self.grower, MAIN_SITE, 300 + plot);
        pen.object("ilmd", |pen| {
            pen.written("cbvmda:lotNumber", |out| {
                Lot::new(b'H', self.number * 4 + u64::from(field)).put(out);
            });
            pen.date("cbvmda:harvestEndDate", when_s);
            pen.text("cbvmda:countryOfOrigin", self.grower.country);
        });
        pen.text("ex:cte", "harvesting");
        pen.text("ex:commodity", self.crop.name);
        pen.number("ex:field", plot);
        pen.end();
    }

    fn write_cool(&self, field: u16, scene: &mut Scene<'_>) {
        let (when_s, mut random) = (scene.when_s, scene.random.clone());
        let mut pen = scene.event("ObjectEvent", self.grower);
        pen.quantities("quantityList", [self.harvest(field)]);
        pen.business("OBSERVE", "storing", "in_progress");
        pen.at(self.grower, MAIN_SITE, LINE + 1);
        put_readings(
            &mut pen,
            &mut random,
            &Readings {
                count: 1,
                last_s: when_s,
                zone_min: self.grower.zone_min,
                device: Item::Asset { prefix: self.grower.prefix, class: "TL", number: 1 },
                climate: Climate::Chilled,
                too_warm: false,
            },
        );
        pen.text("ex:cte", "cooling");
        pen.end();
    }

    fn write_pack_lot(&self, scene: &mut Scene<'_>) {
        let when_s = scene.when_s;
        let mut pen = scene.event("TransformationEvent", self.packer);
        pen.quantities("inputQuantityList", self.harvests());
        pen.quantities("outputQuantityList", [self.packed(self.cases())]);
        pen.step("creating_class_instance", "active");
        pen.at(self.packer, MAIN_SITE, LINE);
        pen.object("ilmd", |pen| {
            pen.written("cbvmda:lotNumber", |out| self.lot_number().put(out));
            pen.date("cbvmda:bestBeforeDate", when_s + 12 * DAY_S);
            pen.text("cbvmda:countryOfOrigin", self.grower.country);
        });
        pen.text("ex:cte", "initial_packing");
        let source = Place { firm: self.packer, site: MAIN_SITE, door: 0 };
        pen.written("ex:traceabilityLotCodeSource", |out| source.put(out, self.packer.style));
        pen.end();
    }
}
