//! Dissection of a capture, line by line.

use crate::errors::{CaptureError, guarded, scenario_error};
use graph::ScenarioError;
use graph::dissect::Dissector;
use pyo3::prelude::*;

/// JSON lines: one per frame, the statistics last.
#[pyclass(module = "engine._core")]
pub(crate) struct Dissection {
    lines: Dissector,
}

impl Dissection {
    pub(crate) fn new(py: Python<'_>, capture: &[u8], rss_key: &str, queues: u16) -> PyResult<Self> {
        let built = py.detach(|| guarded(|| Dissector::new(capture, rss_key, queues)))?;
        let lines = built.map_err(|e| {
            if e.key.starts_with("capture") {
                CaptureError::new_err(e.to_string())
            } else {
                scenario_error(py, &ScenarioError::new(e.key, e.value, e.allowed))
            }
        })?;
        Ok(Dissection { lines })
    }
}

#[pymethods]
impl Dissection {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<String>> {
        py.detach(|| guarded(|| self.lines.next()))
    }
}
