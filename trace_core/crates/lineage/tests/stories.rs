//! Stories of supply chains, told event by event, and what the answers must say.

mod world;

use lineage::{Action, EventType, Fact, Limits, Question, Role};
use serde_json::json;
use world::*;

/// Two catches become one lot of fillets; part of it goes in cases on a pallet to a shop.
fn fish() -> World {
    World::of([
        object(0, "commissioning").amount(Role::Epc, "lot-catch-1", "100", Some("KGM")).at("boat"),
        object(1, "commissioning").amount(Role::Epc, "lot-catch-2", "60.5", Some("KGM")).at("boat"),
        object(2, "commissioning").amount(Role::Epc, "lot-catch-3", "50", Some("KGM")).at("boat"),
        transform(10)
            .step("commissioning")
            .amount(Role::Input, "lot-catch-1", "100", Some("KGM"))
            .amount(Role::Input, "lot-catch-2", "60.5", Some("KGM"))
            .amount(Role::Output, "lot-fillet", "99.51", Some("KGM"))
            .at("factory"),
        transform(11)
            .amount(Role::Input, "lot-fillet", "40", Some("KGM"))
            .items(Role::Output, &["case-1", "case-2"])
            .at("factory"),
        pack(12, "unit-pallet")
            .items(Role::Child, &["case-1", "case-2"])
            .amount(Role::Child, "lot-fillet", "20", Some("KGM"))
            .at("factory"),
        object(13, "shipping")
            .item(Role::Epc, "unit-pallet")
            .seen_at("factory gate")
            .to_party("grocer")
            .id("ship"),
        object(20, "receiving").item(Role::Epc, "unit-pallet").at("shop").to_party("grocer").id("receive"),
        unpack(21, "unit-pallet").at("shop"),
        object(22, "stocking").item(Role::Epc, "case-1").at("shelf"),
        // Used again, for what is none of the fish's business.
        object(30, "commissioning").items(Role::Epc, &["milk"]).at("dairy"),
        pack(31, "unit-pallet").item(Role::Child, "milk").at("dairy"),
        object(32, "shipping").item(Role::Epc, "unit-pallet").seen_at("dairy"),
    ])
}

#[test]
fn recall_of_catch_reaches_lot_cases_and_pallet_with_reasons() {
    let recall = fish().recall("lot-catch-1");
    assert_eq!(texts(&recall["affected"], "item"), ["lot-catch-1", "lot-fillet", "case-1", "case-2"]);
    assert_eq!(texts(&recall["carriers"], "item"), ["unit-pallet"]);
    let affected = by_text(&recall["affected"], "item");
    assert_eq!(affected["case-1"]["place"], "shelf");
    assert_eq!(affected["case-1"]["since"], "1970-01-01T22:00:00Z");
    assert_eq!(affected["case-2"]["place"], "shop");
    assert_eq!(affected["case-2"]["since"], "1970-01-01T20:00:00Z");
    assert_eq!(affected["case-2"]["custodian"]["id"], "grocer");
    let path: Vec<&str> = affected["case-2"]["path"]
        .as_array()
        .expect("a path")
        .iter()
        .map(|edge| {
            recall["edges"][usize::try_from(edge.as_u64().expect("an index")).expect("small")]["event_id"]
                .as_str()
                .expect("an id")
        })
        .collect();
    assert_eq!(path, ["event-4", "event-4", "event-5", "event-5"]);
    let pallet = &recall["carriers"][0];
    assert_eq!(pallet["carried"], json!([{"from": "1970-01-01T12:00:00Z", "until": "1970-01-01T21:00:00Z"}]));
    assert_eq!(recall["discrepancies"], json!([]));
    assert_eq!(recall["gaps"], json!([]));
    let notify = by_text(&recall["notify"], "id");
    assert_eq!(notify["grocer"]["holds"], json!(["case-1", "case-2"]));
    assert_eq!(notify["grocer"]["held"], json!(["lot-fillet"]));
    assert!(!notify.contains_key("dairy"));
}

#[test]
fn quantities_of_lot_on_pallet_count_as_shipped_and_received() {
    let recall = fish().recall("lot-fillet");
    assert_eq!(
        recall["quantities"],
        json!([{
            "item": "lot-fillet", "unit": "KGM", "made": "99.51", "used": "40", "shipped": "20", "received": "20",
            "packed": "20", "unpacked": "0", "sold": "0", "destroyed": "0"
        }])
    );
}

