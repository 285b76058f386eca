//! Answers are exact: held against a naive model on small random worlds with everything that makes it hard —
//! containers used again and nested, lots split and merged, corrections, late arrivals, events at one time.

mod model;
mod world;

use std::collections::BTreeSet;

use lineage::{Action, ErrorDeclaration, EventType, Fact, Keys, Kind, Limits, Question, Role, Walk};
use model::{Items, Model};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use world::{Draft, HOUR, World, event, object, texts};

const THINGS: [&str; 9] = ["s-0", "s-1", "s-2", "s-3", "case-0", "case-1", "unit-0", "unit-1", "asset-0"];
const CONTAINERS: [&str; 6] = ["case-0", "case-1", "unit-0", "unit-1", "asset-0", "s-3"];
const LOTS: [&str; 3] = ["lot-0", "lot-1", "lot-2"];
const STEPS: [&str; 8] = [
    "commissioning",
    "shipping",
    "receiving",
    "storing",
    "destroying",
    "decommissioning",
    "urn:epcglobal:cbv:bizstep:inspecting",
    "receiving",
];
const PLACES: [&str; 3] = ["north", "south", "quay"];

fn any_item() -> impl Strategy<Value = String> {
    prop_oneof![3 => select(&THINGS[..]), 1 => select(&LOTS[..])].prop_map(str::to_owned)
}

fn with_place(fact: Fact, place: Option<&(bool, &str)>) -> Fact {
    match place {
        Some((true, place)) => fact.at(place),
        Some((false, place)) => fact.seen_at(place),
        None => fact,
    }
}

/// Of lots, sometimes so many pieces.
fn with_item(fact: Fact, role: Role, item: &str, pieces: u8) -> Fact {
    let is_counted = item.starts_with("lot-") && pieces > 0;
    if is_counted { fact.amount(role, item, &pieces.to_string(), None) } else { fact.item(role, item) }
}

/// The lot of all items of an event, or told by its last item alone.
fn with_lot(mut fact: Fact, lot: Option<(bool, &str)>) -> Fact {
    match (lot, fact.refs.last_mut()) {
        (Some((true, lot)), _) => fact.item(Role::Lot, lot),
        (Some((false, lot)), Some(last)) if !last.kind.is_class_level() => {
            last.lot = Some(lot.to_owned());
            fact
        }
        _ => fact,
    }
}

fn any_object() -> impl Strategy<Value = Fact> {
    let place = prop::option::of((any::<bool>(), select(&PLACES[..])));
    let items = prop::collection::vec((any_item(), 0..4_u8), 1..3);
    let lot = prop::option::weighted(0.4, (any::<bool>(), select(&LOTS[..])));
    let party = prop::option::of(select(&["anna", "bert"][..]));
    let disposition = prop::option::weighted(0.2, select(&["in_transit", "in_progress"][..]));
    let persistent = prop::option::weighted(0.2, (any::<bool>(), select(&["recalled", "damaged"][..])));
    (0..12_i64, select(&STEPS[..]), place, items, lot, party, disposition, persistent).prop_map(
        |(hour, step, place, items, lot, party, disposition, persistent)| {
            let mut fact = with_place(object(hour, step), place.as_ref());
            for (item, pieces) in items {
                fact = with_item(fact, Role::Epc, &item, pieces);
            }
            fact = with_lot(fact, lot);
            if let Some(party) = party {
                fact = fact.to_party(party);
            }
            fact.disposition = disposition.map(str::to_owned);
            match persistent {
                Some((true, text)) => fact.persistent_set.push(text.to_owned()),
                Some((false, text)) => fact.persistent_unset.push(text.to_owned()),
                None => (),
            }
            fact
        },
    )
}

