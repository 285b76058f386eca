//! How long a recall of 10,000 items takes among a million events in memory.
//!
//! `cargo run --release -p wayproof-lineage --example recall_speed`
//!
//! Lots become packs, 25 in a case, 20 cases on a pallet of a pool that all use again and again; pallets are
//! shipped, received and unpacked without naming what was on them. One lot is large, all others small.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use lineage::{
    Action, EventType, Fact, ItemRef, Keys, Kind, Limits, Named, Quantity, QuantityError, Question, Role,
    Walk,
};

const EVENTS: usize = 1_000_000;
const LARGE_PACKS: usize = 9_600;
const SMALL_PACKS: usize = 100;
const PACKS_IN_CASE: usize = 25;
const CASES_ON_PALLET: usize = 20;
const PALLETS: usize = 2_000;
const RUNS: usize = 7;
const MINUTE: i64 = 60_000_000;

#[derive(Default)]
struct Store {
    facts: Vec<Fact>,
    by_name: HashMap<String, Vec<(i64, usize)>>,
    now: i64,
    pallet: usize,
}

impl Store {
    fn add(
        &mut self,
        event_type: EventType,
        action: Option<Action>,
        step: &str,
        place: &str,
        refs: Vec<ItemRef>,
    ) {
        let number = self.facts.len();
        self.now += MINUTE;
        for item in &refs {
            self.by_name.entry(item.item.clone()).or_default().push((self.now, number));
        }
        self.facts.push(Fact {
            event_key: number as u64,
            event_time: self.now,
            record_time: self.now,
            event_type,
            action,
            biz_step: Some(step.to_owned()),
            disposition: None,
            persistent_set: Vec::new(),
            persistent_unset: Vec::new(),
            read_point: Some(format!("https://id.gs1.org/414/{place}/254/1")),
            biz_location: Some(format!("https://id.gs1.org/414/{place}")),
            refs,
            sources: Vec::new(),
            destinations: vec![("possessing_party".to_owned(), format!("https://id.gs1.org/417/{place}"))],
            transformation_id: None,
            event_id: format!("urn:uuid:{number:032x}"),
            content: [0; 32],
            content_digest: [0; 32],
            error_declaration: None,
        });
    }

    /// A lot of raw material, a lot of product, its packs, and their way to a shop.
    fn story(&mut self, number: usize, packs: usize) -> Result<(), QuantityError> {
        use EventType::{AggregationEvent, ObjectEvent, TransformationEvent};
        let (plant, shop) = (format!("9520000{:06}", number % 500), format!("9521000{:06}", number % 3_000));
        let amount = Some(Quantity::parse("1250.5")?);
        let lot = |role, form: &str| ItemRef {
            quantity: amount,
            unit: Some("KGM".to_owned()),
            ..named(role, format!("https://id.gs1.org/01/0952020100005{form}/10/L{number}"), Kind::Lot)
        };
        self.add(ObjectEvent, Some(Action::Add), "commissioning", &plant, vec![lot(Role::Epc, "1")]);
        self.add(
            TransformationEvent,
            None,
            "commissioning",
            &plant,
            vec![lot(Role::Input, "1"), lot(Role::Output, "2")],
        );
        let pack = |role, pack: usize| {
            named(role, format!("https://id.gs1.org/01/09520201000053/21/{number}-{pack}"), Kind::Serial)
        };
        let case = |role, case: usize| {
            named(role, format!("https://id.gs1.org/00/0{number:010}{case:07}"), Kind::LogisticUnit)
        };
        let cases = packs / PACKS_IN_CASE;
        for case in 0..cases {
            let mut outputs: Vec<ItemRef> = (case * PACKS_IN_CASE..(case + 1) * PACKS_IN_CASE)
                .map(|number| pack(Role::Output, number))
                .collect();
            outputs.push(lot(Role::Input, "2"));
            self.add(TransformationEvent, None, "commissioning", &plant, outputs);
        }
        for number in 0..cases {
            let first = number * PACKS_IN_CASE;
            let mut refs: Vec<ItemRef> =
                (first..first + PACKS_IN_CASE).map(|number| pack(Role::Child, number)).collect();
            refs.push(case(Role::Parent, number));
            self.add(AggregationEvent, Some(Action::Add), "packing", &plant, refs);
        }
        for first in (0..cases).step_by(CASES_ON_PALLET) {
            self.pallet = (self.pallet + 1) % PALLETS;
            let uri = format!("https://id.gs1.org/8003/09520201000060{:04}", self.pallet);
            let pallet = |role| vec![named(role, uri.clone(), Kind::Asset)];
            let mut refs = pallet(Role::Parent);
            refs.extend((first..cases.min(first + CASES_ON_PALLET)).map(|number| case(Role::Child, number)));
            self.add(AggregationEvent, Some(Action::Add), "packing", &plant, refs);
            self.add(ObjectEvent, Some(Action::Observe), "shipping", &plant, pallet(Role::Epc));
            self.add(ObjectEvent, Some(Action::Observe), "receiving", &shop, pallet(Role::Epc));
            self.add(AggregationEvent, Some(Action::Delete), "unpacking", &shop, pallet(Role::Parent));
        }
        Ok(())
    }
}

