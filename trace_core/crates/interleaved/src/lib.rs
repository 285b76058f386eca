//! Ours beside a peer and a limit, by turns in one process, and what they did as one line of JSON each.
//!
//! `python -m benches` runs the examples that measure with this, and reads their lines: `operation`, `ours_per_s`;
//! with a limit `limit` (its name) and `limit_per_s`, with `of_limit` where it was measured by turns; with a peer `peer`
//! (its name), `peer_per_s` and `times_peer`. Ratios are the medians of the pairs'; where those of the fastest runs are
//! others, the line is `void`.
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};

/// Where the two estimators of a ratio differ by more, the machine was too busy.
const DISAGREEMENT_MAX: f64 = 0.05;

/// What cannot be beaten, in operations a second.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What it is, for a table.
    pub name: String,
    /// Operations a second.
    pub per_s: f64,
}

/// What is measured: `count` operations a run, and what bounds them.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// What it is, for a table.
    pub name: &'a str,
    /// Operations in one run.
    pub count: usize,
    /// What cannot be beaten, if that is known.
    pub limit: Option<&'a Limit>,
}

impl Operation<'_> {
    /// Ours and a peer by turns.
    pub fn beside<A, B>(&self, peer: &str, pairs: usize, ours: impl FnMut() -> A, theirs: impl FnMut() -> B) {
        let pairs = Pairs::of(pairs, ours, theirs);
        let mut line = self.line(pairs.ours_s);
        line["peer"] = json!(peer);
        line["peer_per_s"] = json!(self.per_s(pairs.others_s));
        line["times_peer"] = json!(pairs.times);
        line["void"] = json!(pairs.void);
        println!("{line}");
    }

    /// Ours and what cannot be beaten, by turns.
    pub fn under<A, B>(&self, limit: &str, pairs: usize, ours: impl FnMut() -> A, least: impl FnMut() -> B) {
        let pairs = Pairs::of(pairs, ours, least);
        let mut line = self.line(pairs.ours_s);
        line["limit"] = json!(limit);
        line["limit_per_s"] = json!(self.per_s(pairs.others_s));
        line["of_limit"] = json!(pairs.times);
        line["void"] = json!(pairs.void);
        println!("{line}");
    }

    /// Ours alone: the fastest of its runs.
    pub fn alone<A>(&self, runs: usize, mut ours: impl FnMut() -> A) {
        println!("{}", self.line(fastest(runs, &mut ours)));
    }

    fn line(&self, seconds: f64) -> Value {
        let mut line = json!({"operation": self.name, "ours_per_s": self.per_s(seconds)});
        if let Some(limit) = self.limit {
            line["limit"] = json!(limit.name);
            line["limit_per_s"] = json!(limit.per_s.round());
        }
        line
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    fn per_s(&self, seconds: f64) -> f64 {
        (self.count as f64 / seconds).round()
    }
}

/// What two that ran by turns took.
struct Pairs {
    /// Seconds of the fastest runs.
    ours_s: f64,
    others_s: f64,
    /// The median of the pairs' ratios: how many times faster ours is.
    times: f64,
    /// Whether the ratio of the fastest runs says something else.
    void: bool,
}

impl Pairs {
    /// Who begins changes.
    fn of<A, B>(pairs: usize, mut ours: impl FnMut() -> A, mut others: impl FnMut() -> B) -> Self {
        let mut seconds_of = Vec::new();
        for pair in 0..pairs.max(1) {
            let first = if pair % 2 == 0 { seconds(&mut ours) } else { seconds(&mut others) };
            let second = if pair % 2 == 0 { seconds(&mut others) } else { seconds(&mut ours) };
            seconds_of.push(if pair % 2 == 0 { (first, second) } else { (second, first) });
        }
        let least = |of: fn(&(f64, f64)) -> f64| seconds_of.iter().map(of).fold(f64::INFINITY, f64::min);
        let (ours_s, others_s) = (least(|pair| pair.0), least(|pair| pair.1));
        let times = median(seconds_of.iter().map(|(ours, others)| others / ours).collect());
        let void = (times * ours_s / others_s - 1.0).abs() > DISAGREEMENT_MAX;
        Self { ours_s, others_s, times, void }
    }
}

/// Seconds of the fastest run.
pub fn fastest<T>(runs: usize, mut run: impl FnMut() -> T) -> f64 {
    (0..runs.max(1)).map(|_| seconds(&mut run)).fold(f64::INFINITY, f64::min)
}

fn seconds<T>(run: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
