//! What both directions of a trace share: edges, the nodes that they reach, and limits.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::containment::Link;
use crate::fact::Role;
use crate::ledger::{Bond, EventIndex, Ledger, Name, Part, Pos, Text};
use crate::quantity::Quantity;
use crate::walk::{Limit, Limits};

/// How one thing led to another. All edges point the way that matter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum EdgeKind {
    /// Item into transformation.
    Input,
    /// Transformation into item.
    Output,
    /// Lot to the serial that belongs to it.
    Member,
    /// Item into container.
    Packed,
    /// Part into assembly.
    Assembled,
    /// Container or assembly to what is in it.
    Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) pos: Pos,
    pub(crate) kind: EdgeKind,
    pub(crate) from: Name,
    pub(crate) to: Name,
    pub(crate) event: EventIndex,
    pub(crate) quantity: Option<Quantity>,
    pub(crate) unit: Option<Text>,
    /// End of a stay; [`Pos::MAX`] where it is not seen, and for all other edges.
    pub(crate) until: Pos,
}

impl Edge {
    pub(crate) fn of_part(
        ledger: &Ledger,
        event: EventIndex,
        part: &Part,
        kind: EdgeKind,
        ends: (Name, Name),
    ) -> Self {
        let (from, to) = ends;
        let pos = ledger.event(event).pos;
        Self { pos, kind, from, to, event, until: Pos::MAX, quantity: part.quantity, unit: part.unit }
    }

    /// Of a stay that was looked at up to some position.
    pub(crate) fn of_link(link: &Link, is_content: bool, seen_to: Pos) -> Self {
        let up = if link.bond == Bond::Aggregation { EdgeKind::Packed } else { EdgeKind::Assembled };
        let (kind, from, to) = if is_content {
            (EdgeKind::Content, link.parent, link.child)
        } else {
            (up, link.child, link.parent)
        };
        let (quantity, unit) = link.first_amount();
        let until = if link.to <= seen_to { link.to } else { Pos::MAX };
        Self { pos: link.from, kind, from, to, event: link.opened_by, until, quantity, unit }
    }
}

/// A node reached, for some time, by the last edge of a shortest path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) name: Name,
    pub(crate) from: Pos,
    pub(crate) to: Pos,
    pub(crate) standing: Standing,
    /// Until then what is in it is reached as well.
    pub(crate) contents_until: Option<Pos>,
    /// Backward: what was in it then is reached as well.
    pub(crate) moment: Option<Pos>,
    pub(crate) hops: u32,
    /// Index of the reach before, and the edge from it.
    pub(crate) before: Option<(usize, Edge)>,
}

/// How an item stands to the question. Later ones say more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It only contains what is affected.
    Carrier,
    /// Some of a lot, in a container that was named; the lot itself is not followed.
    Portion,
    Affected,
    Named,
}

impl Reach {
    fn covers(&self, other: &Self) -> bool {
        self.from <= other.from
            && self.to >= other.to
            && self.standing >= other.standing.min(Standing::Affected)
            && self.contents_until >= other.contents_until
            && (other.moment.is_none() || self.moment == other.moment)
    }
}

/// Reaches in order of their hops, and every edge seen.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) reaches: Vec<Reach>,
    /// Indexes of reaches, by name.
    by_name: Vec<Vec<usize>>,
    edges: Vec<Edge>,
    items: usize,
    pub(crate) limits_reached: BTreeSet<Limit>,
}

impl Graph {
    /// Adds a layer of candidates, all of one number of hops, and says which are news.
    pub(crate) fn admit(&mut self, ledger: &Ledger, limits: &Limits, layer: &[Reach]) -> Vec<usize> {
        // They are large: only their places are sorted.
        let mut places: Vec<usize> = (0..layer.len()).collect();
        places.sort_by(|&one, &other| order(&layer[one], &layer[other]));
        for equals in places.chunk_by_mut(|&one, &other| order(&layer[one], &layer[other]).is_eq()) {
            equals.sort_by(|&one, &other| self.order_of_names(ledger, &layer[one], &layer[other]));
        }
        let mut news = Vec::new();
        for reach in places.into_iter().map(|place| layer[place]) {
            if self.by_name.len() <= reach.name as usize {
                self.by_name.resize_with(reach.name as usize + 1, Vec::new);
            }
            let known = &self.by_name[reach.name as usize];
            if known.iter().any(|&index| self.reaches[index].covers(&reach)) {
                self.edges.extend(reach.before.map(|(_, edge)| edge));
                continue;
            }
            if reach.hops > limits.depth_max {
                self.limits_reached.insert(Limit::DepthMax);
                continue;
            }
            let is_new_item = known.is_empty() && ledger.is_item(reach.name);
            if is_new_item && self.items >= limits.items_max {
                self.limits_reached.insert(Limit::ItemsMax);
                continue;
            }
            self.items += usize::from(is_new_item);
            self.edges.extend(reach.before.map(|(_, edge)| edge));
            self.by_name[reach.name as usize].push(self.reaches.len());
            news.push(self.reaches.len());
            self.reaches.push(reach);
        }
        news
    }

