//! A TAP device: frames to and from this machine's kernel.

use crate::errors::{guarded, port_error, scenario_error};
use ::live::ports::Refused;
use ::live::ports::tap::{Napi, Tap as Device, TapSettings};
use graph::ScenarioError;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use stage::QueueId;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Instant;
use wire::virtio_net::VirtioNetHeader;
use wire::walk;

/// The longest frame the kernel hands over: 64 KiB of IP and its link header.
const LONGEST_FRAME_BYTES: usize = 65_536 + 64;

/// Frames between two looks for an interrupt.
const ASK_EVERY_FRAMES: u64 = 4_096;

/// A multi-queue TAP device, open.
#[pyclass(frozen, module = "engine._core")]
pub(crate) struct Tap {
    device: RwLock<Option<Arc<Device>>>,
    name: String,
    queues: u16,
}

impl Tap {
    /// The device, for as long as the caller holds it.
    pub(crate) fn device(&self) -> PyResult<Arc<Device>> {
        let device = self.device.read().map_err(|_| PyRuntimeError::new_err("poisoned"))?;
        device.clone().ok_or_else(|| PyValueError::new_err(format!("{} is closed", self.name)))
    }

    fn queue(&self, queue: u16) -> PyResult<QueueId> {
        if queue < self.queues {
            return Ok(QueueId(queue));
        }
        let allowed = format!("0 to {}", self.queues - 1);
        Err(PyValueError::new_err(format!("queue = {queue}: allowed is {allowed}")))
    }
}

/// A frame made ready: its headers rewritten where it is a merged one.
fn prepared(frame: &[u8], gso_bytes: u16) -> PyResult<(VirtioNetHeader, Vec<u8>)> {
    let mut frame = frame.to_vec();
    if gso_bytes == 0 {
        return Ok((VirtioNetHeader::default(), frame));
    }
    let headers = walk::headers(&frame);
    let bytes = frame.len();
    match VirtioNetHeader::merged(&mut frame, &headers, bytes, gso_bytes) {
        Some(header) => Ok((header, frame)),
        None => Err(PyValueError::new_err(format!(
            "gso_bytes = {gso_bytes}: only TCP or UDP in one IP header, up to 65535 bytes, is made of pieces"
        ))),
    }
}

#[pymethods]
impl Tap {
    /// Make the device in the calling thread's network namespace.
    #[new]
    #[pyo3(signature = (name, queues=1, *, napi="off", offloads=false, send_buffer_bytes=None))]
    fn new(
        py: Python<'_>,
        name: &str,
        queues: u16,
        napi: &str,
        offloads: bool,
        send_buffer_bytes: Option<u32>,
    ) -> PyResult<Self> {
        let napi = match napi {
            "off" => Napi::Off,
            "on" => Napi::On,
            "frags" => Napi::Frags,
            other => return Err(scenario_error(py, &ScenarioError::new("napi", other, "off, on, frags"))),
        };
        let settings = TapSettings { name: name.into(), queues, napi, offloads, send_buffer_bytes };
        let device = Device::open(&settings).map_err(|error| port_error(py, &error))?;
        Ok(Tap {
            name: device.name().into(),
            queues: device.queues(),
            device: RwLock::new(Some(Arc::new(device))),
        })
    }

    /// The interface's name.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// How many queues it has.
    #[getter]
    fn queues(&self) -> u16 {
        self.queues
    }

    /// Write one frame; the reason if the kernel did not take it.
    #[pyo3(signature = (queue, frame, *, gso_bytes=0))]
    fn write(
        &self,
        py: Python<'_>,
        queue: u16,
        frame: &[u8],
        gso_bytes: u16,
    ) -> PyResult<Option<&'static str>> {
        let (device, queue) = (self.device()?, self.queue(queue)?);
        let (header, frame) = prepared(frame, gso_bytes)?;
        let written = py.detach(|| guarded(|| device.write(queue, &header, &[&frame])))?;
        Ok(written.err().map(|refused| refused.reason.name()))
    }

    /// Write `count` frames, those given in turn; frames taken, frames refused by reason, nanoseconds.
    #[pyo3(signature = (queue, frames, count, *, gso_bytes=0))]
    fn write_many(
        &self,
        py: Python<'_>,
        queue: u16,
        frames: Vec<Vec<u8>>,
        count: u64,
        gso_bytes: u16,
    ) -> PyResult<(u64, BTreeMap<&'static str, u64>, u64)> {
        let (device, queue) = (self.device()?, self.queue(queue)?);
        let frames: Vec<_> =
            frames.iter().map(|frame| prepared(frame, gso_bytes)).collect::<PyResult<_>>()?;
        if frames.is_empty() {
            return Err(PyValueError::new_err("frames = []: at least one"));
        }
        let (mut taken, mut refused) = (0, BTreeMap::new());
        let mut in_turn = frames.iter().cycle();
        let start = Instant::now();
        let mut left = count;
        while left > 0 {
            let some = left.min(ASK_EVERY_FRAMES);
            left -= some;
            let mut gone = false;
            py.detach(|| {
                guarded(|| {
                    for (header, frame) in in_turn.by_ref().take(some as usize) {
                        match device.write(queue, header, &[frame]) {
                            Ok(()) => taken += 1,
                            Err(Refused { reason, gone: lost }) => {
                                *refused.entry(reason.name()).or_insert(0) += 1;
                                gone |= lost;
                            }
                        }
                    }
                })
            })?;
            py.check_signals()?;
            if gone {
                break;
            }
        }
        Ok((taken, refused, start.elapsed().as_nanos() as u64))
    }

    /// The next frame the kernel sent through a queue, if there is one.
    fn read<'py>(&self, py: Python<'py>, queue: u16) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let (device, queue) = (self.device()?, self.queue(queue)?);
        let mut frame = vec![0; LONGEST_FRAME_BYTES];
        match device.read(queue, &mut frame) {
            Ok(read) => Ok(read.map(|(_, bytes)| PyBytes::new(py, frame.get(..bytes).unwrap_or(&frame)))),
            Err(errno) => Err(PyOSError::new_err((
                errno.raw_os_error(),
                "the interface is down or gone",
                self.name.clone(),
            ))),
        }
    }

    /// Sleep until the kernel has sent something; the queues that have frames.
    fn wait(&self, py: Python<'_>, timeout_ms: u32) -> PyResult<Vec<u16>> {
        let device = self.device()?;
        match py.detach(|| device.wait(timeout_ms)) {
            Ok(ready) => Ok(ready.into_iter().map(|queue| queue.0).collect()),
            Err(errno) => {
                Err(PyOSError::new_err((errno.raw_os_error(), errno.to_string(), self.name.clone())))
            }
        }
    }

    /// Detach a queue, or attach it again.
    fn set_attached(&self, queue: u16, attached: bool) -> PyResult<()> {
        let (device, queue) = (self.device()?, self.queue(queue)?);
        device
            .set_attached(queue, attached)
            .map_err(|errno| PyOSError::new_err((errno.raw_os_error(), errno.to_string(), self.name.clone())))
    }

    /// Let go of the device; the interface is gone once nothing else uses it.
    fn close(&self) {
        if let Ok(mut device) = self.device.write() {
            device.take();
        }
    }

    fn __enter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, pyo3::types::PyTuple>) {
        self.close();
    }
}
