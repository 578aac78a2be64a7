//! A run in real time: build, run, look.

use crate::arrow::Table;
use crate::errors::{ConservationError, EngineError, guarded, scenario_error};
use crate::hashing::hasher;
use crate::receive_port::ReceivePort;
use ::live::{Control, Idle, Outcome, OwnHost, Pacing, Settings};
use graph::scenario::Format;
use graph::{Change, Scenario, ScenarioError};
use pyo3::exceptions::{PyKeyError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use traffic::Captures;

/// How long the NIC's thread may take to say what it counted.
const PATIENCE: Duration = Duration::from_millis(50);

/// A scenario being run on this machine's threads.
///
/// Frozen: one thread runs it while others may change it.
#[pyclass(module = "engine._core", frozen)]
pub(crate) struct LiveEngine {
    ready: Mutex<Option<OwnHost>>,
    outcome: OnceLock<Outcome>,
    control: Arc<Control>,
}

impl LiveEngine {
    fn outcome(&self) -> PyResult<&Outcome> {
        self.outcome.get().ok_or_else(|| PyRuntimeError::new_err("not run yet: call run() first"))
    }
}

/// When frames are offered, by its name.
pub(crate) fn pacing(name: &str) -> Result<Pacing, ScenarioError> {
    match name {
        "paced" => Ok(Pacing::Paced),
        "lossless" => Ok(Pacing::Lossless),
        other => Err(ScenarioError::new("pacing", other, "paced, lossless")),
    }
}

/// What an idle thread does, by its name.
pub(crate) fn idle(name: &str) -> Result<Idle, ScenarioError> {
    match name {
        "busy_poll" => Ok(Idle::BusyPoll),
        "sleep" => Ok(Idle::Sleep),
        other => Err(ScenarioError::new("idle", other, "busy_poll, sleep")),
    }
}

fn settings(
    pacing: &str,
    idle: &str,
    oversubscribe: bool,
    prepared_frames: Option<u32>,
    meter_ops: bool,
) -> Result<Settings, ScenarioError> {
    Ok(Settings {
        pacing: self::pacing(pacing)?,
        idle: self::idle(idle)?,
        oversubscribe,
        prepared_frames,
        meter_ops,
    })
}

#[pymethods]
impl LiveEngine {
    /// Lay out threads, rings and buffers for what the document describes.
    #[new]
    #[pyo3(signature = (scenario_json, captures=None, *, pacing="paced", idle="busy_poll", oversubscribe=false, prepared_frames=None, meter_ops=false, port=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords, for those who call it")]
    fn new(
        py: Python<'_>,
        scenario_json: &str,
        captures: Option<BTreeMap<String, Vec<u8>>>,
        pacing: &str,
        idle: &str,
        oversubscribe: bool,
        prepared_frames: Option<u32>,
        meter_ops: bool,
        port: Option<&ReceivePort>,
    ) -> PyResult<Self> {
        let settings = settings(pacing, idle, oversubscribe, prepared_frames, meter_ops)
            .map_err(|e| scenario_error(py, &e))?;
        let scenario = Scenario::parse(scenario_json, Format::Json).map_err(|e| scenario_error(py, &e))?;
        let captures: Captures =
            captures.unwrap_or_default().into_iter().map(|(name, bytes)| (name, Arc::from(bytes))).collect();
        let built = py.detach(|| guarded(|| OwnHost::new(scenario, &captures, &hasher, settings)))?;
        let mut ready = built.map_err(|e| scenario_error(py, &e))?;
        if let Some(port) = port {
            ready = ready.receiving(port.take()?).map_err(|e| scenario_error(py, &e))?;
        }
        let control = ready.control();
        Ok(LiveEngine { ready: Mutex::new(Some(ready)), outcome: OnceLock::new(), control })
    }

    /// Run to the end and check the laws. An interrupt ends the run early, with everything accounted for.
    fn run(&self, py: Python<'_>) -> PyResult<()> {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ready = ready.ok_or_else(|| PyRuntimeError::new_err("run already: build another"))?;
        let mut interrupted = Ok(());
        let go_on = || {
            // Asked again while the threads end, Python would know of no signal any more.
            if interrupted.is_ok() {
                interrupted = Python::attach(|py| py.check_signals());
            }
            interrupted.is_ok()
        };
        let outcome = py.detach(|| guarded(|| ready.run(go_on)))?;
        let outcome = outcome.map_err(|failed| EngineError::new_err(failed.to_string()))?;
        let laws = outcome.check_laws();
        let lost = outcome.lost_port().cloned();
        // Nobody else has set it: there was one to run.
        let _ = self.outcome.set(outcome);
        interrupted?;
        laws.map_err(|broken| ConservationError::new_err(broken.to_string()))?;
        match lost {
            None => Ok(()),
            Some(lost) => Err(PyOSError::new_err((lost.errno, lost.reason, lost.device))),
        }
    }

    /// Whether it has run.
    #[getter]
    fn finished(&self) -> bool {
        self.outcome.get().is_some()
    }

    /// The scenario as it is now, as canonical JSON; the control script is left out.
    fn document(&self, py: Python<'_>) -> PyResult<String> {
        self.control.document().to_json().map_err(|e| scenario_error(py, &e))
    }

    /// What its NIC was built with, and cannot exceed: queues, descriptors of a ring, whether a flow table.
    #[getter]
    fn built(&self) -> (u16, u32, bool) {
        let built = self.control.built();
        (built.queues, built.ring_size, built.flow_table)
    }

    /// Counter → value so far, of the NIC's queues together.
    fn nic_counters(&self, py: Python<'_>) -> BTreeMap<&'static str, u64> {
        let counters = py.detach(|| self.control.counters(PATIENCE));
        counters.iter().map(|(declared, value)| (declared.name, value)).collect()
    }

    /// Change it before the next batch of frames, by a patch of the document (RFC 7396): all of it or none.
    fn apply(&self, py: Python<'_>, change: &str) -> PyResult<()> {
        let change = Change::from_json(change).map_err(|e| scenario_error(py, &e))?;
        let applied = py.detach(|| guarded(|| self.control.apply(&change, &hasher)))?;
        applied.map_err(|e| scenario_error(py, &e))
    }

    /// Changes put in place so far, those of the script and others.
    #[getter]
    fn changes(&self) -> u64 {
        self.control.changes()
    }

    /// From the start to the end of the last thread's work, in nanoseconds.
    #[getter]
    fn elapsed_ns(&self) -> PyResult<u64> {
        Ok(self.outcome()?.elapsed_ns())
    }

    /// Time a thread wanted a CPU and had none, of the thread that lost most, in nanoseconds.
    #[getter]
    fn lost_ns(&self) -> PyResult<u64> {
        Ok(self.outcome()?.lost_ns())
    }

    /// Frames offered.
    #[getter]
    fn offered_frames(&self) -> PyResult<u64> {
        Ok(self.outcome()?.offered_frames())
    }

    /// Frames that arrived at the port and found no room in front of the NIC; they are in no verdict.
    #[getter]
    fn missed_frames(&self) -> PyResult<u64> {
        Ok(self.outcome()?.missed_frames())
    }

    /// The conservation law's terms, as JSON.
    fn stats(&self) -> PyResult<String> {
        let outcome = self.outcome()?;
        let tally = outcome.tally();
        let dropped: BTreeMap<&str, u64> = tally.dropped_by_reason().map(|(r, n)| (r.name(), n)).collect();
        let stats = json!({
            "rx": tally.rx,
            "delivered": tally.delivered,
            "dropped": dropped,
            "pending": outcome.pending_frames(),
            "consumed": tally.consumed,
        });
        Ok(stats.to_string())
    }

    /// A table by name.
    fn table(&self, py: Python<'_>, name: &str) -> PyResult<Table> {
        let outcome = self.outcome()?;
        let table = py.detach(|| guarded(|| outcome.table(name)))?;
        Table::new(table.ok_or_else(|| PyKeyError::new_err(format!("no table {name:?} in real time")))?)
    }

    /// What the host forwarded, as it left, as a pcap file. Needs `observe.frames`.
    fn forwarded_capture<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        match self.outcome()?.forwarded_capture() {
            [] => Err(PyValueError::new_err("observe.frames = false: allowed is true, to keep the frames")),
            capture => Ok(PyBytes::new(py, capture)),
        }
    }

    /// What the host stack was handed, as a pcap file. Needs `observe.frames`.
    fn output_capture<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        match self.outcome()?.output_capture() {
            [] => Err(PyValueError::new_err("observe.frames = false: allowed is true, to keep the frames")),
            capture => Ok(PyBytes::new(py, capture)),
        }
    }
}
