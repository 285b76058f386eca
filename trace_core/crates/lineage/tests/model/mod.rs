//! The same answers, worked out the naive way: every event in order of time, plain maps of who is in what, and
//! every item looked at again until nothing changes. It knows neither windows nor wants nor searches.

use std::collections::{BTreeMap, BTreeSet};

use lineage::{Action, EventType, Fact, ItemRef, Role};

use crate::world::kind_of;

pub type Order = (i64, i64, u64);
pub type Items = BTreeSet<String>;
const ENDLESS: Order = (i64::MAX, i64::MAX, u64::MAX);

/// Who is directly in what: item, container, whether by association; since when, and of lots how much.
#[derive(Clone, Default, PartialEq)]
pub struct Inside(pub BTreeMap<Link, (Order, Amounts)>);

type Link = (String, String, bool);

/// What went in and out, where it is stated.
type Amounts = Vec<Option<i64>>;

impl Inside {
    fn parents(&self, item: &str) -> Vec<(String, bool)> {
        self.0
            .keys()
            .filter(|(child, ..)| child == item)
            .map(|(_, parent, bond)| (parent.clone(), *bond))
            .collect()
    }

    /// Containers at any depth; the number is the least depth.
    pub fn ancestors(&self, item: &str) -> BTreeMap<String, usize> {
        let mut found = BTreeMap::new();
        let mut layer = vec![item.to_owned()];
        for depth in 1..20 {
            layer = layer.iter().flat_map(|item| self.parents(item)).map(|(parent, _)| parent).collect();
            layer.retain(|parent| !found.contains_key(parent));
            found.extend(layer.iter().map(|parent| (parent.clone(), depth)));
        }
        found
    }

    fn leave(&mut self, gone: impl Fn(&Link) -> bool) {
        self.0.retain(|key, _| !gone(key));
    }

    pub fn children(&self, container: &str) -> Items {
        self.0.keys().filter(|(_, parent, _)| parent == container).map(|(child, ..)| child.clone()).collect()
    }

    /// The chain outwards by the latest link of each.
    pub fn chain(&self, item: &str) -> Vec<String> {
        let mut chain: Vec<String> = Vec::new();
        let mut inner = item.to_owned();
        loop {
            let links = self.0.iter().filter(|((child, ..), _)| *child == inner);
            let Some(((_, parent, _), _)) = links.max_by_key(|(_, (since, _))| *since) else { return chain };
            if parent == item || chain.contains(parent) {
                return chain;
            }
            inner = parent.clone();
            chain.push(inner.clone());
        }
    }

    fn apply(&mut self, fact: &Fact) {
        let order = order_of(fact);
        let ends = matches!(fact.biz_step.as_deref(), Some("destroying" | "decommissioning"));
        for item in fact.refs.iter().filter(|item| !item.kind.is_class_level()) {
            let used = item.role == Role::Input && fact.event_type == EventType::TransformationEvent;
            if used || (item.role == Role::Epc && fact.event_type == EventType::ObjectEvent && ends) {
                self.leave(|(child, ..)| *child == item.item);
            }
        }
        let bond = match fact.event_type {
            EventType::AggregationEvent => false,
            EventType::AssociationEvent => true,
            _ => return,
        };
        let Some(parent) = fact.refs.iter().find(|item| item.role == Role::Parent).map(|item| &item.item)
        else {
            return;
        };
        let mut children = fact.refs.iter().filter(|item| item.role == Role::Child).peekable();
        if fact.action == Some(Action::Delete) && children.peek().is_none() {
            self.leave(|(_, from, by)| from == parent && *by == bond);
        }
        for child in children.filter(|child| child.item != *parent) {
            let key = (child.item.clone(), parent.clone(), bond);
            // Whole pieces: the worlds of the test have no others.
            let amount = child.quantity.map(|quantity| quantity.to_string().parse().expect("pieces"));
            match (fact.action, child.kind.is_class_level()) {
                (Some(Action::Delete), false) => self.leave(|other| *other == key),
                (_, false) => {
                    self.leave(|other| other.0 == key.0 && other.2 == bond && *other != key);
                    self.0.entry(key).or_insert((order, Vec::new()));
                }
                (Some(Action::Delete), true) => {
                    let Some((_, amounts)) = self.0.get_mut(&key) else { continue };
                    amounts.push(amount.map(|amount: i64| -amount));
                    let sum: Option<i64> = amounts.iter().copied().sum();
                    if amount.is_none() || sum.is_some_and(|sum| sum <= 0) {
                        self.leave(|other| *other == key);
                    }
                }
                (action, true) => {
                    let is_inside = self.0.contains_key(&key);
                    let entry = self.0.entry(key).or_insert((order, Vec::new()));
                    if action == Some(Action::Add) || !is_inside {
                        entry.1.push(amount);
                    }
                }
            }
        }
    }
}

