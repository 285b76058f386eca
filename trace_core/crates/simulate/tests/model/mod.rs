//! A naive reader of simulated events: it follows every item and counts what does not fit.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use simulate::{Settings, Simulator};

/// All events of a simulation, each parsed on its own, and the simulator after the last one.
pub fn events(settings: Settings) -> (Vec<Value>, Simulator) {
    let mut simulator = Simulator::new(settings).unwrap();
    let mut events = Vec::new();
    let mut text = Vec::new();
    while simulator.next_event(&mut text) {
        events.push(serde_json::from_slice(&text).unwrap());
        text.clear();
    }
    (events, simulator)
}

/// Check digit of a string of digits, by the General Specifications' table: the last digit weighs 3.
fn check_digit(body: &str) -> char {
    let sum: u32 =
        body.chars().rev().zip([3, 1].into_iter().cycle()).map(|(c, w)| c.to_digit(10).unwrap() * w).sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap()
}

fn complete(body: &str) -> String {
    format!("{body}{}", check_digit(body))
}

fn assert_complete(key: &str, digits: usize) {
    assert_eq!(key.len(), digits, "{key}");
    let (body, _) = key.split_at(digits - 1);
    assert_eq!(complete(body), key);
}

/// One name for each thing: the Digital Link path, whichever form it comes in; its check digit holds.
pub fn name(uri: &Value) -> String {
    let uri = uri.as_str().unwrap();
    let path = match uri.strip_prefix("https://id.gs1.org") {
        Some(path) => path.to_owned(),
        None => path_of_urn(uri.strip_prefix("urn:epc:").expect(uri)),
    };
    let fields: Vec<&str> = path.split('/').skip(1).collect();
    match fields[0] {
        "01" => assert_complete(fields[1], 14),
        "00" => assert_complete(fields[1], 18),
        "414" | "417" => assert_complete(fields[1], 13),
        "8003" => assert_complete(&fields[1][1..14], 13),
        "8004" | "8010" => assert!(fields[1].starts_with("952"), "{path}"),
        other => panic!("{other} in {uri}"),
    }
    path
}

fn path_of_urn(urn: &str) -> String {
    let (scheme, body) = urn.rsplit_once(':').unwrap();
    let parts: Vec<&str> = body.split('.').collect();
    let prefix = parts[0];
    assert_eq!(prefix.len(), 7);
    let gtin = || {
        let (indicator, reference) = parts[1].split_at(1);
        assert_eq!(reference.len(), 5);
        complete(&format!("{indicator}{prefix}{reference}"))
    };
    match scheme {
        "class:lgtin" => format!("/01/{}/10/{}", gtin(), parts[2]),
        "id:sgtin" => format!("/01/{}/21/{}", gtin(), parts[2]),
        "id:sscc" => {
            let (extension, serial) = parts[1].split_at(1);
            format!("/00/{}", complete(&format!("{extension}{prefix}{serial}")))
        }
        "id:grai" => format!("/8003/0{}{}", complete(&format!("{prefix}{}", parts[1])), parts[2]),
        "id:giai" => format!("/8004/{prefix}{}", parts[1]),
        "id:cpi" => format!("/8010/{prefix}{}/8011/{}", parts[1], parts[2]),
        "id:pgln" => format!("/417/{}", complete(&format!("{prefix}{}", parts[1]))),
        "id:sgln" if parts[2] == "0" => format!("/414/{}", complete(&format!("{prefix}{}", parts[1]))),
        "id:sgln" => format!("/414/{}/254/{}", complete(&format!("{prefix}{}", parts[1])), parts[2]),
        other => panic!("{other}"),
    }
}

fn list<'a>(event: &'a Value, key: &str) -> &'a [Value] {
    event[key].as_array().map_or(&[], Vec::as_slice)
}

fn names(event: &Value, key: &str) -> BTreeSet<String> {
    list(event, key).iter().map(name).collect()
}

