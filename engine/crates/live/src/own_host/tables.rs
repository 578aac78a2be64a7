//! The tables of a run in real time, as `collectors.columns` documents them. There are no modelled ones.

use super::Outcome;
use super::host_thread::HostThread;
use graph::tables::{self, QueueRow};
use nic::NicCounter;
use stats::{Table, table};

impl Outcome {
    /// The table of this name; `None` for one that real time does not have.
    pub fn table(&self, name: &str) -> Option<Table> {
        let seen = &self.observations;
        Some(match name {
            "cpu" => self.cpu_table(),
            "queues" => tables::queues(self.queue_rows()),
            "drops" => tables::drops(seen),
            "latency" => tables::latency(seen),
            "flows" => tables::flows(self.hosts.iter().flat_map(|host| host.host.sockets().iter())),
            "events" => tables::events(seen),
            "counters" => {
                let none = stage::Counters::default();
                let softnet = |cpu: u16| {
                    let own = self.hosts.iter().find(|host| host.cpu.0 == cpu);
                    own.and_then(|own| own.host.softnets().get(usize::from(cpu))).map(|s| &s.counters)
                };
                let cpus = (0..self.scenario.host.cpus).map(|cpu| softnet(cpu).unwrap_or(&none));
                tables::counters(self.counters.iter().cloned(), cpus)
            }
            "trace" => tables::trace(seen),
            "verdicts" => tables::verdicts(seen),
            "handed" => tables::handed(seen),
            "delivered" => tables::delivered(seen),
            _ => return None,
        })
    }

    /// The frames handed to the host as a pcap file, CPU by CPU; empty unless `observe.frames`.
    pub fn output_capture(&self) -> &[u8] {
        self.observations.output.as_deref().unwrap_or(&[])
    }

    fn cpu_table(&self) -> Table {
        let elapsed_ns = self.elapsed_ns;
        let rows = self.hosts.iter().flat_map(|thread| {
            let HostThread { cpu, softirq_ns, task_ns, .. } = thread;
            let idle_ns = elapsed_ns.saturating_sub(softirq_ns + task_ns);
            // There is no interrupt context, and no thread takes over from the softirq.
            let spent = [
                ("hardirq", 0),
                ("softirq", *softirq_ns),
                ("ksoftirqd", 0),
                ("task", *task_ns),
                ("idle", idle_ns),
            ];
            spent.map(|(context, ns)| (cpu.0, context, ns))
        });
        table!(rows, |(cpu, context, ns)| {
            "cpu": I64 = i64::from(*cpu),
            "context": Name = *context,
            "ns": F64 = *ns as f64,
            "share": F64 = if elapsed_ns == 0 { 0.0 } else { *ns as f64 / elapsed_ns as f64 },
        })
    }

    fn queue_rows(&self) -> impl Iterator<Item = QueueRow<'_>> {
        self.observations.tallies().map(|(queue, tally)| {
            let own = queue.and_then(|q| self.counters.get(q.index()));
            let counter = |counter| own.map_or(0, |counters| counters.value(counter));
            QueueRow {
                queue,
                cpu: queue
                    .and_then(|q| self.hosts.iter().find(|host| host.queues.contains(&q)))
                    .map(|h| h.cpu),
                tally,
                pending: queue.and_then(|q| self.pending_frames.get(q.index()).copied()).unwrap_or(0),
                rx_bytes: counter(NicCounter::Bytes),
                interrupts: counter(NicCounter::Interrupts),
                ring_size: queue.map_or(0, |_| u64::from(self.scenario.nic.ring_size)),
                // Host threads empty their rings before they end.
                ring_waiting: 0,
            }
        })
    }
}
