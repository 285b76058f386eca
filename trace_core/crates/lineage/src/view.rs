//! What one round sees of the world, and what it would have had to see.
//!
//! Every algorithm asks the view; what it asks for and the ledger has not been fed yet becomes a want of the
//! next round. So one and the same code finds out what is needed and, when nothing is, computes the answer.

use std::collections::{BTreeMap, HashSet};
use std::sync::OnceLock;

use crate::containment::{Link, Stays, stays};
use crate::fact::Role;
use crate::ledger::{Ledger, Mention, MentionRole, Name, Pos};
use crate::shared::shared;
use crate::walk::Named;

/// From and to, microseconds, both included.
pub(crate) type Window = (i64, i64);

/// What the ledger has been fed: by name, windows of time, apart and ascending.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<Named, Vec<Vec<Window>>>);

impl Coverage {
    pub(crate) fn add(&mut self, name: Name, named: Named, window: Window) {
        let lists = self.0.entry(named).or_default();
        if lists.len() <= name as usize {
            lists.resize(name as usize + 1, Vec::new());
        }
        let windows = &mut lists[name as usize];
        windows.push(window);
        *windows = merged(std::mem::take(windows));
    }

    /// Whether one window covers another: most are looked at whole.
    fn has(&self, name: Name, named: Named, (from, to): Window) -> bool {
        let lists = self.0.get(&named).and_then(|lists| lists.get(name as usize));
        lists.into_iter().flatten().any(|&(start, end)| start <= from && to <= end)
    }

    /// The parts of a window that are not covered.
    fn missing(&self, name: Name, named: Named, (mut from, to): Window) -> Vec<Window> {
        let mut missing = Vec::new();
        for &(start, end) in
            self.0.get(&named).and_then(|lists| lists.get(name as usize)).into_iter().flatten()
        {
            if end < from {
                continue;
            }
            if start > to {
                break;
            }
            if from < start {
                missing.push((from, start - 1));
            }
            if end == i64::MAX {
                return missing;
            }
            from = end + 1;
        }
        if from <= to {
            missing.push((from, to));
        }
        missing
    }
}