/// Lots with their amounts, in tenths.
#[expect(clippy::cast_possible_truncation, reason = "small exact amounts")]
fn amounts(event: &Value, key: &str) -> Vec<(String, i64)> {
    let tenths = |q: &Value| (q["quantity"].as_f64().unwrap() * 10.0).round() as i64;
    list(event, key).iter().map(|q| (name(&q["epcClass"]), tenths(q))).collect()
}

/// What the reader found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Consignments, by the number of their despatch advice.
    pub shipped: BTreeSet<String>,
    pub received: BTreeSet<String>,
    /// Lots of which more came out than went in.
    pub mismatched: BTreeSet<String>,
    /// Parents of which something was removed that was not there.
    pub removed_in_vain: usize,
    /// Items in each consignment that got too warm.
    pub too_warm: BTreeSet<Vec<String>>,
    pub dispensed_twice: usize,
    pub errors_declared: usize,
    pub corrected: usize,
    /// Events in which something appears that nobody had made.
    pub unknown: Vec<String>,
    /// Items added to a parent while another one held them, and parents packed while not empty.
    pub held_twice: Vec<String>,
    /// How often each case and pallet was packed.
    pub packed: BTreeMap<String, usize>,
    /// What came out of each lot or item: the edges of a forward trace.
    pub forward: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Default)]
struct Reader {
    known: BTreeSet<String>,
    contents: BTreeMap<String, BTreeSet<String>>,
    lots_on: BTreeMap<String, Vec<(String, i64)>>,
    held_by: BTreeMap<String, String>,
    made: BTreeMap<String, i64>,
    used: BTreeMap<String, i64>,
    dispensed: BTreeSet<String>,
    by_id: BTreeMap<String, Value>,
    expected_corrections: BTreeSet<String>,
    found: Findings,
}

/// Follows all events, in their order.
pub fn read(events: &[Value]) -> Findings {
    let mut reader = Reader::default();
    for event in events {
        reader.event(event);
    }
    assert!(reader.expected_corrections.is_empty(), "{:?}", reader.expected_corrections);
    for (lot, used) in &reader.used {
        if *used > reader.made[lot] {
            reader.found.mismatched.insert(lot.clone());
        }
    }
    reader.found
}

impl Reader {
    fn event(&mut self, event: &Value) {
        if !self.identity(event) {
            return;
        }
        for place in ["readPoint", "bizLocation"] {
            if event[place].is_object() {
                name(&event[place]["id"]);
            }
        }
        for side in ["source", "destination"] {
            for party in list(event, &format!("{side}List")) {
                name(&party[side]);
            }
        }
        match event["type"].as_str().unwrap() {
            "ObjectEvent" => self.object(event),
            "TransactionEvent" => self.expect_known(&names(event, "epcList")),
            "AggregationEvent" | "AssociationEvent" => self.parent(event),
            "TransformationEvent" => self.transformation(event),
            other => panic!("{other}"),
        }
    }

    /// False for an event that only declares an error in one that we have read.
    fn identity(&mut self, event: &Value) -> bool {
        let Some(id) = event["eventID"].as_str() else {
            return true;
        };
        self.found.corrected += usize::from(self.expected_corrections.remove(id));
        if event["errorDeclaration"].is_null() {
            assert!(self.by_id.insert(id.to_owned(), event.clone()).is_none(), "{id} twice");
            return true;
        }
        let mut original = event.clone();
        original.as_object_mut().unwrap().remove("errorDeclaration");
        assert_eq!(self.by_id[id], original);
        self.found.errors_declared += 1;
        for corrective in list(&event["errorDeclaration"], "correctiveEventIDs") {
            self.expected_corrections.insert(corrective.as_str().unwrap().to_owned());
        }
        false
    }

