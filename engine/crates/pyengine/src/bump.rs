//! A bump in the wire.

use crate::errors::{EngineError, guarded, port_error, scenario_error};
use crate::hashing::hasher;
use crate::linux::LinuxOutcome;
use crate::live::idle;
use crate::steering::{Flow, named};
use crate::tap::Tap;
use ::live::ports::WirePort;
use ::live::{Bump as Running, BumpSettings, Steer};
use graph::Scenario;
use graph::scenario::Format;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use stage::QueueId;

/// Two ports and a NIC between them, at work until stopped.
#[pyclass(module = "engine._core")]
pub(crate) struct Bump {
    running: Option<Running>,
}

#[pymethods]
impl Bump {
    /// Begin to carry frames between two ports.
    #[new]
    #[pyo3(signature = (scenario_json, first, second, *, idle="sleep", cpus=None, queue_cpus=Vec::new()))]
    fn new(
        py: Python<'_>,
        scenario_json: &str,
        first: &Tap,
        second: &Tap,
        idle: &str,
        cpus: Option<[usize; 2]>,
        queue_cpus: Vec<u16>,
    ) -> PyResult<Self> {
        let scenario = Scenario::parse(scenario_json, Format::Json).map_err(|e| scenario_error(py, &e))?;
        let idle = self::idle(idle).map_err(|e| scenario_error(py, &e))?;
        let settings = BumpSettings { idle, cpus, queue_cpus };
        let ports = [WirePort::Tap(first.device()?), WirePort::Tap(second.device()?)];
        let started = py.detach(|| guarded(|| Running::start(&scenario, &hasher, &settings, ports)))?;
        Ok(Bump { running: Some(started.map_err(|error| port_error(py, &error))?) })
    }

    /// Send a flow to a queue, on the way from the first or from the second port.
    #[pyo3(signature = (flow, queue, *, from_second=false))]
    fn steer(&self, flow: Flow<'_>, queue: u16, from_second: bool) -> PyResult<()> {
        let running = self.running.as_ref().ok_or_else(|| PyRuntimeError::new_err("stopped already"))?;
        let (key, input) = named(flow)?;
        running.steer(from_second, Steer { key, input, queue: QueueId(queue) });
        Ok(())
    }

    /// End; what came of the ways from the first and from the second port.
    fn stop(&mut self, py: Python<'_>) -> PyResult<(LinuxOutcome, LinuxOutcome)> {
        let running = self.running.take().ok_or_else(|| PyRuntimeError::new_err("stopped already"))?;
        let ended = py.detach(|| guarded(|| running.stop()))?;
        let [first, second] = ended.map_err(|failed| EngineError::new_err(failed.to_string()))?;
        Ok((LinuxOutcome::new(py, first)?, LinuxOutcome::new(py, second)?))
    }
}
