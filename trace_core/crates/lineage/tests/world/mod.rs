//! A store of facts that shows a walk what it wants and nothing else, and a short way to write facts.

#![allow(dead_code, reason = "each test uses its part")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lineage::{
    Action, ErrorDeclaration, EventType, Fact, ItemRef, Keys, Kind, Limits, Named, Quantity, Question, Role,
    Walk,
};

pub const HOUR: i64 = 3_600_000_000;

/// The kind is in the first letters of a name: `lot-`, `class-`, `unit-`, `asset-`; else it is a serial.
pub fn kind_of(item: &str) -> Kind {
    match item.split('-').next() {
        Some("lot") => Kind::Lot,
        Some("class") => Kind::Class,
        Some("unit") => Kind::LogisticUnit,
        Some("asset") => Kind::Asset,
        _ => Kind::Serial,
    }
}

/// An event at an hour; its key and its record time follow from the order of adding.
pub fn event(hour: i64, event_type: EventType, action: Option<Action>) -> Fact {
    Fact {
        event_key: 0,
        event_time: hour * HOUR,
        record_time: 0,
        event_type,
        action,
        biz_step: None,
        disposition: None,
        persistent_set: Vec::new(),
        persistent_unset: Vec::new(),
        read_point: None,
        biz_location: None,
        refs: Vec::new(),
        sources: Vec::new(),
        destinations: Vec::new(),
        transformation_id: None,
        event_id: String::new(),
        content: [0; 32],
        content_digest: [0; 32],
        error_declaration: None,
    }
}

pub fn object(hour: i64, step: &str) -> Fact {
    event(hour, EventType::ObjectEvent, Some(Action::Observe)).step(step)
}

pub fn pack(hour: i64, parent: &str) -> Fact {
    event(hour, EventType::AggregationEvent, Some(Action::Add)).item(Role::Parent, parent)
}

pub fn unpack(hour: i64, parent: &str) -> Fact {
    event(hour, EventType::AggregationEvent, Some(Action::Delete)).item(Role::Parent, parent)
}

pub fn transform(hour: i64) -> Fact {
    event(hour, EventType::TransformationEvent, None)
}

pub trait Draft: Sized {
    fn step(self, step: &str) -> Self;
    fn item(self, role: Role, item: &str) -> Self;
    fn amount(self, role: Role, item: &str, quantity: &str, unit: Option<&str>) -> Self;
    fn items(self, role: Role, items: &[&str]) -> Self;
    fn at(self, place: &str) -> Self;
    fn seen_at(self, place: &str) -> Self;
    fn to_party(self, party: &str) -> Self;
    fn id(self, id: &str) -> Self;
    /// Another content under the same id.
    fn saying(self, content: u8) -> Self;
    fn declared_wrong(self, corrective: &[&str]) -> Self;
}

impl Draft for Fact {
    fn step(mut self, step: &str) -> Self {
        self.biz_step = Some(step.to_owned());
        self
    }

    fn item(mut self, role: Role, item: &str) -> Self {
        let (item, kind) = (item.to_owned(), kind_of(item));
        self.refs.push(ItemRef { role, item, kind, quantity: None, unit: None, lot: None });
        self
    }

    fn amount(self, role: Role, item: &str, quantity: &str, unit: Option<&str>) -> Self {
        let mut fact = self.item(role, item);
        if let Some(last) = fact.refs.last_mut() {
            last.quantity = Some(Quantity::parse(quantity).expect("a quantity"));
            last.unit = unit.map(str::to_owned);
        }
        fact
    }

    fn items(self, role: Role, items: &[&str]) -> Self {
        items.iter().fold(self, |fact, item| fact.item(role, item))
    }

    fn at(mut self, place: &str) -> Self {
        self.biz_location = Some(place.to_owned());
        self
    }

    fn seen_at(mut self, place: &str) -> Self {
        self.read_point = Some(place.to_owned());
        self
    }

    fn to_party(mut self, party: &str) -> Self {
        self.destinations.push(("urn:epcglobal:cbv:sdt:possessing_party".to_owned(), party.to_owned()));
        self
    }

    fn id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.event_id);
        self
    }

    fn saying(mut self, content: u8) -> Self {
        self.content[0] = content;
        self
    }

    fn declared_wrong(mut self, corrective: &[&str]) -> Self {
        self.error_declaration = Some(ErrorDeclaration {
            time: self.event_time + HOUR,
            reason: Some("urn:epcglobal:cbv:er:incorrect_data".to_owned()),
            corrective_event_ids: corrective.iter().map(|&id| id.to_owned()).collect(),
        });
        self
    }
}

#[derive(Default)]
pub struct World {
    pub facts: Vec<Fact>,
    by_name: HashMap<(bool, String), BTreeSet<(i64, usize)>>,
}