#[test]
fn trace_backward_of_case_finds_both_catches_and_not_the_third() {
    let trace = fish().backward("case-1");
    assert_eq!(
        texts(&trace["nodes"], "id"),
        ["case-1", "event-4", "event-5", "lot-catch-1", "lot-catch-2", "lot-fillet", "unit-pallet"]
    );
    assert_eq!(texts(&trace["edges"], "kind"), ["input", "input", "output", "input", "output", "packed"],);
}

#[test]
fn trace_forward_of_catch_points_the_way_of_matter() {
    let trace = fish().forward("lot-catch-2");
    assert_eq!(
        texts(&trace["nodes"], "id"),
        ["case-1", "case-2", "event-4", "event-5", "lot-catch-2", "lot-fillet", "unit-pallet"]
    );
    let edges = trace["edges"].as_array().expect("a list");
    assert_eq!(edges[0]["from"], "lot-catch-2");
    assert_eq!(edges[0]["quantity"], "60.5");
    assert_eq!(edges[1]["quantity"], "99.51");
}

#[test]
fn recall_of_lot_packed_by_quantity_lists_its_portions() {
    let mut world = fish();
    world.add(pack(40, "unit-other").amount(Role::Child, "lot-fillet", "12.5", Some("KGM")).at("factory"));
    world.add(unpack(41, "unit-other").amount(Role::Child, "lot-fillet", "2.5", Some("KGM")).at("factory"));
    let recall = world.recall("lot-fillet");
    let affected = by_text(&recall["affected"], "item");
    let portion = &affected["lot-fillet"]["portions"][0];
    assert_eq!(portion["item"], "unit-other");
    assert_eq!(portion["quantities"], json!([{"unit": "KGM", "quantity": "10"}]));
    assert!(recall["carriers"][0]["state"]["place"] == "factory", "{}", recall["carriers"]);
}

#[test]
fn reused_pallet_does_not_recall_the_innocent() {
    let world = fish();
    assert_eq!(texts(&world.recall("milk")["affected"], "item"), ["milk"]);
    assert_eq!(texts(&world.recall("case-1")["affected"], "item"), ["case-1"]);
    let history = world.history("case-1");
    assert!(!texts(&history["events"], "event_id").contains(&"event-13".to_owned()));
    // But whoever names the pallet itself means what was on it.
    let pallet = world.recall("unit-pallet");
    assert_eq!(texts(&pallet["affected"], "item"), ["lot-fillet", "case-1", "case-2", "milk", "unit-pallet"],);
    assert_eq!(by_text(&pallet["affected"], "item")["lot-fillet"]["standing"], "portion");
}

/// Packs in a case on a pallet in a truck.
fn medicine() -> World {
    World::of([
        object(0, "commissioning")
            .items(Role::Epc, &["pack-1", "pack-2"])
            .item(Role::Lot, "lot-m")
            .at("plant"),
        object(0, "commissioning").items(Role::Epc, &["pack-3"]).item(Role::Lot, "lot-n").at("plant"),
        pack(1, "case").items(Role::Child, &["pack-1", "pack-2", "pack-3"]).at("plant"),
        pack(2, "unit-pallet").items(Role::Child, &["case"]).at("plant"),
        pack(3, "asset-truck").items(Role::Child, &["unit-pallet"]).at("plant"),
        object(4, "shipping").item(Role::Epc, "asset-truck").seen_at("plant").to_party("wholesaler"),
        object(8, "receiving").item(Role::Epc, "asset-truck").at("warehouse").to_party("wholesaler"),
        unpack(9, "asset-truck").at("warehouse"),
        unpack(10, "case").item(Role::Child, "pack-2").at("warehouse"),
        object(11, "shipping").item(Role::Epc, "pack-2").seen_at("warehouse").to_party("pharmacy"),
    ])
}

