//! Ours beside a peer and a limit, by turns in one process, and what they did as one line of JSON each.
//!
//! `python -m benches` runs the examples that measure with this, and reads their lines: `operation`, `ours_per_s`;
//! with a limit `limit` (its name) and `limit_per_s`; with a peer `peer` (its name), `peer_per_s`, `times_peer` (the
//! median of the pairs' ratios) and `void`, where that of the fastest runs is another.
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
    /// Runs both by turns, and who begins changes.
    pub fn beside<A, B>(
        &self,
        peer: &str,
        pairs: usize,
        mut ours: impl FnMut() -> A,
        mut theirs: impl FnMut() -> B,
    ) {
        let (mut ours_s, mut peer_s) = (Vec::new(), Vec::new());
        for pair in 0..pairs.max(1) {
            if pair % 2 == 0 {
                ours_s.push(seconds(&mut ours));
                peer_s.push(seconds(&mut theirs));
            } else {
                peer_s.push(seconds(&mut theirs));
                ours_s.push(seconds(&mut ours));
            }
        }
        let times = median(ours_s.iter().zip(&peer_s).map(|(ours, peer)| peer / ours).collect());
        let of_minima = minimum(&peer_s) / minimum(&ours_s);
        let mut line = self.line(minimum(&ours_s));
        line["peer"] = json!(peer);
        line["peer_per_s"] = json!(self.per_s(minimum(&peer_s)));
        line["times_peer"] = json!(times);
        line["void"] = json!((times / of_minima - 1.0).abs() > DISAGREEMENT_MAX);
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

/// Seconds of the fastest run.
pub fn fastest<T>(runs: usize, mut run: impl FnMut() -> T) -> f64 {
    (0..runs.max(1)).map(|_| seconds(&mut run)).fold(f64::INFINITY, f64::min)
}

fn seconds<T>(run: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64()
}

fn minimum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