    /// By what does not depend on the order of feeding. Those of one event at most, since they take longer to compare.
    fn order_of_names(&self, ledger: &Ledger, one: &Reach, other: &Reach) -> Ordering {
        let before = |reach: &Reach| reach.before.map(|(index, _)| self.reaches[index].name);
        let text = |name: Option<Name>| name.map(|name| ledger.name_text(name));
        // Most come from one thing: its name is not compared with itself.
        let texts = |one: Option<Name>, other: Option<Name>| {
            if one == other { Ordering::Equal } else { text(one).cmp(&text(other)) }
        };
        texts(before(one), before(other)).then_with(|| texts(Some(one.name), Some(other.name)))
    }

    pub(crate) fn reaches_of(&self, name: Name) -> impl Iterator<Item = &Reach> {
        self.by_name.get(name as usize).into_iter().flatten().map(|&index| &self.reaches[index])
    }

    /// The items of at least some standing, in order of hops.
    pub(crate) fn items_of(&self, standing: Standing, ledger: &Ledger) -> Vec<Name> {
        let names = self.first_reaches().map(|reach| reach.name).filter(|&name| ledger.is_item(name));
        names.filter(|&name| self.standing(name) >= Some(standing)).collect()
    }

    /// The best standing that an item ever has.
    pub(crate) fn standing(&self, name: Name) -> Option<Standing> {
        self.reaches_of(name).map(|reach| reach.standing).max()
    }

    /// The reach of fewest hops for every name, in order of hops.
    pub(crate) fn first_reaches(&self) -> impl Iterator<Item = &Reach> {
        let is_first =
            |index: usize, reach: &Reach| self.by_name[reach.name as usize].first() == Some(&index);
        let numbered = self.reaches.iter().enumerate();
        numbered.filter(move |(index, reach)| is_first(*index, reach)).map(|(_, reach)| reach)
    }

    /// The way from a named item to the first reach of a name that has at least some standing: indexes of the
    /// reaches after the first.
    pub(crate) fn path_to(&self, name: Name, least: Standing) -> Vec<usize> {
        let mut path = Vec::new();
        let known = self.by_name.get(name as usize).into_iter().flatten().copied();
        let mut step = known.into_iter().find(|&index| self.reaches[index].standing >= least);
        while let Some((index, (before, _))) =
            step.and_then(|index| Some((index, self.reaches[index].before?)))
        {
            path.push(index);
            step = Some(before);
        }
        path.reverse();
        path
    }

    /// Every edge seen once, in order; a stay with its end where any reach saw it.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        let mut edges = self.edges.clone();
        edges.sort_unstable();
        edges.dedup_by_key(|edge| Edge { until: Pos::MAX, ..*edge });
        edges
    }
}

/// Widest first, so that it covers the others; then by time. What a search finds comes in that order, mostly.
fn order(one: &Reach, other: &Reach) -> Ordering {
    let pos = |reach: &Reach| reach.before.map(|(_, edge)| edge.pos);
    one.from
        .cmp(&other.from)
        .then_with(|| other.standing.cmp(&one.standing))
        .then_with(|| other.contents_until.cmp(&one.contents_until))
        .then_with(|| other.to.cmp(&one.to))
        .then_with(|| pos(one).cmp(&pos(other)))
}

/// What an event names in one role.
pub(crate) fn parts_as(ledger: &Ledger, event: EventIndex, role: Role) -> impl Iterator<Item = &Part> {
    ledger.event(event).parts.iter().filter(move |part| part.role == role)
}
