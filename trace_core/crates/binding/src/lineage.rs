//! Questions of lineage: names to look up go out, event bodies come in.

use std::collections::HashMap;
use std::io::Write;

use lineage::{Fact, Keys, Limits, Question, Want};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::capture::Blinding;
use crate::error::Failed;
use crate::facts::{Label, Row, Stored};

/// Earliest and latest times that Postgres and Python both hold, µs since 1970: the years 1 and 9999.
const TIME_US_MIN: i64 = -62_135_596_800_000_000;
const TIME_US_MAX: i64 = 253_402_300_799_000_000;

/// What the next round has to see: three lists of one length.
#[pyclass(frozen, get_all)]
pub struct Wanted {
    name_hashes: Vec<i64>,
    from_us: Vec<i64>,
    to_us: Vec<i64>,
}

/// One question on its way to its answer; see `_native.pyi`.
#[pyclass]
pub struct Walk {
    machine: Option<lineage::Walk>,
    blinding: Py<Blinding>,
    labels: HashMap<u64, Label>,
}

#[pymethods]
impl Walk {
    #[new]
    #[pyo3(signature = (question, items, *, blinding, events_max, items_max))]
    fn new(
        question: &str,
        items: Vec<String>,
        blinding: Py<Blinding>,
        events_max: usize,
        items_max: usize,
    ) -> PyResult<Self> {
        let (from, at) = (i64::MIN, i64::MAX);
        let question = match question {
            "history" => Question::History { items, at },
            "trace_backward" => Question::TraceBackward { items, at },
            "trace_forward" => Question::TraceForward { items, from, at },
            "recall" => Question::Recall { items, from, at },
            _ => return Err(PyValueError::new_err("no such question")),
        };
        let limits = Limits { events_max, items_max, ..Limits::default() };
        Ok(Self { machine: Some(lineage::Walk::new(question, limits)), blinding, labels: HashMap::new() })
    }

    fn wanted(&mut self, py: Python<'_>) -> PyResult<Wanted> {
        let blinding = &self.blinding.get().0;
        let walk = self.machine.as_mut().ok_or_else(finished)?;
        Ok(py.detach(|| {
            let mut wanted = Wanted { name_hashes: Vec::new(), from_us: Vec::new(), to_us: Vec::new() };
            for (name_hash, from, to) in windows_of(&walk.wanted(), blinding) {
                wanted.name_hashes.push(name_hash);
                wanted.from_us.push(from.clamp(TIME_US_MIN, TIME_US_MAX));
                wanted.to_us.push(to.clamp(TIME_US_MIN, TIME_US_MAX));
            }
            wanted
        }))
    }

    /// Events in the order of their keys, by columns: keys, places of their bodies, record times, event hash ids; what
    /// they share: packed bodies by the keys of their groups, contexts by the numbers of captures.
    fn feed(
        &mut self,
        py: Python<'_>,
        columns: (Vec<u64>, Vec<u64>, Vec<i64>, Vec<[u8; 32]>),
        groups: HashMap<u64, PyBackedBytes>,
        contexts: HashMap<u64, PyBackedBytes>,
    ) -> Result<(), Failed> {
        let walk = self.machine.as_mut().ok_or_else(finished)?;
        let labels = &mut self.labels;
        let (keys, places, times, hash_ids) = columns;
        let columns = keys.into_iter().zip(places).zip(times).zip(hash_ids);
        py.detach(|| {
            let row = |(((event_key, body_place), record_time), event_hash_id)| Row {
                event_key,
                body_place,
                record_time,
                event_hash_id,
            };
            let rows: Vec<Row> = columns.map(row).collect();
            let (groups, contexts) = (borrowed(&groups), borrowed(&contexts));
            let stored = Stored { rows: &rows, groups: &groups, contexts: &contexts };
            let take = |facts: Vec<(Fact, Label)>| {
                for (fact, label) in facts {
                    if !label.is_empty() {
                        labels.insert(fact.event_key, label);
                    }
                    walk.add(&fact);
                }
            };
            let read = stored.read(take);
            walk.end_round();
            read.map_err(|key| Failed::proof(format!("stored event {key} cannot be read")))
        })
    }

    /// The caller could not show everything that was wanted.
    fn truncate(&mut self) -> PyResult<()> {
        self.machine.as_mut().ok_or_else(finished)?.truncate();
        Ok(())
    }

    /// What events say of the labels of their items, by their keys.
    fn labels(&self) -> HashMap<u64, Label> {
        self.labels.clone()
    }

    /// The answer as JSON; with `keys` events are named by their keys in the database, too. Ends the walk.
    #[pyo3(signature = (*, keys))]
    fn finish<'py>(&mut self, py: Python<'py>, keys: bool) -> Result<Bound<'py, PyBytes>, Failed> {
        let mut walk = self.machine.take().ok_or_else(finished)?;
        let keys = if keys { Keys::Shown } else { Keys::LeftOut };
        let json = py.detach(|| walk.finish(keys).to_json());
        let json = json.map_err(|error| Failed::proof(format!("the answer cannot be written: {error}")))?;
        let length = json.iter().map(Vec::len).sum();
        let bytes = PyBytes::new_with(py, length, |mut place| {
            for piece in &json {
                place.write_all(piece)?;
            }
            Ok(())
        })?;
        Ok(bytes)
    }
}

/// Where events that are wanted are filed, and from when to when, ascending: of each name as few windows as possible.
fn windows_of(wants: &[Want], blinding: &capture::Blinding) -> Vec<(i64, i64, i64)> {
    let of_names: Vec<&[Want]> = wants.chunk_by(|one, next| one.name == next.name).collect();
    let names: Vec<&[u8]> = of_names.iter().map(|wants| wants[0].name.as_bytes()).collect();
    let mut tokens = Vec::with_capacity(names.len());
    blinding.tokens(&names, &mut tokens);
    let mut windows = Vec::with_capacity(names.len());
    for (wants, token) in of_names.into_iter().zip(tokens) {
        let mut of_name: Vec<(i64, i64)> = wants.iter().map(|want| (want.from, want.to)).collect();
        of_name.sort_unstable();
        let name_hash = capture::name_hash(&token);
        let first = windows.len();
        for (from, to) in of_name {
            match windows[first..].last_mut() {
                Some((_, _, end)) if from <= i64::saturating_add(*end, 1) => *end = to.max(*end),
                _ => windows.push((name_hash, from, to)),
            }
        }
    }
    windows.sort_unstable();
    windows
}

fn borrowed(all: &HashMap<u64, PyBackedBytes>) -> HashMap<u64, &[u8]> {
    all.iter().map(|(key, bytes)| (*key, &**bytes)).collect()
}

fn finished() -> PyErr {
    PyValueError::new_err("the walk is finished")
}
