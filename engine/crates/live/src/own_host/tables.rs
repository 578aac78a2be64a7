//! The tables of a run in real time, as `collectors.columns` documents them. There are no modelled ones.

use super::Outcome;
use super::host_thread::HostThread;
use super::op_meter::{OpTime, OpTimes};
use graph::tables::{self, CounterRow, QueueRow, counter_rows};
use host::steering::SockSteeringCounter;
use nic::NicCounter;
use stage::{Counters, Op, QueueId};
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
            "flows" => tables::flows(
                self.hosts.iter().flat_map(|host| host.host.sockets().iter()),
                self.nic.steering(),
            ),
            "events" => tables::events(seen),
            "counters" => tables::counters(self.counter_rows()),
            "trace" => tables::trace(seen),
            "verdicts" => tables::verdicts(seen),
            "handed" => tables::handed(seen),
            "delivered" => tables::delivered(seen),
            "op_times" => self.op_times()?,
            "rounds" => self.rounds()?,
            _ => return None,
        })
    }

    fn counter_rows(&self) -> impl Iterator<Item = CounterRow> + '_ {
        let owner = |queue: QueueId| self.hosts.iter().find(move |host| host.queues.contains(&queue));
        let gro = move |queue| owner(queue).map(|own| own.host.gro_counters(queue)).unwrap_or_default();
        let napi = move |queue| owner(queue).map(|own| own.host.napi_counters(queue)).unwrap_or_default();
        let pages =
            move |queue| owner(queue).map(|own| own.host.page_pool_counters(queue)).unwrap_or_default();
        let xdp = move |queue| owner(queue).map(|own| own.host.xdp_counters(queue)).unwrap_or_default();
        let softnet = |cpu: u16| {
            let own = self.hosts.iter().find(|host| host.cpu.0 == cpu);
            let softnet = own.and_then(|own| own.host.softnets().get(usize::from(cpu)));
            softnet.map(|softnet| softnet.counters.clone()).unwrap_or_default()
        };
        let mut sockets = Counters::<SockSteeringCounter>::default();
        self.hosts.iter().for_each(|own| sockets.add_all(own.host.sock_steering()));
        counter_rows("queue", self.counters.iter().cloned())
            .chain(counter_rows("queue", self.lro_counters.iter().cloned()))
            .chain(counter_rows("nic", self.nic.steering().map(|table| table.counters()).into_iter()))
            .chain(counter_rows("queue", (0..self.scenario.nic.queues).map(QueueId).map(gro)))
            .chain(counter_rows("queue", (0..self.scenario.nic.queues).map(QueueId).map(napi)))
            .chain(counter_rows("queue", (0..self.scenario.nic.queues).map(QueueId).map(pages)))
            .chain(counter_rows("queue", (0..self.scenario.nic.queues).map(QueueId).map(xdp)))
            .chain(counter_rows("cpu", (0..self.scenario.host.cpus).map(softnet)))
            .chain(counter_rows("host", std::iter::once(sockets)))
            .chain(counter_rows("host", self.hosts.iter().map(|own| own.host.tcp_counters().clone())))
            .chain(counter_rows("host", self.hosts.iter().map(|own| own.host.zero_copy_counters())))
            .chain(counter_rows("host", self.hosts.iter().map(|own| own.host.forward_counters().clone())))
    }

    /// The frames handed to the host as a pcap file, CPU by CPU; empty unless `observe.frames`.
    pub fn output_capture(&self) -> &[u8] {
        self.observations.output.as_deref().unwrap_or(&[])
    }

    /// The frames that were forwarded, as they left, as a pcap file, CPU by CPU; empty unless `observe.frames`.
    pub fn forwarded_capture(&self) -> &[u8] {
        self.observations.forwarded.as_deref().unwrap_or(&[])
    }

    fn op_times(&self) -> Option<Table> {
        let metered: Vec<_> =
            self.hosts.iter().map(|host| Some((host.cpu, host.op_times.as_ref()?))).collect::<Option<_>>()?;
        let rows = metered.iter().flat_map(|(cpu, times)| {
            let ops = Op::ALL.iter().zip(&times.ops).filter(|(_, time)| time.laps > 0);
            ops.map(move |(op, time)| (*cpu, *op, time, *times))
        });
        let percentile = |time: &OpTime, percent, times: &OpTimes| {
            time.distribution.percentile(percent) as f64 * times.ns_per_tick
        };
        Some(table!(rows, |(cpu, op, time, times)| {
            "cpu": I64 = i64::from(cpu.0),
            "op": Text = op.key(),
            "frames": U64 = times.frames,
            "units": U64 = time.units,
            "laps": U64 = time.laps,
            "ns": F64 = time.ticks as f64 * times.ns_per_tick,
            "lap_cost_ns": F64 = times.own_cost_ns,
            "lap_p10_ns": F64 = percentile(time, 10, times),
            "lap_p50_ns": F64 = percentile(time, 50, times),
            "lap_p90_ns": F64 = percentile(time, 90, times),
        }))
    }

    fn rounds(&self) -> Option<Table> {
        let mut threads = vec![(-1, self.batch_times.as_ref()?)];
        for host in &self.hosts {
            threads.push((i64::from(host.cpu.0), &host.op_times.as_ref()?.plain));
        }
        let rows = threads
            .into_iter()
            .flat_map(|(cpu, times)| times.rows().map(move |(frames, seen)| (cpu, frames, seen)));
        Some(table!(rows, |(cpu, frames, seen)| {
            "cpu": I64 = *cpu,
            "frames": U64 = *frames,
            "rounds": U64 = seen.total(),
            "p10_ns": U64 = seen.percentile(10),
            "p50_ns": U64 = seen.percentile(50),
            "p90_ns": U64 = seen.percentile(90),
        }))
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
