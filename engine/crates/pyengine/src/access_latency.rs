//! Single memory accesses, timed.

use crate::errors::guarded;
use ::live::ProbeError;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use std::collections::BTreeMap;

/// Samples in cycles by what was accessed, and nanoseconds in a cycle.
#[pyfunction]
pub(crate) fn access_latency(
    py: Python<'_>,
    cpu: usize,
    other_cpu: usize,
    rounds: u32,
) -> PyResult<(BTreeMap<&'static str, Vec<u64>>, f64)> {
    let measured = py.detach(|| guarded(|| ::live::access_latency(cpu, other_cpu, rounds)))?;
    let found = measured.map_err(|refused| match refused {
        ProbeError::NotUsable(..) | ProbeError::SameCpu(_) => PyValueError::new_err(refused.to_string()),
        ProbeError::NoCounter | ProbeError::NoThread(_) => PyOSError::new_err(refused.to_string()),
    })?;
    let samples = found.cycles.into_iter().map(|(access, cycles)| (access.name(), cycles)).collect();
    Ok((samples, found.ns_per_cycle))
}
