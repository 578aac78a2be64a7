//! The binding: build, advance, snapshot. No logic.

#![forbid(unsafe_code)]

mod access_latency;
mod arrow;
mod bump;
mod dissect;
mod engine;
mod errors;
mod hashing;
mod linux;
mod live;
mod peer;
mod receive_port;
mod steering;
mod tap;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    use super::errors::scenario_error;
    use graph::scenario::{Format, schema};
    use graph::{Administration, Scenario};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    #[pymodule_export]
    use super::access_latency::access_latency;
    #[pymodule_export]
    use super::arrow::Table;
    #[pymodule_export]
    use super::bump::Bump;
    #[pymodule_export]
    use super::dissect::Dissection;
    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use super::errors::{CaptureError, ConservationError, EngineError};
    #[pymodule_export]
    use super::linux::{LinuxOutcome, run_linux};
    #[pymodule_export]
    use super::live::LiveEngine;
    #[pymodule_export]
    use super::peer::{Sink, stream_tcp};
    #[pymodule_export]
    use super::receive_port::ReceivePort;
    #[pymodule_export]
    use super::steering::SteeringTable;
    #[pymodule_export]
    use super::tap::Tap;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("ScenarioError", super::errors::scenario_error_type(module.py())?)
    }

    /// Version of the package.
    #[pyfunction]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// What identifies this build.
    #[pyfunction]
    fn build(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let facts = PyDict::new(py);
        facts.set_item("version", version())?;
        facts.set_item("profile", if cfg!(debug_assertions) { "debug" } else { "release" })?;
        facts.set_item("toeplitz", super::hashing::name())?;
        Ok(facts)
    }

    /// JSON schema of the scenario document.
    #[pyfunction]
    fn scenario_schema() -> String {
        schema()
    }

    /// Validate a document and fill in its defaults; canonical JSON.
    #[pyfunction]
    fn resolve_scenario(py: Python<'_>, document: &str, format: &str) -> PyResult<String> {
        let format = match format {
            "toml" => Format::Toml,
            "json" => Format::Json,
            other => return Err(PyValueError::new_err(format!("format = {other:?}: allowed is toml, json"))),
        };
        Scenario::parse(document, format).and_then(|s| s.to_json()).map_err(|e| scenario_error(py, &e))
    }

    /// What an access at random to so much memory takes on this machine, in nanoseconds.
    #[pyfunction]
    fn memory_latency_ns(py: Python<'_>, bytes: usize) -> PyResult<f64> {
        if !(128..=1 << 30).contains(&bytes) {
            return Err(PyValueError::new_err(format!("bytes = {bytes}: allowed is 128 to {}", 1 << 30)));
        }
        Ok(py.detach(|| ::live::memory_latency_ns(bytes)))
    }

    /// Whether a document's NIC can be built and its script carried out, beyond what parsing it shows.
    #[pyfunction]
    fn check_scenario(py: Python<'_>, document: &str) -> PyResult<()> {
        let checked = Scenario::parse(document, Format::Json)
            .and_then(|s| Administration::check(&s, &super::hashing::hasher));
        checked.map_err(|e| scenario_error(py, &e))
    }

    /// Counters, drop reasons, operations, layers and costs, as JSON.
    #[pyfunction]
    fn declarations(py: Python<'_>) -> PyResult<String> {
        graph::declarations().map_err(|e| scenario_error(py, &e))
    }

    /// Dissect a capture: an iterator of JSON lines, the statistics last.
    #[pyfunction]
    fn dissect(py: Python<'_>, capture: &[u8], rss_key: &str, queues: u16) -> PyResult<Dissection> {
        Dissection::new(py, capture, rss_key, queues)
    }
}