#[test]
fn pack_in_case_on_pallet_in_truck_goes_where_the_truck_goes() {
    let world = medicine();
    let history = world.history("pack-1");
    assert_eq!(history["place"], "warehouse");
    assert_eq!(history["in_transit"], false);
    assert_eq!(texts(&history["containers"], "item"), ["case", "unit-pallet"]);
    let vias: Vec<&serde_json::Value> =
        history["events"].as_array().expect("a list").iter().map(|event| &event["via"]).collect();
    let expected =
        json!([null, null, "case", "unit-pallet", "asset-truck", "asset-truck", "asset-truck", "case"]);
    assert_eq!(vias, expected.as_array().expect("a list").iter().collect::<Vec<_>>());
    let on_the_way = world.history_at("pack-1", 5 * HOUR);
    assert_eq!(on_the_way["in_transit"], true);
    assert_eq!(texts(&on_the_way["containers"], "item"), ["case", "unit-pallet", "asset-truck"]);
    assert_eq!(on_the_way["custodian"]["id"], "wholesaler");
    let contents = &world.history("case")["contents"];
    assert_eq!(texts(contents, "item"), ["pack-1", "pack-3"]);
}

#[test]
fn recall_of_medicine_lot_reaches_its_packs_and_lists_their_containers_alone() {
    let recall = medicine().recall("lot-m");
    assert_eq!(texts(&recall["affected"], "item"), ["lot-m", "pack-1", "pack-2"]);
    assert_eq!(texts(&recall["carriers"], "item"), ["case", "asset-truck", "unit-pallet"]);
    assert_eq!(texts(&recall["gaps"], "kind"), ["shipped_not_received"]);
    assert_eq!(recall["gaps"][0]["items"], json!(["pack-2"]));
    let affected = by_text(&recall["affected"], "item");
    assert_eq!(affected["pack-2"]["in_transit"], true);
    assert_eq!(affected["pack-2"]["custodian"]["id"], "pharmacy");
}

#[test]
fn lot_that_a_serial_tells_itself_stands_before_the_lots_of_the_event() {
    let mut fact = object(0, "commissioning").items(Role::Epc, &["s-1", "s-2"]).item(Role::Lot, "lot-a");
    fact.refs[1].lot = Some("lot-b".to_owned());
    let world = World::of([fact]);
    assert_eq!(texts(&world.recall("lot-a")["affected"], "item"), ["lot-a", "s-1"]);
    assert_eq!(texts(&world.recall("lot-b")["affected"], "item"), ["lot-b", "s-2"]);
}

fn fit(hour: i64, action: Action, assembly: &str, part: &str) -> lineage::Fact {
    event(hour, EventType::AssociationEvent, Some(action))
        .item(Role::Parent, assembly)
        .item(Role::Child, part)
}

#[test]
fn assembly_with_affected_part_is_affected_and_its_other_parts_are_not() {
    let world = World::of([
        fit(0, Action::Add, "engine", "injector-1").at("works"),
        fit(1, Action::Add, "engine", "injector-2").at("works"),
        fit(2, Action::Add, "car", "engine").at("works"),
        object(3, "shipping").item(Role::Epc, "car").seen_at("works").to_party("dealer"),
        object(4, "receiving").item(Role::Epc, "car").at("dealer's yard").to_party("dealer"),
        fit(9, Action::Delete, "engine", "injector-2").at("garage"),
    ]);
    let recall = world.recall("injector-1");
    assert_eq!(texts(&recall["affected"], "item"), ["car", "engine", "injector-1"]);
    assert_eq!(recall["carriers"], json!([]));
    let affected = by_text(&recall["affected"], "item");
    assert_eq!(affected["injector-1"]["custodian"]["id"], "dealer");
    assert_eq!(texts(&affected["injector-1"]["containers"], "item"), ["engine", "car"]);
    let recall = world.recall("injector-2");
    assert_eq!(by_text(&recall["affected"], "item")["car"]["affected_until"], "1970-01-01T09:00:00Z");
    let origin = world.backward("car");
    assert_eq!(texts(&origin["nodes"], "id"), ["car", "engine", "injector-1"]);
}

#[test]
fn corrected_event_is_out_of_the_answers_and_stays_visible() {
    let wrong = || object(5, "receiving").item(Role::Epc, "case").at("north").id("wrong");
    let world = World::of([
        object(0, "commissioning").item(Role::Epc, "case").at("plant"),
        object(4, "shipping").item(Role::Epc, "case").seen_at("plant"),
        wrong(),
        wrong().declared_wrong(&["right"]),
        object(5, "receiving").item(Role::Epc, "case").at("south").id("right"),
    ]);
    let recall = world.recall("case");
    assert_eq!(recall["affected"][0]["place"], "south");
    assert_eq!(recall["gaps"], json!([]));
    let expected = json!([{
        "event_key": 3, "event_id": "wrong", "time": "1970-01-01T05:00:00Z", "items": ["case"], "declared_by": 4,
        "declaration_time": "1970-01-01T06:00:00Z", "reason": "incorrect_data", "corrective_event_ids": ["right"],
        "content_digest": "00".repeat(32)
    }]);
    assert_eq!(recall["voided"], expected);
    let answer = world.json(Question::History { items: vec!["case".to_owned()], at: i64::MAX });
    assert_eq!(texts(&answer["histories"][0]["events"], "event_id"), ["event-1", "event-2", "right"]);
    assert_eq!(answer["voided"], expected);
}