fn named(role: Role, item: String, kind: Kind) -> ItemRef {
    ItemRef { role, item, kind, quantity: None, unit: None, lot: None }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::default();
    let mut number = 0;
    while store.facts.len() < EVENTS {
        number += 1;
        let is_large = number == 20_000;
        store.story(number, if is_large { LARGE_PACKS } else { SMALL_PACKS })?;
    }
    println!("{} events, {number} lots", store.facts.len());
    recall(&store, 20_000)?;
    recall(&store, 30_000)
}

fn recall(store: &Store, number: usize) -> Result<(), Box<dyn std::error::Error>> {
    let item = format!("https://id.gs1.org/01/09520201000051/10/L{number}");
    let mut totals = Vec::new();
    let mut report = String::new();
    for _ in 0..RUNS {
        let question = Question::Recall { items: vec![item.clone()], from: i64::MIN, at: i64::MAX };
        let mut walk = Walk::new(question, Limits::default());
        let (mut total, mut rounds) = (Duration::ZERO, 0);
        loop {
            let start = Instant::now();
            let wants = walk.wanted();
            total += start.elapsed();
            if wants.is_empty() {
                break;
            }
            rounds += 1;
            let mut found = BTreeSet::new();
            for want in wants.iter().filter(|want| want.named != Named::Transformation) {
                let list = store.by_name.get(&want.name).map_or(&[][..], Vec::as_slice);
                let start = list.partition_point(|(time, _)| *time < want.from);
                found.extend(
                    list[start..].iter().take_while(|(time, _)| *time <= want.to).map(|(_, fact)| *fact),
                );
            }
            let facts: Vec<Fact> = found.into_iter().map(|fact| store.facts[fact].clone()).collect();
            let start = Instant::now();
            walk.feed(facts);
            total += start.elapsed();
        }
        let events = walk.events();
        let start = Instant::now();
        let answer = walk.finish(Keys::LeftOut);
        total += start.elapsed();
        let start = Instant::now();
        let json = serde_json::to_string(&answer)?;
        let writing = start.elapsed();
        let lineage::Answer::Recall(recall) = answer else { return Err("not a recall".into()) };
        let reached = recall.affected.len() + recall.carriers.len();
        report = format!(
            "{reached} items from {events} events in {rounds} rounds; JSON of {} kB in {writing:.1?}",
            json.len() / 1000
        );
        totals.push(total);
    }
    totals.sort();
    println!("recall: median {:.1?}, least {:.1?} of {RUNS}: {report}", totals[RUNS / 2], totals[0]);
    Ok(())
}
