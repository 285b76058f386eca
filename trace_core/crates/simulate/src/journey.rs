//! Goods on their way from one firm to the next, the same for every domain.

use crate::firm::{Firm, PALLET_POOL, Style};
use crate::item::{Item, Quantity};
use crate::pen::{EventId, Pen, Scene};
use crate::random::Random;

/// One act of a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leg {
    Ship,
    /// A reading of the carrier's sensors under way.
    Transport,
    Receive,
    /// A receipt booked at the wrong site …
    ReceiveWrongly,
    /// … then declared an error: the same event again, with the declaration …
    DeclareError,
    /// … and the event that corrects it.
    ReceiveRightly,
}

/// How cold it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Climate {
    Frozen,
    Chilled,
    Room,
}

/// What travels, and between whom.
pub(crate) struct Consignment {
    pub(crate) from: &'static Firm,
    pub(crate) to: &'static Firm,
    pub(crate) carrier: &'static Firm,
    /// Number of the order, the despatch advice and the invoice.
    pub(crate) number: u64,
    pub(crate) items: Vec<Item>,
    pub(crate) quantities: Vec<Quantity>,
    pub(crate) climate: Climate,
    /// The carrier's cooling fails.
    pub(crate) too_warm: bool,
}

/// Sites of every firm: where it makes things and keeps them, and the store that it also has
/// elsewhere, at which nothing of ours ever is.
pub(crate) const MAIN_SITE: u32 = 1;
const OTHER_SITE: u32 = 9;

/// Doors of a site.
pub(crate) const LINE: u32 = 11;
pub(crate) const GATE_IN: u32 = 21;
pub(crate) const GATE_OUT: u32 = 22;

/// Seconds until somebody sees the error in a receipt.
const ERROR_SEEN_S: u64 = 1_200;

impl Consignment {
    /// Appends the event of one leg.
    pub(crate) fn write(&self, leg: Leg, scene: &mut Scene<'_>) {
        match leg {
            Leg::Ship => self.ship(scene),
            Leg::Transport => self.transport(scene),
            Leg::Receive => {
                let mut pen = scene.event("ObjectEvent", self.to);
                self.receipt(&mut pen, MAIN_SITE);
                pen.end();
            }
            Leg::ReceiveWrongly => self.receive_as(scene, self.event_id(1), OTHER_SITE, false),
            Leg::DeclareError => self.receive_as(scene, self.event_id(1), OTHER_SITE, true),
            Leg::ReceiveRightly => self.receive_as(scene, self.event_id(2), MAIN_SITE, false),
        }
    }

    fn goods(&self, pen: &mut Pen<'_>) {
        if !self.items.is_empty() {
            pen.items("epcList", self.items.iter().copied());
        }
        if !self.quantities.is_empty() {
            pen.quantities("quantityList", self.quantities.iter().copied());
        }
    }

    fn ship(&self, scene: &mut Scene<'_>) {
        let mut pen = scene.event("ObjectEvent", self.from);
        self.goods(&mut pen);
        pen.business("OBSERVE", "shipping", "in_transit");
        pen.read_point(self.from, MAIN_SITE, GATE_OUT);
        pen.documents(&[("po", self.to, "PO", self.number), ("desadv", self.from, "DA", self.number)]);
        pen.side("sourceList", "source", self.from, self.from, MAIN_SITE);
        pen.side("destinationList", "destination", self.to, self.to, MAIN_SITE);
        pen.end();
    }

    fn receipt(&self, pen: &mut Pen<'_>, site: u32) {
        self.goods(pen);
        pen.business("OBSERVE", "receiving", "in_progress");
        if self.to.style == Style::DigitalLink {
            pen.object("persistentDisposition", |pen| pen.texts("set", &["completeness_verified"]));
        }
        pen.at(self.to, site, GATE_IN);
        pen.documents(&[("desadv", self.from, "DA", self.number), ("inv", self.from, "IN", self.number)]);
        pen.side("sourceList", "source", self.from, self.carrier, MAIN_SITE);
        pen.text("ex:site", self.to.name);
    }

    fn receive_as(&self, scene: &mut Scene<'_>, id: EventId, site: u32, declare: bool) {
        let (when_s, zone_min) = (scene.when_s, self.to.zone_min);
        let mut pen = scene.event_with_id("ObjectEvent", self.to, Some(id));
        if declare {
            pen.error_declaration(when_s + ERROR_SEEN_S, zone_min, self.event_id(2));
        }
        self.receipt(&mut pen, site);
        pen.end();
    }

    fn event_id(&self, stream: u64) -> EventId {
        let mut random = Random::new(self.number, stream);
        EventId(random.next(), random.next())
    }

