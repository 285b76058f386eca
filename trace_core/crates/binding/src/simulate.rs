//! The simulator, as an iterator of bytes.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use simulate::{Limits, Settings};

/// See `_native.pyi`.
#[pyclass]
pub struct Simulator(simulate::Simulator);

#[pymethods]
impl Simulator {
    #[new]
    #[pyo3(signature = (*, events, seed, start_s=None, end_s=None, troubled_per_10k=None, recall_items=0))]
    fn new(
        events: u64,
        seed: u64,
        start_s: Option<u64>,
        end_s: Option<u64>,
        troubled_per_10k: Option<u32>,
        recall_items: u32,
    ) -> PyResult<Self> {
        let plain = Settings::new(events, seed);
        let settings = Settings {
            start_s: start_s.unwrap_or(plain.start_s),
            end_s: end_s.unwrap_or(plain.end_s),
            troubled_per_10k: troubled_per_10k.unwrap_or(plain.troubled_per_10k),
            recall_items,
            ..plain
        };
        let simulator = simulate::Simulator::new(settings);
        simulator.map(Self).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The next document of at most so many events and bytes, or None at the end.
    fn next_document<'py>(
        &mut self,
        py: Python<'py>,
        events_max: u64,
        bytes_max: usize,
    ) -> Option<Bound<'py, PyBytes>> {
        let limits = Limits { bytes: bytes_max, events: events_max };
        let document = py.detach(|| self.0.documents(limits).next());
        document.map(|bytes| PyBytes::new(py, &bytes))
    }

    /// (domain, role, trouble or None, EPC URN, Digital Link, element string), in order of telling.
    fn landmarks(&self) -> Vec<(&str, &str, Option<&str>, &str, &str, &str)> {
        let row = |l: &simulate::Landmark| {
            (l.domain.name(), l.role.name(), l.trouble.map(simulate::Trouble::name))
        };
        self.0
            .landmarks()
            .iter()
            .map(|l| {
                let (domain, role, trouble) = row(l);
                (domain, role, trouble, l.urn.as_str(), l.digital_link.as_str(), l.element_string.as_str())
            })
            .collect()
    }
}
