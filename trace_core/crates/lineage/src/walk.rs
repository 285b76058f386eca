//! The machine that the caller drives: it says what it has to see, is fed, and in the end gives the answer.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use crate::answer::Answer;
use crate::backward::backward;
use crate::fact::Fact;
use crate::forward::forward;
use crate::graph::{Graph, Standing};
use crate::ledger::{Ledger, Name, Pos};
use crate::life::{need_life, now_in};
use crate::report::Report;
use crate::view::{Coverage, Memo, View, Window, merged};

/// What is asked. Times are microseconds since 1970 UTC; events after `at` are left out.
#[derive(Clone, Debug)]
pub enum Question {
    /// What happened to each item, and how it stands.
    History {
        /// Names as the facts spell them.
        items: Vec<String>,
        /// As of when; `i64::MAX` for now.
        at: i64,
    },
    /// Where the items came from.
    TraceBackward {
        /// Names as the facts spell them.
        items: Vec<String>,
        /// As of when.
        at: i64,
    },
    /// What came of the items.
    TraceForward {
        /// Names as the facts spell them.
        items: Vec<String>,
        /// Since when; `i64::MIN` for always.
        from: i64,
        /// As of when.
        at: i64,
    },
    /// What a recall of the items reaches, and how all of that stands.
    Recall {
        /// Names as the facts spell them.
        items: Vec<String>,
        /// Since when something is wrong with them; `i64::MIN` for always.
        from: i64,
        /// As of when.
        at: i64,
    },
}

impl Question {
    pub(crate) fn items(&self) -> &[String] {
        match self {
            Self::History { items, .. }
            | Self::TraceBackward { items, .. }
            | Self::TraceForward { items, .. }
            | Self::Recall { items, .. } => items,
        }
    }

    pub(crate) fn at(&self) -> i64 {
        match self {
            Self::History { at, .. }
            | Self::TraceBackward { at, .. }
            | Self::TraceForward { at, .. }
            | Self::Recall { at, .. } => *at,
        }
    }
}

/// Where a walk stops. An answer that met a limit says so.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// No more rounds once so many events were fed; the last round is kept whole.
    pub events_max: usize,
    /// Items in the answer.
    pub items_max: usize,
    /// Edges from a named item to any other.
    pub depth_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { events_max: 1_000_000, items_max: 100_000, depth_max: 100 }
    }
}

/// Why an answer is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// [`Limits::events_max`].
    EventsMax,
    /// [`Limits::items_max`].
    ItemsMax,
    /// [`Limits::depth_max`].
    DepthMax,
    /// The caller fed less than was wanted, and said so with [`Walk::truncate`], or asked for the answer early.
    Caller,
}

/// Whether an answer names events by the caller's keys, besides their ids and digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// For the caller itself.
    Shown,
    /// For whoever asked it.
    LeftOut,
}

/// As what events must name a wanted name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// An item, in any role but [`Class`](crate::Role::Class).
    Item,
    /// An item, as [`Child`](crate::Role::Child). Feeding its other events too is allowed, and a waste.
    Child,
    /// A transformation id.
    Transformation,
}

/// Events that the next round has to see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// Item or transformation id.
    pub name: String,
    /// Which.
    pub named: Named,
    /// Earliest event time, microseconds, included; `i64::MIN` for all.
    pub from: i64,
    /// Latest event time, included.
    pub to: i64,
}

/// One question on its way to its answer.
///
/// ```
/// # use lineage::{Fact, Keys, Limits, Question, Walk, Want};
/// # fn look_up(_: &[Want]) -> Vec<Fact> { Vec::new() }
/// let items = vec!["https://id.gs1.org/01/09520201000053/10/M0482".to_owned()];
/// let mut walk = Walk::new(Question::Recall { items, from: i64::MIN, at: i64::MAX }, Limits::default());
/// loop {
///     let wants = walk.wanted();
///     if wants.is_empty() {
///         break;
///     }
///     walk.feed(look_up(&wants));
/// }
/// let answer = walk.finish(Keys::LeftOut); // serde::Serialize
/// ```
#[derive(Debug)]
pub struct Walk {
    question: Question,
    limits: Limits,
    names: Vec<Name>,
    ledger: Ledger,
    coverage: Coverage,
    asked: Vec<(Name, Named, Window)>,
    /// Items whose whole life is known.
    known: HashSet<Name>,
    limits_reached: BTreeSet<Limit>,
    is_done: bool,
    /// What the last search found, as long as nothing was added since.
    searched: Option<Searched>,
}

#[derive(Debug)]
struct Searched {
    memo: Memo,
    graph: Graph,
}

impl Walk {
    /// A walk that has seen nothing yet.
    #[must_use]
    pub fn new(question: Question, limits: Limits) -> Self {
        let mut ledger = Ledger::default();
        let mut names: Vec<Name> = question.items().iter().map(|item| ledger.name(item)).collect();
        names.sort_unstable();
        names.dedup();
        Self {
            question,
            limits,
            names,
            ledger,
            coverage: Coverage::default(),
            asked: Vec::new(),
            known: HashSet::new(),
            limits_reached: BTreeSet::new(),
            is_done: false,
            searched: None,
        }
    }

