//! A run's tables, as `collectors.columns` documents them.

use crate::Simulation;
use crate::cache::Level;
use crate::cpu::BusyContext;
use graph::tables::{self, CounterRow, QueueRow, counter_rows, index_or_none};
use nic::NicCounter;
use stage::QueueId;
use stats::{PICOS_PER_NANO, Table, table};

fn ns(ps: u64) -> f64 {
    ps as f64 / PICOS_PER_NANO as f64
}

impl Simulation {
    /// The table of this name; `None` for a name that is none.
    pub fn table(&self, name: &str) -> Option<Table> {
        let seen = &self.books.observations;
        Some(match name {
            "cpu" => self.cpu_table(),
            "timeline" => self.timeline_table(),
            "queues" => tables::queues(self.queue_rows()),
            "drops" => tables::drops(seen),
            "cache" => self.cache_table(),
            "latency" => tables::latency(seen),
            "ledger" => self.ledger_table(),
            "flows" => tables::flows(self.path.host.sockets().iter(), self.path.nic.steering()),
            "events" => tables::events(seen),
            "counters" => tables::counters(self.counter_rows()),
            "tcp" => self.tcp_table(),
            "trace" => tables::trace(seen),
            "verdicts" => tables::verdicts(seen),
            "handed" => tables::handed(seen),
            "delivered" => tables::delivered(seen),
            _ => return None,
        })
    }

    fn counter_rows(&self) -> impl Iterator<Item = CounterRow> + '_ {
        let (nic, host) = (&self.path.nic, &self.path.host);
        let queues = (0..self.scenario.nic.queues).map(QueueId);
        let steering = nic.steering().map(|table| table.counters()).into_iter();
        counter_rows("queue", nic.queues().iter().map(|queue| queue.counters()))
            .chain(counter_rows("queue", nic.queues().iter().map(|queue| queue.lro_counters())))
            .chain(counter_rows("nic", steering))
            .chain(counter_rows("queue", queues.clone().map(|queue| host.gro_counters(queue))))
            .chain(counter_rows("queue", queues.clone().map(|queue| host.napi_counters(queue))))
            .chain(counter_rows("queue", queues.clone().map(|queue| host.page_pool_counters(queue))))
            .chain(counter_rows("queue", queues.map(|queue| host.xdp_counters(queue))))
            .chain(counter_rows("cpu", host.softnets().iter().map(|softnet| softnet.counters.clone())))
            .chain(counter_rows("host", std::iter::once(host.sock_steering().clone())))
            .chain(counter_rows("host", std::iter::once(host.tcp_counters().clone())))
            .chain(counter_rows("host", std::iter::once(host.zero_copy_counters())))
            .chain(counter_rows("host", std::iter::once(host.forward_counters().clone())))
    }

    fn queue_rows(&self) -> impl Iterator<Item = QueueRow<'_>> {
        self.books.observations.tallies().map(|(queue, tally)| {
            let rings = self.path.nic.queues();
            let ring = queue.and_then(|q| rings.get(q.index()));
            let counter = |counter| ring.map_or(0, |q| q.counters().value(counter));
            QueueRow {
                queue,
                cpu: queue.map(|q| self.path.irq_cpu(q)),
                tally,
                pending: queue.map_or(0, |q| self.pending_of(q)),
                rx_bytes: counter(NicCounter::Bytes),
                interrupts: counter(NicCounter::Interrupts),
                ring_size: queue.map_or(0, |_| u64::from(self.scenario.nic.ring_size)),
                ring_waiting: ring.map_or(0, |q| q.ring().waiting() as u64),
            }
        })
    }

    fn cpu_table(&self) -> Table {
        let elapsed_ps = self.now_ns * PICOS_PER_NANO;
        let rows = self.cpus.iter().enumerate().flat_map(|(cpu, state)| {
            let busy = BusyContext::ALL.iter().map(|c| (c.name(), state.busy_ps[*c as usize]));
            let idle_ps = elapsed_ps.saturating_sub(state.busy_ps.iter().sum());
            busy.chain([("idle", idle_ps)]).map(move |(context, ps)| (cpu, context, ps))
        });
        table!(rows, |(cpu, context, ps)| {
            "cpu": I64 = *cpu as i64,
            "context": Name = *context,
            "ns": F64 = ns(*ps),
            "share": F64 = if elapsed_ps == 0 { 0.0 } else { *ps as f64 / elapsed_ps as f64 },
        })
    }

    fn timeline_table(&self) -> Table {
        let bin_ns = self.scenario.observe.bin_ns;
        let contexts = BusyContext::ALL.len();
        table!(self.series.rows(), |(start_ns, cell, ps)| {
            "bin_start_ns": U64 = *start_ns,
            "bin_ns": U64 = bin_ns,
            "cpu": I64 = (cell / contexts) as i64,
            "context": Name = BusyContext::ALL[cell % contexts].name(),
            "ns": F64 = ns(*ps),
        })
    }

    fn cache_table(&self) -> Table {
        let dma = self.books.cache.iter().map(|cache| (-1, "nic", cache.dma_counts(), &Level::ALL[2..]));
        let cpus = self
            .books
            .cache
            .iter()
            .flat_map(|cache| cache.rows())
            .map(|(cpu, layer, counts)| (i64::from(cpu.0), layer.name(), counts, &Level::ALL[..]));
        let rows = dma.chain(cpus).flat_map(|(cpu, layer, counts, levels)| {
            levels.iter().map(move |level| (cpu, layer, counts, *level))
        });
        table!(rows, |(cpu, layer, counts, level)| {
            "cpu": I64 = *cpu,
            "layer": Name = *layer,
            "level": Name = level.name(),
            "accesses": U64 = counts.accesses(*level),
            "misses": U64 = counts.misses(*level),
            "remote": U64 = if *level == Level::Llc { counts.remote } else { 0 },
            "stall_ns": F64 = if *level == Level::L1d { ns(counts.stall_ps) } else { 0.0 },
        })
    }

    fn ledger_table(&self) -> Table {
        table!(self.books.ledger.rows(), |row| {
            "layer": Name = row.op.layer().name(),
            "op": Text = row.op.key(),
            "cpu": I64 = i64::from(row.cpu.0),
            "queue": I64 = index_or_none(row.queue),
            "count": U64 = row.entry.count,
            "op_ns": F64 = ns(row.entry.op_ps),
            "cache_ns": F64 = ns(row.entry.cache_ps),
            "ns": F64 = ns(row.entry.op_ps + row.entry.cache_ps),
        })
    }

    /// The frames the host sent as a pcap file; empty unless `observe.frames`.
    pub fn sent_capture(&self) -> &[u8] {
        self.books.observations.sent.as_deref().unwrap_or(&[])
    }

    /// The frames that were forwarded, as they left, as a pcap file; empty unless `observe.frames`.
    pub fn forwarded_capture(&self) -> &[u8] {
        self.books.observations.forwarded.as_deref().unwrap_or(&[])
    }

    /// The frames handed to the host as a pcap file; empty unless `observe.frames`.
    pub fn output_capture(&self) -> &[u8] {
        self.books.observations.output.as_deref().unwrap_or(&[])
    }
}