    fn expect_known<'a>(&mut self, items: impl IntoIterator<Item = &'a String>) {
        for item in items {
            if !self.known.contains(item) {
                self.found.unknown.push(item.clone());
            }
        }
    }

    fn object(&mut self, event: &Value) {
        let items = names(event, "epcList");
        let lots = amounts(event, "quantityList");
        let (step, action) = (event["bizStep"].as_str().unwrap(), event["action"].as_str().unwrap());
        if action == "ADD" {
            for item in &items {
                assert!(self.known.insert(item.clone()), "{item} made twice");
            }
            for (lot, tenths) in &lots {
                assert!(self.known.insert(lot.clone()), "{lot} made twice");
                self.made.insert(lot.clone(), *tenths);
            }
            return;
        }
        self.expect_known(&items);
        self.expect_known(lots.iter().map(|(lot, _)| lot));
        let advice = list(event, "bizTransactionList").iter().find(|document| document["type"] == "desadv");
        let advice = advice.map(|document| document["bizTransaction"].as_str().unwrap().to_owned());
        match step {
            "shipping" => assert!(self.found.shipped.insert(advice.unwrap())),
            "receiving" => {
                self.found.received.insert(advice.unwrap());
            }
            "transporting" if event.to_string().contains("ALARM_CONDITION") => {
                self.found.too_warm.insert(items.into_iter().collect());
            }
            "dispensing" => {
                let again = items.iter().filter(|item| !self.dispensed.insert((*item).clone())).count();
                self.found.dispensed_twice += usize::from(again > 0);
            }
            "retail_selling" => self.sold(&lots),
            _ => {}
        }
    }

    fn sold(&mut self, lots: &[(String, i64)]) {
        for (lot, tenths) in lots {
            *self.used.entry(lot.clone()).or_default() += tenths;
        }
    }

    fn parent(&mut self, event: &Value) {
        let parent = name(&event["parentID"]);
        self.known.insert(parent.clone());
        let children = names(event, "childEPCs");
        let lots = amounts(event, "childQuantityList");
        self.expect_known(&children);
        self.expect_known(lots.iter().map(|(lot, _)| lot));
        if event["action"] == "ADD" {
            for child in &children {
                if self.held_by.insert(child.clone(), parent.clone()).is_some() {
                    self.found.held_twice.push(child.clone());
                }
            }
            let held = self.contents.entry(parent.clone()).or_default();
            let lots_there = self.lots_on.entry(parent.clone()).or_default();
            if event["type"] == "AggregationEvent" {
                if !held.is_empty() || !lots_there.is_empty() {
                    self.found.held_twice.push(parent.clone());
                }
                *self.found.packed.entry(parent).or_default() += 1;
            }
            held.extend(children);
            lots_there.extend(lots);
            return;
        }
        let held = self.contents.entry(parent.clone()).or_default();
        let whole = children.is_empty() && lots.is_empty();
        let children = if whole { held.clone() } else { children };
        let in_vain =
            !children.is_subset(held) || (whole && held.is_empty() && self.lots_on[&parent].is_empty());
        self.found.removed_in_vain += usize::from(in_vain);
        for child in &children {
            held.remove(child);
            self.held_by.remove(child);
        }
        let lots_there = self.lots_on.entry(parent).or_default();
        assert!(whole || lots == *lots_there || event["type"] == "AssociationEvent");
        lots_there.clear();
    }

    fn transformation(&mut self, event: &Value) {
        let inputs = amounts(event, "inputQuantityList");
        let outputs = amounts(event, "outputQuantityList");
        let items = names(event, "outputEPCList");
        self.expect_known(inputs.iter().map(|(lot, _)| lot));
        let unit = |key| list(event, key).first().map(|q| q["uom"].clone());
        if unit("inputQuantityList") == unit("outputQuantityList") {
            let sum = |side: &[(String, i64)]| side.iter().map(|(_, tenths)| tenths).sum::<i64>();
            if sum(&outputs) > sum(&inputs) {
                self.found.mismatched.insert(inputs[0].0.clone());
            }
        }
        self.sold(&inputs);
        let made = outputs.iter().map(|(lot, _)| lot).chain(&items);
        for out in made {
            assert!(self.known.insert(out.clone()), "{out} made twice");
            for (lot, _) in &inputs {
                self.found.forward.entry(lot.clone()).or_default().insert(out.clone());
            }
        }
        self.made.extend(outputs);
    }
}
