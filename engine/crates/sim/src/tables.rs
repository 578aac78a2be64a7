//! A run's tables, as `collectors.columns` documents them.

use crate::Simulation;
use crate::cache::Level;
use crate::cpu::BusyContext;
use crate::observe::Observations;
use host::socket::Socket;
use stage::{CpuId, QueueId, Tally, Verdict};
use stats::{Column, PICOS_PER_NANO, Table};

/// Collects rows into columns.
macro_rules! table {
    ($rows:expr, |$row:pat_param| { $($name:literal : $kind:ident = $value:expr,)+ }) => {{
        let rows: Vec<_> = $rows.collect();
        #[allow(unused_variables, reason = "each column uses its own fields of the row")]
        let table = Table::new()$(.with($name, Column::$kind(rows.iter().map(|$row| $value).collect())))+;
        table
    }};
}

fn index_or_none(queue: Option<QueueId>) -> i64 {
    queue.map_or(-1, |q| i64::from(q.0))
}

fn ns(ps: u64) -> f64 {
    ps as f64 / PICOS_PER_NANO as f64
}

impl Simulation {
    /// The table of this name; `None` for a name that is none.
    pub fn table(&self, name: &str) -> Option<Table> {
        Some(match name {
            "cpu" => self.cpu_table(),
            "timeline" => self.timeline_table(),
            "queues" => self.queues_table(),
            "drops" => self.drops_table(),
            "cache" => self.cache_table(),
            "latency" => self.latency_table(),
            "ledger" => self.ledger_table(),
            "flows" => self.flows_table(),
            "events" => self.events_table(),
            "counters" => self.counters_table(),
            "trace" => self.trace_table(),
            "verdicts" => self.verdicts_table(),
            "handed" => self.handed_table(),
            "delivered" => self.delivered_table(),
            _ => return None,
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

    /// Tallies with the queue they belong to; `None` for frames that never had one, if there are any.
    fn tallies(&self) -> impl Iterator<Item = (Option<QueueId>, &Tally)> + '_ {
        let tallies = self.books.observations.tallies.iter().enumerate();
        tallies
            .map(|(i, tally)| (i.checked_sub(1).map(|q| QueueId(q as u16)), tally))
            .filter(|(queue, tally)| queue.is_some() || tally.rx > 0)
    }

    fn queues_table(&self) -> Table {
        let nic = &self.path.nic;
        let counter = |queue: &Option<QueueId>, counter| {
            queue.and_then(|q| nic.queues().get(q.index())).map_or(0, |q| q.counters().value(counter))
        };
        let waiting = |queue: &Option<QueueId>| {
            queue.and_then(|q| nic.queues().get(q.index())).map_or(0, |q| q.ring().waiting() as u64)
        };
        table!(self.tallies(), |(queue, tally)| {
            "queue": I64 = index_or_none(*queue),
            "cpu": I64 = queue.map_or(-1, |q| i64::from(self.path.irq_cpu(q).0)),
            "rx_frames": U64 = tally.rx,
            "rx_bytes": U64 = counter(queue, nic::NicCounter::Bytes),
            "delivered": U64 = tally.delivered,
            "dropped": U64 = tally.dropped_total(),
            "pending": U64 = queue.map_or(0, |q| self.pending_of(q)),
            "consumed": U64 = tally.consumed,
            "interrupts": U64 = counter(queue, nic::NicCounter::Interrupts),
            "ring_size": U64 = queue.map_or(0, |_| u64::from(self.scenario.nic.ring_size)),
            "ring_waiting": U64 = waiting(queue),
        })
    }

    fn drops_table(&self) -> Table {
        let rows = self.tallies().flat_map(|(queue, tally)| {
            tally.dropped_by_reason().map(move |(reason, frames)| (queue, reason.declaration(), frames))
        });
        table!(rows, |(queue, reason, frames)| {
            "queue": I64 = index_or_none(*queue),
            "layer": Name = reason.layer.name(),
            "reason": Name = reason.name,
            "frames": U64 = *frames,
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

    fn latency_table(&self) -> Table {
        let rows = self.books.observations.latencies().flat_map(|(part, queue, histogram)| {
            histogram.rows().map(move |(low, high, frames)| (part, queue, low, high, frames))
        });
        table!(rows, |(part, queue, low, high, frames)| {
            "part": Name = part.name(),
            "queue": I64 = i64::from(queue.0),
            "low_ns": U64 = *low,
            "high_ns": U64 = *high,
            "frames": U64 = u64::from(*frames),
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

    fn flows_table(&self) -> Table {
        let rows = self.path.host.sockets().iter().enumerate();
        table!(rows, |(flow, socket)| {
            "flow": I64 = *flow as i64,
            "version": I64 = i64::from(socket.key.version()),
            "protocol": I64 = i64::from(socket.key.protocol()),
            "source": Text = socket.key.source(),
            "destination": Text = socket.key.destination(),
            "source_port": I64 = i64::from(socket.key.source_port()),
            "destination_port": I64 = i64::from(socket.key.destination_port()),
            "queue": I64 = index_or_none(socket.last_queue),
            "cpu": I64 = i64::from(CpuId::index(socket.last_cpu) as i32),
            "app": I64 = i64::from(socket.reader.0),
            "delivered": U64 = socket.delivered_frames,
            "bytes": U64 = socket.delivered_bytes,
            "dropped": U64 = socket.dropped_frames,
            "reordered": U64 = socket.reordered_frames,
            "queue_moves": U64 = socket.queue_moves,
            "first_ns": I64 = first_ns(socket),
            "last_ns": I64 = if socket.first_ns.is_some() { socket.last_ns as i64 } else { -1 },
        })
    }

    fn events_table(&self) -> Table {
        table!(self.books.observations.events.iter(), |row| {
            "time_ns": U64 = row.time_ns,
            "cpu": I64 = i64::from(row.cpu.0),
            "queue": I64 = index_or_none(row.queue),
            "event": Name = row.event.name(),
            "task": I64 = Observations::subjects(row.event).0,
            "target_cpu": I64 = Observations::subjects(row.event).1,
        })
    }

    fn counters_table(&self) -> Table {
        let nic = self.path.nic.queues().iter().enumerate().flat_map(|(i, queue)| {
            let values: Vec<_> = queue.counters().iter().collect();
            values.into_iter().map(move |(declared, value)| (declared, "queue", i as i64, value))
        });
        let softnet = self.path.host.softnets().iter().enumerate().flat_map(|(i, softnet)| {
            softnet.counters.iter().map(move |(declared, value)| (declared, "cpu", i as i64, value))
        });
        table!(nic.chain(softnet), |(declared, scope, index, value)| {
            "stage": Name = declared.stage,
            "name": Name = declared.name,
            "unit": Name = declared.unit,
            "scope": Name = *scope,
            "index": I64 = *index,
            "value": U64 = *value,
        })
    }

    fn trace_table(&self) -> Table {
        table!(self.books.observations.traces.iter(), |row| {
            "frame": U64 = row.frame.0,
            "time_ns": U64 = row.time_ns,
            "cpu": I64 = row.cpu.map_or(-1, |c| i64::from(c.0)),
            "queue": I64 = index_or_none(row.queue),
            "point": Name = row.point,
            "detail": Text = row.detail.clone(),
        })
    }

    fn verdicts_table(&self) -> Table {
        let rows = self.books.observations.frames.iter().enumerate();
        table!(rows, |(frame, row)| {
            "frame": U64 = *frame as u64,
            "verdict": Text = row.verdict.to_string(),
            "reason": Name = match row.verdict { Verdict::Dropped(reason) => reason.name(), _ => "" },
            "out": I64 = row.out,
        })
    }

    fn handed_table(&self) -> Table {
        let rows = self.books.observations.handed.iter().enumerate();
        table!(rows, |(out, (frame, queue))| {
            "out": U64 = *out as u64,
            "frame": U64 = frame.0,
            "queue": I64 = i64::from(queue.0),
        })
    }

    fn delivered_table(&self) -> Table {
        table!(self.books.observations.delivered.iter(), |row| {
            "out": I64 = row.out,
            "frame": U64 = row.frame.0,
            "queue": I64 = i64::from(row.queue.0),
            "cpu": I64 = i64::from(row.cpu.0),
            "time_ns": U64 = row.time_ns,
            "payload_bytes": U64 = u64::from(row.payload_bytes),
            "segments": U64 = u64::from(row.segments),
        })
    }

    /// The frames handed to the host as a pcap file; empty unless `observe.frames`.
    pub fn output_capture(&self) -> &[u8] {
        self.books.observations.output.as_deref().unwrap_or(&[])
    }
}

fn first_ns(socket: &Socket) -> i64 {
    socket.first_ns.map_or(-1, |first| first as i64)
}
