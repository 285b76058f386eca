//! What the invented firms and their sites are called, as an EPCIS document of master data alone.

use crate::document::put_preamble;
use crate::firm::{
    ASSEMBLERS, CARRIERS, FISHERS, FOOD_WHOLESALERS, Firm, GROCERS, GROWERS, MEDICINE_MAKERS,
    MEDICINE_WHOLESALERS, PACKERS, PALLET_POOL, PART_SUPPLIERS, PHARMACIES, PROCESSORS, Style, WORKSHOPS,
};
use crate::item::Place;
use crate::journey::MAIN_SITE;

fn firms() -> impl Iterator<Item = &'static Firm> {
    let all: [&[Firm]; 14] = [
        &FISHERS,
        &PROCESSORS,
        &GROWERS,
        &PACKERS,
        &FOOD_WHOLESALERS,
        &GROCERS,
        &CARRIERS,
        &MEDICINE_MAKERS,
        &MEDICINE_WHOLESALERS,
        &PHARMACIES,
        &PART_SUPPLIERS,
        &ASSEMBLERS,
        &WORKSHOPS,
        std::slice::from_ref(&PALLET_POOL),
    ];
    all.into_iter().flatten()
}

/// The names and countries of all firms that a simulation may tell of, and of their main sites.
#[must_use]
pub fn master_data(created_s: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_preamble(&mut out, created_s);
    out.extend_from_slice(br#","epcisHeader":{"epcisMasterData":{"vocabularyList":["#);
    put_vocabulary(&mut out, "urn:epcglobal:epcis:vtype:Party", |firm, out| {
        Place::party(firm).put_party(out, Style::Urn);
    });
    out.push(b',');
    put_vocabulary(&mut out, "urn:epcglobal:epcis:vtype:BusinessLocation", |firm, out| {
        Place { firm, site: MAIN_SITE, door: 0 }.put(out, Style::Urn);
    });
    out.extend_from_slice(b"]}}}\n");
    out
}

fn put_vocabulary(out: &mut Vec<u8>, kind: &str, put_id: impl Fn(&'static Firm, &mut Vec<u8>)) {
    out.extend_from_slice(br#"{"type":""#);
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(br#"","vocabularyElementList":["#);
    for (n, firm) in firms().enumerate() {
        out.extend_from_slice(if n > 0 { b",\n{\"id\":\"" } else { b"\n{\"id\":\"" });
        put_id(firm, out);
        out.extend_from_slice(br#"","attributes":[{"id":"urn:epcglobal:cbv:mda:name","attribute":""#);
        out.extend_from_slice(firm.name.as_bytes());
        out.extend_from_slice(br#""},{"id":"urn:epcglobal:cbv:mda:countryCode","attribute":""#);
        out.extend_from_slice(firm.country.as_bytes());
        out.extend_from_slice(br#""}]}"#);
    }
    out.extend_from_slice(b"\n]}");
}
