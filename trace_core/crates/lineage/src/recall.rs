//! A recall: what is affected and how it stands, and who must know.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::answer as out;
use crate::fact::Kind;
use crate::graph::{Edge, Reach, Standing};
use crate::journey::{Journey, journey};
use crate::ledger::{EventIndex, Name, Pos, Text};
use crate::life::{Entry, Life, life};
use crate::report::{Report, time};
use crate::tally::Tally;

/// One affected item, with what the sums are made from.
pub(crate) struct Case<'a> {
    pub(crate) item: Name,
    pub(crate) affected: out::Affected<'a>,
    pub(crate) life: Life,
    /// Of a lot.
    pub(crate) journey: Journey,
    /// Of a lot, who has the containers with parts of it.
    custodians: Vec<out::Custodian<'a>>,
    /// While it is affected.
    pub(crate) from: Pos,
    pub(crate) to: Pos,
}

impl Case<'_> {
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.life.entries.iter().filter(|entry| self.from <= entry.pos && entry.pos <= self.to)
    }
}

impl<'a> Report<'a> {
    pub(crate) fn recall(&mut self, at: i64) -> out::Recall<'a> {
        let mut edges = Edges::default();
        let mut tally = Tally::default();
        let (mut cases, mut carriers) = (Vec::new(), Vec::new());
        let first: Vec<Name> = self.graph.first_reaches().map(|reach| reach.name).collect();
        for name in first {
            if !self.ledger.is_item(name) {
                tally.count_transformation(self, name);
            } else if self.graph.standing(name) == Some(Standing::Carrier) {
                carriers.push(self.carrier(name, &mut edges));
            } else {
                cases.push(self.case(name, &mut edges));
            }
        }
        cases.sort_by(|one, other| by_kind(&one.affected).cmp(&by_kind(&other.affected)));
        carriers.sort_by(|one, other| (one.kind, one.item).cmp(&(other.kind, other.item)));
        for case in &cases {
            tally.count_lot(self, case);
        }
        let (quantities, discrepancies) = tally.finish(self);
        out::Recall {
            notify: self.notify(&cases),
            gaps: self.gaps(&cases),
            affected: cases.into_iter().map(|case| case.affected).collect(),
            carriers,
            edges: edges.list.iter().map(|edge| self.edge(edge)).collect(),
            quantities,
            discrepancies,
            extent: self.extent(at, self.void_of_graph()),
        }
    }

    fn case(&mut self, item: Name, edges: &mut Edges) -> Case<'a> {
        let is_portion = self.graph.standing(item) == Some(Standing::Portion);
        let least = if is_portion { Standing::Portion } else { Standing::Affected };
        let reaches: Vec<Reach> =
            self.graph.reaches_of(item).filter(|reach| reach.standing >= least).copied().collect();
        let from = reaches.iter().map(|reach| reach.from).min().unwrap_or(Pos::MIN);
        let to = reaches.iter().map(|reach| reach.to).max().unwrap_or(Pos::MAX);
        let path = edges.path(self, item, least);
        // The rest of the lot is no concern of ours, and was not looked at.
        let window = if is_portion { (Pos::NOW, Pos::MAX) } else { (Pos::MIN, Pos::MAX) };
        let life = life(&mut self.view, item, window.0, window.1);
        let state = if is_portion { out::State::default() } else { self.state(item, &life) };
        let affected = out::Affected {
            item: self.name(item),
            kind: self.ledger.known_kind(item),
            standing: self.standing(item),
            affected_since: time(from),
            affected_until: time(to),
            path,
            state,
        };
        let mut case =
            Case { item, affected, life, journey: Journey::default(), custodians: Vec::new(), from, to };
        if self.ledger.kind(item).is_class_level() && !is_portion {
            case.journey = journey(self.ledger, item, case.entries());
            case.custodians = self.custodians_of_portions(&case.life);
        }
        case
    }

    /// Who has the containers that hold parts of a lot now.
    fn custodians_of_portions(&mut self, life: &Life) -> Vec<out::Custodian<'a>> {
        let open: Vec<(Name, Pos)> =
            life.links.iter().filter(|link| link.is_open()).map(|link| (link.parent, link.from)).collect();
        open.into_iter()
            .filter_map(|(container, from)| {
                let life = crate::life::life(&mut self.view, container, from, Pos::MAX);
                self.state(container, &life).custodian
            })
            .collect()
    }

    /// A container is looked at only while it contains something affected.
    fn carrier(&mut self, item: Name, edges: &mut Edges) -> out::Carrier<'a> {
        let mut stays: Vec<(Pos, Pos)> =
            self.graph.reaches_of(item).map(|reach| (reach.from, reach.to)).collect();
        stays.sort_unstable();
        let mut carried: Vec<(Pos, Pos)> = Vec::new();
        for (from, to) in stays {
            match carried.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => carried.push((from, to)),
            }
        }
        let now = carried.last().copied().filter(|(_, to)| *to == Pos::MAX);
        let state = now.map(|(from, to)| {
            let life = life(&mut self.view, item, from, to);
            self.state(item, &life)
        });
        out::Carrier {
            item: self.name(item),
            kind: self.ledger.kind(item),
            carried: carried
                .into_iter()
                .map(|(from, to)| out::Span { from: time(from), until: time(to) })
                .collect(),
            path: edges.path(self, item, Standing::Carrier),
            state,
        }
    }

    /// Everybody whom an event names as giving, getting, owning or being the place of something affected.
    fn notify(&self, cases: &[Case<'a>]) -> Vec<out::Notify<'a>> {
        let mut holders: BTreeMap<(out::HolderKind, Text), Held> = BTreeMap::new();
        for (number, case) in cases.iter().enumerate() {
            for entry in case.entries() {
                let event = self.ledger.event(entry.event);
                let parties = event.parties.iter().map(|(_, id)| (out::HolderKind::Party, *id));
                let place = event.place().map(|place| (out::HolderKind::Place, place));
                for holder in parties.chain(place) {
                    let held = holders.entry(holder).or_default();
                    if held.items.last() != Some(&number) {
                        held.items.push(number);
                    }
                    held.events.insert((entry.pos, entry.event));
                }
            }
        }
        let holds = |case: &Case, kind, id: &str| {
            let state = &case.affected.state;
            let own =
                state.custodian.iter().filter(|_| state.ended.is_none() && case.journey.holders.is_none());
            let mut parts = case.journey.holders.iter().flatten();
            own.chain(&case.custodians).any(|custodian| custodian.kind == kind && custodian.id == id)
                || parts.any(|holder| (holder.0, self.ledger.text(holder.1)) == (kind, id))
        };
        let mut list: Vec<out::Notify<'a>> = Vec::with_capacity(holders.len());
        for ((kind, id), held) in holders {
            let id = self.ledger.text(id);
            let (now, before): (Vec<usize>, Vec<usize>) =
                held.items.into_iter().partition(|&number| holds(&cases[number], kind, id));
            let names = |numbers: Vec<usize>| numbers.iter().map(|&n| cases[n].affected.item).collect();
            list.push(out::Notify {
                id,
                kind,
                holds: names(now),
                held: names(before),
                events: held.events.into_iter().map(|(_, event)| self.evidence(event)).collect(),
            });
        }
        list.sort_by(|one, other| (one.id, one.kind).cmp(&(other.id, other.kind)));
        list
    }
}

/// Indexes of cases, and events.
#[derive(Default)]
struct Held {
    items: Vec<usize>,
    events: BTreeSet<(Pos, EventIndex)>,
}

fn by_kind<'a>(affected: &out::Affected<'a>) -> (Option<Kind>, &'a str) {
    (affected.kind, affected.item)
}

/// The edges of all paths, each once.
#[derive(Default)]
struct Edges {
    list: Vec<Edge>,
    /// By the reach that an edge leads to.
    numbers: HashMap<usize, usize>,
}

impl Edges {
    /// The path to the first reach of some standing.
    fn path(&mut self, report: &Report, item: Name, least: Standing) -> Vec<usize> {
        let mut path = report.graph.path_to(item, least);
        for step in &mut path {
            let next = self.list.len();
            let number = *self.numbers.entry(*step).or_insert(next);
            if number == next {
                self.list.extend(report.graph.reaches[*step].before.map(|(_, edge)| edge));
            }
            *step = number;
        }
        path
    }
}