fn any_packing() -> impl Strategy<Value = Fact> {
    let place = prop::option::of((any::<bool>(), select(&PLACES[..])));
    let action = prop_oneof![4 => Just(Action::Add), 1 => Just(Action::Observe), 2 => Just(Action::Delete)];
    let bond = prop_oneof![3 => Just(EventType::AggregationEvent), 1 => Just(EventType::AssociationEvent)];
    let children = prop::collection::vec((any_item(), 0..4_u8), 0..3);
    (0..12_i64, bond, action, select(&CONTAINERS[..]), children, place).prop_map(
        |(hour, bond, action, parent, children, place)| {
            let mut fact =
                with_place(event(hour, bond, Some(action)), place.as_ref()).item(Role::Parent, parent);
            for (child, pieces) in children {
                fact = with_item(fact, Role::Child, &child, pieces);
            }
            fact
        },
    )
}

fn any_transformation() -> impl Strategy<Value = Fact> {
    let items = || prop::collection::vec((any_item(), 0..4_u8), 0..3);
    let id = prop::option::of(select(&["batch-a", "batch-b"][..]));
    let lot = prop::option::weighted(0.2, (any::<bool>(), select(&LOTS[..])));
    (0..12_i64, items(), items(), id, lot).prop_map(|(hour, inputs, outputs, id, lot)| {
        let mut fact = event(hour, EventType::TransformationEvent, None);
        for (item, pieces) in inputs {
            fact = with_item(fact, Role::Input, &item, pieces);
        }
        for (item, pieces) in outputs {
            fact = with_item(fact, Role::Output, &item, pieces);
        }
        fact = with_lot(fact, lot);
        fact.transformation_id = id.map(str::to_owned);
        fact
    })
}

/// Events in the order of arrival, some with the id of another and other content, some of them declared wrong later on by a repetition of themselves.
fn any_world() -> impl Strategy<Value = World> {
    let fact = prop_oneof![2 => any_object(), 4 => any_packing(), 2 => any_transformation()];
    let wrong = prop::collection::vec((any::<Index>(), any::<bool>()), 0..3);
    let twins = prop::collection::vec((any::<Index>(), any::<Index>()), 0..2);
    (prop::collection::vec(fact, 1..28), twins, wrong).prop_map(|(facts, twins, wrong)| {
        let mut world = World::of(facts);
        for (index, other) in twins {
            let mut twin = world.facts[index.index(world.facts.len())].clone();
            let other = &world.facts[other.index(world.facts.len())];
            twin.content[31] = 1;
            twin.event_time = other.event_time;
            twin.biz_location.clone_from(&other.biz_location);
            world.add(twin);
        }
        for (index, is_rewritten) in wrong {
            let mut copy = world.facts[index.index(world.facts.len())].clone();
            if is_rewritten {
                copy.content[31] = 2;
            }
            let time = copy.event_time + 1;
            copy.error_declaration =
                Some(ErrorDeclaration { time, reason: None, corrective_event_ids: Vec::new() });
            world.add(copy);
        }
        world
    })
}

fn all_items() -> Vec<String> {
    THINGS.iter().chain(&LOTS).map(|&item| item.to_owned()).collect()
}

fn set(list: &Value, member: &str) -> Items {
    texts(list, member).into_iter().collect()
}

fn time(hours_us: i64) -> String {
    lineage::Time(hours_us).to_string()
}

/// Keys of the void events shown, but for declarations that stand for themselves.
fn voided(world: &World, answer: &Value) -> BTreeSet<u64> {
    let list = answer["voided"].as_array().expect("a list");
    let keys = list.iter().map(|void| void["event_key"].as_u64().expect("a key"));
    let is_event =
        |key: &u64| world.facts.iter().any(|f| f.event_key == *key && f.error_declaration.is_none());
    keys.filter(is_event).collect()
}

