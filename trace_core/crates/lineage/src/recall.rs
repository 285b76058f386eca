//! A recall: what is affected and how it stands, and who must know.

use std::collections::{BTreeMap, HashMap};

use crate::answer as out;
use crate::graph::{Edge, Reach, Standing};
use crate::journey::{Journey, journey};
use crate::ledger::{EventIndex, Name, Pos, Text};
use crate::life::{Entry, Life, life};
use crate::report::{Report, time};
use crate::tally::Tally;
use crate::view::View;

/// One affected item, with what the sums are made from.
pub(crate) struct Case<'a> {
    pub(crate) item: Name,
    pub(crate) affected: out::Affected<'a>,
    pub(crate) life: Life<'a>,
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
    pub(crate) fn recall(&self, view: &mut View<'a>, at: i64) -> out::Recall<'a> {
        let mut edges = Edges::default();
        let mut tally = Tally::default();
        let (mut affected, mut carriers) = (Vec::new(), Vec::new());
        for name in self.graph.first_reaches().map(|reach| reach.name) {
            if !self.ledger.is_item(name) {
                tally.count_transformation(self, name);
                continue;
            }
            let least =
                self.graph.standing(name).map_or(Standing::Affected, |best| best.min(Standing::Affected));
            let reached = Reached { item: name, least, path: edges.path(self, name, least) };
            if least == Standing::Carrier { carriers.push(reached) } else { affected.push(reached) }
        }
        self.by_kind(&mut affected);
        self.by_kind(&mut carriers);
        let cases = view.each(&affected, |view, reached| self.case(view, reached));
        for case in &cases {
            tally.count_lot(self, view, case);
        }
        let (quantities, discrepancies) = tally.finish(self);
        out::Recall {
            notify: self.notify(&cases),
            gaps: self.gaps(view, &cases),
            affected: cases.into_iter().map(|case| case.affected).collect(),
            carriers: view.each(&carriers, |view, reached| self.carrier(view, reached)),
            edges: edges.list.iter().map(|edge| self.edge(edge)).collect(),
            quantities,
            discrepancies,
            extent: self.extent(view, at, self.void_of_graph()),
        }
    }

    fn by_kind(&self, reached: &mut [Reached]) {
        let key = |one: &Reached| (self.ledger.known_kind(one.item), self.name(one.item));
        reached.sort_by(|one, other| key(one).cmp(&key(other)));
    }

    fn case(&self, view: &mut View<'a>, reached: &Reached) -> Case<'a> {
        let &Reached { item, least, .. } = reached;
        let is_portion = least == Standing::Portion;
        let in_it: Vec<Reach> =
            self.graph.reaches_of(item).filter(|reach| reach.standing >= least).copied().collect();
        let from = in_it.iter().map(|reach| reach.from).min().unwrap_or(Pos::MIN);
        let to = in_it.iter().map(|reach| reach.to).max().unwrap_or(Pos::MAX);
        // The rest of the lot is no concern of ours, and was not looked at.
        let window = if is_portion { (Pos::NOW, Pos::MAX) } else { (Pos::MIN, Pos::MAX) };
        let life = life(view, item, window.0, window.1);
        let state = if is_portion { out::State::default() } else { self.state(view, item, &life) };
        let affected = out::Affected {
            item: self.name(item),
            kind: self.ledger.known_kind(item),
            standing: self.standing(item),
            affected_since: time(from),
            affected_until: time(to),
            path: reached.path.clone(),
            state,
        };
        let mut case =
            Case { item, affected, life, journey: Journey::default(), custodians: Vec::new(), from, to };
        if self.ledger.kind(item).is_class_level() && !is_portion {
            case.journey = journey(self.ledger, item, case.entries());
            case.custodians = self.custodians_of_portions(view, &case.life);
        }
        case
    }

    /// Who has the containers that hold parts of a lot now.
    fn custodians_of_portions(&self, view: &mut View<'a>, life: &Life<'a>) -> Vec<out::Custodian<'a>> {
        let open = life.links.iter().filter(|link| link.is_open());
        open.filter_map(|link| {
            let life = crate::life::life(view, link.parent, link.from, Pos::MAX);
            self.state(view, link.parent, &life).custodian
        })
        .collect()
    }

    /// A container is looked at only while it contains something affected.
    fn carrier(&self, view: &mut View<'a>, reached: &Reached) -> out::Carrier<'a> {
        let item = reached.item;
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
            let life = life(view, item, from, to);
            self.state(view, item, &life)
        });
        out::Carrier {
            item: self.name(item),
            kind: self.ledger.kind(item),
            carried: carried
                .into_iter()
                .map(|(from, to)| out::Span { from: time(from), until: time(to) })
                .collect(),
            path: reached.path.clone(),
            state,
        }
    }

    /// Everybody whom an event names as giving, getting, owning or being the place of something affected.
    fn notify(&self, cases: &[Case<'a>]) -> Vec<out::Notify<'a>> {
        // Many items are in few events, and in all of an event's are those whom it names.
        let mut by_event: Vec<Vec<usize>> = vec![Vec::new(); self.ledger.len()];
        for (number, case) in cases.iter().enumerate() {
            for entry in case.entries() {
                by_event[entry.event as usize].push(number);
            }
        }
        let mut holders: BTreeMap<(out::HolderKind, Text), Vec<EventIndex>> = BTreeMap::new();
        for (index, _) in (0..).zip(&by_event).filter(|(_, numbers)| !numbers.is_empty()) {
            let event = self.ledger.event(index);
            let parties = event.parties.iter().map(|(_, id)| (out::HolderKind::Party, *id));
            let place = event.place().map(|place| (out::HolderKind::Place, place));
            for holder in parties.chain(place) {
                holders.entry(holder).or_default().push(index);
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
        let mut held = Vec::new();
        for ((kind, id), mut events) in holders {
            let id = self.ledger.text(id);
            // An event may name somebody twice.
            events.dedup();
            held.clear();
            held.extend(events.iter().flat_map(|&event| &by_event[event as usize]).copied());
            sort_runs(&mut held);
            held.dedup();
            let (now, before): (Vec<usize>, Vec<usize>) =
                held.iter().partition(|&&number| holds(&cases[number], kind, id));
            events.sort_unstable_by_key(|&event| self.ledger.event(event).pos);
            let names = |numbers: Vec<usize>| numbers.iter().map(|&n| cases[n].affected.item).collect();
            list.push(out::Notify {
                id,
                kind,
                holds: names(now),
                held: names(before),
                events: events.into_iter().map(|event| self.evidence(event)).collect(),
            });
        }
        list.sort_by(|one, other| (one.id, one.kind).cmp(&(other.id, other.kind)));
        list
    }
}

#[expect(clippy::stable_sort_primitive, reason = "what is in order already is merged")]
fn sort_runs(numbers: &mut [usize]) {
    numbers.sort();
}

/// An item of the answer.
struct Reached {
    item: Name,
    /// The standing in which it is in the answer.
    least: Standing,
    /// To its first reach of that standing.
    path: Vec<usize>,
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