#[test]
fn declaration_voids_the_event_that_it_repeats_and_not_another_of_its_id() {
    let one = || object(5, "inspecting").item(Role::Epc, "case").at("north").id("shared").saying(1);
    let other = || object(5, "inspecting").item(Role::Epc, "case").at("south").id("shared").saying(2);
    let later = || object(6, "inspecting").item(Role::Epc, "case").at("east").id("shared").saying(3);
    let voided = |declaration: Fact| {
        let world = World::of([one(), other(), later(), declaration]);
        let recall = world.recall("case");
        let list = recall["voided"].as_array().expect("a list");
        list.iter().map(|void| void["event_key"].as_u64().expect("a key")).collect::<Vec<_>>()
    };
    assert_eq!(voided(one().declared_wrong(&[])), [1]);
    assert_eq!(voided(later().declared_wrong(&[])), [3]);
    // One that was written anew repeats none of them: those of its time and items go.
    assert_eq!(voided(one().saying(4).declared_wrong(&[])), [1, 2]);
}

#[test]
fn declaration_without_its_event_is_shown_itself() {
    let world = World::of([object(5, "receiving").item(Role::Epc, "case").at("north").declared_wrong(&[])]);
    let recall = world.recall("case");
    assert_eq!(recall["affected"][0]["place"], json!(null));
    assert_eq!(recall["voided"][0]["declared_by"], 1);
}

#[test]
fn wrong_packing_once_declared_recalls_nobody() {
    let wrong = || pack(2, "unit-p").items(Role::Child, &["bad"]).id("wrong");
    let world = World::of([
        wrong(),
        transform(3).item(Role::Input, "unit-p").item(Role::Output, "soup"),
        wrong().declared_wrong(&[]),
    ]);
    assert_eq!(texts(&world.recall("bad")["affected"], "item"), ["bad"]);
}

#[test]
fn container_that_is_used_up_takes_its_contents_along() {
    let world = World::of([
        pack(2, "unit-p").items(Role::Child, &["bad"]),
        transform(3).item(Role::Input, "unit-p").item(Role::Output, "soup"),
    ]);
    assert_eq!(texts(&world.recall("bad")["affected"], "item"), ["bad", "soup"]);
    assert_eq!(texts(&world.backward("soup")["nodes"], "id"), ["bad", "event-2", "soup", "unit-p"]);
    assert_eq!(world.history("bad")["ended"]["how"], "consumed");
}

#[test]
fn late_event_counts_by_its_event_time() {
    let world = World::of([
        object(9, "receiving").item(Role::Epc, "case").at("shop"),
        object(5, "storing").item(Role::Epc, "case").at("depot"),
        object(1, "shipping").item(Role::Epc, "case").seen_at("plant"),
    ]);
    assert_eq!(world.history("case")["place"], "shop");
    assert_eq!(world.recall("case")["gaps"], json!([]));
}

#[test]
fn transformation_in_several_events_links_inputs_to_later_outputs_only() {
    let part = |hour: i64| {
        let mut fact = transform(hour);
        fact.transformation_id = Some("batch-7".to_owned());
        fact
    };
    let world = World::of([
        part(1).item(Role::Input, "lot-flour"),
        part(2).item(Role::Output, "bread-1"),
        part(3).item(Role::Input, "lot-nuts"),
        part(4).item(Role::Output, "bread-2"),
    ]);
    assert_eq!(texts(&world.recall("lot-flour")["affected"], "item"), ["lot-flour", "bread-1", "bread-2"]);
    assert_eq!(texts(&world.recall("lot-nuts")["affected"], "item"), ["lot-nuts", "bread-2"]);
    assert_eq!(texts(&world.backward("bread-1")["nodes"], "id"), ["batch-7", "bread-1", "lot-flour"]);
}

