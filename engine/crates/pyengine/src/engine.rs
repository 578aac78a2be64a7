//! A run: build, advance, look.

use crate::arrow::Table;
use crate::errors::{ConservationError, guarded, scenario_error};
use crate::hashing::hasher;
use graph::scenario::Format;
use graph::{Change, Scenario};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use sim::Simulation;
use std::collections::BTreeMap;
use std::sync::Arc;
use traffic::Captures;

/// A scenario being run in virtual time.
#[pyclass(module = "engine._core")]
pub(crate) struct Engine {
    /// Boxed, since it asks for a larger alignment than Python's allocator gives.
    simulation: Box<Simulation>,
}

#[pymethods]
impl Engine {
    /// Build what the document describes. `captures`: the bytes of each capture it names.
    #[new]
    #[pyo3(signature = (scenario_json, captures=None, *, lossless=false))]
    fn new(
        py: Python<'_>,
        scenario_json: &str,
        captures: Option<BTreeMap<String, Vec<u8>>>,
        lossless: bool,
    ) -> PyResult<Self> {
        let scenario = Scenario::parse(scenario_json, Format::Json).map_err(|e| scenario_error(py, &e))?;
        let captures: Captures =
            captures.unwrap_or_default().into_iter().map(|(name, bytes)| (name, Arc::from(bytes))).collect();
        let built = py.detach(|| guarded(|| Simulation::new(scenario, &captures, &hasher)))?;
        let simulation = built.map_err(|e| scenario_error(py, &e))?;
        Ok(Engine { simulation: Box::new(if lossless { simulation.lossless() } else { simulation }) })
    }

    /// Virtual time now, in nanoseconds.
    #[getter]
    fn now_ns(&self) -> u64 {
        self.simulation.now_ns()
    }

    /// When the run ends at the latest.
    #[getter]
    fn end_ns(&self) -> u64 {
        self.simulation.end_ns()
    }

    /// Whether nothing more will happen.
    #[getter]
    fn finished(&self) -> bool {
        self.simulation.finished()
    }

    /// When something happened last.
    #[getter]
    fn last_ns(&self) -> u64 {
        self.simulation.last_ns()
    }

    /// Frames offered so far.
    #[getter]
    fn offered_frames(&self) -> u64 {
        self.simulation.offered_frames()
    }

    /// The scenario as it is now, as canonical JSON; the control script is left out.
    fn document(&self, py: Python<'_>) -> PyResult<String> {
        self.simulation.document().to_json().map_err(|e| scenario_error(py, &e))
    }

    /// What its NIC was built with, and cannot exceed: queues, descriptors of a ring, whether a flow table.
    #[getter]
    fn built(&self) -> (u16, u32, bool) {
        let built = self.simulation.built();
        (built.queues, built.ring_size, built.flow_table)
    }

    /// Counter → value so far, of the NIC's queues together.
    fn nic_counters(&self) -> BTreeMap<&'static str, u64> {
        let counters = self.simulation.nic_counters();
        counters.iter().map(|(declared, value)| (declared.name, value)).collect()
    }

    /// Change it now, by a patch of the document (RFC 7396): all of it or none.
    fn apply(&mut self, py: Python<'_>, change: &str) -> PyResult<()> {
        let change = Change::from_json(change).map_err(|e| scenario_error(py, &e))?;
        let applied = guarded(|| self.simulation.apply(&change, &hasher))?;
        applied.map_err(|e| scenario_error(py, &e))
    }

    /// Run up to `until_ns`, or to the end; returns the time reached.
    fn advance(&mut self, py: Python<'_>, until_ns: u64) -> PyResult<u64> {
        py.detach(|| {
            guarded(|| {
                self.simulation.advance(until_ns);
                self.simulation.now_ns()
            })
        })
    }

    /// Run to the end and check the laws.
    fn finish(&mut self, py: Python<'_>) -> PyResult<()> {
        let laws = py.detach(|| {
            guarded(|| {
                self.simulation.advance(u64::MAX);
                self.simulation.check_laws()
            })
        })?;
        laws.map_err(|broken| ConservationError::new_err(broken.to_string()))
    }

    /// The conservation law's terms, as JSON.
    fn stats(&self) -> String {
        let tally = self.simulation.tally();
        let dropped: BTreeMap<&str, u64> = tally.dropped_by_reason().map(|(r, n)| (r.name(), n)).collect();
        json!({
            "rx": tally.rx,
            "delivered": tally.delivered,
            "dropped": dropped,
            "pending": self.simulation.pending_frames(),
            "consumed": tally.consumed,
        })
        .to_string()
    }

    /// A table by name.
    fn table(&self, py: Python<'_>, name: &str) -> PyResult<Table> {
        let table = py.detach(|| guarded(|| self.simulation.table(name)))?;
        Table::new(table.ok_or_else(|| PyKeyError::new_err(format!("no table {name:?}")))?)
    }

    /// What the host sent (acknowledgements), as a pcap file. Needs `observe.frames`.
    fn sent_capture<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        match self.simulation.sent_capture() {
            [] => Err(PyValueError::new_err("observe.frames = false: allowed is true, to keep the frames")),
            capture => Ok(PyBytes::new(py, capture)),
        }
    }

    /// What the host forwarded, as it left, as a pcap file. Needs `observe.frames`.
    fn forwarded_capture<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        match self.simulation.forwarded_capture() {
            [] => Err(PyValueError::new_err("observe.frames = false: allowed is true, to keep the frames")),
            capture => Ok(PyBytes::new(py, capture)),
        }
    }

    /// What the host stack was handed, as a pcap file. Needs `observe.frames`.
    fn output_capture<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        match self.simulation.output_capture() {
            [] => Err(PyValueError::new_err("observe.frames = false: allowed is true, to keep the frames")),
            capture => Ok(PyBytes::new(py, capture)),
        }
    }
}