/// One line an event, so that a failing world can be read.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for fact in &self.facts {
            let refs: Vec<String> = (fact.refs.iter())
                .map(|item| format!("{:?} {} {}", item.role, item.item, item.quantity.unwrap_or_default()))
                .collect();
            writeln!(
                f,
                "{} at {} {:?} {:?} {:?} in {:?} {:?} id {:?} {:?}{}: {}",
                fact.event_key,
                fact.event_time / HOUR,
                fact.event_type,
                fact.action,
                fact.biz_step,
                fact.biz_location,
                fact.read_point,
                fact.event_id,
                fact.transformation_id,
                if fact.error_declaration.is_some() { " WRONG" } else { "" },
                refs.join(", "),
            )?;
        }
        Ok(())
    }
}

impl World {
    pub fn of(facts: impl IntoIterator<Item = Fact>) -> Self {
        let mut world = Self::default();
        facts.into_iter().for_each(|fact| world.add(fact));
        world
    }

    /// Events without id get one.
    pub fn add(&mut self, mut fact: Fact) {
        let number = self.facts.len();
        fact.event_key = number as u64 + 1;
        fact.record_time = i64::try_from(number).expect("few facts");
        if fact.event_id.is_empty() {
            fact.event_id = format!("event-{}", fact.event_key);
        }
        for item in fact.refs.iter().filter(|item| item.role != Role::Class) {
            let names = std::iter::once(&item.item).chain(&item.lot);
            for name in names {
                self.by_name.entry((false, name.clone())).or_default().insert((fact.event_time, number));
            }
        }
        if let Some(id) = &fact.transformation_id {
            self.by_name.entry((true, id.clone())).or_default().insert((fact.event_time, number));
        }
        self.facts.push(fact);
    }

    /// Walks to the answer, in its JSON form. Returns the rounds and events that it took.
    pub fn walk(&self, question: Question, limits: Limits) -> (serde_json::Value, usize, usize) {
        let mut walk = Walk::new(question, limits);
        let mut rounds = 0;
        loop {
            let wants = walk.wanted();
            if wants.is_empty() {
                break;
            }
            rounds += 1;
            assert!(rounds < 300, "the walk does not end: {wants:?}");
            let mut found = BTreeSet::new();
            for want in &wants {
                let key = (want.named == Named::Transformation, want.name.clone());
                let range = (want.from, 0)..=(want.to, usize::MAX);
                let as_child = |&number: &usize| {
                    want.named != Named::Child
                        || self.facts[number]
                            .refs
                            .iter()
                            .any(|item| item.role == Role::Child && item.item == want.name)
                };
                let list = self.by_name.get(&key).into_iter().flat_map(|list| list.range(range.clone()));
                found.extend(list.map(|&(_, number)| number).filter(as_child));
            }
            walk.feed(found.into_iter().map(|number| self.facts[number].clone()));
        }
        let events = walk.events();
        let answer = walk.finish(Keys::Shown);
        let written = answer.to_json().expect("answers can be written").concat();
        assert!(written == serde_json::to_vec(&answer).expect("they serialise"), "both ways write the same");
        (serde_json::from_slice(&written).expect("answers have a JSON form"), rounds, events)
    }

    pub fn json(&self, question: Question) -> serde_json::Value {
        self.walk(question, Limits::default()).0
    }

    pub fn recall(&self, item: &str) -> serde_json::Value {
        self.json(Question::Recall { items: vec![item.to_owned()], from: i64::MIN, at: i64::MAX })
    }

    pub fn history(&self, item: &str) -> serde_json::Value {
        self.history_at(item, i64::MAX)
    }

    pub fn history_at(&self, item: &str, at: i64) -> serde_json::Value {
        let answer = self.json(Question::History { items: vec![item.to_owned()], at });
        answer["histories"][0].clone()
    }

    pub fn forward(&self, item: &str) -> serde_json::Value {
        self.json(Question::TraceForward { items: vec![item.to_owned()], from: i64::MIN, at: i64::MAX })
    }

    pub fn backward(&self, item: &str) -> serde_json::Value {
        self.json(Question::TraceBackward { items: vec![item.to_owned()], at: i64::MAX })
    }
}

/// One member of each element of a list, as texts.
pub fn texts(list: &serde_json::Value, member: &str) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|element| element[member].as_str().unwrap_or_default().to_owned()).collect()
}

/// Elements of a list by the text of a member.
pub fn by_text<'a>(list: &'a serde_json::Value, member: &str) -> BTreeMap<&'a str, &'a serde_json::Value> {
    let list = list.as_array().expect("a list");
    list.iter().map(|element| (element[member].as_str().unwrap_or_default(), element)).collect()
}
