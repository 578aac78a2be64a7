//! Errors as Python sees them.

use ::live::ports::OpenError;
use graph::ScenarioError;
use pyo3::create_exception;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};
use std::panic::{AssertUnwindSafe, catch_unwind};

create_exception!(engine._core, CaptureError, PyValueError, "A capture file that cannot be read.");
create_exception!(
    engine._core,
    ConservationError,
    PyRuntimeError,
    "Frames, buffers or time that do not add up."
);
create_exception!(engine._core, EngineError, PyRuntimeError, "A fault of the engine itself.");

static SCENARIO_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// `ScenarioError(ValueError)` with `key`, `value`, `allowed`.
pub(crate) fn scenario_error_type(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    let made = SCENARIO_ERROR.get_or_try_init(py, || {
        let fields = PyDict::new(py);
        for field in ["key", "value", "allowed"] {
            fields.set_item(field, "")?;
        }
        PyErr::new_type(
            py,
            c"engine._core.ScenarioError",
            Some(c"A scenario that cannot be run: `key`, `value`, `allowed`."),
            Some(&py.get_type::<PyValueError>()),
            Some(fields.as_any().clone().unbind()),
        )
    })?;
    Ok(made.bind(py).clone())
}

/// The exception for a scenario's error.
pub(crate) fn scenario_error(py: Python<'_>, error: &ScenarioError) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let exception = scenario_error_type(py)?.call1((error.to_string(),))?;
        exception.setattr("key", &error.key)?;
        exception.setattr("value", &error.value)?;
        exception.setattr("allowed", &error.allowed)?;
        Ok(PyErr::from_value(exception))
    };
    build().unwrap_or_else(|error| error)
}

/// The exception for a port that was not opened: `ScenarioError`, or the `OSError` of the system's number.
pub(crate) fn port_error(py: Python<'_>, error: &OpenError) -> PyErr {
    match error {
        OpenError::Setting(error) => scenario_error(py, error),
        OpenError::System(error) => {
            PyOSError::new_err((error.errno, error.reason.clone(), error.device.clone()))
        }
    }
}

/// Run engine code; a panic becomes an ordinary `EngineError`, never a `BaseException`.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        EngineError::new_err(format!("the engine failed: {text}"))
    })
}