/// The same times in as few windows as possible.
pub(crate) fn merged(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort_unstable();
    let mut merged: Vec<Window> = Vec::with_capacity(windows.len());
    for (from, to) in windows {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// Stays by name, each replayed when it is first asked for. Of the ledger as it was when this was made.
#[derive(Debug)]
pub(crate) struct Memo(Vec<OnceLock<Option<Box<Stays>>>>);

impl Memo {
    pub(crate) fn of(ledger: &Ledger) -> Self {
        let mut stays = Vec::new();
        stays.resize_with(ledger.names_len(), OnceLock::new);
        Self(stays)
    }
}

/// Of a thing that was never in another.
static NO_STAYS: Stays = Stays { links: Vec::new(), strays: Vec::new() };

/// Things that are looked at by one thread at a time.
const AT_A_TIME: usize = 512;

pub(crate) struct View<'a> {
    pub(crate) ledger: &'a Ledger,
    coverage: &'a Coverage,
    memo: &'a Memo,
    /// Latest time that the question looks at.
    at: i64,
    /// Whatever was missing, in the order in which it was asked for.
    pub(crate) missing: Vec<(Name, Named, Window)>,
    /// There are containers that were not looked at, because they are too far out.
    pub(crate) is_cut_in_depth: bool,
}

impl<'a> View<'a> {
    pub(crate) fn new(ledger: &'a Ledger, coverage: &'a Coverage, memo: &'a Memo, at: i64) -> Self {
        Self { ledger, coverage, memo, at, missing: Vec::new(), is_cut_in_depth: false }
    }

    /// What `look` makes of each thing, in order. Many are looked at by several threads.
    pub(crate) fn each<T: Sync, R: Send>(
        &mut self,
        things: &[T],
        look: impl Fn(&mut Self, &T) -> R + Sync,
    ) -> Vec<R> {
        if things.len() <= AT_A_TIME {
            return things.iter().map(|thing| look(self, thing)).collect();
        }
        let made = shared(things, AT_A_TIME, |things| {
            let mut view = self.beside();
            let made: Vec<R> = things.iter().map(|thing| look(&mut view, thing)).collect();
            (view, made)
        });
        let mut all = Vec::with_capacity(things.len());
        for (view, made) in made {
            self.missing.extend(view.missing);
            self.is_cut_in_depth |= view.is_cut_in_depth;
            all.extend(made);
        }
        all
    }

    /// Another look at the same.
    fn beside(&self) -> Self {
        Self::new(self.ledger, self.coverage, self.memo, self.at)
    }

    /// Says that the events which name something between two positions matter.
    pub(crate) fn need(&mut self, name: Name, named: Named, from: Pos, to: Pos) {
        let window = (from.time, to.time.min(self.at));
        if window.0 > window.1 {
            return;
        }
        let is_there = self.coverage.has(name, Named::Item, window);
        if is_there && named != Named::Transformation || self.coverage.has(name, named, window) {
            return;
        }
        let mut missing = self.coverage.missing(name, named, window);
        if named == Named::Child && !missing.is_empty() {
            missing = missing
                .into_iter()
                .flat_map(|window| self.coverage.missing(name, Named::Item, window))
                .collect();
        }
        self.missing.extend(missing.into_iter().map(|window| (name, named, window)));
    }

    /// Everything about an item, as of the question's time.
    pub(crate) fn need_all(&mut self, item: Name) {
        self.need(item, Named::Item, Pos::MIN, Pos::MAX);
    }

    pub(crate) fn stays(&self, item: Name) -> &'a Stays {
        let replay = || {
            let stays = stays(self.ledger, item);
            (!stays.is_none()).then(|| Box::new(stays))
        };
        self.memo.0[item as usize].get_or_init(replay).as_deref().unwrap_or(&NO_STAYS)
    }

    /// The stays of an item in containers between two positions, each with the part of it that lies between.
    pub(crate) fn containers(&mut self, item: Name, from: Pos, to: Pos) -> Vec<(&'a Link, Pos, Pos)> {
        self.need(item, Named::Item, from, to);
        if let Some(before) = from.time.checked_sub(1) {
            // It may have come in long before: only events that name it as child tell.
            self.need(item, Named::Child, Pos::MIN, Pos::floor(before));
        }
        let mut inside = Vec::new();
        for link in &self.stays(item).links {
            let Some((start, end)) = link.during(from, to) else { continue };
            self.need(item, Named::Item, link.from, from);
            // All may leave the container at once, without being named.
            self.need(link.parent, Named::Item, link.from, end);
            inside.push((link, start, end));
        }
        inside
    }

    /// The stays of others in a container between two positions, each with the part of it that lies between.
    pub(crate) fn contents(&mut self, container: Name, from: Pos, to: Pos) -> Vec<(&'a Link, Pos, Pos)> {
        self.need(container, Named::Item, Pos::MIN, to);
        let ledger = self.ledger;
        let mut children = Vec::new();
        let mut seen = HashSet::new();
        for Mention { event, role, .. } in ledger.mentions(container, Pos::MIN, to) {
            if role == MentionRole::Item(Role::Parent) && ledger.event(event).bond().is_some() {
                let parts = ledger.event(event).parts.iter();
                children.extend(
                    parts
                        .filter(|part| part.role == Role::Child)
                        .map(|part| part.item)
                        .filter(|item| seen.insert(*item)),
                );
            }
        }
        let mut inside = Vec::new();
        for child in children {
            for link in self.stays(child).links.iter().filter(|link| link.parent == container) {
                let Some((start, end)) = link.during(from, to) else { continue };
                if !ledger.kind(child).is_class_level() {
                    // Only the child's own events tell that it is elsewhere, or no more.
                    self.need(child, Named::Item, link.from, end);
                }
                inside.push((link, start, end));
            }
        }
        inside
    }
}