/// Before every event of that time.
fn floor(time: i64) -> Order {
    (time, i64::MIN, 0)
}

pub fn order_of(fact: &Fact) -> Order {
    (fact.event_time, fact.record_time, fact.event_key)
}

/// A declaration is void. So is an event of its id with its content, or if there is none, with its time and items.
pub fn is_void(fact: &Fact, all: &[Fact]) -> bool {
    let is_of = |declaration: &Fact, fact: &Fact| {
        fact.error_declaration.is_none() && fact.event_id == declaration.event_id
    };
    let is_same =
        |declaration: &Fact, fact: &Fact| is_of(declaration, fact) && fact.content == declaration.content;
    let names =
        |fact: &Fact| fact.refs.iter().map(|item| (item.role, item.item.clone())).collect::<BTreeSet<_>>();
    let mut declarations = all.iter().filter(|other| other.error_declaration.is_some());
    fact.error_declaration.is_some()
        || declarations.any(|declaration| {
            if all.iter().any(|other| is_same(declaration, other)) {
                is_same(declaration, fact)
            } else {
                is_of(declaration, fact)
                    && declaration.event_time == fact.event_time
                    && names(declaration) == names(fact)
            }
        })
}

/// A world replayed: events that count, in order, with who is in what before and after each.
pub struct Model {
    pub events: Vec<(Fact, Inside, Inside)>,
    pub void: Vec<Fact>,
}

/// How an item stands.
#[derive(Debug, Default, PartialEq)]
pub struct Standing {
    pub place: Option<(String, i64)>,
    pub disposition: Option<String>,
    pub persistent: BTreeSet<String>,
    pub in_transit: bool,
    pub custodian: Option<(bool, String)>,
    pub ended: Option<&'static str>,
}

pub struct Recall {
    pub since: BTreeMap<String, Order>,
    /// The same with assemblies.
    pub first: BTreeMap<String, Order>,
    pub affected: Items,
    pub portions: Items,
    pub carriers: Items,
    pub voided: BTreeSet<u64>,
}

/// Whether an event says something of an item.
fn concerns(fact: &Fact, item: &str) -> bool {
    fact.refs
        .iter()
        .any(|other| other.role != Role::Class && other.item == item || other.lot.as_deref() == Some(item))
}

/// The lots to which an event says that an item belongs.
fn lots_of(fact: &Fact, item: &ItemRef) -> Vec<String> {
    match &item.lot {
        _ if item.kind.is_class_level() => Vec::new(),
        Some(lot) => vec![lot.clone()],
        None if matches!(item.role, Role::Epc | Role::Output) => names(fact, Role::Lot).cloned().collect(),
        None => Vec::new(),
    }
}

fn names(fact: &Fact, role: Role) -> impl Iterator<Item = &String> {
    fact.refs.iter().filter(move |item| item.role == role).map(|item| &item.item)
}

impl Model {
    pub fn new(facts: &[Fact], at: i64) -> Self {
        let (mut void, mut events): (Vec<Fact>, Vec<Fact>) =
            facts.iter().cloned().partition(|fact| is_void(fact, facts));
        void.retain(|fact| fact.event_time <= at && fact.error_declaration.is_none());
        events.retain(|fact| fact.event_time <= at);
        events.sort_by_key(order_of);
        let mut inside = Inside::default();
        let replayed = events.into_iter().map(|fact| {
            let before = inside.clone();
            inside.apply(&fact);
            (fact, before, inside.clone())
        });
        Self { events: replayed.collect(), void }
    }

    pub fn now(&self) -> Inside {
        self.events.last().map(|(.., after)| after.clone()).unwrap_or_default()
    }

    /// Who is in what, from one event to the next.
    fn spans(&self) -> impl Iterator<Item = (Order, Order, &Inside)> {
        let ends = self.events.iter().skip(1).map(|(fact, ..)| order_of(fact)).chain([ENDLESS]);
        self.events.iter().zip(ends).map(|((fact, _, after), end)| (order_of(fact), end, after))
    }

