//! The NIC's flow table on its own: which queue do these frames go to?

use crate::errors::guarded;
use crate::hashing::hasher;
use ::nic::rss::{HashInput, RssKey};
use ::nic::steering::{Admission, FlowKey, Moves, SteeringConfig};
use ::nic::{Classified, Nic, NicConfig};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use stage::{QueueId, RuleId, SteerRequest, SteeringError};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Source address, source port, destination address, destination port, `tcp` or `udp`.
pub(crate) type Flow<'a> = (&'a str, u16, &'a str, u16, &'a str);

/// A NIC's flow table and RSS, without its rings.
#[pyclass(module = "engine._core")]
pub(crate) struct SteeringTable {
    nic: Nic,
}

/// `OSError` with Linux' number.
fn refused(error: SteeringError) -> PyErr {
    PyOSError::new_err((error.errno.number(), error.to_string()))
}

fn value_error(error: impl ToString) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The flow's name, and what its hash is made of.
pub(crate) fn named(flow: Flow<'_>) -> PyResult<(FlowKey, HashInput)> {
    let (source, source_port, destination, destination_port, protocol) = flow;
    let protocol = match protocol {
        "tcp" => 6,
        "udp" => 17,
        other => return Err(PyValueError::new_err(format!("protocol = {other:?}: allowed is tcp, udp"))),
    };
    let [a, b] = source_port.to_be_bytes();
    let [c, d] = destination_port.to_be_bytes();
    let ports = [a, b, c, d];
    let address = |text: &str| {
        text.parse::<IpAddr>().map_err(|_| {
            PyValueError::new_err(format!("address = {text:?}: allowed is an IPv4 or IPv6 address"))
        })
    };
    let mut bytes = [0; 32];
    Ok(match (address(source)?, address(destination)?) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut addresses = [0; 8];
            let parts = source.octets().into_iter().chain(destination.octets());
            addresses.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
            (FlowKey::ipv4(addresses, ports, protocol), HashInput::ipv4_ports(addresses, ports))
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let parts = source.octets().into_iter().chain(destination.octets());
            bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
            (FlowKey::ipv6(bytes, ports, protocol), HashInput::ipv6_ports(bytes, ports))
        }
        _ => return Err(PyValueError::new_err("flow: allowed are two addresses of one family")),
    })
}

#[pymethods]
impl SteeringTable {
    /// An empty table in front of `queues` queues. The frames are queued elsewhere, so a change of queue takes effect
    /// with the next frame.
    #[new]
    #[pyo3(signature = (queues, *, capacity_rules=8192, ways=0, signature_bits=0, insert_latency_ns=0,
        insertions_per_second=0, admission="priority", rss_key=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn new(
        queues: u16,
        capacity_rules: u32,
        ways: u32,
        signature_bits: u32,
        insert_latency_ns: u64,
        insertions_per_second: u64,
        admission: &str,
        rss_key: Option<&str>,
    ) -> PyResult<Self> {
        let steering = SteeringConfig {
            capacity_rules,
            ways,
            signature_bits,
            insert_latency_ns,
            insertions_per_second,
            admission: Admission::from_name(admission).ok_or_else(|| {
                PyValueError::new_err(format!(
                    "admission = {admission:?}: allowed is first_come, rate, priority"
                ))
            })?,
            moves: Moves::Unsafe,
            ..SteeringConfig::default()
        };
        let mut config = NicConfig {
            queues,
            max_frame_bytes: 262_144,
            rx_checksum: false,
            steering: Some(steering),
            ring_size: 1024,
            ..NicConfig::default()
        };
        if let Some(key) = rss_key {
            config.rss.key = RssKey::from_hex(key).map_err(value_error)?;
        }
        // None of its rings is used.
        let mut buffers = config.buffer_pool(1);
        let nic = guarded(|| Nic::with_hasher(config, &mut buffers, &hasher))?.map_err(value_error)?;
        Ok(SteeringTable { nic })
    }

    /// Send a flow to a queue; the number of its rule.
    #[pyo3(signature = (flow, queue, priority=0, *, rate_fps=0, now_ns=0))]
    fn insert(
        &mut self,
        flow: Flow<'_>,
        queue: u16,
        priority: u8,
        rate_fps: u32,
        now_ns: u64,
    ) -> PyResult<u64> {
        let (key, input) = named(flow)?;
        let hash = self.nic.hash(&input);
        let request = SteerRequest { key, hash, queue: QueueId(queue), priority, rate_fps };
        self.nic.insert_rule(now_ns, &request).map(RuleId::to_bits).map_err(refused)
    }

    /// Send a rule's flow to another queue.
    #[pyo3(signature = (rule, queue, *, now_ns=0))]
    fn r#move(&mut self, rule: u64, queue: u16, now_ns: u64) -> PyResult<()> {
        self.nic.move_rule(now_ns, RuleId::from_bits(rule), QueueId(queue)).map_err(refused)
    }

    /// Remove a rule: its flow goes by its hash again.
    #[pyo3(signature = (rule, *, now_ns=0))]
    fn remove(&mut self, rule: u64, now_ns: u64) -> PyResult<()> {
        self.nic.remove_rule(now_ns, RuleId::from_bits(rule)).map_err(refused)
    }

    /// The queue of each Ethernet frame: its flow's, or the one of its hash.
    #[pyo3(signature = (frames, *, now_ns=0))]
    fn queue_of(&mut self, py: Python<'_>, frames: Vec<Vec<u8>>, now_ns: u64) -> PyResult<Vec<u16>> {
        let nic = &mut self.nic;
        py.detach(|| {
            guarded(|| {
                let views: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
                let mut classified = vec![Classified::default(); views.len()];
                let mut keys = vec![FlowKey::NONE; views.len()];
                nic.classify_flows(&views, &mut classified, &mut keys);
                let parts = views.iter().zip(&classified).zip(&keys);
                parts.map(|((frame, c), key)| nic.steer(now_ns, frame, c, key).queue.0).collect()
            })
        })
    }

    /// Counter → value, as declared for the stage `steering`.
    fn counters(&self) -> BTreeMap<&'static str, u64> {
        let table = self.nic.steering();
        let counters = table.map(|table| table.counters()).unwrap_or_default();
        counters.iter().map(|(declared, value)| (declared.name, value)).collect()
    }

    fn __len__(&self) -> usize {
        self.nic.steering().map_or(0, |table| table.len() as usize)
    }
}
