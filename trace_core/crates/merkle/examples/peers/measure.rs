//! Ours and a peer by turns, and what both did as one line of JSON.

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};

/// Where the two estimators of a ratio differ by more, the machine was too busy.
const DISAGREEMENT_MAX: f64 = 0.05;

/// What cannot be beaten, in operations a second.
pub(crate) struct Limit {
    pub(crate) name: String,
    pub(crate) per_s: f64,
}

/// Runs both by turns, and who begins changes; prints how many of `count` operations a second each does.
/// `peer_ratio` is the median of the pairs' ratios, and the line is void where that of the fastest runs is another.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
pub(crate) fn compare<A, B>(
    operation: &str,
    count: usize,
    limit: Option<&Limit>,
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
    let ratio = median(ours_s.iter().zip(&peer_s).map(|(ours, peer)| peer / ours).collect());
    let void = (ratio * minimum(&ours_s) / minimum(&peer_s) - 1.0).abs() > DISAGREEMENT_MAX;
    let mut line = line(operation, count as f64 / minimum(&ours_s), limit);
    line["peer"] = json!(peer);
    line["peer_per_s"] = json!((count as f64 / minimum(&peer_s)).round());
    line["peer_ratio"] = json!(ratio);
    line["void"] = json!(void);
    println!("{line}");
}

/// Prints how many of `count` operations a second ours does in the fastest of its runs.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
pub(crate) fn alone<A>(
    operation: &str,
    count: usize,
    limit: &Limit,
    runs: usize,
    mut ours: impl FnMut() -> A,
) {
    let fastest = (0..runs.max(1)).map(|_| seconds(&mut ours)).fold(f64::INFINITY, f64::min);
    println!("{}", line(operation, count as f64 / fastest, Some(limit)));
}

fn line(operation: &str, per_s: f64, limit: Option<&Limit>) -> Value {
    let mut line = json!({"operation": operation, "ours_per_s": per_s.round()});
    if let Some(limit) = limit {
        line["limit"] = json!(limit.name);
        line["limit_per_s"] = json!(limit.per_s.round());
    }
    line
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