    /// The events that concern an item: those that name it, and those that name what it is in.
    pub fn history(&self, item: &str) -> Vec<(&Fact, Option<usize>, Items)> {
        let mut list = Vec::new();
        for (fact, before, after) in &self.events {
            if concerns(fact, item) {
                list.push((fact, None, Items::from([item.to_owned()])));
                continue;
            }
            let mut containers = before.ancestors(item);
            for (container, depth) in after.ancestors(item) {
                let least = containers.entry(container).or_insert(depth);
                *least = (*least).min(depth);
            }
            containers.retain(|name, _| concerns(fact, name));
            if let Some(nearest) = containers.values().min().copied() {
                containers.retain(|_, depth| *depth == nearest);
                list.push((fact, Some(nearest), containers.into_keys().collect()));
            }
        }
        list
    }

    pub fn standing(&self, item: &str) -> Standing {
        let is_lot = kind_of(item).is_class_level();
        let mut now = Standing::default();
        for (fact, depth, named) in self.history(item) {
            if is_lot && depth.is_some() {
                continue;
            }
            let step = fact.biz_step.as_deref().unwrap_or_default();
            let place = fact.biz_location.clone().or(fact.read_point.clone());
            match (&now.place, &place) {
                (Some((last, _)), Some(place)) if last == place => {}
                (_, Some(place)) => now.place = Some((place.clone(), fact.event_time)),
                _ => {}
            }
            if fact.disposition.is_some() {
                now.disposition.clone_from(&fact.disposition);
            }
            now.persistent.extend(fact.persistent_set.iter().cloned());
            for text in &fact.persistent_unset {
                now.persistent.remove(text);
            }
            if step == "shipping" || fact.disposition.as_deref() == Some("in_transit") && step != "receiving"
            {
                now.in_transit = true;
            } else if step == "receiving" || fact.biz_location.is_some() {
                now.in_transit = false;
            }
            let party = fact.destinations.first().map(|(_, party)| (true, party.clone()));
            let there = place.map(|place| (false, place));
            let next = match step {
                "shipping" => party,
                "receiving" => party.or(there),
                _ if now.in_transit => None,
                _ if matches!(now.custodian, Some((true, _))) => None,
                _ => there,
            };
            now.custodian = next.or(now.custodian);
            let is = |role| fact.refs.iter().any(|other| other.role == role && named.contains(&other.item));
            let is_part = fact.refs.iter().any(|other| {
                let is_of_lot = other.lot.as_ref().is_some_and(|lot| named.contains(lot));
                is_of_lot
                    || named.contains(&other.item) && (other.quantity.is_some() || other.role == Role::Lot)
            });
            let transforms = fact.event_type == EventType::TransformationEvent;
            if step == "commissioning" || transforms && is(Role::Output) {
                now.ended = None;
            } else if is_lot && (transforms || is_part) {
            } else if transforms && is(Role::Input) {
                now.ended = Some("consumed");
            } else if step == "destroying" {
                now.ended = Some("destroyed");
            } else if step == "decommissioning" {
                now.ended = Some("decommissioned");
            }
        }
        now
    }

    pub fn recall(&self, named: &[String], from: i64) -> Recall {
        let mut since: BTreeMap<String, Order> =
            named.iter().map(|item| (item.clone(), floor(from))).collect();
        let mut portions = Items::new();
        loop {
            let before = since.clone();
            self.spread_contents(named, from, &mut since, &mut portions);
            self.spread_members(&mut since);
            self.spread_transformations(&mut since);
            if since == before {
                break;
            }
        }
        portions.retain(|item| !since.contains_key(item));
        let mut recall = Recall {
            affected: since.keys().cloned().collect(),
            first: since.clone(),
            since,
            portions,
            carriers: Items::new(),
            voided: BTreeSet::new(),
        };
        self.contain(&mut recall);
        recall.carriers.retain(|item| !recall.affected.contains(item));
        let since = &recall.since;
        let of_affected =
            |fact: &&Fact| since.iter().any(|(item, since)| *since <= order_of(fact) && concerns(fact, item));
        recall.voided.extend(self.void.iter().filter(of_affected).map(|fact| fact.event_key));
        recall
    }

    fn spread_contents(
        &self,
        named: &[String],
        from: i64,
        since: &mut BTreeMap<String, Order>,
        portions: &mut Items,
    ) {
        for (start, _, inside) in self.spans().filter(|(_, end, _)| end.0 >= from) {
            let items: Items = inside.0.keys().map(|(child, ..)| child.clone()).collect();
            for item in items {
                if !inside.ancestors(&item).keys().any(|container| named.contains(container)) {
                    continue;
                }
                if kind_of(&item).is_class_level() {
                    portions.insert(item);
                } else {
                    sooner(since, &item, start.max(floor(from)));
                }
            }
        }
    }