fn check_state(model: &Model, state: &Value, item: &str) -> Result<(), TestCaseError> {
    let expected = model.standing(item);
    let place = expected.place.as_ref().map(|(place, _)| place.as_str());
    prop_assert_eq!(state["place"].as_str(), place, "place of {}", item);
    let since = expected.place.as_ref().map(|(_, since)| time(*since));
    prop_assert_eq!(state["since"].as_str(), since.as_deref(), "since of {}", item);
    prop_assert_eq!(
        state["disposition"].as_str(),
        expected.disposition.as_deref(),
        "disposition of {}",
        item
    );
    let persistent: BTreeSet<&str> = state["persistent_dispositions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let expected_persistent: BTreeSet<&str> = expected.persistent.iter().map(String::as_str).collect();
    prop_assert_eq!(persistent, expected_persistent, "persistent dispositions of {}", item);
    prop_assert_eq!(state["in_transit"].as_bool(), Some(expected.in_transit), "transit of {}", item);
    let custodian = expected.custodian.map(|(_, id)| id);
    prop_assert_eq!(state["custodian"]["id"].as_str(), custodian.as_deref(), "custodian of {}", item);
    prop_assert_eq!(state["ended"]["how"].as_str(), expected.ended, "end of {}", item);
    let now = model.now();
    if world::kind_of(item) == Kind::Lot {
        let parents: Items =
            now.0.keys().filter(|(child, ..)| child == item).map(|(_, p, _)| p.clone()).collect();
        prop_assert_eq!(set(&state["portions"], "item"), parents, "portions of {}", item);
        for portion in state["portions"].as_array().expect("a list") {
            let bond = portion["bond"] == "association";
            let key = (item.to_owned(), portion["item"].as_str().expect("a name").to_owned(), bond);
            let sum: i64 = now.0[&key].1.iter().flatten().sum();
            let shown = portion["quantities"][0]["quantity"].as_str().unwrap_or("0");
            prop_assert_eq!(shown, sum.max(0).to_string(), "amount of {:?}", key);
        }
    } else {
        prop_assert_eq!(texts(&state["containers"], "item"), now.chain(item), "containers of {}", item);
    }
    Ok(())
}

fn check_history(world: &World, item: &str, at: i64) -> Result<(), TestCaseError> {
    let model = Model::new(&world.facts, at);
    let history = world.history_at(item, at);
    let keys: Vec<u64> = history["events"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| event["event_key"].as_u64().expect("a key"))
        .collect();
    let expected: Vec<u64> = model.history(item).iter().map(|(fact, ..)| fact.event_key).collect();
    prop_assert_eq!(keys, expected, "events of {}", item);
    check_state(&model, &history, item)?;
    prop_assert_eq!(set(&history["contents"], "item"), model.now().children(item), "contents of {}", item);
    Ok(())
}

fn check_recall(world: &World, named: &[String], from: i64, at: i64) -> Result<(), TestCaseError> {
    let model = Model::new(&world.facts, at);
    let expected = model.recall(named, from);
    let recall = world.json(Question::Recall { items: named.to_vec(), from, at });
    let affected = recall["affected"].as_array().expect("a list");
    let is_portion = |item: &&Value| item["standing"] == "portion";
    let name = |item: &Value| item["item"].as_str().expect("a name").to_owned();
    let portions: Items = affected.iter().filter(is_portion).map(name).collect();
    let whole: Items = affected.iter().filter(|item| !is_portion(item)).map(name).collect();
    prop_assert_eq!(&whole, &expected.affected, "affected by {:?} since {}", named, from);
    prop_assert_eq!(portions, expected.portions, "portions by {:?}", named);
    prop_assert_eq!(set(&recall["carriers"], "item"), expected.carriers, "carriers by {:?}", named);
    prop_assert_eq!(voided(world, &recall), expected.voided, "voided by {:?}", named);
    for item in affected.iter().filter(|item| !is_portion(item)) {
        let name = name(item);
        check_state(&model, item, &name)?;
        if let Some(since) = expected.first.get(&name).filter(|since| since.0 != i64::MIN) {
            prop_assert_eq!(&item["affected_since"], &time(since.0), "since when {}", name);
        }
    }
    check_paths(&recall, named)
}

/// Every path begins at a named item, ends at its own, and each edge begins where the last one ended.
fn check_paths(recall: &Value, named: &[String]) -> Result<(), TestCaseError> {
    let both = [&recall["affected"], &recall["carriers"]];
    for item in both.iter().flat_map(|list| list.as_array().expect("a list")) {
        let path: Vec<&Value> = item["path"]
            .as_array()
            .expect("a path")
            .iter()
            .map(|index| &recall["edges"][usize::try_from(index.as_u64().expect("an index")).expect("small")])
            .collect();
        let is_named = named.iter().any(|name| item["item"] == **name);
        prop_assert_eq!(path.is_empty(), is_named, "path of {}", item["item"]);
        if let (Some(first), Some(last)) = (path.first(), path.last()) {
            prop_assert!(
                named.iter().any(|name| first["from"] == **name),
                "begin of the path of {}",
                item["item"]
            );
            prop_assert_eq!(&last["to"], &item["item"]);
        }
        for pair in path.windows(2) {
            prop_assert_eq!(&pair[0]["to"], &pair[1]["from"]);
        }
    }
    Ok(())
}

fn check_origin(world: &World, named: &[String], at: i64) -> Result<(), TestCaseError> {
    let expected = Model::new(&world.facts, at).origin(named);
    let trace = world.json(Question::TraceBackward { items: named.to_vec(), at });
    let nodes = trace["nodes"].as_array().expect("a list");
    let items = nodes.iter().filter(|node| node["kind"] != "transformation");
    let items: Items = items.map(|node| node["id"].as_str().expect("a name").to_owned()).collect();
    prop_assert_eq!(items, expected, "origin of {:?}", named);
    Ok(())
}

/// The answer when everything is there at once, in the reverse order, and fed twice.
fn check_order_of_feeding(world: &World, question: &Question) -> Result<(), TestCaseError> {
    let mut walk = Walk::new(question.clone(), Limits::default());
    while !walk.wanted().is_empty() {
        walk.feed(world.facts.iter().rev().cloned());
    }
    let mut all = serde_json::to_value(walk.finish(Keys::Shown)).expect("JSON");
    let mut pulled = world.json(question.clone());
    for answer in [&mut all, &mut pulled] {
        answer["events_read"] = Value::Null;
    }
    prop_assert_eq!(all, pulled);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 20_000,
        failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn history_of_every_item_equals_the_model(world in any_world(), hour in 0..14_i64) {
        for item in all_items() {
            check_history(&world, &item, i64::MAX)?;
            check_history(&world, &item, hour * HOUR)?;
        }
    }

    #[test]
    fn recall_of_every_item_equals_the_model(world in any_world(), from in 0..12_i64, at in 0..14_i64) {
        for item in all_items() {
            let named = [item];
            check_recall(&world, &named, i64::MIN, i64::MAX)?;
            check_recall(&world, &named, from * HOUR, at * HOUR)?;
        }
        check_recall(&world, &["case-0".to_owned(), "lot-1".to_owned()], i64::MIN, i64::MAX)?;
    }

    #[test]
    fn origin_of_every_item_equals_the_model(world in any_world(), at in 0..14_i64) {
        for item in all_items() {
            check_origin(&world, std::slice::from_ref(&item), i64::MAX)?;
            check_origin(&world, &[item], at * HOUR)?;
        }
    }

    #[test]
    fn answer_does_not_depend_on_what_else_is_fed_or_in_which_order(world in any_world(), at in 0..14_i64) {
        let at = at * HOUR;
        for item in all_items() {
            let items = vec![item];
            check_order_of_feeding(&world, &Question::History { items: items.clone(), at })?;
            check_order_of_feeding(&world, &Question::TraceBackward { items: items.clone(), at })?;
            check_order_of_feeding(&world, &Question::TraceForward { items: items.clone(), from: i64::MIN, at })?;
            check_order_of_feeding(&world, &Question::Recall { items, from: 5 * HOUR, at })?;
        }
    }
}
