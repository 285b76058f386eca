//! Where items came from: the same search against time.
//!
//! Each item is looked at as of the moment when it was used: the lots that it belonged to, the transformations
//! that had made it, what was in it, and the containers that it had passed through. A container passed is a node
//! and goes no further, except into the containers that it was in itself.

use crate::fact::{Kind, Role};
use crate::graph::{Edge, EdgeKind, Graph, Reach, Standing, parts_as};
use crate::ledger::{MentionRole, Name, Pos};
use crate::view::View;
use crate::walk::{Limits, Named};

/// Of a reach here, `to` is the end of the time in which the item may have been made; of a container, both are those of
/// the stay. Cost: the events of what it reaches, in memory; no more.
pub(crate) fn backward(view: &mut View, limits: &Limits, items: &[Name]) -> Graph {
    let mut graph = Graph::default();
    let named = |&name: &Name| Reach {
        name,
        from: Pos::MIN,
        to: Pos::MAX,
        standing: Standing::Named,
        contents_until: None,
        moment: Some(Pos::NOW),
        hops: 0,
        before: None,
    };
    let mut layer: Vec<Reach> = items.iter().map(named).collect();
    while !layer.is_empty() {
        let news = graph.admit(view.ledger, limits, &layer);
        let from_there = view.each(&news, |view, &index| {
            let reach = graph.reaches[index];
            let mut search = Search { view, index, reach, next: Vec::new() };
            if !search.view.ledger.is_item(reach.name) {
                search.transformation();
            } else if reach.standing == Standing::Carrier {
                search.containers();
            } else {
                search.item();
            }
            search.next
        });
        layer = from_there.into_iter().flatten().collect();
    }
    graph
}

struct Search<'a, 'b> {
    view: &'a mut View<'b>,
    index: usize,
    reach: Reach,
    next: Vec<Reach>,
}

impl Search<'_, '_> {
    fn item(&mut self) {
        let ledger = self.view.ledger;
        let Reach { name, to, standing, .. } = self.reach;
        if ledger.kind(name) == Kind::Class && standing != Standing::Named {
            return;
        }
        self.view.need(name, Named::Item, Pos::MIN, to);
        for mention in ledger.mentions(name, Pos::MIN, to) {
            let (event, part) = (ledger.event(mention.event), ledger.part(mention));
            let MentionRole::Item(role) = mention.role else { continue };
            if let (Role::Output, Some(transformation)) = (role, event.transformation) {
                let edge =
                    Edge::of_part(ledger, mention.event, part, EdgeKind::Output, (transformation, name));
                self.push(edge, transformation, Pos::ceiling(edge.pos.time), None);
            }
            if role != Role::Lot {
                for lot in ledger.lots_of(event, part) {
                    let edge = Edge::of_part(ledger, mention.event, part, EdgeKind::Member, (lot, name));
                    self.push(edge, lot, Pos::ceiling(edge.pos.time), None);
                }
            }
        }
        self.containers();
        self.contents();
    }

    fn containers(&mut self) {
        for (link, from, to) in self.view.containers(self.reach.name, self.reach.from, self.reach.to) {
            self.reach_by(
                Edge::of_link(link, false, self.reach.to),
                link.parent,
                from,
                to,
                Standing::Carrier,
                None,
            );
        }
    }

    /// What was in it at the moment.
    fn contents(&mut self) {
        let Some(moment) = self.reach.moment else { return };
        let next = moment.next();
        for (link, ..) in self.view.contents(self.reach.name, moment, next) {
            self.push_as_of(Edge::of_link(link, false, next), link.child, moment);
        }
    }

    fn transformation(&mut self) {
        let ledger = self.view.ledger;
        let Reach { name, to, .. } = self.reach;
        if ledger.is_transformation_id(name) {
            self.view.need(name, Named::Transformation, Pos::MIN, to);
        }
        for mention in ledger.mentions(name, Pos::MIN, to) {
            for part in parts_as(ledger, mention.event, Role::Input) {
                let edge = Edge::of_part(ledger, mention.event, part, EdgeKind::Input, (part.item, name));
                self.push_as_of(edge, part.item, edge.pos);
            }
        }
    }

    /// An item as of the moment of its use.
    fn push_as_of(&mut self, edge: Edge, item: Name, moment: Pos) {
        let may_contain = !self.view.ledger.kind(item).is_class_level();
        self.push(edge, item, Pos::ceiling(moment.time), may_contain.then_some(moment));
    }

    fn push(&mut self, edge: Edge, name: Name, to: Pos, moment: Option<Pos>) {
        self.reach_by(edge, name, Pos::MIN, to, Standing::Affected, moment);
    }

    fn reach_by(
        &mut self,
        edge: Edge,
        name: Name,
        from: Pos,
        to: Pos,
        standing: Standing,
        moment: Option<Pos>,
    ) {
        self.next.push(Reach {
            name,
            from,
            to,
            standing,
            contents_until: None,
            moment,
            hops: self.reach.hops + 1,
            before: Some((self.index, edge)),
        });
    }
}