    fn spread_members(&self, since: &mut BTreeMap<String, Order>) {
        for (fact, ..) in &self.events {
            for item in &fact.refs {
                for lot in lots_of(fact, item) {
                    if let Some(time) = since.get(&lot).copied().filter(|time| *time <= order_of(fact)) {
                        sooner(since, &item.item, time);
                    }
                }
            }
        }
    }

    fn spread_transformations(&self, since: &mut BTreeMap<String, Order>) {
        for (into, before, _) in &self.events {
            let is_bad = |item: &str| since.get(item).is_some_and(|time| *time <= order_of(into));
            let bad_inside = |container: &String| {
                before
                    .0
                    .keys()
                    .any(|(child, ..)| is_bad(child) && before.ancestors(child).contains_key(container))
            };
            let transforms = into.event_type == EventType::TransformationEvent;
            if !transforms || !names(into, Role::Input).any(|item| is_bad(item) || bad_inside(item)) {
                continue;
            }
            for (out, ..) in self.events.iter().filter(|(out, ..)| is_one_transformation(into, out)) {
                if out.event_time >= into.event_time {
                    names(out, Role::Output).for_each(|item| sooner(since, item, floor(out.event_time)));
                }
            }
        }
    }

    /// Containers and assemblies of what is affected, while it is in them.
    fn contain(&self, recall: &mut Recall) {
        for (start, end, inside) in self.spans() {
            for (item, since) in &recall.since {
                if end <= *since {
                    continue;
                }
                let mut todo = vec![(item.clone(), true)];
                let mut done = BTreeSet::new();
                while let Some((item, is_affected)) = todo.pop() {
                    for (parent, by_association) in inside.parents(&item) {
                        let is_affected = is_affected && by_association;
                        if !done.insert((parent.clone(), is_affected)) {
                            continue;
                        }
                        if is_affected {
                            recall.affected.insert(parent.clone());
                            sooner(&mut recall.first, &parent, start.max(*since));
                        } else {
                            recall.carriers.insert(parent.clone());
                        }
                        recall.voided.extend(self.void.iter().filter_map(|fact| {
                            let order = order_of(fact);
                            let is_then = start <= order && order <= end && order >= *since;
                            let is_named = concerns(fact, &parent);
                            (is_then && is_named).then_some(fact.event_key)
                        }));
                        todo.push((parent, is_affected));
                    }
                }
            }
        }
    }

    /// The items from which others came, and the containers on the way.
    pub fn origin(&self, named: &[String]) -> Items {
        let mut todo: Vec<(String, i64, Inside)> =
            named.iter().map(|item| (item.clone(), i64::MAX, self.now())).collect();
        let mut done = BTreeSet::new();
        let mut found = Items::new();
        while let Some((item, until, inside)) = todo.pop() {
            let contents = inside.children(&item);
            // What is in it at any depth tells: two moments may differ in that alone.
            let links: BTreeSet<Link> = inside.0.keys().cloned().collect();
            if !done.insert((item.clone(), until, links)) {
                continue;
            }
            found.insert(item.clone());
            todo.extend(contents.into_iter().map(|child| (child, until, inside.clone())));
            for (start, _, inside) in self.spans() {
                if start.0 <= until {
                    found.extend(inside.ancestors(&item).into_keys());
                }
            }
            for (out, ..) in self.events.iter().filter(|(out, ..)| out.event_time <= until) {
                for part in out.refs.iter().filter(|other| other.item == item) {
                    let lots = lots_of(out, part).into_iter();
                    todo.extend(lots.map(|lot| (lot, out.event_time, Inside::default())));
                }
                if !names(out, Role::Output).any(|other| *other == item) {
                    continue;
                }
                for (into, _, after) in
                    self.events.iter().filter(|(into, ..)| is_one_transformation(into, out))
                {
                    if into.event_time <= out.event_time {
                        let inputs = names(into, Role::Input);
                        todo.extend(inputs.map(|input| (input.clone(), into.event_time, after.clone())));
                    }
                }
            }
        }
        found
    }
}

fn is_one_transformation(one: &Fact, other: &Fact) -> bool {
    let transforms = |fact: &Fact| fact.event_type == EventType::TransformationEvent;
    transforms(one)
        && transforms(other)
        && (one.event_key == other.event_key
            || one.transformation_id.is_some() && one.transformation_id == other.transformation_id)
}

fn sooner(since: &mut BTreeMap<String, Order>, item: &str, time: Order) {
    let known = since.entry(item.to_owned()).or_insert(time);
    *known = (*known).min(time);
}
