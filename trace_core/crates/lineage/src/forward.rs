//! What came of items: a breadth-first search through time.
//!
//! What is *affected* stays so from a moment on: the items named, members of an affected lot, outputs of a
//! transformation that used something affected (or a container with it) up. What *contains* it is reached only
//! while it does: an assembly with an affected part is affected, without its other parts; a container is a
//! carrier, without its other contents. Only of a container or assembly that the question names are the contents
//! affected, from their stay in it on.

use crate::fact::{Kind, Role};
use crate::graph::{Edge, EdgeKind, Graph, Reach, Standing, parts_as};
use crate::ledger::{Bond, MentionRole, Name, Pos};
use crate::view::View;
use crate::walk::{Limits, Named};

/// Cost: the events of what it reaches, in memory; no more.
pub(crate) fn forward(view: &mut View, limits: &Limits, items: &[Name], from: i64) -> Graph {
    let mut graph = Graph::default();
    let named = |&name: &Name| Reach {
        name,
        from: Pos::floor(from),
        to: Pos::MAX,
        standing: Standing::Named,
        contents_until: Some(Pos::MAX),
        moment: None,
        hops: 0,
        before: None,
    };
    let mut layer: Vec<Reach> = items.iter().map(named).collect();
    while !layer.is_empty() {
        let news = graph.admit(view.ledger, limits, &layer);
        let from_there = view.each(&news, |view, &index| {
            let reach = graph.reaches[index];
            let mut search = Search { view, index, reach, next: Vec::new() };
            if search.view.ledger.is_item(reach.name) {
                search.item();
            } else {
                search.transformation();
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
        let Reach { name, to, standing, contents_until, .. } = self.reach;
        let is_untold_class = self.view.ledger.kind(name) == Kind::Class && standing != Standing::Named;
        if is_untold_class || standing == Standing::Portion {
            return;
        }
        if to == Pos::MAX && standing >= Standing::Affected {
            self.view.need_all(name);
        }
        self.containers();
        self.own_events();
        if let Some(until) = contents_until {
            self.contents(until);
        }
    }

    fn containers(&mut self) {
        for (link, from, to) in self.view.containers(self.reach.name, self.reach.from, self.reach.to) {
            let is_part = link.bond == Bond::Association && self.reach.standing >= Standing::Affected;
            let standing = if is_part { Standing::Affected } else { Standing::Carrier };
            self.push(Edge::of_link(link, false, self.reach.to), from, to, standing, None);
        }
    }

    fn own_events(&mut self) {
        let ledger = self.view.ledger;
        let Reach { name, from, to, .. } = self.reach;
        let mut last_of_lot = None;
        for mention in ledger.mentions(name, from, to) {
            let event = ledger.event(mention.event);
            match (mention.role, event.transformation) {
                (MentionRole::Item(Role::Input), Some(transformation)) => {
                    let ends = (name, transformation);
                    let edge =
                        Edge::of_part(ledger, mention.event, ledger.part(mention), EdgeKind::Input, ends);
                    self.push(edge, Pos::floor(edge.pos.time), Pos::MAX, Standing::Affected, None);
                }
                // Every member mentions its lot; the event is looked through once.
                (MentionRole::Item(Role::Lot), _) if last_of_lot != Some(mention.event) => {
                    last_of_lot = Some(mention.event);
                    for part in event.parts.iter().filter(|part| ledger.is_member(event, part, name)) {
                        let ends = (name, part.item);
                        let edge = Edge::of_part(ledger, mention.event, part, EdgeKind::Member, ends);
                        self.push(edge, from, Pos::MAX, Standing::Affected, None);
                    }
                }
                _ => {}
            }
        }
    }

    fn contents(&mut self, until: Pos) {
        for (link, from, to) in self.view.contents(self.reach.name, self.reach.from, until) {
            let is_portion = self.view.ledger.kind(link.child).is_class_level();
            let edge = Edge::of_link(link, true, until);
            if is_portion {
                self.push(edge, from, to, Standing::Portion, None);
            } else {
                self.push(edge, from, Pos::MAX, Standing::Affected, Some(to));
            }
        }
    }

    /// Inputs of any event of a transformation go into the outputs of any that is not earlier.
    fn transformation(&mut self) {
        let ledger = self.view.ledger;
        let Reach { name, from, .. } = self.reach;
        if ledger.is_transformation_id(name) {
            // All of it, also from before: the sums of what went in and came out need it.
            self.view.need(name, Named::Transformation, Pos::MIN, Pos::MAX);
        }
        for mention in ledger.mentions(name, from, Pos::MAX) {
            for part in parts_as(ledger, mention.event, Role::Output) {
                let edge = Edge::of_part(ledger, mention.event, part, EdgeKind::Output, (name, part.item));
                self.push(edge, Pos::floor(edge.pos.time), Pos::MAX, Standing::Affected, None);
            }
        }
    }

    fn push(&mut self, edge: Edge, from: Pos, to: Pos, standing: Standing, contents_until: Option<Pos>) {
        self.next.push(Reach {
            name: edge.to,
            from,
            to,
            standing,
            contents_until,
            moment: None,
            hops: self.reach.hops + 1,
            before: Some((self.index, edge)),
        });
    }
}
