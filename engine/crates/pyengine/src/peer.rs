//! Ends to measure this machine's kernel with.

use crate::errors::{guarded, port_error, scenario_error};
use crate::tap::Tap;
use ::live::peer::{Ends, Sink as Reader, SinkKind, SinkSettings, StreamError, StreamSettings, stream};
use graph::ScenarioError;
use pyo3::exceptions::{PyConnectionError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use stage::QueueId;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::sync::Mutex;
use std::time::Duration;

/// A program that reads a socket of this machine's kernel.
#[pyclass(frozen, module = "engine._core")]
pub(crate) struct Sink {
    reader: Mutex<Option<Reader>>,
    port: u16,
}

impl Sink {
    fn ask(&self, what: impl FnOnce(&Reader) -> u64) -> PyResult<u64> {
        let reader = self.reader.lock().map_err(|_| PyValueError::new_err("poisoned"))?;
        reader.as_ref().map(what).ok_or_else(|| PyValueError::new_err("the sink is closed"))
    }
}

#[pymethods]
impl Sink {
    /// Begin to read, in the calling thread's network namespace.
    #[new]
    #[pyo3(signature = (kind, address, port=0, *, cpu=None))]
    fn new(py: Python<'_>, kind: &str, address: &str, port: u16, cpu: Option<usize>) -> PyResult<Self> {
        let kind = match kind {
            "udp" => SinkKind::Udp,
            "tcp" => SinkKind::Tcp,
            other => return Err(scenario_error(py, &ScenarioError::new("kind", other, "udp, tcp"))),
        };
        let ip: IpAddr = address.parse().map_err(|_| {
            scenario_error(py, &ScenarioError::new("address", address, "an IPv4 or IPv6 address"))
        })?;
        let opened = Reader::open(SinkSettings { kind, at: SocketAddr::new(ip, port), cpu });
        let reader = opened.map_err(|error| port_error(py, &error.into()))?;
        Ok(Sink { port: reader.port(), reader: Mutex::new(Some(reader)) })
    }

    /// The port it reads.
    #[getter]
    fn port(&self) -> u16 {
        self.port
    }

    /// Datagrams read, or reads of streams that gave something.
    #[getter]
    fn reads(&self) -> PyResult<u64> {
        self.ask(Reader::reads)
    }

    /// Bytes read.
    #[getter]
    fn bytes(&self) -> PyResult<u64> {
        self.ask(Reader::bytes)
    }

    /// Reads of streams that gave other bytes than were sent.
    #[getter]
    fn wrong_reads(&self) -> PyResult<u64> {
        self.ask(Reader::wrong_reads)
    }

    /// End.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            if let Ok(mut reader) = self.reader.lock() {
                reader.take();
            }
        });
    }
}

fn mac(text: &str) -> PyResult<[u8; 6]> {
    let bytes: Option<Vec<u8>> = text.split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| PyValueError::new_err(format!("{text:?}: a MAC address is as 02:00:00:00:00:01")))
}

fn address(text: &str) -> PyResult<SocketAddrV4> {
    text.parse().map_err(|_| PyValueError::new_err(format!("{text:?}: an end is as 10.0.0.1:5001")))
}

/// Send a TCP stream into a socket of the kernel behind a TAP device, in frames as LRO makes them.
#[pyfunction]
#[pyo3(signature = (tap, queue, sender, receiver, *, sender_mac, receiver_mac, bytes, seconds=10.0, segment_bytes=1448, segments=41))]
#[expect(clippy::too_many_arguments, reason = "one each, as Python gives them")]
pub(crate) fn stream_tcp<'py>(
    py: Python<'py>,
    tap: &Tap,
    queue: u16,
    sender: &str,
    receiver: &str,
    sender_mac: &str,
    receiver_mac: &str,
    bytes: u64,
    seconds: f64,
    segment_bytes: u16,
    segments: u16,
) -> PyResult<Bound<'py, PyDict>> {
    let ends = Ends {
        sender: address(sender)?,
        sender_mac: mac(sender_mac)?,
        receiver: address(receiver)?,
        receiver_mac: mac(receiver_mac)?,
    };
    let at_most = Duration::try_from_secs_f64(seconds)
        .map_err(|_| PyValueError::new_err(format!("seconds = {seconds}: allowed is 0 and above")))?;
    let settings = StreamSettings { queue: QueueId(queue), segment_bytes, segments, bytes, at_most };
    let device = tap.device()?;
    let mut interrupted = Ok(());
    let go_on = || {
        interrupted = Python::attach(|py| py.check_signals());
        interrupted.is_ok()
    };
    let streamed = py.detach(|| guarded(|| stream(&device, ends, &settings, go_on)))?;
    interrupted?;
    let streamed = streamed.map_err(|error| match error {
        StreamError::Setting(error) => scenario_error(py, &error),
        StreamError::Ended(what) => PyConnectionError::new_err(format!("{receiver}: {what}")),
    })?;
    let found = PyDict::new(py);
    found.set_item("bytes", streamed.bytes)?;
    found.set_item("frames", streamed.frames)?;
    found.set_item("acks", streamed.acks)?;
    found.set_item("sent_again", streamed.sent_again)?;
    found.set_item("refused", streamed.refused)?;
    found.set_item("elapsed_ns", streamed.elapsed_ns)?;
    Ok(found)
}
