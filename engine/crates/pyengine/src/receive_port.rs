//! Ports a run in real time receives from.

use crate::errors::{port_error, scenario_error};
use ::live::ports::af_packet::PacketSettings;
use ::live::ports::af_xdp::{Attach, Copying, XdpSettings};
use ::live::ports::{AfPacket, AfXdp, ReceivePort as Port};
use graph::ScenarioError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// A socket that receives an interface's frames, open until a run has used it.
#[pyclass(frozen, module = "engine._core")]
pub(crate) struct ReceivePort {
    port: Mutex<Option<Port>>,
    kind: &'static str,
    interface: String,
    queues: u16,
    zero_copy: bool,
    native: bool,
}

impl ReceivePort {
    /// The port, for the run that will use it up.
    pub(crate) fn take(&self) -> PyResult<Port> {
        let taken = self.port.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.ok_or_else(|| {
            let (kind, name) = (self.kind, &self.interface);
            PyValueError::new_err(format!("{kind} of {name} is closed or was used by a run: open another"))
        })
    }
}

#[pymethods]
impl ReceivePort {
    /// A packet socket: every frame, beside the kernel's own receiving.
    #[staticmethod]
    #[pyo3(signature = (interface, *, blocks=64, promiscuous=true))]
    fn af_packet(py: Python<'_>, interface: &str, blocks: u32, promiscuous: bool) -> PyResult<Self> {
        let settings = PacketSettings { interface: interface.into(), blocks, promiscuous };
        let port = AfPacket::open(&settings).map_err(|error| port_error(py, &error))?;
        Ok(ReceivePort {
            port: Mutex::new(Some(port.into())),
            kind: "af_packet",
            interface: settings.interface,
            queues: 1,
            zero_copy: false,
            native: false,
        })
    }

    /// AF_XDP sockets: every frame, before the kernel's stack.
    #[staticmethod]
    #[pyo3(signature = (interface, *, copying="auto", attach="auto", ring_frames=2048))]
    fn af_xdp(
        py: Python<'_>,
        interface: &str,
        copying: &str,
        attach: &str,
        ring_frames: u32,
    ) -> PyResult<Self> {
        let unknown = |key: &str, value: &str, allowed: &str| {
            scenario_error(py, &ScenarioError::new(key, value, allowed))
        };
        let copying = match copying {
            "auto" => Copying::Auto,
            "copy" => Copying::Copy,
            "zero_copy" => Copying::ZeroCopy,
            other => return Err(unknown("copying", other, "auto, copy, zero_copy")),
        };
        let attach = match attach {
            "auto" => Attach::Auto,
            "native" => Attach::Native,
            "generic" => Attach::Generic,
            other => return Err(unknown("attach", other, "auto, native, generic")),
        };
        let settings = XdpSettings { interface: interface.into(), copying, attach, ring_frames };
        let port = AfXdp::open(&settings).map_err(|error| port_error(py, &error))?;
        let (queues, zero_copy, native) = (port.queues(), port.zero_copy(), port.native());
        Ok(ReceivePort {
            port: Mutex::new(Some(port.into())),
            kind: "af_xdp",
            interface: settings.interface,
            queues,
            zero_copy,
            native,
        })
    }

    /// `af_packet` or `af_xdp`.
    #[getter]
    fn kind(&self) -> &'static str {
        self.kind
    }

    /// The interface's name.
    #[getter]
    fn interface(&self) -> &str {
        &self.interface
    }

    /// Queues of the interface that are received from.
    #[getter]
    fn queues(&self) -> u16 {
        self.queues
    }

    /// Whether the card writes into our memory itself.
    #[getter]
    fn zero_copy(&self) -> bool {
        self.zero_copy
    }

    /// Whether the XDP program runs in the driver.
    #[getter]
    fn native(&self) -> bool {
        self.native
    }

    /// Let go of the interface; safe to call twice.
    fn close(&self) {
        self.port.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn __enter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, pyo3::types::PyTuple>) {
        self.close();
    }
}
