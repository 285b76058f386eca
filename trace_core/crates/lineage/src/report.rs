//! Writes answers: numbers back into names, and what all answers have in common.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::answer as out;
use crate::containment::Link;
use crate::graph::{Edge, EdgeKind, Graph, Reach, Standing};
use crate::ledger::{Bond, EventIndex, Ledger, Name, Pos, Text};
use crate::life::{Ended, Life, State, concerns, life, now_in};
use crate::quantity::Quantity;
use crate::time::Time;
use crate::view::View;
use crate::walk::{Keys, Limit, Question};

pub(crate) struct Report<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) graph: &'a Graph,
    limits_reached: &'a BTreeSet<Limit>,
    keys: Keys,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        ledger: &'a Ledger,
        graph: &'a Graph,
        limits_reached: &'a BTreeSet<Limit>,
        keys: Keys,
    ) -> Self {
        Self { ledger, graph, limits_reached, keys }
    }

    pub(crate) fn answer(&self, view: &mut View<'a>, question: &Question, names: &[Name]) -> out::Answer<'a> {
        match question {
            Question::History { at, .. } => out::Answer::History(self.histories(view, names, *at)),
            Question::TraceBackward { at, .. } => out::Answer::TraceBackward(self.trace(view, *at)),
            Question::TraceForward { at, .. } => out::Answer::TraceForward(self.trace(view, *at)),
            Question::Recall { at, .. } => out::Answer::Recall(self.recall(view, *at)),
        }
    }

    fn histories(&self, view: &mut View<'a>, names: &[Name], at: i64) -> out::Histories<'a> {
        let mut void = BTreeMap::new();
        let mut histories: Vec<out::History<'a>> =
            names.iter().map(|&name| self.history(view, name, &mut void)).collect();
        histories.sort_by_key(|history| history.item);
        out::Histories { histories, extent: self.extent(view, at, void) }
    }

    fn history(&self, view: &mut View<'a>, item: Name, void: &mut VoidEvents) -> out::History<'a> {
        let life = life(view, item, Pos::MIN, Pos::MAX);
        void_events(self.ledger, item, item, (Pos::MIN, Pos::MAX), void);
        for &(container, from, to) in &life.containers {
            void_events(self.ledger, container, item, (from, to), void);
        }
        let contents = view.contents(item, Pos::NOW, Pos::MAX);
        let mut contents: Vec<out::Stay<'a>> =
            contents.iter().map(|(link, ..)| self.stay(link, link.child)).collect();
        contents.sort();
        out::History {
            item: self.name(item),
            kind: self.ledger.known_kind(item),
            state: self.state(view, item, &life),
            events: life.entries.iter().map(|entry| self.history_event(item, entry)).collect(),
            contents,
        }
    }

    fn history_event(&self, item: Name, entry: &crate::life::Entry) -> out::HistoryEvent<'a> {
        let event = self.ledger.event(entry.event);
        out::HistoryEvent {
            event: self.event(entry.event),
            record_time: Time(event.record_time()),
            event_type: event.event_type,
            action: event.action,
            biz_step: self.text(event.biz_step),
            disposition: self.text(event.disposition),
            persistent_set: self.texts(&event.persistent_set),
            persistent_unset: self.texts(&event.persistent_unset),
            read_point: self.text(event.read_point),
            biz_location: self.text(event.biz_location),
            via: entry.via.map(|container| self.name(container)),
            used: entry.is_input && !entry.is_output,
            partial: self.ledger.kind(item).is_class_level() && (entry.is_part || entry.via.is_some()),
            content_digest: self.content_digest(entry.event),
        }
    }

    /// How an item stands after a life. Cost: its events, and its containers now.
    pub(crate) fn state(&self, view: &mut View<'a>, item: Name, life: &Life<'a>) -> out::State<'a> {
        let state = State::of(self.ledger, item, life);
        let is_class_level = self.ledger.kind(item).is_class_level();
        let chain = if is_class_level { Vec::new() } else { now_in(view, item) };
        let mut portions: Vec<out::Stay<'a>> = Vec::new();
        if is_class_level {
            portions =
                life.links.iter().filter(|l| l.is_open()).map(|link| self.stay(link, link.parent)).collect();
            portions.sort();
        }
        out::State {
            place: state.place.map(|(place, _)| self.ledger.text(place)),
            since: state.place.map(|(_, since)| Time(since)),
            disposition: self.text(state.disposition),
            persistent_dispositions: self.texts(&state.persistent),
            in_transit: state.in_transit,
            custodian: state.custodian.map(|custodian| out::Custodian {
                kind: if custodian.is_party { out::HolderKind::Party } else { out::HolderKind::Place },
                id: self.ledger.text(custodian.id),
                since: Time(custodian.since),
            }),
            ended: state.ended.map(|(how, time)| out::End { how: end_kind(how), time: Time(time) }),
            containers: chain.iter().map(|link| self.stay(link, link.parent)).collect(),
            portions,
            last_event: state.last_event.map(|event| self.evidence(event)),
        }
    }

    fn stay(&self, link: &Link, item: Name) -> out::Stay<'a> {
        let inside = link.inside_at(Pos::MAX).into_iter().filter(|(_, units)| *units > 0);
        let mut quantities: Vec<out::Amount<'a>> = inside
            .map(|(unit, units)| out::Amount { unit: self.text(unit), quantity: Quantity::from_units(units) })
            .collect();
        quantities.sort();
        out::Stay {
            item: self.name(item),
            kind: self.ledger.kind(item),
            bond: match link.bond {
                Bond::Aggregation => out::Bond::Aggregation,
                Bond::Association => out::Bond::Association,
            },
            since: Time(link.from.time),
            quantities,
            event: self.evidence(link.opened_by),
        }
    }

    fn trace(&self, view: &View<'a>, at: i64) -> out::Trace<'a> {
        let first: Vec<(Name, u32)> =
            self.graph.first_reaches().map(|reach| (reach.name, reach.hops)).collect();
        let mut nodes: Vec<out::Node> = first
            .into_iter()
            .map(|(name, hops)| out::Node {
                id: self.name(name),
                kind: if self.ledger.is_item(name) {
                    self.ledger.known_kind(name).map(out::NodeKind::Item)
                } else {
                    Some(out::NodeKind::Transformation(out::TransformationKind::Transformation))
                },
                standing: self.standing(name),
                hops,
            })
            .collect();
        nodes.sort_by_key(|node| node.id);
        let mut edges = self.graph.edges();
        let texts = |edge: &Edge| (self.ledger.name_text(edge.from), self.ledger.name_text(edge.to));
        edges.sort_by(|one, other| {
            (one.pos, one.kind)
                .cmp(&(other.pos, other.kind))
                .then_with(|| texts(one).cmp(&texts(other)))
                .then_with(|| (one.until, one.quantity).cmp(&(other.until, other.quantity)))
        });
        let edges = edges.iter().map(|edge| self.edge(edge)).collect();
        let void = self.void_of_graph();
        out::Trace { nodes, edges, extent: self.extent(view, at, void) }
    }

    /// Void events that name what was reached, for the time in which it was.
    pub(crate) fn void_of_graph(&self) -> VoidEvents {
        let mut void = BTreeMap::new();
        // The rest of a portion's lot was not looked at.
        let looked_at =
            |reach: &&Reach| self.ledger.is_item(reach.name) && reach.standing != Standing::Portion;
        for reach in self.graph.reaches.iter().filter(looked_at) {
            void_events(self.ledger, reach.name, reach.name, (reach.from, reach.to), &mut void);
        }
        void
    }

    pub(crate) fn standing(&self, name: Name) -> out::Standing {
        match self.graph.standing(name) {
            Some(Standing::Named) => out::Standing::Named,
            Some(Standing::Portion) => out::Standing::Portion,
            Some(Standing::Carrier) => out::Standing::Carrier,
            Some(Standing::Affected) | None => out::Standing::Affected,
        }
    }

    pub(crate) fn edge(&self, edge: &Edge) -> out::Edge<'a> {
        out::Edge {
            kind: match edge.kind {
                EdgeKind::Input => out::EdgeKind::Input,
                EdgeKind::Output => out::EdgeKind::Output,
                EdgeKind::Member => out::EdgeKind::Member,
                EdgeKind::Packed => out::EdgeKind::Packed,
                EdgeKind::Assembled => out::EdgeKind::Assembled,
                EdgeKind::Content => out::EdgeKind::Content,
            },
            from: self.name(edge.from),
            to: self.name(edge.to),
            event: self.event(edge.event),
            until: time(edge.until),
            quantity: edge.quantity,
            unit: self.text(edge.unit),
            content_digest: self.content_digest(edge.event),
        }
    }

    pub(crate) fn extent(&self, view: &View<'a>, at: i64, void: VoidEvents) -> out::Extent<'a> {
        let mut limits_reached = self.limits_reached.clone();
        limits_reached.extend(&self.graph.limits_reached);
        if view.is_cut_in_depth {
            limits_reached.insert(Limit::DepthMax);
        }
        out::Extent {
            at: (at != i64::MAX).then_some(Time(at)),
            truncated: !limits_reached.is_empty(),
            limits_reached: limits_reached.into_iter().collect(),
            events_read: self.ledger.len(),
            voided: self.voided(void),
        }
    }

    /// A declaration repeats the event that it declares wrong; it is shown itself only where that is not known.
    fn voided(&self, void: VoidEvents) -> Vec<out::Voided<'a>> {
        let mut wrong: HashMap<EventIndex, EventIndex> = HashMap::new();
        for &(_, index) in void.keys() {
            let event = self.ledger.event(index);
            if let (None, Some(declaration)) = (&event.declaration, self.ledger.declared_by(index)) {
                wrong.insert(declaration, index);
            }
        }
        let mut list = Vec::new();
        for ((_, index), items) in void {
            let event = self.ledger.event(index);
            let Some(declared_by) = self.ledger.declared_by(index) else {
                continue;
            };
            let is_repetition = wrong.contains_key(&declared_by) || declared_by != index;
            if event.declaration.is_some() && is_repetition {
                continue;
            }
            let declaring = self.ledger.event(declared_by);
            let Some(declaration) = &declaring.declaration else { continue };
            let mut items: Vec<&'a str> = items.into_iter().map(|item| self.name(item)).collect();
            items.sort_unstable();
            list.push(out::Voided {
                event: self.event(index),
                items,
                declared_by: out::Key::new(declaring.key(), self.keys),
                declaration_time: Time(declaration.time),
                reason: self.text(declaration.reason),
                corrective_event_ids: (declaration.corrective_event_ids.iter())
                    .map(|id| self.ledger.text(*id))
                    .collect(),
                content_digest: self.content_digest(index),
            });
        }
        list
    }

    fn texts(&self, texts: &[Text]) -> Vec<&'a str> {
        texts.iter().map(|&text| self.ledger.text(text)).collect()
    }

    fn event(&self, index: EventIndex) -> out::EventRef<'a> {
        let event = self.ledger.event(index);
        out::EventRef {
            time: Time(event.pos.time),
            event_key: out::Key::new(event.key(), self.keys),
            event_id: self.ledger.text(event.event_id),
        }
    }

    fn content_digest(&self, index: EventIndex) -> out::Digest<'a> {
        out::Digest(&self.ledger.event(index).content_digest)
    }

    pub(crate) fn evidence(&self, index: EventIndex) -> out::Evidence<'a> {
        out::Evidence { event: self.event(index), content_digest: self.content_digest(index) }
    }

    /// Of a transformation without id, the id of its event.
    pub(crate) fn name(&self, name: Name) -> &'a str {
        let is_one_event = !self.ledger.is_item(name) && !self.ledger.is_transformation_id(name);
        if is_one_event && let Some(mention) = self.ledger.mentions(name, Pos::MIN, Pos::MAX).next() {
            return self.ledger.text(self.ledger.event(mention.event).event_id);
        }
        self.ledger.name_text(name)
    }

    pub(crate) fn text(&self, text: Option<Text>) -> Option<&'a str> {
        text.map(|text| self.ledger.text(text))
    }
}

/// Void events in order, with the items on whose account they are shown.
pub(crate) type VoidEvents = BTreeMap<(Pos, EventIndex), HashSet<Name>>;

fn void_events(ledger: &Ledger, name: Name, item: Name, (from, to): (Pos, Pos), void: &mut VoidEvents) {
    for mention in ledger.void_mentions(name, from, to).filter(|mention| concerns(mention.role)) {
        void.entry((mention.pos, mention.event)).or_default().insert(item);
    }
}

/// An end of time is none.
pub(crate) fn time(pos: Pos) -> Option<Time> {
    (pos.time != i64::MIN && pos.time != i64::MAX).then_some(Time(pos.time))
}

fn end_kind(ended: Ended) -> out::EndKind {
    match ended {
        Ended::Consumed => out::EndKind::Consumed,
        Ended::Decommissioned => out::EndKind::Decommissioned,
        Ended::Destroyed => out::EndKind::Destroyed,
    }
}