    fn transport(&self, scene: &mut Scene<'_>) {
        let mut random = scene.random.clone();
        let when_s = scene.when_s;
        let truck = scene.random.below(40);
        let mut pen = scene.event("ObjectEvent", self.carrier);
        self.goods(&mut pen);
        pen.business("OBSERVE", "transporting", "in_transit");
        pen.read_point(self.carrier, MAIN_SITE, 100 + truck);
        let device = Item::Asset { prefix: self.carrier.prefix, class: "TL", number: u64::from(truck) };
        let readings = random.between(1, 3);
        put_readings(
            &mut pen,
            &mut random,
            &Readings {
                count: readings,
                last_s: when_s,
                zone_min: self.carrier.zone_min,
                device,
                climate: self.climate,
                too_warm: self.too_warm,
            },
        );
        pen.end();
    }
}

/// A series of temperatures, an hour apart.
pub(crate) struct Readings {
    pub(crate) count: u32,
    pub(crate) last_s: u64,
    pub(crate) zone_min: i32,
    pub(crate) device: Item,
    pub(crate) climate: Climate,
    pub(crate) too_warm: bool,
}

/// Writes a `sensorElementList`; a reading that is too warm carries the alarm with it.
pub(crate) fn put_readings(pen: &mut Pen<'_>, random: &mut Random, readings: &Readings) {
    let (low, high) = match (readings.climate, readings.too_warm) {
        (Climate::Frozen, false) => (-214, -186),
        (Climate::Frozen, true) => (-118, -64),
        (Climate::Chilled, false) => (8, 44),
        (Climate::Chilled, true) => (96, 148),
        (Climate::Room, false) => (165, 228),
        (Climate::Room, true) => (302, 351),
    };
    let ages_s = (0..u64::from(readings.count)).rev().map(|n| n * 3600);
    pen.objects("sensorElementList", ages_s, |pen, age_s| {
        pen.object("sensorMetadata", |pen| {
            pen.time("time", readings.last_s.saturating_sub(age_s), readings.zone_min);
            pen.item("deviceID", readings.device);
        });
        pen.objects("sensorReport", [()], |pen, ()| {
            pen.text("type", "Temperature");
            let warmth = random.below(u32::try_from(high - low).unwrap_or(0));
            pen.tenths("value", low + i32::try_from(warmth).unwrap_or(0));
            pen.text("uom", "CEL");
            if readings.too_warm {
                pen.text("exception", "ALARM_CONDITION");
            }
        });
    });
}

/// Unpacking a whole unit: firms that write Digital Link leave out what was in it, as the standard
/// allows; the others repeat it.
pub(crate) fn unpack(
    scene: &mut Scene<'_>,
    firm: &'static Firm,
    parent: Item,
    items: &[Item],
    quantities: &[Quantity],
) {
    let mut pen = scene.event("AggregationEvent", firm);
    pen.item("parentID", parent);
    if firm.style == Style::Urn {
        contents(&mut pen, items, quantities);
    }
    pen.business("DELETE", "unpacking", "in_progress");
    pen.at(firm, MAIN_SITE, GATE_IN);
    pen.end();
}

/// Packing into a unit, or onto it.
pub(crate) fn pack(
    scene: &mut Scene<'_>,
    firm: &'static Firm,
    parent: Item,
    items: &[Item],
    quantities: &[Quantity],
) {
    let mut pen = scene.event("AggregationEvent", firm);
    pen.item("parentID", parent);
    contents(&mut pen, items, quantities);
    pen.business("ADD", "packing", "in_progress");
    pen.at(firm, MAIN_SITE, LINE);
    pen.end();
}

fn contents(pen: &mut Pen<'_>, items: &[Item], quantities: &[Quantity]) {
    if !items.is_empty() {
        pen.items("childEPCs", items.iter().copied());
    }
    if !quantities.is_empty() {
        pen.quantities("childQuantityList", quantities.iter().copied());
    }
}

/// The pallet with this serial in the pool's fleet.
pub(crate) fn returnable(serial: u32) -> Item {
    Item::Returnable { prefix: PALLET_POOL.prefix, kind: 77, serial }
}

/// The first event of a returnable pallet's life.
pub(crate) fn commission_returnable(scene: &mut Scene<'_>, serial: u32) {
    let mut pen = scene.event("ObjectEvent", &PALLET_POOL);
    pen.items("epcList", [returnable(serial)]);
    pen.business("ADD", "commissioning", "active");
    pen.at(&PALLET_POOL, MAIN_SITE, LINE);
    pen.end();
}