    /// What the next [`feed`](Self::feed) has to bring: every event that matches any want. Ascending, and the same
    /// until it is fed. Empty when the answer can be given, or a limit was reached.
    ///
    /// Cost: a look at all that was fed.
    pub fn wanted(&mut self) -> Vec<Want> {
        if self.asked.is_empty() && !self.is_done {
            self.asked = self.explore();
            let is_full = self.ledger.len() >= self.limits.events_max;
            if is_full && !self.asked.is_empty() {
                self.limits_reached.insert(Limit::EventsMax);
                self.asked.clear();
            }
            self.is_done = self.asked.is_empty();
        }
        let want = |&(name, named, (from, to)): &(Name, Named, Window)| Want {
            name: self.ledger.name_text(name).to_owned(),
            named,
            from,
            to,
        };
        let mut wants: Vec<Want> = self.asked.iter().map(want).collect();
        wants.sort_unstable();
        wants
    }

    /// Takes the events that were wanted. Others, and those seen before, do no harm; but every event that matches
    /// a want of any round must have been fed once that round is over.
    pub fn feed(&mut self, facts: impl IntoIterator<Item = Fact>) {
        for fact in facts {
            self.add(&fact);
        }
        self.end_round();
    }

    /// Takes one of the events of a round; see [`feed`](Self::feed).
    pub fn add(&mut self, fact: &Fact) {
        if fact.event_time <= self.question.at() {
            self.searched = None;
            self.ledger.add(fact);
        }
    }

    /// All that was wanted has been added; see [`feed`](Self::feed).
    pub fn end_round(&mut self) {
        self.searched = None;
        self.ledger.settle();
        for (name, named, window) in self.asked.drain(..) {
            self.coverage.add(name, named, window);
        }
    }

    /// The caller could not feed all that was wanted: the walk ends, and the answer says so.
    pub fn truncate(&mut self) {
        self.limits_reached.insert(Limit::Caller);
        self.is_done = true;
        self.asked.clear();
    }

    /// Events fed so far, each once.
    #[must_use]
    pub fn events(&self) -> usize {
        self.ledger.len()
    }

    /// The answer, from what was fed; its texts are the walk's.
    #[must_use]
    pub fn finish(&mut self, keys: Keys) -> Answer<'_> {
        if !self.is_done && !self.wanted().is_empty() {
            self.limits_reached.insert(Limit::Caller);
        }
        let searched = self.searched.take().unwrap_or_else(|| {
            let memo = Memo::of(&self.ledger);
            let mut view = View::new(&self.ledger, &self.coverage, &memo, self.question.at());
            let graph = search(&mut view, &self.question, &self.limits, &self.names);
            Searched { memo, graph }
        });
        let Searched { memo, graph } = self.searched.insert(searched);
        self.limits_reached.extend(&graph.limits_reached);
        let mut view = View::new(&self.ledger, &self.coverage, memo, self.question.at());
        let report = Report::new(&self.ledger, graph, &self.limits_reached, keys);
        report.answer(&mut view, &self.question, &self.names)
    }

    fn explore(&mut self) -> Vec<(Name, Named, Window)> {
        let memo = Memo::of(&self.ledger);
        let mut view = View::new(&self.ledger, &self.coverage, &memo, self.question.at());
        let graph = search(&mut view, &self.question, &self.limits, &self.names);
        let lives = match self.question {
            Question::History { .. } => self.names.clone(),
            Question::Recall { .. } => graph.items_of(Standing::Affected, &self.ledger),
            _ => Vec::new(),
        };
        let is_history = matches!(self.question, Question::History { .. });
        let unknown: Vec<Name> = lives.into_iter().filter(|name| !self.known.contains(name)).collect();
        let is_known = view.each(&unknown, |view, &name| {
            let lacks = view.missing.len();
            need_life(view, name);
            now_in(view, name);
            if is_history {
                view.contents(name, Pos::NOW, Pos::MAX);
            }
            view.missing.len() == lacks
        });
        let known = unknown.iter().zip(is_known).filter(|(_, is_known)| *is_known);
        self.known.extend(known.map(|(name, _)| name));
        let mut missing = view.missing;
        self.searched = Some(Searched { memo, graph });
        missing.sort_unstable();
        let of_name = |windows: &[(Name, Named, Window)]| {
            let (name, named, _) = windows[0];
            let windows = merged(windows.iter().map(|(.., window)| *window).collect());
            windows.into_iter().map(move |window| (name, named, window))
        };
        missing.chunk_by(|one, next| (one.0, one.1) == (next.0, next.1)).flat_map(of_name).collect()
    }
}

fn search(view: &mut View, question: &Question, limits: &Limits, names: &[Name]) -> Graph {
    match *question {
        Question::History { .. } => Graph::default(),
        Question::TraceBackward { .. } => backward(view, limits, names),
        Question::TraceForward { from, .. } | Question::Recall { from, .. } => {
            forward(view, limits, names, from)
        }
    }
}