#[test]
fn sums_that_do_not_add_up_are_told() {
    let world = World::of([
        transform(1).amount(Role::Input, "lot-a", "100", Some("KGM")).amount(
            Role::Output,
            "lot-b",
            "120",
            Some("KGM"),
        ),
        object(2, "shipping").amount(Role::Epc, "lot-b", "10", None).seen_at("x"),
        object(3, "receiving").amount(Role::Epc, "lot-b", "9", None).at("y"),
    ]);
    let discrepancies = &world.recall("lot-a")["discrepancies"];
    assert_eq!(
        discrepancies,
        &json!([
            {"kind": "outputs_exceed_inputs", "item": "event-1", "unit": "KGM", "expected": "100", "found": "120"},
            {"kind": "received_less_than_shipped", "item": "lot-b", "unit": null, "expected": "10", "found": "9"},
        ])
    );
}

#[test]
fn gaps_of_containment_are_told() {
    let seen = event(3, EventType::AggregationEvent, Some(Action::Observe)).item(Role::Parent, "unit-q");
    let world = World::of([
        unpack(1, "unit-p").item(Role::Child, "case"),
        seen.item(Role::Child, "case"),
        object(4, "receiving").item(Role::Epc, "unit-q").at("shop"),
    ]);
    let recall = world.recall("case");
    assert_eq!(
        texts(&recall["gaps"], "kind"),
        ["removed_never_added", "inside_never_added", "received_not_shipped"]
    );
    assert_eq!(recall["affected"][0]["place"], "shop");
}

#[test]
fn class_without_lot_ends_the_trace_and_is_a_gap() {
    let world = World::of([
        transform(1).item(Role::Input, "lot-a").amount(Role::Output, "class-c", "5", Some("KGM")),
        transform(2).amount(Role::Input, "class-c", "1", Some("KGM")).item(Role::Output, "cake"),
    ]);
    let recall = world.recall("lot-a");
    assert_eq!(texts(&recall["affected"], "item"), ["class-c", "lot-a"]);
    assert_eq!(texts(&recall["gaps"], "kind"), ["class_without_lot"]);
}

#[test]
fn limits_are_told_and_kept() {
    let world = medicine();
    let ask = |limits| {
        let question = Question::Recall { items: vec!["lot-m".to_owned()], from: i64::MIN, at: i64::MAX };
        world.walk(question, limits).0
    };
    let events = ask(Limits { events_max: 1, ..Limits::default() });
    assert_eq!((&events["truncated"], &events["limits_reached"]), (&json!(true), &json!(["events_max"])));
    let items = ask(Limits { items_max: 2, ..Limits::default() });
    assert_eq!(
        (&items["limits_reached"], texts(&items["affected"], "item").len()),
        (&json!(["items_max"]), 2)
    );
    let depth = ask(Limits { depth_max: 1, ..Limits::default() });
    assert_eq!(depth["limits_reached"], json!(["depth_max"]));
    assert_eq!(texts(&depth["affected"], "item"), ["lot-m", "pack-1", "pack-2"]);
    assert_eq!(ask(Limits::default())["truncated"], false);
}

#[test]
fn item_that_nobody_named_has_an_empty_answer() {
    let world = medicine();
    assert_eq!(world.history("nobody")["kind"], json!(null));
    assert_eq!(world.recall("nobody")["affected"][0]["standing"], "named");
    assert_eq!(world.forward("nobody")["edges"], json!([]));
}

#[test]
fn rounds_grow_with_depth_and_events_with_the_answer() {
    let mut world = medicine();
    for trip in 0..100 {
        let hour = 1_000 + 10 * trip;
        world.add(pack(hour, "unit-pallet").item(Role::Child, &format!("other-{trip}")).at("plant"));
        world.add(unpack(hour + 1, "unit-pallet").item(Role::Child, &format!("other-{trip}")).at("plant"));
    }
    world.add(unpack(20, "unit-pallet").at("warehouse"));
    let question = Question::Recall { items: vec!["lot-m".to_owned()], from: i64::MIN, at: i64::MAX };
    let (_, rounds, events) = world.walk(question, Limits::default());
    assert!(rounds <= 8, "{rounds} rounds");
    assert!(events < 250, "{events} events");
}

#[test]
fn lot_with_all_its_packs_in_one_event_is_recalled_whole() {
    let mut fact = object(0, "commissioning");
    for number in 0..20_000 {
        fact = fact.item(Role::Epc, &format!("pack-{number}"));
        fact.refs[number].lot = Some("lot-m".to_owned());
    }
    let recall = World::of([fact]).recall("lot-m");
    assert_eq!(texts(&recall["affected"], "item").len(), 20_001);
}

