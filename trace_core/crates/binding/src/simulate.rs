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

    /// The next document of at most so many events, or None at the end.
    fn next_document<'py>(&mut self, py: Python<'py>, events_max: u64) -> Option<Bound<'py, PyBytes>> {
        let limits = Limits { events: events_max, ..Limits::default() };
        let document = py.detach(|| self.0.next_document(limits));
        document.map(|bytes| PyBytes::new(py, &bytes))
    }

    /// One document in chunks, to a function that takes bytes; this is the whole of it.
    fn write_document(&mut self, py: Python<'_>, write: &Bound<'_, PyAny>) -> PyResult<()> {
        for chunk in self.0.document() {
            write.call1((PyBytes::new(py, &chunk),))?;
        }
        Ok(())
    }

    /// What the firms and sites are called, a document of master data alone.
    fn master_data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &simulate::master_data(self.0.settings().end_s))
    }

    /// Things worth looking up, once the events have been told.
    fn landmarks(&self) -> Vec<Landmark> {
        self.0.landmarks().iter().map(Landmark::of).collect()
    }
}

/// A thing worth looking up; see `_native.pyi`.
#[pyclass(frozen, get_all)]
pub struct Landmark {
    domain: &'static str,
    role: &'static str,
    trouble: Option<&'static str>,
    urn: String,
    digital_link: String,
    element_string: String,
}

impl Landmark {
    fn of(landmark: &simulate::Landmark) -> Self {
        Self {
            domain: landmark.domain.name(),
            role: landmark.role.name(),
            trouble: landmark.trouble.map(simulate::Trouble::name),
            urn: landmark.urn.clone(),
            digital_link: landmark.digital_link.clone(),
            element_string: landmark.element_string.clone(),
        }
    }
}
