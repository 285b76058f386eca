//! Answers of thousands of items, which several threads find and write, say what small ones say.

mod world;

use lineage::Role;
use world::*;

const PACKS: usize = 3_000;
const PACKS_IN_CASE: usize = 25;
const CASES_ON_PALLET: usize = 8;

/// Packs of one lot go in cases on pallets to two shops; every second pallet is unpacked there.
fn world() -> World {
    let packs: Vec<String> = (0..PACKS).map(|number| format!("pack-{number:04}")).collect();
    let packs: Vec<&str> = packs.iter().map(String::as_str).collect();
    let cases: Vec<String> = (0..PACKS / PACKS_IN_CASE).map(|number| format!("unit-case-{number}")).collect();
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let mut world = World::of([object(0, "commissioning").amount(Role::Epc, "lot-1", "75", Some("KGM"))]);
    for (case, packs) in cases.iter().zip(packs.chunks(PACKS_IN_CASE)) {
        world.add(transform(1).item(Role::Input, "lot-1").items(Role::Output, packs).at("factory"));
        world.add(pack(2, case).items(Role::Child, packs).at("factory"));
    }
    for (number, cases) in cases.chunks(CASES_ON_PALLET).enumerate() {
        let pallet = format!("unit-pallet-{number}");
        let shop = if number % 3 == 0 { "shop" } else { "other shop" };
        world.add(pack(3, &pallet).items(Role::Child, cases).at("factory"));
        world.add(object(4, "shipping").item(Role::Epc, &pallet).seen_at("gate").to_party(shop));
        world.add(object(9, "receiving").item(Role::Epc, &pallet).at("ramp").to_party(shop));
        if number % 2 == 0 {
            world.add(unpack(10, &pallet).at("ramp"));
        }
    }
    world
}

#[test]
fn large_recall_says_of_each_item_what_its_history_says() {
    let world = world();
    let recall = world.recall("lot-1");
    let affected = by_text(&recall["affected"], "item");
    assert_eq!(affected.len(), PACKS + 1);
    assert_eq!(texts(&recall["affected"], "item"), {
        let mut in_order: Vec<&str> = affected.keys().copied().filter(|name| *name != "lot-1").collect();
        in_order.insert(0, "lot-1");
        in_order
    });
    for number in (0..PACKS).step_by(97) {
        let name = format!("pack-{number:04}");
        let history = world.history(&name);
        for member in ["place", "since", "in_transit", "custodian", "containers", "last_event"] {
            assert_eq!(affected[name.as_str()][member], history[member], "{member} of {name}");
        }
    }
}

#[test]
fn large_recall_names_every_holder_with_each_item_once() {
    let recall = world().recall("lot-1");
    let notify = by_text(&recall["notify"], "id");
    let count = |id: &str, list: &str| notify[id][list].as_array().map_or(0, Vec::len);
    let pallets = PACKS / PACKS_IN_CASE / CASES_ON_PALLET;
    let of_shop = pallets.div_ceil(3) * CASES_ON_PALLET * PACKS_IN_CASE;
    // The packs, and what the factory makes them of.
    assert_eq!(count("factory", "holds") + count("factory", "held"), PACKS + 1);
    assert_eq!(count("shop", "holds"), of_shop);
    assert_eq!(count("other shop", "holds"), PACKS - of_shop);
    assert_eq!(count("gate", "events"), pallets);
}

#[test]
fn large_trace_reaches_every_item_of_both_layers() {
    let trace = world().forward("lot-1");
    let nodes = by_text(&trace["nodes"], "id");
    assert_eq!(nodes["pack-2999"]["standing"], "affected");
    assert_eq!(nodes.keys().filter(|name| name.starts_with("pack-")).count(), PACKS);
    assert_eq!(nodes.keys().filter(|name| name.starts_with("unit-")).count(), PACKS / PACKS_IN_CASE * 9 / 8);
}