#[test]
fn what_happens_to_the_outermost_of_many_containers_happens_to_the_innermost_thing() {
    let nested = |levels: usize| {
        let name = |level: usize| if level == 0 { "thing".to_owned() } else { format!("unit-{level:03}") };
        let mut facts: Vec<Fact> =
            (1..=levels).map(|level| pack(1, &name(level)).items(Role::Child, &[&name(level - 1)])).collect();
        facts.push(object(9, "receiving").item(Role::Epc, &name(levels)).at("far"));
        let answer =
            World::of(facts).json(Question::History { items: vec!["thing".to_owned()], at: i64::MAX });
        (answer["histories"][0]["place"].clone(), answer["truncated"].clone())
    };
    assert_eq!(nested(60), (json!("far"), json!(false)));
    assert_eq!(nested(256), (json!("far"), json!(false)));
    // Beyond, the answer says that it is not whole.
    assert_eq!(nested(257), (json!(null), json!(true)));
}

fn kinds_and_events(gaps: &serde_json::Value) -> Vec<(String, u64)> {
    let list = gaps.as_array().expect("a list").iter();
    list.map(|gap| {
        (gap["kind"].as_str().expect("a kind").to_owned(), gap["event"]["event_key"].as_u64().expect("a key"))
    })
    .collect()
}

#[test]
fn lot_that_was_split_onto_pallets_is_held_where_each_pallet_came() {
    let onto =
        |hour, pallet: &str, much: &str| pack(hour, pallet).amount(Role::Child, "lot-a", much, Some("KGM"));
    let whole =
        |step: &str, hour, pallet: &str, place: &str| object(hour, step).item(Role::Epc, pallet).at(place);
    let mut facts = vec![
        object(0, "commissioning").amount(Role::Epc, "lot-a", "100", Some("KGM")).at("site-1"),
        onto(1, "unit-a", "60"),
        onto(1, "unit-b", "40"),
        whole("shipping", 2, "unit-a", "site-1"),
        whole("shipping", 3, "unit-b", "site-1"),
        whole("receiving", 4, "unit-a", "site-2"),
    ];
    let recall = World::of(facts.clone()).recall("lot-a");
    assert_eq!(kinds_and_events(&recall["gaps"]), [("shipped_not_received".to_owned(), 5)]);
    facts.push(whole("receiving", 5, "unit-b", "site-3"));
    let recall = World::of(facts).recall("lot-a");
    assert_eq!(recall["gaps"], json!([]));
    let notify = by_text(&recall["notify"], "id");
    assert_eq!(notify["site-2"]["holds"], json!(["lot-a"]));
    assert_eq!(notify["site-3"]["holds"], json!(["lot-a"]));
}

#[test]
fn parts_of_a_lot_are_held_against_what_left_by_their_amounts() {
    let part = |step: &str, hour, much: &str, place: &str| {
        object(hour, step).amount(Role::Epc, "lot-a", much, Some("KGM")).at(place)
    };
    let begun = || {
        vec![
            part("commissioning", 0, "100", "site-1"),
            part("shipping", 1, "40", "site-1"),
            part("departing", 1, "40", "site-1"),
            part("shipping", 2, "60", "site-1"),
            part("receiving", 3, "40", "site-2"),
        ]
    };
    let recalled = |more: Fact| {
        let recall = World::of(begun().into_iter().chain([more])).recall("lot-a");
        let notify = by_text(&recall["notify"], "id");
        let holds: Vec<_> = ["site-1", "site-2", "site-3"]
            .iter()
            .filter(|id| notify.get(**id).is_some_and(|n| n["holds"] != json!([])))
            .copied()
            .collect();
        (kinds_and_events(&recall["gaps"]), holds)
    };
    assert_eq!(recalled(part("receiving", 4, "60", "site-3")), (vec![], vec!["site-2", "site-3"]));
    // Thirty are missing.
    let missing = vec![("shipped_not_received".to_owned(), 4)];
    assert_eq!(recalled(part("receiving", 4, "30", "site-3")), (missing, vec!["site-2", "site-3"]));
    // What is sold is there no longer.
    let sold = part("retail_selling", 5, "40", "site-2");
    assert_eq!(recalled(sold).1, Vec::<&str>::new());
}
