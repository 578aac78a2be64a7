//! Flows to be sent to queues while a NIC is at work: any thread asks, the NIC's thread writes the rules.
//!
//! As a driver's `ndo_rx_flow_steer` hands a filter to the device: the answer is not waited for. What the flow table
//! makes of it, refusals included, it counts (`steering`).

use nic::Nic;
use nic::rss::HashInput;
use stage::{FlowKey, Nanos, QueueId, SteerRequest};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flow to be sent to a queue.
#[derive(Clone, Copy, Debug)]
pub struct Steer {
    /// Which flow.
    pub key: FlowKey,
    /// What its frames' hash is made of.
    pub input: HashInput,
    /// Where to.
    pub queue: QueueId,
}

/// Asked for, and not written yet.
#[derive(Debug, Default)]
pub(crate) struct SteerRequests {
    /// Looked at for every burst: what is asked for is rare.
    any: AtomicBool,
    asked: Mutex<Vec<Steer>>,
}

impl SteerRequests {
    /// Ask. The next burst of frames obeys it.
    pub(crate) fn ask(&self, steer: Steer) {
        let mut asked = self.asked.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Of one flow the last word counts.
        asked.retain(|earlier| earlier.key != steer.key);
        asked.push(steer);
        self.any.store(true, Ordering::Release);
    }

    /// Write the rules that were asked for.
    #[inline]
    pub(crate) fn write(&self, now_ns: Nanos, nic: &mut Nic) {
        if self.any.load(Ordering::Acquire) {
            self.write_all(now_ns, nic);
        }
    }

    #[inline(never)]
    fn write_all(&self, now_ns: Nanos, nic: &mut Nic) {
        let mut asked = self.asked.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        self.any.store(false, Ordering::Relaxed);
        for Steer { key, input, queue } in asked.drain(..) {
            let request = SteerRequest { key, hash: nic.hash(&input), queue, priority: 0, rate_fps: 0 };
            // Counted by the table, refusals too.
            let _ = nic.insert_rule(now_ns, &request);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nic::NicConfig;
    use nic::rss::Table;
    use nic::steering::{SteeringConfig, SteeringCounter};

    fn nic() -> Nic {
        let config =
            NicConfig { queues: 4, steering: Some(SteeringConfig::default()), ..NicConfig::default() };
        let mut buffers = config.buffer_pool(1);
        Nic::with_hasher(config, &mut buffers, &|key| Box::new(Table::new(key))).unwrap()
    }

    fn steer(port: u8, queue: u16) -> Steer {
        let (addresses, ports) = ([10, 0, 0, 1, 10, 0, 0, 2], [0, port, 0, 9]);
        Steer {
            key: FlowKey::ipv4(addresses, ports, 17),
            input: HashInput::ipv4_ports(addresses, ports),
            queue: QueueId(queue),
        }
    }

    #[test]
    fn of_a_flow_the_last_word_is_written_and_once() {
        let (requests, mut nic) = (SteerRequests::default(), nic());
        requests.write(0, &mut nic);
        [steer(1, 2), steer(2, 1), steer(1, 3)].into_iter().for_each(|each| requests.ask(each));
        requests.write(0, &mut nic);
        requests.write(0, &mut nic);
        let table = nic.steering().unwrap();
        let queues: Vec<_> = table.iter().map(|(_, rule, _)| rule.queue.0).collect();
        assert_eq!(queues, [1, 3]);
        assert_eq!(table.counters().value(SteeringCounter::Add), 2);
    }

    #[test]
    fn a_queue_that_is_not_there_is_refused_and_counted() {
        let (requests, mut nic) = (SteerRequests::default(), nic());
        requests.ask(steer(1, 4));
        requests.write(0, &mut nic);
        let table = nic.steering().unwrap();
        assert!(table.is_empty());
        assert_eq!(table.counters().value(SteeringCounter::Invalid), 1);
    }
}
