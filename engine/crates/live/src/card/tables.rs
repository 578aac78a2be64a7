//! The tables of a run before this machine's kernel, as `collectors.columns` documents them. What the kernel does with
//! the frames is in its own counters.

use super::CardOutcome;
use graph::tables::{self, QueueRow, counter_rows};
use nic::NicCounter;
use stats::Table;

impl CardOutcome {
    /// The table of this name; `None` for one this ground does not have.
    pub fn table(&self, name: &str) -> Option<Table> {
        let seen = &self.observations;
        Some(match name {
            "queues" => tables::queues(self.queue_rows()),
            "drops" => tables::drops(seen),
            "latency" => tables::latency(seen),
            "counters" => {
                let queues = self.nic.queues();
                tables::counters(
                    counter_rows("queue", queues.iter().map(|queue| queue.counters()))
                        .chain(counter_rows("queue", queues.iter().map(|queue| queue.lro_counters())))
                        .chain(counter_rows(
                            "nic",
                            self.nic.steering().map(|table| table.counters()).into_iter(),
                        )),
                )
            }
            "trace" => tables::trace(seen),
            "verdicts" => tables::verdicts(seen),
            "handed" => tables::handed(seen),
            "delivered" => tables::delivered(seen),
            _ => return None,
        })
    }

    /// The frames handed over as a pcap file; empty unless `observe.frames`.
    pub fn output_capture(&self) -> &[u8] {
        self.observations.output.as_deref().unwrap_or(&[])
    }

    fn queue_rows(&self) -> impl Iterator<Item = QueueRow<'_>> {
        self.observations.tallies().map(|(queue, tally)| {
            let own = queue.and_then(|queue| self.nic.queues().get(queue.index()));
            let counters = own.map(|queue| queue.counters()).unwrap_or_default();
            let counter = |counter| counters.value(counter);
            QueueRow {
                queue,
                cpu: queue.and_then(|queue| self.cpus.get(queue.index()).copied()),
                tally,
                pending: self.pending_of(queue),
                rx_bytes: counter(NicCounter::Bytes),
                interrupts: counter(NicCounter::Interrupts),
                ring_size: queue.map_or(0, |_| u64::from(self.scenario.nic.ring_size)),
                ring_waiting: self.pending_of(queue),
            }
        })
    }
}
