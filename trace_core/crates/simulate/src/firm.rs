//! The invented firms of the stories.
//!
//! Their GS1 company prefixes lie under 952, which GS1 keeps for demonstrations and examples, so no
//! name that is printed here can belong to anybody.

/// How a firm writes the names of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// EPC URNs, as `urn:epc:id:sgtin:9520001.012345.7`.
    Urn,
    /// GS1 Digital Link URIs, as `https://id.gs1.org/01/09520001123450/21/7`.
    DigitalLink,
}

/// A trading partner: everything about it that is printed.
#[derive(Debug)]
pub(crate) struct Firm {
    /// GS1 company prefix, 7 digits.
    pub(crate) prefix: u32,
    pub(crate) name: &'static str,
    /// Country, ISO 3166-1 alpha-2.
    pub(crate) country: &'static str,
    /// Minutes east of Greenwich, all the year round: the firms keep winter time.
    pub(crate) zone_min: i32,
    pub(crate) style: Style,
}

const fn firm(number: u32, name: &'static str, country: &'static str, zone_h: i32, style: Style) -> Firm {
    Firm { prefix: 9_520_000 + number, name, country, zone_min: zone_h * 60, style }
}

use Style::{DigitalLink, Urn};

pub(crate) static FISHERS: [Firm; 2] =
    [firm(101, "Havbris Fiskeri", "NO", 1, Urn), firm(102, "Norðurljós Útgerð", "IS", 0, Urn)];
pub(crate) static PROCESSORS: [Firm; 2] =
    [firm(111, "Fjordfrost Seafood", "NO", 1, Urn), firm(112, "Skagen Filet", "DK", 1, DigitalLink)];
pub(crate) static GROWERS: [Firm; 2] =
    [firm(121, "Huerta del Segura", "ES", 1, Urn), firm(122, "Salinas Leaf Farms", "US", -8, DigitalLink)];
pub(crate) static PACKERS: [Firm; 2] =
    [firm(131, "Murcia Empaque", "ES", 1, DigitalLink), firm(132, "Valley Cool Packing", "US", -8, Urn)];
pub(crate) static FOOD_WHOLESALERS: [Firm; 2] = [
    firm(141, "Rheinkühl Großhandel", "DE", 1, Urn),
    firm(142, "Polder Vers Distributie", "NL", 1, DigitalLink),
];
pub(crate) static GROCERS: [Firm; 4] = [
    firm(151, "Marktkorb", "DE", 1, Urn),
    firm(152, "De Groene Winkel", "NL", 1, DigitalLink),
    firm(153, "Épicerie du Canal", "FR", 1, Urn),
    firm(154, "Corner & Co", "GB", 0, DigitalLink),
];
pub(crate) static CARRIERS: [Firm; 2] =
    [firm(161, "Polarvogn Logistik", "DK", 1, Urn), firm(162, "Transfrío Sur", "ES", 1, DigitalLink)];
/// Owner of the returnable pallets that go round between all the others.
pub(crate) static PALLET_POOL: Firm = firm(171, "Palettenkreis", "DE", 1, Urn);
pub(crate) static MEDICINE_MAKERS: [Firm; 2] =
    [firm(201, "Aurelia Pharma", "CH", 1, Urn), firm(202, "Lindqvist Läkemedel", "SE", 1, DigitalLink)];
pub(crate) static MEDICINE_WHOLESALERS: [Firm; 2] =
    [firm(211, "Medivia Großhandel", "DE", 1, Urn), firm(212, "Apotrans", "BE", 1, DigitalLink)];
pub(crate) static PHARMACIES: [Firm; 4] = [
    firm(221, "Löwen-Apotheke", "DE", 1, Urn),
    firm(222, "Pharmacie des Halles", "FR", 1, DigitalLink),
    firm(223, "Apotheek Zuid", "NL", 1, Urn),
    firm(224, "Farmacia Colón", "ES", 1, DigitalLink),
];
pub(crate) static PART_SUPPLIERS: [Firm; 3] = [
    firm(301, "Turbinenwerk Isar", "DE", 1, Urn),
    firm(302, "Kansai Bearing", "JP", 9, DigitalLink),
    firm(303, "Cascade Hydraulics", "US", -8, Urn),
];
pub(crate) static ASSEMBLERS: [Firm; 2] =
    [firm(311, "Aéronef Garonne", "FR", 1, Urn), firm(312, "Veloce Automobili", "IT", 1, DigitalLink)];
pub(crate) static WORKSHOPS: [Firm; 2] =
    [firm(321, "Skyline Maintenance", "IE", 0, DigitalLink), firm(322, "Werkstatt Hansa", "DE", 1, Urn)];
