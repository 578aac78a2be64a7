//! A run before this machine's kernel.

use crate::arrow::Table;
use crate::errors::{ConservationError, EngineError, guarded, scenario_error};
use crate::hashing::hasher;
use crate::live::pacing;
use crate::tap::Tap;
use ::live::{CardOutcome, LinuxHost, LinuxSettings};
use graph::Scenario;
use graph::scenario::Format;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use traffic::Captures;

/// What a NIC did before this machine's kernel.
#[pyclass(frozen, module = "engine._core")]
pub(crate) struct LinuxOutcome {
    outcome: CardOutcome,
}

impl LinuxOutcome {
    /// A finished run whose laws hold.
    pub(crate) fn new(py: Python<'_>, outcome: CardOutcome) -> PyResult<Self> {
        let laws = py.detach(|| guarded(|| outcome.check_laws()))?;
        laws.map_err(|broken| ConservationError::new_err(broken.to_string()))?;
        Ok(LinuxOutcome { outcome })
    }
}

#[pymethods]
impl LinuxOutcome {
    /// From the start to the last frame's end, in nanoseconds.
    #[getter]
    fn elapsed_ns(&self) -> u64 {
        self.outcome.elapsed_ns()
    }

    /// Time in writes to the port, in nanoseconds.
    #[getter]
    fn written_ns(&self) -> u64 {
        self.outcome.written_ns()
    }

    /// Frames offered.
    #[getter]
    fn offered_frames(&self) -> u64 {
        self.outcome.offered_frames()
    }

    /// Frames its port had no room for, in addition to those offered.
    #[getter]
    fn missed_frames(&self) -> u64 {
        self.outcome.missed_frames()
    }

    /// An interface vanished meanwhile.
    #[getter]
    fn gone(&self) -> bool {
        self.outcome.gone()
    }

    /// The conservation law's terms, as JSON.
    fn stats(&self) -> String {
        let tally = self.outcome.tally();
        let dropped: BTreeMap<&str, u64> = tally.dropped_by_reason().map(|(r, n)| (r.name(), n)).collect();
        json!({
            "rx": tally.rx,
            "delivered": tally.delivered,
            "dropped": dropped,
            "pending": self.outcome.pending_frames(),
            "consumed": tally.consumed,
        })
        .to_string()
    }

    /// A table by name.
    fn table(&self, py: Python<'_>, name: &str) -> PyResult<Table> {
        let table = py.detach(|| guarded(|| self.outcome.table(name)))?;
        Table::new(table.ok_or_else(|| PyKeyError::new_err(format!("no table {name:?} with host = linux")))?)
    }

    /// What the kernel took, as a pcap file. Needs `observe.frames`.
    fn output_capture<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        match self.outcome.output_capture() {
            [] => Err(PyValueError::new_err("observe.frames = false: allowed is true, to keep the frames")),
            capture => Ok(PyBytes::new(py, capture)),
        }
    }
}

/// Run a scenario's traffic through its NIC into a TAP device.
#[pyfunction]
#[pyo3(signature = (scenario_json, tap, captures=None, *, pacing="paced", prepared_frames=None, nic_cpu=None, queue_cpus=Vec::new()))]
#[expect(clippy::too_many_arguments, reason = "one each, as Python gives them")]
pub(crate) fn run_linux(
    py: Python<'_>,
    scenario_json: &str,
    tap: &Tap,
    captures: Option<BTreeMap<String, Vec<u8>>>,
    pacing: &str,
    prepared_frames: Option<u32>,
    nic_cpu: Option<usize>,
    queue_cpus: Vec<u16>,
) -> PyResult<LinuxOutcome> {
    let refused = |error| scenario_error(py, &error);
    let pacing = self::pacing(pacing).map_err(refused)?;
    let settings = LinuxSettings { pacing, prepared_frames, nic_cpu, queue_cpus };
    let scenario = Scenario::parse(scenario_json, Format::Json).map_err(refused)?;
    let captures: Captures =
        captures.unwrap_or_default().into_iter().map(|(name, bytes)| (name, Arc::from(bytes))).collect();
    let device = tap.device()?;
    let built = py.detach(|| guarded(|| LinuxHost::new(scenario, &captures, &hasher, &settings, device)))?;
    let ready = built.map_err(refused)?;
    let mut interrupted = Ok(());
    let go_on = || {
        interrupted = Python::attach(|py| py.check_signals());
        interrupted.is_ok()
    };
    let outcome = py.detach(|| guarded(|| ready.run(go_on)))?;
    let outcome = outcome.map_err(|failed| EngineError::new_err(failed.to_string()))?;
    interrupted?;
    LinuxOutcome::new(py, outcome)
}
